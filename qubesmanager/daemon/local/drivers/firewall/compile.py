# SPDX-License-Identifier: GPL-3.0-or-later
"""From the rules of a netvm's qubes to one nftables table, as the JSON that `nft -j -f -` reads.

The table holds for the network namespace of one netvm: what comes from a qube's address goes through that qube's
chain, to others (`forward`) and to the netvm itself (`input`); replies pass; the rest is not forwarded. Commands
replace the table as a whole, in one transaction. Source of the form: libnftables-json(5).
"""

import ipaddress
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from qubesmanager.rules.firewall import DNS_PORT, Address
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError, QubesValueError
from qubesmanager.wire.firewall import Action, Proto, Rule, parse_rule
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import cause, error_for

Json = dict[str, Any]

IPV4, IPV6 = 4, 6
_IP = {IPV4: "ip", IPV6: "ip6"}
_ICMP = {IPV4: "icmp", IPV6: "icmpv6"}
_L4_ICMP = {IPV4: "icmp", IPV6: "ipv6-icmp"}
_NFPROTO = {IPV4: "ipv4", IPV6: "ipv6"}
_ADDRESS_TYPE = {IPV4: "ipv4_addr", IPV6: "ipv6_addr"}
NEIGHBOURS = ["nd-router-solicit", "nd-neighbor-solicit", "nd-neighbor-advert"]
"""ICMPv6 without which IPv6 finds no neighbour on a link."""
_REJECT: Json = {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}
_ACCEPT: Json = {"accept": None}


@dataclass(frozen=True, slots=True)
class QubeRules:
    """A qube of the netvm: its addresses and its rules in order, parsed or as they are stored."""

    name: str
    ip: ipaddress.IPv4Address | None
    ip6: ipaddress.IPv6Address | None
    rules: Sequence[Rule | str]

    def addresses(self) -> tuple[Address, ...]:
        return tuple(address for address in (self.ip, self.ip6) if address is not None)


@dataclass(frozen=True, slots=True)
class Compiled:
    """`commands` for one transaction; `problems` says by qube why everything from it is dropped.

    `unresolved` are host names without a known address: rules that let something through to them match nothing yet.
    """

    table: str
    commands: tuple[Json, ...]
    problems: Mapping[str, Reason]
    unresolved: frozenset[str]

    def ruleset(self) -> Json:
        return {"nftables": list(self.commands)}


class _UncompilableError(Mgmt1Error, named=False):
    """Why a rule cannot be carried out, as the end of a sentence."""


def table_name(netvm: str) -> str:
    return f"mgmt1-{netvm}"


def hosts_of(qubes: Iterable[QubeRules]) -> frozenset[str]:
    """The host names whose addresses the qubes' rules need."""
    return frozenset(rule.dsthost for qube in qubes for rule in _parsed(qube) if rule.dsthost is not None)


def compile_netvm(
    netvm: str,
    qubes: Sequence[QubeRules],
    dns: Collection[Address] = (),
    resolved: Mapping[str, Collection[Address]] | None = None,
    uplink: str | None = None,
) -> Compiled:
    """The table of a netvm. `dns`: its DNS servers; `uplink`: the interface behind which its qubes share its address.

    Never fails: a qube with a rule that cannot be carried out loses its network and is named in `problems`.
    """
    builder = _Builder(table_name(netvm), dns, resolved or {})
    chains = {}
    problems = _shared_addresses(qubes)
    for qube in qubes:
        if qube.name not in problems:
            try:
                chains[qube.name] = builder.chain(qube)
            except _UncompilableError as error:
                problems[qube.name] = Reason("firewall-drops-all", qube.name, cause(error))
    passing = [qube for qube in qubes if qube.name in chains]
    blocked = [qube for qube in qubes if qube.name not in chains]
    return Compiled(
        builder.table,
        tuple(builder.commands(passing, blocked, chains, uplink)),
        problems,
        frozenset(host for host in hosts_of(qubes) if not builder.resolved.get(host)),
    )


def delete_table(table: str) -> tuple[Json, ...]:
    """The commands that remove a table, whether it is there or not."""
    named = {"table": {"family": "inet", "name": table}}
    return ({"add": named}, {"delete": named})


def _parsed(qube: QubeRules) -> Iterable[Rule]:
    for rule in qube.rules:
        try:
            yield _rule_of(rule)
        except (ProtocolError, QubesValueError):
            continue


