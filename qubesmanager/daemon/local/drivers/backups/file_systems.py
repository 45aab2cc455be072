# SPDX-License-Identifier: GPL-3.0-or-later
"""The file system of a folder: how to recognize it when it is connected again, the room on it, its largest file.

Sources: proc(5) for /proc/self/mountinfo; the kernel's include/uapi/linux/fs.h for FS_IOC_GETFSUUID.
"""

import fcntl
import os
import re
import resource
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from qubesmanager.wire.reasons import refusal

FAT = frozenset({"vfat", "msdos"})
MEMORY = frozenset({"tmpfs", "ramfs"})
"""File systems that a restart of the machine empties."""
FAT_LARGEST = (4 << 30) - 1
"""Bytes of the largest file on FAT."""
_GETFSUUID = 0x80111500
_UUID_BYTES = 16
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class FileSystem:
    """`identity` is its UUID, or type and source of one without a device; empty if nothing names it for good."""

    kind: str
    identity: str

    @property
    def largest(self) -> int | None:
        """Bytes of the largest file that it takes, where its type tells; None otherwise."""
        return FAT_LARGEST if self.kind in FAT else None


def of_folder(folder: Path, root: Path = Path("/")) -> FileSystem:
    """The file system that the folder is on; of a folder that does not exist, that of what exists above it. Blocks.

    `root` holds proc and dev. Raises `BackupError` if the kernel's list of mounts cannot be read.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    place = os.path.realpath(folder)
    _point, kind, source = _mounted(place, root)
    if not source.startswith("/dev/"):
        return FileSystem(kind, f"{kind}:{source}" if kind else "")
    return FileSystem(kind, _by_link(root, source) or _by_kernel(place))


def is_of_system(folder: Path) -> bool:
    """Whether the folder is on the disk that holds `/`, or in memory: as a mount point without its disk is. Blocks."""
    here = of_folder(folder)
    return here.kind in MEMORY or here == of_folder(Path("/"))


def _mounted(place: str, root: Path) -> tuple[str, str, str]:
    """The mount point, type and source of what is mounted at a real path. Raises `BackupError`."""
    try:
        lines = (root / "proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError as error:
        raise refusal("mount-not-read", place, error.strerror or str(error)) from error
    best = ("", "", "")
    for line in lines:
        before, dash, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if not dash or len(fields) < 5 or len(rest) < 2:  # noqa: PLR2004 - the mount point is the fifth of proc(5)
            continue
        point = _unescaped(fields[4])
        # Of several at one point, the last covers the others.
        if Path(place).is_relative_to(point) and len(point) >= len(best[0]):
            best = (point, rest[0], _unescaped(rest[1]))
    return best


def unmounted_point(folder: Path, root: Path = Path("/")) -> str:
    """The mount point in fstab that holds the folder and where nothing is mounted; empty if there is none. Blocks."""
    place = os.path.realpath(folder)
    points = []
    with suppress(OSError):
        for line in (root / "etc/fstab").read_text("utf-8", "surrogateescape").splitlines():
            fields = line.split()
            if len(fields) > 1 and not line.lstrip().startswith("#") and fields[1].startswith("/"):
                points.append(_unescaped(fields[1]))
    holding = [point for point in points if Path(place).is_relative_to(point)]
    mount_point = max(holding, key=len, default="/")
    return "" if len(_mounted(place, root)[0]) >= len(mount_point.rstrip("/")) else mount_point


def _unescaped(field: str) -> str:
    return _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), field)


def _by_link(root: Path, source: str) -> str:
    """The UUID as udev knows it; empty if it does not."""
    with suppress(OSError):
        number = (root / source.lstrip("/")).stat().st_rdev
        for link in sorted((root / "dev/disk/by-uuid").iterdir()):
            with suppress(OSError):
                if number and link.stat().st_rdev == number:
                    return link.name
    return ""


def _by_kernel(place: str) -> str:
    """The UUID as the kernel knows it, from Linux 6.9 on; empty if it does not."""
    answer = bytearray(1 + _UUID_BYTES)
    with suppress(OSError):
        fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.ioctl(fd, _GETFSUUID, answer)
        finally:
            os.close(fd)
        return answer[1 : 1 + answer[0]].hex()
    return ""


def check_space(folder: Path, needed: int) -> None:
    """Raise `BackupError` where there is no folder, `BackupSpaceError` where it has too little room. Blocks."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise refusal("backup-not-written", folder, error.strerror or str(error)) from error
    if free < needed:
        raise refusal("backup-no-space", needed >> 20, folder, free >> 20)


def check_file_size(folder: Path, needed: int) -> None:
    """Raise `BackupSpaceError` where no file of `needed` bytes can be, with the largest that can. Blocks.

    Nothing is written: the kernel refuses to seek to where the file system takes nothing.
    """
    limit, _hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = needed if limit == resource.RLIM_INFINITY else limit
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            largest = min(largest, _seekable(file.fileno(), needed))
    except OSError as error:
        raise refusal("backup-not-written", folder, error.strerror or str(error)) from error
    if largest < needed:
        kind = of_folder(folder).kind
        raise refusal("backup-file-limit", needed, folder, kind, largest)


def _seekable(fd: int, needed: int) -> int:
    """The largest size up to `needed` that the file may have."""
    low, high = 0, needed
    while low < high:
        middle = (low + high + 1) // 2
        try:
            os.lseek(fd, middle, os.SEEK_SET)
            low = middle
        except OSError:
            high = middle - 1
    return low
