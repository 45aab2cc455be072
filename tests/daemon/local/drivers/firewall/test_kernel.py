# SPDX-License-Identifier: GPL-3.0-or-later
"""The compiled rules in a real kernel, proved by real packets between namespaces of the test's own.

work, mail (qubes) -- bridge in "host" -- fw (netvm) -- bridge -- net (its upstream, holds the servers' addresses)
"""

import asyncio
import contextlib
import fcntl
import ipaddress
import json
import os
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator

import netns
import pytest
from netns import Fate

from qubesmanager.daemon.local.drivers.firewall import namespaces
from qubesmanager.daemon.local.drivers.firewall.apply import Firewalls, Netvm, NftFirewall, Report
from qubesmanager.daemon.local.drivers.firewall.compile import QubeRules, compile_netvm
from qubesmanager.daemon.local.drivers.firewall.namespaces import NAMESPACES, UPLINK, LinuxNamespaces, Node
from qubesmanager.daemon.local.drivers.firewall.resolve import Resolver
from qubesmanager.host import command
from qubesmanager.rules.firewall import Address
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.reasons import text

WHY_NOT = namespaces.why_not()
pytestmark = [pytest.mark.root, pytest.mark.skipif(WHY_NOT is not None, reason=f"No real firewall here: {WHY_NOT}")]

PREFIX = f"qt{os.getpid()}"
HOST = f"{PREFIX}-host"
WORK = Node("work", ipaddress.IPv4Address("10.9.0.2"), ipaddress.IPv6Address("fd09::2"))
MAIL = Node("mail", ipaddress.IPv4Address("10.9.0.3"), ipaddress.IPv6Address("fd09::3"))
GATEWAY = ipaddress.IPv4Address("10.9.0.1")
FW = Node("fw", GATEWAY, ipaddress.IPv6Address("fd09::1"))
NET = Node("net", ipaddress.IPv4Address("10.8.0.1"), ipaddress.IPv6Address("fd08::1"))
WEB4, WEB6 = "192.0.2.1", "2001:db8::1"
OTHER4, OTHER6 = "192.0.2.129", "2001:db8:1::1"
HOSTS: dict[str, list[Address]] = {"web.example": [ipaddress.ip_address(WEB4), ipaddress.ip_address(WEB6)]}


def place(name: str) -> str:
    return str(NAMESPACES / f"{PREFIX}-{name}")


async def resolve(host: str) -> list[Address]:
    return HOSTS[host]


async def _qube(namespaces: LinuxNamespaces, qube: Node) -> None:
    """A namespace in place of a VM: its end of a veth pair is its network card, the other end its port."""
    port = f"{PREFIX}{qube.name}"[:15]
    await command.run("ip", "netns", "add", f"{PREFIX}-{qube.name}")
    there = ("peer", "name", "eth0", "netns", f"{PREFIX}-{qube.name}")
    await command.run(*command.in_namespace(place("host"), ["ip", "link", "add", port, "type", "veth", *there]))
    await namespaces.port_up(port, qube, FW)
    lines = ["link set lo up", "link set eth0 up", f"address add {qube.ip}/32 dev eth0"]
    lines += [
        f"address add {qube.ip6}/128 dev eth0 nodad",
        f"route add {FW.ip} dev eth0",
        f"route add {FW.ip6} dev eth0",
    ]
    lines += [f"route add default via {FW.ip} dev eth0", f"-6 route add default via {FW.ip6} dev eth0"]
    for line in lines:
        await command.run(*command.in_namespace(place(qube.name), ["ip", *line.split()]))


async def _build() -> None:
    await command.run("ip", "netns", "add", HOST)
    namespaces = LinuxNamespaces(place("host"), PREFIX)
    await namespaces.netvm_up(NET)
    await namespaces.netvm_up(FW, NET)
    for address in (WEB4, OTHER4, WEB6, OTHER6):
        await command.run(*command.in_namespace(place("net"), ["ip", "address", "add", address, "dev", "lo"]))
    for qube in (WORK, MAIL):
        await _qube(namespaces, qube)
    # Rejections would be held back to one a second otherwise, and the probes would wait for them.
    for path in ("/proc/sys/net/ipv4/icmp_ratelimit", "/proc/sys/net/ipv6/icmp/ratelimit"):
        await command.run(*command.in_namespace(place("fw"), ["tee", path]), given=b"0")


