# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the volumes of a pool lie, and whether two pools would share them.

A folder has many spellings: links, dots, bind mounts, mounts of parts of a file system, file systems that show the
folders of others (overlay, FUSE). So folders are compared three ways: by their resolved path, by device and inode, and
by their path inside of their file system; and so are the folders that lie beneath a mount.
Source: proc(5), "/proc/pid/mountinfo" and "/proc/pid/fdinfo"; the options of overlayfs: the kernel's
Documentation/filesystems/overlayfs.rst.
"""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

from qubesmanager.daemon.local.drivers.pools.disk import disk_errors, in_thread

_OCTAL = re.compile(r"\\([0-7]{3})", re.ASCII)
_LAYER_END = re.compile(r"(?<!\\):")
_ESCAPED = re.compile(r"\\(.)")
_MOST_BENEATH = 1000
"""Folders beneath a folder that are looked at: an overlay has at most 500 layers."""

LVM_LOCKS = Path("/run/lock/qubes-mgmt1")
"""Folders that hold the leases of thin pools, which have no folder; gone after a reboot."""


@dataclass(frozen=True, slots=True)
class Location:
    """A folder or a thin pool. `shown` is for messages.

    `inodes`: device and inode of the folder, if it exists, and of those beneath it.
    `insides`: the devices of their file systems, and their paths there.
    `lease_folder`: where the lease of the pool lies.
    """

    shown: str
    lease_folder: Path
    thin_pool: tuple[str, str] | None = None
    path: PurePath | None = None
    inodes: frozenset[tuple[int, int]] = frozenset()
    insides: frozenset[tuple[str, PurePath]] = frozenset()

    def overlaps(self, other: "Location") -> bool:
        """Whether one is the other, or lies in it."""
        if self.thin_pool is not None or other.thin_pool is not None:
            return self.thin_pool == other.thin_pool
        if self.inodes & other.inodes:
            return True
        if self.path is not None and other.path is not None and _nested(self.path, other.path):
            return True
        return any(
            device == its_device and _nested(inside, its_inside)
            for device, inside in self.insides
            for its_device, its_inside in other.insides
        )


async def location(pool: str, options: Mapping[str, str]) -> Location:
    """The location that a driver's checked options name; nothing is changed. Raises `StoragePoolException`."""
    if "dir_path" in options:
        return await in_thread(_folder, pool, Path(options["dir_path"]))
    group, thin_pool = options.get("volume_group", ""), options.get("thin_pool", "")
    return Location(f"{group}/{thin_pool}", LVM_LOCKS / f"{group}+{thin_pool}", thin_pool=(group, thin_pool))


def _nested(first: PurePath, other: PurePath) -> bool:
    return first == other or first in other.parents or other in first.parents


def _folder(pool: str, folder: Path) -> Location:
    insides: set[tuple[str, PurePath]] = set()
    inodes: set[tuple[int, int]] = set()
    with disk_errors(pool):
        path = folder.resolve()
        waiting = _follow_mount(path, insides, inodes)
    looked_at = {path}
    while waiting and len(looked_at) < _MOST_BENEATH:
        beneath = waiting.pop()
        with suppress(OSError):  # of another mount namespace, or not for this user
            beneath = beneath.resolve()
            if beneath not in looked_at:
                looked_at.add(beneath)
                waiting += _follow_mount(beneath, insides, inodes)
    return Location(str(folder), folder, path=path, inodes=frozenset(inodes), insides=frozenset(insides))


def _follow_mount(path: Path, insides: set[tuple[str, PurePath]], inodes: set[tuple[int, int]]) -> list[Path]:
    """Note where a resolved path lies. Answers the paths beneath it, which have the same files. Raises `OSError`."""
    existing = path
    while not existing.exists():
        existing = existing.parent
    fd = os.open(existing, os.O_PATH | os.O_CLOEXEC)
    try:
        status = os.fstat(fd)
        mount = _mount_of(fd)
    finally:
        os.close(fd)
    if existing == path:
        inodes.add((status.st_dev, status.st_ino))
    if mount is None or not path.is_relative_to(mount.at):
        return []
    inside = mount.root / path.relative_to(mount.at)
    insides.add((mount.device, inside))
    return [Path(folder) / inside.relative_to("/") for folder in mount.folders]


@dataclass(frozen=True, slots=True)
class _Mount:
    """A line of mountinfo. `folders`: those whose files the whole file system shows."""

    device: str
    root: PurePath
    at: PurePath
    folders: tuple[str, ...]


def _mount_of(fd: int) -> _Mount | None:
    """The mount that a file was opened in; None if the kernel does not tell."""
    fdinfo = Path(f"/proc/self/fdinfo/{fd}").read_text("ascii")
    number = next((line.split()[1] for line in fdinfo.splitlines() if line.startswith("mnt_id:")), "")
    for line in Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines():
        words = line.split(" ")
        if words[0] == number:
            kind, source, options = words[words.index("-") + 1 :][:3]
            folders = _layers(options) if kind == "overlay" else _source(_unescaped(source))
            return _Mount(words[2], PurePath(_unescaped(words[3])), PurePath(_unescaped(words[4])), folders)
    return None


def _source(source: str) -> tuple[str, ...]:
    """The folder that a file system of FUSE or an encrypting one shows; a device is none."""
    return (source,) if source.startswith("/") and Path(source).is_dir() else ()


def _layers(options: str) -> tuple[str, ...]:
    r"""The folders of an overlay, of the options as mountinfo has them: what a name has of commas is octal there.

    A program that hands over all options as one text writes `\` before a comma or a colon of a name. One that hands
    over each option alone writes it only before a colon in `lowerdir`, and nothing in `lowerdir+`, which is one folder.
    """
    folders: list[str] = []
    for option in options.split(","):
        name, _, value = option.partition("=")
        value = _unescaped(value)
        if name in {"lowerdir", "datadir"}:
            folders += _LAYER_END.split(value)
        elif name in {"upperdir", "lowerdir+", "datadir+"}:
            folders.append(value)
    # Either program may have been it: both names, where they differ.
    return tuple(dict.fromkeys(each for folder in folders if folder for each in (_ESCAPED.sub(r"\1", folder), folder)))


def _unescaped(word: str) -> str:
    return _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), word)
