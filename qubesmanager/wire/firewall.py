# SPDX-License-Identifier: GPL-3.0-or-later
"""One firewall rule: its text, its fields, and the one spelling each rule has.

A rule is read with its options in any order, separated by single spaces, none doubled; only `comment` comes last, since
it takes the rest of the text. It is written in this order: `action=accept|drop` (always), at most one of
`dst4=a.b.c.d/n` `dst6=…/n` `dsthost=name`, `proto=tcp|udp|icmp`, `specialtarget=dns`, `dstports=lo-hi` (tcp, udp),
`icmptype=n` (icmp), `expire=<unix seconds>`, `comment=<text to the end>`. An address or network in `dsthost`, as Qubes
OS writes it, is read as `dst4` or `dst6`. Options narrow each other down. The table of options is in docs/firewall.md.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from qubesmanager.wire.errors import Mgmt1Error, ProtocolError, QubesValueError
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal

Choice = TypeVar("Choice", bound=StrEnum)
Network = TypeVar("Network", ipaddress.IPv4Network, ipaddress.IPv6Network)

COMMENT_BYTES = 1024
"""The longest comment."""
RULE_BYTES = 2048
"""The longest rule; any rule in canonical form is shorter."""
EXPIRE_LIMIT = 2**33
"""An expiry lies before this (the year 2242): the kernel counts nanoseconds in 63 bits."""
PORT_LIMIT = 2**16
ICMP_TYPE_LIMIT = 2**8

HOST_BYTES = 253
"""The longest host name, without a final dot (RFC 1035)."""

_HOST_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_DECIMAL = re.compile(r"[0-9]{1,12}", re.ASCII)


class Action(StrEnum):
    ACCEPT = "accept"
    DROP = "drop"


class Proto(StrEnum):
    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"
    """ICMP to IPv4 addresses, ICMPv6 to IPv6 addresses."""


class SpecialTarget(StrEnum):
    DNS = "dns"
    """The DNS servers of the qube's netvm, port 53 over TCP and UDP."""


class Ports(NamedTuple):
    """Both ends belong to the range."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.low}-{self.high}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; a field that is None (or an empty comment) narrows nothing down.

    Raises QubesValueError when the fields contradict each other, so a rule that exists is a rule that can be sent.
    """

    action: Action
    dst4: ipaddress.IPv4Network | None = None
    dst6: ipaddress.IPv6Network | None = None
    dsthost: str | None = None
    proto: Proto | None = None
    specialtarget: SpecialTarget | None = None
    dstports: Ports | None = None
    icmptype: int | None = None
    expire: int | None = None
    comment: str = ""

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.dst4, self.dst6, self.dsthost)) > 1:
            raise refusal("rule-one-destination")
        if self.dstports is not None and self.proto not in {Proto.TCP, Proto.UDP}:
            raise refusal("rule-ports-proto")
        if self.icmptype is not None and self.proto is not Proto.ICMP:
            raise refusal("rule-icmp-proto")
        if self.specialtarget is SpecialTarget.DNS and self.proto is Proto.ICMP:
            raise refusal("rule-dns-icmp")
        for name, parse in _OPTIONS.items():
            value = getattr(self, name)
            if value is not None and parse(str(value)) != value:
                raise refusal("rule-not-canonical", name, str(value))

    def __str__(self) -> str:
        """The canonical text; `parse_rule` gives the same rule back."""
        options = ((field.name, getattr(self, field.name)) for field in fields(self))
        return " ".join(f"{name}={value}" for name, value in options if value is not None and value != "")


@dataclass(frozen=True, slots=True)
class OtherRule(Rule):
    """A rule of Qubes OS that cannot be read here: its text is kept as it is, and only its action is known."""

    other: str = ""

    def __str__(self) -> str:
        return self.other


def read_rule(text: str) -> Rule:
    """As `parse_rule`, for the text of a rule that a firewall has; one that cannot be read is an `OtherRule`."""
    try:
        return parse_rule(text)
    except (ProtocolError, QubesValueError):
        accepts = f"action={Action.ACCEPT}" in text.split(" ")
        return OtherRule(Action.ACCEPT if accepts else Action.DROP, other=text)


def parse_rule(untrusted_rule: str | bytes) -> Rule:
    """Read a rule: options in any order, `comment` last.

    Raises ProtocolError for text that is not of the form above, QubesValueError for a value or a combination of options
    that is not allowed; the message is one sentence.
    """
    options: dict[str, str] = {}
    rest = _text(untrusted_rule)
    while rest:
        name, equals, after = rest.partition("=")
        if not equals or " " in name:
            raise _not_an_option(rest.partition(" ")[0])
        if name in options:
            raise refusal("rule-option-twice", shown(name))
        options[name], space, rest = (after, "", "") if name == "comment" else after.partition(" ")
        if space and not rest:
            raise refusal("rule-space-end")
    return rule_of(options)


