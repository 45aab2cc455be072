# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the properties of a qube go together."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
import samples

from qubesmanager.client.live_copy import LiveCopy
from qubesmanager.rules.edits import (
    DEVICES,
    Change,
    problems,
    warnings,
    why_not_enforced,
    why_not_set_system,
)
from qubesmanager.rules.features import PROHIBIT_START
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import text
from qubesmanager.wire.records import DeviceRecord, PropertyValue, VmRecord
from qubesmanager.wire.values import DeviceClass, PowerState, VmClass

RECORDS = {
    record.name: record
    for record in (
        samples.vm("fedora", VmClass.TEMPLATE),
        samples.vm("sys-net", provides_network="yes"),
        samples.vm("sys-firewall", provides_network="yes", netvm="sys-net"),
        samples.vm("sys-vpn", provides_network="yes", netvm="sys-firewall"),
        samples.vm("work", netvm="sys-firewall", template="fedora", memory="400", maxmem="4000"),
        samples.vm("dvm", template_for_dispvms="yes"),
        samples.vm("disp1", VmClass.DISP, template="dvm"),
    )
}


def change(name: str, edits: Mapping[str, str], records: Mapping[str, VmRecord] = RECORDS) -> Change:
    """The change of that qube by these edits."""
    before = records[name]
    edited = {key: PropertyValue(value, False) for key, value in edits.items()}
    before = replace(before, properties={**{key: PropertyValue("", True) for key in edits}, **before.properties})
    return Change(
        before, replace(before, properties={**before.properties, **edited}), frozenset(edits), LiveCopy(dict(records))
    )


@pytest.mark.parametrize(
    ("name", "edits", "said"),
    [
        ("sys-net", {"netvm": "sys-vpn"}, "loop"),
        ("work", {"netvm": "vault"}, "There is no qube vault."),
        ("work", {"netvm": "fedora"}, "does not provide network"),
        ("work", {"memory": "5000"}, "above the maximum (4000 MiB)"),
        ("work", {"maxmem": "300"}, "below the initial memory (400 MiB)"),
        ("work", {"name": "sys-net"}, "already a qube sys-net"),
        ("work", {"name": "1st"}, "starts with a letter"),
        ("work", {"template": "sys-net"}, "not a template"),
        ("sys-firewall", {"provides_network": "no"}, "the net qube of sys-vpn, work"),
        ("dvm", {"template_for_dispvms": "no"}, "the disposable template of disp1"),
    ],
)
def test_a_change_that_the_daemon_would_refuse_is_reported_before_it_is_sent(
    name: str, edits: dict[str, str], said: str
) -> None:
    assert said in text(problems(change(name, edits))[next(iter(edits))])


def test_a_change_that_is_possible_has_no_problem() -> None:
    assert problems(change("work", {"netvm": "sys-vpn", "memory": "4000", "name": "play"})) == {}


def test_balancing_and_pci_devices_exclude_each_other() -> None:
    device = DeviceRecord(DeviceClass.PCI, "dom0", "00_1f.2", attached=False, options={"persistent": "yes"})
    work = replace(RECORDS["work"], devices=(device,))

    said = problems(change("work", {"maxmem": "4000"}, {**RECORDS, "work": work}))

    assert said["maxmem"] == Reason("pci-not-balanced")
    assert problems(change("work", {"maxmem": "0"}, {**RECORDS, "work": work})) == {}


def test_a_running_qube_keeps_what_changes_only_while_it_is_halted() -> None:
    work = replace(RECORDS["work"], state=PowerState.RUNNING)

    said = problems(change("work", {"template": "fedora", "name": "play"}, {**RECORDS, "work": work}))

    assert said == {
        "name": Reason("rename-needs-halted", "work"),
        "template": Reason("property-needs-halted", "template", "work"),
    }


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ({"vcpus": "0"}, Reason("property-range", "The number of vcpus", 1, 128)),
        ({"qrexec_timeout": "86401"}, Reason("property-range", "A time-out in seconds", 1, 86_400)),
        ({"virt_mode": "xen"}, Reason("property-choice", "pvh, hvm, pv")),
    ],
)
def test_limits_and_choices_of_the_table_are_checked_before_anything_is_sent(
    edits: dict[str, str], said: Reason
) -> None:
    halted = replace(RECORDS["work"], state=PowerState.HALTED)
    halted = replace(halted, properties={**halted.properties, **{name: PropertyValue("", True) for name in edits}})

    assert problems(change("work", edits, {**RECORDS, "work": halted})) == {next(iter(edits)): said}


