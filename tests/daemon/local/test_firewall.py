# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import time

import pytest

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError, QubesValueError


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
async def test_a_rule_that_is_none_changes_nothing(client: Client, rule: str) -> None:
    with pytest.raises((ProtocolError, QubesValueError)):
        await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", None, rule))

    assert await rules(client) == ["action=accept"]


async def test_an_expired_rule_vanishes_by_itself(client: Client, system: System) -> None:
    soon = int(time.time()) + 2
    await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, f"action=drop expire={soon}"))
    assert len(system.qube("vault").rules) == 2

    async with asyncio.timeout(20):
        async for event in system.hub.listen(lambda event: [event] if event.subject in {"", "vault"} else []):
            if event.name == "firewall-changed":
                break

    assert await rules(client) == ["action=accept"]
    assert len(system.qube("vault").rules) == 1


async def test_dom0_has_no_firewall(client: Client) -> None:
    with pytest.raises(Mgmt1Error):
        await client.send(calls.VM_FIREWALL_FLUSH("dom0"))
