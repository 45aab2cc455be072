# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices in the form of Qubes 4.3, and the two calls of Qubes 4.2."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from qubesmanager.admin import calls
from qubesmanager.admin.codecs import ANY, DeviceOptions, DeviceRow, Port, flag_to_mgmt1
from qubesmanager.admin.devices import (
    attached_options,
    available_row,
    device_id_of,
    frontend_row,
    ident_of,
    identity_in,
    port_of,
)
from qubesmanager.daemon.dialect.context import Asking, answers
from qubesmanager.rules.devices import IDENTITY, INTERFACE, MODE, OF_ASSIGNMENT, PERSISTENT, attaching
from qubesmanager.wire import calls as mgmt1
from qubesmanager.wire.codecs import AvailableDevice, DeviceId
from qubesmanager.wire.codecs import DeviceRow as Mgmt1Row
from qubesmanager.wire.errors import (
    DeviceAlreadyAssigned,
    DeviceNotAssigned,
    DeviceNotFound,
    Mgmt1Error,
    ProtocolError,
    QubesValueError,
    QubesVMNotHaltedError,
)
from qubesmanager.wire.names import DOM0, shown
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.records import NO, YES
from qubesmanager.wire.values import ASSIGNED_MODES, DeviceMode

# -- what there is ----------------------------------------------------------------------------------------------------


class _Assignment(NamedTuple):
    """An assignment as mgmt1 has it, and as Qubes OS names it."""

    port: Port
    mode: str
    options: Mapping[str, str]


async def _offered(asking: Asking, backend: str) -> dict[str, AvailableDevice]:
    """What a backend offers of the call's class, by port."""
    row = mgmt1.VM_DEVICE_AVAILABLE.of(asking.device_class)
    return {device.ident: device for device in await asking.ask(row(backend))}


async def _holders(asking: Asking) -> dict[tuple[str, str], str]:
    """By backend and port: the qube that has the device now, of those that the source sees."""
    rows = asking.rows(mgmt1.VM_GET_ALL(DOM0))
    return {
        (device.backend, device.ident): record.name
        async for record in rows
        for device in record.devices
        if device.attached and device.device_class is asking.device_class
    }


@answers(calls.VM_DEVICE_AVAILABLE)
async def available(asking: Asking, only: str | None, _payload: None) -> list[DeviceRow]:
    offered = await _offered(asking, asking.dest)
    holders = await _holders(asking) if offered else {}
    rows = [
        available_row(asking.device_class, asking.dest, device, holders.get((asking.dest, device.ident), ""))
        for device in offered.values()
        if only in {None, device.ident}
    ]
    return sorted(rows, key=lambda row: row.head)


async def _attached_rows(asking: Asking) -> list[Mgmt1Row]:
    return await asking.ask(mgmt1.VM_DEVICE_ATTACHED.of(asking.device_class)(asking.dest))


@answers(calls.VM_DEVICE_ATTACHED)
async def list_attached(asking: Asking, only: Port | None, _payload: None) -> list[DeviceRow]:
    kind, rows = asking.device_class, await _attached_rows(asking)
    offered = {backend: await _offered(asking, backend) for backend in {row.device.backend for row in rows}}
    ids = {row.device: device_id_of(offered[row.device.backend].get(row.device.ident)) for row in rows}
    return [
        frontend_row(
            kind,
            asking.dest,
            Port(*row.device, ids[row.device]),
            DeviceMode.MANUAL,
            attached_options(kind, row.options),
        )
        for row in rows
        if only is None or only[:2] == row.device
    ]


async def _assignments(asking: Asking) -> list[_Assignment]:
    rows = await asking.ask(mgmt1.VM_DEVICE_ASSIGNED.of(asking.device_class)(asking.dest))
    assigned: list[_Assignment] = []
    for row in rows:
        port = Port(row.device.backend, port_of(row.device.ident), row.options.get(IDENTITY) or ANY)
        assigned.append(_Assignment(port, row.options[MODE], attaching(row.options)))
    return assigned


@answers(calls.VM_DEVICE_ASSIGNED)
async def list_assigned(asking: Asking, only: Port | None, _payload: None) -> list[DeviceRow]:
    return [
        frontend_row(asking.device_class, asking.dest, each.port, each.mode, each.options)
        for each in await _assignments(asking)
        if only is None or only[:2] == each.port[:2]
    ]


