# SPDX-License-Identifier: GPL-3.0-or-later
"""Every snapshot of every volume. They are loaded when the page is shown, with one call for each volume."""

from PyQt5.QtCore import QTimer
from PyQt5.QtGui import QShowEvent
from PyQt5.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from qubesmanager.models.row_table import RowFilter, RowTable
from qubesmanager.models.storage_rows import CONTEXT, SNAPSHOT_COLUMNS, SnapshotRow
from qubesmanager.models.volume_table import when_text
from qubesmanager.ui.session.request_task import Do
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.storage.storage_feed import PAUSE, StorageFacts
from qubesmanager.ui.widgets.labels import plain_label, redden
from qubesmanager.ui.widgets.prompts import confirm
from qubesmanager.ui.widgets.tables import row_table, selected_row, set_widths, sortable
from qubesmanager.wire import calls
from qubesmanager.wire.names import DOM0


class SnapshotsPage(QWidget):
    """A table with a button that goes back to one."""

    def __init__(self, session: Session, facts: StorageFacts, do: Do, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._facts, self._do = session, facts, do
        self._asking = False
        self._is_known = False
        """Whether the snapshots were listed once."""
        self.model: RowTable[SnapshotRow] = RowTable(
            CONTEXT, SNAPSHOT_COLUMNS, lambda row: (row.place, row.snapshot), self
        )
        self.filter = RowFilter(self.model, self)
        self.table = row_table(self.filter, self.tr("Snapshots"), 2, self)
        set_widths(self.table, {0: 43, 1: 35, 3: 24, 4: 43})
        sortable(self.table)
        self.note = plain_label("", self)
        self.revert = QPushButton(self.tr("Revert to &it…"), self)
        redden(self.revert)
        self.revert.clicked.connect(self._revert)
        row = QHBoxLayout()
        row.addWidget(self.note, 1)
        row.addWidget(self.revert)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(PAUSE)
        self._again.timeout.connect(self._ask)
        if selection := self.table.selectionModel():
            selection.selectionChanged.connect(lambda *_: self._selected())
        facts.changed.connect(self._ask_soon)
        facts.snapshots_changed.connect(self._ask_soon)
        self._selected()

    def current(self) -> SnapshotRow | None:
        return self.filter.row_at(selected_row(self.table))

    def _ask_soon(self) -> None:
        if self.isVisible():
            self._again.start()
        self._selected()

    def _ask(self) -> None:
        if self._asking:
            self._again.start()
        elif self._facts.is_known:
            self._asking = True
            self._session.tasks.start_hidden(self.tr("List the snapshots"), self._list(), owner=self)

    async def _list(self) -> None:
        selected = self.current()
        try:
            self.model.put(await self._facts.snapshots())
            self._is_known = True
        finally:
            self._asking = False
        if selected is not None and (row := self.filter.shown_row((selected.place, selected.snapshot))) >= 0:
            self.table.selectRow(row)
        self._selected()

    def _selected(self) -> None:
        row = self.current()
        record = self._session.records.get(row.qube) if row else None
        running = record is not None and record.running
        self.revert.setEnabled(row is not None and not running)
        if row is None:
            text = self._why_empty()
        elif running:
            text = self.tr("{0} is running; a volume is reverted while its qube is halted.").format(row.qube)
        else:
            text = self.tr("Reverting keeps the state before it as a snapshot too.")
        self.note.setText(text)

    def _why_empty(self) -> str:
        if self.model.rows:
            return ""
        return self.tr("There is no snapshot.") if self._is_known else self.tr("Loading the snapshots…")

    def _revert(self) -> None:
        if row := self.current():
            self._session.tasks.start_hidden(self.tr("Revert a volume"), self._ask_to_revert(row), owner=self)

    async def _ask_to_revert(self, row: SnapshotRow) -> None:
        when = when_text(row.snapshot)
        if await confirm(
            self,
            self.tr("Revert a volume"),
            self.tr("Revert {0} to its state of {1}?").format(row.place, when),
            self.tr("Revert"),
            details=self.tr("Data written since then is removed from the volume, and kept as a snapshot."),
        ):
            request = calls.POOL_VOLUME_REVERT(DOM0, row.place, row.snapshot)
            self._do(self.tr("Revert {0} to {1}").format(row.place, when), request)

    # Qt overrides

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._ask()
