# SPDX-License-Identifier: GPL-3.0-or-later
"""The update centre, clicked through over a whole daemon."""

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QMenu, QTableView
from windows import Clicker, click, click_enabled, plan_indexes, type_text

from qubesmanager.client.client import Client
from qubesmanager.models.qube_counts import ALL
from qubesmanager.models.update_rows import RestartRow
from qubesmanager.rules.facts import Facts
from qubesmanager.rules.updates import AVAILABLE, CHECKED, END_OF_LIFE
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.manager import updates_page
from qubesmanager.ui.manager.updates_page import AT_A_TIME, UpdatesPage
from qubesmanager.ui.session.tasks import TaskState
from qubesmanager.wire import calls


async def shown(clicker: Clicker) -> UpdatesPage:
    """The page, after its line in the sidebar was chosen."""
    clicker.window.sidebar.choose("page:updates")
    page = clicker.window.pages.currentWidget()
    assert isinstance(page, UpdatesPage)
    await clicker.until(lambda: page.is_known)
    return page


def texts(table: QTableView, *columns: int) -> list[tuple[str, ...]]:
    model = table.model()
    assert model is not None
    return [tuple(str(model.index(row, at).data()) for at in columns) for row in range(model.rowCount())]


def choose_row(table: QTableView, name: str) -> None:
    """Click the row of a qube."""
    model, viewport = table.model(), table.viewport()
    assert model is not None
    assert viewport is not None
    index = next(model.index(row, 0) for row in range(model.rowCount()) if model.index(row, 0).data() == name)
    table.scrollTo(index)
    click(viewport, table.visualRect(index).center())


def badge(clicker: Clicker) -> str:
    sidebar = clicker.window.sidebar
    return sidebar._count(sidebar._entries["page:updates"])[0]


async def change_root(client: Client, *templates: str) -> None:
    """Give these templates, which are halted, other root volumes."""

    async def content() -> AsyncIterator[bytes]:
        yield b"updated" * 1000

    for name in templates:
        await client.send(calls.VM_VOLUME_IMPORT(name, "root", content()))


