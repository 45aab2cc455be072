# SPDX-License-Identifier: GPL-3.0-or-later
"""firewall.xml and notes.txt: rules and notes come back; what cannot be is refused in words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qubesmanager.backup.errors import BackupDamagedError, BackupError
from qubesmanager.backup.qube_files import firewall_xml, notes_of, rules_of
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
    assert rules_of(firewall_xml(RULES)) == RULES
    assert rules_of(firewall_xml(())) == ()


def test_a_rule_of_the_qubes_tool_is_read() -> None:
    text = b"""<firewall version="2"><rules><rule><properties>
        <property name="proto">tcp</property><property name="action">accept</property>
        <property name="dstports">80</property></properties></rule></rules></firewall>"""

    assert rules_of(text) == (parse_rule("action=accept proto=tcp dstports=80-80"),)


@pytest.mark.parametrize(
    "option",
    [
        '<property name="dst4">1.2.3.4 proto=tcp</property>',
        '<property name="who">me</property>',
        '<property name="dst4">here</property>',
    ],
)
def test_a_rule_that_cannot_be_is_refused_and_never_left_out(option: str) -> None:
    text = (
        f"<f><rules><rule><properties><property name='action'>accept</property>{option}</properties></rule></rules></f>"
    )

    with pytest.raises(BackupDamagedError, match="has a rule"):
        rules_of(text.encode())


def test_notes_that_are_no_text_are_refused() -> None:
    assert notes_of("Grün\r\n".encode()) == "Grün\r\n"
    with pytest.raises(BackupDamagedError, match="UTF-8"):
        notes_of(b"\xff")


@given(st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_any_bytes_are_refused_in_words(untrusted: bytes) -> None:
    with pytest.raises(BackupError):
        rules_of(untrusted)
