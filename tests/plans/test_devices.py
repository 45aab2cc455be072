# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps about devices: their order, and what the events must show before the next one."""

from dataclasses import replace

from samples import live_copy, vm

from qubesmanager.client.live_copy import LiveCopy
from qubesmanager.plans.devices import (
    DeviceStep,
    Seen,
    assignment_steps,
    attach_steps,
    detach_steps,
    device_key,
    options_text,
)
from qubesmanager.plans.new_qube import cloned, created, free_disposable_name
from qubesmanager.rules.devices import DeviceKey
from qubesmanager.wire.records import DeviceRecord
from qubesmanager.wire.values import DeviceClass, PowerState

STICK = DeviceKey(DeviceClass.USB, "sys-usb", "2-1")
ASSIGNED = {"persistent": "yes"}


def system(state: PowerState, *devices: DeviceRecord) -> LiveCopy:
    return live_copy(replace(vm("work", state=state), devices=devices))


def texts(steps: list[DeviceStep]) -> list[tuple[str, Seen | None]]:
    return [(each.step.text(), each.shown) for each in steps]


def test_a_running_qube_is_given_a_device_in_one_step() -> None:
    steps = attach_steps(system(PowerState.RUNNING), STICK, "work", {})

    assert texts(steps) == [("vm.device.usb.Attach work sys-usb+2-1", Seen.ATTACHED)]


def test_a_halted_qube_is_started_before_it_is_given_a_device() -> None:
    steps = attach_steps(system(PowerState.HALTED), STICK, "work", {})

    assert texts(steps) == [("vm.Start work", None), ("vm.device.usb.Attach work sys-usb+2-1", Seen.ATTACHED)]
    assert [each.is_start for each in steps] == [True, False]


def test_a_halted_qube_that_gets_a_device_at_each_start_is_started_afterwards_if_that_is_asked() -> None:
    facts = system(PowerState.HALTED)
    attach = ("vm.device.usb.Attach work sys-usb+2-1 ← persistent=yes", Seen.ASSIGNED)

    assert texts(attach_steps(facts, STICK, "work", ASSIGNED)) == [attach, ("vm.Start work", Seen.ATTACHED)]
    assert texts(attach_steps(facts, STICK, "work", ASSIGNED, start=False)) == [attach]


def test_a_step_came_true_when_the_events_show_it() -> None:
    none, attached = system(PowerState.RUNNING), system(PowerState.RUNNING, DeviceRecord(*STICK, attached=True))
    assigned = system(PowerState.RUNNING, DeviceRecord(*STICK, attached=False, options=ASSIGNED))
    (attach,) = attach_steps(none, STICK, "work", {})
    (assign,) = attach_steps(none, STICK, "work", ASSIGNED)
    (detach,) = detach_steps(STICK, "work")

    assert [attach.came_true(facts) for facts in (none, attached, assigned)] == [False, True, False]
    assert [assign.came_true(facts) for facts in (none, attached, assigned)] == [False, False, True]
    assert [detach.came_true(facts) for facts in (none, attached, assigned)] == [True, False, True]


def test_a_device_at_any_port_is_unassigned_by_its_identity() -> None:
    steps = detach_steps(STICK._replace(ident="*0781:5583:123"), "work")

    assert texts(steps) == [("vm.device.usb.Unassign work sys-usb+_ ← identity=0781:5583:123", None)]


def test_an_assignment_at_any_port_keeps_its_identity_when_its_options_change() -> None:
    present = DeviceRecord(DeviceClass.BLOCK, "sys-usb", "*0781:5583:123", False, ASSIGNED)
    key = device_key(*present[:3])

    mode = assignment_steps("work", key, present, "mode=ask-to-attach")
    options = assignment_steps("work", key, present, "read-only=yes")
    end = assignment_steps("work", key, present, None)

    assert [step.text() for step in mode] == [
        "vm.device.block.SetAssignment work sys-usb+_ ← mode=ask-to-attach identity=0781:5583:123"
    ]
    assert [step.text() for step in options] == [
        "vm.device.block.Unassign work sys-usb+_ ← identity=0781:5583:123",
        "vm.device.block.Assign work sys-usb+_ ← read-only=yes identity=0781:5583:123",
    ]
    assert [step.text() for step in end] == ["vm.device.block.Unassign work sys-usb+_ ← identity=0781:5583:123"]


def test_an_edit_without_options_is_an_empty_text() -> None:
    assert options_text({"persistent": "yes", "frontend-dev": "xvdy"}) == ""


def test_a_new_qube_is_created_then_set_up_then_started() -> None:
    new = created(
        "fresh", "AppVM", "red", "debian", pool="ssd", private_size=4 << 30, properties={"netvm": ""}, tags=["work"],
        start=True,
    )  # fmt: skip

    assert new.make.text().split()[:3] == ["vm.CreateInPool", "debian", "AppVM"]
    assert [step.text() for step in new.further] == [
        "vm.property.Set fresh netvm",
        "vm.tag.Set fresh work",
        f"vm.volume.Extend fresh private ← {4 << 30}",
    ]
    assert [step.key for step in new.further] == [("property", "netvm"), ("tag", "work"), ("volume", "private")]
    assert new.start is not None
    assert new.start.text() == "vm.Start fresh"


def test_a_clone_has_the_pool_of_its_source_unless_one_is_chosen() -> None:
    assert cloned("work", "copy").make.text() == "vm.Clone work ← name=copy"
    assert cloned("work", "copy", pool="ssd").make.text() == "vm.Clone work ← name=copy pool=ssd"
    assert cloned("work", "copy").start is None


def test_a_new_disposable_gets_the_first_number_that_is_free() -> None:
    assert free_disposable_name({"disp0", "disp1", "disp3"}) == "disp2"
