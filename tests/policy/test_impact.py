# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change alters, what a qube may call, and what dom0 would lose: compared with one decision after another."""

from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from policy.worlds import SYSTEM, rule_lines, systems

from qubesmanager.policy.alike import calls_of, every_target
from qubesmanager.policy.engine import Engine, Request, Result
from qubesmanager.policy.impact import LISTED, impact, outcome
from qubesmanager.policy.lockout import lockout
from qubesmanager.policy.reading import Files, Reader
from qubesmanager.policy.rights import may_be_called, may_call
from qubesmanager.policy.system_info import SystemInfo, from_mapping

LINES = st.lists(rule_lines(), max_size=6)
INFO = from_mapping({"domains": SYSTEM})


def engine_of(*lines: str) -> Engine:
    return Engine(Reader().read(Files({"30-test.policy": "\n".join(lines)})))


def every_request(before: Engine, after: Engine, info: SystemInfo) -> list[Request]:
    calls = calls_of((before.policy, after.policy))
    return [Request(*call, *pair) for call in calls for pair in product(sorted(info.names), every_target(info))]


@given(first=LINES, second=LINES, system=systems())
def test_what_a_change_alters_is_what_differs_for_any_call(
    first: list[str], second: list[str], system: dict[str, dict[str, Any]]
) -> None:
    before, after, info = engine_of(*first), engine_of(*second), from_mapping({"domains": system})
    requests = every_request(before, after, info)

    found = impact(before, after, info)

    differing = {
        request for request in requests if outcome(before.decide(request, info)) != outcome(after.decide(request, info))
    }
    assert {alteration.request for alteration in found.alterations} == differing
    assert found.altered == len(found.alterations) == len(differing)
    assert found.compared == len(requests)


@given(lines=LINES, extra=rule_lines(), at=st.integers(0, 6), system=systems())
def test_one_more_line_alters_what_it_decides(
    lines: list[str], extra: str, at: int, system: dict[str, dict[str, Any]]
) -> None:
    info = from_mapping({"domains": system})
    before, after = engine_of(*lines), engine_of(*lines[:at], extra, *lines[at:])

    found = impact(before, after, info)

    for alteration in found.alterations:
        assert alteration.before == before.decide(alteration.request, info)
        assert alteration.after == after.decide(alteration.request, info)
    assert impact(after, before, info).altered == found.altered


def test_lines_that_move_alter_nothing() -> None:
    before = engine_of("svc * work vault allow", "svc * @anyvm @anyvm deny")
    after = engine_of("# first", "svc * work vault allow", "", "svc * @anyvm @anyvm deny")

    assert impact(before, after, INFO).altered == 0


def test_a_policy_that_cannot_be_read_denies_what_was_allowed() -> None:
    found = impact(engine_of("svc * work vault allow"), engine_of("svc * work vault allows"), INFO)

    assert [(each.request.source, each.request.target) for each in found.alterations] == [("work", "vault")]
    assert found.alterations[0].after.result is Result.ERROR


def test_many_alterations_are_counted_and_the_first_are_listed() -> None:
    domains = {f"q{number}": {"type": "AppVM", "uuid": ""} for number in range(60)}
    info = from_mapping({"domains": {**SYSTEM, **domains}})

    found = impact(engine_of(), engine_of("svc * @anyvm @anyvm allow"), info)

    assert len(found.alterations) == LISTED
    qubes = len(info.names) - 1
    new_disposables = qubes + 1  # of dvm, for each source; and by @dispvm for work, the only one with a default
    assert found.altered == qubes * (qubes - 1) + new_disposables


# -- rights ------------------------------------------------------------------------------------------------------------