# -- changes ----------------------------------------------------------------------------------------------------------


def _options(options: DeviceOptions) -> dict[str, str]:
    """The options of a payload, in mgmt1's words.

    Raises `ProtocolError` for one that says how or to which device: the argument says that, and the policy reads it.
    """
    for key in sorted(OF_ASSIGNMENT & options.options.keys()):
        raise ProtocolError(f"_{key} is not an option of a device")
    return {key: flag_to_mgmt1(value) for key, value in options.options.items()}


def _check_again(asking: Asking, port: Port, again: Mapping[str, str]) -> None:
    """Raises `ProtocolError` for a payload that names another device or qube than the argument and the destination."""
    same = {
        "port_id": port.port,
        "backend_domain": port.backend,
        "devclass": str(asking.device_class),
        "frontend_domain": asking.dest,
    }
    for key, value in same.items():
        if again.get(key, value) != value:
            raise ProtocolError(f"{key}={shown(again[key])} is not what the argument says")


def _text(asking: Asking, port: Port, what: str) -> str:
    """A text of Qubes OS about an assignment, in its quotes."""
    named = f"{port.backend}:{port.port}:{identity_in(port.device_id) or ANY}"
    return f"'{asking.device_class} device {named} {what} to {asking.dest}'"


@answers(calls.VM_DEVICE_ATTACH)
async def attach(asking: Asking, port: Port, options: DeviceOptions) -> None:
    if options.mode not in {"", DeviceMode.MANUAL}:
        raise ProtocolError(f"{shown(options.mode)} is not a valid AssignmentMode")
    if not await asking.sees(port.backend):
        raise refusal("no-such-qube", shown(port.backend))
    _check_again(asking, port, options.again)
    ambiguous = ProtocolError(f"Cannot attach ambiguous {asking.device_class} device.")
    device = (await _offered(asking, port.backend)).get(port.port)
    ids = {identity_in(port.device_id), identity_in(options.again.get("device_id"))} - {""}
    if device is None or ids - {device_id_of(device)}:
        raise ambiguous
    words = {**_options(options), **({PERSISTENT: YES} if options.persistent else {})}
    row = mgmt1.VM_DEVICE_ATTACH.of(asking.device_class)
    try:
        await asking.ask(row(asking.dest, DeviceId(port.backend, port.port), words))
    except DeviceNotFound as error:
        raise ambiguous from error


@answers(calls.VM_DEVICE_DETACH)
async def detach(asking: Asking, port: Port, _payload: None) -> None:
    """A required device stays, as in Qubes OS."""
    device = DeviceId(port.backend, port.port)
    if device not in {row.device for row in await _attached_rows(asking)}:
        raise DeviceNotAssigned(f"'{asking.device_class} device {port.port} not attached to {asking.dest}'")
    if any(each.mode == DeviceMode.REQUIRED for each in _of_port(await _assignments(asking), port)):
        text = "Can not detach a required device from a non halted qube. You need to unassign device first."
        raise QubesVMNotHaltedError(text)
    await asking.ask(mgmt1.VM_DEVICE_DETACH_ONLY.of(asking.device_class)(asking.dest, device))


def _of_port(assignments: Iterable[_Assignment], port: Port) -> list[_Assignment]:
    return [each for each in assignments if each.port[:2] == port[:2]]


def _identity(port: Port) -> dict[str, str]:
    """The option of mgmt1 for the device id of an argument, if it names a device."""
    identity = identity_in(port.device_id)
    return {IDENTITY: identity} if identity else {}


def _device(port: Port) -> DeviceId:
    return DeviceId(port.backend, ident_of(port.port))


