# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes and pools. What qubesd refuses as an argument that is not there is a volume or pool that does not exist."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from qubesmanager.admin import calls
from qubesmanager.admin.codecs import flag_to_mgmt1, pool_metadata
from qubesmanager.daemon.bridge.context import Context, answers
from qubesmanager.daemon.bridge.reading import VOLUMES
from qubesmanager.rules.volumes import MOST_REVISIONS, REVISIONS_TO_KEEP, is_revisions, why_not_size
from qubesmanager.wire import calls as m
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import VolumeId, VolumeRow, number
from qubesmanager.wire.errors import Mgmt1Error, NoAnswerError, PermissionDenied
from qubesmanager.wire.names import DOM0, shown
from qubesmanager.wire.reasons import refusal, refuse_if
from qubesmanager.wire.records import NO, YES

_MISSING = "Argument not in "
"""The first words of qubesd's refusal of an argument that names nothing."""

_DRIVERS_WITH_METADATA = frozenset({"lvm_thin"})
"""Drivers of Qubes OS whose `admin.pool.UsageDetails` has more than `admin.pool.Info`."""

_DEFAULT_POOL = "default_pool"
"""The begin of the names of the system's properties that name a pool."""


@asynccontextmanager
async def _missing_is(
    context: Context, error: Mgmt1Error, listed: Request[list[str]], name: str
) -> AsyncGenerator[None, None]:
    """Raises `error` where qubesd has no such pool or volume. Qubes 4.3 gives no answer then, and it is listed.

    A call that is not answered although the name is there may have been carried out: raises `NoAnswerError`.
    """
    try:
        yield
    except PermissionDenied as denied:
        if str(denied).startswith(_MISSING):
            raise error from denied
        raise
    except NoAnswerError as no_answer:
        if name not in await context.rows(listed):
            raise error from no_answer
        raise


def missing_volume(context: Context, qube: str, name: str) -> AbstractAsyncContextManager[None]:
    """Raises `QubesVolumeNotFoundError` where the qube has no such volume."""
    return _missing_is(context, refusal("no-such-qube-volume", qube, name), calls.VM_VOLUME_LIST(qube), name)


def _missing_pool(context: Context, name: str) -> AbstractAsyncContextManager[None]:
    """Raises `QubesPoolNotFoundError` where there is no such pool."""
    return _missing_is(context, refusal("no-such-pool", name), calls.POOL_LIST(DOM0), name)


# -- volumes of a qube ------------------------------------------------------------------------------------------------


async def _info(context: Context, qube: str, name: str) -> Mapping[str, str]:
    async with missing_volume(context, qube, name):
        fields = await context.ask(calls.VM_VOLUME_INFO(qube, name))
    return {key: flag_to_mgmt1(value) for key, value in fields.items() if key not in {"path", "ephemeral"}}


@answers(m.VM_VOLUME_LIST)
async def list_volumes(context: Context, pool: str | None, _payload: None) -> list[VolumeRow]:
    rows: list[VolumeRow] = []
    for name in await context.rows(calls.VM_VOLUME_LIST(context.dest)):
        info = await _info(context, context.dest, name)
        if info.get("vid") and pool in {None, info["pool"]}:
            rows.append(VolumeRow(name, info["pool"], info["vid"]))
    return rows


@answers(m.VM_VOLUME_INFO)
async def info(context: Context, name: str, _payload: None) -> Mapping[str, str]:
    return await _info(context, context.dest, name)


async def _snapshots(context: Context, qube: str, name: str) -> list[str]:
    async with missing_volume(context, qube, name):
        return await context.rows(calls.VM_VOLUME_LIST_SNAPSHOTS(qube, name))


async def _revert(context: Context, qube: str, name: str, snapshot: str) -> None:
    """Go back to a snapshot. qubesd fails at one that is not there, so that is looked at first."""
    if snapshot not in await _snapshots(context, qube, name):
        raise refusal("no-such-snapshot", shown(snapshot))
    await context.change_content(calls.VM_VOLUME_REVERT(qube, name, snapshot))


