# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop of the application: asyncio on Qt's events."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from qasync import QEventLoop


class ApplicationLoop(QEventLoop):  # type: ignore[misc] # qasync has no types
    """Takes a task's steps only while it runs.

    qasync takes Qt's events once more when it has stopped; a task whose turn came just then would learn that there
    is no running loop, and end with that.
    """

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
