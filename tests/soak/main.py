# SPDX-License-Identifier: GPL-3.0-or-later
"""A long time in the life of a daemon: calls, events, reconnects, kills, a full disk, failing drivers.

`scripts/soak` runs it: first many calls on one daemon, whose memory and descriptors must not grow; then rounds that
each end in `kill -9` or SIGTERM while clients create, rename, clone, start and remove qubes of the same few names. What
was answered is compared with what is there after each restart. Ctrl+C ends it early, with a report of what was done.
Exit status 1 if anything was lost or left over.
"""

import argparse
import asyncio
import contextlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from daemon_process import PROGRAM, DaemonProcess
from soak.ledger import Ledger, Setting

from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import Follower, Happened, Synced, Update
from qubesmanager.transport.base import TransportError
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec, CreateSpec
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.records import VmRecord

DEMO_QUBES = 20
WORKERS = 12
RACED = tuple(f"raced-{number}" for number in range(4))
TEMPLATE = "debian-13"
POOL = "default"
FAULTY = Path(__file__).with_name("faulty.py")
FAULT_RATE = 0.03
DISK = 256 << 20
"""Bytes of the file system that is filled up."""
FULL_FOR = 0.5
"""Seconds that the disk stays full in a round."""
TRACEBACK = "Traceback (most recent call last)"
MEMORY_GROWTH = 1.15
DESCRIPTOR_GROWTH = 8
TRIES = 100
"""Looks at a system that may still be settling, a tenth of a second apart."""


Disturb = Callable[[DaemonProcess], Awaitable[None]]
"""What happens to the daemon while clients are at work."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything. A kill happens after about `calls_a_round` calls."""

    steady_calls: int
    rounds: int
    calls_a_round: int
    seed: int


@dataclass(slots=True)
class Report:
    """What came of it; `faults` is empty if all is well."""

    ledger: Ledger = field(default_factory=Ledger)
    events: int = 0
    reconnects: int = 0
    kills: int = 0
    memory_kib: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def lines(self) -> Iterator[str]:
        answers = self.ledger.answers
        yield f"{sum(answers.values())} calls in {self.seconds:.0f} s: " + ", ".join(
            f"{count} {name}" for name, count in answers.most_common()
        )
        yield f"{self.events} events, {self.reconnects} connections of listeners, {self.kills} kills"
        yield f"memory in KiB {self.memory_kib}, descriptors {self.descriptors}"
        yield f"{len(self.faults)} faults"
        yield from self.faults


