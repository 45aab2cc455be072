# SPDX-License-Identifier: GPL-3.0-or-later
"""THE PROPERTIES as Qubes OS lists them: names by class in its order, types, and where mgmt1 has each value.

Values are converted here: mgmt1 writes `yes` and `no` where Qubes OS writes `True` and `False`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from qubesmanager.admin.codecs import FALSE, Property, flag_to_qubes
from qubesmanager.wire.codecs import PropertyRow
from qubesmanager.wire.errors import Mgmt1Error, QubesPropertyValueError, QubesValueError
from qubesmanager.wire.event_row import flag_text
from qubesmanager.wire.names import shown
from qubesmanager.wire.records import YES, flag_of
from qubesmanager.wire.values import VmClass

Rows = Mapping[str, PropertyRow]
"""mgmt1's rows of one qube, or of the system, by name."""

EVERY = frozenset(VmClass)
ALL = EVERY - {VmClass.REMOTE}
GUESTS = ALL - {VmClass.ADMIN}
REMOTES = frozenset({VmClass.REMOTE})
BASED = frozenset({VmClass.APP, VmClass.DISP})


@dataclass(frozen=True, slots=True)
class QubesProperty:
    """A property in Qubes OS. mgmt1 has it under the same name, or `source` computes it of others.

    `otherwise` is the value where mgmt1 has none.
    """

    name: str
    type: str = "str"
    classes: frozenset[VmClass] = GUESTS
    source: Callable[[Rows], str] | None = None
    otherwise: str = ""
    is_own: bool = False
    """Whether it identifies the qube and never changes; only that of dom0 is marked as a default."""
    mgmt1_name: str = field(init=False)
    """The property of mgmt1 with this value; empty for a computed one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "mgmt1_name", "" if self.source else self.name)

    def value(self, own: Rows) -> str:
        """The value as Qubes OS writes it."""
        if self.source is not None:
            return self.source(own)
        row = own.get(self.mgmt1_name)
        return self.otherwise if row is None else to_qubes(self.type, row.value)


def _text(own: Rows, name: str) -> str:
    """mgmt1's value; empty for a property that it does not have."""
    row = own.get(name)
    return "" if row is None else row.value


def _gateway(name: str) -> Callable[[Rows], str]:
    """The address that a qube has as a gateway of others: its own if it provides network."""
    return lambda own: _text(own, name) if _text(own, "provides_network") == YES else ""


def _start_time(own: Rows) -> str:
    """Qubes OS writes a time with a fraction."""
    start = _text(own, "start_time")
    return f"{start}.0" if start else ""


