# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers in the texts of a plan count qubes, not rows."""

from PyQt5.QtWidgets import QApplication
from samples import live_copy, vm

from qubesmanager.plans.removal import removal_plan
from qubesmanager.ui.actions import plan_texts


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
    assert [fact.number for fact in plan_texts.facts(stuck)][-1] == "2"
    assert len(moved.changes) == 3
    assert [fact.number for fact in plan_texts.facts(moved)] == ["1", "1"]
