# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring qubes: the contents of a backup, the result of each qube, and all whole qubes added in one step.

Volumes are made as pending ones and belong to a qube only in the one transaction that stores the restored qubes, once
the engine has reported which are whole. Until then a crash leaves nothing of them. Nothing that exists is touched.
"""

import contextlib
import threading
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from qubesmanager.backup.archive.contents import Qube as KeptQube
from qubesmanager.backup.archive.new_folder import NewFolder
from qubesmanager.backup.archive.reader import Backup
from qubesmanager.backup.archive.report import QubeResult
from qubesmanager.backup.engine import FromThread, Readable, Teller, in_engine, off_loop, readable
from qubesmanager.backup.errors import BackupError
from qubesmanager.backup.run_sink import RunSink
from qubesmanager.daemon.local.core import sight
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.state import added
from qubesmanager.daemon.local.core.volumes import KINDS
from qubesmanager.daemon.local.core.weight import lighten
from qubesmanager.daemon.local.drivers.backups import homes
from qubesmanager.daemon.local.drivers.pools.disk import already_there
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services import creation, restored_config
from qubesmanager.daemon.local.services.naming import Naming
from qubesmanager.daemon.local.services.pools import Pools
from qubesmanager.daemon.local.services.restored_config import RestoredConfig
from qubesmanager.daemon.local.services.restored_settings import Choices, Incoming, take_settings
from qubesmanager.daemon.local.services.volume_lifecycle import PendingVolume, Volumes
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.restoring.entries import (
    Entry,
    announced,
    chosen,
    head_of,
    judge,
    no_such_volume,
    notes_of,
    of_file,
    opened,
    parse_options,
    rows_of,
    rules_of,
    stored_contents,
    verified,
)
from qubesmanager.daemon.restoring.plan import Plan, sizes_by
from qubesmanager.rules.creation import DEFAULT_SOURCE, why_not_based_on
from qubesmanager.wire import events
from qubesmanager.wire.codecs import ByteStream
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import cause, refusal
from qubesmanager.wire.records import VolumeRecord
from qubesmanager.wire.restores import Contents as StoredContents
from qubesmanager.wire.restores import Restored, RestoreOptions, StoredItem
from qubesmanager.wire.values import VmClass


async def _new_home(undo: AsyncExitStack, options: RestoreOptions, entries: list[Entry]) -> NewFolder | None:
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


def _progress(runtime: Runtime, run: str, qube: str, done: int, total: int) -> None:
    runtime.emit([events.RESTORE_PROGRESS(run, qube, done, total)])


@dataclass(frozen=True, slots=True)
class _World:
    """The daemon's qubes as `source` may see them."""

    runtime: Runtime
    naming: Naming
    source: str

    async def why_not_new_name(self, name: str) -> Reason | None:
        return await self.naming.why_not_new_name(self.source, name)

    def is_taken(self, name: str) -> bool:
        return name in self.runtime.state.qubes or name in self.runtime.reserved

    def default_source(self, klass: VmClass) -> str:
        return self.runtime.state.system(DEFAULT_SOURCE[klass])

    def is_base(self, klass: VmClass, name: str) -> bool | None:
        """A template that the source does not see counts only if it is the default."""
        existing = self.runtime.state.qubes.get(name)
        if existing is None or not (self.sees(name) or name == self.default_source(klass)):
            return None
        return why_not_based_on(klass, existing) is None

    def provides_network(self, name: str) -> bool | None:
        return self.runtime.state.qube(name).flag("provides_network") if self.sees(name) else None

    def sees(self, name: str) -> bool:
        """Whether a property of a restored qube may name this existing qube."""
        return sight.knows(self.runtime.state.qubes, name)


