# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of the store beside it, so that a lost or damaged one costs a day and not everything.

    store-backups/000012-20261126T030000Z-daily.sqlite     one a day
    store-backups/000013-20261127T091500Z-schema-3.sqlite  before the schema was changed from 3

The number says which is newer; the clock may have been wrong. A copy is complete and checked before it gets its name.
Nothing is pending in a copy: what was being made when it was written may be finished and in use when it is needed.
"""

import contextlib
import os
import re
import shutil
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

DAILY = "daily"
KEPT = {DAILY: 7, "schema": 3}
"""How many copies of each kind stay."""

DAY = 86_400
_NAME = re.compile(r"([0-9]{6,12})-([0-9]{8}T[0-9]{6}Z)-(daily|schema-[0-9]{1,4})\.sqlite", re.ASCII)
_CELL = re.compile(r"(?:NULL|NUMERIC|TEXT|non-[A-Z]+) value in \S+|CHECK constraint failed in \S+", re.ASCII)
_MOST_FAULTS = 10_000
_STAMP = "%Y%m%dT%H%M%SZ"


def stamp() -> str:
    """The time now for a file's name, in UTC: `20261126T142300Z`."""
    return datetime.now(UTC).strftime(_STAMP)


def newest_first(folder: Path) -> list[Path]:
    """All copies of the folder, which need not exist."""
    with contextlib.suppress(FileNotFoundError):
        return sorted((path for path in folder.iterdir() if _NAME.fullmatch(path.name)), key=_number, reverse=True)
    return []


def is_due(folder: Path) -> bool:
    """No daily copy is younger than a day; one from the future does not count."""
    now = time.time()
    ages = (now - written_at(path) for path in newest_first(folder) if path.stem.endswith(DAILY))
    return not any(0 <= age < DAY for age in ages)


def written_at(path: Path) -> float:
    """When a copy was written, by its name, in Unix seconds."""
    match = _NAME.fullmatch(path.name)
    return datetime.strptime(match[2], _STAMP).replace(tzinfo=UTC).timestamp() if match else 0


def write(connection: sqlite3.Connection, folder: Path, reason: str) -> Path:
    """A checked copy of the open store; the oldest copies of the same kind are removed.

    `reason` is `daily` or `schema-<n>`. Raises `sqlite3.Error` or `OSError`; then the copies are as before.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    copies = newest_first(folder)
    number = _number(copies[0]) + 1 if copies else 1
    path = folder / f"{number:06d}-{stamp()}-{reason}.sqlite"
    part = folder / f".{path.name}.part"
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    try:
        with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as copy:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            copy.execute("DELETE FROM pending_volume")
            if why := why_damaged(copy):
                raise sqlite3.DatabaseError(why)
        _sync(part)
        part.rename(path)
        _sync(folder)
    finally:
        part.unlink(missing_ok=True)
    kind = reason.partition("-")[0]
    for old in [copy for copy in newest_first(folder) if _kind(copy) == kind][KEPT[kind] :]:
        old.unlink()
    return path


def why_damaged(connection: sqlite3.Connection) -> str:
    """The damage that SQLite finds in the file; empty for none. Raises `sqlite3.Error` if it cannot even look.

    A cell of another type than its column is no damage of the file: `screening` sees to its row.
    """
    answers = (" ".join(str(answer).split()) for (answer,) in connection.execute(f"PRAGMA quick_check({_MOST_FAULTS})"))
    return next((answer for answer in answers if answer != "ok" and not _CELL.fullmatch(answer)), "")


def put_in_place(source: Path, store: Path) -> None:
    """The store is a copy of `source`, in one step. Raises `OSError`."""
    part = store.with_name(f".{store.name}.part")
    part.unlink(missing_ok=True)
    with (
        source.open("rb") as copy,
        os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file,
    ):
        shutil.copyfileobj(copy, file)
        file.flush()
        os.fsync(file.fileno())
    part.rename(store)
    _sync(store.parent)


def put_aside(store: Path) -> Path | None:
    """Rename the store, and what SQLite keeps beside it, to `<name>.damaged-<time>`; None if nothing is there."""
    files = [path for suffix in ("", "-wal", "-shm") if os.path.lexists(path := store.with_name(store.name + suffix))]
    if not files:
        return None
    aside = store.with_name(f"{store.name}.damaged-{stamp()}")
    number = 1
    while any(os.path.lexists(aside.with_name(aside.name + suffix)) for suffix in ("", "-wal", "-shm")):
        number += 1
        aside = store.with_name(f"{store.name}.damaged-{stamp()}-{number}")
    for path in files:
        path.rename(path.with_name(aside.name + path.name.removeprefix(store.name)))
    _sync(store.parent)
    return aside


def put_aside_before(store: Path) -> list[Path]:
    """The damaged stores that were put aside, oldest first."""
    return sorted(
        path for path in store.parent.glob(f"{store.name}.damaged-*") if not path.name.endswith(("-wal", "-shm"))
    )


def _number(path: Path) -> int:
    return int(path.name.partition("-")[0])


def _kind(path: Path) -> str:
    return path.stem.split("-")[2]


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
