# SPDX-License-Identifier: GPL-3.0-or-later
"""Real paths for packets: each netvm is a network namespace that routes, each of its qubes a port of its bridge.

    qube's tap --+-- bridge (no address) -- veth -- [ namespace of the netvm: qubes0 ... uplink0 ] -- upstream's bridge
    another  ----+                                                                                   or nothing

Ports of a bridge are isolated from each other, and a port carries only its own qube's addresses. A netvm with an
upstream netvm is a port of that one's bridge, as a qube is. Needs root; `why_not` says what is missing. Everything is
done by `ip` and `nft`, may be repeated, and is found by name when it is taken away.
"""

import hashlib
import ipaddress
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from qubesmanager.daemon.local.drivers.firewall.compile import NEIGHBOURS, Json, delete_table
from qubesmanager.host import command
from qubesmanager.rules.firewall import VIRTUAL_DNS, Address
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.reason import Reason

INSIDE = "qubes0"
"""In a netvm's namespace: the interface towards its qubes."""
UPLINK = "uplink0"
"""In a netvm's namespace: the interface towards its own netvm."""
NAMESPACES = Path("/run/netns")

_NODAD: dict[int, tuple[str, ...]] = {4: (), 6: ("nodad",)}
"""No other machine can have an address on these links, so no detection of duplicates is needed."""
_GATEWAYS = {4: "169.254.0.1/32", 6: "fe80::1/64"}
"""The host's end of a link that leads out; the same on each, since it is never the target of anything but a route."""

_FORWARDING = ("/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding")


@dataclass(frozen=True, slots=True)
class Node:
    """A qube or netvm as the network sees it."""

    name: str
    ip: ipaddress.IPv4Address | None
    ip6: ipaddress.IPv6Address | None = None

    def addresses(self) -> tuple[Address, ...]:
        return tuple(address for address in (self.ip, self.ip6) if address is not None)


def why_not() -> Reason | None:
    """Why this process cannot build real paths; None if it can."""
    if os.geteuid() != 0:
        return Reason("paths-need-root")
    for program in ("ip", "nft", "nsenter"):
        if shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
            return Reason("program-missing", program)
    if not Path("/dev/net/tun").exists():
        return Reason("no-tun")
    return None


