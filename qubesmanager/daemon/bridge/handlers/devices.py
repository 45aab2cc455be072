# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices, in the form of Qubes 4.3 and later."""

from collections.abc import Mapping

from qubesmanager.admin import calls
from qubesmanager.admin.codecs import ANY, DeviceOptions, Port
from qubesmanager.admin.codecs import DeviceRow as QubesRow
from qubesmanager.admin.devices import (
    assignment_of,
    available_of,
    device_of,
    ident_of,
    identity_of,
    options_of,
    port_of,
)
from qubesmanager.daemon.bridge.context import Context, answers
from qubesmanager.daemon.bridge.handlers import devices_4_2
from qubesmanager.daemon.bridge.reading import devices_of_4_2
from qubesmanager.rules.devices import IDENTITY, MODE, PERSISTENT, attaching
from qubesmanager.wire import calls as m
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import AvailableDevice, DeviceId, DeviceRow
from qubesmanager.wire.errors import Mgmt1Error, NoAnswerError
from qubesmanager.wire.names import DOM0, shown
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.records import NO, YES
from qubesmanager.wire.values import ASSIGNED_MODES, DeviceClass, usual_mode

_OPTIONS = frozenset({"read-only", "frontend-dev", "devtype", "no-strict-reset", "permissive"})
_MICROPHONE = Port(DOM0, "mic")

# -- lists ------------------------------------------------------------------------------------------------------------


@answers(m.DEVICECLASS_LIST)
async def list_classes(context: Context, _arg: None, _payload: None) -> list[DeviceClass]:
    return await context.rows(calls.DEVICECLASS_LIST(DOM0))


@answers(m.VM_DEVICE_AVAILABLE)
async def available(context: Context, only: str | None, _payload: None) -> list[AvailableDevice]:
    rows = await context.rows(calls.VM_DEVICE_AVAILABLE.of(context.device_class)(context.dest))
    devices = sorted((available_of(row) for row in rows), key=lambda device: device.ident)
    context.mirror.offered[context.dest, context.device_class] = frozenset(device.ident for device in devices)
    return [device for device in devices if only in {None, device.ident}]


async def _attached(context: Context, kind: DeviceClass) -> dict[DeviceId, Mapping[str, str]]:
    rows = await context.rows(calls.VM_DEVICE_ATTACHED.of(kind)(context.dest))
    return {device_of(row): options_of(row) for row in rows}


async def _assigned(context: Context, qube: str, kind: DeviceClass) -> list[tuple[Port, QubesRow]]:
    rows = await context.rows(calls.VM_DEVICE_ASSIGNED.of(kind)(qube))
    return [(Port(*device_of(row), row.fields.get("device_id", ANY)), row) for row in rows]


@answers(m.VM_DEVICE_ATTACHED)
async def list_attached(context: Context, only: DeviceId | None, _payload: None) -> list[DeviceRow]:
    attached: devices_4_2.Listed
    if (old := await devices_4_2.listed(context, context.device_class)) is not None:
        attached = old if await _running(context) else {}
    else:
        attached = await _attached(context, context.device_class)
    return [DeviceRow(*row) for row in sorted(attached.items()) if only in {None, row[0]}]


@answers(m.VM_DEVICE_ASSIGNED)
async def list_assigned(context: Context, only: DeviceId | None, _payload: None) -> list[DeviceRow]:
    if (old := await devices_4_2.listed(context, context.device_class)) is not None:
        persistent = [DeviceRow(*row) for row in sorted(old.items()) if devices_4_2.is_persistent(row[1])]
        return [row for row in persistent if only in {None, row.device}]
    rows = [
        DeviceRow(DeviceId(port.backend, ident_of(port.port)), assignment_of(row))
        for port, row in await _assigned(context, context.dest, context.device_class)
    ]
    return [row for row in sorted(rows, key=lambda row: row.device) if only in {None, row.device}]


@answers(m.VM_DEVICE_LIST)
async def list_devices(context: Context, only: DeviceId | None, _payload: None) -> list[DeviceRow]:
    if (old := await devices_4_2.listed(context, context.device_class)) is not None:
        return [DeviceRow(*row) for row in sorted(old.items()) if only in {None, row[0]}]
    devices = dict(await _attached(context, context.device_class))
    for port, row in await _assigned(context, context.dest, context.device_class):
        if port.port != ANY:
            device = DeviceId(port.backend, port.port)
            devices[device] = {**devices.get(device, {}), **assignment_of(row), PERSISTENT: YES}
    return [DeviceRow(*row) for row in sorted(devices.items()) if only in {None, row[0]}]


