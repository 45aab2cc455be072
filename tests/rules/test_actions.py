# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import pytest
from samples import live_copy, vm

from qubesmanager.rules import actions
from qubesmanager.rules.actions import WhyNot, WhyNotAll, each
from qubesmanager.rules.network import dependents, start_order
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import DeviceRecord, VolumeRecord
from qubesmanager.wire.values import DeviceClass, PowerState, VmClass

RUNNING = PowerState.RUNNING
PRIVATE = VolumeRecord("private", "default", "work/private", 1, 1, save_on_stop=True)


FACTS = live_copy(
    vm("dom0", VmClass.ADMIN, RUNNING),
    vm("debian", VmClass.TEMPLATE),
    vm("sys-net", state=RUNNING, template="debian"),
    vm("sys-fw", state=RUNNING, netvm="sys-net"),
    replace(vm("work", state=RUNNING, netvm="sys-fw"), volumes=(PRIVATE,)),
    vm("mail", state=PowerState.PAUSED, netvm="sys-fw"),
    vm("vault"),
    clockvm="sys-net",
)
RULES: dict[str, WhyNotAll] = {
    "start": each(actions.why_not_start),
    "shutdown": actions.shutdown_reasons,
    "restart": actions.restart_reasons,
    "pause": each(actions.why_not_pause),
    "unpause": each(actions.why_not_unpause),
    "kill": each(actions.why_not_kill),
    "remove": each(actions.why_not_remove),
    "clone": each(actions.why_not_clone),
    "rename": each(actions.why_not_rename),
    "run": each(actions.why_not_run),
    "update": each(actions.why_not_update),
    "attach": each(actions.why_not_attach),
}


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("dom0", set()),
        ("debian", {"start", "clone", "rename", "run", "update"}),
        ("work", {"shutdown", "restart", "pause", "kill", "attach", "run"}),
        ("mail", {"unpause", "kill", "attach", "clone"}),
        ("vault", {"start", "remove", "clone", "rename", "attach", "run"}),
    ],
)
def test_possible_actions_follow_from_class_and_state(name: str, allowed: set[str]) -> None:
    assert {key for key, rule in RULES.items() if dict(filter(None, rule(FACTS, [name])))[name] is None} == allowed


def test_a_used_template_cannot_be_removed_and_the_reason_names_its_users() -> None:
    assert actions.why_not_remove(FACTS, FACTS.qubes["debian"]) == Reason("qube-used", "debian", "sys-net (template)")


def test_a_qube_that_a_system_property_names_cannot_be_removed() -> None:
    facts = live_copy(vm("vault"), clockvm="vault")

    why = actions.why_not_remove(facts, facts.qubes["vault"])

    assert why == Reason("qube-used", "vault", "the system property clockvm")


def test_a_qube_whose_device_is_assigned_to_another_cannot_be_removed() -> None:
    stick = DeviceRecord(DeviceClass.BLOCK, "sys-usb", "sda", attached=False, options={"persistent": "yes"})
    facts = live_copy(vm("sys-usb"), replace(vm("work"), devices=(stick,)))

    assert actions.why_not_remove(facts, facts.qubes["sys-usb"]) == Reason(
        "qube-used", "sys-usb", "work (block device sda)"
    )


def test_a_qube_with_a_paused_netvm_does_not_start() -> None:
    facts = live_copy(
        vm("sys-net", state=PowerState.PAUSED, provides_network="yes"),
        vm("sys-fw", netvm="sys-net", provides_network="yes"),
        vm("work", netvm="sys-fw"),
    )

    for name in ("sys-fw", "work"):
        assert actions.why_not_start(facts, facts.qubes[name]) == Reason("netvm-paused", "sys-net")


def test_a_netvm_is_shut_down_after_its_clients_unless_one_of_them_cannot_be() -> None:
    paused_client = Reason("netvm-of-running", "sys-net", "sys-fw")
    assert actions.why_not_shutdown(FACTS, FACTS.qubes["sys-net"]) == paused_client
    assert actions.why_not_shutdown_all(FACTS, ["sys-net"]) == {"sys-net": paused_client}

    running = live_copy(*(replace(each, state=RUNNING) for each in FACTS.qubes.values()))
    assert actions.why_not_shutdown_all(running, ["sys-net"]) == {"sys-net": None}


def test_a_running_qube_is_cloned_if_it_keeps_nothing() -> None:
    disposable = vm("disp1", VmClass.DISP, RUNNING)
    facts = live_copy(disposable, replace(vm("work", state=RUNNING), volumes=(PRIVATE,)))

    assert actions.why_not_clone(facts, disposable) is None
    assert actions.why_not_clone(facts, facts.qubes["work"]) == Reason("clone-needs-halted", "work")


def test_a_qube_whose_volume_another_one_has_is_not_started_cloned_or_renamed() -> None:
    extra = VolumeRecord("data", "default", "lab/data", 1, 1, extra=True)
    disk = DeviceRecord(DeviceClass.BLOCK, "lab", "data", attached=True)
    facts = live_copy(replace(vm("lab"), volumes=(extra,)), replace(vm("work", state=RUNNING), devices=(disk,)))
    rules: tuple[WhyNot, ...] = (actions.why_not_start, actions.why_not_clone, actions.why_not_rename)

    for rule in rules:
        assert rule(facts, facts.qubes["lab"]) == Reason("own-volume-attached", "data", "lab", "work")


def test_dependents_come_farthest_first() -> None:
    assert dependents(FACTS.qubes, "sys-net") == ["mail", "work", "sys-fw"]


def test_net_qubes_are_started_before_their_clients() -> None:
    assert start_order(FACTS.qubes, ["work", "sys-net", "sys-fw"]) == ["sys-net", "sys-fw", "work"]


def test_a_prohibited_start_says_its_rationale_in_one_line() -> None:
    facts = live_copy(replace(vm("work"), features={"prohibit-start": "Being\nupgraded"}))

    reason = Reason("start-prohibited", "work", "Being upgraded")
    assert actions.why_not_start(facts, facts.qubes["work"]) == reason
    assert actions.why_not_run(facts, facts.qubes["work"]) == reason


def test_a_client_of_a_netvm_that_must_not_start_does_not_start_either() -> None:
    facts = live_copy(
        replace(vm("sys-net", provides_network="yes"), features={"prohibit-start": "Broken"}),
        vm("work", netvm="sys-net"),
    )

    assert actions.why_not_start(facts, facts.qubes["work"]) == Reason("start-prohibited", "sys-net", "Broken")


def test_a_running_qube_that_must_not_start_is_not_restarted() -> None:
    facts = live_copy(replace(vm("work", state=RUNNING), features={"prohibit-start": "Broken"}))

    assert actions.why_not_restart(facts, ["work"]) == {"work": Reason("start-prohibited", "work", "Broken")}
    assert actions.why_not_shutdown(facts, facts.qubes["work"]) is None


def test_a_template_is_left_out_of_updates_on_request() -> None:
    facts = live_copy(replace(vm("debian", VmClass.TEMPLATE), features={"skip-update": "1"}))

    assert actions.why_not_update(facts, facts.qubes["debian"]) == Reason("update-skipped", "debian")
