# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices over the calls: a tree of files is the machine, the fake hypervisor for its guests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from demo_fixtures import populate
from fakes_hypervisor import FakeHost, FakeHypervisor
from hypothesis import given
from hypothesis import strategies as st
from sysfs_tree import SysfsTree
from until import LIMIT, until

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.drivers.devices.base import DeviceInfo, UsbDevice
from qubesmanager.daemon.local.drivers.devices.host import HostDevices
from qubesmanager.daemon.local.drivers.devices.memory import MemoryDevices
from qubesmanager.daemon.local.drivers.hypervisor.base import DiskSpec
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.rules.devices import checked_options
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CloneSpec, CreateSpec, DeviceId, DeviceRow, VolumeId
from qubesmanager.wire.errors import (
    DeviceAlreadyAttached,
    DeviceNotAssigned,
    DeviceNotFound,
    Mgmt1Error,
    ProtocolError,
    QubesPropertyValueError,
    QubesValueError,
    QubesVMInUseError,
    QubesVMNotFoundError,
    QubesVMNotHaltedError,
    QubesVMNotRunningError,
    StoragePoolException,
)
from qubesmanager.wire.event import Event
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import DeviceClass, PowerState

BLOCK, USB, PCI, MIC = DeviceClass.BLOCK, DeviceClass.USB, DeviceClass.PCI, DeviceClass.MIC
ATTACH, DETACH = calls.VM_DEVICE_ATTACH, calls.VM_DEVICE_DETACH
LIST, AVAILABLE = calls.VM_DEVICE_LIST, calls.VM_DEVICE_AVAILABLE
DISK = DeviceId("dom0", "sdb")


@pytest.fixture
def machine(tmp_path: Path) -> SysfsTree:
    """A disk with a partition, another that is mounted, a stick and a network card."""
    tree = SysfsTree(tmp_path / "machine")
    tree.add_disk("sdb", model=b"\x1b[31mPort\xc3\xa4ble <b>SSD</b>\n")
    tree.add_partition("sdb", 1)
    tree.add_disk("sda")
    tree.mount("sda", "/")
    tree.add_usb("2-1", b"Stick")
    tree.add_pci("0000:02:00.0", 0x028000)
    return tree


def disks(hypervisor: FakeHypervisor, system: System, name: str) -> dict[str, DiskSpec]:
    """By target: what the guest has beside its own volumes."""
    spec = hypervisor.host.domains[system.runtime.state.qube(name).uuid].spec
    return {disk.target: disk for disk in spec.disks if disk.target not in {"xvda", "xvdb", "xvdc"}}


async def record(client: Client, name: str) -> VmRecord:
    return await client.send(calls.VM_GET_ALL("dom0", name))


async def test_devices_of_dom0_are_listed_as_plain_text_without_those_in_use(client: Client) -> None:
    rows = await client.send(AVAILABLE.of(BLOCK)("dom0"))

    assert [row.ident for row in rows] == ["sdb", "sdb1"]
    assert rows[0].description.isascii()
    assert rows[0].description.isprintable()
    assert rows[1].details["parent"] == "sdb"
    assert [row.ident for row in await client.send(AVAILABLE.of(BLOCK)("dom0", "sdb1"))] == ["sdb1"]
    assert await client.send(AVAILABLE.of(BLOCK)("vault")) == []


async def test_an_attached_disk_is_in_the_guest_in_the_record_and_in_the_list(
    client: Client, system: System, hypervisor: FakeHypervisor
) -> None:

    await client.send(ATTACH.of(BLOCK)("work", DISK, {"read-only": "yes"}))

    (disk,) = disks(hypervisor, system, "work").values()
    assert (disk.path, disk.serial, disk.read_only, disk.is_device) == (Path("/dev/sdb"), "sdb", True, True)
    (device,) = (await record(client, "work")).devices
    assert (device.backend, device.ident, device.attached, device.persistent) == ("dom0", "sdb", True, False)
    assert await client.send(LIST.of(BLOCK)("work")) == [DeviceRow(DISK, device.options)]
    assert await client.send(LIST.of(BLOCK)("work", DeviceId("dom0", "sdz"))) == []
    assert await client.send(LIST.of(USB)("work")) == []

    await client.send(DETACH.of(BLOCK)("work", DISK))

    assert disks(hypervisor, system, "work") == {}
    assert (await record(client, "work")).devices == ()