class LinuxNamespaces:
    """Builds and takes away. `root`: the namespace used as the host's (by tests); None for the process's.

    `prefix` begins the names of namespaces and tables, so that two installations on a host do not meet.
    """

    def __init__(self, root: str | None = None, prefix: str = "qm") -> None:
        self._root = root
        self._prefix = prefix

    def place(self, netvm: str) -> str:
        """The namespace file of a netvm, as the firewall wants it."""
        return str(NAMESPACES / self._namespace(netvm))

    def tap(self, qube: str) -> str:
        """The name of the qube's tap, for `<target dev=... managed='no'/>` of its interface."""
        return self._interface("t", qube)

    async def netvm_up(self, netvm: Node, upstream: Node | None = None) -> str:
        """Make the netvm's namespace, bridge and uplink; its upstream is up. Returns the file of the namespace."""
        if self._namespace(netvm.name) not in await self._namespaces():
            await self._ip("netns", "add", self._namespace(netvm.name))
        await self._within(netvm.name, "ip", "link", "set", "lo", "up")
        for path in _FORWARDING:
            await command.run(*command.in_namespace(self.place(netvm.name), ["tee", path]), given=b"1")
        bridge = self._interface("b", netvm.name)
        if bridge not in await self._links():
            await self._ip("link", "add", bridge, "type", "bridge", "mcast_snooping", "0")
            await self._ip("link", "set", bridge, "addrgenmode", "none", "up")
        await self._veth(netvm, self._interface("v", netvm.name), INSIDE, bridge)
        if upstream is not None:
            port = self._interface("u", netvm.name)
            await self._veth(netvm, port, UPLINK, self._interface("b", upstream.name))
            await self._admit(port, netvm, upstream)
            for gateway in upstream.addresses():
                await self._within(netvm.name, "ip", "route", "replace", _host(gateway), "dev", UPLINK)
                default = ("ip", f"-{gateway.version}", "route", "replace", "default", "via", str(gateway))
                await self._within(netvm.name, *default, "dev", UPLINK, "onlink")
        return self.place(netvm.name)

    async def lead_out(self, netvm: Node, resolvers: Sequence[Address] = ()) -> None:
        """Lead a netvm without upstream out through the host's own network, behind the host's addresses.

        This changes the host: it forwards from now on (and goes on when the netvm is taken away). What the netvm sends
        to the host itself is dropped. A firewall of the host that drops what is forwarded still does. What qubes ask
        the addresses `VIRTUAL_DNS` goes to `resolvers`.
        """
        port = self._interface("o", netvm.name)
        if port not in await self._links():
            pair = ("link", "add", port, "type", "veth", "peer", "name", UPLINK)
            await self._ip(*pair, "netns", self._namespace(netvm.name))
        await self._ip("link", "set", port, "addrgenmode", "none", "up")
        await self._within(netvm.name, "ip", "link", "set", UPLINK, "up")
        for address in netvm.addresses():
            family, gateway = f"-{address.version}", _GATEWAYS[address.version]
            await self._ip("address", "replace", gateway, "dev", port, *_NODAD[address.version])
            await self._ip(family, "route", "replace", _host(address), "dev", port)
            own = (_host(address), "dev", UPLINK, *_NODAD[address.version])
            await self._within(netvm.name, "ip", "address", "replace", *own)
            default = ("route", "replace", "default", "via", gateway.partition("/")[0], "dev", UPLINK, "onlink")
            await self._within(netvm.name, "ip", family, *default)
        await self._nft(out_table(self._table(port), port, netvm))
        served = json.dumps({"nftables": dns_table(f"{self._prefix}-dns", resolvers)}).encode()
        await self._nft_within(netvm.name, served)
        for path in _FORWARDING:
            await command.run(*self._on_host("tee", path), given=b"1")

    async def netvm_down(self, name: str) -> None:
        """Take away what `netvm_up` made, as far as it is there; qubes that are still ports lose their path."""
        await self._release(self._interface("u", name))
        await self._nft(delete_table(self._table(self._interface("o", name))))
        if self._namespace(name) in await self._namespaces():
            await self._ip("netns", "delete", self._namespace(name))
        await self._delete_links(self._interface(kind, name) for kind in ("v", "u", "o", "b"))

    async def qube_up(self, qube: Node, netvm: Node, owner: int = 0) -> str:
        """Have the qube's tap as a port of the netvm's bridge; gives its name. `owner`: the uid that opens it."""
        tap = self.tap(qube.name)
        if tap not in await self._links():
            await self._ip("tuntap", "add", "dev", tap, "mode", "tap", "user", str(owner))
        await self.port_up(tap, qube, netvm)
        return tap

    async def port_up(self, interface: str, qube: Node, netvm: Node) -> None:
        """Make an interface that exists on the host the qube's port."""
        await self._ip("link", "set", interface, "addrgenmode", "none")
        await self._ip("link", "set", interface, "master", self._interface("b", netvm.name), "up")
        await self._admit(interface, qube, netvm)

    async def qube_down(self, qube: Node, netvm: str | None = None) -> None:
        """Take away the qube's tap, and its route in the netvm where that still is."""
        tap = self.tap(qube.name)
        await self._release(tap)
        await self._delete_links([tap])
        if netvm is not None and self._namespace(netvm) in await self._namespaces():
            for address in qube.addresses():
                listed = await self._within(
                    netvm, "ip", f"-{address.version}", "-j", "route", "show", "exact", _host(address)
                )
                if json.loads(listed or b"[]"):
                    await self._within(netvm, "ip", f"-{address.version}", "route", "delete", _host(address))

    # -- parts

    async def _veth(self, netvm: Node, outside: str, inside: str, bridge: str) -> None:
        """A pair from the bridge into the netvm's namespace, where its end has the netvm's addresses."""
        if outside not in await self._links():
            pair = ("link", "add", outside, "type", "veth", "peer", "name", inside)
            await self._ip(*pair, "netns", self._namespace(netvm.name))
        await self._ip("link", "set", outside, "addrgenmode", "none")
        await self._ip("link", "set", outside, "master", bridge, "up")
        for address in netvm.addresses():
            own = (_host(address), "dev", inside, *_NODAD[address.version])
            await self._within(netvm.name, "ip", "address", "replace", *own)
        await self._within(netvm.name, "ip", "link", "set", inside, "up")

    async def _admit(self, port: str, node: Node, netvm: Node) -> None:
        """Let a port carry its node's addresses only, to the netvm only, and have the netvm answer on it."""
        await self._nft(port_table(self._table(port), port, node))
        await self._ip("link", "set", "dev", port, "type", "bridge_slave", "isolated", "on")
        for address in node.addresses():
            await self._within(netvm.name, "ip", "route", "replace", _host(address), "dev", INSIDE)

    async def _release(self, port: str) -> None:
        await self._nft(_delete_bridge_table(self._table(port)))

    async def _delete_links(self, names: Iterable[str]) -> None:
        there = await self._links()
        for name in names:
            if name not in there:
                continue
            try:
                await self._ip("link", "delete", name)
            except Mgmt1Error:
                # The kernel removes a link by itself when its other end or its namespace has gone, some time later.
                if name in await self._links():
                    raise

    async def _links(self) -> set[str]:
        return {link["ifname"] for link in json.loads(await self._ip("-j", "link", "show"))}

    async def _namespaces(self) -> set[str]:
        return {row["name"] for row in json.loads(await command.run("ip", "-j", "netns", "list") or b"[]")}

    async def _ip(self, *arguments: str) -> bytes:
        return await command.run(*self._on_host("ip", *arguments))

    async def _nft(self, commands: Sequence[Json]) -> None:
        batch = json.dumps({"nftables": list(commands)}).encode()
        await command.run(*self._on_host("nft", "-j", "-f", "-"), given=batch)

    async def _nft_within(self, netvm: str, batch: bytes) -> None:
        await command.run(*command.in_namespace(self.place(netvm), ["nft", "-j", "-f", "-"]), given=batch)

    def _on_host(self, *arguments: str) -> Sequence[str]:
        return arguments if self._root is None else command.in_namespace(self._root, arguments)

    async def _within(self, netvm: str, *arguments: str) -> bytes:
        return await command.run(*command.in_namespace(self.place(netvm), arguments))

    def _namespace(self, netvm: str) -> str:
        return f"{self._prefix}-{netvm}"

    def _table(self, port: str) -> str:
        return f"{self._prefix}-{port}"

    def _interface(self, kind: str, name: str) -> str:
        """An interface's name has at most 15 characters, a qube's 31, so it is a digest."""
        return f"q{kind}{hashlib.blake2s(f'{self._prefix} {name}'.encode()).hexdigest()[:10]}"


