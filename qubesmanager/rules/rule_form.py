# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user types into the fields of a firewall rule, as options of rules: each field gives its own option only.

Taken: international names, names of services, several ports, ranges with blanks, `*` for all. What would become another
rule than the user means, such as a network with host bits, is refused with a sentence.
"""

import ipaddress

from qubesmanager.wire.firewall import ICMP_TYPE_LIMIT, PORT_LIMIT, Ports, Proto
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal

ALL = frozenset({"", "*", "any", "all"})
"""Texts that narrow nothing down, in lower case."""

DNS = "dns"
"""The destination that means the DNS servers."""

SERVICES = {
    "ftp": 21, "ssh": 22, "sftp": 22, "telnet": 23, "smtp": 25, "domain": 53, "dns": 53, "http": 80, "pop3": 110,
    "ntp": 123, "imap": 143, "snmp": 161, "ldap": 389, "https": 443, "smtps": 465, "submission": 587, "ipp": 631,
    "ldaps": 636, "rsync": 873, "imaps": 993, "pop3s": 995, "openvpn": 1194, "mysql": 3306, "rdp": 3389,
    "postgresql": 5432, "xmpp": 5222, "wireguard": 51820, "git": 9418, "whois": 43, "tor": 9001,
}  # fmt: skip
"""The usual port of a service by its name (IANA's registry of service names)."""


def destination_options(untrusted: str) -> dict[str, str]:
    """The option of a destination: none for anywhere. Raises QubesValueError for what is not one destination."""
    text = untrusted.strip()
    if text.casefold() in ALL:
        return {}
    if text.casefold() == DNS:
        return {"specialtarget": DNS}
    if len(text.split()) > 1 or "," in text or ";" in text:
        raise refusal("rule-one-host", shown(text))
    if "://" in text:
        raise refusal("rule-host-only", shown(text))
    if "*" in text:
        raise refusal("rule-no-wildcard", shown(text))
    if (network := _network(text)) is not None:
        return {f"dst{network.version}": str(network)}
    return {"dsthost": _ascii_host(text)}


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """An address or a network; None for text that is neither. Raises QubesValueError for one with host bits."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        address, slash, _prefix = text.partition("/")
        if slash:
            raise refusal("rule-prefix", shown(text)) from None
        if address and all(part.isdigit() for part in address.split(".")):
            raise refusal("rule-address", shown(text)) from None
        return None
    if "/" in text and network.network_address != ipaddress.ip_address(text.partition("/")[0]):
        raise refusal("rule-host-bits", shown(text), str(network))
    return network


def _ascii_host(text: str) -> str:
    """A host name in ASCII: an international one in the form that DNS has (xn--…)."""
    if text.isascii():
        return text
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError:
        raise refusal("rule-host", shown(text)) from None


def port_options(untrusted: str, proto: Proto | None) -> list[dict[str, str]]:
    """The options of each rule that the ports need: one rule a range. For ICMP a type.

    Raises QubesValueError for what is neither a number, a range nor the name of a service.
    """
    text = untrusted.strip()
    if text.casefold() in ALL:
        return [{}]
    if proto is Proto.ICMP:
        if not text.isascii() or not text.isdigit():
            raise refusal("rule-icmp-type", ICMP_TYPE_LIMIT - 1, shown(text))
        return [{"icmptype": text}]
    ranges = [_ports(part) for part in text.replace(";", ",").split(",")]
    if proto is None:
        raise refusal("rule-ports-need-proto")
    return [{"dstports": str(each)} for each in dict.fromkeys(ranges)]


def _ports(untrusted: str) -> Ports:
    text = untrusted.strip()
    low, dash, high = (part.strip() for part in text.replace(":", "-").partition("-"))
    if dash and text.casefold() in SERVICES:
        low, dash, high = text, "", ""
    first = _port(low, text)
    last = _port(high, text) if dash else first
    if first > last:
        raise refusal("rule-ports-backwards", shown(text))
    return Ports(first, last)


def _port(untrusted: str, whole: str) -> int:
    if (port := SERVICES.get(untrusted.casefold())) is not None:
        return port
    if untrusted.isascii() and untrusted.isdigit() and len(untrusted) < len(str(PORT_LIMIT)) + 1:
        number = int(untrusted)
        if number < PORT_LIMIT:
            return number
    raise refusal("rule-port", PORT_LIMIT - 1, shown(whole))
