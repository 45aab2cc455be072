# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshots of one volume, with the buttons that take one and go back to one."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from PyQt5 import sip
from PyQt5.QtCore import QObject
from PyQt5.QtGui import QShowEvent
from PyQt5.QtWidgets import QGroupBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.volume_table import SnapshotTable, when_text
from qubesmanager.ui.widgets.labels import plain_label, redden
from qubesmanager.ui.widgets.prompts import confirm
from qubesmanager.ui.widgets.tables import row_table, selected_row
from qubesmanager.wire.call import Request
from qubesmanager.wire.reason import Reason


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The calls about one volume's snapshots, and why two of them cannot be made now (None: they can)."""

    title: str
    ask: Request[list[str]]
    take: Request[str]
    revert: Callable[[str], Request[None]]
    why_not_take: Reason | None = None
    """Why the volume has no snapshots."""
    why_not_now: Reason | None = None
    """Why none can be taken, although it may have some."""
    why_not_revert: Reason | None = None


class Tasks(Protocol):
    """Runs coroutines in the background and shows their errors; `start` shows them in the list of tasks too."""

    def start(self, title: str, coroutine: Coroutine[Any, Any, None]) -> object: ...

    def start_hidden(
        self, title: str, coroutine: Coroutine[Any, Any, None], *, owner: QObject | None = None
    ) -> object: ...


Send = Callable[[Request[Any]], Awaitable[Any]]
"""Sends a request and returns its answer."""


class SnapshotsBox(QGroupBox):
    """The snapshots of the volume that `put` names; `ask_again` reads them again."""

    def __init__(self, send: Send, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("Snapshots"))
        self._send_request, self._tasks = send, tasks
        self._of: Snapshots | None = None
        self._due = False
        self.model = SnapshotTable(self)
        self.table = row_table(self.model, self.tr("Snapshots"), 1, self)
        self.table.setColumnWidth(0, 170)
        self.take = QPushButton(self.tr("T&ake a snapshot"), self)
        self.take.clicked.connect(self._take)
        self.revert = QPushButton(self.tr("Revert to &it…"), self)
        redden(self.revert)
        self.revert.clicked.connect(self._revert)
        self.note = plain_label("", self)
        row = QHBoxLayout()
        row.addWidget(self.take)
        row.addStretch(1)
        row.addWidget(self.revert)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.note)
        layout.addLayout(row)
        if selection := self.table.selectionModel():
            selection.selectionChanged.connect(lambda *_: self._refresh())
        self.model.modelReset.connect(self._refresh)
        self.put(None)

    def put(self, of: Snapshots | None) -> None:
        """The volume it is about from now on; None for no volume."""
        other = of is None or self._of is None or of.ask != self._of.ask
        self._of = of
        self._refresh()
        if other:
            self.model.put(())
            self.ask_again()

    def ask_again(self) -> None:
        """List the snapshots; only once they are seen."""
        self._due = not self.isVisible()
        if not self._due and self._of is not None and self._of.why_not_take is None:
            self._tasks.start_hidden(self.tr("List the snapshots"), self._list(self._of), owner=self)

    async def _list(self, of: Snapshots) -> None:
        listed = await self._send_request(of.ask)
        if self._of is not None and self._of.ask == of.ask:
            self.model.put(listed)

    def _refresh(self) -> None:
        of = self._of
        self.setEnabled(of is not None)
        no_new = of.why_not_now if of is not None else None
        self.take.setEnabled(of is not None and of.why_not_take is None and no_new is None)
        self.take.setToolTip(reason_text(no_new) if no_new else "")
        why = of.why_not_revert if of is not None else None
        chosen = selected_row(self.table) >= 0
        self.revert.setEnabled(of is not None and why is None and chosen)
        self.revert.setToolTip(reason_text(why) if why else "")
        if of is None:
            text = self.tr("Select a volume to see its snapshots.")
        elif of.why_not_take is not None:
            text = self.tr("{0} has no snapshots. {1}").format(of.title, reason_text(of.why_not_take))
        elif why is not None:
            text = reason_text(why)
        elif no_new is not None:
            text = reason_text(no_new)
        elif self.model.rowCount() == 0:
            text = self.tr("{0} has no snapshot yet.").format(of.title)
        else:
            text = self.tr("Reverting keeps the state before it as a snapshot too.")
        self.note.setText(text)

    def _take(self) -> None:
        if self._of is not None:
            title = self.tr("Take a snapshot of {0}").format(self._of.title)
            self._tasks.start(title, self._send(self._of.take))

    def _revert(self) -> None:
        snapshot = self.model.id_at(selected_row(self.table))
        if self._of is not None and snapshot:
            question = self._ask_to_revert(self._of, snapshot)
            self._tasks.start_hidden(self.tr("Revert a volume"), question, owner=self)

    async def _ask_to_revert(self, of: Snapshots, snapshot: str) -> None:
        if await confirm(
            self,
            self.tr("Revert a volume"),
            self.tr("Revert {0} to its state of {1}?").format(of.title, when_text(snapshot)),
            self.tr("Revert"),
            details=self.tr("Data written since then is removed from the volume, and kept as a snapshot."),
        ):
            title = self.tr("Revert {0} to {1}").format(of.title, when_text(snapshot))
            self._tasks.start(title, self._send(of.revert(snapshot)))

    async def _send(self, request: Request[Any]) -> None:
        await self._send_request(request)
        # The window may have been closed; the request is carried out anyway.
        if not sip.isdeleted(self):
            self.ask_again()

    # Qt overrides

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        if self._due:
            self.ask_again()
