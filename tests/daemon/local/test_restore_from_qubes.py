# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of Qubes' own tool, and of any other: what passes the rules of a call is restored, the rest is named."""

import pytest
from backup_daemon import WORDS, data_of
from backup_samples import in_english
from qubes_backup import PRIVATE, backup_of, device, domain, of_one, qubes_xml
from streams import pieces

from qubesmanager.cli.restore import listing
from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import PropertyState
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.limits import DEVICES, RULES
from qubesmanager.wire.restores import Contents
from qubesmanager.wire.values import PowerState


async def restored(client: Client, backup: bytes, *options: str) -> list[str]:
    head = "\n".join([f"passphrase={WORDS}", *options, "", ""]).encode()
    return in_english(await client.send(calls.BACKUP_RESTORE("dom0", None, pieces(head, backup))))


def firewall(*rules: str) -> bytes:
    """A firewall.xml; each rule as `name=value` words."""
    elements = "".join(
        "<rule><properties>"
        + "".join("<property name='{}'>{}</property>".format(*word.split("=")) for word in rule.split())
        + "</properties></rule>"
        for rule in rules
    )
    return f'<firewall version="2"><rules>{elements}</rules></firewall>'.encode()


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
    _size, data = await data_of(system.pools.driver("default"), "noted/private")
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
        (domain("in-bad", 2, {"label": "label-77"}), "in-bad restored-as=- result=failed qubes.xml does not say which"),
        (domain("../etc", 2), "domain-2 restored-as=- result=failed qubes.xml lists a qube '../etc' of class"),
        (
            domain("in-bad", 2, klass="A B"),
            "in-bad restored-as=- result=failed qubes.xml lists a qube 'in-bad' of class",
        ),
    ],
)
async def test_an_invalid_qube_fails_no_other_qube(client: Client, bad: str, row: str, verify: str) -> None:
    rows = await restored(client, of_two(domain("in-known"), bad), f"verify-only={verify}")

    assert rows[0] == f"in-known restored-as={'-' if verify == 'yes' else 'in-known'} result=ok"
    assert rows[1].startswith(row)
    assert (verify == "no") == ("in-known" in {info.name for info in await client.send(calls.VM_LIST("dom0"))})


async def test_info_names_the_qubes_that_cannot_be_read(client: Client) -> None:
    backup = of_two(domain("in-known"), domain("../etc", 2))

    head = f"passphrase={WORDS}\n\n".encode()
    answer = await client.send(calls.BACKUP_INFO("dom0", None, pieces(head, backup)))

    assert isinstance(answer, Contents)
    assert ([qube.name for qube in answer.qubes], answer.unreadable) == (["in-known"], ("domain-2",))
    assert "cannot be read: domain-2." in listing(answer)


async def test_an_unreadable_qube_fails_no_conflict(client: Client) -> None:
    rows = await restored(client, of_two(domain("in-known"), domain("../etc", 2)), "conflict=fail")

    assert rows[0] == "in-known restored-as=in-known result=ok"


# -- properties --------------------------------------------------------------------------------------------------------


async def value_of(client: Client, name: str, prop: str) -> PropertyState:
    return await client.send(calls.VM_PROPERTY_GET(name, prop))


async def note_of(client: Client, xml_domain: str, *options: str) -> str:
    """What the row of the one qube says beside that it was restored."""
    (row,) = await restored(client, of_one(xml_domain), *options)
    _name, _as, result, *note = row.split(" ", 3)
    assert result == "result=ok", row
    return " ".join(note)


async def test_two_qubes_that_are_each_others_netvm_do_not_become_a_loop(client: Client) -> None:
    rows = await restored(
        client,
        of_two(
            domain("in-loop-a", 1, {"provides_network": "True", "netvm": "in-loop-b"}),
            domain("in-loop-b", 2, {"provides_network": "True", "netvm": "in-loop-a"}),
        ),
    )

    assert rows[0] == "in-loop-a restored-as=in-loop-a result=ok"
    assert "That would be a loop of net qubes: in-loop-b → in-loop-a → in-loop-b." in rows[1]
    assert (await value_of(client, "in-loop-a", "netvm")).value == "in-loop-b"
    assert await value_of(client, "in-loop-b", "netvm") == PropertyState(True, "")
    await client.send(calls.VM_START("in-loop-a"))
    assert (await client.send(calls.VM_CURRENT_STATE("in-loop-b"))).state is PowerState.RUNNING


