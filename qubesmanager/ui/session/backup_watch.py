# SPDX-License-Identifier: GPL-3.0-or-later
"""The latest run of each backup profile, of any client, by events and the state."""

from collections.abc import Iterable
from contextlib import suppress

from PyQt5.QtCore import QObject, pyqtSignal

from qubesmanager.client.backups import status
from qubesmanager.client.client import Client
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.session.tasks import TaskSet
from qubesmanager.wire.backups import BackupRun, run_from_event
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event import Event


class BackupWatch(QObject):
    """Belongs to a session, which passes events on.

    Signals: `began(BackupRun)`: a new run is in progress; `ended(BackupRun)`: a run has ended; `changed()`: after
    either, and after each answer about the state.
    """

    began = pyqtSignal(object)
    ended = pyqtSignal(object)
    changed = pyqtSignal()

    def __init__(self, client: Client, tasks: TaskSet, parent: QObject) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self.runs: dict[str, BackupRun] = {}
        """The latest run by profile, as far as it is known."""

    @property
    def troubled(self) -> list[BackupRun]:
        """The profiles' latest runs that made no backup, or not of all qubes."""
        return [run for run in self.runs.values() if run.is_troubled]

    def happened(self, events: Iterable[Event]) -> None:
        """Events of the whole system."""
        for event in events:
            if (run := run_from_event(event)) is not None:
                self._put(run, is_news=True)
                self.changed.emit()

    def synced(self) -> None:
        """There is a connection (again): events may have been missed."""
        self._tasks.start_hidden(self.tr("Load the state of the backups"), self._ask_quietly())

    async def ask(self) -> None:
        """Ask for the state now. Raises `Mgmt1Error`, `TransportError`."""
        for run in await status(self._client):
            self._put(run, is_news=False)
        self.changed.emit()

    async def _ask_quietly(self) -> None:
        """An older daemon does not know the call, and another qube may not be allowed to ask."""
        with suppress(Mgmt1Error, TransportError):
            await self.ask()

    def _put(self, run: BackupRun, *, is_news: bool) -> None:
        before = self.runs.get(run.profile)
        if before is not None and (run.run or 0) < (before.run or 0):
            return
        was_running = before is not None and before.run == run.run and before.is_running
        self.runs[run.profile] = run
        if run.is_running and not was_running:
            self.began.emit(run)
        elif not run.is_running and (was_running or is_news):
            self.ended.emit(run)
