# SPDX-License-Identifier: GPL-3.0-or-later
"""All qubes as a table model, in the order they came: told by the feed, never asking.

Sorting and filtering are `vm_filter.py`'s; a view is put on that.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from PyQt5.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, Qt, pyqtSignal

from qubesmanager.models.columns import TABLE, Column, Look, property_column
from qubesmanager.models.restart_watch import RestartWatch
from qubesmanager.models.stats_history import INTERVAL, History
from qubesmanager.models.texts import plain_tip, restart_text
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import VM_STATS
from qubesmanager.wire.records import NO, YES, VmRecord

RECORD_ROLE = Qt.ItemDataRole.UserRole + 1
"""The row's `VmRecord`."""
HISTORY_ROLE = Qt.ItemDataRole.UserRole + 2
"""The row's `History`, or None."""
LOOK_ROLE = Qt.ItemDataRole.UserRole + 3
"""The column's `Look`."""
BADGE_ROLE = Qt.ItemDataRole.UserRole + 4
"""A word about the qube that is shown behind its name; empty for none."""

_NO_PARENT = QModelIndex()
_PLAIN = Qt.ItemFlags() | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_TICKED = _PLAIN | Qt.ItemFlag.ItemIsUserCheckable


class VmTableModel(QAbstractTableModel):
    """Rows are qubes, columns are `columns`.

    Signals: `property_edited(name, property, value)` when a cell was ticked - the receiver sends the call, and the
    tick changes once the event comes back; `stale_changed(bool)`.
    """

    property_edited = pyqtSignal(str, str, str)
    stale_changed = pyqtSignal(bool)

    def __init__(self, parent: QObject | None = None, extra_properties: Sequence[str] = ()) -> None:
        super().__init__(parent)
        self.columns: tuple[Column, ...] = (*TABLE, *map(property_column, extra_properties))
        self.stale = False
        self.restarts = RestartWatch()
        self.interval = INTERVAL
        """Seconds between two rounds of statistics."""
        self._names: list[str] = []
        self._rows: dict[str, int] = {}
        self._records: dict[str, VmRecord] = {}
        self._histories: dict[str, History] = {}
        self.running: set[str] = set()
        """The names of the qubes that run."""
        self._live = [at for at, column in enumerate(self.columns) if column.live]

    # -- updates ------------------------------------------------------------------------------------------------------

    def put(self, records: Sequence[VmRecord]) -> None:
        """These are new, or are now so."""
        fresh = [record for record in records if record.name not in self._records]
        known = [record for record in records if record.name in self._records]
        if fresh:
            first = len(self._names)
            self.beginInsertRows(QModelIndex(), first, first + len(fresh) - 1)
            for row, record in enumerate(fresh, first):
                self._names.append(record.name)
                self._rows[record.name] = row
                self._keep(record)
            self.endInsertRows()
        for record in known:
            self._keep(record)
            row = self._rows[record.name]
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(self.columns) - 1))

    def _keep(self, record: VmRecord) -> None:
        self._records[record.name] = record
        if record.running:
            self.running.add(record.name)
        else:
            self.running.discard(record.name)
            self._histories.pop(record.name, None)

    def remove(self, names: Sequence[str]) -> None:
        """These qubes are gone, all at once: several are moved to the end first."""
        gone = self._rows.keys() & {*names}
        if not gone:
            return
        first = min(self._rows[name] for name in gone)
        last = first + len(gone) - 1
        if any(name not in gone for name in self._names[first : last + 1]):
            first = self._move_to_end(gone)
            last = len(self._names) - 1
        self.beginRemoveRows(QModelIndex(), first, last)
        for name in gone:
            del self._rows[name], self._records[name]
            self._histories.pop(name, None)
        self.running -= gone
        del self._names[first : last + 1]
        for row in range(first, len(self._names)):
            self._rows[self._names[row]] = row
        self.endRemoveRows()

    def _move_to_end(self, names: set[str]) -> int:
        """Put the rows of these qubes behind all others; the first of them."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        names_before = [self._names[index.row()] for index in before]
        self._names.sort(key=names.__contains__)
        self._rows = {name: row for row, name in enumerate(self._names)}
        after = [self.index(self._rows[name], index.column()) for name, index in zip(names_before, before, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()
        return len(self._names) - len(names)

    def set_stats(self, name: str, cpu_percent: int, memory_kib: int) -> None:
        """Statistics of a running qube, now."""
        row = self._rows.get(name)
        if row is not None:
            self._add_round(name, cpu_percent, memory_kib)
            self._tell_stats(row, row)

    def put_stats(self, events: Iterable[Event]) -> None:
        """Take over the statistics of `vm-stats` events; one that does not decode is ignored."""
        rows: list[int] = []
        for event in events:
            row = self._rows.get(event.subject)
            if row is not None and (statistics := VM_STATS.of(event)) is not None:
                self._add_round(event.subject, statistics.cpu_usage, statistics.memory_kb)
                rows.append(row)
        if rows:
            self._tell_stats(min(rows), max(rows))

    def _add_round(self, name: str, cpu: int, memory_kib: int) -> None:
        self._histories.setdefault(name, History()).add(cpu, memory_kib, time.time(), self.interval)

    def _tell_stats(self, first: int, last: int) -> None:
        """One signal for each column, however many rows have changed: a view paints only those that are seen."""
        for column in self._live:
            roles = [Qt.ItemDataRole.DisplayRole, HISTORY_ROLE]
            self.dataChanged.emit(self.index(first, column), self.index(last, column), roles)

    def set_stale(self, stale: bool) -> None:  # noqa: FBT001 - a setter
        """The connection is lost (or back): what is shown may be out of date."""
        if self.stale == stale:
            return
        self.stale = stale
        self.stale_changed.emit(stale)
        if self._names:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._names) - 1, len(self.columns) - 1))

    def set_properties(self, names: Sequence[str]) -> None:
        """These properties, and no others, have a column behind the usual ones."""
        first = len(TABLE)
        if len(self.columns) > first:
            self.beginRemoveColumns(QModelIndex(), first, len(self.columns) - 1)
            self.columns = TABLE
            self.endRemoveColumns()
        if names:
            self.beginInsertColumns(QModelIndex(), first, first + len(names) - 1)
            self.columns = (*TABLE, *map(property_column, names))
            self.endInsertColumns()

    # -- what it knows ------------------------------------------------------------------------------------------------

    def record(self, name: str) -> VmRecord | None:
        return self._records.get(name)

    def history(self, name: str) -> History | None:
        return self._histories.get(name)

    def records(self) -> Mapping[str, VmRecord]:
        return self._records

    def row_of(self, name: str) -> int:
        return self._rows[name]

    def name_at(self, index: QModelIndex) -> str:
        return self._names[index.row()]

    def names_between(self, first: int, last: int) -> list[str]:
        """The qubes of these rows, both included."""
        return self._names[first : last + 1]

    def cell(self, name: str, column: int, role: int) -> Any:
        """The data of a cell for a role; None for other roles."""
        if column == 0 and role in {BADGE_ROLE, Qt.ItemDataRole.ToolTipRole}:
            needed = self.restarts.needed(self._records[name])
            if role == BADGE_ROLE:
                return QCoreApplication.translate("VmTable", "restart") if needed else ""
            if needed:
                return plain_tip(restart_text(needed))
        find = _ROLES.get(role)
        if find is None:
            return None
        return find(self.columns[column], self._records[name], self._histories.get(name))

    def column_named(self, column_id: str) -> int:
        return next(at for at, column in enumerate(self.columns) if column.id == column_id)

    # Qt overrides

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._names)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return self.cell(self._names[index.row()], index.column(), role) if index.isValid() else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].name()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(self.columns[section])
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        if not index.isValid():
            return Qt.ItemFlags()
        return _TICKED if self.columns[index.column()].look is Look.TICK else _PLAIN

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A tick is asked for, not made: it shows when the daemon has taken it."""
        if not index.isValid() or role != Qt.ItemDataRole.CheckStateRole or self.stale:
            return False
        column = self.columns[index.column()]
        if column.look is not Look.TICK:
            return False
        text = YES if value == Qt.CheckState.Checked else NO
        self.property_edited.emit(self._names[index.row()], column.id, text)
        return False