_ROWS = (
    QubesProperty("auto_cleanup", "bool", frozenset({VmClass.DISP}), otherwise=FALSE),
    QubesProperty("autostart", "bool"),
    QubesProperty("backup_timestamp", "int"),
    QubesProperty("debug", "bool"),
    QubesProperty("default_user"),
    QubesProperty("devices_denied", classes=ALL),
    QubesProperty("dispid", "int", frozenset({VmClass.DISP})),
    QubesProperty("dns"),
    QubesProperty("gateway", source=_gateway("ip")),
    QubesProperty("gateway6", source=_gateway("ip6")),
    QubesProperty("icon", classes=EVERY),
    QubesProperty("include_in_backups", "bool", EVERY),
    QubesProperty("installed_by_rpm", "bool", otherwise=FALSE),
    QubesProperty("ip"),
    QubesProperty("ip6"),
    QubesProperty("is_preload", "bool", frozenset({VmClass.DISP}), otherwise=FALSE),
    QubesProperty("kernel"),
    QubesProperty("keyboard_layout", classes=ALL, otherwise="us++"),
    QubesProperty("klass", classes=EVERY),
    QubesProperty("label", "label", EVERY),
    QubesProperty("mac"),
    QubesProperty("maxmem", "int", ALL),
    QubesProperty("memory", "int"),
    QubesProperty("name", classes=EVERY, is_own=True),
    QubesProperty("provides_network", "bool"),
    QubesProperty("qid", "int", EVERY, is_own=True),
    QubesProperty("qrexec_timeout", "int"),
    QubesProperty("remote_name", classes=REMOTES),
    QubesProperty("shutdown_timeout", "int"),
    QubesProperty("start_time", source=_start_time),
    QubesProperty("stubdom_mem", "int"),
    QubesProperty("stubdom_uuid"),
    QubesProperty("stubdom_xid", "int", otherwise="-1"),
    QubesProperty("template_for_dispvms", "bool", frozenset({VmClass.APP})),
    QubesProperty("transport_rpc", classes=REMOTES),
    QubesProperty("updateable", "bool", ALL),
    QubesProperty("uuid", classes=EVERY, is_own=True),
    QubesProperty("vcpus", "int"),
    QubesProperty("virt_mode"),
    QubesProperty("visible_gateway"),
    QubesProperty("visible_gateway6"),
    QubesProperty("visible_ip"),
    QubesProperty("visible_ip6"),
    QubesProperty("visible_netmask"),
    QubesProperty("xid", "int", otherwise="-1"),
    # Qubes OS lists these after the others.
    QubesProperty("appvm_default_bootmode", classes=frozenset({VmClass.TEMPLATE})),
    QubesProperty("audiovm", "vm"),
    QubesProperty("bootmode"),
    QubesProperty("default_dispvm", "vm", ALL),
    QubesProperty("guivm", "vm"),
    QubesProperty("kernelopts"),
    QubesProperty("management_dispvm", "vm"),
    QubesProperty("netvm", "vm"),
    QubesProperty("relayvm", "vm", REMOTES),
    QubesProperty("template", "vm", BASED),
)

SYSTEM_ROWS = (
    QubesProperty("check_updates_vm", "bool"),
    QubesProperty("clockvm", "vm"),
    QubesProperty("default_audiovm", "vm"),
    QubesProperty("default_dispvm", "vm"),
    QubesProperty("default_guivm", "vm"),
    QubesProperty("default_kernel"),
    QubesProperty("default_netvm", "vm"),
    QubesProperty("default_pool"),
    QubesProperty("default_pool_kernel"),
    QubesProperty("default_pool_private"),
    QubesProperty("default_pool_root"),
    QubesProperty("default_pool_volatile"),
    QubesProperty("default_qrexec_timeout", "int"),
    QubesProperty("default_shutdown_timeout", "int"),
    QubesProperty("default_template", "vm"),
    QubesProperty("management_dispvm", "vm"),
    QubesProperty("maxmem", "int"),
    QubesProperty("no_cpus", "int"),
    QubesProperty("stats_interval", "int"),
    QubesProperty("updatevm", "vm"),
)

BY_CLASS: dict[VmClass, dict[str, QubesProperty]] = {
    klass: {row.name: row for row in _ROWS if klass in row.classes} for klass in VmClass
}
"""The properties of a class by name, in the order of Qubes OS."""

OF_GUESTS: dict[str, QubesProperty] = {row.name: row for row in _ROWS if row.classes != {VmClass.ADMIN}}
"""The properties of all classes but dom0's.

mgmt1 has each for no other of these classes than Qubes OS, except for RemoteVM, of which a few more can be read.
"""

SYSTEM: dict[str, QubesProperty] = {row.name: row for row in SYSTEM_ROWS}

TYPES: dict[str, str] = {row.name: row.type for row in (*_ROWS, *SYSTEM_ROWS)}
"""The type of each property; a name means the same in a qube and in the system."""

FROM_MGMT1 = frozenset(row.name for row in _ROWS if row.mgmt1_name)
"""The properties of a qube that have mgmt1's value."""

IDENTIFYING = frozenset(row.name for row in _ROWS if row.is_own)
"""The properties that identify a qube, and that Qubes OS does not change."""

NO_DEFAULT = IDENTIFYING | {"label", "template", "default_template"}
"""Properties for which `GetDefault` answers nothing."""

_POSITIVE = frozenset({"memory", "vcpus", "qrexec_timeout", "shutdown_timeout"})


