# SPDX-License-Identifier: GPL-3.0-or-later
"""Any property as a column of the table: which ones is asked here, and kept in the settings."""

from collections.abc import Iterable, Sequence

from PyQt5.QtCore import QSettings, Qt
from PyQt5.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from qubesmanager.models.columns import TABLE
from qubesmanager.models.natural_sort import in_order
from qubesmanager.ui.widgets.button_box import button_box
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.wire.records import VmRecord

_KEPT = "table/properties"


def kept_properties(settings: QSettings) -> list[str]:
    """The properties that have their own column, in the order they were chosen."""
    return str(settings.value(_KEPT, "") or "").split()


def keep_properties(settings: QSettings, names: Sequence[str]) -> None:
    settings.setValue(_KEPT, " ".join(names))


def offered_properties(records: Iterable[VmRecord]) -> list[str]:
    """The properties of qubes that no column of the table shows."""
    shown = {column.id for column in TABLE} | {"name"}
    return in_order({name for record in records for name in record.properties} - shown)


class PropertyColumnsDialog(QDialog):
    """A tick beside each property; typing narrows the list."""

    def __init__(self, parent: QWidget, offered: Sequence[str], ticked: Sequence[str]) -> None:
        super().__init__(parent)
        self._ticked = list(ticked)
        self.setWindowTitle(self.tr("Columns of properties"))
        layout = QVBoxLayout(self)
        layout.addWidget(
            plain_label(self.tr("Each ticked property is a column of the table, under its own name."), self)
        )
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Find a property"))
        self.search.setAccessibleName(self.tr("Find a property"))
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget(self)
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName(self.tr("Properties"))
        for name in [*offered, *(name for name in ticked if name not in offered)]:
            item = QListWidgetItem(name, self.list)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if name in ticked else Qt.CheckState.Unchecked)
        self.list.setCurrentRow(0)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        buttons = button_box(self, QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(QDialogButtonBox.StandardButton.Ok)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.search.textChanged.connect(self._apply_filter)
        self.resize(380, 460)
        self.search.setFocus()

    def chosen(self) -> list[str]:
        """The ticked ones: those there were in their order, then the new ones."""
        now = [item.text() for item in self._items() if item.checkState() == Qt.CheckState.Checked]
        return [*(name for name in self._ticked if name in now), *(name for name in now if name not in self._ticked)]

    def item(self, name: str) -> QListWidgetItem:
        return next(item for item in self._items() if item.text() == name)

    def _items(self) -> list[QListWidgetItem]:
        items = (self.list.item(row) for row in range(self.list.count()))
        return [item for item in items if item is not None]

    def _apply_filter(self, typed: str) -> None:
        for item in self._items():
            item.setHidden(typed.strip().casefold() not in item.text().casefold())
