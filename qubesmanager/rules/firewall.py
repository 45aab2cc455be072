# SPDX-License-Identifier: GPL-3.0-or-later
"""The meaning of a list of firewall rules: whether a packet passes, its simple form, the time that is left.

The first rule that matches decides; past the last rule everything is dropped. `now` is always unix seconds.
"""

import ipaddress
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from qubesmanager.wire.errors import ProtocolError, QubesValueError
from qubesmanager.wire.firewall import Action, OtherRule, Proto, Rule, SpecialTarget, parse_rule
from qubesmanager.wire.limits import RULES
from qubesmanager.wire.reasons import cause, refusal

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

DNS_PORT = 53
VIRTUAL_DNS = ("10.139.1.1", "10.139.1.2")
"""The DNS servers of qubes, as in Qubes OS."""

_ALL = Rule(Action.ACCEPT)
_NOTHING_ELSE = Rule(Action.DROP)
_DNS = Rule(Action.ACCEPT, specialtarget=SpecialTarget.DNS)
_ICMP = Rule(Action.ACCEPT, proto=Proto.ICMP)


# -- would it pass? ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet to judge: an address or a host name; a port or an ICMP type, None for any."""

    destination: str
    proto: Proto
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`index` counts from 0; None is the implicit end of the list.

    `unsure` names the earlier rules that might decide otherwise, because an address, a port or the DNS servers are
    not known here, or because the rule itself cannot be read here.
    """

    action: Action
    index: int | None
    unsure: tuple[int, ...] = ()


def verdict(
    rules: Sequence[Rule],
    packet: Packet,
    now: float,
    *,
    resolved: Mapping[str, Collection[Address]] | None = None,
    dns: Collection[Address] | None = None,
) -> Verdict:
    """Whether a packet that opens a connection passes; packets of a connection that is open pass in any case.

    `resolved` holds the addresses of host names as far as they are known, `dns` the netvm's DNS servers.
    """
    known = resolved or {}
    unsure: list[int] = []
    for index, rule in enumerate(rules):
        if is_expired(rule, now):
            continue
        if isinstance(rule, OtherRule):
            unsure.append(index)
            continue
        parts = (_proto(rule, packet), _number(rule, packet), _target(rule, packet, known), _dns(rule, packet, dns))
        if all(parts):
            return Verdict(rule.action, index, tuple(unsure))
        if not any(part is False for part in parts):
            unsure.append(index)
    return Verdict(Action.DROP, None, tuple(unsure))


def _proto(rule: Rule, packet: Packet) -> bool:
    return rule.proto in {None, packet.proto}


def _number(rule: Rule, packet: Packet) -> bool | None:
    if packet.proto is Proto.ICMP:
        if rule.icmptype is None:
            return True
        return None if packet.number is None else packet.number == rule.icmptype
    if rule.dstports is None:
        return True
    return None if packet.number is None else rule.dstports.low <= packet.number <= rule.dstports.high


def _target(rule: Rule, packet: Packet, resolved: Mapping[str, Collection[Address]]) -> bool | None:
    addresses = _addresses(packet.destination, resolved)
    if rule.dsthost is not None:
        if rule.dsthost == _host(packet.destination):
            return True
        if _address(packet.destination) is None and addresses is None:
            return False
        return _within(addresses, resolved.get(rule.dsthost))
    network = rule.dst4 or rule.dst6
    return True if network is None else _within(addresses, network)


def _dns(rule: Rule, packet: Packet, dns: Collection[Address] | None) -> bool | None:
    if rule.specialtarget is None:
        return True
    if packet.proto is Proto.ICMP or packet.number not in {None, DNS_PORT}:
        return False
    address = _address(packet.destination)
    if address is not None and dns is not None and address not in dns:
        return False
    return None if address is None or dns is None or packet.number is None else True


def _within(
    addresses: Collection[Address] | None,
    target: Collection[Address] | ipaddress.IPv4Network | ipaddress.IPv6Network | None,
) -> bool | None:
    """True if all addresses are in the target, False if none is, None if that is open."""
    if not addresses or target is None:
        return None
    inside = {address in target for address in addresses}
    return inside.pop() if len(inside) == 1 else None


def _addresses(destination: str, resolved: Mapping[str, Collection[Address]]) -> Collection[Address] | None:
    address = _address(destination)
    return resolved.get(_host(destination)) if address is None else (address,)


def _address(destination: str) -> Address | None:
    try:
        return ipaddress.ip_address(destination)
    except ValueError:
        return None


def _host(destination: str) -> str:
    return destination.lower().removesuffix(".")


# -- expiry -----------------------------------------------------------------------------------------------------------


def is_expired(rule: Rule, now: float) -> bool:
    return rule.expire is not None and now >= rule.expire


def remaining(rule: Rule, now: float) -> float | None:
    """Seconds that the rule still holds, 0 if it has expired; None if it does not expire."""
    return None if rule.expire is None else max(0.0, rule.expire - now)


# -- the simple shape -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SimpleView:
    """Either "allow all" or "limit to a list", with DNS and ping beside the list, and full access for a while."""

    allow_all: bool
    entries: tuple[Rule, ...] = ()
    dns: bool = False
    icmp: bool = False
    full_access_until: int | None = None


def simple_view(rules: Sequence[Rule]) -> SimpleView | None:
    """The list in its simple shape; None if that shape would lose something, so that only the full list can show it.

    `from_simple` gives a list back that lets the same packets pass, and that keeps every entry with its comment.
    """
    rest = list(rules)
    until = None
    if rest and rest[0].expire is not None and rest[0] == Rule(Action.ACCEPT, expire=rest[0].expire):
        until = rest.pop(0).expire
    if rest == [_ALL]:
        return SimpleView(allow_all=True, full_access_until=until)
    if rest and rest[-1] == _NOTHING_ELSE:
        rest.pop()
    entries = tuple(rule for rule in rest if rule not in {_DNS, _ICMP})
    if not all(is_entry(rule) for rule in entries):
        return None
    return SimpleView(False, entries, dns=_DNS in rest, icmp=_ICMP in rest, full_access_until=until)


def is_entry(rule: Rule) -> bool:
    """Whether the rule can be in the list of "limit to a list": it lets something through, but not everything."""
    if rule.action is not Action.ACCEPT or rule.specialtarget is not None or rule.proto is Proto.ICMP:
        return False
    return any(value is not None for value in (rule.dst4, rule.dst6, rule.dsthost, rule.proto))


def from_simple(view: SimpleView) -> list[Rule]:
    """The rules of that shape. An allow-all view has no list: its entries, DNS and ping are part of all."""
    rules = [] if view.full_access_until is None else [Rule(Action.ACCEPT, expire=view.full_access_until)]
    if view.allow_all:
        return [*rules, _ALL]
    rules += view.entries
    rules += [rule for rule, is_on in ((_DNS, view.dns), (_ICMP, view.icmp)) if is_on]
    return [*rules, _NOTHING_ELSE]


# -- import and export ------------------------------------------------------------------------------------------------


def export_text(rules: Iterable[Rule]) -> str:
    """One rule a line, as `import_text` reads it."""
    return "".join(f"{rule}\n" for rule in rules)


def import_text(untrusted: str) -> list[Rule]:
    """The rules of a text, one a line; empty lines and lines that begin with # are left out.

    Raises ProtocolError naming the line for the first line that is no rule, and for more than RULES of them.
    """
    rules: list[Rule] = []
    for number, line in enumerate(untrusted.splitlines(), 1):
        text = line.lstrip()
        if not text or text.startswith("#"):
            continue
        if len(rules) == RULES:
            raise refusal("rules-line-limit", number, RULES)
        try:
            rules.append(parse_rule(text))
        except (ProtocolError, QubesValueError) as error:
            raise refusal("rules-line", number, cause(error)) from None
    return rules
