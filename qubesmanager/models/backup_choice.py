# SPDX-License-Identifier: GPL-3.0-or-later
"""Which qubes are backed up: a row each with a tick, its size, its last backup, and whether it ran since."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PyQt5.QtCore import (
    QT_TRANSLATE_NOOP,
    QAbstractTableModel,
    QCoreApplication,
    QModelIndex,
    QObject,
    Qt,
    pyqtSignal,
)

from qubesmanager.backup.profile import matches
from qubesmanager.models.natural_sort import in_order, natural
from qubesmanager.models.row_table import SORT_ROLE
from qubesmanager.models.texts import class_text, date_text, since_text, size_text
from qubesmanager.models.volume_table import RIGHT
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import VmClass

CONTEXT = "BackupChoice"
NEVER = QT_TRANSLATE_NOOP("BackupChoice", "never")
TITLES = (
    QT_TRANSLATE_NOOP("BackupChoice", "Qube"),
    QT_TRANSLATE_NOOP("BackupChoice", "Class"),
    QT_TRANSLATE_NOOP("BackupChoice", "Size"),
    QT_TRANSLATE_NOOP("BackupChoice", "Last backup"),
    QT_TRANSLATE_NOOP("BackupChoice", "Changed since"),
)
NAME, CLASS, SIZE, LAST, CHANGED = range(len(TITLES))
_NO_PARENT = QModelIndex()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A qube that could be backed up. `size` in bytes; `last` in Unix seconds; `changed` None if it is not known."""

    name: str
    klass: str
    label: str
    size: int
    running: bool
    last: int | None
    changed: bool | None
    included: bool
    tags: frozenset[str] = frozenset()


def candidates(records: Iterable[VmRecord], changed: Mapping[str, bool | None]) -> list[Candidate]:
    """All qubes but dom0, in order. `changed`: whether one was started since its last backup, where that is known."""
    by_name = {record.name: record for record in records if record.klass is not VmClass.ADMIN}
    return [
        Candidate(
            record.name,
            record.klass.value,
            record.value("label"),
            sum(volume.usage for volume in record.volumes if volume.save_on_stop and not volume.extra),
            record.running,
            record.number("backup_timestamp"),
            True if record.running else changed.get(record.name),
            # As the daemon takes it where a profile names no qube.
            record.flag("include_in_backups") and record.klass is not VmClass.DISP,
            record.tags,
        )
        for record in (by_name[name] for name in in_order(by_name))
    ]


def chosen_by_rules(
    rows: Iterable[Candidate], include: Collection[str], exclude: Collection[str], profile: str
) -> set[str]:
    """The qubes that a profile's lists select; without `include`, those with `include_in_backups`."""
    chosen = set()
    for row in rows:
        included = matches(include, row.name, row.klass, row.tags) or f"backup-{profile}" in row.tags
        included = included or (not include and row.included)
        if included and not matches(exclude, row.name, row.klass, row.tags):
            chosen.add(row.name)
    return chosen


def takes_dom0(dom0: VmRecord, include: Collection[str], exclude: Collection[str], profile: str) -> bool:
    """Whether a profile's lists take dom0, which only they or its tag do."""
    row = Candidate(dom0.name, dom0.klass.value, "", 0, True, None, None, included=False, tags=dom0.tags)
    return bool(chosen_by_rules([row], include, exclude, profile))


class BackupChoice(QAbstractTableModel):
    """Signals: `ticked_changed()`. `by_hand`: whether the user ticks; otherwise rules do."""

    ticked_changed = pyqtSignal()

    def __init__(self, picture: Callable[[str], Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._picture = picture
        self.rows: tuple[Candidate, ...] = ()
        self.ticked: frozenset[str] = frozenset()
        self.by_hand = True

    def put(self, rows: Iterable[Candidate]) -> None:
        """The qubes there are now; ticks of those that are gone go with them."""
        now = tuple(rows)
        if now == self.rows:
            return
        if [row.name for row in now] == [row.name for row in self.rows]:
            self.rows = now
            self._emit_changed()
            return
        self.beginResetModel()
        self.rows = now
        self.endResetModel()
        self.tick(self.ticked)

    def tick(self, names: Collection[str]) -> None:
        """These, and no others."""
        now = frozenset(names) & {row.name for row in self.rows}
        if now != self.ticked:
            self.ticked = now
            self._emit_changed()
            self.ticked_changed.emit()

    def set_by_hand(self, by_hand: bool) -> None:  # noqa: FBT001 - a setter
        if by_hand != self.by_hand:
            self.by_hand = by_hand
            self._emit_changed()

    def chosen(self) -> list[Candidate]:
        return [row for row in self.rows if row.name in self.ticked]

    def size(self) -> int:
        """Bytes of all ticked ones."""
        return sum(row.size for row in self.chosen())

    def _emit_changed(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(TITLES) - 1))

    # Qt overrides

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(TITLES):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return QCoreApplication.translate(CONTEXT, TITLES[section])
        return RIGHT if role == Qt.ItemDataRole.TextAlignmentRole and section == SIZE else None

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        flags = super().flags(index)
        if index.isValid() and index.column() == NAME and self.by_hand:
            return flags | Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.CheckStateRole and column == NAME:
            return Qt.CheckState.Checked if row.name in self.ticked else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.DecorationRole and column == NAME:
            return self._picture(row.label)
        if role == Qt.ItemDataRole.DisplayRole:
            return _TEXTS[column](row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return date_text(row.last) if column == LAST and row.last is not None else _TEXTS[column](row)
        if role == SORT_ROLE:
            return _KEYS[column](row)
        return RIGHT if role == Qt.ItemDataRole.TextAlignmentRole and column == SIZE else None

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid() or not self.by_hand:
            return False
        name = self.rows[index.row()].name
        self.tick(self.ticked | {name} if value == Qt.CheckState.Checked else self.ticked - {name})
        return True


def _last(row: Candidate) -> str:
    if row.last is None:
        return QCoreApplication.translate(CONTEXT, NEVER)
    return since_text(row.last, int(time.time()))


def _changed(row: Candidate) -> str:
    if row.running:
        return QCoreApplication.translate("BackupChoice", "running now")
    if row.last is None or row.changed is None:
        return ""
    if row.changed:
        return QCoreApplication.translate("BackupChoice", "yes")
    return QCoreApplication.translate("BackupChoice", "no")


_TEXTS: tuple[Callable[[Candidate], str], ...] = (
    lambda row: row.name,
    lambda row: class_text(row.klass),
    lambda row: size_text(row.size),
    _last,
    _changed,
)
_KEYS: tuple[Callable[[Candidate], Any], ...] = (
    lambda row: natural(row.name),
    lambda row: class_text(row.klass),
    lambda row: row.size,
    lambda row: row.last or 0,
    _changed,
)
