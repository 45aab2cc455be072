# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pools are there, and which qubes cannot be used for want of a pool or of a volume.

A pool whose location is not there, or is another one, is *missing*: nothing is read or written there, and it is checked
again until it is back. The qubes with volumes in it, and those with a damaged volume, have the state NA and the reason
in their property `problem`. A location is recognized by its mark, which the store has too.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from qubesmanager.daemon.local.core.lending import lent_to
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.sight import spoken
from qubesmanager.daemon.local.core.system_properties import FOLLOWERS
from qubesmanager.daemon.local.core.volumes import KERNEL_POOL, KINDS, REVISIONS
from qubesmanager.daemon.local.drivers.pools.base import PoolDriver, PoolInfo, VolumeSpec
from qubesmanager.daemon.local.drivers.pools.foreign import check_not_foreign
from qubesmanager.daemon.local.drivers.pools.linux_kernel import LinuxKernels
from qubesmanager.daemon.local.drivers.pools.table import checked_options, open_pool
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.domain_spec import target_of
from qubesmanager.daemon.local.services.leases import Leases
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.screening import Unreadable
from qubesmanager.rules.facts import HALTED
from qubesmanager.rules.volumes import MOST_REVISIONS, REVISIONS_TO_KEEP, is_revisions
from qubesmanager.wire import events
from qubesmanager.wire.errors import (
    Mgmt1Error,
    QubesVMNotRunningError,
    StoragePoolException,
)
from qubesmanager.wire.names import POOL_NAME, check
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import cause, field_text, refusal
from qubesmanager.wire.records import VolumeRecord
from qubesmanager.wire.values import PowerState, VmClass

log = logging.getLogger(__name__)

POLL = 30.0
"""Seconds between two checks of the pools' locations."""


