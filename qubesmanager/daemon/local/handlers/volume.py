# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes of a qube, by their name in it."""

from collections.abc import Mapping

from qubesmanager.daemon.local.core.volume_refs import of_qube, volumes_of
from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import ByteStream, VolumeId, VolumeRow
from qubesmanager.wire.names import DOM0, shown
from qubesmanager.wire.reasons import refusal


@answers(calls.VM_VOLUME_LIST)
async def list_volumes(context: Context, pool: str | None, _payload: None) -> list[VolumeRow]:
    return [
        VolumeRow(volume.name, volume.pool, volume.vid)
        for volume in volumes_of(context.qube)
        if pool in {None, volume.pool}
    ]


@answers(calls.VM_VOLUME_INFO)
async def info(context: Context, name: str, _payload: None) -> Mapping[str, str]:
    return await context.system.volume_operations.info(of_qube(context.qube, name))


@answers(calls.VM_VOLUME_LIST_SNAPSHOTS)
async def list_snapshots(context: Context, name: str, _payload: None) -> list[str]:
    return await context.system.volume_operations.snapshots(of_qube(context.qube, name))


@answers(calls.VM_VOLUME_SNAPSHOT)
async def snapshot(context: Context, name: str, _payload: None) -> str:
    return await context.system.volume_operations.snapshot(of_qube(context.qube, name))


@answers(calls.VM_VOLUME_REVERT)
async def revert(context: Context, name: str, snapshot_id: str) -> None:
    await context.system.volume_operations.revert(of_qube(context.qube, name), snapshot_id)


@answers(calls.VM_VOLUME_EXTEND)
async def extend(context: Context, name: str, size: int | None) -> int:
    return await context.system.volume_operations.extend(of_qube(context.qube, name), size)


@answers(calls.VM_VOLUME_CLEAR)
async def clear(context: Context, name: str, _payload: None) -> None:
    await context.system.volume_operations.clear(of_qube(context.qube, name))


@answers(calls.VM_VOLUME_IMPORT)
async def import_data(context: Context, name: str, data: ByteStream) -> None:
    await context.system.volume_operations.import_data(of_qube(context.qube, name), data)


@answers(calls.VM_VOLUME_COPY)
async def copy(context: Context, name: str, options: Mapping[str, str]) -> None:
    if options.keys() != {"from", "volume"}:
        raise refusal("volume-copy-options")
    source = context.system.runtime.state.qubes.get(options["from"])
    if source is None or not context.sees(source.name):
        raise refusal("no-such-qube", shown(options["from"]))
    await context.system.volume_operations.copy(of_qube(context.qube, name), of_qube(source, options["volume"]))


@answers(calls.VM_VOLUME_CONFIGURE)
async def configure(context: Context, name: str, options: Mapping[str, str]) -> None:
    await context.system.volume_operations.configure(of_qube(context.qube, name), options)


@answers(calls.VM_VOLUME_ATTACH)
async def attach(context: Context, volume: VolumeId, options: Mapping[str, str]) -> str:
    if context.source != DOM0:
        await context.system.volume_operations.seen(context.sees, volume)
    return await context.system.volume_operations.attach(context.qube, volume, options)


@answers(calls.VM_VOLUME_DETACH)
async def detach(context: Context, name: str, _payload: None) -> None:
    await context.system.volume_operations.detach(context.qube, name)


@answers(calls.VM_CREATE_TEMPLATE)
async def create_template(context: Context, name: str, image: ByteStream) -> None:
    await context.system.naming.check_new_name(context.source, name)
    await context.system.creation.create_template(context.source, name, image)
