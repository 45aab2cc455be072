# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration on libvirt's test driver, as `--demo` starts it."""

from pathlib import Path

from demo_fixtures import client_of

from qubesmanager.daemon.local.drivers.hypervisor.libvirt_driver import LibvirtHypervisor
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.systems import demo
from qubesmanager.wire import calls

MIB = 1 << 10


async def test_the_demonstration_knows_how_much_memory_is_free(tmp_path: Path) -> None:
    system = await open_system(tmp_path / "state", LibvirtHypervisor("test:///default", owner=str(tmp_path)))
    try:
        await demo.populate(system, 0)
        client = client_of(system)
        before = await client.send(calls.HOST_MEMORY("dom0"))
        await client.send(calls.VM_START("vault"))
        after = await client.send(calls.HOST_MEMORY("dom0"))
    finally:
        await system.runtime.close()

    assert int(before["free"]) - int(after["free"]) == demo.USUAL_MEMORY * MIB
    assert 0 < int(before["free"]) < int(before["total"]) == demo.LEAST_MEMORY * MIB


def test_a_large_demonstration_has_room_to_start_more_qubes() -> None:
    chosen = demo.samples(1000)
    running = sum(int(sample.own.get("memory", demo.USUAL_MEMORY)) for sample in chosen if sample.running)

    assert demo.memory_of(chosen) >= 2 * running * MIB
