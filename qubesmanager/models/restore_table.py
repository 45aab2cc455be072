# SPDX-License-Identifier: GPL-3.0-or-later
"""The qubes of a backup as a table: what to restore is ticked, and each row says what will happen."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QAbstractTableModel, QModelIndex, QObject, Qt, pyqtSignal
from PyQt5.QtGui import QFont, QIcon

from qubesmanager.models import restore_draft
from qubesmanager.models.natural_sort import natural
from qubesmanager.models.restore_draft import Here, RestoreChoice, RestoreRow
from qubesmanager.models.texts import class_text, whole_size_text
from qubesmanager.models.volume_table import RIGHT, header
from qubesmanager.wire.restores import ADMIN, SAME, RestorePlan, StoredHome, StoredItem, StoredQube

CONTEXT = "RestoreTable"
NAME, CLASS, SIZE, TEMPLATE, FATE = range(5)
PROBLEM_ROLE = Qt.ItemDataRole.UserRole + 3
"""Why a row cannot be restored; empty if it can."""

_NO_PARENT = QModelIndex()
_TITLES = (
    QT_TRANSLATE_NOOP("RestoreTable", "Qube"),
    QT_TRANSLATE_NOOP("RestoreTable", "Class"),
    QT_TRANSLATE_NOOP("RestoreTable", "Size"),
    QT_TRANSLATE_NOOP("RestoreTable", "Template"),
    QT_TRANSLATE_NOOP("RestoreTable", "What will happen"),
)


class RestoreTable(QAbstractTableModel):
    """A row for each qube in natural order, dom0 first. Signal `changed()`: a choice or this machine has changed."""

    changed = pyqtSignal()

    def __init__(self, icon: Callable[[str], QIcon], parent: QObject | None = None) -> None:
        """`icon` draws a label by its name."""
        super().__init__(parent)
        self._icon = icon
        self._qubes: tuple[StoredQube, ...] = ()
        self._choices: dict[str, RestoreChoice] = {}
        self._here = Here()
        self.dom0: tuple[StoredItem, ...] = ()
        """dom0's own configuration in the backup, where it is not the same here."""
        self.home: StoredHome | None = None
        """dom0's home in the backup."""
        self.made: int | None = None
        """When the backup was made, in Unix seconds; None if that is not known."""
        self.rows: tuple[RestoreRow, ...] = ()

    @property
    def here(self) -> Here:
        return self._here

    @property
    def chosen(self) -> list[RestoreRow]:
        return [row for row in self.rows if row.choice.restored]

    @property
    def needed(self) -> int:
        """Bytes that the chosen ones may take."""
        return restore_draft.needed(self.rows)

    @property
    def is_ready(self) -> bool:
        """There is something to restore, and nothing stands against it."""
        return bool(self.chosen or self.dom0 or self.home) and not any(row.problem for row in self.rows)

    def plan(self, pool: str, *, verify_only: bool = False, devices: bool = False) -> RestorePlan:
        plan = restore_draft.plan_of(self.rows, pool, verify_only=verify_only, devices=devices)
        if self.chosen or verify_only:
            return plan
        # Without a name all would be meant.
        return replace(plan, exclude=tuple(row.stored.name for row in self.rows if row.possible))

    def needed_by_pool(self, pool: str) -> dict[str, int]:
        """By pool: the bytes that the chosen ones may take; `pool` is that of qubes without a choice."""
        return restore_draft.needed_by_pool(self.rows, pool)

    def put(
        self,
        qubes: Sequence[StoredQube],
        here: Here,
        dom0: Sequence[StoredItem] = (),
        home: StoredHome | None = None,
        made: int | None = None,
    ) -> None:
        """Another backup; the choices are the first ones again."""
        self.beginResetModel()
        self.made = made
        self.home = home
        self.dom0 = tuple(item for item in dom0 if item.fate != SAME)
        self._qubes = tuple(sorted(qubes, key=lambda qube: (qube.klass != ADMIN, natural(qube.name))))
        self._here = here
        self._choices = {qube.name: restore_draft.first_choice(qube, here) for qube in qubes}
        self.rows = tuple(restore_draft.rows(self._qubes, self._choices, here))
        self.endResetModel()
        self.changed.emit()

    def put_here(self, here: Here) -> None:
        """Set what is on this machine now; the user's choices stay."""
        self._here = here
        self._again()

    def choose(self, name: str, choice: RestoreChoice) -> None:
        """The user's choice for the qube of that name in the backup."""
        before = self._choices[name]
        if choice.restored and not before.restored and choice.name in self._taken(name):
            choice = replace(choice, name=restore_draft.free_name(choice.name, self._taken(name)))
        if choice != before:
            self._choices[name] = choice
            self._again()

    def tick(self, names: Collection[str], *, restored: bool) -> None:
        """Tick these qubes, or untick them. A qube whose name is taken gets a free one."""
        for row in self.rows:
            if row.possible and row.stored.name in names:
                self.choose(row.stored.name, replace(self._choices[row.stored.name], restored=restored))

    def choose_all(self, *, restored: bool) -> None:
        """Tick all that can be restored without a question, or nothing."""
        for qube in self._qubes:
            restores = restored and restore_draft.first_choice(qube, self._here).restored
            self._choices[qube.name] = replace(self._choices[qube.name], restored=restores)
        self._again()

    def _taken(self, name: str) -> set[str]:
        others = {row.choice.name for row in self.chosen if row.stored.name != name}
        return {*self._here.qubes, *others}

    def _again(self) -> None:
        now = tuple(restore_draft.rows(self._qubes, self._choices, self._here))
        if now == self.rows:
            return
        self.rows = now
        self.dataChanged.emit(self.index(0, 0), self.index(len(now) - 1, len(_TITLES) - 1))
        self.changed.emit()

    # Qt overrides

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(_TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return header(_TITLES, CONTEXT, section, orientation, role, right={SIZE})

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        flags = super().flags(index)
        if index.isValid() and index.column() == NAME and self.rows[index.row()].possible:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        key = _BY_ROLE.get(role)
        if key is not None:
            return key(row, index.column())
        if role == Qt.ItemDataRole.DecorationRole and index.column() == NAME:
            return self._icon(row.stored.label)
        return None

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if not index.isValid() or index.column() != NAME or role != Qt.ItemDataRole.CheckStateRole:
            return False
        row = self.rows[index.row()]
        if not row.possible:
            return False
        self.choose(row.stored.name, replace(row.choice, restored=value == Qt.CheckState.Checked))
        return True


def _text(row: RestoreRow, column: int) -> str:
    qube = row.stored
    return (qube.name, class_text(qube.klass), whole_size_text(qube.size), qube.template, row.fate)[column]


def _tip(row: RestoreRow, column: int) -> str:
    return _text(row, column)


def _check(row: RestoreRow, column: int) -> Any:
    if column != NAME or not row.possible:
        return None
    return Qt.CheckState.Checked if row.choice.restored else Qt.CheckState.Unchecked


def _place(_row: RestoreRow, column: int) -> Any:
    return RIGHT if column == SIZE else None


def _font(row: RestoreRow, column: int) -> Any:
    if column != FATE or not row.problem:
        return None
    font = QFont()
    font.setBold(True)
    return font


def _problem(row: RestoreRow, _column: int) -> str:
    return row.problem


_BY_ROLE: Mapping[int, Callable[[RestoreRow, int], Any]] = {
    Qt.ItemDataRole.DisplayRole: _text,
    Qt.ItemDataRole.ToolTipRole: _tip,
    Qt.ItemDataRole.CheckStateRole: _check,
    Qt.ItemDataRole.TextAlignmentRole: _place,
    Qt.ItemDataRole.FontRole: _font,
    PROBLEM_ROLE: _problem,
}
