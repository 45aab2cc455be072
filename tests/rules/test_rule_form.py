# SPDX-License-Identifier: GPL-3.0-or-later
"""What is typed into the form of a firewall rule: taken as the user means it, or refused with a sentence."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qubesmanager.rules.rule_form import destination_options, port_options
from qubesmanager.wire.errors import QubesValueError
from qubesmanager.wire.firewall import Proto, rule_of

TCP = Proto.TCP


@pytest.mark.parametrize(
    ("typed", "options"),
    [
        ("", {}),
        (" * ", {}),
        ("Any", {}),
        ("DNS", {"specialtarget": "dns"}),
        (" example.com ", {"dsthost": "example.com"}),
        ("münchen.de", {"dsthost": "xn--mnchen-3ya.de"}),
        ("10.0.0.1", {"dst4": "10.0.0.1/32"}),
        ("10.0.0.0/8", {"dst4": "10.0.0.0/8"}),
        ("2001:db8::/32", {"dst6": "2001:db8::/32"}),
    ],
)
def test_a_destination_is_taken_as_it_is_meant(typed: str, options: dict[str, str]) -> None:
    assert destination_options(typed) == options


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("example.com expire=1", "one destination"),
        ("10.0.0.1, 10.0.0.2", "one destination"),
        ("https://example.com/", "only the name"),
        ("*.example.com", "no wildcards"),
        ("140.82.121.3/4", "within the network 128.0.0.0/4"),
        ("10.0.0.0/99", "not a network"),
        ("10.0.0", "not an address"),
    ],
)
def test_a_destination_that_would_become_another_is_explained(typed: str, said: str) -> None:
    with pytest.raises(QubesValueError, match=said):
        destination_options(typed)


@pytest.mark.parametrize(
    ("typed", "ports"),
    [
        ("*", [None]),
        ("443", ["443-443"]),
        ("https", ["443-443"]),
        ("80,443", ["80-80", "443-443"]),
        ("8000 - 8080", ["8000-8080"]),
        ("http, 8000-8080; 80", ["80-80", "8000-8080"]),
    ],
)
def test_ports_are_numbers_ranges_and_names_of_services(typed: str, ports: list[str | None]) -> None:
    assert [options.get("dstports") for options in port_options(typed, TCP)] == ports


@pytest.mark.parametrize(
    ("typed", "proto", "said"),
    [
        ("443", None, "Choose TCP or UDP"),
        ("nosuch", TCP, "name of a service"),
        ("65536", TCP, "0 to 65535"),
        ("90-80", TCP, "lower port"),
        ("443 expire=1", TCP, "name of a service"),
        ("echo", Proto.ICMP, "0 to 255"),
    ],
)
def test_ports_that_are_none_are_explained(typed: str, proto: Proto | None, said: str) -> None:
    with pytest.raises(QubesValueError, match=said):
        port_options(typed, proto)


@given(st.text(max_size=40), st.text(max_size=20))
@example("example.com expire=1", "443 action=drop")
def test_a_field_never_gives_an_option_of_another(destination: str, ports: str) -> None:
    try:
        rules = [
            rule_of({"action": "accept", "proto": "tcp", **destination_options(destination), **options})
            for options in port_options(ports, TCP)
        ]
    except QubesValueError:
        return
    for rule in rules:
        assert rule.expire is None
        assert rule.comment == ""
        assert rule.action == "accept"
