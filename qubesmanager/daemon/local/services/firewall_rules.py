# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall rules of a qube: checked, stored in order under ids that stay, and gone when they expire.

Rules are kept in their one spelling (`wire/firewall.py`), so what is listed can be sent again. An expired rule is not
listed, and is taken out of the store by the sweep that is set for its moment. A change costs what it changes,
however long the lists are.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from uuid import UUID

from qubesmanager.daemon.local.core.firewall import Rules, expiry_of, rules_of
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.network import Network
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.store import Statement
from qubesmanager.rules.firewall import is_expired
from qubesmanager.wire import events
from qubesmanager.wire.errors import Mgmt1Error, QubesVMNotFoundError
from qubesmanager.wire.event import Event
from qubesmanager.wire.event_row import AnyEventRow
from qubesmanager.wire.firewall import parse_rule
from qubesmanager.wire.limits import RULES
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import VmClass

log = logging.getLogger(__name__)

_RULE_EVENTS = frozenset[AnyEventRow]({events.FIREWALL_CHANGED, events.DOMAIN_ADD})
"""The events after which a qube may have other rules."""

RETRY_SECONDS = 10.0
"""After this long an expired rule that could not be taken out of the store is tried again."""

Change = Callable[[Rules], tuple[Rules, list[Statement]]]
"""From the rules that have not expired to those afterwards, and the statements that store the difference."""


class _Expiries:
    """When the next rule of each qube expires, if one does. Subscribes to the events."""

    def __init__(self, runtime: Runtime) -> None:
        self._state = runtime.state
        self._moments: dict[UUID, float] = {}
        self._news = asyncio.Event()
        runtime.subscribe(self._on_event, rows=_RULE_EVENTS)

    def _on_event(self, event: Event) -> None:
        """Look at the rules of the event's qube again: they may be others."""
        if (qube := self._state.qubes.get(event.subject)) is not None:
            self.look_at(qube)

    def look_at(self, qube: Qube) -> None:
        """Note when the first of the qube's rules expires."""
        moments = [expiry for _rule_id, text in qube.rules if (expiry := expiry_of(text)) is not None]
        if moments:
            self._moments[qube.uuid] = min(moments)
        else:
            self._moments.pop(qube.uuid, None)
        self._news.set()

    def due(self) -> list[Qube]:
        """The qubes with an expired rule; each is looked at again later if it is not changed now."""
        now = time.time()
        due = [uuid for uuid, moment in self._moments.items() if moment <= now]
        for uuid in due:
            self._moments[uuid] = now + RETRY_SECONDS
        gone = [uuid for uuid in self._moments if uuid not in self._state.by_uuid]
        for uuid in gone:
            del self._moments[uuid]
        return [self._state.by_uuid[uuid] for uuid in due if uuid in self._state.by_uuid]

    async def wait(self) -> None:
        """Wait until the next rule expires, or until another may expire before it."""
        self._news.clear()
        pause = max(0.0, min(self._moments.values()) - time.time()) + 0.05 if self._moments else None
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._news.wait()


