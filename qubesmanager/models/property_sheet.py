# SPDX-License-Identifier: GPL-3.0-or-later
"""Every property of a qube as a table: name, value, where the value comes from."""

from typing import Any

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QAbstractTableModel, QCoreApplication, QModelIndex, QObject, Qt
from PyQt5.QtGui import QFont

from qubesmanager.models.draft import Draft
from qubesmanager.plans.plan import PROPERTY
from qubesmanager.rules.facts import Qubes
from qubesmanager.rules.inheritance import origin
from qubesmanager.rules.properties import READ_ONLY

CONTEXT = "PropertySheet"
_TITLES = (
    QT_TRANSLATE_NOOP("PropertySheet", "Property"),
    QT_TRANSLATE_NOOP("PropertySheet", "Value"),
    QT_TRANSLATE_NOOP("PropertySheet", "Source"),
)
_NO_PARENT = QModelIndex()


class PropertySheet(QAbstractTableModel):
    """Rows in the order of the record. Own values are bold, edited ones italic."""

    def __init__(self, draft: Draft, qubes: Qubes, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draft, self._qubes = draft, qubes
        self._names = list(draft.record.properties)
        draft.changed.connect(self._refresh)

    def name_at(self, row: int) -> str:
        return self._names[row]

    def row_of(self, name: str) -> int:
        """-1 if the qube has no such property."""
        return self._names.index(name) if name in self._names else -1

    def _refresh(self) -> None:
        if self._names:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._names) - 1, len(_TITLES) - 1))

    def _source(self, name: str) -> str:
        key = (PROPERTY, name)
        if key in self._draft.conflicts:
            return QCoreApplication.translate("PropertySheet", "edited here and elsewhere")
        if self._draft.is_edited(key):
            return QCoreApplication.translate("PropertySheet", "edited")
        if key in self._draft.merged:
            return QCoreApplication.translate("PropertySheet", "changed elsewhere")
        if name in READ_ONLY:
            return QCoreApplication.translate("PropertySheet", "computed")
        if self._draft.base(key) is None and name != "name":
            return self._default(name)
        return QCoreApplication.translate("PropertySheet", "own")

    def _default(self, name: str) -> str:
        came = origin(self._draft.record, name, self._qubes)
        if came is None:
            return QCoreApplication.translate("PropertySheet", "default")
        if came.template:
            return QCoreApplication.translate("PropertySheet", "default, from {0}").format(came.template)
        return QCoreApplication.translate("PropertySheet", "default, from the system's {0}").format(came.system)

    # Qt overrides

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._names)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(_TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return QCoreApplication.translate(CONTEXT, _TITLES[section])

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        name = self._names[index.row()]
        key = (PROPERTY, name)
        if role == Qt.ItemDataRole.DisplayRole:
            return (name, self._draft.shown(name), self._source(name))[index.column()]
        if role == Qt.ItemDataRole.FontRole:
            font = QFont()
            font.setBold(self._draft.value(key) is not None)
            font.setItalic(self._draft.is_edited(key))
            return font
        return None
