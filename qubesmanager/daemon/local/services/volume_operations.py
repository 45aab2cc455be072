# SPDX-License-Identifier: GPL-3.0-or-later
"""What callers do with volumes: look, snapshot, revert, extend, import, clear, attach, detach, remove.

A volume is named by its qube and name, or by pool and vid; both come to a `VolumeRef`. Work on a qube's volume is
ordered by the qube's lock; what it changed is measured and emitted.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from functools import partial

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.sight import spoken_one
from qubesmanager.daemon.local.core.volume_refs import VolumeRef, of_qube
from qubesmanager.daemon.local.core.volumes import KERNEL_POOL, REVISIONS
from qubesmanager.daemon.local.drivers.hypervisor.base import DiskFormat, DiskSpec
from qubesmanager.daemon.local.drivers.pools.base import Disk, LiveDisk, VolumeSpec
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.devices import Devices
from qubesmanager.daemon.local.services.domain_spec import target_of
from qubesmanager.daemon.local.services.pools import Pools, bare_spec
from qubesmanager.daemon.local.services.volume_lifecycle import Volumes
from qubesmanager.daemon.local.store import rows
from qubesmanager.rules.images import raw_image
from qubesmanager.rules.sight import Sees
from qubesmanager.rules.volumes import (
    MOST_REVISIONS,
    REVISIONS_TO_KEEP,
    is_revisions,
    why_not_detach,
    why_not_kept,
    why_not_replace,
    why_not_size,
)
from qubesmanager.wire import events
from qubesmanager.wire.codecs import ByteStream, VolumeId
from qubesmanager.wire.reasons import error_for, refusal, refuse_if
from qubesmanager.wire.records import NO, YES, VolumeRecord
from qubesmanager.wire.values import VmClass

MOST_EXTRA = 16
"""Extra volumes of one qube."""


class VolumeOperations:
    """The operations of the calls about volumes."""

    def __init__(self, runtime: Runtime, pools: Pools, volumes: Volumes, devices: Devices) -> None:
        self._runtime = runtime
        self._pools = pools
        self._volumes = volumes
        self._devices = devices

    def found(self, volume: VolumeId) -> VolumeRef:
        """The volume of this pool and name. Of one that no qube has, only the driver knows whether it exists."""
        self._pools.driver(volume.pool)
        for qube in self._runtime.state.qubes.values():
            for each in qube.volumes.values():
                if (each.pool, each.vid) == volume:
                    return VolumeRef(qube, each)
        return VolumeRef(
            None, VolumeRecord("", volume.pool, volume.vid, 0, 0, save_on_stop=True, revisions_to_keep=REVISIONS)
        )

    async def seen(self, sees: Sees, volume: VolumeId) -> VolumeRef:
        """As `found`, for a source that sees only some qubes.

        A volume that no qube has belongs to the qube in its name: after the loss of a store, or on an old disk, it may
        be the only copy of what a qube kept that the source never saw. Raises `QubesVolumeNotFoundError` for a volume
        of a qube that the source does not see, as for a volume that does not exist.
        """
        ref = self.found(volume)
        if ref.qube is None:
            known = (
                _is_after_seen(sees, volume.vid) and volume.vid in await self._pools.driver(volume.pool).list_volumes()
            )
        else:
            known = sees(ref.qube.name)
        if not known:
            raise refusal("no-such-volume", str(volume))
        return ref

    def listed(self, sees: Sees, pool: str, vids: Iterable[str]) -> list[str]:
        """The volumes of a pool that a source may see, by the same rule as `seen`."""
        holders = {
            volume.vid: qube.name
            for qube in self._runtime.state.qubes.values()
            for volume in qube.volumes.values()
            if volume.pool == pool
        }
        return [vid for vid in vids if (sees(holders[vid]) if vid in holders else _is_after_seen(sees, vid))]

    # -- looking -------------------------------------------------------------------------------------------------------

    async def info(self, ref: VolumeRef) -> Mapping[str, str]:
        """As `pool.volume.Info` answers it."""
        details = await self._pools.driver(ref.volume.pool).info(await self._spec(ref))
        return {
            "pool": details.pool,
            "vid": details.vid,
            "size": str(details.size),
            "usage": str(details.usage),
            "rw": YES if details.rw else NO,
            "source": details.source,
            "save_on_stop": YES if details.save_on_stop else NO,
            "snap_on_start": YES if details.snap_on_start else NO,
            "revisions_to_keep": str(details.revisions_to_keep),
            "is_outdated": YES if details.is_outdated else NO,
        }

    async def snapshots(self, ref: VolumeRef) -> list[str]:
        """Oldest first; a volume that is fresh at each start has none."""
        if not ref.volume.save_on_stop:
            return []
        return await self._pools.driver(ref.volume.pool).list_snapshots(ref.volume.vid)

    # -- changing ------------------------------------------------------------------------------------------------------

    async def snapshot(self, ref: VolumeRef) -> str:
        """Keep the present state; answers its id."""
        refuse_if(why_not_kept(ref.volume))
        async with self._ordered(ref) as now:
            live = await self._live(now)
            name = await self._pools.driver(now.volume.pool).snapshot(now.volume.vid, live)
        self._tell(now, name)
        return name

    async def revert(self, ref: VolumeRef, snapshot_id: str) -> None:
        """Go back; the state before is itself kept."""
        refuse_if(why_not_kept(ref.volume))
        async with self._ordered(ref) as now:
            refuse_if(why_not_replace(now.volume, running=now.qube is not None and now.qube.running))
            name = await self._pools.driver(now.volume.pool).revert(now.volume.vid, snapshot_id)
        self._tell(now, name)

    async def extend(self, ref: VolumeRef, size: int | None) -> int:
        """Grow it, also while the qube runs; None answers the size."""
        driver = self._pools.driver(ref.volume.pool)
        if size is None:
            return (await driver.info(await self._spec(ref))).size
        refuse_if(why_not_kept(ref.volume))
        if why := why_not_size(ref.volume.size, size):
            raise error_for(why)
        async with self._ordered(ref) as now:
            after = await driver.resize(now.volume.vid, size, await self._live(now))
            await self._remember(now, after)
        return after

    async def clear(self, ref: VolumeRef) -> None:
        refuse_if(why_not_kept(ref.volume))
        async with self._ordered(ref) as now:
            refuse_if(why_not_replace(now.volume, running=now.qube is not None and now.qube.running))
            with self._importing(now, now.volume.size):
                await self._pools.driver(now.volume.pool).clear(now.volume.vid)

    async def import_data(self, ref: VolumeRef, data: ByteStream) -> None:
        """Replace the content; it takes effect once the payload has ended.

        Raises `QubesValueError` for a root volume and an image that is not a raw disk.
        """
        refuse_if(why_not_kept(ref.volume))
        async with self._ordered(ref) as now:
            refuse_if(why_not_replace(now.volume, running=now.qube is not None and now.qube.running))
            if now.volume.name == "root":
                data = raw_image(data, optical=True)
            with self._importing(now):
                size = await self._pools.driver(now.volume.pool).import_data(now.volume.vid, data)
            await self._remember(now, size)

    @contextmanager
    def _importing(self, ref: VolumeRef, size: int | None = None) -> Iterator[None]:
        """Emit that the content of a qube's volume is being replaced, and how that ended."""
        if ref.qube is None:
            yield
            return
        qube, name, success = ref.qube, ref.volume.name, False
        self._runtime.emit([events.VOLUME_IMPORT_BEGIN(qube.name, name, size)])
        try:
            yield
            success = True
        finally:
            self._runtime.emit([events.VOLUME_IMPORT_END(qube.name, name, success)])

    async def copy(self, ref: VolumeRef, source: VolumeRef) -> None:
        """Replace the content by that of a volume of another qube; both are halted.

        The locks are taken in the order of the names, as two copies can cross. Raises as `import_data`.
        """
        refuse_if(why_not_kept(ref.volume) or why_not_kept(source.volume))
        if ref.qube is None or source.qube is None:
            raise refusal("volume-copy-options")
        if ref.volume[:3] == source.volume[:3]:
            raise refusal("volume-copy-itself", ref.volume.name, ref.qube.name)
        others = {qube.name: qube for qube in (ref.qube, source.qube)}
        async with AsyncExitStack() as locks:
            for name in sorted(others):
                await locks.enter_async_context(self._runtime.holding(others[name]))
            target, origin = _again(ref.qube, ref.volume), _again(source.qube, source.volume)
            self._not_lent(ref.qube, target.name)
            for volume, qube in ((target, ref.qube), (origin, source.qube)):
                refuse_if(why_not_replace(volume, running=qube.running))
            of_source = self._pools.driver(origin.pool)
            size = await of_source.size(origin.vid)
            async with aclosing(of_source.read(origin.vid)) as runs:
                after = await self._pools.driver(target.pool).import_runs(target.vid, size, runs)
            await self._remember(VolumeRef(ref.qube, target), after)
        await self._volumes.measure(ref.qube)

    async def configure(self, ref: VolumeRef, untrusted: Mapping[str, str]) -> None:
        """Change `revisions_to_keep` and `rw` of a kept volume of a halted qube."""
        refuse_if(why_not_kept(ref.volume))
        number, rw = untrusted.get(REVISIONS_TO_KEEP, "0"), untrusted.get("rw", YES)
        is_known = untrusted and not untrusted.keys() - {REVISIONS_TO_KEEP, "rw"}
        if not is_known or not is_revisions(number) or rw not in {YES, NO}:
            raise refusal("volume-configure-options", MOST_REVISIONS)
        async with self._ordered(ref) as now:
            qube = now.qube
            if qube is None:
                raise refusal("volume-configure-options", MOST_REVISIONS)
            refuse_if(why_not_replace(now.volume, running=qube.running))
            async with self._runtime.altering(qube):
                present = qube.volumes[now.volume.name]
                volume = present._replace(
                    revisions_to_keep=int(untrusted.get(REVISIONS_TO_KEEP, present.revisions_to_keep)),
                    rw=rw == YES if "rw" in untrusted else present.rw,
                )
                await self._runtime.commit([rows.set_volume(qube.qid, volume)])
                qube.volumes[volume.name] = volume
                qube.changed()
                self._runtime.emit([events.VOLUME_SET(qube.name, *volume)])

    async def attach(self, qube: Qube, extra: VolumeId, options: Mapping[str, str]) -> str:
        """An existing volume that is no qube's own becomes an extra disk; answers the name it got."""
        unknown = set(options) - {"read-only"}
        if unknown or options.get("read-only", NO) not in {YES, NO}:
            raise refusal("volume-attach-options")
        if qube.klass is VmClass.ADMIN:
            raise refusal("dom0-no-disks")
        if qube.klass is VmClass.REMOTE:
            raise refusal("qube-is-remote", qube.name)
        if extra.pool == KERNEL_POOL:
            raise refusal("kernel-not-attached")
        holder = self.found(extra)
        if holder.qube is not None:
            raise refusal("volume-of", str(extra), holder.volume.name, spoken_one(holder.qube.name))
        driver = self._pools.driver(extra.pool)
        if extra.vid not in await driver.list_volumes():
            raise refusal("no-such-volume", str(extra))
        async with self._runtime.holding(qube), self._lent(extra):
            taken = [name for name, volume in qube.volumes.items() if volume.extra]
            if len(taken) >= MOST_EXTRA:
                raise refusal("extra-volume-limit", qube.name, MOST_EXTRA)
            name = next(name for at in range(1, MOST_EXTRA + 1) if (name := f"extra-{at}") not in taken)
            volume = holder.volume._replace(
                name=name, size=await driver.size(extra.vid), rw=options.get("read-only") != YES, extra=True
            )
            async with AsyncExitStack() as undo:
                if qube.running:
                    disk = await driver.start(bare_spec(volume))
                    undo.push_async_callback(driver.stop, bare_spec(volume))
                    await self._plug(undo, qube, volume, disk)
                async with self._runtime.altering(qube):
                    self._pools.driver(volume.pool)
                    await self._runtime.commit([rows.set_volume(qube.qid, volume)])
                    qube.volumes[name] = volume
                    qube.changed()
                    self._runtime.emit([events.VOLUME_SET(qube.name, *volume)])
                undo.pop_all()
        await self._volumes.measure(qube)
        return name

    async def detach(self, qube: Qube, name: str) -> None:
        """Take an extra disk away; the volume stays in its pool."""
        async with self._runtime.holding(qube), AsyncExitStack() as undo:
            volume = of_qube(qube, name).volume
            refuse_if(why_not_detach(volume))
            self._not_lent(qube, name)
            if qube.running and (await self._runtime.hypervisor.capabilities()).hot_plug:
                await self._runtime.hypervisor.detach_disk(qube.uuid, target_of(qube.volumes, name))
                undo.push_async_callback(self._plug_again, qube, volume)
            async with self._runtime.altering(qube):
                await self._runtime.commit([rows.delete_volume(qube.qid, name)])
                del qube.volumes[name]
                qube.changed()
                self._runtime.emit([events.VOLUME_DELETE(qube.name, name)])
            undo.pop_all()
        await self._runtime.ensure(f"stop {volume.vid}", partial(self._stop_orphan, volume))

    async def _plug_again(self, qube: Qube, volume: VolumeRecord) -> None:
        """The guest gets back a disk that could not be detached from its qube."""
        disk = await self._pools.driver(volume.pool).start(bare_spec(volume))
        async with AsyncExitStack() as undo:
            await self._plug(undo, qube, volume, disk)
            undo.pop_all()

    async def _stop_orphan(self, volume: VolumeRecord) -> None:
        """Stop a volume that was detached, unless a qube has it again."""
        place = VolumeId(volume.pool, volume.vid)
        if volume.pool not in self._pools.drivers or self.found(place).qube is not None:
            return
        async with self._lent(place):
            await self._pools.driver(volume.pool).stop(bare_spec(volume))

    async def remove_orphan(self, volume: VolumeId) -> None:
        """A volume that is no qube's is gone, with its snapshots. `StoragePoolException` names the qube that has it."""
        driver = self._pools.driver(volume.pool)
        async with self._lent(volume):
            await driver.remove(volume.vid)
        self._runtime.emit([events.VOLUME_REMOVE(volume.pool, volume.vid)])

    # -- inside --------------------------------------------------------------------------------------------------------

    async def _live(self, ref: VolumeRef) -> LiveDisk | None:
        return None if ref.qube is None else await self._volumes.live(ref.qube, ref.volume.name)

    @asynccontextmanager
    async def _lent(self, volume: VolumeId) -> AsyncIterator[None]:
        """Reserve a volume without an owner: no qube gets it meanwhile."""
        holder = self.found(volume)
        if holder.qube is not None:
            raise refusal("volume-of", str(volume), holder.volume.name, spoken_one(holder.qube.name))
        namesake = self._runtime.state.qubes.get(volume.vid.partition("/")[0])
        if namesake is not None and namesake.unreadable:
            raise refusal("volume-maybe-of", str(volume), namesake.name, namesake.unreadable)
        if volume in self._volumes.lending or volume.vid.partition("/")[0] in self._runtime.reserved:
            raise refusal("volume-busy", str(volume))
        self._volumes.lending.add(volume)
        try:
            yield
        finally:
            self._volumes.lending.discard(volume)

    async def _plug(self, undo: AsyncExitStack, qube: Qube, volume: VolumeRecord, disk: Disk) -> None:
        if (await self._runtime.hypervisor.capabilities()).hot_plug:
            target = target_of({**qube.volumes, volume.name: volume}, volume.name)
            spec = DiskSpec(
                target,
                disk.path,
                DiskFormat(disk.format),
                serial=volume.name,
                read_only=not volume.rw,
                backing=disk.backing,
            )
            await self._runtime.hypervisor.attach_disk(qube.uuid, spec)
            undo.push_async_callback(self._runtime.hypervisor.detach_disk, qube.uuid, target)

    async def _spec(self, ref: VolumeRef) -> VolumeSpec:
        if ref.qube is not None or ref.volume.pool == KERNEL_POOL:
            return bare_spec(ref.volume) if ref.qube is None else self._volumes.spec(ref.qube, ref.volume)
        size = await self._pools.driver(ref.volume.pool).size(ref.volume.vid)
        return bare_spec(ref.volume._replace(size=size))

    @asynccontextmanager
    async def _ordered(self, ref: VolumeRef) -> AsyncIterator[VolumeRef]:
        """Work on the volume in its order: the volume as it is once the caller's turn has come.

        Measures the qube's volumes afterwards. Raises `QubesVMNotFoundError` or `QubesVolumeNotFoundError` if the qube
        or the volume was removed while the caller waited.
        """
        qube = ref.qube
        if qube is None:
            async with self._lent(VolumeId(ref.volume.pool, ref.volume.vid)):
                yield ref
            return
        async with self._runtime.holding(qube):
            now = _again(qube, ref.volume)
            self._not_lent(qube, now.name)
            yield VolumeRef(qube, now)
        await self._volumes.measure(qube)

    def _not_lent(self, qube: Qube, name: str) -> None:
        if holder := self._devices.lent(qube, name):
            raise refusal("volume-attached-elsewhere", name, qube.name, spoken_one(holder.name))

    async def _remember(self, ref: VolumeRef, size: int) -> None:
        """The driver has given the volume this size. That can no longer be refused: it is stored now or later."""
        qube = ref.qube
        if qube is None or ref.volume.size == size:
            return
        volume = qube.volumes[ref.volume.name]._replace(size=size)
        qube.volumes[volume.name] = volume
        qube.changed()
        self._runtime.emit([events.VOLUME_SET(qube.name, *volume)])
        store = partial(self._store_volume, qube, volume.name)
        await self._runtime.ensure(f"store the size of {volume.vid}", store, of=qube)

    async def _store_volume(self, qube: Qube, name: str) -> None:
        async with self._runtime.altering(qube):
            if name in qube.volumes:
                await self._runtime.commit([rows.set_volume(qube.qid, qube.volumes[name])])

    def _tell(self, ref: VolumeRef, name: str) -> None:
        if ref.qube is not None:
            self._runtime.emit([events.VOLUME_SNAPSHOT(ref.qube.name, ref.volume.name, name)])


def _is_after_seen(sees: Sees, vid: str) -> bool:
    """Whether the volume is named after a qube that the source sees."""
    return sees(vid.partition("/")[0])


def _again(qube: Qube, volume: VolumeRecord) -> VolumeRecord:
    """The same volume of the qube as it is now: a rename moves it, an extra one may have been replaced."""
    now = of_qube(qube, volume.name).volume
    if now.extra != volume.extra or (now.extra and (now.pool, now.vid) != (volume.pool, volume.vid)):
        raise refusal("volume-detached-meanwhile", volume.vid, qube.name)
    return now
