# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager's window in a benchmark: the longest stretch that its loop is busy, and the longest collection."""

import asyncio
import gc
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import thread_time

from _harness import Bench
from PyQt5.QtCore import QEvent, QPointF, QSettings, Qt, QTimer
from PyQt5.QtGui import QMouseEvent
from PyQt5.QtWidgets import QApplication
from qasync import QEventLoop

from qubesmanager.client.client import Client
from qubesmanager.transport.base import Transport
from qubesmanager.ui.manager.main_window import MainWindow
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.shell.app import make_application
from qubesmanager.ui.shell.idle_collections import IdleCollections

ALLOWED = {1000: 0.016, 10_000: 0.033}
"""Seconds that the loop may be busy, by the number of qubes."""
USER = 500
"""Milliseconds between two movements of the mouse."""


class Manager:
    """The window over a transport; it collects garbage as the program does, and its user moves the mouse."""

    def __init__(self, transport: Transport, settings: Path, idle: IdleCollections) -> None:
        self._idle = idle
        self.session = Session(Client(transport), "demo:")
        self.session.settings = QSettings(str(settings), QSettings.Format.IniFormat)
        self.window = MainWindow(self.session)
        self.window.resize(1400, 900)
        self.window.show()
        self.session.follow()
        self._user = QTimer()
        self._user.setInterval(USER)
        self._user.timeout.connect(self._move)

    def _move(self) -> None:
        no_button, no_key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(QEvent.Type.MouseMove, QPointF(1, 1), no_button, no_button, no_key)
        QApplication.postEvent(self.window.windowHandle(), event)

    def filled(self) -> None:
        """What exists now stays; all else is collected while the user does nothing."""
        gc.freeze()
        self._idle.start()
        self.window.activateWindow()
        self._user.start()

    async def end(self) -> None:
        self._user.stop()
        self._idle.stop()
        await self.session.tasks.cancel_all()
        self.window.deleteLater()
        await asyncio.sleep(0)


@contextmanager
def loop_of_windows() -> Iterator[tuple[QEventLoop, Path, IdleCollections]]:
    """The loop of an application, and a folder for its settings."""
    application = make_application()
    application.setQuitOnLastWindowClosed(False)
    loop = QEventLoop(application)
    asyncio.set_event_loop(loop)
    with loop, tempfile.TemporaryDirectory() as folder:
        yield loop, Path(folder), IdleCollections(application)


def line_of(bench: Bench, count: int) -> Callable[..., None]:
    """Prints a line of the table beside what is allowed with so many qubes."""
    return partial(bench.line, reference=ALLOWED.get(count, ALLOWED[1000]), reference_name="allowed")


class Longest:
    """The longest of some times, in seconds."""

    def __init__(self) -> None:
        self.longest = 0.0

    def add(self, seconds: float) -> None:
        self.longest = max(self.longest, seconds)

    def take(self) -> float:
        """The longest since the last call."""
        longest, self.longest = self.longest, 0.0
        return longest


class Stretches(Longest):
    """The processor time between two ticks of a timer; without a pause between them, that of each turn of the loop."""

    def __init__(self, tick: int) -> None:
        super().__init__()
        self._last = thread_time()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._measure)
        self._timer.start(tick)

    def _measure(self) -> None:
        now = thread_time()
        self.add(now - self._last)
        self._last = now


class Collections(Longest):
    """The processor time of garbage collections."""

    def __init__(self) -> None:
        super().__init__()
        self._begin = 0.0
        gc.callbacks.append(self._measure)

    def end(self) -> None:
        gc.callbacks.remove(self._measure)

    def _measure(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._begin = thread_time()
        else:
            self.add(thread_time() - self._begin)
