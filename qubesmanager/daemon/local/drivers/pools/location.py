# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the volumes of a pool lie, and whether two pools would share them.

A folder has many spellings: links, dots, bind mounts, mounts of parts of a file system. So folders are compared three
ways: by their resolved path, by device and inode, and by their path inside of their file system.
Source of the last: proc(5), "/proc/pid/mountinfo" and "/proc/pid/fdinfo".
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from qubesmanager.daemon.local.drivers.pools.disk import disk_errors, in_thread

_OCTAL = re.compile(r"\\([0-7]{3})", re.ASCII)
LVM_LOCKS = Path("/run/lock/qubes-mgmt1")
"""Folders that hold the leases of thin pools, which have no folder of their own; gone after a reboot."""


@dataclass(frozen=True, slots=True)
class Location:
    """A folder or a thin pool. `shown` is for messages.

    `inode`: device and inode of a folder that exists. `inside`: the device of its file system, and its path there.
    `lease_folder`: where the lease of the pool lies.
    """

    shown: str
    lease_folder: Path
    thin_pool: tuple[str, str] | None = None
    path: PurePath | None = None
    inode: tuple[int, int] | None = None
    inside: tuple[str, PurePath] | None = None

    def overlaps(self, other: "Location") -> bool:
        """Whether one is the other, or lies in it."""
        if self.thin_pool is not None or other.thin_pool is not None:
            return self.thin_pool == other.thin_pool
        if self.inode is not None and self.inode == other.inode:
            return True
        if self.path is not None and other.path is not None and _nested(self.path, other.path):
            return True
        return (
            self.inside is not None
            and other.inside is not None
            and self.inside[0] == other.inside[0]
            and _nested(self.inside[1], other.inside[1])
        )


async def location(pool: str, options: Mapping[str, str]) -> Location:
    """The location that a driver's checked options name; nothing is changed. Raises `StoragePoolException`."""
    if "dir_path" in options:
        return await in_thread(_folder, pool, Path(options["dir_path"]))
    group, thin_pool = options.get("volume_group", ""), options.get("thin_pool", "")
    return Location(f"{group}/{thin_pool}", LVM_LOCKS / f"{group}+{thin_pool}", thin_pool=(group, thin_pool))


def _nested(one: PurePath, other: PurePath) -> bool:
    return one == other or one in other.parents or other in one.parents


def _folder(pool: str, folder: Path) -> Location:
    with disk_errors(pool):
        path = folder.resolve()
        existing = path
        while not existing.exists():
            existing = existing.parent
        fd = os.open(existing, os.O_PATH | os.O_CLOEXEC)
        try:
            status = os.fstat(fd)
            mount = _mount_of(fd)
        finally:
            os.close(fd)
    inside = None
    if mount is not None:
        device, root, mounted_at = mount
        if path.is_relative_to(mounted_at):
            inside = (device, root / path.relative_to(mounted_at))
    inode = (status.st_dev, status.st_ino) if existing == path else None
    return Location(str(folder), folder, path=path, inode=inode, inside=inside)


def _mount_of(fd: int) -> tuple[str, PurePath, PurePath] | None:
    """Device, root and mount point of the mount that a file was opened in; None if the kernel does not tell."""
    fdinfo = Path(f"/proc/self/fdinfo/{fd}").read_text("ascii")
    number = next((line.split()[1] for line in fdinfo.splitlines() if line.startswith("mnt_id:")), "")
    for line in Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines():
        words = line.split(" ")
        if words[0] == number:
            return words[2], PurePath(_unescaped(words[3])), PurePath(_unescaped(words[4]))
    return None


def _unescaped(word: str) -> str:
    return _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), word)