@lru_cache(maxsize=8192)
def _rule_of(stored: Rule | str) -> Rule:
    """Remembered, because a change of one rule compiles all rules of all qubes of the netvm again."""
    return parse_rule(stored) if isinstance(stored, str) else stored


def _shared_addresses(qubes: Sequence[QubeRules]) -> dict[str, Reason]:
    """Qubes that have an address in common cannot be distinguished by it, so none of them may pass."""
    holders: dict[Address, list[str]] = defaultdict(list)
    for qube in qubes:
        for address in qube.addresses():
            holders[address].append(qube.name)
    return {
        name: Reason(
            "firewall-drops-all",
            name,
            Reason("same-address", Reason("list-and", ", ".join(names[:-1]), names[-1]), str(address)),
        )
        for address, names in holders.items()
        if len(names) > 1
        for name in names
    }


class _Builder:
    """One table while it is compiled; remembers which host names got a set."""

    def __init__(self, table: str, dns: Collection[Address], resolved: Mapping[str, Collection[Address]]) -> None:
        self.table = table
        self.dns = dns
        self.resolved = resolved
        self.hosts: dict[str, int] = {}

    # -- rules of a qube

    def chain(self, qube: QubeRules) -> list[list[Json]]:
        """The expressions of each nft rule in the qube's chain."""
        expressions: list[list[Json]] = []
        for index, stored in enumerate(qube.rules):
            try:
                expressions += self._rule(_rule_of(stored))
            except (_UncompilableError, ProtocolError, QubesValueError) as error:
                why = Reason("rule-not-compiled", index + 1, cause(error))
                raise error_for(why, _UncompilableError) from None
        return expressions

    def _rule(self, rule: Rule) -> Iterable[list[Json]]:
        """One or two nft rules: two where IPv4 and IPv6 need different words."""
        self._fail_closed(rule)
        time = [] if rule.expire is None else [_match({"meta": {"key": "time"}}, rule.expire, "<")]
        verdict = _ACCEPT if rule.action is Action.ACCEPT else _REJECT
        for family in _families(rule):
            target = self._target(rule, family)
            if target is not None:
                yield [*time, *target, *_service(rule, family), verdict]

    def _fail_closed(self, rule: Rule) -> None:
        """A drop rule that would match nothing lets pass what it should hold back."""
        if rule.action is Action.DROP and rule.dsthost is not None and not self.resolved.get(rule.dsthost):
            raise error_for(Reason("host-unresolved", rule.dsthost), _UncompilableError)
        if rule.action is Action.DROP and rule.specialtarget is not None and not self.dns:
            raise error_for(Reason("dns-unknown"), _UncompilableError)

    def _target(self, rule: Rule, family: int | None) -> list[Json] | None:
        """The expressions that match the destination; None if nothing can match."""
        resolved = []
        network = rule.dst4 or rule.dst6
        if network is not None:
            resolved.append(_network(network))
        if rule.dsthost is not None and family is not None:
            number = self.hosts.setdefault(rule.dsthost, len(self.hosts))
            resolved.append(_match(_address(family, "daddr"), "@" + _set_name(family, number)))
        if rule.specialtarget is not None and family is not None:
            servers = _of(family, self.dns)
            if not servers:
                return None
            resolved.append(_match(_address(family, "daddr"), {"set": servers}))
        return resolved

    # -- the table

    def commands(
        self,
        passing: Sequence[QubeRules],
        blocked: Sequence[QubeRules],
        chains: Mapping[str, list[list[Json]]],
        uplink: str | None,
    ) -> Iterable[Json]:
        yield from delete_table(self.table)
        yield {"add": {"table": {"family": "inet", "name": self.table}}}
        for host, number in self.hosts.items():
            for family, kind in _ADDRESS_TYPE.items():
                addresses = _of(family, self.resolved.get(host, ()))
                elements = {"elem": addresses} if addresses else {}
                yield self._add("set", {"name": _set_name(family, number), "type": kind, **elements})
        for name, expressions in chains.items():
            yield self._add("chain", {"name": _chain_name(name)})
            for expression in [*expressions, [_REJECT]]:
                yield self._add_rule(_chain_name(name), expression)
        for hook, policy in (("forward", "drop"), ("input", "accept")):
            base = {"name": hook, "type": "filter", "hook": hook, "prio": 0, "policy": policy}
            yield self._add("chain", base)
            for expression in _base_rules(hook, passing, blocked):
                yield self._add_rule(hook, expression)
        if uplink is not None:
            yield self._add("chain", {"name": "uplink", "type": "nat", "hook": "postrouting", "prio": 100})
            yield self._add_rule("uplink", [_match({"meta": {"key": "oifname"}}, uplink), {"masquerade": None}])

    def _add(self, kind: str, what: Json) -> Json:
        return {"add": {kind: {"family": "inet", "table": self.table, **what}}}

    def _add_rule(self, chain: str, expression: list[Json]) -> Json:
        return self._add("rule", {"chain": chain, "expr": expression})


