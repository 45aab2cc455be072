# SPDX-License-Identifier: GPL-3.0-or-later
"""Dialogs that are awaited."""

import asyncio

import pytest
from PyQt5 import sip
from PyQt5.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from until import until

from qubesmanager.ui.widgets.prompts import Question, confirm


async def test_a_question_whose_window_was_deleted_ends_without_an_error(qtbot: QtBot) -> None:
    window, another = QWidget(), QWidget()
    window.show()
    qtbot.addWidget(another)
    another.show()  # without it the program would end with the last window
    asking = asyncio.get_running_loop().create_task(confirm(window, "Close", "Close now?", "Close"))
    await until(lambda: bool(window.findChildren(Question)))

    sip.delete(window)
    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking
