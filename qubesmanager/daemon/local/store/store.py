# SPDX-License-Identifier: GPL-3.0-or-later
"""The store: SQLite, the truth about everything that is not a volume's bytes.

WAL with `synchronous=FULL`: `commit` returns once the change is on disk, so what was answered survives `kill -9` and
power loss; a transaction that fails leaves nothing. One thread owns the connection; the loop never waits for the disk.

A store that is damaged is put aside under a name with the time, and one that is gone was lost: the newest copy that is
whole takes its place (`backups`), else an empty store does. `notice` then says what happened.
"""

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from qubesmanager.daemon.local.store import backups, screening
from qubesmanager.daemon.local.store.recording import Recorder, Recording
from qubesmanager.daemon.local.store.screening import Unreadable
from qubesmanager.daemon.local.store.store_files import StoreFiles
from qubesmanager.host.workers import LoopThread
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import cause, error_for

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
Statement = tuple[str, Sequence[Any]]

_MIGRATIONS = tuple(f"schema_{number}.sql" for number in range(1, 11))
"""In order; a database remembers in `user_version` how many it has had."""


class StoreError(Mgmt1Error, named=False):
    """The change could not be written; nothing of it was kept."""


class StoreDamagedError(StoreError, named=False):
    """The file is not a store, or not a whole one."""


_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_UNREADABLE = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ}

BACKUP_POLL = 3600.0
"""Seconds between two looks whether a copy of the store is due."""


