# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a property cannot be set: one function an edit, which gives a `Reason`, or None if it can.

The daemon refuses by `why_not_edit`, `CHECKS`, `why_not_now` and `why_not_set_system`; `why_not_set` is the first three
together. The window greys menus by them, and asks them through `problems` about a whole change before it is sent.
`warnings` are what a change brings with it although nothing refuses it. How a value is written (a number, a name) is
checked before these rules.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce

from qubesmanager.rules.actions import why_not_attach, why_not_rename, why_not_start
from qubesmanager.rules.boot_modes import why_not_boot_mode
from qubesmanager.rules.creation import FOR_DISPOSABLES, why_not_based_on
from qubesmanager.rules.devices import interfaces_of, why_not_balanced
from qubesmanager.rules.facts import Facts, QubeFacts, Qubes, own_value, whole_number
from qubesmanager.rules.inheritance import inherited_features
from qubesmanager.rules.memory import why_not_maxmem, why_not_memory
from qubesmanager.rules.network import netvm_chain, netvm_loop, netvm_of
from qubesmanager.rules.properties import BASED, PROPERTIES, Changeable, why_not_in_row
from qubesmanager.rules.references import referrers
from qubesmanager.rules.sight import seen_name, seen_names, seen_way
from qubesmanager.rules.stepwise import Steps, Stepwise
from qubesmanager.wire.names import why_not_new_vm_name
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import YES, VmRecord
from qubesmanager.wire.values import DeviceClass, VmClass

FIREWALL_FEATURE = "qubes-firewall"

DEVICES = "devices"
"""Stands among the names of properties for the devices that a qube is given at each start."""

MANY_TIMES = 10
"""A qube that may grow to so many times its first memory spends much of that on keeping account of memory."""


_OF_DOM0 = {
    "template": Reason("dom0-no-template"),
    "netvm": Reason("dom0-no-network"),
    "label": Reason("dom0-keeps-label"),
}

Check = Callable[[Facts, QubeFacts, str], Reason | None]
"""Why a qube cannot have a value, which is well formed, as this property."""


# -- one edit ---------------------------------------------------------------------------------------------------------


def why_not_edit(facts: Facts, qube: QubeFacts, name: str) -> Reason | None:
    """Why a property of a qube cannot be changed now, whatever the value is."""
    if name == "name":
        return why_not_rename(facts, qube)
    row = PROPERTIES.get(name)
    if row is not None and row.change is Changeable.NEVER:
        return Reason("property-read-only", name)
    if qube.klass is VmClass.ADMIN and name in _OF_DOM0:
        return _OF_DOM0[name]
    if name == "template" and qube.klass not in BASED:
        return Reason("no-template", qube.name)
    needs_halt = row is not None and row.change is Changeable.HALTED
    return Reason("property-needs-halted", name, qube.name) if needs_halt and qube.running else None


def why_not_set(facts: Facts, qube: QubeFacts, name: str, value: str) -> Reason | None:
    """Why a property of a qube cannot be set to the value now."""
    if reason := why_not_edit(facts, qube, name):
        return reason
    row = PROPERTIES.get(name)
    if row is not None and (reason := why_not_in_row(row, value)):
        return reason
    check = CHECKS.get(name)
    if check and (reason := check(facts, qube, value)):
        return reason
    return why_not_now(facts, qube, name, value)


def why_not_now(facts: Facts, qube: QubeFacts, name: str, value: str) -> Reason | None:
    """Why a value that the property of the qube may have cannot be set at this moment."""
    return why_not_netvm_now(facts, [qube], value) if name == "netvm" else None


def why_not_set_by_plan(facts: Facts, qube: QubeFacts, name: str, value: str) -> Reason | None:
    """As `why_not_set`, for a client that can start a halted netvm first: a running qube can get that, too."""
    reason = why_not_set(facts, qube, name, value)
    can_start = reason is not None and reason.code == "netvm-not-running" and value in facts.qubes
    return None if can_start and why_not_start(facts, facts.qubes[value]) is None else reason


def why_not_name(facts: Facts, qube: QubeFacts, value: str) -> Reason | None:
    if value == qube.name:
        return None
    return Reason("name-taken", value) if value in facts.qubes else why_not_new_vm_name(value)


def why_not_template(facts: Facts, qube: QubeFacts, value: str) -> Reason | None:
    template = facts.qubes.get(value)
    if template is None:
        return Reason("no-such-qube", value)
    if reason := why_not_based_on(qube.klass, template):
        return reason
    return _why_not_follow(facts, qube, template.value("netvm")) if qube.klass is VmClass.DISP else None


