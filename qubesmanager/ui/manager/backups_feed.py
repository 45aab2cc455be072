# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page of backups knows: profiles, what each would do, and the runs there were.

It is asked for again after the events of runs and profiles, which are gathered for a moment.
"""

import asyncio
import time
from dataclasses import replace

from PyQt5.QtCore import QObject, QTimer, pyqtSignal

from qubesmanager.client.backups import history, preview
from qubesmanager.models.backup_overview import ProfileRow
from qubesmanager.models.natural_sort import in_order
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.session import Session
from qubesmanager.wire import calls
from qubesmanager.wire.backups import BackupRun, Preview
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import BACKUP_PROFILE
from qubesmanager.wire.names import DOM0

PAUSE = 250
"""Milliseconds that events are gathered for before dom0 is asked again."""


class BackupsFeed(QObject):
    """Signals: `changed()`: anything below is different."""

    changed = pyqtSignal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._asking: asyncio.Task[None] | None = None
        self._is_stale = False
        self.is_known = False
        """Whether dom0 has answered once."""
        self.problem = ""
        """Why dom0 does not answer; empty if it does."""
        self.names: list[str] = []
        self.previews: dict[str, Preview] = {}
        self.problems: dict[str, str] = {}
        """Why there is no preview, by profile."""
        self.runs: list[BackupRun] = []
        """All runs, oldest first."""
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(PAUSE)
        self._again.timeout.connect(self.ask)
        session.backups.changed.connect(self._moved)
        session.happened.connect(self._happened)
        session.synced.connect(self.ask)
        self.ask()

    def rows(self) -> list[ProfileRow]:
        """The profiles in the order of their names, each with its latest run."""
        now = int(time.time())
        last = {run.profile: run for run in self.runs}
        good = {run.profile: run for run in self.runs if run.has_backup}
        return [
            ProfileRow(
                name,
                self._latest(name, last.get(name)),
                good.get(name),
                self.previews.get(name),
                self.problems.get(name, ""),
                now,
            )
            for name in self.names
        ]

    def _latest(self, name: str, stored: BackupRun | None) -> BackupRun | None:
        """The latest run: the history knows more of one that is over, an event comes before it."""
        known = self._session.backups.runs.get(name)
        if known is None or (stored is not None and (known.run or 0) < (stored.run or 0)):
            return stored
        if stored is None or stored.run != known.run or known.is_running != stored.is_running:
            return known
        return replace(stored, next_attempt=known.next_attempt)

    def ask(self) -> None:
        """Ask dom0 now; once more if it is being asked already."""
        if self._asking is not None and not self._asking.done():
            self._is_stale = True
            return
        self._is_stale = False
        self._asking = self._session.tasks.start_hidden(self.tr("Load the backups"), self._ask(), owner=self)

    async def _ask(self) -> None:
        await self._load()
        if self._is_stale:
            self._again.start()

    async def _load(self) -> None:
        client = self._session.client
        try:
            names = await client.send(calls.BACKUP_PROFILE_LIST(DOM0))
            self.runs = await history(client)
        except (Mgmt1Error, TransportError) as error:
            self.problem = error_text(error)
            self.changed.emit()
            return
        self.problem, self.is_known = "", True
        self.names = in_order(names)
        self.previews = {name: self.previews[name] for name in names if name in self.previews}
        self.problems = {name: self.problems[name] for name in names if name in self.problems}
        self.changed.emit()
        # A destination that hangs must not hold up the others.
        async with asyncio.TaskGroup() as group:
            for name in self.names:
                group.create_task(self._look_at(name))

    async def _look_at(self, name: str) -> None:
        try:
            self.previews[name] = await preview(self._session.client, name)
            self.problems.pop(name, None)
        except (Mgmt1Error, TransportError) as error:
            self.problems[name] = error_text(error)
            self.previews.pop(name, None)
        self.changed.emit()

    def _moved(self) -> None:
        """A run began or ended: its row shows that at once, and the rest follows."""
        self.changed.emit()
        self._again.start()

    def _happened(self, events: tuple[Event, ...]) -> None:
        if any(BACKUP_PROFILE.matches(event) for event in events):
            self._again.start()
