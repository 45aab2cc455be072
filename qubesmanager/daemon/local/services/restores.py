# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring qubes: what a backup holds, what becomes of each qube, and the whole ones taken over at once.

Volumes are made as pending ones and belong to a qube only in the one transaction that stores the restored qubes, once
the engine has said which are whole. Until then a crash leaves nothing of them. Nothing that exists is touched.
"""

import contextlib
import secrets
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import uuid4

from qubesmanager.backup.archive.contents import ADMIN_CLASS, Contents
from qubesmanager.backup.archive.contents import Qube as KeptQube
from qubesmanager.backup.archive.home_unpacking import NoTree
from qubesmanager.backup.archive.new_folder import NewFolder
from qubesmanager.backup.archive.reader import Backup, Nowhere, open_backup
from qubesmanager.backup.archive.report import QubeResult, Report
from qubesmanager.backup.archive.streams import FdInput
from qubesmanager.backup.errors import BackupError
from qubesmanager.backup.passphrases import GIVEN, passphrase_text
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.state import added
from qubesmanager.daemon.local.core.volumes import KINDS
from qubesmanager.daemon.local.core.weight import lighten
from qubesmanager.daemon.local.drivers.backups import homes
from qubesmanager.daemon.local.drivers.backups.engine import (
    FromThread,
    Readable,
    Teller,
    in_engine,
    off_loop,
    readable,
)
from qubesmanager.daemon.local.drivers.pools.disk import already_there
from qubesmanager.daemon.local.drivers.pools.sinks import PoolSink
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services import creation, restored_config
from qubesmanager.daemon.local.services.naming import Naming
from qubesmanager.daemon.local.services.pools import Pools
from qubesmanager.daemon.local.services.restored_config import RestoredConfig
from qubesmanager.daemon.local.services.restored_settings import Choices, Incoming, take_settings
from qubesmanager.daemon.local.services.volume_lifecycle import PendingVolume, Volumes
from qubesmanager.daemon.local.store import rows
from qubesmanager.rules.creation import DEFAULT_SOURCE, why_not_based_on
from qubesmanager.rules.properties import BASED
from qubesmanager.rules.texts import why_not_notes
from qubesmanager.wire import events, limits
from qubesmanager.wire.codecs import ByteStream
from qubesmanager.wire.errors import (
    Mgmt1Error,
    QubesValueError,
)
from qubesmanager.wire.firewall import Action, Rule
from qubesmanager.wire.limits import RULES
from qubesmanager.wire.names import DOM0, shown, why_not_new_vm_name
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import cause, error_for, joined, refusal
from qubesmanager.wire.records import VolumeRecord, flag_of
from qubesmanager.wire.restores import (
    DEFAULT_NETVM,
    THE_FILE,
    Restored,
    RestoreOptions,
    StoredHome,
    StoredItem,
    StoredQube,
    decode_options,
)
from qubesmanager.wire.restores import Contents as StoredContents
from qubesmanager.wire.values import VmClass

HEAD_LIMIT = limits.RESTORE_OPTIONS_BYTES
"""Bytes of options before the backup."""
_DIGITS = 19
NOTES = 100
"""The most notes in the row of a restored qube; a hostile backup could cause any number."""


def parse_options(untrusted: bytes, passphrase: str = "") -> RestoreOptions:
    """As `decode_options`, with this passphrase if the options have none, and with a new id if they have none.

    Raises `ProtocolError` without a passphrase, `BackupError` for one that is not valid.
    """
    options = decode_options(untrusted)
    passphrase = options.passphrase or passphrase
    if not passphrase:
        raise refusal("restore-no-passphrase")
    run = options.run or secrets.token_hex(8)
    return replace(options, passphrase=passphrase_text(passphrase, GIVEN), run=run)


async def head_of(stream: ByteStream) -> tuple[bytes, ByteStream]:
    """The option lines up to the empty one, and what follows it. Raises `ProtocolError` if there is no empty line."""
    head = bytearray(b"\n")
    async for piece in stream:
        looked_at = len(head) - 1
        head += piece
        end = head.find(b"\n\n", looked_at)
        if end >= 0:
            return bytes(head[1:end]), _rest(bytes(head[end + 2 :]), stream)
        if len(head) > HEAD_LIMIT:
            break
    raise refusal("restore-options-end")


async def _rest(first: bytes, stream: ByteStream) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for piece in stream:
        yield piece


# -- restoring --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Entry:
    """A qube of the backup and its new name, or why it is left out or failed."""

    kept: KeptQube
    name: str
    qube: Qube | None = None
    is_home: bool = False
    """It is dom0, whose home is to be unpacked: no qube is made."""
    skipped: Field = ""
    failed: Field = ""
    notes: list[Field] = field(default_factory=list)

    def row(self) -> Restored:
        if self.skipped:
            return Restored.because(self.kept.name, "", "skipped", self.skipped)
        if self.failed:
            return Restored.because(self.kept.name, "", "failed", self.failed)
        left = len(self.notes) - NOTES
        more = [Reason("restore-more-notes", left)] if left > 0 else []
        return Restored.because(self.kept.name, self.name, "ok", *self.notes[:NOTES], *more)


def _home_in(contents: Contents) -> KeptQube | None:
    """dom0, if the backup holds its home."""
    return next((qube for qube in contents.kept if qube.klass == ADMIN_CLASS), None)


def _stored_home(backup: Backup) -> StoredHome | None:
    home = _home_in(backup.contents)
    if home is None:
        return None
    files = backup.config.home.get("files", "") if backup.config is not None else ""
    return StoredHome(home.size, int(files) if files.isascii() and files.isdigit() and len(files) <= _DIGITS else None)


async def _new_home(undo: AsyncExitStack, options: RestoreOptions, entries: list[_Entry]) -> NewFolder | None:
    """The new folder for dom0's home if the options ask for it; `undo` removes it, unless it was kept.

    Raises `BackupError` if it cannot be made.
    """
    dom0 = next((entry.kept for entry in entries if entry.is_home), None)
    if dom0 is None or not options.plan.home:
        return None
    path = await off_loop(homes.new_home, options.plan.home)
    home = await off_loop(NewFolder, path, dom0.size)
    undo.push_async_callback(off_loop, home.abort)
    return home


def _opened(backup_file: Readable, options: RestoreOptions, stop: threading.Event) -> Backup:
    """In the engine's thread."""
    salvage = options.plan.salvage
    return open_backup(FdInput(backup_file.fd, stop), options.passphrase, cancelled=stop, salvage=salvage)


