# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge over a qubesd of one thread whose calls take as long as a real one's: filling, gaps, a flood of events.

"by a copy" is a client in this process, "in the window" a manager's window. The kinds, for `--only`, are the
milliseconds of one `property.Get` with 1,000 qubes on the two machines that were measured: 1.3 and 2.9.
"""

import asyncio
import gc
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, thread_time

from _harness import Bench, Spread, report_of_window
from calls_at_once import AtOnce
from qubesd_model import COSTS
from until import until

from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import Follower, Put, Synced, Update
from qubesmanager.daemon.bridge.backend import BridgeBackend
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.transport.base import Answer, Payload
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.transport.unix import UnixTransport

SERVER = (
    "import sys; from pathlib import Path; from qubesd_model import COSTS, serve;"
    " serve(Path(sys.argv[1]), int(sys.argv[2]), COSTS[sys.argv[3]])"
)
LOOKED_AT = 16.0
"""Seconds that a window stays open."""
TICK = 0.001


class Counted:
    """A transport that counts its calls and how many are under way at a time; streams of events are not counted."""

    def __init__(self, transport: UnixTransport) -> None:
        self._transport = transport
        self.calls = 0
        self.at_once = AtOnce()

    @property
    def url(self) -> str:
        return self._transport.url

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        is_call = service not in {"admin.Events", "admin.vm.Stats"}
        self.calls += is_call
        with self.at_once.call() if is_call else nullcontext():
            async for piece in self._transport.exchange(service, argument, dest, payload):
                yield piece


@dataclass
class Run:
    """Seconds from the first call on, the longest gaps, and counts, of one client's copy."""

    first_rows: float = 0.0
    filled: float = 0.0
    complete: float = 0.0
    gap: float = 0.0
    busy: float = 0.0
    """As `gap`, in processor time of the loop's thread."""
    calls_until_filled: int = 0
    calls: int = 0
    most_at_once: int = 0
    flood: float = 0.0
    flood_gap: float = 0.0
    flood_busy: float = 0.0
    during_fill: float = 0.0
    """How long a call took that was sent while the table filled."""


@contextmanager
def qubesd(count: int, cost: str) -> Iterator[Path]:
    """The socket of a qubesd in another process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "qubesd.sock"
        process = subprocess.Popen([sys.executable, "-c", SERVER, str(path), str(count), cost])
        try:
            asyncio.run(until(path.exists))
            yield path
        finally:
            process.terminate()
            process.wait(30)


class Gaps:
    """Notices how long the loop was not served, and how much processor time its thread took meanwhile.

    The second is less on a machine that runs other programs at the same time.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.busiest = 0.0

    async def watch(self) -> None:
        last, worked = perf_counter(), thread_time()
        while True:
            await asyncio.sleep(TICK)
            now, work = perf_counter(), thread_time()
            self.longest = max(self.longest, now - last - TICK)
            self.busiest = max(self.busiest, work - worked)
            last, worked = now, work

    def taken(self) -> tuple[float, float]:
        """The longest since the last time this was called."""
        longest, busiest = self.longest, self.busiest
        self.longest = self.busiest = 0.0
        return longest, busiest


@asynccontextmanager
async def running(*works: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Run these until the end of the block."""
    tasks = [asyncio.get_running_loop().create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def copied(path: Path, count: int) -> Run:
    """A copy of the qubes through the bridge; then the system's netvm changes for each of them."""
    run, gaps = Run(), Gaps()
    transport = Counted(UnixTransport(path))
    backend = BridgeBackend(transport)
    synced, mirror = asyncio.Event(), backend.bridge.mirror

    def tell(update: Update) -> None:
        match update:
            case Put() if not run.first_rows:
                run.first_rows = perf_counter() - start
            case Synced():
                run.filled, run.calls_until_filled = perf_counter() - start, transport.calls
                synced.set()

    follower = Follower(Client(MemoryTransport(Dispatcher(backend).answer)), tell)
    gc.disable()  # as a program does until its table is filled
    async with running(follower.run(), gaps.watch()):
        start = perf_counter()
        await asyncio.sleep(0.3)
        asked = perf_counter()
        async for _piece in UnixTransport(path).exchange("admin.vm.property.Get", "netvm", f"app-{count - 5:04}", b""):
            run.during_fill = perf_counter() - asked
        await synced.wait()
        gc.freeze()
        gc.enable()
        await mirror.settled()
        run.complete = perf_counter() - start
        run.gap, run.busy = gaps.taken()
        run.calls, run.most_at_once = transport.calls, transport.at_once.most
        start = perf_counter()
        async for _piece in UnixTransport(path).exchange("model.Flood", "sys-net", "dom0", b""):
            pass
        last = f"app-{count - 5:04}"
        await until(lambda: follower.records[last].value("netvm") == "sys-net")
        await mirror.settled()
        run.flood = perf_counter() - start
        run.flood_gap, run.flood_busy = gaps.taken()
    await backend.close()
    return run


def main() -> None:
    bench = Bench("The bridge over a qubesd with the cost of a real one")
    for cost in COSTS:
        if not bench.wants(cost):
            continue
        for count in bench.sizes(50, 1000):
            runs: list[Run] = []
            for _ in range(bench.runs(3)):
                with qubesd(count, cost) as path:
                    runs.append(asyncio.run(copied(path, count)))
            where = f"N = {count}, {cost} ms"
            for name, values, unit, reference in (
                ("first rows by a copy", [run.first_rows for run in runs], "ms", 0.3),
                ("table filled by a copy", [run.filled for run in runs], "ms", 5.0),
                ("everything read", [run.complete for run in runs], "ms", None),
                ("longest gap in the loop", [run.gap for run in runs], "ms", 0.016),
                ("the same in processor time", [run.busy for run in runs], "ms", 0.016),
                ("calls until filled", [run.calls_until_filled for run in runs], "calls", None),
                ("calls", [run.calls for run in runs], "calls", None),
                ("most calls at a time", [run.most_at_once for run in runs], "calls", 4),
                ("another client's call while it fills", [run.during_fill for run in runs], "ms", None),
                ("another default netvm for all", [run.flood for run in runs], "ms", None),
                ("longest gap meanwhile", [run.flood_gap for run in runs], "ms", 0.016),
                ("that in processor time", [run.flood_busy for run in runs], "ms", 0.016),
            ):
                bench.line(
                    f"{name}, {where}",
                    Spread.of([*map(float, values)]),
                    unit,
                    reference=reference,
                    reference_name="goal",
                )
            if bench.smoke:
                continue
            reports: list[dict[str, float]] = []
            with tempfile.TemporaryDirectory() as folder:
                for _ in range(bench.runs(3)):
                    with qubesd(count, cost) as path:
                        reports.append(report_of_window(f"qubesd:{path}", Path(folder), LOOKED_AT))
            for name, key in (
                ("start to first paint", "start_to_first_paint"),
                ("start to filled table in the window", "start_to_filled_table"),
                ("longest gap in the window", "longest_gap"),
            ):
                bench.line(f"{name}, {where}", Spread.of([report[key] for report in reports]))
    bench.done()


main()
