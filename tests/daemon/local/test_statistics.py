# SPDX-License-Identifier: GPL-3.0-or-later
"""The statistics of dom0: what the computer uses beside its qubes."""

import asyncio
from contextlib import aclosing

import pytest
from fakes_hypervisor import FakeHypervisor

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.hypervisor.base import HostStats
from qubesmanager.daemon.local.services.statistics import _Dom0
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.events import VM_STATS, Statistics

SECOND = 1_000_000_000


async def first_of(client: Client, name: str) -> Statistics:
    async with aclosing(client.events(calls.VM_STATS("dom0"))) as stream:
        async for batch in stream:
            for event in batch:
                if event.subject == name and (statistics := VM_STATS.of(event)) is not None:
                    return statistics
    raise AssertionError(name)


async def test_dom0_has_its_memory_where_the_hypervisor_knows_it(client: Client, hypervisor: FakeHypervisor) -> None:
    hypervisor.host.stats = HostStats(4 << 20, SECOND, counts_domains=True)

    assert (await first_of(client, "dom0")).memory_kb == 4 << 20


async def test_qubes_are_measured_once_a_round_where_the_computer_cannot_be(
    client: Client, hypervisor: FakeHypervisor, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused() -> None:
        asked.append(1)
        raise Mgmt1Error("not here")

    asked: list[int] = []
    monkeypatch.setattr(hypervisor, "host_stats", refused)
    await client.send(calls.VM_START("work"))
    async with aclosing(client.events(calls.VM_STATS("dom0"))) as stream:
        async for _batch in stream:
            if asked:
                break
        for _ in range(100):
            await asyncio.sleep(0)

        assert len(asked) == 1


async def test_the_number_of_processors_is_known(client: Client) -> None:
    memory = await client.send(calls.HOST_MEMORY("dom0"))

    assert int(memory["cpus"]) > 0


def test_the_time_of_dom0_is_without_that_of_the_qubes() -> None:
    dom0 = _Dom0()
    assert dom0.usage(100.0, HostStats(1, 50 * SECOND, counts_domains=True), 0, 4) == 0
    assert dom0.usage(110.0, HostStats(1, 70 * SECOND, counts_domains=True), 12 * SECOND, 4) == 20
    assert dom0.usage(120.0, HostStats(1, 71 * SECOND, counts_domains=True), 12 * SECOND, 4) == 0
    assert dom0.own_ns == 8 * SECOND


def test_the_time_of_qubes_is_not_taken_away_where_it_is_not_counted() -> None:
    dom0 = _Dom0()
    dom0.usage(100.0, HostStats(1, 0, counts_domains=False), 0, 2)

    assert dom0.usage(110.0, HostStats(1, 10 * SECOND, counts_domains=False), 99 * SECOND, 2) == 50
