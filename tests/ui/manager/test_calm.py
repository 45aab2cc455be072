# SPDX-License-Identifier: GPL-3.0-or-later
"""The window keeps what the user selected and typed, shows the numbers of what is shown, and gives reasons."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PyQt5.QtCore import Qt, QUrl
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QApplication, QCompleter, QLabel
from pytestqt.qtbot import QtBot
from windows import Clicker, press_key, type_text

from qubesmanager.client.client import Client
from qubesmanager.models.qube_counts import QubeCounts
from qubesmanager.ui.manager import guide
from qubesmanager.ui.manager.inspector import Inspector
from qubesmanager.ui.widgets.error_bar import ErrorBar
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec


async def test_after_the_start_the_table_has_the_keys(clicker: Clicker) -> None:
    await clicker.until(clicker.window.view.isVisible)

    assert clicker.window.focusWidget() is clicker.window.view


def completer(clicker: Clicker) -> QCompleter:
    completer = clicker.window.query.completer()
    assert completer is not None
    return completer


async def test_completion_shows_the_last_word_and_replaces_it_alone(clicker: Clicker) -> None:
    query = clicker.window.query
    type_text(query, "state:halted tag:")
    lines = completer(clicker)
    model = lines.completionModel()
    assert model is not None
    shown = [model.index(row, 0).data() for row in range(model.rowCount())]

    assert len(set(shown)) == len(shown) > 1
    assert all(text.startswith("tag:") for text in shown)
    assert lines.pathFromIndex(model.index(0, 0)) == f"state:halted {shown[0]}"


async def test_a_keyword_that_is_half_typed_leaves_the_table_alone(clicker: Clicker) -> None:
    window = clicker.window
    every = window.filter.rowCount()
    type_text(window.query, "temp")
    await clicker.until(lambda: not window.query._later.isActive())
    assert window.filter.rowCount() == every
    type_text(window.query, "late:fed")

    await clicker.until(lambda: 0 < window.filter.rowCount() < every)


async def test_the_same_tags_are_shown_however_the_qubes_come(clicker: Clicker, client: Client) -> None:
    for number in range(20):
        await client.send(calls.VM_TAG_SET("work" if number % 2 else "vault", f"t{number}"))
    sidebar, session = clicker.window.sidebar, clicker.session
    await clicker.until(lambda: "t19" in session.records["work"].tags)
    records = list(session.records.values())

    shown = []
    for ordered in (records, records[::-1]):
        sidebar._counts = QubeCounts()
        sidebar._counts.put(ordered)
        shown.append(sidebar._tags())

    first, second = shown
    assert [entry.text for entry in first] == [entry.text for entry in second]
    assert len(first) == 12


async def test_the_counts_of_the_sidebar_follow_the_qubes(clicker: Clicker, client: Client) -> None:
    """Only what changed is counted again; the sums are those of a count of everything."""
    sidebar, session = clicker.window.sidebar, clicker.session

    def counts() -> dict[str, Counter[str]]:
        sidebar.fill()
        return {group: values for group, values in sidebar._counts.of.items() if values}

    def counted() -> dict[str, Counter[str]]:
        every = QubeCounts()
        every.put(session.records.values())
        return {group: values for group, values in every.of.items() if values}

    requests: tuple[Request[Any], ...] = (
        calls.VM_TAG_SET("work", "mine"),
        calls.VM_PROPERTY_SET("vault", "label", "green"),
        calls.VM_FEATURE_SET("personal", "internal", "1"),
        calls.VM_CLONE("vault", payload=CloneSpec("vault-2")),
        calls.VM_START("vault"),
        calls.VM_REMOVE("untrusted"),
    )
    for request in requests:
        await client.send(request)
        assert counts() == counted()
    await clicker.until(lambda: "vault-2" in session.records and "untrusted" not in session.records)
    await clicker.until(lambda: session.records["vault"].running)

    assert counts() == counted()
    assert counts()["tag"]["mine"] == 1


async def test_a_saved_view_does_not_stay_under_the_next_line(clicker: Clicker) -> None:
    sidebar, window = clicker.window.sidebar, clicker.window
    sidebar.save_view("halted ones", "state:halted")
    sidebar.choose("view:halted ones")
    assert window.query.text() == "state:halted"

    sidebar.choose("running")

    assert window.query.text() == ""
    assert window.filter.rowCount() > 0
    type_text(window.query, "sys")
    await clicker.until(lambda: not window.query._later.isActive())
    sidebar.choose("templates")
    assert window.query.text() == "sys"


async def test_the_status_bar_counts_what_is_shown(clicker: Clicker) -> None:
    window = clicker.window
    every = len(clicker.session.records)

    type_text(window.query, "vault")
    press_key(window.query, Qt.Key.Key_Return)

    await clicker.until(lambda: window.status.counts.text().startswith(f"1 of {every} qube(s) shown"))
    assert "0 running" in window.status.counts.text()


def test_the_newest_message_is_first_and_all_of_it_is_in_its_tooltip(qtbot: QtBot) -> None:
    bar = ErrorBar()
    qtbot.addWidget(bar)
    bar.show()
    notices = [bar.show_notice(f"error {number} <b>" * 40) for number in range(5)]

    visible = [notice for notice in notices if notice.isVisible()]
    assert visible == notices[2:]
    bar.adjustSize()
    tops = [notice.y() for notice in visible]
    assert tops == sorted(tops, reverse=True)
    assert any("error 4 &lt;b&gt;" in child.toolTip() for child in notices[4].findChildren(type(bar._more)))


async def test_the_buttons_of_the_inspector_are_no_menus(clicker: Clicker) -> None:
    for name in ("work", "vault", "dom0", "work"):
        clicker.select(name)
    inspector = clicker.window.inspector
    assert isinstance(inspector, Inspector)

    for button in inspector._buttons:
        if button.isVisible():
            assert button.actions() == [button.defaultAction()]


async def test_escape_and_clearing_keep_the_selection(clicker: Clicker) -> None:
    window = clicker.window
    type_text(window.query, "vault")
    press_key(window.query, Qt.Key.Key_Return)
    clicker.select("vault")

    window.query.setFocus()
    press_key(window.query, Qt.Key.Key_Escape)

    assert window.selected() == ["vault"]
    window.query.set_query("vault")
    window.show_everything()
    assert window.selected() == ["vault"]


async def test_menus_without_a_selection_give_the_reason(clicker: Clicker) -> None:
    clicker.window.view.clearSelection()
    await clicker.until(lambda: not clicker.window.selected())

    for menu in clicker.window.submenus:
        action = menu.menuAction()
        assert action is not None
        assert not action.isEnabled()
        assert "Select a qube first." in action.toolTip()


async def test_f1_opens_the_guide_in_the_browser(
    clicker: Clicker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(guide, "PAGES", tmp_path)

    def open_url(url: QUrl) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    press_key(clicker.window.view, Qt.Key.Key_F1)
    assert "guide cannot be opened" in clicker.window.errors.notices[0].text
    page = tmp_path / guide.FIRST
    page.parent.mkdir()
    page.write_text("<p>")

    press_key(clicker.window.view, Qt.Key.Key_F1)

    assert opened == [QUrl.fromLocalFile(str(page))]


async def test_a_jump_selects_the_qube_from_right_to_left_too(clicker: Clicker, qapp: QApplication) -> None:
    window = clicker.window
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        clicker.select("dom0")
        type_text(window.query, "dom0")
        press_key(window.query, Qt.Key.Key_Return)

        window._jump("vault")

        assert window.selected() == ["vault"]
        assert window.view.current_name() == "vault"
        assert window.focusWidget() is window.view
        viewport = window.view.viewport()
        assert viewport is not None
        assert viewport.rect().intersects(window.view.visualRect(window.view.currentIndex()))
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


async def test_disposables_that_are_kept_ready_are_counted_at_their_template(clicker: Clicker) -> None:
    inspector = clicker.window.inspector
    assert isinstance(inspector, Inspector)
    name, number = inspector._values["ready"]
    clicker.select("default-dvm")
    assert name.isHidden()

    record = clicker.session.records["default-dvm"]
    inspector._show(record.updated(features={**record.features, "preload-dispvm": "disp1 disp2"}))

    assert (number.text(), name.isHidden()) == ("2 disposable(s)", False)


async def test_there_is_room_for_a_picture_of_the_screen_in_the_side(clicker: Clicker) -> None:
    inspector = clicker.window.inspector
    clicker.select("work")
    clicker.window._follow_changes()
    assert inspector.thumbnail.sizeHint().height() == 0
    width = inspector.width()
    picture = QLabel(inspector)
    picture.setMinimumSize(width // 2, width // 3)

    inspector.thumbnail.addWidget(picture)
    await clicker.until(picture.isVisible)

    assert inspector.width() == width
    assert all(button.isVisible() for button in inspector._buttons if button.defaultAction() is not None)
    assert picture.geometry().bottom() < inspector.cpu_text.geometry().top() or not inspector.cpu_text.isVisible()
