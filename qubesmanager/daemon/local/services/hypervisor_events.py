# SPDX-License-Identifier: GPL-3.0-or-later
"""Following the hypervisor: its events, and what is found after the start or after a lost connection.

A qube that halted, by whomever, is cleaned up after: volumes, start time, a disposable altogether. Each reaction is
tried until it holds.
"""

import logging
import time
from collections.abc import Mapping
from functools import partial
from uuid import UUID

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.drivers.hypervisor.base import (
    ConnectionLost,
    DeviceRemoved,
    HypervisorEvent,
    Reconnected,
    StateChanged,
)
from qubesmanager.daemon.local.services import lifecycle
from qubesmanager.daemon.local.system import System
from qubesmanager.rules.facts import HALTED
from qubesmanager.wire import events
from qubesmanager.wire.values import PowerState, VmClass

log = logging.getLogger(__name__)


async def watch(system: System) -> None:
    """Until the hypervisor is closed. A reaction that fails keeps no later event from being seen."""
    async for event in system.hypervisor.events():
        try:
            _seen(system, event)
        except Exception:
            log.exception("The reaction to %s failed", event)


def _seen(system: System, event: HypervisorEvent) -> None:
    match event:
        case StateChanged(uuid, state, _crashed):
            qube = system.state.by_uuid.get(uuid)
            if qube is not None:
                _changed(system, qube, state)
        case DeviceRemoved(uuid, target):
            qube = system.state.by_uuid.get(uuid)
            if qube is not None:
                let_go = partial(system.devices.let_go, qube, target)
                system.persist(f"see what {qube.name} let go of", let_go, of=qube)
        case Reconnected(domains):
            reconcile(system, {info.uuid: info.state for info in domains})
        case ConnectionLost(reason):
            log.warning("The hypervisor is out of reach: %s", reason)
            system.emit([events.HYPERVISOR_LOST(reason)])


def reconcile(system: System, found: Mapping[UUID, PowerState]) -> None:
    """Every qube is what the hypervisor says of it; one that it does not name does not run.

    Until it is cleaned up after, such a qube is `Halting`: its domain may still come up, as after a crash of the
    daemon in the middle of a start.
    """
    system.emit([events.HYPERVISOR_FOUND()])
    for qube in list(system.state.qubes.values()):
        if qube.klass is VmClass.ADMIN:
            continue
        state = found.get(qube.uuid, PowerState.HALTED)
        if state in HALTED and qube.start_time is None and not qube.running:
            continue
        if state in HALTED and qube.state in HALTED:
            system.set_state(qube, PowerState.HALTING)
        _changed(system, qube, state)


def _changed(system: System, qube: Qube, state: PowerState) -> None:
    if state in HALTED:
        system.persist(f"clean up {qube.name}", partial(lifecycle.clean_up, system, qube, state), of=qube)
    elif qube.state is PowerState.HALTING and state is PowerState.RUNNING and qube.start_time is not None:
        # The guest has not let go yet; the shutdown under way sets the state itself if it never does.
        return
    elif qube.state is not PowerState.TRANSIENT:
        system.set_state(qube, state)
        if qube.start_time is None:
            adopt = partial(lifecycle.set_start_time, system, qube, int(time.time()))
            system.persist(f"adopt {qube.name}", adopt, of=qube)
