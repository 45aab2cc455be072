# SPDX-License-Identifier: GPL-3.0-or-later
"""Qubes: lists and records, events, power, create, clone, remove."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager

from qubesmanager.admin import calls
from qubesmanager.admin.codecs import TRUE, Ending
from qubesmanager.admin.properties import BY_CLASS, TYPES, sent
from qubesmanager.daemon.bridge.context import Context, answers
from qubesmanager.daemon.bridge.handlers.storage import copy_volume
from qubesmanager.wire import calls as m
from qubesmanager.wire import events
from qubesmanager.wire.codecs import CloneSpec, CreateInPoolSpec, CreateSpec, CurrentState, Mention, VmClassRow, VmInfo
from qubesmanager.wire.errors import Mgmt1Error, QubesVMInUseError
from qubesmanager.wire.event import Event
from qubesmanager.wire.names import DOM0, shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.records import NO, YES, VmRecord
from qubesmanager.wire.values import VmClass

# -- lists ------------------------------------------------------------------------------------------------------------


@answers(m.VM_LIST)
async def list_vms(context: Context, only: str | None, _payload: None) -> list[VmInfo]:
    rows = await context.rows(calls.VM_LIST(context.dest))
    return [VmInfo(row.name, row.klass, row.state) for row in rows if only in {None, row.name}]


@answers(m.VM_GET_ALL)
async def get_all(context: Context, only: str | None, _payload: None) -> AsyncGenerator[VmRecord, None]:
    async with aclosing(context.mirror.rows(only)) as rows:
        async for record in rows:
            yield record


@answers(m.VMCLASS_LIST)
async def list_classes(context: Context, _arg: None, _payload: None) -> list[VmClassRow]:
    names = await context.rows(calls.VMCLASS_LIST(DOM0))
    return [VmClassRow(VmClass(name), tuple(BY_CLASS[VmClass(name)])) for name in names if name in set(VmClass)]


@answers(m.VM_CURRENT_STATE)
async def current_state(context: Context, _arg: None, _payload: None) -> CurrentState:
    answer = await context.ask(calls.VM_CURRENT_STATE(context.dest))
    return CurrentState(answer.state, answer.mem, answer.cputime // 1_000_000)


# -- events -----------------------------------------------------------------------------------------------------------


@answers(m.EVENTS)
async def listen(context: Context, _arg: None, _payload: None) -> AsyncGenerator[Event, None]:
    """The mirror's events; sent to a qube: those of that qube."""
    context.mirror.start()
    only = None if context.dest == DOM0 else context.dest
    async with aclosing(context.mirror.hub.listen(lambda event: (event,) * (only in {None, event.subject}))) as stream:
        async for event in stream:
            yield event


@answers(m.VM_STATS)
async def stats(context: Context, _arg: None, _payload: None) -> AsyncGenerator[Event, None]:
    async with aclosing(context.bridge.channel.events(calls.VM_STATS(context.dest))) as stream:
        async for batch in stream:
            for event in batch:
                if event.name == events.CONNECTION_ESTABLISHED.name:
                    yield events.CONNECTION_ESTABLISHED()
                elif (numbers := _numbers(event)) is not None:
                    yield events.VM_STATS(event.subject, *numbers)


def _numbers(event: Event) -> tuple[int, int, int] | None:
    """Memory, cpu time and cpu usage of an event with statistics; None for any other event."""
    texts = [event.fields.get(key, "") for key in ("memory_kb", "cpu_time", "cpu_usage")]
    if event.name != events.VM_STATS.name or not all(text.isdecimal() for text in texts):
        return None
    memory, time, usage = map(int, texts)
    return memory, time, usage


# -- power ------------------------------------------------------------------------------------------------------------


@answers(m.VM_START)
async def start(context: Context, _arg: None, _payload: None) -> None:
    await context.change(calls.VM_START(context.dest), "state")


@answers(m.VM_SHUTDOWN)
async def shutdown(context: Context, _arg: None, _payload: None) -> None:
    await _shutdown(context, Ending(force=False, wait=True))


@answers(m.VM_SHUTDOWN_WITH)
async def shutdown_with(context: Context, _arg: None, options: Mapping[str, str]) -> None:
    if options.keys() - {"force", "wait"} or set(options.values()) - {YES, NO}:
        raise refusal("shutdown-options")
    await _shutdown(context, Ending(options.get("force", NO) == YES, options.get("wait", YES) == YES))


