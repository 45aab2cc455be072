# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that attach, detach and assign devices, and what the events must show before the next one is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from qubesmanager.plans.lifecycle import start_step
from qubesmanager.plans.plan import DEVICE, Key, Step
from qubesmanager.rules.devices import AT_ANY_PORT, FRONTEND_DEV, IDENTITY, MODE, PERSISTENT, DeviceKey
from qubesmanager.rules.facts import HALTED, Facts
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import DeviceId
from qubesmanager.wire.records import ANY_PORT, YES, DeviceRecord
from qubesmanager.wire.values import DeviceClass, usual_mode


def device_key(device_class: DeviceClass, backend: str, ident: str) -> Key:
    """The key of a step about a device; `key_device` takes it apart."""
    return DEVICE, f"{device_class} {backend}+{ident}"


def key_device(key: Key) -> DeviceKey:
    """The device of such a key."""
    device_class, _, device = key[1].partition(" ")
    backend, _, ident = device.partition("+")
    return DeviceKey(DeviceClass(device_class), backend, ident)


def options_text(options: Mapping[str, str]) -> str:
    """The options that a user chooses for an assigned device, by name: `name=value` with blanks between.

    The disk's name in the guest is left out: the daemon chooses it.
    """
    return " ".join(
        f"{name}={value}" for name, value in sorted(options.items()) if name not in {PERSISTENT, FRONTEND_DEV}
    )


def text_options(text: str) -> dict[str, str]:
    """The options of a text as `options_text` gives it."""
    return {name: value for word in text.split() for name, _, value in [word.partition("=")]}


# -- attaching and detaching now --------------------------------------------------------------------------------------


class Seen(Enum):
    """What the events show of a device and a qube once a step came true."""

    ATTACHED = "attached"
    DETACHED = "detached"
    ASSIGNED = "assigned"


@dataclass(frozen=True, slots=True)
class DeviceStep:
    """A step about `device` and `qube`. `shown`: what must be shown before the next step; None: the answer is enough.

    `is_start`: the step starts the qube, which may take longer than dom0 takes for a device.
    """

    step: Step
    device: DeviceKey
    qube: str
    shown: Seen | None = None
    is_start: bool = False

    def came_true(self, facts: Facts) -> bool:
        """Whether the facts show what the step brings about."""
        qube = facts.qubes.get(self.qube)
        record = next((each for each in qube.devices if each[:3] == tuple(self.device)), None) if qube else None
        match self.shown:
            case Seen.ATTACHED:
                return record is not None and record.attached
            case Seen.ASSIGNED:
                return record is not None and record.persistent
            case Seen.DETACHED:
                return record is None or not record.attached
        return True


def attach_steps(
    facts: Facts, device: DeviceKey, qube: str, options: Mapping[str, str], *, start: bool = True
) -> list[DeviceStep]:
    """Give the device to the qube, and start the qube if it is halted.

    With the option `persistent` the qube gets the device at each start: then it is started afterwards, and not at all
    if `start` is false.
    """
    record = facts.qubes.get(qube)
    is_halted = record is not None and record.state in HALTED
    is_assigned = options.get(PERSISTENT) == YES
    request = calls.VM_DEVICE_ATTACH.of(device.device_class)(qube, _device_id(device), dict(options))
    shown = Seen.ASSIGNED if is_assigned else Seen.ATTACHED
    steps = [DeviceStep(Step(device_key(*device), request), device, qube, shown)]
    if is_halted and not is_assigned:
        steps.insert(0, DeviceStep(start_step(qube), device, qube, is_start=True))
    elif is_halted and start:
        steps.append(DeviceStep(start_step(qube), device, qube, Seen.ATTACHED, is_start=True))
    return steps


def detach_steps(device: DeviceKey, qube: str) -> list[DeviceStep]:
    """Take the device from the qube, also at its next start. One at any port is only assigned, so it is unassigned."""
    if device.ident.startswith(ANY_PORT):
        name = device.ident.removeprefix(ANY_PORT)
        unassign = _unassign_any_port(device, qube, {IDENTITY: name} if name else {})
        return [DeviceStep(Step(device_key(*device), unassign), device, qube)]
    return [DeviceStep(Step(device_key(*device), _detach(device, qube)), device, qube, Seen.DETACHED)]


# -- what a qube gets at each start -----------------------------------------------------------------------------------


def assignment_steps(qube: str, key: Key, present: DeviceRecord | None, text: str | None) -> list[Step]:
    """Assign the device of the key to the qube with these options (`options_text`); None: it is not assigned.

    `present`: what the qube has of the device now. Options are added while the qube does not have the device;
    otherwise it is removed and given again.
    """
    device = key_device(key)
    if present is not None and present.any_port:
        return _any_port_steps(qube, key, present, text)
    target = _device_id(device)
    detach = Step(key, _detach(device, qube))
    if text is None:
        return [detach]
    before = text_options(options_text(present.options)) if present and present.persistent else None
    after = text_options(text)
    if before is not None and _without_mode(before) == _without_mode(after):
        return [Step(key, calls.VM_DEVICE_SET_ASSIGNMENT.of(device.device_class)(qube, target, _mode(device, after)))]
    disk = present.options.get(FRONTEND_DEV) if present is not None else None
    options = {**after, FRONTEND_DEV: disk} if disk else after
    if {MODE, IDENTITY} & {*after, *(before or {})}:
        assign = Step(key, calls.VM_DEVICE_ASSIGN.of(device.device_class)(qube, target, options))
        unassign = Step(key, calls.VM_DEVICE_UNASSIGN.of(device.device_class)(qube, target, {}))
        return [assign] if before is None else [unassign, assign]
    options = {PERSISTENT: YES, **options}
    attach = Step(key, calls.VM_DEVICE_ATTACH.of(device.device_class)(qube, target, options))
    if present is None or not present.persistent:
        return [attach]
    return [attach] if not present.attached and present.options.items() <= options.items() else [detach, attach]


def _any_port_steps(qube: str, key: Key, present: DeviceRecord, text: str | None) -> list[Step]:
    """The same for an assignment at any port, which is never attached itself: it keeps its identity."""
    device = key_device(key)
    identity = {IDENTITY: present.identity} if present.identity else {}
    unassign = Step(key, _unassign_any_port(device, qube, identity))
    if text is None:
        return [unassign]
    target, after = DeviceId(device.backend, AT_ANY_PORT), text_options(text)
    if _without_mode(text_options(options_text(present.options))) == _without_mode(after):
        options = {**_mode(device, after), **identity}
        return [Step(key, calls.VM_DEVICE_SET_ASSIGNMENT.of(device.device_class)(qube, target, options))]
    assign = calls.VM_DEVICE_ASSIGN.of(device.device_class)(qube, target, {**after, **identity})
    return [unassign, Step(key, assign)]


def _mode(device: DeviceKey, options: Mapping[str, str]) -> dict[str, str]:
    return {MODE: options.get(MODE, usual_mode(device.device_class))}


def _without_mode(options: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in options.items() if name != MODE}


# -- calls ------------------------------------------------------------------------------------------------------------


def _device_id(device: DeviceKey) -> DeviceId:
    return DeviceId(device.backend, device.ident)


def _detach(device: DeviceKey, qube: str) -> Request[Any]:
    return calls.VM_DEVICE_DETACH.of(device.device_class)(qube, _device_id(device))


def _unassign_any_port(device: DeviceKey, qube: str, identity: Mapping[str, str]) -> Request[Any]:
    return calls.VM_DEVICE_UNASSIGN.of(device.device_class)(qube, DeviceId(device.backend, AT_ANY_PORT), dict(identity))
