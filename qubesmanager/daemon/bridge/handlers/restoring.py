# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring: our own reader reads the backup, and the calls of qubesd make the qubes.

A qube is created empty, gets its volumes as the reader comes to them, and its settings once the reader has said that it
is whole; one that is not is removed again. What qubesd refuses of the settings is left out and named, except for the
firewall: without it the qube could reach more than before. Nothing that exists is touched.
"""

import threading
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial

from qubesmanager.admin import calls
from qubesmanager.admin.codecs import ANY, DeviceOptions, Port, ascii_text
from qubesmanager.admin.properties import TYPES
from qubesmanager.backup.archive.contents import Device
from qubesmanager.backup.archive.contents import Qube as KeptQube
from qubesmanager.backup.archive.reader import Backup
from qubesmanager.backup.archive.report import QubeResult
from qubesmanager.backup.engine import FromThread, Readable, Teller, in_engine, off_loop, readable
from qubesmanager.backup.run_sink import Runs, RunSink
from qubesmanager.daemon.bridge.context import Context, MirrorFacts, answers
from qubesmanager.daemon.bridge.handlers.creating import Made, create_bare, remove_made, set_properties
from qubesmanager.daemon.bridge.handlers.devices import assign_request
from qubesmanager.daemon.bridge.handlers.firewall import set_rules, with_plain_comment
from qubesmanager.daemon.bridge.handlers.importing import import_volume
from qubesmanager.daemon.bridge.handlers.settings import NOTES_BYTES
from qubesmanager.daemon.bridge.reading import NOTES, count
from qubesmanager.daemon.restoring.entries import (
    Entry,
    announced,
    chosen,
    head_of,
    judge,
    kept_volumes,
    no_such_volume,
    notes_of,
    of_file,
    opened,
    parse_options,
    rows_of,
    rules_of,
    verified,
)
from qubesmanager.daemon.restoring.plan import (
    BY_BASE,
    DEFAULT_LABEL,
    OF_THE_MACHINE,
    Plan,
    assignment_mode,
    device_name,
    devices_not_asked,
    sizes_by,
)
from qubesmanager.rules.creation import DEFAULT_SOURCE, why_not_based_on
from qubesmanager.rules.devices import IDENTITY, MODE, attaching, checked_assignment
from qubesmanager.rules.features import copied_features
from qubesmanager.wire import calls as m
from qubesmanager.wire import events
from qubesmanager.wire.codecs import ByteStream, CreateInPoolSpec, CreateSpec
from qubesmanager.wire.errors import Mgmt1Error, NoAnswerError, QubesNoSuchPropertyError
from qubesmanager.wire.limits import DEVICES
from qubesmanager.wire.names import (
    CREATED_BY,
    DEVICE_IDENT,
    DOM0,
    FEATURE_NAME,
    MANAGED_BY,
    PROPERTY_NAME,
    QUBES_TAG,
    VM_NAME,
    check,
    manager_tag,
    shown,
)
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import cause, refusal
from qubesmanager.wire.records import ANY_PORT, NO, YES, flag_of
from qubesmanager.wire.restores import Restored, RestoreOptions
from qubesmanager.wire.values import DeviceClass, VmClass

_PIECE = bytes(1 << 20)
_FIRST = ("provides_network", "template_for_dispvms")
"""What qubesd looks at when it sets properties of other qubes, and so is set before anything else."""
_ELSEWHERE = frozenset({"name", "label", "template", "netvm", "autostart", "uuid", "qid", *_FIRST, *OF_THE_MACHINE})
"""Properties that have a step of their own here, or that another qube cannot have."""


@answers(m.BACKUP_RESTORE)
async def restore(context: Context, profile: str | None, content: ByteStream) -> list[Restored]:
    if profile is not None:
        raise refusal("call-not-in-qubes", context.call.name, Reason("instead-profile-passphrase"))
    head, rest = await head_of(content)
    options = await off_loop(parse_options, head)
    if options.plan.dom0 or options.plan.home:
        raise refusal("call-not-in-qubes", f"{context.call.name} dom0=", Reason("instead-restore-dom0"))
    stop = threading.Event()
    async with readable(rest) as backup_file:
        backup = await in_engine(partial(opened, backup_file, options, stop), stop)
        entries = chosen(backup.contents, options)
        progress = partial(_progress, context, options.run)
        announce = lambda result: context.mirror.emit(events.RESTORE_FINISHED(options.run, result))  # noqa: E731
        if options.plan.verify_only:
            return await announced(_verified(backup, entries, stop, progress, backup_file), announce)
        restoring = _Restoring(context, options, entries, await context.facts())
        async with AsyncExitStack() as undo:
            return await announced(restoring.run(backup, backup_file, stop, undo), announce)


async def _verified(
    backup: Backup,
    entries: list[Entry],
    stop: threading.Event,
    progress: Callable[[str, int, int], None],
    backup_file: Readable,
) -> list[Restored]:
    """The rows of a verification, which makes nothing."""
    report = await verified(backup, entries, stop, progress)
    backup_file.check()
    return rows_of(report, entries)


def _progress(context: Context, run: str, qube: str, done: int, total: int) -> None:
    context.mirror.emit(events.RESTORE_PROGRESS(run, qube, done, total))


@dataclass(frozen=True, slots=True)
class _World:
    """The qubes of qubesd, as far as this caller sees them. A name that it does not see is refused by qubesd."""

    facts: MirrorFacts

    async def why_not_new_name(self, _name: str) -> Reason | None:
        return None

    def is_taken(self, name: str) -> bool:
        return name in self.facts.qubes

    def default_source(self, klass: VmClass) -> str:
        return self.facts.system(DEFAULT_SOURCE[klass])

    def is_base(self, klass: VmClass, name: str) -> bool | None:
        existing = self.facts.qubes.get(name)
        return None if existing is None else why_not_based_on(klass, existing) is None

    def provides_network(self, name: str) -> bool | None:
        existing = self.facts.qubes.get(name)
        return None if existing is None else existing.flag("provides_network")


class _Restoring:
    """One restore."""

    def __init__(self, context: Context, options: RestoreOptions, entries: list[Entry], facts: MirrorFacts) -> None:
        self._context = context
        self._options = options
        self._entries = entries
        self._facts = facts
        self._plan = Plan(options.plan, entries, _World(facts))
        self._made: dict[str, Made] = {}
        """By the name in the backup."""
        self._templates: dict[str, str] = {}
        """By the name in the backup: the template here."""

    async def run(
        self, backup: Backup, backup_file: Readable, stop: threading.Event, undo: AsyncExitStack
    ) -> list[Restored]:
        """Restore, and say what became of each qube. `undo` removes what was made if this raises."""
        await self._plan.name(lambda _name: None)
        self._plan.place()
        await self._room()
        labels = frozenset(await self._context.rows(calls.LABEL_LIST(DOM0)))
        going = sorted(self._plan.going, key=lambda entry: BY_BASE.index(VmClass(entry.kept.klass)))
        undo.push_async_callback(self._remove_all)
        for entry in going:
            await self._create(entry, labels)
        loop = FromThread()
        sinks = lambda kept, volume, size: loop(self._sink(kept, volume, size))  # noqa: E731 - the engine's callable
        tell = Teller(partial(_progress, self._context, self._options.run))
        names = set(self._made)
        report = await in_engine(lambda: backup.restore(sinks, names, progress=tell), stop)
        backup_file.check()
        results = {result.qube.name: result for result in report.results}
        made = [entry for entry in going if entry.kept.name in self._made]
        for entry in made:
            judge(entry, report, results[entry.kept.name])
            self._needs_template(entry)
        await self._settle([entry for entry in made if not entry.failed], results)
        for entry in reversed(made):
            self._needs_template(entry)
        for entry in reversed(made):
            if entry.failed:
                await self._remove(entry)
        undo.pop_all()
        return [*(entry.row() for entry in self._entries), *of_file(report)]

    async def _room(self) -> None:
        """Raises `BackupSpaceError` if a pool says that it has less room than its qubes may need."""
        default = self._facts.system("default_pool")
        needs = sizes_by(lambda entry: self._plan.pool(entry) or default, self._plan.going)
        for pool in sorted({*needs, *self._options.plan.named_pools}):
            try:
                info = await self._context.ask(calls.POOL_INFO(DOM0, pool))
            except Mgmt1Error as error:
                if pool in self._options.plan.named_pools:
                    raise refusal("no-such-pool", shown(pool)) from error
                continue
            size, usage = count(info.get("size", "")), count(info.get("usage", ""))
            needed = needs.get(pool, 0)
            if size is not None and usage is not None and needed > size - usage:
                raise refusal("restore-no-space", needed >> 20, pool, (size - usage) >> 20)

    # -- making and removing ------------------------------------------------------------------------------------------

    async def _create(self, entry: Entry, labels: frozenset[str]) -> None:
        """The qube with empty volumes, or why there is none."""
        klass, template = VmClass(entry.kept.klass), self._plan.template(entry)
        label = entry.kept.label if entry.kept.label in labels else DEFAULT_LABEL
        if label != entry.kept.label:
            entry.notes.append(Reason("restore-other-label", shown(entry.kept.label), label))
        if template is not None:
            self._templates[entry.kept.name] = template
            if template != self._plan.renamed(entry.kept.properties.get("template", "")):
                entry.notes.append(Reason("restore-other-template", template))
        pool = self._plan.pool(entry) if klass not in {VmClass.DISP, VmClass.REMOTE} else ""
        spec = CreateInPoolSpec(entry.name, label, pool) if pool else CreateSpec(entry.name, label)
        try:
            self._made[entry.kept.name] = await create_bare(self._context, klass, template, spec)
        except Mgmt1Error as error:
            entry.failed = cause(error)

    def _needs_template(self, entry: Entry) -> None:
        """A qube whose restored template has failed has failed, too."""
        template = self._templates.get(entry.kept.name, "")
        if any(other.failed and other.name == template and other.kept.name in self._made for other in self._entries):
            entry.failed = entry.failed or Reason("restore-no-template", shown(template))

    async def _remove(self, entry: Entry) -> None:
        try:
            await remove_made(self._context, self._made[entry.kept.name])
        except Mgmt1Error as error:
            entry.failed = Reason("qubes-left-behind", entry.name, entry.failed, cause(error))

    async def _remove_all(self) -> None:
        for made in reversed(self._made.values()):
            with suppress(Mgmt1Error):
                await remove_made(self._context, made)

    # -- volumes ------------------------------------------------------------------------------------------------------

    async def _sink(self, kept: KeptQube, name: str, size: int) -> RunSink:
        """A volume of the new qube that the engine fills. Asked for by the engine's thread."""
        if name not in kept_volumes(kept.klass):
            raise no_such_volume(kept, name)
        qube = self._made[kept.name].name
        consume = lambda runs: import_volume(self._context, qube, name, size, _filled(runs, size))  # noqa: E731 - the sink's
        return RunSink(consume, f"{qube}/{name}", size, FromThread())

    # -- settings -----------------------------------------------------------------------------------------------------

    async def _settle(self, whole: list[Entry], results: dict[str, QubeResult]) -> None:
        """Set the settings of the whole qubes, step by step, since those of one may need those of another."""
        for name in _FIRST:
            for entry in whole:
                await self._properties(entry, [name])
        for entry in whole:
            await self._features(entry)
            await self._properties(entry, entry.kept.properties.keys() - _ELSEWHERE)
            await self._autostart(entry)
            await self._tags(entry)
            await self._small_files(entry, results[entry.kept.name])
        for entry in whole:
            await self._netvm(entry)
            await self._devices(entry)

    async def _properties(self, entry: Entry, names: Collection[str]) -> None:
        values: dict[str, str] = {}
        for name in sorted(names):
            value = entry.kept.properties.get(name)
            if value is None:
                continue
            if not PROPERTY_NAME.matches(name) or ascii_text(value) != value:
                entry.notes.append(Reason("restore-no-property", entry.kept.klass, shown(name), shown(value)))
                continue
            values[name] = self._here(name, value)

        def refused(name: str, error: Mgmt1Error) -> None:
            if isinstance(error, QubesNoSuchPropertyError):
                entry.notes.append(Reason("restore-no-property", entry.kept.klass, name, shown(values[name])))
            else:
                entry.notes.append(Reason("restore-default-property", name, cause(error)))

        await set_properties(self._context, entry.name, values, refused)

    def _here(self, name: str, value: str) -> str:
        """A value of the backup as it is set here: references by the names of the restored qubes."""
        if TYPES.get(name) == "vm":
            return self._plan.renamed(value)
        if TYPES.get(name) == "bool":
            return {True: YES, False: NO, None: value}[flag_of(value)]
        return value

    async def _autostart(self, entry: Entry) -> None:
        """A qube that gets PCI devices of another machine may bring this one down at each boot."""
        if flag_of(entry.kept.properties.get("autostart", "")) and any(
            device.device_class == DeviceClass.PCI for device in entry.kept.devices
        ):
            entry.notes.append(Reason("restore-no-autostart"))
        else:
            await self._properties(entry, ["autostart"])

    async def _netvm(self, entry: Entry) -> None:
        """As the caller chose, else as in the backup; a netvm that cannot be is replaced as the options say."""
        chosen_netvm = self._options.plan.netvm.get(entry.kept.name)
        value = entry.kept.properties.get("netvm")
        if entry.kept.klass == VmClass.REMOTE or (chosen_netvm is None and value is None):
            return
        name = chosen_netvm if chosen_netvm is not None else self._plan.renamed(value or "")
        try:
            await self._set(entry, "netvm", name)
        except NoAnswerError:
            raise
        except Mgmt1Error as error:
            if self._options.plan.missing_netvm == "default":
                entry.notes.append(Reason("restore-default-netvm", shown(name), cause(error)))
                return
            entry.notes.append(Reason("restore-without-netvm", cause(error)))
            await self._set(entry, "netvm", "")

    async def _set(self, entry: Entry, name: str, value: str) -> None:
        if value:
            check(VM_NAME, value)
        await self._context.ask(calls.VM_PROPERTY_SET(entry.name, name, value))

    async def _features(self, entry: Entry) -> None:
        for name, value in copied_features(entry.kept.features).items():
            try:
                check(FEATURE_NAME, name)
                if ascii_text(value) != value:
                    raise refusal("qubes-ascii", shown(value))
                await self._context.ask(calls.VM_FEATURE_SET(entry.name, name, value))
            except NoAnswerError:
                raise
            except Mgmt1Error as error:
                entry.notes.append(Reason("restore-no-feature", shown(name), cause(error)))

    async def _tags(self, entry: Entry) -> None:
        for tag in sorted(entry.kept.tags):
            if tag.startswith(CREATED_BY):
                continue
            manager = tag.removeprefix(MANAGED_BY)
            name = tag if manager == tag else manager_tag(self._plan.renamed(manager))
            try:
                await self._context.ask(calls.VM_TAG_SET(entry.name, check(QUBES_TAG, name)))
            except NoAnswerError:
                raise
            except Mgmt1Error:
                entry.notes.append(Reason("restore-no-tag", shown(tag)))

    async def _small_files(self, entry: Entry, result: QubeResult) -> None:
        """The firewall, without which the qube has failed, and the notes."""
        entry.notes += result.lost
        if (rules := rules_of(entry, result)) is not None:
            plain = [with_plain_comment(rule) for rule in rules]
            if plain != rules:
                entry.notes.append(Reason("restore-comment"))
            try:
                await set_rules(self._context, entry.name, plain)
            except Mgmt1Error as error:
                entry.failed = cause(error)
        notes = notes_of(entry, result)
        if len(notes.encode()) > NOTES_BYTES:
            entry.notes.append(Reason("restore-no-notes", Reason("qubes-notes-long", NOTES_BYTES)))
        elif notes:
            try:
                await self._context.change(calls.VM_NOTES_SET(entry.name, payload=notes), NOTES)
            except Mgmt1Error as error:
                entry.notes.append(Reason("restore-no-notes", cause(error)))

    async def _devices(self, entry: Entry) -> None:
        devices = entry.kept.devices
        if devices and not self._options.plan.devices:
            entry.notes.append(devices_not_asked(devices))
            return
        if len(devices) > DEVICES:
            entry.notes.append(Reason("restore-device-limit", len(devices) - DEVICES, DEVICES))
        for device in devices[:DEVICES]:
            try:
                await self._assign(entry, device)
            except NoAnswerError:
                raise
            except Mgmt1Error as error:
                entry.notes.append(Reason("restore-no-device", device_name(device), cause(error)))

    async def _assign(self, entry: Entry, device: Device) -> None:
        if device.device_class not in set(DeviceClass):
            raise refusal("restore-device-class")
        kind, backend = DeviceClass(device.device_class), self._plan.renamed(device.backend)
        mode = assignment_mode(kind, device)
        checked = checked_assignment(kind, {**device.options, MODE: mode, IDENTITY: device.identity})
        port = ANY if device.ident == ANY_PORT else check(DEVICE_IDENT, device.ident)
        if backend not in self._facts.qubes and not any(each.name == backend for each in self._plan.going):
            raise refusal("restore-device-backend", shown(device.backend))
        where = Port(backend, port, checked.get(IDENTITY) or ANY)
        options = DeviceOptions(mode, attaching(checked))
        await self._context.ask(await assign_request(self._context, entry.name, kind, where, options))


async def _filled(runs: Runs, size: int) -> AsyncIterator[bytes]:
    """The runs of a volume and the zeros between them: `size` bytes."""
    at = 0
    async for offset, data in runs:
        async for zeros in _zeros(offset - at):
            yield zeros
        yield data
        at = offset + len(data)
    async for zeros in _zeros(size - at):
        yield zeros


async def _zeros(count: int) -> AsyncIterator[bytes]:
    while count > 0:
        yield _PIECE[:count]
        count -= len(_PIECE)
