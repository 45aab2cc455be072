# SPDX-License-Identifier: GPL-3.0-or-later
"""The volumes of qubes: made, copied, started, stopped and dropped through the drivers of their pools.

What is made is first written down as pending, by a new identity, and belongs to its qube in the transaction
that stores the qube; what a crash leaves pending is removed at the next start. A volume that was there before has
another identity, and is never touched.
"""

import json
import logging
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import NamedTuple
from uuid import UUID

from qubesmanager.daemon.local.core.locks import Locks
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.sight import spoken_one
from qubesmanager.daemon.local.core.volumes import KINDS
from qubesmanager.daemon.local.drivers.hypervisor.base import DiskFormat, Hypervisor
from qubesmanager.daemon.local.drivers.pools.base import SESSION, Disk, LiveDisk, VolumeSpec
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.domain_spec import target_of
from qubesmanager.daemon.local.services.pools import Pools
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.store import StoreError
from qubesmanager.wire import events
from qubesmanager.wire.errors import (
    Mgmt1Error,
    QubesVMAlreadyExistsError,
    QubesVMNotFoundError,
    QubesVolumeNotFoundError,
    StoragePoolException,
)
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import cause, error_for, field_text, refusal
from qubesmanager.wire.records import VolumeRecord
from qubesmanager.wire.values import VmClass

log = logging.getLogger(__name__)


class PendingVolume(NamedTuple):
    """A volume that is being made or removed."""

    pool: str
    vid: str
    identity: str


