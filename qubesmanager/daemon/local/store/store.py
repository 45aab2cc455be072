# SPDX-License-Identifier: GPL-3.0-or-later
"""The store: SQLite, the truth about everything that is not a volume's bytes.

WAL with `synchronous=FULL`: `commit` returns once the change is on disk, so what was answered survives `kill -9` and
power loss; a transaction that fails leaves nothing. One thread owns the connection; the loop never waits for the disk.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from qubesmanager.wire.errors import Mgmt1Error

T = TypeVar("T")
Statement = tuple[str, Sequence[Any]]

_MIGRATIONS = ("schema_1.sql", "schema_2.sql", "schema_3.sql", "schema_4.sql")
"""In order; a database remembers in `user_version` how many it has had."""


class StoreError(Mgmt1Error):
    """The change could not be written; nothing of it was kept."""

    wire_name = "QubesException"


class Store:
    """One database file. `open` it in a running loop; reads are for the start, everything after is `commit`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "store")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open or create the file and bring it to the newest schema. Raises `StoreError` for one that is newer."""
        await self._run(self._open)

    async def close(self) -> None:
        if self._connection is not None:
            await self._run(self._connection.close)
            self._connection = None
        self._thread.shutdown(wait=True)

    async def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return await self._run(self._read, sql, parameters)

    async def commit(self, statements: Iterable[Statement]) -> None:
        """Carry out the statements as one transaction, durable on return. Raises `StoreError`; then nothing changed."""
        loop = asyncio.get_running_loop()
        committing = loop.run_in_executor(self._thread, self._commit, list(statements))
        try:
            await asyncio.shield(committing)
        except asyncio.CancelledError:
            # The thread cannot be stopped. What it stored has to be applied: the caller is cancelled at its next wait.
            await asyncio.wait([committing])
            committing.result()
            if task := asyncio.current_task():
                task.uncancel()
                loop.call_soon(task.cancel)

    async def _run(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    # -- in the thread ------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            _migrate(connection)
        except sqlite3.Error as error:
            raise StoreError(f"The store {self._path} cannot be opened: {error}") from error
        self._connection = connection

    def _held(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError("The store is closed.")
        return self._connection

    def _read(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._held().execute(sql, parameters).fetchall()

    def _commit(self, statements: list[Statement]) -> None:
        connection = self._held()
        try:
            connection.execute("BEGIN IMMEDIATE")
            for sql, parameters in statements:
                connection.execute(sql, parameters)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise StoreError(f"The change could not be stored: {self._said(error)}") from error

    def _said(self, error: sqlite3.Error) -> str:
        """Why, for a person; of a full disk with its place and what is left of it."""
        if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_FULL:
            return str(error)
        left = os.statvfs(self._path.parent)
        return f"the disk of {self._path.parent} is full: {left.f_bavail * left.f_frsize} bytes are left."


def _migrate(connection: sqlite3.Connection) -> None:
    (done,) = connection.execute("PRAGMA user_version").fetchone()
    if done > len(_MIGRATIONS):
        raise StoreError("The store was written by a newer version of this program.")
    folder = resources.files(__package__)
    for number, name in enumerate(_MIGRATIONS[done:], done + 1):
        script = folder.joinpath(name).read_text(encoding="utf-8")
        connection.executescript(f"BEGIN;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
