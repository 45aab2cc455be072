# SPDX-License-Identifier: GPL-3.0-or-later
"""The qubes that are shown, in the order they are shown: filtered by scope and query, sorted by two columns.

Sort keys are computed once a change, not once a comparison: Qt's own proxy asks `data()` for each comparison, which
takes a quarter of a second for 10,000 rows in Python. The order is that of all qubes, so a new query sorts nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from PyQt5.QtCore import QAbstractProxyModel, QModelIndex, QObject, Qt, QTimer, pyqtSignal

from qubesmanager.models.natural_sort import in_order, natural
from qubesmanager.models.query import Query, parse
from qubesmanager.models.vm_table import VmTableModel
from qubesmanager.rules.features import is_internal
from qubesmanager.wire.records import VmRecord

_NO_PARENT = QModelIndex()
_RESORT_PAUSE = 400
"""Milliseconds between a statistic and the new order, where the table is sorted by statistics."""

Keys = tuple[Any, Any]
"""The keys of a qube for the two columns."""


class VmFilterModel(QAbstractProxyModel):
    """Put on a `VmTableModel`. `shown_changed` after the set of shown rows changed."""

    shown_changed = pyqtSignal()

    def __init__(self, source: VmTableModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._names: list[str] = []
        self._rows: dict[str, int] | None = {}
        self._order: list[str] = []
        """Every qube in order, also those that are not shown."""
        self._by_name: list[str] | None = None
        """Every qube by its name; None until that is needed again."""
        self._keys: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
        """For each of the two columns, the keys by name."""
        self._query = Query()
        self._scope: Callable[[VmRecord], bool] | None = None
        self._shows_internal = False
        self._columns = (0, 0)
        self._reverse = (False, False)
        self._resort = QTimer(self)
        self._resort.setSingleShot(True)
        self._resort.setInterval(_RESORT_PAUSE)
        self._resort.timeout.connect(self._order_again)
        self.setSourceModel(source)
        source.rowsInserted.connect(self._inserted)
        source.rowsAboutToBeRemoved.connect(self._removed)
        source.dataChanged.connect(self._changed)
        source.columnsAboutToBeInserted.connect(lambda _parent, first, last: self._columns_coming(first, last))
        source.columnsInserted.connect(lambda *_: self.endInsertColumns())
        source.columnsAboutToBeRemoved.connect(lambda _parent, first, last: self._columns_going(first, last))
        source.columnsRemoved.connect(lambda *_: self.endRemoveColumns())
        self._read_again()

    # -- updates ------------------------------------------------------------------------------------------------------

    def set_query(self, text: str) -> None:
        """Show what the query box says."""
        self._query = parse(text)
        self._filter_again()

    def set_scope(self, scope: Callable[[VmRecord], bool] | None) -> None:
        """Show what the sidebar says; None for everything."""
        self._scope = scope
        self._filter_again()

    def show_internal(self, shown: bool) -> None:  # noqa: FBT001 - the slot of a toggled action
        """Show the qubes with the feature `internal`, too."""
        self._shows_internal = shown
        self._filter_again()

    @property
    def query_error(self) -> str:
        """The error in the query; empty if there is none."""
        return self._query.error

    def matches(self, record: VmRecord) -> bool:
        if not self._shows_internal and is_internal(record):
            return False
        return (self._scope is None or self._scope(record)) and self._query.matches(record)

    # -- what it knows ------------------------------------------------------------------------------------------------

    def names(self) -> Sequence[str]:
        """The shown qubes in order."""
        return self._names

    def name_at(self, index: QModelIndex) -> str:
        return self._names[index.row()]

    def is_shown(self, name: str) -> bool:
        return name in self._positions()

    def index_of(self, name: str, column: int = 0) -> QModelIndex:
        """The cell of a qube; invalid while it is not shown."""
        row = self._positions().get(name)
        return QModelIndex() if row is None else self.index(row, column)

    # -- order --------------------------------------------------------------------------------------------------------

    def _key(self, name: str) -> Keys:
        record, history = self._source.records()[name], self._source.history(name)
        first, second = (self._source.columns[column].key for column in self._columns)
        return first(record, history), second(record, history)

    def _set_key(self, name: str, key: Keys) -> None:
        for keys, value in zip(self._keys, key, strict=True):
            keys[name] = value

    def _keys_of(self, column: int, names: Iterable[str] | None = None) -> dict[str, Any]:
        """The keys of these qubes for a column, or of all."""
        key, records, history = self._source.columns[column].key, self._source.records(), self._source.history
        return {name: key(records[name], history(name)) for name in (records if names is None else names)}

    def _sorted(self, names: Iterable[str]) -> list[str]:
        """Names in natural order sorted by the second column, then by the first: each pass keeps the order before."""
        ordered = list(names)
        for keys, reverse in reversed(tuple(zip(self._keys, self._reverse, strict=True))):
            ordered.sort(key=keys.__getitem__, reverse=reverse)
        return ordered

    def _sort_all(self) -> None:
        if self._by_name is None:
            self._by_name = in_order(self._source.records())
        self._order = self._sorted(self._by_name)

    def _before(self, first: str, other: str) -> bool:
        """Whether `first` is before `other` in the order of `_sorted`."""
        for keys, reverse in zip(self._keys, self._reverse, strict=True):
            mine, theirs = keys[first], keys[other]
            if mine != theirs:
                return bool(theirs < mine) if reverse else bool(mine < theirs)
        return natural(first) < natural(other)

    def _place(self, names: Sequence[str], name: str) -> int:
        """The index where a name belongs among others that are in order."""
        low, high = 0, len(names)
        while low < high:
            middle = (low + high) // 2
            if self._before(names[middle], name):
                low = middle + 1
            else:
                high = middle
        return low

    def _run_of(self, names: Sequence[str], waiting: Sequence[str]) -> tuple[int, int]:
        """The index where the first of `waiting` belongs, and how many of them belong there; both are in order."""
        place, run = self._place(names, waiting[0]), 1
        while run < len(waiting) and (place == len(names) or self._before(waiting[run], names[place])):
            run += 1
        return place, run

    def _positions(self) -> dict[str, int]:
        if self._rows is None:
            self._rows = {name: row for row, name in enumerate(self._names)}
        return self._rows

    def _read_again(self) -> None:
        """Compute all keys, sort and filter again."""
        self._by_name = None
        self._keys = (self._keys_of(self._columns[0]), self._keys_of(self._columns[1]))
        self._sort_all()
        self._filter_again()

    def _filter_again(self) -> None:
        """Filter again; selection and current cell stay with their qubes."""
        records, matches = self._source.records(), self.matches
        self._rearrange([name for name in self._order if matches(records[name])])

    def _order_again(self) -> None:
        """Sort again. The keys of a column with statistics are out of date by then."""
        first, second = (
            self._keys_of(column) if self._source.columns[column].live else keys
            for keys, column in zip(self._keys, self._columns, strict=True)
        )
        self._keys = (first, second)
        self._sort_all()
        shown = self._positions()
        self._rearrange([name for name in self._order if name in shown])

    def _rearrange(self, order: list[str]) -> None:
        """Show these rows, which are in order."""
        if order == self._names:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        names_before = [self._names[index.row()] for index in before]
        shown = len(order) != len(self._names) or set(order) != set(self._names)
        self._names = order
        self._rows = None
        rows = self._positions()
        after = [
            self.createIndex(rows[name], index.column()) if name in rows else QModelIndex()
            for name, index in zip(names_before, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()
        if shown:
            self.shown_changed.emit()

    # -- following the source -----------------------------------------------------------------------------------------

    def _inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        fresh = self._source.names_between(first, last)
        for keys, column in zip(self._keys, self._columns, strict=True):
            keys.update(self._keys_of(column, fresh))
        self._by_name = None
        ordered = self._sorted(in_order(fresh))
        waiting = ordered.copy()
        while waiting:
            place, run = self._run_of(self._order, waiting)
            self._order[place:place] = waiting[:run]
            del waiting[:run]
        records = self._source.records()
        self._insert([name for name in ordered if self.matches(records[name])])

    def _insert(self, names: Sequence[str]) -> None:
        """New rows, given in their order; neighbours among them come in one step."""
        waiting = [*names]
        while waiting:
            place, run = self._run_of(self._names, waiting)
            self.beginInsertRows(QModelIndex(), place, place + run - 1)
            self._names[place:place] = waiting[:run]
            self._rows = None
            self.endInsertRows()
            del waiting[:run]
        if names:
            self.shown_changed.emit()

    def _removed(self, _parent: QModelIndex, first: int, last: int) -> None:
        gone = frozenset(self._source.names_between(first, last))
        if first == last:
            self._take_away(*gone)
        else:
            self._rearrange([name for name in self._names if name not in gone])
        self._order = [name for name in self._order if name not in gone]
        self._by_name = None
        for name in gone:
            for keys in self._keys:
                keys.pop(name, None)

    def _take_away(self, name: str) -> None:
        row = self._positions().get(name)
        if row is None:
            return
        self.beginRemoveRows(QModelIndex(), row, row)
        del self._names[row]
        self._rows = None
        self.endRemoveRows()
        self.shown_changed.emit()

    def _columns_coming(self, first: int, last: int) -> None:
        self.beginInsertColumns(QModelIndex(), first, last)

    def _columns_going(self, first: int, last: int) -> None:
        if max(self._columns) >= first:
            self._columns, self._reverse = (0, 0), (False, False)
            self._read_again()
        self.beginRemoveColumns(QModelIndex(), first, last)

    def _changed(self, first: QModelIndex, last: QModelIndex, roles: list[int]) -> None:
        if roles:
            self._live(first, last)
            return
        if last.row() > first.row():
            self._read_again()
            if self._names:
                self.dataChanged.emit(self.index(0, 0), self.index(len(self._names) - 1, self.columnCount() - 1))
            return
        self._changed_one(self._source.name_at(first))

    def _live(self, first: QModelIndex, last: QModelIndex) -> None:
        """Statistics: the cell or the column alone, and a new order soon if it is sorted by such a column."""
        if first.row() != last.row():
            top, bottom = 0, len(self._names) - 1
        else:
            top = bottom = self._positions().get(self._source.name_at(first), -1)
        if 0 <= top <= bottom:
            self.dataChanged.emit(self.index(top, first.column()), self.index(bottom, last.column()))
        if any(self._source.columns[column].live for column in self._columns) and not self._resort.isActive():
            self._resort.start()

    def _changed_one(self, name: str) -> None:
        after = self._key(name)
        is_moved = after != tuple(keys[name] for keys in self._keys)
        if is_moved:
            self._order.remove(name)
        row = self._positions().get(name)
        matches = self.matches(self._source.records()[name])
        if row is not None and not matches:
            self._take_away(name)
        if is_moved and row is not None and matches:
            self._move(name, row, after)
        self._set_key(name, after)
        if is_moved:
            self._order.insert(self._place(self._order, name), name)
        if row is None and matches:
            self._insert([name])
        elif row is not None and matches and not is_moved:
            self.dataChanged.emit(self.index(row, 0), self.index(row, self.columnCount() - 1))

    def _move(self, name: str, row: int, key: Keys) -> None:
        del self._names[row]
        self._set_key(name, key)
        place = self._place(self._names, name)
        self._names.insert(row, name)
        if place != row:
            self.beginMoveRows(QModelIndex(), row, row, QModelIndex(), place + 1 if place > row else place)
            del self._names[row]
            self._names.insert(place, name)
            self._rows = None
            self.endMoveRows()
        self.dataChanged.emit(self.index(place, 0), self.index(place, self.columnCount() - 1))

    # Qt overrides

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By this column; what it was sorted by before decides among equals."""
        if column < 0:
            return
        reverse = order == Qt.SortOrder.DescendingOrder
        if column == self._columns[0]:
            self._reverse = (reverse, self._reverse[1])
        else:
            self._columns = (column, self._columns[0])
            self._reverse = (reverse, self._reverse[0])
            is_live = self._source.columns[column].live  # then `_order_again` computes its keys
            self._keys = ({} if is_live else self._keys_of(column), self._keys[0])
        self._order_again()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.columnCount() - 1)

    def index(self, row: int, column: int, parent: QModelIndex = _NO_PARENT) -> QModelIndex:
        if parent.isValid() or not 0 <= row < len(self._names) or not 0 <= column < self.columnCount():
            return QModelIndex()
        return self.createIndex(row, column)

    def parent(self, _child: QModelIndex | None = None) -> Any:
        return QModelIndex() if _child is not None else QObject.parent(self)

    def sibling(self, row: int, column: int, _index: QModelIndex) -> QModelIndex:
        return self.index(row, column)

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._names)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._source.columns)

    def hasChildren(self, parent: QModelIndex = _NO_PARENT) -> bool:
        return not parent.isValid() and bool(self._names)

    def mapToSource(self, index: QModelIndex) -> QModelIndex:
        if not index.isValid() or index.row() >= len(self._names):
            return QModelIndex()
        return self._source.index(self._source.row_of(self._names[index.row()]), index.column())

    def mapFromSource(self, index: QModelIndex) -> QModelIndex:
        if not index.isValid():
            return QModelIndex()
        return self.index_of(self._source.name_at(index), index.column())

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        return self._source.cell(self._names[index.row()], index.column(), role)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The title of the column that is sorted by begins at the left: the arrow is at the right."""
        if role == Qt.ItemDataRole.TextAlignmentRole and section == self._columns[0]:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return self._source.headerData(section, orientation, role)

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        return self._source.flags(self.mapToSource(index))

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        return self._source.setData(self.mapToSource(index), value, role)
