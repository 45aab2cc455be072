# SPDX-License-Identifier: GPL-3.0-or-later
"""The coroutines that windows have under way: owned, shown, cancelled, and remembered.

An error that is an answer (`Mgmt1Error`, `TransportError`) goes to `failed`; any other exception is a bug and
goes to the loop's handler. A coroutine reports its progress with `report`.
"""

import asyncio
import json
import time
from collections.abc import Coroutine, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

from PyQt5 import sip
from PyQt5.QtCore import QObject, QTimer, pyqtSignal

from qubesmanager.transport.base import TransportError
from qubesmanager.ui.reasons import error_text
from qubesmanager.wire.errors import Mgmt1Error

KEPT = 300
"""Finished tasks that are remembered, the newest."""


CHILDREN_KEPT = 50
"""Children of a finished task that are remembered: those that were not done."""


class TaskState(StrEnum):
    WAITING = "waiting"
    """A child whose turn has not come."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class AtClose(Enum):
    """How a running task ends when the program does. The user is asked before, except for `SILENT`."""

    SILENT = "silent"
    CANCELLED = "cancelled"
    CONTINUES = "continues"
    """dom0 continues it without this program."""
    AWAITED = "awaited"
    """The program stays for it without a window."""


class ToldError(Exception):
    """The task failed, and a window shows already why, and what to do about it."""


@dataclass(slots=True)
class TaskEntry:
    """One operation, as the task panel shows it. Times are Unix seconds; `progress` is 0..100 or None if unknown.

    `children`: its parts, one level deep, which are there from its start.
    """

    title: str
    started: float
    state: TaskState = TaskState.RUNNING
    ended: float | None = None
    progress: int | None = None
    detail: str = ""
    cancellable: bool = True
    at_close: AtClose = AtClose.SILENT
    children: "list[TaskEntry]" = field(default_factory=list)
    task: "asyncio.Task[None] | None" = field(default=None, repr=False, compare=False)


_current: ContextVar[tuple["TaskSet", TaskEntry] | None] = ContextVar("task", default=None)


def report(progress: int | None, detail: str = "") -> None:
    """Say how far the running task is (percent, None if unknown), and what it does now. Outside of a task: nothing."""
    if task := _current.get():
        tasks, entry = task
        entry.progress = progress
        entry.detail = detail
        tasks.changed.emit(entry)


def report_child(number: int, state: TaskState, detail: str = "") -> None:
    """Say how a child of the running task is now, by its number."""
    if task := _current.get():
        tasks, entry = task
        child = entry.children[number]
        if child.state is TaskState.WAITING:
            child.started = time.time()
        if state is not TaskState.RUNNING:
            child.ended = time.time()
        child.state, child.detail = state, detail
        tasks.changed.emit(entry)


class TaskSet(QObject):
    """Starts coroutines and owns them until they end.

    Signals: `added(TaskEntry)`, `changed(TaskEntry)`, `failed(str, object)`: the title and the error of a task.
    """

    added = pyqtSignal(object)
    changed = pyqtSignal(object)
    failed = pyqtSignal(str, object)

    def __init__(self, history: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: list[TaskEntry] = []
        self.closing = False
        self._history = history
        self._owned: dict[asyncio.Task[None], tuple[TaskEntry | None, Coroutine[Any, Any, None]]] = {}
        self._held_loop: asyncio.AbstractEventLoop | None = None
        self._writing = asyncio.Lock()
        self._saving = QTimer(self)
        self._saving.setSingleShot(True)
        self._saving.setInterval(500)
        self._saving.timeout.connect(self._save_soon)
        self._saved: asyncio.Task[None] | None = None
        if history is not None:
            self.entries = load_history(history)

    @property
    def running(self) -> list[TaskEntry]:
        return [entry for entry in self.entries if entry.state is TaskState.RUNNING]

    def start(
        self,
        title: str,
        coroutine: Coroutine[Any, Any, None],
        *,
        cancellable: bool = True,
        at_close: AtClose = AtClose.SILENT,
        owner: QObject | None = None,
        children: Sequence[str] = (),
    ) -> "asyncio.Task[None]":
        """Run it, shown in the task panel under this title; an `owner` that goes away takes it along.

        `children`: the titles of its parts, of which it reports with `report_child`.
        """
        entry = TaskEntry(title, time.time(), cancellable=cancellable, at_close=at_close)
        entry.children = [TaskEntry(part, entry.started, TaskState.WAITING, cancellable=False) for part in children]
        task = self._loop().create_task(self._run(entry, coroutine), name=title)
        entry.task = task
        self._own(task, entry, coroutine)
        _end_with(owner, task)
        self.entries.append(entry)
        self.added.emit(entry)
        return task

    def start_hidden(
        self, title: str, coroutine: Coroutine[Any, Any, None], *, owner: QObject | None = None
    ) -> "asyncio.Task[None]":
        """Run what the user did not ask for (following events, reading a list); its errors are still shown.

        The task is cancelled with its `owner`: without the window, its result has no use.
        """
        task = self._loop().create_task(self._run_hidden(title, coroutine), name=title)
        self._own(task, None, coroutine)
        _end_with(owner, task)
        return task

    def _loop(self) -> asyncio.AbstractEventLoop:
        """The application's loop. Remembered: Qt also delivers events while the loop is being left."""
        if self._held_loop is None:
            self._held_loop = asyncio.get_running_loop()
        return self._held_loop

    def cancel(self, entry: TaskEntry) -> None:
        if entry.task is not None and entry.cancellable:
            entry.task.cancel()

    def clear(self) -> None:
        """Forget what has finished."""
        self.entries = self.running
        self.changed.emit(None)
        self._saving.start()

    async def cancel_all(self) -> None:
        """Cancel everything, also what starts meanwhile, and wait until it has ended; then the history is on disk.

        `closing` is set first: what dom0 can go on with alone need not be stopped there.
        """
        self.closing = True
        while tasks := list(self._owned):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for task in tasks:
                self._settle(task)  # qasync does not promise that their own callbacks came first
        if self._saved is not None:
            await asyncio.wait([self._saved])
        await self.save()

    def _save_soon(self) -> None:
        # Not one of those that are cancelled: it would go on in its thread, and meet the next one there.
        if not self.closing and self._loop().is_running():
            self._saved = self._loop().create_task(self.save())

    async def save(self) -> None:
        """Write the history, whole or not at all."""
        self._saving.stop()
        if self._history is None:
            return
        finished = [entry for entry in self.entries if entry.state is not TaskState.RUNNING][-KEPT:]
        async with self._writing:
            try:
                await asyncio.to_thread(save_history, self._history, finished)
            except OSError as error:
                # A full disk must not stop the window; the person learns of it once, from the loop's log.
                self._history = None
                self._bug("The history of tasks cannot be saved.", error)

    async def _run(self, entry: TaskEntry, coroutine: Coroutine[Any, Any, None]) -> None:
        _current.set((self, entry))
        state = TaskState.FAILED
        try:
            await coroutine
            state = TaskState.DONE
            entry.detail = ""
        except asyncio.CancelledError:
            state = TaskState.CANCELLED
            raise
        except ToldError as error:
            entry.detail = str(error)
        except (Mgmt1Error, TransportError) as error:
            entry.detail = error_text(error)
            self.failed.emit(entry.title, error)
        except Exception as error:  # noqa: BLE001 - a bug: the loop's handler logs it, the panel shows that it ended
            entry.detail = repr(error)
            self._bug(entry.title, error)
        finally:
            entry.state = state

    def _own(self, task: "asyncio.Task[None]", entry: TaskEntry | None, coroutine: Coroutine[Any, Any, None]) -> None:
        self._owned[task] = entry, coroutine
        task.add_done_callback(self._settle)

    def _settle(self, task: "asyncio.Task[None]") -> None:
        """A task has ended, maybe before its first step; then its coroutine was never awaited."""
        if task not in self._owned:
            return
        entry, coroutine = self._owned.pop(task)
        coroutine.close()
        if entry is None:
            return
        if entry.state is TaskState.RUNNING:
            entry.state = TaskState.CANCELLED
        entry.ended = time.time()
        entry.progress = None
        entry.task = None
        self.changed.emit(entry)
        self._saving.start()

    async def _run_hidden(self, title: str, coroutine: Coroutine[Any, Any, None]) -> None:
        try:
            await coroutine
        except (Mgmt1Error, TransportError) as error:
            self.failed.emit(title, error)
        except Exception as error:  # noqa: BLE001 - as above
            self._bug(title, error)

    def _bug(self, title: str, error: Exception) -> None:
        self._loop().call_exception_handler({"message": title, "exception": error})


