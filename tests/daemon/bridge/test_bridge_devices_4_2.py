# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of a qubesd of Qubes 4.2: the calls of later releases get no answer, and the older ones do it."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
from bridge_fixtures import Failing, bridged, client_of, over
from qubesd_model import RELEASES, Faulty, Model
from until import error_of, until_equal

from qubesmanager.client.client import Client
from qubesmanager.daemon.bridge.backend import BridgeBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.base import Answer, Payload
from qubesmanager.wire import calls, events
from qubesmanager.wire.codecs import DeviceId
from qubesmanager.wire.errors import (
    DeviceNotAssigned,
    QubesNotImplementedError,
    QubesValueError,
    QubesVMNotFoundError,
    QubesVMNotRunningError,
)
from qubesmanager.wire.values import DeviceChange, DeviceClass

BLOCK, USB = DeviceClass.BLOCK, DeviceClass.USB
STICK = DeviceId("sys-usb", "sda")
LATER = ("Assigned", "Attached", "Assign", "Unassign", "Set.assignment")


class Older(Failing):
    """A qubesd without the calls of Qubes 4.3."""

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        if service.startswith("admin.vm.device.") and service.endswith(tuple(f".{name}" for name in LATER)):
            return
        async for piece in super().exchange(service, argument, dest, payload):
            yield piece


@pytest.fixture
async def older(system: System) -> AsyncIterator[BridgeBackend]:
    async with over(Older(bridged(system))) as backend:
        await backend.bridge.mirror.settled()
        yield backend


def devices_of(system: System, name: str) -> list[tuple[bool, bool]]:
    """Whether each device is attached, and whether it is assigned."""
    devices = system.runtime.state.qube(name).record().devices
    return [(device.attached, device.persistent) for device in devices if device.device_class == BLOCK]


def persistent_of(backend: BridgeBackend, name: str) -> list[bool]:
    return [device.persistent for device in backend.bridge.mirror.records[name].devices]


async def test_devices_are_attached_and_detached(system: System, older: BridgeBackend) -> None:
    client = client_of(older)

    await client.send(calls.VM_DEVICE_ATTACH.of(BLOCK)("work", STICK, {"read-only": "yes"}))
    assert devices_of(system, "work") == [(True, False)]
    [row] = await client.send(calls.VM_DEVICE_LIST.of(BLOCK)("work"))
    assert (row.device, row.options["read-only"]) == (STICK, "yes")
    assert [row.device for row in await client.send(calls.VM_DEVICE_ATTACHED.of(BLOCK)("work"))] == [STICK]
    assert await client.send(calls.VM_DEVICE_ASSIGNED.of(BLOCK)("work")) == []
    await client.send(calls.VM_DEVICE_DETACH.of(BLOCK)("work", STICK))
    assert devices_of(system, "work") == []
    assert isinstance(await error_of(client.send(calls.VM_DEVICE_DETACH.of(BLOCK)("work", STICK))), DeviceNotAssigned)


async def test_an_attachment_persists_until_it_is_detached(
    system: System, client: Client, older: BridgeBackend
) -> None:
    bridge = client_of(older)
    for name in ("work", "vault"):
        await bridge.send(calls.VM_DEVICE_ATTACH.of(BLOCK)(name, STICK, {"persistent": "yes"}))
        assert devices_of(system, name) == [(name == "work", True)]
        assert [row.device for row in await bridge.send(calls.VM_DEVICE_ASSIGNED.of(BLOCK)(name))] == [STICK]
        await until_equal(partial(persistent_of, older, name), [True])
        await bridge.send(calls.VM_DEVICE_DETACH.of(BLOCK)(name, STICK))
        assert devices_of(system, name) == []


async def test_an_assignment_is_a_persistent_attachment(system: System, older: BridgeBackend) -> None:
    client = client_of(older)

    await client.send(calls.VM_DEVICE_ASSIGN.of(BLOCK)("vault", STICK, {}))
    assert devices_of(system, "vault") == [(False, True)]
    await client.send(calls.VM_DEVICE_UNASSIGN.of(BLOCK)("vault", STICK, {}))
    assert devices_of(system, "vault") == []
    await client.send(calls.VM_DEVICE_ATTACH.of(BLOCK)("work", STICK, {}))
    await client.send(calls.VM_DEVICE_ASSIGN.of(BLOCK)("work", STICK, {}))
    assert devices_of(system, "work") == [(True, True)]
    await client.send(calls.VM_DEVICE_UNASSIGN.of(BLOCK)("work", STICK, {}))
    assert devices_of(system, "work") == [(True, False)]


async def test_what_does_not_exist_there_is_refused(older: BridgeBackend) -> None:
    client = client_of(older)
    for request in (
        calls.VM_DEVICE_ASSIGN.of(BLOCK)("vault", STICK, {"mode": "ask-to-attach"}),
        calls.VM_DEVICE_ASSIGN.of(BLOCK)("work", STICK, {}),
        calls.VM_DEVICE_SET_ASSIGNMENT.of(BLOCK)("vault", STICK, {"mode": "required"}),
    ):
        assert isinstance(await error_of(client.send(request)), QubesNotImplementedError), request.service


