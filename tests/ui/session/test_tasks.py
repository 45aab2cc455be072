# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that windows own: how they end, what is shown of them, what survives."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from PyQt5.QtCore import QModelIndex
from PyQt5.QtWidgets import QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from until import LIMIT, until

from qubesmanager.transport.base import TransportError
from qubesmanager.ui.manager.tasks_panel import BATCH, TaskModel, TasksPanel, took_text
from qubesmanager.ui.session import tasks as tasks_module
from qubesmanager.ui.session.tasks import (
    KEPT,
    TaskEntry,
    TaskSet,
    TaskState,
    ToldError,
    load_history,
    report,
    report_child,
    save_history,
)
from qubesmanager.wire.errors import Mgmt1Error


async def fail(error: Exception) -> None:
    await asyncio.sleep(0)
    raise error


async def ended(tasks: TaskSet) -> None:
    while tasks.running:  # noqa: ASYNC110 - what is tested is the set itself
        await asyncio.sleep(0)


@pytest.mark.parametrize("error", [Mgmt1Error("It is full."), TransportError("Nobody answered.")])
async def test_a_refusal_is_reported_with_the_title_of_its_task(qtbot: QtBot, error: Exception) -> None:
    tasks = TaskSet()
    failures: list[tuple[str, Exception]] = []
    tasks.failed.connect(lambda title, error: failures.append((title, error)))

    tasks.start("Start work", fail(error))
    await ended(tasks)

    assert failures == [("Start work", error)]
    assert (tasks.entries[0].state, tasks.entries[0].detail) == (TaskState.FAILED, str(error))


async def test_an_error_that_was_shown_already_is_not_reported_again(qtbot: QtBot) -> None:
    tasks = TaskSet()
    failures: list[str] = []
    tasks.failed.connect(lambda title, _error: failures.append(title))

    tasks.start("Shut down work", fail(ToldError("Kill, wait or leave?")))
    await ended(tasks)

    assert failures == []
    assert tasks.entries[0].state is TaskState.FAILED


async def test_an_unexpected_error_is_passed_to_the_loops_handler_and_ends_the_task(qtbot: QtBot) -> None:
    tasks = TaskSet()
    seen: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: seen.append(context))

    tasks.start("Start work", fail(ZeroDivisionError("no")))
    tasks.start_hidden("Follow", fail(ZeroDivisionError("no")))
    await ended(tasks)
    await until(lambda: len(seen) > 1)

    assert sorted(context["message"] for context in seen) == ["Follow", "Start work"]
    assert tasks.entries[0].state is TaskState.FAILED


async def test_progress_is_reported_from_inside(qtbot: QtBot) -> None:
    tasks = TaskSet()
    seen: list[tuple[int | None, str]] = []
    tasks.changed.connect(lambda entry: seen.append((entry.progress, entry.detail)))

    async def work() -> None:
        report(40, "private")
        await asyncio.sleep(0)

    tasks.start("Clone vault", work())
    await ended(tasks)
    report(50, "outside of a task nothing happens")

    assert seen[0] == (40, "private")


async def test_cancelling_ends_a_task_before_and_after_its_first_step(qtbot: QtBot) -> None:
    tasks = TaskSet()
    tasks.start("Wait", asyncio.sleep(3600))
    await asyncio.sleep(0)
    tasks.start("Wait too", asyncio.sleep(3600))

    await tasks.cancel_all()

    assert [entry.state for entry in tasks.entries] == [TaskState.CANCELLED] * 2


