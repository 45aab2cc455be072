# SPDX-License-Identifier: GPL-3.0-or-later
"""From the manager's window to a changed firewall rule, with keys alone."""

from collections.abc import Callable
from typing import Any

from PyQt5 import sip
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QDialogButtonBox, QWidget
from pytestqt.qtbot import QtBot
from windows import Clicker

from qubesmanager.daemon.local.system import System
from qubesmanager.ui.session.windows import OpenWindows
from qubesmanager.ui.settings.firewall_page import FirewallPage
from qubesmanager.ui.settings.firewall_simple import Mode
from qubesmanager.ui.settings.rule_dialog import RuleDialog
from qubesmanager.ui.settings.settings_window import SettingsWindow

CTRL, ALT, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.NoModifier
_HAND: Any = QTest
"""PyQt5's stubs forget that its functions are static."""

MOST = 40
"""More presses of Tab than any of the windows has fields."""


def focused() -> QWidget:
    """The widget that has the keyboard."""
    focused = QApplication.focusWidget()
    assert focused is not None, "nobody has the keyboard"
    return focused


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    _HAND.keyClick(focused(), key, modifier)


def write(text: str) -> None:
    _HAND.keyClicks(focused(), text)


def tab_until(reached: Callable[[], bool]) -> None:
    for _ in range(MOST):
        if reached():
            return
        press(Qt.Key.Key_Tab)
    raise AssertionError("Tab does not get there.")


async def test_from_the_window_to_a_changed_firewall_rule_without_the_mouse(
    clicker: Clicker, system: System, qtbot: QtBot
) -> None:
    windows = OpenWindows(clicker.session)
    opened: list[QWidget] = []
    clicker.session.window_wanted.connect(lambda name, names: opened.append(windows.open(name, names)))
    clicker.window.activateWindow()
    clicker.window.view.setFocus()
    await clicker.until(lambda: QApplication.focusWidget() is clicker.window.view)

    write("vault")
    await clicker.until(lambda: clicker.window.view.selected_names() == ["vault"])
    press(Qt.Key.Key_Return)
    await clicker.until(lambda: bool(opened))
    settings = opened[0]
    assert isinstance(settings, SettingsWindow)
    await clicker.until(lambda: settings.isActiveWindow() and bool(settings.draft.rules))

    for _ in range(2):
        press(Qt.Key.Key_PageDown, CTRL)
    page = settings.pages["firewall"]
    assert isinstance(page, FirewallPage)
    assert settings.tabs.currentWidget() is page

    tab_until(lambda: focused() is page.simple.choices[Mode.ALL])
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_Down)
    assert page.simple.mode() is Mode.LIST
    press(Qt.Key.Key_A, ALT)
    await clicker.until(lambda: isinstance(QApplication.activeWindow(), RuleDialog))
    dialog = QApplication.activeWindow()
    assert isinstance(dialog, RuleDialog)
    assert focused() is dialog.destination
    write("example.org")
    tab_until(lambda: focused() is dialog.proto)
    write("T")
    tab_until(lambda: focused() is dialog.ports)
    write("443")
    press(Qt.Key.Key_Return)
    await clicker.until(lambda: page.model.rowCount() == 2)
    settings.activateWindow()  # a desktop gives the keyboard back to the window beneath; offscreen nothing does
    await clicker.until(lambda: QApplication.focusWidget() is not None)

    tab_until(lambda: focused() is settings.button(QDialogButtonBox.StandardButton.Ok))
    press(Qt.Key.Key_Space)
    rules = ["action=accept dsthost=example.org proto=tcp dstports=443-443", "action=drop"]
    await clicker.until(lambda: [text for _id, text in system.runtime.state.qube("vault").rules] == rules)
    await clicker.until(lambda: sip.isdeleted(settings))
