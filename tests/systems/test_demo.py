# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration on libvirt's test driver, as `--demo` starts it."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

from demo_fixtures import client_of, hypervisor, machine, open_demo, populate, system
from fakes_hypervisor import FakeHypervisor
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.drivers.hypervisor.base import DomainStats
from qubesmanager.daemon.local.drivers.hypervisor.libvirt_driver import LibvirtHypervisor
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.systems import demo
from qubesmanager.wire import calls
from qubesmanager.wire.values import PowerState, VmClass

__all__ = ["hypervisor", "machine", "system"]

MIB = 1 << 10


def facts(system: System) -> dict[str, object]:
    """What is known of each qube and of its domain, without times and random names of files."""
    hypervisor: Any = system.runtime.hypervisor
    known: dict[str, object] = {}
    for qube in system.runtime.state.in_order():
        own = {name: value for name, value in qube.own.items() if name != "backup_timestamp"}
        features = {name: value for name, value in qube.features.items() if not name.startswith("last-update")}
        domain = hypervisor.host.domains.get(qube.uuid)
        disks = [(disk.target, disk.serial, disk.format) for disk in domain.spec.disks] if domain else []
        known[qube.name] = (
            (qube.qid, qube.uuid, qube.klass, qube.state, qube.start_time is None, qube.problem, qube.notes),
            (own, features, qube.tags, qube.rules, qube.volumes, qube.devices),
            (disks, domain and replace(domain.spec, disks=(), console_log=None)),
        )
    return known


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_the_system_of_tests_is_like_one_that_was_just_made(tmp_path: Path, system: System) -> None:
    """It is a copy, which a daemon has taken over from another one."""
    made = await open_demo(tmp_path / "made", FakeHypervisor())
    try:
        assert facts(system) == facts(made)
        assert system.runtime.state.system_own == made.runtime.state.system_own
        assert names_in(tmp_path / "state") == names_in(tmp_path / "made")
    finally:
        await made.runtime.close()

    domains = cast("FakeHypervisor", system.runtime.hypervisor).host.domains.values()
    disks = [path for domain in domains for disk in domain.spec.disks for path in (disk.path, *disk.backing)]
    assert all(path.is_file() and path.is_relative_to(tmp_path / "state") for path in disks)
    await client_of(system).send(calls.VM_KILL("work"))
    await client_of(system).send(calls.VM_START("work"))


async def test_the_demonstration_knows_how_much_memory_is_free(tmp_path: Path) -> None:
    system = await open_system(tmp_path / "state", LibvirtHypervisor("test:///default", owner=str(tmp_path)))
    try:
        await populate(system)
        client = client_of(system)
        before = await client.send(calls.HOST_MEMORY("dom0"))
        await client.send(calls.VM_START("vault"))
        after = await client.send(calls.HOST_MEMORY("dom0"))
    finally:
        await system.runtime.close()

    assert 0 < int(before["free"]) - int(after["free"]) <= demo.USUAL_MEMORY * MIB
    assert 0 < int(before["free"]) < int(before["total"]) == demo.LEAST_MEMORY * MIB


def test_a_large_demonstration_has_room_to_start_more_qubes() -> None:
    chosen = demo.samples(1000)
    running = sum(int(sample.own.get("memory", demo.USUAL_MEMORY)) for sample in chosen if sample.running)

    assert demo.memory_of(chosen) >= 2 * running * MIB


QUBES = [
    Qube(number, UUID(int=number), name, VmClass.APP, own={"label": "red"})
    for number, name in enumerate(("work", "vault", "mail-2"), 1)
]
NS = 1_000_000_000


@given(st.integers(0, 1 << 62), st.integers(0, 1000), st.sampled_from(QUBES))
def test_a_qube_of_the_demonstration_uses_a_part_of_its_processors_and_memory(
    since: int, seconds: int, qube: Qube
) -> None:
    load = demo.Load({each.uuid: each for each in QUBES})

    first, then = (
        load(DomainStats(qube.uuid, PowerState.RUNNING, 400 * MIB, time)) for time in (since, since + seconds * NS)
    )

    used = (then.cpu_time_ns - first.cpu_time_ns) / NS / int(qube.value("vcpus") or 1)
    assert -0.001 <= used <= 0.25 * seconds + 0.001
    assert 200 * MIB < first.memory_kib < 400 * MIB


def test_qubes_of_the_demonstration_do_not_all_use_the_same() -> None:
    load = demo.Load({each.uuid: each for each in QUBES})
    now = [load(DomainStats(qube.uuid, PowerState.RUNNING, 400 * MIB, 1_000_000 * NS)) for qube in QUBES]

    assert len({stats.cpu_time_ns for stats in now}) == len({stats.memory_kib for stats in now}) == len(QUBES)
    unknown = DomainStats(uuid4(), PowerState.RUNNING, 1, 2)
    assert load(unknown) == unknown
