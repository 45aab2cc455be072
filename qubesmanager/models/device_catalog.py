# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices, which qubes have them, and the user's names for them. The feed updates it; it sends no request.

The texts of a device are hostile: they are shown only after `harmless`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from PyQt5.QtCore import QObject, pyqtSignal

from qubesmanager.models.texts import whole_number
from qubesmanager.rules.devices import DeviceKey, share_a_disk
from qubesmanager.wire.codecs import AvailableDevice
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import YES, DeviceRecord, VmRecord
from qubesmanager.wire.values import DeviceClass, DeviceMode

LONGEST = 80
"""Characters of a description that are shown."""


class Kind(StrEnum):
    """The kind of a device as the user sees it; the order is that of the menu."""

    DISK = "disk"
    CAMERA = "camera"
    MICROPHONE = "microphone"
    USB = "usb"
    PCI = "pci"


_CAMERA_WORDS = ("webcam", "camera", "facetime", "brio", "lifecam", "isight")
"""Words of a description that make a USB device a camera, in lower case."""

_KINDS = {DeviceClass.BLOCK: Kind.DISK, DeviceClass.USB: Kind.USB, DeviceClass.MIC: Kind.MICROPHONE}


def kind_of(device_class: DeviceClass, description: str) -> Kind:
    """The section of the menu that lists a device."""
    if device_class is DeviceClass.USB and any(word in description.lower() for word in _CAMERA_WORDS):
        return Kind.CAMERA
    return _KINDS.get(device_class, Kind.PCI)


def harmless(text: str) -> str:
    """One short line of printable ASCII: it cannot be taken for markup, nor reorder or break its line."""
    shortened = text[: LONGEST + 1]
    line = " ".join("".join(char if char.isascii() and char.isprintable() else "_" for char in shortened).split())
    return f"{line[: LONGEST - 1]}…" if len(text) > LONGEST else line


class DeviceMark(NamedTuple):
    """The user's own settings of a device."""

    nickname: str = ""
    favourite: bool = False


NO_MARK = DeviceMark()


class Step(StrEnum):
    """The state of an operation on a device, until the daemon's events show the result."""

    ATTACHING = "attaching"
    DETACHING = "detaching"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Doing:
    """An operation that runs or has failed: the qube, why it failed, and the options that were chosen."""

    step: Step
    qube: str
    why: str = ""
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Device:
    """A device as it is shown. `size` in bytes, 0 if it has none; `parent`: the ident of the disk it is a part of.

    `holder` has it now. `taken` is why it cannot be attached now, where a qube has its disk or a partition of it. The
    qubes of `assigned` get it in the modes of `modes`, in the same order. `present` is false for one that is only known
    because it is assigned. `description` is harmless already.
    """

    key: DeviceKey
    description: str
    size: int = 0
    parent: str = ""
    read_only: bool = False
    present: bool = True
    holder: str = ""
    taken: Reason | None = None
    assigned: tuple[str, ...] = ()
    modes: tuple[DeviceMode, ...] = ()
    new: bool = False
    mark: DeviceMark = NO_MARK
    doing: Doing | None = None

    @property
    def can_be_given(self) -> bool:
        """Whether a qube can get it now, also from another one that has it."""
        return self.present and self.taken is None

    @property
    def kind(self) -> Kind:
        return kind_of(self.key.device_class, self.description)

    @property
    def name(self) -> str:
        """The nickname, else what it says of itself, else its port."""
        return self.mark.nickname or self.description or str(self.key)

    @property
    def memory_key(self) -> str:
        """The key under which a nickname is stored; another device at the same port has another one."""
        return f"{self.key.backend}+{self.key.ident}+{self.description}"


