# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of qubes and of the system. Values are converted: mgmt1 writes yes and no, Qubes OS True and False."""

from qubesmanager.admin import calls
from qubesmanager.admin.codecs import Default, Property, ascii_text
from qubesmanager.admin.properties import IDENTIFYING, sent
from qubesmanager.daemon.bridge.context import Context, answers
from qubesmanager.daemon.bridge.handlers.renaming import rename
from qubesmanager.daemon.bridge.reading import count, value_of
from qubesmanager.wire import calls as m
from qubesmanager.wire.codecs import Mention, PropertyRow, PropertyState
from qubesmanager.wire.names import DOM0, shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal


def _row(row: PropertyRow) -> PropertyRow:
    return row._replace(value=value_of(row.name, row.type, row.value))


def _answer(name: str, answer: Property) -> PropertyState:
    return PropertyState(answer.is_default, value_of(name, answer.type, answer.value))


def _default(name: str, answer: Default | None) -> list[PropertyRow]:
    if answer is None:
        return []
    return [PropertyRow(name, True, answer.type, value_of(name, answer.type, answer.value))]


def _sent(name: str, value: str) -> str:
    """The value for qubesd. Raises `QubesValueError` for what it cannot take."""
    if ascii_text(value) != value:
        raise refusal("qubes-ascii", shown(value))
    return sent(name, value)


def _check_changes(name: str) -> None:
    """Raises for a property of a qube that qubesd does not change, and would fail at."""
    if name in IDENTIFYING:
        raise refusal("qubes-write-once", name)


@answers(m.HOST_MEMORY)
async def host_memory(context: Context, _arg: None, _payload: None) -> dict[str, str]:
    """What the system-wide properties say: Qubes 4.2 and older have none of it, and no call gives the free memory."""
    rows = {row.name: row.value for row in await context.rows(calls.PROPERTY_GET_ALL(DOM0))}
    total, cpus = count(rows.get("maxmem", "")), count(rows.get("no_cpus", ""))
    if total is None or cpus is None:
        raise refusal("call-not-in-qubes", context.call.name, Reason("instead-memory"))
    return {"total": str(total << 10), "cpus": str(cpus)}


@answers(m.VM_PROPERTY_LIST)
async def list_of_qube(context: Context, _arg: None, _payload: None) -> list[str]:
    return await context.rows(calls.VM_PROPERTY_LIST(context.dest))


@answers(m.VM_PROPERTY_GET)
async def get_of_qube(context: Context, name: str, _payload: None) -> PropertyState:
    return _answer(name, await context.ask(calls.VM_PROPERTY_GET(context.dest, name)))


@answers(m.VM_PROPERTY_GET_ALL)
async def get_all_of_qube(context: Context, _arg: None, _payload: None) -> list[PropertyRow]:
    return [_row(row) for row in await context.rows(calls.VM_PROPERTY_GET_ALL(context.dest))]


@answers(m.VM_PROPERTY_GET_DEFAULT)
async def get_default_of_qube(context: Context, name: str, _payload: None) -> list[PropertyRow]:
    return _default(name, await context.ask(calls.VM_PROPERTY_GET_DEFAULT(context.dest, name)))


@answers(m.VM_PROPERTY_HELP)
async def help_of_qube(context: Context, name: str, _payload: None) -> str:
    return await context.ask(calls.VM_PROPERTY_HELP(context.dest, name))


@answers(m.VM_PROPERTY_SET)
async def set_of_qube(context: Context, name: str, value: str) -> list[Mention]:
    if name == "name":
        await context.bridge.to_the_end(rename(context, value))
        return []
    _check_changes(name)
    await context.change(calls.VM_PROPERTY_SET(context.dest, name, _sent(name, value)))
    return []


@answers(m.VM_PROPERTY_RESET)
async def reset_of_qube(context: Context, name: str, _payload: None) -> None:
    _check_changes(name)
    await context.change(calls.VM_PROPERTY_RESET(context.dest, name))


@answers(m.PROPERTY_LIST)
async def list_of_system(context: Context, _arg: None, _payload: None) -> list[str]:
    return await context.rows(calls.PROPERTY_LIST(DOM0))


@answers(m.PROPERTY_GET)
async def get_of_system(context: Context, name: str, _payload: None) -> PropertyState:
    return _answer(name, await context.ask(calls.PROPERTY_GET(DOM0, name)))


@answers(m.PROPERTY_GET_ALL)
async def get_all_of_system(context: Context, _arg: None, _payload: None) -> list[PropertyRow]:
    return [_row(row) for row in await context.rows(calls.PROPERTY_GET_ALL(DOM0))]


@answers(m.PROPERTY_GET_DEFAULT)
async def get_default_of_system(context: Context, name: str, _payload: None) -> list[PropertyRow]:
    return _default(name, await context.ask(calls.PROPERTY_GET_DEFAULT(DOM0, name)))


@answers(m.PROPERTY_HELP)
async def help_of_system(context: Context, name: str, _payload: None) -> str:
    return await context.ask(calls.PROPERTY_HELP(DOM0, name))


@answers(m.PROPERTY_SET)
async def set_of_system(context: Context, name: str, value: str) -> None:
    await context.change(calls.PROPERTY_SET(DOM0, name, _sent(name, value)))


@answers(m.PROPERTY_RESET)
async def reset_of_system(context: Context, name: str, _payload: None) -> None:
    if name == "default_kernel":  # qubesd cannot save anything after it
        raise refusal("call-not-in-qubes", "reset", Reason("instead-default-kernel"))
    await context.change(calls.PROPERTY_RESET(DOM0, name))
