# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, shut down, pause, unpause, kill; and what happens when a qube has halted, whoever halted it.

The hypervisor's events decide the state; a call answers once its effect has been seen.
"""

import asyncio
import contextlib
import logging
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.sight import spoken, spoken_one, spoken_way
from qubesmanager.daemon.local.drivers.hypervisor.base import DomainSpec
from qubesmanager.daemon.local.services import creation
from qubesmanager.daemon.local.services.domain_spec import domain_spec
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.store import StoreError
from qubesmanager.daemon.local.system import System
from qubesmanager.rules.facts import HALTED
from qubesmanager.wire.errors import (
    Mgmt1Error,
    QubesValueError,
    QubesVMInUseError,
    QubesVMNotFoundError,
    QubesVMNotHaltedError,
    QubesVMNotPausedError,
    QubesVMNotRunningError,
    QubesVMNotStartedError,
    QubesVMShutdownTimeoutError,
)
from qubesmanager.wire.values import PowerState, VmClass

log = logging.getLogger(__name__)

PRESS_AGAIN = 4.0
"""Seconds between two presses of the power button: one before the guest listens is lost."""


async def start(system: System, name: str) -> None:
    """Start the qube, its netvms first; done when it runs. One that runs already: nothing to do.

    Raises `QubesVMNotStartedError` if its netvms are a loop, and what keeps one of them from starting.
    """
    qube = system.qube(name)
    _not_dom0(qube)
    if qube.state is PowerState.RUNNING:
        return
    for other in (*reversed(_netvms_to_start(system, qube)), qube):
        async with system.holding(other):
            await _boot_if_halted(system, other)


def _netvms_to_start(system: System, qube: Qube) -> list[Qube]:
    """The netvms that have to run before the qube starts and do not, nearest first."""
    found: list[Qube] = []
    at = system.state.qubes.get(qube.value("netvm"))
    while at is not None and at.state is not PowerState.RUNNING:
        if at is qube or at in found:
            way = " → ".join(spoken_way(other.name for other in (qube, *found, at)))
            raise QubesVMNotStartedError(f"{qube.name} cannot start: its netvms are a loop, {way}.")
        if at.state is PowerState.PAUSED:
            raise QubesVMNotRunningError(f"The netvm {spoken_one(at.name)} is paused; unpause it first.")
        found.append(at)
        at = system.state.qubes.get(at.value("netvm"))
    return found


async def _boot_if_halted(system: System, qube: Qube) -> None:
    """Under the qube's lock: another caller may have started it meanwhile."""
    if qube.state is PowerState.RUNNING:
        return
    if qube.state is PowerState.HALTING or qube.start_time is not None:
        # Its last run may have left something that could not be cleaned up then.
        await _clean(system, qube, PowerState.HALTED)
    if qube.state not in HALTED:
        raise QubesVMNotHaltedError(f"{qube.name} is {qube.state}.")
    await _boot(system, qube)


async def _boot(system: System, qube: Qube) -> None:
    """Under the qube's lock. A failure undoes what was begun; once the hypervisor was asked, it decides.

    The start time is stored first: it says after a crash that this qube's volumes may have to be stopped.
    """
    system.set_state(qube, PowerState.TRANSIENT)
    undo = AsyncExitStack()
    try:
        spec = await _prepared(system, undo, qube)
    except BaseException:
        await _take_back(system, undo, qube)
        raise
    starting = asyncio.get_running_loop().create_task(system.hypervisor.start(spec))
    try:
        await _to_its_end(starting)
    except BaseException:
        # If the hypervisor is still at work, the daemon is ending: the next one finds the stored start time.
        if starting.done():
            await _after_failed_start(system, undo, qube)
        raise
    system.set_state(qube, PowerState.RUNNING)
    system.devices.booted(qube)


async def _prepared(system: System, undo: AsyncExitStack, qube: Qube) -> DomainSpec:
    """Devices, volumes and network of a qube that starts; `undo` gets what takes each back."""
    undo.push_async_callback(set_start_time, system, qube, None)
    await set_start_time(system, qube, int(time.time()))
    extra_disks, devices = await system.devices.boot(undo, qube)
    disks = await system.volumes.start(undo, qube)
    nics = await system.network.boot(undo, qube)
    spec = domain_spec(system.places, qube, disks, nics)
    return replace(spec, disks=(*spec.disks, *extra_disks), devices=tuple(devices))


