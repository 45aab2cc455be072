# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes of a qube, by their name in it."""

from collections.abc import Mapping

from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.daemon.local.services import naming, volume_operations
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import ByteStream, VolumeId, VolumeRow


@answers(calls.VM_VOLUME_LIST)
async def list_volumes(context: Context, pool: str | None, _payload: None) -> list[VolumeRow]:
    return [
        VolumeRow(held.name, held.pool, held.vid)
        for held in volume_operations.volumes_of(context.qube)
        if pool in {None, held.pool}
    ]


@answers(calls.VM_VOLUME_INFO)
async def info(context: Context, name: str, _payload: None) -> Mapping[str, str]:
    return await volume_operations.info(context.system, volume_operations.of_qube(context.qube, name))


@answers(calls.VM_VOLUME_LIST_SNAPSHOTS)
async def list_snapshots(context: Context, name: str, _payload: None) -> list[str]:
    return await volume_operations.snapshots(context.system, volume_operations.of_qube(context.qube, name))


@answers(calls.VM_VOLUME_SNAPSHOT)
async def snapshot(context: Context, name: str, _payload: None) -> str:
    return await volume_operations.snapshot(context.system, volume_operations.of_qube(context.qube, name))


@answers(calls.VM_VOLUME_REVERT)
async def revert(context: Context, name: str, snapshot_id: str) -> None:
    await volume_operations.revert(context.system, volume_operations.of_qube(context.qube, name), snapshot_id)


@answers(calls.VM_VOLUME_EXTEND)
async def extend(context: Context, name: str, size: int | None) -> int:
    return await volume_operations.extend(context.system, volume_operations.of_qube(context.qube, name), size)


@answers(calls.VM_VOLUME_CLEAR)
async def clear(context: Context, name: str, _payload: None) -> None:
    await volume_operations.clear(context.system, volume_operations.of_qube(context.qube, name))


@answers(calls.VM_VOLUME_IMPORT)
async def import_data(context: Context, name: str, data: ByteStream) -> None:
    await volume_operations.import_data(context.system, volume_operations.of_qube(context.qube, name), data)


@answers(calls.VM_VOLUME_ATTACH)
async def attach(context: Context, volume: VolumeId, options: Mapping[str, str]) -> str:
    if context.source != "dom0":
        await volume_operations.seen(context.system, context.sees, volume)
    return await volume_operations.attach(context.system, context.qube, volume, options)


@answers(calls.VM_VOLUME_DETACH)
async def detach(context: Context, name: str, _payload: None) -> None:
    await volume_operations.detach(context.system, context.qube, name)


@answers(calls.VM_CREATE_TEMPLATE)
async def create_template(context: Context, name: str, image: ByteStream) -> None:
    await naming.check_new_name(context.system, context.source, name)
    await volume_operations.create_template(context.system, context.source, name, image)
