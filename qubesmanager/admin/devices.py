# SPDX-License-Identifier: GPL-3.0-or-later
"""How Qubes OS names devices in ports and identities, and where mgmt1 names the same."""

from qubesmanager.admin.codecs import ANY
from qubesmanager.rules.devices import AT_ANY_PORT

UNKNOWN = ":None"
"""The device id that Qubes OS gives a disk that it cannot tell from others."""


def identity_in(device_id: str | None) -> str:
    """The identity that a device id asks for; empty for any device."""
    return "" if device_id in {None, ANY, UNKNOWN} else str(device_id)


def port_of(ident: str) -> str:
    """The port of an assignment, from its ident in mgmt1."""
    return ANY if ident == AT_ANY_PORT else ident


def ident_of(port: str) -> str:
    """The ident in mgmt1 of an assignment for this port."""
    return AT_ANY_PORT if port == ANY else port