class Clients:
    """Concurrent clients of one daemon, that note each answer."""

    def __init__(self, socket: Path, report: Report, source: random.Random) -> None:
        self._client = Client(UnixTransport(socket))
        self._report = report
        self._ledger = report.ledger
        self._random = source
        self._stop = asyncio.Event()
        self._left = 0
        self._is_ending = False
        self.stable: list[str] = []
        """Qubes that are never removed; worker number n alone changes those at n, n + WORKERS, …"""

    async def run(self, count: int, *, forever: bool = False) -> None:
        """Send so many calls, or until a call gets no answer; `forever`: only until then."""
        self._left = count
        async with asyncio.TaskGroup() as group:
            for number in range(WORKERS):
                group.create_task(self._work(number, forever=forever))

    @property
    def stopped(self) -> bool:
        """No more calls are begun: `stop` was called, or a call got no answer."""
        return self._stop.is_set()

    def daemon_ends(self) -> None:
        """From now on a call without an answer is no fault."""
        self._is_ending = True

    def stop(self) -> None:
        self._stop.set()

    async def _work(self, number: int, *, forever: bool) -> None:
        own = self.stable[number::WORKERS]
        while not self._stop.is_set() and (forever or self._left > 0):
            self._left -= 1
            act = self._random.choices(
                (self._read, self._set, self._lifecycle), weights=(6, 3, 2 if forever else 1), k=1
            )[0]
            await act(own)

    async def _ask(self, request: Request[Any]) -> str:
        """Send; answers `ok`, `unanswered` or the type of the error."""
        try:
            await self._client.send(request)
            outcome = "ok"
        except Mgmt1Error as error:
            outcome = error.wire_name
            if "Internal error" in str(error):
                self._report.faults.append(f"internal error in {request.service} to {request.dest}")
        except TransportError as error:
            outcome = "unanswered"
            self._stop.set()
            if not self._is_ending:
                self._report.faults.append(f"the running daemon did not answer {request.service}: {error}")
        self._ledger.answers[outcome] += 1
        return outcome

    async def _read(self, own: list[str]) -> None:
        name = self._random.choice(own)
        request = self._random.choice(
            (
                calls.VM_PROPERTY_GET(name, "memory"),
                calls.VM_LIST(name),
                calls.VM_TAG_LIST(name),
                calls.VM_FEATURE_LIST(name),
                calls.VM_FIREWALL_GET(name),
                calls.VM_VOLUME_LIST(name),
                calls.VM_CURRENT_STATE(name),
                calls.VM_LIST("dom0"),
            )
        )
        await self._ask(request)

    async def _set(self, own: list[str]) -> None:
        name = self._random.choice(own)
        number = self._random.randrange(8)
        memory = str(300 + number)
        setting, value, request = self._random.choice(
            (
                ((name, "property", "memory"), memory, calls.VM_PROPERTY_SET(name, "memory", memory)),
                ((name, "tag", f"t{number}"), "", calls.VM_TAG_SET(name, f"t{number}")),
                ((name, "tag", f"t{number}"), None, calls.VM_TAG_REMOVE(name, f"t{number}")),
                ((name, "feature", f"f{number}"), str(number), calls.VM_FEATURE_SET(name, f"f{number}", str(number))),
                ((name, "feature", f"f{number}"), None, calls.VM_FEATURE_REMOVE(name, f"f{number}")),
                ((name, "notes", ""), f"note {number}", calls.VM_NOTES_SET(name, payload=f"note {number}")),
            )
        )  # fmt: skip
        await self._change(setting, value, request)

    async def _change(self, setting: Setting, value: str | None, request: Request[Any]) -> None:
        self._ledger.sending(setting, value)
        match await self._ask(request):
            case "ok":
                self._ledger.changed(setting, value)
            case "unanswered":
                pass
            case _:
                self._ledger.refused(setting, value)

    async def _lifecycle(self, _own: list[str]) -> None:
        name, other = self._random.sample(RACED, 2)
        match self._random.randrange(7):
            case 0 | 1:
                self._made(await self._ask(calls.VM_CREATE(TEMPLATE, "AppVM", CreateSpec(name, "red"))))
            case 2:
                self._made(await self._ask(calls.VM_CLONE(name, payload=CloneSpec(other))))
            case 3:
                await self._ask(calls.VM_PROPERTY_SET(name, "name", other))
            case 4:
                await self._ask(calls.VM_START(name))
            case 5:
                await self._ask(calls.VM_KILL(name))
            case _:
                await self._ask(calls.VM_KILL(name))
                answer = await self._ask(calls.VM_REMOVE(name))
                if answer in {"ok", "unanswered"}:
                    self._ledger.removed(answered=answer == "ok")

    def _made(self, answer: str) -> None:
        if answer in {"ok", "unanswered"}:
            self._ledger.made(answered=answer == "ok")


