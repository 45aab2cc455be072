# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of a qube as a table with ticks, edited through a `Draft`: each is a feature `service.<name>`."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QAbstractTableModel, QCoreApplication, QModelIndex, QObject, Qt
from PyQt5.QtGui import QFont

from qubesmanager.models.draft import FEATURE, Draft
from qubesmanager.models.feature_table import SERVICE
from qubesmanager.rules.inheritance import inherited_features
from qubesmanager.wire.records import VmRecord

ON, OFF = "1", ""

CONTEXT = "ServiceTable"
_TITLES = (
    QT_TRANSLATE_NOOP("ServiceTable", "Service"),
    QT_TRANSLATE_NOOP("ServiceTable", "What for"),
    QT_TRANSLATE_NOOP("ServiceTable", "Set by"),
)
NAME, PURPOSE, SOURCE = range(len(_TITLES))
_NO_PARENT = QModelIndex()


class _Row(NamedTuple):
    name: str
    ticked: bool
    source: str
    own: bool
    edited: bool


class ServiceTable(QAbstractTableModel):
    """The known services in their order, then whatever else is set. A tick makes a service the qube's own."""

    def __init__(
        self,
        draft: Draft,
        records: Mapping[str, VmRecord],
        known: Mapping[str, str],
        parent: QObject | None = None,
    ) -> None:
        """`known`: what each known service is for, in the user's language."""
        super().__init__(parent)
        self._draft, self._records, self._known = draft, records, dict(known)
        self._more: set[str] = set()
        self._rows: list[_Row] = []
        draft.changed.connect(self.refresh)
        self.refresh()

    def name_at(self, row: int) -> str:
        """Empty where there is no such row."""
        return self._rows[row].name if 0 <= row < len(self._rows) else ""

    def row_of(self, name: str) -> int:
        """-1 if it is not shown."""
        return next((at for at, row in enumerate(self._rows) if row.name == name), -1)

    def is_own(self, row: int) -> bool:
        """Whether the qube itself says so, or would."""
        return 0 <= row < len(self._rows) and self._rows[row].own

    def put(self, name: str, value: str | None) -> None:
        """`ON` or `OFF` on the qube itself; None leaves it to the template."""
        self._more.add(name)
        self._draft.edit((FEATURE, SERVICE + name), value)

    def refresh(self) -> None:
        """What the draft and the templates say now."""
        above = inherited_features(self._draft.shown("template"), self._records)
        self._more |= {
            name.removeprefix(SERVICE) for name in (*self._draft.record.features, *above) if name.startswith(SERVICE)
        }
        rows = []
        for name in (*self._known, *sorted(self._more - set(self._known))):
            key, told = (FEATURE, SERVICE + name), above.get(SERVICE + name)
            own = self._draft.value(key)
            if self._draft.is_edited(key):
                source = QCoreApplication.translate("ServiceTable", "edited")
            elif own is not None:
                source = QCoreApplication.translate("ServiceTable", "this qube")
            elif told is not None:
                source = QCoreApplication.translate("ServiceTable", "template {0}").format(told.template)
            else:
                source = QCoreApplication.translate("ServiceTable", "not set")
            value = (told.value if told else OFF) if own is None else own
            rows.append(_Row(name, bool(value), source, own is not None, self._draft.is_edited(key)))
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
        return held | Qt.ItemFlag.ItemIsUserCheckable if index.isValid() and index.column() == NAME else held

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return (row.name, self._known.get(row.name, ""), row.source)[index.column()]
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == NAME:
            return Qt.CheckState.Checked if row.ticked else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.FontRole:
            font = QFont()
            font.setBold(row.own and index.column() != PURPOSE)
            font.setItalic(row.edited and index.column() != PURPOSE)
            return font
        return None

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid() or index.column() != NAME:
            return False
        self.put(self._rows[index.row()].name, ON if value == Qt.CheckState.Checked else OFF)
        return True
