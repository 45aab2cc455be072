# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policy knows of the qubes, brought up to date when it is asked for."""

from collections.abc import Callable

from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.policy.records import domain, system_info
from qubesmanager.policy.system_info import SystemInfo
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import DOMAIN_ADD, DOMAIN_DELETE, TAG_ADD, TAG_DELETE, row_of

_OF_NAMES = frozenset({DOMAIN_ADD, DOMAIN_DELETE, TAG_ADD, TAG_DELETE})
"""The events after which other rules may be about a qube. Its class and its UUID do not change."""


class PolicyFacts:
    """`changed` is called with the name of a qube that other rules may be about now, before listeners hear of it."""

    def __init__(self, runtime: Runtime) -> None:
        self.changed: Callable[[str], None] = lambda _name: None
        self._state = runtime.state
        self._info: SystemInfo | None = None
        self._stale: set[str] = set()
        """The qubes of which something happened since."""
        runtime.subscribe_first(self._heard)

    def info(self) -> SystemInfo:
        """The qubes as of the last event."""
        if self._info is None:
            self._info = system_info(self._state.qubes.values())
        elif self._stale:
            domains = {name: each for name, each in self._info.domains.items() if name not in self._stale}
            for name in self._stale & self._state.qubes.keys():
                domains[name] = domain(self._state.qubes[name])
            self._info = SystemInfo(domains)
        self._stale.clear()
        return self._info

    def _heard(self, event: Event) -> None:
        if event.subject:
            self._stale.add(event.subject)
            if row_of(event) in _OF_NAMES:
                self.changed(event.subject)
