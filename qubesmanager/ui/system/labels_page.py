# SPDX-License-Identifier: GPL-3.0-or-later
"""The labels and their colours: make one, remove one that no qube has."""

from dataclasses import dataclass

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QModelIndex
from PyQt5.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.row_table import RowFilter, RowTable, TableColumn
from qubesmanager.models.texts import number_text
from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.session.request_task import Do
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.system.label_dialog import LabelDialog
from qubesmanager.ui.widgets.cell_icon import put_icon
from qubesmanager.ui.widgets.labels import plain_label, redden
from qubesmanager.ui.widgets.prompts import confirm, opened
from qubesmanager.ui.widgets.row_delegate import RowDelegate
from qubesmanager.ui.widgets.tables import row_table, selected_row, sortable
from qubesmanager.wire import calls
from qubesmanager.wire.names import DOM0


@dataclass(frozen=True, slots=True)
class LabelLine:
    """A label, its colour (`0xRRGGBB`), the qubes that have it."""

    name: str
    color: str
    users: tuple[str, ...]


COLUMNS: tuple[TableColumn[LabelLine], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("LabelsPage", "Label"), lambda row: row.name),
    TableColumn(QT_TRANSLATE_NOOP("LabelsPage", "Colour"), lambda row: f"#{row.color.removeprefix('0x')}"),
    TableColumn(
        QT_TRANSLATE_NOOP("LabelsPage", "Qubes"),
        lambda row: number_text(len(row.users)),
        lambda row: len(row.users),
        right=True,
    ),
)


class _Cubes(RowDelegate):
    """Puts the label's cube before its name."""

    def __init__(self, filtered: "RowFilter[LabelLine]", parent: QWidget) -> None:
        super().__init__(parent)
        self._filtered = filtered

    # Qt overrides

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        row = self._filtered.row_at(index.row())
        if option is not None and row is not None:
            put_icon(option, label_icon(row.color))


class LabelsPage(QWidget):
    """A table of labels; making and removing is done at once."""

    def __init__(self, session: Session, do: Do, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._do = session, do
        self.model: RowTable[LabelLine] = RowTable("LabelsPage", COLUMNS, lambda row: row.name, self)
        self.filter = RowFilter(self.model, self)
        self.table = row_table(self.filter, self.tr("Labels"), 0, self)
        self.table.setItemDelegateForColumn(0, _Cubes(self.filter, self.table))
        self.table.setColumnWidth(1, 110)
        self.table.setColumnWidth(2, 90)
        sortable(self.table)
        self.note = plain_label("", self)
        self.make = QPushButton(self.tr("&New label…"), self)
        self.make.clicked.connect(self._create)
        self.remove = QPushButton(self.tr("&Remove…"), self)
        redden(self.remove)
        self.remove.clicked.connect(self._remove)
        row = QHBoxLayout()
        row.addWidget(self.make)
        row.addStretch(1)
        row.addWidget(self.remove)
        about = self.tr("A label says how far you trust a qube; windows are framed in its colour.")
        layout = QVBoxLayout(self)
        layout.addWidget(plain_label(about, self))
        layout.addWidget(self.table, 1)
        layout.addWidget(self.note)
        layout.addLayout(row)
        if selection := self.table.selectionModel():
            selection.selectionChanged.connect(lambda *_: self._selected())
        session.labels_changed.connect(self.refresh)
        session.put.connect(self.refresh)
        session.gone.connect(self.refresh)
        self.refresh()

    def current(self) -> LabelLine | None:
        return self.filter.row_at(selected_row(self.table))

    def refresh(self, *_values: object) -> None:
        """The labels, and the qubes that have them."""
        selected = self.current()
        users: dict[str, list[str]] = {}
        for record in self._session.records.values():
            users.setdefault(record.value("label"), []).append(record.name)
        self.model.put(
            [LabelLine(name, color, tuple(sorted(users.get(name, ())))) for name, color in self._session.labels.items()]
        )
        if selected is not None and (row := self.filter.shown_row(selected.name)) >= 0:
            self.table.selectRow(row)
        self._selected()

    def _selected(self) -> None:
        row = self.current()
        used = row is not None and bool(row.users)
        self.remove.setEnabled(row is not None and not used)
        self.note.setText(
            self.tr("{0} is the label of {1}.").format(row.name, ", ".join(row.users)) if row and used else ""
        )

    def _create(self) -> None:
        self._session.tasks.start_hidden(self.tr("New label"), self._ask_to_create(), owner=self)

    async def _ask_to_create(self) -> None:
        dialog = LabelDialog(self._session.labels, self)
        if await opened(dialog):
            name, color = dialog.label()
            self._do(self.tr("Create the label {0}").format(name), calls.LABEL_CREATE(DOM0, name, color))

    def _remove(self) -> None:
        if row := self.current():
            self._session.tasks.start_hidden(self.tr("Remove a label"), self._ask_to_remove(row), owner=self)

    async def _ask_to_remove(self, row: LabelLine) -> None:
        question = self.tr("Remove the label {0}?").format(row.name)
        if await confirm(self, self.tr("Remove a label"), question, self.tr("Remove")):
            self._do(self.tr("Remove the label {0}").format(row.name), calls.LABEL_REMOVE(DOM0, row.name))