async def _extend(context: Context, qube: str, name: str, size: int | None) -> int:
    """Grow a volume. qubesd would also shrink it, and cut off its data."""
    present = number((await _info(context, qube, name))["size"])
    if size is None:
        return present
    refuse_if(why_not_size(present, size))
    await context.change(calls.VM_VOLUME_RESIZE(qube, name, size), VOLUMES)
    return number((await _info(context, qube, name))["size"])


@answers(m.VM_VOLUME_LIST_SNAPSHOTS)
async def list_snapshots(context: Context, name: str, _payload: None) -> list[str]:
    return await _snapshots(context, context.dest, name)


@answers(m.VM_VOLUME_REVERT)
async def revert(context: Context, name: str, snapshot: str) -> None:
    await _revert(context, context.dest, name, snapshot)


@answers(m.VM_VOLUME_EXTEND)
async def extend(context: Context, name: str, size: int | None) -> int:
    return await _extend(context, context.dest, name, size)


@answers(m.VM_VOLUME_CLEAR)
async def clear(context: Context, name: str, _payload: None) -> None:
    """Empty a volume of a halted qube; qubesd would also do it while the qube runs."""
    if (await context.mirror.record(context.dest)).running:
        raise refusal("volume-needs-halted")
    async with missing_volume(context, context.dest, name):
        await context.change_content(calls.VM_VOLUME_CLEAR(context.dest, name))


@answers(m.VM_VOLUME_COPY)
async def copy(context: Context, name: str, options: Mapping[str, str]) -> None:
    if options.keys() != {"from", "volume"}:
        raise refusal("volume-copy-options")
    await copy_volume(context, options["from"], options["volume"], context.dest, name)


async def copy_volume(context: Context, source: str, source_volume: str, target: str, volume: str) -> None:
    """Replace the content of a volume by that of another one."""
    async with missing_volume(context, source, source_volume):
        token = await context.ask(calls.VM_VOLUME_CLONE_FROM(source, source_volume))
    async with missing_volume(context, target, volume):
        await context.change_content(calls.VM_VOLUME_CLONE_TO(target, volume, token))


@answers(m.VM_VOLUME_CONFIGURE)
async def configure(context: Context, name: str, options: Mapping[str, str]) -> None:
    revisions, rw = options.get(REVISIONS_TO_KEEP), options.get("rw")
    is_known = options and not options.keys() - {REVISIONS_TO_KEEP, "rw"}
    if not is_known or not is_revisions(revisions or "0") or rw not in {None, YES, NO}:
        raise refusal("volume-configure-options", MOST_REVISIONS)
    before = await _info(context, context.dest, name)
    requests: list[tuple[Request[None], Request[None]]] = []
    if revisions is not None:
        present = before.get(REVISIONS_TO_KEEP, "")
        back = int(present if is_revisions(present) else revisions)
        row = calls.VM_VOLUME_SET_REVISIONS
        requests.append((row(context.dest, name, int(revisions)), row(context.dest, name, back)))
    if rw is not None:
        flag = calls.VM_VOLUME_SET_RW
        requests.append((flag(context.dest, name, rw == YES), flag(context.dest, name, before.get("rw", rw) == YES)))
    await context.bridge.to_the_end(_all_or_none(context, requests))


async def _all_or_none(context: Context, requests: Sequence[tuple[Request[None], Request[None]]]) -> None:
    """Each first request. If one is refused, the second ones of those that were carried out undo them."""
    done: list[Request[None]] = []
    for request, back in requests:
        try:
            await context.change(request, VOLUMES)
        except Mgmt1Error:
            for undo in reversed(done):
                await context.change(undo, VOLUMES)
            raise
        done.append(back)


# -- volumes of a pool ------------------------------------------------------------------------------------------------


async def _owner(context: Context, volume: VolumeId) -> tuple[str, str]:
    """The qube and the name in it of a volume. Raises `QubesVolumeNotFoundError` for one of no qube."""
    for record in (await context.mirror.listed()).values():
        for own in record.volumes:
            if (own.pool, own.vid) == tuple(volume):
                return record.name, own.name
    raise refusal("no-such-volume", str(volume))


