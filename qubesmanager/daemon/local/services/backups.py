# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of a system: what a profile means here, its run from the first byte to the history, its schedule.

A run holds each volume as it is in one moment: the committed state of a halted qube, a snapshot of a running one that
is dropped as soon as the engine has the state. The engine works in a thread; events tell how far it is.
"""

import asyncio
import logging
import os
import re
import shutil
import threading
import time
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count, takewhile
from pathlib import Path

from qubesmanager.backup.archive import writer
from qubesmanager.backup.archive.contents import ADMIN_CLASS, Contents, Device, Label
from qubesmanager.backup.archive.contents import Qube as KeptQube
from qubesmanager.backup.archive.home import Home, scanned
from qubesmanager.backup.archive.report import Report
from qubesmanager.backup.archive.scrypt_container import LEVELS
from qubesmanager.backup.archive.storable import storable, storable_properties
from qubesmanager.backup.archive.streams import FdOutput
from qubesmanager.backup.archive.writer import Options, QubeData
from qubesmanager.backup.errors import BackupError, BackupIncompleteError, BackupNotConnectedError
from qubesmanager.backup.passphrases import passphrase_text
from qubesmanager.backup.profile import REMOVED, Profile, marked, matches, owner_of, parse_profile, without_passphrase
from qubesmanager.backup.profile_names import keys_naming, renamed, without
from qubesmanager.backup.retention import Decision, Made, decide
from qubesmanager.backup.schedule import RETRY_SECONDS, is_retry_due, retry_seconds
from qubesmanager.daemon.admission.policy_files import Policies
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.drivers.backups import file_systems, homes, targets
from qubesmanager.daemon.local.drivers.backups.destinations import check_destination
from qubesmanager.daemon.local.drivers.backups.engine import Teller, at_destination, in_engine, off_loop
from qubesmanager.daemon.local.drivers.backups.profiles import ProfileFile, Profiles
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.dom0_config import config_of
from qubesmanager.daemon.local.services.pools import Pools
from qubesmanager.daemon.local.services.volume_lifecycle import Volumes
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.store import StoreError
from qubesmanager.host.atomic_file import part_of, remove_left
from qubesmanager.host.sparse_file import Source
from qubesmanager.rules.backups import is_ahead
from qubesmanager.rules.devices import attaching
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
    PlannedQube,
    Preview,
    Progress,
    QubeOfRun,
    decode_run,
    event_fields,
)
from qubesmanager.wire.errors import (
    BackupCancelledError,
    Mgmt1Error,
    QubesBackupProfileNotFoundError,
)
from qubesmanager.wire.event_row import EventRow
from qubesmanager.wire.firewall import parse_rule
from qubesmanager.wire.names import DOM0, PROFILE_ID, check
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import cause, error_for, joined, refusal, text
from qubesmanager.wire.records import ANY_PORT
from qubesmanager.wire.values import DeviceMode, VmClass

log = logging.getLogger(__name__)

FOR_DOM0 = Reason("run-reason-of-dom0")
"""Replaces names in the answers to a source that does not see all qubes of a run."""

FILE = "qubes-backup"
"""What the name of a backup begins with."""
LOOK_SECONDS = 60.0
"""Seconds between two looks whether a profile is due."""
_SCHEDULE_LINE = re.compile(r"^\s*schedule\s*:", re.MULTILINE)
HISTORY_LIMIT = 1000
"""Runs that are answered."""


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


@dataclass(frozen=True, slots=True)
class Planned:
    """What a profile comes to: the qubes in order, names it has that no qube has, and whether it names dom0.

    `lost`: the missing names that the backup should hold; one that is only excluded costs nothing. `hidden`: names of
    qubes that the profile includes and its owner does not see, so that they are left out.
    """

    qubes: tuple[Qube, ...]
    missing: tuple[str, ...]
    lost: tuple[str, ...]
    dom0: bool
    hidden: tuple[str, ...] = ()

    def lacking(self, *, has_home: bool) -> list[Field]:
        """What the profile names and the backup does not have. `has_home`: dom0's home is in it."""
        missing = [Reason("no-such-qube", ", ".join(self.missing))] if self.missing else []
        return [*missing, *([Reason("home-not-backed-up")] if self.dom0 and not has_home else [])]


