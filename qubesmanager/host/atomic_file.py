# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are on the disk whole or not at all, whenever the machine stops.

Each is written beside itself under another name, synced, and only then renamed: a small file over the one it replaces
(`replace_file`), a large one to a name that no file has (`part_of`, `partial`, `give_name`). What a killed program
leaves is removed by the owner of the name, with `drop_parts` or `remove_left`.
"""

import ctypes
import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

SUFFIX = ".partial"
"""The end of a name of `part_of`, `FILE.TOKEN.partial`."""
_SMALL_SUFFIX = ".part"
_TOKEN_BYTES = 8
_NAME_LIMIT = 255
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LOOK = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_REPLACE = 1
"""`RENAME_NOREPLACE` of renameat2(2)."""
_AT_FDCWD = -100
_CANNOT = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM})
"""The errors of a file system that does not support a way of renaming."""


# -- writing ----------------------------------------------------------------------------------------------------------


@contextmanager
def partial(part: Path, mode: int = 0o600) -> Iterator[int]:
    """A descriptor of the new, locked file `part`, which is on the disk at the end; after any exception it is gone.

    Raises `OSError`, and `FileExistsError` if there is such a file.
    """
    fd = os.open(part, _NEW, mode)
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
        _discard(part)
        raise


@contextmanager
def _discarded(part: Path) -> Iterator[None]:
    """Remove the whole file `part` if the block, which renames it, raises."""
    try:
        yield
    except BaseException:
        _discard(part)
        raise


def _discard(part: Path) -> None:
    with suppress(OSError):
        part.unlink(missing_ok=True)


# -- a small file -----------------------------------------------------------------------------------------------------


def replace_file(path: Path, content: bytes, *, mode: int) -> None:
    """The file holds the content, on the disk, or what it held before. Raises `OSError`.

    It is written beside itself as `.<name>.part`, which a crash may leave; `drop_parts` removes those. One caller at a
    time writes a file.
    """
    part = path.with_name(f".{path.name}{_SMALL_SUFFIX}")
    part.unlink(missing_ok=True)
    with partial(part, mode) as fd, os.fdopen(fd, "wb", closefd=False) as file:
        os.fchmod(fd, mode)
        file.write(content)
    with _discarded(part):
        part.rename(path)
    fsync_folder(path.parent)


def drop_parts(folder: Path) -> list[Path]:
    """Remove what an interrupted `replace_file` left in the folder; what was removed. Raises `OSError`."""
    left = sorted(folder.glob(f".*{_SMALL_SUFFIX}"))
    for part in left:
        part.unlink(missing_ok=True)
    return left


# -- a large file -----------------------------------------------------------------------------------------------------


def part_of(path: Path) -> Path:
    """A new name beside the file `path`, for the time until it is whole: `FILE.TOKEN.partial`.

    The token is random, so no two programs share a name, whichever machine writes to the folder.
    """
    end = f".{secrets.token_hex(_TOKEN_BYTES)}{SUFFIX}"
    # A long name is cut, so that this one is not too long.
    begin = path.name.encode()[: _NAME_LIMIT - len(end)].decode("utf-8", "ignore")
    return path.with_name(begin + end)


def give_name(part: Path, path: Path) -> Path:
    """Rename the whole file `part` to `path`, or to `path-1` and so on if that name is taken; its new name.

    Raises `OSError`; then the file is removed.
    """
    with _discarded(part):
        for number in count():
            name = path.with_name(f"{path.name}-{number}") if number else path
            with suppress(FileExistsError):
                rename_to_new(part, name)
                fsync_folder(path.parent)
                return name
    raise AssertionError


def remove_left(part: Path) -> bool:
    """Remove what a killed program left under this name; False if it is still there or may be. Blocks.

    A file that another process writes stays, and so does what `partial` never makes: links, folders, devices.
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


# -- names and folders ------------------------------------------------------------------------------------------------


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
    """Write the entries of the folder to the disk. Raises `OSError`."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
