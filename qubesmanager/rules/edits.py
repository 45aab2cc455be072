# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the properties of a qube go together: what is wrong with a change, and what one should know before it.

The daemon refuses by the same `why_not_…`; `problems` looks at a whole change before it is sent, `warnings` says what a
change brings with it that nobody refuses. All are reasons, by the name of the property.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from qubesmanager.rules.actions import referrers
from qubesmanager.rules.devices import why_not_balanced
from qubesmanager.rules.facts import HALTED
from qubesmanager.rules.inheritance import inherited_features
from qubesmanager.rules.memory import why_not_maxmem, why_not_memory
from qubesmanager.rules.network import netvm_chain, why_not_netvm, why_not_now
from qubesmanager.wire.names import why_not_new_vm_name
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import DeviceClass, VmClass

HALTED_ONLY = frozenset({"name", "template", "virt_mode", "ip", "mac"})
"""What changes only while the qube is halted."""

READ_ONLY = frozenset(
    {
        "klass",
        "qid",
        "uuid",
        "ip6",
        "gateway",
        "gateway6",
        "netmask",
        "dns",
        "firewall_state",
        "problem",
        "updateable",
        "installed_by_rpm",
        "icon",
        "start_time",
    }
)
"""What nobody sets: the system says it."""

FIREWALL_FEATURE = "qubes-firewall"

DEVICES = "devices"
"""Stands among the names of properties for the devices that a qube is given at each start."""

MANY_TIMES = 10
"""A qube that may grow to so many times its first memory spends much of that on keeping account of memory."""


@dataclass(frozen=True, slots=True)
class Change:
    """A qube as it is and as it would be; `edited` are the names of the properties that are to be sent."""

    before: VmRecord
    after: VmRecord
    edited: frozenset[str]
    records: Mapping[str, VmRecord]

    def netvm_of(self, name: str) -> str:
        """The netvm of any qube once the change is made."""
        record = self.after if name == self.before.name else self.records.get(name)
        return record.value("netvm") if record else ""


# -- shared with the daemon -------------------------------------------------------------------------------------------


def why_not_without_network(name: str, clients: Iterable[str]) -> Reason | None:
    """Why a qube must go on providing network; `clients` in order."""
    held = list(clients)
    return Reason("netvm-of", name, ", ".join(held)) if held else None


def why_not_without_disposables(name: str, users: Iterable[str]) -> Reason | None:
    """Why a qube must go on being a template for disposables; `users` are qubes and system properties, in order."""
    held = list(users)
    return Reason("disposable-template-of", name, ", ".join(held)) if held else None


def why_not_template(klass: VmClass, template: str, template_klass: VmClass, *, for_disposables: bool) -> Reason | None:
    """Why a qube of this class cannot be based on that template."""
    if klass is VmClass.DISP:
        if template_klass is not VmClass.APP or not for_disposables:
            return Reason("not-disposable-template", template)
    elif template_klass is not VmClass.TEMPLATE:
        return Reason("not-a-template", template)
    return None


def why_not_enforced(record: VmRecord, netvm: str, records: Mapping[str, VmRecord]) -> Reason | None:
    """Why the firewall rules of a qube behind this netvm have no effect; None if they have, or if nothing says so.

    The daemon says it of the netvm that the qube has, where it enforces rules itself. Elsewhere a netvm that can do it
    has the feature `qubes-firewall`.
    """
    if not netvm:
        return Reason("firewall-no-netvm")
    if "firewall_state" in record.properties:
        told = record.value("firewall_state") if netvm == record.value("netvm") else ""
        return None if told in {"", "enforced"} else Reason("other-text", told)
    held = records.get(netvm)
    if held is None:
        return None
    above = inherited_features(held.value("template"), records).get(FIREWALL_FEATURE)
    value = held.features.get(FIREWALL_FEATURE, above.value if above else "")
    return None if value else Reason("firewall-netvm-without", netvm)


# -- a whole change ---------------------------------------------------------------------------------------------------


def problems(change: Change) -> dict[str, Reason]:
    """What the daemon would refuse, by property."""
    return _said(_PROBLEMS, change)


def warnings(change: Change) -> dict[str, Reason]:
    """What is good to know before it is sent, by property."""
    return _said(_WARNINGS, change)


Check = Callable[[Change], Reason | None]


def _said(table: Mapping[str, Check], change: Change) -> dict[str, Reason]:
    found: dict[str, Reason] = {}
    for name in sorted(change.edited):
        if name not in change.before.properties and name != DEVICES:
            continue
        if name in HALTED_ONLY and table is _PROBLEMS and change.before.state not in HALTED:
            found[name] = Reason("property-needs-halted", name, change.before.name)
        elif (check := table.get(name)) and (reason := check(change)):
            found[name] = reason
    return found


