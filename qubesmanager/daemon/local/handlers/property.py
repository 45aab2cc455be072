# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of a qube."""

from qubesmanager.backup.archive.contents import DOM0
from qubesmanager.daemon.local.core import properties
from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.daemon.local.services import naming, settings
from qubesmanager.daemon.local.services.mentions import mentions
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import Mention, PropertyRow, PropertyState


@answers(calls.VM_PROPERTY_LIST)
async def list_properties(context: Context, _arg: None, _payload: None) -> list[str]:
    return [row.name for row in properties.BY_CLASS[context.qube.klass]]


@answers(calls.VM_PROPERTY_GET)
async def get(context: Context, name: str, _payload: None) -> PropertyState:
    row = settings.property_of(context.qube, name)
    held = context.qube.view[row.name]
    return PropertyState(held.is_default, held.value)


@answers(calls.VM_PROPERTY_GET_ALL)
async def get_all(context: Context, _arg: None, _payload: None) -> list[PropertyRow]:
    return [
        PropertyRow(name, held.is_default, properties.TABLE[name].type.value, held.value)
        for name, held in context.qube.view.items()
    ]


@answers(calls.VM_PROPERTY_HELP)
async def help_text(context: Context, name: str, _payload: None) -> str:
    row = settings.property_of(context.qube, name)
    return f"{row.help}\n\n{row.change.value}\n"


@answers(calls.VM_PROPERTY_SET)
async def set_property(context: Context, name: str, value: str) -> list[Mention]:
    named = []
    if name == "name":
        await naming.check_new_name(context.system, context.source, value)
        named = await mentions(context.system, context.dest) if context.source == DOM0 else []
    await settings.set_property(context.system, context.dest, name, value, context.sees)
    return named


@answers(calls.VM_PROPERTY_RESET)
async def reset(context: Context, name: str, _payload: None) -> None:
    await settings.reset_property(context.system, context.dest, name)
