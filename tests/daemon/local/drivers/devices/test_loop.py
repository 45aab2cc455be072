# SPDX-License-Identifier: GPL-3.0-or-later
"""Real loop devices of this machine, set up and pulled by the test."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from loop_devices import losetup, why_not

from qubesmanager.daemon.local.drivers.devices import udev
from qubesmanager.daemon.local.drivers.devices.base import BlockDevice, DeviceEvent
from qubesmanager.daemon.local.drivers.devices.host import HostDevices
from qubesmanager.daemon.local.drivers.devices.sysfs import why_busy
from qubesmanager.daemon.local.drivers.devices.udev import UdevTrigger
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.values import DeviceChange, DeviceClass

MIB = 2**20
BOUND = 30.0


WHY_NOT = why_not()
pytestmark = [pytest.mark.root, pytest.mark.skipif(WHY_NOT is not None, reason=f"No loop devices here: {WHY_NOT}")]


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Path]:
    """A file that no loop device holds afterwards."""
    path = tmp_path / "image.img"
    path.write_bytes(bytes(2 * MIB))
    yield path
    for line in losetup("-j", str(path)).splitlines():
        losetup("-d", line.partition(":")[0])


async def of_device(events: AsyncIterator[DeviceEvent], ident: str) -> DeviceEvent:
    """The next event of that device; the machine may have others."""
    async with asyncio.timeout(BOUND):
        async for event in events:
            if event.device.ident == ident:
                return event
    raise AssertionError


@pytest.mark.parametrize(
    "rescan_seconds", [pytest.param(3600.0, id="told by netlink"), pytest.param(0.05, id="found by looking")]
)
async def test_a_loop_device_comes_and_is_pulled(image: Path, rescan_seconds: float) -> None:
    async with HostDevices(UdevTrigger(), rescan_seconds=rescan_seconds).watch() as events:
        path = losetup("--find", "--show", "--read-only", str(image))
        ident = Path(path).name
        came = await of_device(events, ident)
        losetup("-d", path)
        went = await of_device(events, ident)

    assert (came.change, went.change) == (DeviceChange.ADDED, DeviceChange.REMOVED)
    assert came.device.host == BlockDevice(path, 2 * MIB, read_only=True)
    assert came.device.description.endswith("image.img")


async def test_a_loop_device_in_use_is_busy_and_free_again(image: Path) -> None:
    path = losetup("--find", "--show", str(image))
    host = HostDevices(UdevTrigger())

    descriptor = os.open(path, os.O_RDWR | os.O_EXCL)
    try:
        busy = why_busy(path)
    finally:
        os.close(descriptor)

    assert busy == Reason("block-device-in-use", path)
    assert why_busy(path) is None
    assert Path(path).name in {device.ident for device in await host.available(DeviceClass.BLOCK)}


async def test_after_lost_events_anything_may_have_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udev, "BUFFER_BYTES", 1)  # the kernel makes it its least, a few messages
    notified: set[DeviceClass] = set()
    woken = asyncio.Event()

    def notify(device_class: DeviceClass) -> None:
        notified.add(device_class)
        if notified == set(DeviceClass):
            woken.set()

    trigger = UdevTrigger("kernel")
    trigger.start(notify)
    try:
        # The loop stands still meanwhile, so the buffer is not emptied.
        for _ in range(100):
            Path("/sys/block/loop0/uevent").write_text("change")  # noqa: ASYNC240 - on purpose, see above
        async with asyncio.timeout(BOUND):
            await woken.wait()
    finally:
        trigger.stop()

    assert notified == set(DeviceClass)


async def test_without_netlink_devices_are_found_by_looking(
    image: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("netlink is not allowed here")

    monkeypatch.setattr("pyudev.Monitor.from_netlink", refuse)

    async with HostDevices(UdevTrigger(), rescan_seconds=0.05).watch() as events:
        ident = Path(losetup("--find", "--show", str(image))).name
        came = await of_device(events, ident)

    assert came.change is DeviceChange.ADDED
    assert "netlink is not allowed here" in caplog.text
