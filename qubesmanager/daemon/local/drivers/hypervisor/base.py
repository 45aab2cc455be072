# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol of a hypervisor, the specification that a domain is started from, and the events."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from uuid import UUID

from qubesmanager.daemon.guest_channel import Pipe
from qubesmanager.daemon.local.drivers.devices.base import HostDevice
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import PowerState


class DiskFormat(StrEnum):
    RAW = "raw"
    QCOW2 = "qcow2"


class NicKind(StrEnum):
    USER = "user"
    """The emulator's own network: it reaches out, cannot be reached, and our firewall does not see its packets."""
    TAP = "tap"
    """A tap device that exists already, named by `source`."""
    BRIDGE = "bridge"
    """A new tap device in the bridge named by `source`."""


@dataclass(frozen=True, slots=True)
class DiskSpec:
    """One disk. `target` (`xvda` ... `xvdzz`) names it for detach and resize; the guest finds it by `serial`.

    `serial` has up to 36 of the characters `A-Za-z0-9._-`. `is_device`: `path` is a block device of the host, and is
    given on as it is. `backing`: the files below an overlay, the next one first and of the same format; the hypervisor
    opens these and never looks for others.
    """

    target: str
    path: Path
    format: DiskFormat = DiskFormat.RAW
    serial: str = ""
    read_only: bool = False
    boot: bool = False
    is_device: bool = False
    cdrom: bool = False
    backing: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class NicSpec:
    """One network card; `mac` as `00:16:3e:5e:6c:00`."""

    mac: str
    kind: NicKind
    source: str = ""


@dataclass(frozen=True, slots=True)
class DomainSpec:
    """All that a domain is made of. `maxmem_mib` 0: the memory does not change while it runs.

    `klass` is the qube's class, which the host's own tools show. Without `kernel` it boots from the disk marked `boot`.
    `console_log` gets what the guest writes to its first serial port, appended.
    """

    uuid: UUID
    name: str
    klass: str
    memory_mib: int
    maxmem_mib: int = 0
    vcpus: int = 1
    max_vcpus: int = 0
    kernel: Path | None = None
    initrd: Path | None = None
    kernelopts: str = ""
    virt_mode: str = "hvm"
    disks: tuple[DiskSpec, ...] = ()
    nics: tuple[NicSpec, ...] = ()
    devices: tuple[HostDevice, ...] = ()
    """USB, PCI and the microphone; block devices of the host are `disks`."""
    console_log: Path | None = None
    agent: bool = False
    """A channel for QEMU's guest agent."""
    channel: bool = False
    """A channel for calls of the guest and to it; see `guest/`."""
    debug: bool = False


@dataclass(frozen=True, slots=True)
class DomainInfo:
    uuid: UUID
    name: str
    state: PowerState


@dataclass(frozen=True, slots=True)
class DomainStats:
    """`memory_kib` as the guest has it now; `cpu_time_ns` of all processors since its start."""

    uuid: UUID
    state: PowerState
    memory_kib: int
    cpu_time_ns: int


@dataclass(frozen=True, slots=True)
class HostStats:
    """The computer beside its domains: KiB that it uses itself, and the time that all its processors were busy.

    With `counts_domains` that time is also that of the domains.
    """

    memory_kib: int
    busy_ns: int
    counts_domains: bool


@dataclass(frozen=True, slots=True)
class Capabilities:
    """`accel` is `kvm`, `tcg`, `xen` or `test`; `notes` are sentences for the daemon's log and for the user.

    Without `hot_plug` no machine runs, and what is attached is only kept in the store.
    """

    uri: str
    accel: str
    hot_plug: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StateChanged:
    """`state` differs from that of the event before. `crashed`: it halted by itself."""

    uuid: UUID
    state: PowerState
    crashed: bool = False


