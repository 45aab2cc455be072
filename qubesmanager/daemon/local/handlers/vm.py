# SPDX-License-Identifier: GPL-3.0-or-later
"""Qubes: list, create, clone, remove, lifecycle, state, notes."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace

from qubesmanager.daemon.local.core import properties
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CloneSpec, CreateInPoolSpec, CreateSpec, CurrentState, Mention, VmClassRow, VmInfo
from qubesmanager.wire.guest_services import ServiceResult
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.records import VmRecord, flag_of
from qubesmanager.wire.values import DeviceClass, VmClass


@answers(calls.VM_LIST)
async def list_vms(context: Context, only: str | None, _payload: None) -> list[VmInfo]:
    name = only if context.dest == DOM0 else context.dest
    return [VmInfo(qube.name, qube.klass, qube.state, qube.value("uuid")) for qube in _visible(context, name)]


def _visible(context: Context, name: str | None) -> list[Qube]:
    """The qubes that the source may see: all of them, or the one of that name."""
    state = context.system.runtime.state
    qubes = state.in_order() if name is None else [state.qubes[name]] if name in state.qubes else []
    return [qube for qube in qubes if context.sees(qube.name)]


@answers(calls.VM_GET_ALL)
async def get_all(context: Context, only: str | None, _payload: None) -> AsyncGenerator[VmRecord, None]:
    for qube in _visible(context, only):
        if context.system.runtime.state.qubes.get(qube.name) is qube:  # it may have been removed since the first row
            record = qube.record()
            if qube.name == DOM0 and context.source != DOM0:
                record = replace(record, features={}, notes="")
            yield record


@answers(calls.VM_CREATE)
async def create(context: Context, klass: str, spec: CreateSpec) -> None:
    await context.system.naming.check_new_name(context.source, spec.name)
    await context.system.creation.create(context.source, klass, context.dest, spec.name, spec.label)


@answers(calls.VM_CREATE_IN_POOL)
async def create_in_pool(context: Context, klass: str, spec: CreateInPoolSpec) -> None:
    await context.system.naming.check_new_name(context.source, spec.name)
    pools = {"": spec.pool} if spec.pool is not None else dict(spec.pools)
    await context.system.creation.create(context.source, klass, context.dest, spec.name, spec.label, pools)


@answers(calls.VM_CREATE_EMPTY_TEMPLATE)
async def create_empty_template(context: Context, _arg: None, spec: CreateInPoolSpec) -> None:
    await context.system.naming.check_new_name(context.source, spec.name)
    await context.system.creation.create_empty_template(context.source, spec)


@answers(calls.VM_CREATE_KEPT_DISPOSABLE)
async def create_kept_disposable(context: Context, _arg: None, spec: CreateSpec) -> None:
    await context.system.naming.check_new_name(context.source, spec.name)
    await context.system.creation.create_kept_disposable(context.source, context.dest, spec.name, spec.label)


@answers(calls.VM_CREATE_DISPOSABLE)
async def create_disposable(context: Context, _arg: None, _payload: None) -> str:
    return await context.system.disposables.create(context.source, context.dest)


@answers(calls.VM_CLONE)
async def clone(context: Context, _arg: None, spec: CloneSpec) -> None:
    await context.system.naming.check_new_name(context.source, spec.name)
    await context.system.creation.clone(context.source, context.dest, spec.name, spec.pool)


@answers(calls.VM_REMOVE)
async def remove(context: Context, _arg: None, _payload: None) -> list[Mention]:
    named = await context.system.mentions.of(context.dest) if context.source == DOM0 else []
    await context.system.creation.remove(context.qube)
    return named


@answers(calls.VM_MENTIONS)
async def list_mentions(context: Context, _arg: None, _payload: None) -> list[Mention]:
    return await context.system.mentions.of(context.dest)


@answers(calls.VM_START)
async def start(context: Context, _arg: None, _payload: None) -> None:
    """Start the destination and wait until it runs."""
    await context.system.lifecycle.start(context.dest)


@answers(calls.VM_SHUTDOWN)
async def shutdown(context: Context, _arg: None, _payload: None) -> None:
    await context.system.lifecycle.shutdown(context.dest)


@answers(calls.VM_SHUTDOWN_WITH)
async def shutdown_with(context: Context, _arg: None, options: Mapping[str, str]) -> None:
    flags = {key: flag_of(value) for key, value in options.items()}
    if not flags.keys() <= {"force", "wait"} or None in flags.values():
        raise refusal("shutdown-options")
    await context.system.lifecycle.shutdown(
        context.dest, force=bool(flags.get("force", False)), wait=bool(flags.get("wait", True))
    )


@answers(calls.VM_PAUSE)
async def pause(context: Context, _arg: None, _payload: None) -> None:
    await context.system.lifecycle.pause(context.dest)


@answers(calls.VM_SUSPEND)
async def suspend(context: Context, _arg: None, _payload: None) -> None:
    await context.system.lifecycle.suspend(context.dest)


@answers(calls.VM_RESUME)
async def resume(context: Context, _arg: None, _payload: None) -> None:
    await context.system.lifecycle.resume(context.dest)


@answers(calls.VM_UNPAUSE)
async def unpause(context: Context, _arg: None, _payload: None) -> None:
    await context.system.lifecycle.unpause(context.dest)


@answers(calls.VM_KILL)
async def kill(context: Context, _arg: None, _payload: None) -> None:
    await context.system.lifecycle.kill(context.dest)


@answers(calls.VM_CONSOLE)
async def console(context: Context, _arg: None, _payload: None) -> str:
    return str(await context.system.lifecycle.console(context.dest))


@answers(calls.VM_RUN_SERVICE)
async def run_service(context: Context, service: str, stdin: bytes) -> ServiceResult:
    return await context.system.guest_channels.run(context.source, context.qube, service, stdin)


@answers(calls.VM_CURRENT_STATE)
async def current_state(context: Context, _arg: None, _payload: None) -> CurrentState:
    stats = await context.system.runtime.stats_of(context.qube)
    if stats is None:
        return CurrentState(context.qube.state, 0, 0)
    return CurrentState(context.qube.state, stats.memory_kib, stats.cpu_time_ns // 1_000_000)


@answers(calls.HOST_MEMORY)
async def host_memory(context: Context, _arg: None, _payload: None) -> dict[str, str]:
    free = await context.system.runtime.hypervisor.free_memory()
    known = {} if free is None else {"free": str(free)}
    state = context.system.runtime.state
    return {"total": str(state.host_memory << 10), **known, "cpus": str(state.host_cpus)}


@answers(calls.VM_NOTES_GET)
async def get_notes(context: Context, _arg: None, _payload: None) -> str:
    return context.qube.notes


@answers(calls.VM_NOTES_SET)
async def set_notes(context: Context, _arg: None, notes: str) -> None:
    await context.system.settings.set_notes(context.dest, notes)


@answers(calls.DEVICECLASS_LIST)
async def list_device_classes(_context: Context, _arg: None, _payload: None) -> list[DeviceClass]:
    return list(DeviceClass)


@answers(calls.VMCLASS_LIST)
async def list_classes(_context: Context, _arg: None, _payload: None) -> list[VmClassRow]:
    return [VmClassRow(klass, tuple(row.name for row in properties.BY_CLASS[klass])) for klass in VmClass]
