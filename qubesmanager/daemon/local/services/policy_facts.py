# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policy knows of the qubes: computed when it is asked for, and dropped when a qube changes."""

from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.policy.records import system_info
from qubesmanager.policy.system_info import SystemInfo
from qubesmanager.wire.event import Event


class PolicyFacts:
    """`info` is as of the last event about a qube."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._info: SystemInfo | None = None
        runtime.subscribe(self._heard)

    def info(self) -> SystemInfo:
        if self._info is None:
            self._info = system_info(self._runtime.state.qubes.values())
        return self._info

    def _heard(self, event: Event) -> None:
        if event.subject:
            self._info = None
