# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of a qube: what it offers, what it has, attaching and detaching."""

from collections.abc import Mapping

from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import AvailableDevice, DeviceId, DeviceRow
from qubesmanager.wire.names import DOM0, shown
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import DeviceClass

MICROPHONE = DeviceId(DOM0, "mic")


@answers(calls.VM_DEVICE_AVAILABLE)
async def available(context: Context, only: str | None, _payload: None) -> list[AvailableDevice]:
    devices = await context.system.devices.available(context.qube, context.device_class)
    return [
        AvailableDevice(device.ident, device.details, device.description)
        for device in devices
        if only in {None, device.ident}
    ]


@answers(calls.VM_DEVICE_LIST)
async def list_devices(context: Context, only: DeviceId | None, _payload: None) -> list[DeviceRow]:
    rows = [
        DeviceRow(DeviceId(device.backend, device.ident), device.options)
        for device in context.qube.devices
        if device.device_class is context.device_class
    ]
    return [row for row in sorted(rows, key=lambda row: row.device) if only in {None, row.device}]


@answers(calls.VM_DEVICE_ATTACH)
async def attach(context: Context, device: DeviceId, options: Mapping[str, str]) -> None:
    if not context.sees(device.backend):
        raise refusal("no-such-qube", shown(device.backend))
    await context.system.devices.attach(context.qube, context.device_class, device, options)


@answers(calls.VM_DEVICE_DETACH)
async def detach(context: Context, device: DeviceId, _payload: None) -> None:
    await context.system.devices.detach(context.qube, context.device_class, device)


@answers(calls.VM_MICROPHONE_ATTACH)
async def attach_microphone(context: Context, _arg: None, _payload: None) -> None:
    await context.system.devices.attach(context.qube, DeviceClass.MIC, MICROPHONE, {})


@answers(calls.VM_MICROPHONE_DETACH)
async def detach_microphone(context: Context, _arg: None, _payload: None) -> None:
    await context.system.devices.detach(context.qube, DeviceClass.MIC, MICROPHONE)
