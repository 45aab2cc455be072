# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that is spread over turns of the loop, so that a window stays alive meanwhile."""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Iterator
from time import perf_counter
from typing import TypeVar

from PyQt5.QtCore import QObject, QTimer

from qubesmanager.rules import stepwise

AT_ONCE = 100
"""Qubes for which a window may look at everything in one turn of the loop."""
SLICE = 0.005
"""Seconds of one turn, after which the next step of the work waits for another turn."""

Steps = Iterable[None]
"""Long work in steps: a generator that yields after each short step, such as one qube of thousands."""
Work = Callable[[], Steps | None]
"""Work that is done when it returns, or when its steps are."""
T = TypeVar("T")


class Turns(QObject):
    """Runs one piece of work in each turn of the loop, in order, and one with many steps in several turns.

    All work ends with its parent.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._due: dict[Hashable, Work] = {}
        self._key: Hashable = None
        self._steps: Iterator[None] | None = None
        """The steps that are left of the work of `_key`, if that has begun."""
        self._is_replaced = False
        """A step of the work that runs has run other work with its key."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._run)

    def put(self, key: Hashable, work: Work, *, later: bool) -> None:
        """Run this in a turn to come, instead of what is due with this key; if not `later`, now.

        What is due leaves its place to the new work, or the last ones would never come while qubes change. For the
        same reason work that has begun is finished before later work of its key; work that runs now ends it.
        """
        if not later:
            self.drop(key)
            _run_all(work())
            return
        self._due[key] = work
        if not self._timer.isActive():  # started again, it would be put off
            self._timer.start()

    def finish(self, key: Hashable) -> None:
        """Run the work of a key now, if it is due or has begun."""
        if key == self._key:
            steps, self._steps = self._steps, None
            _run_all(steps)
        if (work := self._due.pop(key, None)) is not None:
            _run_all(work())

    def drop(self, key: Hashable) -> None:
        """Forget the work of a key, whether it is due, has begun or runs now."""
        self._due.pop(key, None)
        if key == self._key:
            self._steps = None
            self._is_replaced = True

    async def result(self, steps: stepwise.Steps[T], *, later: bool) -> T:
        """Run these steps as `put` does; what they return. Cancelled, it leaves the rest of them."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def work() -> Steps:
            try:
                value = yield from steps
            except Exception as error:  # noqa: BLE001 - the caller gets it
                future.set_exception(error)
            else:
                future.set_result(value)

        self.put(future, work, later=later)
        try:
            return await future
        finally:
            self.drop(future)

    def _run(self) -> None:
        steps, self._steps = self._steps, None
        if steps is None:
            if not self._due:
                return
            self._key = next(iter(self._due))
        self._timer.start()  # first, so that work that fails does not end the turns
        self._is_replaced = False
        steps = steps or iter(self._due.pop(self._key)() or ())
        end = perf_counter() + SLICE
        for _ in steps:
            if self._is_replaced:
                break
            if perf_counter() >= end:
                self._steps = steps
                return
        self._key = None  # it may be a future, which keeps its result: a plan of thousands of qubes


def _run_all(steps: Steps | None) -> None:
    for _ in steps or ():
        pass
