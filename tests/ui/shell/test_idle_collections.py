# SPDX-License-Identifier: GPL-3.0-or-later
"""Full garbage collections wait until the user does nothing."""

import gc
from collections.abc import Callable, Iterator

import pytest
from PyQt5.QtCore import QEvent, QPointF, Qt
from PyQt5.QtGui import QKeyEvent, QMouseEvent
from PyQt5.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from qubesmanager.ui.shell.idle_collections import DUE, NEVER, IdleCollections


@pytest.fixture
def full() -> Iterator[list[int]]:
    """The full collections that have ended, a number each."""
    ended: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == 2:
            ended.append(len(ended))

    gc.callbacks.append(note)
    yield ended
    gc.callbacks.remove(note)


@pytest.fixture
def idle(qapp: QApplication) -> Iterator[IdleCollections]:
    collections = IdleCollections(qapp)
    collections.start()
    collections.look()
    yield collections
    collections.stop()
    collections.setParent(None)
    collections.deleteLater()


@pytest.fixture
def window(qtbot: QtBot, idle: IdleCollections) -> QWidget:
    """A window with the keyboard."""
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    idle.look()
    return window


def make_due() -> None:
    for _ in range(DUE):
        gc.collect(1)


def test_python_makes_no_full_collections_meanwhile_and_makes_them_again_afterwards(qapp: QApplication) -> None:
    before = gc.get_threshold()
    collections = IdleCollections(qapp)

    collections.start()
    collections.start()
    meanwhile = gc.get_threshold()
    collections.stop()

    assert meanwhile == (*before[:2], NEVER)
    assert gc.get_threshold() == before
    assert gc.isenabled()


def test_there_is_one_when_it_is_due_and_the_user_does_nothing(idle: IdleCollections, full: list[int]) -> None:
    gc.collect()
    full.clear()

    idle.look()
    assert not full, "nothing is due"
    make_due()
    idle.look()

    assert len(full) == 1
    idle.look()
    assert len(full) == 1


def key() -> QEvent:
    return QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier)


def movement() -> QEvent:
    no_button = Qt.MouseButton.NoButton
    return QMouseEvent(QEvent.Type.MouseMove, QPointF(3, 3), no_button, no_button, Qt.KeyboardModifier.NoModifier)


@pytest.mark.parametrize("act", [key, movement])
def test_what_the_user_does_puts_it_off(
    window: QWidget, idle: IdleCollections, full: list[int], act: Callable[[], QEvent]
) -> None:
    make_due()
    full.clear()

    QApplication.sendEvent(window.windowHandle(), act())
    idle.look()
    assert not full
    idle.look()

    assert len(full) == 1


def test_an_open_menu_puts_it_off(window: QWidget, idle: IdleCollections, full: list[int], qtbot: QtBot) -> None:
    menu = QMenu(window)
    menu.addAction("Start")
    menu.popup(window.pos())
    qtbot.waitUntil(menu.isVisible)
    make_due()
    full.clear()

    idle.look()
    assert not full
    menu.close()
    idle.look()
    idle.look()

    assert len(full) == 1
