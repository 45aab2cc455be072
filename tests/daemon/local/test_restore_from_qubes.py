# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of Qubes' own tool, and of anybody: what passes the rules of a call is restored, the rest is named."""

import pytest
from backup_daemon import WORDS, data_of, pieces
from qubes_backup import PRIVATE, backup_of, domain, of_one, qubes_xml

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.limits import RULES


async def restored(client: Client, backup: bytes, *options: str) -> list[str]:
    head = "\n".join([f"passphrase={WORDS}", *options, "", ""]).encode()
    return await client.send(calls.BACKUP_RESTORE("dom0", None, pieces(head, backup)))


def firewall(*rules: str) -> bytes:
    """A firewall.xml; each rule as `name=value` words."""
    held = "".join(
        "<rule><properties>"
        + "".join("<property name='{}'>{}</property>".format(*word.split("=")) for word in rule.split())
        + "</properties></rule>"
        for rule in rules
    )
    return f'<firewall version="2"><rules>{held}</rules></firewall>'.encode()


async def rules_of(client: Client, name: str) -> list[str]:
    return [row.rule for row in await client.send(calls.VM_FIREWALL_GET(name))]


# -- small files -------------------------------------------------------------------------------------------------------


async def test_addresses_in_the_firewall_of_qubes_come_back(client: Client) -> None:
    file = firewall(
        "action=accept dsthost=192.168.7.0/24",
        "action=accept dsthost=192.0.2.7/32 proto=tcp dstports=22",
        "action=drop",
    )

    rows = await restored(client, of_one(domain("in-fw4"), firewall_xml=file))

    assert rows == ["in-fw4 restored-as=in-fw4 result=ok"]
    assert await rules_of(client, "in-fw4") == [
        "action=accept dst4=192.168.7.0/24",
        "action=accept dst4=192.0.2.7/32 proto=tcp dstports=22-22",
        "action=drop",
    ]


@pytest.mark.parametrize("host", [".example.org", ""])
async def test_a_rule_that_cannot_be_read_closes_the_list_and_not_the_qube(client: Client, host: str) -> None:
    file = firewall(f"action=accept dsthost={host} proto=tcp dstports=443", "action=accept")

    (row,) = await restored(client, of_one(domain("in-odd"), firewall_xml=file))

    assert row.startswith("in-odd restored-as=in-odd result=ok Rule 1 of firewall.xml cannot be read: dsthost")
    assert await rules_of(client, "in-odd") == ["action=drop"]


async def test_the_firewall_of_qubes_3_is_converted(client: Client) -> None:
    file = (
        b'<QubesFirewallRules policy="allow"><rule address="192.0.2.1" netmask="24" proto="any"/></QubesFirewallRules>'
    )

    rows = await restored(client, of_one(domain("in-v1"), firewall_xml=file))

    assert rows == ["in-v1 restored-as=in-v1 result=ok"]
    assert "action=drop dst4=192.0.2.0/24" in await rules_of(client, "in-v1")


async def test_more_rules_than_a_qube_may_have_end_closed(client: Client) -> None:
    file = firewall(*["action=accept dsthost=192.0.2.1"] * (RULES + 1))

    (row,) = await restored(client, of_one(domain("many"), firewall_xml=file))

    rules = await rules_of(client, "many")
    assert (len(rules), rules[-1]) == (RULES, "action=drop")
    assert f"more than {RULES} rules" in row


@pytest.mark.parametrize(
    ("notes", "says"), [("Grün".encode("latin-1"), "UTF-8"), (b"a\x1b[31mb", "control characters")]
)
async def test_notes_that_cannot_be_kept_are_lost_alone(
    client: Client, system: System, notes: bytes, says: str
) -> None:
    (row,) = await restored(client, of_one(domain("noted"), notes_txt=notes))

    assert row.startswith("noted restored-as=noted result=ok")
    assert says in row
    assert await client.send(calls.VM_NOTES_GET("noted")) == ""
    _size, data = await data_of(system.volumes.driver("default"), "noted/private")
    assert data == {0: PRIVATE}


async def test_a_verification_names_what_a_restore_would_lose(client: Client) -> None:
    (row,) = await restored(client, of_one(domain("noted"), notes_txt=b"\xff"), "verify-only=yes")

    assert row == "noted restored-as=- result=ok notes.txt is not text in UTF-8. The notes are left out."


# -- one bad qube ------------------------------------------------------------------------------------------------------


def of_two(first: str, second: str) -> bytes:
    return backup_of(qubes_xml(first, second), {"vm1/private.img": PRIVATE, "vm2/private.img": PRIVATE})


@pytest.mark.parametrize("verify", ["no", "yes"])
@pytest.mark.parametrize(
    ("bad", "row"),
    [
        (
            domain("in-fancy", 2, klass="FancyVM"),
            "in-fancy restored-as=- result=skipped There are no qubes of the class",
        ),
        (domain("in-remote", 2, klass="RemoteVM"), "in-remote restored-as=- result=skipped There are no qubes of the"),
        (domain("in-bad", 2, {"label": "label-77"}), "in-bad restored-as=- result=failed qubes.xml does not say which"),
        (domain("../etc", 2), "domain-2 restored-as=- result=failed qubes.xml lists a qube '../etc' of class"),
        (
            domain("in-bad", 2, klass="A B"),
            "in-bad restored-as=- result=failed qubes.xml lists a qube 'in-bad' of class",
        ),
    ],
)
async def test_a_qube_that_cannot_be_costs_no_other(client: Client, bad: str, row: str, verify: str) -> None:
    rows = await restored(client, of_two(domain("in-known"), bad), f"verify-only={verify}")

    assert rows[0] == f"in-known restored-as={'-' if verify == 'yes' else 'in-known'} result=ok"
    assert rows[1].startswith(row)
    assert (verify == "no") == ("in-known" in {info.name for info in await client.send(calls.VM_LIST("dom0"))})


async def test_an_unreadable_qube_fails_no_conflict(client: Client) -> None:
    rows = await restored(client, of_two(domain("in-known"), domain("../etc", 2)), "conflict=fail")

    assert rows[0] == "in-known restored-as=in-known result=ok"