@answers(calls.VM_DEVICE_ASSIGN)
async def assign(asking: Asking, port: Port, options: DeviceOptions) -> None:
    if options.mode not in ASSIGNED_MODES:
        raise ProtocolError(f"{shown(options.mode)} is not a valid AssignmentMode")
    identity = _identity(port)
    _check_again(asking, port, options.again)
    if identity_in(options.again.get("device_id")) not in {"", identity_in(port.device_id)}:
        raise ProtocolError("The payload names another device than the argument")
    row = mgmt1.VM_DEVICE_ASSIGN.of(asking.device_class)
    try:
        await asking.ask(row(asking.dest, _device(port), {**_options(options), MODE: options.mode, **identity}))
    except DeviceAlreadyAssigned as error:
        raise DeviceAlreadyAssigned(_text(asking, port, "already assigned")) from error


async def _assigned(asking: Asking, port: Port) -> _Assignment:
    """The assignment of exactly this port and device. Raises `DeviceNotAssigned`."""
    for each in _of_port(await _assignments(asking), port):
        if identity_in(each.port.device_id) == identity_in(port.device_id):
            return each
    raise DeviceNotAssigned(_text(asking, port, "not assigned"))


def _which(port: Port) -> dict[str, str]:
    """The option with which mgmt1 finds an assignment for any port."""
    return _identity(port) if port.port == ANY else {}


@answers(calls.VM_DEVICE_UNASSIGN)
async def unassign(asking: Asking, port: Port, _payload: None) -> None:
    await _assigned(asking, port)
    row = mgmt1.VM_DEVICE_UNASSIGN.of(asking.device_class)
    await asking.ask(row(asking.dest, _device(port), _which(port)))


@answers(calls.VM_DEVICE_SET_ASSIGNMENT)
async def set_assignment(asking: Asking, port: Port, mode: str) -> None:
    if mode not in ASSIGNED_MODES:
        raise Mgmt1Error.from_wire("QubesUnrecognizedDeviceAssignmentMode", "Invalid assignment mode")
    await _assigned(asking, port)
    row = mgmt1.VM_DEVICE_SET_ASSIGNMENT.of(asking.device_class)
    await asking.ask(row(asking.dest, _device(port), {MODE: mode, **_which(port)}))


# -- of Qubes 4.2 -----------------------------------------------------------------------------------------------------


@answers(calls.VM_DEVICE_LIST)
async def list_devices(asking: Asking, only: DeviceId | None, _payload: None) -> list[Mgmt1Row]:
    rows = await asking.ask(mgmt1.VM_DEVICE_LIST.of(asking.device_class)(asking.dest, only))
    return [Mgmt1Row(row.device, {**row.options, PERSISTENT: row.options.get(PERSISTENT, NO)}) for row in rows]


@answers(calls.VM_DEVICE_SET_PERSISTENT)
async def set_persistent(asking: Asking, device: DeviceId, persistent: bool) -> None:  # noqa: FBT001 - a payload
    if not persistent:
        await asking.ask(mgmt1.VM_DEVICE_UNASSIGN.of(asking.device_class)(asking.dest, device, {}))
        return
    attached = {row.device: row for row in await _attached_rows(asking)}
    if device not in attached:
        raise DeviceNotAssigned(f"'{asking.device_class} device {device.ident} not attached to {asking.dest}'")
    words = {**attached[device].options, PERSISTENT: YES}
    await asking.ask(mgmt1.VM_DEVICE_ATTACH.of(asking.device_class)(asking.dest, device, words))


# -- denied interfaces ------------------------------------------------------------------------------------------------


@answers(calls.VM_DEVICE_DENIED_LIST)
async def list_denied(asking: Asking, _arg: None, _payload: None) -> list[str]:
    return await asking.ask(mgmt1.VM_DEVICE_DENIED_LIST(asking.dest))


@answers(calls.VM_DEVICE_DENIED_ADD)
async def deny(asking: Asking, _arg: None, interfaces: str) -> None:
    if len(interfaces) % INTERFACE:
        text = (
            f"Invalid length of interfaces={shown(interfaces)} (is {len(interfaces)}, expected multiple of {INTERFACE})"
        )
        raise QubesValueError(text)
    await asking.ask(mgmt1.VM_DEVICE_DENIED_ADD(asking.dest, payload=interfaces))


@answers(calls.VM_DEVICE_DENIED_REMOVE)
async def allow(asking: Asking, _arg: None, interfaces: str) -> None:
    await asking.ask(mgmt1.VM_DEVICE_DENIED_REMOVE(asking.dest, payload=interfaces))
