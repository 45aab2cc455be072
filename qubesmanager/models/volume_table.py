# SPDX-License-Identifier: GPL-3.0-or-later
"""The volumes of a qube as a table, and the snapshots of one of them. Sizes are bytes."""

from collections.abc import Callable, Sequence
from typing import Any

from PyQt5.QtCore import (
    QT_TRANSLATE_NOOP,
    QAbstractTableModel,
    QCoreApplication,
    QDateTime,
    QLocale,
    QModelIndex,
    QObject,
    Qt,
)
from PyQt5.QtGui import QFont

from qubesmanager.models.draft import Draft
from qubesmanager.models.texts import number_text, size_text
from qubesmanager.plans.plan import VOLUME
from qubesmanager.rules.volumes import snapshot_time
from qubesmanager.wire.records import VolumeRecord

USAGE_ROLE = Qt.ItemDataRole.UserRole + 1
"""How full something is: 0.0 to 1.0; None where that means nothing."""

RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_NO_PARENT = QModelIndex()
_TITLES = (
    QT_TRANSLATE_NOOP("VolumeTable", "Volume"),
    QT_TRANSLATE_NOOP("VolumeTable", "Size"),
    QT_TRANSLATE_NOOP("VolumeTable", "Used"),
    QT_TRANSLATE_NOOP("VolumeTable", "Pool"),
    QT_TRANSLATE_NOOP("VolumeTable", "When the qube halts"),
)
SIZE, USED = 1, 2


class VolumeTable(QAbstractTableModel):
    """A row a volume, as the record lists them; a size that is edited is shown in italics."""

    def __init__(self, draft: Draft, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self._volumes = draft.record.volumes
        draft.changed.connect(self._refresh)

    def volume_at(self, row: int) -> VolumeRecord | None:
        return self._volumes[row] if 0 <= row < len(self._volumes) else None

    def row_of(self, name: str) -> int:
        """-1 if there is no such volume."""
        return next((row for row, volume in enumerate(self._volumes) if volume.name == name), -1)

    def _refresh(self) -> None:
        now = self._draft.record.volumes
        if [volume.name for volume in now] == [volume.name for volume in self._volumes]:
            self._volumes = now
            if now:
                self.dataChanged.emit(self.index(0, 0), self.index(len(now) - 1, len(_TITLES) - 1))
            return
        self.beginResetModel()
        self._volumes = now
        self.endResetModel()

    def _size(self, volume: VolumeRecord) -> str:
        edited = self._draft.value((VOLUME, volume.name))
        return size_text(int(edited)) if edited else size_text(volume.size)

    # Qt overrides

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._volumes)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(_TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return header(_TITLES, "VolumeTable", section, orientation, role, right={SIZE})

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        volume = self._volumes[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            texts = (volume.name, self._size(volume), usage_text(volume.usage, volume.size), volume.pool, fate(volume))
            return texts[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == SIZE:
            return RIGHT
        if role == USAGE_ROLE and index.column() == USED:
            return share(volume.usage, volume.size)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{volume.pool}:{volume.vid}"
        if role == Qt.ItemDataRole.FontRole and index.column() == SIZE:
            font = QFont()
            font.setItalic(self._draft.is_edited((VOLUME, volume.name)))
            return font
        return None


class SnapshotTable(QAbstractTableModel):
    """The snapshots of one volume, the newest first."""

    _titles = (QT_TRANSLATE_NOOP("VolumeTable", "Snapshot"), QT_TRANSLATE_NOOP("VolumeTable", "Id"))

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ids: list[str] = []

    def put(self, oldest_first: Sequence[str]) -> None:
        """The snapshots there are now."""
        self.beginResetModel()
        self._ids = list(reversed(oldest_first))
        self.endResetModel()

    def id_at(self, row: int) -> str:
        """Empty where there is none."""
        return self._ids[row] if 0 <= row < len(self._ids) else ""

    # Qt overrides

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return header(self._titles, "VolumeTable", section, orientation, role)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or role != Qt.ItemDataRole.DisplayRole:
            return None
        snapshot = self._ids[index.row()]
        return (when_text(snapshot), snapshot)[index.column()]


def header(
    titles: Sequence[str],
    context: str,
    section: int,
    orientation: Qt.Orientation,
    role: int,
    *,
    right: "set[int] | frozenset[int]" = frozenset(),
    translate: Callable[[str, str], str] = QCoreApplication.translate,
) -> Any:
    """The header of a table with these titles; those in `right` are above numbers."""
    if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(titles):
        return None
    if role == Qt.ItemDataRole.DisplayRole:
        return translate(context, titles[section])
    if role == Qt.ItemDataRole.TextAlignmentRole and section in right:
        return RIGHT
    return None


def share(used: int, size: int) -> float | None:
    """How full: 0.0 to 1.0; None where the size is not known."""
    return min(1.0, max(0.0, used / size)) if size > 0 else None


def usage_text(used: int, size: int) -> str:
    """`1.2 GiB (12 %)`; the share is left out where the size is not known."""
    text = size_text(used) or QCoreApplication.translate("VolumeTable", "nothing")
    full = share(used, size)
    return (
        text
        if full is None or used == 0
        else QCoreApplication.translate("VolumeTable", "{0} ({1} %)").format(text, number_text(round(full * 100)))
    )


def fate(volume: VolumeRecord) -> str:
    """Whether the volume's content is kept when the qube halts."""
    if volume.extra:
        return QCoreApplication.translate("VolumeTable", "kept (extra disk)")
    if volume.save_on_stop:
        return QCoreApplication.translate("VolumeTable", "kept")
    if volume.snap_on_start:
        return QCoreApplication.translate("VolumeTable", "dropped: a layer on the template's")
    return QCoreApplication.translate("VolumeTable", "dropped: empty at each start")


def when_text(snapshot: str) -> str:
    """When a snapshot was taken, in the user's way; its id if that does not say it."""
    seconds = snapshot_time(snapshot)
    if seconds is None:
        return snapshot
    moment = QDateTime.fromSecsSinceEpoch(seconds)
    return QLocale().toString(moment, QLocale.FormatType.ShortFormat)
