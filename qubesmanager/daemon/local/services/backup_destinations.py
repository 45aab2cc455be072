# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of backups: learned when a profile is set and when it runs, and asked for before each run."""

from pathlib import Path

from qubesmanager.backup.engine import at_destination
from qubesmanager.backup.profile import Profile
from qubesmanager.daemon.local.drivers.backups import file_systems, folders
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.backup_history import BackupHistory
from qubesmanager.daemon.local.store import rows
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for


class BackupDestinations:
    """Whether the disk that the backups of a profile go to is connected, by the file systems that were there before."""

    def __init__(self, runtime: Runtime, history: BackupHistory) -> None:
        self._runtime = runtime
        self._history = history

    async def learn(self, name: str, profile: Profile, *, by_call: bool = False) -> None:
        """Remember the file system that the destination is on now.

        A profile set `by_call` may name a folder that is not there yet, for which the first run remembers it.
        """
        if profile.destination_vm != DOM0 or not profile.destination_path:
            return
        identity = await at_destination(folders.identity_of, profile, by_call=by_call)
        if identity or by_call:
            async with self._runtime.changing:
                await self._runtime.commit([rows.add_destination(name, profile.destination_path, identity)])

    @staticmethod
    async def is_unmounted(profile: Profile) -> bool:
        """Whether the destination is below a mount point of fstab that nothing is mounted at."""
        if profile.destination_vm != DOM0 or not profile.destination_path:
            return False
        return bool(await at_destination(file_systems.unmounted_point, Path(profile.destination_path)))

    async def check(self, name: str, profile: Profile) -> None:
        """Raises `BackupNotConnectedError`."""
        if reason := await self.why_not_connected(name, profile):
            raise error_for(reason)

    async def why_not_connected(self, name: str, profile: Profile, *, kept: bool = True) -> Reason | None:
        """Why the destination may be without its disk; None if its disk is there.

        `kept`: the profile is in the folder; one that is not is about to be set by the user, who sees the disk.
        """
        if profile.destination_vm != DOM0 or not profile.destination_path:
            return None
        stored = await self._runtime.store.read(
            "SELECT file_system FROM destination WHERE profile = ? AND path = ?", (name, profile.destination_path)
        )
        known = {row[0] for row in stored if row[0]}
        here = await at_destination(folders.disk_of, profile)
        if await self.is_unmounted(profile) or (known and here not in known):
            return Reason("backup-not-connected", profile.destination_path, name)
        if stored or not kept or not await at_destination(folders.is_of_system, profile):
            return None
        # A mount point without its disk looks the same, unless a backup of the profile is there already.
        runs = [run for run in await self._history.runs(name) if run.has_backup]
        if await at_destination(folders.holds_one_of, profile, runs):
            return None
        return Reason("backup-on-system-disk", profile.destination_path, name, name)