@dataclass(frozen=True, slots=True)
class DeviceRemoved:
    """The guest let go of the device at last; `target` is that of the disk, or the alias of another device."""

    uuid: UUID
    target: str


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """Nothing is known until `Reconnected`; calls until then fail with the reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reconnected:
    """The domains that run now. A domain that is not listed has halted; events in between are lost."""

    domains: tuple[DomainInfo, ...]


HypervisorEvent = StateChanged | DeviceRemoved | ConnectionLost | Reconnected


class Hypervisor(Protocol):
    """The running domains of one manager; domains of others are never seen.

    A domain exists from `start` until it halts, outlives the daemon, and is found again by its UUID. Whatever is
    refused is a Mgmt1Error: QubesVMNotRunningError when the domain does not exist, the errors named below, or a plain
    `Mgmt1Error` with the hypervisor's message.
    """

    async def open(self) -> None:
        """Connect. Raises Mgmt1Error when the hypervisor cannot be reached."""
        ...

    async def close(self) -> None:
        """Disconnect; domains run on. To be awaited before the event loop ends. May be called twice."""
        ...

    async def capabilities(self) -> Capabilities: ...

    def events(self) -> AsyncIterator[HypervisorEvent]:
        """The events from `open` on, in order. There is one reader; its reading reopens a lost connection."""
        ...

    async def domains(self) -> list[DomainInfo]: ...

    async def state(self, uuid: UUID) -> PowerState:
        """HALTED if there is no such domain; TRANSIENT while it is being started or ended and does not run."""
        ...

    async def stats(self) -> list[DomainStats]: ...

    async def host_stats(self) -> HostStats | None:
        """What the computer uses itself; None where that is not known."""
        ...

    async def free_memory(self) -> int | None:
        """KiB of the computer's memory that new domains can take; None where that is not known."""
        ...

    async def start(self, spec: DomainSpec) -> None:
        """Start the domain; all or nothing. Raises QubesVMNotStartedError, QubesMemoryError."""
        ...

    async def shutdown(self, uuid: UUID) -> None:
        """Press the power button once, and return. A guest that does not listen yet misses it: `press_shutdown`."""
        ...

    async def kill(self, uuid: UUID) -> None: ...

    async def pause(self, uuid: UUID) -> None: ...

    async def unpause(self, uuid: UUID) -> None:
        """Raises QubesVMNotPausedError."""
        ...

    async def suspend(self, uuid: UUID) -> None:
        """Let the guest suspend itself to its memory; a domain whose guest cannot do that is paused instead."""
        ...

    async def resume(self, uuid: UUID) -> None:
        """Wake a suspended guest, or let one go on that was paused instead. Raises QubesVMNotSuspendedError."""
        ...

    async def console(self, uuid: UUID) -> Path | None:
        """The terminal that is the guest's first serial port; None if the domain has none."""
        ...

    async def open_channel(self, uuid: UUID) -> Pipe | None:
        """Connect to the guest channel of the running domain; None if it has none. Raises `OSError`."""
        ...

    async def forget(self, uuid: UUID) -> None:
        """Remove what the host still keeps of it; it is killed if it runs. An unknown domain is no error."""
        ...

    async def attach_disk(self, uuid: UUID, disk: DiskSpec) -> None: ...

    async def detach_disk(self, uuid: UUID, target: str) -> None:
        """Take the disk away; no error if it is gone. Raises Mgmt1Error when the guest does not let go of it."""
        ...

    async def resize_disk(self, uuid: UUID, target: str, size: int) -> None:
        """Notify the guest that its disk has `size` bytes now; the file is made that long too."""
        ...

    async def disk_files(self, uuid: UUID) -> dict[str, Path]:
        """By target (`xvda`): the file or block device that each disk of the running domain writes to."""
        ...

    async def switch_disk(self, uuid: UUID, target: str, path: Path, disk_format: DiskFormat) -> None:
        """The guest writes to `path` from now on, an image that exists and lies upon the disk's present one.

        Raises Mgmt1Error when it was not done; any other exception leaves open whether it was.
        """
        ...

    async def attach_nic(self, uuid: UUID, nic: NicSpec) -> None: ...

    async def detach_nic(self, uuid: UUID, mac: str) -> None: ...

    async def attach_device(self, uuid: UUID, device: HostDevice) -> None: ...

    async def detach_device(self, uuid: UUID, device: HostDevice) -> None: ...

    async def has_device(self, uuid: UUID, device: HostDevice) -> bool:
        """Whether the running domain has the USB or PCI device, or a sound card for the microphone."""
        ...

    async def set_memory(self, uuid: UUID, memory_mib: int) -> None:
        """By the balloon, up to the domain's `maxmem_mib`."""
        ...

    async def set_vcpus(self, uuid: UUID, vcpus: int) -> None:
        """Up to the domain's `max_vcpus`."""
        ...


async def press_shutdown(
    hypervisor: Hypervisor, uuid: UUID, halted: asyncio.Event, *, limit: float, every: float = 3.0
) -> None:
    """Press the power button every few seconds until the reader of the events sets `halted`.

    Raises QubesVMShutdownTimeoutError after `limit` seconds; the domain runs on.
    """
    try:
        async with asyncio.timeout(limit):
            while not halted.is_set():
                if await hypervisor.state(uuid) is PowerState.HALTED:
                    return
                await hypervisor.shutdown(uuid)
                try:
                    async with asyncio.timeout(every):
                        await halted.wait()
                except TimeoutError:
                    continue
    except TimeoutError:
        raise refusal("hypervisor-no-halt", f"{limit:.0f}") from None
