# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists what happens when the main window is closed: lost edits, cancelled tasks, backups that go on without it."""

from PyQt5.QtCore import QCoreApplication
from PyQt5.QtWidgets import QApplication

from qubesmanager.ui.forms.unsaved_edits import EditsWindow
from qubesmanager.ui.session.tasks import AtClose, TaskEntry, TaskSet


def unsaved_windows() -> list[EditsWindow]:
    """The open windows whose edits would be lost."""
    windows = QApplication.topLevelWidgets()
    return [
        window for window in windows if isinstance(window, EditsWindow) and window.isVisible() and window.has_edits()
    ]


def losses(tasks: TaskSet) -> list[str]:
    """A line for each thing that ends with the program, or goes on without it; empty if there is none."""
    text = QCoreApplication.translate("Closing", "{0}: the changes are not applied.")
    lines = [text.format(window.windowTitle()) for window in unsaved_windows()]
    return [*lines, *(line for task in tasks.running if (line := _line(task)))]


def _line(task: TaskEntry) -> str:
    if task.at_close is AtClose.CANCELLED:
        return QCoreApplication.translate("Closing", "{0}: it is cancelled.").format(task.title)
    if task.at_close is AtClose.CONTINUES:
        return QCoreApplication.translate("Closing", "{0}: it continues without the window.").format(task.title)
    if task.at_close is AtClose.AWAITED:
        text = QCoreApplication.translate("Closing", "{0}: this program stays in the background for it.")
        return text.format(task.title)
    return ""


def is_awaited(tasks: TaskSet) -> bool:
    """Whether the program has to stay, without a window, for a task."""
    return any(task.at_close is AtClose.AWAITED for task in tasks.running)


def cancel_at_close(tasks: TaskSet) -> None:
    """Cancel what is not to go on without the window."""
    for entry in tasks.running:
        if entry.at_close is AtClose.CANCELLED and entry.task is not None:
            entry.task.cancel()
