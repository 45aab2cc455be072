# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's devices and their changes: they are read again and compared when the kernel reports a change."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from qubesmanager.daemon.local.drivers.devices import sysfs
from qubesmanager.daemon.local.drivers.devices.base import BlockDevice, DeviceEvent, DeviceInfo, UsbDevice
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import DeviceChange, DeviceClass

RESCAN_SECONDS = 10.0
"""Seconds between two looks without an event: a mount has no event, and some containers get none from the kernel."""

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
        self._known: Snapshot = {}
        """What the listener knows of; nothing until the first look has ended."""
        self._is_watched = False
        self._missed: set[tuple[DeviceClass, str]] = set()
        self._reported: set[DeviceClass] = set()
        self._woken = asyncio.Event()

    async def available(self, device_class: DeviceClass) -> list[DeviceInfo]:
        devices = await asyncio.to_thread(sysfs.devices, self._root, device_class)
        return [device for device in devices.values() if not device.in_use]

    async def find(self, device_class: DeviceClass, ident: str) -> DeviceInfo:
        devices = await asyncio.to_thread(sysfs.devices, self._root, device_class)
        if ident not in devices:
            if self._is_watched and (not self._known or ident in self._known[device_class]):
                # It is gone, whatever a look finds that has begun before or begins later: it may be back by then.
                self._missed.add((device_class, ident))
                self._notify(device_class)
            raise refusal("machine-without-device", device_class, shown(ident))
        return devices[ident]

    async def why_busy(self, device: DeviceInfo) -> Reason | None:
        if device.in_use:
            return Reason("machine-uses-device", device.in_use)
        if isinstance(device.host, BlockDevice) and self._root == Path("/"):
            return await asyncio.to_thread(sysfs.why_busy, device.host.path)
        return None

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[AsyncIterator[DeviceEvent]]:
        """One listener at a time: the trigger calls one function."""
        self._trigger.start(self._notify)
        self._is_watched = True
        try:
            self._known = await self._snapshot(DeviceClass)
            yield self._events()
        finally:
            self._trigger.stop()
            self._is_watched = False
            self._known, self._missed = {}, set()

    def _notify(self, device_class: DeviceClass) -> None:
        self._reported.add(device_class)
        self._woken.set()

    async def _events(self) -> AsyncIterator[DeviceEvent]:
        while True:
            try:
                async with asyncio.timeout(self._rescan_seconds):
                    await self._woken.wait()
            except TimeoutError:
                self._reported.update(DeviceClass)
            self._woken.clear()
            classes, self._reported = self._reported, set()
            now = {**self._known, **await self._snapshot(classes)}
            missed, self._missed = self._missed, set()
            between = {
                device_class: {
                    ident: device for ident, device in devices.items() if (device_class, ident) not in missed
                }
                for device_class, devices in self._known.items()
            }
            events = [*differences(self._known, between), *differences(between, now)]
            self._known = now
            for event in events:
                yield event

    async def _snapshot(self, classes: Iterable[DeviceClass]) -> Snapshot:
        def read() -> Snapshot:
            return {device_class: sysfs.devices(self._root, device_class) for device_class in classes}

        return await asyncio.to_thread(read)


def differences(before: Snapshot, after: Snapshot) -> Iterable[DeviceEvent]:
    """The events between two snapshots: first for devices that are gone, then for those that are new or changed.

    What was pulled and plugged in again in between is gone and came.
    """
    for device_class, old in before.items():
        new = after[device_class]
        for ident in sorted(old, reverse=True):
            if ident not in new or _is_another(old[ident], new[ident]):
                yield DeviceEvent(DeviceChange.REMOVED, old[ident])
    for device_class, new in after.items():
        old = before[device_class]
        for ident, device in new.items():
            if ident not in old or _is_another(old[ident], device):
                yield DeviceEvent(DeviceChange.ADDED, device)
            elif device != old[ident]:
                yield DeviceEvent(DeviceChange.CHANGED, device)


def _is_another(old: DeviceInfo, new: DeviceInfo) -> bool:
    """At the same port, and plugged in later."""
    return isinstance(new.host, UsbDevice) and old.host != new.host
