# SPDX-License-Identifier: GPL-3.0-or-later
"""The pools: how full, who uses them; add one, forget one."""

from PyQt5.QtWidgets import QGroupBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from qubesmanager.models.row_table import RowFilter, RowTable
from qubesmanager.models.storage_rows import CONTEXT, POOL_COLUMNS, POOL_USED, PoolRow, option_name, option_value
from qubesmanager.ui.session.request_task import Do
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.storage.add_pool_dialog import AddPoolDialog
from qubesmanager.ui.storage.storage_feed import StorageFacts
from qubesmanager.ui.widgets.labels import plain_label, redden
from qubesmanager.ui.widgets.prompts import confirm, opened
from qubesmanager.ui.widgets.tables import row_table, selected_row, set_widths, sortable
from qubesmanager.ui.widgets.usage_bar import UsageDelegate
from qubesmanager.wire import calls
from qubesmanager.wire.names import DOM0

NAMED = 24
"""Qubes that are named beneath the table; all of them are in the tooltip of the button."""


class PoolsPage(QWidget):
    """A table, and beneath it what is known of the selected pool."""

    def __init__(self, session: Session, facts: StorageFacts, do: Do, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._facts, self._do = session, facts, do
        self.model: RowTable[PoolRow] = RowTable(CONTEXT, POOL_COLUMNS, lambda row: row.name, self)
        self.filter = RowFilter(self.model, self)
        self.table = row_table(self.filter, self.tr("Pools"), 0, self)
        self.table.setItemDelegateForColumn(POOL_USED, UsageDelegate(self.table))
        set_widths(self.table, {1: 32, 2: 27, POOL_USED: 61, 4: 19})
        sortable(self.table)
        self.info_box = QGroupBox(self.tr("About the pool"), self)
        self.info = plain_label("", self.info_box)
        QVBoxLayout(self.info_box).addWidget(self.info)
        self.add = QPushButton(self.tr("&Add…"), self)
        self.add.clicked.connect(self._add)
        self.remove = QPushButton(self.tr("&Remove…"), self)
        redden(self.remove)
        self.remove.clicked.connect(self._remove)
        row = QHBoxLayout()
        row.addWidget(self.add)
        row.addStretch(1)
        row.addWidget(self.remove)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.info_box)
        layout.addLayout(row)
        if selection := self.table.selectionModel():
            selection.selectionChanged.connect(lambda *_: self._show_info())
        facts.changed.connect(self._refresh)
        self._refresh()

    def current(self) -> PoolRow | None:
        return self.filter.row_at(selected_row(self.table))

    def _refresh(self) -> None:
        row = self.current()
        self.model.put(self._facts.pools)
        self.table.selectRow(max(0, self.filter.shown_row(row.name) if row else 0))
        self._show_info()

    def _show_info(self) -> None:
        row = self.current()
        self.remove.setEnabled(row is not None and not row.users)
        if row is None:
            self.info.setText(self.tr("There is no pool.") if self._facts.is_known else self.tr("Loading the pools…"))
            self.remove.setToolTip("")
            return
        lines = [f"{option_name(name)}: {option_value(name, value)}" for name, value in row.options.items() if value]
        if row.users:
            named, more = ", ".join(row.users[:NAMED]), len(row.users) - NAMED
            several = self.tr("Used by {0} and %n more.", "", more)
            lines.append((several if more > 0 else self.tr("Used by {0}.")).format(named))
            self.remove.setToolTip(self.tr("It is used by {0}.").format(", ".join(row.users)))
        else:
            lines.append(self.tr("No qube has a volume in it."))
            self.remove.setToolTip("")
        self.info.setText("\n".join(lines))

    def _add(self) -> None:
        self._session.tasks.start_hidden(self.tr("List the pool drivers"), self._ask_to_add(), owner=self)

    async def _ask_to_add(self) -> None:
        drivers = await self._session.client.send(calls.POOL_LIST_DRIVERS(DOM0))
        taken = [row.name for row in self._facts.pools]
        await opened(AddPoolDialog(self._session, drivers, taken, self))

    def _remove(self) -> None:
        if row := self.current():
            self._session.tasks.start_hidden(self.tr("Remove a pool"), self._ask_to_remove(row), owner=self)

    async def _ask_to_remove(self, row: PoolRow) -> None:
        if await confirm(
            self,
            self.tr("Remove a pool"),
            self.tr("Forget the pool {0}?").format(row.name),
            self.tr("Remove"),
            details=self.tr("Its files stay where they are; qubes can no longer have volumes in it."),
        ):
            self._do(self.tr("Remove the pool {0}").format(row.name), calls.POOL_REMOVE(DOM0, row.name))
