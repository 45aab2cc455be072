# SPDX-License-Identifier: GPL-3.0-or-later
"""asyncio on Qt's events, where Qt takes events inside the step of a task."""

import asyncio

from PyQt5.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot


async def test_a_task_that_is_due_while_another_ones_step_takes_qts_events_has_its_turn_later(qtbot: QtBot) -> None:
    steps: list[str] = []

    async def other() -> None:
        steps.append("begun")
        await asyncio.sleep(0)
        steps.append("ended")

    task = asyncio.get_running_loop().create_task(other())
    for _ in range(3):
        QCoreApplication.processEvents()
    assert steps == []

    await task

    assert steps == ["begun", "ended"]


async def test_a_callback_that_is_due_then_can_still_be_cancelled(qtbot: QtBot) -> None:
    called: list[str] = []
    handle = asyncio.get_running_loop().call_soon(called.append, "late")
    QCoreApplication.processEvents()

    handle.cancel()
    await asyncio.sleep(0.02)

    assert called == []
