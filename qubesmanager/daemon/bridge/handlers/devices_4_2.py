# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices in the form of Qubes 4.2 and older: one list, and an assignment is an attachment that persists.

An assigned device of a running qube is attached. Which device must be at a port, and modes, do not exist.
"""

from collections.abc import Iterable, Mapping

from qubesmanager.admin import calls
from qubesmanager.admin.codecs import ANY, DeviceOptions, Port
from qubesmanager.daemon.bridge.context import Context
from qubesmanager.daemon.bridge.reading import devices_of_4_2
from qubesmanager.rules.devices import IDENTITY, MODE, PERSISTENT, attaching
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import DeviceId, DeviceRow
from qubesmanager.wire.errors import DeviceNotAssigned, Mgmt1Error
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.records import YES
from qubesmanager.wire.values import DeviceClass, usual_mode

Listed = Mapping[DeviceId, Mapping[str, str]]


async def listed(context: Context, kind: DeviceClass) -> Listed | None:
    """The devices of the destination with their options; None if qubesd has the calls of Qubes 4.3."""
    rows = await devices_of_4_2(context.bridge.channel, context.dest, kind)
    return None if rows is None else {row.device: row.options for row in rows}


def is_persistent(options: Mapping[str, str]) -> bool:
    return options.get(PERSISTENT) == YES


def assignments(rows: Iterable[DeviceRow]) -> list[tuple[Port, DeviceOptions]]:
    """What is assigned, of all devices of a qube."""
    return [
        (Port(*row.device), DeviceOptions("", {key: text for key, text in row.options.items() if key != PERSISTENT}))
        for row in rows
        if is_persistent(row.options)
    ]


def assign_request(context: Context, qube: str, kind: DeviceClass, port: Port, options: DeviceOptions) -> Request[None]:
    """The call that assigns a device to a halted qube. Raises for a mode or an identity, which do not exist there."""
    if port.port == ANY or port.device_id not in {None, ANY} or options.mode not in {"", usual_mode(kind)}:
        raise not_possible(context)
    payload = DeviceOptions("", options.options, persistent=True, plain=True)
    return calls.VM_DEVICE_ATTACH.of(kind)(qube, Port(port.backend, port.port), payload)


async def attach(
    context: Context, kind: DeviceClass, device: DeviceId, options: Mapping[str, str], *, persistent: bool
) -> None:
    """Attach; a persistent one also to a halted qube, which gets it at each start."""
    payload = DeviceOptions("", options, persistent=persistent, plain=True)
    await context.change(calls.VM_DEVICE_ATTACH.of(kind)(context.dest, Port(*device), payload), "devices")


async def detach(context: Context, kind: DeviceClass, device: DeviceId, options: Mapping[str, str] | None) -> None:
    """Detach a device with these options, None if the qube does not have it; what persists ends first."""
    if options is None:
        raise refusal("device-not-assigned", context.dest, kind, str(device))
    if is_persistent(options):
        await _end_assignment(context, kind, device)
        if not (await context.mirror.record(context.dest)).running:
            return
    await _detach(context, kind, device)


async def detach_only(context: Context, kind: DeviceClass, device: DeviceId, options: Mapping[str, str] | None) -> None:
    """As `detach`; one that persists cannot be detached without ending that."""
    if options is not None and is_persistent(options):
        raise not_possible(context)
    await detach(context, kind, device, options)


async def assign(
    context: Context, kind: DeviceClass, device: DeviceId, untrusted: Mapping[str, str], devices: Listed
) -> None:
    """Make an attachment persist; for a halted qube, a new one."""
    if untrusted.get(IDENTITY) or untrusted.get(MODE, usual_mode(kind)) != usual_mode(kind):
        raise not_possible(context)
    if not (await context.mirror.record(context.dest)).running:
        await attach(context, kind, device, attaching(untrusted), persistent=True)
    elif device in devices:
        await _set_persistent(context, kind, device, persistent=True)
    else:
        raise not_possible(context)


async def unassign(context: Context, kind: DeviceClass, device: DeviceId, devices: Listed) -> None:
    """End what persists; a device that is attached stays attached."""
    if not is_persistent(devices.get(device, {})):
        raise refusal("device-not-assigned", context.dest, kind, str(device))
    await _end_assignment(context, kind, device)


def not_possible(context: Context) -> Mgmt1Error:
    """The error of a call that Qubes 4.2 and older have nothing for."""
    return refusal("call-not-in-qubes", context.call.name, Reason("instead-devices-4-2"))


async def _end_assignment(context: Context, kind: DeviceClass, device: DeviceId) -> None:
    """Qubes 4.2 detaches from a halted qube, and changes only a running one; our own daemon changes both."""
    if not (await context.mirror.record(context.dest)).running:
        try:
            await _detach(context, kind, device)
        except DeviceNotAssigned:
            pass
        else:
            return
    await _set_persistent(context, kind, device, persistent=False)


async def _detach(context: Context, kind: DeviceClass, device: DeviceId) -> None:
    await context.change(calls.VM_DEVICE_DETACH.of(kind)(context.dest, Port(*device)), "devices")


async def _set_persistent(context: Context, kind: DeviceClass, device: DeviceId, *, persistent: bool) -> None:
    await context.change(calls.VM_DEVICE_SET_PERSISTENT.of(kind)(context.dest, device, persistent), "devices")
