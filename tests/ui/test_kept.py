# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user has configured is so again at the next start: columns, order, sorting, sides, toolbar, shortcuts."""

from collections.abc import Callable

import pytest
from PyQt5.QtCore import QModelIndex, Qt
from PyQt5.QtGui import QKeySequence
from pytestqt.qtbot import QtBot
from windows import Clicker, add_main_window

from qubesmanager.models.columns import TABLE as COLUMNS
from qubesmanager.ui.manager.main_window import MainWindow
from qubesmanager.ui.manager.shortcuts_dialog import ShortcutsDialog

PLACE = {column.id: at for at, column in enumerate(COLUMNS)}

Again = Callable[[], MainWindow]


@pytest.fixture
def again(clicker: Clicker, qtbot: QtBot) -> Again:
    """Closes the window, and opens another as the next start does."""

    def opened() -> MainWindow:
        clicker.window.close()
        window = MainWindow(clicker.session)
        add_main_window(qtbot, window)
        window.show()
        clicker.session.tell_again()
        return window

    return opened


async def test_columns_keep_their_width_order_and_visibility(clicker: Clicker, again: Again) -> None:
    view = clicker.window.view
    view.setColumnWidth(PLACE["netvm"], 217)
    view.header().moveSection(view.header().visualIndex(PLACE["disk"]), 1)
    view.setColumnHidden(PLACE["template"], True)
    view.setColumnHidden(PLACE["notes"], False)

    reopened_view = again().view

    assert reopened_view.columnWidth(PLACE["netvm"]) == 217
    assert reopened_view.header().visualIndex(PLACE["disk"]) == 1
    assert reopened_view.isColumnHidden(PLACE["template"])
    assert not reopened_view.isColumnHidden(PLACE["notes"])


async def test_sorting_is_kept(clicker: Clicker, again: Again) -> None:
    clicker.window.view.sortByColumn(PLACE["class"], Qt.SortOrder.DescendingOrder)
    before = clicker.window.filter.names()

    window = again()

    assert window.view.header().sortIndicatorSection() == PLACE["class"]
    assert window.view.header().sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
    await clicker.until(lambda: window.filter.names() == before)


async def test_columns_are_reset_on_demand(clicker: Clicker) -> None:
    view = clicker.window.view
    view.header().moveSection(0, 3)
    view.setColumnHidden(PLACE["class"], True)

    view.reset_columns()

    assert view.header().visualIndex(0) == 0
    assert not view.isColumnHidden(PLACE["class"])


async def test_size_and_closed_sides_are_kept(clicker: Clicker, again: Again) -> None:
    clicker.window.resize(1200, 500)
    clicker.click("sidebar")
    clicker.click("tasks")
    await clicker.until(lambda: not clicker.window.sidebar.isVisible())

    window = again()

    assert (window.width(), window.height()) == (1200, 500)
    assert not window.sidebar.isVisible()
    assert window.tasks.isVisible()
    assert window.inspector.isVisible()


def buttons(window: MainWindow) -> set[str]:
    return {key for key, action in window.actions_of.by_id.items() if action in window.toolbar.actions()}


async def test_the_toolbar_contains_the_actions_that_the_user_chose(clicker: Clicker, again: Again) -> None:
    menu = clicker.window._toolbar_menu
    assert menu is not None
    for title in ("Pause", "Logs"):
        next(action for action in menu.actions() if action.text().rstrip("…") == title).toggle()
    await clicker.until(lambda: "logs" in buttons(clicker.window))
    assert "pause" not in buttons(clicker.window)

    window = again()

    assert "logs" in buttons(window)
    assert "pause" not in buttons(window)


async def test_shortcuts_are_changed_refused_when_taken_and_kept(clicker: Clicker, again: Again) -> None:
    clicker.click("shortcuts")
    dialog = await clicker.dialog(ShortcutsDialog)
    taken = dialog.edits["start"].keySequence()
    dialog.edits["logs"].setKeySequence(taken)
    assert not dialog.save.isEnabled()  # type: ignore[union-attr] # a standard button is there
    assert "used twice" in dialog.problem.text()
    dialog.edits["logs"].setKeySequence(QKeySequence("Ctrl+Alt+L"))
    clicker.press(dialog.save)  # type: ignore[arg-type] # as above
    await clicker.until(lambda: clicker.window.actions_of.by_id["logs"].shortcut() == QKeySequence("Ctrl+Alt+L"))

    window = again()

    assert window.actions_of.by_id["logs"].shortcut() == QKeySequence("Ctrl+Alt+L")
    assert window.actions_of.by_id["start"].shortcut() == taken


async def test_every_cell_with_text_has_a_tooltip(clicker: Clicker) -> None:
    """Also the empty ones: that there is nothing, or that one may click."""
    model = clicker.window.filter
    silent = [
        (model.name_at(index), COLUMNS[column].id)
        for row in range(model.rowCount(QModelIndex()))
        for column in range(len(COLUMNS))
        if not (index := model.index(row, column)).data(Qt.ItemDataRole.ToolTipRole)
        and index.data(Qt.ItemDataRole.DisplayRole)
    ]

    assert not silent


async def test_a_narrow_window_gives_the_table_the_room_and_keeps_the_sides(clicker: Clicker, again: Again) -> None:
    window = clicker.window
    window.resize(1300, 700)
    await clicker.until(window.sidebar.isVisible)
    window.resize(700, 600)

    await clicker.until(lambda: window.sidebar.is_rail and not window.inspector.isVisible())
    viewport = window.view.viewport()
    assert viewport is not None
    await clicker.until(lambda: viewport.width() > 600)
    window.resize(1300, 700)
    await clicker.until(lambda: not window.sidebar.is_rail and window.inspector.isVisible())
    window.resize(700, 600)
    await clicker.until(lambda: window.sidebar.is_rail)

    opened = again()

    opened.resize(1300, 700)
    await clicker.until(lambda: opened.sidebar.isVisible() and not opened.sidebar.is_rail)