def _name(change: Change) -> Reason | None:
    name = change.after.value("name")
    if name == change.before.name:
        return None
    return Reason("name-taken", name) if name in change.records else why_not_new_vm_name(name)


def _template(change: Change) -> Reason | None:
    name = change.after.value("template")
    template = change.records.get(name)
    if template is None:
        return Reason("no-such-qube", name) if name else None
    return why_not_template(
        change.before.klass, name, template.klass, for_disposables=template.flag("template_for_dispvms")
    )


def _netvm(change: Change) -> Reason | None:
    name = change.after.value("netvm")
    netvm = change.records.get(name)
    changed = [change.before.name] if change.before.running and name != change.before.value("netvm") else []
    return why_not_netvm(
        change.before.name,
        name,
        exists=netvm is not None,
        provides_network=netvm is not None and netvm.flag("provides_network"),
        netvm_of=change.netvm_of,
    ) or why_not_now(changed, name, netvm_runs=netvm is not None and netvm.running)


def _provides_network(change: Change) -> Reason | None:
    if change.after.flag("provides_network"):
        return None
    name = change.before.name
    return why_not_without_network(
        name, sorted(other.name for other in change.records.values() if other.value("netvm") == name)
    )


def _template_for_dispvms(change: Change) -> Reason | None:
    if change.after.flag("template_for_dispvms"):
        return None
    name = change.before.name
    users = sorted(
        other.name
        for other in change.records.values()
        if other.value("template") == name or _own(other, "default_dispvm") == name
    )
    return why_not_without_disposables(name, users)


def _memory(change: Change) -> Reason | None:
    # Only a maximum of its own binds: the default one makes room.
    return why_not_memory(change.after.number("memory") or 0, int(_own(change.after, "maxmem") or 0))


def _maxmem(change: Change) -> Reason | None:
    maxmem = change.after.number("maxmem") or 0
    return why_not_maxmem(maxmem, change.after.number("memory") or 0) or _devices(change)


def _devices(change: Change) -> Reason | None:
    controllers = sum(device.device_class is DeviceClass.PCI for device in change.after.devices)
    return why_not_balanced(change.after.number("maxmem") or 0, controllers)


def _own(record: VmRecord, name: str) -> str:
    held = record.properties.get(name)
    return held.value if held and not held.is_default else ""


def _referrers(change: Change) -> Reason | None:
    held = referrers(change.records, change.before.name)
    return Reason("name-references", ", ".join(held)) if held else None


def _other_network(change: Change) -> Reason | None:
    if change.after.value("netvm") == change.before.value("netvm"):
        return None
    around = path_around(change)
    reasons = [Reason("network-around", ", ".join(around))] if around else []
    if change.before.running:
        reasons.append(Reason("connections-end"))
    return Reason("both-reasons", *reasons) if len(reasons) > 1 else next(iter(reasons), None)


def path_around(change: Change) -> list[str]:
    """The qubes that the network went through, or would go through by another way, and that it now leaves out.

    That is so where the new netvm is further out on the old way; and where it is the outermost one, has others behind
    it that give network, and the qube is none of these.
    """
    name, netvm = change.before.name, change.after.value("netvm")
    before = netvm_chain(name, lambda each: change.records[each].value("netvm") if each in change.records else "")
    if netvm in before:
        return before[: before.index(netvm)]
    if not netvm or change.netvm_of(netvm) or change.after.flag("provides_network"):
        return []
    return sorted(
        other.name
        for other in change.records.values()
        if other.name != name and other.value("netvm") == netvm and other.flag("provides_network")
    )


def _far_maximum(change: Change) -> Reason | None:
    memory, maxmem = change.after.number("memory") or 0, change.after.number("maxmem") or 0
    if memory and maxmem > MANY_TIMES * memory:
        return Reason("maximum-far", MANY_TIMES)
    return None


_PROBLEMS: dict[str, Check] = {
    "name": _name,
    "template": _template,
    "netvm": _netvm,
    "provides_network": _provides_network,
    "template_for_dispvms": _template_for_dispvms,
    "memory": _memory,
    "maxmem": _maxmem,
    DEVICES: _devices,
}

_WARNINGS: dict[str, Check] = {
    "name": _referrers,
    "netvm": _other_network,
    "memory": _far_maximum,
    "maxmem": _far_maximum,
}
