# SPDX-License-Identifier: GPL-3.0-or-later
"""What callers do with pools and volumes: look, snapshot, revert, extend, import, clear, attach, detach, remove, add.

A volume is named by its qube and name, or by pool and vid; both come to a `Held`. Work on a qube's volume is ordered by
the qube's lock; what it changed is measured and told.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from qubesmanager.daemon.local.core.images import raw_image
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.sight import spoken_one
from qubesmanager.daemon.local.core.volumes import KERNEL_POOL, KINDS, REVISIONS
from qubesmanager.daemon.local.drivers.hypervisor.base import DiskFormat, DiskSpec
from qubesmanager.daemon.local.drivers.pools.base import Disk, LiveDisk, VolumeSpec
from qubesmanager.daemon.local.services import creation
from qubesmanager.daemon.local.services.domain_spec import target_of
from qubesmanager.daemon.local.services.pools import bare_spec
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.system import System
from qubesmanager.rules.sight import Sees
from qubesmanager.rules.volumes import why_not_size
from qubesmanager.wire import events
from qubesmanager.wire.codecs import ByteStream, VolumeId
from qubesmanager.wire.errors import (
    ProtocolError,
    QubesVMNotHaltedError,
    QubesVolumeNotFoundError,
    StoragePoolException,
)
from qubesmanager.wire.reasons import error_for
from qubesmanager.wire.records import NO, YES, VolumeRecord
from qubesmanager.wire.values import VmClass

KERNEL = "kernel"
"""The volume of a qube that is one of dom0's kernels."""

MOST_EXTRA = 16
"""Extra volumes of one qube."""


@dataclass(frozen=True, slots=True)
class Held:
    """A volume and the qube it belongs to; None for one that is no qube's."""

    qube: Qube | None
    volume: VolumeRecord


def volumes_of(qube: Qube) -> list[VolumeRecord]:
    """The qube's volumes, and the kernel that it reads."""
    kernel = qube.value("kernel")
    read = [VolumeRecord(KERNEL, KERNEL_POOL, kernel, 0, 0, rw=False)] if kernel else []
    return [*qube.volumes.values(), *read]


def of_qube(qube: Qube, name: str) -> Held:
    """Raises `QubesVolumeNotFoundError`."""
    volume = next((volume for volume in volumes_of(qube) if volume.name == name), None)
    if volume is None:
        raise QubesVolumeNotFoundError(f"{qube.name} has no volume {name}.")
    return Held(qube, volume)


def found(system: System, volume: VolumeId) -> Held:
    """The volume by its place; whether the pool really has one that no qube knows is its driver's to say."""
    system.pools.driver(volume.pool)
    for qube in system.state.qubes.values():
        for held in qube.volumes.values():
            if (held.pool, held.vid) == volume:
                return Held(qube, held)
    return Held(None, VolumeRecord("", volume.pool, volume.vid, 0, 0, save_on_stop=True, revisions_to_keep=REVISIONS))


async def seen(system: System, sees: Sees, volume: VolumeId) -> Held:
    """As `found`, for a source that sees only some qubes.

    A volume that no qube has belongs to the qube in its name: after the loss of a store, or on an old disk, it may be
    the only copy of what a qube held that the source never saw. Raises `QubesVolumeNotFoundError` for a volume of a
    qube that the source does not see, as for one that does not exist.
    """
    held = found(system, volume)
    if held.qube is None:
        known = _is_after_seen(sees, volume.vid) and volume.vid in await system.pools.driver(volume.pool).list_volumes()
    else:
        known = sees(held.qube.name)
    if not known:
        raise QubesVolumeNotFoundError(f"There is no volume {volume}.")
    return held


def _is_after_seen(sees: Sees, vid: str) -> bool:
    """Whether the volume is named after a qube that the source sees."""
    return sees(vid.partition("/")[0])


def listed(system: System, sees: Sees, pool: str, vids: Iterable[str]) -> list[str]:
    """Those of a pool's volumes that a source may know of, by the same rule as `seen`."""
    holders = {
        volume.vid: qube.name
        for qube in system.state.qubes.values()
        for volume in qube.volumes.values()
        if volume.pool == pool
    }
    return [vid for vid in vids if (sees(holders[vid]) if vid in holders else _is_after_seen(sees, vid))]


# -- looking ----------------------------------------------------------------------------------------------------------