def test_the_history_comes_back_and_is_bounded(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "tasks.json"
    entries = [TaskEntry(f"Start <b>{number}", float(number), TaskState.DONE, number + 1.0) for number in range(9)]

    save_history(path, entries)

    assert load_history(path) == entries
    assert KEPT < 1000


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'[{"title": 1}]', b"[" * 100_000])
def test_a_history_that_cannot_be_read_is_no_history(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tasks.json"
    path.write_bytes(content)

    assert load_history(path) == []


async def test_the_model_of_tasks_is_a_good_model(qtbot: QtBot, qtmodeltester: ModelTester) -> None:
    tasks = TaskSet()
    model = TaskModel(tasks)
    check: Any = qtmodeltester.check  # it has no types
    check(model)
    tasks.start("Start work", asyncio.sleep(0))
    tasks.start("Start vault", fail(Mgmt1Error("No.")))
    await ended(tasks)
    check(model)

    rows = [[model.index(row, column).data() for column in range(3)] for row in range(model.rowCount())]
    assert rows == [["Start vault", "Failed", "No."], ["Start work", "Done", ""]]
    tasks.clear()
    assert model.rowCount(QModelIndex()) == 0


async def with_children(tasks: TaskSet, number: int) -> asyncio.Event:
    """A task of so many children, the last of which runs; it ends with the event."""
    end = asyncio.Event()

    async def work() -> None:
        report_child(number - 1, TaskState.RUNNING)
        await end.wait()
        report_child(number - 1, TaskState.DONE)

    tasks.start("Start all", work(), children=[f"qube-{at}" for at in range(number)])
    await asyncio.sleep(0)
    return end


async def test_the_model_of_many_children_grows_and_is_a_good_model(qtbot: QtBot, qtmodeltester: ModelTester) -> None:
    tasks = TaskSet()
    model = TaskModel(tasks)
    check: Any = qtmodeltester.check  # it has no types
    check(model)
    end = await with_children(tasks, 2 * BATCH + 1)
    tasks.start("Wait", asyncio.sleep(0))
    above = model.index(1, 0)
    counts = [model.rowCount(above)]
    for _ in range(3):
        model.show_more(1)
        counts.append(model.rowCount(above))
    check(model)
    assert counts == [BATCH, 2 * BATCH, 2 * BATCH + 1, 2 * BATCH + 1]
    assert [model.index(row, 0, above).data() for row in range(counts[-1])] == [
        f"qube-{at}" for at in range(2 * BATCH + 1)
    ]
    assert model.index(2 * BATCH, 1, above).data() == "Running"
    changed: list[int] = []
    model.dataChanged.connect(lambda _first, last: changed.append(last.row()))

    end.set()
    await ended(tasks)

    assert model.index(2 * BATCH, 1, above).data() == "Done"
    assert 2 * BATCH in changed
    tasks.clear()
    assert model.rowCount() == 0


async def test_a_task_has_its_further_children_when_the_last_one_is_in_sight(qtbot: QtBot) -> None:
    tasks = TaskSet()
    panel = TasksPanel(tasks)
    qtbot.addWidget(panel)
    panel.show()
    end = await with_children(tasks, 2 * BATCH + 1)
    above = panel.model.index(0, 0)
    panel.view.expand(above)
    scroll_bar = panel.view.verticalScrollBar()
    assert scroll_bar is not None
    assert panel.model.rowCount(above) == BATCH

    for number in (2 * BATCH, 2 * BATCH + 1):
        qtbot.waitUntil(lambda: scroll_bar.value() < scroll_bar.maximum())
        scroll_bar.setValue(scroll_bar.maximum())
        assert panel.model.rowCount(above) == number
    end.set()
    await ended(tasks)


async def test_a_running_task_is_cancelled_from_the_panel(qtbot: QtBot) -> None:
    tasks = TaskSet()
    panel = TasksPanel(tasks)
    qtbot.addWidget(panel)
    panel.show()
    tasks.start("Wait", asyncio.sleep(3600))
    panel.view.setCurrentIndex(panel.model.index(0, 0))

    assert panel.cancel.isEnabled()
    panel.cancel.click()
    await ended(tasks)

    assert tasks.entries[0].state is TaskState.CANCELLED
    assert not panel.cancel.isEnabled()


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59, "59 s"), (60, "1:00 min"), (125, "2:05 min")])
def test_how_long_a_task_took(seconds: int, text: str) -> None:
    assert took_text(seconds) == text


async def test_a_task_is_cancelled_with_its_owner(qtbot: QtBot) -> None:
    tasks, owner = TaskSet(), QWidget()

    async def forever() -> None:
        await asyncio.Event().wait()

    owned = tasks.start_hidden("wait", forever(), owner=owner)
    kept = tasks.start("wait too", forever())
    await asyncio.sleep(0)
    owner.deleteLater()
    del owner

    await asyncio.wait([owned])
    assert owned.cancelled()
    assert not kept.done()
    await tasks.cancel_all()


async def test_a_slow_disk_blocks_nothing_and_the_last_history_is_kept(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, slow, begun = tmp_path / "tasks.json", threading.Event(), threading.Event()

    def waiting(place: Path, entries: list[TaskEntry]) -> None:
        begun.set()
        slow.wait(LIMIT)
        save_history(place, entries)

    monkeypatch.setattr(tasks_module, "save_history", waiting)
    tasks = TaskSet(path)
    await tasks.start("First", asyncio.sleep(0))
    tasks._saving.timeout.emit()
    await until(begun.is_set)
    assert not path.exists(), "the loop goes on while the disk does not"
    await tasks.start("Second", asyncio.sleep(0))
    async with asyncio.TaskGroup() as group:
        ending = group.create_task(tasks.cancel_all())
        await asyncio.sleep(0.05)
        assert not ending.done()
        slow.set()

    assert [entry.title for entry in load_history(path)] == ["First", "Second"]