class Listener:
    """A live copy of the system beside the clients, which reconnects now and then."""

    def __init__(self, socket: Path, report: Report) -> None:
        self._report = report
        self.follower = Follower(Client(UnixTransport(socket)), self._update)

    def _update(self, update: Update) -> None:
        if isinstance(update, Happened):
            self._report.events += len(update.events)
        elif isinstance(update, Synced):
            self._report.reconnects += 1

    async def follow(self, pause: float) -> None:
        """Follow until cancelled, with a new connection after each pause in seconds (0: never)."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.follower.run())
            while pause:
                await asyncio.sleep(pause)
                self.follower.resync()


async def records(socket: Path) -> dict[str, VmRecord]:
    """The whole system, as it is listed now."""
    client = Client(UnixTransport(socket))
    return {record.name: record async for batch in client.batches(calls.VM_GET_ALL("dom0")) for record in batch}


async def check(daemon: DaemonProcess, report: Report, when: str) -> None:
    """Note every contradiction between the answers and the system, and every volume that is missing or left over."""
    report.faults += [f"{when}: {fault}" for fault in report.ledger.faults(await records(daemon.socket), RACED)]
    client = Client(UnixTransport(daemon.socket))
    left: set[str] = set()
    missing: set[str] = set()
    for _ in range(TRIES):
        # A volume whose qube was just removed may take a moment to go.
        now = await records(daemon.socket)
        vids = await client.send(calls.POOL_VOLUME_LIST("dom0", POOL))
        listed = set(vids)
        volumes = [volume for record in now.values() for volume in record.volumes if volume.pool == POOL]
        left = listed - {volume.vid for volume in volumes}
        # Volumes that do not outlive a run exist only while the qube runs.
        missing = {volume.vid for volume in volumes if volume.save_on_stop} - listed
        if not left and not missing:
            return
        await asyncio.sleep(0.1)
    report.faults += [f"{when}: the volume {vid} was left over" for vid in sorted(left)]
    report.faults += [f"{when}: the volume {vid} is missing" for vid in sorted(missing)]


async def steady(daemon: DaemonProcess, report: Report, plan: Plan) -> None:
    """Many calls on one daemon: memory and descriptors at the quarters; the listeners' copies at the end."""
    clients = Clients(daemon.socket, report, random.Random(plan.seed))
    clients.stable = await _stable(daemon.socket)
    calm, restless = Listener(daemon.socket, report), Listener(daemon.socket, report)
    async with asyncio.TaskGroup() as group:
        following = [group.create_task(calm.follow(0)), group.create_task(restless.follow(0.5))]
        for _ in range(4):
            await clients.run(plan.steady_calls // 4)
            report.memory_kib.append(daemon.memory_kib())
            report.descriptors.append(_descriptors(daemon))
        await check(daemon, report, "after the steady calls")
        await _same_copy(daemon.socket, calm, report)
        for task in following:
            task.cancel()
    if report.memory_kib[-1] > report.memory_kib[0] * MEMORY_GROWTH:
        report.faults.append(f"memory grew: {report.memory_kib}")
    if report.descriptors[-1] > report.descriptors[0] + DESCRIPTOR_GROWTH:
        report.faults.append(f"descriptors grew: {report.descriptors}")


async def _same_copy(socket: Path, listener: Listener, report: Report) -> None:
    """The copy that events made is what GetAll lists; events may still be on their way."""
    different: list[str] = []
    for _ in range(TRIES):
        listed, copy = await records(socket), listener.follower.records
        different = sorted(name for name in {*listed, *copy} if listed.get(name) != copy.get(name))
        if not different:
            return
        await asyncio.sleep(0.1)
    report.faults.append(f"the copy of a listener differs from GetAll in {', '.join(different)}")


async def _stable(socket: Path) -> list[str]:
    """Qubes that are never started, renamed or removed here, at least one for each worker."""
    names = sorted(
        name for name, record in (await records(socket)).items() if record.klass == "AppVM" and name not in RACED
    )
    assert len(names) >= WORKERS
    return names


def _descriptors(daemon: DaemonProcess) -> int:
    assert daemon.process is not None
    return len(list(Path(f"/proc/{daemon.process.pid}/fd").iterdir()))


async def crash(daemon: DaemonProcess, report: Report, plan: Plan, number: int, disturb: Disturb) -> None:
    """One round: clients at work, something that disturbs, then the end in the middle of calls, and a new start."""
    source = random.Random(plan.seed + number)
    clients = Clients(daemon.socket, report, source)
    clients.stable = await _stable(daemon.socket)
    before = sum(report.ledger.answers.values())
    gently = number % 10 == 9
    async with asyncio.TaskGroup() as group:
        group.create_task(clients.run(0, forever=True))
        await disturb(daemon)
        while (  # noqa: ASYNC110 - a count of calls
            not clients.stopped and sum(report.ledger.answers.values()) < before + plan.calls_a_round
        ):
            await asyncio.sleep(0.01)
        await asyncio.sleep(source.random() * 0.05)
        clients.daemon_ends()
        await asyncio.to_thread(daemon.stop, signal.SIGTERM if gently else signal.SIGKILL)
        clients.stop()
    report.kills += not gently


async def soak(plan: Plan, folder: Path, report: Report) -> None:
    """The whole of it, in a folder of a file system of its own if it can be filled up."""
    begin = monotonic()
    daemon = DaemonProcess(folder, "--demo", str(DEMO_QUBES))
    logs = tempfile.TemporaryDirectory(prefix="qm-soak-log-")
    daemon.log = Path(logs.name, "log")  # not on the disk that is filled up
    await asyncio.to_thread(daemon.start)
    try:
        await steady(daemon, report, plan)
        for number in range(plan.rounds):
            await asyncio.to_thread(daemon.stop)
            kind = ROUNDS[number % len(ROUNDS)]
            if kind is failing_drivers:
                daemon.run_as(sys.executable, str(FAULTY), str(FAULT_RATE), str(plan.seed + number))
            await asyncio.to_thread(daemon.start)
            await crash(daemon, report, plan, number, kind)
            daemon.run_as(*PROGRAM)
            await asyncio.to_thread(daemon.start)
            await check(daemon, report, f"after round {number}")
    finally:
        await asyncio.to_thread(daemon.stop)
        report.faults += [f"in the log of the daemon: {line}" for line in _tracebacks(daemon.log)]
        report.seconds = monotonic() - begin
        logs.cleanup()


def _tracebacks(log: Path) -> list[str]:
    """What the daemon was doing, and the last line, of each traceback."""
    found = []
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines):
        if line.startswith(TRACEBACK) and number and lines[number - 1]:
            ends = (each for each in lines[number + 1 :] if each and not each.startswith((" ", TRACEBACK)))
            found.append(f"{lines[number - 1]}: {next(ends, '')}")
    return found


