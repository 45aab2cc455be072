# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup that is being made: a task of the session, which goes on when its window is closed."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from contextvars import copy_context

from PyQt5.QtCore import QObject, QTimer, pyqtSignal

from qubesmanager.client.backups import VERIFYING, Progress, Run, execute, follow, history
from qubesmanager.models.columns import size_text
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.session import Session
from qubesmanager.ui.tasks import TaskState, report
from qubesmanager.wire import calls
from qubesmanager.wire.errors import BackupCancelledError, Mgmt1Error
from qubesmanager.wire.events import Event

TICK = 1000
"""Milliseconds between looks at the clock."""
SPAN = 15
"""Seconds over which the speed is taken."""
STALLED = 20
"""Seconds without progress that are worth a word."""
DOM0 = "dom0"


class BackupRun(QObject):
    """Signals: `changed()`; `logged(str)`: a line of what happened. One that has ended stays until its session goes."""

    changed = pyqtSignal()
    logged = pyqtSignal(str)

    def __init__(self, session: Session, profile: str) -> None:
        super().__init__(session)
        self._session = session
        self.profile = profile
        self.progress = Progress()
        self.state = TaskState.RUNNING
        self.why = ""
        self.result: Run | None = None
        self.log: list[str] = []
        self.began = time.monotonic()
        self._moved = self.began
        self._seen: deque[tuple[float, int]] = deque(maxlen=64)
        self._task: asyncio.Task[None] | None = None
        self._over = False
        self._clock = QTimer(self)
        self._clock.setInterval(TICK)
        self._clock.timeout.connect(self.changed)

    def start(
        self,
        text: str | None,
        passphrase: str | None,
        afterwards: Callable[[], Awaitable[None]] | None,
        given_up: Collection[str] = (),
    ) -> None:
        """Keep the profile, if there is a text to keep, and carry it out; `afterwards` only if all went well.

        `given_up`: qubes whose last backup may go.
        """
        self._clock.start()
        self._session.happened.connect(self._happened)
        title = self.tr("Back up: {0}").format(self.profile)
        self._task = self._session.tasks.start(title, self._carry_out(text, passphrase, afterwards, given_up))
        # Before its first step nothing of it has run, and nobody else would notice its end.
        self._task.add_done_callback(lambda _task: self._ended())

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    @property
    def running(self) -> bool:
        """Until everybody has been told of its end."""
        return not self._over

    def speed(self) -> float | None:
        """Bytes a second of late."""
        now = time.monotonic()
        recent = [(at, done) for at, done in self._seen if now - at <= SPAN]
        if len(recent) < 2 or now - recent[0][0] < 1:  # noqa: PLR2004 - two points make a speed
            return None
        return max(0.0, (recent[-1][1] - recent[0][1]) / (now - recent[0][0]))

    def remaining(self) -> float | None:
        """Seconds to the end of this phase."""
        speed = self.speed()
        return (self.progress.total - self.progress.done) / speed if speed else None

    def stalled(self) -> float | None:
        """Seconds without progress, once they are worth a word."""
        still = time.monotonic() - self._moved
        return still if self.running and still >= STALLED else None

    async def _carry_out(
        self,
        text: str | None,
        passphrase: str | None,
        afterwards: Callable[[], Awaitable[None]] | None,
        given_up: Collection[str],
    ) -> None:
        context = copy_context()
        self.changed.connect(lambda: context.run(report, self.progress.percent, self._line()) if self.running else None)
        client = self._session.client
        try:
            if text is not None:
                await client.send(calls.BACKUP_PROFILE_SET(DOM0, self.profile, text))
            # The window may be closed and everything end here: dom0 goes on with it.
            await execute(client, self.profile, passphrase, lambda: self._session.tasks.closing, given_up)
            self.result = (await history(client, self.profile))[-1]
            self.state = TaskState.DONE
        except (asyncio.CancelledError, BackupCancelledError):
            self.state = TaskState.CANCELLED
            raise
        except (Mgmt1Error, TransportError) as error:
            self.state, self.why = TaskState.FAILED, str(error)
            raise
        if afterwards is not None:
            await afterwards()

    def _line(self) -> str:
        now = self.progress
        return f"{size_text(now.done) or '0 B'} / {size_text(now.total)}  {now.qube}"

    def _happened(self, events: tuple[Event, ...]) -> None:
        before = self.progress
        for event in events:
            now = follow(self.progress, self.profile, event)
            if now is not self.progress and (now.phase, now.qube) != (self.progress.phase, self.progress.qube):
                self._note(self._what(now))
            self.progress = now
        if self.progress is before:
            return
        if self.progress.phase != before.phase:
            self._seen.clear()
        self._moved = time.monotonic()
        self._seen.append((self._moved, self.progress.done))
        self.changed.emit()

    def _what(self, now: Progress) -> str:
        if now.phase == VERIFYING:
            return self.tr("{0} is read again").format(now.qube)
        return self.tr("{0} is written").format(now.qube)

    def _note(self, text: str) -> None:
        line = f"{time.strftime('%H:%M:%S')}  {text}"
        self.log.append(line)
        self.logged.emit(line)

    def _ended(self) -> None:
        self._over = True
        self._clock.stop()
        if self.state is TaskState.RUNNING:
            self.state = TaskState.CANCELLED
        ends = {
            TaskState.DONE: self.tr("The backup is complete."),
            TaskState.CANCELLED: self.tr("Cancelled. What had been written is removed."),
            TaskState.FAILED: self.tr("It failed: {0}").format(self.why),
        }
        self._note(ends[self.state])
        self._session.happened.disconnect(self._happened)
        self.changed.emit()


def running_backups(session: Session) -> list[BackupRun]:
    """Those that were begun here and are not over."""
    found: list[BackupRun] = session.findChildren(BackupRun)
    return [run for run in found if run.running]