class Pools:
    """The pools of the store: opened, lost, and opened again."""

    def __init__(self, runtime: Runtime, leases: Leases) -> None:
        self._runtime = runtime
        self._leases = leases
        self._back: list[Callable[[str], Awaitable[None]]] = []
        self.drivers: dict[str, PoolDriver] = {}
        """Of the pools that are open."""
        self.missing: dict[str, Field] = {}
        """Why each pool that is not there cannot be used."""
        self._marks: dict[str, str] = {}
        self._damaged: dict[tuple[str, str], Field] = {}
        """By pool and vid: what is wrong with a volume."""
        self._looking = asyncio.Lock()

    def driver(self, pool: str) -> PoolDriver:
        """Raises `QubesPoolNotFoundError`, and `StoragePoolException` for a pool that is missing."""
        driver = self.drivers.get(pool)
        if driver is None:
            if why := self.missing.get(pool):
                raise refusal("pool-unavailable", pool, why)
            raise refusal("no-such-pool", pool)
        return driver

    def when_back(self, act: Callable[[str], Awaitable[None]]) -> None:
        """Await `act` with the name of each pool that was missing and is open again, before it is announced."""
        self._back.append(act)

    # -- opening ------------------------------------------------------------------------------------------------------

    async def open_all(self, *, clean: bool = True) -> None:
        """Open every pool of the store; one that cannot be opened is missing.

        Without `clean` what a crash left in them stays: guests may run, and the hypervisor is not asked about them.
        """
        for name, options in await self._runtime.store.read("SELECT name, options FROM pool"):
            try:
                self._runtime.state.pool_options[name] = json.loads(options)
                await self._open(name, clean=clean)
            except (Mgmt1Error, ValueError, OSError) as error:
                self._lose(name, self._why(name, error))
        self.refresh()

    def _why(self, name: str, error: Exception) -> Field:
        """Why the pool cannot be opened: first of all, because its row of the store cannot be read."""
        row = self.unreadable(name)
        return cause(error) if row is None else Reason("pool-row-unreadable", str(row))

    def unreadable(self, name: str) -> Unreadable | None:
        """The row of the pool that the store could not read, while the pool is missing for that."""
        if name not in self._runtime.state.pools or name in self._marks:
            return None
        unreadable = (row for row in self._runtime.unreadable if row.origin == "pool" and row.name == name)
        return next(unreadable, None)

    async def make_first(self, name: str, driver: str, options: Mapping[str, str]) -> None:
        """Store the pool of a new system; `open_all` opens it."""
        await self._runtime.commit([rows.set_pool(name, driver, options)])
        self._runtime.state.pools[name] = driver

    def add_kernels(self, folder: Path) -> None:
        """Open the pool of dom0's kernels, which is not stored."""
        self._runtime.state.pools[KERNEL_POOL] = KERNEL_POOL
        self._runtime.state.pool_options[KERNEL_POOL] = {"dir_path": str(folder)}
        self.drivers[KERNEL_POOL] = LinuxKernels(folder)

    async def adopt(self, driver: PoolDriver) -> str:
        """The mark of a location that is ready; one without a mark gets one. The caller stores it with the pool."""
        mark = await driver.place()
        if not mark:
            mark = secrets.token_hex(16)
            await driver.mark(mark)
        return mark

    def add(self, name: str, driver: PoolDriver, mark: str) -> None:
        """The pool is open from now on."""
        self._marks[name] = mark
        self.missing.pop(name, None)
        self.drivers[name] = driver

    def forget(self, name: str) -> None:
        """The pool is no longer one."""
        self._marks.pop(name, None)
        self.missing.pop(name, None)
        self.drivers.pop(name, None)

    async def _open(self, name: str, *, clean: bool = True) -> None:
        """Raises `Mgmt1Error` with the reason if the location is not there, is another one or another daemon's."""
        try:
            await self._open_claimed(name, clean=clean)
        except BaseException:
            await self._leases.release(name)
            raise

    async def _open_claimed(self, name: str, *, clean: bool) -> None:
        runtime = self._runtime
        driver = open_pool(name, runtime.state.pools[name], runtime.state.pool_options[name])
        ((expected,),) = await runtime.store.read("SELECT identity FROM pool WHERE name = ?", (name,))
        has_volumes = any(
            volume.pool == name and volume.save_on_stop
            for qube in runtime.state.qubes.values()
            for volume in qube.volumes.values()
        )
        if not expected and not has_volumes:
            await self._leases.claim(name, runtime.state.pool_options[name])
            await driver.setup()
        mark = await driver.place()
        if expected and mark != expected:
            raise refusal("pool-place-other") if mark else refusal("pool-place-empty")
        if not mark and has_volumes and not await driver.list_volumes():
            raise refusal("pool-place-empty")
        await self._leases.claim(name, runtime.state.pool_options[name])
        if not mark:
            await driver.setup()
            mark = await self.adopt(driver)
        if mark != expected:
            await runtime.commit([rows.set_pool_identity(name, mark)])
        if clean:
            for leftover in await driver.recover((await written_to(runtime)).get(name, {})):
                log.info("Pool %s: %s %s", name, leftover.path, leftover.outcome)
        self.add(name, driver, mark)

    # -- coming and going ---------------------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Check the locations of the pools for as long as the daemon runs."""
        while True:
            await asyncio.sleep(POLL)
            await self.look()

    async def look(self) -> None:
        """Open what is back, and close what is gone."""
        async with self._looking:
            for name in list(self._marks):
                driver = self.drivers.get(name)
                if driver is not None and (why := await self._why_gone(name, driver)):
                    self._lose(name, why)
                    await self._leases.release(name)
                    self.refresh()
            for name in list(self.missing):
                await self._retry(name)

    async def _why_gone(self, name: str, driver: PoolDriver) -> Field:
        try:
            mark = await driver.place()
        except StoragePoolException as error:
            return cause(error)
        if mark != self._marks.get(name, mark):
            return Reason("pool-place-other")
        return await self._leases.why_lost(name) or ""

    async def _retry(self, name: str) -> None:
        try:
            await self._open(name)
        except (Mgmt1Error, ValueError, OSError) as error:
            if name in self.missing:
                self.missing[name] = self._why(name, error)
            return
        log.info("The pool %s is back", name)
        for key in [key for key in self._damaged if key[0] == name]:
            del self._damaged[key]
        for act in self._back:
            await act(name)
        self.refresh()
        self._runtime.emit([events.POOL_FOUND(name)])

    def _lose(self, name: str, why: Field) -> None:
        log.error("The pool %s is missing: %s", name, field_text(why))
        self.drivers.pop(name, None)
        self._marks.pop(name, None)
        self.missing[name] = why
        self._runtime.emit([events.POOL_MISSING(name, field_text(why))])

    # -- what callers do with pools -----------------------------------------------------------------------------------

    async def info(self, name: str) -> Mapping[str, str]:
        """The answer of `pool.Info`. Looks for a missing pool first; one that stays missing has a reason, no bytes."""
        if name in self.missing:
            await self.look()
        problem = self.missing.get(name, "")
        usage = PoolInfo(0, 0) if problem else await self.driver(name).usage()
        of_metadata = {"metadata_size": usage.metadata_size, "metadata_usage": usage.metadata_usage}
        options = self._runtime.state.pool_options.get(name, {})
        return {
            "name": name,
            "driver": self._runtime.state.pools[name],
            **{option: value for option, value in options.items() if option != REVISIONS_TO_KEEP},
            "size": str(usage.size),
            "usage": str(usage.usage),
            **{key: str(size) for key, size in of_metadata.items() if size is not None},
            REVISIONS_TO_KEEP: str(self._runtime.state.revisions(name)),
            "state": "missing" if problem else "open",
            "problem": field_text(problem),
        }

    async def create(self, name: str, untrusted_options: Mapping[str, str]) -> None:
        """Claim the location of a new pool, try it, and store the pool. `untrusted_options`: `driver` and its options.

        Raises `StoragePoolException` if another pool or another daemon has the location, if one is inside of the other,
        and for a folder that holds anything but a pool (see `drivers.pools.foreign`); nothing is changed then.
        """
        check(POOL_NAME, name)
        options = dict(untrusted_options)
        driver = options.pop("driver", "")
        if not driver:
            raise refusal("pool-driver-missing")
        checked = checked_options(driver, options)
        opened = open_pool(name, driver, checked)
        async with self._leases.adding, AsyncExitStack() as undo:
            lost = self.unreadable(name)
            if name in self._runtime.state.pools and lost is None:
                raise refusal("pool-taken", name)
            undo.push_async_callback(self._leases.withdraw, name)
            await self._leases.claim(name, checked, check_not_foreign)
            if lost is not None and not await opened.place():
                raise refusal("pool-never-opened", name)
            await opened.setup()
            mark = await self.adopt(opened)
            async with self._runtime.changing:
                await self._runtime.commit(
                    [
                        *([] if lost is None else [rows.forget_pool(name), rows.settle_unreadable(lost.number)]),
                        rows.set_pool(name, driver, checked),
                        rows.set_pool_identity(name, mark),
                    ]
                )
                undo.pop_all()
                self._runtime.unreadable = [row for row in self._runtime.unreadable if row is not lost]
                self._runtime.state.pools[name] = driver
                self._runtime.state.pool_options[name] = checked
                self.add(name, opened, mark)
                self.refresh()
                self._runtime.emit([events.POOL_ADD(name, driver)])

    async def configure(self, name: str, untrusted: Mapping[str, str]) -> None:
        """Set `revisions_to_keep` of a pool; its volumes that have the pool's number until now follow.

        Raises `ProtocolError` for other options, `StoragePoolException` for a missing pool.
        """
        number = untrusted.get(REVISIONS_TO_KEEP, "")
        if untrusted.keys() != {REVISIONS_TO_KEEP} or not is_revisions(number):
            raise refusal("pool-configure-options", MOST_REVISIONS)
        if name == KERNEL_POOL:
            raise refusal("pool-of-system", name)
        state = self._runtime.state
        async with self._runtime.changing:
            self.driver(name)
            before = state.revisions(name)
            options = {**state.pool_options[name], REVISIONS_TO_KEEP: number}
            following = [
                (qube, volume._replace(revisions_to_keep=int(number)))
                for qube in state.qubes.values()
                for volume in qube.volumes.values()
                if volume.pool == name and volume.save_on_stop and volume.revisions_to_keep == before
            ]
            await self._runtime.commit(
                [
                    rows.set_pool_options(name, options),
                    *(rows.set_volume(qube.qid, volume) for qube, volume in following),
                ]
            )
            state.pool_options[name] = options
            for qube, volume in following:
                qube.volumes[volume.name] = qube.volumes[volume.name]._replace(revisions_to_keep=int(number))
                qube.changed()
            self._runtime.emit([events.VOLUME_SET(qube.name, *qube.volumes[each.name]) for qube, each in following])

    async def remove(self, name: str) -> None:
        """Remove an unused pool from the configuration. Its directory is left alone."""
        async with self._runtime.changing:
            if name == KERNEL_POOL:
                raise refusal("pool-of-system", name)
            if name not in self._runtime.state.pools:
                raise refusal("no-such-pool", name)
            users = sorted(
                qube.name
                for qube in self._runtime.state.qubes.values()
                if any(volume.pool == name for volume in qube.volumes.values())
            )
            said = spoken(users)
            own = self._runtime.state.system_own
            said += [
                f"the system property {prop}"
                for prop in ("default_pool", *FOLLOWERS["default_pool"])
                if self._runtime.state.system(prop) == name and (prop == "default_pool" or prop in own)
            ]
            if said:
                raise refusal("pool-used", name, ", ".join(said))
            await self._runtime.commit(rows.delete_pool(name))
            del self._runtime.state.pools[name]
            self._runtime.state.pool_options.pop(name, None)
            self.forget(name)
            await self._leases.release(name)
            self._runtime.emit([events.POOL_DELETE(name)])

    # -- what follows for the qubes -----------------------------------------------------------------------------------

    async def examine(self, qube: Qube, volume: VolumeRecord) -> None:
        """Look whether a kept volume of the qube is whole. Changes nothing but what is known of it."""
        why: Field
        try:
            why = await self.driver(volume.pool).damage(volume.vid)
        except StoragePoolException as error:
            why = cause(error)
        key = (volume.pool, volume.vid)
        current = qube.volumes.get(volume.name)
        if volume.pool in self.missing or current is None or (current.pool, current.vid) != key:
            return
        if why != self._damaged.get(key, "") and self._runtime.state.qubes.get(qube.name) is qube:
            self._damaged[key] = why
            if why:
                log.error("The volume %s of %s is damaged: %s", volume.name, qube.name, field_text(why))
            self.refresh()

    def whole(self, pool: str, vid: str) -> None:
        """Forget the damage of a volume: it is removed, or another one has its name."""
        self._damaged.pop((pool, vid), None)

    def refresh(self) -> None:
        """Set the state and `problem` of each qube by its pools and volumes."""
        for qube in list(self._runtime.state.qubes.values()):
            if qube.klass is VmClass.ADMIN:
                continue
            problem = self._problem_of(qube)
            if problem != qube.problem:
                qube.problem = problem
                self._runtime.emit(self._runtime.state.property_changed(qube, "problem"))
            if qube.state in {PowerState.HALTED, PowerState.NA}:
                self._runtime.set_state(qube, PowerState.HALTED)

    def _problem_of(self, qube: Qube) -> Field:
        if qube.unreadable:
            return qube.unreadable
        if lost := next((kind.name for kind in KINDS[qube.klass] if kind.name not in qube.volumes), ""):
            return Reason("volume-not-stored", lost)
        for name, volume in qube.volumes.items():
            try:
                kept = self._runtime.state.source_of(qube, volume) or volume
            except Mgmt1Error as error:
                return Reason("volume-no-source", name, cause(error))
            for each in (volume, kept):
                if each.pool not in self._runtime.state.pools:
                    return Reason("volume-pool-unknown", each.pool, name)
                if why := self.missing.get(each.pool):
                    return Reason("volume-pool-missing", each.pool, name, why)
            if why := self._damaged.get((kept.pool, kept.vid)):
                return Reason("volume-unusable", kept.vid, why)
        return ""


async def written_to(runtime: Runtime) -> dict[str, dict[str, Path]]:
    """By pool and vid: the file that each running qube writes to, as its hypervisor says."""
    files_of: dict[str, dict[str, Path]] = {}
    for info in await runtime.hypervisor.domains():
        qube = runtime.state.by_uuid.get(info.uuid)
        if qube is None or info.state in HALTED:
            continue
        try:
            files = await runtime.hypervisor.disk_files(info.uuid)
        except QubesVMNotRunningError:
            continue  # it halted just now
        writing = [(target_of(qube.volumes, name), volume) for name, volume in qube.volumes.items()]
        for target, volume in (*writing, *lent_to(runtime.state, qube)):
            if path := files.get(target):
                files_of.setdefault(volume.pool, {})[volume.vid] = path
    return files_of


def bare_spec(volume: VolumeRecord) -> VolumeSpec:
    """A kept volume that is no qube's own root, private or volatile, as its driver wants it."""
    return VolumeSpec(
        volume.pool, volume.vid, volume.size, volume.rw, "", save_on_stop=True, revisions_to_keep=REVISIONS
    )