def _chosen(contents: Contents, options: RestoreOptions) -> list[_Entry]:
    qubes = (*contents.kept, *contents.unreadable)
    names = {qube.name for qube in qubes}
    if options.plan.home and _home_in(contents) is None:
        raise refusal("backup-without-home")
    for name in (*options.plan.include, *options.plan.rename, *options.plan.template, *options.plan.netvm):
        if name not in names:
            raise refusal("backup-without-qube", shown(name))
    included, excluded = frozenset(options.plan.include), frozenset(options.plan.exclude)
    chosen = []
    for qube in qubes:
        entry = _Entry(qube, options.plan.rename.get(qube.name, qube.name))
        is_home = qube.klass == ADMIN_CLASS and not qube.problem and qube.name not in excluded
        if is_home and (options.plan.home or (options.plan.verify_only and not included)):
            entry.is_home = True
        elif (included and qube.name not in included) or qube.name in excluded:
            entry.skipped = Reason("restore-not-asked")
        elif qube.problem:
            entry.failed = qube.problem
        elif qube.klass == ADMIN_CLASS:
            entry.skipped = Reason("restore-home-not-asked")
        elif qube.klass not in set(VmClass):
            entry.skipped = Reason("restore-no-class", qube.klass)
        chosen.append(entry)
    return chosen


def _looked_at(kept: KeptQube, volume: str, size: int) -> Nowhere:
    """A sink for a volume that is only verified; refuses what a restore would refuse."""
    if volume not in _kept_volumes(kept.klass):
        raise _no_such_volume(kept, volume)
    return Nowhere(kept, volume, size)


