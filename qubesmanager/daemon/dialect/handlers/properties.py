# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of a qube and of the system."""

from qubesmanager.admin import calls, properties
from qubesmanager.admin.codecs import Default, Property
from qubesmanager.admin.properties import QubesProperty
from qubesmanager.daemon.dialect.context import Asking, answers
from qubesmanager.rules.sight import OTHER
from qubesmanager.wire import calls as mgmt1
from qubesmanager.wire.codecs import PropertyRow
from qubesmanager.wire.errors import Mgmt1Error, QubesNoSuchPropertyError, QubesValueError
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.values import VmClass

SYSTEM = "Qubes"
"""The name of the owner of system-wide properties in errors."""


async def _class(asking: Asking) -> VmClass:
    return VmClass((await asking.ask(mgmt1.VM_PROPERTY_GET(asking.dest, "klass"))).value)


async def _row(asking: Asking, name: str) -> QubesProperty:
    """Raises `QubesNoSuchPropertyError` for a name that the class does not have in Qubes OS."""
    return properties.row_of(properties.BY_CLASS[await _class(asking)], name, asking.dest)


async def _all(asking: Asking) -> dict[str, PropertyRow]:
    return {row.name: row for row in await asking.ask(mgmt1.VM_PROPERTY_GET_ALL(asking.dest))}


async def _system(asking: Asking) -> dict[str, PropertyRow]:
    """With the computer's memory in MiB and its processors, which mgmt1 has no properties for."""
    host = await asking.ask(mgmt1.HOST_MEMORY(DOM0))
    computer = {"maxmem": str(int(host["total"]) >> 10), "no_cpus": host["cpus"]}
    return {row.name: row for row in await asking.ask(mgmt1.PROPERTY_GET_ALL(DOM0))} | {
        name: PropertyRow(name, True, "int", value) for name, value in computer.items()
    }


@answers(calls.VM_PROPERTY_LIST)
async def list_properties(asking: Asking, _arg: None, _payload: None) -> list[str]:
    return list(properties.BY_CLASS[await _class(asking)])


@answers(calls.VM_PROPERTY_GET)
async def get(asking: Asking, name: str, _payload: None) -> Property:
    """One call of mgmt1 for almost all: it has the property for the same classes, unless it is dom0's."""
    rows = properties.BY_CLASS[VmClass.ADMIN] if asking.dest == DOM0 else properties.OF_GUESTS
    row = properties.row_of(rows, name, asking.dest)
    if not row.mgmt1_name:
        return properties.of_row(await _row(asking, name), await _all(asking))
    try:
        state = await asking.ask(mgmt1.VM_PROPERTY_GET(asking.dest, name))
    except QubesNoSuchPropertyError:
        row = await _row(asking, name)
        return Property(True, row.type, row.otherwise)
    is_default = state.is_default and (not row.is_own or asking.dest == DOM0)
    return Property(is_default, row.type, properties.to_qubes(row.type, state.value))


@answers(calls.VM_PROPERTY_GET_ALL)
async def get_all(asking: Asking, _arg: None, _payload: None) -> list[PropertyRow]:
    own = await _all(asking)
    return properties.all_of(properties.BY_CLASS[VmClass(own["klass"].value)], own)


@answers(calls.VM_PROPERTY_GET_DEFAULT)
async def get_default(asking: Asking, name: str, _payload: None) -> Default | None:
    row = await _row(asking, name)
    if name in properties.NO_DEFAULT:
        return None
    if not row.mgmt1_name:
        return Default(row.type, row.value(await _all(asking)))
    request = mgmt1.VM_PROPERTY_GET_DEFAULT(asking.dest, name)
    return _default(row, await asking.ask_or(request, QubesNoSuchPropertyError, []))


def _default(row: QubesProperty, rows: list[PropertyRow]) -> Default:
    return Default(row.type, row.value({each.name: each for each in rows}))


