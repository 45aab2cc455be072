# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pools are there, and which qubes cannot be used for want of a pool or of a volume.

A pool whose place is not there, or is another one, is *missing*: nothing is read or written there, and it is looked for
again until it is back. The qubes with volumes in it, and those with a damaged volume, have the state NA and the reason
in their property `problem`. A place is known by its mark, which the store keeps too.
"""

import asyncio
import json
import logging
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.volumes import KINDS
from qubesmanager.daemon.local.drivers.pools.base import PoolDriver
from qubesmanager.daemon.local.drivers.pools.table import open_pool
from qubesmanager.daemon.local.services.domain_spec import target_of
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.screening import Unreadable
from qubesmanager.rules.facts import HALTED
from qubesmanager.wire import events
from qubesmanager.wire.errors import Mgmt1Error, QubesVMNotRunningError, StoragePoolException
from qubesmanager.wire.records import VolumeRecord
from qubesmanager.wire.values import PowerState, VmClass

if TYPE_CHECKING:
    from qubesmanager.daemon.local.system import System

log = logging.getLogger(__name__)

POLL = 30.0
"""Seconds between two looks at the places of the pools."""


class Pools:
    """The pools of the store: opened, lost, and opened again."""

    def __init__(self, system: "System") -> None:
        self._system = system
        self.missing: dict[str, str] = {}
        """Why each pool that is not there cannot be used."""
        self._marks: dict[str, str] = {}
        self._damaged: dict[tuple[str, str], str] = {}
        """By pool and vid: what is wrong with a volume."""
        self._looking = asyncio.Lock()

    # -- opening ------------------------------------------------------------------------------------------------------

    async def open_all(self, *, clean: bool = True) -> None:
        """Open every pool of the store; one that cannot be opened is missing.

        Without `clean` what a crash left in them stays: guests may run, and nobody asks the hypervisor about them.
        """
        for name, options in await self._system.store.read("SELECT name, options FROM pool"):
            try:
                self._system.state.pool_options[name] = json.loads(options)
                await self._open(name, clean=clean)
            except (Mgmt1Error, ValueError, OSError) as error:
                self._lose(name, self._why(name, error))
        self.refresh()

    def _why(self, name: str, error: Exception) -> str:
        """Why the pool cannot be opened: first of all, because its row of the store cannot be read."""
        row = self.unreadable(name)
        return str(error) if row is None else f"{row} Add the pool again, with its name and path."

    def unreadable(self, name: str) -> Unreadable | None:
        """The row of the pool that the store could not read, while the pool is missing for that."""
        if name not in self._system.state.pools or name in self._marks:
            return None
        unreadable = (row for row in self._system.unreadable if row.origin == "pool" and row.name == name)
        return next(unreadable, None)

    async def adopt(self, driver: PoolDriver) -> str:
        """The mark of a place that is ready; one that has none gets one. The caller stores it with the pool."""
        mark = await driver.place()
        if not mark:
            mark = secrets.token_hex(16)
            await driver.mark(mark)
        return mark

    def add(self, name: str, driver: PoolDriver, mark: str) -> None:
        """The pool is open from now on."""
        self._marks[name] = mark
        self.missing.pop(name, None)
        self._system.volumes.drivers[name] = driver

    def forget(self, name: str) -> None:
        """The pool is no longer one."""
        self._marks.pop(name, None)
        self.missing.pop(name, None)
        self._system.volumes.drivers.pop(name, None)

    async def _open(self, name: str, *, clean: bool = True) -> None:
        """Raises `Mgmt1Error` with the reason if the place is not there, is another one or another daemon's."""
        try:
            await self._open_claimed(name, clean=clean)
        except BaseException:
            await self._system.leases.release(name)
            raise

    async def _open_claimed(self, name: str, *, clean: bool) -> None:
        system = self._system
        driver = open_pool(name, system.state.pools[name], system.state.pool_options[name])
        ((expected,),) = await system.store.read("SELECT identity FROM pool WHERE name = ?", (name,))
        has_volumes = any(
            volume.pool == name and volume.save_on_stop
            for qube in system.state.qubes.values()
            for volume in qube.volumes.values()
        )
        if not expected and not has_volumes:
            await system.leases.claim(name, system.state.pool_options[name])
            await driver.setup()
        mark = await driver.place()
        if expected and mark != expected:
            raise StoragePoolException(f"Its place is {'another one' if mark else 'empty'}. Is its disk mounted?")
        if not mark and has_volumes and not await driver.list_volumes():
            raise StoragePoolException("Its place is empty. Is its disk mounted?")
        await system.leases.claim(name, system.state.pool_options[name])
        if not mark:
            await driver.setup()
            mark = await self.adopt(driver)
        if mark != expected:
            await system.commit([rows.set_pool_identity(name, mark)])
        if clean:
            for leftover in await driver.recover((await written_to(system)).get(name, {})):
                log.info("Pool %s: %s %s", name, leftover.path, leftover.outcome)
        self.add(name, driver, mark)

    # -- coming and going ---------------------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Look at the places of the pools, for as long as the daemon runs."""
        while True:
            await asyncio.sleep(POLL)
            await self.look()

    async def look(self) -> None:
        """Open what is back, and close what is gone."""
        async with self._looking:
            for name in list(self._marks):
                driver = self._system.volumes.drivers.get(name)
                if driver is not None and (why := await self._why_gone(name, driver)):
                    self._lose(name, why)
                    await self._system.leases.release(name)
                    self.refresh()
            for name in list(self.missing):
                await self._retry(name)

    async def _why_gone(self, name: str, driver: PoolDriver) -> str:
        try:
            mark = await driver.place()
        except StoragePoolException as error:
            return str(error)
        if mark != self._marks.get(name, mark):
            return "Its place is another one. Is its disk mounted?"
        return await self._system.leases.why_lost(name)

    async def _retry(self, name: str) -> None:
        try:
            await self._open(name)
        except (Mgmt1Error, ValueError, OSError) as error:
            if name in self.missing:
                self.missing[name] = self._why(name, error)
            return
        log.info("The pool %s is back", name)
        await self._system.ensure("remove volumes that are left", self._system.volumes.clear_all_left)
        for key in [key for key in self._damaged if key[0] == name]:
            del self._damaged[key]
        self.refresh()
        self._system.emit([events.POOL_FOUND(name)])
        self._system.spawn(f"measure the volumes of {name}", self._system.volumes.measure_all(name))

    def _lose(self, name: str, why: str) -> None:
        log.error("The pool %s is missing: %s", name, why)
        self._system.volumes.drivers.pop(name, None)
        self._marks.pop(name, None)
        self.missing[name] = why
        self._system.emit([events.POOL_MISSING(name, why)])

    # -- what follows for the qubes -----------------------------------------------------------------------------------

    async def examine(self, qube: Qube, volume: VolumeRecord) -> None:
        """Look whether a kept volume of the qube is whole. Changes nothing but what is known of it."""
        try:
            why = await self._system.volumes.driver(volume.pool).damage(volume.vid)
        except StoragePoolException as error:
            why = str(error)
        key = (volume.pool, volume.vid)
        current = qube.volumes.get(volume.name)
        if volume.pool in self.missing or current is None or (current.pool, current.vid) != key:
            return
        if why != self._damaged.get(key, "") and self._system.state.qubes.get(qube.name) is qube:
            self._damaged[key] = why
            if why:
                log.error("The volume %s of %s is damaged: %s", volume.name, qube.name, why)
            self.refresh()

    def whole(self, pool: str, vid: str) -> None:
        """Nothing is known to be wrong with the volume any longer: it goes, or another one has its name."""
        self._damaged.pop((pool, vid), None)

    async def may_start(self, qube: Qube) -> None:
        """Look again at what is wrong with the qube. Raises `StoragePoolException` with what still is."""
        if not qube.problem:
            return
        await self.look()
        await self._system.volumes.measure(qube)
        self.refresh()
        if qube.problem:
            raise StoragePoolException(f"{qube.name} cannot be used: {qube.problem}")

    def refresh(self) -> None:
        """Each qube's state and `problem` are what the pools and volumes make of it."""
        for qube in list(self._system.state.qubes.values()):
            if qube.klass is VmClass.ADMIN:
                continue
            problem = self._problem_of(qube)
            if problem != qube.problem:
                qube.problem = problem
                self._system.emit(self._system.state.property_changed(qube, "problem"))
            if qube.state in {PowerState.HALTED, PowerState.NA}:
                self._system.set_state(qube, PowerState.HALTED)

    def _problem_of(self, qube: Qube) -> str:
        if qube.unreadable:
            return qube.unreadable
        if lost := next((kind.name for kind in KINDS[qube.klass] if kind.name not in qube.volumes), ""):
            return f"The store does not know its volume {lost}."
        for name, volume in qube.volumes.items():
            try:
                kept = self._system.volumes.source(qube, volume) or volume
            except Mgmt1Error as error:
                return f"Its volume {name} has no source: {error}"
            for held in (volume, kept):
                if held.pool not in self._system.state.pools:
                    return f"The pool {held.pool}, which its volume {name} needs, is not known; add it again."
                if why := self.missing.get(held.pool):
                    return f"The pool {held.pool}, which its volume {name} needs, is missing: {why}"
            if why := self._damaged.get((kept.pool, kept.vid)):
                return f"The volume {kept.vid}, which it needs, cannot be used: {why}"
        return ""


async def written_to(system: "System") -> dict[str, dict[str, Path]]:
    """By pool and vid: the file that each running qube writes to, as its hypervisor says."""
    files_of: dict[str, dict[str, Path]] = {}
    for info in await system.hypervisor.domains():
        qube = system.state.by_uuid.get(info.uuid)
        if qube is None or info.state in HALTED:
            continue
        try:
            files = await system.hypervisor.disk_files(info.uuid)
        except QubesVMNotRunningError:
            continue  # it halted just now
        writing = [(target_of(qube.volumes, name), volume) for name, volume in qube.volumes.items()]
        for target, volume in (*writing, *system.devices.lent_by(qube)):
            if path := files.get(target):
                files_of.setdefault(volume.pool, {})[volume.vid] = path
    return files_of
