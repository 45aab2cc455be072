# SPDX-License-Identifier: GPL-3.0-or-later
"""The features of a qube as a table, edited through a `Draft`: name, value, and where the value comes from.

Services are features too, and have their own page.
"""

from collections.abc import Mapping
from typing import Any

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QModelIndex, QObject, Qt

from qubesmanager.models.draft import Draft
from qubesmanager.models.draft_table import DraftRow, DraftTable
from qubesmanager.models.row_table import TableColumn
from qubesmanager.plans.plan import FEATURE
from qubesmanager.rules.inheritance import inherited_features
from qubesmanager.wire.records import VmRecord

SERVICE = "service."
"""The prefix of the name of a service's feature."""

CONTEXT = "FeatureTable"
_COLUMNS: tuple[TableColumn[DraftRow], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("FeatureTable", "Feature"), lambda row: row.name),
    TableColumn(QT_TRANSLATE_NOOP("FeatureTable", "Value"), lambda row: row.value),
    TableColumn(QT_TRANSLATE_NOOP("FeatureTable", "Source"), lambda row: row.source),
)
NAME, VALUE, SOURCE = range(len(_COLUMNS))


class FeatureTable(DraftTable):
    """Writing a value makes the feature the qube's own."""

    def __init__(self, draft: Draft, records: Mapping[str, VmRecord], parent: QObject | None = None) -> None:
        super().__init__(CONTEXT, _COLUMNS, parent=parent)
        self._draft, self._records = draft, records
        self._names: set[str] = set()
        draft.changed.connect(self.refresh)
        self.refresh()

    def set(self, name: str, value: str) -> None:
        """Set the feature on the qube."""
        self._names.add(name)
        self._draft.edit((FEATURE, name), value)

    def refresh(self) -> None:
        """The draft's features and those of the templates, as they are now."""
        above = inherited_features(self._draft.shown("template"), self._records)
        self._names |= self._draft.record.features.keys()
        rows = []
        for name in sorted(self._names | above.keys()):
            own, edited = self._draft.value((FEATURE, name)), self._draft.is_edited((FEATURE, name))
            if name.startswith(SERVICE) or (own is None and name not in above and not edited):
                continue
            inherited = above.get(name)
            if own is not None:
                source = _tr_edited() if edited else QCoreApplication.translate("FeatureTable", "own")
            elif inherited is not None:
                source = QCoreApplication.translate("FeatureTable", "template {0}").format(inherited.template)
            else:
                source = QCoreApplication.translate("FeatureTable", "is removed")
            value = (inherited.value if inherited else "") if own is None else own
            rows.append(DraftRow(name, value, source, own is not None, edited))
        self.put(rows)

    # Qt overrides

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.isValid() and index.column() == VALUE else flags

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return super().data(index, Qt.ItemDataRole.DisplayRole if role == Qt.ItemDataRole.EditRole else role)

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or not index.isValid() or index.column() != VALUE:
            return False
        row = self.rows[index.row()]
        if str(value) != row.value:
            self.set(row.name, str(value))
        return True


def _tr_edited() -> str:
    return QCoreApplication.translate("FeatureTable", "edited")
