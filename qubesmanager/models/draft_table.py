# SPDX-License-Identifier: GPL-3.0-or-later
"""The common part of the tables of features and services of a `Draft`: name, value, and its origin."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from PyQt5.QtCore import QModelIndex, QObject, Qt
from PyQt5.QtGui import QFont

from qubesmanager.models.row_table import RowTable, TableColumn


class DraftRow(NamedTuple):
    """`own`: the qube itself has the value, or would have it; `edited`: it is not sent yet."""

    name: str
    value: str
    source: str
    own: bool
    edited: bool


class DraftTable(RowTable[DraftRow]):
    """Rows set on the qube itself are bold, edited ones italic, except in the columns that are `plain`."""

    def __init__(
        self,
        context: str,
        columns: Sequence[TableColumn[DraftRow]],
        plain: Collection[int] = (),
        parent: QObject | None = None,
    ) -> None:
        super().__init__(context, columns, lambda row: row.name, parent)
        self._plain = plain

    def name_at(self, row: int) -> str:
        """Empty where there is no such row."""
        return self.rows[row].name if 0 <= row < len(self.rows) else ""

    def is_own(self, row: int) -> bool:
        """Whether the qube itself has the value, or would have it."""
        return 0 <= row < len(self.rows) and self.rows[row].own

    # Qt overrides

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or role != Qt.ItemDataRole.FontRole:
            return super().data(index, role)
        row, font = self.rows[index.row()], QFont()
        if index.column() not in self._plain:
            font.setBold(row.own)
            font.setItalic(row.edited)
        return font
