# SPDX-License-Identifier: GPL-3.0-or-later
"""A qube's logs in their window: read, followed, searched, and never more than a part of them in memory."""

from pathlib import Path

import pytest
from PyQt5.QtCore import Qt
from pytestqt.qtbot import QtBot
from windows import Clicker, press_key, type_text

from qubesmanager.daemon.local.system import System
from qubesmanager.ui.logs import logs_window
from qubesmanager.ui.logs.logs_window import LINES, LogsWindow
from qubesmanager.wire.errors import PermissionDenied


class Guest:
    """What the guest of work writes to its console."""

    def __init__(self, console: Path) -> None:
        self._console = console

    def says(self, text: str | bytes) -> None:
        with self._console.open("ab") as file:
            file.write(text if isinstance(text, bytes) else text.encode())


@pytest.fixture
def guest(system: System) -> Guest:
    return Guest(system.runtime.places.console(system.runtime.state.qubes["work"].uuid))


@pytest.fixture
async def window(clicker: Clicker, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> LogsWindow:
    monkeypatch.setattr(logs_window, "PAUSE", 0.02)
    window = LogsWindow(clicker.session, "work")
    qtbot.addWidget(window)
    window.show()
    return window


async def test_a_qube_without_logs_shows_a_message_and_then_its_first_log(
    clicker: Clicker, window: LogsWindow, guest: Guest
) -> None:
    await clicker.until(lambda: "no logs" in window.status.text())

    guest.says("it starts\n")

    await clicker.until(lambda: "it starts" in window.text.toPlainText())
    assert window.which.currentText() == "console"


async def test_new_lines_of_a_log_are_followed_until_the_user_turns_that_off(
    clicker: Clicker, window: LogsWindow, guest: Guest
) -> None:
    guest.says("first\n")
    await clicker.until(lambda: "first" in window.text.toPlainText())

    guest.says("second\n")
    await clicker.until(lambda: "second" in window.text.toPlainText())
    assert window.text.toPlainText().count("first") == 1

    window.follow.setChecked(False)
    guest.says("third\n")
    window.refresh.click()
    await clicker.until(lambda: "third" in window.text.toPlainText())


async def test_a_log_is_searched_from_the_start_again_after_its_end(
    clicker: Clicker, window: LogsWindow, guest: Guest
) -> None:
    guest.says("an error\nnothing\nanother error\n")
    await clicker.until(lambda: "nothing" in window.text.toPlainText())
    assert window.status.text().startswith("3 ")

    type_text(window.search, "error")
    places = []
    for _ in range(3):
        press_key(window.search, Qt.Key.Key_Return)
        places.append(window.text.textCursor().blockNumber())
    assert sorted(places) == [0, 0, 2] or sorted(places) == [0, 2, 2]

    window.search.setText("miracle")
    press_key(window.search, Qt.Key.Key_Return)
    assert window.status.text() == "Not found."


async def test_the_text_of_a_guest_is_shown_plain_and_shortened(
    clicker: Clicker, window: LogsWindow, guest: Guest
) -> None:
    line = b"<b>\xff\x1b[31m not markup</b>\n"
    guest.says(line * (2 * LINES) + b"the end\n")

    await clicker.until(lambda: "the end" in window.text.toPlainText())
    assert "<b>" in window.text.toPlainText()
    assert window.text.blockCount() <= LINES


async def test_a_closed_window_asks_no_more(clicker: Clicker, window: LogsWindow, guest: Guest) -> None:
    guest.says("first\n")
    await clicker.until(lambda: "first" in window.text.toPlainText())
    window.close()
    made = clicker.session.client.calls_made

    for _ in range(20):
        await clicker.until(lambda: True)

    assert clicker.session.client.calls_made <= made + 1


async def test_the_window_shows_that_it_loads_and_why_the_logs_cannot_be_read(
    clicker: Clicker, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_request: object) -> None:
        raise PermissionDenied("not for this qube")

    monkeypatch.setattr(clicker.session.client, "send", refuse)
    window = LogsWindow(clicker.session, "work")
    qtbot.addWidget(window)
    window.show()
    assert window.status.text() == "Loading the logs…"

    await clicker.until(lambda: "not for this qube" in window.status.text())
