# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of a qube as a table with ticks, edited through a `Draft`: each is a feature `service.<name>`."""

from collections.abc import Mapping
from typing import Any

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QModelIndex, QObject, Qt

from qubesmanager.models.draft import Draft
from qubesmanager.models.draft_table import DraftRow, DraftTable
from qubesmanager.models.feature_table import SERVICE
from qubesmanager.models.row_table import TableColumn
from qubesmanager.plans.plan import FEATURE
from qubesmanager.rules.inheritance import inherited_features
from qubesmanager.wire.records import VmRecord

ON, OFF = "1", ""

CONTEXT = "ServiceTable"
NAME, PURPOSE, SOURCE = range(3)


class ServiceTable(DraftTable):
    """The known services in their order, then whatever else is set. A tick makes a service the qube's own."""

    def __init__(
        self,
        draft: Draft,
        records: Mapping[str, VmRecord],
        known: Mapping[str, str],
        parent: QObject | None = None,
    ) -> None:
        """`known`: what each known service is for, in the user's language."""
        columns: tuple[TableColumn[DraftRow], ...] = (
            TableColumn(QT_TRANSLATE_NOOP("ServiceTable", "Service"), lambda row: row.name),
            TableColumn(QT_TRANSLATE_NOOP("ServiceTable", "What for"), lambda row: known.get(row.name, "")),
            TableColumn(QT_TRANSLATE_NOOP("ServiceTable", "Set by"), lambda row: row.source),
        )
        super().__init__(CONTEXT, columns, {PURPOSE}, parent)
        self._draft, self._records, self._known = draft, records, tuple(known)
        self._more: set[str] = set()
        draft.changed.connect(self.refresh)
        self.refresh()

    def set(self, name: str, value: str | None) -> None:
        """`ON` or `OFF` on the qube itself; None leaves it to the template."""
        self._more.add(name)
        self._draft.edit((FEATURE, SERVICE + name), value)

    def refresh(self) -> None:
        """Read the draft and the templates again."""
        above = inherited_features(self._draft.shown("template"), self._records)
        self._more |= {
            name.removeprefix(SERVICE) for name in (*self._draft.record.features, *above) if name.startswith(SERVICE)
        }
        rows = []
        for name in (*self._known, *sorted(self._more.difference(self._known))):
            key, inherited = (FEATURE, SERVICE + name), above.get(SERVICE + name)
            own = self._draft.value(key)
            if self._draft.is_edited(key):
                source = QCoreApplication.translate("ServiceTable", "edited")
            elif own is not None:
                source = QCoreApplication.translate("ServiceTable", "this qube")
            elif inherited is not None:
                source = QCoreApplication.translate("ServiceTable", "template {0}").format(inherited.template)
            else:
                source = QCoreApplication.translate("ServiceTable", "not set")
            value = (inherited.value if inherited else OFF) if own is None else own
            rows.append(DraftRow(name, value, source, own is not None, self._draft.is_edited(key)))
        self.put(rows)

    # Qt overrides

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.isValid() and index.column() == NAME else flags

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid() or index.column() != NAME:
            return super().data(index, role)
        return Qt.CheckState.Checked if self.rows[index.row()].value else Qt.CheckState.Unchecked

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid() or index.column() != NAME:
            return False
        self.set(self.rows[index.row()].name, ON if value == Qt.CheckState.Checked else OFF)
        return True
