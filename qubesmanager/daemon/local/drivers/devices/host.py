# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's devices and what becomes of them: read again when something says that they changed, and compared."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from qubesmanager.daemon.local.drivers.devices import sysfs
from qubesmanager.daemon.local.drivers.devices.base import BlockDevice, Change, DeviceEvent, DeviceInfo
from qubesmanager.wire.errors import DeviceNotFound
from qubesmanager.wire.names import shown
from qubesmanager.wire.values import DeviceClass

RESCAN_SECONDS = 10.0
"""How often to look without being told: a mount has no event, and some containers get none from the kernel."""

Notify = Callable[[DeviceClass], None]
Snapshot = Mapping[DeviceClass, Mapping[str, DeviceInfo]]


class Trigger(Protocol):
    """Tells that devices of a class may have changed. `start` and `stop` are called inside the running loop."""

    def start(self, notify: Notify) -> None: ...
    def stop(self) -> None: ...


class HostDevices:
    """A `DeviceSource` of the machine below `root`."""

    def __init__(self, trigger: Trigger, root: Path = Path("/"), rescan_seconds: float = RESCAN_SECONDS) -> None:
        self._trigger = trigger
        self._root = root
        self._rescan_seconds = rescan_seconds

    async def available(self, device_class: DeviceClass) -> list[DeviceInfo]:
        found = await asyncio.to_thread(sysfs.devices, self._root, device_class)
        return [device for device in found.values() if not device.in_use]

    async def find(self, device_class: DeviceClass, ident: str) -> DeviceInfo:
        found = await asyncio.to_thread(sysfs.devices, self._root, device_class)
        if ident not in found:
            raise DeviceNotFound(f"This machine has no {device_class} device {shown(ident)}.")
        return found[ident]

    async def why_busy(self, device: DeviceInfo) -> str | None:
        if device.in_use:
            return f"The machine itself uses it: {device.in_use}."
        if isinstance(device.host, BlockDevice) and self._root == Path("/"):
            return await asyncio.to_thread(sysfs.why_busy, device.host.path)
        return None

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[AsyncIterator[DeviceEvent]]:
        """One listener at a time: the trigger has one place to tell."""
        told: set[DeviceClass] = set()
        woken = asyncio.Event()

        def notify(device_class: DeviceClass) -> None:
            told.add(device_class)
            woken.set()

        self._trigger.start(notify)
        try:
            yield self._events(await self._snapshot(DeviceClass), told, woken)
        finally:
            self._trigger.stop()

    async def _events(
        self, known: Snapshot, told: set[DeviceClass], woken: asyncio.Event
    ) -> AsyncIterator[DeviceEvent]:
        while True:
            try:
                await asyncio.wait_for(woken.wait(), self._rescan_seconds)
            except TimeoutError:
                told.update(DeviceClass)
            woken.clear()
            classes = set(told)
            told.clear()
            now = {**known, **await self._snapshot(classes)}
            for event in differences(known, now):
                yield event
            known = now

    async def _snapshot(self, classes: Iterable[DeviceClass]) -> Snapshot:
        def read() -> Snapshot:
            return {device_class: sysfs.devices(self._root, device_class) for device_class in classes}

        return await asyncio.to_thread(read)


def differences(before: Snapshot, after: Snapshot) -> Iterable[DeviceEvent]:
    """What leads from one snapshot to the other: first what is gone, then what came or changed."""
    for device_class, old in before.items():
        for ident in sorted(old.keys() - after[device_class].keys(), reverse=True):
            yield DeviceEvent(Change.REMOVED, old[ident])
    for device_class, new in after.items():
        old = before[device_class]
        for ident, device in new.items():
            if ident not in old:
                yield DeviceEvent(Change.ADDED, device)
            elif device != old[ident]:
                yield DeviceEvent(Change.CHANGED, device)
