# SPDX-License-Identifier: GPL-3.0-or-later
"""The live copy of the devices, and what the user does with them, over a whole daemon."""

import asyncio

import pytest
from device_samples import CAMERA, MIC, SDB, STICK, WaitingHypervisor, source
from until import LIMIT, until

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.models.device_catalog import Device, DeviceCatalog, DeviceMark, Doing, Step
from qubesmanager.rules.devices import DeviceKey
from qubesmanager.systems import demo
from qubesmanager.ui.devices.device_feed import DeviceFeed, feed_of
from qubesmanager.ui.devices.device_operations import DeviceOperations
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import TaskState
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import DeviceId, VolumeId
from qubesmanager.wire.values import DeviceClass, PowerState


@pytest.fixture
def operations(session: Session, feed: DeviceFeed) -> DeviceOperations:
    return DeviceOperations(session, limit=LIMIT)


async def ended(session: Session) -> list[tuple[str, str]]:
    """How all tasks ended, once none runs."""
    await until(lambda: session.tasks.entries and not session.tasks.running)
    return [(str(entry.state), entry.detail) for entry in session.tasks.entries]


async def test_all_that_is_offered_is_listed_and_nothing_is_new(catalog: DeviceCatalog, session: Session) -> None:
    expected = {
        (device.device_class, backend, device.ident)
        for backend, devices in demo.DEVICES.items()
        for device in devices
        if not device.in_use
    }
    await until(lambda: set(catalog.devices()) == expected)

    assert not any(device.new for device in catalog.devices().values())
    assert feed_of(session).catalog is catalog


async def test_a_device_is_added_and_removed_by_its_events(catalog: DeviceCatalog, system: System) -> None:
    came: list[tuple[Device, ...]] = []
    went: list[tuple[Device, ...]] = []
    catalog.came.connect(came.append)
    catalog.went.connect(went.append)
    disk = demo._disk("sdx", "Plugged in", 1 << 30)

    source(system, "dom0").plug(disk)
    await until(lambda: came)
    assert [(device.name, device.size, device.new) for device in came[0]] == [("Plugged in", 1 << 30, True)]
    source(system, "dom0").pull(DeviceClass.BLOCK, "sdx")
    await until(lambda: went)

    assert DeviceKey(DeviceClass.BLOCK, "dom0", "sdx") not in catalog.devices()


async def test_a_hub_with_twenty_devices_comes_together(catalog: DeviceCatalog, system: System) -> None:
    came: list[tuple[Device, ...]] = []
    catalog.came.connect(came.append)

    for number in range(20):
        source(system, "sys-usb").plug(demo._usb(f"5-{number}", f"Thing {number}", number, 1, 1, "u080650"))
    await until(lambda: sum(map(len, came)) == 20)

    assert len(came) == 1


async def test_a_volume_of_a_halted_qube_is_offered_as_soon_as_there_is_one(
    catalog: DeviceCatalog, client: Client, system: System
) -> None:
    await system.pools.driver("default").create("spare/data", 1 << 20)
    await client.send(calls.VM_VOLUME_ATTACH("vault", VolumeId("default", "spare/data"), {}))
    await until(lambda: DeviceKey(DeviceClass.BLOCK, "vault", "extra-1") in catalog.devices())


async def test_a_device_is_shown_as_attached_after_its_event(
    operations: DeviceOperations, catalog: DeviceCatalog, session: Session
) -> None:
    operations.attach(catalog.devices()[SDB], "work", {"read-only": "yes"})
    await until(lambda: catalog.devices()[SDB].holder == "work")

    assert await ended(session) == [(TaskState.DONE, "")]
    assert catalog.devices()[SDB].doing is None
    assignment = next(device for device in session.records["work"].devices if device.ident == "sdb")
    assert assignment.options["read-only"] == "yes"


async def test_a_halted_qube_is_started_first(
    operations: DeviceOperations, catalog: DeviceCatalog, session: Session
) -> None:
    operations.attach(catalog.devices()[STICK], "vault", {})
    await until(lambda: catalog.devices()[STICK].holder == "vault")

    assert session.records["vault"].state is PowerState.RUNNING


async def test_assigning_to_a_halted_qube_need_not_start_it(
    operations: DeviceOperations, catalog: DeviceCatalog, session: Session
) -> None:
    operations.attach(catalog.devices()[STICK], "vault", {"persistent": "yes"}, start=False)
    await ended(session)

    assert catalog.devices()[STICK].assigned == ("vault",)
    assert not session.records["vault"].running


async def test_a_device_for_each_start_is_there_once_the_qube_is_started(
    operations: DeviceOperations, catalog: DeviceCatalog, session: Session
) -> None:
    operations.attach(catalog.devices()[MIC], "vault", {"persistent": "yes"})
    assert await ended(session) == [(TaskState.DONE, "")]

    assert catalog.devices()[MIC].holder == "vault"


