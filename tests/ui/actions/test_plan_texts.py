# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan shows: its numbers count qubes, not rows, and each of its groups is shown once."""

from dataclasses import replace

from PyQt5.QtWidgets import QApplication
from samples import live_copy, vm

from qubesmanager.models.plan_table import PlanTable
from qubesmanager.plans.lifecycle import shutdown_plan, start_plan
from qubesmanager.plans.plan import Group
from qubesmanager.plans.properties import property_plan
from qubesmanager.plans.removal import removal_plan
from qubesmanager.rules.features import PROHIBIT_START
from qubesmanager.rules.stepwise import all_at_once
from qubesmanager.ui.actions import plan_texts
from qubesmanager.wire.values import PowerState


def test_a_qube_with_two_properties_is_counted_once(qapp: QApplication) -> None:
    assert qapp is not None
    facts = live_copy(
        vm("sys-fw", provides_network="yes"),
        vm("sys-vpn", provides_network="yes"),
        vm("work", netvm="sys-fw", guivm="sys-fw"),
    )

    stuck, moved = removal_plan(facts, ["sys-fw"]), removal_plan(facts, ["sys-fw"], replacement="sys-vpn")

    assert len(stuck.refused) == 3
    assert "2 cannot change." in plan_texts.line(stuck)
    assert plan_texts.head(stuck, Group.REFUSED, 0, stuck.refused).quiet == "2"
    assert [fact.number for fact in plan_texts.facts(stuck)][-1] == "2"
    assert len(moved.changes) == 3
    assert [fact.number for fact in plan_texts.facts(moved)] == ["1", "1"]


def test_a_halted_qube_is_not_counted_as_refused_in_a_shutdown(qapp: QApplication) -> None:
    assert qapp is not None
    facts = live_copy(vm("work", state=PowerState.RUNNING), vm("vault"), vm("mail"))

    plan = shutdown_plan(facts, ["work", "vault", "mail"])

    assert plan_texts.line(plan).startswith("1 to change. 2 need no change.")
    assert plan_texts.button(plan) == "Shut down 1 qube(s)"


def test_all_starts_that_are_refused_are_one_group(qapp: QApplication) -> None:
    assert qapp is not None
    facts = live_copy(
        replace(vm("vault"), features={PROHIBIT_START: "for now"}),
        vm("sys-net", provides_network="yes"),
        vm("large", memory="4000", netvm="sys-net"),
    )

    table = PlanTable(plan_texts.head)
    all_at_once(table.put(start_plan(facts, ["vault", "sys-net", "large"], free=1000)))

    groups = [(group.head.group, group.head.stage, [row.qube for row in group.rows]) for group in table.groups]
    assert groups == [(Group.REFUSED, 0, ["vault", "large"]), (Group.STAGE, 1, ["sys-net"])]


def test_a_property_has_the_words_of_the_settings(qapp: QApplication) -> None:
    assert qapp is not None
    facts = live_copy(vm("work"), vm("vault"))

    plan = property_plan(facts, ["work", "vault"], "shutdown_timeout", "90")

    assert plan_texts.title(plan) == "Set \u201cTime to shut down\u201d to 90"
    assert plan_texts.done_text(plan) == "\u201cTime to shut down\u201d of work, vault is now 90."
    netvm = property_plan(facts, ["work"], "netvm", "")
    assert plan_texts.done_text(netvm).startswith("Net qube of work is now none.")
