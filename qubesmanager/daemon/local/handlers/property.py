# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of a qube."""

from qubesmanager.daemon.local.core import properties
from qubesmanager.daemon.local.core.property_rows import property_of
from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import Mention, PropertyRow, PropertyState
from qubesmanager.wire.names import DOM0


@answers(calls.VM_PROPERTY_LIST)
async def list_properties(context: Context, _arg: None, _payload: None) -> list[str]:
    return [row.name for row in properties.BY_CLASS[context.qube.klass]]


@answers(calls.VM_PROPERTY_GET)
async def get(context: Context, name: str, _payload: None) -> PropertyState:
    qube = context.qube
    value = qube.view[property_of(qube, name).name]
    return PropertyState(value.is_default, value.value)


@answers(calls.VM_PROPERTY_GET_ALL)
async def get_all(context: Context, _arg: None, _payload: None) -> list[PropertyRow]:
    return [
        PropertyRow(name, value.is_default, properties.TABLE[name].type.value, value.value)
        for name, value in context.qube.view.items()
    ]


@answers(calls.VM_PROPERTY_GET_DEFAULT)
async def get_default(context: Context, name: str, _payload: None) -> list[PropertyRow]:
    row = property_of(context.qube, name)
    default = row.default_of(context.system.runtime.state, context.qube)
    return [PropertyRow(name, True, row.type.value, default)]


@answers(calls.VM_PROPERTY_HELP)
async def help_text(context: Context, name: str, _payload: None) -> str:
    row = property_of(context.qube, name)
    return f"{row.help}\n\n{row.change.value}\n"


@answers(calls.VM_PROPERTY_SET)
async def set_property(context: Context, name: str, value: str) -> list[Mention]:
    if name == "name":
        await context.system.naming.check_new_name(context.source, value)
        named = await context.system.mentions.of(context.dest) if context.source == DOM0 else []
        await context.system.renaming.rename(context.dest, value)
        return named
    await context.system.settings.set_property(context.dest, name, value, context.sees)
    return []


@answers(calls.VM_PROPERTY_RESET)
async def reset(context: Context, name: str, _payload: None) -> None:
    await context.system.settings.reset_property(context.dest, name)
