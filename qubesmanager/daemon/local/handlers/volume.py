# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes of a qube, by their name in it."""

from collections.abc import Mapping

from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.daemon.local.system import naming, storage
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import ByteStream, VolumeId, VolumeRow


@answers(calls.VM_VOLUME_LIST)
async def list_volumes(context: Context, pool: str | None, _payload: None) -> list[VolumeRow]:
    return [
        VolumeRow(held.name, held.pool, held.vid)
        for held in storage.volumes_of(context.qube)
        if pool in {None, held.pool}
    ]


@answers(calls.VM_VOLUME_INFO)
async def info(context: Context, name: str, _payload: None) -> Mapping[str, str]:
    return await storage.info(context.system, storage.of_qube(context.qube, name))


@answers(calls.VM_VOLUME_LIST_SNAPSHOTS)
async def list_snapshots(context: Context, name: str, _payload: None) -> list[str]:
    return await storage.snapshots(context.system, storage.of_qube(context.qube, name))


@answers(calls.VM_VOLUME_SNAPSHOT)
async def snapshot(context: Context, name: str, _payload: None) -> str:
    return await storage.snapshot(context.system, storage.of_qube(context.qube, name))


@answers(calls.VM_VOLUME_REVERT)
async def revert(context: Context, name: str, snapshot_id: str) -> None:
    await storage.revert(context.system, storage.of_qube(context.qube, name), snapshot_id)


@answers(calls.VM_VOLUME_EXTEND)
async def extend(context: Context, name: str, size: int | None) -> int:
    return await storage.extend(context.system, storage.of_qube(context.qube, name), size)


@answers(calls.VM_VOLUME_CLEAR)
async def clear(context: Context, name: str, _payload: None) -> None:
    await storage.clear(context.system, storage.of_qube(context.qube, name))


@answers(calls.VM_VOLUME_IMPORT)
async def import_data(context: Context, name: str, data: ByteStream) -> None:
    await storage.import_data(context.system, storage.of_qube(context.qube, name), data)


@answers(calls.VM_VOLUME_ATTACH)
async def attach(context: Context, volume: VolumeId, options: Mapping[str, str]) -> str:
    if context.source != "dom0":
        await storage.seen(context.system, context.sees, volume)
    return await storage.attach(context.system, context.qube, volume, options)


@answers(calls.VM_VOLUME_DETACH)
async def detach(context: Context, name: str, _payload: None) -> None:
    await storage.detach(context.system, context.qube, name)


@answers(calls.VM_CREATE_TEMPLATE)
async def create_template(context: Context, name: str, image: ByteStream) -> None:
    await naming.check_new_name(context.system, context.source, name)
    await storage.create_template(context.system, context.source, name, image)
