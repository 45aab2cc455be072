# SPDX-License-Identifier: GPL-3.0-or-later
"""Fake firewalls: rulesets are kept for each namespace and packets are judged by them, without a kernel.

Understands the part of nft's JSON that the compiler writes, and fails on any other, so that it cannot pass by chance.
"""

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

_PROTOCOLS = {"tcp", "udp", "icmp", "ipv6-icmp"}


@dataclass(frozen=True)
class Datagram:
    """What a hook sees; `number` is the destination port or the ICMP type. `state` as conntrack calls it."""

    source: str
    destination: str
    l4proto: str
    number: int
    time: float = 0
    state: str = "new"

    @property
    def version(self) -> int:
        return ipaddress.ip_address(self.destination).version


@dataclass
class NftTable:
    """One table after a batch."""

    chains: dict[str, Json] = field(default_factory=dict)
    rules: dict[str, list[list[Json]]] = field(default_factory=dict)
    sets: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class NftMachine:
    """Tables by name, as one network namespace holds them. A batch is carried out whole or not at all."""

    tables: dict[str, NftTable] = field(default_factory=dict)

    def load(self, commands: Sequence[Json]) -> None:
        tables = dict(self.tables)
        for command in commands:
            [(verb, what)] = command.items()
            [(kind, value)] = what.items()
            if (verb, kind) == ("add", "table"):
                tables.setdefault(value["name"], NftTable())
            elif (verb, kind) == ("delete", "table"):
                del tables[value["name"]]
            elif (verb, kind) == ("add", "chain"):
                table = tables[value["table"]]
                table.chains[value["name"]] = value
                table.rules[value["name"]] = []
            elif (verb, kind) == ("add", "set"):
                tables[value["table"]].sets[value["name"]] = value.get("elem", [])
            elif (verb, kind) == ("add", "rule"):
                tables[value["table"]].rules[value["chain"]].append(value["expr"])
            else:
                raise AssertionError(command)
        self.tables = tables

    def passes(self, packet: Datagram, hook: str = "forward") -> bool:
        """Whether every table lets the packet through that hook."""
        return all(
            (_walk(table, name, packet) or chain["policy"]) == "accept"
            for table in self.tables.values()
            for name, chain in table.chains.items()
            if chain.get("hook") == hook
        )


@dataclass
class PaperFirewall:
    """Takes what the real one takes; `machines` by namespace."""

    machines: dict[str, NftMachine] = field(default_factory=dict)
    refuse: Exception | None = None
    loaded: asyncio.Event = field(default_factory=asyncio.Event)

    async def load(self, place: str, commands: Sequence[Json]) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.machines.setdefault(place, NftMachine()).load(commands)
        self.loaded.set()


def _walk(table: NftTable, chain: str, packet: Datagram) -> str | None:
    for rule in table.rules[chain]:
        verdict = _rule(table, rule, packet)
        if verdict is not None:
            return verdict
    return None


def _rule(table: NftTable, rule: list[Json], packet: Datagram) -> str | None:
    for expression in rule:
        [(kind, value)] = expression.items()
        if kind == "match":
            if not _match(table, value, packet):
                return None
        elif kind == "vmap":
            for key, verdict in value["data"]["set"]:
                if key == _field(value["key"], packet):
                    return _walk(table, verdict["jump"]["target"], packet)
        elif kind in {"accept", "drop", "reject"}:
            return kind
        else:
            raise AssertionError(expression)
    return None


def _match(table: NftTable, match: Json, packet: Datagram) -> bool:
    left = _field(match["left"], packet)
    right = match["right"]
    if left is None:
        return False
    if match["op"] == "<":
        return bool(left < right)
    if isinstance(right, list):
        return left in right
    if isinstance(right, str) and right.startswith("@"):
        return left in table.sets[right[1:]]
    if not isinstance(right, dict):
        return bool(left == right)
    [(kind, value)] = right.items()
    if kind == "set":
        return left in value
    if kind == "range":
        return bool(value[0] <= left <= value[1])
    if kind == "prefix":
        return ipaddress.ip_address(left) in ipaddress.ip_network(f"{value['addr']}/{value['len']}")
    raise AssertionError(match)


def _field(left: Json, packet: Datagram) -> Any:
    """The packet's value; None if it has no such field, which then matches nothing."""
    [(kind, value)] = left.items()
    if kind == "ct":
        return packet.state
    if kind == "meta":
        return {
            "time": packet.time,
            "l4proto": packet.l4proto,
            "nfproto": f"ipv{packet.version}",
            "oifname": "",
        }[value["key"]]
    assert kind == "payload"
    assert packet.l4proto in _PROTOCOLS
    match value["protocol"], value["field"]:
        case ("ip" | "ip6") as family, where:
            if (family == "ip") != (packet.version == 4):
                return None
            return {"saddr": packet.source, "daddr": packet.destination}[where]
        case "th", "dport":
            return packet.number if packet.l4proto in {"tcp", "udp"} else None
        case "icmp", "type":
            return packet.number if packet.l4proto == "icmp" else None
        case "icmpv6", "type":
            return packet.number if packet.l4proto == "ipv6-icmp" else None
    raise AssertionError(left)