async def _shutdown(context: Context, ending: Ending) -> None:
    if context.dest == DOM0:  # qubesd fails at it
        raise refusal("dom0-always-runs")
    await context.change(calls.VM_SHUTDOWN(context.dest, ending), "state")


@answers(m.VM_KILL)
async def kill(context: Context, _arg: None, _payload: None) -> None:
    await context.change(calls.VM_KILL(context.dest), "state")


@answers(m.VM_PAUSE)
async def pause(context: Context, _arg: None, _payload: None) -> None:
    await context.change(calls.VM_PAUSE(context.dest), "state")


@answers(m.VM_UNPAUSE)
async def unpause(context: Context, _arg: None, _payload: None) -> None:
    await context.change(calls.VM_UNPAUSE(context.dest), "state")


@answers(m.VM_SUSPEND)
async def suspend(context: Context, _arg: None, _payload: None) -> None:
    await context.change(calls.VM_SUSPEND(context.dest), "state")


@answers(m.VM_RESUME)
async def resume(context: Context, _arg: None, _payload: None) -> None:
    await context.change(calls.VM_RESUME(context.dest), "state")


# -- create and remove ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _complete(context: Context, name: str) -> AsyncGenerator[None, None]:
    """What a new qube still needs: if that fails, the qube is removed again."""
    try:
        yield
    except BaseException:
        await context.ask(calls.VM_REMOVE(name))
        raise


_CREATE = {
    VmClass.APP: calls.VM_CREATE_APP,
    VmClass.STANDALONE: calls.VM_CREATE_STANDALONE,
    VmClass.TEMPLATE: calls.VM_CREATE_TEMPLATE,
    VmClass.DISP: calls.VM_CREATE_DISP,
}
_CREATE_IN_POOL = {
    VmClass.APP: calls.VM_CREATE_IN_POOL_APP,
    VmClass.STANDALONE: calls.VM_CREATE_IN_POOL_STANDALONE,
    VmClass.TEMPLATE: calls.VM_CREATE_IN_POOL_TEMPLATE,
}
_EMPTY = frozenset({VmClass.STANDALONE, VmClass.TEMPLATE})
"""Classes that qubesd makes with empty volumes and without a template."""


async def _create(context: Context, klass: str, template: str | None, spec: CreateSpec | CreateInPoolSpec) -> None:
    """One call of qubesd. Raises `QubesLabelNotFoundError` first: qubesd's words for it say something else."""
    await context.ask(calls.LABEL_GET(DOM0, spec.label))
    argument = None if klass in _EMPTY else template
    if isinstance(spec, CreateSpec):
        row = _CREATE.get(VmClass(klass)) if klass in set(VmClass) else None
        if row is None:
            raise refusal("no-such-class", shown(klass))
        await context.ask(row(DOM0, argument, spec))
        return
    in_pool = _CREATE_IN_POOL.get(VmClass(klass)) if klass in set(VmClass) else None
    if in_pool is None:
        raise refusal("no-such-class", shown(klass))
    await context.ask(in_pool(DOM0, argument, spec))


async def _new(context: Context, klass: str, spec: CreateSpec | CreateInPoolSpec) -> None:
    template = None if context.dest == DOM0 else context.dest
    await _create(context, klass, template, spec)
    async with _complete(context, spec.name):
        if klass == VmClass.DISP:  # mgmt1's disposable is removed when it halts
            await context.ask(calls.VM_PROPERTY_SET(spec.name, "auto_cleanup", TRUE))
        if klass == VmClass.STANDALONE and template is not None:
            await _copy_features(context, await context.mirror.record(template), spec.name)
            await copy_volume(context, template, "root", spec.name, "root")


@answers(m.VM_CREATE)
async def create(context: Context, klass: str, spec: CreateSpec) -> None:
    await _new(context, klass, spec)


@answers(m.VM_CREATE_IN_POOL)
async def create_in_pool(context: Context, klass: str, spec: CreateInPoolSpec) -> None:
    await _new(context, klass, spec)


