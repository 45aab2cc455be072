# SPDX-License-Identifier: GPL-3.0-or-later
"""Every property, also those that no other page shows: value, source, help, an editor of its type, reset."""

from collections.abc import Mapping

from PyQt5.QtGui import QShowEvent
from PyQt5.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from qubesmanager.client.client import Client
from qubesmanager.models.draft import Draft
from qubesmanager.models.property_sheet import PropertySheet
from qubesmanager.models.row_table import TextFilter
from qubesmanager.plans.plan import PROPERTY, Key
from qubesmanager.rules.facts import Facts
from qubesmanager.rules.inheritance import inherited, origin
from qubesmanager.rules.properties import READ_ONLY
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.forms.editors import FieldEditor
from qubesmanager.ui.forms.property_helps import help_text
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.tasks import TaskSet
from qubesmanager.ui.settings.fields import field_of
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.tables import row_table
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0


class PropertiesPage(QWidget):
    """A table, and below it the selected property with its help, which is loaded when it is selected."""

    def __init__(
        self,
        draft: Draft,
        client: Client,
        tasks: TaskSet,
        facts: Facts,
        labels: Mapping[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._draft, self._client, self._tasks = draft, client, tasks
        self._facts, self._labels = facts, labels
        self._helps: dict[str, str] = {}
        self._types: dict[str, str] | None = None
        self._system: dict[str, str] | None = None
        self.sheet = PropertySheet(draft, facts.qubes, self)
        self.filter = TextFilter(self.sheet, self)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Part of a property's name or value"))
        self.search.setAccessibleName(self.tr("Find properties"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._narrow)
        self.table = row_table(self.filter, self.tr("Properties"), 1, self)
        self.table.setAlternatingRowColors(True)
        self.table.setColumnWidth(0, 190)
        self.table.setColumnWidth(2, 310)
        self.help = plain_label("", self)
        self.editor: FieldEditor | None = None
        self._place = QVBoxLayout()
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.help)
        layout.addLayout(self._place)
        if selection := self.table.selectionModel():
            selection.currentRowChanged.connect(lambda *_: self._selected())
        self.table.selectRow(0)

    def current(self) -> str:
        """The selected property."""
        index = self.filter.mapToSource(self.table.currentIndex())
        return self.sheet.name_at(index.row()) if index.isValid() else ""

    def select(self, name: str) -> None:
        """Show the property, whatever was searched for."""
        self.search.clear()
        index = self.filter.mapFromSource(self.sheet.index(self.sheet.row_of(name), 0))
        self.table.selectRow(index.row())

    def refuse(self, key: Key, reason: str) -> bool:
        """Show the property and why it was refused; whether it is a property at all."""
        if key[0] != PROPERTY or self.sheet.row_of(key[1]) < 0:
            return False
        self.select(key[1])
        if self.editor is not None:
            self.editor.refuse(reason)
        return True

    def _narrow(self, text: str) -> None:
        self.filter.want(text)
        if not self.table.currentIndex().isValid():
            self.table.selectRow(0)

    def _selected(self) -> None:
        if self.editor is not None:
            self._place.removeWidget(self.editor)
            self.editor.hide()
            self.editor.deleteLater()
            self.editor = None
        name = self.current()
        self.help.setText(self._helps.get(name, ""))
        if not name:
            return
        field = field_of(name, (self._types or {}).get(name, ""))
        self.editor = FieldEditor(field, self._draft, self._facts, self._labels, self)
        self.editor.input.setAccessibleName(name)
        if name in READ_ONLY:
            self.editor.input.setEnabled(False)
            self.editor.reset.setVisible(False)
            self.editor.explain(self.tr("The system reports this; it cannot be set."))
        else:
            self._say_inherited(name)
        self._place.addWidget(self.editor)
        if name not in self._helps and self.isVisible():
            self._helps[name] = ""  # is being asked for
            self._tasks.start_hidden(self.tr("Load the help of a property"), self._ask(name), owner=self)

    def _say_inherited(self, name: str) -> None:
        """Beneath the editor of a value of the qube's own: what would be there without it."""
        record = self._draft.record
        stored, came = record.properties.get(name), origin(record, name, self._facts.qubes)
        if self.editor is None or stored is None or stored.is_default or came is None:
            return
        if came.system and self._system is None:
            if self.isVisible():
                self._system = {}
                self._tasks.start_hidden(self.tr("Load the system-wide settings"), self._ask_system(), owner=self)
            return
        value = inherited(record, name, self._facts.qubes, self._system or {})
        if value is not None:
            text = self.tr("Without its own value: {0}, from {1}.")
            self.editor.explain(text.format(value or self.tr("none"), came.template or came.system))

    async def _ask_system(self) -> None:
        """Once, when a property of the qube stands over a system-wide one."""
        try:
            rows = await self._client.send(calls.PROPERTY_GET_ALL(DOM0))
        except (Mgmt1Error, TransportError):
            return  # not allowed to this qube, perhaps: an explanation less
        self._system = {row.name: row.value for row in rows}
        if name := self.current():
            self._say_inherited(name)

    async def _ask(self, name: str) -> None:
        try:
            text = await self._client.send(calls.VM_PROPERTY_HELP(self._draft.record.name, name))
            self._helps[name] = help_text(text)
        except (Mgmt1Error, TransportError) as error:
            self._helps[name] = error_text(error)
        if self.current() == name:
            self.help.setText(self._helps[name])

    async def _ask_types(self) -> None:
        """Once: which type each property has. Without an answer they are edited as text."""
        try:
            rows = await self._client.send(calls.VM_PROPERTY_GET_ALL(self._draft.record.name))
        except (Mgmt1Error, TransportError):
            return
        self._types = {row.name: row.type for row in rows}
        self._selected()

    # Qt overrides

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        if self._types is None:
            self._types = {}
            self._selected()
            self._tasks.start_hidden(self.tr("Load the types of the properties"), self._ask_types(), owner=self)
