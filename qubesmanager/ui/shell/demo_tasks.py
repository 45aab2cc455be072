# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks that the user of the demonstration has carried out before: one was refused."""

from PyQt5.QtCore import QCoreApplication

from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.tasks import TaskEntry, TaskState
from qubesmanager.wire.reasons import refusal

HOUR = 3600


def past_tasks(now: float) -> list[TaskEntry]:
    """The finished tasks of the last day, oldest first. `now` in Unix seconds."""
    translate = QCoreApplication.translate
    start, shut_down = translate("Plan", "Start {0}"), translate("Plan", "Shut down {0}")
    refused = error_text(refusal("gives-network-to", "sys-firewall"))
    return [
        _task(start.format("work"), now - 21.4 * HOUR, 9),
        _task(start.format("personal"), now - 21.3 * HOUR, 11),
        _task(shut_down.format("sys-net"), now - 2.6 * HOUR, 1, TaskState.FAILED, refused),
    ]


def _task(title: str, started: float, seconds: int, state: TaskState = TaskState.DONE, detail: str = "") -> TaskEntry:
    return TaskEntry(title, started, state, started + seconds, detail=detail)