async def test_a_device_that_another_qube_has_names_it(client: Client) -> None:
    await client.send(ATTACH.of(BLOCK)("work", DISK, {}))

    with pytest.raises(DeviceAlreadyAttached, match=r"attached to work\.$"):
        await client.send(ATTACH.of(BLOCK)("personal", DISK, {}))
    with pytest.raises(DeviceAlreadyAttached, match="already attached to work"):
        await client.send(ATTACH.of(BLOCK)("work", DISK, {}))


async def test_a_disk_and_its_partition_are_not_in_two_qubes(client: Client) -> None:
    await client.send(ATTACH.of(BLOCK)("work", DeviceId("dom0", "sdb1"), {}))

    with pytest.raises(DeviceAlreadyAttached, match=r"sdb1 is attached to work"):
        await client.send(ATTACH.of(BLOCK)("personal", DISK, {}))
    await client.send(DETACH.of(BLOCK)("work", DeviceId("dom0", "sdb1")))
    await client.send(ATTACH.of(BLOCK)("work", DISK, {}))
    with pytest.raises(DeviceAlreadyAttached, match=r"sdb is attached to work"):
        await client.send(ATTACH.of(BLOCK)("personal", DeviceId("dom0", "sdb1"), {}))


async def test_devices_in_use_by_the_machine_are_not_attached(client: Client) -> None:
    with pytest.raises(DeviceAlreadyAttached, match="mounted at /"):
        await client.send(ATTACH.of(BLOCK)("work", DeviceId("dom0", "sda"), {}))


@pytest.mark.parametrize(
    ("name", "device_class", "device", "options", "error"),
    [
        ("work", BLOCK, DeviceId("dom0", "nothing"), {}, DeviceNotFound),
        ("work", USB, DeviceId("vault", "2-1"), {}, DeviceNotFound),
        ("work", BLOCK, DeviceId("nobody", "sdb"), {}, QubesVMNotFoundError),
        ("vault", BLOCK, DISK, {}, QubesVMNotRunningError),
        ("dom0", BLOCK, DISK, {}, ProtocolError),
        ("work", BLOCK, DISK, {"color": "red"}, ProtocolError),
        ("work", BLOCK, DISK, {"read-only": "maybe"}, QubesValueError),
        ("work", BLOCK, DISK, {"frontend-dev": "xvda"}, QubesValueError),
        ("work", USB, DeviceId("dom0", "2-1"), {"read-only": "yes"}, ProtocolError),
        ("work", PCI, DeviceId("dom0", "02_00.0"), {"persistent": "yes"}, QubesVMInUseError),
    ],
)
async def test_a_refused_attach_changes_nothing(
    client: Client, name: str, device_class: DeviceClass, device: DeviceId, options: dict[str, str], error: type
) -> None:
    before = await record(client, name)

    with pytest.raises(error):
        await client.send(ATTACH.of(device_class)(name, device, options))

    assert await record(client, name) == before


async def test_an_attach_that_the_hypervisor_refuses_leaves_no_trace(
    client: Client, system: System, hypervisor: FakeHypervisor
) -> None:
    await client.send(ATTACH.of(BLOCK)("work", DeviceId("dom0", "sdb1"), {"frontend-dev": "xvde"}))
    with pytest.raises(DeviceAlreadyAttached, match="as xvde"):
        await client.send(ATTACH.of(BLOCK)("work", DISK, {"frontend-dev": "xvde"}))
    await client.send(DETACH.of(BLOCK)("work", DeviceId("dom0", "sdb1")))
    hypervisor.host.domains[system.runtime.state.qube("work").uuid].spec = replace(
        hypervisor.host.domains[system.runtime.state.qube("work").uuid].spec,
        disks=(DiskSpec("xvde", Path("/elsewhere")),),
    )

    with pytest.raises(Mgmt1Error, match="is taken"):
        await client.send(ATTACH.of(BLOCK)("work", DISK, {"frontend-dev": "xvde"}))

    assert (await record(client, "work")).devices == ()
    assert await system.runtime.store.read("SELECT * FROM device WHERE ident = 'sdb'") == []
    await client.send(ATTACH.of(BLOCK)("personal", DISK, {}))