class FirewallRules:
    """The rules of all qubes; `network` carries them out."""

    def __init__(self, runtime: Runtime, network: Network) -> None:
        self._runtime = runtime
        self._network = network
        self._expiries = _Expiries(runtime)

    async def insert(self, name: str, position: int | None, untrusted_rule: str) -> str:
        """Put the rule before the position; None or a position past the end appends. Answers the new rule's id.

        Raises `QubesValueError`, with nothing changed, for rules that would cut the qube off where they are enforced.
        """
        rule = parse_rule(untrusted_rule)
        if is_expired(rule, time.time()):
            raise refusal("rule-expired")
        rule_id = secrets.token_hex(4)
        qube = self._runtime.state.qube(name)

        def changed(before: Rules) -> tuple[Rules, list[Statement]]:
            if len(before) >= RULES:
                raise refusal("rule-limit", RULES)
            at = len(before) if position is None else min(position, len(before))
            follower = before[at][0] if at < len(before) else None
            after = [*before[:at], (rule_id, str(rule)), *before[at:]]
            return after, rows.insert_rule(qube.qid, rule_id, str(rule), follower)

        await self._network.check(qube, changed(rules_of(qube))[0])
        await self._change(qube, changed)
        return rule_id

    async def remove(self, name: str, rule_id: str) -> None:
        """Take the rule away. Raises `QubesValueError` if the qube has none of that id."""
        qube = self._runtime.state.qube(name)

        def changed(before: Rules) -> tuple[Rules, list[Statement]]:
            after = [row for row in before if row[0] != rule_id]
            if len(after) == len(before):
                raise refusal("no-such-rule", name, rule_id)
            return after, [rows.delete_rule(qube.qid, rule_id)]

        await self._change(qube, changed)

    async def replace(self, name: str, untrusted_rules: Sequence[str]) -> None:
        """All rules are these afterwards, or nothing has changed. A rule that stays keeps its id.

        A rule that has expired is left out. Raises as `insert`.
        """
        now = time.time()
        parsed = [rule for text in untrusted_rules if not is_expired(rule := parse_rule(text), now)]
        if len(parsed) > RULES:
            raise refusal("rule-limit", RULES)
        qube = self._runtime.state.qube(name)

        def changed(before: Rules) -> tuple[Rules, list[Statement]]:
            ids: dict[str, list[str]] = {}
            for rule_id, text in reversed(before):
                ids.setdefault(text, []).append(rule_id)
            after: Rules = []
            for rule in parsed:
                kept = ids.get(str(rule))
                after.append((kept.pop() if kept else secrets.token_hex(4), str(rule)))
            if after == before:
                return before, []
            removed = [rows.delete_rule(qube.qid, rule_id) for rule_id, _text in before]
            added = [row for rule_id, text in after for row in rows.insert_rule(qube.qid, rule_id, text, None)]
            return after, [*removed, *added]

        await self._network.check(qube, changed(rules_of(qube))[0])
        await self._change(qube, changed)

    def reload(self, name: str) -> None:
        """Apply the rules again, soon: the event makes the network do it."""
        self._runtime.emit([events.FIREWALL_CHANGED(self._runtime.state.qube(name).name)])

    async def flush(self, name: str) -> None:
        """Remove all rules: nothing passes then."""
        qube = self._runtime.state.qube(name)

        def changed(before: Rules) -> tuple[Rules, list[Statement]]:
            return [], [rows.delete_rule(qube.qid, rule_id) for rule_id, _text in before]

        await self._change(qube, changed)

    async def sweep(self) -> None:
        """For the life of the system: take expired rules out when their moment has come."""
        for qube in self._runtime.state.qubes.values():
            self._expiries.look_at(qube)
        while True:
            for qube in self._expiries.due():
                try:
                    await self._change(qube, lambda before: (before, []))
                except QubesVMNotFoundError:
                    continue
                except Mgmt1Error as error:
                    log.warning("Expired rules of %s are still stored: %s", qube.name, error)
            await self._expiries.wait()

    async def _change(self, qube: Qube, changed: Change) -> None:
        """Store the difference and apply it; rules that have expired meanwhile go too."""
        async with self._runtime.altering(qube):
            if qube.klass is VmClass.ADMIN:
                raise refusal("dom0-no-firewall")
            if qube.klass is VmClass.REMOTE:
                raise refusal("qube-is-remote", qube.name)
            before = rules_of(qube)
            after, statements = changed(before)
            if after == qube.rules:
                return
            kept = {rule_id for rule_id, _text in before}
            expired = [rule_id for rule_id, _text in qube.rules if rule_id not in kept]
            await self._runtime.commit([*(rows.delete_rule(qube.qid, rule_id) for rule_id in expired), *statements])
            qube.rules = after
            self._runtime.emit([events.FIREWALL_CHANGED(qube.name)])
        await self._network.settled()