class DeviceCatalog(QObject):
    """All devices that are offered, attached or assigned, as of the last update.

    Signals: `changed()` after each difference; `came(tuple[Device])`, `went(tuple[Device])`: offered now, and no
    longer offered, but not for the devices that a new backend begins with; `attached(Device, str)`,
    `detached(Device, str)` with the qube; `failed(Device)`.
    """

    changed = pyqtSignal()
    came = pyqtSignal(tuple)
    went = pyqtSignal(tuple)
    attached = pyqtSignal(object, str)
    detached = pyqtSignal(object, str)
    failed = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._offers: dict[tuple[str, DeviceClass], dict[DeviceKey, Device]] = {}
        self._had: dict[str, tuple[DeviceRecord, ...]] = {}
        self._marks: dict[str, DeviceMark] = {}
        self._new: set[DeviceKey] = set()
        self._doing: dict[DeviceKey, Doing] = {}
        self._devices: dict[DeviceKey, Device] = {}
        self._stale = False

    # -- reading ------------------------------------------------------------------------------------------------------

    def devices(self) -> Mapping[DeviceKey, Device]:
        """All, by key; in no order."""
        return self._devices

    def backends(self) -> set[str]:
        """The qubes that have offered something."""
        return {backend for (backend, _), offers in self._offers.items() if offers}

    # -- updates ------------------------------------------------------------------------------------------------------

    def offer(self, backend: str, device_class: DeviceClass, rows: Iterable[AvailableDevice]) -> None:
        """Set the devices of a class that a qube offers now."""
        place = backend, device_class
        first = place not in self._offers
        before = self._offers.get(place, {})
        now = {device.key: device for row in rows for device in [_offered(backend, device_class, row)]}
        if now == before and not first:
            return
        self._offers[place] = now
        came = () if first else tuple(key for key in now if key not in before)
        self._new.update(came)
        went = tuple(device for key, device in before.items() if key not in now)
        self._forget(device.key for device in went)
        self._rebuild()
        if came:
            self.came.emit(tuple(self._devices[key] for key in came))
        if went:
            self.went.emit(went)

    def withdraw(self, key: DeviceKey) -> None:
        """A device is no longer offered."""
        device = self._offers.get((key.backend, key.device_class), {}).pop(key, None)
        if device is not None:
            self._forget([key])
            self._rebuild()
            self.went.emit((device,))

    def put(self, records: Iterable[VmRecord]) -> None:
        """These qubes are so now: what they have is compared with what they had."""
        events: list[tuple[bool, DeviceKey, str]] = []
        for record in records:
            before, now = self._had.get(record.name), record.devices
            if before == now:
                continue
            self._had[record.name] = now
            if before is not None:
                had, has = _attached(before), _attached(now)
                events += [(True, key, record.name) for key in sorted(has - had)]
                events += [(False, key, record.name) for key in sorted(had - has)]
            elif not now:
                continue
            self._stale = True
        self._tell(events)

    def remove(self, names: Iterable[str]) -> None:
        """These qubes are gone, as owners and as backends."""
        gone = set(names)
        for name in gone:
            self._had.pop(name, None)
        for place in [place for place in self._offers if place[0] in gone]:
            del self._offers[place]
        self._rebuild()

    def remember(self, marks: Mapping[str, DeviceMark]) -> None:
        """The user's own settings of devices, by `memory_key`."""
        self._marks = dict(marks)
        self._rebuild()

    def do(self, device: Device, doing: Doing | None) -> None:
        """Set the operation in progress, or the failed one, of a device; None ends it. A missing device is ignored."""
        failed = doing is not None and doing.step is Step.FAILED
        if doing is None or (failed and device.key not in self._devices):
            self._doing.pop(device.key, None)
        else:
            self._doing[device.key] = doing
        self._rebuild()
        if failed:
            self.failed.emit(replace(self._devices.get(device.key, device), doing=doing))

    def seen(self) -> None:
        """The user has seen the devices: none is new now."""
        if self._new:
            self._new.clear()
            self._rebuild()

    # -- how ----------------------------------------------------------------------------------------------------------

    def _forget(self, gone: Iterable[DeviceKey]) -> None:
        """Drop the results of devices that are gone; operations in progress end by themselves."""
        for key in gone:
            self._new.discard(key)
            if (doing := self._doing.get(key)) is not None and doing.step is Step.FAILED:
                del self._doing[key]

    def _tell(self, events: Sequence[tuple[bool, DeviceKey, str]]) -> None:
        if not self._stale:
            return
        self._stale = False
        before = self._devices
        self._rebuild()
        for is_attached, key, qube in events:
            device = self._devices.get(key) or before.get(key)
            if device is not None:
                (self.attached if is_attached else self.detached).emit(device, qube)

    def _rebuild(self) -> None:
        """Build all devices from the offers and attachments; emits signals if something changed."""
        devices = {key: device for offers in self._offers.values() for key, device in offers.items()}
        holders: dict[DeviceKey, str] = {}
        assigned: dict[DeviceKey, list[tuple[str, DeviceMode]]] = {}
        for qube, attachments in self._had.items():
            for record in attachments:
                key = DeviceKey(*record[:3])
                if record.attached:
                    holders[key] = qube
                if record.persistent:
                    assigned.setdefault(key, []).append((qube, record.mode))
        for key in {*holders, *assigned} - set(devices):
            devices[key] = Device(key, "", present=False)
        taken = _taken(devices, holders)
        now = {
            key: replace(
                device,
                holder=holders.get(key, ""),
                taken=taken.get(key),
                assigned=tuple(name for name, _mode in sorted(assigned.get(key, ()))),
                modes=tuple(mode for _name, mode in sorted(assigned.get(key, ()))),
                new=key in self._new,
                mark=self._marks.get(device.memory_key, NO_MARK),
                doing=self._doing.get(key),
            )
            for key, device in devices.items()
        }
        if now != self._devices:
            self._devices = now
            self.changed.emit()


def _taken(devices: Mapping[DeviceKey, Device], holders: Mapping[DeviceKey, str]) -> dict[DeviceKey, Reason]:
    """Why disks and partitions cannot be attached: a partition of the disk, or the disk of the partition, is."""
    return {
        key: Reason("device-attached", attached.backend, attached.ident, holder)
        for attached, holder in holders.items()
        if attached.device_class is DeviceClass.BLOCK
        for key, device in devices.items()
        if key != attached
        and key[:2] == attached[:2]
        and share_a_disk((key.ident, device.parent), (attached.ident, devices[attached].parent))
    }


def _offered(backend: str, device_class: DeviceClass, row: AvailableDevice) -> Device:
    return Device(
        DeviceKey(device_class, backend, row.ident),
        harmless(row.description),
        size=whole_number(row.details.get("size", "")) or 0,
        parent=row.details.get("parent", ""),
        read_only=row.details.get("read-only") == YES,
    )


def _attached(devices: Iterable[DeviceRecord]) -> set[DeviceKey]:
    return {DeviceKey(*device[:3]) for device in devices if device.attached}
