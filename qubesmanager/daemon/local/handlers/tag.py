# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of a qube."""

from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls


@answers(calls.VM_TAG_LIST)
async def list_tags(context: Context, only: str | None, _payload: None) -> list[str]:
    return sorted(tag for tag in context.qube.tags if only in {None, tag})


@answers(calls.VM_TAG_GET)
async def get(context: Context, name: str, _payload: None) -> bool:
    return name in context.qube.tags


@answers(calls.VM_TAG_SET)
async def set_tag(context: Context, name: str, _payload: None) -> None:
    await context.system.settings.set_tag(context.dest, name)


@answers(calls.VM_TAG_REMOVE)
async def remove(context: Context, name: str, _payload: None) -> None:
    await context.system.settings.remove_tag(context.dest, name)
