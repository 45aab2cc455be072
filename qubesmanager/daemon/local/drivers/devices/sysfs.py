# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices as sysfs shows them, below a root that tests replace by another tree.

One function a class lists what is there, in use or not. A device that vanishes while it is read is left out.
Source: the kernel's Documentation/ABI (sysfs-block, sysfs-bus-usb, sysfs-bus-pci), proc(5) for mountinfo and swaps.
"""

import errno
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from qubesmanager.daemon.local.drivers.devices.base import (
    BlockDevice,
    DeviceInfo,
    Microphone,
    PciDevice,
    UsbDevice,
    printable,
    word,
)
from qubesmanager.wire import names
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.values import DeviceClass

SECTOR = 512
"""Bytes; what sysfs counts a block device's size in, whatever its real sectors are."""

_READ_LIMIT = 4096
_PATH_LIMIT = 60
_NOT_OFFERED = re.compile(r"(ram|zram|dm-|md)\d+", re.ASCII)
"""Memory of the host, and what its own storage is made of (LVM, encryption, RAID)."""
_USB_NAME = re.compile(r"\d+-\d+(\.\d+)*", re.ASCII)
_PCI_NAME = re.compile(r"([0-9a-f]{4,8}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])", re.ASCII)
_CAPTURE = re.compile(r"pcmC\d+D\d+c", re.ASCII)
_HEX_BYTE = re.compile(r"[0-9a-f]{2}", re.ASCII)
_NOT_IDENTITY = re.compile(r"[^A-Za-z0-9_.:-]", re.ASCII)
_IDENTITY_LIMIT = 180
_USB_HUB = 9
_PCI_BRIDGE = 6
_PCI_KINDS = {
    0x01: "Storage controller",
    0x02: "Network controller",
    0x03: "Display controller",
    0x04: "Multimedia controller",
    0x05: "Memory controller",
    0x07: "Communication controller",
    0x08: "System peripheral",
    0x09: "Input controller",
    0x0B: "Processor",
    0x0C: "Serial bus controller",
    0x0D: "Wireless controller",
    0x10: "Encryption controller",
    0x11: "Signal processing controller",
    0x12: "Processing accelerator",
}


def devices(root: Path, device_class: DeviceClass) -> dict[str, DeviceInfo]:
    """All devices of a class by ident, in order. Blocks for a few milliseconds."""
    listed = (device for device in _LISTED[device_class](root) if names.DEVICE_IDENT.matches(device.ident))
    return {device.ident: device for device in sorted(listed, key=lambda device: device.ident)}


def why_busy(path: str) -> Reason | None:
    """Why a block device cannot be handed out now; None if it can.

    The kernel is asked by opening it exclusively, which also finds what no list shows (a mount in another mount
    namespace, a member of a file system on several disks). Blocks while the device answers.
    """
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC | os.O_NONBLOCK))
    except OSError as error:
        if error.errno == errno.EBUSY:
            return Reason("block-device-in-use", path)
        return Reason("device-not-opened", path, error.strerror or str(error))
    return None


# -- block ------------------------------------------------------------------------------------------------------------


def _block(root: Path) -> Iterator[DeviceInfo]:
    used = _used_numbers(root)
    for disk in _entries(root / "sys/block"):
        if _NOT_OFFERED.fullmatch(disk.name):
            continue
        parts = [entry for entry in _entries(disk) if (entry / "partition").exists()]
        why_disk = _why_used(disk, used)
        why_parts = {part.name: _why_used(part, used) for part in parts}
        why_whole = why_disk or next((f"its partition {name}: {why}" for name, why in why_parts.items() if why), "")
        carrier = _usb_carrier(root, disk)
        yield from _block_device(disk, {}, _disk_description(disk), why_whole, carrier)
        for part in parts:
            description = _uevent(part).get("PARTNAME") or f"Partition {_text(part / 'partition')}"
            why = why_parts[part.name] or why_disk
            identity = f"{carrier}:{_text(part / 'partition')}" if carrier else ""
            about = f"{_disk_description(disk)}: {description}"
            yield from _block_device(part, {"parent": disk.name}, about, why, identity)


