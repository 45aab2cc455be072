# SPDX-License-Identifier: GPL-3.0-or-later
import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qubesmanager.rules.firewall import (
    Packet,
    SimpleView,
    Verdict,
    export_text,
    from_simple,
    import_text,
    remaining,
    simple_view,
    verdict,
)
from qubesmanager.wire.errors import ProtocolError
from qubesmanager.wire.firewall import Action, Proto, Rule, parse_rule, read_rule

NOW = 1_700_000_000
DNS = ipaddress.ip_address("10.0.0.53")


def rules(*texts: str) -> list[Rule]:
    return [parse_rule(text) for text in texts]


WORK = rules(
    "action=drop dst4=192.0.2.0/25",
    "action=accept dst4=192.0.2.0/24 proto=tcp dstports=80-443",
    "action=accept dsthost=example.com proto=tcp dstports=443-443",
    "action=accept specialtarget=dns",
    "action=accept proto=icmp icmptype=8",
    f"action=accept dst6=2001:db8::/32 expire={NOW}",
    "action=accept dst6=2001:db8:1::/48",
)


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (Packet("192.0.2.5", Proto.TCP, 80), Verdict(Action.DROP, 0)),
        (Packet("192.0.2.200", Proto.TCP, 80), Verdict(Action.ACCEPT, 1)),
        (Packet("192.0.2.200", Proto.TCP, 444), Verdict(Action.DROP, None)),
        (Packet("192.0.2.200", Proto.UDP, 80), Verdict(Action.DROP, None)),
        (Packet("Example.com.", Proto.TCP, 443), Verdict(Action.ACCEPT, 2, unsure=(0, 1))),
        (Packet("203.0.113.1", Proto.TCP, 443), Verdict(Action.DROP, None, unsure=(2,))),
        (Packet("10.0.0.53", Proto.UDP, 53), Verdict(Action.ACCEPT, 3)),
        (Packet("10.0.0.54", Proto.UDP, 53), Verdict(Action.DROP, None)),
        (Packet("10.0.0.53", Proto.ICMP, 8), Verdict(Action.ACCEPT, 4)),
        (Packet("10.0.0.53", Proto.ICMP, 0), Verdict(Action.DROP, None)),
        (Packet("2001:db8:2::1", Proto.UDP, 1), Verdict(Action.DROP, None)),
        (Packet("2001:db8:1::1", Proto.UDP, 1), Verdict(Action.ACCEPT, 6)),
        (Packet("192.0.2.200", Proto.TCP), Verdict(Action.DROP, None, unsure=(1, 2))),
    ],
)
def test_the_first_rule_that_matches_decides(packet: Packet, expected: Verdict) -> None:
    assert verdict(WORK, packet, NOW, dns=[DNS]) == expected


def test_known_addresses_leave_no_doubt() -> None:
    resolved = {"example.com": [ipaddress.ip_address("203.0.113.1")]}

    by_name = verdict(WORK, Packet("example.com", Proto.TCP, 443), NOW, resolved=resolved, dns=[DNS])
    by_address = verdict(WORK, Packet("203.0.113.1", Proto.TCP, 443), NOW, resolved=resolved, dns=[DNS])

    assert by_name == by_address == Verdict(Action.ACCEPT, 2)


def test_no_rules_let_nothing_pass() -> None:
    assert verdict([], Packet("192.0.2.1", Proto.TCP, 80), NOW) == Verdict(Action.DROP, None)


def test_a_rule_holds_until_its_last_second() -> None:
    [rule] = rules(f"action=accept expire={NOW}")

    assert remaining(rule, NOW - 60) == 60
    assert remaining(rule, NOW + 60) == 0
    assert remaining(WORK[0], NOW) is None
    assert verdict([rule], Packet("192.0.2.1", Proto.TCP), NOW - 0.1).action is Action.ACCEPT
    assert verdict([rule], Packet("192.0.2.1", Proto.TCP), NOW).action is Action.DROP


