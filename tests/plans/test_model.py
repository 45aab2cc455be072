# SPDX-License-Identifier: GPL-3.0-or-later
"""Any plan on any system: its result is as shown, nothing that it sends is refused, and undo restores everything."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_model import GUESTS, NETS, ModelSystem, systems
from samples import live_copy, vm
from until import until

from qubesmanager.client.carry_out import AT_ONCE, Carrier, End, RowEnd
from qubesmanager.client.live_copy import LiveCopy
from qubesmanager.plans import lifecycle
from qubesmanager.plans.plan import AT_A_TIME, Fate, Group, Plan, Row, RowKey, Value, undo
from qubesmanager.plans.properties import property_plan
from qubesmanager.plans.removal import removal_plan, replacements
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import PropertyValue, VmRecord
from qubesmanager.wire.values import PowerState, VmClass

NAMES = st.lists(st.sampled_from((*GUESTS, "dom0", "gone")), min_size=1, unique=True)
LEFT_OUT = st.frozensets(st.sampled_from(GUESTS), max_size=3)
VALUES = {
    "netvm": st.sampled_from((None, "", *NETS, "work", "gone")),
    "label": st.sampled_from(("red", "blue")),
    "include_in_backups": st.sampled_from((None, "no")),
    "template": st.sampled_from(("base", "spare", "work")),
}
LIFE: dict[str, Callable[[LiveCopy, Sequence[str], Collection[str]], Plan]] = {
    "start": lifecycle.start_plan,
    "pause": lifecycle.pause_plan,
    "unpause": lifecycle.unpause_plan,
    "suspend": lifecycle.suspend_plan,
    "resume": lifecycle.resume_plan,
    "shutdown": lifecycle.shutdown_plan,
    "restart": lifecycle.restart_plan,
    "kill": lifecycle.kill_plan,
}


class Order:
    """Writes down when rows began and ended."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, tuple[str, str]]] = []

    def begun(self, row: Row) -> None:
        self.steps.append(("begun", row.key))

    def ended(self, row: Row, end: RowEnd) -> None:
        self.steps.append((end.end.value, row.key))


def carry_out(facts: LiveCopy, plan: Plan) -> tuple[Carrier, ModelSystem, Order]:
    system, order = ModelSystem(facts), Order()
    carrier = Carrier(system.client, plan, order)
    asyncio.run(carrier.run())
    return carrier, system, order


def value_of(facts: LiveCopy, row: Row) -> Value:
    qube = facts.qubes.get(row.qube)
    if row.group is Group.MOVE and row.qube == "dom0":
        return PropertyValue(facts.system(row.part), False)
    if qube is None:
        return Fate.REMOVED
    return qube.properties.get(row.part) if isinstance(row.then, PropertyValue) else qube.state


def assert_comes_true(facts: LiveCopy, plan: Plan) -> Carrier:
    """Nothing that the plan sends is refused; each row ends as it shows, and nothing else changes."""
    before = dict(facts.qubes)
    carrier, system, order = carry_out(facts, plan)

    assert {key: end.error for key, end in carrier.ends.items() if end.error} == {}
    assert carrier.done == {row.key for row in plan.changes}
    last = {row.qube: row for row in plan.changes}
    for row in plan.changes:
        if last[row.qube] is row or isinstance(row.then, PropertyValue):
            assert value_of(facts, row) == row.then, row
    touched = {row.qube for row in plan.changes}
    for name, record in before.items():
        if name not in touched and name in facts.qubes:
            assert facts.qubes[name].state == record.state, name
    assert system.most <= AT_A_TIME
    for row in plan.changes:
        for need in row.needs | row.after:
            if need in carrier.ends:
                assert order.steps.index(("done", need)) < order.steps.index(("begun", row.key))
    return carrier


@given(facts=systems(), names=NAMES, left_out=LEFT_OUT, edit=st.sampled_from(sorted(VALUES)), data=st.data())
def test_a_plan_of_a_property_comes_true_and_undo_brings_back_what_was(
    facts: LiveCopy, names: list[str], left_out: frozenset[str], edit: str, data: st.DataObject
) -> None:
    before = dict(facts.qubes)
    plan = property_plan(facts, names, edit, data.draw(VALUES[edit]), left_out)
    carrier = assert_comes_true(facts, plan)

    back = undo(facts, plan, carrier.done)
    assert [row.refused for row in back.rows] == [None] * len(back.rows)
    carrier, _system, _order = carry_out(facts, back)

    refused = {key for key, end in carrier.ends.items() if end.error is not None}
    # A running qube does not get a netvm back that is halted.
    assert all(edit == "netvm" and before[name].running for name, _prop in refused)
    started = {row.qube for row in plan.changes if row.group is Group.START_FIRST}
    if not refused:
        assert {name: record for name, record in facts.qubes.items() if name not in started} == {
            name: record for name, record in before.items() if name not in started
        }


