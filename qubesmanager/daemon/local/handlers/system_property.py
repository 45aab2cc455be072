# SPDX-License-Identifier: GPL-3.0-or-later
"""System-wide properties."""

from qubesmanager.daemon.local.core import system_properties
from qubesmanager.daemon.local.core.property_rows import system_property
from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import PropertyRow, PropertyState


@answers(calls.PROPERTY_LIST)
async def list_properties(_context: Context, _arg: None, _payload: None) -> list[str]:
    return list(system_properties.TABLE)


@answers(calls.PROPERTY_GET)
async def get(context: Context, name: str, _payload: None) -> PropertyState:
    system_property(name)
    return PropertyState(name not in context.system.runtime.state.system_own, context.system.runtime.state.system(name))


@answers(calls.PROPERTY_GET_ALL)
async def get_all(context: Context, _arg: None, _payload: None) -> list[PropertyRow]:
    state = context.system.runtime.state
    return [
        PropertyRow(row.name, row.name not in state.system_own, row.type.value, state.system(row.name))
        for row in system_properties.TABLE.values()
    ]


@answers(calls.PROPERTY_GET_DEFAULT)
async def get_default(context: Context, name: str, _payload: None) -> list[PropertyRow]:
    row = system_property(name)
    default = context.system.runtime.state.system_default(name)
    return [PropertyRow(name, True, row.type.value, default)]


@answers(calls.PROPERTY_SET)
async def set_property(context: Context, name: str, value: str) -> None:
    await context.system.settings.set_system_property(name, value, context.sees)


@answers(calls.PROPERTY_RESET)
async def reset(context: Context, name: str, _payload: None) -> None:
    await context.system.settings.set_system_property(name, None)


@answers(calls.PROPERTY_HELP)
async def help_text(_context: Context, name: str, _payload: None) -> str:
    return f"{system_property(name).help}\n"