async def test_a_persistent_disk_comes_at_each_start_at_its_place(
    client: Client, system: System, hypervisor: FakeHypervisor
) -> None:
    await client.send(ATTACH.of(BLOCK)("vault", DISK, {"persistent": "yes"}))
    (device,) = (await record(client, "vault")).devices
    assert (device.attached, device.persistent) == (False, True)

    for _ in range(2):
        await client.send(calls.VM_START("vault"))
        assert list(disks(hypervisor, system, "vault")) == [device.options["frontend-dev"]]
        assert (await record(client, "vault")).devices == (device._replace(attached=True),)
        await client.send(calls.VM_SHUTDOWN("vault"))
        assert (await record(client, "vault")).devices == (device,)

    await client.send(DETACH.of(BLOCK)("vault", DISK))
    assert (await record(client, "vault")).devices == ()
    with pytest.raises(DeviceNotAssigned):
        await client.send(DETACH.of(BLOCK)("vault", DISK))


async def test_an_attached_device_can_be_assigned_too(client: Client) -> None:
    await client.send(ATTACH.of(BLOCK)("work", DISK, {"read-only": "yes"}))
    await client.send(ATTACH.of(BLOCK)("work", DISK, {"persistent": "yes"}))

    (device,) = (await record(client, "work")).devices
    assert device.attached
    assert device.persistent
    assert device.options["read-only"] == "yes"


async def test_a_start_names_the_qube_that_has_the_assigned_device_and_undoes_all_steps(
    client: Client, system: System, hypervisor: FakeHypervisor
) -> None:
    await client.send(ATTACH.of(BLOCK)("vault", DISK, {"persistent": "yes"}))
    await client.send(ATTACH.of(BLOCK)("work", DISK, {}))

    with pytest.raises(DeviceAlreadyAttached, match="work"):
        await client.send(calls.VM_START("vault"))

    assert system.runtime.state.qube("vault").state is PowerState.HALTED
    await client.send(DETACH.of(BLOCK)("work", DISK))
    hypervisor.start_errors[system.runtime.state.qube("vault").uuid] = Mgmt1Error("no memory")
    with pytest.raises(Mgmt1Error, match="no memory"):
        await client.send(calls.VM_START("vault"))
    assert not any(device.attached for device in (await record(client, "vault")).devices)
    await client.send(ATTACH.of(BLOCK)("work", DISK, {}))


async def test_an_assigned_stick_that_is_missing_does_not_keep_the_qube_from_starting(
    client: Client, machine: SysfsTree
) -> None:
    stick = DeviceId("dom0", "2-1")
    await client.send(ATTACH.of(USB)("vault", stick, {"persistent": "yes"}))
    machine.remove(USB, "2-1")

    await client.send(calls.VM_START("vault"))

    (device,) = (await record(client, "vault")).devices
    assert not device.attached

    # It is plugged in while the qube runs, and comes to it.
    async with aclosing(client.events()) as events:
        await anext(events)
        machine.add_usb("2-1", b"Stick")
        await first_of_each(events, "device-attach")
    assert (await record(client, "vault")).devices[0].attached