def why_not_netvm(facts: Facts, qube: QubeFacts, value: str) -> Reason | None:
    if not value:
        return None
    netvm = facts.qubes.get(value)
    if netvm is None:
        return Reason("no-such-qube", value)
    if value != qube.name and not netvm.flag("provides_network"):
        return Reason("netvm-no-network", value)
    if loop := netvm_loop(qube.name, value, netvm_of(facts.qubes)):
        return Reason("netvm-loop", " → ".join(seen_way(facts.sees, loop)))
    if qube.flag(FOR_DISPOSABLES):
        followers = (other for other in facts.qubes.values() if other.value("template") == qube.name)
        for other in followers:
            if reason := _why_not_follow(facts, other, value):
                return reason
    return None


def why_not_netvm_now(facts: Facts, qubes: Sequence[QubeFacts], netvm: str) -> Reason | None:
    """Why those of the qubes that run cannot get this netvm now: it does not run, so the network would be gone."""
    changed = sorted(qube.name for qube in qubes if qube.running and qube.value("netvm") != netvm)
    if not netvm or not changed or (netvm in facts.qubes and facts.qubes[netvm].running):
        return None
    return Reason("netvm-not-running", netvm, ", ".join(seen_names(facts.sees, changed)))


def _why_not_follow(facts: Facts, qube: QubeFacts, netvm: str) -> Reason | None:
    """Why a disposable that takes the netvm of its template cannot take this one; None if it can, or has its own."""
    is_own = not qube.properties["netvm"].is_default if "netvm" in qube.properties else False
    if qube.klass is not VmClass.DISP or is_own or not netvm or netvm == qube.name:
        return None
    loop = netvm_loop(qube.name, netvm, netvm_of(facts.qubes))
    if loop is None:
        return None
    return Reason("disposable-netvm-loop", seen_name(facts.sees, qube.name), " → ".join(seen_way(facts.sees, loop)))


def why_not_provides_network(facts: Facts, qube: QubeFacts, value: str) -> Reason | None:
    if value == YES:
        return None
    clients = sorted(other.name for other in facts.qubes.values() if other.value("netvm") == qube.name)
    return Reason("netvm-of", qube.name, ", ".join(seen_names(facts.sees, clients))) if clients else None


def why_not_template_for_dispvms(facts: Facts, qube: QubeFacts, value: str) -> Reason | None:
    if value == YES:
        return None
    users = seen_names(
        facts.sees,
        sorted(
            other.name
            for other in facts.qubes.values()
            if other.value("template") == qube.name or own_value(other, "default_dispvm") == qube.name
        ),
    )
    if facts.system("default_dispvm") == qube.name:
        users.append("the system property default_dispvm")
    return Reason("disposable-template-of", qube.name, ", ".join(users)) if users else None


def why_not_dispvm(facts: Facts, _qube: QubeFacts, value: str) -> Reason | None:
    if not value:
        return None
    if value not in facts.qubes:
        return Reason("no-such-qube", value)
    is_template = facts.qubes[value].flag(FOR_DISPOSABLES)
    return None if is_template else Reason("not-disposable-template", value)


def why_not_gui(_facts: Facts, qube: QubeFacts, value: str) -> Reason | None:
    return Reason("own-gui") if value == qube.name else None


def why_not_memory_of(_facts: Facts, qube: QubeFacts, value: str) -> Reason | None:
    """A maximum that is set on the qube limits the memory; a default one grows with it."""
    return why_not_memory(whole_number(value), whole_number(own_value(qube, "maxmem")))


def why_not_maxmem_of(_facts: Facts, qube: QubeFacts, value: str) -> Reason | None:
    controllers = sum(device.device_class is DeviceClass.PCI for device in qube.devices)
    return why_not_maxmem(whole_number(value), whole_number(qube.value("memory"))) or why_not_balanced(
        whole_number(value), controllers
    )


def why_not_relay(facts: Facts, qube: QubeFacts, value: str) -> Reason | None:
    if value == qube.name:
        return Reason("own-relay", qube.name)
    relay = facts.qubes.get(value)
    return Reason("relay-is-remote", value) if relay is not None and relay.klass is VmClass.REMOTE else None


def why_not_denied(_facts: Facts, _qube: QubeFacts, value: str) -> Reason | None:
    return Reason("not-interfaces", value) if interfaces_of(value) is None else None