@given(facts=systems(), names=NAMES, left_out=LEFT_OUT, kind=st.sampled_from(sorted(LIFE)))
def test_a_plan_of_states_comes_true(facts: LiveCopy, names: list[str], left_out: frozenset[str], kind: str) -> None:
    plan = LIFE[kind](facts, names, left_out)

    assert_comes_true(facts, plan)

    assert not {row.qube for row in plan.changes} & left_out
    if plan.can_be_undone and plan.steps:
        assert kind in {"pause", "unpause", "suspend", "resume"}


@given(facts=systems(), names=NAMES, left_out=LEFT_OUT, data=st.data())
def test_a_plan_that_removes_moves_the_users_first(
    facts: LiveCopy, names: list[str], left_out: frozenset[str], data: st.DataObject
) -> None:
    replacement = data.draw(st.sampled_from(("", *replacements(facts, names))))

    assert_comes_true(facts, removal_plan(facts, names, left_out, replacement))


@given(facts=systems(), names=NAMES, netvm=st.sampled_from(("", *NETS)), left_out=LEFT_OUT)
def test_qubes_that_lose_the_network_are_those_without_one_afterwards(
    facts: LiveCopy, names: list[str], netvm: str, left_out: frozenset[str]
) -> None:
    plan = property_plan(facts, names, "netvm", netvm, left_out)
    outer = {name for name, qube in facts.qubes.items() if not qube.value("netvm")}
    had = {name: way_out(facts, name) in outer and bool(facts.qubes[name].value("netvm")) for name in facts.qubes}

    carry_out(facts, plan)

    lost = {
        name
        for name, qube in facts.qubes.items()
        if qube.running and had[name] and (not qube.value("netvm") or way_out(facts, name) not in outer)
    }
    assert {*plan.losing, *plan.lost_through} == lost


def way_out(facts: LiveCopy, name: str) -> str:
    """The last qube on the way of the network of a qube."""
    while netvm := facts.qubes[name].value("netvm"):
        name = netvm
    return name


@given(facts=systems(), names=NAMES, free=st.integers(0, 3000))
def test_the_qubes_of_a_start_fit_into_memory(facts: LiveCopy, names: list[str], free: int) -> None:
    plan = lifecycle.start_plan(facts, names, free=free)

    assert sum(row.memory for row in plan.changes) <= free
    assert_comes_true(facts, plan)


@pytest.mark.parametrize("stops", [False, True])
def test_a_refusal_ends_what_needs_the_row_or_all_of_the_plan(stops: bool) -> None:
    facts = LiveCopy(
        {
            "net": running("net", provides_network="yes"),
            "work": running("work", netvm="net"),
            **{f"qube{number}": running(f"qube{number}") for number in range(9)},
        }
    )
    plan = lifecycle.shutdown_plan(facts, ["net", *(f"qube{number}" for number in range(9))])
    facts.qubes["work"] = running("work", PowerState.PAUSED, netvm="net")
    system, order = ModelSystem(facts), Order()
    carrier = Carrier(system.client, plan, order, stops_at_refusal=stops)

    asyncio.run(carrier.run())

    assert ("failed", ("work", "halt")) in order.steps
    assert ("not-begun", ("net", "halt")) in order.steps
    assert facts.qubes["net"].running
    assert "vm.Shutdown net" not in system.sent
    assert set(carrier.ends) == {row.key for row in plan.changes}
    halted = [name for name, qube in facts.qubes.items() if not qube.running]
    assert len(halted) == 9 if not stops else len(halted) < 9


def running(
    name: str, state: PowerState = PowerState.RUNNING, netvm: str = "", provides_network: str = "no"
) -> VmRecord:
    return vm(name, state=state, netvm=netvm, provides_network=provides_network)


