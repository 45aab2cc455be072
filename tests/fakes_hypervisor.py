# SPDX-License-Identifier: GPL-3.0-or-later
"""A hypervisor in memory: it keeps states, changes them a moment later, and can be made to misbehave."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

from qubesmanager.daemon.guest_channel import Pipe
from qubesmanager.daemon.local.drivers.devices.base import HostDevice
from qubesmanager.daemon.local.drivers.hypervisor.base import (
    Capabilities,
    ConnectionLost,
    DiskFormat,
    DiskSpec,
    DomainInfo,
    DomainSpec,
    DomainStats,
    HostStats,
    HypervisorEvent,
    NicSpec,
    Reconnected,
    StateChanged,
)
from qubesmanager.wire.errors import (
    Mgmt1Error,
    QubesVMNotPausedError,
    QubesVMNotRunningError,
    QubesVMNotStartedError,
    QubesVMNotSuspendedError,
)
from qubesmanager.wire.values import PowerState


@dataclass
class FakeDomain:
    spec: DomainSpec
    state: PowerState = PowerState.RUNNING
    disk_sizes: dict[str, int] = field(default_factory=dict)
    pipes: list[Pipe] = field(default_factory=list)


@dataclass
class FakeHost:
    """What outlives a daemon: give the same host to a second FakeHypervisor, and it finds the domains again."""

    domains: dict[UUID, FakeDomain] = field(default_factory=dict)
    memory_kib: int | None = None
    """All memory for domains; None: not known, and more than they need."""
    channel: Callable[[UUID], Pipe] | None = None
    """Connects to the guest of a domain that was started with a channel; None: no guest has one."""
    stats: HostStats | None = None
    """What the computer uses itself; None: not known."""


class FakeHypervisor:
    """Misbehaves on request: `ignores_shutdown` (UUIDs), `start_errors` (by UUID), `lose_connection`, `crash`."""

    def __init__(self, host: FakeHost | None = None, *, accel: str = "test") -> None:
        self.host = host or FakeHost()
        self.ignores_shutdown: set[UUID] = set()
        self.start_errors: dict[UUID, Mgmt1Error] = {}
        self.pauses_for_suspend = False
        """Its guests cannot suspend themselves."""
        self._accel = accel
        self._open = False
        self._events: asyncio.Queue[HypervisorEvent | None] = asyncio.Queue()
        self._reachable = asyncio.Event()
        self._reachable.set()

    async def open(self) -> None:
        self._open = True

    async def close(self) -> None:
        if self._open:
            self._open = False
            self._events.put_nowait(None)

    async def capabilities(self) -> Capabilities:
        return Capabilities(uri="fake:", accel=self._accel, hot_plug=True)

    async def events(self) -> AsyncIterator[HypervisorEvent]:
        while (event := await self._events.get()) is not None:
            yield event
            if isinstance(event, ConnectionLost):
                await self._reachable.wait()
                yield Reconnected(tuple(self._infos()))

    async def domains(self) -> list[DomainInfo]:
        self._reach()
        return self._infos()

    async def state(self, uuid: UUID) -> PowerState:
        self._reach()
        return self.host.domains[uuid].state if uuid in self.host.domains else PowerState.HALTED

    async def stats(self) -> list[DomainStats]:
        self._reach()
        return [
            DomainStats(uuid, domain.state, domain.spec.memory_mib * 1024, 1_000_000 * number)
            for number, (uuid, domain) in enumerate(self.host.domains.items(), 1)
        ]

    async def host_stats(self) -> HostStats | None:
        self._reach()
        return self.host.stats

    async def free_memory(self) -> int | None:
        self._reach()
        if self.host.memory_kib is None:
            return None
        return self.host.memory_kib - sum(domain.spec.memory_mib << 10 for domain in self.host.domains.values())

    async def start(self, spec: DomainSpec) -> None:
        self._reach()
        await asyncio.sleep(0)
        if spec.uuid in self.start_errors:
            raise self.start_errors[spec.uuid]
        if spec.uuid in self.host.domains or any(spec.name == one.spec.name for one in self.host.domains.values()):
            raise QubesVMNotStartedError(f"{spec.name}: it is running already.")
        self.host.domains[spec.uuid] = FakeDomain(spec)
        self._events.put_nowait(StateChanged(spec.uuid, PowerState.RUNNING))

    async def shutdown(self, uuid: UUID) -> None:
        self._domain(uuid)
        if uuid not in self.ignores_shutdown:
            self._tell(uuid, PowerState.HALTING)
            asyncio.get_running_loop().call_soon(self._gone, uuid)

    async def kill(self, uuid: UUID) -> None:
        self._domain(uuid)
        await asyncio.sleep(0)
        self._gone(uuid)

    async def pause(self, uuid: UUID) -> None:
        self._domain(uuid)
        self._tell(uuid, PowerState.PAUSED)

    async def unpause(self, uuid: UUID) -> None:
        if self._domain(uuid).state is not PowerState.PAUSED:
            raise QubesVMNotPausedError("The qube is not paused.")
        self._tell(uuid, PowerState.RUNNING)

    async def suspend(self, uuid: UUID) -> None:
        self._domain(uuid)
        self._tell(uuid, PowerState.PAUSED if self.pauses_for_suspend else PowerState.SUSPENDED)

    async def resume(self, uuid: UUID) -> None:
        if self._domain(uuid).state not in {PowerState.PAUSED, PowerState.SUSPENDED}:
            raise QubesVMNotSuspendedError("The qube is not suspended.")
        self._tell(uuid, PowerState.RUNNING)

    async def console(self, uuid: UUID) -> Path | None:
        return Path(f"/dev/pts/{list(self.host.domains).index(self._domain(uuid).spec.uuid)}")

    async def open_channel(self, uuid: UUID) -> Pipe | None:
        domain = self._domain(uuid)
        await asyncio.sleep(0)
        if not domain.spec.channel or self.host.channel is None:
            return None
        domain.pipes.append(self.host.channel(uuid))
        return domain.pipes[-1]

    async def forget(self, uuid: UUID) -> None:
        self._reach()
        self._gone(uuid)

    async def attach_disk(self, uuid: UUID, disk: DiskSpec) -> None:
        domain = self._domain(uuid)
        if any(disk.target == other.target for other in domain.spec.disks):
            raise Mgmt1Error(f"The place {disk.target} is taken.")
        domain.spec = replace(domain.spec, disks=(*domain.spec.disks, disk))

    async def detach_disk(self, uuid: UUID, target: str) -> None:
        domain = self._domain(uuid)
        domain.spec = replace(domain.spec, disks=tuple(disk for disk in domain.spec.disks if disk.target != target))

    async def resize_disk(self, uuid: UUID, target: str, size: int) -> None:
        domain = self._domain(uuid)
        if all(disk.target != target for disk in domain.spec.disks):
            raise Mgmt1Error(f"There is no disk {target}.")
        domain.disk_sizes[target] = size

    async def disk_files(self, uuid: UUID) -> dict[str, Path]:
        return {disk.target: disk.path for disk in self._domain(uuid).spec.disks}

    async def switch_disk(self, uuid: UUID, target: str, path: Path, disk_format: DiskFormat) -> None:
        domain = self._domain(uuid)
        if all(disk.target != target for disk in domain.spec.disks):
            raise Mgmt1Error(f"There is no disk {target}.")
        disks = (
            replace(disk, path=path, format=disk_format) if disk.target == target else disk
            for disk in domain.spec.disks
        )
        domain.spec = replace(domain.spec, disks=tuple(disks))

    async def attach_nic(self, uuid: UUID, nic: NicSpec) -> None:
        domain = self._domain(uuid)
        domain.spec = replace(domain.spec, nics=(*domain.spec.nics, nic))

    async def detach_nic(self, uuid: UUID, mac: str) -> None:
        domain = self._domain(uuid)
        domain.spec = replace(domain.spec, nics=tuple(nic for nic in domain.spec.nics if nic.mac != mac))

    async def attach_device(self, uuid: UUID, device: HostDevice) -> None:
        domain = self._domain(uuid)
        domain.spec = replace(domain.spec, devices=(*domain.spec.devices, device))

    async def detach_device(self, uuid: UUID, device: HostDevice) -> None:
        domain = self._domain(uuid)
        domain.spec = replace(domain.spec, devices=tuple(other for other in domain.spec.devices if other != device))

    async def has_device(self, uuid: UUID, device: HostDevice) -> bool:
        return device in self._domain(uuid).spec.devices

    async def set_memory(self, uuid: UUID, memory_mib: int) -> None:
        domain = self._domain(uuid)
        if memory_mib > (domain.spec.maxmem_mib or domain.spec.memory_mib):
            raise Mgmt1Error("It was started with less memory at most.")
        domain.spec = replace(domain.spec, memory_mib=memory_mib)

    async def set_vcpus(self, uuid: UUID, vcpus: int) -> None:
        domain = self._domain(uuid)
        if vcpus > (domain.spec.max_vcpus or domain.spec.vcpus):
            raise Mgmt1Error("It was started with fewer processors at most.")
        domain.spec = replace(domain.spec, vcpus=vcpus)

    # what a test does to the host

    def crash(self, uuid: UUID) -> None:
        """The domain ends by itself."""
        self._gone(uuid, crashed=True)

    def lose_connection(self) -> None:
        """Until `restore_connection` everything that is asked fails, and no event of a domain arrives."""
        self._reachable.clear()
        self._events.put_nowait(ConnectionLost("The connection to the hypervisor broke."))

    def restore_connection(self) -> None:
        self._reachable.set()

    def _infos(self) -> list[DomainInfo]:
        return [DomainInfo(uuid, domain.spec.name, domain.state) for uuid, domain in self.host.domains.items()]

    def _reach(self) -> None:
        if not self._open or not self._reachable.is_set():
            raise Mgmt1Error("The connection to the hypervisor is lost; it is being opened again.")

    def _domain(self, uuid: UUID) -> FakeDomain:
        self._reach()
        if uuid not in self.host.domains:
            raise QubesVMNotRunningError("The qube is not running.")
        return self.host.domains[uuid]

    def _tell(self, uuid: UUID, state: PowerState) -> None:
        domain = self.host.domains[uuid]
        if domain.state is not state:
            domain.state = state
            if self._reachable.is_set():
                self._events.put_nowait(StateChanged(uuid, state))

    def _gone(self, uuid: UUID, *, crashed: bool = False) -> None:
        domain = self.host.domains.pop(uuid, None)
        if domain is None:
            return
        for pipe in domain.pipes:
            pipe.close()
        if self._reachable.is_set():
            self._events.put_nowait(StateChanged(uuid, PowerState.HALTED, crashed=crashed))
