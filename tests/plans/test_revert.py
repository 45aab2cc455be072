# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking back a change of the history: the call that is sent, and why there is none."""

from typing import Any

import pytest
from samples import live_copy, vm

from qubesmanager.client.live_copy import LiveCopy
from qubesmanager.plans.plan import Group
from qubesmanager.plans.revert import qube_of, revert_plan, why_not_revert
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.history import HistoryEntry
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.values import PowerState, VmClass

CHANGED = Reason("revert-changed-since")
NO_OPPOSITE = Reason("revert-without-opposite")


def system() -> LiveCopy:
    return live_copy(
        vm("dom0", VmClass.ADMIN, PowerState.RUNNING, uuid="0"),
        vm("debian", VmClass.TEMPLATE, uuid="1"),
        vm("sys-net", uuid="2", template="debian", provides_network="yes"),
        vm("work", uuid="3", template="debian", netvm="sys-net", memory="600"),
        clockvm="sys-net",
    )


def entry(event: str, detail: str = "", uuid: str = "3", qube: str = "work", **values: Any) -> HistoryEntry:
    return HistoryEntry(1, 1, "dom0", "", uuid, qube, event, detail, **values)


SENT: list[tuple[HistoryEntry, Request[Any]]] = [
    (entry("property-set", "memory", old="500", new="600"), calls.VM_PROPERTY_SET("work", "memory", "500")),
    (
        entry("property-set", "memory", old="400", new="600", old_default=True),
        calls.VM_PROPERTY_RESET("work", "memory"),
    ),
    (
        entry("property-set", "memory", qube="earlier", old="500", new="600"),
        calls.VM_PROPERTY_SET("work", "memory", "500"),
    ),
    (
        entry("property-set", "clockvm", "", "", old="", new="sys-net", old_default=True),
        calls.PROPERTY_RESET("dom0", "clockvm"),
    ),
    (entry("property-set", "clockvm", "", "", old="x", new="sys-net"), calls.PROPERTY_SET("dom0", "clockvm", "x")),
    (entry("feature-delete", "f", old=""), calls.VM_FEATURE_SET("work", "f", "")),
    (entry("tag-add", "t"), calls.VM_TAG_REMOVE("work", "t")),
    (entry("tag-delete", "t"), calls.VM_TAG_SET("work", "t")),
    (entry("notes-set", old="a\nb", new=""), calls.VM_NOTES_SET("work", payload="a\nb")),
    (
        entry("firewall-changed", old="action=accept\naction=drop", new=""),
        calls.VM_FIREWALL_REPLACE("work", payload=["action=accept", "action=drop"]),
    ),
    (entry("label-add", "teal", "", "", new="0x112233"), calls.LABEL_REMOVE("dom0", "teal")),
    (entry("label-delete", "teal", "", "", old="0x112233"), calls.LABEL_CREATE("dom0", "teal", "0x112233")),
]  # fmt: skip


@pytest.mark.parametrize(("change", "request_"), SENT, ids=[f"{case[0].event}-{case[1].service}" for case in SENT])
def test_the_old_value_is_given_back(change: HistoryEntry, request_: Request[Any]) -> None:
    facts = system()

    plan = revert_plan(facts, change)

    assert why_not_revert(facts, change, is_latest=True) is None
    assert [step.request for step in plan.steps] == [request_]
    assert plan.can_be_undone
    assert not revert_plan(facts, change, {plan.rows[0].qube}).changes


REFUSED: list[tuple[HistoryEntry, bool, Reason]] = [
    (entry("domain-add", new="class=AppVM"), True, NO_OPPOSITE),
    (entry("volume-set", "private", old="size=1", new="size=2"), True, NO_OPPOSITE),
    (entry("property-set", "name", old="a", new="work"), True, NO_OPPOSITE),
    (entry("notes-set", old="a", new="b", cut=True), True, Reason("revert-value-cut")),
    (entry("tag-add", "t", uuid="9", qube="gone"), True, Reason("no-such-qube", "gone")),
    (entry("tag-add", "t", uuid="9", qube="work"), True, Reason("no-such-qube", "work")),
    (entry("property-set", "memory", old="400", new="500"), True, CHANGED),
    (entry("property-reset", "memory", old="500", new="400", new_default=True), True, CHANGED),
    (entry("feature-set", "f", old=None, new="1"), True, CHANGED),
    (entry("firewall-changed", old="action=drop", new=""), False, CHANGED),
]


@pytest.mark.parametrize(("change", "is_latest", "reason"), REFUSED)
def test_what_cannot_be_taken_back_has_its_reason(change: HistoryEntry, is_latest: bool, reason: Reason) -> None:
    assert why_not_revert(system(), change, is_latest=is_latest) == reason


def test_a_net_qube_that_no_longer_exists_is_refused_in_the_plan() -> None:
    plan = revert_plan(system(), entry("property-set", "netvm", old="sys-old", new="sys-net"))

    assert [row.group for row in plan.rows] == [Group.REFUSED]
    assert not plan.steps


def test_another_qube_of_the_name_is_not_meant() -> None:
    assert qube_of(system(), entry("tag-add", uuid="9")) == ""
    assert qube_of(system(), entry("tag-add", qube="earlier")) == "work"
    assert qube_of(system(), entry("label-add", uuid="", qube="")) == "dom0"
