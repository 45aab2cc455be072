# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are there whole or not at all, and new names that are never those of files that are there."""

import ctypes
import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from qubesmanager.host.atomic_file import (
    drop_parts,
    give_name,
    part_of,
    partial,
    remove_left,
    rename_to_new,
    replace_file,
)


class WithoutNoReplace:
    """A C library on a file system that has no such way of renaming, as NFS."""

    def renameat2(self, *_: object) -> int:
        ctypes.set_errno(errno.EINVAL)
        return -1


def no_links(_old: Path, new: Path, *, follow_symlinks: bool) -> None:
    assert not follow_symlinks
    raise OSError(errno.EPERM, "no links", str(new))


@pytest.fixture(params=["renameat2", "link", "neither"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param != "renameat2":
        monkeypatch.setattr(ctypes, "CDLL", lambda *_arguments, **_named: WithoutNoReplace())
    if request.param == "neither":
        monkeypatch.setattr(os, "link", no_links)
    return str(request.param)


@pytest.mark.usefixtures("way")
def test_a_file_is_renamed_to_a_new_name_and_to_no_other(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"data")

    rename_to_new(old, new)

    assert new.read_bytes() == b"data"
    assert not old.exists()
    old.write_bytes(b"other")
    with pytest.raises(FileExistsError):
        rename_to_new(old, new)
    assert new.read_bytes() == b"data"
    assert old.read_bytes() == b"other"
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        rename_to_new(old, tmp_path / "link")


@pytest.mark.usefixtures("way")
def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "old").touch()

    with pytest.raises(OSError, match="No such file"):
        rename_to_new(tmp_path / "old", tmp_path / "none/new")


def test_a_small_file_is_replaced_whole_or_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    replace_file(file, b"old", mode=0o640)

    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(file, b"new", mode=0o600)

    assert file.read_bytes() == b"old"
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_leftovers_of_a_crash_of_a_small_file_are_removed_or_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".file.part").write_bytes(b"half of")
    replace_file(tmp_path / "file", b"whole", mode=0o600)

    assert (tmp_path / "file").read_bytes() == b"whole"
    (tmp_path / ".file.part").write_bytes(b"half of")
    assert drop_parts(tmp_path) == [tmp_path / ".file.part"]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# -- a large file ------------------------------------------------------------------------------------------------------


def test_a_file_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    part = part_of(tmp_path / "backup")
    with partial(part) as fd:
        assert [found.name for found in tmp_path.iterdir()] == [part.name]
        os.write(fd, b"whole")

    assert give_name(part, tmp_path / "backup") == tmp_path / "backup"
    assert [found.name for found in tmp_path.iterdir()] == ["backup"]
    assert (tmp_path / "backup").read_bytes() == b"whole"


def test_a_file_that_has_the_name_by_then_is_not_replaced(tmp_path: Path) -> None:
    for data in (b"first", b"second"):
        part = part_of(tmp_path / "backup")
        with partial(part) as fd:
            os.write(fd, data)
        give_name(part, tmp_path / "backup")

    assert (tmp_path / "backup").read_bytes() == b"first"
    assert (tmp_path / "backup-1").read_bytes() == b"second"
    assert len(list(tmp_path.iterdir())) == 2


def test_two_runs_to_one_name_share_no_file(tmp_path: Path) -> None:
    parts = [part_of(tmp_path / "backup"), part_of(tmp_path / "backup")]
    with partial(parts[0]) as first, partial(parts[1]) as second:
        os.write(first, b"first")
        os.write(second, b"second")

    assert [part.read_bytes() for part in parts] == [b"first", b"second"]


def test_a_long_name_has_a_part_that_is_not_too_long(tmp_path: Path) -> None:
    part = part_of(tmp_path / ("ü" * 127))

    assert len(part.name.encode()) <= 255
    part.touch()


def test_only_partial_files_of_killed_runs_are_removed(tmp_path: Path) -> None:
    left, other = part_of(tmp_path / "backup"), part_of(tmp_path / "backup")
    left.touch()
    other.touch()

    assert remove_left(left)
    assert remove_left(left)
    assert list(tmp_path.iterdir()) == [other]
    assert remove_left(tmp_path / "none" / left.name)
    assert not remove_left(other / left.name)


def test_a_part_that_is_written_now_stays(tmp_path: Path) -> None:
    """Another daemon may have a copy of the store, with the name of the file that this one writes."""
    part = part_of(tmp_path / "backup")
    with partial(part):
        assert not remove_left(part)
        assert part.exists()

    assert remove_left(part)


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_a_foreign_file_with_the_name_of_a_partial_file_is_kept(tmp_path: Path, kind: str) -> None:
    part, other = part_of(tmp_path / "backup"), tmp_path / "other"
    other.write_bytes(b"of another")
    makes: dict[str, Callable[[], object]] = {
        "link": lambda: part.symlink_to(other),
        "folder": part.mkdir,
        "pipe": lambda: os.mkfifo(part),
    }
    makes[kind]()

    assert not remove_left(part)

    assert os.path.lexists(part)
    assert other.read_bytes() == b"of another"
