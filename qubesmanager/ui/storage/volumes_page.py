# SPDX-License-Identifier: GPL-3.0-or-later
"""Every volume of every pool: its owner, its usage, its snapshots. A volume without an owner can be removed."""

from PyQt5.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.row_table import RowFilter, RowTable
from qubesmanager.models.storage_rows import CONTEXT, VOLUME_COLUMNS, VOLUME_USED, VolumeRow
from qubesmanager.models.texts import size_text
from qubesmanager.rules.qubes_os import why_not_there
from qubesmanager.rules.volumes import why_not_kept, why_not_replace
from qubesmanager.ui.session.request_task import Do
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.storage.storage_feed import StorageFacts
from qubesmanager.ui.widgets.labels import plain_label, redden
from qubesmanager.ui.widgets.prompts import confirm
from qubesmanager.ui.widgets.snapshots_box import Snapshots, SnapshotsBox
from qubesmanager.ui.widgets.tables import row_table, selected_row, set_widths, sortable
from qubesmanager.ui.widgets.usage_bar import UsageDelegate
from qubesmanager.wire import calls
from qubesmanager.wire.names import DOM0


class AllVolumesPage(QWidget):
    """A table with a filter, and the selected volume's snapshots."""

    def __init__(self, session: Session, facts: StorageFacts, do: Do, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._facts, self._do = session, facts, do
        self.model: RowTable[VolumeRow] = RowTable(CONTEXT, VOLUME_COLUMNS, lambda row: row.place, self)
        self.filter = RowFilter(self.model, self)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Part of a volume, a qube or a pool"))
        self.search.setAccessibleName(self.tr("Find volumes"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._narrow)
        self.only_orphans = QCheckBox(self.tr("Only those of no &qube"), self)
        self.only_orphans.toggled.connect(self._narrow)
        self.table = row_table(self.filter, self.tr("Volumes"), 0, self)
        self.table.setItemDelegateForColumn(VOLUME_USED, UsageDelegate(self.table))
        set_widths(self.table, {1: 29, 2: 21, 3: 21, VOLUME_USED: 51, 5: 59})
        sortable(self.table)
        self.empty = plain_label("", self)
        self.remove = QPushButton(self.tr("Re&move…"), self)
        redden(self.remove)
        self.remove.clicked.connect(self._remove)
        self.snapshots = SnapshotsBox(session.client.send, session.tasks, self)
        self.snapshots.setMaximumHeight(14 * self.fontMetrics().height())
        top = QHBoxLayout()
        top.addWidget(self.search, 1)
        top.addWidget(self.only_orphans)
        top.addWidget(self.remove)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.table, 2)
        layout.addWidget(self.empty)
        layout.addWidget(self.snapshots)
        if selection := self.table.selectionModel():
            selection.selectionChanged.connect(lambda *_: self._selected())
        facts.changed.connect(self._refresh)
        facts.snapshots_changed.connect(self.snapshots.ask_again)
        self._refresh()

    def current(self) -> VolumeRow | None:
        return self.filter.row_at(selected_row(self.table))

    def _narrow(self) -> None:
        text, orphans = self.search.text().strip().casefold(), self.only_orphans.isChecked()
        self.filter.want(
            lambda row: (
                (not orphans or not row.qube)
                and all(word in f"{row.place} {row.qube}".casefold() for word in text.split())
            )
        )
        self._selected()

    def _refresh(self) -> None:
        selected = self.current()
        self.model.put(self._facts.volumes if self._facts.is_known else [])
        if selected is not None and (row := self.filter.shown_row(selected.place)) >= 0:
            self.table.selectRow(row)
        self._selected()

    def _selected(self) -> None:
        row = self.current()
        self.empty.setVisible(self.filter.rowCount() == 0)
        self.empty.setText(self._why_empty())
        why = why_not_there(self._session.facts, calls.POOL_VOLUME_REMOVE.name)
        tip = reason_text(why) if why else ""
        if row is not None and row.qube:
            tip = self.tr("It belongs to {0}; remove that qube instead.").format(row.qube)
        self.remove.setEnabled(row is not None and not row.qube and why is None)
        self.remove.setToolTip(tip)
        self.snapshots.put(self._snapshots_of(row) if row else None)

    def _snapshots_of(self, row: VolumeRow) -> Snapshots:
        record = self._session.records.get(row.qube)
        return Snapshots(
            str(row.place),
            calls.POOL_VOLUME_LIST_SNAPSHOTS(DOM0, row.place),
            calls.POOL_VOLUME_SNAPSHOT(DOM0, row.place),
            lambda snapshot: calls.POOL_VOLUME_REVERT(DOM0, row.place, snapshot),
            why_not_take=why_not_kept(row.volume),
            why_not_revert=why_not_replace(row.volume, running=record is not None and record.running),
            why_not_now=why_not_there(self._session.facts, calls.POOL_VOLUME_SNAPSHOT.name),
        )

    def _why_empty(self) -> str:
        if not self._facts.is_known:
            return self.tr("Loading the volumes…")
        if not self.model.rows:
            return self.tr("There is no volume.")
        if self.only_orphans.isChecked() and not self.search.text():
            return self.tr("Every volume belongs to a qube.")
        return self.tr("No volume matches.")

    def _remove(self) -> None:
        row = self.current()
        if row is not None and not row.qube:
            self._session.tasks.start_hidden(self.tr("Remove a volume"), self._ask_to_remove(row), owner=self)

    async def _ask_to_remove(self, row: VolumeRow) -> None:
        details = self.tr("No qube has it. What is in it is lost, with its snapshots.")
        if row.volume.usage:
            details += " " + self.tr("It takes {0}.").format(size_text(row.volume.usage))
        question = self.tr("Remove the volume {0} for good?").format(row.place)
        if await confirm(self, self.tr("Remove a volume"), question, self.tr("Remove"), details=details):
            self._do(self.tr("Remove the volume {0}").format(row.place), calls.POOL_VOLUME_REMOVE(DOM0, row.place))