def _alignment(column: Column) -> int:
    side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def _tip(column: Column, record: VmRecord, history: History | None) -> str | None:
    """Plain text: a name that looks like markup is not taken for it."""
    text = column.tip(record) if column.tip else ""
    shown = text or (record.notes.strip() if column.id == "notes" else column.text(record, history))
    return plain_tip(shown) if shown else None


def _checked(column: Column, record: VmRecord, _history: History | None) -> int | None:
    if column.look is not Look.TICK:
        return None
    return int(Qt.CheckState.Checked if record.flag(column.id) else Qt.CheckState.Unchecked)


def _spoken(column: Column, record: VmRecord, history: History | None) -> str:
    """The text of a cell for a screen reader: the column, and the cell's text or tick."""
    if column.look is Look.TICK:
        return f"{column.name()}: {YES if record.flag(column.id) else NO}"
    return f"{column.name()}: {column.text(record, history)}"


_ROLES: dict[int, Callable[[Column, VmRecord, History | None], Any]] = {
    int(Qt.ItemDataRole.DisplayRole): lambda column, record, history: column.text(record, history),
    int(Qt.ItemDataRole.ToolTipRole): _tip,
    int(Qt.ItemDataRole.TextAlignmentRole): lambda column, _record, _history: _alignment(column),
    int(Qt.ItemDataRole.CheckStateRole): _checked,
    int(Qt.ItemDataRole.AccessibleTextRole): _spoken,
    int(RECORD_ROLE): lambda _column, record, _history: record,
    int(HISTORY_ROLE): lambda _column, _record, history: history,
    int(LOOK_ROLE): lambda column, _record, _history: column.look,
}
