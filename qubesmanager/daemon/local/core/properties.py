# SPDX-License-Identifier: GPL-3.0-or-later
"""The defaults that the daemon computes for THE PROPERTIES, and its checks of their values against other qubes."""

from collections.abc import Callable
from dataclasses import fields
from typing import NamedTuple

from qubesmanager.daemon.local.core.property import Check, Default, Facts, Property
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.sight import spoken
from qubesmanager.rules import edits
from qubesmanager.rules.boot_modes import DEFAULT as BOOT_DEFAULT
from qubesmanager.rules.features import is_preloaded
from qubesmanager.rules.firewall import VIRTUAL_DNS
from qubesmanager.rules.properties import PROPERTIES, PropertyRow
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import as_reason, field_text
from qubesmanager.wire.values import VmClass

# -- defaults ---------------------------------------------------------------------------------------------------------


def _template(qube: Qube, facts: Facts) -> Qube | None:
    return facts.qubes.get(qube.value("template"))


def _inherited(name: str, otherwise: str | Callable[[Facts, Qube], str]) -> Default:
    """The template's value; without a template (or if the template has no such property) `otherwise`."""

    def default(facts: Facts, qube: Qube) -> str:
        template = _template(qube, facts)
        value = template.view.get(name) if template else None
        if value is not None:
            return value.value
        return otherwise if isinstance(otherwise, str) else otherwise(facts, qube)

    return default


def _system(name: str) -> Default:
    return lambda facts, _qube: facts.system(name)


def _netvm(facts: Facts, qube: Qube) -> str:
    """None for templates; a disposable's comes from its template; default_netvm unless that would be a loop."""
    if qube.klass is VmClass.TEMPLATE:
        return ""
    template = _template(qube, facts)
    if qube.klass is VmClass.DISP and template:
        netvm = template.value("netvm")
        return "" if netvm == qube.name else netvm
    netvm = facts.system("default_netvm")
    return "" if qube.flag("provides_network") or netvm == qube.name else netvm


def _bootmode(facts: Facts, qube: Qube) -> str:
    """The value that the template gives to qubes based on it; for a disposable, the template's own value."""
    template = _template(qube, facts)
    if template is None:
        return qube.features.get("boot-mode.active") or BOOT_DEFAULT
    return template.value("appvm_default_bootmode" if template.klass is VmClass.TEMPLATE else "bootmode")


