# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup file that is there whole or not at all: written under a temporary name, on the disk before it gets its own.

The name `FILE.TOKEN.partial` holds a random token, so no two runs share one, whichever daemon or machine writes to the
folder. The file is locked while it is written. A killed run leaves it; the owner of the name removes it.
"""

import errno
import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from qubesmanager.host.atomic_file import fsync_folder, rename_to_new
from qubesmanager.wire.reasons import refusal

SUFFIX = ".partial"
_TOKEN_BYTES = 8
_NAME_LIMIT = 255
_LOOK = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def check_space(folder: Path, needed: int) -> None:
    """Raise `BackupError` where the folder is none, `BackupSpaceError` where fewer than `needed` bytes are left."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise refusal("backup-not-written", folder, error.strerror or str(error)) from error
    if free < needed:
        raise refusal("backup-no-space", needed >> 20, folder, free >> 20)


def part_of(path: Path) -> Path:
    """A new name beside the file `path`, for the time until it is whole."""
    end = f".{secrets.token_hex(_TOKEN_BYTES)}{SUFFIX}"
    # Of a long name only the begin, so that this is not too long.
    begin = path.name.encode()[: _NAME_LIMIT - len(end)].decode("utf-8", "ignore")
    return path.with_name(begin + end)


@contextmanager
def partial(part: Path) -> Iterator[int]:
    """A descriptor of the new, locked file `part`, which is on the disk at the end; whatever is raised: no file."""
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            # Some network mounts have no locks; there the name alone has to do.
            with suppress(OSError):
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield fd
            os.fsync(fd)
        finally:
            os.close(fd)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def give_name(part: Path, path: Path) -> Path:
    """Call the whole file `path`, or `path-1` and so on if there is such a file by now; answers its name.

    Raises `OSError`; then the file is removed.
    """
    try:
        for number in count():
            name = path.with_name(f"{path.name}-{number}") if number else path
            with suppress(FileExistsError):
                rename_to_new(part, name)
                fsync_folder(path.parent)
                return name
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    raise AssertionError


def remove_left(part: Path) -> bool:
    """Remove what a killed run left under this name; False if it is still there or may be. Blocks.

    Left alone is a file that another process writes, and what no run has made: links, folders, devices.
    """
    try:
        folder = os.open(part.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        return error.errno == errno.ENOENT
    try:
        fd = os.open(part.name, _LOOK, dir_fd=folder)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode) or _is_locked(fd):
                return False
            os.unlink(part.name, dir_fd=folder)
        finally:
            os.close(fd)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    finally:
        os.close(folder)
    return True


def _is_locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