async def info(system: System, held: Held) -> Mapping[str, str]:
    """As `pool.volume.Info` answers it."""
    told = await system.pools.driver(held.volume.pool).info(await _spec(system, held))
    return {
        "pool": told.pool,
        "vid": told.vid,
        "size": str(told.size),
        "usage": str(told.usage),
        "rw": YES if told.rw else NO,
        "source": told.source,
        "save_on_stop": YES if told.save_on_stop else NO,
        "snap_on_start": YES if told.snap_on_start else NO,
        "revisions_to_keep": str(told.revisions_to_keep),
        "is_outdated": YES if told.is_outdated else NO,
    }


async def snapshots(system: System, held: Held) -> list[str]:
    """Oldest first; a volume that is fresh at each start has none."""
    if not held.volume.save_on_stop:
        return []
    return await system.pools.driver(held.volume.pool).list_snapshots(held.volume.vid)


# -- changing ---------------------------------------------------------------------------------------------------------


async def snapshot(system: System, held: Held) -> str:
    """Keep the present state; answers its id."""
    _kept(held, "has snapshots")
    async with _ordered(system, held) as now:
        live = await _live(system, now)
        name = await system.pools.driver(now.volume.pool).snapshot(now.volume.vid, live)
    _tell(system, now, name)
    return name


async def revert(system: System, held: Held, snapshot_id: str) -> None:
    """Go back; the state before is itself kept."""
    _kept(held, "has snapshots")
    async with _ordered(system, held) as now:
        _halted(now, "reverted")
        name = await system.pools.driver(now.volume.pool).revert(now.volume.vid, snapshot_id)
    _tell(system, now, name)


async def extend(system: System, held: Held, size: int | None) -> int:
    """Grow it, also while the qube runs; None answers the size."""
    driver = system.pools.driver(held.volume.pool)
    if size is None:
        return (await driver.info(await _spec(system, held))).size
    _kept(held, "is grown")
    if why := why_not_size(held.volume.size, size):
        raise error_for(why)
    async with _ordered(system, held) as now:
        after = await driver.resize(now.volume.vid, size, await _live(system, now))
        await _remember(system, now, after)
    return after


async def clear(system: System, held: Held) -> None:
    _kept(held, "is emptied")
    async with _ordered(system, held) as now:
        _halted(now, "emptied")
        await system.pools.driver(now.volume.pool).clear(now.volume.vid)


async def import_data(system: System, held: Held, data: ByteStream) -> None:
    """Replace the content; it takes effect once the payload has ended.

    Raises `QubesValueError` for a root volume and an image that is not a raw disk.
    """
    _kept(held, "is imported into")
    async with _ordered(system, held) as now:
        _halted(now, "imported into")
        if now.volume.name == "root":
            data = raw_image(data, optical=True)
        size = await system.pools.driver(now.volume.pool).import_data(now.volume.vid, data)
        await _remember(system, now, size)


async def attach(system: System, qube: Qube, wanted: VolumeId, options: Mapping[str, str]) -> str:
    """An existing volume that is no qube's own becomes an extra disk; answers the name it got."""
    unknown = set(options) - {"read-only"}
    if unknown or options.get("read-only", NO) not in {YES, NO}:
        raise ProtocolError("The only option is read-only=yes.")
    if qube.klass is VmClass.ADMIN:
        raise ProtocolError("dom0 has no disks that are attached.")
    if wanted.pool == KERNEL_POOL:
        raise StoragePoolException("A kernel is no disk; a qube reads the one that its property kernel names.")
    holder = found(system, wanted)
    if holder.qube is not None:
        raise StoragePoolException(f"{wanted} is the volume {holder.volume.name} of {spoken_one(holder.qube.name)}.")
    driver = system.pools.driver(wanted.pool)
    if wanted.vid not in await driver.list_volumes():
        raise QubesVolumeNotFoundError(f"There is no volume {wanted}.")
    async with system.holding(qube), _lent(system, wanted):
        taken = [name for name, volume in qube.volumes.items() if volume.extra]
        if len(taken) >= MOST_EXTRA:
            raise StoragePoolException(f"{qube.name} has {MOST_EXTRA} extra volumes already.")
        name = next(name for at in range(1, MOST_EXTRA + 1) if (name := f"extra-{at}") not in taken)
        volume = holder.volume._replace(
            name=name, size=await driver.size(wanted.vid), rw=options.get("read-only") != YES, extra=True
        )
        async with AsyncExitStack() as undo:
            if qube.running:
                disk = await driver.start(bare_spec(volume))
                undo.push_async_callback(driver.stop, bare_spec(volume))
                await _plug(system, undo, qube, volume, disk)
            async with system.altering(qube):
                system.pools.driver(volume.pool)
                await system.commit([rows.set_volume(qube.qid, volume)])
                qube.volumes[name] = volume
                qube.changed()
                system.emit([events.VOLUME_SET(qube.name, *volume)])
            undo.pop_all()
    await system.volumes.measure(qube)
    return name


