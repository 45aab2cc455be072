# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of a qube as ticks: those that it or its template turns on."""

from collections.abc import Mapping

from PyQt5.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from qubesmanager.models.draft import Draft
from qubesmanager.models.feature_table import SERVICE
from qubesmanager.models.service_table import NAME, ON, PURPOSE, SOURCE, ServiceTable
from qubesmanager.plans.plan import FEATURE, Key
from qubesmanager.ui.settings.services import KNOWN
from qubesmanager.ui.widgets.labels import problem_label, show_problem
from qubesmanager.ui.widgets.tables import row_table, selected_row
from qubesmanager.ui.widgets.tick_delegate import TickDelegate
from qubesmanager.wire.names import FEATURE_NAME
from qubesmanager.wire.records import VmRecord


class ServicesPage(QWidget):
    """The known services and whatever else is set; a tick is the qube's own, a reset leaves it to the template."""

    def __init__(self, draft: Draft, records: Mapping[str, VmRecord], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ServiceTable(draft, records, {name: row.shown_text() for name, row in KNOWN.items()}, self)
        self.table = row_table(self.model, self.tr("Services"), PURPOSE, self)
        self.table.setItemDelegateForColumn(NAME, TickDelegate(self.table))
        self.table.setColumnWidth(NAME, 210)
        self.table.setColumnWidth(SOURCE, 170)
        self.name = QLineEdit(self)
        self.name.setPlaceholderText(self.tr("Another service"))
        self.name.setAccessibleName(self.tr("Another service"))
        self.name.returnPressed.connect(self._add)
        others = {name for record in records.values() for name in record.features if name.startswith(SERVICE)}
        self.name.setCompleter(QCompleter(sorted(name.removeprefix(SERVICE) for name in others), self.name))
        self.add = QPushButton(self.tr("&Add"), self)
        self.add.clicked.connect(self._add)
        self.reset = QPushButton(self.tr("Back to the &default"), self)
        self.reset.clicked.connect(self._reset)
        self.problem = problem_label(self)
        self.problem.hide()
        row = QHBoxLayout()
        row.addWidget(self.name, 1)
        row.addWidget(self.add)
        row.addWidget(self.reset)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)
        layout.addWidget(self.problem)
        if selection := self.table.selectionModel():
            selection.selectionChanged.connect(lambda *_: self.refresh())
        draft.changed.connect(self.refresh)
        self.refresh()

    def refuse(self, key: Key, reason: str) -> bool:
        """Show the service and why it was refused; whether it was about a service."""
        if key[0] != FEATURE or not key[1].startswith(SERVICE):
            return False
        self.table.selectRow(self.model.row_of(key[1].removeprefix(SERVICE)))
        self._show_problem(f"{key[1]}: {reason}")
        return True

    def refresh(self) -> None:
        """Enable what can be done with the selected service."""
        own = self.model.is_own(selected_row(self.table))
        self.reset.setEnabled(own)
        self.reset.setToolTip("" if own else self.tr("Select a service that is set on the qube itself."))

    def _add(self) -> None:
        name = self.name.text().strip()
        if not name or not FEATURE_NAME.matches(SERVICE + name):
            self._show_problem(self.tr("A service's name holds letters, digits and . _ -"))
            return
        self._show_problem("")
        self.name.clear()
        self.model.set(name, ON)
        self.table.selectRow(self.model.row_of(name))

    def _reset(self) -> None:
        self._show_problem("")
        if name := self.model.name_at(selected_row(self.table)):
            self.model.set(name, None)

    def _show_problem(self, text: str) -> None:
        show_problem(self.problem, text)
        self.problem.setVisible(bool(text))
