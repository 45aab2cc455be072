# SPDX-License-Identifier: GPL-3.0-or-later
"""The features of a qube as a table, edited through a `Draft`: name, value, and where the value comes from.

Services are features too, and have a page of their own.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QAbstractTableModel, QCoreApplication, QModelIndex, QObject, Qt
from PyQt5.QtGui import QFont

from qubesmanager.models.draft import FEATURE, Draft
from qubesmanager.rules.inheritance import inherited_features
from qubesmanager.wire.records import VmRecord

SERVICE = "service."
"""What the name of a service's feature begins with."""

CONTEXT = "FeatureTable"
_TITLES = (
    QT_TRANSLATE_NOOP("FeatureTable", "Feature"),
    QT_TRANSLATE_NOOP("FeatureTable", "Value"),
    QT_TRANSLATE_NOOP("FeatureTable", "Source"),
)
NAME, VALUE, SOURCE = range(len(_TITLES))
_NO_PARENT = QModelIndex()


class _Row(NamedTuple):
    name: str
    value: str
    source: str
    own: bool
    edited: bool


class FeatureTable(QAbstractTableModel):
    """What is set on the qube is bold, what is edited italic. Writing a value makes the feature the qube's own."""

    def __init__(self, draft: Draft, records: Mapping[str, VmRecord], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draft, self._records = draft, records
        self._names: set[str] = set()
        self._rows: list[_Row] = []
        draft.changed.connect(self.refresh)
        self.refresh()

    def name_at(self, row: int) -> str:
        """Empty where there is no such row."""
        return self._rows[row].name if 0 <= row < len(self._rows) else ""

    def is_own(self, row: int) -> bool:
        """Whether the feature is set on the qube itself, or would be."""
        return 0 <= row < len(self._rows) and self._rows[row].own

    def row_of(self, name: str) -> int:
        """-1 if it is not shown."""
        return next((at for at, row in enumerate(self._rows) if row.name == name), -1)

    def put(self, name: str, value: str) -> None:
        """Set the feature on the qube."""
        self._names.add(name)
        self._draft.edit((FEATURE, name), value)

    def refresh(self) -> None:
        """The draft's features and those of the templates, as they are now."""
        above = inherited_features(self._draft.shown("template"), self._records)
        self._names |= set(self._draft.record.features)
        rows = []
        for name in sorted(self._names | set(above)):
            own, edited = self._draft.value((FEATURE, name)), self._draft.is_edited((FEATURE, name))
            if name.startswith(SERVICE) or (own is None and name not in above and not edited):
                continue
            told = above.get(name)
            if own is not None:
                source = _tr_edited() if edited else QCoreApplication.translate("FeatureTable", "own")
            elif told is not None:
                source = QCoreApplication.translate("FeatureTable", "template {0}").format(told.template)
            else:
                source = QCoreApplication.translate("FeatureTable", "is removed")
            rows.append(
                _Row(name, (told.value if told else "") if own is None else own, source, own is not None, edited)
            )
        if [row.name for row in rows] == [row.name for row in self._rows]:
            if rows and rows != self._rows:
                self._rows = rows
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, SOURCE))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    # Qt overrides

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(_TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        return QCoreApplication.translate(CONTEXT, _TITLES[section]) if 0 <= section < len(_TITLES) else None

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        held = super().flags(index)
        return held | Qt.ItemFlag.ItemIsEditable if index.isValid() and index.column() == VALUE else held

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.EditRole}:
            return (row.name, row.value, row.source)[index.column()]
        if role == Qt.ItemDataRole.FontRole:
            font = QFont()
            font.setBold(row.own)
            font.setItalic(row.edited)
            return font
        return None

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or not index.isValid() or index.column() != VALUE:
            return False
        row = self._rows[index.row()]
        if str(value) != row.value:
            self.put(row.name, str(value))
        return True


def _tr_edited() -> str:
    return QCoreApplication.translate("FeatureTable", "edited")
