# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that are only told of: those of a demonstration, and of a test that plugs and pulls them itself."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from qubesmanager.daemon.local.drivers.devices.base import DeviceEvent, DeviceInfo
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import DeviceChange, DeviceClass


@dataclass
class MemoryDevices:
    """A `DeviceSource`. `plug` also replaces a device of the same class and ident."""

    devices: dict[tuple[DeviceClass, str], DeviceInfo] = field(default_factory=dict)
    _listeners: set[asyncio.Queue[DeviceEvent]] = field(default_factory=set)

    @classmethod
    def of(cls, devices: Iterable[DeviceInfo]) -> "MemoryDevices":
        return cls({(device.device_class, device.ident): device for device in devices})

    def plug(self, device: DeviceInfo) -> None:
        key = (device.device_class, device.ident)
        change = DeviceChange.CHANGED if key in self.devices else DeviceChange.ADDED
        self.devices[key] = device
        self._tell(DeviceEvent(change, device))

    def pull(self, device_class: DeviceClass, ident: str) -> None:
        self._tell(DeviceEvent(DeviceChange.REMOVED, self.devices.pop((device_class, ident))))

    async def available(self, device_class: DeviceClass) -> list[DeviceInfo]:
        return [device for key, device in sorted(self.devices.items()) if key[0] is device_class and not device.in_use]

    async def find(self, device_class: DeviceClass, ident: str) -> DeviceInfo:
        device = self.devices.get((device_class, ident))
        if device is None:
            raise refusal("device-missing", device_class, shown(ident))
        return device

    async def why_busy(self, device: DeviceInfo) -> Reason | None:
        return Reason("machine-uses-device", device.in_use) if device.in_use else None

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[AsyncIterator[DeviceEvent]]:
        events: asyncio.Queue[DeviceEvent] = asyncio.Queue()
        self._listeners.add(events)
        try:
            yield self._events(events)
        finally:
            self._listeners.discard(events)

    def _tell(self, event: DeviceEvent) -> None:
        for events in self._listeners:
            events.put_nowait(event)

    @staticmethod
    async def _events(events: asyncio.Queue[DeviceEvent]) -> AsyncIterator[DeviceEvent]:
        while True:
            yield await events.get()