class Store:
    """One database file. `open` it in a running loop; reads are for the start, everything after is `commit`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = LoopThread("store")
        self._connection: sqlite3.Connection | None = None
        self._recorder: Recorder | None = None
        self.copies = path.with_name("store-backups")
        """The folder of its copies."""
        self.notice = ""
        """What was done to open a damaged or missing store, as a sentence for the user; empty if nothing was."""
        self._tried: set[Path] = set()
        self._files: StoreFiles | None = None

    async def open(self) -> None:
        """Open or create the file and bring it to the newest schema; a damaged or lost one is replaced.

        Raises `StoreError` for a file that a newer version wrote, and for one that cannot be read for another reason.
        """
        await self._run(self._open)

    async def replace(self, why: str) -> None:
        """The open store turned out to be damaged: put it aside and open the next older copy, or an empty store."""
        await self._run(self._replace, why)

    async def screen(self) -> list[Unreadable]:
        """Put rows that cannot be read aside (see `screening`); answers those that were found now.

        Raises `StoreDamagedError` for a damaged file, `StoreError` if that cannot be stored.
        """
        return await self._run(self._screen)

    async def copy_if_due(self) -> None:
        """Write the copy of the day, if there is none yet. Raises `sqlite3.Error` or `OSError`."""
        await self._run(self._copy_if_due)

    async def keep_copies(self) -> None:
        """Write a copy of the store each day, for as long as the store is open."""
        while True:
            try:
                await self.copy_if_due()
            except (sqlite3.Error, OSError) as error:
                log.warning("The store could not be copied to %s: %s", self.copies, error)
            await asyncio.sleep(BACKUP_POLL)

    async def close(self) -> None:
        if self._connection is not None:
            await self._run(self._connection.close)
            self._connection = None
        self._close_files()
        self._thread.close()

    async def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query. Raises `StoreDamagedError` for a damaged file, `StoreError` otherwise."""
        return await self._run(self._read, sql, parameters)

    async def commit(self, statements: Iterable[Statement], recording: Recording | None = None) -> None:
        """Carry out the statements as one transaction, durable on return. Raises `StoreError`; then nothing changed.

        With `recording` the transaction also writes what it changed to the history.
        """
        task = asyncio.current_task()
        cancels = task.cancelling() if task is not None else 0
        self._check_open()
        committing = self._thread.run_to_its_end(self._commit, list(statements), recording)
        # What is stored has to be applied: a cancelled caller learns of it at its next wait.
        while not committing.done():
            try:
                await committing
            except asyncio.CancelledError:
                continue
        committing.result()
        if task is not None:
            # It may have been cancelled more than once: by its client, and by the end of the daemon.
            for _ in range(task.cancelling() - cancels):
                task.uncancel()
                asyncio.get_running_loop().call_soon(task.cancel)

    async def _run(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        self._check_open()
        return await self._thread.run(function, *arguments, **named)

    def _check_open(self) -> None:
        """Raises `StoreError` once it is closed: what a caller still had to store is lost with the daemon's end."""
        if self._thread.is_closed:
            raise error_for(Reason("store-closed"), StoreError)

    # -- in the thread ------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(self._path) and backups.newest_first(self.copies):
            self._replace("it is gone")
            return
        try:
            self._connection = self._connected()
        except StoreDamagedError as error:
            self._replace(str(error))

    def _replace(self, why: str) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        try:
            aside = backups.put_aside(self._path)
            source = self._next_copy()
            if source is not None:
                backups.put_in_place(source, self._path)
        except OSError as error:
            raise StoreError(f"The store {self._path} is damaged ({why}) and cannot be put aside: {error}") from error
        taken = f"the copy {source.name}; what changed after it is not in it" if source else "an empty store"
        kept = f", was put aside as {aside.name}" if aside else ""
        self.notice = (
            f"The store {self._path.name} could not be used ({why}){kept}, and the daemon began with {taken}. "
            "qubes-mgmt1d --check lists what is missing, --recover makes qubes again from their volumes."
        )
        log.error("%s", self.notice)
        try:
            self._connection = self._connected()
        except StoreDamagedError as error:
            if source is None:
                raise
            self._replace(str(error))

    def _next_copy(self) -> Path | None:
        """The newest whole copy that was not tried yet."""
        for path in backups.newest_first(self.copies):
            if path in self._tried:
                continue
            self._tried.add(path)
            with contextlib.suppress(sqlite3.Error), contextlib.closing(open_copy(path)) as copy:
                if not backups.why_damaged(copy):
                    return path
        return None

    def _make_private(self) -> None:
        """Let only the owner read the store; SQLite gives the files beside it the same mode."""
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self._path}{suffix}").chmod(0o600)

    def _connected(self) -> sqlite3.Connection:
        is_new = not os.path.lexists(self._path)
        if not is_new and (why := why_no_file(self._path)):
            raise StoreDamagedError(why)
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            if not is_new:
                check(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            self._make_private()
            if not is_new:
                self._copy_before_migration(connection)
            _migrate(connection)
            check_tables(connection)
            self._recorder = Recorder(connection)
        except sqlite3.Error as error:
            connection.close()
            if _is_damage(error):
                raise StoreDamagedError(str(error)) from error
            raise error_for(Reason("store-not-opened", self._path, cause(error)), StoreError) from error
        except BaseException:
            connection.close()
            raise
        self._close_files()
        self._files = StoreFiles(self._path)
        return connection

    def _copy_before_migration(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version < len(_MIGRATIONS):
            try:
                backups.write(connection, self.copies, f"schema-{version}")
            except OSError as error:
                raise error_for(Reason("store-not-copied", self.copies, cause(error)), StoreError) from error

    def _copy_if_due(self) -> None:
        connection = self._open_connection()
        ((qubes,),) = connection.execute("SELECT count(*) FROM qube").fetchall()
        if qubes > 1 and backups.is_due(self.copies):
            log.info("The store was copied to %s", backups.write(connection, self.copies, backups.DAILY))

    def _open_connection(self) -> sqlite3.Connection:
        if self._connection is None:
            raise error_for(Reason("store-closed"), StoreError)
        return self._connection

    def _read(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            return self._open_connection().execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            kind = StoreDamagedError if _is_damage(error) else StoreError
            raise error_for(Reason("store-not-read", cause(error)), kind) from error

    def _screen(self) -> list[Unreadable]:
        try:
            self._recording().rest()
            return screening.screen(self._open_connection())
        except sqlite3.Error as error:
            kind = StoreDamagedError if _is_damage(error) else StoreError
            raise error_for(Reason("store-not-checked", cause(error)), kind) from error

    def _commit(self, statements: list[Statement], recording: Recording | None) -> None:
        connection, recorder = self._open_connection(), self._recording()
        execute = recorder.execute
        try:
            recorder.begin(recording)
            execute("BEGIN IMMEDIATE")
            for sql, parameters in statements:
                execute(sql, parameters)
            recorder.finish()
            self._check_files()
            execute("COMMIT")
        except Exception as error:
            with contextlib.suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            recorder.forget()
            if not isinstance(error, sqlite3.Error):
                raise
            raise error_for(Reason("change-not-stored", self._said(error)), StoreError) from error

    def _recording(self) -> Recorder:
        if self._recorder is None:
            raise error_for(Reason("store-closed"), StoreError)
        return self._recorder

    def _check_files(self) -> None:
        """Raises `StoreError` if a file of the store was deleted or replaced: what is written to it would be lost.

        As late as possible before the commit. After it, a change could be refused and yet kept.
        """
        if self._files is not None and (path := self._files.replaced()):
            raise error_for(Reason("store-replaced", path), StoreError)

    def _close_files(self) -> None:
        if self._files is not None:
            self._files.close()
            self._files = None

    def _said(self, error: sqlite3.Error) -> Field:
        """The reason in words; for a full disk its directory and the bytes that are left."""
        if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_FULL:
            return str(error)
        try:
            disk = os.statvfs(self._path.parent)
        except OSError as unknown:
            return Reason("store-disk-unknown", self._path.parent, unknown.strerror or str(unknown))
        return Reason("store-disk-full", self._path.parent, disk.f_bavail * disk.f_frsize)


def _is_damage(error: sqlite3.Error) -> bool:
    """The file itself is wrong, or its bytes cannot be read; other errors are the disk's, or lack of rights."""
    # Python's own errors, as for text that is not UTF-8, have no code.
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF in _DAMAGE or code in _UNREADABLE


def why_no_file(path: Path) -> str:
    """Why what lies there cannot be a store; empty if it can."""
    if not path.is_file():
        return "it is not a file"
    return "" if path.stat().st_size else "it is empty"


def open_copy(path: Path) -> sqlite3.Connection:
    """A file without writers, for reading; no file is made beside it. Raises `sqlite3.Error`."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)


def check(connection: sqlite3.Connection) -> None:
    """Raises `StoreDamagedError` if it is not a whole store, `StoreError` if a newer version wrote it."""
    if why := backups.why_damaged(connection):
        raise StoreDamagedError(why)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(_MIGRATIONS):
        raise error_for(Reason("store-newer"), StoreError)
    if version < 1:
        raise StoreDamagedError("it is a database of another program")


def make_current(connection: sqlite3.Connection) -> None:
    """Bring a copy of a store to the newest schema. Raises as `check`, and `StoreDamagedError` for other tables."""
    check(connection)
    _migrate(connection)
    check_tables(connection)


def _migrate(connection: sqlite3.Connection) -> None:
    (done,) = connection.execute("PRAGMA user_version").fetchone()
    for number, name in enumerate(_MIGRATIONS[done:], done + 1):
        script = Path(__file__).with_name(name).read_text(encoding="utf-8")
        connection.executescript(f"BEGIN;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def check_tables(connection: sqlite3.Connection) -> None:
    """Raises `StoreDamagedError` if the tables are not those of a store of this version."""
    if _tables(connection) != _expected():
        raise StoreDamagedError("its tables are not those of a store")


def _tables(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The columns of each table."""
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
    return {
        name: [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")').fetchall()]
        for name in names
        if not name.startswith("sqlite_") and '"' not in name
    }


@cache
def _expected() -> dict[str, list[str]]:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as empty:
        _migrate(empty)
        return _tables(empty)
