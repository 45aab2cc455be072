# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that decide nothing, and words for what there is not: compared with a decision about every call."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy.worlds import SYSTEM, UUIDS, rule_lines, systems

from qubesmanager.policy.alike import calls_of, every_target
from qubesmanager.policy.engine import ANY, source_words, target_words
from qubesmanager.policy.gone import Missing, gone_words
from qubesmanager.policy.grammar import Place
from qubesmanager.policy.reach import Unreached, unreached
from qubesmanager.policy.reading import Files, Policy, Reader
from qubesmanager.policy.system_info import ADMINVM, SystemInfo, from_mapping

INFO = from_mapping({"domains": SYSTEM})


def policy_of(*lines: str, **includes: str) -> Policy:
    files = {"a.policy": "\n".join(lines), **{f"include/{name}": text for name, text in includes.items()}}
    return Reader().read(Files(files))


def at(*lines: int) -> tuple[Place, ...]:
    return tuple(Place("policy.d/a.policy", line) for line in lines)


def deciding(policy: Policy, info: SystemInfo) -> set[Place]:
    """The lines that are the first to fit some call."""
    places: set[Place] = set()
    for call in calls_of([policy]):
        for source, target in product(info.names, [*every_target(info), ADMINVM]):
            sources, targets = source_words(source, info), target_words(target, source, info)
            for rule in policy.rules:
                fits = rule.service in {ANY, call[0]} and rule.argument in {ANY, call[1]}
                if fits and rule.source in sources and rule.target in targets:
                    places.add(rule.place)
                    break
    return places


@given(lines=st.lists(rule_lines(), max_size=8), system=systems())
def test_a_line_is_unreached_if_it_is_first_for_no_call(lines: list[str], system: dict[str, dict[str, Any]]) -> None:
    policy, info = policy_of(*lines), from_mapping({"domains": system})

    found = unreached(policy, info)

    assert set(found) == {rule.place for rule in policy.rules} - deciding(policy, info)


def test_the_line_that_hides_another_is_named() -> None:
    policy = policy_of("svc * @anyvm vault deny", "# the next decides nothing", "svc * work vault allow")

    assert unreached(policy, INFO) == {at(3)[0]: Unreached(at(3)[0], at(1))}


def test_several_lines_that_hide_one_together_are_named() -> None:
    policy = policy_of("svc * work * deny", "svc * vault * deny", "svc * @tag:mine @anyvm allow")

    assert unreached(policy, INFO)[at(3)[0]].hidden_by == at(1, 2)


def test_a_line_that_no_qube_fits_is_hidden_by_none() -> None:
    policy = policy_of("svc * gone vault allow")

    assert unreached(policy, INFO)[at(1)[0]] == Unreached(at(1)[0], (), fits=False)


def test_a_line_with_an_argument_is_hidden_by_one_for_all_and_not_the_other_way() -> None:
    assert set(unreached(policy_of("svc * work * deny", "svc +x work * allow"), INFO)) == set(at(2))
    assert not unreached(policy_of("svc +x work * deny", "svc * work * allow"), INFO)


def test_a_line_of_an_include_decides_if_it_does_for_one_call() -> None:
    policy = policy_of(
        "svc * work * deny",
        "!include-service svc * include/body",
        "!include-service other * include/body",
        body="work vault allow",
    )

    assert unreached(policy, INFO) == {}


def test_a_thousand_qubes_and_ten_thousand_rules_are_walked() -> None:
    domains = {f"q{number}": {"type": "AppVM", "tags": [f"t{number % 20}"]} for number in range(1000)}
    lines = [f"svc.{number % 200} * @tag:t{number % 20} q{number % 1000} allow" for number in range(10_000)]

    found = unreached(policy_of(*lines), from_mapping({"domains": domains}))

    assert len(found) == 9000
    assert found[at(1001)[0]].hidden_by == at(1)


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("svc * old-mail vault allow", [("source", Missing.QUBE, "old-mail")]),
        ("svc * work vault ask default_target=gone", [("default_target", Missing.QUBE, "gone")]),
        ("svc * work @dispvm:gone allow", [("target", Missing.QUBE, "gone")]),
        ("svc * work @dispvm:vault allow", [("target", Missing.DISPOSABLE_TEMPLATE, "vault")]),
        ("svc * work @dispvm:dvm allow target=dvm", []),
        ("svc * @tag:none @tag:mine allow", [("source", Missing.TAG, "none")]),
        ("svc * @tag:created-by-boss @anyvm allow", [("source", Missing.QUBE, "boss")]),
        ("svc * @tag:managed-by-work @anyvm allow", [("source", Missing.TAG, "managed-by-work")]),
        ("svc * @type:StandaloneVM dvm allow", [("source", Missing.CLASS, "StandaloneVM")]),
        ("svc * work @dispvm:@tag:mine allow", [("target", Missing.TAG, "mine")]),
        (f"svc * uuid:{UUIDS['work']} @adminvm allow", []),
        (f"svc * uuid:{UUIDS['gone']} dom0 allow", [("source", Missing.QUBE, f"uuid:{UUIDS['gone']}")]),
        ("* * * @default deny", []),
    ],
)  # fmt: skip
def test_words_for_what_there_is_not_are_named(line: str, missing: list[tuple[str, Missing, str]]) -> None:
    (rule,) = policy_of(line).rules

    assert [(word.field, word.missing, word.name) for word in gone_words(rule, INFO)] == missing
