# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of a qube: what it offers, what it has, attaching and detaching."""

from collections.abc import Callable, Mapping

from qubesmanager.daemon.local.drivers.devices.base import DeviceInfo
from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.rules.devices import AT_ANY_PORT, IDENTITY, MODE, attaching, interfaces_of
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import AvailableDevice, DeviceId, DeviceRow
from qubesmanager.wire.names import DOM0, shown
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.records import DeviceRecord
from qubesmanager.wire.values import DeviceClass

MICROPHONE = DeviceId(DOM0, "mic")


@answers(calls.VM_DEVICE_AVAILABLE)
async def available(context: Context, only: str | None, _payload: None) -> list[AvailableDevice]:
    devices = await context.system.devices.available(context.qube, context.device_class)
    return [
        AvailableDevice(device.ident, _details(device), device.description)
        for device in devices
        if only in {None, device.ident}
    ]


@answers(calls.VM_DEVICE_LIST)
async def list_devices(context: Context, only: DeviceId | None, _payload: None) -> list[DeviceRow]:
    return _rows(context, only, lambda device: None if device.any_port else device.options)


@answers(calls.VM_DEVICE_ATTACHED)
async def list_attached(context: Context, only: DeviceId | None, _payload: None) -> list[DeviceRow]:
    return _rows(context, only, lambda device: attaching(device.options) if device.attached else None)


@answers(calls.VM_DEVICE_ASSIGNED)
async def list_assigned(context: Context, only: DeviceId | None, _payload: None) -> list[DeviceRow]:
    return _rows(context, only, _assignment)


def _assignment(device: DeviceRecord) -> Mapping[str, str] | None:
    if not device.persistent:
        return None
    identity = {IDENTITY: device.identity} if device.identity else {}
    return {MODE: device.mode, **identity, **attaching(device.options)}


def _rows(
    context: Context, only: DeviceId | None, options_of: Callable[[DeviceRecord], Mapping[str, str] | None]
) -> list[DeviceRow]:
    """A row for each device of the class of which `options_of` gives options, by backend and ident."""
    rows = [
        DeviceRow(DeviceId(device.backend, AT_ANY_PORT if device.any_port else device.ident), options)
        for device in context.qube.devices
        if device.device_class is context.device_class and (options := options_of(device)) is not None
    ]
    return [row for row in sorted(rows, key=lambda row: row.device) if only in {None, row.device}]


def _details(device: DeviceInfo) -> dict[str, str]:
    """The details of a device for a caller, without its description."""
    identity = {IDENTITY: device.identity} if device.identity else {}
    interfaces = {"interfaces": "".join(device.interfaces)} if device.interfaces else {}
    return {**device.details, **identity, **interfaces}


@answers(calls.VM_DEVICE_ASSIGN)
async def assign(context: Context, device: DeviceId, options: Mapping[str, str]) -> None:
    if not context.sees(device.backend):
        raise refusal("no-such-qube", shown(device.backend))
    await context.system.devices.assign(context.qube, context.device_class, device, options)


@answers(calls.VM_DEVICE_UNASSIGN)
async def unassign(context: Context, device: DeviceId, options: Mapping[str, str]) -> None:
    identity = _only_of(options, IDENTITY)
    await context.system.devices.unassign(context.qube, context.device_class, device, identity)


@answers(calls.VM_DEVICE_SET_ASSIGNMENT)
async def set_assignment(context: Context, device: DeviceId, options: Mapping[str, str]) -> None:
    rest = {name: value for name, value in options.items() if name != MODE}
    identity = _only_of(rest, IDENTITY)
    mode = options.get(MODE, "")
    await context.system.devices.set_mode(context.qube, context.device_class, device, identity, mode)


def _only_of(options: Mapping[str, str], name: str) -> str:
    """The value of the only option that a call takes; empty if it is not given."""
    for other in options:
        if other != name:
            raise refusal("call-option", shown(other), name)
    return options.get(name, "")


@answers(calls.VM_DEVICE_DENIED_LIST)
async def list_denied(context: Context, _arg: None, _payload: None) -> list[str]:
    return interfaces_of(context.qube.value("devices_denied")) or []


@answers(calls.VM_DEVICE_DENIED_ADD)
async def deny(context: Context, _arg: None, interfaces: str) -> None:
    await context.system.settings.deny_devices(context.dest, interfaces)


@answers(calls.VM_DEVICE_DENIED_REMOVE)
async def allow(context: Context, _arg: None, interfaces: str) -> None:
    await context.system.settings.allow_devices(context.dest, interfaces)


@answers(calls.VM_DEVICE_ATTACH)
async def attach(context: Context, device: DeviceId, options: Mapping[str, str]) -> None:
    if not context.sees(device.backend):
        raise refusal("no-such-qube", shown(device.backend))
    await context.system.devices.attach(context.qube, context.device_class, device, options)


@answers(calls.VM_DEVICE_DETACH)
async def detach(context: Context, device: DeviceId, _payload: None) -> None:
    await context.system.devices.detach(context.qube, context.device_class, device)


@answers(calls.VM_DEVICE_DETACH_ONLY)
async def detach_only(context: Context, device: DeviceId, _payload: None) -> None:
    await context.system.devices.detach(context.qube, context.device_class, device, keep_assigned=True)


@answers(calls.VM_MICROPHONE_ATTACH)
async def attach_microphone(context: Context, _arg: None, _payload: None) -> None:
    await context.system.devices.attach(context.qube, DeviceClass.MIC, MICROPHONE, {})


@answers(calls.VM_MICROPHONE_DETACH)
async def detach_microphone(context: Context, _arg: None, _payload: None) -> None:
    await context.system.devices.detach(context.qube, DeviceClass.MIC, MICROPHONE)
