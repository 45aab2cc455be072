# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration as a user sees it: its qubes with full disks, and the week behind them.

The changes of the week are made as calls, by a clock that is set back, so the timeline has them as any others. The
backups are records and files that are written when they are read (`demo_archives.py`). All of it follows from the
present time: each start shows the same.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from qubesmanager.backup.schedule import RETRY_SECONDS, Schedule
from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2
from qubesmanager.daemon.local.services.backup_history import local_time
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.system import System
from qubesmanager.systems import demo
from qubesmanager.systems.demo_archives import DemoArchives, write_stub
from qubesmanager.systems.demo_disks import GIB, DemoFigures, DemoPool, sizes
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.backups import CANCELLED, FAILED, OK, SCHEDULE, BackupRun, QubeOfRun
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import VolumeRecord

log = logging.getLogger(__name__)

HOUR, DAY = demo.HOUR, demo.DAY
MEASURE_SECONDS = 30.0
"""Seconds between two measurements of the volumes of running qubes."""
MEASURED = 20
"""Running qubes that are measured each time: in a large demonstration, all of them would be a burst of events."""


async def populate(system: System, extra: int) -> None:
    """Fill a system that has nothing but dom0, and start what should run. One that is filled is only started.

    A system whose store was lost is not filled: its volumes wait for `--recover`. What cannot be started is logged.
    """
    chosen = demo.samples(extra)
    demo.prepare(system, chosen)
    is_new = demo.is_empty(system)
    if is_new:
        await demo.write(system, chosen, size_of)
        await demo.set_system(system)
    _fill_disks(system)
    system.restores.stream_of = DemoArchives(system, {name for kept in PROFILES for name in kept.qubes}).stream
    if is_new:
        # The qubes were made long ago.
        await system.runtime.store.commit([("DELETE FROM history", ())])
        now = system.runtime.clock()
        await _make_changes(system, now)
        await _make_backups(system, now)
    await demo.run(system, chosen)
    if is_new:
        await _update_template(system)
    system.runtime.persist("measure the volumes of the demonstration", lambda: _measure(system))


def size_of(volume: VolumeRecord) -> int:
    """Bytes of a new volume."""
    if volume.name == "root":
        return 20 * GIB
    return sizes(volume.vid)[0] if volume.save_on_stop else volume.size


def _fill_disks(system: System) -> None:
    """Put drivers that say how full the volumes are in place of those of the pools; backups are as large."""

    def used(name: str) -> int | None:
        qube = system.runtime.state.qubes.get(name)
        return sum(volume.usage for volume in qube.volumes.values() if volume.save_on_stop) if qube else None

    def free() -> int | None:
        driver = system.pools.driver(system.runtime.state.system("default_pool"))
        if not isinstance(driver, DemoPool):
            return None
        usage = driver.usage_now()
        return usage.size - usage.usage

    system.backup_runs.figures = DemoFigures(used, free)
    for name, driver in list(system.pools.drivers.items()):
        if isinstance(driver, FileQcow2):
            filled = {
                volume.vid: min(volume.size, sizes(volume.vid)[1])
                for qube in system.runtime.state.in_order()
                for volume in qube.volumes.values()
                if volume.pool == name and volume.save_on_stop
            }
            system.pools.drivers[name] = DemoPool(name, driver.root, filled, system.runtime.clock)


async def _measure(system: System) -> None:
    """For the life of the system: what the running qubes use changes."""
    await system.volumes.measure_all()
    while True:
        await asyncio.sleep(MEASURE_SECONDS)
        running = (qube for qube in system.runtime.state.in_order() if qube.running)
        for qube in list(islice(running, MEASURED)):
            await system.volumes.measure(qube)


async def _update_template(system: System) -> None:
    """Give the template of running qubes a new root volume: they have to restart."""

    async def content() -> AsyncIterator[tuple[int, bytes]]:
        yield 0, b"updated" * 512

    template = system.runtime.state.qube("debian-13")
    root = template.volumes["root"]
    await system.pools.driver(root.pool).import_runs(root.vid, root.size, content())
    await system.volumes.measure(template)


