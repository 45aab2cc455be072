# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's XML for a domain and its parts, built from the spec; never by joining strings.

Source: https://libvirt.org/formatdomain.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from qubesmanager.daemon.local.drivers.devices.base import HostDevice, Microphone, PciDevice, UsbDevice
from qubesmanager.daemon.local.drivers.hypervisor.base import DiskFormat, DiskSpec, DomainSpec, NicKind, NicSpec
from qubesmanager.guest.frames import PORT
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal

METADATA_PREFIX = "qubesmanager"
METADATA_NAMESPACE = "urn:qubes-manager:mgmt1"

HOT_PLUG_SLOTS = 8
"""Empty PCI Express ports for what is attached while the guest runs."""

# XML 1.0 has no way to write these, escaped or not.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SERIAL = re.compile(r"[A-Za-z0-9._-]{1,36}")
_TARGET = re.compile(r"xvd([a-z]{1,2})")


@dataclass(frozen=True, slots=True)
class Flavour:
    """The form of a domain on one kind of hypervisor. `type` as libvirt names it: qemu, kvm, xen, test."""

    type: str
    machine: str = ""
    disk_bus: str = "scsi"
    disk_prefix: str = "sd"
    emulated: bool = True
    """It has QEMU's PCI topology, controllers and devices."""


FLAVOURS = {
    "qemu": Flavour("qemu", "q35"),
    "kvm": Flavour("kvm", "q35"),
    "xen": Flavour("xen", disk_bus="xen", disk_prefix="xvd", emulated=False),
    "test": Flavour("test", disk_bus="virtio", disk_prefix="vd", emulated=False),
}


def domain(spec: DomainSpec, flavour: Flavour, owner: str) -> str:
    """The whole domain; `owner` marks whose it is. Raises QubesValueError for text that XML cannot hold."""
    root = ET.Element("domain", type=flavour.type)
    _text(root, "name", spec.name)
    _text(root, "uuid", str(spec.uuid))
    metadata = ET.SubElement(root, "metadata")
    ET.SubElement(
        metadata,
        f"{{{METADATA_NAMESPACE}}}qube",
        {"owner": _checked(owner), "class": _checked(spec.klass)},
    )
    _text(root, "memory", str(max(spec.memory_mib, spec.maxmem_mib)), unit="MiB")
    _text(root, "currentMemory", str(spec.memory_mib), unit="MiB")
    _text(root, "vcpu", str(max(spec.vcpus, spec.max_vcpus)), current=str(spec.vcpus))
    root.append(_os(spec, flavour))
    features = ET.SubElement(root, "features")
    ET.SubElement(features, "acpi")
    ET.SubElement(features, "apic")
    if flavour.type == "kvm":
        ET.SubElement(root, "cpu", mode="host-passthrough", check="none", migratable="off")
    ET.SubElement(root, "clock", offset="utc")
    for event, action in (("on_poweroff", "destroy"), ("on_reboot", "restart"), ("on_crash", "destroy")):
        _text(root, event, action)
    devices = ET.SubElement(root, "devices")
    # A list first: extend turns what a generator raises into a TypeError.
    devices.extend(list(_devices(spec, flavour)))
    ET.register_namespace(METADATA_PREFIX, METADATA_NAMESPACE)
    return ET.tostring(root, encoding="unicode")


def disk(spec: DiskSpec, flavour: Flavour) -> ET.Element:
    kind = "cdrom" if spec.cdrom else "disk"
    root = ET.Element("disk", type="block" if spec.is_device else "file", device=kind)
    driver = ET.SubElement(root, "driver", type=spec.format.value)
    if flavour.emulated:
        driver.attrib |= {"name": "qemu", "discard": "unmap"}
    ET.SubElement(root, "source", {"dev" if spec.is_device else "file": _checked(str(spec.path))})
    if flavour.emulated:
        _backing(root, spec)
    ET.SubElement(root, "target", dev=target_name(spec.target, flavour), bus=flavour.disk_bus)
    if spec.read_only:
        ET.SubElement(root, "readonly")
    if spec.serial:
        if not _SERIAL.fullmatch(spec.serial):
            raise refusal("disk-serial", shown(spec.serial))
        _text(root, "serial", spec.serial)
    if spec.boot:
        ET.SubElement(root, "boot", order="1")
    if flavour.emulated:
        ET.SubElement(root, "alias", name=f"ua-{spec.target}")
        # Left to itself libvirt makes a controller for every seven names, of a kind that guests have no driver for.
        place = {"controller": "0", "bus": "0", "target": str(_number_of(spec.target)), "unit": "0"}
        ET.SubElement(root, "address", {"type": "drive", **place})
    return root


def _backing(root: ET.Element, spec: DiskSpec) -> None:
    """The whole chain below the image, with formats, and its end: QEMU believes no image what it says is below it."""
    for path in spec.backing:
        root = ET.SubElement(root, "backingStore", type="file")
        ET.SubElement(root, "format", type=spec.format.value)
        ET.SubElement(root, "source", file=_checked(str(path)))
    ET.SubElement(root, "backingStore")