class Backups:
    """`profiles` is their folder."""

    def __init__(
        self, runtime: Runtime, pools: Pools, volumes: Volumes, policies: Policies, profiles: Profiles
    ) -> None:
        self._runtime = runtime
        self._pools = pools
        self._volumes = volumes
        self._policies = policies
        self.profiles = profiles
        self.clock = time.time
        """What says how late it is, in Unix seconds."""
        self._runs: dict[str, _Job] = {}
        self._editing = asyncio.Lock()
        """Held while the text of a profile is changed."""
        self._unstored: dict[int, BackupRun] = {}
        """Runs whose end could not be stored yet, by number."""

    # -- profiles -----------------------------------------------------------------------------------------------------

    async def profile(self, name: str) -> tuple[Profile, ProfileFile]:
        """Raises `QubesBackupProfileNotFoundError`, and what is wrong with the file."""
        file = await self.profiles.get(name)
        profile = await off_loop(parse_profile, file.text)
        if profile.destination_command and not file.by_root:
            raise refusal("profile-command-not-root", name)
        return profile, file

    async def shown_text(self, name: str) -> str:
        """The profile's text without its passphrase. Raises `QubesBackupProfileNotFoundError`."""
        file = await self.profiles.get(name)
        return await off_loop(without_passphrase, file.text)

    async def set_profile(self, source: str, name: str, untrusted: str, *, learn: bool = True) -> None:
        """Keep the profile once it is accepted. `learn`: the disk that is at its destination now is the right one.

        A command is never taken from a call, nor a file's content as passphrase from a caller other than dom0: both
        would let any user who may back up do what only root may. A qube's profile goes where dom0 allows it and names
        only qubes that it sees, which is checked again in each run. A qube replaces only a profile that it set itself.
        """
        check(PROFILE_ID, name)
        text = marked(untrusted, source)
        profile = await off_loop(parse_profile, text)
        if profile.destination_command:
            raise refusal("profile-command-by-root", str(self.profiles.folder))
        if profile.passphrase_file and source != DOM0:
            raise refusal("profile-file-by-dom0")
        await self._check_allowed(source, profile)
        # A rename or removal still due for an earlier qube must not change a profile about a new one of its name.
        await self.follow_names()
        async with self._editing:
            await self._check_owner(source, name)
            await self.profiles.put(name, text)
        async with self._runtime.changing:
            await self._runtime.commit([rows.delete_destinations(name)])
        with suppress(BackupNotConnectedError):
            if learn and not await self._is_unmounted(profile):
                await self._learn_destination(name, profile, by_call=True)

    async def remove_profile(self, source: str, name: str) -> None:
        """Remove the profile; its backups stay.

        Raises `QubesBackupProfileNotFoundError`, and `PermissionDenied` for a qube that did not set it.
        """
        async with self._editing:
            await self._check_owner(source, name)
            await self.profiles.remove(name)
        async with self._runtime.changing:
            await self._runtime.commit([rows.delete_destinations(name)])

    async def _check_owner(self, source: str, name: str) -> None:
        """Raises `PermissionDenied` where `source` may not replace the profile: a qube only what it set itself."""
        if source == DOM0:
            return
        with suppress(QubesBackupProfileNotFoundError):
            if owner_of((await self.profiles.get(name)).text) != source:
                raise refusal("profile-of-other", name, source)

    async def _check_allowed(self, owner: str, profile: Profile) -> None:
        """Raises `Mgmt1Error` for what a profile of this owner may not say."""
        if owner == DOM0:
            return
        if owner.endswith(REMOVED):
            raise refusal("profile-owner-removed", owner.removesuffix(REMOVED))
        await at_destination(check_destination, self.profiles.folder, profile)
        if profile.passphrase_vm and not self._runtime.state.has_visible(owner, profile.passphrase_vm):
            raise refusal("no-such-qube", profile.passphrase_vm)

    async def _learn_destination(self, name: str, profile: Profile, *, by_call: bool = False) -> None:
        """Remember the file system that the destination is on now.

        A profile set `by_call` may name a folder that is not there yet, for which the first run remembers it.
        """
        if profile.destination_vm != DOM0 or not profile.destination_path:
            return
        identity = await at_destination(_identity, profile, by_call=by_call)
        if identity or by_call:
            async with self._runtime.changing:
                await self._runtime.commit([rows.add_destination(name, profile.destination_path, identity)])

    @staticmethod
    async def _is_unmounted(profile: Profile) -> bool:
        """Whether the destination is below a mount point of fstab that nothing is mounted at."""
        if profile.destination_vm != DOM0 or not profile.destination_path:
            return False
        return bool(await at_destination(file_systems.unmounted_point, Path(profile.destination_path)))

    async def _check_connected(self, name: str, profile: Profile) -> None:
        """Raises `BackupNotConnectedError`."""
        if reason := await self._why_not_connected(name, profile):
            raise error_for(reason)

    async def _why_not_connected(self, name: str, profile: Profile, *, kept: bool = True) -> Reason | None:
        """Why the destination may be without its disk; None if its disk is there.

        `kept`: the profile is in the folder; one that is not is about to be set by the user, who sees the disk.
        """
        if profile.destination_vm != DOM0 or not profile.destination_path:
            return None
        stored = await self._runtime.store.read(
            "SELECT file_system FROM destination WHERE profile = ? AND path = ?", (name, profile.destination_path)
        )
        known = {row[0] for row in stored if row[0]}
        here = await at_destination(_file_system, profile)
        if await self._is_unmounted(profile) or (known and here.identity not in known):
            return Reason("backup-not-connected", profile.destination_path, name)
        if stored or not kept or not await at_destination(_is_of_system, profile):
            return None
        # A mount point without its disk looks the same, unless a backup of the profile is there already.
        runs = [run for run in await self.history(name) if run.has_backup]
        if await at_destination(_holds_one_of, profile, runs):
            return None
        return Reason("backup-on-system-disk", profile.destination_path, name, name)

    async def follow_soon(self) -> None:
        """As `follow_names`: now, and in the background until it is done if that fails or the caller is cancelled."""
        name = "let backup profiles follow renamed and removed qubes"
        await self._runtime.to_the_end(name, self._runtime.ensure(name, self.follow_names))

    async def follow_names(self) -> None:
        """Carry stored renames and removals of qubes into the profiles that name them.

        What a crash kept from it is done after the next start.
        """
        async with self._editing:
            changes = await self._runtime.store.read("SELECT change, old, new FROM pending_name ORDER BY change")
            for change, old, new in changes:
                for name in await self.profiles.names():
                    await self._follow(name, old, new)
                async with self._runtime.changing:
                    await self._runtime.commit([rows.delete_pending_name(change)])

    async def _follow(self, name: str, old: str, new: str) -> None:
        """One profile, one change; a profile that cannot be read or edited stays as it is."""
        try:
            profile, file = await self.profile(name)
            text = await off_loop(renamed, file.text, old, new) if new else await off_loop(without, file.text, old)
        except Mgmt1Error as error:
            # The text may quote a line of the profile that holds the passphrase.
            log.warning("The backup profile %s does not follow %s: %s", name, old, type(error).__name__)
            return
        if text != file.text:
            await self.profiles.put(name, text)
            log.info("The backup profile %s follows %s, now %s", name, old, new or "removed")
        if left := keys_naming(profile, old) if text == file.text else []:
            log.warning("The backup profile %s still names %s in %s", name, old, ", ".join(left))

    def planned(self, name: str, profile: Profile, owner: str, source: str = DOM0) -> Planned:
        """The qubes that a profile of the owner includes, dom0 left out, by name.

        A profile that a qube set includes only what this qube sees. For another `source` than dom0: as if there were
        no qubes but those that it sees.
        """
        include, exclude = frozenset(profile.include), frozenset(profile.exclude)
        sees, state = self._runtime.state.has_visible, self._runtime.state
        names = {pattern for pattern in (*include, *exclude) if not pattern.startswith("$")}
        missing = tuple(sorted(name for name in names if not (sees(owner, name) and sees(source, name))))
        chosen, hidden, dom0 = [], [], False
        for qube in state.in_order():
            included = matches(include, qube.name, qube.klass, qube.tags) or f"backup-{name}" in qube.tags
            if not include and qube.klass not in {VmClass.DISP, VmClass.ADMIN}:
                included = included or qube.flag("include_in_backups")
            if not included or matches(exclude, qube.name, qube.klass, qube.tags):
                continue
            if not sees(source, qube.name):
                continue
            if not sees(owner, qube.name):
                hidden.append(qube.name)
            elif qube.klass is VmClass.ADMIN:
                dom0 = True
            else:
                chosen.append(qube)
        lost = tuple(name for name in missing if name in include)
        return Planned(tuple(chosen), missing, lost, dom0, tuple(hidden))

    # -- a run --------------------------------------------------------------------------------------------------------

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
        if name in self._runs:
            raise refusal("backup-running", name)
        job = _Job(BackupRun(name, self._now(), RUNNING, by=by, attempt=attempt))
        self._runs[name] = job
        try:
            profile, file = await self.profile(name)
            owner = owner_of(file.text)
            names = tuple(name for name in (profile.destination_vm, profile.passphrase_vm) if name)
            job.record = await self._remember(replace(job.record, owner=owner, names=names))
            self._emit(events.BACKUP_STARTED, job.record)
            try:
                await self._check_allowed(owner, profile)
                if not confirmed.new_disk:
                    await self._check_connected(name, profile)
                with suppress(StoreError):  # the next run learns it
                    await self._learn_destination(name, profile)
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
                job.record = await self._without_part(replace(job.record, end=self._now()))
                await self._ended(job.record)
        finally:
            del self._runs[name]

    def _now(self) -> int:
        """The time for the history, in Unix seconds; 0 while the clock is before 1970."""
        return max(0, int(self.clock()))

    def _answered(self, error: Mgmt1Error, run: BackupRun) -> Mgmt1Error:
        """The error as the source of the run gets it: without the reason where that may name what it does not see."""
        by = DOM0 if run.by == SCHEDULE else run.by
        is_whole = by == DOM0 or self._reduced(run, by).why != FOR_DOM0
        return error if is_whole else error_for(FOR_DOM0)

    async def _carry_out(self, job: _Job, profile: Profile, given: str | None, given_up: Collection[str]) -> None:
        """Write the backup and set what is known of it, its result included, in the record of the job."""
        owner, start = job.record.owner, job.record.start
        secret = await self.passphrase(job.profile, profile, given)
        planned = self.planned(job.profile, profile, owner)
        names = (*(job.record.names or ()), *(qube.name for qube in planned.qubes), *planned.missing)
        job.record = replace(job.record, names=names, left_out=planned.hidden)
        if planned.hidden:
            log.warning(
                "The backup %s leaves out %s: %s, which set it, does not see them",
                job.profile,
                ", ".join(planned.hidden),
                owner,
            )
        if planned.dom0 and owner != DOM0:
            raise refusal("profile-no-dom0")
        if not planned.qubes and not planned.dom0:
            raise refusal("profile-no-qube")
        options = Options(LEVELS[profile.kdf], profile.compression, job.profile, await self._previous(job.profile))
        left_out: list[Field] = []
        async with AsyncExitStack() as states:
            kept = [await self._kept_or_failed(states, qube, left_out) for qube in planned.qubes]
            home = await self._home(profile, planned, job.cancelled)
            job.record = replace(job.record, home=home is not None)
            job.totals = {DOM0: home.size} if home is not None else {}
            job.totals |= await in_engine(lambda: {data.qube.name: writer.measured(data) for data in kept})
            path = await at_destination(self._path, job.profile, profile, start)
            part = None
            if path is not None:
                await self._clear_left(path.parent)
                part = part_of(path)
                partial = PartialFile(str(part), await at_destination(_identity_of, path.parent))
                job.record = await self._remember(replace(job.record, file=str(path), part=partial))
                needed = sum(job.totals.values())
                await in_engine(lambda: file_systems.check_space(path.parent, needed))
                await in_engine(lambda: file_systems.check_file_size(path.parent, needed))
            system = self._system_contents(left_out, owner)
            config = await config_of(self._runtime.state, self._policies, self.profiles, home) if planned.dom0 else None
            tell = Teller(lambda qube, done, _total: self._progress(job, WRITING, qube, done))

            def write(output: FdOutput) -> Report:
                return writer.write(
                    output,
                    secret,
                    system,
                    kept,
                    options,
                    created=start,
                    progress=tell,
                    cancelled=job.cancelled,
                    config=config,
                    home=home,
                )

            report, file = await self._written(job, profile, path, part, write, secret)
        uuids = {qube.name: str(qube.uuid) for qube in (self._runtime.state.qube(DOM0), *planned.qubes)}
        results = [(result.qube.name, text(result.reason) if result.reason else OK) for result in report.results]
        job.record = replace(
            job.record,
            backup=report.backup_id,
            verified=profile.verify and report.ok,
            qubes=tuple(QubeOfRun(name, uuids[name], result) for name, result in results),
        )
        if file is not None:
            size = (await at_destination(file.stat)).st_size
            job.record = replace(job.record, file=str(file), size=size)
        try:
            whole = [result.qube.name for result in report.results if result.ok and result.qube.name != DOM0]
            await self._stamp(whole, start)
        except StoreError as error:
            if not file or not report.ok:
                raise
            not_noted = Reason("both-reasons", Reason("backup-not-noted", file), cause(error))
            raise error_for(not_noted, StoreError) from error
        left_out += [reason for result in report.results for reason in result.lost]
        wrong = joined(report.wrong)
        if wrong:
            raise error_for(joined([wrong, *left_out]) or wrong, BackupError)
        lacking = [*planned.lacking(has_home=home is not None), *left_out]
        job.record = replace(job.record, result=INCOMPLETE if planned.lost else OK).because(*lacking)
        if profile.keep is not None:
            job.record = await self._remember(job.record)
            coming = _made(job.record, job.record.run or 0)
            decision = await self.retention(job.profile, profile, coming, owner, given_up)
            for old in decision.remove:
                await self._remove_old(job.profile, old)
            others = tuple(KeptBackup(backup.file, tuple(names)) for backup, names in decision.kept_for)
            lacking += _kept_for(decision)
            job.record = replace(job.record, kept=others).because(*lacking)
        if planned.lost:
            raise refusal("backup-incomplete", joined(lacking) or "")

    async def _home(self, profile: Profile, planned: Planned, stop: threading.Event) -> Home | None:
        """dom0's home as it is now, if the profile takes it. Raises `BackupError` if it names one that it cannot."""
        if not planned.dom0:
            return None
        usual = self._runtime.places.takes_home
        folder = await off_loop(lambda: homes.home_of(asked=profile.dom0_home, usual=usual))
        return None if folder is None else await in_engine(lambda: scanned(folder, stop), stop)

    async def _written(
        self,
        job: _Job,
        profile: Profile,
        path: Path | None,
        part: Path | None,
        write: targets.Write,
        secret: str,
    ) -> tuple[Report, Path | None]:
        stop = job.cancelled
        if path is not None and part is not None:
            reading = Teller(lambda qube, done, _total: self._progress(job, VERIFYING, qube, done))

            def verify(fd: int) -> None:
                targets.verified(fd, secret, stop, reading)

            verified_by = verify if profile.verify else None
            return await in_engine(lambda: targets.to_file(path, part, write, stop, verified_by), stop)
        first = b""
        arguments = list(profile.destination_command)
        if not arguments:
            arguments = targets.qube_arguments(self._runtime.state.qube(profile.destination_vm).name, "qubes.Backup")
            first = f"{profile.destination_path}\n".encode()
        return await in_engine(lambda: targets.to_program(arguments, write, stop, first=first), stop), None

    async def passphrase(self, name: str, profile: Profile, given: str | None) -> str:
        if given is not None:
            return passphrase_text(given, "What was given")
        if profile.passphrase_text:
            return profile.passphrase_text
        if profile.passphrase_file:
            path = Path(profile.passphrase_file)
            return await in_engine(lambda: targets.passphrase_of_file(path))
        if profile.passphrase_vm:
            return await in_engine(lambda: targets.passphrase_of_qube(profile.passphrase_vm, name))
        raise refusal("profile-no-passphrase", name)

    def _path(self, name: str, profile: Profile, start: int) -> Path | None:
        """The file that the backup becomes; None where it goes elsewhere."""
        if profile.destination_command or profile.destination_vm != DOM0:
            return None
        path = Path(profile.destination_path)
        if not path.is_dir():
            return path
        stem = f"{FILE}-{name}-{time.strftime('%Y%m%dT%H%M%S', time.localtime(start))}"
        # A clock that was set back comes to the same second again.
        files = (path / (f"{stem}-{number}" if number else stem) for number in count())
        return next(file for file in files if not file.exists())

    def cancel(self, name: str) -> None:
        """Raises `BackupError` if the profile is not being carried out."""
        job = self._runs.get(name)
        if job is None:
            raise refusal("backup-not-running", name)
        job.cancelled.set()

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

    # -- what is kept -------------------------------------------------------------------------------------------------

    async def _kept_or_failed(self, states: AsyncExitStack, qube: Qube, left_out: list[Field]) -> QubeData:
        """As `_kept`; a qube that cannot be read fails alone. `left_out` gets what is left out of the settings."""
        settings, lacking = storable(_settings(qube))
        left_out += lacking
        try:
            return await self._kept(states, qube, settings)
        except (Mgmt1Error, OSError) as error:
            log.warning("%s cannot be backed up: %s", qube.name, error)
            return QubeData(settings, problem=Reason("backup-without", qube.name, cause(error)))

    async def _kept(self, states: AsyncExitStack, qube: Qube, settings: KeptQube) -> QubeData:
        """The qube as it is now; `states` keeps the states of its volumes until the backup is written."""
        volumes: dict[str, Source] = {}
        async with self._runtime.holding(qube):
            for name, volume in qube.volumes.items():
                if volume.save_on_stop and not volume.extra:
                    volumes[name] = await states.enter_async_context(self._source(qube, name))
            return QubeData(settings, volumes, tuple(parse_rule(text) for _id, text in qube.rules), qube.notes)

    @asynccontextmanager
    async def _source(self, qube: Qube, name: str) -> AsyncIterator[Source]:
        volume = qube.volumes[name]
        driver = self._pools.driver(volume.pool)
        live = await self._volumes.live(qube, name)
        async with AsyncExitStack() as stack:
            if live is None:
                yield await stack.enter_async_context(driver.open_source(volume.vid))
                return
            moment = await driver.snapshot(volume.vid, live)
            try:
                source = await stack.enter_async_context(driver.open_source(volume.vid, moment))
            finally:
                await driver.drop_snapshot(volume.vid, moment)
            yield source

    def _system_contents(self, left_out: list[Field], owner: str) -> Contents:
        """The system's own settings and those of dom0; `left_out` gets what a backup cannot keep.

        The features of dom0 are only in a backup of a profile that dom0 set.
        """
        state = self._runtime.state
        settings = _settings(state.qube(DOM0))
        dom0, lacking = storable(settings if owner == DOM0 else replace(settings, features={}))
        properties, lacking_properties = storable_properties(state.system_own)
        left_out += [*lacking, *lacking_properties]
        labels = tuple(Label(number, name, color) for number, (name, color) in enumerate(state.labels.items(), 1))
        return Contents(labels, properties, (dom0,))

    async def _stamp(self, names: Iterable[str], moment: int) -> None:
        """The qubes were backed up then."""
        async with self._runtime.changing:
            qubes = [self._runtime.state.qubes[name] for name in names if name in self._runtime.state.qubes]
            if not qubes:
                return
            await self._runtime.commit([rows.set_property(qube.qid, "backup_timestamp", str(moment)) for qube in qubes])
            for qube in qubes:
                qube.own["backup_timestamp"] = str(moment)
                self._runtime.emit(self._runtime.state.property_changed(qube, "backup_timestamp"))

    # -- history and retention ----------------------------------------------------------------------------------------

    async def history(self, profile: str | None = None, source: str = DOM0) -> list[BackupRun]:
        """The runs, oldest first, with the names that `source` sees."""
        return [self._reduced(run, source) for _number, run in await self._numbered(profile, HISTORY_LIMIT)]

    def _reduced(self, run: BackupRun, source: str) -> BackupRun:
        """What `source` may know of a run: nothing of qubes that it does not see, nor that there are any.

        dom0 reads in the reason which qubes were left out because the owner of the profile does not see them.
        """
        if source == DOM0:
            if not run.left_out:
                return run
            left_out = Reason("run-left-out", run.owner, ", ".join(run.left_out))
            return run.because(run.why or run.reason, left_out)

        def sees(name: str) -> bool:
            return self._runtime.state.has_visible(source, name)

        reduced = replace(run, names=None, left_out=())
        if run.qubes is not None:
            reduced = replace(reduced, qubes=tuple(qube for qube in run.qubes if sees(qube.name)))
        if run.kept is not None:
            kept = [replace(row, qubes=tuple(name for name in row.qubes if sees(name))) for row in run.kept]
            reduced = replace(reduced, kept=tuple(row for row in kept if row.qubes))
        if run.progress is not None and not sees(run.progress.qube):
            reduced = replace(reduced, progress=replace(run.progress, qube=""))
        # What a qube's own profile runs into names only what that qube sees.
        if (
            run.reason
            and source != run.owner
            # The paths of dom0's home are for dom0. An earlier version did not record the names.
            and (run.home or run.names is None or not all(map(sees, run.names)))
        ):
            return reduced.because(FOR_DOM0)
        return reduced

    async def _numbered(self, profile: str | None, limit: int = -1) -> list[tuple[int, BackupRun]]:
        """The last `limit` runs (-1: all) with their numbers, oldest first."""
        stored = await self._runtime.store.read(
            "SELECT run, told FROM backup_run WHERE profile = ifnull(?, profile) ORDER BY run DESC LIMIT ?",
            (profile, limit),
        )
        return [(int(number), self._unstored.get(number) or decode_run(row)) for number, row in reversed(stored)]

    async def retention(
        self, name: str, profile: Profile, coming: Made, owner: str, given_up: Collection[str] = ()
    ) -> Decision:
        """What the profile's `keep` does once `coming` is complete.

        Only complete, verified backups whose files are as they were written count and go, and only those that were
        made while the profile had the same owner: a qube that sets dom0's profile removes none of dom0's backups.
        """
        if profile.keep is None:
            return Decision()
        runs = [
            (number, run)
            for number, run in await self._numbered(name)
            if number != coming.number and run.has_backup and run.verified and (run.owner or DOM0) == owner
        ]

        def there() -> list[Made]:
            folder = _folder(profile)
            return [_made(run, number) for number, run in runs if Path(run.file).parent == folder and _is_the_one(run)]

        known = await at_destination(there)
        return decide(profile.keep, coming, known, given_up)

    async def _coming(self, planned: Planned, *, has_home: bool) -> Made:
        """The backup that a run now would make; `has_home`: with the home of dom0."""
        ((last,),) = await self._runtime.store.read("SELECT coalesce(max(run), 0) FROM backup_run")
        dom0 = (self._runtime.state.qube(DOM0),) if has_home else ()
        qubes = {str(qube.uuid): qube.name for qube in (*dom0, *planned.qubes)}
        return Made(int(last) + 1, _local(self.clock()), qubes)

    async def _remove_old(self, profile: str, old: Made) -> None:
        path = Path(old.file)
        try:
            await at_destination(path.unlink)
            log.info("Removed %s, which the profile %s keeps no more", path, profile)
        except (OSError, BackupNotConnectedError) as error:
            log.warning("%s cannot be removed: %s", path, error)

    async def _previous(self, profile: str) -> str:
        """The id of the profile's last complete backup."""
        done = [run for run in await self.history(profile) if run.has_backup]
        return done[-1].backup if done else ""

    async def _remember(self, run: BackupRun) -> BackupRun:
        """Store the run, which gets its id if it has none. Runs whose end could not be stored yet are stored too."""
        async with self._runtime.changing:
            number = run.run
            if number is None:
                ((last,),) = await self._runtime.store.read("SELECT coalesce(max(run), 0) FROM backup_run")
                number = int(last) + 1
            run = replace(run, run=number)
            late = {**self._unstored, number: run}
            await self._runtime.commit([rows.set_backup_run(number, each) for number, each in late.items()])
            self._unstored.clear()
        return run

    async def _ended(self, run: BackupRun) -> None:
        try:
            await self._remember(run)
        except StoreError as error:
            self._unstored[run.run or 0] = run
            log.warning("The end of the backup %s will be stored later: %s", run.profile, error)
        self._emit(events.BACKUP_FINISHED, run)

    def _emit(self, row: EventRow[..., events.BackupEvent], run: BackupRun) -> None:
        """An event about a run: it began, or it ended."""
        self._runtime.emit([row.event("", event_fields(self._reduced(run, DOM0)))])

    async def status(self, source: str = DOM0) -> list[BackupRun]:
        """The latest run of each profile, with its progress while it runs, and `next_attempt` after a failed one.

        With the names that `source` sees.
        """
        stored = await self._runtime.store.read(
            "SELECT run, told FROM backup_run WHERE run IN (SELECT max(run) FROM backup_run GROUP BY profile)"
            " ORDER BY run"
        )
        runs = [self._unstored.get(number) or decode_run(row) for number, row in stored]
        return [self._reduced(self._with_progress(run), source) for run in runs]

    def _with_progress(self, run: BackupRun) -> BackupRun:
        job = self._runs.get(run.profile)
        if job is not None and job.record.run == run.run is not None:
            return replace(run, progress=job.progress())
        wait = retry_seconds(run.attempt or 1) if run.is_retried else None
        return run if wait is None else replace(run, next_attempt=(run.end or run.start) + wait)

    async def recover(self) -> None:
        """After the start of the daemon: runs that were cut off failed, and what they had written goes.

        Where the disk is not connected now, it goes before a later run to the same folder, or at a later start.
        """
        for number, run in await self._numbered(None):
            if not run.is_running:
                continue
            failed = replace(run, result=FAILED, end=run.start, run=number).because(Reason("run-cut-off"))
            await self._remember(await self._without_part(failed))
            log.warning("The backup of the profile %s was cut off", run.profile)
        self._runtime.spawn("remove what cut off backups left", self._clear_left())

    async def _clear_left(self, folder: Path | None = None) -> None:
        """Remove what ended runs have left in the folder, everywhere without one."""
        for number, row in await self._runtime.store.read(
            "SELECT run, told FROM backup_run WHERE json_extract(told, '$.part') IS NOT NULL"
        ):
            run = replace(decode_run(row), run=number)
            if run.part is None or run.is_running or (folder is not None and Path(run.part.path).parent != folder):
                continue
            cleared = await self._without_part(run)
            if cleared.part is None:
                await self._remember(cleared)

    async def _without_part(self, run: BackupRun) -> BackupRun:
        """Remove the file that the run wrote to; the run without it, once nothing is left of it.

        A file at the same path on another disk is not removed.
        """
        if run.part is None:
            return run
        try:
            if await at_destination(_remove_part, Path(run.part.path), run.part.disk):
                return replace(run, part=None)
        except BackupError as error:
            log.info("The folder of %s cannot be read: %s", run.part.path, error)
        log.warning("What the backup %s had written to %s is not removed yet", run.profile, run.part.path)
        return run

    # -- the schedule -------------------------------------------------------------------------------------------------

    async def keep_schedule(self) -> None:
        """For the life of the system: carry out what is due, and what was missed while the daemon did not run."""
        while True:
            try:
                await self.follow_names()
            except Mgmt1Error as error:
                log.warning("Backup profiles do not follow renamed and removed qubes yet: %s", error)
            for name in await self.profiles.names():
                try:
                    if name not in self._runs and (attempt := await self._attempt(name)):
                        self._runtime.spawn(f"backup {name}", self._scheduled(name, attempt))
                except QubesBackupProfileNotFoundError:
                    log.debug("The backup profile %s was removed", name)
                except Mgmt1Error as error:
                    # The text may quote a line of the profile that holds the passphrase.
                    log.warning("The backup profile %s cannot be used: %s", name, type(error).__name__)
                    await self._note_broken(name)
            await asyncio.sleep(LOOK_SECONDS)

    async def _is_due(self, name: str) -> bool:
        profile, file = await self.profile(name)
        if profile.schedule is None:
            return False
        last, now = await self.last_run(name) or file.changed, self.clock()
        if is_ahead(last, now):
            log.warning("The last run of the backup %s is dated %s, in the future; it is due", name, _local(last))
        return profile.schedule.is_due(_local(now), _local(last))

    async def _attempt(self, name: str) -> int:
        """Which attempt of a scheduled run is due now, from 1; 0 for none."""
        if await self._is_due(name):
            return 1
        profile, _file = await self.profile(name)
        runs = await self.history(name) if profile.schedule else []
        if not runs or not runs[-1].is_retried:
            return 0
        attempt, ended = runs[-1].attempt or 1, runs[-1].end or runs[-1].start
        return attempt + 1 if is_retry_due(attempt, self.clock() - ended) else 0

    async def _note_broken(self, name: str) -> None:
        """Keep in the history, once, that a profile with a schedule cannot be carried out, which would go unnoticed."""
        now = self._now()
        failed = BackupRun(name, now, FAILED, by=SCHEDULE, attempt=len(RETRY_SECONDS) + 1, end=now)
        failed = failed.because(Reason("profile-not-accepted", name))
        with suppress(Mgmt1Error):
            file = await self.profiles.get(name)
            runs = await self.history(name)
            if not _SCHEDULE_LINE.search(file.text) or (runs and runs[-1].reason == failed.reason):
                return
            self._emit(events.BACKUP_FINISHED, await self._remember(failed))

    async def _scheduled(self, name: str, attempt: int) -> None:
        try:
            await self.execute(name, None, by=SCHEDULE, attempt=attempt)
        except Mgmt1Error as error:
            log.warning("The scheduled backup %s failed: %s", name, error)

    async def last_run(self, name: str) -> int | None:
        """When the profile was last begun, whatever came of it."""
        runs = await self.history(name)
        return runs[-1].start if runs else None

    # -- what a profile would do --------------------------------------------------------------------------------------

    async def info(self, name: str, text: str = "", source: str = DOM0) -> Preview:
        """What a profile would do now, or what it would do with another `text`; nothing is stored.

        Only the qubes that `source` sees are in the answer.
        """
        if text:
            profile, changed, owner = await off_loop(parse_profile, text), self.clock(), DOM0
        else:
            profile, file = await self.profile(name)
            changed, owner = file.changed, owner_of(file.text)
        planned = self.planned(name, profile, owner, source)
        runs = await self.history(name)
        due = profile.schedule.next_due(_local(self.clock())) if profile.schedule else None
        place = _Place()
        connected = True
        if profile.destination_vm == DOM0:
            try:
                place = await at_destination(_place, profile)
                connected = not await self._why_not_connected(name, profile, kept=not text)
            except BackupNotConnectedError:
                connected = False
        sizes = {qube.name: sum(v.usage for v in qube.volumes.values() if v.save_on_stop) for qube in planned.qubes}
        # Also for a source that does not see all of it, the run is of all qubes that the owner sees.
        whole = self.planned(name, profile, owner)
        home = await self._home(profile, whole, threading.Event()) if owner == DOM0 else None
        coming = await self._coming(whole, has_home=home is not None)
        qubes = planned.qubes
        if home is not None and source == DOM0:
            sizes[DOM0] = home.size
            qubes = (self._runtime.state.qube(DOM0), *qubes)
        decision = await self.retention(name, profile, coming, owner) if connected else Decision()
        visible = self._runtime.state.visible
        return Preview(
            profile=name,
            destination=profile.destination_path or " ".join(profile.destination_command),
            destination_vm=profile.destination_vm,
            compression=profile.compression.value,
            kdf=profile.kdf,
            verify=profile.verify,
            size=sum(sizes.values()),
            free=place.free,
            writable=None if place.free is None else place.writable,
            connected=connected,
            largest_file=place.largest,
            given_by=profile.passphrase_kind.removeprefix("none"),
            schedule=profile.schedule.text if profile.schedule else "",
            last_run=runs[-1].start if runs else None,
            last_result=runs[-1].result if runs else "",
            # By the wall's clock, as that day has it.
            next_run=int(due.replace(tzinfo=None).timestamp()) if due else None,
            missing=planned.missing,
            left_out=planned.hidden,
            without_home=planned.dom0 and home is None,
            would_remove=tuple(Path(old.file).name for old in decision.remove),
            would_keep={
                Path(kept.file).name: names
                for kept, all_names in decision.kept_for
                if (names := tuple(name for name in all_names if visible(source, name)))
            },
            changed=int(changed),
            qubes=tuple(self._planned_qube(qube, sizes[qube.name]) for qube in qubes),
        )

    def _planned_qube(self, qube: Qube, size: int) -> PlannedQube:
        stamp = qube.value("backup_timestamp")
        last, changed = int(stamp) if stamp else None, None
        if last is not None and not is_ahead(last, self.clock()):
            changed = qube.running or (qube.last_stop or 0) > last
        return PlannedQube(qube.name, size, qube.running, last, changed, qube.klass.value, qube.value("label"))


