# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills a timeline: the newest page first, older ones as the user scrolls, and new entries after events."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from PyQt5.QtCore import QObject, pyqtSignal

from qubesmanager.models.timeline import TimelineModel
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.soon import Soon
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.history import HistoryEntry, HistoryQuery
from qubesmanager.wire.names import DOM0

PAUSE = 500
"""Milliseconds that events are gathered for before dom0 is asked what is new."""
PAGE = 200
"""Entries that are asked for at once."""
FEW = 40
"""While fewer entries than that are shown, and there are older ones, these are asked for: a filter may fit few."""


class TimelineFeed(QObject):
    """Signals: `changed()`: there are other entries, or dom0 does not answer.

    `is_shown` says whether the entries are looked at: only then dom0 is asked after events.
    """

    changed = pyqtSignal()

    def __init__(self, session: Session, model: TimelineModel, is_shown: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self.name: str | None = None
        """The qube whose entries these are; None for all."""
        self.problem = ""
        """Why dom0 does not answer; empty if it does."""
        self.is_known = False
        """Whether dom0 has answered once."""
        self.since = 0
        """Older entries are not looked at, in Unix seconds."""
        self._session = session
        self._model = model
        self._is_shown = is_shown
        self._is_stale = False
        self._is_older_next = False
        self._asking: asyncio.Task[None] | None = None
        self._later = Soon(PAUSE, self.ask_newer, self)
        model.more_wanted.connect(self.ask_older)
        for signal in (session.put, session.gone, session.happened, session.system_changed, session.labels_changed):
            signal.connect(self._later.ask)
        session.synced.connect(self._later.ask)

    def show_qube(self, name: str | None) -> None:
        """Begin again with the entries of one qube; None for all."""
        self.name = name
        self.begin()

    def begin(self) -> None:
        """Ask for the newest page, and forget the others."""
        if self._asking is not None:
            self._asking.cancel()
        self._asking = None
        self.is_known, self.problem, self._is_stale = False, "", False
        self._model.clear()
        self.changed.emit()
        self._ask(self._older())

    @property
    def is_enough(self) -> bool:
        """Whether all are known that are looked at."""
        return bool(self._model.entries) and self._model.entries[-1].time < self.since

    def ask_older(self) -> None:
        """Ask for the next page; after what is newer, if dom0 is being asked for that."""
        if self._is_busy():
            self._is_older_next = True
        elif self.is_known and not self.is_enough:
            self._ask(self._older())

    def ask_newer(self) -> None:
        """Ask for what is newer than all that is known; later, if dom0 is being asked already or nothing is shown."""
        if self._is_busy() or not self._is_shown():
            self._is_stale = True
        elif self.is_known:
            self._ask(self._newer())
        else:
            self.begin()

    def look(self) -> None:
        """The entries are looked at now: ask for what came meanwhile."""
        if not self.is_known and not self._is_busy():
            self.begin()
        elif self._is_stale:
            self.ask_newer()

    def fill(self) -> None:
        """Ask for older entries while few fit the filter."""
        if self._model.shown < FEW and self._model.has_more:
            self.ask_older()

    def _is_busy(self) -> bool:
        return self._asking is not None and not self._asking.done()

    def _ask(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._asking = self._session.tasks.start_hidden(self.tr("Load the changes"), coroutine, owner=self)

    async def _entries(self, query: HistoryQuery) -> list[HistoryEntry] | None:
        """A page; None if dom0 does not answer, and why is in `problem`."""
        try:
            entries = await self._session.client.send(calls.HISTORY(DOM0, self.name, query))
        except (Mgmt1Error, TransportError) as error:
            self.problem = error_text(error)
            self.changed.emit()
            return None
        self.problem = ""
        return entries

    async def _older(self) -> None:
        """The next page, and further ones while few fit the filter."""
        while True:
            known = self._model.entries
            page = await self._entries(HistoryQuery(PAGE, known[-1].id if known else None))
            if page is None:
                return
            self.is_known, self._is_older_next = True, False
            self._model.put_older(page, has_more=len(page) == PAGE)
            self.changed.emit()
            if not self._model.has_more or self._model.shown >= FEW or self.is_enough:
                break
        self._ended()

    async def _newer(self) -> None:
        """All that is newer, page by page; then an older page, if the user came to the end meanwhile."""
        self._is_stale = False
        last = self._model.entries[0].id if self._model.entries else 0
        newer: list[HistoryEntry] = []
        while True:
            page = await self._entries(HistoryQuery(PAGE, newer[-1].id if newer else None, last))
            if page is None:
                return
            newer += page
            if len(page) < PAGE:
                break
        if newer:
            self._model.put_newer(newer)
            self.changed.emit()
        if self._is_older_next and self._model.has_more and not self.is_enough:
            await self._older()
        else:
            self._ended()

    def _ended(self) -> None:
        if self._is_stale:
            self._later.start()
