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
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.devices import Devices
from qubesmanager.daemon.local.services.lifecycle import Lifecycle
from qubesmanager.rules.facts import HALTED
from qubesmanager.wire import events
from qubesmanager.wire.values import PowerState, VmClass

log = logging.getLogger(__name__)


class HypervisorEvents:
    """Keeps the qubes in step with the hypervisor."""

    def __init__(self, runtime: Runtime, devices: Devices, lifecycle: Lifecycle) -> None:
        self._runtime = runtime
        self._devices = devices
        self._lifecycle = lifecycle

    async def watch(self) -> None:
        """Handle events until the hypervisor is closed. A reaction that fails does not stop the next ones."""
        async for event in self._runtime.hypervisor.events():
            try:
                self._on_event(event)
            except Exception:
                log.exception("The reaction to %s failed", event)

    def _on_event(self, event: HypervisorEvent) -> None:
        match event:
            case StateChanged(uuid, state, _crashed):
                qube = self._runtime.state.by_uuid.get(uuid)
                if qube is not None:
                    self._changed(qube, state)
            case DeviceRemoved(uuid, target):
                qube = self._runtime.state.by_uuid.get(uuid)
                if qube is not None:
                    let_go = partial(self._devices.let_go, qube, target)
                    self._runtime.persist(f"see what {qube.name} let go of", let_go, of=qube)
            case Reconnected(domains):
                self.reconcile({info.uuid: info.state for info in domains})
            case ConnectionLost(reason):
                log.warning("The hypervisor is out of reach: %s", reason)
                self._runtime.emit([events.HYPERVISOR_LOST(reason)])

    def reconcile(self, states: Mapping[UUID, PowerState]) -> None:
        """Every qube is what the hypervisor says of it; one that it does not name does not run.

        Until it is cleaned up after, such a qube is `Halting`: its domain may still come up, as after a crash of the
        daemon in the middle of a start.
        """
        self._runtime.emit([events.HYPERVISOR_FOUND()])
        for qube in list(self._runtime.state.qubes.values()):
            if qube.klass in {VmClass.ADMIN, VmClass.REMOTE}:
                continue
            state = states.get(qube.uuid, PowerState.HALTED)
            if state in HALTED and qube.start_time is None and not qube.running:
                continue
            if state in HALTED and qube.state in HALTED:
                self._runtime.set_state(qube, PowerState.HALTING)
            self._changed(qube, state)

    def _changed(self, qube: Qube, state: PowerState) -> None:
        if state in HALTED:
            self._runtime.persist(f"clean up {qube.name}", partial(self._lifecycle.clean_up, qube, state), of=qube)
        elif qube.state is PowerState.HALTING and state is PowerState.RUNNING and qube.start_time is not None:
            # The guest has not let go yet; the shutdown under way sets the state itself if it never does.
            return
        elif qube.state is PowerState.SUSPENDED and state is PowerState.PAUSED:
            # Its guest cannot suspend itself, so it is paused instead.
            return
        elif qube.state is not PowerState.TRANSIENT:
            self._runtime.set_state(qube, state)
            if qube.start_time is None:
                adopt = partial(self._lifecycle.set_start_time, qube, int(time.time()))
                self._runtime.persist(f"adopt {qube.name}", adopt, of=qube)
