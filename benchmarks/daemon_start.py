# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's start on a store that is there already, its memory, and the listing of everything."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from _harness import Bench, Spread

from qubesmanager.client.client import Client
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire import calls

DAEMON = (sys.executable, "-c", "from qubesmanager.entry import mgmt1d; raise SystemExit(mgmt1d())")
QUBESD = {50: 0.46, 1000: 14.8}
"""Seconds that qubesd takes, on the machine the specification was measured on."""


def started(folder: Path, *arguments: str) -> tuple[subprocess.Popen[bytes], float]:
    """A daemon that listens, and the seconds until it did."""
    start = perf_counter()
    place = folder / "s"
    place.unlink(missing_ok=True)
    with (folder / "log").open("ab") as log:
        daemon = subprocess.Popen(
            [*DAEMON, "--socket", str(place), "--state", str(folder / "state"), *arguments], stdout=log, stderr=log
        )
    while True:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(place))
            return daemon, perf_counter() - start
        signal.sigtimedwait([], 0.005)


def ended(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    daemon.wait()


def memory(daemon: subprocess.Popen[bytes]) -> float:
    """Resident MB."""
    status = Path(f"/proc/{daemon.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmRSS:"))


async def listed(place: Path) -> float:
    client = Client(UnixTransport(place))
    start = perf_counter()
    async for _ in client.batches(calls.VM_GET_ALL("dom0")):
        pass
    return perf_counter() - start


def main() -> None:
    bench = Bench("The daemon's start")
    for count in bench.sizes(50, 1000):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            daemon, _ = started(folder, "--demo", str(count - 11))
            ended(daemon)
            times, memories, lists = [], [], []
            for _ in range(bench.runs(5)):
                daemon, seconds = started(folder, "--hypervisor", "test:///default")
                times.append(seconds)
                lists.append(asyncio.run(listed(folder / "s")))
                memories.append(memory(daemon))
                ended(daemon)
        bench.line(f"start, N = {count}", Spread.of(times), reference=QUBESD[count], reference_name="qubesd")
        bench.line(f"vm.GetAll read and decoded, N = {count}", Spread.of(lists))
        bench.line(f"resident memory, N = {count}", Spread.of(memories), "MB")
    bench.done()


main()