async def _to_its_end(starting: asyncio.Task[None]) -> None:
    """Wait for the hypervisor, also if the caller is cancelled: its thread cannot be stopped, and may still succeed."""
    starting.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait([starting])
        raise


async def _after_failed_start(system: System, undo: AsyncExitStack, qube: Qube) -> None:
    """The start failed or was cancelled: what the hypervisor runs now decides.

    Nothing is stopped or removed under a domain that runs or may still come up.
    """
    try:
        state = await system.hypervisor.state(qube.uuid)
    except Mgmt1Error as error:
        log.warning("Whether %s was started is not known yet: %s", qube.name, error)
        state = PowerState.TRANSIENT
    if state in HALTED:
        await _take_back(system, undo, qube)
        return
    system.set_state(qube, PowerState.HALTING if state is PowerState.TRANSIENT else state)
    system.devices.booted(qube)
    if state is PowerState.TRANSIENT:
        system.persist(f"see whether {qube.name} was started", partial(clean_up, system, qube), of=qube)


async def _take_back(system: System, undo: AsyncExitStack, qube: Qube) -> None:
    """Undo a start. What cannot be undone now is cleaned up later, as after any other run."""
    try:
        await undo.aclose()
    except Mgmt1Error as error:
        log.warning("The failed start of %s is not undone yet: %s", qube.name, error)
        system.set_state(qube, PowerState.HALTING)
        system.persist(f"clean up {qube.name}", partial(clean_up, system, qube), of=qube)
    else:
        system.set_state(qube, PowerState.HALTED)


# -- after a qube has halted ------------------------------------------------------------------------------------------


async def clean_up(system: System, qube: Qube, state: PowerState = PowerState.HALTED) -> None:
    """Clean up after a qube that does not run any more, once its lock is free; a disposable goes altogether.

    May be called again and by anyone: what was done already is not done twice, and a qube that runs is left alone.
    Raises `Mgmt1Error` with what keeps it from being done; until it is, the qube is `Halting`.
    """
    async with system.holding(qube):
        await _clean(system, qube, state)
    # A property that the store cannot read may be the one that keeps the disposable.
    if not qube.flag("auto_cleanup") or qube.unreadable or qube.state not in HALTED:
        return
    try:
        await creation.remove_qube(system, qube)
    except (StoreError, QubesVMNotFoundError):
        raise
    except Mgmt1Error as error:
        log.warning("The disposable %s stays: %s", qube.name, error)


async def _clean(system: System, qube: Qube, state: PowerState) -> None:
    """Under the qube's lock: volumes, devices, network and start time, if the hypervisor really has no such domain."""
    if qube.state in HALTED and qube.start_time is None:
        return
    now = await system.hypervisor.state(qube.uuid)
    if now is PowerState.TRANSIENT:
        raise Mgmt1Error(f"The hypervisor is just starting or ending {qube.name}.")
    if now not in HALTED:
        system.set_state(qube, now)
        return
    try:
        await system.volumes.stop(qube)
        await system.devices.halted(qube)
        await system.network.halted(qube)
        await set_start_time(system, qube, None)
    except Exception:
        system.set_state(qube, PowerState.HALTING)
        raise
    system.set_state(qube, state)
    system.devices.announce(qube)


async def _clean_up_now(system: System, qube: Qube, done: str) -> None:
    """As `clean_up`, for a caller that ended the qube: a failure is not one of the ending, and is tried again."""
    try:
        await clean_up(system, qube)
    except QubesVMNotFoundError:
        return
    except Mgmt1Error as error:
        system.persist(f"clean up {qube.name}", partial(clean_up, system, qube), of=qube)
        raise Mgmt1Error(f"{qube.name} {done}. Cleaning up after it failed, and is tried again: {error}") from error


# -- ending a qube ----------------------------------------------------------------------------------------------------


