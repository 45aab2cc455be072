# SPDX-License-Identifier: GPL-3.0-or-later
import ipaddress

from hypothesis import given, settings
from hypothesis import strategies as st
from nft_machine import Datagram, NftMachine

from qubesmanager.daemon.local.drivers.firewall.compile import Compiled, QubeRules, compile_netvm, delete_table
from qubesmanager.rules.firewall import Packet, verdict
from qubesmanager.wire.firewall import Action, Proto, Rule, parse_rule
from qubesmanager.wire.reasons import text

NOW = 1_700_000_000
WORK4, WORK6 = ipaddress.IPv4Address("10.9.0.2"), ipaddress.IPv6Address("fd09::2")
MAIL4 = ipaddress.IPv4Address("10.9.0.3")
DNS = [ipaddress.ip_address("10.9.0.1"), ipaddress.ip_address("fd09::1")]
RESOLVED = {"a.example": [ipaddress.ip_address("192.0.2.1"), ipaddress.ip_address("2001:db8::1")]}


def compiled(*texts: str) -> Compiled:
    return compile_netvm("sys-net", [QubeRules("work", WORK4, WORK6, texts)], DNS, RESOLVED)


def machine_of(found: Compiled) -> NftMachine:
    machine = NftMachine()
    machine.load(found.commands)
    return machine


def tcp(destination: str, port: int = 80, source: str | None = None, state: str = "new") -> Datagram:
    sender = source or str(WORK4 if "." in destination else WORK6)
    return Datagram(sender, destination, "tcp", port, NOW, state)


_DESTINATIONS = ["192.0.2.1", "192.0.2.200", "10.9.0.1", "fd09::1", "2001:db8::1", "2001:db8:ffff::1"]
_RULES = st.sampled_from(
    [
        parse_rule(f"action={action}{rest}")
        for action in Action
        for rest in (
            "",
            " dst4=192.0.2.0/25",
            " dst4=0.0.0.0/0",
            " dst6=2001:db8::/48 proto=tcp",
            " dst6=::/0 expire=1700000000",
            " dsthost=a.example proto=udp dstports=53-80",
            " dsthost=a.example",
            " proto=tcp dstports=53-53",
            " proto=udp",
            " proto=icmp",
            " proto=icmp icmptype=8",
            " specialtarget=dns",
            " dst4=10.9.0.0/24 proto=udp specialtarget=dns dstports=1-60",
            " expire=1700000001",
        )
    ]
)
_PACKETS = st.builds(Packet, st.sampled_from(_DESTINATIONS), st.sampled_from(Proto), st.sampled_from([8, 53, 80]))


@given(st.lists(_RULES, max_size=5), _PACKETS)
@settings(deadline=None, max_examples=400)
def test_the_table_says_what_the_rules_say(rules: list[Rule], packet: Packet) -> None:
    expected = verdict(rules, packet, NOW, resolved=RESOLVED, dns=DNS)

    machine = machine_of(compile_netvm("sys-net", [QubeRules("work", WORK4, WORK6, rules)], DNS, RESOLVED))

    version = ipaddress.ip_address(packet.destination).version
    l4proto = {Proto.ICMP: {4: "icmp", 6: "ipv6-icmp"}[version]}.get(packet.proto, packet.proto.value)
    source = str(WORK4 if version == 4 else WORK6)
    datagram = Datagram(source, packet.destination, l4proto, packet.number or 0, NOW)
    assert expected.unsure == ()
    assert machine.passes(datagram) is machine.passes(datagram, "input") is (expected.action is Action.ACCEPT)


def test_replies_pass_and_strangers_do_not() -> None:
    machine = machine_of(compiled("action=accept"))

    assert machine.passes(tcp(str(WORK4), source="192.0.2.1", state="established"))
    assert not machine.passes(tcp(str(WORK4), source="192.0.2.1"))
    assert not machine.passes(tcp("192.0.2.1", source="10.9.0.99"))
    assert not machine.passes(tcp("192.0.2.1", state="invalid"))


def test_a_rule_that_does_not_parse_cuts_its_qube_off_and_is_named() -> None:
    mail = QubeRules("mail", MAIL4, None, ["action=accept"])
    work = QubeRules("work", WORK4, WORK6, ["action=accept", "action=accept proto=sctp"])

    found = compile_netvm("sys-net", [work, mail])

    machine = machine_of(found)
    assert not machine.passes(tcp("192.0.2.1"))
    assert not machine.passes(tcp("192.0.2.1", state="established"))
    assert not machine.passes(tcp("2001:db8::1", state="established"))
    assert machine.passes(tcp("192.0.2.1", source=str(MAIL4)))
    assert text(found.problems["work"]).startswith(
        "Everything from work is dropped: rule 2 cannot be carried out. proto is"
    )
    assert "mail" not in found.problems


def test_holding_back_a_host_without_known_address_cuts_the_qube_off() -> None:
    found = compiled("action=drop dsthost=b.example", "action=accept")

    assert not machine_of(found).passes(tcp("192.0.2.1"))
    assert "No address of b.example is known" in text(found.problems["work"])
    assert found.unresolved == {"b.example"}


def test_an_accept_rule_for_a_host_that_does_not_resolve_matches_nothing_and_is_reported() -> None:
    found = compiled("action=accept dsthost=b.example", "action=accept dst4=192.0.2.1")

    assert not found.problems
    assert found.unresolved == {"b.example"}
    assert machine_of(found).passes(tcp("192.0.2.1"))
    assert not machine_of(found).passes(tcp("192.0.2.2"))


def test_holding_back_dns_without_known_servers_cuts_the_qube_off() -> None:
    found = compile_netvm("n", [QubeRules("work", WORK4, None, ["action=drop specialtarget=dns", "action=accept"])])

    assert "DNS servers of the net qube are not known" in text(found.problems["work"])


def test_qubes_with_the_same_address_are_both_cut_off() -> None:
    twins = [QubeRules(name, WORK4, None, ["action=accept"]) for name in ("work", "mail")]

    found = compile_netvm("sys-net", twins)

    assert not machine_of(found).passes(tcp("192.0.2.1"))
    assert text(found.problems["mail"]).endswith("work and mail have the same address 10.9.0.2.")


def test_a_table_is_replaced_and_removed() -> None:
    machine = machine_of(compiled("action=accept"))

    machine.load(compiled("action=drop").commands)
    after = machine.passes(tcp("192.0.2.1"))
    machine.load(delete_table("mgmt1-sys-net"))

    assert not after
    assert machine.tables == {}
