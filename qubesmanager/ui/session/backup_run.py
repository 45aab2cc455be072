# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup in progress: a task of the session, which continues when its window is closed."""

import asyncio
import time
from collections import deque
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from typing import Any

from PyQt5.QtCore import QObject, QTimer, pyqtSignal

from qubesmanager.backup.errors import BackupError
from qubesmanager.client.backups import execute, history, whole
from qubesmanager.client.live_copy import FIRST_PAUSE, LONGEST_PAUSE
from qubesmanager.models.pace import Pace
from qubesmanager.models.texts import size_text, whole_size_text
from qubesmanager.transport.base import RefusedError, TransportError
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import AtClose, TaskState, report
from qubesmanager.wire import calls
from qubesmanager.wire.backups import (
    NOTHING_CONFIRMED,
    SCHEDULE,
    VERIFYING,
    WRITING,
    BackupRun,
    Confirmed,
    Progress,
    follow,
    run_from_event,
)
from qubesmanager.wire.errors import BackupAlreadyRunningError, BackupCancelledError, Mgmt1Error
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import BACKUP_STARTED
from qubesmanager.wire.names import DOM0

TICK = 1000
"""Milliseconds between looks at the clock."""
SPAN = 15
"""Seconds over which the speed is taken."""
STALLED = 20
"""Seconds without progress that are worth a word."""


