# SPDX-License-Identifier: GPL-3.0-or-later
"""What plans show: groups, who loses network, what is refused, warnings, stages."""

from dataclasses import replace

import pytest
from samples import live_copy, vm

from qubesmanager.client.live_copy import LiveCopy
from qubesmanager.plans.lifecycle import kill_plan, pause_plan, restart_plan, shutdown_plan, start_plan
from qubesmanager.plans.new_qube import clone_plan
from qubesmanager.plans.plan import Fate, Group, Plan, Row, Step, undo
from qubesmanager.plans.properties import property_plan
from qubesmanager.plans.removal import removal_plan, replacements
from qubesmanager.plans.settings import settings_plan
from qubesmanager.wire import calls
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import DeviceRecord, PropertyValue, VmRecord
from qubesmanager.wire.values import DeviceClass, PowerState, VmClass

RUNNING, PAUSED = PowerState.RUNNING, PowerState.PAUSED


def network(state: PowerState = RUNNING) -> LiveCopy:
    """sys-net, sys-fw behind it, sys-vpn behind that; work on sys-fw, client on sys-vpn; a disposable template."""
    return live_copy(
        vm("dom0", VmClass.ADMIN, RUNNING),
        vm("debian", VmClass.TEMPLATE),
        vm("fedora", VmClass.TEMPLATE),
        vm("dvm", template="debian", template_for_dispvms="yes", netvm="sys-fw"),
        vm("sys-net", state=state, template="debian", provides_network="yes"),
        vm("sys-fw", state=state, template="debian", provides_network="yes", netvm="sys-net"),
        vm("sys-vpn", state=state, template="debian", provides_network="yes", netvm="sys-fw"),
        vm("work", state=state, template="debian", netvm="sys-fw"),
        vm("client", state=state, template="debian", netvm="sys-vpn", auto_cleanup="yes"),
        vm("mail", template="debian", netvm="sys-fw"),
        vm("vault", template="debian", netvm=""),
        default_netvm="sys-fw",
        default_template="debian",
    )


def groups(plan: Plan) -> dict[Group, list[str]]:
    by_group: dict[Group, list[str]] = {}
    for row in plan.rows:
        by_group.setdefault(row.group, []).append(row.qube)
    return by_group


def row_of(plan: Plan, name: str, part: str = "") -> Row:
    return next(row for row in plan.rows if row.qube == name and part in {"", row.part})


def test_net_qube_none_shows_who_loses_the_network_now_and_later_and_through_whom() -> None:
    facts = network()

    plan = property_plan(facts, ["dom0", "work", "sys-vpn", "mail", "vault", "dvm"], "netvm", "")

    assert groups(plan) == {
        Group.LOSE_NETWORK: ["work", "sys-vpn"],
        Group.REFUSED: ["dom0"],
        Group.AT_NEXT_START: ["mail", "dvm"],
        Group.ALREADY: ["vault"],
    }
    assert plan.losing == ("work", "sys-vpn")
    assert plan.lost_through == {"client": "sys-vpn"}
    assert row_of(plan, "sys-vpn").warnings == (Reason("users-lose-network", "client"),)
    assert row_of(plan, "dvm").warnings == (Reason("disposables-without-network"),)
    assert row_of(plan, "dom0").refused == Reason("dom0-no-network")
    assert row_of(plan, "work").now == PropertyValue("sys-fw", False)
    assert row_of(plan, "work").then == PropertyValue("", False)
    assert plan.can_be_undone
    assert plan.needs_showing


def test_a_qube_that_is_left_out_keeps_its_group_and_loses_nothing() -> None:
    plan = property_plan(network(), ["work", "sys-vpn"], "netvm", "", left_out={"sys-vpn"})

    assert groups(plan) == {Group.LOSE_NETWORK: ["work", "sys-vpn"]}
    assert plan.losing == ("work",)
    assert plan.lost_through == {}
    assert [row.qube for row in plan.changes] == ["work"]
    assert not row_of(plan, "sys-vpn").warnings


def test_a_net_qube_around_the_firewall_is_a_warning_and_needs_showing() -> None:
    plan = property_plan(network(), ["work"], "netvm", "sys-net")

    assert row_of(plan, "work").warnings == (Reason("network-around", "sys-fw"),)
    assert plan.needs_showing


def test_a_plan_is_shown_for_two_labels_and_not_for_one() -> None:
    assert not property_plan(network(), ["work"], "label", "blue").needs_showing
    assert property_plan(network(), ["work", "mail"], "label", "blue").needs_showing


def test_undo_leaves_alone_what_was_changed_meanwhile() -> None:
    facts = network()
    plan = property_plan(facts, ["mail", "work"], "label", "blue")
    done = [row.key for row in plan.changes]
    facts.qubes["mail"] = vm("mail", label="blue")
    facts.qubes["work"] = vm("work", state=RUNNING, label="green")

    back = undo(facts, plan, done)

    assert row_of(back, "work").refused == Reason("changed-meanwhile", "work")
    assert [row.qube for row in back.changes] == ["mail"]