def _maxmem(facts: Facts, qube: Qube) -> str:
    memory = qube.own.get("memory")
    return str(max(min(facts.host_memory // 2, 4000), int(memory) if memory else 0))


def _maxmem_inherited(facts: Facts, qube: Qube) -> str:
    inherited = _inherited("maxmem", _maxmem)(facts, qube)
    memory = qube.own.get("memory")
    if memory and inherited != "0" and int(inherited) < int(memory):
        return memory
    return inherited


_ADDRESSES = 0xFFFF


def _ip(_facts: Facts, qube: Qube) -> str:
    if not qube.value("netvm") and not qube.flag("provides_network"):
        return ""
    number = qube.qid & _ADDRESSES
    network = 138 if qube.klass is VmClass.DISP else 137
    return f"10.{network}.{number >> 8}.{number & 255}"


def _ip6(facts: Facts, qube: Qube) -> str:
    if not qube.value("ip") or not _has_ipv6(facts, qube):
        return ""
    return f"fd09:24ef:4179::a{138 if qube.klass is VmClass.DISP else 137:x}:{qube.qid & _ADDRESSES:x}"


def _has_ipv6(facts: Facts, qube: Qube) -> bool:
    if "ipv6" in qube.features:
        return bool(qube.features["ipv6"])
    netvm = facts.qubes.get(qube.value("netvm"))
    return netvm is not None and bool(netvm.value("ip6"))


def _mac(_facts: Facts, qube: Qube) -> str:
    return f"00:16:3e:5e:{(qube.qid >> 8) & 255:02x}:{qube.qid & 255:02x}"


def _of_netvm(name: str) -> Default:
    def default(facts: Facts, qube: Qube) -> str:
        netvm = facts.qubes.get(qube.value("netvm"))
        return netvm.value(name) if netvm else ""

    return default


def _own(name: str) -> Default:
    return lambda _facts, qube: qube.value(name)


def _firewall_state(facts: Facts, qube: Qube) -> str:
    if not qube.value("netvm"):
        return ""
    return field_text(facts.firewall_note or qube.firewall_problem or "enforced")


def _why_no_firewall(facts: Facts, qube: Qube) -> Reason | None:
    return as_reason(facts.firewall_note or qube.firewall_problem) if qube.value("netvm") else None


def _dns(facts: Facts, qube: Qube) -> str:
    netvm = facts.qubes.get(qube.value("netvm"))
    return " ".join(VIRTUAL_DNS) if netvm or qube.flag("provides_network") else ""


def _is_preload(facts: Facts, qube: Qube) -> str:
    template = _template(qube, facts)
    return "yes" if template and is_preloaded(qube, template) else "no"


def _icon(_facts: Facts, qube: Qube) -> str:
    if qube.klass is VmClass.ADMIN:
        return "adminvm-black"
    if qube.features.get("servicevm"):
        return f"servicevm-{qube.value('label')}"
    return f"{qube.klass.removesuffix('VM').lower()}vm-{qube.value('label')}"


# -- checks -----------------------------------------------------------------------------------------------------------


def _check_kernel(facts: Facts, _qube: Qube, value: str) -> Reason | None:
    if value and value not in facts.kernels:
        return Reason("no-such-kernel", value, ", ".join(sorted(facts.kernels)) or "none")
    return None


def _check_ip(facts: Facts, qube: Qube, value: str) -> Reason | None:
    parts = value.split(".")
    if len(parts) != 4 or not all(part.isdigit() and len(part) <= 3 and int(part) < 256 for part in parts):  # noqa: PLR2004
        return Reason("not-an-address", value)
    taken = sorted(other.name for other in facts.qubes.values() if other is not qube and other.value("ip") == value)
    return Reason("address-used", value, spoken(taken)[0]) if taken else None


def _check_mac(_facts: Facts, _qube: Qube, value: str) -> Reason | None:
    parts = value.split(":")
    good = len(parts) == 6 and all(len(part) == 2 and set(part) <= set("0123456789abcdef") for part in parts)  # noqa: PLR2004
    if not good or int(parts[0], 16) & 1:
        return Reason("not-a-mac")
    return None


# -- the table --------------------------------------------------------------------------------------------------------

DEFAULTS: dict[str, Default] = {
    "name": lambda _facts, qube: qube.name,
    "klass": lambda _facts, qube: str(qube.klass),
    "qid": lambda _facts, qube: str(qube.qid),
    "uuid": lambda _facts, qube: str(qube.uuid),
    "label": lambda _facts, qube: "black" if qube.klass is VmClass.ADMIN else "red",
    "netvm": _netvm,
    "maxmem": _maxmem_inherited,
    "appvm_default_bootmode": lambda _facts, qube: qube.features.get("boot-mode.appvm-default") or BOOT_DEFAULT,
    "bootmode": _bootmode,
    "include_in_backups": lambda _facts, qube: "no" if qube.klass is VmClass.DISP else "yes",
    "ip": _ip,
    "ip6": _ip6,
    "mac": _mac,
    "gateway": _of_netvm("ip"),
    "gateway6": _of_netvm("ip6"),
    "netmask": lambda _facts, qube: "255.255.255.255" if qube.value("ip") else "",
    "dns": _dns,
    "visible_ip": _own("ip"),
    "visible_ip6": _own("ip6"),
    "visible_gateway": _own("gateway"),
    "visible_gateway6": _own("gateway6"),
    "visible_netmask": _own("netmask"),
    "firewall_state": _firewall_state,
    "problem": lambda _facts, qube: field_text(qube.problem),
    "updateable": lambda _facts, qube: (
        "yes" if qube.klass in {VmClass.ADMIN, VmClass.TEMPLATE, VmClass.STANDALONE} else "no"
    ),
    "auto_cleanup": lambda _facts, qube: "yes" if qube.klass is VmClass.DISP else "no",
    "is_preload": _is_preload,
    "icon": _icon,
    "has_agent": lambda _facts, qube: "yes" if qube.has_agent else "no",
    "start_time": lambda _facts, qube: "" if qube.start_time is None else str(qube.start_time),
}
"""Defaults that are computed; any other is the one that its row names."""

CHECKS: dict[str, Check] = {**edits.CHECKS, "kernel": _check_kernel, "ip": _check_ip, "mac": _check_mac}
"""Checks of values against the qube and the others, beyond the row: the shared ones, and those of the daemon alone."""

_WHYS: dict[str, Callable[[Facts, Qube], Reason | None]] = {
    "firewall_state": _why_no_firewall,
    "problem": lambda _facts, qube: as_reason(qube.problem),
}


def _computed(row: PropertyRow) -> Default | None:
    """The function of a default; None if the row's own text is the default."""
    if row.name in DEFAULTS:
        return DEFAULTS[row.name]
    if row.from_template:
        return _inherited(row.name, _system(row.from_system) if row.from_system else row.default)
    return _system(row.from_system) if row.from_system else None


TABLE = {
    row.name: Property(
        **{each.name: getattr(row, each.name) for each in fields(row)},
        computed=_computed(row),
        check=CHECKS.get(row.name),
        why=_WHYS.get(row.name),
    )
    for row in PROPERTIES.values()
}
"""THE PROPERTIES by name, in their order, with their functions."""

BY_CLASS: dict[VmClass, tuple[Property, ...]] = {
    klass: tuple(each for each in TABLE.values() if klass in each.classes) for klass in VmClass
}

DEPENDENTS: dict[str, tuple[Property, ...]] = {}
"""By `own:…`, `template:…`, `netvm:…`, `system:…`, `feature:…`: the properties whose default looks at that."""
for _property in TABLE.values():
    for _on in _property.all_depends:
        DEPENDENTS[_on] = (*DEPENDENTS.get(_on, ()), _property)


class Looking(NamedTuple):
    """The properties whose default looks at one: of the qube itself, of those based on it, and of its clients."""

    own: tuple[Property, ...]
    children: tuple[Property, ...]
    clients: tuple[Property, ...]


LOOKING_AT = {
    name: Looking(*(DEPENDENTS.get(f"{whose}:{name}", ()) for whose in ("own", "template", "netvm"))) for name in TABLE
}
