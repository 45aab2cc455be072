# SPDX-License-Identifier: GPL-3.0-or-later
"""Statistics of the running qubes, asked of the hypervisor every `stats_interval` while there is a listener."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

from qubesmanager.daemon.event_hub import EventHub, View
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.wire import events
from qubesmanager.wire.event import Event


class Statistics:
    """Polls the hypervisor once for all listeners."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._hub = EventHub()
        self._polling = False
        self._before: dict[UUID, tuple[float, int]] = {}

    async def listen(self, view: View) -> AsyncGenerator[Event, None]:
        """`vm-stats` of each running qube: `memory_kb`, `cpu_time` in ms, `cpu_usage` in percent of its vcpus."""
        async with aclosing(self._hub.listen(view)) as stream:
            async for event in stream:
                yield event
                if not self._polling:
                    self._polling = True
                    self._runtime.spawn("statistics", self._poll())

    def close(self) -> None:
        self._hub.close()

    async def _poll(self) -> None:
        try:
            while self._hub.listeners:
                await self._once()
                await asyncio.sleep(float(self._runtime.state.system("stats_interval")))
        finally:
            self._polling = False
            self._before.clear()

    async def _once(self) -> None:
        now = time.monotonic()
        after: dict[UUID, tuple[float, int]] = {}
        for sample in await self._runtime.hypervisor.stats():
            qube = self._runtime.state.by_uuid.get(sample.uuid)
            if qube is None:
                continue
            after[sample.uuid] = (now, sample.cpu_time_ns)
            then, cpu_before = self._before.get(sample.uuid, (now, sample.cpu_time_ns))
            elapsed = (now - then) * 1e9 * max(1, int(qube.value("vcpus") or 1))
            usage = round(100 * (sample.cpu_time_ns - cpu_before) / elapsed) if elapsed else 0
            self._hub.emit(
                events.VM_STATS(
                    qube.name,
                    memory_kb=sample.memory_kib,
                    cpu_time=sample.cpu_time_ns // 1_000_000,
                    cpu_usage=min(100, max(0, usage)),
                )
            )
        self._before = after
