# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of Qubes OS on the daemon's socket, in turns with the mgmt1 calls that answer them."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from _harness import Bench, Spread

from qubesmanager.admin import calls as admin
from qubesmanager.client.client import Client
from qubesmanager.transport.child import ChildTransport
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request

CONNECTIONS = 64
_UNMEASURED = 5
"""Turns before those that count."""

Make = Callable[[], Request[Any]]


async def batch(client: Client, make: Make) -> float:
    """Seconds for as many calls at once as there are connections."""
    requests = [make() for _ in range(CONNECTIONS)]
    start = perf_counter()
    async with asyncio.TaskGroup() as group:
        for request in requests:
            group.create_task(_sent(client, request))
    return (perf_counter() - start) / CONNECTIONS


async def _sent(client: Client, request: Request[Any]) -> None:
    await client.send(request)


async def single(client: Client, make: Make) -> float:
    request = make()
    start = perf_counter()
    await client.send(request)
    return perf_counter() - start


async def beside(
    bench: Bench,
    name: str,
    run: Callable[[Client, Make], Awaitable[float]],
    client: Client,
    pair: tuple[Make, Make],
    runs: int,
) -> None:
    """A line for the call of Qubes OS, with the mgmt1 call as its reference, one after the other in turns."""
    ours: list[float] = []
    theirs: list[float] = []
    for turn in range(runs + _UNMEASURED):
        first, second = await run(client, pair[0]), await run(client, pair[1])
        if turn >= _UNMEASURED:
            ours.append(first)
            theirs.append(second)
    bench.line(name, Spread.of(theirs), reference=Spread.of(ours).median, reference_name="mgmt1")


async def main() -> None:
    bench = Bench("Calls of Qubes OS beside those of mgmt1")
    values = iter(range(100, 10_000_000))
    pairs: dict[str, tuple[Make, Make]] = {
        "vm.List": (lambda: calls.VM_LIST("dom0"), lambda: admin.VM_LIST("dom0")),
        "property.Get": (
            lambda: calls.VM_PROPERTY_GET("work", "netvm"),
            lambda: admin.VM_PROPERTY_GET("work", "netvm"),
        ),
        "property.GetAll": (
            lambda: calls.VM_PROPERTY_GET_ALL("work"),
            lambda: admin.VM_PROPERTY_GET_ALL("work"),
        ),
        "property.Set": (
            lambda: calls.VM_PROPERTY_SET("vault", "memory", str(100 + next(values) % 1000)),
            lambda: admin.VM_PROPERTY_SET("vault", "memory", str(100 + next(values) % 1000)),
        ),
    }
    for count in bench.sizes(50, 1000):
        with contextlib.closing(ChildTransport("demo:", "--demo", str(count))) as daemon:
            client = Client(daemon)
            for name, pair in pairs.items():
                await beside(bench, f"{name}, N = {count}", single, client, pair, bench.runs(200))
                await beside(bench, f"{name}, {CONNECTIONS} at once, N = {count}", batch, client, pair, bench.runs(20))
    bench.done()


asyncio.run(main())
