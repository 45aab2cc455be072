# SPDX-License-Identifier: GPL-3.0-or-later
"""Domains through libvirt, on whatever its URI names; docs/hypervisors.md says which were tried.

Domains are transient: libvirt has one from its start until it halts, so nothing of it has to be cleared up, and no one
can start it behind the manager's back with disks that are gone. They outlive the daemon and are found again by UUID.
"""

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import libvirt

from qubesmanager.daemon.guest_channel import Pipe
from qubesmanager.daemon.local.drivers.devices.base import HostDevice
from qubesmanager.daemon.local.drivers.hypervisor import accel, domain_xml, event_loop, needs
from qubesmanager.daemon.local.drivers.hypervisor.base import (
    Capabilities,
    ConnectionLost,
    DeviceRemoved,
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
from qubesmanager.daemon.local.drivers.hypervisor.guest_pipe import SocketPipe
from qubesmanager.daemon.local.drivers.hypervisor.libvirt_errors import (
    CANNOT_SUSPEND,
    CRASH_DETAILS,
    STATE_AFTER_EVENT,
    STATES,
    complaint,
    sentence,
    with_log,
)
from qubesmanager.guest.frames import PORT
from qubesmanager.wire.errors import (
    Mgmt1Error,
    QubesMemoryError,
    QubesVMNotRunningError,
    QubesVMNotStartedError,
)
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal, text
from qubesmanager.wire.values import PowerState

log = logging.getLogger(__name__)

WORKERS = 8
QUEUE_LIMIT = 10_000
"""Events waiting for their reader; beyond that they are dropped, and the reader gets the whole state instead."""
REOPEN_FIRST = 0.05
REOPEN_LONGEST = 10.0
"""Seconds between attempts to open a lost connection; each wait is twice the one before."""
KEEPALIVE = (5, 3)
"""Seconds between questions, and how many may stay unanswered."""

_STATS = libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_CPU_TOTAL | libvirt.VIR_DOMAIN_STATS_BALLOON
_NOT_ALLOWED_HERE = {libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_CONFIG_UNSUPPORTED}

P = ParamSpec("P")
T = TypeVar("T")


class LibvirtHypervisor:
    """`owner` tells apart the managers that share a libvirt: each sees the domains it started and no others.

    `accel_wish` is `auto`, `kvm` or `tcg`, and counts where QEMU runs.
    """

    def __init__(self, uri: str, *, owner: str = "", accel_wish: str = "auto") -> None:
        self._uri = uri
        self._owner = owner
        self._wish = accel_wish
        self._connection: libvirt.virConnect | None = None
        self._callbacks: list[int] = []
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="libvirt")
        self._events: asyncio.Queue[HypervisorEvent | None] = asyncio.Queue(QUEUE_LIMIT)
        self._overflow = False
        self._closed = False
        self._lost = False
        self._states: dict[UUID, PowerState] = {}
        self._flavour = domain_xml.FLAVOURS["test"]
        self._capabilities = Capabilities(uri, "test", hot_plug=False)
        self.test_dom0_memory = 0
        """KiB that the computer of libvirt's test driver uses itself."""
        self.test_memory: int | None = None
        """KiB that the computer of libvirt's test driver has; None: not known. Its domains take none of a real one."""
        self.test_load: Callable[[DomainStats], DomainStats] = lambda stats: stats
        """What a domain of libvirt's test driver is said to use; the driver's own figures are the same for all."""
        self.test_channel: Callable[[UUID], Pipe] | None = None
        """Connects to what acts as the guest of a domain of libvirt's test driver; None: it has no channel."""

    # connection

    async def open(self) -> None:
        # Otherwise libvirt prints every error to stderr, besides raising it.
        libvirt.registerErrorHandler(lambda _context, _error: None, None)
        event_loop.attach()
        await self._connect()
        kind = await self._call(self._link().getType)
        self._capabilities = await self._capable(kind.lower())
        name = {"QEMU": self._capabilities.accel, "Xen": "xen"}.get(kind, "test")
        self._flavour = domain_xml.FLAVOURS["qemu" if name == "tcg" else name]
        for domain in await self.domains():
            self._states[domain.uuid] = domain.state

    async def _capable(self, kind: str) -> Capabilities:
        if kind == "qemu":
            accelerator = await accel.choose(self._wish)
            return Capabilities(self._uri, accelerator.accel, hot_plug=True, notes=accelerator.notes)
        if kind == "test":
            note = "These qubes are only acted: their states are libvirt's, and no machine runs."
            return Capabilities(self._uri, "test", hot_plug=False, notes=(note,))
        return Capabilities(self._uri, kind, hot_plug=True)

    async def _connect(self) -> None:
        try:
            connection = await self._call(libvirt.open, self._uri)
        except libvirt.libvirtError as error:
            missing = needs.missing_programs() if self._uri.startswith("qemu:///") else None
            why = " ".join(filter(None, (sentence(error), missing)))
            raise refusal("hypervisor-unreachable", self._uri, why) from None
        try:
            # The test driver has neither; it cannot be lost.
            with contextlib.suppress(libvirt.libvirtError):
                await self._call(connection.registerCloseCallback, self._on_close, None)
            with contextlib.suppress(libvirt.libvirtError):
                await self._call(connection.setKeepAlive, *KEEPALIVE)
            register = connection.domainEventRegisterAny
            callbacks = [
                await self._call(register, None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._on_lifecycle, None)
            ]
            with contextlib.suppress(libvirt.libvirtError):
                event = libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED
                callbacks.append(await self._call(register, None, event, self._on_device_removed, None))
        except libvirt.libvirtError as error:
            await self._call(connection.close)
            raise refusal("hypervisor-no-events", self._uri, sentence(error)) from None
        self._connection, self._callbacks = connection, callbacks
        self._lost = False

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        callbacks, self._callbacks = self._callbacks, []
        if connection is None:
            return
        for callback in callbacks:
            with contextlib.suppress(libvirt.libvirtError):
                await self._call(connection.domainEventDeregisterAny, callback)
        with contextlib.suppress(libvirt.libvirtError):
            await self._call(connection.unregisterCloseCallback)
        with contextlib.suppress(libvirt.libvirtError):
            await self._call(connection.close)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await self._disconnect()
        # What libvirt let go of is freed by the loop, which may end right after this.
        await asyncio.sleep(0)
        self._put(None)
        self._workers.shutdown(wait=False)

    def _link(self) -> "libvirt.virConnect":
        if self._connection is None:
            raise refusal("hypervisor-reconnecting")
        return self._connection

    async def _call(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Run what may block in a worker."""
        call = functools.partial(function, *arguments, **named)
        return await asyncio.get_running_loop().run_in_executor(self._workers, call)

    async def capabilities(self) -> Capabilities:
        return self._capabilities

    # events

    def _put(self, event: HypervisorEvent | None) -> None:
        if self._events.full():
            self._overflow = True
            while not self._events.empty():
                self._events.get_nowait()
        self._events.put_nowait(event)

    def _on_lifecycle(self, _connection: object, domain: "libvirt.virDomain", event: int, detail: int, _: Any) -> None:
        uuid = UUID(bytes=domain.UUID())
        state = STATE_AFTER_EVENT.get(event)
        if state is None or uuid not in self._states or self._states[uuid] is state:
            return
        self._tell(uuid, state, crashed=(event, detail) in CRASH_DETAILS)

    def _tell(self, uuid: UUID, state: PowerState, *, crashed: bool) -> None:
        self._states[uuid] = state
        if state is PowerState.HALTED:
            del self._states[uuid]
        self._put(StateChanged(uuid, state, crashed=crashed))

    def _on_device_removed(self, _connection: object, domain: "libvirt.virDomain", alias: str, _: Any) -> None:
        uuid = UUID(bytes=domain.UUID())
        if uuid in self._states:
            self._put(DeviceRemoved(uuid, alias.removeprefix("ua-")))

    def _on_close(self, _connection: object, reason: int, _: Any) -> None:
        # It may come twice for one connection.
        if not self._closed and not self._lost:
            self._lost = True
            log.warning("The connection to %s is lost (reason %d)", self._uri, reason)
            self._put(ConnectionLost(text(Reason("hypervisor-gone"))))

    async def events(self) -> AsyncIterator[HypervisorEvent]:
        while (event := await self._events.get()) is not None:
            if self._overflow:
                self._overflow = False
                yield Reconnected(tuple(await self._reconcile()))
                continue
            yield event
            if isinstance(event, ConnectionLost):
                yield Reconnected(tuple(await self._reopen()))

    async def _reopen(self) -> list[DomainInfo]:
        await self._disconnect()
        wait = REOPEN_FIRST
        while not self._closed:
            try:
                await self._connect()
                return await self._reconcile()
            except (Mgmt1Error, libvirt.libvirtError) as error:
                log.info("%s still cannot be reached: %s", self._uri, error)
                await self._disconnect()
                await asyncio.sleep(wait)
                wait = min(wait * 2, REOPEN_LONGEST)
        return []

    async def _reconcile(self) -> list[DomainInfo]:
        domains = await self.domains()
        self._states = {domain.uuid: domain.state for domain in domains}
        return domains

    # what runs

    async def domains(self) -> list[DomainInfo]:
        return await self._asked(self._domains)

    def _domains(self) -> list[DomainInfo]:
        rows = []
        for domain in self._link().listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
            # One that ends while we look is left out, and so is one that is not ours.
            with contextlib.suppress(libvirt.libvirtError):
                if self._is_ours(domain):
                    state = STATES.get(domain.state()[0], PowerState.NA)
                    rows.append(DomainInfo(UUID(bytes=domain.UUID()), domain.name(), state))
        return rows

    def _is_ours(self, domain: "libvirt.virDomain") -> bool:
        kind = libvirt.VIR_DOMAIN_METADATA_ELEMENT
        text = domain.metadata(kind, domain_xml.METADATA_NAMESPACE, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        return domain_xml.metadata_owner(text) == self._owner

    async def state(self, uuid: UUID) -> PowerState:
        def look() -> PowerState:
            try:
                domain = self._link().lookupByUUID(uuid.bytes)
                state = STATES.get(domain.state()[0], PowerState.NA)
                if state is not PowerState.HALTED and not self._is_ours(domain):
                    return PowerState.HALTED
            except libvirt.libvirtError as error:
                if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                    return PowerState.HALTED
                raise
            # libvirt has a transient domain from the first moment of its start to the last of its end.
            return PowerState.TRANSIENT if state is PowerState.HALTED else state

        state = await self._asked(look)
        if state is not PowerState.HALTED:
            # Also a domain that another process started: its events are reported from now on.
            self._states.setdefault(uuid, state)
        return state

    async def stats(self) -> list[DomainStats]:
        listed = await self._asked(self._stats)
        return [self.test_load(stats) for stats in listed] if self._capabilities.accel == "test" else listed

    def _stats(self) -> list[DomainStats]:
        # Without NOWAIT one guest that boots holds up the answer for seconds.
        flags = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
        link = self._link()
        try:
            rows = link.getAllDomainStats(_STATS, flags)
        except libvirt.libvirtError as error:
            if error.get_error_code() not in {*_NOT_ALLOWED_HERE, libvirt.VIR_ERR_INVALID_ARG}:
                raise
            rows = [(domain, {}) for domain in link.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)]
        listed = []
        for domain, values in rows:
            uuid = UUID(bytes=domain.UUID())
            if uuid not in self._states:
                continue
            with contextlib.suppress(libvirt.libvirtError):
                # Where a figure is missing from the statistics, the domain's own short answer has it.
                state, _maximum, memory, _cpus, cpu_time = (
                    (values["state.state"], 0, values["balloon.current"], 0, values["cpu.time"])
                    if {"state.state", "balloon.current", "cpu.time"} <= values.keys()
                    else domain.info()
                )
                listed.append(DomainStats(uuid, STATES.get(state, PowerState.NA), memory, cpu_time))
        return listed

    async def host_stats(self) -> HostStats | None:
        if self._capabilities.accel == "test":
            # Nothing runs in its domains: what is busy is the daemon.
            known = self.test_memory is not None
            return HostStats(self.test_dom0_memory, time.process_time_ns(), counts_domains=False) if known else None
        return await self._asked(self._host_stats)

    def _host_stats(self) -> HostStats | None:
        """By libvirt's figures of the node, without the memory of all its domains, also of those of others."""
        link = self._link()
        try:
            times = link.getCPUStats(libvirt.VIR_NODE_CPU_STATS_ALL_CPUS)
            memory = link.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS, 0)
            domains = link.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)
        except libvirt.libvirtError as error:
            if error.get_error_code() not in _NOT_ALLOWED_HERE:
                raise
            return None
        guests = 0
        for domain in domains:
            with contextlib.suppress(libvirt.libvirtError):  # it may have halted meanwhile
                guests += int(domain.info()[2]) if domain.ID() else 0
        used = int(memory.get("total", 0)) - sum(int(memory.get(part, 0)) for part in ("free", "buffers", "cached"))
        busy = int(times.get("kernel", 0)) + int(times.get("user", 0))
        return HostStats(max(0, used - guests), busy, counts_domains=True)

    async def free_memory(self) -> int | None:
        if self._capabilities.accel == "test":
            if self.test_memory is None:
                return None
            used = self.test_dom0_memory + sum(domain.memory_kib for domain in await self.stats())
            return max(0, self.test_memory - used)
        return await self._asked(self._free_memory)

    def _free_memory(self) -> int | None:
        """The free memory of the host by libvirt: on Linux with reclaimable caches, on Xen what no domain has."""
        link = self._link()
        try:
            if self._capabilities.accel == "xen":
                return int(link.getFreeMemory()) >> 10
            memory = link.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS, 0)
        except libvirt.libvirtError as error:
            if error.get_error_code() not in _NOT_ALLOWED_HERE:
                raise
            return None
        return sum(int(memory.get(part, 0)) for part in ("free", "buffers", "cached"))

    # life of a domain

    async def start(self, spec: DomainSpec) -> None:
        text = domain_xml.domain(spec, self._flavour, self._owner)
        # Its first event may come before createXML returns.
        fresh = spec.uuid not in self._states
        self._states.setdefault(spec.uuid, PowerState.HALTED)
        try:
            await self._asked(lambda: self._link().createXML(text), translated=False)
        except libvirt.libvirtError as error:
            if fresh:
                self._states.pop(spec.uuid, None)
            what = sentence(error)
            kind = QubesMemoryError if "allocate memory" in what else QubesVMNotStartedError
            raise kind(f"{spec.name}: {with_log(what, self._uri, spec.name)}") from None

    async def shutdown(self, uuid: UUID) -> None:
        await self._with(uuid, lambda domain: domain.shutdown())

    async def kill(self, uuid: UUID) -> None:
        known = uuid in self._states
        try:
            await self._with(uuid, lambda domain: domain.destroy())
        except QubesVMNotRunningError:
            # It was there a moment ago, and ended before libvirt could end it.
            if not known:
                raise

    async def pause(self, uuid: UUID) -> None:
        await self._with(uuid, lambda domain: domain.suspend())

    async def unpause(self, uuid: UUID) -> None:
        def resume(domain: "libvirt.virDomain") -> None:
            if domain.state()[0] != libvirt.VIR_DOMAIN_PAUSED:
                raise refusal("domain-not-paused")
            domain.resume()

        await self._with(uuid, resume)

    async def suspend(self, uuid: UUID) -> None:
        def sleep(domain: "libvirt.virDomain") -> None:
            try:
                domain.pMSuspendForDuration(libvirt.VIR_NODE_SUSPEND_TARGET_MEM, 0, 0)
            except libvirt.libvirtError as error:
                if error.get_error_code() not in CANNOT_SUSPEND:
                    raise
                domain.suspend()

        await self._with(uuid, sleep)

    async def resume(self, uuid: UUID) -> None:
        def wake(domain: "libvirt.virDomain") -> None:
            state = domain.state()[0]
            if state == libvirt.VIR_DOMAIN_PMSUSPENDED:
                domain.pMWakeup(0)
            elif state == libvirt.VIR_DOMAIN_PAUSED:
                domain.resume()
            else:
                raise refusal("domain-not-suspended")

        await self._with(uuid, wake)

    async def forget(self, uuid: UUID) -> None:
        with contextlib.suppress(QubesVMNotRunningError):
            await self.kill(uuid)

    # what can change while it runs

    async def attach_disk(self, uuid: UUID, disk: DiskSpec) -> None:
        await self._attach(uuid, domain_xml.to_text(domain_xml.disk(disk, self._flavour)))

    async def detach_disk(self, uuid: UUID, target: str) -> None:
        find = functools.partial(domain_xml.find_disk, target=target, flavour=self._flavour)
        await self._detach(uuid, f"the disk {target}", find)

    async def resize_disk(self, uuid: UUID, target: str, size: int) -> None:
        name = domain_xml.target_name(target, self._flavour)
        await self._with(uuid, lambda domain: domain.blockResize(name, size, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES))

    async def console(self, uuid: UUID) -> Path | None:
        return domain_xml.console_path(await self._with(uuid, lambda domain: domain.XMLDesc()))

    async def open_channel(self, uuid: UUID) -> Pipe | None:
        text = await self._with(uuid, lambda domain: domain.XMLDesc())
        if self.test_channel is not None:
            return self.test_channel(uuid)
        path = domain_xml.channel_path(text, PORT)
        return None if path is None else await SocketPipe.connect(path)

    async def disk_files(self, uuid: UUID) -> dict[str, Path]:
        text = await self._with(uuid, lambda domain: domain.XMLDesc())
        return domain_xml.disk_files(text, self._flavour)

    async def switch_disk(self, uuid: UUID, target: str, path: Path, disk_format: DiskFormat) -> None:
        flags = (
            libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY
            | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT
            | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA
        )

        def switch(domain: "libvirt.virDomain") -> None:
            before = domain.XMLDesc()
            changed = domain_xml.switched_disk(before, target, path, disk_format, self._flavour)
            try:
                domain.snapshotCreateXML(changed, flags)
            except libvirt.libvirtError as error:
                try:
                    after = domain.XMLDesc()
                except libvirt.libvirtError:
                    raise ConnectionError(sentence(error)) from error
                if domain_xml.disk_source(after, target, self._flavour) != str(path):
                    raise

        await self._with(uuid, switch)

    async def attach_nic(self, uuid: UUID, nic: NicSpec) -> None:
        await self._attach(uuid, domain_xml.to_text(domain_xml.nic(nic, self._flavour)))

    async def detach_nic(self, uuid: UUID, mac: str) -> None:
        await self._detach(uuid, f"the network card {mac}", functools.partial(domain_xml.find_nic, mac=mac))

    async def attach_device(self, uuid: UUID, device: HostDevice) -> None:
        await self._attach(uuid, domain_xml.to_text(domain_xml.host_device(device)))

    async def detach_device(self, uuid: UUID, device: HostDevice) -> None:
        hostdev = domain_xml.host_device(device)
        await self._detach(
            uuid, "the device", lambda text: hostdev if domain_xml.has_host_device(text, device) else None
        )

    async def has_device(self, uuid: UUID, device: HostDevice) -> bool:
        return await self._with(uuid, lambda domain: domain_xml.has_host_device(domain.XMLDesc(), device))

    async def set_memory(self, uuid: UUID, memory_mib: int) -> None:
        live = libvirt.VIR_DOMAIN_AFFECT_LIVE
        await self._with(uuid, lambda domain: domain.setMemoryFlags(memory_mib * 1024, live))

    async def set_vcpus(self, uuid: UUID, vcpus: int) -> None:
        await self._with(uuid, lambda domain: domain.setVcpusFlags(vcpus, libvirt.VIR_DOMAIN_AFFECT_LIVE))

    async def _attach(self, uuid: UUID, text: str) -> None:
        await self._with(uuid, lambda domain: domain.attachDeviceFlags(text, libvirt.VIR_DOMAIN_AFFECT_LIVE))

    async def _detach(self, uuid: UUID, what: str, find: Callable[[str], Any]) -> None:
        def detach(domain: "libvirt.virDomain") -> None:
            device = find(domain.XMLDesc())
            if device is None:
                return
            # libvirt waits for the guest some five seconds, and says nothing about how that ended.
            domain.detachDeviceFlags(domain_xml.to_text(device), libvirt.VIR_DOMAIN_AFFECT_LIVE)
            if find(domain.XMLDesc()) is not None:
                raise refusal("guest-keeps-device", what)

        await self._with(uuid, detach)

    # calls and their errors

    async def _with(self, uuid: UUID, act: "Callable[[libvirt.virDomain], T]") -> T:
        if uuid not in self._states:
            raise refusal("domain-not-running")
        try:
            return await self._asked(lambda: act(self._link().lookupByUUID(uuid.bytes)))
        except QubesVMNotRunningError:
            # A domain that libvirtd gives up while it starts itself ends without an event.
            if self._states.get(uuid, PowerState.HALTED) is not PowerState.HALTED:
                self._tell(uuid, PowerState.HALTED, crashed=False)
            raise

    async def _asked(self, act: Callable[[], T], *, translated: bool = True) -> T:
        self._link()
        try:
            return await self._call(act)
        except libvirt.libvirtError as error:
            if not translated:
                raise
            raise complaint(error) from None
