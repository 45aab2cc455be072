# SPDX-License-Identifier: GPL-3.0-or-later
"""Time limits of calls with one timer for all of them.

`asyncio.timeout` makes and cancels a timer of the loop for each call, which takes a tenth of the time of a short one.
"""

import asyncio
from math import inf
from types import TracebackType


class Deadlines:
    """Gives limits to the calls of one client. The timer runs until the first deadline that it knew of."""

    def __init__(self) -> None:
        self._limits: set[_Limit] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next = inf
        """When the timer ends, in the time of its loop."""

    def limit(self, seconds: float | None) -> "_Limit":
        """As `asyncio.timeout`: raises `TimeoutError` at its end if its task is longer within it. None: no limit."""
        return _Limit(self, seconds)

    def add(self, limit: "_Limit", loop: asyncio.AbstractEventLoop) -> None:
        """The limit holds from now on."""
        self._limits.add(limit)
        if limit.deadline < self._next or loop is not self._loop:
            self._set_timer(limit.deadline, loop)

    def remove(self, limit: "_Limit") -> None:
        """The limit holds no longer."""
        self._limits.discard(limit)

    def _set_timer(self, when: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._loop, self._next = loop, when
        self._timer = loop.call_at(when, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what is due, the earliest first, and set the timer to the next deadline."""
        self._timer, self._next = None, inf
        now = loop.time()
        due = [limit for limit in self._limits if limit.deadline <= now]
        for limit in sorted(due, key=lambda limit: limit.deadline):
            limit.end()
        if waiting := [limit.deadline for limit in self._limits]:
            self._set_timer(min(waiting), loop)


class _Limit:
    """The limit of one call; a context manager, entered once."""

    __slots__ = ("_cancels", "_deadlines", "_is_over", "_seconds", "_task", "deadline")

    def __init__(self, deadlines: Deadlines, seconds: float | None) -> None:
        self._deadlines = deadlines
        self._seconds = seconds
        self._is_over = False

    def __enter__(self) -> None:
        if self._seconds is None:
            return
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("A limit is for a task")
        self._task = task
        self._cancels = task.cancelling()
        self.deadline = loop.time() + self._seconds
        self._deadlines.add(self, loop)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if self._seconds is None:
            return
        self._deadlines.remove(self)
        # A cancellation by another caller is more than the end of the time.
        if self._is_over and self._task.uncancel() <= self._cancels and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def end(self) -> None:
        """The time is over."""
        self._is_over = True
        self._deadlines.remove(self)
        self._task.cancel()
