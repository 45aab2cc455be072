# SPDX-License-Identifier: GPL-3.0-or-later
"""The timeline, clicked through over a whole daemon."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PyQt5.QtCore import QModelIndex, Qt
from PyQt5.QtWidgets import QFileDialog, QPushButton
from windows import Clicker, click, press_key, type_text

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.models.timeline import BACK, IS, QUBE, WAS, WHAT
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.session.windows import OpenWindows
from qubesmanager.ui.timeline import timeline_feed
from qubesmanager.ui.timeline.timeline_page import TimelinePage, TimelineWindow
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.errors import QubesNotImplementedError
from qubesmanager.wire.history import HistoryQuery
from qubesmanager.wire.records import PropertyValue


@pytest.fixture
async def page(clicker: Clicker) -> TimelinePage:
    """The page, after its line in the sidebar was chosen."""
    clicker.window.sidebar.choose("page:timeline")
    page = clicker.window.pages.currentWidget()
    assert isinstance(page, TimelinePage)
    await clicker.until(lambda: page.feed.is_known)
    return page


def rows(page: TimelinePage) -> list[tuple[str, str, str, str]]:
    """Qube, what, was and is of all rows."""
    model = page.model
    days = [model.index(row, 0) for row in range(model.rowCount())]
    return [
        (
            str(model.index(at, QUBE, day).data()),
            str(model.index(at, WHAT, day).data()),
            str(model.index(at, WAS, day).data()),
            str(model.index(at, IS, day).data()),
        )
        for day in days
        for at in range(model.rowCount(day))
    ]


async def top(clicker: Clicker, page: TimelinePage, row: tuple[str, str, str, str]) -> None:
    """Wait until that is the newest row, and select it."""
    await clicker.until(lambda: rows(page)[:1] == [row])
    page.tree.choose_first()


def first(page: TimelinePage, column: int) -> QModelIndex:
    return page.model.index(0, column, page.model.index(0, 0))


async def test_what_changes_is_shown_as_it_happens(clicker: Clicker, page: TimelinePage, client: Client) -> None:
    assert ("vault", "Created", "", "on debian-13") in rows(page)

    await client.send(calls.VM_PROPERTY_SET("untrusted", "netvm", "sys-net"))

    await top(clicker, page, ("untrusted", "Net qube", "default (sys-firewall)", "sys-net"))
    assert page.pane.title.text() == "untrusted"
    assert [label.text() for label in page.pane.facts][1:] == [
        "default (sys-firewall)", "sys-net", "dom0", "vm.property.Set",
    ]  # fmt: skip


async def test_a_click_on_the_arrow_shows_the_plan_and_the_plan_reverts(
    clicker: Clicker, page: TimelinePage, client: Client
) -> None:
    await client.send(calls.VM_PROPERTY_SET("untrusted", "netvm", "sys-net"))
    await top(clicker, page, ("untrusted", "Net qube", "default (sys-firewall)", "sys-net"))
    viewport = page.tree.viewport()
    assert viewport is not None

    click(viewport, page.tree.visualRect(first(page, BACK)).center())

    dialog = await clicker.dialog(PlanDialog)
    assert clicker.session.records["untrusted"].value("netvm") == "sys-net"
    dialog.accept()
    await clicker.until(lambda: clicker.session.records["untrusted"].properties["netvm"].is_default)
    await top(clicker, page, ("untrusted", "Net qube", "sys-net", "default (sys-firewall)"))


REVERTED: list[tuple[Request[Any], tuple[str, str, str, str], Callable[[Clicker], bool]]] = [
    (
        calls.VM_TAG_REMOVE("vault", "keys"), ("vault", "Tag keys", "set", "not set"),
        lambda clicker: "keys" in clicker.session.records["vault"].tags,
    ),
    (
        calls.VM_TAG_SET("vault", "mine"), ("vault", "Tag mine", "not set", "set"),
        lambda clicker: "mine" not in clicker.session.records["vault"].tags,
    ),
    (
        calls.VM_FEATURE_SET("work", "menu-favorite", "0"), ("work", "Feature menu-favorite", "1", "0"),
        lambda clicker: clicker.session.records["work"].features["menu-favorite"] == "1",
    ),
    (
        calls.VM_NOTES_SET("vault", payload="new"), ("vault", "Notes", "Never gets a netvm.", "new"),
        lambda clicker: clicker.session.records["vault"].notes == "Never gets a netvm.",
    ),
    (
        calls.VM_PROPERTY_SET("vault", "label", "blue"), ("vault", "Label", "black", "blue"),
        lambda clicker: clicker.session.records["vault"].value("label") == "black",
    ),
    (
        calls.PROPERTY_SET("dom0", "clockvm", "sys-firewall"), ("System", "Clock qube", "sys-net", "sys-firewall"),
        lambda clicker: clicker.session.facts.system("clockvm") == "sys-net",
    ),
    (
        calls.LABEL_CREATE("dom0", "teal", "0x112233"), ("System", "Label teal", "not set", "0x112233"),
        lambda clicker: "teal" not in clicker.session.labels,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "row", "is_back"), REVERTED, ids=[case[1][1] for case in REVERTED])
async def test_a_change_is_taken_back(
    clicker: Clicker, page: TimelinePage, client: Client, change: Request[Any], row: tuple[str, str, str, str],
    is_back: Callable[[Clicker], bool],
) -> None:  # fmt: skip
    await client.send(change)
    await top(clicker, page, row)
    await clicker.until(page.pane.revert.isEnabled)

    clicker.press(page.pane.revert)

    (await clicker.dialog(PlanDialog)).accept()
    await clicker.until(lambda: is_back(clicker))
    await clicker.until(lambda: rows(page)[:2] == [(*row[:2], row[3], row[2]), row])


async def test_firewall_rules_come_back_in_their_order(clicker: Clicker, page: TimelinePage, client: Client) -> None:
    before = await client.send(calls.VM_FIREWALL_GET("work"))
    await client.send(calls.VM_FIREWALL_FLUSH("work"))
    await top(clicker, page, ("work", "Firewall", "4 rule(s)", "0 rule(s)"))
    assert "dstports=993-993" in page.pane.facts[1].text()

    clicker.press(page.pane.revert)
    dialog = await clicker.dialog(PlanDialog)
    (row,) = dialog.plan.rows
    assert (row.now, row.then) == (PropertyValue("0 rule(s)", False), PropertyValue("4 rule(s)", False))
    assert dialog.title.text() == "Undo: Firewall of work"
    dialog.accept()

    await top(clicker, page, ("work", "Firewall", "0 rule(s)", "4 rule(s)"))
    after = await client.send(calls.VM_FIREWALL_GET("work"))
    assert [row.rule for row in after] == [row.rule for row in before]


async def test_what_cannot_be_reverted_is_grey_with_its_reason(
    clicker: Clicker, page: TimelinePage, client: Client
) -> None:
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("fresh", "red")))
    await top(clicker, page, ("fresh", "Created", "", "on debian-13"))
    assert not page.pane.revert.isEnabled()
    assert "cannot be reverted" in page.pane.reason.text()

    await client.send(calls.VM_TAG_SET("fresh", "mine"))
    await top(clicker, page, ("fresh", "Tag mine", "not set", "set"))
    assert page.pane.revert.isEnabled()
    await client.send(calls.VM_TAG_REMOVE("fresh", "mine"))
    await clicker.until(lambda: rows(page)[0][2:] == ("set", "not set"))
    page.tree.setCurrentIndex(page.model.index(1, 0, page.model.index(0, 0)))
    assert page.pane.reason.text() == "It was changed again after that."

    await client.send(calls.VM_REMOVE("fresh"))
    await top(clicker, page, ("fresh", "Removed", "App qube", ""))
    page.tree.setCurrentIndex(page.model.index(1, 0, page.model.index(0, 0)))
    await clicker.until(lambda: "no qube fresh" in page.pane.reason.text())
    assert not page.revert_action.isEnabled()


async def test_a_search_and_boxes_leave_rows_out(clicker: Clicker, page: TimelinePage, client: Client) -> None:
    await client.send(calls.VM_TAG_SET("vault", "mine"))
    await client.send(calls.VM_FEATURE_SET("work", "x", "mine"))
    await top(clicker, page, ("work", "Feature x", "not set", "mine"))

    clicker.window.own["find"].trigger()
    type_text(page.search, "mine vault")
    await clicker.until(lambda: [row[0] for row in rows(page)] == ["vault"])
    assert page.count.text() == "1 change(s)"
    type_text(page.search, "nothing")
    await clicker.until(page.message.isVisible)
    click(page.message.button)
    assert len(rows(page)) > 2

    page.of_kind.setCurrentIndex(page.of_kind.findText("Features"))
    assert [row[0] for row in rows(page)] == ["work"]
    page.of_kind.setCurrentIndex(0)
    page.of_source.setCurrentIndex(page.of_source.findText("By the daemon"))
    assert "work" not in [row[0] for row in rows(page) if row[1] == "Feature x"]
    page.of_source.setCurrentIndex(0)

    page.of_qube.setCurrentIndex(page.of_qube.findText("vault"))
    await clicker.until(lambda: [row[1] for row in rows(page)] == ["Tag mine", "Created"])


async def test_older_pages_come_until_enough_fit(
    clicker: Clicker, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline_feed, "PAGE", 3)
    monkeypatch.setattr(timeline_feed, "FEW", 5)
    for number in range(20):
        await client.send(calls.VM_TAG_SET("vault", f"t{number}"))
    clicker.window.sidebar.choose("page:timeline")
    page = clicker.window.pages.currentWidget()
    assert isinstance(page, TimelinePage)

    page.search.setText("created")
    await clicker.until(lambda: len(rows(page)) >= 5)
    page.search.clear()
    bar = page.tree.verticalScrollBar()
    assert bar is not None

    async def to_the_end() -> None:
        before = len(page.model.entries)
        bar.setValue(bar.maximum())
        page.feed.ask_older()
        await clicker.until(lambda: len(page.model.entries) > before or not page.model.has_more)

    while page.model.has_more:
        await to_the_end()
    whole = await client.send(calls.HISTORY("dom0", None, HistoryQuery()))
    assert page.model.entries == whole


async def test_the_end_is_not_forgotten_while_dom0_is_asked_for_news(
    clicker: Clicker, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline_feed, "PAGE", 3)
    monkeypatch.setattr(timeline_feed, "FEW", 1)
    for number in range(8):
        await client.send(calls.VM_TAG_SET("vault", f"t{number}"))
    clicker.window.sidebar.choose("page:timeline")
    page = clicker.window.pages.currentWidget()
    assert isinstance(page, TimelinePage)
    await clicker.until(lambda: page.feed.is_known and page.model.has_more and not page.feed._is_busy())
    before = len(page.model.entries)

    page.feed.ask_newer()
    page.feed.ask_older()

    await clicker.until(lambda: len(page.model.entries) > before)


async def test_news_that_dom0_does_not_answer_are_named_at_the_foot(
    clicker: Clicker, page: TimelinePage, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(_request: object) -> None:
        raise QubesNotImplementedError("There is no history now.")

    before = rows(page)
    monkeypatch.setattr(clicker.session.client, "send", refused)
    page.feed.ask_newer()

    await clicker.until(lambda: page.foot.text() == "There is no history now.")
    assert rows(page) == before
    assert page.tree.isVisible()
    monkeypatch.undo()
    await client.send(calls.VM_TAG_SET("vault", "mine"))
    await top(clicker, page, ("vault", "Tag mine", "not set", "set"))
    assert page.foot.text().startswith("Kept for 30 days")


async def test_the_window_of_a_qube_follows_its_rename(clicker: Clicker, client: Client) -> None:
    await client.send(calls.VM_TAG_SET("vault", "mine"))
    await client.send(calls.VM_PROPERTY_SET("vault", "name", "safe"))
    await clicker.until(lambda: "safe" in clicker.session.records)
    opened: list[tuple[str, tuple[str, ...]]] = []
    clicker.session.window_wanted.connect(lambda name, words: opened.append((name, words)))
    clicker.select("safe")
    clicker.click("history")
    assert opened == [("history", ("safe",))]

    windows = OpenWindows(clicker.session)
    window = windows.open(*opened[0])
    assert isinstance(window, TimelineWindow)
    page = window.page
    await clicker.until(lambda: [row[1] for row in rows(page)] == ["Name", "Tag mine", "Created"])

    page.tree.setCurrentIndex(page.model.index(1, 0, page.model.index(0, 0)))
    assert page.pane.what.text() == "Tag mine; now named safe"
    press_key(page.tree, Qt.Key.Key_Return)
    dialog = await clicker.dialog(PlanDialog)
    dialog.accept()
    await clicker.until(lambda: "mine" not in clicker.session.records["safe"].tags)
    windows.close_all()


async def test_a_daemon_without_a_history_shows_why(clicker: Clicker, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(_request: object) -> None:
        raise QubesNotImplementedError("qubesd keeps no history of changes.")

    monkeypatch.setattr(clicker.session.client, "send", refused)
    clicker.window.sidebar.choose("page:timeline")
    page = clicker.window.pages.currentWidget()
    assert isinstance(page, TimelinePage)

    await clicker.until(lambda: page.message.text.text() == "qubesd keeps no history of changes.")
    assert isinstance(page.message.button, QPushButton)
    monkeypatch.undo()
    click(page.message.button)
    await clicker.until(lambda: len(rows(page)) > 2)


async def test_a_plan_is_one_row_and_is_taken_back_as_one(clicker: Clicker, page: TimelinePage, client: Client) -> None:
    names = ("untrusted", "vault", "default-dvm")
    for name in names:
        await client.send(calls.VM_PROPERTY_SET(name, "vcpus", "5"))
    await clicker.until(lambda: len(page.model.entries_at(first(page, 0))) == len(names))
    page.tree.setCurrentIndex(first(page, 0))

    assert {entry.qube for entry in page.chosen()} == set(names)
    assert page.pane.what.text() == "VCPUs"
    assert page.pane.revert.isEnabled()
    click(page.pane.revert)
    plan = await clicker.dialog(PlanDialog)
    assert set(plan.chosen) == set(names)
    click(plan.yes)
    await clicker.until(lambda: all(clicker.session.records[name].value("vcpus") == "2" for name in names))


async def test_a_child_of_a_plan_is_taken_back_alone(clicker: Clicker, page: TimelinePage, client: Client) -> None:
    for name in ("untrusted", "vault"):
        await client.send(calls.VM_PROPERTY_SET(name, "vcpus", "5"))
    await clicker.until(lambda: len(page.model.entries_at(first(page, 0))) == 2)
    vault = next(entry for entry in page.model.entries if entry.qube == "vault")
    page.tree.setCurrentIndex(page.model.index_of(vault.id))

    click(page.pane.revert)
    plan = await clicker.dialog(PlanDialog)
    assert plan.chosen == ["vault"]
    click(plan.yes)

    await clicker.until(lambda: clicker.session.records["vault"].value("vcpus") == "2")
    assert clicker.session.records["untrusted"].value("vcpus") == "5"


async def test_the_box_of_periods_leaves_older_changes_out(
    clicker: Clicker, page: TimelinePage, client: Client, system: System
) -> None:
    now = system.runtime.clock()
    system.runtime.clock = lambda: now - 3 * 86_400
    await client.send(calls.VM_TAG_SET("vault", "older"))
    system.runtime.clock = lambda: now
    await client.send(calls.VM_TAG_SET("vault", "newer"))
    await clicker.until(lambda: rows(page)[:1] == [("vault", "Tag newer", "not set", "set")])
    older = ("vault", "Tag older", "not set", "set")
    assert older in rows(page)

    page.of_period.setCurrentIndex(page.of_period.findText("Last 24 hours"))
    assert older not in rows(page)
    assert not page.count.text().startswith("More")
    page.of_period.setCurrentIndex(page.of_period.findText("Last 7 days"))
    assert older in rows(page)


async def test_what_is_shown_is_exported(clicker: Clicker, page: TimelinePage, client: Client, tmp_path: Path) -> None:
    await client.send(calls.VM_TAG_SET("vault", "mine"))
    await clicker.until(lambda: rows(page)[:1] == [("vault", "Tag mine", "not set", "set")])
    type_text(page.search, "mine")
    page.export_action.trigger()
    dialog = page.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(tmp_path / "t.csv"))
    dialog.reject()
    await clicker.finished()

    lines = await asyncio.to_thread((tmp_path / "t.csv").read_text)
    assert lines.splitlines()[0] == "When,Qube,What,Was,Is,By,Call"
    assert ",vault,Tag mine,not set,set,dom0,mgmt1.vm.tag.Set" in lines.splitlines()[1]
    assert len(lines.splitlines()) == 2

    page.export_action.export_to(str(tmp_path / "t.csv" / "x.csv"))
    await clicker.until(lambda: bool(clicker.window.errors.notices))


async def test_no_box_and_no_button_is_cut_in_a_narrow_window(clicker: Clicker, page: TimelinePage) -> None:
    clicker.window.resize(640, 560)
    clicker.window.show()
    await clicker.until(page.isVisible)

    parts = (page.of_qube, page.of_kind, page.of_source, page.of_period, page.pane.show_qube, page.pane.revert)

    await clicker.until(lambda: all(part.width() >= part.sizeHint().width() for part in parts))
