# SPDX-License-Identifier: GPL-3.0-or-later
"""Records to test models and windows with."""

from qubesmanager.client.live_copy import LiveCopy
from qubesmanager.wire.records import PropertyValue, VmRecord
from qubesmanager.wire.values import PowerState, VmClass


def vm(
    name: str,
    klass: VmClass = VmClass.APP,
    state: PowerState = PowerState.HALTED,
    *,
    tags: tuple[str, ...] = (),
    notes: str = "",
    **properties: str,
) -> VmRecord:
    """A qube; properties that are not given are as for a new one. A property given here is the qube's own."""
    defaults = {"label": "red", "memory": "400", "include_in_backups": "yes", "netvm": "", "template": ""}
    values = {key: PropertyValue(value, True) for key, value in defaults.items()}
    values |= {key: PropertyValue(value, False) for key, value in properties.items()}
    return VmRecord(name, klass, state, values, {}, frozenset(tags), (), (), notes)


def live_copy(*records: VmRecord, **properties: str) -> LiveCopy:
    """A client's copy of a system of these qubes, with these properties of the system."""
    return LiveCopy({record.name: record for record in records}, properties)