CHECKS: Mapping[str, Check] = {
    "name": why_not_name,
    "template": why_not_template,
    "netvm": why_not_netvm,
    "provides_network": why_not_provides_network,
    "template_for_dispvms": why_not_template_for_dispvms,
    "default_dispvm": why_not_dispvm,
    "management_dispvm": why_not_dispvm,
    "guivm": why_not_gui,
    "audiovm": why_not_gui,
    "memory": why_not_memory_of,
    "maxmem": why_not_maxmem_of,
    "bootmode": why_not_boot_mode,
    "appvm_default_bootmode": why_not_boot_mode,
    "devices_denied": why_not_denied,
    "relayvm": why_not_relay,
}
"""By property; the daemon's table of properties asks the same functions."""


def why_not_set_system(facts: Facts, name: str, value: str) -> Reason | None:
    """Why a system-wide property cannot have this value; one that names a qube names one that exists, or none."""
    check = SYSTEM_CHECKS.get(name)
    if check and (reason := check(facts, value)):
        return reason
    return why_not_netvm_now(facts, _netvm_followers(facts), value) if name == "default_netvm" else None


def _netvm_followers(facts: Facts) -> list[QubeFacts]:
    """The qubes whose netvm is the system's default."""
    return [qube for qube in facts.qubes.values() if _follows_default_netvm(facts, qube)]


def _follows_default_netvm(facts: Facts, qube: QubeFacts) -> bool:
    """Templates and qubes that provide network have none by default; a disposable has that of its template."""
    if qube.klass is VmClass.TEMPLATE or qube.flag("provides_network"):
        return False
    if "netvm" not in qube.properties or not qube.properties["netvm"].is_default:
        return False
    template = facts.qubes.get(qube.value("template")) if qube.klass is VmClass.DISP else None
    return template is None or _follows_default_netvm(facts, template)


def _why_not_default_netvm(facts: Facts, value: str) -> Reason | None:
    """Qubes that follow the default may themselves be above the new one."""
    if not value:
        return None
    if not facts.qubes[value].flag("provides_network"):
        return Reason("netvm-no-network", value)
    above = netvm_of(facts.qubes)
    chain = [value, *netvm_chain(value, above)]
    if above(chain[-1]):
        return Reason("default-netvm-in-loop", value, " → ".join(seen_way(facts.sees, chain)))
    following = {qube.name for qube in _netvm_followers(facts) if qube.value("netvm")}
    for name in chain:
        if name in following:
            return Reason("default-netvm-loop", seen_name(facts.sees, name), value)
    return None


def _why_not_default_template(facts: Facts, value: str) -> Reason | None:
    return Reason("not-a-template", value) if value and facts.qubes[value].klass is not VmClass.TEMPLATE else None


def _why_not_default_dispvm(facts: Facts, value: str) -> Reason | None:
    return Reason("not-disposable-template", value) if value and not facts.qubes[value].flag(FOR_DISPOSABLES) else None


SYSTEM_CHECKS: Mapping[str, Callable[[Facts, str], Reason | None]] = {
    "default_netvm": _why_not_default_netvm,
    "default_template": _why_not_default_template,
    "default_dispvm": _why_not_default_dispvm,
    "management_dispvm": _why_not_default_dispvm,
}


# -- firewall ---------------------------------------------------------------------------------------------------------


def why_not_enforced(record: QubeFacts, netvm: str, records: Qubes) -> Reason | None:
    """Why the firewall rules of a qube behind this netvm have no effect; None if they have, or if it is unknown.

    The daemon says it of the netvm that the qube has, where it enforces rules itself. Elsewhere a netvm that can do it
    has the feature `qubes-firewall`.
    """
    if not netvm:
        return Reason("firewall-no-netvm")
    if (state := record.properties.get("firewall_state")) is not None:
        if netvm != record.value("netvm") or state.value in {"", "enforced"}:
            return None
        return state.reason or Reason("other-text", state.value)
    router = records.get(netvm)
    if router is None:
        return None
    above = inherited_features(router.value("template"), records).get(FIREWALL_FEATURE)
    value = router.features.get(FIREWALL_FEATURE, above.value if above else "")
    return None if value else Reason("firewall-netvm-without", netvm)