async def test_a_replugged_stick_is_attached_again_to_the_qube_it_is_assigned_to(
    client: Client, system: System, hypervisor: FakeHypervisor, machine: SysfsTree
) -> None:
    machine.add_usb("2-2")
    await client.send(ATTACH.of(USB)("work", DeviceId("dom0", "2-1"), {"persistent": "yes"}))
    await client.send(ATTACH.of(USB)("work", DeviceId("dom0", "2-2"), {}))

    async with aclosing(client.events()) as events:
        await anext(events)
        for stick in ("2-1", "2-2"):
            machine.remove(USB, stick)
            machine.add_usb(stick, number=30)
        await first_of_each(events, "device-attach")
        while len((await record(client, "work")).devices) > 1:  # the other stick's removal is not noticed yet
            await anext(events)

    (kept,) = (await record(client, "work")).devices
    assert (kept.ident, kept.attached) == ("2-1", True)
    hosts = hypervisor.host.domains[system.runtime.state.qube("work").uuid].spec.devices
    assert [host.device for host in hosts if isinstance(host, UsbDevice)] == [30]


async def test_a_missing_controller_does(client: Client, system: System, machine: SysfsTree) -> None:
    await client.send(calls.VM_PROPERTY_SET("vault", "maxmem", "0"))
    await client.send(ATTACH.of(PCI)("vault", DeviceId("dom0", "02_00.0"), {"persistent": "yes"}))
    with pytest.raises(QubesPropertyValueError, match="balanced"):
        await client.send(calls.VM_PROPERTY_SET("vault", "maxmem", "4000"))
    machine.remove(PCI, "0000:02:00.0")
    await until(lambda: not any(device.attached for device in system.runtime.state.qube("sys-net").devices))

    with pytest.raises(DeviceNotFound):
        await client.send(calls.VM_START("vault"))
    assert (await record(client, "vault")).state is PowerState.HALTED


async def test_an_unplugged_device_is_detached_and_reported(
    client: Client, system: System, hypervisor: FakeHypervisor, machine: SysfsTree
) -> None:
    stick = DeviceId("dom0", "2-1")
    await client.send(ATTACH.of(USB)("work", stick, {}))
    uuid = system.runtime.state.qube("work").uuid
    assert hypervisor.host.domains[uuid].spec.devices != ()

    async with aclosing(client.events()) as events:
        await anext(events)
        machine.remove(USB, "2-1")
        seen = await first_of_each(events, "device-list-change", "device-detach")

    assert [event.name for event in seen] == ["device-list-change:usb", "device-detach:usb"]
    assert seen[0].fields["change"] == "removed"
    assert (seen[1].subject, seen[1].fields["ident"]) == ("work", "2-1")
    assert hypervisor.host.domains[uuid].spec.devices == ()
    assert (await record(client, "work")).devices == ()


async def first_of_each(events: AsyncIterator[list[Event]], *kinds: str) -> list[Event]:
    """The first event of each kind, in that order."""
    found: list[Event] = []
    async with asyncio.timeout(LIMIT):
        async for batch in events:
            for event in batch:
                if event.name.partition(":")[0] == kinds[len(found)]:
                    found.append(event)
                if len(found) == len(kinds):
                    return found
    raise AssertionError("the events ended")