def _number_of(target: str) -> int:
    """The index in the order of names: 0 for xvda, 25 for xvdz, 26 for xvdaa."""
    number = 0
    for letter in target.removeprefix("xvd"):
        number = number * 26 + ord(letter) - ord("a") + 1
    return number - 1


def nic(spec: NicSpec, flavour: Flavour) -> ET.Element:
    kinds = {NicKind.USER: "user", NicKind.TAP: "ethernet", NicKind.BRIDGE: "bridge"}
    root = ET.Element("interface", type=kinds[spec.kind])
    ET.SubElement(root, "mac", address=_checked(spec.mac))
    if spec.kind is NicKind.TAP:
        ET.SubElement(root, "target", dev=_checked(spec.source), managed="no")
    elif spec.kind is NicKind.BRIDGE:
        ET.SubElement(root, "source", bridge=_checked(spec.source))
    if flavour.emulated:
        ET.SubElement(root, "model", type="virtio")
    return root


def host_device(device: HostDevice) -> ET.Element:
    """Raises Mgmt1Error for what is not attached this way."""
    if isinstance(device, UsbDevice | PciDevice):
        return _hostdev(device)
    if isinstance(device, Microphone):
        raise refusal("microphone-next-start")
    raise refusal("device-as-disk", shown(device.path))


def _hostdev(device: UsbDevice | PciDevice) -> ET.Element:
    if isinstance(device, UsbDevice):
        root = ET.Element("hostdev", mode="subsystem", type="usb")
        source = ET.SubElement(root, "source", startupPolicy="optional")
        ET.SubElement(source, "address", bus=str(device.bus), device=str(device.device))
        return root
    root = ET.Element("hostdev", mode="subsystem", type="pci", managed="yes")
    address = {
        "domain": f"{device.domain:#06x}",
        "bus": f"{device.bus:#04x}",
        "slot": f"{device.slot:#04x}",
        "function": f"{device.function:#x}",
    }
    ET.SubElement(ET.SubElement(root, "source"), "address", address)
    return root


def to_text(element: ET.Element) -> str:
    return ET.tostring(element, encoding="unicode")


def metadata_owner(text: str) -> str:
    """The owner in a metadata element as libvirt gives it back."""
    return ET.fromstring(text).get("owner", "")  # noqa: S314 - written by libvirt, which parsed it first


def target_name(target: str, flavour: Flavour) -> str:
    """`xvda` under the bus that the hypervisor has. Raises QubesValueError."""
    match = _TARGET.fullmatch(target)
    if match is None:
        raise refusal("not-a-disk-place", shown(target))
    return flavour.disk_prefix + match[1]


def find_disk(domain_text: str, target: str, flavour: Flavour) -> ET.Element | None:
    """The disk at that target in a live domain's XML."""
    name = target_name(target, flavour)
    tree = ET.fromstring(domain_text)  # noqa: S314 - written by libvirt
    return next((disk for disk in tree.iterfind("devices/disk") if _attribute(disk, "target", "dev") == name), None)


def disk_source(domain_text: str, target: str, flavour: Flavour) -> str:
    """The file that a live domain's disk writes to; empty if it has no such disk, or one of another kind."""
    disk = find_disk(domain_text, target, flavour)
    return "" if disk is None else _attribute(disk, "source", "file")


def console_path(domain_text: str) -> Path | None:
    """The terminal on this computer that a live domain's first console is."""
    tree = ET.fromstring(domain_text)  # noqa: S314 - written by libvirt
    console = tree.find("devices/console[@type='pty']")
    path = "" if console is None else _attribute(console, "source", "path")
    return Path(path) if path else None


def channel_path(domain_text: str, port: str) -> Path | None:
    """The socket that is the host's end of a live domain's port."""
    tree = ET.fromstring(domain_text)  # noqa: S314 - written by libvirt
    for channel in tree.iterfind("devices/channel[@type='unix']"):
        if _attribute(channel, "target", "name") == port and (path := _attribute(channel, "source", "path")):
            return Path(path)
    return None


def disk_files(domain_text: str, flavour: Flavour) -> dict[str, Path]:
    """By target as `xvda`: the file or block device that a live domain's disk writes to."""
    tree = ET.fromstring(domain_text)  # noqa: S314 - written by libvirt
    return {
        f"xvd{_attribute(disk, 'target', 'dev').removeprefix(flavour.disk_prefix)}": Path(path)
        for disk in tree.iterfind("devices/disk")
        if (path := _attribute(disk, "source", "file") or _attribute(disk, "source", "dev"))
    }


