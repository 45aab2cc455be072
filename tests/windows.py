# SPDX-License-Identifier: GPL-3.0-or-later
"""A user who clicks in the manager's window, and waits for what comes of it."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from PyQt5.QtCore import QModelIndex, QPoint, Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QComboBox, QDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from until import LIMIT, until

from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.manager.main_window import MainWindow
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import TaskEntry
from qubesmanager.ui.settings.settings_window import SettingsWindow

_HAND: Any = QTest
"""PyQt5's stubs forget that its functions are static."""


def type_text(widget: QWidget, text: str) -> None:
    _HAND.keyClicks(widget, text)


def press_key(widget: QWidget, key: Qt.Key) -> None:
    _HAND.keyClick(widget, key)


def click(widget: QWidget, at: QPoint | None = None) -> None:
    """Click in its middle, or at a point of it."""
    _HAND.mouseClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at or widget.rect().center())


def choose(box: object, value: str) -> None:
    """Choose the line of a box that has this value."""
    assert isinstance(box, QComboBox)
    at = box.findData(value)
    assert at >= 0, f"{value!r} is not among the choices"
    box.setCurrentIndex(at)
    box.activated.emit(at)


def choose_default(box: object) -> None:
    """Choose the default, which comes first."""
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(0)
    box.activated.emit(0)


async def click_enabled(widget: QWidget) -> None:
    """Click it once it is enabled: a click that comes too early, while a change is still sent, does nothing."""
    await until(widget.isEnabled)
    click(widget)


def is_quiet() -> bool:
    """No window is asking for something in the background."""
    running = {task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()}
    return not any(name.startswith(("Load", "List", "Preview", "Read")) for name in running)


def add_main_window(qtbot: QtBot, window: MainWindow) -> None:
    """Have the window closed at the end of the test, without a question about what is still going on."""

    def answer_question(_window: QWidget) -> None:
        window._may_close = True

    qtbot.addWidget(window, before_close_func=answer_question)


D = TypeVar("D", bound=QDialog)


class Clicker:
    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.session = window.session

    async def until(self, reached: Callable[[], bool], limit: float = LIMIT) -> None:
        await until(reached, limit)

    def select(self, *names: str) -> None:
        """Click the first, control-click the others."""
        view = self.window.view
        view.clearSelection()
        viewport = view.viewport()
        assert viewport is not None
        for number, name in enumerate(names):
            index = self.window.filter.index_of(name)
            assert index.isValid(), f"{name} is not shown"
            view.scrollTo(index)
            modifier = Qt.KeyboardModifier.ControlModifier if number else Qt.KeyboardModifier.NoModifier
            place = view.visualRect(index).center()
            _HAND.mouseClick(viewport, Qt.MouseButton.LeftButton, modifier, place)

    def can(self, action: str) -> bool:
        return self.window.actions_of.by_id[action].isEnabled()

    def tip(self, action: str) -> str:
        return self.window.actions_of.by_id[action].toolTip()

    def click(self, action: str) -> None:
        chosen = self.window.actions_of.by_id.get(action) or self.window.own[action]
        chosen.trigger()

    async def dialog(self, kind: type[D]) -> D:
        """The dialog of that kind, once it is open."""
        return await opened_dialog(kind)

    def press(self, button: QPushButton) -> None:
        assert button.isEnabled(), button.text()
        _HAND.mouseClick(button, Qt.MouseButton.LeftButton)

    async def finished(self) -> list[TaskEntry]:
        """Wait until there are tasks and none runs; all there were."""
        await self.until(lambda: bool(self.session.tasks.entries) and not self.session.tasks.running)
        return self.session.tasks.entries

    def state(self, name: str) -> str:
        record = self.session.records.get(name)
        return str(record.state) if record else "gone"


async def opened_dialog(kind: type[D]) -> D:
    """The first visible dialog of that kind, once it is open."""
    dialogs: list[D] = []

    def look() -> bool:
        dialogs[:] = [each for each in QApplication.topLevelWidgets() if isinstance(each, kind) and each.isVisible()]
        return bool(dialogs)

    await until(look)
    return dialogs[0]


def leave_out(dialog: PlanDialog, name: str) -> None:
    """Click the tick of a qube in a plan."""
    indexes = plan_indexes(dialog, name)
    assert indexes, f"{name} is not in the plan"
    tree, viewport = dialog.tree, dialog.tree.viewport()
    assert viewport is not None
    tree.scrollTo(indexes[0])
    tree.setCurrentIndex(indexes[0])
    press_key(tree, Qt.Key.Key_Space)


def plan_indexes(dialog: PlanDialog, name: str) -> list[QModelIndex]:
    """The first cells of the rows of a qube in a plan."""
    table = dialog.table
    above = [table.index(at, 0) for at in range(table.rowCount())]
    cells = [table.index(at, 0, group) for group in above for at in range(table.rowCount(group))]
    return [cell for cell in cells if cell.data() == name]


async def opened_manager(session: Session, qtbot: QtBot) -> Clicker:
    """The window of the manager with all qubes, and its user."""
    window = MainWindow(session)
    add_main_window(qtbot, window)
    window.resize(1440, 780)  # wide enough for the sides; the offscreen screen is not
    window.show()
    session.follow()
    clicker = Clicker(window)
    await clicker.until(lambda: session.is_synced and bool(session.labels))
    return clicker


async def opened_settings(session: Session, qtbot: QtBot, name: str, page: str) -> SettingsWindow:
    """The settings of a qube, open at that page, with its rules. At the end its edits are dropped."""
    session.follow()
    await until(lambda: session.is_synced and bool(session.labels))
    window = SettingsWindow(session, name, session.labels, page)
    qtbot.addWidget(window, before_close_func=lambda _widget: window.draft.discard())
    window.show()
    await until(lambda: bool(window.draft.rules))
    return window
