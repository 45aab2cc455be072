# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions of the policy: compared with a naive second evaluator, and what qrexec was seen to do."""

import os
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy import naive
from policy.worlds import REQUESTED, SYSTEM, UUIDS, rule_lines, systems

from qubesmanager.policy.engine import Decision, Engine, Request, Result, may_admit
from qubesmanager.policy.explain import TARGET, Difference, explain
from qubesmanager.policy.reading import NO_FILES, Files, Reader
from qubesmanager.policy.system_info import SystemInfo, from_mapping, is_dom0


def decide(text: str, source: str = "work", target: str = "vault", argument: str = "+", **files: str) -> Decision:
    policy = {"30-test.policy": text, **{name.replace("__", "/"): body for name, body in files.items()}}
    engine = Engine(Reader().read(Files(policy)))
    return engine.decide(Request("svc", argument, source, target), from_mapping({"domains": SYSTEM}))


# -- compared with a second evaluator ----------------------------------------------------------------------------------


@pytest.mark.unmeasured
# About 100,000 requests with 60 examples by default: each example has up to 160.
@settings(max_examples=int(os.environ.get("POLICY_EXAMPLES", settings().max_examples * 16)))
@given(lines=st.lists(rule_lines(), max_size=8), system=systems())
def test_the_engine_decides_as_a_naive_evaluator_does(lines: list[str], system: dict[str, dict[str, Any]]) -> None:
    policy = Reader().read(Files({"30-test.policy": "\n".join(lines)}))
    assert policy.error == ""
    engine, info = Engine(policy), from_mapping({"domains": system})
    for source, target, argument in product(system, REQUESTED, ("+", "+x")):
        result, rule, value = naive.decide(policy.rules, system, source, target, "svc", argument)

        decision = engine.decide(Request("svc", argument, source, target), info)

        assert decision.result == result
        if result == "allow":
            assert (decision.rule, decision.target) == (rule, value)
        if result == "ask":
            assert (decision.rule, decision.targets) == (rule, value)
            assert decision.default_target in {"", *value}


@given(lines=st.lists(rule_lines(), max_size=8), system=systems())
def test_the_qubes_that_dom0_answers_about_are_those_of_the_decisions(
    lines: list[str], system: dict[str, dict[str, Any]]
) -> None:
    engine = Engine(Reader().read(Files({"30-test.policy": "\n".join(lines)})))
    info = from_mapping({"domains": system})
    for source, argument in product((*system, "laptop"), ("+", "+x")):
        decisions = {name: engine.decide(Request("svc", argument, source, name), info) for name in system}

        admitted = engine.admitted_by_dom0(source, "svc", argument, info)

        assert admitted == {
            name
            for name, decision in decisions.items()
            if name != "dom0"
            and decision.result is Result.ALLOW
            and is_dom0(decision.target)
            and decision.rule is not None
            and may_admit(decision.rule, source, info)
        }


@given(lines=st.lists(rule_lines(), max_size=8))
def test_an_explanation_says_what_the_decision_is_and_its_near_misses_would_decide(lines: list[str]) -> None:
    engine, info = Engine(Reader().read(Files({"a.policy": "\n".join(lines)}))), from_mapping({"domains": SYSTEM})
    request = Request("svc", "+", "work", "vault")

    explained = explain(engine, request, info)

    assert explained.decision == engine.decide(request, info)
    for near in explained.near:
        assert near.difference.expected != near.difference.actual
        assert engine.policy.rules.index(near.rule) < (
            engine.policy.rules.index(explained.decision.rule) if explained.decision.rule else len(lines)
        )


def test_a_near_miss_names_the_field_and_both_words() -> None:
    engine = Engine(
        Reader().read(Files({"a.policy": "svc * work dvm allow\nsvc * @anyvm @anyvm deny\nsvc * * * allow"}))
    )

    explained = explain(engine, Request("svc", "+", "work", "vault"), from_mapping({"domains": SYSTEM}))

    assert [near.difference for near in explained.near] == [Difference(TARGET, "dvm", "vault")]
    assert [str(rule.place) for rule in explained.shadowed] == ["policy.d/a.policy:3"]


# -- as measured with qrexec -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        ("svc * work vault allow", "vault", "vault"),
        ("svc * work @default allow target=dom0", "", "dom0"),
        ("svc * work @default allow target=dom0", "no-such-qube", "dom0"),
        ("svc * work @adminvm allow", "@adminvm", "dom0"),
        ("svc * work @adminvm allow", "dom0", "dom0"),
        ("svc * work @tag:mine allow target=dom0", "vault", "dom0"),
        ("svc * work @dispvm allow", "@dispvm", "@dispvm:dvm"),
        ("svc * work @dispvm:dvm allow", "@dispvm", "@dispvm:dvm"),
        ("svc * work @dispvm:@tag:other allow", "@dispvm", "@dispvm:dvm"),
        ("svc * work @type:AdminVM allow", "dom0", "dom0"),
        (f"svc * uuid:{UUIDS['work']} uuid:{UUIDS['vault']} allow", "vault", "vault"),
        ("* * * * allow", "dom0", "dom0"),
    ],
)
def test_an_allowed_call_has_this_target(text: str, target: str, expected: str) -> None:
    decision = decide(text, target=target)

    assert (decision.result, decision.target) == (Result.ALLOW, expected)


