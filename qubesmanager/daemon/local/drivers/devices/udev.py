# SPDX-License-Identifier: GPL-3.0-or-later
"""Device events by netlink: from udev where it runs, from the kernel itself where it does not."""

import asyncio
import contextlib
import logging
from pathlib import Path

import pyudev

from qubesmanager.daemon.local.drivers.devices.host import Notify
from qubesmanager.wire.values import DeviceClass

log = logging.getLogger(__name__)

BUFFER_BYTES = 2**20
"""A hub full of devices sends some hundred events at once."""

_CLASSES = {
    "block": DeviceClass.BLOCK,
    "usb": DeviceClass.USB,
    "pci": DeviceClass.PCI,
    "sound": DeviceClass.MIC,
}


class UdevTrigger:
    """A `Trigger`. `source` is "udev" or "kernel", chosen by whether udev runs unless given."""

    def __init__(self, source: str | None = None) -> None:
        self.source = source or ("udev" if Path("/run/udev/control").exists() else "kernel")
        self._monitor: pyudev.Monitor | None = None

    def start(self, notify: Notify) -> None:
        """Have `notify` called from now on. Without netlink it is logged, and devices are only found by looking."""
        try:
            monitor = pyudev.Monitor.from_netlink(pyudev.Context(), self.source)
            for subsystem in _CLASSES:
                monitor.filter_by(subsystem)
            # Some versions of pyudev report an older error here. The size is a wish, and lost events are noticed.
            with contextlib.suppress(ValueError):
                monitor.set_receive_buffer_size(BUFFER_BYTES)
            monitor.start()
        except (OSError, ImportError) as error:
            log.warning("No device events from %s: %s", self.source, error)
            return
        self._monitor = monitor
        asyncio.get_running_loop().add_reader(monitor.fileno(), self._readable, monitor, notify)

    def stop(self) -> None:
        if self._monitor is not None:
            asyncio.get_running_loop().remove_reader(self._monitor.fileno())
            self._monitor = None

    @staticmethod
    def _readable(monitor: pyudev.Monitor, notify: Notify) -> None:
        try:
            while (device := monitor.poll(timeout=0)) is not None:
                notify(_CLASSES[device.subsystem])
        except OSError as error:
            # More events than the buffer holds: some are lost, so anything may have changed.
            log.info("Device events were lost: %s", error)
            for device_class in DeviceClass:
                notify(device_class)