@pytest.mark.parametrize(
    ("prop", "value", "says"),
    [
        ("default_dispvm", "vault", "not a template for disposables"),
        ("default_dispvm", "in-one", "not a template for disposables"),
        ("default_dispvm", "nowhere", "There is no qube"),
        ("guivm", "in-one", "its own windows"),
        ("netvm", "in-one", "loop"),
        ("netvm", "vault", "does not provide network"),
        ("netvm", "nowhere", "There is no qube"),
        ("memory", "7", "The memory is between"),
        ("vcpus", "-1", "whole number"),
        ("ip", "10.0.0.300", "not an IPv4 address"),
        ("mac", "ff:ff:ff:ff:ff:ff", "multicast"),
        ("virt_mode", "vm", "It is one of"),
        ("kernel", "../../etc/passwd", "There is no kernel"),
        ("kernelopts", "a\nb", "printable"),
        ("provides_network", "maybe", "yes or no"),
        ("qrexec_timeout", "999999999", "between"),
    ],
)
async def test_a_property_passes_the_rule_of_a_call(client: Client, prop: str, value: str, says: str) -> None:
    note = await note_of(client, domain("in-one", 1, {prop: value}))

    assert says in note
    assert (await value_of(client, "in-one", prop)).is_default
    with pytest.raises(Mgmt1Error):
        await client.send(calls.VM_PROPERTY_SET("in-one", prop, value))


async def test_memory_above_maxmem_is_left_out(client: Client) -> None:
    note = await note_of(client, domain("in-mem", 1, {"maxmem": "400", "memory": "4000"}))

    assert note.startswith("maxmem is the default: The maximum (400 MiB) is below the initial memory (4000 MiB).")
    assert (await value_of(client, "in-mem", "memory")).value == "4000"


async def test_unknown_settings_are_named(client: Client) -> None:
    properties = {
        "devices_denied": "u03****u07****",
        "bootmode": "kicksecure",
        "seclabel": "z",
        "stubdom_xid": "5",
        "xid": "",
    }

    note = await note_of(client, domain("in-props", 1, properties))

    assert "bootmode is the default: There is no boot mode kicksecure; there are: default." in note
    assert "no property 'seclabel' here; 'z' is left out." in note
    assert "xid" not in note
    assert (await value_of(client, "in-props", "devices_denied")).value == "u03****u07****"


async def test_a_template_is_read_before_what_is_based_on_it(client: Client) -> None:
    rows = await restored(
        client,
        backup_of(
            qubes_xml(
                domain("in-disp", 1, {"template": "in-dvm"}, klass="DispVM"),
                domain("in-dvm", 2, {"template": "in-tpl", "template_for_dispvms": "True"}, klass="AppVM"),
                domain("in-tpl", 3, klass="TemplateVM"),
            ),
            {"vm1/firewall.xml": firewall("action=drop"), "vm2/private.img": PRIVATE, "vm3/root.img": PRIVATE},
        ),
        "rename=in-tpl:new-tpl",
    )

    assert [row.partition(" ")[2] for row in rows] == [
        "restored-as=in-disp result=ok",
        "restored-as=in-dvm result=ok",
        "restored-as=new-tpl result=ok",
    ]
    assert (await value_of(client, "in-dvm", "template")).value == "new-tpl"


@pytest.mark.parametrize(("choice", "value"), [("default", "sys-firewall"), ("none", ""), ("skip", None)])
async def test_a_missing_netvm_is_what_was_chosen(client: Client, choice: str, value: str | None) -> None:
    (row,) = await restored(client, of_one(domain("in-one", 1, {"netvm": "gone"})), f"missing-netvm={choice}")

    if value is None:
        assert row == "in-one restored-as=- result=skipped Its net qube 'gone' is missing."
        assert "in-one" not in {info.name for info in await client.send(calls.VM_LIST("dom0"))}
    else:
        assert "There is no qube gone." in row
        assert (await value_of(client, "in-one", "netvm")).value == value


async def test_omissions_of_a_hostile_qube_give_a_row_of_limited_length(client: Client) -> None:
    properties = {f"unknown_{number}": "x" for number in range(5000)}
    devices = "".join(device("usb", "sys-usb", f"{number}-1") for number in range(5000))

    note = await note_of(client, domain("in-many", 1, properties, devices=devices), "devices=yes")

    assert "more that are not named here." in note
    assert len(note) < 20_000
    assert len(await devices_of(client, "in-many")) == DEVICES


# -- features and tags -------------------------------------------------------------------------------------------------


async def test_a_long_feature_of_qubes_comes_back_and_an_impossible_one_is_named(client: Client) -> None:
    features = {"menu-items": "x" * 4097, "-bad": "1", "lines": "a\nb", "huge": "x" * (64 << 10) + "x"}

    note = await note_of(client, domain("in-feat", features=features))

    assert await client.send(calls.VM_FEATURE_LIST("in-feat")) == ["menu-items"]
    assert all(f"The feature '{name}' is left out" in note for name in ("-bad", "lines", "huge"))


async def test_the_list_of_disposables_that_wait_is_not_restored(client: Client) -> None:
    note = await note_of(client, domain("in-feat", features={"preload-dispvm": "sys-usb", "mine": "1"}))

    assert await client.send(calls.VM_FEATURE_LIST("in-feat")) == ["mine"]
    assert "preload" not in note


async def test_tags_that_cannot_be_are_named(client: Client) -> None:
    tags = ("work", "created-by-evil", "a b", "x" * 129, "managed-by-in-tags", "of.before")

    note = await note_of(client, domain("in-tags", tags=tags), "rename=in-tags:renamed")

    kept = await client.send(calls.VM_TAG_LIST("renamed", None))
    assert set(kept) == {"work", "created-by-dom0", "managed-by-renamed", "of_before"}
    assert "The tag 'of.before' is of_before here." in note
    assert "The tag 'a b' is left out" in note
    assert "The tag 'xxx" in note
    assert "evil" not in note


