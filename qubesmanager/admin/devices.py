# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of Qubes OS as mgmt1 has them, and the other way: ports, identities, rows."""

from collections.abc import Mapping

from qubesmanager.admin.codecs import ANY, DeviceRow, Port, flag_to_mgmt1
from qubesmanager.rules.devices import AT_ANY_PORT, DEVTYPE, FRONTEND_DEV, IDENTITY, MODE, READ_ONLY, attaching
from qubesmanager.wire.codecs import AvailableDevice, DeviceId
from qubesmanager.wire.records import NO
from qubesmanager.wire.values import DeviceClass

UNKNOWN = ":None"
"""The device id that Qubes OS gives a disk that it cannot tell from others."""

_DESCRIBING = ("vendor", "product", "manufacturer", "serial")
"""Details with the same name in both."""
_RENAMED = frozenset({IDENTITY, "interfaces", "parent"})
"""Details of mgmt1 that have a separate key in Qubes OS; any other is one of its options there."""


# -- ports and identities ---------------------------------------------------------------------------------------------


def attached_options(kind: DeviceClass, options: Mapping[str, str]) -> dict[str, str]:
    """The options of an attached device as Qubes OS has them: of a disk always whether it is read-only."""
    if kind is not DeviceClass.BLOCK:
        return attaching(options)
    known = {READ_ONLY: NO, **options}
    return {name: known[name] for name in (DEVTYPE, READ_ONLY, FRONTEND_DEV) if name in known}


def identity_in(device_id: str | None) -> str:
    """The identity that a device id asks for; empty for any device."""
    return "" if device_id in {None, ANY, UNKNOWN} else str(device_id)


def device_id_of(device: AvailableDevice | None) -> str:
    """The device id of a device that a backend offers; that of any device for None."""
    return ANY if device is None else device.details.get(IDENTITY, UNKNOWN)


def port_of(ident: str) -> str:
    """The port of an assignment, from its ident in mgmt1."""
    return ANY if ident == AT_ANY_PORT else ident


def ident_of(port: str) -> str:
    """The ident in mgmt1 of an assignment for this port."""
    return AT_ANY_PORT if port == ANY else port


# -- from Qubes OS ----------------------------------------------------------------------------------------------------


def device_of(row: DeviceRow) -> DeviceId:
    """The backend and the port of a row."""
    return DeviceId(row.fields.get("backend_domain", ""), row.fields.get("port_id", ""))


def identity_of(row: DeviceRow) -> str:
    """Which device it must be; empty for any."""
    return identity_in(row.fields.get("device_id"))


def options_of(row: DeviceRow) -> dict[str, str]:
    """The options of a device, as mgmt1 writes them: without those that are `no`."""
    return {key: value for key, value in _extras(row).items() if value != NO}


def _extras(row: DeviceRow) -> dict[str, str]:
    return {key[1:]: flag_to_mgmt1(value) for key, value in row.fields.items() if key.startswith("_")}


def assignment_of(row: DeviceRow) -> dict[str, str]:
    """The options of an assignment, its mode and its identity, as mgmt1 writes them."""
    identity = identity_of(row)
    return {MODE: row.fields.get("mode", ""), **({IDENTITY: identity} if identity else {}), **options_of(row)}


def available_of(row: DeviceRow) -> AvailableDevice:
    """A device that is offered. Blanks would end a detail in a row of mgmt1, and become underscores."""
    fields = row.fields
    identity, parent = identity_of(row), fields.get("parent_port_id", "")
    details = {
        **{key: fields[key] for key in (*_DESCRIBING, "interfaces") if fields.get(key)},
        **({IDENTITY: identity} if identity else {}),
        **({"parent": parent} if parent else {}),
        **_extras(row),
    }
    words = [fields.get(key, "") for key in ("name", *_DESCRIBING)]
    description = words[0] or " ".join(word for word in words[1:] if word)
    return AvailableDevice(
        fields.get("port_id", ""), {key: value.replace(" ", "_") for key, value in details.items()}, description
    )


# -- to Qubes OS ------------------------------------------------------------------------------------------------------


def available_row(kind: DeviceClass, backend: str, device: AvailableDevice, holder: str) -> DeviceRow:
    """The row of a device that a backend offers; `holder`: the qube that has it now, empty for none."""
    details, device_id = device.details, device_id_of(device)
    parent = details.get("parent", "")
    fields = {
        **_head(kind, Port(backend, device.ident, device_id)),
        "name": device.description,
        **{key: details[key] for key in _DESCRIBING if key in details},
        "attachment": holder,
        "interfaces": details.get("interfaces", f"{kind[0]}******"),
        "parent_port_id": parent,
        "parent_devclass": str(kind) if parent else "",
        **{f"_{key}": value for key, value in details.items() if key not in _RENAMED and key not in _DESCRIBING},
    }
    return DeviceRow(f"{device.ident}:{device_id}", {key: value for key, value in fields.items() if value})


def frontend_row(kind: DeviceClass, frontend: str, port: Port, mode: str, options: Mapping[str, str]) -> DeviceRow:
    """The row of a device that a qube has now, or is assigned."""
    port = port._replace(device_id=port.device_id or ANY)
    fields = {
        **_head(kind, port),
        "mode": mode,
        "frontend_domain": frontend,
        **{f"_{key}": value for key, value in options.items()},
    }
    return DeviceRow(f"{port.backend}+{port.port}:{port.device_id}", fields)


def _head(kind: DeviceClass, port: Port) -> dict[str, str]:
    return {
        "device_id": port.device_id or ANY,
        "port_id": port.port,
        "devclass": str(kind),
        "backend_domain": port.backend,
    }
