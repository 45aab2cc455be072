# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage pools, and volumes by pool and vid."""

from collections.abc import Mapping

from qubesmanager.daemon.local.core.volume_refs import VolumeRef
from qubesmanager.daemon.local.drivers.pools import table
from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import VolumeId
from qubesmanager.wire.names import DOM0


@answers(calls.POOL_LIST)
async def list_pools(context: Context, only: str | None, _payload: None) -> list[str]:
    return [name for name in sorted(context.system.runtime.state.pools) if only in {None, name}]


@answers(calls.POOL_LIST_DRIVERS)
async def list_drivers(_context: Context, _arg: None, _payload: None) -> list[tuple[str, ...]]:
    return [(row.name, *(option.name for option in row.options)) for row in table.DRIVERS.values()]


@answers(calls.POOL_INFO)
async def info(context: Context, name: str, _payload: None) -> Mapping[str, str]:
    return await context.system.pools.info(name)


@answers(calls.POOL_ADD)
async def add(context: Context, name: str, options: Mapping[str, str]) -> None:
    await context.system.pools.create(name, options)


@answers(calls.POOL_CONFIGURE)
async def configure(context: Context, name: str, options: Mapping[str, str]) -> None:
    await context.system.pools.configure(name, options)


@answers(calls.POOL_REMOVE)
async def remove(context: Context, name: str, _payload: None) -> None:
    await context.system.pools.remove(name)


async def _volume(context: Context, volume: VolumeId) -> VolumeRef:
    if context.source == DOM0:
        return context.system.volume_operations.found(volume)
    return await context.system.volume_operations.seen(context.sees, volume)


@answers(calls.POOL_VOLUME_LIST)
async def list_volumes(context: Context, name: str, _payload: None) -> list[str]:
    vids = await context.system.pools.driver(name).list_volumes()
    return vids if context.source == DOM0 else context.system.volume_operations.listed(context.sees, name, vids)


@answers(calls.POOL_VOLUME_INFO)
async def volume_info(context: Context, volume: VolumeId, _payload: None) -> Mapping[str, str]:
    return await context.system.volume_operations.info(await _volume(context, volume))


@answers(calls.POOL_VOLUME_LIST_SNAPSHOTS)
async def list_snapshots(context: Context, volume: VolumeId, _payload: None) -> list[str]:
    return await context.system.volume_operations.snapshots(await _volume(context, volume))


@answers(calls.POOL_VOLUME_SNAPSHOT)
async def snapshot(context: Context, volume: VolumeId, _payload: None) -> str:
    return await context.system.volume_operations.snapshot(await _volume(context, volume))


@answers(calls.POOL_VOLUME_REVERT)
async def revert(context: Context, volume: VolumeId, snapshot_id: str) -> None:
    await context.system.volume_operations.revert(await _volume(context, volume), snapshot_id)


@answers(calls.POOL_VOLUME_EXTEND)
async def extend(context: Context, volume: VolumeId, size: int | None) -> int:
    return await context.system.volume_operations.extend(await _volume(context, volume), size)


@answers(calls.POOL_VOLUME_REMOVE)
async def remove_volume(context: Context, volume: VolumeId, _payload: None) -> None:
    await _volume(context, volume)
    await context.system.volume_operations.remove_orphan(volume)