def port_table(table: str, port: str, node: Node) -> list[Json]:
    """The table that holds a port to its node's addresses, in place of the one that may be there."""
    chain = {"name": "port", "type": "filter", "hook": "prerouting", "prio": -300, "policy": "accept"}
    own4 = [] if node.ip is None else [str(node.ip)]
    own6 = ["::", {"prefix": {"addr": "fe80::", "len": 10}}, *([] if node.ip6 is None else [str(node.ip6)])]
    other_port = {"match": {"op": "!=", "left": {"meta": {"key": "iifname"}}, "right": port}}
    rules: list[list[Json]] = [[other_port, {"accept": None}]]
    for field, kind in (("saddr", "ip"), ("saddr ip", "arp")):
        payload = {"payload": {"protocol": kind, "field": field}}
        rules += [[{"match": {"op": "==", "left": payload, "right": address}}, {"accept": None}] for address in own4]
    payload = {"payload": {"protocol": "ip6", "field": "saddr"}}
    rules.append([{"match": {"op": "==", "left": payload, "right": {"set": own6}}}, {"accept": None}])
    rules.append([{"drop": None}])
    parts: list[Json] = [{"chain": chain}, *({"rule": {"chain": "port", "expr": rule}} for rule in rules)]
    return [
        *_delete_bridge_table(table),
        {"add": {"table": {"family": "bridge", "name": table}}},
        *(
            {"add": {kind: {"family": "bridge", "table": table, **what}}}
            for part in parts
            for kind, what in part.items()
        ),
    ]


