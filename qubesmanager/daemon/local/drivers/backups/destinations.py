# SPDX-License-Identifier: GPL-3.0-or-later
"""Where qubes may have backups written: a file of dom0's, one folder or qube a line.

    # Folders of dom0, with everything below them, and qubes that may be sent a backup.
    /var/backups/qubes
    sys-backup

It is `destinations` in the folder of the profiles. Without it, profiles that qubes set write nowhere. dom0's own
profiles are not limited.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from qubesmanager.backup.profile import Profile
from qubesmanager.host.atomic_file import replace_file
from qubesmanager.wire.names import DOM0, VM_NAME, shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import cause, error_for, refusal

NAME = "destinations"
FILE_LIMIT = 64 << 10


@dataclass(frozen=True, slots=True)
class Destinations:
    """`folders` are absolute paths."""

    folders: tuple[Path, ...] = ()
    qubes: frozenset[str] = frozenset()

    def why_not(self, profile: Profile) -> Reason | None:
        """Why a qube's profile may not write where it says; None if it may. Blocks.

        Links are followed first, so what counts is the folder that is really written to.
        """
        if profile.destination_vm != DOM0:
            if profile.destination_vm in self.qubes:
                return None
            return Reason("destination-vm-not-allowed", profile.destination_vm)
        path = Path(os.path.realpath(profile.destination_path))
        if any(path.is_relative_to(os.path.realpath(folder)) for folder in self.folders):
            return None
        return Reason("destination-path-not-allowed", shown(profile.destination_path))


def read(folder: Path) -> Destinations:
    """The destinations that the file in the folder of the profiles allows; none without it. Blocks.

    Raises `Mgmt1Error` for a file that others could have written, or a line that is neither a folder nor a qube.
    """
    text = read_text(folder)
    return parsed(folder / NAME, text) if text is not None else Destinations()


def read_text(folder: Path) -> str | None:
    """The file's text; None without the file. Blocks. Raises as `read`, except for its lines."""
    path = folder / NAME
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            text = file.read(FILE_LIMIT + 1).decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise refusal("file-not-read", path, cause(error)) from error
    if status.st_uid not in {0, os.geteuid()} or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise refusal("file-of-others", path)
    if len(text) > FILE_LIMIT:
        raise refusal("file-too-large", path, FILE_LIMIT >> 10)
    return text


def write_text(folder: Path, text: str) -> None:
    """The file holds the text, or what it held before. Blocks. Raises `Mgmt1Error` for a text that it cannot hold."""
    path = folder / NAME
    parsed(path, text)
    if len(text.encode()) > FILE_LIMIT:
        raise refusal("file-too-large", path, FILE_LIMIT >> 10)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, text.encode(), mode=0o600)
    except OSError as error:
        raise refusal("file-not-written", path, cause(error)) from error


def parsed(path: Path, text: str) -> Destinations:
    """The destinations that the text allows. Raises `Mgmt1Error` for a line that is neither a folder nor a qube."""
    folders, qubes = [], set()
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith("#"):
            continue
        if line.startswith("/") and ".." not in Path(line).parts:
            folders.append(Path(line))
        elif VM_NAME.matches(line):
            qubes.add(line)
        else:
            raise refusal("destinations-line", path, shown(line))
    return Destinations(tuple(folders), frozenset(qubes))


def check_destination(folder: Path, profile: Profile) -> None:
    """Raises `PermissionDenied` where dom0 does not allow what a qube's profile says. Blocks."""
    if reason := read(folder).why_not(profile):
        raise error_for(reason)