async def assignments(context: Context, qube: str, kind: DeviceClass) -> list[tuple[Port, DeviceOptions]]:
    """What is assigned to a qube, as `assign_request` takes it."""
    if (old := await devices_of_4_2(context.bridge.channel, qube, kind)) is not None:
        return devices_4_2.assignments(old)
    return [
        (port, DeviceOptions(row.fields.get("mode", ""), options_of(row)))
        for port, row in await _assigned(context, qube, kind)
    ]


async def assign_request(
    context: Context, qube: str, kind: DeviceClass, port: Port, options: DeviceOptions
) -> Request[None]:
    """The call that assigns a device to a halted qube, in the form of this qubesd."""
    if await devices_of_4_2(context.bridge.channel, qube, kind) is not None:
        return devices_4_2.assign_request(context, qube, kind, port, options)
    return calls.VM_DEVICE_ASSIGN.of(kind)(qube, port, options)


async def unassign_request(context: Context, qube: str, kind: DeviceClass, port: Port) -> Request[None]:
    """The call that takes an assignment from a halted qube."""
    if await devices_of_4_2(context.bridge.channel, qube, kind) is not None:
        return calls.VM_DEVICE_DETACH.of(kind)(qube, Port(port.backend, port.port))
    return calls.VM_DEVICE_UNASSIGN.of(kind)(qube, port)


# -- changes ----------------------------------------------------------------------------------------------------------


def _options(untrusted: Mapping[str, str]) -> dict[str, str]:
    """The options that are a device's own. Raises `QubesValueError` for one that Qubes OS does not know."""
    options = attaching(untrusted)
    for key in options.keys() - _OPTIONS:
        raise refusal("qubes-device-option", shown(key))
    return options


async def _checked_backend(context: Context, backend: str) -> None:
    """Raises `QubesVMNotFoundError` for a qube that is not there: qubesd fails at it."""
    if backend not in context.mirror.records:
        await context.mirror.record(backend)


def _checked_mode(untrusted: str) -> str:
    """Raises `QubesValueError` for a mode in which nothing is assigned: qubesd fails at it."""
    if untrusted not in ASSIGNED_MODES:
        raise refusal("option-choice", MODE, ", ".join(ASSIGNED_MODES), shown(untrusted))
    return untrusted


async def _running(context: Context) -> bool:
    return (await context.mirror.record(context.dest)).running


async def _assign(context: Context, kind: DeviceClass, port: Port, mode: str, options: Mapping[str, str]) -> None:
    await _checked_backend(context, port.backend)
    payload = DeviceOptions(_checked_mode(mode), options)
    await context.change(calls.VM_DEVICE_ASSIGN.of(kind)(context.dest, port, payload))


async def _attach_now(context: Context, kind: DeviceClass, device: DeviceId, options: Mapping[str, str]) -> None:
    await _checked_backend(context, device.backend)
    await context.change(calls.VM_DEVICE_ATTACH.of(kind)(context.dest, Port(*device), DeviceOptions("", options)))


@answers(m.VM_DEVICE_ATTACH)
async def attach(context: Context, device: DeviceId, untrusted: Mapping[str, str]) -> None:
    """Attach; with persistent=yes assign it first, and attach it if the qube runs."""
    kind, options = context.device_class, _options(untrusted)
    if await devices_4_2.listed(context, kind) is not None:
        await _checked_backend(context, device.backend)
        await devices_4_2.attach(context, kind, device, options, persistent=untrusted.get(PERSISTENT, NO) == YES)
        return
    if untrusted.get(PERSISTENT, NO) != YES:
        await _attach_now(context, kind, device, options)
        return
    mode = untrusted.get(MODE) or usual_mode(kind)
    port = Port(*device, untrusted.get(IDENTITY) or ANY)
    await context.bridge.to_the_end(_attach_always(context, kind, port, mode, options))


async def _attach_always(
    context: Context, kind: DeviceClass, port: Port, mode: str, options: Mapping[str, str]
) -> None:
    """Assign, and attach if the qube runs. Where that is refused, the assignment is removed again.

    After no answer it stays: the device may be attached.
    """
    await _assign(context, kind, port, mode, options)
    if not await _running(context):
        return
    try:
        await _attach_now(context, kind, DeviceId(port.backend, port.port), options)
    except NoAnswerError:
        raise
    except Mgmt1Error:
        await context.change(calls.VM_DEVICE_UNASSIGN.of(kind)(context.dest, port))
        raise