@pytest.mark.parametrize(
    ("text", "target", "reason"),
    [
        ("", "vault", "No rule fits the call, so it is denied."),
        ("svc * work vault deny", "vault", "Denied by policy.d/30-test.policy:1."),
        ("svc * work @type:AdminVM allow", "@adminvm", "No rule fits the call, so it is denied."),
        ("svc * @anyvm @anyvm allow", "dom0", "No rule fits the call, so it is denied."),
        ("svc * work $adminvm allow", "dom0", "No rule fits the call, so it is denied."),
        ("svc * * * allow", "work", "A qube cannot call itself."),
        ("svc * * * allow", "@tag:mine", "Not a target: '@tag:mine'."),
        ("svc * * * allow", "@dispvm:vault", "Not a template for disposables: 'vault'."),
        (
            "svc * work vault allow target=gone",
            "vault",
            "policy.d/30-test.policy:1 allows the call, and neither caller nor rule names a target that exists.",
        ),
        (
            "svc * work vault allow autostart=no",
            "vault",
            "policy.d/30-test.policy:1 allows only a target that runs already, and vault does not.",
        ),
        ("svc * work @default ask", "", "policy.d/30-test.policy:1 asks, and there is no target to choose."),
    ],
)
def test_a_call_is_denied_with_the_reason(text: str, target: str, reason: str) -> None:
    decision = decide(text, target=target)

    assert (decision.result, decision.reason) == (Result.DENY, reason)


def test_choices_are_what_rules_reach_from_the_source_and_deny_rules_remove() -> None:
    decision = decide("svc * work vault deny\nsvc * work @anyvm ask default_target=@dispvm", target="")

    assert decision.result is Result.ASK
    assert decision.targets == ("@dispvm:dvm", "dvm")
    assert decision.default_target == "@dispvm:dvm"


def test_a_deny_notifies_and_an_allow_does_not_unless_the_rule_says_otherwise() -> None:
    assert decide("svc * work vault deny").notify
    assert not decide("svc * work vault deny notify=no").notify
    assert not decide("svc * work vault allow").notify
    assert decide("svc * work vault allow notify=yes").notify


@pytest.mark.parametrize(
    "text",
    [
        "svc * work vault Allow",
        "svc * work vault allow bad",
        "svc * work vault allow notify=maybe",
        "svc * work vault deny target=vault",
        "svc * work @default allow",
        "svc * @default vault allow",
        "* + work vault allow",
        "svc x work vault allow",
        "svc * work @tag: allow",
        "svc * work",
        "!include include/missing",
        "!include-dir missing",
        "!no-such-directive",
        "!include",
    ],
)
def test_a_mistake_anywhere_denies_every_call(text: str) -> None:
    decision = decide(f"svc * work vault allow\n{text}")

    assert decision.result is Result.ERROR
    assert "policy.d/30-test.policy:2" in decision.reason


def test_a_bad_file_name_denies_every_call() -> None:
    assert decide("svc * work vault allow", **{"My.policy": ""}).result is Result.ERROR
    assert decide("svc * work vault allow", **{"My.txt": "", ".My.policy": "bad"}).result is Result.ALLOW


def test_a_file_of_the_runtime_folder_hides_its_namesake_and_both_are_sorted_together() -> None:
    policy = Files({"10-a.policy": "svc * work vault deny", "30-c.policy": "svc * work vault allow"})
    runtime = Files({"10-a.policy": "", "20-b.policy": "svc * vault work allow"})

    rules = Reader().read(policy, runtime).rules

    assert [str(rule.place) for rule in rules] == ["runtime.d/20-b.policy:1", "policy.d/30-c.policy:1"]


def test_included_bodies_take_service_and_argument_commas_and_the_old_sign() -> None:
    text = "!include-service svc +x include/body"
    files = {
        "include__body": "$anyvm $adminvm allow,target=$adminvm\n$include:include/more",
        "include__more": "work vault ask",
    }

    assert decide(text, target="dom0", argument="+x", **files).result is Result.ALLOW
    assert decide(text, target="vault", argument="+x", **files).place is not None
    assert decide(text, target="dom0", **files).result is Result.DENY


def test_includes_that_include_each_other_are_an_error_and_deep_ones_are_read() -> None:
    assert decide("!include include/a", include__a="!include include/a").result is Result.ERROR
    chain = {f"include/{number}": f"!include include/{number + 1}" for number in range(200)}
    files = {"a.policy": "!include include/0", **chain, "include/200": "svc * work vault allow"}
    assert len(Reader().read(Files(files)).rules) == 1


def test_a_folder_that_is_there_and_empty_can_be_included() -> None:
    assert Reader().read(Files({"a.policy": "!include-dir extra"}, {"extra"}), NO_FILES).error == ""


@given(text=st.text(), target=st.text(), source=st.text(), service=st.text())
def test_any_text_is_decided(text: str, target: str, source: str, service: str) -> None:
    policy = Reader().read(Files({"a.policy": text, "include/x": text}), Files({"b.policy": text}))

    decision = Engine(policy).decide(Request(service, "+", source, target), SystemInfo({}))

    assert decision.result in set(Result)
