# SPDX-License-Identifier: GPL-3.0-or-later
"""Events on the running loop: of whichever thread, of each loop in turn, and when there are too many of them."""

import asyncio
import threading
from uuid import UUID, uuid4

import pytest
from fakes_hypervisor import FakeHypervisor

from qubesmanager.daemon.local.drivers.hypervisor import libvirt_driver
from qubesmanager.daemon.local.drivers.hypervisor.base import (
    ConnectionLost,
    DomainSpec,
    Reconnected,
    StateChanged,
    press_shutdown,
)
from qubesmanager.daemon.local.drivers.hypervisor.libvirt_driver import LibvirtHypervisor
from qubesmanager.wire.errors import Mgmt1Error, QubesMemoryError, QubesVMShutdownTimeoutError
from qubesmanager.wire.values import PowerState


def _spec(name: str = "work") -> DomainSpec:
    return DomainSpec(uuid4(), name, "AppVM", memory_mib=64)


async def test_an_event_wakes_an_idle_loop() -> None:
    hypervisor = LibvirtHypervisor("test:///default")
    await hypervisor.open()
    spec = _spec()
    events = hypervisor.events()
    try:
        # Only the worker's call, which says nothing to the loop, and the event that comes of it.
        starter = threading.Thread(target=lambda: asyncio.run_coroutine_threadsafe(hypervisor.start(spec), loop))
        loop = asyncio.get_running_loop()
        starter.start()
        assert await anext(events) == StateChanged(spec.uuid, PowerState.RUNNING)
        starter.join()
    finally:
        await hypervisor.forget(spec.uuid)
        await hypervisor.close()


async def test_an_unread_flood_of_events_becomes_one_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libvirt_driver, "QUEUE_LIMIT", 5)
    hypervisor = LibvirtHypervisor("test:///default")
    await hypervisor.open()
    spec = _spec()
    await hypervisor.start(spec)
    for _ in range(10):
        await hypervisor.pause(spec.uuid)
        await hypervisor.unpause(spec.uuid)
    events = hypervisor.events()
    # The last state changes may still be on their way; the list comes before them.
    event = await anext(events)

    assert isinstance(event, Reconnected)
    assert [domain.uuid for domain in event.domains] == [spec.uuid]
    await hypervisor.forget(spec.uuid)
    await hypervisor.close()


async def test_a_hypervisor_that_is_not_there_is_named() -> None:
    hypervisor = LibvirtHypervisor("qemu+unix:///session?socket=/nonexistent/socket")

    with pytest.raises(Mgmt1Error, match="/nonexistent/socket"):
        await hypervisor.open()

    await hypervisor.close()


async def test_the_domains_of_a_connection_are_its_owners() -> None:
    hypervisor = LibvirtHypervisor("test:///default", owner="me")
    await hypervisor.open()

    # libvirt's test driver begins with one running domain.
    assert await hypervisor.domains() == []
    assert await hypervisor.stats() == []

    await hypervisor.close()


async def test_a_guest_that_ignores_its_button_is_reported_and_runs_on() -> None:
    hypervisor = FakeHypervisor()
    await hypervisor.open()
    spec = _spec()
    await hypervisor.start(spec)
    hypervisor.ignores_shutdown.add(spec.uuid)

    with pytest.raises(QubesVMShutdownTimeoutError):
        await press_shutdown(hypervisor, spec.uuid, asyncio.Event(), limit=0.05, every=0.01)

    assert await hypervisor.state(spec.uuid) is PowerState.RUNNING


async def test_pressing_ends_as_soon_as_the_guest_halts() -> None:
    hypervisor = FakeHypervisor()
    await hypervisor.open()
    spec = _spec()
    await hypervisor.start(spec)
    halted = asyncio.Event()
    events = hypervisor.events()

    async def follow(uuid: UUID) -> None:
        async for event in events:
            if event == StateChanged(uuid, PowerState.HALTED):
                halted.set()
                return

    async with asyncio.TaskGroup() as group:
        group.create_task(follow(spec.uuid))
        await press_shutdown(hypervisor, spec.uuid, halted, limit=60, every=30)

    assert await hypervisor.domains() == []


async def test_the_fake_fails_as_the_test_asks() -> None:
    hypervisor = FakeHypervisor()
    await hypervisor.open()
    events = hypervisor.events()
    spec, other = _spec(), _spec("mail")
    hypervisor.start_errors[other.uuid] = QubesMemoryError("mail: there is not enough memory.")
    await hypervisor.start(spec)
    assert await anext(events) == StateChanged(spec.uuid, PowerState.RUNNING)
    with pytest.raises(QubesMemoryError):
        await hypervisor.start(other)

    hypervisor.lose_connection()
    with pytest.raises(Mgmt1Error, match="lost"):
        await hypervisor.domains()
    hypervisor.crash(spec.uuid)
    hypervisor.restore_connection()

    assert isinstance(await anext(events), ConnectionLost)
    assert await anext(events) == Reconnected(())