def to_qubes(kind: str, value: str) -> str:
    """A value of mgmt1 as Qubes OS writes it."""
    return flag_to_qubes(value) if kind == "bool" else value


def sent(name: str, value: str) -> str:
    """A value of mgmt1 as Qubes OS writes it for the property of this name; unchanged for an unknown one."""
    return to_qubes(TYPES.get(name, "str"), value)


def from_qubes(kind: str, untrusted: str) -> str:
    """A value that a client of Qubes OS sent, as mgmt1 writes it. Raises `QubesValueError` as Qubes OS words it."""
    if kind == "bool":
        flag = flag_of(untrusted.strip())
        if flag is None:
            raise QubesValueError(f"Invalid literal for boolean property: {shown(untrusted)}")
        return flag_text(flag)
    if kind == "int" and untrusted:
        digits = untrusted.strip().removeprefix("+")
        if not digits.isascii() or not digits.removeprefix("-").isdigit() or len(digits) > 18:  # noqa: PLR2004 - beyond any limit of a row
            raise QubesValueError("Failed to parse property value as int")
        return str(int(digits))
    return "" if kind == "vm" and untrusted == "None" else untrusted


def checked(row: QubesProperty, untrusted: str) -> str:
    """As `from_qubes`, for a property that may have a rule in Qubes OS before mgmt1's."""
    value = from_qubes(row.type, untrusted)
    if row.name in _POSITIVE and value and int(value) <= 0:
        raise QubesPropertyValueError(f"{row.name} must be positive")
    return value


def explained(row: QubesProperty, klass: str, value: str, error: Mgmt1Error) -> Mgmt1Error:
    """A refusal of mgmt1 to set a property, as Qubes OS words it; the same error where it has no words for it."""
    code = error.reason.code if error.reason is not None else ""
    if code in {"property-read-only", "no-such-property", "no-such-system-property"}:
        return not_settable(row, klass)
    if code == "no-such-qube":
        return QubesPropertyValueError(f"Can't set {row.name} to non-existing qube {value}")
    if code == "netvm-no-network":
        return QubesValueError(f"The {value} qube does not provide network")
    return error


def row_of(rows: Mapping[str, QubesProperty], name: str, owner: str) -> QubesProperty:
    """The row of a name. Raises `QubesNoSuchPropertyError` as Qubes OS words it."""
    row = rows.get(name)
    if row is None:
        raise no_such_property(name, owner)
    return row


def no_such_property(name: str, owner: str) -> Mgmt1Error:
    """The error for a property that `owner` (a qube, or Qubes for the system) does not have."""
    return Mgmt1Error.from_wire("QubesNoSuchPropertyError", f"Invalid property {shown(name)} of {owner}")


def settable(row: QubesProperty, klass: str) -> str:
    """The property of mgmt1 to set. Raises `QubesPropertyValueError` for one that cannot be set by this name."""
    if row.is_own:
        raise QubesPropertyValueError(f"property '{row.name}' on {klass} instance cannot be changed")
    if not row.mgmt1_name:
        raise not_settable(row, klass)
    return row.mgmt1_name


def not_settable(row: QubesProperty, klass: str) -> QubesPropertyValueError:
    """The error for a property that is computed, or that mgmt1 does not have."""
    return QubesPropertyValueError(f"property '{row.name}' on {klass} instance cannot be set")


def of_row(row: QubesProperty, own: Rows) -> Property:
    """The property as Qubes OS answers it, from mgmt1's rows by name."""
    source = own.get(row.mgmt1_name)
    is_default = source is None or source.is_default
    if row.is_own and own["klass"].value != VmClass.ADMIN:
        is_default = False
    return Property(is_default, row.type, row.value(own))


def all_of(rows: Mapping[str, QubesProperty], own: Rows) -> list[PropertyRow]:
    """Each property as Qubes OS lists it, from mgmt1's rows by name."""
    return [PropertyRow(name, *of_row(row, own)) for name, row in rows.items()]


def help_text(rst: str) -> str:
    """The first paragraph of a help text as one line of plain text."""
    return " ".join(rst.partition("\n\n")[0].replace("``", "").split())