async def detach(system: System, qube: Qube, name: str) -> None:
    """Take an extra disk away; the volume stays in its pool."""
    async with system.holding(qube), AsyncExitStack() as undo:
        volume = of_qube(qube, name).volume
        if not volume.extra:
            raise StoragePoolException(f"{name} belongs to {qube.name}; only extra volumes are detached.")
        _not_lent(system, qube, name)
        if qube.running and (await system.hypervisor.capabilities()).hot_plug:
            await system.hypervisor.detach_disk(qube.uuid, target_of(qube.volumes, name))
            undo.push_async_callback(_plug_again, system, qube, volume)
        async with system.altering(qube):
            await system.commit([rows.delete_volume(qube.qid, name)])
            del qube.volumes[name]
            qube.changed()
            system.emit([events.VOLUME_DELETE(qube.name, name)])
        undo.pop_all()
    await system.ensure(f"stop {volume.vid}", partial(_stop_orphan, system, volume))


async def _plug_again(system: System, qube: Qube, volume: VolumeRecord) -> None:
    """The guest gets back a disk that could not be detached from its qube."""
    disk = await system.pools.driver(volume.pool).start(bare_spec(volume))
    async with AsyncExitStack() as undo:
        await _plug(system, undo, qube, volume, disk)
        undo.pop_all()


async def _stop_orphan(system: System, volume: VolumeRecord) -> None:
    """Stop a volume that was detached, unless a qube has it again."""
    place = VolumeId(volume.pool, volume.vid)
    if volume.pool not in system.pools.drivers or found(system, place).qube is not None:
        return
    async with _lent(system, place):
        await system.pools.driver(volume.pool).stop(bare_spec(volume))


async def create_template(system: System, creator: str, name: str, image: ByteStream) -> None:
    """A new TemplateVM whose root holds the image; nothing of it is left if the stream breaks or the disk is full.

    Raises `QubesValueError` that says what the image looks like if it is not a raw disk.
    """
    pool = system.state.system("default_pool")
    async with creation.reserved_name(system, name), AsyncExitStack() as undo:
        qube = Qube(0, uuid4(), name, VmClass.TEMPLATE, own={"label": "black"}, rules=[creation.FIRST_RULE])
        qube.tags.add(f"created-by-{creator}")
        driver = system.pools.driver(pool)
        for kind in KINDS[VmClass.TEMPLATE]:
            volume = kind.record(name, pool)
            if kind.save_on_stop:
                made = await system.volumes.pending(undo, volume)
                if kind.name == "root":
                    data = raw_image(image, optical=False)
                    size = await driver.import_data(volume.vid, data, identity=made.identity)
                    volume = volume._replace(size=size)
                else:
                    await driver.create(volume.vid, volume.size, made.identity)
            qube.volumes[kind.name] = volume
        async with system.changing:
            await creation.take_effect(system, qube)
        undo.pop_all()
    await system.volumes.measure(qube)


async def remove_orphan(system: System, wanted: VolumeId) -> None:
    """A volume that is no qube's is gone, with its snapshots. `StoragePoolException` names the qube that has it."""
    driver = system.pools.driver(wanted.pool)
    async with _lent(system, wanted):
        await driver.remove(wanted.vid)
    system.emit([events.VOLUME_REMOVE(wanted.pool, wanted.vid)])


# -- inside -----------------------------------------------------------------------------------------------------------


async def _live(system: System, held: Held) -> LiveDisk | None:
    return None if held.qube is None else await system.volumes.live(held.qube, held.volume.name)


