# SPDX-License-Identifier: GPL-3.0-or-later
"""The running qubes with what they use, and any other by search, to start it."""

from PyQt5.QtCore import QPoint
from PyQt5.QtWidgets import QHBoxLayout, QHeaderView, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget

from qubesmanager.models.texts import plain_tip
from qubesmanager.models.vm_filter import VmFilterModel
from qubesmanager.models.vm_table import VmTableModel
from qubesmanager.rules.facts import HALTED
from qubesmanager.ui.actions.actions import BY_ID, judge
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.fonts import in_units
from qubesmanager.ui.widgets.vm_view import VmView
from qubesmanager.wire.event import Event
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import VmClass

COLUMNS = {"name": 51, "state": 32, "cpu": 29, "memory": 37}
"""The columns that are shown, with their widths in units of the font."""

ACTIONS = ("start", "resume", "unpause", "pause", "shutdown", "settings", "kill")
"""The actions on a qube here, by their names in the manager's table."""

BUTTONS = ("start", "shutdown", "pause", "settings")


def add_actions(menu: QMenu, name: str, operations: Operations) -> None:
    """Add the actions that are possible now. Each line has its qube's name: a tray may open two menus at once."""
    for key in ACTIONS:
        row = BY_ID[key]
        if judge(row, operations.facts, [name], operations.refusals).possible:
            action = menu.addAction(row.name())
            if action is not None:
                action.triggered.connect(lambda _on=False, row=row: row.run(operations, [name]))


class QubesPanel(QWidget):
    """Without a search: those that run. With one: all that match."""

    def __init__(self, session: Session, operations: Operations, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._operations = operations
        self.model = VmTableModel(self)
        self.filter = VmFilterModel(self.model, self)
        self.view = VmView(self.filter, self.model, session.color_of, self)
        self.search = QLineEdit(self)
        self.search.setClearButtonEnabled(True)
        self.search.setPlaceholderText(self.tr("Search for a qube to start"))
        self.search.setAccessibleName(self.tr("Search for a qube"))
        self.buttons = {key: QPushButton(BY_ID[key].name(), self) for key in BUTTONS}
        for at, column in enumerate(self.model.columns):
            self.view.setColumnHidden(at, column.id not in COLUMNS)
            if (width := COLUMNS.get(column.id)) is not None:
                self.view.setColumnWidth(at, in_units(self, width))
        header = self.view.header()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        row = QHBoxLayout()
        for key, button in self.buttons.items():
            button.clicked.connect(lambda _on=False, key=key: self._run(key))
            row.addWidget(button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.view, 1)
        layout.addLayout(row)
        self._put(tuple(session.records.values()))
        self._search("")
        session.put.connect(self._put)
        session.gone.connect(self.model.remove)
        session.system_changed.connect(self._refresh)
        session.refusals_changed.connect(self._refresh)
        session.stats.connect(self._stats)
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(self._entered)
        self.view.selection_changed.connect(self._refresh)
        self.view.activated_name.connect(self._activated)
        self.view.menu_wanted.connect(self._menu)
        self.filter.shown_changed.connect(self._refresh)
        self._refresh()

    # -- updates ------------------------------------------------------------------------------------------------------

    def _put(self, records: tuple[VmRecord, ...]) -> None:
        self.model.put(records)
        self._refresh()

    def _stats(self, events: tuple[Event, ...]) -> None:
        self.model.put_stats(events)

    def _search(self, text: str) -> None:
        words = text.lower().split()
        self.filter.set_scope(
            (lambda record: all(word in record.name.lower() for word in words))
            if words
            else (lambda record: record.state not in HALTED and record.klass not in {VmClass.ADMIN, VmClass.REMOTE})
        )
        if words and self.filter.rowCount():
            self.view.select_name(self.filter.names()[0])
        self._refresh()

    # -- the user's input ---------------------------------------------------------------------------------------------

    def _name(self) -> str:
        names = self.view.selected_names()
        return names[0] if len(names) == 1 else ""

    def _why_not(self, key: str) -> str | None:
        name = self._name()
        if name not in self._session.records:
            return self.tr("Select a qube first.")
        return judge(BY_ID[key], self._session.facts, [name], self._session.client.refusals).refused.get(name)

    def _refresh(self) -> None:
        for key, button in self.buttons.items():
            why = self._why_not(key)
            button.setEnabled(why is None)
            button.setToolTip(plain_tip(why or ""))

    def _run(self, key: str) -> None:
        if self._why_not(key) is None:
            BY_ID[key].run(self._operations, [self._name()])

    def _entered(self) -> None:
        """Enter in the search field starts what was found."""
        self._run("start")

    def _activated(self, _name: str) -> None:
        self._run("start" if self._why_not("start") is None else "settings")

    def _menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        add_actions(menu, self._name(), self._operations)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)
