# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sysfs_tree import SysfsTree
from until import LIMIT

from qubesmanager.daemon.local.drivers.devices.base import (
    BlockDevice,
    DeviceInfo,
    DeviceSource,
    Microphone,
    PciDevice,
    UsbDevice,
    printable,
    word,
)
from qubesmanager.daemon.local.drivers.devices.host import HostDevices, Snapshot, differences
from qubesmanager.daemon.local.drivers.devices.sysfs import devices, why_busy
from qubesmanager.wire import codecs, names
from qubesmanager.wire.errors import DeviceNotFound
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.values import DeviceChange, DeviceClass


@pytest.fixture
def tree(tmp_path: Path) -> SysfsTree:
    return SysfsTree(tmp_path)


def block(tree: SysfsTree) -> dict[str, DeviceInfo]:
    return devices(tree.root, DeviceClass.BLOCK)


def offered(tree: SysfsTree) -> set[str]:
    return {
        ident
        for device_class in DeviceClass
        for ident, found in devices(tree.root, device_class).items()
        if not found.in_use
    }


def test_a_machine_without_devices_has_none(tree: SysfsTree, tmp_path: Path) -> None:
    assert offered(tree) == set()
    assert devices(tmp_path / "absent", DeviceClass.BLOCK) == {}


def test_disks_partitions_and_loop_devices_are_found(tree: SysfsTree) -> None:
    tree.add_disk("sda", 2**30, model=b"Fast Disk")
    tree.add_partition("sda", 1, 2**20, b"EFI System")
    tree.add_partition("sda", 2)
    tree.add_disk("sr0", 2**29, read_only=True)
    tree.add_loop(3, "/var/tmp/image of work.img")

    found = block(tree)

    assert list(found) == ["loop3", "sda", "sda1", "sda2", "sr0"]
    assert found["sda"].host == BlockDevice("/dev/sda", 2**30, read_only=False)
    assert found["sda"].description == "Vendor Fast Disk"
    assert found["sda1"].description == "Vendor Fast Disk: EFI System"
    assert found["sda1"].details == {"parent": "sda", "size": str(2**20)}
    assert found["sda2"].description == "Vendor Fast Disk: Partition 2"
    assert found["sr0"].host == BlockDevice("/dev/sr0", 2**29, read_only=True)
    assert found["sr0"].details["read-only"] == "yes"
    assert found["loop3"].description == "Loop device of /var/tmp/image of work.img"


def test_devices_without_a_size_or_of_the_host_are_not_listed(tree: SysfsTree) -> None:
    tree.add_disk("sr0", 0)
    tree.add_loop(0, "", 0)
    for name in ("zram0", "ram1", "dm-0", "md127"):
        tree.add_disk(name)

    assert block(tree) == {}


def test_devices_in_use_by_the_host_are_not_offered(tree: SysfsTree) -> None:
    tree.add_disk("sda")
    tree.add_partition("sda", 1)
    tree.add_partition("sda", 2)
    tree.mount("sda1", "/boot")
    tree.add_disk("sdb")
    tree.add_partition("sdb", 1)
    tree.mount("sdb", "/data")
    tree.add_disk("sdc")
    tree.swap_on("sdc")
    tree.add_disk("sdd")
    tree.add_partition("sdd", 1)
    tree.add_holder("sdd1", "dm-0")

    found = block(tree)

    assert offered(tree) == {"sda2"}
    assert {ident: device.in_use for ident, device in found.items() if device.in_use} == {
        "sda": "its partition sda1: mounted at /boot",
        "sda1": "mounted at /boot",
        "sdb": "mounted at /data",
        "sdb1": "mounted at /data",
        "sdc": "swap space",
        "sdd": "its partition sdd1: part of dm-0",
        "sdd1": "part of dm-0",
    }


def test_usb_devices_are_found_without_hubs(tree: SysfsTree) -> None:
    tree.add_usb("usb2", hub=True)
    tree.add_usb("2-1", hub=True)
    tree.add_usb("2-1.4")

    found = devices(tree.root, DeviceClass.USB)

    assert list(found) == ["2-1.4"]
    assert found["2-1.4"].host == UsbDevice(2, 3, 0x0951, 0x1666)
    assert found["2-1.4"].description == "Maker Stick"
    assert found["2-1.4"].details == {"vendor": "0951", "product": "1666", "serial": "A_1"}