@asynccontextmanager
async def _lent(system: System, wanted: VolumeId) -> AsyncIterator[None]:
    """The volume is nobody's, and nobody else gets it meanwhile."""
    holder = found(system, wanted)
    if holder.qube is not None:
        raise StoragePoolException(f"{wanted} is the volume {holder.volume.name} of {spoken_one(holder.qube.name)}.")
    namesake = system.state.qubes.get(wanted.vid.partition("/")[0])
    if namesake is not None and namesake.unreadable:
        raise StoragePoolException(f"{wanted} may be a volume of {namesake.name}. {namesake.unreadable}")
    if wanted in system.volumes.lending or wanted.vid.partition("/")[0] in system.reserved:
        raise StoragePoolException(f"{wanted} is just becoming a qube's, or another call works on it.")
    system.volumes.lending.add(wanted)
    try:
        yield
    finally:
        system.volumes.lending.discard(wanted)


async def _plug(system: System, undo: AsyncExitStack, qube: Qube, volume: VolumeRecord, disk: Disk) -> None:
    if (await system.hypervisor.capabilities()).hot_plug:
        target = target_of({**qube.volumes, volume.name: volume}, volume.name)
        spec = DiskSpec(
            target,
            disk.path,
            DiskFormat(disk.format),
            serial=volume.name,
            read_only=not volume.rw,
            backing=disk.backing,
        )
        await system.hypervisor.attach_disk(qube.uuid, spec)
        undo.push_async_callback(system.hypervisor.detach_disk, qube.uuid, target)


async def _spec(system: System, held: Held) -> VolumeSpec:
    if held.qube is not None or held.volume.pool == KERNEL_POOL:
        return bare_spec(held.volume) if held.qube is None else system.volumes.spec(held.qube, held.volume)
    size = await system.pools.driver(held.volume.pool).size(held.volume.vid)
    return bare_spec(held.volume._replace(size=size))


@asynccontextmanager
async def _ordered(system: System, held: Held) -> AsyncIterator[Held]:
    """Work on the volume in its order: the volume as it is once the caller's turn has come.

    Measures the qube's volumes afterwards. Raises `QubesVMNotFoundError` or `QubesVolumeNotFoundError` if the qube or
    the volume went while the caller waited.
    """
    qube = held.qube
    if qube is None:
        async with _lent(system, VolumeId(held.volume.pool, held.volume.vid)):
            yield held
        return
    async with system.holding(qube):
        now = _again(qube, held.volume)
        _not_lent(system, qube, now.name)
        yield Held(qube, now)
    await system.volumes.measure(qube)


def _again(qube: Qube, volume: VolumeRecord) -> VolumeRecord:
    """The same volume of the qube as it is now: a rename moves it, an extra one may have been replaced."""
    now = of_qube(qube, volume.name).volume
    if now.extra != volume.extra or (now.extra and (now.pool, now.vid) != (volume.pool, volume.vid)):
        raise QubesVolumeNotFoundError(f"{volume.vid} is not attached to {qube.name} any more.")
    return now


def _not_lent(system: System, qube: Qube, name: str) -> None:
    if holder := system.devices.lent(qube, name):
        raise StoragePoolException(
            f"{name} of {qube.name} is attached to {spoken_one(holder.name)}; detach it there first."
        )


def _halted(held: Held, done: str) -> None:
    if held.qube is not None and held.qube.running:
        raise QubesVMNotHaltedError(f"{held.qube.name} is {held.qube.state}; a volume is {done} while it is halted.")


def _kept(held: Held, what: str) -> None:
    if not held.volume.save_on_stop:
        raise StoragePoolException(f"{held.volume.vid} is fresh at each start; only a kept volume {what}.")


async def _remember(system: System, held: Held, size: int) -> None:
    """The driver has given the volume this size. That cannot be refused any more: it is stored now or later."""
    qube = held.qube
    if qube is None or held.volume.size == size:
        return
    volume = held.volume._replace(size=size)
    qube.volumes[volume.name] = volume
    qube.changed()
    system.emit([events.VOLUME_SET(qube.name, *volume)])
    store = partial(_store_volume, system, qube, volume.name)
    await system.ensure(f"store the size of {volume.vid}", store, of=qube)


async def _store_volume(system: System, qube: Qube, name: str) -> None:
    async with system.altering(qube):
        if name in qube.volumes:
            await system.commit([rows.set_volume(qube.qid, qube.volumes[name])])


def _tell(system: System, held: Held, name: str) -> None:
    if held.qube is not None:
        system.emit([events.VOLUME_SNAPSHOT(held.qube.name, held.volume.name, name)])