def _settings(qube: Qube) -> KeptQube:
    """The qube's own settings as a backup has them."""
    own = {name: value for name, value in qube.own.items() if name not in {"label", "name"}}
    devices = tuple(
        Device(
            device.device_class,
            device.backend,
            ANY_PORT if device.any_port else device.ident,
            required=device.mode is DeviceMode.REQUIRED,
            options=attaching(device.options),
            identity=device.identity,
            mode=DeviceMode.ASK.value if device.mode is DeviceMode.ASK else "",
        )
        for device in qube.devices
        if device.persistent
    )
    klass = ADMIN_CLASS if qube.klass is VmClass.ADMIN else qube.klass.value
    features = dict(qube.features)
    return KeptQube(qube.name, klass, qube.value("label"), own, features, frozenset(qube.tags), devices)


def _folder(profile: Profile) -> Path:
    """Where the backups of a profile are. Blocks."""
    path = Path(profile.destination_path)
    return path if path.is_dir() else path.parent


def _file_system(profile: Profile) -> file_systems.FileSystem:
    """That of the folder of a profile's backups. Blocks."""
    return file_systems.of_folder(_folder(profile))


def _identity_of(folder: Path) -> str:
    """That of the file system of a folder; empty if nothing names it for good. Blocks."""
    return file_systems.of_folder(folder).identity