async def _clear() -> None:
    for found in json.loads(await command.run("ip", "-j", "netns", "list") or b"[]"):
        if found["name"].startswith(f"{PREFIX}-"):
            await command.run("ip", "netns", "delete", found["name"])


@pytest.fixture(scope="module")
def plumbing() -> Iterator[None]:
    try:
        asyncio.run(_build())
        servers = [netns.listen(place("net"), address, port) for address in (WEB4, OTHER4) for port in (80, 443)]
        servers += [netns.listen(place("net"), address, port) for address in (WEB6, OTHER6) for port in (80, 443)]
        yield
        for server in servers:
            server.close()
    finally:
        asyncio.run(_clear())


@pytest.fixture
def firewalls(plumbing: None) -> Firewalls:
    return Firewalls(NftFirewall(), Resolver(resolve))


async def load(firewalls: Firewalls, *work: str, mail: tuple[str, ...] = ("action=accept",)) -> Report:
    qubes = (QubeRules("work", WORK.ip, WORK.ip6, work), QubeRules("mail", MAIL.ip, MAIL.ip6, mail))
    dns = (ipaddress.ip_address(OTHER4), ipaddress.ip_address(OTHER6))
    return await firewalls.update(Netvm("fw", place("fw"), qubes, dns, UPLINK))


def tcp(address: str, port: int = 80) -> Callable[[], Fate]:
    return lambda: netns.tcp(place("work"), address, port)


def udp(address: str, port: int = 80) -> Callable[[], Fate]:
    return lambda: netns.udp(place("work"), place("net"), address, port)


def ping(address: str) -> Callable[[], Fate]:
    return lambda: netns.ping(place("work"), address)


PROBES = {
    "tcp4 web:80": tcp(WEB4),
    "tcp4 web:443": tcp(WEB4, 443),
    "tcp4 other:80": tcp(OTHER4),
    "tcp6 web:80": tcp(WEB6),
    "tcp6 other:80": tcp(OTHER6),
    "udp4 web:80": udp(WEB4),
    "udp4 other:53": udp(OTHER4, 53),
    "udp4 other:54": udp(OTHER4, 54),
    "udp6 web:80": udp(WEB6),
    "udp6 other:53": udp(OTHER6, 53),
    "ping4 web": ping(WEB4),
    "ping6 web": ping(WEB6),
    "ping4 fw": ping(str(FW.ip)),
    "ping6 fw": ping(str(FW.ip6)),
}