def _kept_volumes(klass: str) -> set[str]:
    """The volumes that a backup has of a qube of that class."""
    return (
        {kind.name for kind in KINDS.get(VmClass(klass), ()) if kind.save_on_stop} if klass in set(VmClass) else set()
    )


def _no_such_volume(kept: KeptQube, volume: str) -> Mgmt1Error:
    return refusal("class-keeps-no-volume", kept.klass, shown(volume))


def _rows(report: Report, entries: list[_Entry]) -> list[Restored]:
    """The rows after a verification, which makes nothing."""
    results = {result.qube.name: result for result in report.results}
    for entry in entries:
        if not entry.skipped and entry.kept.name in results:
            _judge(entry, report, results[entry.kept.name])
            entry.notes += results[entry.kept.name].lost
            entry.name = ""
    return [*(entry.row() for entry in entries), *_of_file(report)]


def _judge(entry: _Entry, report: Report, result: QubeResult) -> None:
    """Set whether the qube is whole, and its notes; the same for a verification and for a restore."""
    entry.failed = entry.failed or result.reason or _lacking(result)
    if entry.failed:
        return
    if result.cut:
        entry.notes.append(result.cut)
        return
    if result.doubt:
        entry.notes.append(result.doubt)
    if report.problems:
        entry.notes.append(Reason("restore-damaged-elsewhere", joined(report.problems) or ""))


def _lacking(result: QubeResult) -> Field:
    """The volume that a salvaged qube should have and the file does not; empty for none."""
    if not result.doubt:
        return ""
    files = {file.removesuffix(".img") for file in result.files if file.endswith(".img")}
    missing = sorted(_kept_volumes(result.qube.klass) - files)
    return Reason("restore-no-volume", ", ".join(missing), result.qube.name) if missing else ""


def _of_file(report: Report) -> list[Restored]:
    """A row about the file itself, named `-`, if something is wrong that concerns no single qube."""
    return [Restored.because(THE_FILE, "", "failed", *report.problems)] if report.problems else []


def _progress(runtime: Runtime, run: str, qube: str, done: int, total: int) -> None:
    runtime.emit([events.RESTORE_PROGRESS(run, qube, done, total)])


