# SPDX-License-Identifier: GPL-3.0-or-later
"""A firewall of Qubes OS with a rule that cannot be read here: it costs no other rule, and is never lost."""

from collections.abc import AsyncIterator

import pytest
from bridge_fixtures import client_of, over
from qubesd_model import Faulty, Model
from until import error_of

from qubesmanager.client.client import Client
from qubesmanager.wire import calls
from qubesmanager.wire.errors import QubesValueError

ODD = "action=accept dsthost=1.2.3 proto=tcp dstports=80-80"
"""Qubes OS takes it as a name; here it is neither a name nor an address."""
WEB = "action=accept dsthost=example.com proto=tcp dstports=443-443"
DROP = "action=drop"
QUBE = "app-0000"


@pytest.fixture
def model() -> Model:
    model = Model(5)
    model.qubes[QUBE].firewall = [WEB, ODD, DROP]
    return model


@pytest.fixture
async def client(model: Model) -> AsyncIterator[Client]:
    async with over(Faulty(model)) as backend:
        yield client_of(backend)


async def test_the_other_rules_are_read_and_that_one_is_shown_as_it_is(client: Client) -> None:
    rows = await client.send(calls.VM_FIREWALL_GET(QUBE))

    assert [row.rule for row in rows] == [WEB, ODD, DROP]
    assert len({row.rule_id for row in rows}) == 3


async def test_a_change_of_another_rule_leaves_it_as_it_is(client: Client, model: Model) -> None:
    await client.send(calls.VM_FIREWALL_INSERT_RULE(QUBE, 1, "action=accept dst4=10.0.0.0/8"))
    assert model.qubes[QUBE].firewall == [WEB, "action=accept dst4=10.0.0.0/8", ODD, DROP]

    rows = await client.send(calls.VM_FIREWALL_GET(QUBE))
    await client.send(calls.VM_FIREWALL_REMOVE_RULE(QUBE, rows[0].rule_id))
    assert model.qubes[QUBE].firewall == ["action=accept dst4=10.0.0.0/8", ODD, DROP]


async def test_it_is_removed_and_put_back_by_a_user(client: Client, model: Model) -> None:
    rows = await client.send(calls.VM_FIREWALL_GET(QUBE))
    await client.send(calls.VM_FIREWALL_REMOVE_RULE(QUBE, rows[1].rule_id))
    assert model.qubes[QUBE].firewall == [WEB, DROP]

    await client.send(calls.VM_FIREWALL_REPLACE(QUBE, payload=[row.rule for row in rows]))
    assert model.qubes[QUBE].firewall == [WEB, ODD, DROP]


async def test_a_text_that_qubesd_did_not_send_is_refused(client: Client, model: Model) -> None:
    error = await error_of(client.send(calls.VM_FIREWALL_INSERT_RULE(QUBE, 0, "action=accept dsthost=1.2")))

    assert isinstance(error, QubesValueError)
    assert model.qubes[QUBE].firewall == [WEB, ODD, DROP]