def test_pci_devices_are_found_without_bridges(tree: SysfsTree) -> None:
    tree.add_pci("0000:00:00.0", 0x060000)
    tree.add_pci("0000:00:1f.2")
    tree.add_pci("0001:00:02.0", 0xFF0000)

    found = devices(tree.root, DeviceClass.PCI)

    assert list(found) == ["0001_00_02.0", "00_1f.2"]
    assert found["00_1f.2"].host == PciDevice(domain=0, bus=0, slot=0x1F, function=2)
    assert found["00_1f.2"].description == "Network controller 8086:10d3"
    assert found["00_1f.2"].details["driver"] == "e1000e"
    assert found["0001_00_02.0"].host == PciDevice(1, 0, 2, 0)


def test_devices_that_carry_a_disk_in_use_are_not_offered(tree: SysfsTree) -> None:
    stick = tree.add_usb("2-1.4")
    controller = tree.add_pci("0000:00:1f.2", 0x010000)
    tree.add_disk("sda", on=f"{controller}/ata1")
    tree.add_disk("sdb", on=f"{stick}/host6")
    free = offered(tree)

    tree.mount("sda", "/")
    tree.add_partition("sdb", 1)
    tree.mount("sdb1", "/media/stick")

    assert free == {"sda", "sdb", "2-1.4", "00_1f.2"}
    assert offered(tree) == set()
    assert devices(tree.root, DeviceClass.PCI)["00_1f.2"].in_use == "carries sda, mounted at /"


def test_a_microphone_is_there_where_sound_can_be_recorded(tree: SysfsTree) -> None:
    without = devices(tree.root, DeviceClass.MIC)

    tree.add_microphone()

    assert without == {}
    assert devices(tree.root, DeviceClass.MIC)["mic"].host == Microphone()


def test_files_that_hold_nonsense_leave_the_device_out(tree: SysfsTree) -> None:
    tree.add_disk("sda")
    (tree.root / "sys/block/sda/size").write_bytes(b"many\n")
    tree.add_usb("2-1")
    (tree.root / "sys/bus/usb/devices/2-1/idVendor").write_bytes(b"\xff\xfe")
    tree.add_pci("0000:00:1f.2")
    (tree.root / "sys/bus/pci/devices/0000:00:1f.2/class").unlink()
    tree.add_disk("cciss!c0d0")

    assert offered(tree) == set()


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_any_description_becomes_one_printable_line(untrusted: bytes | str) -> None:
    shown = printable(untrusted)

    assert len(shown) <= 80
    assert shown.isascii()
    assert shown.isprintable() or not shown
    assert shown == shown.strip()
    assert printable(shown) == shown
    assert " " not in word(untrusted)


@given(model=st.binary(min_size=1, max_size=60).filter(lambda text: b"/" not in text and b"\0" not in text))
def test_a_hostile_device_is_still_one_row_of_the_answer(
    tmp_path_factory: pytest.TempPathFactory, model: bytes
) -> None:
    tree = SysfsTree(tmp_path_factory.mktemp("sysfs"))
    tree.add_disk("sda", model=model)
    tree.add_partition("sda", 1, label=model.replace(b"\n", b""))
    tree.add_usb("1-1", product=model)

    for found in (*block(tree).values(), *devices(tree.root, DeviceClass.USB).values()):
        row = codecs.AvailableDevice(found.ident, found.details, found.description)
        assert names.DEVICE_IDENT.matches(found.ident)
        assert codecs.AVAILABLE_ROWS.decode(codecs.AVAILABLE_ROWS.encode([row])) == [row]


def test_events_say_what_went_what_came_and_what_changed(tree: SysfsTree) -> None:
    tree.add_disk("sda")
    tree.add_partition("sda", 1)
    tree.add_disk("sdb")
    before = {DeviceClass.BLOCK: block(tree)}
    tree.remove(DeviceClass.BLOCK, "sda")
    tree.mount("sdb", "/data")
    tree.add_disk("sdc")

    found = [(event.change, event.device.ident) for event in differences(before, {DeviceClass.BLOCK: block(tree)})]

    assert found == [
        (DeviceChange.REMOVED, "sda1"),
        (DeviceChange.REMOVED, "sda"),
        (DeviceChange.CHANGED, "sdb"),
        (DeviceChange.ADDED, "sdc"),
    ]


