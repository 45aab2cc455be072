# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of a backup profile, from the first byte to the history."""

import asyncio
import logging
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count, takewhile
from pathlib import Path

from qubesmanager.backup.archive import writer
from qubesmanager.backup.archive.home import Home, scanned
from qubesmanager.backup.archive.report import Report
from qubesmanager.backup.archive.scrypt_container import LEVELS
from qubesmanager.backup.archive.streams import FdOutput
from qubesmanager.backup.archive.writer import Options
from qubesmanager.backup.engine import Teller, at_destination, in_engine, off_loop
from qubesmanager.backup.errors import BackupError, BackupIncompleteError
from qubesmanager.backup.profile import Profile, owner_of
from qubesmanager.backup.retention import Decision
from qubesmanager.backup.schedule import retry_seconds
from qubesmanager.daemon.admission.policy_files import Policies
from qubesmanager.daemon.local.drivers.backups import file_systems, folders, homes, targets
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.backup_destinations import BackupDestinations
from qubesmanager.daemon.local.services.backup_history import FOR_DOM0, BackupHistory, made_by
from qubesmanager.daemon.local.services.backup_sources import BackupSources
from qubesmanager.daemon.local.services.backups import Backups, Planned
from qubesmanager.daemon.local.services.dom0_config import config_of
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.store import StoreError
from qubesmanager.host.atomic_file import part_of
from qubesmanager.rules.sight import Sees, sees_all
from qubesmanager.wire import events
from qubesmanager.wire.backups import (
    CANCELLED,
    FAILED,
    INCOMPLETE,
    NOTHING_CONFIRMED,
    OK,
    RUNNING,
    SCHEDULE,
    VERIFYING,
    WRITING,
    BackupRun,
    Confirmed,
    KeptBackup,
    PartialFile,
    Progress,
    QubeOfRun,
)
from qubesmanager.wire.errors import BackupCancelledError, Mgmt1Error
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import cause, error_for, joined, refusal, text

log = logging.getLogger(__name__)

FILE = "qubes-backup"
"""The prefix of the name of a backup."""


@dataclass(slots=True)
class _Job:
    """A profile that is being carried out. `record` is its run as far as it is known."""

    record: BackupRun
    cancelled: threading.Event = field(default_factory=threading.Event)
    totals: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    phase: str = WRITING
    qube: str = ""

    @property
    def profile(self) -> str:
        return self.record.profile

    def progress(self) -> Progress:
        """How far it is, in bytes of all qubes."""
        return Progress(self.phase, self.qube, self.all_done, self.all_total)

    @property
    def all_done(self) -> int:
        return sum(self.done.values())

    @property
    def all_total(self) -> int:
        return sum(self.totals.values())


class Figures:
    """The bytes that runs and previews report: those that there are. The demonstration has invented ones."""

    def room(self, room: folders.Room) -> folders.Room:
        """The room where backups go."""
        return room

    def totals(self, sizes: Mapping[str, int]) -> dict[str, int]:
        """The bytes of each qube, by those that are read."""
        return dict(sizes)

    def progress(self, tell: writer.Progress, totals: Mapping[str, int], stop: threading.Event) -> writer.Progress:  # noqa: ARG002 - for the demonstration
        """What the engine calls in its thread; `tell` takes a qube, its bytes that are done, and all of them."""
        return tell

    def written(self, size: int, totals: Mapping[str, int]) -> int:  # noqa: ARG002 - for the demonstration
        """The bytes of the file."""
        return size


@dataclass(frozen=True, slots=True)
class _Target:
    """The file that a backup becomes, and the one beside it that is written until it is complete."""

    path: Path
    part: Path