@pytest.fixture
def updated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What an installed updater was asked for: its arguments, a line for each time."""
    log, program = tmp_path / "updated", tmp_path / "bin" / "qubes-vm-update"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return lambda: log.read_text().splitlines() if log.exists() else []


async def test_templates_are_listed_with_what_is_known_of_their_updates(clicker: Clicker, client: Client) -> None:
    page = await shown(clicker)

    assert texts(page.updates_table, 0, 2, 3) == [
        ("fedora-43", "Updates available", "5 h ago"),
        ("debian-13", "Not checked for long", "1 month(s) ago"),
    ]
    assert page.head.note.text() == "%n with updates, %n not checked for long".replace("%n", "1")
    assert badge(clicker) == "2"

    await client.send(calls.VM_FEATURE_SET("debian-13", END_OF_LIFE, "2024-05-01"))
    await clicker.until(lambda: texts(page.updates_table, 0, 2)[0] == ("debian-13", "No longer supported"))
    await client.send(calls.VM_FEATURE_REMOVE("fedora-43", AVAILABLE))

    await clicker.until(lambda: texts(page.updates_table, 0, 2)[1] == ("fedora-43", "Up to date"))
    choose_row(page.updates_table, "debian-13")
    await clicker.until(lambda: page.foot.text().startswith("debian-13: No longer supported: its distribution"))


async def test_without_the_updater_a_qube_that_runs_needs_its_agent(
    clicker: Clicker, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    page = await shown(clicker)
    choose_row(page.updates_table, "fedora-43")
    await clicker.until(page.update_action.isEnabled)

    await client.send(calls.VM_START("fedora-43"))

    await clicker.until(lambda: "qubes-mgmt1-client" in page.update_action.toolTip())
    assert not page.update_action.isEnabled()
    assert not page.hint.isVisible()


async def test_update_starts_the_updater_for_the_selected_or_for_all_that_need_it(
    clicker: Clicker, client: Client, updated: Callable[[], list[str]]
) -> None:
    await client.send(calls.VM_FEATURE_SET("debian-13", "skip-update", "1"))
    await clicker.until(lambda: "skip-update" in clicker.session.records["debian-13"].features)
    page = await shown(clicker)
    choose_row(page.updates_table, "debian-13")
    await clicker.until(lambda: "skip-update" in page.update_action.toolTip())
    assert not page.update_action.isEnabled()

    choose_row(page.updates_table, "fedora-43")
    await clicker.until(page.update_action.isEnabled)
    page.update_action.trigger()
    await clicker.finished()
    page.update_all.trigger()
    await clicker.until(lambda: len(updated()) == 2)

    assert updated() == ["--force-update --targets fedora-43"] * 2


async def test_several_updates_are_one_task_that_goes_on_after_a_failure(
    clicker: Clicker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "qubes-vm-update"
    program.write_text("#!/bin/sh\ntest $3 = debian-13 || exit 0\necho no network\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    page = await shown(clicker)

    page.update_all.trigger()

    (task,) = await clicker.finished()
    assert {child.title: child.state for child in task.children} == {
        "debian-13": TaskState.FAILED, "fedora-43": TaskState.DONE,
    }  # fmt: skip
    assert "debian-13: no network" in task.detail


async def test_cancelled_updates_end_with_their_programs(
    clicker: Clicker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "qubes-vm-update"
    program.write_text("#!/bin/sh\nexec sleep 3600\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    page = await shown(clicker)
    page.update_all.trigger()
    await clicker.until(lambda: bool(clicker.session.tasks.running))
    (task,) = clicker.session.tasks.entries
    await clicker.until(lambda: all(child.state is TaskState.RUNNING for child in task.children))

    clicker.session.tasks.cancel(task)

    await clicker.finished()
    assert task.state is TaskState.CANCELLED
    assert {child.state for child in task.children} == {TaskState.CANCELLED}


async def test_what_must_be_restarted_is_restarted_by_a_plan_in_the_order_of_the_network(
    clicker: Clicker, client: Client
) -> None:
    page = await shown(clicker)
    await clicker.until(page.nothing.isVisible)

    await change_root(client, "fedora-43", "debian-13")
    await clicker.until(lambda: len(page.restarts.rows) == 5)
    assert texts(page.restarts_table, 0, 2) == [
        ("personal", "fedora-43"), ("sys-firewall", "fedora-43"), ("sys-net", "fedora-43"), ("sys-usb", "fedora-43"),
        ("work", "debian-13"),
    ]  # fmt: skip
    assert texts(page.updates_table, 0, 5) == [("fedora-43", "4 qube(s)"), ("debian-13", "1 qube(s)")]
    rows = page.restarts.rows
    page.restart_all.trigger()

    dialog = await clicker.dialog(PlanDialog)
    assert {row.qube for row in dialog.plan.changes} == {"personal", "sys-firewall", "sys-net", "sys-usb", "work"}
    await click_enabled(dialog.yes)
    await clicker.until(lambda: not page.restarts.rows)
    (task,) = await clicker.finished()
    assert len(task.children) == 10
    await clicker.until(lambda: all(clicker.state(row.name) == "Running" for row in rows))
    await clicker.until(page.nothing.isVisible)


async def test_a_qube_with_a_changed_property_is_listed_where_the_inspector_leads(
    clicker: Clicker, client: Client
) -> None:
    window = clicker.window
    summary = window.inspector.summary
    await client.send(calls.VM_PROPERTY_SET("work", "vcpus", "3"))
    await client.send(calls.VM_FEATURE_SET("fedora-43", "skip-update", "1"))
    await client.send(calls.VM_FEATURE_SET("debian-13", "skip-update", "1"))
    window.view.clearSelection()
    await clicker.until(lambda: summary.isVisible() and not summary.lines["restarts"].isHidden())
    await clicker.until(lambda: badge(clicker) == "1 restart(s)")

    click(summary.lines["restarts"].link)

    page = window.pages.currentWidget()
    assert isinstance(page, UpdatesPage)
    await clicker.until(lambda: texts(page.restarts_table, 0, 1) == [("work", "changed: VCPUs")])
    await change_root(client, "debian-13")
    both = ("work", "template updated; changed: VCPUs")
    await clicker.until(lambda: both in texts(page.restarts_table, 0, 1))
    assert len(page.restarts.rows) == len(clicker.session.restarts.waiting(clicker.session.records.values()))


async def test_a_qube_that_cannot_be_restarted_is_named_with_the_reason(clicker: Clicker, client: Client) -> None:
    await client.send(calls.VM_FEATURE_SET("work", "prohibit-start", "Broken since Monday"))
    await client.send(calls.VM_START("vault"))
    page = await shown(clicker)
    await change_root(client, "debian-13")
    await clicker.until(lambda: len(page.restarts.rows) == 2)

    choose_row(page.restarts_table, "work")

    await clicker.until(lambda: "Broken since Monday" in page.restart_action.toolTip())
    assert not page.restart_action.isEnabled()
    assert "Broken since Monday" in texts(page.restarts_table, 5)[1][0]
    page.restart_all.trigger()
    dialog = await clicker.dialog(PlanDialog)
    assert plan_indexes(dialog, "work")
    assert [row.qube for row in dialog.plan.refused] == ["work"]
    assert {row.qube for row in dialog.plan.changes} == {"vault"}
    dialog.reject()


async def test_a_hidden_page_makes_no_rows_and_the_search_keeps_the_selection(clicker: Clicker, client: Client) -> None:
    page = await shown(clicker)
    choose_row(page.updates_table, "fedora-43")
    page.start_search()
    type_text(page.search, "fed")
    assert texts(page.updates_table, 0) == [("fedora-43",)]
    assert [row.name for row in page._chosen_updates()] == ["fedora-43"]
    page.search.clear()
    clicker.window.sidebar.choose(ALL)
    await clicker.until(lambda: not page.isVisible())
    before = page.updates.rows

    await client.send(calls.VM_FEATURE_SET("debian-13", CHECKED, "2026-11-01 10:00:00"))
    await clicker.until(lambda: clicker.session.records["debian-13"].features[CHECKED].startswith("2026"))
    assert not page._later.isActive()
    assert page.updates.rows == before

    await shown(clicker)
    await clicker.until(lambda: page.updates.rows != before)


async def test_restarts_of_many_qubes_are_checked_in_turns(clicker: Clicker, monkeypatch: pytest.MonkeyPatch) -> None:
    page = await shown(clicker)
    turns: list[int] = []
    others: list[int] = []

    def count(_facts: Facts, names: Mapping[str, tuple[str, ...]]) -> list[RestartRow]:
        turns.append(len(names))
        QTimer.singleShot(0, lambda: others.append(len(turns)))
        return []

    waiting = {f"qube{number!s}": ("memory",) for number in range(200)}
    monkeypatch.setattr(clicker.session.restarts, "waiting", lambda _records: waiting)
    monkeypatch.setattr(updates_page, "TURN", 0.0)
    monkeypatch.setattr(updates_page, "restart_rows", count)

    page._begin()
    await clicker.until(lambda: sum(turns) >= 200)

    assert max(turns) <= AT_A_TIME
    assert others[0] < len(turns)  # something else had a turn between


async def test_the_menu_opens_the_settings_of_its_qube_when_the_rows_are_replaced(clicker: Clicker) -> None:
    page = await shown(clicker)
    openings: list[tuple[str, tuple[str, ...]]] = []
    clicker.session.window_wanted.connect(lambda kind, names: openings.append((kind, names)))
    last = page.updates.rows[-1]
    index = page.updates.index(len(page.updates.rows) - 1, 0)

    page._show_menu(page.updates_table, page.updates_table.visualRect(index).center())
    (menu,) = page.findChildren(QMenu)
    settings = next(action for action in menu.actions() if action.text() == "Settings…")
    page.updates.put([])
    settings.trigger()
    menu.close()

    assert openings == [("settings", (last.name,))]