class _Restoring:
    """One restore, from the plan to the transaction."""

    def __init__(
        self,
        runtime: Runtime,
        pools: Pools,
        volumes: Volumes,
        world: _World,
        options: RestoreOptions,
        entries: list[Entry],
        undo: AsyncExitStack,
        home: NewFolder | None,
    ) -> None:
        self._runtime = runtime
        self._pools = pools
        self._volumes = volumes
        self._world = world
        self._options = options
        self._entries = [entry for entry in entries if not entry.is_home]
        self._dom0 = [entry for entry in entries if entry.is_home]
        self._home = home
        self._undo = undo
        self._plan = Plan(options.plan, self._entries, world)
        self._qubes: dict[str, Qube] = {}
        """By the name in the backup."""
        self._made: dict[str, list[PendingVolume]] = {}
        """By the new name: the volumes that this restore has begun to make."""

    async def run(self, backup: Backup, backup_file: Readable, stop: threading.Event) -> list[Restored]:
        await self._plan.name(self._reserve)
        await self._free()
        self._plan.place()
        going = self._plan.going
        await self._room(going)
        for entry in going:
            self._qubes[entry.kept.name] = await self._bare(entry)
        loop = FromThread()
        sinks = lambda kept, volume, size: loop(self._sink(kept, volume, size))  # noqa: E731 - the engine's callable
        tell = Teller(partial(_progress, self._runtime, self._options.run))
        names = {entry.kept.name for entry in (*self._dom0, *going)}
        home = self._home
        report = await in_engine(lambda: backup.restore(sinks, names, progress=tell, home=home), stop)
        backup_file.check()
        results = {result.qube.name: result for result in report.results}
        for entry in (*self._dom0, *going):
            judge(entry, report, results[entry.kept.name])
        whole = [entry for entry in going if not entry.failed]
        async with self._runtime.changing:
            await self._take_effect(whole, results)
            # From here on a cancelled caller must not take away the volumes of stored qubes.
            self._undo.pop_all()
        await self._runtime.to_the_end("finish a restore", self._finish(going, results))
        for entry in whole:
            if not entry.failed:
                await self._volumes.measure(self._qubes[entry.kept.name])
        return [*(entry.row() for entry in (*self._dom0, *self._entries)), *of_file(report)]

    def _reserve(self, name: str) -> None:
        self._runtime.reserved.add(name)
        self._undo.callback(self._runtime.reserved.discard, name)

    async def _keep_home(self, entry: Entry, result: QubeResult) -> None:
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

    async def _finish(self, going: list[Entry], results: Mapping[str, QubeResult]) -> None:
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

    def _pool(self, entry: Entry) -> str:
        """The pool of the new volumes of a qube."""
        return self._plan.pool(entry) or self._runtime.state.system("default_pool")

    async def _room(self, going: list[Entry]) -> None:
        """Raises `BackupSpaceError` if a pool has less room than its qubes may need."""
        for pool, needed in sizes_by(self._pool, going).items():
            usage = await self._pools.driver(pool).usage()
            free = usage.size - usage.usage
            if needed > free:
                raise refusal("restore-no-space", needed >> 20, pool, free >> 20)

    async def _free(self) -> None:
        """A qube whose volumes would have the names of volumes that exist already is not restored."""
        existing: dict[str, set[str]] = {}
        for entry in self._entries:
            if not entry.is_going or entry.kept.klass not in set(VmClass):
                continue
            pool = self._pool(entry)
            if pool not in existing:
                existing[pool] = set(await self._pools.driver(pool).list_volumes())
            for kind in KINDS[VmClass(entry.kept.klass)]:
                if kind.save_on_stop and (vid := f"{entry.name}/{kind.name}") in existing[pool]:
                    entry.failed = cause(already_there(pool, vid))

    # -- settings -----------------------------------------------------------------------------------------------------

    async def _bare(self, entry: Entry) -> Qube:
        """The qube with its volumes and without settings."""
        qube = Qube(0, uuid4(), entry.name, VmClass(entry.kept.klass), notes="", rules=[creation.FIRST_RULE])
        pool = self._pool(entry)
        for kind in KINDS[qube.klass]:
            volume = kind.record(qube.name, pool, revisions=self._runtime.state.revisions(pool))
            if kind.layer and (template := self._layered(entry)) is not None:
                volume = volume._replace(pool=template)
            qube.volumes[kind.name] = volume
        return qube

    def _layered(self, entry: Entry) -> str | None:
        """The pool of the template's root, on which the qube's layers are."""
        template = self._runtime.state.qubes.get(self._plan.template(entry) or "")
        if template is not None and "root" in template.volumes:
            return template.volumes["root"].pool
        return None

    async def _settle(self, whole: list[Entry]) -> None:
        """Set the settings of the whole qubes, by the rules as they are now; a qube that they refuse has failed."""
        choices = Choices(
            {entry.kept.name: entry.name for entry in whole},
            self._world.source,
            self._world.sees,
            keep_default=self._options.plan.missing_netvm == "default",
            devices=self._options.plan.devices,
        )
        incoming = [
            (
                entry,
                Incoming(
                    entry.kept,
                    self._qubes[entry.kept.name],
                    self._plan.template(entry) or "",
                    self._options.plan.netvm.get(entry.kept.name),
                    entry.notes,
                ),
            )
            for entry in whole
        ]
        await take_settings(self._runtime.state, [settled for _entry, settled in incoming], choices)
        for entry, settled in incoming:
            entry.failed = settled.failed

    # -- volumes ------------------------------------------------------------------------------------------------------

    async def _sink(self, kept: KeptQube, name: str, size: int) -> RunSink:
        """A new volume of the qube that the engine fills. Asked for by the engine's thread."""
        volume = self._qubes[kept.name].volumes.get(name)
        if volume is None or not volume.save_on_stop:
            raise no_such_volume(kept, name)
        made = await self._pending(volume)
        driver = self._pools.driver(made.pool)
        consume = lambda runs: driver.import_runs(made.vid, size, runs, made.identity)  # noqa: E731 - the sink's
        return RunSink(consume, made.vid, size, FromThread())

    async def _pending(self, volume: VolumeRecord) -> PendingVolume:
        made = await self._volumes.pending(self._undo, volume)
        self._made.setdefault(volume.vid.partition("/")[0], []).append(made)
        return made

    async def _take_effect(self, whole: list[Entry], results: Mapping[str, QubeResult]) -> None:
        """Store all of them in one transaction. Under `changing`."""
        first = await self._runtime.next_qid()
        for number, entry in enumerate(whole):
            self._qubes[entry.kept.name].qid = first + number
        await self._settle(whole)
        statements = []
        qubes = []
        for entry in whole:
            qube = self._qubes[entry.kept.name]
            if entry.failed:
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
    def _take_small_files(entry: Entry, qube: Qube, result: QubeResult) -> None:
        """Take over the firewall rules and notes that a call may set, and note what is left out."""
        entry.notes += result.lost
        if (rules := rules_of(entry, result)) is not None:
            qube.rules = [(f"r{at}", str(rule)) for at, rule in enumerate(rules, 1)]
        qube.notes = notes_of(entry, result)

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
        self.stream_of: Callable[[ByteStream, RestoreOptions], ByteStream] = lambda stream, _options: stream
        """The backup of what a caller sends; the demonstration writes some when they are read."""

    # -- the contents -------------------------------------------------------------------------------------------------

    async def contents(self, source: str, stream: ByteStream) -> StoredContents:
        """The contents of the backup in the stream, of which only the first part is read.

        `exists` is yes for the qubes that the source sees.
        """
        head, rest = await head_of(stream)
        options = await off_loop(parse_options, head)
        stop = threading.Event()
        async with readable(self.stream_of(rest, options)) as backup_file:
            backup = await in_engine(partial(opened, backup_file, options, stop), stop)
            backup_file.check()
        items = await self._config.items_of(backup) if source == DOM0 else None
        return stored_contents(
            backup,
            partial(sight.knows, self._runtime.state.qubes),
            None if items is None else tuple(StoredItem(item.kind, item.name, item.fate) for item in items),
            with_home=source == DOM0,
        )

    async def restore(self, source: str, stream: ByteStream, passphrase: str = "") -> list[Restored]:
        """Restore what the options say; one row a qube of the backup. `passphrase` where the options have none."""
        head, rest = await head_of(stream)
        options = await off_loop(parse_options, head, passphrase)
        for pool in options.plan.named_pools:
            self._pools.driver(pool)
        stop = threading.Event()
        async with readable(self.stream_of(rest, options)) as backup_file, AsyncExitStack() as undo:
            backup = await in_engine(partial(opened, backup_file, options, stop), stop)
            entries = chosen(backup.contents, options)
            if (options.plan.dom0 or options.plan.home) and source != DOM0:
                raise refusal("restore-dom0-of-dom0")
            announce = lambda result: self._runtime.emit([events.RESTORE_FINISHED(options.run, result)])  # noqa: E731
            if options.plan.verify_only:
                return await announced(self._verified(options, entries, backup, backup_file, stop), announce)
            items = restored_config.chosen(await self._config.items_of(backup), options.plan.dom0)
            home = await _new_home(undo, options, entries)
            restoring = _Restoring(
                self._runtime,
                self._pools,
                self._volumes,
                _World(self._runtime, self._naming, source),
                options,
                entries,
                undo,
                home,
            )
            labels = [item for item in items if item.kind is restored_config.Kind.LABEL]
            # Restored qubes may have them. Should the restore fail, they go again.
            rows = [await self._applied(item, undo) for item in labels]
            rows = [*await announced(restoring.run(backup, backup_file, stop), announce), *rows]
        return [*rows, *[await self._applied(item) for item in items if item not in labels]]

    async def _verified(
        self,
        options: RestoreOptions,
        entries: list[Entry],
        backup: Backup,
        backup_file: Readable,
        stop: threading.Event,
    ) -> list[Restored]:
        """The rows of a verification, which makes nothing."""
        report = await verified(backup, entries, stop, partial(_progress, self._runtime, options.run))
        backup_file.check()
        return rows_of(report, entries)

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