def test_once_there_is_no_memory_for_a_start_no_start_that_takes_as_much_is_begun() -> None:
    """Six hundred starts on a full computer are a few refusals."""
    names = [f"qube{number:03}" for number in range(60)]
    facts = live_copy(*(vm(name, memory="400") for name in names), vm("small", memory="100"))
    system, order = ModelSystem(facts), Order()
    system.free = 2150
    carrier = Carrier(system.client, lifecycle.start_plan(facts, [*names, "small"]), order)

    asyncio.run(carrier.run())

    running_names = [name for name in names if facts.qubes[name].running]
    assert len(running_names) == 5
    assert facts.qubes["small"].running
    refused = [key for key, end in carrier.ends.items() if end.end is End.FAILED]
    assert 1 <= len(refused) <= AT_A_TIME
    reasons = {end.reason.code for end in carrier.ends.values() if end.reason is not None}
    assert reasons == {"no-memory-for"}


async def test_a_plan_whose_connection_is_closed_ends_at_once_and_says_what_was_under_way() -> None:
    facts = live_copy(*(running(f"qube{number}") for number in range(9)))
    system, order = ModelSystem(facts), Order()
    system.hangs.set()
    carrier = Carrier(system.client, lifecycle.shutdown_plan(facts, list(facts.qubes)), order, is_closing=lambda: True)
    task = asyncio.get_running_loop().create_task(carrier.run())
    await until(lambda: system.under_way == AT_A_TIME)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    ends = [end.end for end in carrier.ends.values()]
    assert ends.count(End.CANCELLED) == AT_A_TIME
    assert ends.count(End.NOT_BEGUN) == 9 - AT_A_TIME
    assert system.under_way == 0


# -- a restart in the order of the network ----------------------------------------------------------------------------


class Away(Order):
    """Also checks, at each step of a restart, that no qube runs while its net qube is down."""

    def __init__(self, facts: LiveCopy) -> None:
        super().__init__()
        self._facts = facts

    def ended(self, row: Row, end: RowEnd) -> None:
        super().ended(row, end)
        for qube in filter(lambda each: each.klass is not VmClass.ADMIN, self._facts.qubes.values()):
            netvm = self._facts.qubes.get(qube.value("netvm"))
            assert not qube.running or netvm is None or netvm.running, f"{qube.name} runs without {qube.value('netvm')}"


def restart(
    facts: LiveCopy, names: Sequence[str], never: Collection[str] = ()
) -> tuple[Plan, Carrier, ModelSystem, Away]:
    """Restart the qubes; `never` are those that no longer start. It ends, or the test hangs."""
    plan, system, order = lifecycle.restart_plan(facts, names), ModelSystem(facts), Away(facts)
    system.never = frozenset(never)
    carrier = Carrier(system.client, plan, order)
    asyncio.run(carrier.run())
    return plan, carrier, system, order


@given(facts=systems(), names=NAMES)
def test_a_restart_leaves_no_qube_running_without_its_net_qube_and_none_down_longer_than_needed(
    facts: LiveCopy, names: list[str]
) -> None:
    plan, _carrier, _system, order = restart(facts, names)

    netvms = {row.qube: {netvm for netvm, _part in row.after} for row in plan.changes if row.part == lifecycle.START}
    for name, after in netvms.items():
        halted = order.steps.index(("done", (name, lifecycle.HALT)))
        started = order.steps.index(("begun", (name, lifecycle.START)))
        back = [order.steps.index(("done", (netvm, lifecycle.START))) for netvm in after]
        between = order.steps[max([halted, *back]) : started]
        assert [step for step in between if step[0] == "begun" and step[1][1] == lifecycle.HALT] == [], name


@given(facts=systems(), names=NAMES, never=st.frozensets(st.sampled_from(GUESTS), max_size=2))
def test_a_net_qube_that_does_not_come_back_ends_the_starts_behind_it(
    facts: LiveCopy, names: list[str], never: frozenset[str]
) -> None:
    plan, carrier, system, _order = restart(facts, names, never)

    assert set(carrier.ends) == {row.key for row in plan.changes}
    starts = {row.qube: row for row in plan.changes if row.part == lifecycle.START}
    assert {name for name in starts if name in never} >= {
        name for name in starts if carrier.ends[name, lifecycle.START].end is End.FAILED
    }
    for name, row in starts.items():
        above = [netvm for netvm, _part in row.after]
        gone = [netvm for netvm in above if carrier.ends[netvm, lifecycle.START].end is not End.DONE]
        if gone:
            assert carrier.ends[row.key] == RowEnd(End.NOT_BEGUN, reason=Reason("row-before-failed", gone[0]))
            assert f"vm.Start {name}" not in system.sent
        elif name not in never:
            assert carrier.ends[row.key].end is End.DONE


