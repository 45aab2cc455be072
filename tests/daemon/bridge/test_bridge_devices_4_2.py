# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of a qubesd of Qubes 4.2: the calls of later releases get no answer, and the older ones do it."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
from bridge_fixtures import Failing, bridged, client_of, over
from until import error_of, until_equal

from qubesmanager.client.client import Client
from qubesmanager.daemon.bridge.backend import BridgeBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.base import Answer, Payload
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import DeviceId
from qubesmanager.wire.errors import DeviceNotAssigned, QubesNotImplementedError
from qubesmanager.wire.values import DeviceClass

BLOCK = DeviceClass.BLOCK
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