@answers(m.POOL_VOLUME_LIST)
async def list_of_pool(context: Context, name: str, _payload: None) -> list[str]:
    async with _missing_pool(context, name):
        return await context.rows(calls.POOL_VOLUME_LIST(DOM0, name))


@answers(m.POOL_VOLUME_INFO)
async def info_in_pool(context: Context, volume: VolumeId, _payload: None) -> Mapping[str, str]:
    return await _info(context, *await _owner(context, volume))


@answers(m.POOL_VOLUME_LIST_SNAPSHOTS)
async def snapshots_in_pool(context: Context, volume: VolumeId, _payload: None) -> list[str]:
    return await _snapshots(context, *await _owner(context, volume))


@answers(m.POOL_VOLUME_REVERT)
async def revert_in_pool(context: Context, volume: VolumeId, snapshot: str) -> None:
    await _revert(context, *await _owner(context, volume), snapshot)


@answers(m.POOL_VOLUME_EXTEND)
async def extend_in_pool(context: Context, volume: VolumeId, size: int | None) -> int:
    return await _extend(context, *await _owner(context, volume), size)


# -- pools ------------------------------------------------------------------------------------------------------------


@answers(m.POOL_LIST)
async def list_pools(context: Context, only: str | None, _payload: None) -> list[str]:
    return sorted(name for name in await context.rows(calls.POOL_LIST(DOM0)) if only in {None, name})


@answers(m.POOL_LIST_DRIVERS)
async def list_drivers(context: Context, _arg: None, _payload: None) -> list[tuple[str, ...]]:
    return await context.rows(calls.POOL_LIST_DRIVERS(DOM0))


@answers(m.POOL_INFO)
async def pool_info(context: Context, name: str, _payload: None) -> Mapping[str, str]:
    async with _missing_pool(context, name):
        fields = await context.ask(calls.POOL_INFO(DOM0, name))
    metadata = await _metadata(context, name) if fields.get("driver") in _DRIVERS_WITH_METADATA else {}
    return {"name": name, "state": "open", **{key: flag_to_mgmt1(value) for key, value in fields.items()}, **metadata}


async def _metadata(context: Context, name: str) -> Mapping[str, str]:
    """The bytes of a pool's metadata; empty where qubesd does not tell: an older one refuses with zero bytes."""
    try:
        return pool_metadata(await context.ask(calls.POOL_USAGE_DETAILS(DOM0, name)))
    except Mgmt1Error:
        return {}


@answers(m.POOL_ADD)
async def add_pool(context: Context, name: str, options: Mapping[str, str]) -> None:
    driver = options.get("driver", "")
    rest = {key: value for key, value in options.items() if key != "driver"}
    drivers = [row[0] for row in await context.rows(calls.POOL_LIST_DRIVERS(DOM0))]
    if driver not in drivers:
        raise refusal("no-such-driver", shown(driver), ", ".join(drivers))
    await context.change(calls.POOL_ADD(DOM0, driver, {"name": name, **rest}))


@answers(m.POOL_CONFIGURE)
async def configure_pool(context: Context, name: str, options: Mapping[str, str]) -> None:
    number = options.get(REVISIONS_TO_KEEP, "")
    if options.keys() != {REVISIONS_TO_KEEP} or not is_revisions(number):
        raise refusal("pool-configure-options", MOST_REVISIONS)
    async with _missing_pool(context, name):
        await context.ask(calls.POOL_SET_REVISIONS(DOM0, name, int(number)))


@answers(m.POOL_REMOVE)
async def remove_pool(context: Context, name: str, _payload: None) -> None:
    """Remove a pool. qubesd does not name what uses it, so that is looked at first."""
    users = [
        record.name
        for record in (await context.mirror.listed()).values()
        if any(volume.pool == name for volume in record.volumes)
    ]
    users += [key for key, row in context.mirror.system.items() if key.startswith(_DEFAULT_POOL) and row.value == name]
    if users:
        raise refusal("pool-used", name, ", ".join(users))
    async with _missing_pool(context, name):
        await context.change(calls.POOL_REMOVE(DOM0, name))
