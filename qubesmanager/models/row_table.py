# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of values that do not change, described by its columns; and a proxy that sorts it and leaves rows out."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Generic, TypeVar

from PyQt5.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QSortFilterProxyModel, Qt

from qubesmanager.models.texts import plain_tip
from qubesmanager.models.volume_table import RIGHT, USAGE_ROLE

SORT_ROLE = Qt.ItemDataRole.UserRole + 2
_NO_PARENT = QModelIndex()

T = TypeVar("T")


class Mark(Enum):
    """What a cell means beside its text: shown as a shape and a colour."""

    GOOD = auto()
    DONE = auto()
    BUSY = auto()
    QUIET = auto()
    """Less important text, without a shape."""
    STOPPED = auto()
    ASKED = auto()
    """The user is asked."""
    WARNING = auto()
    FAULT = auto()
    GONE = auto()
    """It will be removed."""


MARK_ROLE = Qt.ItemDataRole.UserRole + 4
"""The `Mark` of a cell, None for plain text."""


@dataclass(frozen=True, slots=True)
class TableColumn(Generic[T]):
    """A title, the text of a row, what it is sorted by (its text by default), how full it is (0.0 to 1.0), its mark.

    `tip`: a longer text for the tooltip.
    """

    title: str
    text: Callable[[T], str]
    key: Callable[[T], Any] | None = None
    full: Callable[[T], float | None] | None = None
    right: bool = False
    mark: Callable[[T], Mark | None] | None = None
    tip: Callable[[T], str] | None = None


class RowTable(QAbstractTableModel, Generic[T]):
    """Rows that are replaced all at once; `identity` matches new rows with old ones."""

    def __init__(
        self,
        context: str,
        columns: Sequence[TableColumn[T]],
        identity: Callable[[T], Hashable],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._context, self._columns, self._identity = context, tuple(columns), identity
        self.rows: tuple[T, ...] = ()

    def put(self, rows: Sequence[T]) -> None:
        """The rows there are now. Rows that stay are changed in place, so that a selection stays too."""
        now = tuple(rows)
        if now == self.rows:
            return
        if [self._identity(row) for row in now] == [self._identity(row) for row in self.rows]:
            self.rows = now
            self.dataChanged.emit(self.index(0, 0), self.index(len(now) - 1, len(self._columns) - 1))
            return
        self.beginResetModel()
        self.rows = now
        self.endResetModel()

    def row_of(self, identity: Hashable) -> int:
        """-1 if there is no such row."""
        return next((at for at, row in enumerate(self.rows) if self._identity(row) == identity), -1)

    # Qt overrides

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return QCoreApplication.translate(self._context, self._columns[section].title)
        return RIGHT if role == Qt.ItemDataRole.TextAlignmentRole and self._columns[section].right else None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):  # an index may be older than the rows
            return None
        row, column = self.rows[index.row()], self._columns[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(column.tip(row) if column.tip else column.text(row))
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        if role == MARK_ROLE:
            return column.mark(row) if column.mark else None
        if role == SORT_ROLE:
            return column.key(row) if column.key else column.text(row).casefold()
        if role == USAGE_ROLE and column.full:
            return column.full(row)
        return RIGHT if role == Qt.ItemDataRole.TextAlignmentRole and column.right else None


class OrderedTable(RowTable[T]):
    """Rows in the order of the column that was clicked. It sorts them itself: a proxy asks for each of a thousand."""

    _by, _is_down = 0, False

    def put(self, rows: Sequence[T]) -> None:
        column = self._columns[self._by]
        key = column.key or (lambda row: column.text(row).casefold())
        super().put(sorted(rows, key=key, reverse=self._is_down))

    # Qt overrides

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if 0 <= column < len(self._columns):
            self._by, self._is_down = column, order == Qt.SortOrder.DescendingOrder
            self.put(self.rows)


class SortedRows(QSortFilterProxyModel):
    """Sorts by the `SORT_ROLE`, whose values are compared as Python compares them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setSortRole(SORT_ROLE)

    # Qt overrides

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:
        return bool(left.data(SORT_ROLE) < right.data(SORT_ROLE))


class RowFilter(SortedRows, Generic[T]):
    """The rows that `want` accepts, in the order of the column that was clicked."""

    def __init__(self, table: RowTable[T], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._accepts: Callable[[T], bool] = _all
        self.setSourceModel(table)

    def want(self, accepts: Callable[[T], bool]) -> None:
        """Leave out what does not fit."""
        self._accepts = accepts
        self.invalidateFilter()

    def row_at(self, row: int) -> T | None:
        """The value that is shown in a row."""
        index = self.mapToSource(self.index(row, 0)) if row >= 0 else QModelIndex()
        return self._table.rows[index.row()] if index.isValid() else None

    def shown_row(self, identity: Hashable) -> int:
        """Where the value of that identity is shown; -1 if it is not."""
        at = self._table.row_of(identity)
        index = self.mapFromSource(self._table.index(at, 0)) if at >= 0 else QModelIndex()
        return index.row() if index.isValid() else -1

    # Qt overrides

    def filterAcceptsRow(self, source_row: int, _source_parent: QModelIndex) -> bool:
        return self._accepts(self._table.rows[source_row])


class TextFilter(QSortFilterProxyModel):
    """The rows of any table that hold every word of a text, in any of their cells, in their own order."""

    def __init__(self, table: QAbstractTableModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self.setSourceModel(table)

    def want(self, text: str) -> None:
        """Leave out rows that do not hold these words."""
        self._words = text.casefold().split()
        self.invalidateFilter()

    # Qt overrides

    def filterAcceptsRow(self, source_row: int, source_parent: QModelIndex) -> bool:
        source = self.sourceModel()
        if source is None or not self._words:
            return True
        cells = (source.index(source_row, column).data() for column in range(source.columnCount(source_parent)))
        text = " ".join(map(str, cells)).casefold()
        return all(word in text for word in self._words)


def _all(_row: object) -> bool:
    return True
