# SPDX-License-Identifier: GPL-3.0-or-later
"""A file gets a new name, and never that of a file that is there, whatever the file system can do."""

import ctypes
import errno
import os
from pathlib import Path

import pytest

from qubesmanager.host.atomic_file import rename_to_new


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
