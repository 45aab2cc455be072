# SPDX-License-Identifier: GPL-3.0-or-later
"""The trees of net qubes and of templates, and warnings about them.

Pure functions of the records. Each walks every qube once or twice, so that a thousand take milliseconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from qubesmanager.rules import network
from qubesmanager.rules.edits import why_not_enforced
from qubesmanager.rules.facts import QubeFacts, Qubes
from qubesmanager.rules.network import netvm_chain, netvm_loop
from qubesmanager.wire.values import VmClass

Netvm = Callable[[str], str]
"""The netvm of a qube; empty for none."""


class Mark(Enum):
    """A warning on a qube."""

    LOOP = "loop"
    """`about` is the way around, with arrows."""
    MISSING = "missing"
    """`about` is a qube that it refers to and that is not there."""
    NO_ROUTER = "no-router"
    """`about` is a netvm that does not provide network."""
    AROUND = "around"
    """Its netvm is the outermost one; `about` are the qubes right behind that which give network."""
    NO_FIREWALL = "no-firewall"
    """`about`, its netvm, enforces no firewall for it: whatever rules it has are passed by."""
    ENFORCES_NOTHING = "enforces-nothing"
    """It enforces no firewall for any qube right behind it; `about` is how many there are."""
    LEAK = "leak"
    """It has no network, but what it opens in a disposable has: `about` is the disposable template and its way out."""


@dataclass(frozen=True, slots=True)
class Remark:
    mark: Mark
    about: str


@dataclass(frozen=True, slots=True)
class Node:
    """A qube and those below it; `below` counts all of them, however deep."""

    name: str
    children: "tuple[Node, ...]" = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def below(self) -> int:
        return sum(1 + child.below for child in self.children)


@dataclass(frozen=True, slots=True)
class Forest:
    """`roots` lead to the outside (or are templates); `apart` are qubes without network (or without a template)."""

    roots: tuple[Node, ...]
    apart: tuple[Node, ...]


def network_remarks(records: Qubes) -> dict[str, tuple[Remark, ...]]:
    """The warnings about the network of each qube but dom0, by its name."""
    guests = {name: record for name, record in records.items() if record.klass is not VmClass.ADMIN}
    netvm_of = network.netvm_of(guests)
    users = _users(guests, {name: netvm_of(name) for name in guests})
    routers = {netvm: [name for name in names if _gives_network(guests, name)] for netvm, names in users.items()}
    remarks = {name: _network_remarks(record, guests, netvm_of, routers) for name, record in guests.items()}
    return remarks | _told_once(remarks, users, guests)


def network_forest(records: Qubes) -> Forest:
    """Every qube below its netvm."""
    guests = {name: record for name, record in records.items() if record.klass is not VmClass.ADMIN}
    netvm_of = network.netvm_of(guests)
    remarks = network_remarks(records)
    users = _users(guests, {name: netvm_of(name) for name in guests})
    tops = [
        name for name in guests if not netvm_of(name) or netvm_of(name) not in guests or _first_of_loop(name, netvm_of)
    ]
    apart = [name for name in tops if not netvm_of(name) and not guests[name].flag("provides_network")]
    apart_too = set(apart) - set(users)
    return Forest(
        tuple(_grow(name, users, remarks) for name in sorted(tops) if name not in apart_too),
        tuple(_grow(name, {}, remarks) for name in sorted(apart_too)),
    )


def template_forest(records: Qubes) -> Forest:
    """Every qube below its template; a disposable template below its own."""
    guests = {name: record for name, record in records.items() if record.klass is not VmClass.ADMIN}
    above = {name: record.value("template") for name, record in guests.items()}
    users = _users(guests, above)
    remarks = {
        name: (Remark(Mark.MISSING, template),) if (template := above[name]) and template not in guests else ()
        for name in guests
    }
    tops = sorted(name for name in guests if not above[name] or above[name] not in guests)
    alone = {name for name in tops if name not in users and guests[name].klass is not VmClass.TEMPLATE}
    return Forest(
        tuple(_grow(name, users, remarks) for name in tops if name not in alone),
        tuple(_grow(name, {}, remarks) for name in tops if name in alone),
    )


def _users(guests: Qubes, above: Mapping[str, str]) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {}
    for name in sorted(guests):
        if above[name] and above[name] != name:
            users.setdefault(above[name], []).append(name)
    return users


def _grow(top: str, users: Mapping[str, list[str]], remarks: Mapping[str, tuple[Remark, ...]]) -> Node:
    """The tree below a qube; a loop is cut where it closes. A chain may be long, so this does not recurse."""
    below: dict[str, list[str]] = {top: []}
    order = [top]
    for name in order:
        for user in users.get(name, ()):
            if user not in below:
                below[name].append(user)
                below[user] = []
                order.append(user)
    nodes: dict[str, Node] = {}
    for name in reversed(order):
        nodes[name] = Node(name, tuple(nodes[user] for user in below[name]), remarks[name])
    return nodes[top]


def _loop(name: str, netvm_of: Netvm) -> list[str] | None:
    netvm = netvm_of(name)
    return netvm_loop(name, netvm, netvm_of) if netvm else None


def _first_of_loop(name: str, netvm_of: Netvm) -> bool:
    """Whether a loop is shown from here: the first of its qubes by name."""
    loop = _loop(name, netvm_of)
    return loop is not None and name == min(loop)


def _gives_network(guests: Qubes, name: str) -> bool:
    return name in guests and guests[name].flag("provides_network")


def _network_remarks(
    record: QubeFacts, guests: Qubes, netvm_of: Netvm, routers: Mapping[str, list[str]]
) -> tuple[Remark, ...]:
    """`routers`: by netvm, the qubes right behind it that give network."""
    remarks: list[Remark] = []
    netvm = record.value("netvm")
    if loop := _loop(record.name, netvm_of):
        remarks.append(Remark(Mark.LOOP, " → ".join(loop)))
    if netvm and netvm not in guests:
        remarks.append(Remark(Mark.MISSING, netvm))
    elif netvm and not guests[netvm].flag("provides_network"):
        remarks.append(Remark(Mark.NO_ROUTER, netvm))
    elif netvm and not record.flag("provides_network"):
        if routers[netvm] and not netvm_of(netvm):
            remarks.append(Remark(Mark.AROUND, ", ".join(routers[netvm])))
        if why_not_enforced(record, netvm, guests):
            remarks.append(Remark(Mark.NO_FIREWALL, netvm))
    if not netvm and not record.flag("provides_network") and (way := _leak(record, guests, netvm_of)):
        remarks.append(Remark(Mark.LEAK, way))
    return tuple(remarks)


def _told_once(
    remarks: Mapping[str, tuple[Remark, ...]], users: Mapping[str, list[str]], guests: Qubes
) -> dict[str, tuple[Remark, ...]]:
    """The remarks that change where a netvm passes by the rules of all behind it: one there, none with each of them."""
    changed: dict[str, tuple[Remark, ...]] = {}
    for netvm, names in users.items():
        mark = Remark(Mark.NO_FIREWALL, netvm)
        behind = [name for name in names if not guests[name].flag("provides_network")]
        if netvm in guests and len(behind) > 1 and all(mark in remarks[name] for name in behind):
            for name in behind:
                changed[name] = tuple(remark for remark in remarks[name] if remark != mark)
            first = changed.get(netvm, remarks[netvm])
            changed[netvm] = (*first, Remark(Mark.ENFORCES_NOTHING, str(len(behind))))
    return changed


def _leak(record: QubeFacts, guests: Qubes, netvm_of: Netvm) -> str:
    """The way of its disposables to the outside; empty if there is none."""
    dispvm = record.value("default_dispvm")
    if record.klass is VmClass.TEMPLATE or dispvm not in guests or dispvm == record.name:
        return ""
    chain = netvm_chain(dispvm, netvm_of)
    return " → ".join([dispvm, *chain]) if chain else ""
