# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that is spread over turns of the loop, so that a window stays alive meanwhile."""

from collections.abc import Callable, Hashable

from PyQt5.QtCore import QObject, QTimer

AT_ONCE = 100
"""Qubes for which a window may look at everything in one turn of the loop."""


class Turns(QObject):
    """Runs one piece of work in each turn of the loop, in order; it ends with its parent."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._due: dict[Hashable, Callable[[], None]] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._run)

    def put(self, key: Hashable, work: Callable[[], None], *, later: bool) -> None:
        """Run this in a turn to come, instead of what is due with this key; if not `later`, now.

        What is due leaves its place to the new work, or the last ones would never come while qubes change.
        """
        if not later:
            self._due.pop(key, None)
            work()
            return
        self._due[key] = work
        self._timer.start()

    def finish(self, key: Hashable) -> None:
        """Run the work of a key now, if it is due."""
        if (work := self._due.pop(key, None)) is not None:
            work()

    def _run(self) -> None:
        if self._due:
            key = next(iter(self._due))
            work = self._due.pop(key)
            if self._due:
                self._timer.start()
            work()