@given(lines=LINES, system=systems(), name=st.sampled_from(("work", "vault", "dom0")))
def test_rights_are_the_calls_that_are_not_denied(
    lines: list[str], system: dict[str, dict[str, Any]], name: str
) -> None:
    engine, info = engine_of(*lines), from_mapping({"domains": system})
    if name not in info.names:
        return

    of_source = {
        (right.service, right.argument, other) for right in may_call(engine, name, info) for other in right.others
    }
    of_target = {
        (right.service, right.argument, other) for right in may_be_called(engine, name, info) for other in right.others
    }

    decisions = {request: engine.decide(request, info) for request in every_request(engine, engine, info)}
    given_rights = {
        request: decision for request, decision in decisions.items() if decision.result in {Result.ALLOW, Result.ASK}
    }
    assert of_source == {
        (request.service, request.argument, request.target) for request in given_rights if request.source == name
    }
    assert of_target == {
        (request.service, request.argument, request.source)
        for request, decision in given_rights.items()
        if name in {request.target, decision.target, *decision.targets}
    }


def test_a_right_names_its_line_and_all_qubes_it_is_about() -> None:
    engine = engine_of("svc * work @tag:other ask", "other * @anyvm vault allow")

    (right,) = may_call(engine, "work", INFO)[1:]

    assert (right.service, right.others, str(right.decision.place)) == (
        "svc",
        ("dvm", "vault"),
        "policy.d/30-test.policy:1",
    )


# -- dom0 --------------------------------------------------------------------------------------------------------------


def lost(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    rule = lockout(engine_of(*before), engine_of(*after))
    return f"{rule.place.line}: {rule.service} {rule.target}" if rule else ""


def test_dom0_loses_a_management_call_by_a_rule_that_denies_it() -> None:
    assert lost((), ("mgmt1.vm.List * dom0 @adminvm deny",)) == "1: mgmt1.vm.List @adminvm"
    assert (
        lost(
            (),
            (
                "# all",
                "* * * * deny",
            ),
        )
        == "2: * *"
    )
    assert lost((), ("admin.vm.Start * @type:AdminVM work ask",)) == "1: admin.vm.Start work"


def test_dom0_loses_a_management_call_that_is_sent_elsewhere() -> None:
    assert lost((), ("mgmt1.vm.Start * dom0 work allow target=vault",)) == "1: mgmt1.vm.Start work"
    assert lost((), ("mgmt1.vm.Start * dom0 work allow target=dom0",)) == ""
    assert lost((), ("mgmt1.vm.Start * dom0 work allow target=@adminvm",)) == ""


def test_an_allow_without_a_target_sends_a_call_of_dom0_into_the_qube() -> None:
    assert lost((), ("mgmt1.vm.Start * dom0 @anyvm allow",)) == "1: mgmt1.vm.Start @anyvm"
    assert lost((), ("admin.vm.Start * dom0 work allow",)) == "1: admin.vm.Start work"
    assert lost((), ("* * * * allow",)) == "1: * *"
    assert lost((), ("mgmt1.vm.List * dom0 dom0 allow",)) == ""
    assert lost((), ("mgmt1.vm.List * dom0 @default allow target=vault",)) == ""


def test_other_rules_do_not_lock_dom0_out() -> None:
    assert lost((), ("* * @anyvm @anyvm deny",)) == ""
    assert lost((), ("qubes.Filecopy * * * deny",)) == ""
    assert lost((), ("mgmt1.vm.List * dom0 @adminvm allow", "* * @anyvm * deny")) == ""


def test_a_rule_about_a_qube_that_is_not_there_counts_as_well() -> None:
    assert lost((), ("mgmt1.vm.Start * dom0 gone deny",)) == "1: mgmt1.vm.Start gone"
    assert lost((), ("mgmt1.vm.Start * dom0 @tag:none deny",)) == "1: mgmt1.vm.Start @tag:none"
    assert lost((), ("mgmt1.vm.Start * dom0 @anyvm allow target=dom0", "mgmt1.vm.Start * dom0 gone deny")) == ""


def test_what_dom0_did_not_have_is_not_lost() -> None:
    assert lost(("* * * * deny",), ("# changed", "* * * * deny")) == ""
    assert lost(("* * * * deny",), ("mgmt1.vm.List * * @adminvm deny",)) == ""
    assert lost(("mgmt1.a.B * * * deny",), ("mgmt1.a.B +x * * deny",)) == ""
    assert lost(("mgmt1.a.B +x * * deny",), ("mgmt1.a.B * * * deny",)) == "1: mgmt1.a.B *"