async def test_a_device_that_is_pulled_while_it_is_attached_is_not_attached(
    client: Client, system: System, hypervisor: FakeHypervisor, machine: SysfsTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach = hypervisor.attach_device

    async def slow(uuid: UUID, device: UsbDevice) -> None:
        await attach(uuid, device)
        machine.remove(USB, "2-1")
        await first_of_each(events, "device-list-change")

    async with aclosing(client.events()) as events:
        await anext(events)
        monkeypatch.setattr(hypervisor, "attach_device", slow)
        with pytest.raises(DeviceNotFound, match="while it was being attached"):
            await client.send(ATTACH.of(USB)("work", DeviceId("dom0", "2-1"), {}))

    assert hypervisor.host.domains[system.runtime.state.qube("work").uuid].spec.devices == ()
    assert (await record(client, "work")).devices == ()
    assert await system.runtime.store.read("SELECT * FROM device WHERE ident = '2-1'") == []


async def test_the_microphone_is_one_device_by_two_names(client: Client, machine: SysfsTree) -> None:
    machine.add_microphone()

    with pytest.raises(QubesVMNotRunningError, match="next start"):
        await client.send(calls.VM_MICROPHONE_ATTACH("work"))
    await client.send(ATTACH.of(MIC)("work", DeviceId("dom0", "mic"), {"persistent": "yes"}))
    (device,) = (await record(client, "work")).devices
    assert not device.attached
    await client.send(calls.VM_SHUTDOWN("work"))
    await client.send(calls.VM_START("work"))
    assert (await record(client, "work")).devices[0].attached
    await client.send(calls.VM_SHUTDOWN("work"))
    await client.send(calls.VM_MICROPHONE_DETACH("work"))
    assert (await record(client, "work")).devices == ()


async def test_a_halted_qube_offers_its_extra_volumes(
    client: Client, system: System, hypervisor: FakeHypervisor
) -> None:
    await system.pools.driver("default").create("spare/data", 8 << 20)
    name = await client.send(calls.VM_VOLUME_ATTACH("vault", VolumeId("default", "spare/data"), {}))
    (offered,) = await client.send(AVAILABLE.of(BLOCK)("vault"))
    assert offered.ident == name

    await client.send(ATTACH.of(BLOCK)("work", DeviceId("vault", name), {}))

    (disk,) = disks(hypervisor, system, "work").values()
    assert (disk.serial, disk.is_device) == (f"vault.{name}", False)
    for refused in (
        calls.VM_START("vault"),
        calls.VM_CLONE("vault", None, CloneSpec("copy", None)),
    ):
        with pytest.raises(QubesVMInUseError, match="attached to work"):
            await client.send(refused)
    with pytest.raises(StoragePoolException, match="attached to work"):
        await client.send(calls.VM_VOLUME_DETACH("vault", name))
    with pytest.raises(StoragePoolException, match="attached to work"):
        await client.send(calls.VM_VOLUME_CLEAR("vault", name))

    await client.send(calls.VM_SHUTDOWN("work"))
    await client.send(calls.VM_START("vault"))
    with pytest.raises(QubesVMNotHaltedError):
        await client.send(ATTACH.of(BLOCK)("personal", DeviceId("vault", name), {}))


async def test_a_qube_whose_device_is_assigned_is_not_removed_and_takes_it_along_when_renamed(
    client: Client, system: System
) -> None:
    stick = DeviceInfo(USB, "5-1", "Stick", UsbDevice(5, 2, 1, 2))
    await client.send(calls.VM_CREATE("dom0", "AppVM", CreateSpec("usb", "red")))
    plugged = MemoryDevices()
    system.devices.offer(system.runtime.state.qube("usb"), plugged)
    plugged.plug(stick)
    await client.send(ATTACH.of(USB)("vault", DeviceId("usb", "5-1"), {"persistent": "yes"}))

    with pytest.raises(QubesVMInUseError, match="vault"):
        await client.send(calls.VM_REMOVE("usb"))
    await client.send(calls.VM_PROPERTY_SET("usb", "name", "usb2"))

    assert (await record(client, "vault")).devices[0].backend == "usb2"
    await client.send(calls.VM_START("usb2"))
    await client.send(calls.VM_START("vault"))
    assert (await record(client, "vault")).devices[0].attached


async def test_a_daemon_that_was_killed_knows_what_its_qubes_have(
    tmp_path: Path, machine: SysfsTree, hypervisor: FakeHypervisor
) -> None:
    host = FakeHost()
    first = await open_system(tmp_path / "again", FakeHypervisor(host))
    await populate(first)
    first.devices.offer(first.runtime.state.qube("dom0"), HostDevices(machine, machine.root))
    client = Client(MemoryTransport(Dispatcher(LocalBackend(first)).answer))
    await client.send(ATTACH.of(BLOCK)("work", DISK, {}))
    await client.send(ATTACH.of(USB)("work", DeviceId("dom0", "2-1"), {}))
    await first.runtime.close()
    # Meanwhile the guest lost its stick.
    domain = host.domains[first.runtime.state.qube("work").uuid]
    domain.spec = replace(domain.spec, devices=())

    second = await open_system(tmp_path / "again", FakeHypervisor(host), devices=HostDevices(machine, machine.root))
    try:
        assert [(device.ident, device.attached) for device in second.runtime.state.qube("work").devices] == [
            ("sdb", True)
        ]
        await second.lifecycle.kill("work")
        assert second.runtime.state.qube("work").devices == []
    finally:
        await second.runtime.close()


@given(
    st.sampled_from(DeviceClass),
    st.dictionaries(
        st.sampled_from(["persistent", "read-only", "frontend-dev", "devtype", "no-strict-reset"]), st.text()
    ),
)
def test_options_are_taken_or_refused_by_name(device_class: DeviceClass, options: dict[str, str]) -> None:
    try:
        checked = checked_options(device_class, options)
    except (ProtocolError, QubesValueError):
        return
    assert checked.items() <= options.items()
    assert checked_options(device_class, checked) == checked


# -- a backend that is another qube -----------------------------------------------------------------------------------

STICK = DeviceId("sys-usb", "sda")


def disks_of(system: System, hypervisor: FakeHypervisor, name: str) -> set[str]:
    return {disk.target for disk in hypervisor.host.domains[system.runtime.state.qube(name).uuid].spec.disks}


async def test_a_backend_whose_devices_others_have_is_not_shut_down(client: Client, system: System) -> None:
    await client.send(ATTACH.of(BLOCK)("work", STICK, {}))

    with pytest.raises(QubesVMInUseError, match=r"Other qubes use devices of sys-usb: sda \(work\)"):
        await client.send(calls.VM_SHUTDOWN("sys-usb"))

    assert system.runtime.state.qube("sys-usb").state is PowerState.RUNNING
    await client.send(DETACH.of(BLOCK)("work", STICK))
    await client.send(calls.VM_SHUTDOWN("sys-usb"))


async def test_killing_a_backend_detaches_its_devices_from_their_qubes(
    client: Client, system: System, hypervisor: FakeHypervisor
) -> None:
    before = disks_of(system, hypervisor, "work")
    await client.send(ATTACH.of(BLOCK)("work", STICK, {}))
    async with aclosing(client.events()) as events:
        await anext(events)
        await client.send(calls.VM_KILL("sys-usb"))
        seen = await first_of_each(events, "device-list-change", "device-detach")

    assert ("work", "device-detach:block") in {(event.subject, event.name) for event in seen}
    assert await client.send(LIST.of(BLOCK)("work")) == []
    assert await client.send(AVAILABLE.of(BLOCK)("sys-usb")) == []
    assert disks_of(system, hypervisor, "work") == before


async def test_a_device_of_a_halted_backend_is_not_attached(client: Client) -> None:
    await client.send(calls.VM_KILL("sys-usb"))

    with pytest.raises(DeviceNotFound, match="sys-usb is Halted; its devices are available only while it runs"):
        await client.send(ATTACH.of(BLOCK)("work", STICK, {}))
    assert await client.send(LIST.of(BLOCK)("work")) == []


async def test_an_assigned_device_of_a_backend_that_was_killed_comes_back_with_it(
    client: Client, system: System, hypervisor: FakeHypervisor
) -> None:
    before = disks_of(system, hypervisor, "work")
    await client.send(ATTACH.of(BLOCK)("work", STICK, {"persistent": "yes"}))
    await client.send(calls.VM_KILL("sys-usb"))
    await until(lambda: not any(device.attached for device in system.runtime.state.qube("work").devices))
    await client.send(calls.VM_SHUTDOWN("work"))

    await client.send(calls.VM_START("work"))
    assert disks_of(system, hypervisor, "work") == before

    await client.send(DETACH.of(PCI)("sys-usb", DeviceId("dom0", "00_14.0")))  # this machine has none
    await client.send(calls.VM_START("sys-usb"))
    await until(lambda: any(device.attached for device in system.runtime.state.qube("work").devices))
    assert len(disks_of(system, hypervisor, "work")) == len(before) + 1
