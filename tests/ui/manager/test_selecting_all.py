# SPDX-License-Identifier: GPL-3.0-or-later
"""With many qubes selected the actions follow in turns of the loop, whatever happens between them."""

import pytest
from PyQt5.QtWidgets import QMenu
from windows import Clicker

from qubesmanager.client.client import Client
from qubesmanager.ui.actions import actions, property_menus
from qubesmanager.ui.actions.actions import judge
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.manager import inspector_summary, main_window
from qubesmanager.ui.widgets import turns
from qubesmanager.wire import calls


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SLICE", 0)
    for module in (actions, property_menus, main_window, inspector_summary):
        monkeypatch.setattr(module, "AT_ONCE", 1)


def begin(clicker: Clicker) -> None:
    """Select all, and take some of the steps that follow."""
    clicker.window.view.selectAll()
    work = clicker.window.operations.turns
    for _ in range(20):
        work._run()
    assert work._due


async def settled(clicker: Clicker) -> None:
    """Wait until the actions are those of what is selected now, and follow later changes."""
    work = clicker.window.operations.turns
    await clicker.until(lambda: not clicker.window._later.isActive() and not work._due and work._steps is None)


def assert_follows(clicker: Clicker) -> None:
    """The actions are as the rules say for what is selected."""
    names = clicker.window.selected()
    for row in clicker.window.actions_of.available():
        possible = judge(row, clicker.session.facts, names, clicker.session.client.refusals).possible
        is_for = bool(names) and (len(names) == 1 or row.multi)
        assert clicker.can(row.id) == (is_for and bool(possible)), row.id


async def test_all_of_them_are_judged(clicker: Clicker) -> None:
    begin(clicker)
    await settled(clicker)

    assert_follows(clicker)
    every = clicker.session.records
    running = sum(record.running for record in every.values())
    summary = clicker.window.inspector.summary
    assert summary.title.text() == f"{len(every)} qube(s) selected"
    await clicker.until(lambda: summary.line.text() == f"{running} of them running")


async def test_a_qube_that_goes_and_one_that_starts_meanwhile_are_taken_into_account(
    clicker: Clicker, client: Client
) -> None:
    begin(clicker)
    await client.send(calls.VM_REMOVE("untrusted"))
    await client.send(calls.VM_START("vault"))
    await clicker.until(lambda: "untrusted" not in clicker.session.records and clicker.state("vault") == "Running")
    await settled(clicker)

    assert_follows(clicker)
    assert "untrusted" not in clicker.window.selected()
    text = f"{len(clicker.session.records)} qube(s) selected"
    await clicker.until(lambda: clicker.window.inspector.summary.title.text() == text)


async def test_a_smaller_selection_meanwhile_is_the_one_that_counts(clicker: Clicker) -> None:
    begin(clicker)
    clicker.select("vault")
    assert_follows(clicker)
    await settled(clicker)

    assert_follows(clicker)
    assert clicker.window.inspector.title.text() == "vault"
    assert clicker.window.inspector.currentIndex() == 1


async def test_a_menu_that_opens_meanwhile_is_whole(clicker: Clicker) -> None:
    begin(clicker)
    menus = [menu for menu in clicker.window.submenus if isinstance(menu, property_menus.PropertyMenu)]
    label = next(menu for menu in menus if menu._prop == "label")
    label.fill()

    assert set(label._names) == set(clicker.session.records) - {"dom0"}
    assert label.actions()


def opened(clicker: Clicker) -> list[tuple[str, ...]]:
    """The qubes of each settings window that is asked for; none is opened."""
    asked: list[tuple[str, ...]] = []
    clicker.session.window_wanted.connect(lambda _kind, names: asked.append(names))
    return asked


def take_steps(clicker: Clicker, number: int) -> None:
    for _ in range(number):
        clicker.window.operations.turns._run()


async def test_an_action_begins_once_all_of_its_qubes_are_judged(clicker: Clicker, client: Client) -> None:
    asked = opened(clicker)
    clicker.window.view.selectAll()
    await settled(clicker)
    names = tuple(clicker.window.selected())

    clicker.click("settings")
    take_steps(clicker, len(names))
    assert not asked
    take_steps(clicker, 1)

    assert asked == [names]


async def test_an_action_that_is_chosen_twice_meanwhile_begins_once(clicker: Clicker) -> None:
    asked = opened(clicker)
    clicker.window.view.selectAll()
    await settled(clicker)

    clicker.click("settings")
    take_steps(clicker, 3)
    clicker.click("settings")
    await settled(clicker)

    assert len(asked) == 1


async def test_an_action_leaves_out_a_qube_that_goes_meanwhile(clicker: Clicker, client: Client) -> None:
    asked = opened(clicker)
    clicker.window.view.selectAll()
    await settled(clicker)
    names = tuple(clicker.window.selected())

    clicker.click("settings")
    take_steps(clicker, 3)
    clicker.session.gone.emit(("untrusted",))
    del clicker.session.follower.records["untrusted"]
    await settled(clicker)

    assert asked == [tuple(name for name in names if name != "untrusted")]


async def test_an_action_does_not_begin_without_a_connection(clicker: Clicker) -> None:
    asked = opened(clicker)
    clicker.window.view.selectAll()
    await settled(clicker)

    clicker.click("settings")
    take_steps(clicker, 3)
    clicker.window.actions_of.look(clicker.window.selected(), connected=False)
    await settled(clicker)

    assert not asked


async def test_a_plan_is_about_all_that_are_selected(clicker: Clicker) -> None:
    clicker.window.view.selectAll()
    await settled(clicker)
    names = clicker.window.selected()

    clicker.click("shutdown")
    dialog = await clicker.dialog(PlanDialog)

    await clicker.until(lambda: dialog.is_planned)
    assert set(dialog.plan.asked) == set(names)
    dialog.reject()


async def test_the_actions_of_a_group_are_greyed_in_a_menu_that_is_open(clicker: Clicker) -> None:
    halted = sorted(name for name, record in clicker.session.records.items() if not record.running)
    menu = QMenu(clicker.window)
    clicker.window.actions_of.fill_menu(menu, halted)
    by_id = {action.objectName(): action for action in menu.actions()}

    await settled(clicker)

    for row in clicker.window.actions_of.available():
        if row.multi:
            possible = judge(row, clicker.session.facts, halted, clicker.session.client.refusals).possible
            assert by_id[row.id].isEnabled() == bool(possible), row.id
    assert not by_id["pause"].isEnabled()
    assert by_id["pause"].toolTip()


async def test_a_menu_that_is_closed_ends_the_work_for_it(clicker: Clicker) -> None:
    await settled(clicker)
    menu = QMenu(clicker.window)
    clicker.window.actions_of.fill_menu(menu, sorted(clicker.session.records))
    menu.popup(clicker.window.pos())
    take_steps(clicker, 3)

    menu.close()

    work = clicker.window.operations.turns
    assert not work._due
    assert work._steps is None


async def test_the_palette_greys_what_the_toolbar_does(clicker: Clicker) -> None:
    clicker.window.view.selectAll()
    await settled(clicker)

    for row in clicker.window.actions_of.available():
        assert (clicker.window.actions_of.why_not(row) is None) == clicker.can(row.id), row.id


async def test_the_window_closes_meanwhile(clicker: Clicker) -> None:
    begin(clicker)

    clicker.window.close()

    await clicker.until(lambda: not clicker.window.isVisible())