class _Restoring:
    """One restore, from the plan to the transaction."""

    def __init__(
        self,
        runtime: Runtime,
        pools: Pools,
        volumes: Volumes,
        naming: Naming,
        source: str,
        options: RestoreOptions,
        contents: Contents,
        entries: list[_Entry],
        undo: AsyncExitStack,
        home: NewFolder | None,
    ) -> None:
        self._runtime = runtime
        self._pools = pools
        self._volumes = volumes
        self._naming = naming
        self._source = source
        self._options = options
        self._contents = contents
        self._entries = [entry for entry in entries if not entry.is_home]
        self._dom0 = [entry for entry in entries if entry.is_home]
        self._home = home
        self._undo = undo
        self._by_kept = {entry.kept.name: entry for entry in entries}
        self._made: dict[str, list[PendingVolume]] = {}
        """By the new name: the volumes that this restore has begun to make."""

    async def run(self, backup: Backup, backup_file: Readable, stop: threading.Event) -> list[Restored]:
        await self._name()
        await self._free()
        self._place()
        going = [entry for entry in self._entries if not entry.skipped and not entry.failed]
        await self._room(going)
        for entry in going:
            entry.qube = await self._bare(entry)
        loop = FromThread()
        sinks = lambda kept, volume, size: loop(self._sink(kept, volume, size))  # noqa: E731 - the engine's callable
        tell = Teller(partial(_progress, self._runtime, self._options.run))
        names = {entry.kept.name for entry in (*self._dom0, *going)}
        home = self._home
        report = await in_engine(lambda: backup.restore(sinks, names, progress=tell, home=home), stop)
        backup_file.check()
        results = {result.qube.name: result for result in report.results}
        for entry in (*self._dom0, *going):
            _judge(entry, report, results[entry.kept.name])
        whole = [entry for entry in going if not entry.failed]
        async with self._runtime.changing:
            await self._take_effect(whole, results)
            # From here on a cancelled caller must not take away the volumes of stored qubes.
            self._undo.pop_all()
        await self._runtime.to_the_end("finish a restore", self._finish(going, results))
        for entry in whole:
            if entry.qube is not None and not entry.failed:
                await self._volumes.measure(entry.qube)
        self._runtime.emit([events.RESTORE_FINISHED(self._options.run, "ok" if report.ok else "failed")])
        return [*(entry.row() for entry in (*self._dom0, *self._entries)), *_of_file(report)]

    async def _keep_home(self, entry: _Entry, result: QubeResult) -> None:
        """Give the unpacked home of dom0 its name, if it is whole; otherwise the reader has removed it."""
        home, entry.name = self._home, ""
        if home is None or entry.failed:
            return
        try:
            await off_loop(home.keep)
        except BackupError as error:
            entry.failed = cause(error)
            with contextlib.suppress(OSError):
                await off_loop(home.abort)
            return
        entry.notes += [Reason("restore-home-in", home.path, home.files, home.bytes), *result.lost]

    async def _finish(self, going: list[_Entry], results: Mapping[str, QubeResult]) -> None:
        """Keep dom0's home and remove the volumes of the qubes that failed; the names are not reserved afterwards."""
        try:
            for entry in self._dom0:
                await self._keep_home(entry, results[entry.kept.name])
            for entry in going:
                if entry.failed:
                    await self._volumes.drop(self._made.get(entry.name, ()))
        finally:
            for entry in self._entries:
                self._runtime.reserved.discard(entry.name)

    # -- the plan -----------------------------------------------------------------------------------------------------

    async def _name(self) -> None:
        """Give each a unique name; conflicts are handled as the options ask."""
        refused = {
            entry.name: await self._naming.why_not_new_name(self._source, entry.name)
            for entry in self._entries
            if not entry.skipped
        }
        nameable = [entry for entry in self._entries if not entry.skipped and not entry.failed]
        for entry in nameable:
            if reason := why_not_new_vm_name(entry.name):
                entry.failed = reason
            elif why := refused[entry.name]:
                entry.failed = why
            elif self._is_taken(entry.name) and not await self._resolved(entry):
                entry.failed = entry.failed or Reason("name-taken", entry.name)
            if not entry.failed and not entry.skipped:
                self._runtime.reserved.add(entry.name)
                self._undo.callback(self._runtime.reserved.discard, entry.name)
        if self._options.plan.conflict == "fail" and any(entry.failed for entry in nameable):
            why = joined([entry.failed for entry in nameable])
            raise error_for(why, QubesValueError) if why else QubesValueError

    def _is_taken(self, name: str) -> bool:
        return name in self._runtime.state.qubes or name in self._runtime.reserved

    async def _resolved(self, entry: _Entry) -> bool:
        """What the option `conflict` makes of a name that is taken; False if nothing."""
        match self._options.plan.conflict:
            case "skip":
                entry.skipped = Reason("name-taken", entry.name)
                return True
            case "rename":
                for number in range(1, 1000):
                    name = f"{entry.name[:26]}-{number}"
                    refused = await self._naming.why_not_new_name(self._source, name)
                    # Only now: another call may have taken it while this one waited.
                    if not refused and not self._is_taken(name):
                        entry.name = name
                        return True
        return False

    def _renamed(self, name: str) -> str:
        """What a qube of the backup is called here: as it is restored, or as one that exists."""
        entry = self._by_kept.get(name)
        return entry.name if entry is not None and not entry.skipped and not entry.failed else name

    def _place(self) -> None:
        """Resolve templates and netvms until nothing changes: skipping one qube can orphan another."""
        left = -1
        while left != sum(1 for entry in self._entries if entry.failed or entry.skipped):
            left = sum(1 for entry in self._entries if entry.failed or entry.skipped)
            for entry in self._entries:
                if not entry.failed and not entry.skipped:
                    self._based(entry)

    def _based(self, entry: _Entry) -> None:
        if entry.kept.klass in BASED and self._template(entry) is None:
            entry.skipped = Reason("restore-no-template", shown(entry.kept.properties.get("template", "")))
        if self._options.plan.missing_netvm != "skip":
            return
        netvm = self._options.plan.netvm.get(entry.kept.name, self._renamed(entry.kept.properties.get("netvm", "")))
        if netvm and not self._provides_network(netvm):
            entry.skipped = entry.skipped or Reason("restore-no-netvm", shown(netvm))

    def _template(self, entry: _Entry) -> str | None:
        """The template's name here; None if the class has none, or there is no suitable one."""
        if entry.kept.klass not in BASED:
            return None
        asked = self._options.plan.template.get(entry.kept.name)
        name = asked if asked is not None else self._renamed(entry.kept.properties.get("template", ""))
        if self._is_template(entry.kept.klass, name):
            return name
        if asked is not None or self._options.plan.missing_template == "skip":
            return None
        default = self._runtime.state.system(DEFAULT_SOURCE[VmClass(entry.kept.klass)])
        return default if self._is_template(entry.kept.klass, default) else None

    def _is_template(self, klass: str, name: str) -> bool:
        existing = self._runtime.state.qubes.get(name)
        default = self._runtime.state.system(DEFAULT_SOURCE[VmClass(klass)])
        if existing is not None and (self._sees(name) or name == default):
            return why_not_based_on(VmClass(klass), existing) is None
        restored = self._restored(name)
        if restored is None:
            return False
        if klass == VmClass.APP:
            return restored.kept.klass == VmClass.TEMPLATE
        return flag_of(restored.kept.properties.get("template_for_dispvms", "")) is True

    async def _room(self, going: list[_Entry]) -> None:
        """Raises `BackupSpaceError` if the pool has less room than the qubes may need."""
        pool = self._options.plan.pool or self._runtime.state.system("default_pool")
        usage = await self._pools.driver(pool).usage()
        needed = sum(entry.kept.size for entry in going)
        if needed > usage.size - usage.usage:
            free = (usage.size - usage.usage) >> 20
            raise refusal("restore-no-space", needed >> 20, pool, free)

    async def _free(self) -> None:
        """A qube whose volumes would have the names of volumes that exist already is not restored."""
        pool = self._options.plan.pool or self._runtime.state.system("default_pool")
        existing = set(await self._pools.driver(pool).list_volumes())
        for entry in self._entries:
            if entry.failed or entry.skipped or entry.kept.klass not in set(VmClass):
                continue
            for kind in KINDS[VmClass(entry.kept.klass)]:
                if kind.save_on_stop and (vid := f"{entry.name}/{kind.name}") in existing:
                    entry.failed = cause(already_there(pool, vid))

    # -- settings -----------------------------------------------------------------------------------------------------

    async def _bare(self, entry: _Entry) -> Qube:
        """The qube with its volumes and without settings."""
        qube = Qube(0, uuid4(), entry.name, VmClass(entry.kept.klass), notes="", rules=[creation.FIRST_RULE])
        pool = self._options.plan.pool or self._runtime.state.system("default_pool")
        for kind in KINDS[qube.klass]:
            volume = kind.record(qube.name, pool, revisions=self._runtime.state.revisions(pool))
            if kind.layer and (template := self._layered(entry)) is not None:
                volume = volume._replace(pool=template)
            qube.volumes[kind.name] = volume
        return qube

    def _layered(self, entry: _Entry) -> str | None:
        """The pool of the template's root, on which the qube's layers are."""
        template = self._runtime.state.qubes.get(self._template(entry) or "")
        if template is not None and "root" in template.volumes:
            return template.volumes["root"].pool
        return None

    def _provides_network(self, name: str) -> bool:
        if self._sees(name):
            return self._runtime.state.qube(name).flag("provides_network")
        restored = self._restored(name)
        return restored is not None and flag_of(restored.kept.properties.get("provides_network", "")) is True

    def _sees(self, name: str) -> bool:
        """Whether a property of a restored qube may name this existing qube."""
        return self._runtime.state.has_visible(self._source, name)

    def _restored(self, name: str) -> _Entry | None:
        """The qube that is restored under that name."""
        return next(
            (entry for entry in self._entries if entry.name == name and not entry.failed and not entry.skipped), None
        )

    async def _settle(self, whole: list[_Entry]) -> None:
        """Set the settings of the whole qubes, by the rules as they are now; a qube that they refuse has failed."""
        choices = Choices(
            {entry.kept.name: entry.name for entry in whole},
            self._source,
            self._sees,
            keep_default=self._options.plan.missing_netvm == "default",
            devices=self._options.plan.devices,
        )
        incoming = [
            (
                entry,
                Incoming(
                    entry.kept,
                    entry.qube,
                    self._template(entry) or "",
                    self._options.plan.netvm.get(entry.kept.name),
                    entry.notes,
                ),
            )
            for entry in whole
            if entry.qube is not None
        ]
        await take_settings(self._runtime.state, [settled for _entry, settled in incoming], choices)
        for entry, settled in incoming:
            entry.failed = settled.failed

    # -- volumes ------------------------------------------------------------------------------------------------------

    async def _sink(self, kept: KeptQube, name: str, size: int) -> PoolSink:
        """A new volume of the qube that the engine fills. Asked for by the engine's thread."""
        entry = self._by_kept[kept.name]
        qube = entry.qube
        volume = qube.volumes.get(name) if qube is not None else None
        if volume is None or not volume.save_on_stop:
            raise _no_such_volume(kept, name)
        made = await self._pending(volume)
        return PoolSink(self._pools.driver(made.pool), made.vid, made.identity, size, FromThread())

    async def _pending(self, volume: VolumeRecord) -> PendingVolume:
        made = await self._volumes.pending(self._undo, volume)
        self._made.setdefault(volume.vid.partition("/")[0], []).append(made)
        return made

    async def _take_effect(self, whole: list[_Entry], results: Mapping[str, QubeResult]) -> None:
        """Store all of them in one transaction. Under `changing`."""
        first = await self._runtime.next_qid()
        for number, entry in enumerate(whole):
            if entry.qube is not None:
                entry.qube.qid = first + number
        await self._settle(whole)
        statements = []
        qubes = []
        for entry in whole:
            qube = entry.qube
            if qube is None or entry.failed:
                continue
            self._take_small_files(entry, qube, results[entry.kept.name])
            entry.notes += lighten(qube)
            await self._filled(qube)
            qubes.append(qube)
            statements += rows.insert_qube(qube)
            statements += [rows.delete_pending_volume(volume.pool, volume.vid) for volume in qube.volumes.values()]
        await self._runtime.commit(statements)
        self._runtime.state.load(qubes)
        self._runtime.emit([added(qube) for qube in qubes])

    @staticmethod
    def _take_small_files(entry: _Entry, qube: Qube, result: QubeResult) -> None:
        """Take over the firewall rules and notes that a call may set, and note what is left out."""
        entry.notes += result.lost
        if result.firewall is not None:
            rules = list(result.firewall)
            if len(rules) > RULES:
                rules = [*rules[: RULES - 1], Rule(Action.DROP)]
                entry.notes.append(Reason("restore-rules-cut", RULES, len(rules) - 1))
            qube.rules = [(f"r{at}", str(rule)) for at, rule in enumerate(rules, 1)]
        notes = result.notes or ""
        if reason := why_not_notes(notes):
            entry.notes.append(Reason("restore-no-notes", reason))
        else:
            qube.notes = notes

    async def _filled(self, qube: Qube) -> None:
        """Record the sizes of its volumes; a volume that the backup does not have is created empty."""
        for name, volume in list(qube.volumes.items()):
            if not volume.save_on_stop:
                continue
            driver = self._pools.driver(volume.pool)
            if not any(made.vid == volume.vid for made in self._made.get(qube.name, ())):
                made = await self._pending(volume)
                await driver.create(volume.vid, volume.size, made.identity)
            else:
                qube.volumes[name] = volume._replace(size=await driver.size(volume.vid))