def test_qubes_behind_a_net_qube_that_does_not_halt_are_started_again() -> None:
    on = PowerState.RUNNING
    facts = live_copy(
        vm("net", state=on, provides_network="yes"),
        vm("wall", state=on, provides_network="yes", netvm="net"),
        vm("work", state=on, netvm="wall"),
    )
    plan, system, order = lifecycle.restart_plan(facts, ["net"]), ModelSystem(facts), Away(facts)
    system.stays = frozenset({"wall"})
    carrier = Carrier(system.client, plan, order)
    asyncio.run(carrier.run())

    assert carrier.ends["wall", "halt"].end is End.FAILED
    assert carrier.ends["net", "halt"].reason == Reason("row-before-failed", "wall")
    assert carrier.ends["work", "start"].end is End.DONE
    assert all(qube.running for qube in facts.qubes.values())


def test_a_loop_of_net_qubes_is_refused_and_hangs_nothing() -> None:
    on = PowerState.RUNNING
    facts = live_copy(
        vm("one", state=on, provides_network="yes", netvm="two"),
        vm("two", state=on, provides_network="yes", netvm="one"),
        vm("work", state=on, netvm="one"),
    )

    plan, carrier, _system, _order = restart(facts, ["work", "one", "two"])

    assert {row.qube for row in plan.refused} == {"one", "two"}
    assert carrier.done == {("work", "halt"), ("work", "start")}


def test_a_start_without_memory_leaves_no_other_restarted_qube_down() -> None:
    on = PowerState.RUNNING
    sizes = {"big": "8000", **{f"qube{number}": "400" for number in range(9)}, "tiny": "200"}
    facts = live_copy(*(vm(name, state=on, memory=size) for name, size in sizes.items()))
    plan, system, order = lifecycle.restart_plan(facts, list(sizes)), ModelSystem(facts), Away(facts)
    system.free = 3800
    system.slow = {f"vm.Shutdown {name}": 50 for name in sizes if name != "big"}
    carrier = Carrier(system.client, plan, order)
    asyncio.run(carrier.run())

    assert carrier.ends["big", "start"].end is End.FAILED
    assert carrier.done == {row.key for row in plan.changes} - {("big", "start")}
    assert [name for name, qube in facts.qubes.items() if not qube.running] == ["big"]


@given(facts=systems(), names=NAMES, after=st.integers(1, 12), never=st.frozensets(st.sampled_from(GUESTS), max_size=1))
def test_a_restart_that_is_cancelled_at_any_step_leaves_nothing_down_that_starts(
    facts: LiveCopy, names: list[str], after: int, never: frozenset[str]
) -> None:
    plan, system, order = lifecycle.restart_plan(facts, names), ModelSystem(facts), Away(facts)
    system.never = never
    carrier = Carrier(system.client, plan, order)

    async def cancelled() -> None:
        task = asyncio.get_running_loop().create_task(carrier.run())
        await until(lambda: task.done() or len(system.sent) >= after)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(cancelled())

    assert set(carrier.ends) == {row.key for row in plan.changes}
    begun = {name for kind, (name, part) in order.steps if kind == "begun" and part == lifecycle.HALT}
    again = {row.qube for row in plan.changes if row.part == lifecycle.START}
    down = {name for name in begun & again if not facts.qubes[name].running}
    assert down == set(carrier.down)
    assert not never or down <= behind(facts, never) | never
    if not never:
        assert not down


def behind(facts: LiveCopy, names: Collection[str]) -> set[str]:
    """The qubes whose network goes through one of these."""
    found: set[str] = set()
    while more := {
        name for name, qube in facts.qubes.items() if qube.value("netvm") in {*names, *found} and name not in found
    }:
        found |= more
    return found


@given(facts=systems(), names=NAMES, stays=st.frozensets(st.sampled_from(GUESTS), min_size=1, max_size=2))
def test_a_restart_that_stops_at_a_refusal_leaves_nothing_down(
    facts: LiveCopy, names: list[str], stays: frozenset[str]
) -> None:
    plan, system, order = lifecycle.restart_plan(facts, names), ModelSystem(facts), Away(facts)
    system.stays = stays
    carrier = Carrier(system.client, plan, order, stops_at_refusal=True)
    asyncio.run(carrier.run())

    assert set(carrier.ends) == {row.key for row in plan.changes}
    again = {row.qube for row in plan.changes if row.part == lifecycle.START}
    assert [name for name in again if not facts.qubes[name].running] == []


