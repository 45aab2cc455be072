# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from until import LIMIT, until

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.core import firewall as core_firewall
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.services import firewall_rules
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.store import Statement, Store, StoreError
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CloneSpec
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError, QubesValueError
from qubesmanager.wire.firewall import Rule, parse_rule
from qubesmanager.wire.values import VmClass


class Clock:
    """The time of the rules, in place of the module `time`: a test moves it."""

    def __init__(self, system: System) -> None:
        self.now = time.time()
        self._system = system

    def time(self) -> float:
        return self.now

    def expire(self, qube: str) -> None:
        """Let an hour pass, and have the daemon look at the rules of the qube."""
        self.now += 3600
        self._system.firewall_rules._expiries.look_at(self._system.runtime.state.qube(qube))


@pytest.fixture
def clock(system: System, monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(system)
    for module in (firewall_rules, core_firewall):
        monkeypatch.setattr(module, "time", clock)
    return clock


async def rules(client: Client, name: str = "vault") -> list[str]:
    return [row.rule for row in await client.send(calls.VM_FIREWALL_GET(name))]


async def test_a_new_qube_lets_everything_pass(client: Client) -> None:
    assert await rules(client) == ["action=accept"]


async def test_rules_are_inserted_before_a_position_or_appended(client: Client) -> None:
    await client.send(calls.VM_FIREWALL_FLUSH("vault"))
    assert await rules(client) == []

    await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", None, "action=drop"))
    await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, "action=accept proto=tcp dstports=443-443"))
    await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", 99, "action=accept"))

    assert await rules(client) == ["action=accept proto=tcp dstports=443-443", "action=drop", "action=accept"]
    assert [row.rule for row in await client.send(calls.VM_FIREWALL_GET("vault", 1))] == ["action=drop"]
    assert await client.send(calls.VM_FIREWALL_GET("vault", 9)) == []


async def test_an_id_stays_with_its_rule(client: Client) -> None:
    first = await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, "action=drop dst4=10.0.0.1/32"))
    second = await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, "action=drop dst4=10.0.0.2/32"))

    await client.send(calls.VM_FIREWALL_REMOVE_RULE("vault", second))

    assert (await client.send(calls.VM_FIREWALL_GET("vault", 0)))[0].rule_id == first
    with pytest.raises(QubesValueError, match=second):
        await client.send(calls.VM_FIREWALL_REMOVE_RULE("vault", second))


@pytest.mark.parametrize(
    "rule", ["", "action=maybe", "proto=tcp", "action=accept dst4=300.0.0.1/8", "action=accept x=y"]
)
async def test_an_invalid_rule_changes_nothing(client: Client, rule: str) -> None:
    with pytest.raises((ProtocolError, QubesValueError)):
        await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", None, rule))

    assert await rules(client) == ["action=accept"]


async def test_an_expired_rule_vanishes_by_itself(client: Client, system: System, clock: Clock) -> None:
    soon = int(clock.now) + 60
    await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, f"action=drop expire={soon}"))
    assert len(system.runtime.state.qube("vault").rules) == 2
    stream = system.runtime.hub.listen(lambda event: [event] if event.subject in {"", "vault"} else [])
    await anext(stream)

    clock.expire("vault")

    async with asyncio.timeout(LIMIT):
        async for event in stream:
            if event.name == "firewall-changed":
                break

    assert await rules(client) == ["action=accept"]
    assert len(system.runtime.state.qube("vault").rules) == 1


async def test_dom0_has_no_firewall(client: Client) -> None:
    with pytest.raises(Mgmt1Error):
        await client.send(calls.VM_FIREWALL_FLUSH("dom0"))


async def test_a_change_costs_the_same_however_many_rules_there_are(
    client: Client, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed, statements = 0, 0
    commit = system.runtime.store.commit

    def counted(text: str | bytes) -> Rule:
        nonlocal parsed
        parsed += 1
        return parse_rule(text)

    async def committed(batch: Iterable[Statement], recording: Any = None) -> None:
        nonlocal statements
        changes = list(batch)
        statements += len(changes)
        await commit(changes, recording)

    for name in ("vault", "work", "personal"):
        qube = system.runtime.state.qube(name)
        qube.rules = [(f"n{number}", "action=drop") for number in range(600)]
        await commit([row for rule_id, text in qube.rules for row in rows.insert_rule(qube.qid, rule_id, text, None)])
    for module in (firewall_rules, core_firewall):
        monkeypatch.setattr(module, "parse_rule", counted)
    monkeypatch.setattr(system.runtime.store, "commit", committed)

    for position in (None, 0, 300):
        before = parsed, statements
        rule_id = await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", position, "action=accept"))
        assert (parsed - before[0], statements - before[1] <= 2) == (1, True)
        await client.send(calls.VM_FIREWALL_REMOVE_RULE("vault", rule_id))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 8)), max_size=30))
@settings(max_examples=20)
async def test_the_stored_order_is_the_order_in_memory(changes: list[tuple[bool, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store.sqlite")
        await store.open()
        qube = Qube(7, UUID(int=7), "vault", VmClass.APP)
        await store.commit(rows.insert_qube(qube))
        expected: list[tuple[str, str]] = []
        for number, (inserts, at) in enumerate(changes):
            if inserts or at >= len(expected):
                follower = expected[at][0] if at < len(expected) else None
                await store.commit(rows.insert_rule(7, f"r{number}", "action=drop", follower))
                expected.insert(at, (f"r{number}", "action=drop"))
            else:
                await store.commit([rows.delete_rule(7, expected.pop(at)[0])])

        (stored,) = await rows.read_qubes(store)
        await store.close()

    assert stored.rules == expected


async def test_an_expiring_rule_of_a_clone_vanishes_too(client: Client, system: System, clock: Clock) -> None:
    soon = int(clock.now) + 60
    await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, f"action=drop expire={soon}"))
    stream = system.runtime.hub.listen(lambda event: [event] if event.subject in {"", "copy"} else [])
    await anext(stream)
    await client.send(calls.VM_CLONE("vault", payload=CloneSpec("copy")))
    assert len(system.runtime.state.qube("copy").rules) == 2

    clock.expire("copy")

    async with asyncio.timeout(LIMIT):
        async for event in stream:
            if event.name == "firewall-changed":
                break

    assert [text for _id, text in system.runtime.state.qube("copy").rules] == ["action=accept"]


async def test_an_expired_rule_that_cannot_be_taken_out_is_tried_again(
    client: Client, system: System, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firewall_rules, "RETRY_SECONDS", 0.0)
    commit, refusals = system.runtime.store.commit, iter(range(3))
    await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, f"action=drop expire={int(clock.now) + 60}"))

    async def refused(statements: Iterable[Statement], recording: Any = None) -> None:
        if next(refusals, None) is not None:
            raise StoreError("The disk is full.")
        await commit(statements, recording)

    monkeypatch.setattr(system.runtime.store, "commit", refused)
    clock.expire("vault")
    await until(lambda: len(system.runtime.state.qube("vault").rules) == 1)

    assert next(refusals, None) is None