async def test_a_renamed_qube_keeps_its_assignments(system: System, older: BridgeBackend) -> None:
    client = client_of(older)
    await client.send(calls.VM_DEVICE_ATTACH.of(BLOCK)("vault", STICK, {"persistent": "yes", "read-only": "yes"}))
    await until_equal(partial(persistent_of, older, "vault"), [True])

    await client.send(calls.VM_PROPERTY_SET("vault", "name", "safe"))

    [device] = system.runtime.state.qube("safe").record().devices
    assert (device.persistent, device.options["read-only"]) == (True, "yes")


# -- a qubesd of that release -----------------------------------------------------------------------------------------

DISK = DeviceId("sys-net", "sda")
OFFERED = {
    "sda": "size=15502147584 device_node=/dev/sda mode=w description=DataTraveler 3.0 (a = b)",
    "sr0": "mode=r device_node=/dev/sr0 size=None description=",
}


class Old:
    """A qubesd of an older release, a bridge to it, and a client of the bridge."""

    def __init__(self, qubesd: Faulty, backend: BridgeBackend) -> None:
        self.qubesd, self.mirror, self.client = qubesd, backend.bridge.mirror, client_of(backend)
        self.model = qubesd.model

    def kept(self, name: str) -> list[tuple[str, bool, bool]]:
        """The devices as qubesd has them: options, whether it persists, whether it is attached."""
        qube = self.model.qubes[name]
        return [
            (" ".join(f"{k}={v}" for k, v in h.options.items()), h.persistent, h.attached) for h in qube.has.values()
        ]

    def shown(self, name: str) -> list[tuple[bool, bool]]:
        return [(device.attached, device.persistent) for device in self.mirror.records[name].devices]


@pytest.fixture(params=["4.1", "4.2"])
async def old(request: pytest.FixtureRequest) -> AsyncIterator[Old]:
    model = Model(5, RELEASES[request.param])
    model.qubes["sys-net"].offers["block"] = dict(OFFERED)
    model.qubes["app-0000"].state = "Running"
    qubesd = Faulty(model)
    async with over(qubesd) as backend:
        await backend.bridge.mirror.settled()
        yield Old(qubesd, backend)


async def test_offered_devices_are_read_in_the_form_of_that_release(old: Old) -> None:
    disk, cdrom = await old.client.send(calls.VM_DEVICE_AVAILABLE.of(BLOCK)("sys-net"))

    assert (disk.ident, disk.description) == ("sda", "DataTraveler 3.0 (a = b)")
    assert disk.details == {"size": "15502147584", "device_node": "/dev/sda", "mode": "w"}
    assert (cdrom.ident, cdrom.description, cdrom.details["mode"]) == ("sr0", "", "r")
    [only] = await old.client.send(calls.VM_DEVICE_AVAILABLE.of(BLOCK)("sys-net", "sr0"))
    assert only == cdrom
    assert await old.client.send(calls.VM_DEVICE_AVAILABLE.of(USB)("sys-net")) == []


async def test_attach_and_detach_of_a_running_qube(old: Old) -> None:
    await old.client.send(calls.VM_DEVICE_ATTACH.of(BLOCK)("app-0000", DISK, {"read-only": "yes"}))
    assert old.kept("app-0000") == [("read-only=yes", False, True)]
    await until_equal(lambda: old.shown("app-0000"), [(True, False)])

    await old.client.send(calls.VM_DEVICE_DETACH.of(BLOCK)("app-0000", DISK))
    assert old.kept("app-0000") == []
    await until_equal(lambda: old.shown("app-0000"), [])


@pytest.mark.parametrize("name", ["app-0000", "sys-firewall", "fedora-41"])
async def test_a_persistent_attachment_is_one_call_and_is_ended_first(old: Old, name: str) -> None:
    running = old.model.qubes[name].state == "Running"

    await old.client.send(calls.VM_DEVICE_ATTACH.of(BLOCK)(name, DISK, {"persistent": "yes", "read-only": "yes"}))
    assert old.kept(name) == [("read-only=yes", True, running)]
    await until_equal(lambda: old.shown(name), [(running, True)])

    await old.client.send(calls.VM_DEVICE_DETACH.of(BLOCK)(name, DISK))
    assert old.kept(name) == []
    await until_equal(lambda: old.shown(name), [])


