# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks of the demonstration's user."""

from pytestqt.qtbot import QtBot

from qubesmanager.ui.manager.tasks_panel import TasksPanel
from qubesmanager.ui.session.tasks import TaskSet, TaskState
from qubesmanager.ui.shell.demo_tasks import past_tasks

NOW = 1_795_767_600.0


def test_a_task_in_the_history_of_the_demonstration_was_refused_with_its_reason(qtbot: QtBot) -> None:
    tasks = TaskSet()
    tasks.entries = past_tasks(NOW)
    panel = TasksPanel(tasks)
    qtbot.addWidget(panel)

    failed = [entry for entry in tasks.entries if entry.state is TaskState.FAILED]

    assert [(entry.title, entry.detail) for entry in failed] == [("Shut down sys-net", "Needed by sys-firewall.")]
    assert all(entry.started < (entry.ended or 0) <= NOW for entry in tasks.entries)
    model = panel.view.model()
    assert model is not None
    assert model.rowCount() == len(tasks.entries)
