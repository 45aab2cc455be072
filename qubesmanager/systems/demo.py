# SPDX-License-Identifier: GPL-3.0-or-later
"""A demonstration system, like that of a usual user: first as values, then put into an empty store.

It is written in one transaction, and started through the same lifecycle as everything else.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from math import pi, sin
from uuid import UUID, uuid5
from zlib import crc32

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.volumes import KINDS
from qubesmanager.daemon.local.drivers.devices.base import BlockDevice, DeviceInfo, Microphone, PciDevice, UsbDevice
from qubesmanager.daemon.local.drivers.devices.memory import MemoryDevices
from qubesmanager.daemon.local.drivers.hypervisor.base import DomainStats
from qubesmanager.daemon.local.drivers.hypervisor.libvirt_driver import LibvirtHypervisor
from qubesmanager.daemon.local.services.creation import FIRST_RULE
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.store import Statement
from qubesmanager.daemon.local.system import System
from qubesmanager.rules.updates import AVAILABLE, CHECKED, UPDATED
from qubesmanager.systems.acted_guests import ActedGuests
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.records import DeviceRecord, VolumeRecord
from qubesmanager.wire.values import DeviceClass, VmClass

log = logging.getLogger(__name__)

HOUR, DAY = 3600, 86_400
_QUBES = UUID("6f0c2a52-9a5e-4c3f-8e0f-1b6f0d6a7c11")
"""The qubes of the demonstration have the same identities at each start."""
DOM0_MEMORY, CPUS = 4000 << 10, 8
"""KiB that dom0 of the demonstration takes, and the processors of its computer."""
USUAL_MEMORY, LEAST_MEMORY = 400, 16 << 10
"""MiB of a qube that does not say its own, and of the smallest computer."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One qube of the demonstration. `age` is how many days ago it was backed up; None for never.

    `checked`: hours ago when the updater of Qubes OS looked at it; `updated`: days ago when it was updated.
    """

    name: str
    klass: VmClass
    label: str
    own: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    features: dict[str, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ("action=accept",)
    running: bool = False
    devices: tuple[DeviceRecord, ...] = ()
    age: int | None = None
    notes: str = ""
    checked: int | None = None
    updated: int | None = None


_LIMITED = (
    "action=accept specialtarget=dns",
    "action=accept dsthost=mail.example.org proto=tcp dstports=993-993 comment=IMAP",
    "action=accept dsthost=mail.example.org proto=tcp dstports=465-465 comment=submission",
    "action=drop",
)

_BASE = (
    Sample("debian-13", VmClass.TEMPLATE, "black", age=21, checked=33 * 24, updated=33),
    Sample("fedora-43", VmClass.TEMPLATE, "black", age=21, features={AVAILABLE: "1"}, checked=5, updated=9),
    Sample(
        "default-dvm", VmClass.APP, "red",
        {"template": "fedora-43", "template_for_dispvms": "yes"}, features={"appmenus-dispvm": "1"}, age=21,
    ),
    Sample(
        "sys-net", VmClass.APP, "red",
        {"template": "fedora-43", "provides_network": "yes", "netvm": "", "memory": "400", "maxmem": "0",
         "virt_mode": "hvm", "autostart": "yes"},
        tags=("net",), features={"servicevm": "1", "service.network-manager": "1"}, running=True, age=1,
        devices=(DeviceRecord(DeviceClass.PCI, DOM0, "02_00.0", False, {"persistent": "yes"}),),
    ),
    Sample(
        "sys-firewall", VmClass.APP, "green",
        {"template": "fedora-43", "provides_network": "yes", "netvm": "sys-net", "memory": "500", "autostart": "yes"},
        tags=("net",), features={"servicevm": "1"}, running=True, age=1,
    ),
    Sample(
        "sys-usb", VmClass.DISP, "red",
        {"template": "default-dvm", "netvm": "", "auto_cleanup": "no", "virt_mode": "hvm", "maxmem": "0",
         "autostart": "yes"},
        features={"servicevm": "1"}, running=True,
        devices=(DeviceRecord(DeviceClass.PCI, DOM0, "00_14.0", False, {"persistent": "yes"}),),
    ),
    Sample(
        "work", VmClass.APP, "blue", {"template": "debian-13", "memory": "800", "maxmem": "6000", "vcpus": "4"},
        tags=("work",), features={"menu-favorite": "1"}, rules=_LIMITED, running=True, age=2,
        notes="Mail and calendar of the office.\nAsk IT before changing the firewall.",
    ),
    Sample("personal", VmClass.APP, "yellow", {"template": "fedora-43"}, tags=("home",), running=True, age=2),
    Sample("untrusted", VmClass.APP, "red", {"template": "fedora-43", "include_in_backups": "no"}),
    Sample(
        "vault", VmClass.APP, "black", {"template": "debian-13", "netvm": "", "guivm": DOM0},
        tags=("keys",), age=60, notes="Never gets a netvm.",
    ),
)  # fmt: skip

GIB = 1 << 30


def _disk(ident: str, description: str, size: int, parent: str = "", in_use: str = "") -> DeviceInfo:
    details = {"size": str(size)} | ({"parent": parent} if parent else {})
    host = BlockDevice(f"/dev/{ident}", size, read_only=False)
    return DeviceInfo(DeviceClass.BLOCK, ident, description, host, details, in_use)


def _usb(ident: str, description: str, number: int, vendor: int, product: int, interfaces: str) -> DeviceInfo:
    details = {"vendor": f"{vendor:04x}", "product": f"{product:04x}"}
    host = UsbDevice(int(ident.partition("-")[0]), number, vendor, product)
    exposed = tuple(interfaces.split())
    identity = f"{vendor:04x}:{product:04x}::{''.join(exposed)}"
    return DeviceInfo(DeviceClass.USB, ident, description, host, details, identity=identity, interfaces=exposed)


def _pci(ident: str, description: str, vendor: int, device: int, interface: str) -> DeviceInfo:
    bus, slot, function = (int(part, 16) for part in re.split("[_.]", ident))
    details = {"vendor": f"0x{vendor:04x}", "device": f"0x{device:04x}"}
    identity = f"{details['vendor']}:{details['device']}::{interface}"
    description = f"{description} {vendor:04x}:{device:04x}"
    host = PciDevice(0, bus, slot, function)
    return DeviceInfo(DeviceClass.PCI, ident, description, host, details, identity=identity, interfaces=(interface,))


DEVICES = {
    DOM0: (
        _disk("nvme0n1", "Example NVMe 1TB", 1000 * GIB, in_use="its partition nvme0n1p2: part of dm-0"),
        _disk("sdb", "Example Portable SSD", 512 * GIB),
        _disk("sdb1", "Example Portable SSD: photos", 256 * GIB, parent="sdb"),
        _disk("sdb2", "Example Portable SSD: archive", 255 * GIB, parent="sdb"),
        _disk("loop0", "Loop device of /home/user/images/installer.iso", 3 * GIB),
        _pci("00_14.0", "Serial bus controller", 0x8086, 0xA36D, "p0c0330"),
        _pci("02_00.0", "Network controller", 0x8086, 0x2723, "p028000"),
        _pci("00_1f.3", "Multimedia controller", 0x8086, 0xA348, "p040300"),
        DeviceInfo(DeviceClass.MIC, "mic", "Microphone", Microphone()),
    ),
    "sys-usb": (
        _usb("2-1", "Example HD Webcam C920", 3, 0x046D, 0x082D, "u0e0100 u0e0200 u010100"),
        _usb("2-3", "Example Security Key", 5, 0x1050, 0x0407, "u030101 u030000 u0b0000"),
        _usb("3-1.4", "Example USB Headset", 9, 0x0D8C, 0x0014, "u010100 u010200 u030000"),
        _disk("sda", "Example USB Stick", 32 * GIB),
        _disk("sda1", "Example USB Stick: TRANSFER", 32 * GIB, parent="sda"),
    ),
}
"""The devices that the qubes of the demonstration offer; none is real."""

_WORDS = ("mail", "banking", "shopping", "dev", "media", "social", "taxes", "travel", "photos", "lab", "music", "news")
_COLORS = ("blue", "green", "orange", "purple", "gray", "yellow")
_TAGS = (("work",), ("home",), (), ("work", "clients"), ("home", "family"))

SYSTEM = {
    "default_template": "fedora-43",
    "default_netvm": "sys-firewall",
    "default_dispvm": "default-dvm",
    "management_dispvm": "default-dvm",
    "clockvm": "sys-net",
    "updatevm": "sys-firewall",
}


def samples(extra: int) -> list[Sample]:
    """The base system and `extra` app qubes; a third of those run."""
    more = [
        Sample(
            word if number < len(_WORDS) else f"{word}-{number // len(_WORDS) + 1}",
            VmClass.APP,
            color,
            {
                "template": "debian-13" if number % 2 else "fedora-43",
                **({"memory": str(400 + 100 * (number % 8))} if number % 3 == 0 else {}),
                **({"netvm": ""} if number % 11 == 10 else {}),  # noqa: PLR2004 - one in eleven is offline
            },
            tags=tags,
            running=number % 3 == 0,
            age=None if number % 5 == 4 else number % 40,  # noqa: PLR2004 - one in five was never backed up
        )
        for number, word, color, tags in zip(
            range(extra), islice(cycle(_WORDS), extra), cycle(_COLORS), cycle(_TAGS), strict=False
        )
    ]
    return [*_BASE, *more]


def memory_of(chosen: Iterable[Sample]) -> int:
    """KiB of memory of the computer: at least twice what the running qubes take, as computers are sold."""
    running = sum(int(sample.own.get("memory", USUAL_MEMORY)) for sample in chosen if sample.running)
    total = LEAST_MEMORY
    while total < 2 * running:
        total *= 2
    return total << 10


class Load:
    """What the running qubes of the demonstration use: each its own share, which rises and falls.

    It follows from a qube's name and the time alone, so it is the same at each start.
    """

    def __init__(self, qubes: Mapping[UUID, Qube]) -> None:
        self._qubes = qubes

    def __call__(self, stats: DomainStats) -> DomainStats:
        qube = self._qubes.get(stats.uuid)
        if qube is None:
            return stats
        seed = crc32(qube.name.encode())
        least, swing = 0.004 + seed % 7 / 500, 0.01 + seed // 7 % 11 / 60
        period, phase = 40 + seed // 77 % 50, seed // 3850 % 360
        seconds = stats.cpu_time_ns / 1e9
        turn = 2 * pi / period
        # The integral of a share between `least` and `least + swing`, so the time never goes back.
        used = least * seconds + swing / 2 * (seconds - (sin(turn * seconds + phase) - sin(phase)) / turn)
        processors = max(1, int(qube.value("vcpus") or 1))
        kept = 0.8 + 0.15 * sin(turn / 3 * seconds + phase)
        return replace(stats, memory_kib=int(stats.memory_kib * kept), cpu_time_ns=int(used * processors * 1e9))


def prepare(system: System, chosen: Iterable[Sample]) -> None:
    """Give the hypervisor a computer that is large enough."""
    if isinstance(hypervisor := system.runtime.hypervisor, LibvirtHypervisor):
        hypervisor.test_memory = memory_of(chosen)
        hypervisor.test_dom0_memory = DOM0_MEMORY
        hypervisor.test_load = Load(system.runtime.state.by_uuid)
        hypervisor.test_channel = ActedGuests(system.runtime.state.by_uuid, system.runtime.spawn)
        system.runtime.state.host_cpus = CPUS
        system.runtime.state.host_memory = hypervisor.test_memory >> 10


def is_empty(system: System) -> bool:
    """Whether the system has nothing but dom0, and lost nothing."""
    return len(system.runtime.state.qubes) == 1 and not system.runtime.state.qube(DOM0).problem


async def run(system: System, chosen: Iterable[Sample]) -> None:
    """Offer the devices, and start the qubes that run. What cannot be started is logged."""
    for name, devices in DEVICES.items():
        if name in system.runtime.state.qubes:
            system.devices.offer(system.runtime.state.qube(name), MemoryDevices.of(devices))
    for sample in chosen:
        if sample.running and sample.name in system.runtime.state.qubes:
            try:
                await system.lifecycle.start(sample.name)
            except Mgmt1Error as error:
                log.warning("%s is not started: %s", sample.name, error)


async def set_system(system: System) -> None:
    """Set the system-wide properties of the demonstration."""
    async with system.runtime.changing:
        await system.runtime.commit([rows.set_system_property(name, value) for name, value in SYSTEM.items()])
        system.runtime.state.system_own.update(SYSTEM)
        for name in SYSTEM:
            system.runtime.emit(system.runtime.state.system_changed(name))


def _updater_features(sample: Sample, now: int) -> dict[str, str]:
    """The times that the updater of Qubes OS writes as features of a qube."""
    times = {
        CHECKED: None if sample.checked is None else now - sample.checked * HOUR,
        UPDATED: None if sample.updated is None else now - sample.updated * DAY,
    }
    return {
        name: time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))
        for name, moment in times.items()
        if moment is not None
    }


async def write(system: System, chosen: Iterable[Sample], size_of: Callable[[VolumeRecord], int]) -> None:
    """New qubes, with their volumes, in one transaction. `size_of`: the bytes of a volume. None is measured."""
    now = int(time.time())
    pool = system.runtime.state.system("default_pool")
    statements: list[Statement] = []
    qubes: list[Qube] = []
    first = await system.runtime.next_qid()
    for qid, sample in enumerate(chosen, first):
        qube = Qube(
            qid, uuid5(_QUBES, sample.name), sample.name, sample.klass, own={"label": sample.label, **sample.own}
        )
        if sample.age is not None:
            qube.own["backup_timestamp"] = str(now - sample.age * DAY - 3600)
        qube.tags = {*sample.tags, "created-by-dom0"}
        qube.features = dict(sample.features) | _updater_features(sample, now)
        qube.rules = [(f"r{number}", rule) for number, rule in enumerate(sample.rules, 1)]
        if sample.rules == (FIRST_RULE[1],):
            qube.rules = [FIRST_RULE]
        qube.notes = sample.notes
        qube.devices = list(sample.devices)
        volumes = [kind.record(qube.name, pool) for kind in KINDS[qube.klass]]
        qube.volumes = {volume.name: volume._replace(size=size_of(volume)) for volume in volumes}
        qubes.append(qube)
        statements += rows.insert_qube(qube)
    for qube in qubes:
        for volume in qube.volumes.values():
            if volume.save_on_stop:
                await system.pools.driver(pool).create(volume.vid, volume.size)
    async with system.runtime.changing:
        await system.runtime.commit(statements)
        system.runtime.state.load(qubes)