@pytest.mark.parametrize(
    "other", [vm("work", label="green", memory="700"), replace(vm("work", label="blue"), features={"x": "other"})]
)
def test_undo_of_settings_leaves_alone_a_qube_of_which_anything_was_changed_meanwhile(other: VmRecord) -> None:
    facts = network()
    label, feature = ("property", "label"), ("feature", "x")
    steps = [
        Step(label, calls.VM_PROPERTY_SET("work", "label", "blue"), calls.VM_PROPERTY_SET("work", "label", "red")),
        Step(feature, calls.VM_FEATURE_SET("work", "x", "mine"), calls.VM_FEATURE_REMOVE("work", "x")),
    ]
    plan = settings_plan(facts, {"work": steps})
    done = [row.key for row in plan.changes]

    facts.qubes["work"] = replace(vm("work", label="blue"), features={"x": "mine"})
    assert [step.request for step in undo(facts, plan, done).steps] == [step.opposite for step in reversed(steps)]

    facts.qubes["work"] = other
    assert row_of(undo(facts, plan, done), "work").refused == Reason("changed-meanwhile", "work")


def test_undo_of_a_moved_system_property_leaves_alone_what_was_changed_meanwhile() -> None:
    facts = network(PowerState.HALTED)
    plan = removal_plan(facts, ["debian"], replacement="fedora")
    done = [row.key for row in plan.changes if row.qube == "dom0"]

    facts.system_properties["default_template"] = "fedora"
    assert len(undo(facts, plan, done).changes) == len(done) == 1

    facts.system_properties["default_template"] = "other"
    assert not undo(facts, plan, done).changes


def test_a_shutdown_counts_its_stages_and_warns_of_data_that_is_lost() -> None:
    plan = shutdown_plan(network(), ["sys-net"])

    stages = {row.qube: row.stage for row in plan.rows}
    assert stages == {"client": 1, "work": 1, "sys-vpn": 2, "sys-fw": 3, "sys-net": 4}
    assert row_of(plan, "client").then is Fate.REMOVED
    assert row_of(plan, "client").warnings == (Reason("disposable-lost"),)
    assert row_of(plan, "sys-vpn").remarks == (Reason("uses-netvm", "sys-fw"),)
    assert row_of(plan, "sys-net").needs == {("sys-fw", "halt")}


def test_a_halted_qube_is_so_already_in_a_shutdown_and_is_not_refused() -> None:
    plan = shutdown_plan(network(), ["work", "mail", "vault"])

    assert groups(plan) == {Group.STAGE: ["work"], Group.ALREADY: ["mail", "vault"]}
    assert plan.refused == ()


def test_a_client_that_is_left_out_or_paused_keeps_its_net_qubes_running() -> None:
    facts = network()
    facts.qubes["mail"] = vm("mail", state=PAUSED, netvm="sys-vpn")

    left_out = shutdown_plan(network(), ["sys-net"], left_out={"client"})
    paused = shutdown_plan(facts, ["sys-net"])

    assert [row.qube for row in left_out.changes] == ["work"]
    assert row_of(left_out, "sys-vpn").refused == Reason("netvm-of-running", "sys-vpn", "client")
    assert row_of(paused, "mail").refused == Reason("qube-paused-shutdown", "mail")
    assert sorted(row.qube for row in paused.changes) == ["client", "work"]


def test_a_restart_starts_again_in_the_order_of_the_network() -> None:
    plan = restart_plan(network(), ["sys-fw"])

    again = [row for row in plan.rows if row.group is Group.START_AGAIN]
    assert [row.qube for row in again] == ["sys-fw", "sys-vpn", "work"]
    assert row_of(plan, "work", "start").needs == {("work", "halt")}
    assert row_of(plan, "work", "start").after == {("sys-fw", "start")}


def test_a_restart_shows_which_qubes_behind_cannot_start_again() -> None:
    facts = network()
    facts.qubes["sys-vpn"] = replace(facts.qubes["sys-vpn"], features={"prohibit-start": "broken"})
    facts.qubes["chat"] = vm("chat", state=RUNNING, template="debian", netvm="sys-vpn")
    why = Reason("start-prohibited", "sys-vpn", "broken")

    plan = restart_plan(facts, ["sys-net", "sys-vpn"])

    assert [row.qube for row in plan.rows if row.group is Group.START_AGAIN] == ["sys-net", "sys-fw", "work"]
    assert [(row.qube, row.part, row.refused) for row in plan.refused] == [
        ("sys-vpn", "start", why),
        ("chat", "start", why),
    ]
    assert ("chat", "halt") in {row.key for row in plan.changes}
    assert plan.needs_showing


