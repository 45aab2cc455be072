# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop of the application: asyncio on Qt's events."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from qasync import QEventLoop

_LATER = 0.005
"""Seconds until a callback is tried again that was due inside the step of a task."""


class ApplicationLoop(QEventLoop):  # type: ignore[misc] # qasync has no types
    """Takes a task's steps only while it runs, and one after the other.

    qasync takes Qt's events once more when it has stopped; a task whose turn came just then would learn that there
    is no running loop, and end with that. And where Qt takes events inside the step of a task, asyncio refuses the
    step of another one, which would then never have its turn.
    """

    def _add_callback(self, handle: asyncio.Handle, delay: float = 0) -> asyncio.Handle:
        super()._add_callback(_Turn(self, handle), delay)
        return handle

    def run_until_complete(self, future: "asyncio.Future[Any] | Coroutine[Any, Any, Any]") -> Any:
        task = future if isinstance(future, asyncio.Future) else self.create_task(future)
        task.add_done_callback(self._ended)
        try:
            self.run_forever()
        finally:
            task.remove_done_callback(self._ended)
        if not task.done():
            raise RuntimeError("The loop was stopped before its task had ended.")
        return task.result()

    def _ended(self, _task: object) -> None:
        self.stop()


class _Turn:
    """What the timer of qasync takes for a handle: one that has its turn when no task is in the middle of its step."""

    def __init__(self, loop: ApplicationLoop, handle: asyncio.Handle) -> None:
        self._loop = loop
        self._handle = handle

    @property
    def _cancelled(self) -> bool:
        return self._handle.cancelled()

    def _run(self) -> None:
        if asyncio.current_task(self._loop) is None:
            self._handle._run()  # noqa: SLF001 - as qasync does
        else:
            self._loop._add_callback(self._handle, _LATER)  # noqa: SLF001