class Restores:
    """Reads the contents of backups, verifies and restores them."""

    def __init__(
        self, runtime: Runtime, pools: Pools, volumes: Volumes, naming: Naming, config: RestoredConfig
    ) -> None:
        self._runtime = runtime
        self._pools = pools
        self._volumes = volumes
        self._naming = naming
        self._config = config

    # -- the contents -------------------------------------------------------------------------------------------------

    async def contents(self, source: str, stream: ByteStream) -> StoredContents:
        """What the backup in the stream holds; only the head of it is read.

        `exists` is yes for the qubes that the source sees.
        """
        head, rest = await head_of(stream)
        options = await off_loop(parse_options, head)
        stop = threading.Event()
        async with readable(rest) as backup_file:
            backup = await in_engine(partial(_opened, backup_file, options, stop), stop)
            backup_file.check()
        items = await self._config.items_of(backup) if source == DOM0 else None
        return StoredContents(
            backup_id=backup.head.backup_id,
            compression=backup.head.compression or "none",
            ours=backup.head.has_manifest,
            qubes=tuple(
                StoredQube(
                    name=qube.name,
                    klass=qube.klass,
                    label=qube.label,
                    size=qube.size,
                    template=qube.properties.get("template", ""),
                    netvm=qube.properties.get("netvm", DEFAULT_NETVM),
                    exists=self._runtime.state.has_visible(source, qube.name),
                )
                for qube in backup.contents.kept
            ),
            unreadable=tuple(qube.name for qube in backup.contents.unreadable),
            dom0=None if items is None else tuple(StoredItem(item.kind, item.name, item.fate) for item in items),
            home=_stored_home(backup) if source == DOM0 else None,
        )

    async def restore(self, source: str, stream: ByteStream, passphrase: str = "") -> list[Restored]:
        """Restore what the options say; one row a qube of the backup. `passphrase` where the options have none."""
        head, rest = await head_of(stream)
        options = await off_loop(parse_options, head, passphrase)
        if options.plan.pool:
            self._pools.driver(options.plan.pool)
        stop = threading.Event()
        async with readable(rest) as backup_file, AsyncExitStack() as undo:
            backup = await in_engine(partial(_opened, backup_file, options, stop), stop)
            entries = _chosen(backup.contents, options)
            if (options.plan.dom0 or options.plan.home) and source != DOM0:
                raise refusal("restore-dom0-of-dom0")
            items = restored_config.chosen(await self._config.items_of(backup), options.plan.dom0)
            if options.plan.verify_only:
                report = await self._verified(options.run, backup, entries, stop)
                backup_file.check()
                return _rows(report, entries)
            home = await _new_home(undo, options, entries)
            restoring = _Restoring(
                self._runtime,
                self._pools,
                self._volumes,
                self._naming,
                source,
                options,
                backup.contents,
                entries,
                undo,
                home,
            )
            labels = [item for item in items if item.kind is restored_config.Kind.LABEL]
            # Restored qubes may have them. Should the restore fail, they go again.
            rows = [await self._applied(item, undo) for item in labels]
            rows = [*await restoring.run(backup, backup_file, stop), *rows]
        return [*rows, *[await self._applied(item) for item in items if item not in labels]]

    async def _applied(self, item: restored_config.Item, undo: AsyncExitStack | None = None) -> Restored:
        """The row about an item of dom0's configuration, once it has taken effect or was refused."""
        try:
            done: Field = await self._config.apply(item)
            result = "ok"
            if undo is not None and item.fate is restored_config.Fate.ADD:
                undo.push_async_callback(self._config.remove_label, item)
        except Mgmt1Error as error:
            result, done = "failed", cause(error)
        return Restored.because(f"{DOM0}:{item.word}", "", result, done)

    async def _verified(self, run: str, backup: Backup, entries: list[_Entry], stop: threading.Event) -> Report:
        """What a restore would find; nothing is written."""
        names = {entry.kept.name for entry in entries if not entry.skipped and not entry.failed}
        tell = Teller(partial(_progress, self._runtime, run))
        return await in_engine(lambda: backup.restore(_looked_at, names, progress=tell, home=NoTree()), stop)