class Volumes:
    """Creates, starts, stops and removes the volumes of qubes."""

    def __init__(self, runtime: Runtime, pools: Pools) -> None:
        self._runtime = runtime
        self._pools = pools
        self.lending: set[tuple[str, str]] = set()
        """Pool and vid of volumes that are just being attached to a qube."""
        self._measuring = Locks()
        """By UUID of a qube: one measurement at a time."""
        self._is_clearing = False
        """Whether leftover volumes are being removed in the background."""
        pools.when_back(self._pool_is_back)

    def spec(self, qube: Qube, volume: VolumeRecord) -> VolumeSpec:
        """The volume as its driver wants it."""
        source = self._runtime.state.source_of(qube, volume)
        return VolumeSpec(
            pool=volume.pool,
            vid=volume.vid,
            size=source.size if source else volume.size,
            rw=volume.rw,
            source=source.vid if source else "",
            save_on_stop=volume.save_on_stop,
            snap_on_start=volume.snap_on_start,
            revisions_to_keep=volume.revisions_to_keep,
        )

    # -- coming and going ---------------------------------------------------------------------------------------------

    async def make(self, undo: AsyncExitStack, qube: Qube, source: Qube | None, pools: Mapping[str, str]) -> None:
        """The volumes of a new qube, by its class; `undo` gets what takes each away again.

        A layer lives in its source's pool, whatever `pools` says otherwise: `StoragePoolException`.
        """
        kinds = KINDS[qube.klass]
        unknown = sorted(set(pools) - {kind.name for kind in kinds} - {""})
        if unknown:
            raise refusal("class-without-volume", qube.klass, ", ".join(unknown))
        for kind in kinds:
            pool = pools.get(kind.name) or pools.get("") or self._runtime.state.default_pool(kind.name)
            volume = kind.record(qube.name, pool, revisions=self._runtime.state.revisions(pool))
            below = self._runtime.state.source_of(qube, volume) if kind.layer else None
            if below is not None:
                if kind.name in pools and pools[kind.name] != below.pool:
                    raise refusal("volume-is-layer", kind.name, below.vid, below.pool)
                volume = volume._replace(pool=below.pool, size=below.size)
            driver = self._pools.driver(volume.pool)
            copied = source.volumes.get(kind.name) if source and qube.klass is VmClass.STANDALONE else None
            if copied is not None and kind.name == "root":
                volume = volume._replace(size=copied.size)
                made = await self.pending(undo, volume)
                await driver.clone(volume.vid, self._pools.driver(copied.pool), copied.vid, made.identity)
            elif kind.save_on_stop:
                made = await self.pending(undo, volume)
                await driver.create(volume.vid, volume.size, made.identity)
            qube.volumes[kind.name] = volume

    async def copy(self, undo: AsyncExitStack, qube: Qube, source: Qube, pool: str | None) -> None:
        """The volumes of a clone: kept ones are copied, into `pool` if one is named; extra ones are left out."""
        for name, of_source in source.volumes.items():
            if of_source.extra:
                continue
            volume = of_source._replace(vid=f"{qube.name}/{name}", usage=0)
            if pool is not None and not of_source.snap_on_start:
                volume = volume._replace(pool=pool)
            driver = self._pools.driver(volume.pool)
            if volume.save_on_stop:
                made = await self.pending(undo, volume)
                await driver.clone(volume.vid, self._pools.driver(of_source.pool), of_source.vid, made.identity)
            qube.volumes[name] = volume

    async def leaving(self, qube: Qube) -> list[PendingVolume]:
        """The volumes that go with the qube, by their identities. One that cannot be read stays in its pool."""
        going = []
        for volume in qube.volumes.values():
            if volume.extra:
                continue
            self._pools.whole(volume.pool, volume.vid)
            try:
                driver = self._pools.driver(volume.pool)
                identity = await driver.identity(volume.vid) if volume.save_on_stop else SESSION
            except QubesVolumeNotFoundError:
                continue
            except StoragePoolException as error:
                log.warning("%s:%s will stay in its pool: %s", volume.pool, volume.vid, error)
                continue
            going.append(PendingVolume(volume.pool, volume.vid, identity))
        return going

    async def drop(self, volumes: Iterable[PendingVolume]) -> None:
        """Volumes that are written down as pending are removed, and then no longer pending.

        The caller has reserved their names. One that cannot be removed now is tried again in the background.
        """
        for volume in volumes:
            await self._drop(volume)

    async def drop_pending(self) -> list[str]:
        """Remove what an earlier run left, before any call is answered. Answers the volumes, `pool:vid`."""
        await self._runtime.store.commit(
            [("DELETE FROM pending_volume WHERE (pool, vid) IN (SELECT pool, vid FROM volume)", ())]
        )
        left = await self._left()
        await self.drop(left)
        return [f"{volume.pool}:{volume.vid}" for volume in left]

    async def clear_left(self, name: str) -> None:
        """Remove what an earlier qube of the name left in the open pools. The caller has reserved the name.

        Raises `StoragePoolException` if a volume still cannot be removed.
        """
        await self.drop(await self._left(f"{name}/"))
        for volume in await self._left(f"{name}/"):
            raise refusal("volume-of-earlier", volume.vid, name, volume.pool)

    async def clear_all_left(self) -> None:
        """Remove what is left in the open pools, and take back renames that failed.

        A name is reserved meanwhile; one that another call has reserved is left to that call. What is left in a missing
        pool waits until that is back. Raises `StoragePoolException` with what cannot be done now.
        """
        failed: Field = ""
        for name in sorted({volume.vid.partition("/")[0] for volume in await self._left()}):
            if name in self._runtime.reserved:
                failed = Reason("volumes-busy", name)
                continue
            with self._runtime.leaving_name(name):
                for volume in await self._left(f"{name}/"):
                    failed = await self._why_not_dropped(volume) or failed
        for pool, old, new, identities in await self._pending_renames():
            if pool not in self._pools.drivers:
                continue
            if {old, new} & self._runtime.reserved:
                failed = Reason("two-volumes-busy", old, new)
                continue
            with self._runtime.leaving_name(new):
                failed = await self._why_not_renamed_back(pool, old, new, identities) or failed
        if isinstance(failed, Reason):
            raise error_for(failed)
        if failed:
            raise error_for(Reason("other-text", failed), StoragePoolException)

    def _clear_later(self) -> None:
        """Remove leftovers until there are none in the open pools."""
        if not self._is_clearing:
            self._is_clearing = True
            self._runtime.persist("remove volumes that are left", self._clear_until_done)

    async def _clear_until_done(self) -> None:
        await self.clear_all_left()
        self._is_clearing = False

    async def _left(self, prefix: str = "") -> list[PendingVolume]:
        """Volumes of the open pools that are written down as pending, without those that a stored qube has."""
        left = await self._runtime.store.read(
            "SELECT pool, vid, identity FROM pending_volume WHERE (pool, vid) NOT IN (SELECT pool, vid FROM volume)"
        )
        return [PendingVolume(*row) for row in left if row[0] in self._pools.drivers and row[1].startswith(prefix)]

    async def pending(self, undo: AsyncExitStack, volume: VolumeRecord) -> PendingVolume:
        """Write down that the volume is being made; the caller makes it with the identity of the answer.

        `undo` gets what takes it away again: the volume with that identity, and no other of the same name.
        """
        made = PendingVolume(volume.pool, volume.vid, secrets.token_hex(16))
        await self._runtime.store.commit([rows.add_pending_volume(*made)])
        undo.push_async_callback(self._drop, made)
        return made

    async def _drop(self, volume: PendingVolume) -> None:
        """Remove a pending volume now, or later if that fails."""
        if why := await self._why_not_dropped(volume):
            log.warning("%s:%s is removed later: %s", volume.pool, volume.vid, field_text(why))
            self._clear_later()

    async def _why_not_dropped(self, volume: PendingVolume) -> Field:
        """Remove a pending volume; the reason if that is not possible now, or cannot be stored."""
        try:
            await self._pools.driver(volume.pool).remove(volume.vid, volume.identity)
        except QubesVolumeNotFoundError:
            pass
        except (Mgmt1Error, OSError) as error:
            return cause(error)
        try:
            await self._runtime.store.commit([rows.delete_pending_volume(*volume)])
        except StoreError as error:
            return Reason("volume-gone-not-stored", cause(error))
        return ""

    # -- another name -------------------------------------------------------------------------------------------------

    def named_after(self, qube: Qube) -> list[str]:
        """The pools in which the qube keeps volumes under its own name, sorted.

        Raises `QubesVMInUseError` if another qube has one of them.
        """
        prefix = f"{qube.name}/"
        for other in self._runtime.state.qubes.values():
            for name, volume in other.volumes.items():
                if other is not qube and volume.vid.startswith(prefix):
                    raise refusal("volume-detach-first", volume.vid, name, spoken_one(other.name))
        volumes = qube.volumes.values()
        return sorted({volume.pool for volume in volumes if volume.save_on_stop and volume.vid.startswith(prefix)})

    async def rename(self, undo: AsyncExitStack, old: str, new: str, pools: Iterable[str]) -> None:
        """Rename the volumes of `old` in the pools to `new`; `undo` gets the steps that rename them back.

        Until the caller has stored the new name and struck out `pending_rename`, the next start takes it back too.
        """
        for pool in pools:
            driver = self._pools.driver(pool)
            vids = await driver.list_volumes()
            if any(vid.startswith(f"{new}/") for vid in vids):
                raise refusal("pool-has-volumes", pool, new)
            identities = {await driver.identity(vid) for vid in vids if vid.startswith(f"{old}/")} - {SESSION}
            await self._runtime.store.commit([rows.add_pending_rename(pool, old, new, sorted(identities))])
            undo.push_async_callback(self._rename_back, pool, old, new, identities)
            await driver.rename_vm(old, new)

    async def rename_pending_back(self) -> list[str]:
        """Take back what an earlier run did not finish, before any call is answered: `pool:old` of each rename."""
        pending = await self._pending_renames()
        for pool, old, new, identities in pending:
            await self._rename_back(pool, old, new, identities)
        return [f"{pool}:{old}" for pool, old, _new, _identities in pending]

    async def _pending_renames(self) -> list[tuple[str, str, str, set[str]]]:
        listed = await self._runtime.store.read("SELECT pool, old, new, identities FROM pending_rename")
        return [(pool, old, new, set(json.loads(identities))) for pool, old, new, identities in listed]

    async def _rename_back(self, pool: str, old: str, new: str, identities: set[str]) -> None:
        """Give the volumes with these identities their old name again, now or later if that fails."""
        if why := await self._why_not_renamed_back(pool, old, new, identities):
            log.warning("The volumes of %s in %s are still called %s: %s", old, pool, new, field_text(why))
            self._clear_later()

    async def _why_not_renamed_back(self, pool: str, old: str, new: str, identities: set[str]) -> Field:
        """Give the volumes their old name if they have the new one; the reason if that is not possible now."""
        try:
            driver = self._pools.driver(pool)
            renamed = {await driver.identity(vid) for vid in await driver.list_volumes() if vid.startswith(f"{new}/")}
            if renamed & identities:
                with suppress(QubesVMAlreadyExistsError):  # the old name is in use: nothing was renamed
                    await driver.rename_vm(new, old)
        except (Mgmt1Error, OSError) as error:
            return cause(error)
        try:
            await self._runtime.store.commit([rows.delete_pending_rename(pool, old)])
        except StoreError as error:
            return Reason("volumes-renamed-not-stored", old, cause(error))
        return ""

    async def live(self, qube: Qube, name: str) -> LiveDisk | None:
        """The disk of a running qube; None while it is not written: the qube is halted, or has no real guest."""
        hypervisor = self._runtime.hypervisor
        if not qube.running or not (await hypervisor.capabilities()).hot_plug:
            return None
        return _Live(hypervisor, qube.uuid, target_of(qube.volumes, name))

    # -- start and stop -----------------------------------------------------------------------------------------------

    async def start(self, undo: AsyncExitStack, qube: Qube) -> dict[str, Disk]:
        """The disks of a qube that starts, by volume; `undo` gets what stops each again."""
        await self._may_start(qube)
        disks: dict[str, Disk] = {}
        for name, volume in qube.volumes.items():
            spec = self.spec(qube, volume)
            driver = self._pools.driver(volume.pool)
            undo.push_async_callback(driver.stop, spec)
            disks[name] = await driver.start(spec)
        return disks

    async def _may_start(self, qube: Qube) -> None:
        """Look again at what is wrong with the qube. Raises `StoragePoolException` with what still is."""
        if not qube.problem:
            return
        await self._pools.look()
        await self.measure(qube)
        self._pools.refresh()
        if qube.problem:
            raise refusal("qube-unusable", qube.name, qube.problem)

    async def stop(self, qube: Qube) -> None:
        """The qube has halted: each volume is kept or thrown away. One that fails does not keep the others.

        Raises `StoragePoolException` for one that can be stopped later, as when the disk is full now. A damaged one is
        only logged: its qube is NA then, and may be removed.
        """
        later: Reason | None = None
        for volume in list(qube.volumes.values()):
            try:
                spec = self.spec(qube, volume)
                await self._pools.driver(volume.pool).stop(spec)
            except (StoragePoolException, QubesVMNotFoundError) as error:
                log.warning("%s of %s did not stop cleanly: %s", volume.name, qube.name, error)
                if await self._is_whole(qube, volume):
                    later = later or Reason("volume-not-stopped", volume.vid, cause(error))
        await self.measure(qube)
        if later:
            raise error_for(later)

    async def _is_whole(self, qube: Qube, volume: VolumeRecord) -> bool:
        try:
            driver = self._pools.driver(volume.pool)
            await driver.info(self.spec(qube, volume))
            return not (volume.save_on_stop and await driver.damage(volume.vid))
        except (StoragePoolException, QubesVMNotFoundError):
            return False

    async def _pool_is_back(self, pool: str) -> None:
        """Do what had to wait for the pool."""
        await self._runtime.ensure("remove volumes that are left", self.clear_all_left)
        self._runtime.spawn(f"measure the volumes of {pool}", self.measure_all(pool))

    async def measure_all(self, pool: str | None = None) -> None:
        """Every qube's volumes, or of those in a pool, one after the other: a start does not wait for a large disk."""
        for qube in self._runtime.state.in_order():
            if pool is None or any(volume.pool == pool for volume in qube.volumes.values()):
                await self._measure_own(qube)

    async def measure(self, qube: Qube) -> None:
        """Ask the drivers how the volumes are now, and emit what is different.

        The running qubes that are based on it follow in the background: their volumes may be outdated now.
        """
        await self._measure_own(qube)
        if users := self._running_users(qube):
            self._runtime.spawn(f"measure the volumes of the qubes based on {qube.name}", self._measure_each(users))

    async def _measure_each(self, qubes: Sequence[Qube]) -> None:
        for qube in qubes:
            await self._measure_own(qube)

    def _running_users(self, template: Qube) -> list[Qube]:
        """The running qubes whose volumes begin as those of a template, through a disposable template too."""
        every = self._runtime.state.in_order()
        above = {template.name, *(qube.name for qube in every if qube.own.get("template") == template.name)}
        return [qube for qube in every if qube.running and qube.own.get("template") in above]

    async def _measure_own(self, qube: Qube) -> None:
        """After another measurement of this qube, which may have looked before a change that this one is for."""
        async with self._measuring.hold(str(qube.uuid)):
            for name, volume in list(qube.volumes.items()):
                await self._measure_volume(qube, name, volume)

    async def _measure_volume(self, qube: Qube, name: str, volume: VolumeRecord) -> None:
        if volume.save_on_stop:
            await self._pools.examine(qube, volume)
        try:
            info = await self._pools.driver(volume.pool).info(self.spec(qube, volume))
        except Mgmt1Error as error:
            log.info("%s of %s cannot be measured: %s", name, qube.name, error)
            return
        now = volume._replace(size=info.size, usage=info.usage, is_outdated=info.is_outdated)
        if qube.volumes.get(name) == volume and now != volume:
            qube.volumes[name] = now
            qube.changed(growth=0)
            self._runtime.emit([events.VOLUME_SET(qube.name, *now)])


class _Live:
    """A running qube's disk, as the pool's driver may ask for it."""

    def __init__(self, hypervisor: Hypervisor, uuid: UUID, target: str) -> None:
        self._hypervisor, self._uuid, self._target = hypervisor, uuid, target

    async def switch_to(self, disk: Disk) -> None:
        await self._hypervisor.switch_disk(self._uuid, self._target, disk.path, DiskFormat(disk.format))

    async def resize(self, size: int) -> None:
        await self._hypervisor.resize_disk(self._uuid, self._target, size)
