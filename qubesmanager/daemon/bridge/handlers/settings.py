# SPDX-License-Identifier: GPL-3.0-or-later
"""Features, tags, notes and labels."""

from qubesmanager.admin import calls
from qubesmanager.admin.codecs import ascii_text
from qubesmanager.daemon.bridge.context import Context, answers
from qubesmanager.daemon.bridge.reading import NOTES
from qubesmanager.wire import calls as m
from qubesmanager.wire import events
from qubesmanager.wire.codecs import LabelRow
from qubesmanager.wire.limits import HEADER_BYTES, PAYLOAD_BYTES
from qubesmanager.wire.names import CREATED_BY, DOM0, QUBES_TAG, check, shown
from qubesmanager.wire.reasons import refusal

NOTES_BYTES = PAYLOAD_BYTES - HEADER_BYTES
"""qubesd takes header and payload of 64 KiB together."""


@answers(m.VM_FEATURE_LIST)
async def list_features(context: Context, _arg: None, _payload: None) -> list[str]:
    return await context.rows(calls.VM_FEATURE_LIST(context.dest))


@answers(m.VM_FEATURE_GET)
async def get_feature(context: Context, name: str, _payload: None) -> str:
    return await context.ask(calls.VM_FEATURE_GET(context.dest, name))


@answers(m.VM_FEATURE_CHECK_WITH_TEMPLATE)
async def check_feature(context: Context, name: str, _payload: None) -> str:
    return await context.ask(calls.VM_FEATURE_CHECK_WITH_TEMPLATE(context.dest, name))


@answers(m.VM_FEATURE_SET)
async def set_feature(context: Context, name: str, value: str) -> None:
    if ascii_text(value) != value:
        raise refusal("qubes-ascii", shown(value))
    await context.change(calls.VM_FEATURE_SET(context.dest, name, value))


@answers(m.VM_FEATURE_REMOVE)
async def remove_feature(context: Context, name: str, _payload: None) -> None:
    await context.change(calls.VM_FEATURE_REMOVE(context.dest, name))


@answers(m.VM_TAG_LIST)
async def list_tags(context: Context, only: str | None, _payload: None) -> list[str]:
    return [tag for tag in await context.rows(calls.VM_TAG_LIST(context.dest)) if only in {None, tag}]


@answers(m.VM_TAG_GET)
async def get_tag(context: Context, tag: str, _payload: None) -> bool:
    return await context.ask(calls.VM_TAG_GET(context.dest, check(QUBES_TAG, tag)))


def _changeable(tag: str) -> str:
    """Raises for a tag that no call changes; qubesd fails at some of these."""
    if tag.startswith(CREATED_BY):
        raise refusal("tag-of-creator")
    return check(QUBES_TAG, tag)


@answers(m.VM_TAG_SET)
async def set_tag(context: Context, tag: str, _payload: None) -> None:
    await context.change(calls.VM_TAG_SET(context.dest, _changeable(tag)))


@answers(m.VM_TAG_REMOVE)
async def remove_tag(context: Context, tag: str, _payload: None) -> None:
    await context.change(calls.VM_TAG_REMOVE(context.dest, _changeable(tag)))


@answers(m.VM_NOTES_GET)
async def get_notes(context: Context, _arg: None, _payload: None) -> str:
    return await context.ask(calls.VM_NOTES_GET(context.dest))


@answers(m.VM_NOTES_SET)
async def set_notes(context: Context, _arg: None, notes: str) -> None:
    """Set the notes; qubesd takes no empty text, so a blank clears them."""
    if len(notes.encode()) > NOTES_BYTES:
        raise refusal("qubes-notes-long", NOTES_BYTES)
    await context.change(calls.VM_NOTES_SET(context.dest, payload=notes or " "), NOTES)


@answers(m.LABEL_LIST)
async def list_labels(context: Context, only: str | None, _payload: None) -> list[LabelRow]:
    names = [name for name in await context.rows(calls.LABEL_LIST(DOM0)) if only in {None, name}]
    return [LabelRow(name, await _color(context, name)) for name in names]


async def _color(context: Context, name: str) -> str:
    """The colour of a label as mgmt1 writes it."""
    return f"0x{(await context.ask(calls.LABEL_GET(DOM0, name))).removeprefix('0x').upper()}"


@answers(m.LABEL_GET)
async def get_label(context: Context, name: str, _payload: None) -> str:
    return await _color(context, name)


@answers(m.LABEL_CREATE)
async def create_label(context: Context, name: str, color: str) -> None:
    """Create a label. qubesd sends no event of it, so the bridge does."""
    await context.change(calls.LABEL_CREATE(DOM0, name, color))
    context.mirror.emit(events.LABEL_ADD(name, color))


@answers(m.LABEL_REMOVE)
async def remove_label(context: Context, name: str, _payload: None) -> None:
    await context.change(calls.LABEL_REMOVE(DOM0, name))
    context.mirror.emit(events.LABEL_DELETE(name))
