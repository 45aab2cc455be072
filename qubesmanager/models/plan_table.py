# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of a plan in their groups, with a tick for each row that the user may leave out.

A view lays out all rows of an open group at once, and asks for each of them. So it gets the first `BATCH` rows of a
long group, and more of them when the last one is in sight.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QAbstractItemModel, QCoreApplication, QModelIndex, QObject, Qt, pyqtSignal

from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import number_text, plain_tip, property_quantity, state_text
from qubesmanager.plans.plan import Fate, Group, Kind, Plan, Row, RowKey, Value
from qubesmanager.rules.stepwise import Steps, of_each
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import PropertyValue
from qubesmanager.wire.values import PowerState

_NO_PARENT = QModelIndex()
ROW_ROLE = Qt.ItemDataRole.UserRole + 1
"""The `Row`, in each of its cells."""
HEAD_ROLE = Qt.ItemDataRole.UserRole + 2
"""The `Head` of a group, in its first cell."""
BOLD_ROLE = Qt.ItemDataRole.UserRole + 5
"""True for a cell whose text is bold."""
COLUMN_ROLE = Qt.ItemDataRole.UserRole + 6
"""The `PlanColumn` of a cell of a row."""
QUIET_ROLE = Qt.ItemDataRole.UserRole + 3
"""True for a cell whose text is less prominent."""
MARK_ROLE = Qt.ItemDataRole.UserRole + 4
"""The `PlanMark` of the cell, if it has one."""

DASH = "\N{EN DASH}"
"""Shown where a column does not apply."""

LISTED = 12
"""Rows of a group that is shown open."""
LETTERS = 1000
"""Letters of what a row means: it may name thousands of qubes, and a view measures all of them."""
BATCH = 200
"""Rows of a group that a view gets at a time."""

_EITHER = (Qt.CheckState.Checked, Qt.CheckState.Unchecked)


class PlanMark(Enum):
    """The meaning of the icon of a cell."""

    WARNING = "warning"
    REFUSED = "refused"


class PlanColumn(Enum):
    QUBE = QT_TRANSLATE_NOOP("PlanTable", "Qube")
    STATE = QT_TRANSLATE_NOOP("PlanTable", "State")
    NOW = QT_TRANSLATE_NOOP("PlanTable", "Now")
    THEN = QT_TRANSLATE_NOOP("PlanTable", "Then")
    NEEDS = QT_TRANSLATE_NOOP("PlanTable", "Needs (MiB)")
    MEANS = QT_TRANSLATE_NOOP("PlanTable", "What it means")


_OF_PROPERTY = (PlanColumn.QUBE, PlanColumn.STATE, PlanColumn.NOW, PlanColumn.THEN, PlanColumn.MEANS)
_OF_STATE = (PlanColumn.QUBE, PlanColumn.NOW, PlanColumn.THEN, PlanColumn.MEANS)
COLUMNS = {
    Kind.PROPERTY: _OF_PROPERTY,
    Kind.UNDO: _OF_PROPERTY,
    Kind.SETTINGS: _OF_PROPERTY,
    Kind.REMOVE: _OF_PROPERTY,
    Kind.START: (PlanColumn.QUBE, PlanColumn.STATE, PlanColumn.NEEDS, PlanColumn.MEANS),
    Kind.CLONE: (PlanColumn.QUBE, PlanColumn.STATE, PlanColumn.THEN, PlanColumn.MEANS),
    Kind.MANAGE: (PlanColumn.QUBE, PlanColumn.THEN, PlanColumn.MEANS),
}
"""The columns of a plan by its kind; `_OF_STATE` for the others."""


@dataclass(frozen=True, slots=True)
class Head:
    """The line above the rows of a group; `quiet` is less prominent text behind the title."""

    group: Group
    stage: int
    title: str
    quiet: str


HeadOf = Callable[[Plan, Group, int, Sequence[Row]], Head]


@dataclass(slots=True)
class TableGroup:
    """The rows of a group below its head. `shown`: how many of them the views have. `tick`: that of the head."""

    head: Head
    rows: list[Row]
    shown: int
    tick: Qt.CheckState | None

    @property
    def keys(self) -> Iterator[RowKey]:
        return (row.key for row in self.rows)