@pytest.mark.parametrize(
    ("rules", "pass_"),
    [
        (["action=accept"], set(PROBES)),
        (["action=drop"], set()),
        ([], set()),
        (["action=accept proto=tcp"], {name for name in PROBES if name.startswith("tcp")}),
        (["action=accept proto=tcp dstports=443-443"], {"tcp4 web:443"}),
        (["action=accept proto=udp dstports=50-53"], {"udp4 other:53", "udp6 other:53"}),
        (["action=accept proto=icmp"], {name for name in PROBES if name.startswith("ping")}),
        (["action=accept proto=icmp icmptype=8"], {"ping4 web", "ping4 fw"}),
        (["action=accept proto=icmp icmptype=128"], {"ping6 web", "ping6 fw"}),
        (["action=accept dst4=192.0.2.0/25"], {"tcp4 web:80", "tcp4 web:443", "udp4 web:80", "ping4 web"}),
        (["action=drop dst4=192.0.2.0/24", "action=accept proto=tcp"], {"tcp6 web:80", "tcp6 other:80"}),
        (["action=accept dst6=2001:db8::/48"], {"tcp6 web:80", "udp6 web:80", "ping6 web"}),
        (["action=accept dst6=::/0"], {name for name in PROBES if name[3] == "6" or name[4] == "6"}),
        (["action=accept dsthost=web.example proto=tcp dstports=80"], {"tcp4 web:80", "tcp6 web:80"}),
        (["action=accept specialtarget=dns"], {"udp4 other:53", "udp6 other:53"}),
        (["action=accept specialtarget=dns proto=tcp"], set()),
    ],
    ids=lambda value: "; ".join(value) if isinstance(value, list) else "",
)
async def test_allowed_connections_pass_and_others_are_rejected(
    firewalls: Firewalls, rules: list[str], pass_: set[str]
) -> None:
    report = await load(firewalls, *rules)

    # Side by side: over veth the kernel answers while connect still holds an IPv6 socket, drops the ICMP error for that
    # (TcpExt LockDroppedIcmps) and hears the next one a second later.
    async with asyncio.TaskGroup() as group:
        probes = {name: group.create_task(asyncio.to_thread(probe)) for name, probe in PROBES.items()}
    fates = {name: task.result() for name, task in probes.items()}

    assert report.enforced
    assert fates == {name: Fate.PASSED if name in pass_ else Fate.REJECTED for name in PROBES}


async def test_a_rule_stops_holding_when_it_expires(firewalls: Firewalls) -> None:
    await load(firewalls, f"action=accept expire={int(time.time()) + 3600}")
    long_before = tcp(WEB4)()
    end = int(time.time()) + 2
    await load(firewalls, f"action=accept expire={end}")

    fate = Fate.PASSED
    while fate is Fate.PASSED and time.time() < end + 20:
        fate = tcp(WEB4)()
        await asyncio.sleep(0.05)
    after = time.time()

    assert long_before is Fate.PASSED
    assert fate is Fate.REJECTED
    assert after >= end


@contextlib.contextmanager
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """An open connection of the qube to the network: the ends of the qube and of the server."""
    with (
        netns.listen(place("net"), WEB4, 8080) as server,
        netns.connect(place("work"), WEB4, 8080) as client,
    ):
        accepted, _ = server.accept()
        with accepted:
            yield client, accepted


async def test_open_connections_outlive_a_replacement_that_lets_no_new_one_through(firewalls: Firewalls) -> None:
    await load(firewalls, "action=accept")
    with connection() as (client, accepted):
        await load(firewalls, "action=drop")
        client.sendall(b"still here")
        heard = accepted.recv(100)
        accepted.sendall(b"so am I")
        answered = client.recv(100)
        new = tcp(WEB4, 8080)()

    assert (heard, answered, new) == (b"still here", b"so am I", Fate.REJECTED)


async def test_a_rule_that_cannot_be_carried_out_cuts_open_connections_too(firewalls: Firewalls) -> None:
    await load(firewalls, "action=accept")
    with connection() as (client, accepted):
        report = await load(firewalls, "action=accept", "action=drop proto=sctp")
        client.sendall(b"anyone?")
        accepted.settimeout(netns.SILENCE)
        with pytest.raises(TimeoutError):
            accepted.recv(100)

    assert "rule 2" in text(report.problems["work"])
    assert tcp(WEB6)() is Fate.REJECTED
    assert netns.tcp(place("mail"), WEB4, 80) is Fate.PASSED


async def test_the_other_qubes_rules_are_its_own(firewalls: Firewalls) -> None:
    await load(firewalls, "action=drop", mail=("action=accept proto=tcp",))

    assert tcp(WEB4)() is Fate.REJECTED
    assert netns.tcp(place("mail"), WEB4, 80) is Fate.PASSED
    assert netns.ping(place("mail"), WEB6) is Fate.REJECTED