# -- a whole change ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """A qube of `facts` as it is and as it would be; `edited` are the names of the properties that are to be sent."""

    before: VmRecord
    after: VmRecord
    edited: frozenset[str]
    facts: Facts

    def without(self, name: str) -> "_Changed":
        """The facts once all but this property is changed."""
        properties = dict(self.after.properties)
        properties.pop(name, None)
        if name in self.before.properties:
            properties[name] = self.before.properties[name]
        return _Changed(self.facts, self.after.updated(properties=properties))


@dataclass(frozen=True, slots=True)
class _Changed:
    """Facts with one qube as it would be."""

    facts: Facts
    qube: VmRecord

    @property
    def qubes(self) -> Qubes:
        return {**self.facts.qubes, self.qube.name: self.qube}

    def system(self, name: str) -> str:
        return self.facts.system(name)

    def sees(self, name: str) -> bool:
        return self.facts.sees(name)


def problems(change: Change) -> dict[str, Reason]:
    """Why edits would be refused, by property: each is checked as if the others were made, and netvms were started."""
    reasons: dict[str, Reason] = {}
    for name in sorted(change.edited):
        if name == DEVICES:
            reason = _why_not_devices(change)
        elif name in change.before.properties:
            others = change.without(name)
            reason = why_not_set_by_plan(others, others.qube, name, change.after.value(name))
        else:
            continue
        if reason:
            reasons[name] = reason
    return reasons


def _why_not_devices(change: Change) -> Reason | None:
    new = [device for device in change.after.devices if device[:3] not in {each[:3] for each in change.before.devices}]
    if new and (reason := why_not_attach(change.facts, change.after)):
        return reason
    controllers = sum(device.device_class is DeviceClass.PCI for device in change.after.devices)
    return why_not_balanced(change.after.number("maxmem") or 0, controllers)


def warnings(change: Change) -> dict[str, Reason]:
    """Warnings about the edits, by property."""
    return {
        name: reason
        for name in sorted(change.edited)
        if name in change.before.properties and (check := _WARNINGS.get(name)) and (reason := check(change))
    }


def _referrers(change: Change) -> Reason | None:
    references = referrers(change.facts, change.before.name)
    return Reason("name-references", ", ".join(references)) if references else None


def _other_network(change: Change) -> Reason | None:
    if change.after.value("netvm") == change.before.value("netvm"):
        return None
    around = path_around(change)
    reasons = [Reason("network-around", ", ".join(around))] if around else []
    if change.before.running:
        netvm = change.facts.qubes.get(change.after.value("netvm"))
        reasons.append(Reason("connections-end"))
        if netvm is not None and not netvm.running:
            reasons.append(Reason("netvm-starts-first", netvm.name))
    return reduce(partial(Reason, "both-reasons"), reasons) if reasons else None


def path_around(change: Change) -> list[str]:
    """As `goes_around`, for the new netvm of a change."""
    qubes, netvm = change.facts.qubes, change.after.value("netvm")
    behind = () if change.after.flag("provides_network") else give_network_behind(qubes, netvm)
    return goes_around(qubes, change.before.name, netvm, behind)


def goes_around(qubes: Qubes, name: str, netvm: str, behind: Sequence[str]) -> list[str]:
    """The qubes that the network of `name` goes through, or would by another way, and that this netvm leaves out.

    That is so where the new netvm is further out on the old way; and where it is the outermost one and others behind it
    give network: `behind`, as `give_network_behind` lists them, empty for a qube that gives network itself.
    """
    before = netvm_chain(name, netvm_of(qubes))
    if netvm in before:
        return before[: before.index(netvm)]
    if not netvm or netvm_of(qubes)(netvm):
        return []
    return [other for other in behind if other != name]


@Stepwise
def give_network_behind(qubes: Qubes, netvm: str) -> Steps[list[str]]:
    """The qubes right behind a netvm that give network themselves, by name."""
    names: list[str] = []
    for other in qubes.values() if netvm else ():
        if other.value("netvm") == netvm and other.flag("provides_network"):
            names.append(other.name)
        yield
    return sorted(names)


def _far_maximum(change: Change) -> Reason | None:
    memory, maxmem = change.after.number("memory") or 0, change.after.number("maxmem") or 0
    if memory and maxmem > MANY_TIMES * memory:
        return Reason("maximum-far", MANY_TIMES)
    return None


_WARNINGS: dict[str, Callable[[Change], Reason | None]] = {
    "name": _referrers,
    "netvm": _other_network,
    "memory": _far_maximum,
    "maxmem": _far_maximum,
}
