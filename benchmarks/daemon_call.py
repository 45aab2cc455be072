# SPDX-License-Identifier: GPL-3.0-or-later
"""One call over the socket, many at once, and a durable change, beside a bare asyncio echo of the same bytes."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from time import perf_counter

from _harness import Bench, Spread

from qubesmanager.client.client import Client
from qubesmanager.transport.child import ChildTransport
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire import calls

REQUEST = calls.VM_PROPERTY_GET("work", "netvm")
CONNECTIONS = 64


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.read())
    writer.close()


async def several(work: Callable[[], Awaitable[object]], runs: int) -> Spread:
    """Seconds of one run each, some unmeasured ones first."""
    for _ in range(min(20, runs)):
        await work()
    values = []
    for _ in range(runs):
        start = perf_counter()
        await work()
        values.append(perf_counter() - start)
    return Spread.of(values)


async def exchange(path: Path, service: str) -> None:
    """The client's own transport against whatever listens at `path`."""
    async with aclosing(UnixTransport(path).exchange(service, "netvm", "work", b"")) as answer:
        async for _ in answer:
            pass


async def rate(work: Callable[[], Awaitable[object]], total: int) -> float:
    """Runs a second with 64 at a time."""
    left = iter(range(total))

    async def one() -> None:
        for _ in left:
            await work()

    start = perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(one())
    return total / (perf_counter() - start)


def fdatasync(folder: Path) -> float:
    """The median of a small durable write on the same disk, in seconds."""
    values = []
    with (folder / "probe").open("wb") as file:
        for _ in range(200):
            file.write(b"x" * 4096)
            file.flush()
            start = perf_counter()
            os.fdatasync(file.fileno())
            values.append(perf_counter() - start)
    return Spread.of(values).median


async def calls_of(
    bench: Bench, count: int, client: Client, runs: int, bare: float, bare_rate: float, sync: float
) -> None:
    """The lines of one daemon."""
    figure = await several(lambda: client.send(REQUEST), runs)
    bench.line(f"property.Get, N = {count}", figure, reference=bare, reference_name="bare echo")
    speed = await rate(lambda: client.send(REQUEST), runs * 10)
    bench.line(
        f"property.Get, {CONNECTIONS} at once, N = {count}",
        Spread(speed, speed, speed, 1),
        "1/s",
        reference=bare_rate,
        reference_name="bare echo",
    )
    values = iter(range(100, 100_000))
    durable = await several(
        lambda: client.send(calls.VM_PROPERTY_SET("vault", "memory", str(next(values)))), bench.runs(200)
    )
    reference = bare + 3 * sync
    bench.line(f"property.Set, N = {count}", durable, reference=reference, reference_name="echo + 3 fdatasync")


async def main() -> None:
    bench = Bench("Calls over the daemon's socket")
    runs = bench.runs(500)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "echo"
        async with await asyncio.start_unix_server(echo, place):
            bare = await several(lambda: exchange(place, REQUEST.service), runs)
            bare_rate = await rate(lambda: exchange(place, REQUEST.service), runs * 10)
        sync = fdatasync(Path(folder))
    bench.line("bare echo of the same bytes", bare)
    bench.line("fdatasync", Spread(sync, sync, sync, 200))
    for count in bench.sizes(50, 1000):
        with contextlib.closing(ChildTransport("demo:", "--demo", str(count))) as daemon:
            await calls_of(bench, count, Client(daemon), runs, bare.median, bare_rate, sync)
    bench.done()


asyncio.run(main())