# -- devices -----------------------------------------------------------------------------------------------------------


async def devices_of(client: Client, name: str) -> dict[str, dict[str, str]]:
    record = await client.send(calls.VM_GET_ALL("dom0", name))
    return {f"{one.device_class} {one.backend}:{one.ident}": dict(one.options) for one in record.devices}


async def test_no_device_is_assigned_again_unasked(client: Client) -> None:
    devices = device("block", "dom0", "loop1") + device("usb", "sys-usb", "2-1", 'mode="auto-attach" identity="*"')

    note = await note_of(client, domain("in-dev", devices=devices))

    assert "not asked for (devices=yes): block dom0:loop1, usb sys-usb:2-1." in note
    assert await devices_of(client, "in-dev") == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (device("usb", "sys-usb", "2-1", 'mode="whenever"'), "whenever"),
        (device("usb", "sys-usb", "2-1", 'mode="auto-attach" identity="0951 1666"'), "Not an identity"),
        (device("usb", "sys-usb", "*", 'mode="auto-attach" identity="0951/1666"'), "name is not valid"),
        (device("block", "sys-usb", "a b", x="y"), "name is not valid"),
        (device("block", "sys-usb", "../x"), "name is not valid"),
        (device("block", "sys-usb", "sda&#10;b"), "name is not valid"),
        (device("block", "sys-usb", "sda", x="y"), "no option 'x'"),
        (device("block", "sys-usb", "sda", read_only="perhaps"), "read-only is one of"),
        (device("block", "nowhere", "sda"), "no qube 'nowhere'"),
        (device("block", "in-dev", "sda"), "no qube 'in-dev'"),
        (device("gpu", "dom0", "0"), "no such class"),
        (device("pci", "dom0", "00_14.0", 'mode="auto-attach"'), "cannot be balanced"),
        (device("pci", "dom0", "00_14.0"), "cannot be balanced"),
        (device("pci", "dom0", "00_14.0", permissive="True"), "no option 'permissive'"),
    ],
)
async def test_an_assignment_that_would_be_stronger_or_cannot_be_is_left_out(
    client: Client, text: str, says: str
) -> None:
    note = await note_of(client, domain("in-dev", devices=text), "devices=yes")

    assert says in note
    assert "is left out: " in note
    assert await devices_of(client, "in-dev") == {}


async def test_devices_that_were_asked_for_come_back_as_they_were(client: Client) -> None:
    devices = (
        device("block", "sys-usb", "sda", 'required="no"', read_only="True", frontend_dev="xvdi")
        + device("block", "dom0", "loop1", devtype="cdrom", frontend_dev="xvdy")
        + device("block", "dom0", "sdb", 'mode="required" identity="*"', frontend_dev="xvdy")
        + device("block", "dom0", "sdb")
        + device("usb", "sys-usb", "2-1", 'mode="auto-attach" identity="*"')
        + device("usb", "sys-usb", "2-2", 'mode="ask-to-attach" identity="0951:1666:ABC:u080650"')
        + device("usb", "sys-usb", "*", 'mode="auto-attach" identity="0951:1666:ABC:u080650"')
    )

    note = await note_of(client, domain("in-dev", devices=devices), "devices=yes")

    assert note == "The device block dom0:sdb is left out: it is there twice."
    assert await devices_of(client, "in-dev") == {
        "block sys-usb:sda": {"persistent": "yes", "read-only": "yes", "frontend-dev": "xvdaa"},
        "block dom0:loop1": {"persistent": "yes", "devtype": "cdrom", "frontend-dev": "xvdy"},
        "block dom0:sdb": {"persistent": "yes", "mode": "required", "frontend-dev": "xvdab"},
        "usb sys-usb:2-1": {"persistent": "yes"},
        "usb sys-usb:2-2": {"persistent": "yes", "mode": "ask-to-attach", "identity": "0951:1666:ABC:u080650"},
        "usb sys-usb:*0951:1666:ABC:u080650": {"persistent": "yes"},
    }
    await client.send(calls.VM_START("in-dev"))


@pytest.mark.parametrize("option", ["devices=yes", "devices=no"])
async def test_a_qube_that_had_pci_devices_does_not_start_with_the_machine(client: Client, option: str) -> None:
    pci = device("pci", "dom0", "00_14.0", no_strict_reset="True")
    properties = {"autostart": "True", "maxmem": "0"}

    note = await note_of(client, domain("in-pci", 1, properties, devices=pci), option)

    assert "autostart is off" in note
    assert await value_of(client, "in-pci", "autostart") == PropertyState(True, "no")
    kept = {"pci dom0:00_14.0": {"persistent": "yes", "no-strict-reset": "yes"}}
    assert await devices_of(client, "in-pci") == (kept if option == "devices=yes" else {})
    await note_of(client, domain("in-two", 1, {"autostart": "True"}), option)
    assert await value_of(client, "in-two", "autostart") == PropertyState(False, "yes")
