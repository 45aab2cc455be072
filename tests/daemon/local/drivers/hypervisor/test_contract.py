# SPDX-License-Identifier: GPL-3.0-or-later
"""What every hypervisor does, and the fake in just the same way."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from guest import Libvirtd, until_halted
from hypervisor_worlds import FakeWorld, QemuWorld, TestDriverWorld, World

from qubesmanager.daemon.local.drivers.hypervisor.base import (
    DiskFormat,
    DomainInfo,
    Hypervisor,
    NicKind,
    NicSpec,
    StateChanged,
)
from qubesmanager.systems.guest_image import GuestImage
from qubesmanager.wire.errors import (
    Mgmt1Error,
    QubesNotImplementedError,
    QubesVMNotPausedError,
    QubesVMNotRunningError,
    QubesVMNotStartedError,
    QubesVMNotSuspendedError,
)
from qubesmanager.wire.values import PowerState


@pytest.fixture(params=["fake", "test", pytest.param("qemu", marks=pytest.mark.qemu)])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        return FakeWorld()
    if request.param == "test":
        return TestDriverWorld()
    daemon: Libvirtd = request.getfixturevalue("libvirtd")
    image: GuestImage = request.getfixturevalue("image")
    return QemuWorld(daemon, image)


@pytest.fixture
async def hypervisor(world: World) -> AsyncIterator[Hypervisor]:
    one = world.hypervisor()
    await one.open()
    yield one
    for domain in await one.domains():
        await one.forget(domain.uuid)
    await one.close()


async def test_a_domain_runs_from_start_until_it_is_killed(world: World, hypervisor: Hypervisor) -> None:
    spec = world.spec("work")
    events = hypervisor.events()

    await hypervisor.start(spec)

    assert await anext(events) == StateChanged(spec.uuid, PowerState.RUNNING)
    assert await hypervisor.domains() == [DomainInfo(spec.uuid, spec.name, PowerState.RUNNING)]
    assert await hypervisor.state(spec.uuid) is PowerState.RUNNING

    await hypervisor.kill(spec.uuid)

    assert (await until_halted(events, spec.uuid))[-1] == StateChanged(spec.uuid, PowerState.HALTED)
    assert await hypervisor.domains() == []
    assert await hypervisor.state(spec.uuid) is PowerState.HALTED


async def test_pausing_and_resuming_emit_events_in_order(world: World, hypervisor: Hypervisor) -> None:
    spec = world.spec("work")
    events = hypervisor.events()
    await hypervisor.start(spec)

    await hypervisor.pause(spec.uuid)
    assert await hypervisor.state(spec.uuid) is PowerState.PAUSED
    await hypervisor.unpause(spec.uuid)

    states = [PowerState.RUNNING, PowerState.PAUSED, PowerState.RUNNING]
    assert [await anext(events) for _ in states] == [StateChanged(spec.uuid, state) for state in states]


async def test_only_a_paused_domain_is_resumed(world: World, hypervisor: Hypervisor) -> None:
    spec = world.spec("work")
    await hypervisor.start(spec)

    with pytest.raises(QubesVMNotPausedError):
        await hypervisor.unpause(spec.uuid)


async def test_a_suspended_domain_goes_on(world: World, hypervisor: Hypervisor) -> None:
    spec = world.spec("work")
    await hypervisor.start(spec)

    await hypervisor.suspend(spec.uuid)
    # A guest that cannot suspend itself is paused.
    assert await hypervisor.state(spec.uuid) in {PowerState.SUSPENDED, PowerState.PAUSED}
    await hypervisor.resume(spec.uuid)

    assert await hypervisor.state(spec.uuid) is PowerState.RUNNING
    with pytest.raises(QubesVMNotSuspendedError):
        await hypervisor.resume(spec.uuid)


async def test_a_guest_that_handles_its_power_button_halts(world: World, hypervisor: Hypervisor) -> None:
    spec = world.spec("work")
    events = hypervisor.events()
    await hypervisor.start(spec)
    assert await anext(events) == StateChanged(spec.uuid, PowerState.RUNNING)
    await world.booted(spec)

    await hypervisor.shutdown(spec.uuid)

    *before, last = await until_halted(events, spec.uuid)
    assert last == StateChanged(spec.uuid, PowerState.HALTED)
    assert before in ([], [StateChanged(spec.uuid, PowerState.HALTING)])


async def test_a_domain_can_be_started_again_after_it_halted(world: World, hypervisor: Hypervisor) -> None:
    spec = world.spec("work")
    events = hypervisor.events()
    for _ in range(2):
        await hypervisor.start(spec)
        assert await anext(events) == StateChanged(spec.uuid, PowerState.RUNNING)
        await hypervisor.kill(spec.uuid)
        await until_halted(events, spec.uuid)


async def test_starting_what_runs_is_refused_and_changes_nothing(world: World, hypervisor: Hypervisor) -> None:
    spec = world.spec("work")
    await hypervisor.start(spec)

    with pytest.raises(QubesVMNotStartedError, match=spec.name):
        await hypervisor.start(spec)
    with pytest.raises(QubesVMNotStartedError, match=spec.name):
        await hypervisor.start(replace(spec, uuid=uuid4()))

    assert await hypervisor.domains() == [DomainInfo(spec.uuid, spec.name, PowerState.RUNNING)]


async def test_statistics_have_a_row_for_each_running_domain(world: World, hypervisor: Hypervisor) -> None:
    specs = [world.spec("work"), world.spec("mail")]
    for spec in specs:
        await hypervisor.start(spec)

    stats = {row.uuid: row for row in await hypervisor.stats()}

    assert stats.keys() == {spec.uuid for spec in specs}
    for spec in specs:
        assert stats[spec.uuid].state is PowerState.RUNNING
        assert 0 < stats[spec.uuid].memory_kib <= spec.maxmem_mib * 1024
        assert stats[spec.uuid].cpu_time_ns > 0


async def test_free_memory_is_a_number_of_kib_or_not_known(hypervisor: Hypervisor) -> None:
    free = await hypervisor.free_memory()

    assert free is None or 0 <= free < 1 << 40


async def test_what_the_computer_uses_itself_is_not_negative_or_not_known(hypervisor: Hypervisor) -> None:
    host = await hypervisor.host_stats()

    assert host is None or (0 <= host.memory_kib < 1 << 40 and host.busy_ns >= 0)


@pytest.mark.parametrize("act", ["kill", "pause", "unpause", "suspend", "resume", "shutdown", "console"])
async def test_a_halted_guest_refuses_every_command(hypervisor: Hypervisor, act: str) -> None:
    with pytest.raises(QubesVMNotRunningError):
        await getattr(hypervisor, act)(uuid4())


async def test_forgetting_ends_it_and_can_be_repeated(world: World, hypervisor: Hypervisor) -> None:
    spec = world.spec("work")
    await hypervisor.start(spec)

    await hypervisor.forget(spec.uuid)
    await hypervisor.forget(spec.uuid)

    assert await hypervisor.domains() == []


async def test_a_domain_outlives_the_daemon_and_is_found_again(world: World) -> None:
    if not world.outlives:
        pytest.skip("libvirt's test driver keeps its domains in the process")
    spec = world.spec("work")
    await world.start_and_die(spec)

    successor = world.hypervisor()
    await successor.open()
    events = successor.events()
    try:
        assert await successor.domains() == [DomainInfo(spec.uuid, spec.name, PowerState.RUNNING)]
        await successor.kill(spec.uuid)
        await until_halted(events, spec.uuid)
    finally:
        await successor.close()


async def test_closing_ends_the_events_and_may_be_repeated(world: World) -> None:
    one = world.hypervisor()
    await one.open()
    await one.close()
    await one.close()

    assert [event async for event in one.events()] == []


async def test_a_closed_hypervisor_answers_with_a_reason(world: World) -> None:
    one = world.hypervisor()
    await one.open()
    await one.close()

    with pytest.raises(Mgmt1Error):
        await one.domains()


async def test_more_memory_than_it_started_with_is_refused(world: World, hypervisor: Hypervisor) -> None:
    spec = world.spec("work")
    await hypervisor.start(spec)

    await hypervisor.set_memory(spec.uuid, spec.maxmem_mib)
    with pytest.raises(Mgmt1Error):
        await hypervisor.set_memory(spec.uuid, spec.maxmem_mib * 2)


async def test_a_network_card_is_plugged_and_unplugged_or_the_refusal_names_the_reason(
    world: World, hypervisor: Hypervisor
) -> None:
    spec = world.spec("work")
    card = NicSpec("00:16:3e:00:00:01", NicKind.USER)
    await hypervisor.start(spec)
    await world.booted(spec)

    if not (await hypervisor.capabilities()).hot_plug:
        with pytest.raises(QubesNotImplementedError):
            await hypervisor.attach_nic(spec.uuid, card)
        return
    await hypervisor.attach_nic(spec.uuid, card)
    await hypervisor.detach_nic(spec.uuid, card.mac)
    await hypervisor.detach_nic(spec.uuid, card.mac)


async def test_a_disk_that_is_not_there_is_not_switched(world: World, hypervisor: Hypervisor) -> None:
    spec = world.spec("work")
    await hypervisor.start(spec)

    with pytest.raises(Mgmt1Error):
        await hypervisor.switch_disk(spec.uuid, "xvdz", Path("/nowhere"), DiskFormat.QCOW2)


async def test_more_processors_than_it_started_with_are_refused(world: World, hypervisor: Hypervisor) -> None:
    spec = replace(world.spec("work"), vcpus=1, max_vcpus=2)
    await hypervisor.start(spec)

    await hypervisor.set_vcpus(spec.uuid, 2)
    with pytest.raises(Mgmt1Error):
        await hypervisor.set_vcpus(spec.uuid, 3)


async def test_many_domains_start_side_by_side(world: World, hypervisor: Hypervisor) -> None:
    if isinstance(world, QemuWorld):
        pytest.skip("fifty interpreted machines at once are too much for a test")
    specs = [world.spec(f"qube{number}") for number in range(50)]
    async with asyncio.TaskGroup() as group:
        for spec in specs:
            group.create_task(hypervisor.start(spec))

    reported: set[UUID] = set()
    events = hypervisor.events()
    while len(reported) < len(specs):
        event = await anext(events)
        assert isinstance(event, StateChanged)
        reported.add(event.uuid)
    assert reported == {spec.uuid for spec in specs}


async def test_a_guest_channel_is_there_from_start_to_end(world: World, hypervisor: Hypervisor) -> None:
    spec, without = replace(world.spec("work"), channel=True), world.spec("other")
    await hypervisor.start(spec)
    await hypervisor.start(without)

    assert await hypervisor.open_channel(without.uuid) is None
    pipe = await hypervisor.open_channel(spec.uuid)
    assert (pipe is not None) is world.has_channels
    if pipe is not None:
        pipe.write(b"no guest reads this")
    await hypervisor.kill(spec.uuid)

    if pipe is not None:
        assert await pipe.read() == b""
        pipe.close()
    with pytest.raises(QubesVMNotRunningError):
        await hypervisor.open_channel(spec.uuid)