def test_a_restart_that_stops_starts_what_it_has_halted_and_halts_no_more() -> None:
    names = [f"qube{number}" for number in range(9)]
    facts = live_copy(*(running(name) for name in names))
    plan, system, order = lifecycle.restart_plan(facts, names), ModelSystem(facts), Away(facts)
    system.stays = frozenset({plan.changes[0].qube})
    carrier = Carrier(system.client, plan, order, stops_at_refusal=True)
    asyncio.run(carrier.run())

    assert all(qube.running for qube in facts.qubes.values())
    begun = [key for step, key in order.steps if step == "begun" and key[1] == lifecycle.HALT]
    assert len(begun) == AT_A_TIME


async def test_the_end_of_a_large_plan_gives_others_turns() -> None:
    facts = live_copy(*(running(f"qube{number}") for number in range(5 * AT_ONCE)))
    system, order = ModelSystem(facts), Order()
    system.hangs.set()
    carrier = Carrier(system.client, lifecycle.shutdown_plan(facts, list(facts.qubes)), order, is_closing=lambda: True)
    ended_at_once = []

    async with asyncio.TaskGroup() as group:
        task = group.create_task(carrier.run())
        await until(lambda: system.under_way == AT_A_TIME)
        task.cancel()
        while not task.done():
            before = len(carrier.ends)
            await asyncio.sleep(0)
            ended_at_once.append(len(carrier.ends) - before)

    assert len(carrier.ends) == 5 * AT_ONCE
    assert max(ended_at_once) <= AT_ONCE


async def test_a_plan_that_is_cancelled_again_while_it_ends_has_an_end_for_each_row() -> None:
    facts = live_copy(*(running(f"qube{number}") for number in range(5 * AT_ONCE)))
    system, order = ModelSystem(facts), Order()
    system.hangs.set()
    carrier = Carrier(system.client, lifecycle.shutdown_plan(facts, list(facts.qubes)), order, is_closing=lambda: True)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(carrier.run())
        await until(lambda: system.under_way == AT_A_TIME)
        while not task.done():
            task.cancel()
            await asyncio.sleep(0)

    assert set(carrier.ends) == {(name, "halt") for name in facts.qubes}
    ends = [step for step, _key in order.steps if step != "begun"]
    assert len(ends) == 5 * AT_ONCE


@pytest.mark.parametrize(("seen", "end"), [("begun", End.NOT_BEGUN), ("done", End.DONE)])
async def test_a_whole_plan_that_is_cancelled_in_a_turn_has_an_end_for_each_row(seen: str, end: End) -> None:
    facts = live_copy(*(running(f"qube{number}") for number in range(3 * AT_ONCE)))
    system, order = ModelSystem(facts), Order()
    plan = replace(property_plan(facts, list(facts.qubes), "label", "blue"), is_whole=True)
    carrier = Carrier(system.client, plan, order)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(carrier.run())
        while not any(step == seen for step, _key in order.steps):  # noqa: ASYNC110 - in exactly this turn
            await asyncio.sleep(0)
        task.cancel()

    assert len(system.sent) == (0 if end is End.NOT_BEGUN else len(plan.changes))
    assert {key: row_end.end for key, row_end in carrier.ends.items()} == {row.key: end for row in plan.changes}
    assert len([key for step, key in order.steps if step == end.value]) == len(plan.changes)


def test_the_end_of_a_row_looks_only_at_the_rows_behind_it() -> None:
    """Of a restart of all, the rows that start again wait for the others, and stand before them."""
    names = [f"qube{number}" for number in range(300)]
    facts = live_copy(*(running(name) for name in names))
    plan = lifecycle.restart_plan(facts, names)
    looks = 0

    class Counted(frozenset[RowKey]):
        def __or__(self, other: Any) -> Any:
            nonlocal looks
            looks += 1
            return super().__or__(other)

    rows = tuple(replace(row, needs=Counted(row.needs)) for row in plan.rows)
    system, order = ModelSystem(facts), Order()
    carrier = Carrier(system.client, replace(plan, rows=rows), order)

    asyncio.run(carrier.run())

    assert carrier.done == {row.key for row in plan.changes}
    assert looks <= len(plan.changes)
