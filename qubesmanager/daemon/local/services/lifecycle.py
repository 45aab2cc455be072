# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, shut down, pause, unpause, suspend, resume, kill; and what happens when a qube has halted, for any reason.

The hypervisor's events decide the state; a call answers once its effect has been seen.
"""

import asyncio
import contextlib
import logging
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.drivers.hypervisor.base import DomainSpec
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.creation import Creation
from qubesmanager.daemon.local.services.devices import Devices
from qubesmanager.daemon.local.services.domain_spec import domain_spec
from qubesmanager.daemon.local.services.network import Network
from qubesmanager.daemon.local.services.volume_lifecycle import Volumes
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.store import StoreError
from qubesmanager.rules.actions import (
    DONE_ALREADY,
    ENDING,
    why_not_boot,
    why_not_console,
    why_not_ended,
    why_not_kill,
    why_not_pause,
    why_not_resume,
    why_not_shutdown,
    why_not_start,
    why_not_suspend,
    why_not_unpause,
)
from qubesmanager.rules.facts import HALTED
from qubesmanager.rules.network import netvm_chain, netvm_of, netvms_to_start
from qubesmanager.wire.errors import (
    Mgmt1Error,
    QubesVMNotFoundError,
    QubesVMNotRunningError,
)
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import cause, error_for, refusal, refuse_if
from qubesmanager.wire.values import PowerState

log = logging.getLogger(__name__)

PRESS_AGAIN = 4.0
"""Seconds between two presses of the power button: one before the guest listens is lost."""


class Lifecycle:
    """Starts and ends qubes, and cleans up after them."""

    def __init__(
        self, runtime: Runtime, volumes: Volumes, devices: Devices, network: Network, creation: Creation
    ) -> None:
        self._runtime = runtime
        self._volumes = volumes
        self._devices = devices
        self._network = network
        self._creation = creation

    async def start(self, name: str) -> None:
        """Start the qube, its netvms first; done when it runs. Nothing to do for a qube that is running already.

        Raises the error of `why_not_start`, and whatever prevents a start.
        """
        state = self._runtime.state
        qube = state.qube(name)
        await self._see_ended(qube)
        reason = why_not_start(state, qube)
        if reason is not None and reason.code not in DONE_ALREADY:
            raise error_for(reason)
        if qube.state is PowerState.RUNNING:
            return
        netvms = netvms_to_start(state, qube)
        if isinstance(netvms, Reason):
            raise error_for(netvms)
        for other in (*(state.qube(netvm.name) for netvm in reversed(netvms)), qube):
            async with self._runtime.holding(other):
                await self._boot_if_halted(other)

    async def _see_ended(self, qube: Qube) -> None:
        """Clean up after a qube, and its netvms, whose domain is gone already although they are not halted yet."""
        qubes = self._runtime.state.qubes
        above = netvm_chain(qube.name, netvm_of(qubes))
        for other in (qube, *(qubes[name] for name in above if name in qubes)):
            if other.state in ENDING and await self._runtime.hypervisor.state(other.uuid) in HALTED:
                async with self._runtime.holding(other):
                    await self._clean(other, PowerState.HALTED)

    async def _boot_if_halted(self, qube: Qube) -> None:
        """Under the qube's lock: another caller may have started it meanwhile."""
        if qube.state is PowerState.RUNNING:
            return
        if qube.state is PowerState.HALTING or qube.start_time is not None:
            # Its last run may have left something that could not be cleaned up then.
            await self._clean(qube, PowerState.HALTED)
        refuse_if(why_not_boot(self._runtime.state, qube))
        await self._boot(qube)

    async def _boot(self, qube: Qube) -> None:
        """Under the qube's lock. A failure undoes what was begun; once the hypervisor was asked, it decides.

        The start time is stored first: it says after a crash that this qube's volumes may have to be stopped.
        """
        self._runtime.set_state(qube, PowerState.TRANSIENT)
        undo = AsyncExitStack()
        try:
            spec = await self._prepared(undo, qube)
        except BaseException:
            await self._take_back(undo, qube)
            raise
        starting = asyncio.get_running_loop().create_task(self._runtime.hypervisor.start(spec))
        try:
            await _to_its_end(starting)
        except BaseException:
            # If the hypervisor is still at work, the daemon is ending: the next one finds the stored start time.
            if starting.done():
                await self._after_failed_start(undo, qube)
            raise
        self._runtime.set_state(qube, PowerState.RUNNING)
        self._devices.booted(qube)

    async def _prepared(self, undo: AsyncExitStack, qube: Qube) -> DomainSpec:
        """Devices, volumes and network of a qube that starts; `undo` gets what takes each back."""
        undo.push_async_callback(self.set_start_time, qube, None)
        await self.set_start_time(qube, int(time.time()))
        extra_disks, devices = await self._devices.boot(undo, qube)
        disks = await self._volumes.start(undo, qube)
        nics = await self._network.boot(undo, qube)
        spec = domain_spec(self._runtime.places, self._runtime.state.qubes, qube, disks, nics)
        return replace(spec, disks=(*spec.disks, *extra_disks), devices=tuple(devices))

    async def _after_failed_start(self, undo: AsyncExitStack, qube: Qube) -> None:
        """The start failed or was cancelled: what the hypervisor runs now decides.

        Nothing is stopped or removed under a domain that runs or may still come up.
        """
        try:
            state = await self._runtime.hypervisor.state(qube.uuid)
        except Mgmt1Error as error:
            log.warning("Whether %s was started is not known yet: %s", qube.name, error)
            state = PowerState.TRANSIENT
        if state in HALTED:
            await self._take_back(undo, qube)
            return
        self._runtime.set_state(qube, PowerState.HALTING if state is PowerState.TRANSIENT else state)
        self._devices.booted(qube)
        if state is PowerState.TRANSIENT:
            self._runtime.persist(f"see whether {qube.name} was started", partial(self.clean_up, qube), of=qube)

    async def _take_back(self, undo: AsyncExitStack, qube: Qube) -> None:
        """Undo a start. What cannot be undone now is cleaned up later, as after any other run."""
        try:
            await undo.aclose()
        except Mgmt1Error as error:
            log.warning("The failed start of %s is not undone yet: %s", qube.name, error)
            self._runtime.set_state(qube, PowerState.HALTING)
            self._runtime.persist(f"clean up {qube.name}", partial(self.clean_up, qube), of=qube)
        else:
            self._runtime.set_state(qube, PowerState.HALTED)

    # -- after a qube has halted ---------------------------------------------------------------------------------------

    async def clean_up(self, qube: Qube, state: PowerState = PowerState.HALTED) -> None:
        """Clean up after a qube that has halted, once its lock is free; a disposable goes altogether.

        May be called again and by anyone: what was done already is not done twice, and a qube that runs is left alone.
        Raises `Mgmt1Error` with what keeps it from being done; until it is, the qube is `Halting`.
        """
        async with self._runtime.holding(qube):
            await self._clean(qube, state)
        # A property that the store cannot read may be the one that keeps the disposable.
        if not qube.flag("auto_cleanup") or qube.unreadable or qube.state not in HALTED:
            return
        try:
            await self._creation.remove(qube)
        except (StoreError, QubesVMNotFoundError):
            raise
        except Mgmt1Error as error:
            log.warning("The disposable %s stays: %s", qube.name, error)

    async def _clean(self, qube: Qube, state: PowerState) -> None:
        """Under the qube's lock: volumes, devices, network and start time, if the hypervisor has no such domain."""
        if qube.state in HALTED and qube.start_time is None:
            return
        now = await self._runtime.hypervisor.state(qube.uuid)
        if now is PowerState.TRANSIENT:
            raise refusal("hypervisor-busy", qube.name)
        if now not in HALTED:
            self._runtime.set_state(qube, now)
            return
        try:
            await self._volumes.stop(qube)
            await self._devices.halted(qube)
            await self._network.halted(qube)
            await self.set_start_time(qube, None)
        except Exception:
            self._runtime.set_state(qube, PowerState.HALTING)
            raise
        self._runtime.set_state(qube, state)
        self._devices.announce(qube)

    async def _clean_up_now(self, qube: Qube, done: Reason) -> None:
        """As `clean_up`, for a caller that ended the qube: a failure is not one of the ending, and is tried again."""
        try:
            await self.clean_up(qube)
        except QubesVMNotFoundError:
            return
        except Mgmt1Error as error:
            self._runtime.persist(f"clean up {qube.name}", partial(self.clean_up, qube), of=qube)
            raise refusal("cleanup-failed", done, cause(error)) from error

    # -- ending a qube -------------------------------------------------------------------------------------------------

    async def shutdown(self, name: str, *, force: bool = False, wait: bool = True) -> None:
        """A clean shutdown; done when the qube is halted, or without `wait` as soon as it was asked to halt.

        `force`: also if running qubes use it. Raises `QubesVMShutdownTimeoutError` after its `shutdown_timeout`, with
        the qube running on.
        """
        qube = self._runtime.state.qube(name)
        if qube.state is PowerState.TRANSIENT:
            # A power button that is pressed before the domain is there is pressed for nothing.
            async with self._runtime.holding(qube):
                pass
        reason = why_not_ended(qube) if force else why_not_shutdown(self._runtime.state, qube)
        if reason is not None and reason.code not in DONE_ALREADY:
            raise error_for(reason)
        if wait:
            await self._halt(qube)
        elif reason is None:
            self._runtime.set_state(qube, PowerState.HALTING)
            self._runtime.spawn(f"shut down {name}", self._halt_later(qube))

    async def _halt_later(self, qube: Qube) -> None:
        """As `_halt`, in the background; a failure shows in the state of the qube."""
        try:
            await self._halt(qube)
        except Mgmt1Error as error:
            log.warning("%s was not shut down: %s", qube.name, error)

    async def _halt(self, qube: Qube) -> None:
        """Press until the qube has halted, for at most its `shutdown_timeout`, and clean up."""
        self._runtime.set_state(qube, PowerState.HALTING)
        limit = int(qube.value("shutdown_timeout"))
        try:
            async with asyncio.timeout(limit):
                await self._press_until_halted(qube)
        except TimeoutError as error:
            if qube.state is PowerState.HALTING:
                self._runtime.set_state(qube, PowerState.RUNNING)
            raise refusal("shutdown-timeout", qube.name, limit) from error
        except BaseException:
            if qube.state is PowerState.HALTING:
                self._runtime.set_state(qube, PowerState.RUNNING)
            raise
        await self._clean_up_now(qube, Reason("qube-has-shut-down", qube.name))

    async def _press_until_halted(self, qube: Qube) -> None:
        """Returns once the hypervisor has no such domain, or it was cleaned up after."""
        while qube.state not in HALTED:
            if qube.state not in {PowerState.PAUSED, PowerState.SUSPENDED}:
                try:
                    await self._runtime.hypervisor.shutdown(qube.uuid)
                except QubesVMNotRunningError:
                    return
            try:
                async with asyncio.timeout(PRESS_AGAIN):
                    await self._runtime.wait_for(qube, *HALTED)
                    return
            except TimeoutError:
                continue

    async def kill(self, name: str) -> None:
        """End the qube at once; done when everything of it is cleaned up.

        Raises `Mgmt1Error` if it was killed and cleaning up failed. That is tried again; until then it is `Halting`.
        """
        qube = self._runtime.state.qube(name)
        refuse_if(why_not_kill(self._runtime.state, qube))
        # Once more for one that was just starting: the first time there was nothing to kill yet.
        for _ in range(2):
            with contextlib.suppress(QubesVMNotRunningError):
                await self._runtime.hypervisor.kill(qube.uuid)
            await self._clean_up_now(qube, Reason("qube-was-killed", qube.name))
            if qube.state in HALTED:
                return
        raise refusal("qube-again", name, qube.state)

    async def pause(self, name: str) -> None:
        qube = self._runtime.state.qube(name)
        async with self._runtime.holding(qube):
            refuse_if(why_not_pause(self._runtime.state, qube))
            await self._runtime.hypervisor.pause(qube.uuid)
            self._runtime.set_state(qube, PowerState.PAUSED)

    async def unpause(self, name: str) -> None:
        qube = self._runtime.state.qube(name)
        async with self._runtime.holding(qube):
            refuse_if(why_not_unpause(self._runtime.state, qube))
            await self._runtime.hypervisor.unpause(qube.uuid)
            self._runtime.set_state(qube, PowerState.RUNNING)

    async def suspend(self, name: str) -> None:
        qube = self._runtime.state.qube(name)
        async with self._runtime.holding(qube):
            refuse_if(why_not_suspend(self._runtime.state, qube))
            await self._runtime.hypervisor.suspend(qube.uuid)
            self._runtime.set_state(qube, PowerState.SUSPENDED)

    async def resume(self, name: str) -> None:
        qube = self._runtime.state.qube(name)
        async with self._runtime.holding(qube):
            refuse_if(why_not_resume(self._runtime.state, qube))
            await self._runtime.hypervisor.resume(qube.uuid)
            self._runtime.set_state(qube, PowerState.RUNNING)

    async def console(self, name: str) -> Path:
        """The terminal that is the serial console of a running qube."""
        qube = self._runtime.state.qube(name)
        refuse_if(why_not_console(qube))
        path = await self._runtime.hypervisor.console(qube.uuid)
        if path is None:
            raise refusal("no-console", name)
        return path

    async def set_start_time(self, qube: Qube, start_time: int | None) -> None:
        """Remember when the qube was started, also for after a restart of the daemon; None: it does not run."""
        if qube.start_time == start_time:
            return
        async with self._runtime.altering(qube):
            last_stop = int(time.time()) if start_time is None else qube.last_stop
            await self._runtime.commit([rows.set_times(qube.qid, start_time, last_stop)])
            qube.start_time, qube.last_stop = start_time, last_stop
            self._runtime.emit(self._runtime.state.property_changed(qube, "start_time"))


async def _to_its_end(starting: asyncio.Task[None]) -> None:
    """Wait for the hypervisor, also if the caller is cancelled: its thread cannot be stopped, and may still succeed."""
    starting.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait([starting])
        raise