async def shutdown(system: System, name: str) -> None:
    """A clean shutdown; done when the qube is halted.

    Raises `QubesVMShutdownTimeoutError` after its `shutdown_timeout`, with the qube running on.
    """
    qube = system.qube(name)
    _not_dom0(qube)
    if qube.state is PowerState.TRANSIENT:
        # A power button that is pressed before the domain is there is pressed for nothing.
        async with system.holding(qube):
            pass
    if qube.state in HALTED:
        raise QubesVMNotRunningError(f"{name} is not running.")
    if qube.state is PowerState.PAUSED:
        raise QubesVMNotRunningError(f"{name} is paused; unpause it first, or kill it.")
    if clients := [other for other in sorted(system.state.clients.get(qube.name, ())) if system.qube(other).running]:
        raise QubesVMInUseError(f"{name} is the netvm of running qubes: {', '.join(spoken(clients))}.")
    if users := system.devices.users(qube):
        raise QubesVMInUseError(f"Other qubes have devices of {name}: {', '.join(users)}. Detach them first.")
    system.set_state(qube, PowerState.HALTING)
    limit = int(qube.value("shutdown_timeout"))
    try:
        async with asyncio.timeout(limit):
            await _press_until_halted(system, qube)
    except TimeoutError as error:
        if qube.state is PowerState.HALTING:
            system.set_state(qube, PowerState.RUNNING)
        raise QubesVMShutdownTimeoutError(
            f"{name} did not shut down within {limit} seconds; it is still running."
        ) from error
    except BaseException:
        if qube.state is PowerState.HALTING:
            system.set_state(qube, PowerState.RUNNING)
        raise
    await _clean_up_now(system, qube, "has shut down")


async def _press_until_halted(system: System, qube: Qube) -> None:
    """Returns once the hypervisor has no such domain, or it was cleaned up after."""
    while qube.state not in HALTED:
        if qube.state is not PowerState.PAUSED:
            try:
                await system.hypervisor.shutdown(qube.uuid)
            except QubesVMNotRunningError:
                return
        try:
            async with asyncio.timeout(PRESS_AGAIN):
                await system.wait_for(qube, *HALTED)
                return
        except TimeoutError:
            continue


async def kill(system: System, name: str) -> None:
    """End the qube at once; done when everything of it is cleaned up.

    Raises `Mgmt1Error` if it was killed and cleaning up failed: that goes on, and the qube is `Halting` until then.
    """
    qube = system.qube(name)
    _not_dom0(qube)
    if qube.state in HALTED:
        raise QubesVMNotRunningError(f"{name} is not running.")
    # Once more for one that was just starting: the first time there was nothing to kill yet.
    for _ in range(2):
        with contextlib.suppress(QubesVMNotRunningError):
            await system.hypervisor.kill(qube.uuid)
        await _clean_up_now(system, qube, "was killed")
        if qube.state in HALTED:
            return
    raise Mgmt1Error(f"{name} is {qube.state} again.")


async def pause(system: System, name: str) -> None:
    qube = system.qube(name)
    _not_dom0(qube)
    async with system.holding(qube):
        if qube.state is not PowerState.RUNNING:
            raise QubesVMNotRunningError(f"{qube.name} is {qube.state}, not running.")
        await system.hypervisor.pause(qube.uuid)
        system.set_state(qube, PowerState.PAUSED)


async def unpause(system: System, name: str) -> None:
    qube = system.qube(name)
    _not_dom0(qube)
    async with system.holding(qube):
        if qube.state is not PowerState.PAUSED:
            raise QubesVMNotPausedError(f"{qube.name} is {qube.state}, not paused.")
        await system.hypervisor.unpause(qube.uuid)
        system.set_state(qube, PowerState.RUNNING)


async def set_start_time(system: System, qube: Qube, start_time: int | None) -> None:
    """Remember when the qube was started, also for after a restart of the daemon; None: it does not run."""
    if qube.start_time == start_time:
        return
    async with system.altering(qube):
        last_stop = int(time.time()) if start_time is None else qube.last_stop
        await system.commit([rows.set_times(qube.qid, start_time, last_stop)])
        qube.start_time, qube.last_stop = start_time, last_stop
        system.emit(system.state.property_changed(qube, "start_time"))


def _not_dom0(qube: Qube) -> None:
    if qube.klass is VmClass.ADMIN:
        raise QubesValueError("dom0 runs as long as the machine does.")