def switched_disk(domain_text: str, target: str, path: Path, disk_format: DiskFormat, flavour: Flavour) -> str:
    """The snapshot description that puts `path` upon one disk and leaves the others alone. Raises QubesValueError.

    Source: https://libvirt.org/formatsnapshot.html
    """
    name = target_name(target, flavour)
    tree = ET.fromstring(domain_text)  # noqa: S314 - written by libvirt
    names = [_attribute(disk, "target", "dev") for disk in tree.iterfind("devices/disk")]
    if name not in names:
        raise refusal("qube-without-disk", target)
    root = ET.Element("domainsnapshot")
    disks = ET.SubElement(root, "disks")
    for other in names:
        disk = ET.SubElement(disks, "disk", name=other, snapshot="external" if other == name else "no")
        if other == name:
            disk.set("type", "file")
            ET.SubElement(disk, "driver", type=disk_format.value)
            ET.SubElement(disk, "source", file=_checked(str(path)))
    return to_text(root)


def find_nic(domain_text: str, mac: str) -> ET.Element | None:
    tree = ET.fromstring(domain_text)  # noqa: S314 - written by libvirt
    interfaces = tree.iterfind("devices/interface")
    return next(
        (interface for interface in interfaces if _attribute(interface, "mac", "address").lower() == mac.lower()), None
    )


def has_host_device(domain_text: str, device: HostDevice) -> bool:
    """Whether a live domain has it. libvirt writes the same numbers in its own way, so they are compared as numbers."""
    tree = ET.fromstring(domain_text)  # noqa: S314 - written by libvirt
    if isinstance(device, Microphone):
        return tree.find("devices/sound") is not None
    address = _address(host_device(device))
    return any(_address(hostdev) == address for hostdev in tree.iterfind("devices/hostdev"))


def _address(hostdev: ET.Element) -> tuple[str, tuple[tuple[str, int], ...]]:
    address = hostdev.find("source/address")
    numbers = {} if address is None else address.attrib
    return hostdev.get("type", ""), tuple(sorted((name, int(number, 0)) for name, number in numbers.items()))


def _attribute(element: ET.Element, child: str, name: str) -> str:
    node = element.find(child)
    return "" if node is None else node.get(name, "")


def _os(spec: DomainSpec, flavour: Flavour) -> ET.Element:
    root = ET.Element("os")
    kinds = {"hvm": "hvm", "pvh": "xenpvh", "pv": "linux"}
    kind = kinds.get(spec.virt_mode, "hvm") if flavour.type == "xen" else "hvm"
    element = _text(root, "type", kind)
    if flavour.machine:
        element.attrib |= {"arch": "x86_64", "machine": flavour.machine}
    if spec.kernel is not None:
        _text(root, "kernel", str(spec.kernel))
        if spec.initrd is not None:
            _text(root, "initrd", str(spec.initrd))
        _text(root, "cmdline", spec.kernelopts)
    return root


def _devices(spec: DomainSpec, flavour: Flavour) -> Iterator[ET.Element]:
    if flavour.emulated:
        # QEMU's `pc` takes 25 virtio disks hot-plugged; one SCSI controller takes as many as have names.
        yield ET.Element("controller", type="scsi", index="0", model="virtio-scsi")
        yield ET.Element("controller", type="pci", index="0", model="pcie-root")
        for index in range(1, HOT_PLUG_SLOTS + 1):
            yield ET.Element("controller", type="pci", index=str(index), model="pcie-root-port")
        yield ET.Element("controller", type="usb", index="0", model="qemu-xhci")
        yield ET.Element("memballoon", model="virtio")
    for one_disk in spec.disks:
        yield disk(one_disk, flavour)
    for one_nic in spec.nics:
        yield nic(one_nic, flavour)
    for device in spec.devices:
        if isinstance(device, Microphone):
            yield ET.Element("sound", model="ich9")
        else:
            yield host_device(device)
    yield _console(spec)
    if spec.agent and flavour.emulated:
        yield _channel("org.qemu.guest_agent.0")
    if spec.channel and flavour.emulated:
        yield _channel(PORT)
    if spec.debug and flavour.emulated:
        yield _display()


def _channel(port: str) -> ET.Element:
    """A port of the guest, whose other end is a unix socket that QEMU listens on; libvirt chooses its path."""
    root = ET.Element("channel", type="unix")
    ET.SubElement(root, "source", mode="bind")
    ET.SubElement(root, "target", type="virtio", name=port)
    return root


def _console(spec: DomainSpec) -> ET.Element:
    """A terminal that `virsh console` opens; what the guest writes goes to the log also while no terminal is open."""
    root = ET.Element("console", type="pty")
    if spec.console_log is not None:
        ET.SubElement(root, "log", file=_checked(str(spec.console_log)), append="on")
    ET.SubElement(root, "target", type="serial", port="0")
    return root


def _display() -> ET.Element:
    """A screen that listens nowhere. A user of this libvirt opens it by a descriptor (virDomainOpenGraphicsFD)."""
    root = ET.Element("graphics", type="vnc")
    ET.SubElement(root, "listen", type="none")
    return root


def _text(parent: ET.Element, tag: str, content: str, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    element.text = _checked(content)
    return element


def _checked(text: str) -> str:
    if _NOT_XML.search(text):
        raise refusal("hypervisor-characters", shown(text))
    return text