@pytest.mark.parametrize(
    ("name", "edits", "said"),
    [
        ("work", {"netvm": "sys-net"}, "Its network would go around sys-firewall."),
        ("dvm", {"netvm": "sys-net"}, "Its network would go around sys-firewall."),
        ("sys-firewall", {"name": "wall"}, "References to it are changed too: sys-vpn (netvm), work (netvm)."),
        ("work", {"maxmem": "8000"}, "more than 10 times"),
    ],
)
def test_the_consequences_of_a_change_are_reported(name: str, edits: dict[str, str], said: str) -> None:
    assert said in text(warnings(change(name, edits))[next(iter(edits))])


def test_another_net_qube_further_in_is_no_way_around() -> None:
    assert warnings(change("work", {"netvm": "sys-vpn"})) == {}
    assert warnings(change("sys-vpn", {"netvm": ""})) == {}


def test_a_running_qube_loses_its_connections_with_its_net_qube() -> None:
    work = replace(RECORDS["work"], state=PowerState.RUNNING)

    said = warnings(change("work", {"netvm": "sys-vpn"}, {**RECORDS, "work": work}))

    first = Reason("netvm-starts-first", "sys-vpn")
    assert said["netvm"] == Reason("both-reasons", Reason("connections-end"), first)


def test_a_new_pci_device_and_balanced_memory_exclude_each_other() -> None:
    plain = change("work", {})
    device = DeviceRecord(DeviceClass.PCI, "dom0", "00_1f.3", False, {"persistent": "yes"})
    with_device = replace(plain, after=replace(plain.after, devices=(device,)), edited=frozenset({DEVICES}))

    assert problems(with_device)[DEVICES] == Reason("pci-not-balanced")
    without = replace(plain.before, properties={**plain.before.properties, "maxmem": PropertyValue("0", False)})
    assert problems(replace(with_device, after=replace(without, devices=(device,)))) == {}


def test_rules_that_no_firewall_enforces_are_reported_as_without_effect() -> None:
    work, wall = RECORDS["work"], replace(RECORDS["sys-firewall"], features={"qubes-firewall": "1"})
    records = {**RECORDS, "sys-firewall": wall}

    assert why_not_enforced(work, "", records) == Reason("firewall-no-netvm")
    assert why_not_enforced(work, "sys-firewall", records) is None
    assert why_not_enforced(work, "sys-vpn", records) == Reason("firewall-netvm-without", "sys-vpn")
    reported = replace(work, properties={**work.properties, "firewall_state": PropertyValue("Not so.", True)})
    assert why_not_enforced(reported, "sys-firewall", records) == Reason("other-text", "Not so.")
    why = Reason("user-networking")
    reported = replace(work, properties={**work.properties, "firewall_state": PropertyValue("Not so.", True, why)})
    assert why_not_enforced(reported, "sys-firewall", records) == why


def test_a_running_qube_cannot_get_a_netvm_that_cannot_be_started() -> None:
    running = {**RECORDS, "work": replace(RECORDS["work"], state=PowerState.RUNNING)}
    why = Reason("netvm-not-running", "sys-vpn", "work")
    vpn = replace(RECORDS["sys-vpn"], features={PROHIBIT_START: "for now"})

    assert problems(change("work", {"netvm": "sys-vpn"}, {**running, "sys-vpn": vpn})) == {"netvm": why}
    assert problems(change("work", {"netvm": "sys-vpn"}, running)) == {}  # it is started first
    assert problems(change("work", {"netvm": ""}, running)) == {}
    assert problems(change("work", {"netvm": "sys-firewall"}, running)) == {}
    vpn = replace(RECORDS["sys-vpn"], state=PowerState.RUNNING)
    assert problems(change("work", {"netvm": "sys-vpn"}, {**running, "sys-vpn": vpn})) == {}


def test_a_running_template_has_no_netvm_that_the_default_could_change() -> None:
    wall = samples.vm("wall", provides_network="yes")
    base = samples.vm("base", VmClass.TEMPLATE, PowerState.RUNNING)
    work = samples.vm("work", state=PowerState.RUNNING)

    reason = Reason("netvm-not-running", "wall", "work")
    assert why_not_set_system(LiveCopy({"wall": wall, "base": base, "work": work}), "default_netvm", "wall") == reason
    assert why_not_set_system(LiveCopy({"wall": wall, "base": base}), "default_netvm", "wall") is None
