# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall rules of a qube: checked, stored in order under ids that stay, and gone when they expire.

Rules are kept in their one spelling (`wire/firewall.py`), so what is listed can be sent again. An expired rule is not
listed any more, and is taken out of the store by the sweep that is set for its moment.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.store import rows
from qubesmanager.rules.firewall import is_expired, next_expiry
from qubesmanager.wire.errors import ProtocolError, QubesValueError, QubesVMNotFoundError
from qubesmanager.wire.events import Event
from qubesmanager.wire.firewall import parse_rule
from qubesmanager.wire.limits import RULES
from qubesmanager.wire.values import VmClass

if TYPE_CHECKING:
    from qubesmanager.daemon.local.system.system import System

CHANGED = "firewall-changed"

Rules = list[tuple[str, str]]


def rules_of(qube: Qube) -> Rules:
    """Id and text of each rule that has not expired, in order."""
    now = time.time()
    return [(rule_id, text) for rule_id, text in qube.rules if not is_expired(parse_rule(text), now)]


async def insert(system: "System", name: str, position: int | None, untrusted_rule: str) -> str:
    """Put the rule before the position; None or a position past the end appends. Answers the new rule's id.

    Raises `QubesValueError`, with nothing changed, for rules that would cut the qube off where they are enforced.
    """
    rule = parse_rule(untrusted_rule)
    if is_expired(rule, time.time()):
        raise QubesValueError("The rule has expired already.")
    rule_id = secrets.token_hex(4)

    def changed(held: Rules) -> Rules:
        if len(held) >= RULES:
            raise QubesValueError(f"A qube has at most {RULES} firewall rules.")
        at = len(held) if position is None else min(position, len(held))
        return [*held[:at], (rule_id, str(rule)), *held[at:]]

    qube = system.qube(name)
    await system.network.check(qube, changed(rules_of(qube)))
    await _change(system, qube, changed)
    return rule_id


async def remove(system: "System", name: str, rule_id: str) -> None:
    """Take the rule away. Raises `QubesValueError` if the qube has none of that id."""

    def changed(held: Rules) -> Rules:
        left = [row for row in held if row[0] != rule_id]
        if len(left) == len(held):
            raise QubesValueError(f"{name} has no firewall rule {rule_id}.")
        return left

    await _change(system, system.qube(name), changed)


async def flush(system: "System", name: str) -> None:
    """No rules left: nothing passes."""
    await _change(system, system.qube(name), lambda _held: [])


async def sweep(system: "System") -> None:
    """For the life of the system: take expired rules out when their moment has come."""
    while True:
        await _sweep_once(system)
        moments = [
            moment
            for qube in system.state.qubes.values()
            if (moment := next_expiry([parse_rule(text) for _id, text in qube.rules], time.time())) is not None
        ]
        system.firewall_news.clear()
        pause = None if not moments else max(0.0, min(moments) - time.time()) + 0.05
        try:
            async with asyncio.timeout(pause):
                await system.firewall_news.wait()
        except TimeoutError:
            continue


async def _sweep_once(system: "System") -> None:
    for qube in list(system.state.qubes.values()):
        if len(rules_of(qube)) != len(qube.rules):
            with suppress(QubesVMNotFoundError):
                await _change(system, qube, lambda held: held)


async def _change(system: "System", qube: Qube, changed: Callable[[Rules], Rules]) -> None:
    async with system.altering(qube):
        if qube.klass is VmClass.ADMIN:
            raise ProtocolError("dom0 has no network, and no firewall.")
        after = changed(rules_of(qube))
        if after == qube.rules:
            return
        await system.commit(rows.replace_rules(qube.qid, after))
        qube.rules = after
        system.emit([Event(qube.name, CHANGED)])
        system.firewall_news.set()
    await system.network.settled()