def _client(system: System, source: str = DOM0) -> Client:
    return Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer, source))


# -- the changes of the week ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Past:
    """Calls that were made `ago` hours before now, one after the other."""

    ago: float
    requests: tuple[Request[Any], ...]


RULE = "action=accept dsthost=calendar.example.org proto=tcp dstports=443-443 comment=calendar"

CHANGES = (
    Past(164.2, (calls.VM_NOTES_SET("vault", payload="Never gets a netvm.\nThe paper copy is in the safe."),)),
    Past(141.6, (calls.VM_CREATE("debian-13", "AppVM", CreateSpec("trial", "gray")),)),
    Past(141.5, (calls.VM_PROPERTY_SET("trial", "netvm", ""),)),
    Past(139.1, (calls.VM_REMOVE("trial"),)),
    Past(120.4, (calls.VM_FIREWALL_INSERT_RULE("work", 1, RULE),)),
    Past(97.3, (calls.PROPERTY_SET(DOM0, "default_shutdown_timeout", "90"),)),
    Past(96.8, (calls.VM_PROPERTY_SET("work", "maxmem", "4000"),)),
    Past(74.0, tuple(calls.VM_PROPERTY_SET(name, "netvm", "") for name in ("personal", "untrusted", "work"))),
    Past(70.5, tuple(calls.VM_PROPERTY_RESET(name, "netvm") for name in ("personal", "untrusted", "work"))),
    Past(50.2, (calls.VM_FEATURE_SET("work", "service.cups", "1"),)),
    Past(49.9, (calls.VM_TAG_SET("personal", "family"),)),
    Past(29.7, (calls.VM_PROPERTY_SET("vault", "memory", "600"),)),
    Past(27.4, (calls.VM_PROPERTY_SET("personal", "vcpus", "4"),)),
    Past(7.9, (calls.VM_PROPERTY_SET("work", "maxmem", "6000"),)),
    Past(5.6, (calls.VM_PROPERTY_SET("untrusted", "label", "orange"),)),
    Past(5.5, (calls.VM_PROPERTY_SET("untrusted", "label", "red"),)),
    Past(2.3, tuple(calls.VM_PROPERTY_SET(name, "shutdown_timeout", "120") for name in ("sys-firewall", "work"))),
)


@contextmanager
def _set_back(system: System, moment: float) -> Iterator[None]:
    """The clock of the history is at another moment."""
    clock = system.runtime.clock
    system.runtime.clock = lambda: moment
    try:
        yield
    finally:
        system.runtime.clock = clock


async def _make_changes(system: System, now: float) -> None:
    client = _client(system)
    for past in CHANGES:
        with _set_back(system, now - past.ago * HOUR):
            for request in past.requests:
                try:
                    await client.send(request)
                except Mgmt1Error as error:
                    log.warning("%s of the demonstration was refused: %s", request.service, error)


# -- the backups ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A profile of backups: its qubes, when it runs, what a full run writes (GiB) and takes (minutes)."""

    name: str
    qubes: tuple[str, ...]
    schedule: str
    gib: float
    minutes: int
    keep: dict[str, int]


PROFILES = (
    Kept("nightly", ("personal", "work"), "daily 22:00", 26.4, 27, {"daily": 4, "weekly": 2}),
    Kept("service-qubes", ("sys-firewall", "sys-net"), "", 0.2, 1, {"last": 3}),
    Kept("templates", ("debian-13", "default-dvm", "fedora-43"), "", 9.1, 12, {"last": 2}),
    Kept("vault", ("vault",), "", 0.2, 1, {}),
)