def _end_with(owner: QObject | None, task: "asyncio.Task[None]") -> None:
    if owner is None:
        return

    def cancel(_owner: object = None) -> None:
        task.cancel()

    connection = owner.destroyed.connect(cancel)

    def ended(_task: object) -> None:
        if not sip.isdeleted(owner):
            QObject.disconnect(connection)

    task.add_done_callback(ended)


def save_history(path: Path, entries: list[TaskEntry]) -> None:
    """Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = path.with_suffix(".new")
    rows = [_row(entry) for entry in entries]
    written.touch(mode=0o600)
    written.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    written.replace(path)


def _row(entry: TaskEntry) -> dict[str, object]:
    row: dict[str, object] = {
        "title": entry.title,
        "started": entry.started,
        "ended": entry.ended,
        "state": entry.state,
        "detail": entry.detail,
    }
    if children := [child for child in entry.children if child.state is not TaskState.DONE][:CHILDREN_KEPT]:
        row["children"] = [_row(child) for child in children]
    return row


def _entry(row: Any) -> TaskEntry:
    return TaskEntry(
        str(row["title"]),
        float(row["started"]),
        TaskState(row["state"]),
        None if row["ended"] is None else float(row["ended"]),
        detail=str(row["detail"]),
        children=[_entry({**child, "children": ()}) for child in row.get("children", ())],
    )


def load_history(path: Path) -> list[TaskEntry]:
    """The saved history; empty where there is no readable file."""
    try:
        return [_entry(row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
