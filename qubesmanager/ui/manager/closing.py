# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists what is lost when the program ends: unsaved settings, cancelled tasks, and backups that go on without it."""

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
    """A line for each thing that ends with the program; empty if nothing does."""
    text = QCoreApplication.translate("Closing", "{0}: the changes are not applied.")
    lines = [text.format(window.windowTitle()) for window in unsaved_windows()]
    return [*lines, *(line for task in tasks.running if (line := _line(task)))]


def _line(task: TaskEntry) -> str:
    if task.at_close is AtClose.CANCELLED:
        return QCoreApplication.translate("Closing", "{0}: it is cancelled.").format(task.title)
    if task.at_close is AtClose.CONTINUES:
        text = QCoreApplication.translate("Closing", "{0}: it continues without the window; its later steps do not.")
        return text.format(task.title)
    return ""
