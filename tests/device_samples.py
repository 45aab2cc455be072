# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration's devices by name, and a hypervisor that can be made to wait."""

import asyncio
from uuid import UUID

from fakes_hypervisor import FakeHypervisor

from qubesmanager.daemon.local.drivers.devices.memory import MemoryDevices
from qubesmanager.daemon.local.drivers.hypervisor.base import DiskSpec
from qubesmanager.daemon.local.system import System
from qubesmanager.rules.devices import DeviceKey
from qubesmanager.wire.values import DeviceClass

SDB = DeviceKey(DeviceClass.BLOCK, "dom0", "sdb")
STICK = DeviceKey(DeviceClass.BLOCK, "sys-usb", "sda")
CAMERA = DeviceKey(DeviceClass.USB, "sys-usb", "2-1")
MIC = DeviceKey(DeviceClass.MIC, "dom0", "mic")


class WaitingHypervisor(FakeHypervisor):
    """Plugs a disk in only while `open_for_disks` is set; `asked` is set once a caller waits for that."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.open_for_disks = asyncio.Event()
        self.open_for_disks.set()

    async def attach_disk(self, uuid: UUID, disk: DiskSpec) -> None:
        self.asked.set()
        await self.open_for_disks.wait()
        await super().attach_disk(uuid, disk)


def source(system: System, backend: str) -> MemoryDevices:
    """What a qube offers, to plug into and pull from."""
    devices = system.devices.sources[system.runtime.state.qube(backend).uuid]
    assert isinstance(devices, MemoryDevices)
    return devices
