# SPDX-License-Identifier: GPL-3.0-or-later
"""Short messages about devices: events of a moment are one message, and each kind can be turned off."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject, QSettings, QTimer, pyqtSignal

from qubesmanager.models.device_catalog import Device, DeviceCatalog, harmless
from qubesmanager.rules.devices import DeviceKey

GATHER = 800
"""Milliseconds in which what happens is gathered into one message."""

REST = 4000
"""Milliseconds between two messages, at least."""

NAMED = 3
"""Devices that a message names; of more it says how many."""

_SETTING = "devices/notify/{}"


class NoticeKind(StrEnum):
    """The kinds of notices; the order is that in a message."""

    FAILED = "failed"
    AVAILABLE = "available"
    REMOVED = "removed"
    ATTACHED = "attached"
    DETACHED = "detached"


KIND_TEXTS = {
    NoticeKind.FAILED: QT_TRANSLATE_NOOP("DeviceNotices", "Failed"),
    NoticeKind.AVAILABLE: QT_TRANSLATE_NOOP("DeviceNotices", "Plugged in"),
    NoticeKind.REMOVED: QT_TRANSLATE_NOOP("DeviceNotices", "Pulled"),
    NoticeKind.ATTACHED: QT_TRANSLATE_NOOP("DeviceNotices", "Attached"),
    NoticeKind.DETACHED: QT_TRANSLATE_NOOP("DeviceNotices", "Detached"),
}
"""Their names in a menu."""


def kind_text(kind: NoticeKind) -> str:
    return QCoreApplication.translate("DeviceNotices", KIND_TEXTS[kind])


class Notices(QObject):
    """Signals: `message(str, bool)`: a message, plain text of a few lines, and whether something failed."""

    message = pyqtSignal(str, bool)

    def __init__(self, catalog: DeviceCatalog, settings: QSettings, parent: QObject, *, rest: int = REST) -> None:
        super().__init__(parent)
        self._settings = settings
        self._rest = rest
        self._waiting: dict[DeviceKey, tuple[NoticeKind, Device, str]] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tell)
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        # Methods, so that Qt lets go of them with this object; the catalog lives longer.
        catalog.came.connect(self._came)
        catalog.went.connect(self._went)
        catalog.attached.connect(self._attached)
        catalog.detached.connect(self._detached)
        catalog.failed.connect(self._failed)

    def wanted(self, kind: NoticeKind) -> bool:
        """Whether messages of this kind are shown."""
        return str(self._settings.value(_SETTING.format(kind), "yes")) != "no"

    def want(self, kind: NoticeKind, is_on: bool) -> None:  # noqa: FBT001 - what a ticked box says
        self._settings.setValue(_SETTING.format(kind), "yes" if is_on else "no")

    def _came(self, devices: tuple[Device, ...]) -> None:
        self._note(NoticeKind.AVAILABLE, devices)

    def _went(self, devices: tuple[Device, ...]) -> None:
        self._note(NoticeKind.REMOVED, devices)

    def _attached(self, device: Device, qube: str) -> None:
        self._note(NoticeKind.ATTACHED, (device,), qube)

    def _detached(self, device: Device, qube: str) -> None:
        self._note(NoticeKind.DETACHED, (device,), qube)

    def _failed(self, device: Device) -> None:
        self._note(NoticeKind.FAILED, (device,))

    def _note(self, kind: NoticeKind, devices: Iterable[Device], qube: str = "") -> None:
        for device in devices:
            before = self._waiting.get(device.key)
            if kind is NoticeKind.DETACHED and before is not None and before[0] is NoticeKind.REMOVED:
                continue  # that notice shows it already
            self._waiting.pop(device.key, None)
            if self.wanted(kind):
                self._waiting[device.key] = kind, device, qube
        if self._waiting and not self._timer.isActive():
            self._timer.start(max(GATHER if self._rest else 0, self._resting.remainingTime()))

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        by_kind = {kind: [rest for each, *rest in waiting.values() if each is kind] for kind in NoticeKind}
        lines = [_line(kind, some) for kind, some in by_kind.items() if some]
        self._resting.start(self._rest)
        self.message.emit("\n".join(lines), bool(by_kind[NoticeKind.FAILED]))


def unmarked(text: str) -> str:
    """The text without what a notification service takes for markup."""
    return text.translate(_MARKS)


_MARKS = str.maketrans("<>&", "()+")


def _failed(device: Device, _qube: str) -> str:
    why = harmless(device.doing.why) if device.doing else ""
    return QCoreApplication.translate("DeviceNotices", "{0} could not be attached. {1}").format(device.name, why)


_ONE: dict[NoticeKind, Callable[[Device, str], str]] = {
    NoticeKind.FAILED: _failed,
    NoticeKind.AVAILABLE: lambda device, _qube: QCoreApplication.translate(
        "DeviceNotices", "{0} is available ({1})."
    ).format(device.name, device.key),
    NoticeKind.REMOVED: lambda device, _qube: QCoreApplication.translate("DeviceNotices", "{0} was removed.").format(
        device.name
    ),
    NoticeKind.ATTACHED: lambda device, qube: QCoreApplication.translate(
        "DeviceNotices", "{0} is attached to {1}."
    ).format(device.name, qube),
    NoticeKind.DETACHED: lambda device, qube: QCoreApplication.translate(
        "DeviceNotices", "{0} is detached from {1}."
    ).format(device.name, qube),
}


def _line(kind: NoticeKind, some: list[Any]) -> str:
    """The line about devices with the same kind of notice."""
    if len(some) == 1:
        return _ONE[kind](*some[0])
    names = ", ".join(device.name for device, _ in some[:NAMED])
    return f"{_MANY[kind](len(some))}: {names}{'…' if len(some) > NAMED else ''}"


_MANY: dict[NoticeKind, Callable[[int], str]] = {
    NoticeKind.FAILED: lambda number: QCoreApplication.translate(
        "DeviceNotices", "%n device(s) could not be attached", None, number
    ),
    NoticeKind.AVAILABLE: lambda number: QCoreApplication.translate(
        "DeviceNotices", "%n device(s) available", None, number
    ),
    NoticeKind.REMOVED: lambda number: QCoreApplication.translate(
        "DeviceNotices", "%n device(s) removed", None, number
    ),
    NoticeKind.ATTACHED: lambda number: QCoreApplication.translate(
        "DeviceNotices", "%n device(s) attached", None, number
    ),
    NoticeKind.DETACHED: lambda number: QCoreApplication.translate(
        "DeviceNotices", "%n device(s) detached", None, number
    ),
}