async def test_available_and_find(tree: SysfsTree) -> None:
    tree.add_disk("sda")
    tree.add_disk("sdb")
    tree.mount("sdb", "/data")
    host: DeviceSource = HostDevices(tree, tree.root)

    assert [device.ident for device in await host.available(DeviceClass.BLOCK)] == ["sda"]
    assert (await host.find(DeviceClass.BLOCK, "sdb")).in_use == "mounted at /data"
    with pytest.raises(DeviceNotFound, match="no block device 'sdx'"):
        await host.find(DeviceClass.BLOCK, "sdx")


async def test_a_listener_is_called_when_devices_are_added_and_removed(tree: SysfsTree) -> None:
    tree.add_disk("sda")

    async with HostDevices(tree, tree.root, rescan_seconds=3600).watch() as events:
        stick = tree.add_usb("2-1.4")
        tree.add_disk("sdb", on=f"{stick}/host6")
        came = [await anext(events), await anext(events)]
        tree.remove(DeviceClass.USB, "2-1.4")
        went = [await anext(events), await anext(events)]

    assert {(event.change, event.device.ident) for event in came} == {
        (DeviceChange.ADDED, "2-1.4"),
        (DeviceChange.ADDED, "sdb"),
    }
    assert {(event.change, event.device.ident) for event in went} == {
        (DeviceChange.REMOVED, "2-1.4"),
        (DeviceChange.REMOVED, "sdb"),
    }
    assert not tree.listened_to


async def test_a_stick_replugged_between_two_scans_is_another_device(tree: SysfsTree) -> None:
    tree.add_usb("2-1", number=7)

    async with HostDevices(tree, tree.root, rescan_seconds=3600).watch() as events:
        tree.remove(DeviceClass.USB, "2-1")
        tree.add_usb("2-1", number=8)
        went, came = await anext(events), await anext(events)

    assert (went.change, went.device.host) == (DeviceChange.REMOVED, UsbDevice(2, 7, 0x0951, 0x1666))
    assert (came.change, came.device.host) == (DeviceChange.ADDED, UsbDevice(2, 8, 0x0951, 0x1666))


async def test_a_device_replugged_without_events_is_reported_as_removed_and_added(tree: SysfsTree) -> None:
    tree.add_disk("sda")
    host = HostDevices(tree, tree.root, rescan_seconds=3600)

    async with host.watch() as events:
        tree.stop()  # no event is sent
        tree.remove(DeviceClass.BLOCK, "sda")
        with pytest.raises(DeviceNotFound):
            await host.find(DeviceClass.BLOCK, "sda")
        tree.add_disk("sda")
        went, came = await anext(events), await anext(events)

    assert [(event.change, event.device.ident) for event in (went, came)] == [
        (DeviceChange.REMOVED, "sda"),
        (DeviceChange.ADDED, "sda"),
    ]


async def test_a_device_replugged_during_the_first_look_is_reported_as_removed_and_added(
    tree: SysfsTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.add_disk("sda")
    host = HostDevices(tree, tree.root, rescan_seconds=3600)
    look = host._snapshot

    async def long_look(classes: Iterable[DeviceClass]) -> Snapshot:
        seen = await look(classes)
        monkeypatch.setattr(host, "_snapshot", look)
        tree.remove(DeviceClass.BLOCK, "sda")
        with pytest.raises(DeviceNotFound):
            await host.find(DeviceClass.BLOCK, "sda")
        tree.add_disk("sda")
        return seen

    monkeypatch.setattr(host, "_snapshot", long_look)
    async with asyncio.timeout(LIMIT), host.watch() as events:
        went, came = await anext(events), await anext(events)

    assert [(event.change, event.device.ident) for event in (went, came)] == [
        (DeviceChange.REMOVED, "sda"),
        (DeviceChange.ADDED, "sda"),
    ]


async def test_a_change_without_an_event_is_found_by_a_scan(tree: SysfsTree) -> None:
    tree.add_disk("sda")

    async with HostDevices(tree, tree.root, rescan_seconds=0.01).watch() as events:
        tree.mount("sda", "/data")
        mounted = await anext(events)
        tree.unmount("sda")
        free = await anext(events)

    assert (mounted.change, mounted.device.in_use) == (DeviceChange.CHANGED, "mounted at /data")
    assert (free.change, free.device.in_use) == (DeviceChange.CHANGED, "")


def test_a_file_that_is_not_there_is_busy_for_its_own_reason(tmp_path: Path) -> None:
    path = str(tmp_path / "absent")

    assert why_busy(path) == Reason("device-not-opened", path, "No such file or directory")