@answers(calls.VM_PROPERTY_HELP)
async def help_text(asking: Asking, name: str, _payload: None) -> str:
    row = await _row(asking, name)
    request = mgmt1.VM_PROPERTY_HELP(asking.dest, row.mgmt1_name or name)
    return properties.help_text(await asking.ask_or(request, QubesNoSuchPropertyError, "A property of Qubes OS."))


@answers(calls.VM_PROPERTY_SET)
async def set_property(asking: Asking, name: str, value: str) -> None:
    klass = await _class(asking)
    row = properties.row_of(properties.BY_CLASS[klass], name, asking.dest)
    request = mgmt1.VM_PROPERTY_SET(asking.dest, properties.settable(row, klass), properties.checked(row, value))
    try:
        await asking.ask(request)
    except Mgmt1Error as error:
        raise properties.explained(row, klass, value, error) from error


@answers(calls.VM_PROPERTY_RESET)
async def reset(asking: Asking, name: str, _payload: None) -> None:
    klass = await _class(asking)
    row = properties.row_of(properties.BY_CLASS[klass], name, asking.dest)
    if name == "template":
        template = (await asking.ask(mgmt1.PROPERTY_GET(DOM0, "default_template"))).value
        if not await asking.sees(template):
            template = OTHER
        text = f"Cannot unset template. You can set it to the current default ({template}) instead"
        raise QubesValueError(text)
    ours = properties.settable(row, klass)
    await asking.ask_or(mgmt1.VM_PROPERTY_RESET(asking.dest, ours), QubesNoSuchPropertyError, None)


# -- of the system ----------------------------------------------------------------------------------------------------


@answers(calls.PROPERTY_LIST)
async def list_system(_asking: Asking, _arg: None, _payload: None) -> list[str]:
    return list(properties.SYSTEM)


@answers(calls.PROPERTY_GET)
async def get_system(asking: Asking, name: str, _payload: None) -> Property:
    return properties.of_row(properties.row_of(properties.SYSTEM, name, SYSTEM), await _system(asking))


@answers(calls.PROPERTY_GET_ALL)
async def get_all_system(asking: Asking, _arg: None, _payload: None) -> list[PropertyRow]:
    return properties.all_of(properties.SYSTEM, await _system(asking))


@answers(calls.PROPERTY_GET_DEFAULT)
async def get_system_default(asking: Asking, name: str, _payload: None) -> Default | None:
    row = properties.row_of(properties.SYSTEM, name, SYSTEM)
    if name in properties.NO_DEFAULT:
        return None
    request = mgmt1.PROPERTY_GET_DEFAULT(DOM0, row.mgmt1_name)
    return _default(row, await asking.ask_or(request, QubesNoSuchPropertyError, []))


@answers(calls.PROPERTY_HELP)
async def system_help(asking: Asking, name: str, _payload: None) -> str:
    row = properties.row_of(properties.SYSTEM, name, SYSTEM)
    request = mgmt1.PROPERTY_HELP(DOM0, row.mgmt1_name)
    return properties.help_text(await asking.ask_or(request, QubesNoSuchPropertyError, "A property of Qubes OS."))


@answers(calls.PROPERTY_SET)
async def set_system(asking: Asking, name: str, value: str) -> None:
    row = properties.row_of(properties.SYSTEM, name, SYSTEM)
    request = mgmt1.PROPERTY_SET(DOM0, properties.settable(row, SYSTEM), properties.from_qubes(row.type, value))
    try:
        await asking.ask(request)
    except QubesNoSuchPropertyError as error:
        raise properties.not_settable(row, SYSTEM) from error


@answers(calls.PROPERTY_RESET)
async def reset_system(asking: Asking, name: str, _payload: None) -> None:
    row = properties.row_of(properties.SYSTEM, name, SYSTEM)
    request = mgmt1.PROPERTY_RESET(DOM0, properties.settable(row, SYSTEM))
    await asking.ask_or(request, QubesNoSuchPropertyError, None)
