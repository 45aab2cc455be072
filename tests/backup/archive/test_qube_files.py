# SPDX-License-Identifier: GPL-3.0-or-later
"""firewall.xml and notes.txt: rules and notes come back; what cannot be is refused in words."""

import pytest
from backup_samples import english
from hypothesis import given, settings
from hypothesis import strategies as st

from qubesmanager.backup.archive.qube_files import RULES_LIMIT, firewall_of, firewall_xml, notes_of
from qubesmanager.backup.errors import BackupDamagedError
from qubesmanager.wire.firewall import parse_rule

RULES = tuple(
    parse_rule(text)
    for text in (
        "action=accept dst4=192.0.2.0/24 proto=tcp dstports=443-443 comment=a <b> & \"c\" 'd'",
        "action=accept dst6=2001:db8::/32 proto=icmp icmptype=0",
        "action=accept dsthost=www.example.com expire=4000000000",
        "action=accept specialtarget=dns",
        "action=drop",
    )
)


def test_rules_come_back_in_order() -> None:
    assert firewall_of(firewall_xml(RULES)) == (RULES, None)
    assert firewall_of(firewall_xml(())) == ((), None)


def test_a_rule_of_the_qubes_tool_is_read() -> None:
    text = b"""<firewall version="2"><rules><rule><properties>
        <property name="proto">tcp</property><property name="action">accept</property>
        <property name="dstports">80</property></properties></rule></rules></firewall>"""

    assert firewall_of(text) == ((parse_rule("action=accept proto=tcp dstports=80-80"),), None)


def rule(**options: str) -> str:
    attributes = "".join(f'<property name="{name}">{value}</property>' for name, value in options.items())
    return f"<rule><properties>{attributes}</properties></rule>"


def file_of(*rules: str) -> bytes:
    return f'<firewall version="2"><rules>{"".join(rules)}</rules></firewall>'.encode()


def texts(untrusted: bytes) -> list[str]:
    rules, problem = firewall_of(untrusted)
    assert not problem
    return [str(rule) for rule in rules]


def test_addresses_under_dsthost_are_networks() -> None:
    text = file_of(
        rule(action="accept", dsthost="192.168.7.0/24"),
        rule(action="accept", dsthost="192.0.2.7/32", proto="tcp", dstports="22"),
        rule(action="accept", dsthost="2001:db8::/32"),
        rule(action="accept", dsthost="www.example.com"),
        rule(action="drop"),
    )

    assert texts(text) == [
        "action=accept dst4=192.168.7.0/24",
        "action=accept dst4=192.0.2.7/32 proto=tcp dstports=22-22",
        "action=accept dst6=2001:db8::/32",
        "action=accept dsthost=www.example.com",
        "action=drop",
    ]


@pytest.mark.parametrize("host", ["", ".example.org", "1.2.3.4 proto=tcp"])
def test_from_a_rule_that_cannot_be_read_everything_is_dropped(host: str) -> None:
    first, bad, wide = (
        rule(action="accept", dsthost="192.0.2.1"),
        rule(action="accept", dsthost=host, proto="tcp", dstports="443"),
        rule(action="accept"),
    )

    rules, problem = firewall_of(file_of(first, bad, wide))

    assert [str(rule) for rule in rules] == ["action=accept dst4=192.0.2.1/32", "action=drop"]
    assert english(problem).startswith("Rule 2 of firewall.xml cannot be read: dsthost is a host name")


DENYING = (
    '<QubesFirewallRules policy="deny" dns="allow" icmp="deny" yumProxy="allow">'
    '<rule address="example.com" port="443"/><rule address="192.0.2.1" proto="udp" port="50" toport="60"/>'
    '<rule address="192.0.2.2" proto="tcp" expire="4102444800"/></QubesFirewallRules>'
)
ALLOWING = (
    '<QubesFirewallRules policy="allow" dns="allow" icmp="allow">'
    '<rule address="192.0.2.1" netmask="24" proto="any"/></QubesFirewallRules>'
)


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        (
            ALLOWING,
            [
                "action=accept specialtarget=dns",
                "action=accept proto=icmp",
                "action=drop dst4=192.0.2.0/24",
                "action=accept",
            ],
        ),
        (
            DENYING,
            [
                "action=accept specialtarget=dns",
                "action=drop proto=icmp",
                "action=accept dsthost=example.com proto=tcp dstports=443-443",
                "action=accept dst4=192.0.2.1/32 proto=udp dstports=50-60",
                "action=accept dst4=192.0.2.2/32 proto=tcp expire=4102444800",
                "action=drop",
            ],
        ),
        (
            '<QubesFirewallRules policy="deny"/>',
            ["action=drop specialtarget=dns", "action=drop proto=icmp", "action=drop"],
        ),
    ],
)
def test_the_old_form_of_qubes_3_is_converted(text: str, rules: list[str]) -> None:
    assert texts(text.encode()) == rules


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "not the XML"),
        (b'<firewall version="3"/>', "version '3'"),
        (b"<QubesFirewallRules/>", "policy ''"),
        (b'<QubesFirewallRules policy="allow" dns="maybe"/>', "dns='maybe'"),
        (b'<QubesFirewallRules policy="allow"><rule address="a b"/></QubesFirewallRules>', "Rule 1 of firewall.xml"),
        (file_of(*[rule(action="accept")] * (RULES_LIMIT + 1)), f"more than {RULES_LIMIT}"),
    ],
)
def test_content_that_is_not_a_list_of_rules_becomes_deny_all_and_is_named(text: bytes, says: str) -> None:
    rules, problem = firewall_of(text)

    assert str(rules[-1]) == "action=drop"
    assert says in english(problem)


@pytest.mark.parametrize(
    "option",
    [
        '<property name="dst4">1.2.3.4 proto=tcp</property>',
        '<property name="who">me</property>',
        '<property name="dst4">here</property>',
    ],
)
def test_a_rule_that_cannot_be_is_named_and_never_left_out(option: str) -> None:
    text = (
        f"<f><rules><rule><properties><property name='action'>accept</property>{option}</properties></rule></rules></f>"
    )

    rules, problem = firewall_of(text.encode())

    assert [str(rule) for rule in rules] == ["action=drop"]
    assert english(problem).startswith("Rule 1 of firewall.xml")


def test_notes_that_are_no_text_are_refused() -> None:
    assert notes_of("Grün\r\n".encode()) == "Grün\r\n"
    with pytest.raises(BackupDamagedError, match="UTF-8"):
        notes_of(b"\xff")


@given(st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_any_bytes_close_the_list_in_words(untrusted: bytes) -> None:
    rules, problem = firewall_of(untrusted)

    assert [str(rule) for rule in rules] == ["action=drop"]
    assert english(problem).endswith(".")


OPTIONS = st.dictionaries(
    st.sampled_from(
        ["action", "dsthost", "dst4", "proto", "dstports", "expire", "comment", "icmptype", "specialtarget"]
    ),
    st.sampled_from(["accept", "drop", "192.0.2.0/24", "a.example", "tcp", "80", "dns", "8", "", "x y"]),
)


@given(st.lists(OPTIONS, max_size=4))
@settings(deadline=None)
def test_any_rules_are_whole_or_closed_at_the_first_bad_one(options: list[dict[str, str]]) -> None:
    rules, problem = firewall_of(file_of(*(rule(**options_of_rule) for options_of_rule in options)))

    assert len(rules) <= len(options)
    if problem:
        number = int(english(problem).split()[1])
        assert (len(rules), str(rules[-1])) == (number, "action=drop")
    else:
        assert firewall_of(firewall_xml(rules)) == (rules, None)