async def undisturbed(_daemon: DaemonProcess) -> None:
    """Nothing but the end of the round."""


async def failing_drivers(daemon: DaemonProcess) -> None:
    """From now on commits and the hypervisor fail at random (`faulty.py`)."""
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGUSR2)


async def full_disk(daemon: DaemonProcess) -> None:
    """The disk has no room for a while, where it is a separate one."""
    folder = daemon.socket.parent
    if not folder.is_mount():
        return
    filler = folder / "filler"
    try:
        await asyncio.to_thread(_fill, filler)
        await asyncio.sleep(FULL_FOR)
    finally:
        filler.unlink(missing_ok=True)


def _fill(filler: Path) -> None:
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))


ROUNDS = (undisturbed, failing_drivers, full_disk, undisturbed)
"""What a round of that number has, again and again."""


@contextmanager
def small_disk() -> Iterator[Path]:
    """A folder on a separate file system, where root can mount one; a plain folder otherwise."""
    folder = Path(tempfile.mkdtemp(prefix="qm-soak-"))
    mounted = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0700", "qm-soak", str(folder)],
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )
    try:
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)
        shutil.rmtree(folder)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/soak", description="A long time in the life of a daemon.")
    parser.add_argument("--calls", type=int, default=1_000_000, help="in all (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=200, help="rounds that end in a kill (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of everything random (default: %(default)s)")
    options = parser.parse_args(argv)
    in_rounds = options.calls // 3
    plan = Plan(options.calls - in_rounds, options.kills * 10 // 9, in_rounds // max(options.kills, 1), options.seed)
    report = Report()
    with small_disk() as folder, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(soak(plan, folder, report))
    print("\n".join(report.lines()))
    return bool(report.faults)


if __name__ == "__main__":
    raise SystemExit(main())
