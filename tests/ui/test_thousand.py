# SPDX-License-Identifier: GPL-3.0-or-later
"""A thousand qubes that start and shut down while somebody sorts and filters: the table stays right."""

import asyncio
from itertools import cycle
from time import perf_counter

import pytest
from PyQt5.QtCore import Qt
from pytestqt.qtbot import QtBot
from windows import Clicker

from qubesmanager import demo
from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.values import PowerState

QUBES = 1000
QUERIES = cycle(["", "state:running", "mail", "-tag:work", "mem>600M"])


class Gaps:
    """The longest time between two turns of the loop."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        before = perf_counter()
        while True:
            await asyncio.sleep(0)
            now = perf_counter()
            self.longest = max(self.longest, now - before)
            before = now


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_thousand_qubes_start_and_shut_down_while_one_sorts_and_filters(
    system: System, client: Client, clicker: Clicker, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    window = clicker.window
    extra = demo.samples(QUBES)[len(demo.samples(0)) :]
    await demo.write(system, extra)
    window.session.resync()
    await clicker.until(lambda: len(window.session.records) > QUBES, 120)
    names = [sample.name for sample in extra][:300]
    gaps = Gaps()
    watching = asyncio.get_running_loop().create_task(gaps.watch())
    columns = cycle(range(6))

    async def both(name: str) -> None:
        await client.send(calls.VM_START(name))
        await client.send(calls.VM_SHUTDOWN(name))

    async with asyncio.TaskGroup() as group:
        going = [group.create_task(both(name)) for name in names]
        while not all(task.done() for task in going):
            window.view.sortByColumn(next(columns), Qt.SortOrder.DescendingOrder)
            window.filter.set_query(next(QUERIES))
            await asyncio.sleep(0.02)
    watching.cancel()
    window.filter.set_query("")
    await clicker.until(lambda: all(window.session.records[name].state is PowerState.HALTED for name in names), 120)

    assert window.filter.rowCount() == len(window.session.records) == len(system.state.qubes)
    for name in names:
        assert window.session.records[name] == system.qube(name).record()
    with capsys.disabled():
        print(
            f"\nlongest gap with {len(system.state.qubes)} qubes: {1000 * gaps.longest:.0f} ms, daemon in one process"
        )
