# SPDX-License-Identifier: GPL-3.0-or-later
"""Qubes: lists and records, events, power."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from qubesmanager.admin import calls
from qubesmanager.admin.codecs import Ending
from qubesmanager.admin.properties import BY_CLASS
from qubesmanager.daemon.bridge.context import Context, answers
from qubesmanager.wire import calls as m
from qubesmanager.wire import events
from qubesmanager.wire.codecs import CurrentState, VmClassRow, VmInfo
from qubesmanager.wire.event import Event
from qubesmanager.wire.names import DOM0
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


@answers(m.REFRESH)
async def refresh(context: Context, _arg: None, _payload: None) -> None:
    await context.mirror.read_everything_again()


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


@answers(m.VM_CONSOLE)
async def console(context: Context, _arg: None, _payload: None) -> str:
    return await context.ask(calls.VM_CONSOLE(context.dest))