async def _make_backups(system: System, now: float) -> None:
    """The profiles, and their runs with their files."""
    folder = system.runtime.places.logs.parent / "backups"
    folder.mkdir(exist_ok=True)
    secret = folder.parent / "backup-passphrase"
    await asyncio.to_thread(_write_secret, secret)
    client = _client(system)
    for kept in PROFILES:
        values: dict[str, object] = {"include": list(kept.qubes), "destination_path": str(folder), "verify": True}
        # Nothing is typed when the schedule begins a run.
        values |= {"schedule": kept.schedule, "passphrase_file": str(secret)} if kept.schedule else {}
        values |= {"keep": dict(kept.keep)} if kept.keep else {}
        await client.send(calls.BACKUP_PROFILE_SET(DOM0, kept.name, yaml.safe_dump(values)))
    runs = sorted(_runs(system, folder, now), key=lambda run: run.start)
    for run in runs:
        if run.size is not None:
            await asyncio.to_thread(write_stub, run)
    last = {name: run.end for run in runs if run.has_backup for name in _names(run)}
    qubes = [system.runtime.state.qube(name) for name in last]
    async with system.runtime.changing:
        await system.runtime.commit(
            [
                *(rows.set_backup_run(number, run) for number, run in enumerate(runs, 1)),
                *(rows.set_property(qube.qid, "backup_timestamp", str(last[qube.name])) for qube in qubes),
            ]
        )
        for qube in qubes:
            qube.own["backup_timestamp"] = str(last[qube.name])
            system.runtime.emit(system.runtime.state.property_changed(qube, "backup_timestamp"))


def _names(run: BackupRun) -> list[str]:
    return [qube.name for qube in run.qubes or ()]


def _runs(system: System, folder: Path, now: float) -> Iterable[BackupRun]:
    nightly, services, templates, vault = PROFILES
    at = Schedule(nightly.schedule).last_due(local_time(now)).replace(tzinfo=None)
    nights = [(at - timedelta(days=days)).timestamp() for days in range(8)]
    # No retry is due: the last attempt has failed too.
    yield _failed(nightly, nights[0], Reason("backup-no-space", 27034, str(folder), 11843), len(RETRY_SECONDS) + 1)
    for number, start in enumerate(nights[1:], 1):
        if number == 4:  # noqa: PLR2004 - one night of the week
            yield _cancelled(nightly, start)
            continue
        yield _done(system, folder, nightly, start, SCHEDULE, 1 - number * 0.011)
    yield _done(system, folder, nightly, now - 3 * DAY - 6.3 * HOUR, DOM0, 0.97)
    yield _done(system, folder, services, now - 1 * DAY - 3.1 * HOUR, DOM0)
    yield _done(system, folder, templates, now - 21 * DAY - 2.2 * HOUR, DOM0)
    yield _done(system, folder, vault, now - 60 * DAY - 1.4 * HOUR, DOM0)


def _done(system: System, folder: Path, kept: Kept, at: float, by: str, part: float = 1.0) -> BackupRun:
    """A verified backup that began at that moment, of that part of the usual size."""
    start, number = int(at), int(kept.gib * part * GIB)
    moment = datetime.fromtimestamp(start)  # noqa: DTZ006 - the local time, as the names of backups have it
    qubes = tuple(QubeOfRun(name, str(system.runtime.state.qube(name).uuid), OK) for name in kept.qubes)
    return BackupRun(
        profile=kept.name,
        start=start,
        result=OK,
        file=str(folder / f"qubes-backup-{kept.name}-{moment:%Y%m%dT%H%M%S}"),
        by=by,
        attempt=1 if by == SCHEDULE else None,
        owner=DOM0,
        names=(),
        backup=f"{start:x}-{kept.name}",
        verified=True,
        qubes=qubes,
        size=number,
        end=start + int(kept.minutes * 60 * part) + start % 37,
    )


def _failed(kept: Kept, at: float, why: Reason, attempt: int) -> BackupRun:
    start = int(at)
    run = BackupRun(kept.name, start, FAILED, by=SCHEDULE, attempt=attempt, owner=DOM0, names=(), end=start + 4)
    return run.because(why)


def _cancelled(kept: Kept, at: float) -> BackupRun:
    start = int(at)
    return BackupRun(kept.name, start, CANCELLED, by=SCHEDULE, attempt=1, owner=DOM0, names=(), end=start + 190)


def _write_secret(path: Path) -> None:
    """The passphrase of backups by schedule."""
    path.touch(mode=0o600)
    path.write_text("the passphrase of the demonstration\n", encoding="utf-8")
