# SPDX-License-Identifier: GPL-3.0-or-later
"""The row of a property that a call names."""

from qubesmanager.daemon.local.core import properties, system_properties
from qubesmanager.daemon.local.core.property import Property, SystemProperty
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal


def property_of(qube: Qube, name: str) -> Property:
    """Raises `QubesNoSuchPropertyError` if the qube's class has no such property."""
    row = properties.TABLE.get(name)
    if row is None or qube.klass not in row.classes:
        raise refusal("no-such-property", qube.name, qube.klass, shown(name))
    return row


def system_property(name: str) -> SystemProperty:
    """Raises `QubesNoSuchPropertyError`."""
    row = system_properties.TABLE.get(name)
    if row is None:
        raise refusal("no-such-system-property", shown(name))
    return row
