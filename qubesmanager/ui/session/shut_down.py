# SPDX-License-Identifier: GPL-3.0-or-later
"""Shutting this computer down after backups: a task, which waits until nothing that runs would be cut off."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from math import inf
from time import monotonic

from PyQt5.QtCore import QObject, QTimer

from qubesmanager.host.errors import HostError
from qubesmanager.host.power import power_off, why_not_power_off
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.session.backup_run import RunningBackup, running_backups
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import AtClose, TaskState, report
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import RESTORE_FINISHED, RESTORE_PROGRESS, VOLUME_IMPORT_BEGIN, VOLUME_IMPORT_END
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for

TICK = 1000
"""Milliseconds between looks at the clock."""
PATIENCE = 600.0
"""Seconds without a sign of progress after which the computer stays on."""
SETTLE = 10.0
"""Seconds after a connection that was lost: a restore in progress is heard of in them."""
DOUBT = 3600.0
"""Seconds after which nothing is waited for whose end may have been missed."""

Going = tuple[str, str]
"""What another client does: the id of a restore and an empty text, or the qube and the volume of an import."""


def why_not_shut_down(session: Session) -> Reason | None:
    """Why the computer cannot be shut down after a backup of this session; None if it can."""
    return Reason("demo-no-power-off") if session.is_demo else why_not_power_off()


class ShutDown(QObject):
    """Shuts the computer down once the backups that asked for it are complete, and nothing else would be cut off.

    It waits for the tasks of this program, and for what the events show of other clients: their backups, restores and
    imports. If a backup that asked fails, or nothing moves for `patience` seconds, the task fails, and the computer
    stays on.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.power_off: Callable[[], Awaitable[None]] = power_off
        self.patience = PATIENCE
        self._runs: list[RunningBackup] = []
        """The backups that asked for it."""
        self.settle = SETTLE
        self._going: dict[Going, float] = {}
        """The restores and imports in progress, of any client, and until when each is waited for."""
        self._settled = -inf
        """When enough was heard since the connection was lost; `inf` while it is."""
        self._news = 0
        """How often something was heard of them."""
        self._moved = asyncio.Event()
        self._clock = QTimer(self)
        self._clock.setInterval(TICK)
        self._clock.timeout.connect(self._look)
        self._task: asyncio.Task[None] | None = None
        session.happened.connect(self._happened)
        session.gone.connect(self._gone)
        session.lost.connect(self._lost)
        session.synced.connect(self._synced)
        session.tasks.changed.connect(self._look)

    @classmethod
    def of(cls, session: Session) -> "ShutDown":
        """The one of the session. It knows of other clients what has happened since the first call."""
        present: ShutDown | None = session.findChild(cls)
        return cls(session) if present is None else present

    def after(self, run: RunningBackup) -> None:
        """Shut down after this run, too."""
        if self._task is not None and self._task.done():
            self._ended(self._task)  # its callback, which is still to come, would end what begins here
        self._runs.append(run)
        run.changed.connect(self._look)
        self._look()
        if self._task is None:
            self._clock.start()
            title = self.tr("Shut down this computer")
            self._task = self._session.tasks.start(title, self._carry_out(), at_close=AtClose.AWAITED)
            # Also a task that is cancelled before its first step ends here.
            self._task.add_done_callback(self._ended)

    async def _carry_out(self) -> None:
        signs: object = None
        since, shown = monotonic(), ""
        while True:
            self._moved.clear()
            busy = self._busy() or await self._unheard()
            if not busy:
                break
            if (now := self._signs()) != signs:
                signs, since = now, monotonic()
            if monotonic() - since >= self.patience:
                raise error_for(Reason("power-off-nothing-moves", round(self.patience / 60), busy[0]), HostError)
            text = self.tr("Waits for: {0}").format(", ".join(busy))
            if text != shown:  # a report is a change of a task, too
                shown = text
                report(None, text)
            await self._moved.wait()
        if why := why_not_shut_down(self._session):
            raise error_for(why, HostError)
        await self.power_off()

    def _busy(self) -> list[str]:
        """What would be cut off, in words. Raises `HostError` if a backup that asked for the shutdown has failed."""
        over = [run for run in self._runs if not run.running]
        if failed := [run for run in over if run.state is TaskState.FAILED]:
            raise error_for(Reason("power-off-backup-failed", failed[0].profile), HostError)
        if self._runs and all(run.state is TaskState.CANCELLED for run in over) and len(over) == len(self._runs):
            raise asyncio.CancelledError  # the user cancelled all that it was to follow
        titles = [entry.title for entry in self._session.tasks.running if entry.task is not self._task]
        now = monotonic()
        if not self._session.is_synced or now < self._settled:
            titles.append(self.tr("the connection"))
        if not titles and any(now < until for until in self._going.values()):
            titles.append(self.tr("a restore or an import of another program"))
        return titles

    async def _unheard(self) -> list[str]:
        """What would be cut off although no event reported it: dom0 is asked for its backups once more."""
        try:
            with suppress(Mgmt1Error):  # a policy, or an older daemon, may not take the call
                await self._session.backups.ask()
        except TransportError:
            return [self.tr("the connection")]
        return self._busy()

    def _signs(self) -> object:
        """A value that changes when something moves."""
        entries = [entry for entry in self._session.tasks.running if entry.task is not self._task]
        tasks = [(each.title, each.progress, each.detail, [part.state for part in each.children]) for each in entries]
        return self._news, tasks, [run.progress for run in running_backups(self._session)]

    def _look(self, *_: object) -> None:
        self._moved.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task is not self._task:
            return
        self._task = None
        self._clock.stop()
        for run in self._runs:
            run.changed.disconnect(self._look)
        self._runs.clear()

    def _happened(self, events: tuple[Event, ...]) -> None:
        for event in events:
            if progress := RESTORE_PROGRESS.of(event):
                self._going[progress.run, ""] = inf
            elif result := RESTORE_FINISHED.of(event):
                self._going.pop((result.run, ""), None)
            elif begin := VOLUME_IMPORT_BEGIN.of(event):
                self._going[event.subject, begin.name] = inf
            elif end := VOLUME_IMPORT_END.of(event):
                self._going.pop((event.subject, end.name), None)
            else:
                continue
            self._news += 1
            self._look()

    def _gone(self, names: tuple[str, ...]) -> None:
        self._going = {
            (of, volume): until for (of, volume), until in self._going.items() if not volume or of not in names
        }
        self._look()

    def _lost(self, _lost: object) -> None:
        self._settled = inf

    def _synced(self) -> None:
        """Everything was listed again, and what happened meanwhile was missed: also the end of what was in progress.

        It is still waited for, so that nothing is cut off, but not for ever. A restore that goes on is heard of.
        """
        now = monotonic()
        self._going = {each: min(until, now + DOUBT) for each, until in self._going.items()}
        if self._settled == inf:
            self._settled = now + self.settle
        self._look()
