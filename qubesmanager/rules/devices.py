# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call about a device may contain: options, modes, identities, denied interfaces, names of disks."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from qubesmanager.wire.names import DEVICE_IDENT, DEVICE_IDENTITY, DEVICE_INTERFACE, shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.records import ANY_PORT, NO, YES, DeviceRecord
from qubesmanager.wire.values import ASSIGNED_MODES, DeviceClass, usual_mode

PERSISTENT = "persistent"
READ_ONLY = "read-only"
FRONTEND_DEV = "frontend-dev"
DEVTYPE = "devtype"
NO_STRICT_RESET = "no-strict-reset"
MODE = "mode"
IDENTITY = "identity"


class DeviceKey(NamedTuple):
    """One device, by what the daemon calls it."""

    device_class: DeviceClass
    backend: str
    ident: str

    def __str__(self) -> str:
        return f"{self.backend}:{self.ident}"


OF_ASSIGNMENT = frozenset({PERSISTENT, MODE, IDENTITY})
"""Options that say how a device is assigned; the others say how it is attached."""

AT_ANY_PORT = "_"
"""The ident of a call that means any port of the backend."""

_FLAG = (YES, NO)
_BY_CLASS: dict[DeviceClass, dict[str, Collection[str] | None]] = {
    DeviceClass.BLOCK: {PERSISTENT: _FLAG, READ_ONLY: _FLAG, FRONTEND_DEV: None, DEVTYPE: ("disk", "cdrom")},
    DeviceClass.USB: {PERSISTENT: _FLAG},
    DeviceClass.PCI: {PERSISTENT: _FLAG, NO_STRICT_RESET: _FLAG},
    DeviceClass.MIC: {PERSISTENT: _FLAG},
}
"""By class: the options and their values; None where a value is any `PLACE`."""

INTERFACE = 7
"""Characters of the name of an interface."""

PLACE = re.compile(r"xvd(?:[e-h]|[yz]|a[a-z])", re.ASCII)
"""xvda to xvdd are the qube's own disks, xvdi to xvdx its extra volumes."""

PLACES = tuple(f"xvda{chr(letter)}" for letter in range(ord("a"), ord("z") + 1))
"""Names for a disk that is attached without one, in the order in which they are given."""


def checked_options(device_class: DeviceClass, options: Mapping[str, str]) -> dict[str, str]:
    """The options in the order of the table, those that say nothing (`=no`, `devtype=disk`) left out.

    Raises `ProtocolError` for an option that the class does not have, `QubesValueError` for a value.
    """
    table = _BY_CLASS[device_class]
    for name in options:
        if name not in table:
            raise refusal("device-option", device_class, shown(name), ", ".join(table))
    checked = {}
    for name, values in table.items():
        if name not in options:
            continue
        value = options[name]
        if values is not None and value not in values:
            raise refusal("option-choice", name, ", ".join(values), shown(value))
        if values is None and not PLACE.fullmatch(value):
            raise refusal("device-option-place", name, shown(value))
        if value not in {NO, "disk"}:
            checked[name] = value
    return checked


def checked_assignment(device_class: DeviceClass, options: Mapping[str, str]) -> dict[str, str]:
    """The options of an assignment as a record has them: those of `checked_options`, and `mode` and `identity`.

    A mode that is usual for the class and an identity `*` are left out. Raises as `checked_options`.
    """
    mode = options.get(MODE, usual_mode(device_class))
    if mode not in ASSIGNED_MODES:
        raise refusal("option-choice", MODE, ", ".join(ASSIGNED_MODES), shown(mode))
    identity = options.get(IDENTITY, "").removeprefix(ANY_PORT)
    if identity and not DEVICE_IDENTITY.matches(identity):
        raise refusal("not-an-identity", shown(identity))
    checked = checked_options(device_class, attaching(options))
    checked[PERSISTENT] = YES
    if mode != usual_mode(device_class):
        checked[MODE] = mode
    if identity:
        checked[IDENTITY] = identity
    return checked


def attaching(options: Mapping[str, str]) -> dict[str, str]:
    """The options that say how a device is attached, without those of its assignment."""
    return {name: value for name, value in options.items() if name not in OF_ASSIGNMENT}


def assigned_ident(ident: str, identity: str) -> str:
    """The ident of an assignment that a call names by the port, or by `_` and an identity."""
    return f"{ANY_PORT}{identity}" if ident == AT_ANY_PORT else ident


def is_assigned_ident(ident: str) -> bool:
    """Whether a record may have this ident: a port, or any port with an identity or none."""
    identity = ident.removeprefix(ANY_PORT)
    if identity == ident:
        return DEVICE_IDENT.matches(ident) and ident != AT_ANY_PORT
    return not identity or DEVICE_IDENTITY.matches(identity)


def fits(record: DeviceRecord, ident: str, identity: str) -> bool:
    """Whether an assignment is for the device of this identity at this port of its backend."""
    return (record.any_port or record.ident == ident) and record.identity in {"", identity}


def interfaces_of(denied: str) -> list[str] | None:
    """The interfaces of a list as `devices_denied` has it, each once; None if it is not one."""
    parts = [denied[at : at + INTERFACE] for at in range(0, len(denied), INTERFACE)]
    return list(dict.fromkeys(parts)) if all(map(DEVICE_INTERFACE.matches, parts)) else None


def denied_interface(denied: str, interfaces: Iterable[str]) -> str | None:
    """The first of a device's interfaces that a list denies; `*` in the list is any character."""
    patterns = interfaces_of(denied) or []
    return next((each for each in interfaces if any(_covers(pattern, each) for pattern in patterns)), None)


def _covers(pattern: str, interface: str) -> bool:
    return all(mine in {"*", theirs} for mine, theirs in zip(pattern, interface, strict=True))


def free_place(taken: Collection[str]) -> str | None:
    """The first name for a disk that is not taken; None when all are."""
    return next((place for place in PLACES if place not in taken), None)


def share_a_disk(device: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether one is a partition of the other. Each is the ident of a block device and that of its disk, or nothing.

    Where both could be written by different qubes the data on them would be lost: one of them is attached at a time.
    """
    return device[1] == other[0] or other[1] == device[0]


def why_not_balanced(maxmem: int, pci_devices: int) -> Reason | None:
    """Why memory balancing and PCI devices do not go together, as a sentence; None if they need not.

    A device writes to the qube's memory by itself, so none of it may be taken away.
    """
    if maxmem and pci_devices:
        return Reason("pci-not-balanced")
    return None