def test_a_restart_refuses_the_start_of_a_qube_whose_device_another_keeps() -> None:
    device = DeviceRecord(DeviceClass.USB, "sys-usb", "1-2", attached=False, options={"persistent": "yes"})
    facts = network()
    facts.qubes["sys-usb"] = vm("sys-usb", state=RUNNING)
    facts.qubes["vault"] = replace(facts.qubes["vault"], state=RUNNING, devices=(device._replace(attached=True),))
    facts.qubes["work"] = replace(facts.qubes["work"], devices=(device,))

    kept = restart_plan(facts, ["sys-fw"])
    given_back = restart_plan(facts, ["sys-fw", "vault"])

    assert row_of(kept, "work", "start").refused == Reason("device-attached", "sys-usb", "1-2", "vault")
    assert given_back.refused == ()


def test_a_start_brings_its_net_qubes_first_and_leaves_out_what_does_not_fit() -> None:
    facts = network(PowerState.HALTED)

    plan = start_plan(facts, ["work", "vault", "client"], free=1700)

    assert [(row.qube, row.stage) for row in plan.changes] == [
        ("sys-net", 1), ("sys-fw", 1), ("sys-vpn", 1), ("vault", 2),
    ]  # fmt: skip
    assert row_of(plan, "work").refused == Reason("memory-left", 400, 100)
    without = start_plan(facts, ["work", "vault"], left_out={"sys-fw"})
    assert [row.qube for row in without.changes] == ["sys-net", "vault"]
    assert row_of(without, "work").refused == Reason("netvm-left-out", "sys-fw")
    assert not start_plan(facts, ["work"]).needs_showing


def test_pause_and_kill_of_a_net_qube_show_who_loses_the_network() -> None:
    for make in (pause_plan, kill_plan):
        plan = make(network(), ["sys-vpn"])
        assert plan.lost_through == {"client": "sys-vpn"}
        assert Reason("users-lose-network", "client") in row_of(plan, "sys-vpn").warnings
        assert plan.needs_showing


def test_removing_a_template_lists_its_users_and_moves_them_to_another() -> None:
    facts = network(PowerState.HALTED)

    listed = removal_plan(facts, ["debian"])
    moved = removal_plan(facts, ["debian"], replacement="fedora")

    assert replacements(facts, ["debian"]) == ["fedora"]
    assert not listed.changes
    assert row_of(listed, "work").refused == Reason("uses-removed", "debian")
    assert row_of(moved, "work").then == PropertyValue("fedora", False)
    assert row_of(moved, "dom0", "default_template").then == PropertyValue("fedora", False)
    assert row_of(moved, "debian").then is Fate.REMOVED
    assert {key for row in moved.changes if row.group is Group.MOVE for key in [row.key]} == row_of(
        moved, "debian"
    ).needs


def test_a_user_that_cannot_be_moved_keeps_the_template_and_no_other_is_moved() -> None:
    facts = network(PowerState.HALTED)
    facts.qubes["work"] = vm("work", state=RUNNING, template="debian")

    plan = removal_plan(facts, ["debian"], replacement="fedora")

    assert not plan.changes
    assert row_of(plan, "work").refused == Reason("property-needs-halted", "template", "work")
    assert row_of(plan, "debian").refused == Reason("qube-used", "debian", "work (template)")


def test_clones_get_names_that_no_qube_has_and_that_are_not_too_long() -> None:
    facts = live_copy(vm("work"), vm("work-2"), vm("a" * 31), vm("busy", VmClass.ADMIN, RUNNING))

    plan = clone_plan(facts, ["work", "work-2", "a" * 31, "busy"])

    assert {row.qube: row.part for row in plan.changes} == {
        "work": "work-3", "work-2": "work-2-2", "a" * 31: "a" * 24 + "-2",
    }  # fmt: skip
    assert row_of(plan, "busy").refused == Reason("dom0-not-cloned")


def test_qubes_that_are_removed_together_do_not_hold_each_other_back_but_in_a_ring() -> None:
    facts = live_copy(
        vm("debian", VmClass.TEMPLATE),
        vm("dvm", template="debian"),
        vm("one", default_dispvm="two"),
        vm("two", default_dispvm="one"),
    )

    plan = removal_plan(facts, list(facts.qubes))

    assert [row.qube for row in plan.changes] == ["dvm", "debian"]
    assert row_of(plan, "one", "remove").refused == Reason("qube-used", "one", "two (default_dispvm)")


def test_a_qube_whose_device_another_has_is_removed_after_it() -> None:
    stick = DeviceRecord(DeviceClass.BLOCK, "sys-usb", "sda", attached=False, options={"persistent": "yes"})
    facts = live_copy(vm("sys-usb"), replace(vm("work"), devices=(stick,)))

    assert [row.qube for row in removal_plan(facts, ["sys-usb", "work"]).changes] == ["work", "sys-usb"]
    assert row_of(removal_plan(facts, ["sys-usb"]), "sys-usb").refused is not None