def _block_device(
    entry: Path, details: dict[str, str], description: str, in_use: str, identity: str
) -> Iterator[DeviceInfo]:
    """The device; nothing if it has no size, as a drive without a medium or a loop device without a file."""
    size = _number(entry / "size") * SECTOR
    if size <= 0:
        return
    read_only = _number(entry / "ro") == 1
    details |= {"size": str(size)} | ({"read-only": "yes"} if read_only else {})
    host = BlockDevice(f"/dev/{entry.name}", size, read_only)
    yield DeviceInfo(DeviceClass.BLOCK, entry.name, printable(description), host, details, printable(in_use), identity)


def _usb_carrier(root: Path, disk: Path) -> str:
    """The identity of the USB device that a disk is, and its interface, as `0951:1666:A1:u080650:1.0`; or empty."""
    for part in reversed(disk.resolve().parts):
        name, colon, interface = part.partition(":")
        usb = root / "sys/bus/usb/devices" / name
        if _USB_NAME.fullmatch(name) and usb.exists():
            return f"{_usb_identity(usb, _usb_interfaces(usb))}:{interface if colon else '0'}"
    return ""


def _disk_description(disk: Path) -> str:
    file = _text(disk / "loop/backing_file")
    if file:
        # The end of a path tells files apart, so a long one loses its beginning.
        return f"Loop device of {file if len(file) <= _PATH_LIMIT else '...' + file[-_PATH_LIMIT:]}"
    return " ".join(filter(None, (_text(disk / "device/vendor"), _text(disk / "device/model")))) or "Disk"


def _why_used(entry: Path, used: dict[str, str]) -> str:
    holder = next((holder.name for holder in _entries(entry / "holders")), None)
    return f"part of {holder}" if holder is not None else used.get(_text(entry / "dev"), "")


def _busy_carriers(root: Path) -> dict[str, str]:
    """By the sysfs name of a USB or PCI device: which disk in use hangs on it, so that it cannot be handed out."""
    carriers = {}
    for disk in _block(root):
        if disk.in_use and "parent" not in disk.details:
            for part in (root / "sys/block" / disk.ident).resolve().parts:
                carriers[part] = f"carries {disk.ident}, {disk.in_use}"
    return carriers


def _used_numbers(root: Path) -> dict[str, str]:
    """By `major:minor`: what the host uses the device for."""
    used: dict[str, str] = {}
    for line in _lines(root / "proc/self/mountinfo"):
        fields = line.split(" ")
        if len(fields) > 4:  # noqa: PLR2004 - proc(5): id, parent, major:minor, root, mount point
            used.setdefault(fields[2], f"mounted at {fields[4]}")
    for line in _lines(root / "proc/swaps")[1:]:
        name = line.partition(" ")[0].partition("\t")[0].removeprefix("/dev/")
        number = _text(root / "sys/class/block" / name / "dev") if names.DEVICE_IDENT.matches(name) else ""
        if number:
            used[number] = "swap space"
    return used


# -- usb, pci, mic ----------------------------------------------------------------------------------------------------


def _usb(root: Path) -> Iterator[DeviceInfo]:
    busy = _busy_carriers(root)
    for entry in _entries(root / "sys/bus/usb/devices"):
        if not _USB_NAME.fullmatch(entry.name) or _number(entry / "bDeviceClass", 16) == _USB_HUB:
            continue
        host = UsbDevice(
            _number(entry / "busnum"),
            _number(entry / "devnum"),
            _number(entry / "idVendor", 16),
            _number(entry / "idProduct", 16),
        )
        if min(host.bus, host.device, host.vendor, host.product) < 0:
            continue
        said = " ".join(filter(None, (_text(entry / "manufacturer"), _text(entry / "product"))))
        ids = {"vendor": f"{host.vendor:04x}", "product": f"{host.product:04x}"}
        serial = word(_text(entry / "serial"))
        details = ids | ({"serial": serial} if serial else {})
        description = printable(said) or "USB device"
        why = printable(busy.get(entry.name, ""))
        interfaces = _usb_interfaces(entry)
        identity = _usb_identity(entry, interfaces)
        yield DeviceInfo(DeviceClass.USB, entry.name, description, host, details, why, identity, interfaces)


