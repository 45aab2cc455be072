# SPDX-License-Identifier: GPL-3.0-or-later
import ipaddress
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qubesmanager.wire.errors import ProtocolError, QubesValueError
from qubesmanager.wire.firewall import Action, Ports, Proto, Rule, SpecialTarget, parse_rule

_LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
_HOSTS = st.builds(lambda labels: ".".join([*labels, "example"]), st.lists(_LABEL, max_size=4))
_PORTS = st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda pair: Ports(min(pair), max(pair)))
_COMMENTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Every shape of rule that there is."""
    fields: dict[str, object] = {"action": draw(st.sampled_from(Action)), "comment": draw(_COMMENTS)}
    match draw(st.sampled_from(["", "dst4", "dst6", "dsthost"])):
        case "dst4":
            address = ipaddress.IPv4Address(draw(st.integers(0, 2**32 - 1)))
            fields["dst4"] = ipaddress.IPv4Network((address, draw(st.integers(0, 32))), strict=False)
        case "dst6":
            address6 = ipaddress.IPv6Address(draw(st.integers(0, 2**128 - 1)))
            fields["dst6"] = ipaddress.IPv6Network((address6, draw(st.integers(0, 128))), strict=False)
        case "dsthost":
            fields["dsthost"] = draw(_HOSTS)
    proto = draw(st.none() | st.sampled_from(Proto))
    fields["proto"] = proto
    if proto is Proto.ICMP:
        fields["icmptype"] = draw(st.none() | st.integers(0, 255))
    else:
        fields["specialtarget"] = draw(st.none() | st.just(SpecialTarget.DNS))
        if proto is not None:
            fields["dstports"] = draw(st.none() | _PORTS)
    fields["expire"] = draw(st.none() | st.integers(0, 2**33 - 1))
    return Rule(**fields)  # type: ignore[arg-type]  # drawn by name


@given(rules())
@settings(deadline=None)
def test_every_rule_comes_back_from_its_text(rule: Rule) -> None:
    assert parse_rule(str(rule)) == rule
    assert parse_rule(str(rule).encode()) == rule


@given(rules(), st.randoms(use_true_random=False), st.booleans())
@settings(deadline=None)
def test_a_rule_is_read_whatever_the_order_of_its_options(rule: Rule, chance: random.Random, as_host: bool) -> None:
    text, comment, rest = str(rule).partition(" comment=")
    options = text.split(" ")
    chance.shuffle(options)
    words = " ".join(options)
    if as_host:
        words = words.replace("dst4=", "dsthost=").replace("dst6=", "dsthost=")

    assert parse_rule(words + comment + rest) == rule


def outcome(untrusted: str | bytes) -> Rule | str:
    """The rule, or the sentence that says why there is none."""
    try:
        return parse_rule(untrusted)
    except (ProtocolError, QubesValueError) as error:
        return str(error)


_WORDS = [
    *["action=accept", "action=drop", "action=", "dst4=10.0.0.0/8", "dst4=1", "dst6=::/0", "dst6=::1%eth0"],
    *["dsthost=a.b", "dsthost=", "proto=tcp", "proto=icmp", "proto=gre", "specialtarget=dns", "dstports=1-2"],
    *["dstports=2-1", "dstports=1-", "icmptype=8", "icmptype=256", "expire=1", "expire=-1", "expire=\u0663"],
    *["comment=", "comment=x", "comment", "\n"],
]


@given(st.binary(max_size=80) | st.text(max_size=80) | st.lists(st.sampled_from(_WORDS), max_size=7).map(" ".join))
@settings(deadline=None, max_examples=300)
def test_any_input_is_a_rule_or_a_sentence(untrusted: str | bytes) -> None:
    result = outcome(untrusted)

    if isinstance(result, Rule):
        assert parse_rule(str(result)) == result
    else:
        assert result.endswith(".")
        assert result.isprintable()


@pytest.mark.parametrize(
    ("untrusted", "canonical"),
    [
        ("action=accept", "action=accept"),
        ("action=drop dst4=192.0.2.7", "action=drop dst4=192.0.2.7/32"),
        ("action=drop dst4=192.0.2.7/24", "action=drop dst4=192.0.2.0/24"),
        ("action=drop dst6=2001:DB8:0:0::1", "action=drop dst6=2001:db8::1/128"),
        ("action=accept dsthost=WWW.Example.Com.", "action=accept dsthost=www.example.com"),
        ("action=accept proto=tcp dstports=0443", "action=accept proto=tcp dstports=443-443"),
        ("action=accept comment=a  b=c ", "action=accept comment=a  b=c "),
        ("action=accept comment=", "action=accept"),
        ("proto=tcp action=accept", "action=accept proto=tcp"),
        ("dstports=80 proto=tcp action=drop", "action=drop proto=tcp dstports=80-80"),
        ("action=accept dsthost=192.0.2.7", "action=accept dst4=192.0.2.7/32"),
        ("action=accept dsthost=192.0.2.7/24", "action=accept dst4=192.0.2.0/24"),
        ("action=accept dsthost=2001:DB8::/32", "action=accept dst6=2001:db8::/32"),
        # As qubesd answers it.
        (
            "action=accept expire=4102444800 dsthost=example.com proto=tcp dstports=443-443 comment=x",
            "action=accept dsthost=example.com proto=tcp dstports=443-443 expire=4102444800 comment=x",
        ),
    ],
)
def test_a_rule_has_one_spelling(untrusted: str, canonical: str) -> None:
    assert str(parse_rule(untrusted)) == canonical


@pytest.mark.parametrize(
    ("untrusted", "kind", "named"),
    [
        ("", ProtocolError, "empty"),
        (b"action=accept comment=\xff", ProtocolError, "ASCII"),
        ("proto=tcp", ProtocolError, "neither action=accept nor action=drop"),
        ("comment=x action=accept", ProtocolError, "neither action=accept nor action=drop"),
        ("action=accept action=drop", ProtocolError, "twice"),
        ("action=accept  proto=tcp", ProtocolError, "One space"),
        (" action=accept", ProtocolError, "One space"),
        ("action=accept ", ProtocolError, "ends the rule"),
        ("action=accept\n", QubesValueError, "action"),
        ("action=accept tcp", ProtocolError, "name=value"),
        ("action=accept source=1.2.3.4", ProtocolError, "no firewall option"),
        ("action=accept dst4=1.2.3.4 dsthost=a.example", QubesValueError, "one destination"),
        ("action=accept dst4=10.0.0.0/255.0.0.0", QubesValueError, "dst4"),
        ("action=accept dst4=10.0.0.0/33", QubesValueError, "dst4"),
        ("action=accept dst4=10.0.0.01", QubesValueError, "dst4"),
        ("action=accept dst4=1.2.3.4/", QubesValueError, "dst4"),
        ("action=accept dst6=fe80::1%eth0", QubesValueError, "dst6"),
        ("action=accept dsthost=192.0.2.0.1", QubesValueError, "an address or a network"),
        ("action=accept dsthost=example.com/24", QubesValueError, "host name"),
        ("action=accept dsthost=", QubesValueError, "host name"),
        ("action=accept dsthost=192.0.2.1 dst4=192.0.2.1", QubesValueError, "one destination"),
        ("action=accept dsthost=192.0.2.1 dst6=::1", QubesValueError, "one destination"),
        ("action=accept dsthost=-a.example", QubesValueError, "host name"),
        ("action=accept dsthost=a..example", QubesValueError, "host name"),
        ("action=accept dstports=80-80", QubesValueError, "needs proto"),
        ("action=accept proto=tcp dstports=90-80", QubesValueError, "lower port"),
        ("action=accept proto=tcp dstports=65536", QubesValueError, "65535"),
        ("action=accept proto=tcp icmptype=8", QubesValueError, "proto=icmp"),
        ("action=accept proto=icmp specialtarget=dns", QubesValueError, "never over icmp"),
        ("action=accept expire=8589934592", QubesValueError, "expire"),
        ("action=accept comment=a\nb", QubesValueError, "printable"),
        ("action=accept comment=f\u00fcr", QubesValueError, "printable"),
        ("action=accept comment=" + "x" * 1025, QubesValueError, "1024"),
        ("action=accept comment=" + "x" * 3000, ProtocolError, "2048"),
    ],
)
def test_the_error_of_a_rule_is_named(untrusted: str | bytes, kind: type[Exception], named: str) -> None:
    with pytest.raises(kind, match=named) as caught:
        parse_rule(untrusted)

    assert type(caught.value) is kind


def test_a_comment_is_the_rest_of_the_text() -> None:
    assert parse_rule("action=drop comment=see proto=tcp, later").comment == "see proto=tcp, later"


def test_a_rule_that_contradicts_itself_cannot_be_built() -> None:
    with pytest.raises(QubesValueError, match="needs proto"):
        Rule(Action.ACCEPT, dstports=Ports(1, 2))
    with pytest.raises(QubesValueError, match="canonical"):
        Rule(Action.ACCEPT, dsthost="Example.COM")
    with pytest.raises(QubesValueError, match="lower port"):
        Rule(Action.ACCEPT, proto=Proto.TCP, dstports=Ports(2, 1))