def _remove_part(part: Path, disk: str) -> bool:
    """Whether nothing is left of a run's file on the disk of that identity. Blocks."""
    return _identity_of(part.parent) == disk and remove_left(part)


def _identity(profile: Profile, *, by_call: bool) -> str:
    """The identity of the file system at the destination; empty if nothing tells that it is the right one. Blocks.

    Nothing does where a call names what is not there yet, on the disk of the system: it may be a folder on a disk that
    is not connected.
    """
    folder = _folder(profile)
    named = folder == Path(profile.destination_path)
    if not folder.is_dir() or (by_call and not named and file_systems.is_of_system(folder)):
        return ""
    return file_systems.of_folder(folder).identity


def _is_of_system(profile: Profile) -> bool:
    """Whether the destination is where a mount point without its disk would be. Blocks."""
    return file_systems.is_of_system(_folder(profile))


def _holds_one_of(profile: Profile, runs: Iterable[BackupRun]) -> bool:
    """Whether the backup of one of these runs is in the folder of the destination. Blocks."""
    folder = _folder(profile)
    return any(Path(run.file).parent == folder and _is_the_one(run) for run in runs)


@dataclass(frozen=True, slots=True)
class _Place:
    """What is known of the folder of a profile's backups: free bytes and those of the largest file, None if unknown."""

    free: int | None = None
    writable: bool = False
    largest: int | None = None


def _place(profile: Profile) -> _Place:
    """Blocks."""
    folder = _folder(profile)
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return _Place()
    return _Place(free, os.access(folder, os.W_OK | os.X_OK), file_systems.of_folder(folder).largest)


def _made(run: BackupRun, number: int) -> Made:
    """A run of the history. Of one that recorded no uuids the names count."""
    qubes = {qube.uuid or qube.name: qube.name for qube in run.qubes or () if qube.result == OK}
    return Made(number, _local(run.start), qubes, run.file)


def _kept_for(decision: Decision) -> list[Reason]:
    """Which backups stay although the counts do not keep them."""
    kept = "; ".join(f"{Path(backup.file).name}: {', '.join(names)}" for backup, names in decision.kept_for)
    return [Reason("backups-kept", kept)] if kept else []


def _is_the_one(run: BackupRun) -> bool:
    """The file is still there, as long as it was, with the backup's id in its head. Blocks."""
    try:
        with Path(run.file).open("rb") as file:
            head = file.read(4096)
            size = file.seek(0, 2)
    except OSError:
        return False
    return size == run.size and f"backup-id={run.backup}\n".encode() in head


def _local(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()
