# SPDX-License-Identifier: GPL-3.0-or-later
"""What a source sees by the policy: the qubes to which it may make the call that it made. Remembered for each source.

A rule that asks does not count: nothing is asked to make a list.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

from qubesmanager.daemon.admission.live_policy import LivePolicy
from qubesmanager.daemon.event_hub import EventHub
from qubesmanager.policy.at_gate import at_gate
from qubesmanager.policy.engine import DISPVM_TAG_PREFIX, TAG_PREFIX, Engine, Request, Result
from qubesmanager.policy.reading import Policy
from qubesmanager.policy.system_info import SystemInfo

REMEMBERED = 256
"""Sources with calls for which the qubes are kept."""
LOOK = 2.0
"""Seconds between two looks at the policy while a source listens to events."""

_LIST = "mgmt1.vm.List"
Key = tuple[str, str, str]


class Facts(Protocol):
    """The qubes, and a function that is called with the name of one that other rules may be about now."""

    changed: Callable[[str], None]

    def info(self) -> SystemInfo: ...


class PolicySight:
    """By the policy as of the last `refresh`. `hubs` have the listeners that list again when the policy changes."""

    def __init__(self, policy: LivePolicy, facts: Facts, hubs: Sequence[EventHub]) -> None:
        self._policy = policy
        self._facts = facts
        self._hubs = hubs
        self._engine = Engine(Policy(()))
        self._remembered: OrderedDict[Key, dict[str, bool]] = OrderedDict()
        self._tags: frozenset[str] | None = None
        """The tags that rules are about; None until they are asked for."""
        facts.changed = self._forget

    @property
    def decides(self) -> bool:
        """Whether there is a policy: a rule, or an error for which every call is denied."""
        return bool(self._engine.policy.rules or self._engine.policy.error)

    async def refresh(self) -> None:
        """Go by the policy as it is now. If it is another one, listeners have to list again."""
        engine = await self._policy.engine()
        if engine is not self._engine:
            self._engine = engine
            self._remembered.clear()
            self._tags = None
            for hub in self._hubs:
                hub.sight_changed()

    async def keep(self) -> None:
        """Refresh while there are listeners whose sight the policy decides; never ends."""
        while True:
            await asyncio.sleep(LOOK)
            if any(hub.listens_by_sight for hub in self._hubs):
                await self.refresh()

    def admits(self, source: str, service: str, argument: str, name: str) -> bool | None:
        """Whether the source may make the call to the qube. None where there is no policy (see `decides`)."""
        if not self.decides:
            return None
        names = self._names((source, service, argument))
        if name not in names:
            info = self._facts.info()
            verdict = at_gate(self._engine, Request(service, argument, source, name), info)
            names[name] = verdict.decision.result is Result.ALLOW
        return names[name]

    def lists(self, source: str, name: str) -> bool | None:
        """Whether the source may list the qube, whatever call it makes. None where there is no policy."""
        return self.admits(source, _LIST, "+", name)

    def is_about_tag(self, tag: str) -> bool:
        """Whether a rule is about the qubes, or the disposable templates, with the tag."""
        if self._tags is None:
            words = {word for rule in self._engine.policy.rules for word in (rule.source, rule.target)}
            self._tags = frozenset(
                word.removeprefix(prefix)
                for word in words
                for prefix in (TAG_PREFIX, DISPVM_TAG_PREFIX)
                if word.startswith(prefix)
            )
        return tag in self._tags

    def _names(self, key: Key) -> dict[str, bool]:
        names = self._remembered.get(key)
        if names is None:
            info = self._facts.info()
            admitted = self._engine.admitted_by_dom0(*key, info)
            names = self._remembered[key] = {name: name in admitted for name in info.names}
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        else:
            self._remembered.move_to_end(key)
        return names

    def _forget(self, name: str) -> None:
        """A qube, its name or its tags are others: as a target of every source, and as a source."""
        for key, names in list(self._remembered.items()):
            if key[0] == name:
                del self._remembered[key]
            else:
                names.pop(name, None)
