# SPDX-License-Identifier: GPL-3.0-or-later
"""How long short calls wait while 64 long ones are in progress: imports, clones and backups, among 1,000 qubes."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from _harness import Bench, Spread
from daemon_process import DaemonProcess

from qubesmanager.client.client import Client
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec
from qubesmanager.wire.records import VmRecord

IMPORTS, CLONES, BACKUPS = 40, 16, 8
PIECE = os.urandom(1 << 20)
PIECES = 16
ALLOWED = 0.1
"""Seconds; 99 of 100 short calls are answered within them."""
SHORT_CALLS = 500
ASKERS = 4


async def image() -> AsyncIterator[bytes]:
    for _ in range(PIECES):
        yield PIECE
        await asyncio.sleep(0.05)


def profile(folder: Path, names: list[str]) -> str:
    return (
        f"include: [{', '.join(names)}]\ndestination_path: {folder}\npassphrase_text: benchmark\n"
        "kdf: generated\nverify: true\n"
        "compression: gzip\nkeep: {last: 1}\n"
    )


async def measured(client: Client, runs: int) -> list[float]:
    """Seconds of each short call, a few of them at a time."""
    requests: tuple[Request[Any], ...] = (
        calls.VM_PROPERTY_GET("work", "netvm"),
        calls.VM_LIST("work"),
        calls.VM_TAG_LIST("vault"),
    )
    left = iter(range(runs))
    values: list[float] = []

    async def ask() -> None:
        for number in left:
            start = perf_counter()
            await client.send(requests[number % len(requests)])
            values.append(perf_counter() - start)
            await asyncio.sleep(0.01)

    await asyncio.gather(*(ask() for _ in range(ASKERS)))
    return sorted(values)


async def records(client: Client) -> list[VmRecord]:
    return [record async for batch in client.batches(calls.VM_GET_ALL("dom0")) for record in batch]


def report(bench: Bench, name: str, values: list[float]) -> None:
    for share, part in (("median", 0.5), ("99 of 100", 0.99)):
        value = values[min(int(len(values) * part), len(values) - 1)]
        bench.line(
            f"{name}, {share}", Spread(value, value, value, len(values)), reference=ALLOWED, reference_name="allowed"
        )


class Work:
    """The long calls, each kind as one that is made again and again."""

    def __init__(self, client: Client, halted: list[str]) -> None:
        self._client = client
        self._halted = halted
        self.done = 0

    async def imports(self, worker: int, _number: int) -> None:
        await self._client.send(calls.VM_VOLUME_IMPORT(self._qube(worker), "private", image()))

    async def clones(self, worker: int, number: int) -> None:
        copy = CloneSpec(f"copy-{worker}-{number}")
        await self._client.send(calls.VM_CLONE(self._qube(-1 - worker), payload=copy))

    async def backups(self, worker: int, _number: int) -> None:
        await self._client.send(calls.BACKUP_EXECUTE("dom0", f"bench-{worker}", {}))

    async def forever(self, kind: Callable[[int, int], Awaitable[None]], worker: int) -> None:
        """One long call after the other, until cancelled."""
        for number in count():
            await kind(worker, number)
            self.done += 1

    def _qube(self, number: int) -> str:
        return self._halted[number % len(self._halted)]


async def load(socket: Path, halted: list[str]) -> None:
    """64 long calls at a time, until cancelled; prints how many ended."""
    work = Work(Client(UnixTransport(socket), concurrency=1000), halted)
    kinds = ((work.imports, IMPORTS), (work.clones, CLONES), (work.backups, BACKUPS))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)  # type: ignore[union-attr]
    try:
        async with asyncio.TaskGroup() as group:
            for kind, workers in kinds:
                for worker in range(workers):
                    group.create_task(work.forever(kind, worker))
    except asyncio.CancelledError:
        print(work.done, flush=True)


def _loading(socket: Path, halted: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, __file__, "--load", str(socket), *halted], stdout=subprocess.PIPE, text=True
    )


async def measure(bench: Bench, qubes: int, socket: Path, folder: Path) -> None:
    client, runs = Client(UnixTransport(socket)), 50 if bench.smoke else SHORT_CALLS
    halted = [record.name for record in await records(client) if not record.running and record.klass == "AppVM"]
    report(bench, f"idle, N = {qubes}", await measured(client, runs))
    for number in range(BACKUPS):
        (folder / str(number)).mkdir()
        text = profile(folder / str(number), halted[number::BACKUPS][:3])
        await client.send(calls.BACKUP_PROFILE_SET("dom0", f"bench-{number}", text))
    # In a separate process, so that its work is not counted as waiting.
    with _loading(socket, halted) as process:
        await asyncio.sleep(1)
        report(bench, f"64 long calls, N = {qubes}", await measured(client, runs))
        process.terminate()
        ended = int(await asyncio.to_thread(lambda: process.communicate()[0]) or 0)
    bench.line(f"long calls that ended meanwhile, N = {qubes}", Spread(ended, ended, ended, 1), "calls")


async def main() -> None:
    bench = Bench("Short calls beside 64 long ones")
    for qubes in bench.sizes(50, 1000):
        with TemporaryDirectory() as folder, DaemonProcess(Path(folder), "--demo", str(qubes)) as daemon:
            await measure(bench, qubes, daemon.socket, Path(folder))
    bench.done()


if sys.argv[1:2] == ["--load"]:
    asyncio.run(load(Path(sys.argv[2]), sys.argv[3:]))
else:
    asyncio.run(main())