def out_table(table: str, port: str, netvm: Node) -> list[Json]:
    """The table that lets a netvm out behind the host's addresses, and keeps it from the host itself."""
    inward = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": port}}
    outward = {"match": {"op": "!=", "left": {"meta": {"key": "oifname"}}, "right": port}}
    neighbours = {"payload": {"protocol": "icmpv6", "field": "type"}}
    new = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["new", "invalid"]}}
    named = {"family": "inet", "table": table}
    rules: list[tuple[str, list[Json]]] = [
        (
            "input",
            [inward, {"match": {"op": "==", "left": neighbours, "right": {"set": NEIGHBOURS}}}, {"accept": None}],
        ),
        ("input", [inward, new, {"drop": None}]),
    ]
    for address in netvm.addresses():
        source = {"payload": {"protocol": {4: "ip", 6: "ip6"}[address.version], "field": "saddr"}}
        own = {"match": {"op": "==", "left": source, "right": str(address)}}
        rules.append(("out", [own, outward, {"masquerade": None}]))
    return [
        *delete_table(table),
        {"add": {"table": {"family": "inet", "name": table}}},
        {
            "add": {
                "chain": {**named, "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}
            }
        },
        {"add": {"chain": {**named, "name": "out", "type": "nat", "hook": "postrouting", "prio": 100}}},
        *({"add": {"rule": {**named, "chain": chain, "expr": expression}}} for chain, expression in rules),
    ]


def dns_table(table: str, resolvers: Sequence[Address]) -> list[Json]:
    """The table that sends what is asked of a virtual address to a resolver of the same family, in order."""
    named = {"family": "inet", "table": table}
    chain = {**named, "name": "ask", "type": "nat", "hook": "prerouting", "prio": -100, "policy": "accept"}
    commands: list[Json] = [*delete_table(table), {"add": {"table": {"family": "inet", "name": table}}}]
    commands.append({"add": {"chain": chain}})
    real = [str(address) for address in resolvers if address.version == 4]  # noqa: PLR2004 - IPv4
    for virtual, address in zip(VIRTUAL_DNS, real[:1] * len(VIRTUAL_DNS) if len(real) < 2 else real, strict=False):  # noqa: PLR2004
        for protocol in ("udp", "tcp"):
            asked = {"payload": {"protocol": "ip", "field": "daddr"}}
            port = {"payload": {"protocol": protocol, "field": "dport"}}
            expression: list[Json] = [
                {"match": {"op": "==", "left": asked, "right": virtual}},
                {"match": {"op": "==", "left": port, "right": 53}},
                {"dnat": {"family": "ip", "addr": address}},
            ]
            commands.append({"add": {"rule": {**named, "chain": "ask", "expr": expression}}})
    return commands


def resolvers_of(text: str) -> tuple[Address, ...]:
    """The name servers in a resolv.conf that a namespace can reach: none on the host's own loopback."""
    rules = []
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word != "nameserver":
            continue
        try:
            address = ipaddress.ip_address(rest.strip())
        except ValueError:
            continue
        if not address.is_loopback:
            rules.append(address)
    return tuple(rules)


def _delete_bridge_table(table: str) -> list[Json]:
    named = {"table": {"family": "bridge", "name": table}}
    return [{"add": named}, {"delete": named}]


def _host(address: Address) -> str:
    return f"{address}/{address.max_prefixlen}"
