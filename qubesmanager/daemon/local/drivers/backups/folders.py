# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a profile's backups: its disk, the room on it, the backups in it. Every function blocks."""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from qubesmanager.backup.profile import Profile
from qubesmanager.daemon.local.drivers.backups import file_systems
from qubesmanager.host.atomic_file import remove_left
from qubesmanager.wire.backups import BackupRun


def folder_of(profile: Profile) -> Path:
    """The folder of a profile's backups: its destination, or the folder of the destination file."""
    path = Path(profile.destination_path)
    return path if path.is_dir() else path.parent


def disk_of(profile: Profile) -> str:
    """The identity of the file system of that folder; empty if nothing names it for good."""
    return identity_of_folder(folder_of(profile))


def identity_of_folder(folder: Path) -> str:
    """The identity of the file system of a folder; empty if nothing names it for good."""
    return file_systems.of_folder(folder).identity


def remove_part(part: Path, disk: str) -> bool:
    """Remove the file that a run wrote to, on the disk of that identity; whether nothing is left of it."""
    return identity_of_folder(part.parent) == disk and remove_left(part)


def identity_of(profile: Profile, *, by_call: bool) -> str:
    """The identity of the file system at the destination; empty if nothing tells that it is the right one.

    That is so if a call names a folder that is not there yet, on the disk of the system: it may be on a disk that is
    not connected.
    """
    folder = folder_of(profile)
    named = folder == Path(profile.destination_path)
    if not folder.is_dir() or (by_call and not named and file_systems.is_of_system(folder)):
        return ""
    return identity_of_folder(folder)


def is_of_system(profile: Profile) -> bool:
    """Whether the destination is where a mount point without its disk would be."""
    return file_systems.is_of_system(folder_of(profile))


def holds_one_of(profile: Profile, runs: Iterable[BackupRun]) -> bool:
    """Whether the backup of one of these runs is in the folder of the destination."""
    folder = folder_of(profile)
    return any(has_backup(folder, run) for run in runs)


@dataclass(frozen=True, slots=True)
class Room:
    """The room in the folder of a profile's backups: free bytes, and the largest possible file; None if unknown."""

    free: int | None = None
    writable: bool = False
    largest: int | None = None


def room_of(profile: Profile) -> Room:
    """The room in that folder; nothing is known of a folder that cannot be looked at."""
    folder = folder_of(profile)
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return Room()
    return Room(free, os.access(folder, os.W_OK | os.X_OK), file_systems.of_folder(folder).largest)


def has_backup(folder: Path, run: BackupRun) -> bool:
    """Whether the file of a run is still in the folder, as long as it was, with the backup's id in its header."""
    path = Path(run.file)
    if path.parent != folder:
        return False
    try:
        with path.open("rb") as file:
            head = file.read(4096)
            size = file.seek(0, 2)
    except OSError:
        return False
    return size == run.size and f"backup-id={run.backup}\n".encode() in head
