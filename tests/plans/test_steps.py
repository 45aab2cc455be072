# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans in steps: however many qubes there are, a step looks at a few of them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from samples import vm

from qubesmanager.client.live_copy import LiveCopy
from qubesmanager.plans import lifecycle
from qubesmanager.plans.management import management_plan
from qubesmanager.plans.new_qube import clone_plan
from qubesmanager.plans.plan import Plan, undo
from qubesmanager.plans.properties import property_plan
from qubesmanager.plans.removal import removal_plan
from qubesmanager.plans.settings import edit_steps, settings_plan
from qubesmanager.rules.stepwise import Steps
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import PowerState, VmClass

MOST = 40
"""Qubes that a step may look at: a chain of net qubes, several times."""


class Counted(dict[str, VmRecord]):
    """Qubes by name. `looks`: how often one of them was looked at."""

    looks = 0

    def __getitem__(self, name: str) -> VmRecord:
        self.looks += 1
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.looks += 1
        return super().get(name, default)

    def values(self) -> Iterator[VmRecord]:  # type: ignore[override]  # what counts as it goes
        for record in super().values():
            self.looks += 1
            yield record

    def items(self) -> Iterator[tuple[str, VmRecord]]:  # type: ignore[override]  # as above
        for item in super().items():
            self.looks += 1
            yield item


def system(count: int) -> LiveCopy:
    """Two net qubes in a chain, and so many qubes behind them, of which every third one runs."""
    running = PowerState.RUNNING
    records = [
        vm("dom0", VmClass.ADMIN, running),
        vm("debian", VmClass.TEMPLATE),
        vm("sys-net", state=running, template="debian", provides_network="yes"),
        vm("sys-fw", state=running, template="debian", provides_network="yes", netvm="sys-net"),
    ]
    for number in range(count):
        state = running if number % 3 == 0 else PowerState.HALTED
        netvm = ("sys-fw", "sys-net")[number % 2]
        records.append(vm(f"app-{number}", state=state, template="debian", netvm=netvm, memory="400"))
    return LiveCopy(Counted((record.name, record) for record in records), {"default_netvm": "sys-fw"})


def of_settings(facts: LiveCopy, names: list[str]) -> Steps[Plan]:
    edits = {name: edit_steps(vm(name), {("property", "netvm"): ""}) for name in names}
    return settings_plan.steps(facts, edits)


def of_undo(facts: LiveCopy, names: list[str]) -> Steps[Plan]:
    plan = property_plan(facts, names, "netvm", "")
    return undo.steps(facts, plan, {row.key for row in plan.rows})


PLANS: dict[str, Callable[[LiveCopy, list[str]], Steps[Plan]]] = {
    "start": lambda facts, names: lifecycle.start_plan.steps(facts, names, free=100_000),
    "pause": lifecycle.pause_plan.steps,
    "unpause": lifecycle.unpause_plan.steps,
    "shutdown": lifecycle.shutdown_plan.steps,
    "shutdown of some": lambda facts, names: lifecycle.shutdown_plan.steps(facts, names, frozenset(names[::5])),
    "restart": lifecycle.restart_plan.steps,
    "kill": lifecycle.kill_plan.steps,
    "label": lambda facts, names: property_plan.steps(facts, names, "label", "blue"),
    "no net qube": lambda facts, names: property_plan.steps(facts, names, "netvm", ""),
    "another net qube": lambda facts, names: property_plan.steps(facts, names, "netvm", "sys-net"),
    "default net qube": lambda facts, names: property_plan.steps(facts, names, "netvm", None),
    "clone": clone_plan.steps,
    "remove": removal_plan.steps,
    "move and remove": lambda facts, _names: removal_plan.steps(facts, ["sys-fw"], replacement="sys-net"),
    "manager": lambda facts, names: management_plan.steps(facts.qubes, "app-0", names, (), {}),
    "settings": of_settings,
    "undo": of_undo,
}


@pytest.mark.parametrize("kind", PLANS)
def test_a_step_looks_at_a_few_qubes_however_many_there_are(kind: str) -> None:
    longest = []
    for count in (150, 300):
        facts = system(count)
        names = [*facts.qubes]
        qubes = facts.qubes
        assert isinstance(qubes, Counted)
        steps = PLANS[kind](facts, names)
        most = number = qubes.looks = 0
        for _ in steps:
            most, qubes.looks, number = max(most, qubes.looks), 0, number + 1
        longest.append(max(most, qubes.looks))
        assert number >= count

    assert longest[0] == longest[1] <= MOST
