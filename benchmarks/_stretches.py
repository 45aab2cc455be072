# SPDX-License-Identifier: GPL-3.0-or-later
"""The longest stretch that the loop of a window is busy, and the longest collection, in processor time."""

import gc
from time import thread_time

from PyQt5.QtCore import Qt, QTimer


class Stretches:
    """The processor time between two ticks of a timer; without a pause between them, that of each turn of the loop."""

    def __init__(self, tick: int) -> None:
        self.longest = 0.0
        self._last = thread_time()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._measure)
        self._timer.start(tick)

    def take(self) -> float:
        """The longest since the last call."""
        longest, self.longest = self.longest, 0.0
        return longest

    def _measure(self) -> None:
        now = thread_time()
        self.longest = max(self.longest, now - self._last)
        self._last = now


class Collections:
    """The processor time of garbage collections."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._begin = 0.0
        gc.callbacks.append(self._measure)

    def take(self) -> float:
        """The longest since the last call."""
        longest, self.longest = self.longest, 0.0
        return longest

    def end(self) -> None:
        gc.callbacks.remove(self._measure)

    def _measure(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._begin = thread_time()
        else:
            self.longest = max(self.longest, thread_time() - self._begin)
