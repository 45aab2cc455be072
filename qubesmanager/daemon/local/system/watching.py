# SPDX-License-Identifier: GPL-3.0-or-later
"""Following the hypervisor: its events, and what is found after the start or after a lost connection.

A qube that halted, by whomever, is cleaned up here: volumes, start time, a disposable altogether.
"""

import logging
import time

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.drivers.hypervisor.base import (
    ConnectionLost,
    DeviceRemoved,
    HypervisorEvent,
    Reconnected,
    StateChanged,
)
from qubesmanager.daemon.local.system import creation, lifecycle
from qubesmanager.daemon.local.system.lifecycle import GONE
from qubesmanager.daemon.local.system.system import System
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.events import Event
from qubesmanager.wire.values import PowerState, VmClass

log = logging.getLogger(__name__)


async def watch(system: System) -> None:
    """Until the hypervisor is closed."""
    async for event in system.hypervisor.events():
        _seen(system, event)


def _seen(system: System, event: HypervisorEvent) -> None:
    match event:
        case StateChanged(uuid, state, _crashed):
            qube = system.state.by_uuid.get(uuid)
            if qube is not None:
                _changed(system, qube, state)
        case DeviceRemoved(uuid, target):
            qube = system.state.by_uuid.get(uuid)
            if qube is not None:
                system.spawn(f"see what {qube.name} let go of", system.devices.let_go(qube, target))
        case Reconnected(domains):
            reconcile(system, {info.uuid: info.state for info in domains})
        case ConnectionLost(reason):
            log.warning("The hypervisor is out of reach: %s", reason)
            system.emit([Event("", "hypervisor-lost", {"reason": reason})])


def reconcile(system: System, found: dict[object, PowerState]) -> None:
    """Every qube is what the hypervisor says of it; one that it does not name does not run."""
    system.emit([Event("", "hypervisor-found")])
    for qube in list(system.state.qubes.values()):
        if qube.klass is VmClass.ADMIN:
            continue
        state = found.get(qube.uuid, PowerState.HALTED)
        if state in GONE and not qube.running and qube.start_time is None:
            continue
        _changed(system, qube, state)


def _changed(system: System, qube: Qube, state: PowerState) -> None:
    if state in GONE:
        system.spawn(f"clean up {qube.name}", _halted(system, qube, state))
    elif qube.state is PowerState.HALTING and state is PowerState.RUNNING:
        # The guest has not let go yet; the shutdown under way says so itself if it never does.
        return
    elif qube.state is not PowerState.TRANSIENT:
        system.set_state(qube, state)
        if qube.start_time is None:
            system.spawn(f"adopt {qube.name}", lifecycle.set_start_time(system, qube, int(time.time())))


async def _halted(system: System, qube: Qube, state: PowerState) -> None:
    """Clean up after a qube that does not run any more, once whoever works on it is done."""
    async with system.holding(qube):
        if qube.state in GONE and qube.start_time is None:
            return
        if any(info.uuid == qube.uuid and info.state not in GONE for info in await system.hypervisor.domains()):
            return
        await system.volumes.stop(qube)
        await system.devices.halted(qube)
        await system.network.halted(qube)
        await lifecycle.set_start_time(system, qube, None)
        system.set_state(qube, state)
    if qube.flag("auto_cleanup"):
        try:
            await creation.remove_qube(system, qube)
        except Mgmt1Error as error:
            log.warning("The disposable %s stays: %s", qube.name, error)