@pytest.mark.parametrize("own", [WORK.ip, WORK.ip6])
async def test_a_qube_cannot_borrow_anothers_address(firewalls: Firewalls, own: Address) -> None:
    await load(firewalls, "action=accept", mail=("action=drop",))
    target = WEB4 if own.version == 4 else WEB6
    borrow = [f"{own}/{own.max_prefixlen}", "dev", "lo"]
    at_once = ["nodad"] if own.version == 6 else []
    await command.run(*command.in_namespace(place("mail"), ["ip", "address", "add", *borrow, *at_once]))
    try:
        fate = netns.ping(place("mail"), target, str(own), netns.SILENCE)
    finally:
        await command.run(*command.in_namespace(place("mail"), ["ip", "address", "delete", *borrow]))

    assert fate is Fate.LOST
    assert netns.ping(place("work"), target) is Fate.PASSED


async def test_qubes_of_a_netvm_do_not_reach_each_other(firewalls: Firewalls) -> None:
    await load(firewalls, "action=accept dst4=192.0.2.0/24", mail=("action=accept",))
    with netns.listen(place("mail"), str(MAIL.ip), 80):
        through_the_netvm = tcp(str(MAIL.ip))()
        await command.run(*command.in_namespace(place("work"), ["ip", "route", "add", str(MAIL.ip), "dev", "eth0"]))
        try:
            past_it = netns.tcp(place("work"), str(MAIL.ip), 80, netns.SILENCE)
        finally:
            await command.run(*command.in_namespace(place("work"), ["ip", "route", "delete", str(MAIL.ip)]))

    assert through_the_netvm is Fate.REJECTED
    assert past_it is Fate.LOST


async def test_a_failed_load_leaves_the_earlier_rules(firewalls: Firewalls) -> None:
    await load(firewalls, "action=accept proto=tcp")

    with pytest.raises(Mgmt1Error, match="nft -j -f failed"):
        await NftFirewall().load(
            place("fw"), [*compile_netvm("fw", []).commands, {"add": {"rule": {"family": "inet", "table": "absent"}}}]
        )

    assert tcp(WEB4)() is Fate.PASSED
    assert ping(WEB4)() is Fate.REJECTED


async def test_a_removed_table_leaves_nothing_behind(firewalls: Firewalls) -> None:
    await load(firewalls, "action=accept")

    await firewalls.remove("fw")

    listed = await command.run(*command.in_namespace(place("fw"), ["nft", "list", "tables"]))
    assert listed == b""


def _arp(sender: Address) -> bytes:
    """Asks for the netvm's address: `sender` (RFC 826)."""
    mac = bytes.fromhex("020000000009")
    ethernet = b"\xff" * 6 + mac + struct.pack("!H", 0x0806)
    request = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, mac, sender.packed, bytes(6), GATEWAY.packed)
    return ethernet + request


async def test_a_tap_carries_its_qubes_frames_and_no_others(plumbing: None) -> None:
    namespaces, qube = LinuxNamespaces(place("host"), PREFIX), Node("vm", ipaddress.IPv4Address("10.9.0.4"))
    name = await namespaces.qube_up(qube, FW)
    with netns.within(place("host")):
        tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        # IFF_TAP | IFF_NO_PI, as a hypervisor opens it
        fcntl.ioctl(tap, 0x400454CA, struct.pack("16sH22x", name.encode(), 0x0002 | 0x1000))

    def answered(sender: Address, bound: float) -> bool:
        os.write(tap, _arp(sender))
        while select.select([tap], [], [], bound)[0]:
            frame = os.read(tap, 2048)
            if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\x00\x02" and frame[28:32] == GATEWAY.packed:
                return True
        return False

    try:
        borrowed = answered(WORK.addresses()[0], netns.SILENCE)
        own = answered(qube.addresses()[0], netns.BOUND)
    finally:
        os.close(tap)
        await namespaces.qube_down(qube, "fw")

    assert (borrowed, own) == (False, True)


OUTSIDE4, OUTSIDE6 = "198.51.100.1", "2001:db8:2::1"
HOST4, HOST6 = "198.51.100.2", "2001:db8:2::2"


