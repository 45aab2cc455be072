# SPDX-License-Identifier: GPL-3.0-or-later
"""The row of a property that a call names, and whether the property may change now."""

from qubesmanager.daemon.local.core import properties, system_properties
from qubesmanager.daemon.local.core.property import Change, Property, SystemProperty
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.wire.errors import QubesNoSuchPropertyError, QubesPropertyValueError, QubesVMNotHaltedError
from qubesmanager.wire.names import shown


def property_of(qube: Qube, name: str) -> Property:
    """Raises `QubesNoSuchPropertyError` if the qube's class has no such property."""
    row = properties.TABLE.get(name)
    if row is None or qube.klass not in row.classes:
        raise QubesNoSuchPropertyError(f"{qube.name} ({qube.klass}) has no property {shown(name)}.")
    return row


def system_property(name: str) -> SystemProperty:
    """Raises `QubesNoSuchPropertyError`."""
    row = system_properties.TABLE.get(name)
    if row is None:
        raise QubesNoSuchPropertyError(f"There is no system-wide property {shown(name)}.")
    return row


def check_may_change(qube: Qube, row: Property) -> None:
    """Raises `QubesPropertyValueError` for a read-only property, `QubesVMNotHaltedError` while the qube runs."""
    if row.change is Change.NEVER:
        raise QubesPropertyValueError(f"{row.name} is read-only.")
    if row.change is Change.HALTED and qube.running:
        raise QubesVMNotHaltedError(f"{row.name} of {qube.name} changes only while it is halted; it is {qube.state}.")