async def test_a_new_disposable_is_made_for_a_device(
    operations: DeviceOperations, catalog: DeviceCatalog, session: Session
) -> None:
    operations.attach_to_new(catalog.devices()[CAMERA], "default-dvm", {})
    await until(lambda: catalog.devices()[CAMERA].holder)

    assert catalog.devices()[CAMERA].holder == "disp0"
    assert session.records["disp0"].value("template") == "default-dvm"


async def test_a_disposable_whose_device_cannot_be_attached_does_not_stay(
    operations: DeviceOperations, catalog: DeviceCatalog, session: Session, system: System
) -> None:
    device = catalog.devices()[CAMERA]
    source(system, "sys-usb").devices.pop((DeviceClass.USB, "2-1"))  # gone, and the event is not here yet

    operations.attach_to_new(device, "default-dvm", {})
    [(state, _)] = await ended(session)

    assert state == TaskState.FAILED
    await until(lambda: "disp0" not in session.records)


async def test_moving_takes_the_device_from_its_holder(
    operations: DeviceOperations, catalog: DeviceCatalog, session: Session
) -> None:
    operations.attach(catalog.devices()[STICK], "work", {})
    await until(lambda: catalog.devices()[STICK].holder == "work")
    operations.move(catalog.devices()[STICK], "personal", {})
    await until(lambda: catalog.devices()[STICK].holder == "personal")

    assert not any(device.ident == "sda" for device in session.records["work"].devices)


async def test_detach_and_shut_down_does_both(
    operations: DeviceOperations, catalog: DeviceCatalog, session: Session
) -> None:
    operations.attach(catalog.devices()[STICK], "work", {})
    await until(lambda: catalog.devices()[STICK].holder == "work")
    operations.detach_and_shut_down(catalog.devices()[STICK], "work")
    await until(lambda: session.records["work"].state is PowerState.HALTED)

    assert catalog.devices()[STICK].holder == ""


async def test_a_refusal_is_shown_with_its_reason_and_can_be_tried_again(
    operations: DeviceOperations, catalog: DeviceCatalog, session: Session, client: Client
) -> None:
    stale = catalog.devices()[STICK]
    await client.send(calls.VM_DEVICE_ATTACH.of(DeviceClass.BLOCK)("personal", DeviceId("sys-usb", "sda"), {}))
    operations.attach(stale, "work", {"read-only": "yes"})
    await ended(session)
    failed = catalog.devices()[STICK].doing
    assert failed is not None
    assert failed.step is Step.FAILED
    assert "personal" in failed.why

    await client.send(calls.VM_DEVICE_DETACH.of(DeviceClass.BLOCK)("personal", DeviceId("sys-usb", "sda")))
    operations.retry(catalog.devices()[STICK])
    await until(lambda: catalog.devices()[STICK].holder == "work")

    assert session.records["work"].devices[-1].options["read-only"] == "yes"
    await until(lambda: catalog.devices()[STICK].doing is None)


async def test_an_attach_that_is_not_confirmed_in_time_has_failed(feed: DeviceFeed, session: Session) -> None:
    operations = DeviceOperations(session, limit=1)
    for task in asyncio.all_tasks():
        if task.get_name() == "Follow the system":
            task.cancel()  # from here on no event arrives

    operations.attach(feed.catalog.devices()[STICK], "work", {})
    [(state, why)] = await ended(session)

    assert state == TaskState.FAILED
    assert feed.catalog.devices()[STICK].doing == Doing(Step.FAILED, "work", why)
    assert "did not confirm the change of work within 1 second" in why


async def test_a_device_pulled_while_it_is_attached_is_in_the_end_nowhere(
    operations: DeviceOperations,
    catalog: DeviceCatalog,
    session: Session,
    system: System,
    hypervisor: WaitingHypervisor,
) -> None:
    failed: list[Device] = []
    catalog.failed.connect(failed.append)
    hypervisor.open_for_disks.clear()

    operations.attach(catalog.devices()[STICK], "work", {})
    await hypervisor.asked.wait()
    source(system, "sys-usb").pull(DeviceClass.BLOCK, "sda")
    await until(lambda: STICK not in catalog.devices())
    hypervisor.open_for_disks.set()
    [(state, why)] = await ended(session)

    assert state == TaskState.FAILED
    assert "removed" in why
    assert [(device.name, device.doing and device.doing.why) for device in failed] == [("Example USB Stick", why)]
    assert STICK not in catalog.devices()

    assert not any(device.ident == "sda" for device in session.records["work"].devices)


async def test_a_nickname_is_kept_for_the_next_session(feed: DeviceFeed, session: Session) -> None:
    feed.set_mark(feed.catalog.devices()[STICK], DeviceMark("my stick", True))
    again = DeviceFeed(session)
    await until(lambda: STICK in again.catalog.devices())

    assert again.catalog.devices()[STICK].name == "my stick"
    feed.set_mark(feed.catalog.devices()[STICK], DeviceMark())

    assert feed.catalog.devices()[STICK].name == "Example USB Stick"


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"a": 1}', '{"a": [[], 2]}', "[" * 100_000])
async def test_invalid_remembered_devices_are_ignored(session: Session, kept: str) -> None:
    session.settings.setValue("devices/marks", kept)

    assert DeviceFeed(session).catalog.devices() == {}
