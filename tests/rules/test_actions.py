# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from samples import vm

from qubesmanager.rules import actions
from qubesmanager.wire.values import PowerState, VmClass

RUNNING = PowerState.RUNNING
RECORDS = {
    record.name: record
    for record in (
        vm("dom0", VmClass.ADMIN, RUNNING),
        vm("debian", VmClass.TEMPLATE),
        vm("sys-net", state=RUNNING, template="debian"),
        vm("sys-fw", state=RUNNING, netvm="sys-net"),
        vm("work", state=RUNNING, netvm="sys-fw"),
        vm("mail", state=PowerState.PAUSED, netvm="sys-fw"),
        vm("vault"),
    )
}


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("dom0", {"settings"}),
        ("debian", {"start", "clone", "rename", "settings", "run", "update"}),
        ("work", {"shutdown", "restart", "pause", "kill", "settings", "attach", "run"}),
        ("mail", {"unpause", "kill", "settings", "attach"}),
        ("vault", {"start", "remove", "clone", "rename", "settings", "attach", "run"}),
    ],
)
def test_what_is_possible_follows_from_class_and_state(name: str, allowed: set[str]) -> None:
    rules = {key.removeprefix("why_not_"): rule for key, rule in vars(actions).items() if key.startswith("why_not_")}

    assert {key for key, rule in rules.items() if rule(RECORDS[name], RECORDS) is None} == allowed


def test_a_used_template_cannot_be_removed_and_the_reason_names_its_users() -> None:
    assert actions.why_not_remove(RECORDS["debian"], RECORDS) == "It is used by sys-net (template)."


def test_dependents_come_farthest_first() -> None:
    assert actions.dependents(RECORDS, "sys-net") == ["mail", "work", "sys-fw"]


def test_starting_goes_from_the_outside_in() -> None:
    assert actions.start_order(RECORDS, ["work", "sys-net", "sys-fw"]) == ["sys-net", "sys-fw", "work"]
