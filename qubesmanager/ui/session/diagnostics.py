# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures for bug reports and benchmarks: versions, times, counts, the longest stretch without the event loop."""

import json
import platform
import resource
import time
from pathlib import Path

from PyQt5.QtCore import PYQT_VERSION_STR, QEvent, QObject, Qt, QTimer, qVersion

import qubesmanager

TICK = 0.005
"""Seconds between two looks of the watchdog."""


def since_start() -> float:
    """Seconds since this process was started, the interpreter's own start included (Linux; proc(5))."""
    fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ticks = int(fields[19])  # starttime is field 22 of the whole line
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / _TICKS_A_SECOND


_TICKS_A_SECOND = 100
"""USER_HZ, which Linux shows to programs whatever the kernel's own rate is."""


class Watchdog(QObject):
    """Notices how long the event loop was not served."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.longest = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._measure)

    def start(self) -> None:
        self._last = time.perf_counter()
        self._timer.start(round(TICK * 1000))

    def stop(self) -> None:
        self._timer.stop()

    def _measure(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, now - self._last - TICK)
        self._last = now


class FirstPaint(QObject):
    """Remembers when a widget painted first."""

    def __init__(self, watched: QObject) -> None:
        super().__init__(watched)
        self.after: float | None = None
        watched.installEventFilter(self)
        self._watched = watched

    # Qt overrides

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Paint and self.after is None:
            self.after = since_start()
        return super().eventFilter(watched, event)


def memory() -> tuple[int, int]:
    """Resident memory of this process now and at its highest, in bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def versions() -> dict[str, str]:
    return {
        "qubes-manager": qubesmanager.__version__,
        "python": platform.python_version(),
        "qt": qVersion() or "",
        "pyqt": PYQT_VERSION_STR,
        "system": platform.platform(),
    }


def text(facts: dict[str, object]) -> str:
    """The report as JSON."""
    now, peak = memory()
    whole = {"versions": versions(), **facts, "memory_bytes": now, "memory_peak_bytes": peak}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