async def test_an_attached_device_is_assigned_and_no_longer_assigned(old: Old) -> None:
    await old.client.send(calls.VM_DEVICE_ATTACH.of(BLOCK)("app-0000", DISK, {}))
    await old.client.send(calls.VM_DEVICE_ASSIGN.of(BLOCK)("app-0000", DISK, {}))
    assert old.kept("app-0000") == [("", True, True)]
    await until_equal(lambda: old.shown("app-0000"), [(True, True)])

    await old.client.send(calls.VM_DEVICE_UNASSIGN.of(BLOCK)("app-0000", DISK, {}))
    assert old.kept("app-0000") == [("", False, True)]
    await until_equal(lambda: old.shown("app-0000"), [(True, False)])


async def test_refusals_change_nothing(old: Old) -> None:
    attach = calls.VM_DEVICE_ATTACH.of(BLOCK)
    nowhere = await error_of(old.client.send(attach("app-0000", DeviceId("nosuch", "sda"), {})))
    halted = await error_of(old.client.send(attach("fedora-41", DISK, {})))
    unknown = await error_of(old.client.send(attach("app-0000", DISK, {"bogus": "yes"})))

    assert isinstance(nowhere, QubesVMNotFoundError)
    assert isinstance(halted, QubesVMNotRunningError)
    assert isinstance(unknown, QubesValueError)
    assert old.kept("app-0000") == old.kept("fedora-41") == []


async def test_the_release_is_asked_for_once(old: Old) -> None:
    old.qubesd.calls.clear()
    await old.client.send(calls.VM_DEVICE_ATTACH.of(BLOCK)("app-0000", DISK, {"persistent": "yes"}))
    await old.client.send(calls.VM_DEVICE_LIST.of(BLOCK)("app-0000"))
    await old.client.send(calls.VM_DEVICE_DETACH.of(BLOCK)("app-0000", DISK))
    await old.mirror.settled()

    assert not [call for call in old.qubesd.calls if call.split("+")[0].endswith((".Assigned", ".Attached"))]


async def test_a_change_of_what_a_qube_offers_names_the_ports(old: Old) -> None:
    stream = old.mirror.hub.listen(lambda event: (event,))
    await anext(stream)
    await old.client.send(calls.VM_DEVICE_AVAILABLE.of(BLOCK)("sys-net"))

    old.model.offer("sys-net", "block", {"sr0": OFFERED["sr0"], "sdb": OFFERED["sda"]})
    heard = [events.DEVICE_LIST_CHANGE.of(await anext(stream)) for _ in range(2)]

    assert [(each.ident, each.change) for each in heard if each is not None] == [
        ("sda", DeviceChange.REMOVED),
        ("sdb", DeviceChange.ADDED),
    ]
    await stream.aclose()


async def test_a_device_that_is_plugged_and_unplugged_at_once_is_gone(old: Old) -> None:
    stream = old.mirror.hub.listen(lambda event: (event,))
    await anext(stream)
    await old.client.send(calls.VM_DEVICE_AVAILABLE.of(BLOCK)("sys-net"))

    old.model.offer("sys-net", "block", {**OFFERED, "sdb": OFFERED["sda"]})
    old.mirror.offers_changed("sys-net", BLOCK)
    await anext(stream)
    old.mirror.offers_changed("sys-net", BLOCK)
    old.mirror.offers_changed("sys-net", BLOCK)
    old.model.offer("sys-net", "block", dict(OFFERED))

    event = events.DEVICE_LIST_CHANGE.of(await anext(stream))
    assert event is not None
    assert (event.ident, event.change) == ("sdb", DeviceChange.REMOVED)
    assert "sdb" not in old.mirror.offered["sys-net", BLOCK]
    await stream.aclose()


async def test_later_releases_are_not_asked_for_the_list_of_older_ones() -> None:
    qubesd = Faulty(Model(6, RELEASES["4.4"]))
    async with over(qubesd) as backend:
        await backend.bridge.mirror.settled()

    assert not [call for call in qubesd.calls if ".List" in call and call.startswith("admin.vm.device.")]


async def test_a_class_that_no_release_has_costs_only_its_own_devices() -> None:
    """The calls of a class come with a package of Qubes OS, which need not be installed."""
    model = Model(6, RELEASES["4.4"])
    row = "device_id='*' port_id='sdb1' devclass='block' backend_domain='sys-net' mode='auto-attach'"
    model.qubes["app-0000"].devices = {"Assigned block": [f"sys-net+sdb1:* {row}"]}
    qubesd = Without(model, "mic")
    async with over(qubesd) as backend:
        await backend.bridge.mirror.settled()

        assert [device.ident for device in backend.bridge.mirror.records["app-0000"].devices] == ["sdb1"]


class Without(Faulty):
    """A qubesd without the calls of a class of devices."""

    def __init__(self, model: Model, kind: str) -> None:
        super().__init__(model)
        self._prefix = f"admin.vm.device.{kind}."

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        if service.startswith(self._prefix):
            yield f"2\0ProtocolError\0\0no such method: {service!r}\0".encode()
            return
        async for piece in super().exchange(service, argument, dest, payload):
            yield piece