async def _outside() -> None:
    """A namespace that knows nothing but its neighbour, the "host"."""
    there = f"{PREFIX}-outside"
    await command.run("ip", "netns", "add", there)
    pair = ["ip", "link", "add", "wan0", "type", "veth", "peer", "name", "eth0", "netns", there]
    await command.run(*command.in_namespace(place("host"), pair))
    for name, link, addresses in (("outside", "eth0", (OUTSIDE4, OUTSIDE6)), ("host", "wan0", (HOST4, HOST6))):
        lines = [f"address add {addresses[0]}/24 dev {link}", f"address add {addresses[1]}/64 dev {link} nodad"]
        for line in [*lines, f"link set {link} up"]:
            await command.run(*command.in_namespace(place(name), ["ip", *line.split()]))


async def test_a_netvm_is_led_out_behind_the_hosts_addresses(firewalls: Firewalls) -> None:
    await load(firewalls, "action=accept")
    await firewalls.update(Netvm("net", place("net"), (QubeRules("fw", FW.ip, FW.ip6, ["action=accept"]),), (), UPLINK))
    namespaces = LinuxNamespaces(place("host"), PREFIX)
    await _outside()
    for _ in range(2):
        await namespaces.lead_out(NET)

    fates = [netns.ping(place("work"), address) for address in (OUTSIDE4, OUTSIDE6)]
    with netns.listen(place("outside"), OUTSIDE4, 80) as server, netns.connect(place("work"), OUTSIDE4, 80):
        accepted, (seen_as, _) = server.accept()
        accepted.close()
    with netns.listen(place("host"), HOST4, 80):
        host = netns.tcp(place("work"), HOST4, 80, netns.SILENCE)
    await firewalls.remove("net")

    assert fates == [Fate.PASSED, Fate.PASSED]
    assert seen_as == HOST4
    assert host is Fate.LOST


async def test_paths_may_be_built_twice_and_are_taken_away_whole(plumbing: None) -> None:
    namespaces = LinuxNamespaces(place("host"), PREFIX)
    extra, qube = Node("extra", ipaddress.IPv4Address("10.7.0.1")), Node("q", ipaddress.IPv4Address("10.7.0.2"))

    lonely = Node("lonely", ipaddress.IPv4Address("10.6.0.1"), ipaddress.IPv6Address("fd06::1"))

    async def links() -> set[str]:
        listed = await command.run(*command.in_namespace(place("host"), ["ip", "-j", "link", "show"]))
        return {link["ifname"] for link in json.loads(listed)}

    async def tables() -> bytes:
        return await command.run(*command.in_namespace(place("host"), ["nft", "list", "tables"]))

    before = (await links(), await tables())
    tap = namespaces.tap("q")
    for _ in range(2):
        await namespaces.netvm_up(extra, NET)
        await namespaces.netvm_up(lonely)
        await namespaces.qube_up(qube, extra, owner=65534)
        await namespaces.lead_out(lonely)
    during = await links()
    for _ in range(2):
        await namespaces.qube_down(qube, "extra")
        await namespaces.netvm_down("extra")
        await namespaces.netvm_down("lonely")

    assert tap in during
    assert (await links(), await tables()) == before
    assert not (NAMESPACES / f"{PREFIX}-extra").exists()


async def test_an_ordinary_user_can_load_the_rules_in_a_private_namespace() -> None:
    rules = ["action=accept dst6=2001:db8::/32 proto=tcp dstports=1-5 expire=2000000000", "action=accept proto=icmp"]
    compiled = compile_netvm("fw", [QubeRules("work", WORK.ip, WORK.ip6, rules)], uplink="eth0")
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "-Urn"]
    try:
        await command.run(*user, "true")
    except Mgmt1Error as error:
        pytest.skip(f"No user namespaces here: {error}")

    # The pipe is the user's own: nft opens /dev/stdin again.
    await command.run(*user, "sh", "-c", "cat | nft -j -f -", given=json.dumps(compiled.ruleset()).encode())