class RunningBackup(QObject):
    """Signals: `changed()`; `logged(str)`: a line of what happened. One that has ended stays until its session goes."""

    changed = pyqtSignal()
    logged = pyqtSignal(str)

    def __init__(self, session: Session, profile: str) -> None:
        super().__init__(session)
        self._session = session
        self.profile = profile
        self.run: int | None = None
        """Its id, once it is known."""
        self._before = session.backups.runs.get(profile)
        self._is_lost = False
        self.progress = Progress()
        self.state = TaskState.RUNNING
        self.why = ""
        self.result: BackupRun | None = None
        self.log: list[str] = []
        self.began = time.monotonic()
        self._moved = self.began
        self._samples: deque[tuple[float, int]] = deque(maxlen=64)
        self._pace = Pace()
        self._verifies = False
        """Whether the profile reads its backups again; it is asked for a run of another client."""
        self._task: asyncio.Task[None] | None = None
        self._over = False
        self._clock = QTimer(self)
        self._clock.setInterval(TICK)
        self._clock.timeout.connect(self.changed)

    def start(
        self,
        text: str | None,
        passphrase: str | None,
        confirmed: Confirmed = NOTHING_CONFIRMED,
        *,
        verifies: bool = False,
    ) -> None:
        """Keep the profile, if there is a text to keep, and carry it out.

        `confirmed` is what the user allowed it; `verifies`: all of the backup is read again once it is written.
        """
        self._verifies = verifies
        self._begin(self._carry_out(text, passphrase, confirmed), AtClose.CONTINUES)

    def follow(self, run: BackupRun) -> None:
        """Show a run that another client or the schedule has begun."""
        self.run = run.run
        self.progress = run.progress or Progress()
        who = self.tr("the schedule") if run.by == SCHEDULE else run.by
        self._note(self.tr("Started by {0}.").format(who))
        self._begin(self._look_on(), AtClose.SILENT)
        self._session.tasks.start_hidden(self.tr("Read a backup profile"), self._ask_profile(), owner=self)

    async def _ask_profile(self) -> None:
        """Ask whether the profile verifies; if that cannot be known, the estimate is of one phase alone."""
        with suppress(Mgmt1Error, TransportError):
            text = await self._session.client.send(calls.BACKUP_PROFILE_GET(DOM0, self.profile))
            self._verifies = await asyncio.to_thread(_is_verified, text)

    def _begin(self, work: Coroutine[Any, Any, None], at_close: AtClose) -> None:
        self._clock.start()
        self._session.happened.connect(self._happened)
        title = self.tr("Back up: {0}").format(self.profile)
        self._task = self._session.tasks.start(title, work, at_close=at_close)
        # A task that is cancelled before its first step runs nothing, so its end is noticed here.
        self._task.add_done_callback(lambda _task: self._ended())

    @property
    def is_unknown(self) -> bool:
        """It is unknown whether it still runs: there is no connection, or there was none at its end."""
        return self._is_lost or (self.running and not self._session.is_synced)

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    @property
    def running(self) -> bool:
        """Until all listeners know of its end."""
        return not self._over

    def speed(self) -> float | None:
        """Bytes a second of late."""
        now = time.monotonic()
        recent = [(at, done) for at, done in self._samples if now - at <= SPAN]
        if len(recent) < 2 or now - recent[0][0] < 1:  # noqa: PLR2004 - two points make a speed
            return None
        return max(0.0, (recent[-1][1] - recent[0][1]) / (now - recent[0][0]))

    def remaining(self) -> float | None:
        """Seconds to the end of the run, by the rates of the last minutes; None while they are not known."""
        now = self.progress
        later = {VERIFYING: now.total} if self._verifies and now.phase == WRITING else {}
        return self._pace.remaining(time.monotonic(), now.phase, max(0, now.total - now.done), later)

    def stalled(self) -> float | None:
        """Seconds without progress, once they are worth a word."""
        still = time.monotonic() - self._moved
        return still if self.running and still >= STALLED else None

    async def _carry_out(self, text: str | None, passphrase: str | None, confirmed: Confirmed) -> None:
        with self._recorded():
            if text is not None:
                await self._session.client.send(calls.BACKUP_PROFILE_SET(DOM0, self.profile, text))
            self.result = await self._executed(passphrase, confirmed)

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        """Report the progress of the run, and keep how the block ended as the state of the run."""
        self._report()
        try:
            yield
            self.state = TaskState.DONE
        except (asyncio.CancelledError, BackupCancelledError):
            self.state = TaskState.CANCELLED
            raise
        except (Mgmt1Error, TransportError) as error:
            self._failed(error)
            raise

    def _failed(self, error: Mgmt1Error | TransportError) -> None:
        self.state, self.why = TaskState.FAILED, error_text(error)
        self._is_lost = isinstance(error, TransportError) and not isinstance(error, RefusedError)

    def _report(self) -> None:
        """Let the task say how far the run is."""
        context = copy_context()
        if self.progress.total:
            report(self.progress.percent, self._line())
        self.changed.connect(lambda: context.run(report, self.progress.percent, self._line()) if self.running else None)

    async def _executed(self, passphrase: str | None, confirmed: Confirmed) -> BackupRun:
        """Carry the profile out, or look on if it is being carried out; the run as the history has it."""
        client = self._session.client
        try:
            # The window may be closed and this program end: dom0 continues the backup.
            await execute(client, self.profile, passphrase, lambda: self._session.tasks.closing, confirmed)
            return (await history(client, self.profile))[-1]
        except BackupAlreadyRunningError:
            self._note(self.tr("A backup of this profile is already running; this window shows it."))
            await self._session.backups.ask()
        except RefusedError:
            raise
        except TransportError:
            await self._found_again()
        return whole(await self._end_of_run())

    async def _look_on(self) -> None:
        with self._recorded():
            self.result = whole(await self._end_of_run())

    async def _found_again(self) -> None:
        """After a lost connection: ask for the state until there is an answer.

        Raises `BackupError` if the run was not begun.
        """
        self._is_lost = True
        self._note(self.tr("The connection was lost. The backup may still be running."))
        self.changed.emit()
        pause = FIRST_PAUSE
        while True:
            try:
                await self._session.backups.ask()
                break
            except TransportError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        self._is_lost = False
        latest = self._session.backups.runs.get(self.profile)
        if self.run is None and (latest is None or (self._before is not None and latest.run == self._before.run)):
            raise BackupError(self.tr("The connection was lost before the backup began."))
        self._note(self.tr("Connected again."))
        self.changed.emit()

    async def _end_of_run(self) -> BackupRun:
        """Wait for the end of the run by events and the state. If cancelled, cancel the run."""
        watch = self._session.backups
        moved = asyncio.Event()
        watch.changed.connect(moved.set)
        try:
            while True:
                latest = watch.runs.get(self.profile)
                if latest is not None:
                    self.run = latest.run if self.run is None else self.run
                    if latest.run != self.run or not latest.is_running:
                        runs = await history(self._session.client, self.profile)
                        return next((run for run in runs if run.run == self.run), runs[-1])
                moved.clear()
                await moved.wait()
        except asyncio.CancelledError:
            if not self._session.tasks.closing:
                with suppress(Mgmt1Error, TransportError):  # it has just ended by itself
                    await self._session.client.send(calls.BACKUP_CANCEL(DOM0, self.profile))
            raise
        finally:
            watch.changed.disconnect(moved.set)

    def _line(self) -> str:
        now = self.progress
        return f"{whole_size_text(now.done)} / {size_text(now.total)}  {now.qube}"

    def _happened(self, events: tuple[Event, ...]) -> None:
        before = self.progress
        for event in events:
            if BACKUP_STARTED.matches(event) and self.run is None and (begun := run_from_event(event)) is not None:
                self.run = begun.run if begun.profile == self.profile else None
            now = follow(self.progress, self.profile, event, self.run)
            if now is not self.progress and (now.phase, now.qube) != (self.progress.phase, self.progress.qube):
                self._note(self._what(now))
            self.progress = now
        if self.progress is before:
            return
        if self.progress.phase != before.phase:
            self._samples.clear()
        self._moved = time.monotonic()
        self._samples.append((self._moved, self.progress.done))
        self._pace.put(self._moved, self.progress.phase, self.progress.done)
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
            TaskState.CANCELLED: self.tr("Cancelled. The incomplete file was removed."),
            TaskState.FAILED: self.tr("It failed: {0}").format(self.why),
        }
        self._is_lost = self._is_lost and self.state is TaskState.FAILED
        self._note(ends[self.state])
        self._session.happened.disconnect(self._happened)
        self.changed.emit()


def _is_verified(text: str) -> bool:
    """Whether the profile of the text reads its backups again. Raises as `parse_profile` does."""
    from qubesmanager.backup.profile import parse_profile  # noqa: PLC0415 - YAML and ciphers: no start waits for them

    return parse_profile(text).verify


def running_backups(session: Session) -> list[RunningBackup]:
    """The runs in progress, of any client."""
    runs: list[RunningBackup] = session.findChildren(RunningBackup)
    return [run for run in runs if run.running]


def follow_backups(session: Session) -> None:
    """Show each run that the session's own windows have not begun, as a task that can be cancelled."""

    def began(run: BackupRun) -> None:
        if not any(running.profile == run.profile for running in running_backups(session)):
            RunningBackup(session, run.profile).follow(run)

    session.backups.began.connect(began)
