# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, shut down, pause, unpause, kill; and what happens when a qube has halted, whoever halted it.

The hypervisor's events decide the state; a call answers once its effect has been seen.
"""

import asyncio
import contextlib
import time
from contextlib import AsyncExitStack
from dataclasses import replace

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.system.machine import domain_spec
from qubesmanager.daemon.local.system.system import System
from qubesmanager.wire.errors import (
    QubesValueError,
    QubesVMInUseError,
    QubesVMNotHaltedError,
    QubesVMNotPausedError,
    QubesVMNotRunningError,
    QubesVMShutdownTimeoutError,
)
from qubesmanager.wire.values import PowerState, VmClass

PRESS_AGAIN = 4.0
"""Seconds between two presses of the power button: one before the guest listens is lost."""

GONE = (PowerState.HALTED, PowerState.CRASHED, PowerState.NA)


async def start(system: System, name: str) -> None:
    """Start the qube, its netvm first; done when it runs. One that runs already: nothing to do."""
    qube = system.qube(name)
    _not_dom0(qube)
    if qube.state is PowerState.RUNNING:
        return
    netvm = system.state.qubes.get(qube.value("netvm"))
    if netvm is not None and netvm.state is not PowerState.RUNNING:
        if netvm.state is PowerState.PAUSED:
            raise QubesVMNotRunningError(f"Its netvm {netvm.name} is paused; unpause it first.")
        await start(system, netvm.name)
    async with system.holding(qube):
        await _boot_if_halted(system, qube)


async def _boot_if_halted(system: System, qube: Qube) -> None:
    """Under the qube's lock: somebody else may have started it meanwhile."""
    if qube.state is PowerState.RUNNING:
        return
    if qube.state not in GONE:
        raise QubesVMNotHaltedError(f"{qube.name} is {qube.state}.")
    await _boot(system, qube)


async def _boot(system: System, qube: Qube) -> None:
    """Under the qube's lock. A failure undoes what was begun.

    The start time is stored first: it says after a crash that this qube's volumes may have to be stopped.
    """
    system.set_state(qube, PowerState.TRANSIENT)
    try:
        async with AsyncExitStack() as undo:
            undo.push_async_callback(set_start_time, system, qube, None)
            await set_start_time(system, qube, int(time.time()))
            extra_disks, devices = await system.devices.boot(undo, qube)
            disks = await system.volumes.start(undo, qube)
            nics = await system.network.boot(undo, qube)
            spec = domain_spec(system, qube, disks, nics)
            await system.hypervisor.start(
                replace(spec, disks=(*spec.disks, *extra_disks), devices=tuple(devices)),
            )
            undo.pop_all()
    except BaseException:
        system.set_state(qube, PowerState.HALTED)
        raise
    system.set_state(qube, PowerState.RUNNING)
    system.devices.booted(qube)


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
    if qube.state in GONE:
        raise QubesVMNotRunningError(f"{name} is not running.")
    if qube.state is PowerState.PAUSED:
        raise QubesVMNotRunningError(f"{name} is paused; unpause it first, or kill it.")
    if clients := [other for other in sorted(system.state.clients.get(qube.name, ())) if system.qube(other).running]:
        raise QubesVMInUseError(f"{name} is the netvm of running qubes: {', '.join(clients)}.")
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


async def _press_until_halted(system: System, qube: Qube) -> None:
    while qube.state not in GONE:
        if qube.state is PowerState.HALTING:
            # Pressed again on a busy machine, it may have halted already: then its event is on the way.
            with contextlib.suppress(QubesVMNotRunningError):
                await system.hypervisor.shutdown(qube.uuid)
        try:
            async with asyncio.timeout(PRESS_AGAIN):
                await system.wait_for(qube, *GONE)
                return
        except TimeoutError:
            continue


async def kill(system: System, name: str) -> None:
    """End the qube at once; done when everything of it is cleaned up."""
    qube = system.qube(name)
    _not_dom0(qube)
    if qube.state in GONE:
        raise QubesVMNotRunningError(f"{name} is not running.")
    await system.hypervisor.kill(qube.uuid)
    await system.wait_for(qube, *GONE)


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