@answers(m.VM_DEVICE_DETACH)
async def detach(context: Context, device: DeviceId, _payload: None) -> None:
    """Remove the assignments of the port, then detach what is there."""
    kind = context.device_class
    if (old := await devices_4_2.listed(context, kind)) is not None:
        await devices_4_2.detach(context, kind, device, old.get(device))
        return
    assigned = [port for port, _row in await _assigned(context, context.dest, kind) if port[:2] == tuple(device)]
    for port in assigned:
        await context.change(calls.VM_DEVICE_UNASSIGN.of(kind)(context.dest, port))
    if device in await _attached(context, kind):
        await context.change(calls.VM_DEVICE_DETACH.of(kind)(context.dest, Port(*device)))
    elif not assigned:
        raise refusal("device-not-assigned", context.dest, kind, str(device))


@answers(m.VM_DEVICE_DETACH_ONLY)
async def detach_only(context: Context, device: DeviceId, _payload: None) -> None:
    if (old := await devices_4_2.listed(context, context.device_class)) is not None:
        await devices_4_2.detach_only(context, context.device_class, device, old.get(device))
        return
    await context.change(calls.VM_DEVICE_DETACH.of(context.device_class)(context.dest, Port(*device)))


@answers(m.VM_DEVICE_ASSIGN)
async def assign(context: Context, device: DeviceId, untrusted: Mapping[str, str]) -> None:
    kind = context.device_class
    if (old := await devices_4_2.listed(context, kind)) is not None:
        await _checked_backend(context, device.backend)
        await devices_4_2.assign(context, kind, device, {**untrusted, **_options(untrusted)}, old)
        return
    port = Port(device.backend, port_of(device.ident), untrusted.get(IDENTITY) or ANY)
    await _assign(context, kind, port, untrusted.get(MODE) or usual_mode(kind), _options(untrusted))


async def _assignment_of(context: Context, device: DeviceId, identity: str) -> Port:
    """The assignment, named exactly as qubesd has it. Raises `DeviceNotAssigned`."""
    for port, row in await _assigned(context, context.dest, context.device_class):
        if port[:2] == (device.backend, port_of(device.ident)) and identity in {"", identity_of(row)}:
            return port
    raise refusal("device-not-assigned", context.dest, context.device_class, str(device))


@answers(m.VM_DEVICE_UNASSIGN)
async def unassign(context: Context, device: DeviceId, options: Mapping[str, str]) -> None:
    if (old := await devices_4_2.listed(context, context.device_class)) is not None:
        await devices_4_2.unassign(context, context.device_class, device, old)
        return
    port = await _assignment_of(context, device, options.get(IDENTITY, ""))
    await context.change(calls.VM_DEVICE_UNASSIGN.of(context.device_class)(context.dest, port))


@answers(m.VM_DEVICE_SET_ASSIGNMENT)
async def set_assignment(context: Context, device: DeviceId, options: Mapping[str, str]) -> None:
    if await devices_4_2.listed(context, context.device_class) is not None:
        raise devices_4_2.not_possible(context)
    port = await _assignment_of(context, device, options.get(IDENTITY, ""))
    row = calls.VM_DEVICE_SET_ASSIGNMENT.of(context.device_class)
    await context.change(row(context.dest, port, _checked_mode(options.get(MODE, ""))))


@answers(m.VM_MICROPHONE_ATTACH)
async def attach_microphone(context: Context, _arg: None, _payload: None) -> None:
    row = calls.VM_DEVICE_ATTACH.of(DeviceClass.MIC)
    await context.change(row(context.dest, _MICROPHONE, DeviceOptions()))


@answers(m.VM_MICROPHONE_DETACH)
async def detach_microphone(context: Context, _arg: None, _payload: None) -> None:
    await context.change(calls.VM_DEVICE_DETACH.of(DeviceClass.MIC)(context.dest, _MICROPHONE))


@answers(m.VM_DEVICE_DENIED_LIST)
async def list_denied(context: Context, _arg: None, _payload: None) -> list[str]:
    return await context.ask(calls.VM_DEVICE_DENIED_LIST(context.dest))


@answers(m.VM_DEVICE_DENIED_ADD)
async def deny(context: Context, _arg: None, interfaces: str) -> None:
    await context.change(calls.VM_DEVICE_DENIED_ADD(context.dest, payload=interfaces))


@answers(m.VM_DEVICE_DENIED_REMOVE)
async def allow(context: Context, _arg: None, interfaces: str) -> None:
    await context.change(calls.VM_DEVICE_DENIED_REMOVE(context.dest, payload=interfaces))
