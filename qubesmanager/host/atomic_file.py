# SPDX-License-Identifier: GPL-3.0-or-later
"""Small files that have either the old or the new content, whole, whenever the machine stops."""

import ctypes
import errno
import os
import stat
from pathlib import Path

_NO_REPLACE = 1
"""`RENAME_NOREPLACE` of renameat2(2)."""
_AT_FDCWD = -100
_CANNOT = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM})
"""How a file system refuses a way of renaming that it has not."""


def replace_file(path: Path, content: bytes, *, mode: int) -> None:
    """The file holds the content, on the disk, or what it held before. Raises `OSError`.

    It is written beside itself as `.<name>.part`, which a crash may leave; `drop_parts` removes those.
    """
    part = path.with_name(f".{path.name}{_PART}")
    try:
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
        with os.fdopen(fd, "wb") as file:
            os.fchmod(fd, mode)
            file.write(content)
            file.flush()
            os.fsync(fd)
        part.rename(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


_PART = ".part"


def drop_parts(folder: Path) -> list[Path]:
    """Remove what an interrupted `replace_file` left in the folder; what was removed. Raises `OSError`."""
    left = sorted(folder.glob(f".*{_PART}"))
    for part in left:
        part.unlink(missing_ok=True)
    return left


def make_private(folder: Path) -> None:
    """The folder exists, and only its owner enters it and reads the files directly in it. Raises `OSError`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for file in folder.iterdir():
        if stat.S_ISREG(file.lstat().st_mode):
            file.chmod(0o600)


def rename_to_new(old: Path, new: Path) -> None:
    """Rename the file if there is no file `new` yet. Raises `FileExistsError`, `OSError`."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not libc.renameat2(_AT_FDCWD, os.fsencode(old), _AT_FDCWD, os.fsencode(new), _NO_REPLACE):
        return
    number = ctypes.get_errno()
    if number not in _CANNOT:
        raise OSError(number, os.strerror(number), str(new))
    # NFS has links only, and some file systems in user space neither: there two at the same moment are one too many.
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
        if os.path.lexists(new):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(new)) from error
        old.rename(new)
        return
    old.unlink()


def fsync_folder(folder: Path) -> None:
    """What the folder lists is on the disk. Raises `OSError`."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
