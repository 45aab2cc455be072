# SPDX-License-Identifier: GPL-3.0-or-later
"""`qubes-mgmt1d --check`: what is wrong with the store, the pools and the volumes. Changes nothing, daemon or none."""

import contextlib
import fcntl
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.volumes import KINDS
from qubesmanager.daemon.local.drivers.pools.base import PoolDriver
from qubesmanager.daemon.local.drivers.pools.table import DEFAULT, open_pool
from qubesmanager.daemon.local.services.recovery import parse
from qubesmanager.daemon.local.store import backups, rows, screening
from qubesmanager.daemon.local.store.store import StoreDamagedError, StoreError, make_current, why_no_file
from qubesmanager.wire.errors import Mgmt1Error, QubesVolumeNotFoundError, StoragePoolException
from qubesmanager.wire.values import VmClass


@dataclass(slots=True)
class Report:
    """Sentences: `wrong` are problems that the user should solve, `notes` are for information."""

    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Pool:
    name: str
    driver: str
    options: str
    identity: str


class _Reader:
    """Reads a store that is open already."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, parameters).fetchall()


def lines(report: Report) -> list[str]:
    """The report as text for the user, a line for each sentence; the last one sums it up."""
    return [
        *(f"wrong: {sentence}" for sentence in report.wrong),
        *(f"note: {sentence}" for sentence in report.notes),
        f"{len(report.wrong)} things are wrong." if report.wrong else "Nothing is wrong.",
    ]


async def check_all(state: Path) -> Report:
    """Look at everything. Raises `StoreError` if the store cannot be read for another reason than damage."""
    report = Report()
    store = state / "store.sqlite"
    qubes: list[Qube] = []
    pools = [_Pool("default", DEFAULT, json.dumps({"dir_path": str(state / "pools" / "default")}), "")]
    with contextlib.ExitStack() as stack:
        connection = _store(stack, state, store, report)
        if connection is not None:
            reader = _Reader(connection)
            try:
                screening.screen(connection)
                report.wrong += [str(row) for row in await rows.read_unreadable(reader)]
                qubes = await rows.read_qubes(reader)
                pools = [_Pool(*row) for row in await reader.read("SELECT name, driver, options, identity FROM pool")]
            except (ValueError, LookupError, TypeError, sqlite3.Error) as error:
                report.wrong.append(f"The store cannot be understood ({error}); the next start replaces it by a copy.")
    _copies(store, report)
    for pool in pools:
        await _pool(pool, qubes, report, is_new=not qubes)
    return report


def _store(stack: contextlib.ExitStack, state: Path, store: Path, report: Report) -> sqlite3.Connection | None:
    """The store, or else its newest whole copy; None if there is neither."""
    if os.path.lexists(store):
        try:
            return stack.enter_context(_snapshot(store, in_use=_in_use(state / "lock")))
        except StoreDamagedError as error:
            report.wrong.append(f"The store {store} is damaged: {error}.")
    for copy in backups.newest_first(store.with_name("store-backups")):
        with contextlib.suppress(StoreError):
            connection = stack.enter_context(_snapshot(copy, in_use=False))
            if not os.path.lexists(store):
                report.wrong.append(f"The store {store} is gone.")
            report.notes.append(f"The next start begins with the copy {copy.name}; what follows is by that copy.")
            return connection
    if not os.path.lexists(store):
        report.notes.append(f"There is no store at {store}.")
    else:
        report.wrong.append("There is no whole copy of the store; the next start begins with an empty one.")
    return None


@contextlib.contextmanager
def _snapshot(store: Path, *, in_use: bool) -> Iterator[sqlite3.Connection]:
    """The store's content as this version has it, whether a daemon has it open or not; nothing is made beside it.

    Raises `StoreDamagedError`, and `StoreError` for a file that cannot be read or that a newer version wrote.
    """
    if why := why_no_file(store):
        raise StoreDamagedError(why)
    with tempfile.TemporaryDirectory(prefix="qubes-mgmt1d-") as folder:
        copy = Path(folder, store.name)
        try:
            _copy(store, copy, in_use=in_use)
            connection = sqlite3.connect(copy, isolation_level=None)
        except sqlite3.DatabaseError as error:
            raise StoreDamagedError(str(error)) from error
        except OSError as error:
            raise StoreError(f"The store {store} cannot be read: {error.strerror}.") from error
        with contextlib.closing(connection):
            try:
                make_current(connection)
            except sqlite3.DatabaseError as error:
                raise StoreDamagedError(str(error)) from error
            yield connection


def _copy(store: Path, copy: Path, *, in_use: bool) -> None:
    if in_use:
        with (
            contextlib.closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)) as source,
            contextlib.closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        return
    for suffix in ("", "-wal"):
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"{store}{suffix}", f"{copy}{suffix}")


def _in_use(lock: Path) -> bool:
    """Whether a daemon runs on this state."""
    try:
        fd = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def _copies(store: Path, report: Report) -> None:
    for copy in backups.newest_first(store.with_name("store-backups")):
        try:
            with _snapshot(copy, in_use=False):
                pass
        except StoreError as error:
            report.wrong.append(f"The copy {copy.name} of the store cannot be used: {error}.")
    report.notes += [f"{path.name} is a damaged store that was put aside." for path in backups.put_aside_before(store)]


async def _pool(pool: _Pool, qubes: list[Qube], report: Report, *, is_new: bool) -> None:
    try:
        driver = open_pool(pool.name, pool.driver, json.loads(pool.options))
        mark = await driver.place()
        if pool.identity and mark != pool.identity:
            location = "another one" if mark else "empty"
            report.wrong.append(f"The pool {pool.name} is missing: its location is {location}.")
            return
        vids = await driver.list_volumes()
        report.wrong += [f"In the pool {pool.name}: {stray}" for stray in await driver.strays()]
    except (Mgmt1Error, ValueError, OSError) as error:
        if not is_new:
            report.wrong.append(f"The pool {pool.name} is missing: {error}")
        return
    names: set[str] = set()
    for qube in qubes:
        for volume in qube.volumes.values():
            if volume.pool == pool.name:
                names.add(volume.vid)
                if volume.save_on_stop:
                    await _volume(driver, qube, volume.vid, report, is_own=not volume.extra)
    for vid in vids:
        if vid not in names:
            await _orphan(driver, vid, report)


async def _volume(driver: PoolDriver, qube: Qube, vid: str, report: Report, *, is_own: bool) -> None:
    try:
        # A change by the daemon may come between: what is wrong is wrong twice.
        why = await driver.damage(vid) and await driver.damage(vid)
    except QubesVolumeNotFoundError:
        report.wrong.append(f"The volume {driver.pool}:{vid} of {qube.name} is missing.")
        return
    except StoragePoolException as error:
        why = str(error)
    if why:
        report.wrong.append(f"The volume {driver.pool}:{vid} of {qube.name} is damaged: {why}")
        return
    described = parse(await driver.description(vid))
    if is_own and described is not None and described[0] != qube.uuid:
        report.wrong.append(f"The volume {driver.pool}:{vid} says that it is of another qube than {qube.name}.")


async def _orphan(driver: PoolDriver, vid: str, report: Report) -> None:
    described = parse(await driver.description(vid))
    name, _, volume = vid.partition("/")
    if described is not None and any(kind.name == volume for kind in KINDS[VmClass(described[1].klass)]):
        report.wrong.append(
            f"The volume {driver.pool}:{vid} belongs to no qube; it was of the {described[1].klass} {name}."
            " qubes-mgmt1d --recover makes it again."
        )
    else:
        report.notes.append(f"The volume {driver.pool}:{vid} belongs to no qube.")
    if why := await driver.damage(vid):
        report.wrong.append(f"The volume {driver.pool}:{vid} is damaged: {why}")