def _base_rules(hook: str, passing: Sequence[QubeRules], blocked: Sequence[QubeRules]) -> Iterable[list[Json]]:
    """The rules of a hook before and after the chains of the qubes; a blocked qube loses open connections too."""
    if hook == "input":
        yield [_match({"payload": {"protocol": "icmpv6", "field": "type"}}, {"set": NEIGHBOURS}), _ACCEPT]
    for family in _IP:
        addresses = _of(family, [address for qube in blocked for address in qube.addresses()])
        if addresses:
            yield [_match(_address(family, "saddr"), {"set": addresses}), _REJECT]
            yield [_match(_address(family, "daddr"), {"set": addresses}), {"drop": None}]
    yield [_match({"ct": {"key": "state"}}, ["established", "related"], "in"), _ACCEPT]
    yield [_match({"ct": {"key": "state"}}, ["invalid"], "in"), {"drop": None}]
    for family in _IP:
        jumps = [
            [address, {"jump": {"target": _chain_name(qube.name)}}]
            for qube in passing
            for address in _of(family, qube.addresses())
        ]
        if jumps:
            yield [{"vmap": {"key": _address(family, "saddr"), "data": {"set": jumps}}}]


# -- expressions ------------------------------------------------------------------------------------------------------


def _families(rule: Rule) -> Iterable[int | None]:
    if rule.dst4 is not None:
        return (IPV4,)
    if rule.dst6 is not None:
        return (IPV6,)
    if rule.dsthost is not None or rule.specialtarget is not None or rule.icmptype is not None:
        return (IPV4, IPV6)
    return (None,)


def _service(rule: Rule, family: int | None) -> Iterable[Json]:
    """The expressions that match the protocol and its ports or type."""
    l4proto = {"meta": {"key": "l4proto"}}
    if rule.proto is Proto.ICMP:
        if rule.icmptype is not None and family is not None:
            yield _match({"payload": {"protocol": _ICMP[family], "field": "type"}}, rule.icmptype)
        else:
            kinds = list(_L4_ICMP.values()) if family is None else [_L4_ICMP[family]]
            yield _match(l4proto, {"set": kinds})
        return
    if rule.proto is not None:
        yield _match(l4proto, rule.proto.value)
    elif rule.specialtarget is not None:
        yield _match(l4proto, {"set": ["tcp", "udp"]})
    port = {"payload": {"protocol": "th", "field": "dport"}}
    if rule.specialtarget is not None:
        yield _match(port, DNS_PORT)
    if rule.dstports is not None:
        low, high = rule.dstports
        yield _match(port, low if low == high else {"range": [low, high]})


def _network(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> Json:
    if network.prefixlen == 0:
        return _match({"meta": {"key": "nfproto"}}, _NFPROTO[network.version])
    address = str(network.network_address)
    if network.prefixlen == network.max_prefixlen:
        return _match(_address(network.version, "daddr"), address)
    return _match(_address(network.version, "daddr"), {"prefix": {"addr": address, "len": network.prefixlen}})


def _match(left: Json, right: object, operator: str = "==") -> Json:
    return {"match": {"op": operator, "left": left, "right": right}}


def _address(family: int, field: str) -> Json:
    return {"payload": {"protocol": _IP[family], "field": field}}


def _of(family: int, addresses: Iterable[Address]) -> list[str]:
    """The addresses of one family, each once, in order."""
    return [
        str(address) for address in sorted({address for address in addresses if address.version == family}, key=int)
    ]


def _set_name(family: int, number: int) -> str:
    return f"host{family}-{number}"


def _chain_name(qube: str) -> str:
    return f"qube-{qube}"
