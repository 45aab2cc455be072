# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be said when a device is attached: the options of each class and where a disk may appear."""

import re
from collections.abc import Collection, Mapping

from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.records import NO, YES
from qubesmanager.wire.values import DeviceClass

PERSISTENT = "persistent"
READ_ONLY = "read-only"
FRONTEND_DEV = "frontend-dev"
DEVTYPE = "devtype"
NO_STRICT_RESET = "no-strict-reset"

_FLAG = (YES, NO)
_BY_CLASS: dict[DeviceClass, dict[str, Collection[str] | None]] = {
    DeviceClass.BLOCK: {PERSISTENT: _FLAG, READ_ONLY: _FLAG, FRONTEND_DEV: None, DEVTYPE: ("disk", "cdrom")},
    DeviceClass.USB: {PERSISTENT: _FLAG},
    DeviceClass.PCI: {PERSISTENT: _FLAG, NO_STRICT_RESET: _FLAG},
    DeviceClass.MIC: {PERSISTENT: _FLAG},
}
"""By class: the options and their values; None where a pattern says it."""

PLACE = re.compile(r"xvd(?:[e-h]|[yz]|a[a-z])", re.ASCII)
"""xvda to xvdd are the qube's own disks, xvdi to xvdx its extra volumes."""

PLACES = tuple(f"xvda{chr(letter)}" for letter in range(ord("a"), ord("z") + 1))
"""Where a disk goes that was not told where."""


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


def free_place(taken: Collection[str]) -> str | None:
    """The first place for a disk that is not taken; None when all are."""
    return next((place for place in PLACES if place not in taken), None)


def why_not_balanced(maxmem: int, pci_devices: int) -> Reason | None:
    """Why memory balancing and PCI devices do not go together, as a sentence; None if they need not.

    A device writes to the qube's memory by itself, so none of it may be taken away.
    """
    if maxmem and pci_devices:
        return Reason("pci-not-balanced")
    return None
