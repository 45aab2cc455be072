# SPDX-License-Identifier: GPL-3.0-or-later
"""Every property, also those that no other page shows: value, source, help, edit, reset."""

from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.client.client import Client
from qubesmanager.client.plan import Key
from qubesmanager.models.draft import PROPERTY, Draft
from qubesmanager.models.property_sheet import PropertySheet
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.prompts import plain_label
from qubesmanager.ui.tasks import TaskSet
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error


class PropertiesPage(QWidget):
    """A table, and beneath it the selected property with its help, which is asked for once it is wanted."""

    def __init__(self, draft: Draft, client: Client, tasks: TaskSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft, self._client, self._tasks = draft, client, tasks
        self._helps: dict[str, str] = {}
        self.sheet = PropertySheet(draft, self)
        self.table = QTableView(self)
        self.table.setModel(self.sheet)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.setTabKeyNavigation(False)
        self.table.setAccessibleName(self.tr("Properties"))
        if header := self.table.horizontalHeader():
            header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
            header.resizeSection(0, 190)
            header.resizeSection(2, 150)
        if vertical := self.table.verticalHeader():
            vertical.hide()
            vertical.setDefaultSectionSize(self.fontMetrics().height() + 9)
        self.value = QLineEdit(self)
        self.value.setAccessibleName(self.tr("Value"))
        self.value.textEdited.connect(self._edited)
        self.reset = QPushButton(self.tr("Back to the &default"), self)
        self.reset.clicked.connect(lambda: self._draft.edit((PROPERTY, self.current()), None))
        self.help = plain_label("", self)
        self.problem = plain_label("", self)
        row = QHBoxLayout()
        row.addWidget(self.value, 1)
        row.addWidget(self.reset)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.help)
        layout.addLayout(row)
        layout.addWidget(self.problem)
        self.problem.hide()
        if selection := self.table.selectionModel():
            selection.currentRowChanged.connect(lambda *_: self._selected())
        draft.changed.connect(self._refresh)
        self.table.selectRow(0)

    def current(self) -> str:
        """The selected property."""
        index = self.table.currentIndex()
        return self.sheet.name_at(index.row()) if index.isValid() else ""

    def refuse(self, key: Key, reason: str) -> bool:
        """Show the property and why it was refused; whether it is a property at all."""
        if key[0] != PROPERTY:
            return False
        for row in range(self.sheet.rowCount()):
            if self.sheet.name_at(row) == key[1]:
                self.table.selectRow(row)
        self.problem.setText(reason)
        self.problem.show()
        return True

    def _selected(self) -> None:
        self.problem.hide()
        self._refresh()
        name = self.current()
        self.help.setText(self._helps.get(name, ""))
        if name and name not in self._helps:
            self._tasks.start_hidden(self.tr("Ask what a property means"), self._ask(name), owner=self)

    def _refresh(self) -> None:
        name = self.current()
        shown = self._draft.shown(name)
        if self.value.text() != shown:
            self.value.setText(shown)
        self.reset.setEnabled(self._draft.value((PROPERTY, name)) is not None)

    def _edited(self, text: str) -> None:
        self.problem.hide()
        self._draft.edit((PROPERTY, self.current()), text)

    async def _ask(self, name: str) -> None:
        try:
            self._helps[name] = await self._client.send(calls.VM_PROPERTY_HELP(self._draft.record.name, name))
        except (Mgmt1Error, TransportError) as error:
            self._helps[name] = str(error)
        if self.current() == name:
            self.help.setText(self._helps[name].strip().replace("``", ""))
