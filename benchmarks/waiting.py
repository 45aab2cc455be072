# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the daemon's loop is kept from others while it lists everything (`mgmt1.vm.GetAll`), in processor time.

Between any two turns of the loop another caller could be answered. The first list encodes each record; later ones find
it encoded. Processor time of the loop's thread does not depend on what else the machine does.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from time import thread_time
from uuid import uuid4

from _harness import Bench, Spread

from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.volumes import KINDS
from qubesmanager.daemon.local.drivers.hypervisor.libvirt_driver import LibvirtHypervisor
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.systems.demo import samples
from qubesmanager.wire import calls


def fill(system: System, extra: int) -> None:
    """The qubes of a demonstration in memory; nothing is stored or started."""
    qubes = []
    for qid, sample in enumerate(samples(extra), 1):
        qube = Qube(qid, uuid4(), sample.name, sample.klass, own={"label": sample.label, **sample.own})
        qube.tags = {*sample.tags, "created-by-dom0"}
        qube.features = dict(sample.features)
        qube.notes = sample.notes
        qube.volumes = {kind.name: kind.record(qube.name, "default") for kind in KINDS[qube.klass]}
        qubes.append(qube)
    system.runtime.state.load(qubes)


async def nothing() -> AsyncIterator[bytes]:
    for piece in list[bytes]():
        yield piece


async def turns(dispatcher: Dispatcher, source: str) -> Spread:
    """Seconds of processor time of each turn of the loop until everything is listed."""
    delays: list[float] = []

    async def others() -> None:
        while True:
            start = thread_time()
            await asyncio.sleep(0)
            delays.append(thread_time() - start)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(others())
        await asyncio.sleep(0)
        async for _ in dispatcher.answer(source, calls.VM_GET_ALL.name, "", "dom0", nothing()):
            pass
        await asyncio.sleep(0)
        task.cancel()
    return Spread.of(delays)


def longest(spread: Spread) -> Spread:
    return Spread(spread.most, spread.most, spread.most, spread.runs)


async def main() -> None:
    bench = Bench("The loop's longest turn while everything is listed")
    for count in bench.sizes(50, 1000, 5000):
        with tempfile.TemporaryDirectory() as folder:
            system = await open_system(Path(folder), LibvirtHypervisor("test:///default", owner=folder))
            fill(system, count)
            dispatcher = Dispatcher(LocalBackend(system))
            for name, source in (("the first list", "dom0"), ("later lists", "dom0"), ("of a qube", "sys-mgmt")):
                bench.line(f"{name}, N = {count}", longest(await turns(dispatcher, source)))
            await system.runtime.close()
    bench.done()


asyncio.run(main())
