# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of backup profiles: one file `<id>.conf` each, readable by its owner only."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from qubesmanager.host.atomic_file import fsync_folder, replace_file
from qubesmanager.wire.names import PROFILE_ID, check
from qubesmanager.wire.reasons import cause, refusal

SUFFIX = ".conf"


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """A profile's file. `changed` in unix seconds; `by_root`: only root could have written it."""

    text: str
    changed: float
    by_root: bool


class Profiles:
    """Errors of the disk are `Mgmt1Error`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def names(self) -> list[str]:
        """The ids, sorted."""
        return await asyncio.to_thread(self._names)

    async def get(self, profile: str) -> ProfileFile:
        """Raises `QubesBackupProfileNotFoundError`."""
        return await asyncio.to_thread(self._get, self._path(profile))

    async def put(self, profile: str, text: str) -> None:
        """The file holds the text, or what it held before."""
        await asyncio.to_thread(self._put, self._path(profile), text)

    async def remove(self, profile: str) -> None:
        """Raises `QubesBackupProfileNotFoundError`."""
        await asyncio.to_thread(self._remove, self._path(profile))

    def _path(self, profile: str) -> Path:
        return self.folder / f"{check(PROFILE_ID, profile)}{SUFFIX}"

    def _names(self) -> list[str]:
        ids = (path.name.removesuffix(SUFFIX) for path in self.folder.glob(f"*{SUFFIX}"))
        return sorted(name for name in ids if PROFILE_ID.matches(name))

    @staticmethod
    def _get(path: Path) -> ProfileFile:
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                text = file.read().decode("utf-8")
        except FileNotFoundError:
            raise refusal("no-such-profile", path.stem) from None
        except (OSError, UnicodeDecodeError) as error:
            raise refusal("profile-not-read", path.stem, cause(error)) from error
        others_write = status.st_mode & 0o022
        return ProfileFile(text, status.st_mtime, by_root=status.st_uid == 0 and not others_write)

    @staticmethod
    def _put(path: Path, text: str) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(path, text.encode(), mode=0o600)
        except OSError as error:
            raise refusal("profile-not-written", path.stem, error.strerror or str(error)) from error

    @staticmethod
    def _remove(path: Path) -> None:
        try:
            path.unlink()
            fsync_folder(path.parent)
        except FileNotFoundError:
            raise refusal("no-such-profile", path.stem) from None
        except OSError as error:
            raise refusal("profile-not-removed", path.stem, error.strerror or str(error)) from error
