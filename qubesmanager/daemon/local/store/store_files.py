# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the files of an open store are still at their paths: what is written to a deleted file is lost."""

import os
import time
from pathlib import Path

_NEVER = (-1, -1)
_SETTLED_NS = 1_000_000_000
"""Nanoseconds after which another change of a folder has another time: file systems count in ticks of the kernel."""


class StoreFiles:
    """The database and its log, as they were opened. Made when SQLite has both open; `close` it after the connection.

    Who deletes or replaces a file changes the times of its folder, and who moves the folder does too. So the paths are
    looked up again only when these are others: a look at an open folder takes a sixth of the time. Once a second they
    are looked up in any case, for a folder further up that was moved.
    """

    def __init__(self, database: Path) -> None:
        journal = database.with_name(f"{database.name}-wal")
        self._opened = {path: inode for path in (str(database), str(journal)) if (inode := _inode(path))}
        self._folder = os.open(database.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._is_link = database.is_symlink()
        """The file is in another folder: its path is looked up each time."""
        self._times = _NEVER
        self._second = 0
        """When the paths were looked up last."""

    def replaced(self) -> str:
        """The path of a file that was deleted or replaced; empty if none was."""
        stat = os.fstat(self._folder)
        times = (stat.st_mtime_ns, stat.st_ctime_ns)
        now = time.time_ns()
        second = now // 1_000_000_000
        if times == self._times and second == self._second:
            return ""
        for path, inode in self._opened.items():
            if _inode(path) != inode:
                return path
        is_settled = now - max(times) > _SETTLED_NS and not self._is_link
        self._times = times if is_settled else _NEVER
        self._second = second
        return ""

    def close(self) -> None:
        os.close(self._folder)


def _inode(path: str) -> tuple[int, int] | None:
    """Device and inode; None if there is no file."""
    try:
        stat = os.stat(path)  # noqa: PTH116 - a `Path` takes longer
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