@answers(m.VM_CREATE_EMPTY_TEMPLATE)
async def create_empty_template(context: Context, _arg: None, spec: CreateInPoolSpec) -> None:
    names_pools = spec.pool is not None or spec.pools
    await _create(context, VmClass.TEMPLATE, None, spec if names_pools else CreateSpec(spec.name, spec.label))


@answers(m.VM_CREATE_KEPT_DISPOSABLE)
async def create_kept_disposable(context: Context, _arg: None, spec: CreateSpec) -> None:
    """Qubesd's own default."""
    await _create(context, VmClass.DISP, None if context.dest == DOM0 else context.dest, spec)


@answers(m.VM_CREATE_DISPOSABLE)
async def create_disposable(context: Context, _arg: None, _payload: None) -> str:
    return await context.ask(calls.VM_CREATE_DISPOSABLE(context.dest, payload=""))


_OWN_FEATURES = ("preload-dispvm", "internal", "deferred-netvm-original")
_NOT_COPIED = frozenset({"name", "qid", "uuid", "label", "template", "klass", "backup_timestamp", "installed_by_rpm"})
_OWN_TAGS = ("created-by-", "disp-created-by-")


async def _copy_features(context: Context, source: VmRecord, name: str) -> None:
    for feature, value in source.features.items():
        if not feature.startswith(_OWN_FEATURES):
            await context.ask(calls.VM_FEATURE_SET(name, feature, value))


@answers(m.VM_CLONE)
async def clone(context: Context, _arg: None, spec: CloneSpec) -> None:
    """A new qube, then everything that is the source's own; if something fails, the new qube is removed again."""
    source = await context.mirror.record(context.dest)
    if source.running:
        raise refusal("clone-needs-halted", source.name)
    label, template = source.value("label"), source.value("template") or None
    new = CreateSpec(spec.name, label) if spec.pool is None else CreateInPoolSpec(spec.name, label, spec.pool)
    await _create(context, source.klass, template, new)
    async with _complete(context, spec.name):
        for name, value in source.properties.items():
            if not value.is_default and name not in _NOT_COPIED:
                await context.ask(calls.VM_PROPERTY_SET(spec.name, name, sent(name, value.value)))
        for tag in sorted(source.tags):
            if not tag.startswith(_OWN_TAGS):
                await context.ask(calls.VM_TAG_SET(spec.name, tag))
        await _copy_features(context, source, spec.name)
        if source.notes:
            await context.ask(calls.VM_NOTES_SET(spec.name, payload=source.notes))
        rules = await context.ask(calls.VM_FIREWALL_GET(source.name))
        await context.ask(calls.VM_FIREWALL_SET(spec.name, payload=rules))
        for volume in source.volumes:
            if volume.save_on_stop:
                await copy_volume(context, source.name, volume.name, spec.name, volume.name)


@answers(m.VM_REMOVE)
async def remove(context: Context, _arg: None, _payload: None) -> list[Mention]:
    """Remove a qube. qubesd does not name what refers to it; the error here does."""
    try:
        await context.change(calls.VM_REMOVE(context.dest))
    except QubesVMInUseError as error:
        raise await _named(context, error) from error
    return []


async def _named(context: Context, error: Mgmt1Error) -> Mgmt1Error:
    """The error with each property that has the qube as its value; as it is, if there is none."""
    name = context.dest
    uses = [
        f"{record.name}: {key}"
        for record in (await context.mirror.listed()).values()
        for key, value in record.properties.items()
        if value.value == name and record.name != name and TYPES.get(key) == "vm"
    ]
    uses += [key for key, row in context.mirror.system.items() if row.value == name and row.type == "vm"]
    return refusal("qubes-still-used", name, ", ".join(uses)) if uses else error


# -- backup -----------------------------------------------------------------------------------------------------------


@answers(m.BACKUP_EXECUTE)
async def execute(context: Context, profile: str, options: Mapping[str, str]) -> None:
    """Carry out a profile of qubesd, whose passphrase is in it."""
    if options:
        raise refusal("call-not-in-qubes", context.call.name, Reason("instead-profile-passphrase"))
    await context.ask(calls.BACKUP_EXECUTE(DOM0, profile))


@answers(m.BACKUP_CANCEL)
async def cancel(context: Context, profile: str, _payload: None) -> None:
    await context.ask(calls.BACKUP_CANCEL(DOM0, profile))
