# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening the files of a pool folder, which may be an attacker's: only regular files, and never through a link.

A folder may come on a disk from anywhere. What lies in it is checked when it is opened, and cannot be exchanged between
the check and its use, because only root and the daemon's own user may write there: other owners and modes are refused.
"""

import errno
import os
import pwd
import stat
from functools import cache
from pathlib import Path

from qubesmanager.wire.reasons import refusal

_OPEN = os.O_CLOEXEC | os.O_NOFOLLOW
_FOLDER = _OPEN | os.O_PATH | os.O_DIRECTORY
_LINK_OR_FILE = {errno.ELOOP, errno.ENOTDIR}
_SHARED = stat.S_IWGRP | stat.S_IWOTH
_HYPERVISOR_USERS = ("libvirt-qemu", "qemu")
"""Users that libvirt gives the disks of running guests to, on Debian and on Fedora."""


def check_folders(root: Path, *names: str) -> None:
    """The folder `names` below `root` is a real folder, as far as it exists.

    Raises `StoragePoolException` for a link or file in its path, and for a folder that other users may change. The path
    of `root` itself is the administrator's and may contain links.
    """
    depth = 0
    fd = -1
    try:
        fd = os.open(root, _FOLDER & ~os.O_NOFOLLOW)
        _check_root(os.fstat(fd), root)
        for depth, name in enumerate(names, 1):
            below = os.open(name, _FOLDER, dir_fd=fd)
            os.close(fd)
            fd = below
            _check_owner(os.fstat(fd), root, names[:depth], _our_users())
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno not in _LINK_OR_FILE:
            raise
        raise refusal("pool-not-a-folder", root.joinpath(*names[:depth])) from error
    finally:
        if fd >= 0:
            os.close(fd)


def open_file(path: Path, flags: int = os.O_RDONLY) -> int:
    """A descriptor of a regular file; neither its name nor its folder's name may be a symbolic link.

    Raises `StoragePoolException` for anything but a regular file that only root, the daemon's user or the hypervisor's
    user may write; `FileNotFoundError` if there is none; `OSError` of the disk.
    """
    try:
        folder = os.open(path.parent, _FOLDER)
        try:
            # Looked at first: opening a pipe would wait, opening a device may do something.
            _check_regular(os.stat(path.name, dir_fd=folder, follow_symlinks=False), path)
            fd = os.open(path.name, flags | _OPEN | os.O_NONBLOCK, dir_fd=folder)
        finally:
            os.close(folder)
    except OSError as error:
        if error.errno not in _LINK_OR_FILE:
            raise
        raise refusal("pool-not-its-file", path) from error
    try:
        status = os.fstat(fd)
        _check_regular(status, path)
        _check_owner(status, path, (), _file_owners())
    except BaseException:
        os.close(fd)
        raise
    return fd


def is_folder(path: Path) -> bool:
    """Whether it is a folder and not a link to one."""
    return path.is_dir() and not path.is_symlink()


def sub_folders(path: Path) -> list[str]:
    """The names of the folders in a folder, sorted; links to folders are left out. Raises `OSError`."""
    with os.scandir(path) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))


def _check_regular(status: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise refusal("pool-not-regular", path)


def _check_root(status: os.stat_result, path: Path) -> None:
    if status.st_uid not in _our_users():
        raise refusal("folder-of-user", path, status.st_uid)
    if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
        raise refusal("folder-writable", path)


def _check_owner(status: os.stat_result, root: Path, names: tuple[str, ...], owners: frozenset[int]) -> None:
    if status.st_uid not in owners:
        raise refusal("file-of-user", root.joinpath(*names), status.st_uid)
    if status.st_mode & _SHARED:
        raise refusal("file-writable", root.joinpath(*names))


def _our_users() -> frozenset[int]:
    return frozenset({0, os.geteuid()})


def _file_owners() -> frozenset[int]:
    return _our_users() | _hypervisor_users() if os.geteuid() == 0 else _our_users()


@cache
def _hypervisor_users() -> frozenset[int]:
    return frozenset(entry.pw_uid for entry in pwd.getpwall() if entry.pw_name in _HYPERVISOR_USERS)