def _usb_interfaces(entry: Path) -> tuple[str, ...]:
    """The interfaces of a USB device, such as `u080650`: class, subclass and protocol."""
    parts = [part for part in _entries(entry) if part.name.startswith(f"{entry.name}:")]
    codes = [[_text(part / f"bInterface{word}") for word in ("Class", "SubClass", "Protocol")] for part in parts]
    return tuple(f"u{''.join(code)}" for code in codes if all(_HEX_BYTE.fullmatch(each) for each in code))


def _usb_identity(entry: Path, interfaces: tuple[str, ...]) -> str:
    """`VENDOR:PRODUCT:SERIAL:INTERFACES`, as Qubes OS calls it; cut where a serial number is absurdly long."""
    serial = _NOT_IDENTITY.sub("_", word(_text(entry / "serial")))
    ids = f"{_number(entry / 'idVendor', 16):04x}:{_number(entry / 'idProduct', 16):04x}"
    return f"{ids}:{serial}:{''.join(interfaces) or 'u______'}"[:_IDENTITY_LIMIT]


def _pci(root: Path) -> Iterator[DeviceInfo]:
    busy = _busy_carriers(root)
    for entry in _entries(root / "sys/bus/pci/devices"):
        match = _PCI_NAME.fullmatch(entry.name)
        kind = _number(entry / "class", 16) >> 16
        if match is None or kind in {-1, _PCI_BRIDGE}:
            continue
        domain, bus, slot, function = (int(part, 16) for part in match.groups())
        host = PciDevice(domain=domain, bus=bus, slot=slot, function=function)
        ident = f"{match[1]}_" * bool(host.domain) + f"{match[2]}_{match[3]}.{match[4]}"
        details = {"vendor": word(_text(entry / "vendor")), "device": word(_text(entry / "device"))}
        for name in ("driver", "iommu_group"):
            link = entry / name
            if link.is_symlink():
                details[name.replace("_", "-")] = word(link.readlink().name)
        ids = f"{details['vendor'].removeprefix('0x')}:{details['device'].removeprefix('0x')}"
        description = printable(f"{_PCI_KINDS.get(kind, 'PCI device')} {ids}")
        interface = f"p{_number(entry / 'class', 16) & 0xFFFFFF:06x}"
        identity = _NOT_IDENTITY.sub("_", f"{details['vendor']}:{details['device']}::{interface}")
        why = printable(busy.get(entry.name, ""))
        yield DeviceInfo(DeviceClass.PCI, ident, description, host, details, why, identity, (interface,))


def _mic(root: Path) -> Iterator[DeviceInfo]:
    if any(_CAPTURE.fullmatch(entry.name) for entry in _entries(root / "sys/class/sound")):
        yield DeviceInfo(
            DeviceClass.MIC,
            "mic",
            "Microphone",
            Microphone(),
            identity="dom0:mic::m000000",
            interfaces=("m000000",),
        )


_LISTED: dict[DeviceClass, Callable[[Path], Iterator[DeviceInfo]]] = {
    DeviceClass.BLOCK: _block,
    DeviceClass.USB: _usb,
    DeviceClass.PCI: _pci,
    DeviceClass.MIC: _mic,
}


# -- files ------------------------------------------------------------------------------------------------------------


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _read(path: Path, limit: int = _READ_LIMIT) -> str:
    """The file's text, cut at `limit` bytes; empty if it cannot be read (devices vanish, and some refuse)."""
    try:
        with path.open("rb") as file:
            return file.read(limit).decode("utf-8", "replace")
    except OSError:
        return ""


def _text(path: Path) -> str:
    return _read(path).strip()


def _lines(path: Path) -> list[str]:
    return _read(path, 2**22).splitlines()


def _number(path: Path, base: int = 10) -> int:
    """The number in the file, -1 if there is none."""
    try:
        return int(_text(path), base)
    except ValueError:
        return -1


def _uevent(entry: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in _lines(entry / "uevent"))
    return {key: value for key, _, value in pairs}