def rule_of(untrusted_options: Mapping[str, str]) -> Rule:
    """The rule with these options; raises as `parse_rule` does."""
    if not untrusted_options:
        raise refusal("rule-empty")
    values: dict[str, Any] = {}
    for name, text in untrusted_options.items():
        if name not in _OPTIONS:
            raise refusal("rule-unknown-option", shown(name), ", ".join(_OPTIONS))
        option = _address_option(text) if name == "dsthost" else name
        if option in values:
            raise refusal("rule-one-destination")
        values[option] = _OPTIONS[option](text)
    if "action" not in values:
        raise refusal("rule-no-action")
    return Rule(**values)


def _text(untrusted_rule: str | bytes) -> str:
    if len(untrusted_rule) > RULE_BYTES:
        raise refusal("rule-too-long", RULE_BYTES)
    if isinstance(untrusted_rule, str):
        return untrusted_rule
    try:
        return untrusted_rule.decode("ascii")
    except UnicodeDecodeError:
        raise refusal("rule-not-ascii") from None


def _not_an_option(word: str) -> Mgmt1Error:
    return refusal("rule-no-option", shown(word)) if word else refusal("rule-spaces")


# -- one parser an option: text -> value; QubesValueError names the fault --------------------------------------------


def _chosen(name: str, kind: type[Choice]) -> Callable[[str], Choice]:
    def parse(text: str) -> Choice:
        try:
            return kind(text)
        except ValueError:
            raise refusal("option-choice", name, ", ".join(kind), shown(text)) from None

    return parse


def _number(name: str, limit: int) -> Callable[[str], int]:
    """A parser of a decimal number from 0 up to `limit`, `limit` itself not included."""

    def parse(text: str) -> int:
        if not _DECIMAL.fullmatch(text) or int(text) >= limit:
            raise refusal("rule-number", name, limit - 1, shown(text))
        return int(text)

    return parse


def _network(name: str, kind: type[Network], bits: int, example: str) -> Callable[[str], Network]:
    """A parser of `address` or `address/n`; bits beyond the prefix are cleared, as the kernel would."""

    def parse(text: str) -> Network:
        address, slash, prefix = text.partition("/")
        if "%" not in address and (not slash or (_DECIMAL.fullmatch(prefix) and int(prefix) <= bits)):
            try:
                return kind(f"{address}/{int(prefix or bits)}", strict=False)
            except ValueError:
                pass
        raise refusal("rule-network", name, example, shown(text))

    return parse


def _host(text: str) -> str:
    """A host name in lower case; international names come in their ASCII form (xn--...)."""
    host = text.lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > HOST_BYTES or not all(_HOST_LABEL.fullmatch(label) for label in labels):
        raise refusal("rule-host", shown(text))
    if labels[-1].isdigit():
        raise refusal("rule-host-digits", shown(text))
    return host


def _address_option(text: str) -> str:
    """`dst4` or `dst6` if a destination is an address or a network, else `dsthost`."""
    for option in ("dst4", "dst6"):
        try:
            _OPTIONS[option](text)
        except QubesValueError:
            continue
        return option
    return "dsthost"


def _ports(text: str) -> Ports:
    low, dash, high = text.partition("-")
    number = _number("dstports", PORT_LIMIT)
    ports = Ports(number(low), number(high if dash else low))
    if ports.low > ports.high:
        raise refusal("rule-ports-order", shown(text))
    return ports


def _comment(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise refusal("rule-comment-ascii")
    if len(text) > COMMENT_BYTES:
        raise refusal("rule-comment-too-long", COMMENT_BYTES)
    return text


_OPTIONS: dict[str, Callable[[str], Any]] = {
    "action": _chosen("action", Action),
    "dst4": _network("dst4", ipaddress.IPv4Network, 32, "192.0.2.0/24"),
    "dst6": _network("dst6", ipaddress.IPv6Network, 128, "2001:db8::/32"),
    "dsthost": _host,
    "proto": _chosen("proto", Proto),
    "specialtarget": _chosen("specialtarget", SpecialTarget),
    "dstports": _ports,
    "icmptype": _number("icmptype", ICMP_TYPE_LIMIT),
    "expire": _number("expire", EXPIRE_LIMIT),
    "comment": _comment,
}
