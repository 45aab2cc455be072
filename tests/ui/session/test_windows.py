# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows beside the main one: where they open, how they close, and that they come back."""

import pytest
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtTest import QTest
from windows import Clicker

from qubesmanager.ui.session.windows import REOPENED, WINDOWS, OpenWindows

KINDS = [name for name in WINDOWS if name != "attach"]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_key_to_close_closes_every_window(clicker: Clicker, kind: str) -> None:
    windows = OpenWindows(clicker.session)
    names = () if WINDOWS[kind].text else ("work",)
    window = windows.open(kind, names, clicker.window)
    await clicker.until(window.isActiveWindow)

    QTest.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)  # type: ignore[call-overload]

    await clicker.until(lambda: not windows.is_open(kind, names))


async def test_a_window_opens_over_the_main_one_with_its_icon(clicker: Clicker) -> None:
    clicker.window.setGeometry(40, 30, 500, 300)
    windows = OpenWindows(clicker.session)

    window = windows.open("storage", (), clicker.window)

    middle = clicker.window.frameGeometry().center() - window.geometry().center()
    screen = window.screen()
    assert screen is not None
    assert screen.availableGeometry().contains(window.geometry().topLeft())
    assert window.pos() != QPoint(0, 0) or middle.manhattanLength() < 400
    windows.close_all()


async def test_windows_that_were_open_are_opened_again(clicker: Clicker) -> None:
    windows = OpenWindows(clicker.session)
    windows.open("settings", ("work",), clicker.window)
    windows.open("storage", (), clicker.window)
    windows.open("backup", (), clicker.window)
    windows.remember()
    windows.close_all()

    again = OpenWindows(clicker.session)

    assert again.remembered() == [("settings", "work"), ("storage",)]
    clicker.session.settings.setValue("windows/open", '[["settings", "gone"], ["nothing"], []]')
    assert again.remembered() == []
    assert set(WINDOWS) >= REOPENED