@pytest.mark.parametrize(
    ("texts", "view"),
    [
        (["action=accept"], SimpleView(allow_all=True)),
        (["action=accept expire=99", "action=accept"], SimpleView(allow_all=True, full_access_until=99)),
        ([], SimpleView(allow_all=False)),
        (["action=drop"], SimpleView(allow_all=False)),
        (
            ["action=accept expire=99", "action=accept specialtarget=dns", "action=accept proto=icmp", "action=drop"],
            SimpleView(allow_all=False, dns=True, icmp=True, full_access_until=99),
        ),
        (
            ["action=accept dsthost=a.example proto=tcp dstports=443-443 comment=mail", "action=accept proto=udp"],
            SimpleView(
                False,
                tuple(
                    rules("action=accept dsthost=a.example proto=tcp dstports=443-443 comment=mail")
                    + rules("action=accept proto=udp")
                ),
            ),
        ),
    ],
)
def test_the_simple_shape_is_seen_and_given_back(texts: list[str], view: SimpleView) -> None:
    assert simple_view(rules(*texts)) == view
    assert simple_view(from_simple(view)) == view


@pytest.mark.parametrize(
    "texts",
    [
        ["action=drop dst4=192.0.2.0/24", "action=accept"],
        ["action=accept proto=icmp icmptype=8", "action=drop"],
        ["action=accept specialtarget=dns comment=mine", "action=drop"],
        ["action=accept", "action=accept dst4=192.0.2.0/24"],
        ["action=accept comment=everything"],
        ["action=drop", "action=accept"],
    ],
)
def test_a_list_that_the_simple_shape_would_change_has_none(texts: list[str]) -> None:
    assert simple_view(rules(*texts)) is None


_SHAPES = st.sampled_from(
    [
        *rules("action=accept", "action=drop", "action=accept specialtarget=dns", "action=accept proto=icmp"),
        *rules(
            "action=accept dst4=192.0.2.0/24", "action=accept proto=tcp dstports=80-80", f"action=accept expire={NOW}"
        ),
        *rules("action=drop dst4=192.0.2.0/25", f"action=accept dst6=2001:db8::/32 expire={NOW}"),
    ]
)
_PACKETS = st.builds(
    Packet,
    st.sampled_from(["192.0.2.1", "192.0.2.200", "10.0.0.53", "2001:db8::1", "203.0.113.1"]),
    st.sampled_from(Proto),
    st.sampled_from([8, 53, 80]),
)


@given(st.lists(_SHAPES, max_size=5), _PACKETS, st.sampled_from([NOW - 1, NOW]))
@settings(deadline=None, max_examples=300)
def test_the_simple_shape_lets_the_same_packets_pass(listed: list[Rule], packet: Packet, now: int) -> None:
    view = simple_view(listed)
    if view is not None:
        before = verdict(listed, packet, now, dns=[DNS]).action
        assert verdict(from_simple(view), packet, now, dns=[DNS]).action is before


def test_rules_come_back_from_their_export() -> None:
    assert import_text("# of work\n\n" + export_text(WORK)) == WORK


def test_an_import_names_the_line_that_is_wrong() -> None:
    with pytest.raises(ProtocolError, match=r"Line 3: .*needs proto"):
        import_text("action=accept\n\naction=drop dstports=1-2\n")
    with pytest.raises(ProtocolError, match=r"Line 1001: .*more than 1000"):
        import_text("action=drop\n" * 1001)


def test_a_rule_that_cannot_be_read_here_may_decide_otherwise() -> None:
    rules = [read_rule("action=accept dsthost=1.2.3"), Rule(Action.DROP)]

    assert str(rules[0]) == "action=accept dsthost=1.2.3"
    assert rules[0].action is Action.ACCEPT
    assert verdict(rules, Packet("192.0.2.1", Proto.TCP, 80), NOW) == Verdict(Action.DROP, 1, (0,))
    assert simple_view(rules) is None
