# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of backups: what each run did, who may know it, which older backups a profile keeps."""

import logging
import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from qubesmanager.backup.engine import at_destination
from qubesmanager.backup.errors import BackupError, BackupNotConnectedError
from qubesmanager.backup.profile import Profile
from qubesmanager.backup.retention import Decision, Made, decide
from qubesmanager.daemon.local.drivers.backups import folders
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.store import StoreError
from qubesmanager.rules.sight import Sees, sees_all
from qubesmanager.wire import events
from qubesmanager.wire.backups import FAILED, OK, BackupRun, decode_run, event_fields
from qubesmanager.wire.event_row import EventRow
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Reason

log = logging.getLogger(__name__)

FOR_DOM0 = Reason("run-reason-of-dom0")
"""Replaces names in the answers to a source that does not see all qubes of a run."""

LIMIT = 1000
"""The most runs in an answer."""


class BackupHistory:
    """The runs of all profiles in the store, and what remains of them on disks."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.clock = time.time
        """The time of a run, in Unix seconds."""
        self._unstored: dict[int, BackupRun] = {}
        """Runs whose end could not be stored yet, by number."""

    # -- reading ------------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """The time for the history, in Unix seconds; 0 while the clock is before 1970."""
        return max(0, int(self.clock()))

    async def runs(self, profile: str | None = None, source: str = DOM0, sees: Sees = sees_all) -> list[BackupRun]:
        """The runs, oldest first, with the names that `source` sees."""
        return [self.reduced(run, source, sees) for _number, run in await self._numbered(profile, LIMIT)]

    async def last_run(self, name: str) -> BackupRun | None:
        """The last run of the profile, whatever its result."""
        return next((self.reduced(run, DOM0, sees_all) for _number, run in await self._numbered(name, 1)), None)

    async def previous(self, profile: str) -> str:
        """The id of the profile's last complete backup."""
        done = [run for run in await self.runs(profile) if run.has_backup]
        return done[-1].backup if done else ""

    async def latest(self) -> list[BackupRun]:
        """The latest run of each profile, the oldest first."""
        stored = await self._runtime.store.read(
            "SELECT run, told FROM backup_run WHERE run IN (SELECT max(run) FROM backup_run GROUP BY profile)"
            " ORDER BY run"
        )
        return [self._unstored.get(number) or decode_run(row) for number, row in stored]

    async def _numbered(self, profile: str | None, limit: int = -1) -> list[tuple[int, BackupRun]]:
        """The last `limit` runs (-1: all) with their numbers, oldest first."""
        stored = await self._runtime.store.read(
            "SELECT run, told FROM backup_run WHERE profile = ifnull(?, profile) ORDER BY run DESC LIMIT ?",
            (profile, limit),
        )
        return [(int(number), self._unstored.get(number) or decode_run(row)) for number, row in reversed(stored)]

    @staticmethod
    def reduced(run: BackupRun, source: str, sees: Sees) -> BackupRun:
        """The run as `source` may see it: without qubes that are hidden from it, and without a hint that there are any.

        `sees`: whether there is a qube of a name, and the source sees it.

        dom0 reads in the reason which qubes were left out because the owner of the profile does not see them.
        """
        if source == DOM0:
            if not run.left_out:
                return run
            left_out = Reason("run-left-out", run.owner, ", ".join(run.left_out))
            return run.because(run.why or run.reason, left_out)

        reduced = replace(run, names=None, left_out=())
        if run.qubes is not None:
            reduced = replace(reduced, qubes=tuple(qube for qube in run.qubes if sees(qube.name)))
        if run.kept is not None:
            kept = [replace(row, qubes=tuple(name for name in row.qubes if sees(name))) for row in run.kept]
            reduced = replace(reduced, kept=tuple(row for row in kept if row.qubes))
        if run.progress is not None and not sees(run.progress.qube):
            reduced = replace(reduced, progress=replace(run.progress, qube=""))
        # The reason for a run of a qube's own profile names only what that qube sees.
        if (
            run.reason
            and source != run.owner
            # The paths of dom0's home are for dom0. An earlier version did not record the names.
            and (run.home or run.names is None or not all(map(sees, run.names)))
        ):
            return reduced.because(FOR_DOM0)
        return reduced

    # -- retention ----------------------------------------------------------------------------------------------------

    async def present(self, name: str, profile: Profile) -> list[tuple[int, BackupRun]]:
        """The runs whose backups are in the profile's folder as they were written, with their numbers, oldest first."""
        runs = [(number, run) for number, run in await self._numbered(name) if run.has_backup and run.file]

        def there() -> list[tuple[int, BackupRun]]:
            folder = folders.folder_of(profile)
            return [(number, run) for number, run in runs if folders.has_backup(folder, run)]

        return await at_destination(there)

    def retention(
        self,
        profile: Profile,
        coming: Made,
        owner: str,
        present: Iterable[tuple[int, BackupRun]],
        given_up: Collection[str] = (),
    ) -> Decision:
        """The effect of the profile's `keep` once `coming` is complete. `present` as `present()` gives it.

        Only complete, verified backups whose files are as they were written count and go, and only those that were
        made while the profile had the same owner: a qube that sets dom0's profile removes none of dom0's backups.
        """
        if profile.keep is None:
            return Decision()
        known = [
            made_by(run, number)
            for number, run in present
            if number != coming.number and run.verified and (run.owner or DOM0) == owner
        ]
        return decide(profile.keep, coming, known, given_up)

    async def next_number(self) -> int:
        """The number of the next run."""
        ((last,),) = await self._runtime.store.read("SELECT coalesce(max(run), 0) FROM backup_run")
        return int(last) + 1

    async def remove_old(self, profile: str, old: Made) -> None:
        """Remove the file of a backup; one that cannot be removed is logged."""
        path = Path(old.file)
        try:
            await at_destination(path.unlink)
            log.info("Removed %s, which the profile %s no longer keeps", path, profile)
        except (OSError, BackupNotConnectedError) as error:
            log.warning("%s cannot be removed: %s", path, error)

    # -- writing ------------------------------------------------------------------------------------------------------

    async def remember(self, run: BackupRun) -> BackupRun:
        """Store the run, which gets its id if it has none. Runs whose end could not be stored yet are stored too."""
        async with self._runtime.changing:
            number = await self.next_number() if run.run is None else run.run
            run = replace(run, run=number)
            late = {**self._unstored, number: run}
            await self._runtime.commit([rows.set_backup_run(number, each) for number, each in late.items()])
            self._unstored.clear()
        return run

    async def ended(self, run: BackupRun) -> None:
        """Store the end of the run, now or later, and report it."""
        try:
            await self.remember(run)
        except StoreError as error:
            self._unstored[run.run or 0] = run
            log.warning("The end of the backup %s will be stored later: %s", run.profile, error)
        self.emit(events.BACKUP_FINISHED, run)

    def emit(self, row: EventRow[..., events.BackupEvent], run: BackupRun) -> None:
        """An event about a run: it began, or it ended."""
        self._runtime.emit([row.event("", event_fields(self.reduced(run, DOM0, sees_all)))])

    # -- what ended runs left -----------------------------------------------------------------------------------------

    async def recover(self) -> None:
        """After the start of the daemon: mark runs that were cut off as failed, and remove what they had written.

        If its disk is not connected now, that is removed before a later run to the same folder, or at a later start.
        """
        for number, run in await self._numbered(None):
            if not run.is_running:
                continue
            failed = replace(run, result=FAILED, end=run.start, run=number).because(Reason("run-cut-off"))
            await self.remember(await self.without_part(failed))
            log.warning("The backup of the profile %s was cut off", run.profile)
        self._runtime.spawn("remove what cut off backups left", self.clear_left())

    async def clear_left(self, folder: Path | None = None) -> None:
        """Remove what ended runs have left in the folder; in every folder if none is given."""
        for number, row in await self._runtime.store.read(
            "SELECT run, told FROM backup_run WHERE json_extract(told, '$.part') IS NOT NULL"
        ):
            run = replace(decode_run(row), run=number)
            if run.part is None or run.is_running or (folder is not None and Path(run.part.path).parent != folder):
                continue
            cleared = await self.without_part(run)
            if cleared.part is None:
                await self.remember(cleared)

    async def without_part(self, run: BackupRun) -> BackupRun:
        """Remove the file that the run wrote to; the run without it, once nothing is left of it.

        A file at the same path on another disk is not removed.
        """
        if run.part is None:
            return run
        try:
            if await at_destination(folders.remove_part, Path(run.part.path), run.part.disk):
                return replace(run, part=None)
        except BackupError as error:
            log.info("The folder of %s cannot be read: %s", run.part.path, error)
        log.warning("What the backup %s had written to %s is not removed yet", run.profile, run.part.path)
        return run


def made_by(run: BackupRun, number: int) -> Made:
    """A run as retention counts it. Qubes without a recorded uuid count by name."""
    qubes = {qube.uuid or qube.name: qube.name for qube in run.qubes or () if qube.result == OK}
    return Made(number, local_time(run.start), qubes, run.file)


def local_time(seconds: float) -> datetime:
    """Unix seconds as the time here, with its zone."""
    return datetime.fromtimestamp(seconds).astimezone()
