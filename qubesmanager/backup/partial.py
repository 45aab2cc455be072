# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup file that is there whole or not at all: written as NAME.partial, on the disk before it gets its name."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qubesmanager.backup.errors import BackupError, BackupSpaceError

SUFFIX = ".partial"


def check_space(folder: Path, needed: int) -> None:
    """Raise `BackupError` where the folder is none, `BackupSpaceError` where fewer than `needed` bytes are left."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise BackupError(f"The backup cannot be written to {folder}: {error.strerror}.") from error
    if free < needed:
        raise BackupSpaceError(f"The backup may need {needed >> 20} MiB, and {folder} has {free >> 20} MiB left.")


@contextmanager
def partial(path: Path) -> Iterator[int]:
    """A descriptor to write to; at the end the file `path`, on the disk for good. Whatever is raised: nothing at all.

    What a killed run left under the partial name is replaced. `BackupError` if there is a file `path` already.
    """
    part = path.with_name(path.name + SUFFIX)
    if path.exists():
        raise BackupError(f"There is a file {path} already.")
    part.unlink(missing_ok=True)
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            yield fd
            os.fsync(fd)
        finally:
            os.close(fd)
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
