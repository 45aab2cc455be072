# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an open store: one that is deleted, replaced or moved is noticed at the next change."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from qubesmanager.daemon.local.store import store_files
from qubesmanager.daemon.local.store.store_files import StoreFiles

LATER = 10_000_000_000
"""Nanoseconds after which the times of a folder are trusted."""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    folder = tmp_path / "above" / "state"
    folder.mkdir(parents=True)
    for name in ("store.sqlite", "store.sqlite-wal"):
        (folder / name).write_text("x")
    return folder / "store.sqlite"


def replace_by_another(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("y")
    other.replace(path)


def move(path: Path) -> None:
    path.rename(path.with_name("moved"))


def move_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


CHANGES: dict[str, Callable[[Path], None]] = {
    "deleted": Path.unlink,
    "replaced": replace_by_another,
    "moved": move,
    "folder moved": move_folder,
}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the time, in nanoseconds from the last change of the files."""
    now = time.time_ns()
    moment = [now]
    monkeypatch.setattr(time, "time_ns", lambda: moment[0])

    def set_clock(offset: int) -> None:
        moment[0] = now + offset

    return set_clock


@pytest.mark.parametrize("name", ["store.sqlite", "store.sqlite-wal"])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("offset", [0, LATER])
def test_a_change_of_a_file_is_noticed_at_once(
    database: Path, clock: Callable[[int], None], change: str, name: str, offset: int
) -> None:
    files = StoreFiles(database)
    clock(offset)
    assert not files.replaced()
    CHANGES[change](database.with_name(name))

    assert files.replaced()
    files.close()


def test_a_folder_further_up_that_was_moved_is_noticed_a_second_later(
    database: Path, clock: Callable[[int], None]
) -> None:
    files = StoreFiles(database)
    clock(LATER)
    assert not files.replaced()
    database.parent.parent.rename(database.parent.parent.with_name("elsewhere"))
    clock(LATER + 1_000_000_000)

    assert files.replaced() == str(database)
    files.close()


def test_the_paths_are_not_looked_up_while_the_folder_does_not_change(
    database: Path, clock: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = StoreFiles(database)
    clock(LATER)
    assert not files.replaced()
    monkeypatch.setattr(store_files, "_inode", lambda _path: pytest.fail("a path was looked up"))

    assert not files.replaced()
    files.close()


def test_a_database_behind_a_link_is_looked_up_each_time(database: Path, clock: Callable[[int], None]) -> None:
    behind = database.parent.parent / "behind"
    database.rename(behind)
    database.symlink_to(behind)
    files = StoreFiles(database)
    clock(LATER)
    assert not files.replaced()
    behind.unlink()

    assert files.replaced() == str(database)
    files.close()
