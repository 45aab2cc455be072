# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes that get their content from a payload. Qubes OS asks for the size first, so the payload is staged."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from qubesmanager.admin import calls
from qubesmanager.daemon.bridge.context import Context, answers
from qubesmanager.daemon.bridge.handlers.creating import create_bare, removed_on_failure
from qubesmanager.daemon.bridge.handlers.storage import missing_volume
from qubesmanager.host.staging import pieces_of, staged
from qubesmanager.rules.images import raw_image
from qubesmanager.rules.volumes import why_not_replace
from qubesmanager.wire import calls as m
from qubesmanager.wire.codecs import ByteStream, CreateSpec
from qubesmanager.wire.names import why_not_new_vm_name
from qubesmanager.wire.reasons import error_for, refusal, refuse_if
from qubesmanager.wire.values import VmClass

_ROUND = 4 << 20
"""The root of a new template has a multiple of this many bytes."""
TEMPLATE_LABEL = "black"


async def import_volume(context: Context, qube: str, volume: str, size: int, data: AsyncIterator[bytes]) -> None:
    """Replace the content of a volume by `size` bytes; it has that size then."""
    payload = _with_size(size, data)
    async with aclosing(payload), missing_volume(context, qube, volume):
        await context.change_content(calls.VM_VOLUME_IMPORT_WITH_SIZE(qube, volume, payload))


async def _with_size(size: int, data: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    yield f"{size}\n".encode()
    async for piece in data:
        yield piece


@answers(m.VM_VOLUME_IMPORT)
async def import_data(context: Context, name: str, data: ByteStream) -> None:
    record = await context.mirror.record(context.dest)
    for volume in record.volumes:
        if volume.name == name:
            refuse_if(why_not_replace(volume, running=record.running))
    image = raw_image(data, optical=True) if name == "root" else data
    async with staged(image) as (size, file):
        await import_volume(context, context.dest, name, size, pieces_of(file, size))


@answers(m.VM_CREATE_TEMPLATE)
async def create_template(context: Context, name: str, image: ByteStream) -> None:
    """A new template whose root holds the image. Nothing of it stays if the payload breaks or the import fails."""
    if reason := why_not_new_vm_name(name):
        raise error_for(reason)
    if name in context.mirror.records:
        raise refusal("name-taken", name)
    async with staged(raw_image(image, optical=False)) as (size, file):
        rounded = -(-size // _ROUND) * _ROUND
        made = await create_bare(context, VmClass.TEMPLATE, None, CreateSpec(name, TEMPLATE_LABEL))
        async with removed_on_failure(context, made):
            await import_volume(context, name, "root", rounded, pieces_of(file, rounded))
