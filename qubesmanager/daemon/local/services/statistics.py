# SPDX-License-Identifier: GPL-3.0-or-later
"""Statistics of the running qubes, asked of the hypervisor every `stats_interval` while there is a listener."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from qubesmanager.daemon.event_hub import EventHub, View
from qubesmanager.daemon.local.drivers.hypervisor.base import HostStats
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.wire import events
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event import Event
from qubesmanager.wire.names import DOM0

log = logging.getLogger(__name__)


class Statistics:
    """Polls the hypervisor once for all listeners. They are in a separate `hub`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.hub = EventHub()
        self._polling = False
        self._before: dict[UUID, tuple[float, int]] = {}
        self._dom0 = _Dom0()

    async def listen(self, view: View, *, by_sight: bool = False) -> AsyncGenerator[Event, None]:
        """`vm-stats` of each running qube: `memory_kb`, `cpu_time` in ms, `cpu_usage` in percent of its vcpus.

        dom0 is among them where the hypervisor knows what the computer uses itself; its vcpus are all processors.
        `by_sight` as in `EventHub.listen`.
        """
        async with aclosing(self.hub.listen(view, by_sight=by_sight)) as stream:
            async for event in stream:
                yield event
                if not self._polling:
                    self._polling = True
                    self._runtime.spawn("statistics", self._poll())

    def close(self) -> None:
        self.hub.close()

    async def _poll(self) -> None:
        try:
            while self.hub.listeners:
                try:
                    await self._once()
                except Mgmt1Error as error:
                    log.warning("There are no statistics: %s", error)
                await asyncio.sleep(float(self._runtime.state.system("stats_interval")))
        finally:
            self._polling = False
            self._before.clear()
            self._dom0 = _Dom0()

    async def _once(self) -> None:
        now = time.monotonic()
        after: dict[UUID, tuple[float, int]] = {}
        guests_ns = 0
        for sample in await self._runtime.hypervisor.stats():
            qube = self._runtime.state.by_uuid.get(sample.uuid)
            if qube is None:
                continue
            after[sample.uuid] = (now, sample.cpu_time_ns)
            then, cpu_before = self._before.get(sample.uuid, (now, sample.cpu_time_ns))
            guests_ns += max(0, sample.cpu_time_ns - cpu_before)
            elapsed = (now - then) * 1e9 * max(1, int(qube.value("vcpus") or 1))
            usage = round(100 * (sample.cpu_time_ns - cpu_before) / elapsed) if elapsed else 0
            self.hub.emit(
                events.VM_STATS(
                    qube.name,
                    memory_kb=sample.memory_kib,
                    cpu_time=sample.cpu_time_ns // 1_000_000,
                    cpu_usage=min(100, max(0, usage)),
                )
            )
        self._before = after
        try:
            host = await self._runtime.hypervisor.host_stats()
        except Mgmt1Error as error:
            log.info("What the computer itself uses is not known: %s", error)
            host = None
        if host is not None:
            usage = self._dom0.usage(now, host, guests_ns, self._runtime.state.host_cpus)
            self.hub.emit(
                events.VM_STATS(
                    DOM0,
                    memory_kb=host.memory_kib,
                    cpu_time=self._dom0.own_ns // 1_000_000,
                    cpu_usage=usage,
                )
            )


@dataclass(slots=True)
class _Dom0:
    """The time of dom0, counted from the first round of statistics on: `own_ns`."""

    own_ns: int = 0
    before: tuple[float, int] | None = None

    def usage(self, now: float, host: HostStats, guests_ns: int, cpus: int) -> int:
        """Percent of all processors since the round before; `guests_ns` is the time of the qubes since then."""
        then, busy_before = self.before or (now, host.busy_ns)
        self.before = (now, host.busy_ns)
        busy = host.busy_ns - busy_before
        own = max(0, busy - guests_ns if host.counts_domains else busy)
        self.own_ns += own
        elapsed = (now - then) * 1e9 * max(1, cpus)
        return min(100, round(100 * own / elapsed)) if elapsed > 0 else 0
