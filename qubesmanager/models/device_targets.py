# SPDX-License-Identifier: GPL-3.0-or-later
"""The qubes that a device can be given to: those that run, those that would be started, and new disposables."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PyQt5.QtCore import QAbstractListModel, QCoreApplication, QModelIndex, QObject, Qt

from qubesmanager.models.device_catalog import Device
from qubesmanager.rules.facts import HALTED
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import PowerState, VmClass

TARGET_ROLE = Qt.ItemDataRole.UserRole + 1
"""The `Target` of a row."""

_NO_PARENT = QModelIndex()


class Effort(IntEnum):
    """The step before a device can be attached; the order is that of the list."""

    NONE = 0
    CREATE = 1
    START = 2


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A qube, or with `Effort.CREATE` the template of a disposable that is to be made."""

    effort: Effort
    name: str
    label: str = ""


def targets(records: Iterable[VmRecord], device: Device | None) -> list[Target]:
    """The qubes that the device can be attached to, least effort first; None: any device."""
    targets_found = []
    for record in records:
        if record.flag("template_for_dispvms"):
            targets_found.append(Target(Effort.CREATE, record.name, record.value("label")))
        if record.klass in {VmClass.ADMIN, VmClass.TEMPLATE, VmClass.REMOTE} or (
            device and _excluded(record.name, device)
        ):
            continue
        if record.state in {PowerState.RUNNING, PowerState.PAUSED}:
            targets_found.append(Target(Effort.NONE, record.name, record.value("label")))
        elif record.state in HALTED:
            targets_found.append(Target(Effort.START, record.name, record.value("label")))
    return sorted(targets_found)


def _excluded(name: str, device: Device) -> bool:
    return name in {device.key.backend, device.holder}


_TEXTS: dict[Effort, Callable[[str], str]] = {
    Effort.NONE: lambda name: name,
    Effort.CREATE: lambda name: QCoreApplication.translate("DeviceTargets", "new disposable of {0}").format(name),
    Effort.START: lambda name: QCoreApplication.translate("DeviceTargets", "{0} (is started first)").format(name),
}


def target_text(target: Target) -> str:
    """The target in the user's language."""
    return _TEXTS[target.effort](target.name)


class TargetList(QAbstractListModel):
    """A row a target that holds all words of the filter."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[Target] = []
        self._shown: list[Target] = []
        self._words: tuple[str, ...] = ()

    def put(self, targets: list[Target]) -> None:
        """The targets there are now."""
        if targets != self._all:
            self._all = targets
            self._apply_filter()

    def set_filter(self, text: str) -> None:
        self._words = tuple(text.lower().split())
        self._apply_filter()

    def target_at(self, row: int) -> Target | None:
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def row_of(self, target: Target) -> int:
        """-1 if it is not shown."""
        place = target.effort is Effort.CREATE, target.name
        return next(
            (row for row, target in enumerate(self._shown) if (target.effort is Effort.CREATE, target.name) == place),
            -1,
        )

    def _apply_filter(self) -> None:
        self.beginResetModel()
        self._shown = [
            target for target in self._all if all(word in target_text(target).lower() for word in self._words)
        ]
        self.endResetModel()

    # Qt overrides

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        target = self.target_at(index.row()) if index.isValid() else None
        if target is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return target_text(target)
        return target if role == TARGET_ROLE else None