class BackupRuns:
    """Carries out profiles, each once at a time. The engine works in a thread; events report how far it is."""

    def __init__(
        self,
        runtime: Runtime,
        backups: Backups,
        destinations: BackupDestinations,
        sources: BackupSources,
        history: BackupHistory,
        policies: Policies,
    ) -> None:
        self._runtime = runtime
        self._backups = backups
        self._destinations = destinations
        self._sources = sources
        self._history = history
        self._policies = policies
        self._jobs: dict[str, _Job] = {}
        self.figures = Figures()

    def is_running(self, profile: str) -> bool:
        return profile in self._jobs

    async def execute(
        self,
        name: str,
        passphrase: str | None,
        confirmed: Confirmed = NOTHING_CONFIRMED,
        *,
        by: str = DOM0,
        attempt: int = 1,
    ) -> None:
        """Carry the profile out; done when the backup is complete and on the disk, and verified if the profile asks.

        `by` is the qube that asks for it, or `SCHEDULE`; `attempt` counts those of one scheduled run. Raises
        `BackupIncompleteError` after a backup of all but the qubes that the profile names and that do not exist.
        """
        if name in self._jobs:
            raise refusal("backup-running", name)
        job = _Job(BackupRun(name, self._history.now(), RUNNING, by=by, attempt=attempt))
        self._jobs[name] = job
        try:
            profile, file = await self._backups.profile(name)
            owner = owner_of(file.text)
            names = tuple(name for name in (profile.destination_vm, profile.passphrase_vm) if name)
            job.record = await self._history.remember(replace(job.record, owner=owner, names=names))
            self._history.emit(events.BACKUP_STARTED, job.record)
            try:
                await self._backups.check_allowed(owner, profile)
                if not confirmed.new_disk:
                    await self._destinations.check(name, profile)
                with suppress(StoreError):  # the next run learns it
                    await self._destinations.learn(name, profile)
                await self._carry_out(job, profile, passphrase, confirmed.given_up)
            except BackupIncompleteError as error:
                raise self._answered(error, job.record) from error
            except BaseException as error:
                stopped = isinstance(error, BackupCancelledError | asyncio.CancelledError)
                job.record = replace(job.record, result=CANCELLED if stopped else FAILED).because(
                    "" if stopped else cause(error) or Reason("internal-error")
                )
                if isinstance(error, Mgmt1Error):
                    raise self._answered(error, job.record) from error
                raise
            finally:
                job.record = await self._history.without_part(replace(job.record, end=self._history.now()))
                await self._history.ended(job.record)
        finally:
            del self._jobs[name]

    def cancel(self, name: str) -> None:
        """Raises `BackupError` if the profile is not being carried out."""
        job = self._jobs.get(name)
        if job is None:
            raise refusal("backup-not-running", name)
        job.cancelled.set()

    async def status(self, source: str = DOM0, sees: Sees = sees_all) -> list[BackupRun]:
        """The latest run of each profile, with its progress while it runs, and `next_attempt` after a failed one.

        With the names that `source` sees.
        """
        runs = await self._history.latest()
        return [self._history.reduced(self._with_progress(run), source, sees) for run in runs]

    def _with_progress(self, run: BackupRun) -> BackupRun:
        job = self._jobs.get(run.profile)
        if job is not None and job.record.run == run.run is not None:
            return replace(run, progress=job.progress())
        wait = retry_seconds(run.attempt or 1) if run.is_retried else None
        return run if wait is None else replace(run, next_attempt=(run.end or run.start) + wait)

    def _answered(self, error: Mgmt1Error, run: BackupRun) -> Mgmt1Error:
        """The error as the source of the run gets it: without the reason where that may name what it does not see."""
        by = DOM0 if run.by == SCHEDULE else run.by
        sees = partial(self._backups.owner_sees, by)
        is_whole = by == DOM0 or self._history.reduced(run, by, sees).why != FOR_DOM0
        return error if is_whole else error_for(FOR_DOM0)

    # -- from the first byte to the history ---------------------------------------------------------------------------

    async def _carry_out(self, job: _Job, profile: Profile, given: str | None, given_up: Collection[str]) -> None:
        """Write the backup and set what is known of it, its result included, in the record of the job."""
        secret = await self._backups.passphrase(job.profile, profile, given)
        await self._backups.refresh_sight()
        planned = self._planned(job, profile)
        left_out: list[Field] = []
        report, file = await self._write(job, profile, planned, secret, left_out)
        await self._note(job, profile, planned, report, file)
        left_out += [reason for result in report.results for reason in result.lost]
        wrong = joined(report.wrong)
        if wrong:
            raise error_for(joined([wrong, *left_out]) or wrong, BackupError)
        lacking = [*planned.lacking(has_home=job.record.home is True), *left_out]
        job.record = replace(job.record, result=INCOMPLETE if planned.lost else OK).because(*lacking)
        if profile.keep is not None:
            lacking += await self._remove_older(job, profile, given_up)
            job.record = job.record.because(*lacking)
        if planned.lost:
            raise refusal("backup-incomplete", joined(lacking) or "")

    def _planned(self, job: _Job, profile: Profile) -> Planned:
        """The qubes that go into the backup. Raises `PermissionDenied`, `QubesValueError` for none."""
        owner = job.record.owner
        planned = self._backups.planned(job.profile, profile, owner)
        names = (*(job.record.names or ()), *(qube.name for qube in planned.qubes), *planned.missing)
        job.record = replace(job.record, names=names, left_out=planned.hidden)
        if planned.hidden:
            hidden = ", ".join(planned.hidden)
            log.warning("The backup %s leaves out %s: %s, its owner, does not see them", job.profile, hidden, owner)
        if planned.dom0 and owner != DOM0:
            raise refusal("profile-no-dom0")
        if not planned.qubes and not planned.dom0:
            raise refusal("profile-no-qube")
        return planned

    async def _write(
        self, job: _Job, profile: Profile, planned: Planned, secret: str, left_out: list[Field]
    ) -> tuple[Report, Path | None]:
        """Write the backup; the report, and the file if it is one of dom0. `left_out` gets what no backup can hold."""
        previous = await self._history.previous(job.profile)
        options = Options(LEVELS[profile.kdf], profile.compression, job.profile, previous)
        async with AsyncExitStack() as states:
            kept = [await self._sources.qube_data(states, qube, left_out) for qube in planned.qubes]
            home = await self.home(profile, planned, job.cancelled)
            job.record = replace(job.record, home=home is not None)
            sizes = {DOM0: home.size} if home is not None else {}
            sizes |= await in_engine(lambda: {data.qube.name: writer.measured(data) for data in kept})
            job.totals = self.figures.totals(sizes)
            target = await self._target(job, profile, sum(sizes.values()))
            system = self._sources.system_contents(left_out, job.record.owner)
            config = None
            if planned.dom0:
                config = await config_of(self._runtime.state, self._policies, self._backups.profiles, home)
            tell = self._teller(job, WRITING)

            def write(output: FdOutput) -> Report:
                return writer.write(
                    output,
                    secret,
                    system,
                    kept,
                    options,
                    created=job.record.start,
                    progress=tell,
                    cancelled=job.cancelled,
                    config=config,
                    home=home,
                )

            if target is None:
                return await self._sent(job, profile, write), None
            return await self._written(job, profile, target, write, secret)

    def _teller(self, job: _Job, phase: str) -> writer.Progress:
        tell = Teller(lambda qube, done, _total: self._progress(job, phase, qube, done))
        return self.figures.progress(tell, job.totals, job.cancelled)

    async def _target(self, job: _Job, profile: Profile, needed: int) -> _Target | None:
        """Where the backup is written, with `needed` bytes of room; None if it goes to a qube or a program.

        Raises `BackupSpaceError` if there is too little room.
        """
        path = await at_destination(self._path, job.profile, profile, job.record.start)
        if path is None:
            return None
        await self._history.clear_left(path.parent)
        target = _Target(path, part_of(path))
        partial = PartialFile(str(target.part), await at_destination(folders.identity_of_folder, path.parent))
        job.record = await self._history.remember(replace(job.record, file=str(path), part=partial))
        await in_engine(lambda: file_systems.check_space(path.parent, needed))
        await in_engine(lambda: file_systems.check_file_size(path.parent, needed))
        return target

    async def _note(self, job: _Job, profile: Profile, planned: Planned, report: Report, file: Path | None) -> None:
        """Set what was written in the record, and the time of their last backup in the qubes."""
        uuids = {qube.name: str(qube.uuid) for qube in (self._runtime.state.qube(DOM0), *planned.qubes)}
        results = [(result.qube.name, text(result.reason) if result.reason else OK) for result in report.results]
        job.record = replace(
            job.record,
            backup=report.backup_id,
            verified=profile.verify and report.ok,
            qubes=tuple(QubeOfRun(name, uuids[name], result) for name, result in results),
        )
        if file is not None:
            size = self.figures.written((await at_destination(file.stat)).st_size, job.totals)
            job.record = replace(job.record, file=str(file), size=size)
        try:
            whole = [result.qube.name for result in report.results if result.ok and result.qube.name != DOM0]
            await self._stamp(whole, job.record.start)
        except StoreError as error:
            if not file or not report.ok:
                raise
            not_noted = Reason("both-reasons", Reason("backup-not-noted", file), cause(error))
            raise error_for(not_noted, StoreError) from error

    async def _remove_older(self, job: _Job, profile: Profile, given_up: Collection[str]) -> list[Reason]:
        """Remove the backups that `keep` no longer keeps; the reason why others stay, if there are any."""
        job.record = await self._history.remember(job.record)
        coming = made_by(job.record, job.record.run or 0)
        present = await self._history.present(job.profile, profile) if profile.keep else []
        decision = self._history.retention(profile, coming, job.record.owner, present, given_up)
        for old in decision.remove:
            await self._history.remove_old(job.profile, old)
        others = tuple(KeptBackup(backup.file, tuple(names)) for backup, names in decision.kept_for)
        job.record = replace(job.record, kept=others)
        return _kept_for(decision)

    async def home(self, profile: Profile, planned: Planned, stop: threading.Event) -> Home | None:
        """dom0's home as it is now, if the profile takes it. Raises `BackupError` if it names one that it cannot."""
        if not planned.dom0:
            return None
        usual = self._runtime.places.takes_home
        folder = await off_loop(lambda: homes.home_of(asked=profile.dom0_home, usual=usual))
        return None if folder is None else await in_engine(lambda: scanned(folder, stop), stop)

    async def _written(
        self, job: _Job, profile: Profile, target: _Target, write: targets.Write, secret: str
    ) -> tuple[Report, Path]:
        """The report and the file, once it is on the disk, and verified if the profile asks."""
        stop = job.cancelled
        reading = self._teller(job, VERIFYING)

        def verify(fd: int) -> None:
            targets.verified(fd, secret, stop, reading)

        verified_by = verify if profile.verify else None
        return await in_engine(lambda: targets.to_file(target.path, target.part, write, stop, verified_by), stop)

    async def _sent(self, job: _Job, profile: Profile, write: targets.Write) -> Report:
        """The report, once the program or qube of the profile has taken the backup."""
        first, arguments, stop = b"", list(profile.destination_command), job.cancelled
        if not arguments:
            arguments = targets.qube_arguments(self._runtime.state.qube(profile.destination_vm).name, "qubes.Backup")
            first = f"{profile.destination_path}\n".encode()
        return await in_engine(lambda: targets.to_program(arguments, write, stop, first=first), stop)

    def _path(self, name: str, profile: Profile, start: int) -> Path | None:
        """The file that the backup becomes; None if it goes to a qube or a program."""
        if profile.destination_command or profile.destination_vm != DOM0:
            return None
        path = Path(profile.destination_path)
        if not path.is_dir():
            return path
        stem = f"{FILE}-{name}-{time.strftime('%Y%m%dT%H%M%S', time.localtime(start))}"
        # A clock that was set back comes to the same second again.
        files = (path / (f"{stem}-{number}" if number else stem) for number in count())
        return next(file for file in files if not file.exists())

    def _progress(self, job: _Job, phase: str, qube: str, done: int) -> None:
        if phase != job.phase:
            job.phase, job.done = phase, {}
        job.qube = qube
        job.done[qube] = min(done, job.totals.get(qube, 0))
        # What comes before in the order is done; a qube's last report may have been left out.
        for name in takewhile(lambda name: name != qube, job.totals):
            job.done[name] = job.totals[name]
        event = events.BACKUP_PROGRESS(
            profile=job.profile,
            run=job.record.run,
            phase=job.phase,
            qube=job.qube,
            done=job.all_done,
            total=job.all_total,
            qube_done=job.done[qube],
            qube_total=job.totals.get(qube, 0),
        )
        self._runtime.emit([event])

    async def _stamp(self, names: Iterable[str], moment: int) -> None:
        """Set the time of their last backup in these qubes."""
        async with self._runtime.changing:
            qubes = [self._runtime.state.qubes[name] for name in names if name in self._runtime.state.qubes]
            if not qubes:
                return
            await self._runtime.commit([rows.set_property(qube.qid, "backup_timestamp", str(moment)) for qube in qubes])
            for qube in qubes:
                qube.own["backup_timestamp"] = str(moment)
                self._runtime.emit(self._runtime.state.property_changed(qube, "backup_timestamp"))


def _kept_for(decision: Decision) -> list[Reason]:
    """Which backups stay although the counts do not keep them."""
    kept = "; ".join(f"{Path(backup.file).name}: {', '.join(names)}" for backup, names in decision.kept_for)
    return [Reason("backups-kept", kept)] if kept else []