class PlanTable(QAbstractItemModel):
    """Two levels: groups, and their rows; empty until `put`. Signals: `ticked()`: the user changed `left_out`."""

    ticked = pyqtSignal()

    def __init__(self, head_of: HeadOf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.left_out: frozenset[str] = frozenset()
        self.columns: tuple[PlanColumn, ...] = ()
        self.groups: list[TableGroup] = []
        self._head_of = head_of
        self._kind = Kind.PROPERTY
        self._ticks: dict[str, bool] = {}
        """Which qubes the user left out, or took again, since the plan that is shown was computed."""

    def put(self, plan: Plan) -> Steps[None]:
        """Show this plan of the same kind; all of it changes in the last step.

        Resets the model only if other rows or groups are in it.
        """
        places: dict[tuple[Group, int], list[Row]] = {}
        for row in plan.rows:
            places.setdefault(_place(row), []).append(row)
            yield
        groups = yield from of_each(places, lambda place: self._group(plan, *place, places[place]))
        is_same = yield from self._has_same_rows(groups)
        if not is_same:
            self.beginResetModel()
            self.columns = COLUMNS.get(plan.kind, _OF_STATE)
        else:
            for group, before in zip(groups, self.groups, strict=True):
                group.shown = before.shown
        self._kind, self.groups, self._ticks = plan.kind, groups, {}
        if is_same:
            self._emit_changes()
        else:
            self.endResetModel()

    def _group(self, plan: Plan, group: Group, stage: int, rows: list[Row]) -> TableGroup:
        ticks = {row.is_left_out for row in rows if _has_tick(row)}
        tick = None if not ticks else Qt.CheckState.PartiallyChecked if len(ticks) > 1 else _EITHER[ticks.pop()]
        return TableGroup(self._head_of(plan, group, stage, rows), rows, min(BATCH, len(rows)), tick)

    def _has_same_rows(self, groups: Sequence[TableGroup]) -> Steps[bool]:
        if _sizes(groups) != _sizes(self.groups):
            return False
        for group, before in zip(groups, self.groups, strict=True):
            for key, other in zip(group.keys, before.keys, strict=True):
                if key != other:
                    return False
                yield
        return True

    def _emit_changes(self) -> None:
        for at, group in enumerate(self.groups):
            above = self.index(at, 0)
            self.dataChanged.emit(above, above)
            self.dataChanged.emit(self.index(0, 0, above), self.index(group.shown - 1, len(self.columns) - 1, above))

    def show_more(self, row: int) -> None:
        """Give the views more rows of a group, if there are more."""
        group = self.groups[row]
        more = min(group.shown + BATCH, len(group.rows))
        if more > group.shown:
            self.beginInsertRows(self.index(row, 0), group.shown, more - 1)
            group.shown = more
            self.endInsertRows()

    def row(self, index: QModelIndex) -> Row | None:
        """The row of an index; None for a group."""
        return self.groups[index.internalId() - 1].rows[index.row()] if index.internalId() else None

    def _tick(self, group: TableGroup, rows: Sequence[Row], *, is_on: bool) -> None:
        """The ticks change at once, all else with the plan that is computed then."""
        names = {row.qube for row in rows if _has_tick(row)}
        self.left_out = self.left_out - names if is_on else self.left_out | names
        self._ticks.update(dict.fromkeys(names, not is_on))
        group.tick = _EITHER[not is_on] if len(rows) == len(group.rows) else Qt.CheckState.PartiallyChecked
        self._emit_changes()
        self.ticked.emit()

    def _text(self, row: Row, column: PlanColumn) -> str:
        if column is PlanColumn.QUBE:
            return row.part if row.group is Group.POLICY else row.qube
        if column is PlanColumn.STATE:
            return state_text(row.state)
        if column is PlanColumn.NOW:
            return value_text(row.now, row.part)
        if column is PlanColumn.THEN:
            if self._kind is Kind.CLONE:
                return row.part if row.then is Fate.MADE else ""
            return value_text(row.now if row.is_left_out else row.then, row.part)
        if column is PlanColumn.NEEDS:
            return number_text(row.memory) if row.memory else ""
        text = "  ".join(reason_text(reason) for reason in _reasons(row)) or self._left_out_text(row)
        return text if len(text) <= LETTERS else f"{text[:LETTERS]}…"

    def _left_out_text(self, row: Row) -> str:
        return self.tr("Left out.") if row.is_left_out else ""

    def _group_data(self, at: int, role: int) -> Any:
        head = self.groups[at].head
        if role == Qt.ItemDataRole.DisplayRole:
            return head.title
        if role == HEAD_ROLE:
            return head
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(f"{head.title} {head.quiet}")
        if role == Qt.ItemDataRole.CheckStateRole:
            return self.groups[at].tick
        return None

    def _row_data(self, row: Row, column: PlanColumn, role: int) -> Any:
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            text = self._text(row, column)
            return text if role == Qt.ItemDataRole.DisplayRole else plain_tip(text) if text else None
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.CheckStateRole:
            is_left_out = self._ticks.get(row.qube, row.is_left_out)
            return _EITHER[is_left_out] if column is PlanColumn.QUBE and _has_tick(row) else None
        if role == QUIET_ROLE:
            if column is PlanColumn.MEANS:
                return not (row.refused or row.warnings)
            return not row.is_change or column is PlanColumn.NOW
        if role == BOLD_ROLE:
            return column is PlanColumn.THEN and row.is_change
        if role == COLUMN_ROLE:
            return column
        if role == MARK_ROLE and column is PlanColumn.MEANS and not row.is_left_out:
            return PlanMark.REFUSED if row.refused else PlanMark.WARNING if row.warnings else None
        if role == Qt.ItemDataRole.TextAlignmentRole and column is PlanColumn.NEEDS:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    # Qt overrides

    def index(self, row: int, column: int, parent: QModelIndex = _NO_PARENT) -> QModelIndex:
        if not 0 <= row < self.rowCount(parent) or not 0 <= column < len(self.columns):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    def parent(self, index: QModelIndex = _NO_PARENT) -> QModelIndex:  # type: ignore[override]  # QObject has one, too
        above = index.internalId() if index.isValid() else 0
        return self.createIndex(above - 1, 0, 0) if above else QModelIndex()

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        if not parent.isValid():
            return len(self.groups)
        return self.groups[parent.row()].shown if not parent.internalId() and parent.column() == 0 else 0

    def columnCount(self, _parent: QModelIndex = _NO_PARENT) -> int:
        return len(self.columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.row(index)
        if row is None:
            return self._group_data(index.row(), role) if index.column() == 0 else None
        return self._row_data(row, self.columns[index.column()], role)

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        row = self.row(index)
        group = self.groups[index.row() if row is None else index.internalId() - 1]
        self._tick(group, group.rows if row is None else [row], is_on=value != Qt.CheckState.Unchecked)
        return True

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        if not index.isValid():
            return Qt.ItemFlags()
        flags = Qt.ItemFlags() | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.internalId():
            flags |= Qt.ItemFlag.ItemNeverHasChildren
        if self.data(index, Qt.ItemDataRole.CheckStateRole) is not None:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return QCoreApplication.translate("PlanTable", self.columns[section].value)
        if role == Qt.ItemDataRole.TextAlignmentRole and self.columns[section] is PlanColumn.NEEDS:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None


def value_text(value: Value, prop: str) -> str:
    """A value of the property or a state of a qube in the user's language; a dash where there is none."""
    match value:
        case PropertyValue(text, is_default):
            text = property_quantity(prop, text)
            return _default_text(text) if is_default else text or QCoreApplication.translate("PlanTable", "none")
        case PowerState():
            return state_text(value)
        case Fate.REMOVED:
            return QCoreApplication.translate("PlanTable", "Removed")
        case Fate.MADE:
            return QCoreApplication.translate("PlanTable", "New")
        case None:
            return DASH


def _default_text(text: str) -> str:
    if not text:
        return QCoreApplication.translate("PlanTable", "default")
    return QCoreApplication.translate("PlanTable", "default ({0})").format(text)


def _reasons(row: Row) -> tuple[Reason, ...]:
    """The reasons of the row, the most serious first."""
    if row.refused is not None:
        return (row.refused,)
    return () if row.is_left_out else (*row.warnings, *row.remarks)


def _has_tick(row: Row) -> bool:
    """A move has none: what the qube uses could not be removed then, so that is what is left out. Nor has a file."""
    return bool(row.steps) and row.refused is None and row.group not in {Group.MOVE, Group.POLICY}


def _place(row: Row) -> tuple[Group, int]:
    """The group of the row, and its stage in a group that has stages."""
    return row.group, row.stage if row.group is Group.STAGE else 0


def _sizes(groups: Sequence[TableGroup]) -> list[tuple[Group, int, int]]:
    return [(group.head.group, group.head.stage, len(group.rows)) for group in groups]
