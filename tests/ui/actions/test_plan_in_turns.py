# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan of many qubes is computed in turns of the loop: what is shown meanwhile, and which facts it is made of."""

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PyQt5.QtCore import QObject, Qt
from PyQt5.QtWidgets import QApplication
from pytestqt.modeltest import ModelTester
from samples import live_copy, vm
from windows import Clicker, click, leave_out, opened_dialog, plan_indexes, press_key

from qubesmanager.client.client import Client
from qubesmanager.models.plan_table import BATCH, LETTERS, PlanTable
from qubesmanager.plans.lifecycle import pause_plan, shutdown_plan
from qubesmanager.plans.plan import Plan
from qubesmanager.plans.properties import property_plan
from qubesmanager.rules.stepwise import Steps, all_at_once
from qubesmanager.ui.actions import plan_dialog, plan_texts
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.session import session
from qubesmanager.ui.widgets import lines_preview, turns
from qubesmanager.ui.widgets.turns import Turns
from qubesmanager.wire import calls
from qubesmanager.wire.values import PowerState

USERS = ("personal", "work")
"""Running qubes that use the network of sys-firewall, as the demonstration has them."""


@pytest.fixture(autouse=True)
def many_qubes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were thousands: each step waits for a turn, and a dialog opens before its plan is there."""
    monkeypatch.setattr(session, "AT_ONCE", 0)
    monkeypatch.setattr(turns, "SLICE", 0)
    monkeypatch.setattr(plan_dialog, "PATIENCE", 0)


class Shutdown:
    """Makes the plan that shuts qubes down. While `waits` is set it takes steps and does not end."""

    def __init__(self, clicker: Clicker, *names: str) -> None:
        self._session = clicker.session
        self._names = names
        self.waits = False
        self.begun = 0
        self.taken = 0

    def __call__(self, left_out: frozenset[str], _choice: str) -> Steps[Plan]:
        facts = self._session.facts_now()
        self.begun += 1
        while self.waits:
            self.taken += 1
            yield
        return (yield from shutdown_plan.steps(facts, self._names, left_out))


async def shown(clicker: Clicker, make: Shutdown) -> PlanDialog:
    """The dialog of the plan, once it is computed if it does not wait."""
    clicker.window.operations.confirm(make)
    dialog = await opened_dialog(PlanDialog)
    await clicker.until(lambda: make.waits or (dialog.is_planned and dialog.yes.isEnabled()))
    return dialog


async def some_turns(clicker: Clicker) -> None:
    """Let the loop have turns in which other work would go on."""
    count = 0

    def work() -> Iterator[None]:
        nonlocal count
        for _ in range(20):
            count += 1
            yield

    parent = QObject()
    Turns(parent).put("others", work, later=True)
    await clicker.until(lambda: count == 20)


async def test_the_dialog_shows_that_the_plan_is_computed_until_it_is_there(clicker: Clicker) -> None:
    make = Shutdown(clicker, *USERS)
    make.waits = True
    dialog = await shown(clicker, make)

    assert dialog.waiting.isVisible()
    assert not dialog.is_planned
    make.waits = False
    await clicker.until(lambda: dialog.is_planned)

    assert dialog.chosen == [*USERS]
    assert dialog.tree.isVisible()
    assert dialog.yes.isEnabled()
    dialog.reject()


async def test_a_dialog_that_is_closed_ends_the_computation(clicker: Clicker) -> None:
    make = Shutdown(clicker, *USERS)
    make.waits = True
    dialog = await shown(clicker, make)
    await clicker.until(lambda: make.taken > 0)

    press_key(dialog, Qt.Key.Key_Escape)
    taken = make.taken
    await some_turns(clicker)

    assert make.taken == taken
    assert not clicker.session.tasks.running


async def test_a_plan_that_was_closed_is_freed_without_a_garbage_collection(clicker: Clicker) -> None:
    gc.disable()
    try:
        plans = await plans_of_a_closed_dialog(clicker)
        await clicker.until(lambda: not any(plan() for plan in plans))
    finally:
        gc.enable()


async def plans_of_a_closed_dialog(clicker: Clicker) -> list[weakref.ref[Plan]]:
    """The plans that a dialog has shown."""
    dialog = await shown(clicker, Shutdown(clicker, *USERS))
    plans = [weakref.ref(dialog.plan)]
    dialog.refresh()
    await clicker.until(lambda: dialog.yes.isEnabled() and plans[0]() is not dialog.plan)
    plans.append(weakref.ref(dialog.plan))
    dialog.reject()
    return plans


async def test_what_changes_while_a_plan_is_computed_is_in_the_one_that_is_shown_then(
    clicker: Clicker, client: Client
) -> None:
    make = Shutdown(clicker, *USERS)
    make.waits = True
    dialog = await shown(clicker, make)
    await clicker.until(lambda: make.taken > 0)

    await client.send(calls.VM_SHUTDOWN("work"))
    await clicker.until(lambda: clicker.state("work") == "Halted")
    assert make.begun == 1
    make.waits = False

    await clicker.until(lambda: dialog.is_planned and dialog.chosen == ["personal"])
    dialog.reject()


async def test_the_plan_before_is_shown_until_the_next_one_is_there(clicker: Clicker, client: Client) -> None:
    make = Shutdown(clicker, *USERS)
    dialog = await shown(clicker, make)
    make.waits = True

    await client.send(calls.VM_SHUTDOWN("work"))
    await clicker.until(lambda: make.taken > 0)

    assert dialog.chosen == [*USERS]
    assert dialog.tree.isVisible()
    assert dialog.yes.isEnabled()
    make.waits = False
    await clicker.until(lambda: dialog.chosen == ["personal"])
    dialog.reject()


async def test_a_tick_shows_at_once_and_the_button_is_grey_until_its_plan_is_there(clicker: Clicker) -> None:
    make = Shutdown(clicker, *USERS)
    dialog = await shown(clicker, make)
    make.waits = True

    leave_out(dialog, "work")
    assert plan_indexes(dialog, "work")[0].data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Unchecked
    assert dialog.table.index(0, 0).data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.PartiallyChecked
    leave_out(dialog, "personal")
    leave_out(dialog, "work")

    assert not dialog.yes.isEnabled()
    assert dialog.problem.text() == "Computing what would change…"
    make.waits = False
    await clicker.until(dialog.yes.isEnabled)
    assert dialog.chosen == ["work"]
    dialog.reject()


@pytest.mark.parametrize("is_late", [False, True])
async def test_a_plan_is_checked_against_the_newest_facts_before_it_is_carried_out(
    clicker: Clicker, client: Client, *, is_late: bool
) -> None:
    make = Shutdown(clicker, "sys-firewall")
    dialog = await shown(clicker, make)
    make.waits = is_late  # then the plan with the change never comes
    dialog._later.blockSignals(not is_late)
    await client.send(calls.VM_PROPERTY_SET("vault", "netvm", "sys-firewall"))
    await client.send(calls.VM_START("vault"))
    await clicker.until(lambda: clicker.state("vault") == "Running" and (make.taken > 0 or not is_late))
    assert "vault" not in dialog.chosen
    begun = make.begun

    clicker.press(dialog.yes)
    assert not dialog.yes.isEnabled()
    make.waits = False
    await clicker.until(dialog.yes.isEnabled)

    assert make.begun > begun
    assert "vault" in dialog.chosen
    assert not clicker.session.tasks.entries
    dialog.reject()


async def test_a_change_of_one_qube_that_takes_nothing_is_carried_out_without_a_dialog(clicker: Clicker) -> None:
    clicker.select("vault")
    clicker.click("start")

    await clicker.finished()

    await clicker.until(lambda: clicker.state("vault") == "Running")


async def test_the_calls_are_listed_once_the_user_wants_to_see_them(
    clicker: Clicker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_preview, "LINES", 1)
    dialog = await shown(clicker, Shutdown(clicker, *USERS))
    assert dialog.preview.toPlainText() == ""

    click(dialog.calls)

    await clicker.until(lambda: dialog.preview.toPlainText() == "vm.Shutdown personal\nvm.Shutdown work")
    dialog.reject()


def large_table() -> tuple[PlanTable, Plan]:
    names = [f"app-{number}" for number in range(3 * BATCH)]
    plan = property_plan(live_copy(*(vm(name, label="red") for name in names)), names, "label", "blue")
    table = PlanTable(plan_texts.head)
    all_at_once(table.put(plan))
    return table, plan


def test_the_table_of_a_plan_keeps_qts_contract(qapp: QApplication, qtmodeltester: ModelTester) -> None:
    assert qapp is not None
    table, plan = large_table()
    tester: Any = qtmodeltester
    tester.check(table)

    table.show_more(0)
    assert table.rowCount(table.index(0, 0)) == 2 * BATCH
    all_at_once(table.put(plan))
    assert table.rowCount(table.index(0, 0)) == 2 * BATCH
    all_at_once(table.put(replace(plan, rows=plan.rows[::2])))
    assert table.rowCount(table.index(0, 0)) == BATCH


def test_a_row_that_names_thousands_of_qubes_has_a_short_text(qapp: QApplication) -> None:
    assert qapp is not None
    users = [vm(f"app-{number}", netvm="sys-net", state=PowerState.RUNNING) for number in range(1000)]
    facts = live_copy(vm("sys-net", provides_network="yes", state=PowerState.RUNNING), *users)
    table = PlanTable(plan_texts.head)
    all_at_once(table.put(pause_plan(facts, ["sys-net"])))

    text = table.index(0, len(table.columns) - 1, table.index(0, 0)).data()

    assert "app-0, app-1" in text
    assert len(text) == LETTERS + 1


def test_a_view_gets_the_rows_of_a_long_group_in_batches(qapp: QApplication) -> None:
    assert qapp is not None
    table, plan = large_table()
    head = table.index(0, 0)
    counts = [table.rowCount(head)]
    for _ in range(3):
        table.show_more(0)
        counts.append(table.rowCount(head))

    assert counts == [BATCH, 2 * BATCH, 3 * BATCH, 3 * BATCH]
    table.setData(head, Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    assert table.left_out == {row.qube for row in plan.rows}


async def test_more_rows_come_when_the_last_one_is_in_sight(clicker: Clicker) -> None:
    names = [f"app-{number}" for number in range(10 * BATCH)]
    facts = live_copy(*(vm(name, label="red") for name in names))

    def make(left_out: frozenset[str], _choice: str) -> Steps[Plan]:
        return property_plan.steps(facts, names, "label", "blue", left_out)

    clicker.window.operations.confirm(make)
    dialog = await opened_dialog(PlanDialog)
    await clicker.until(lambda: dialog.is_planned)
    scroll_bar, head = dialog.tree.verticalScrollBar(), dialog.table.index(0, 0)
    assert scroll_bar is not None
    await some_turns(clicker)
    assert dialog.table.rowCount(head) == BATCH

    def scrolled_to_the_end() -> bool:
        scroll_bar.setValue(scroll_bar.maximum())
        return dialog.table.rowCount(head) == len(names)

    await clicker.until(scrolled_to_the_end)
    dialog.reject()
