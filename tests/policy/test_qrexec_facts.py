# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fact of qrexec's language, as measured with the R4.3 line: every cell of its tables, and every example."""

from collections.abc import Mapping
from itertools import product
from types import MappingProxyType
from typing import Any

import pytest
from policy.worlds import UUIDS, domain

from qubesmanager.policy.engine import Decision, Engine, Request, RequestDeniedError, Result, requested_target
from qubesmanager.policy.grammar import Kind, parse
from qubesmanager.policy.reading import Files, Reader
from qubesmanager.policy.system_info import from_mapping
from qubesmanager.wire.errors import PolicyAdminSyntaxException

SYSTEM = {
    "dom0": domain(type="AdminVM", uuid=UUIDS["dom0"], power_state="Running"),
    "work": domain(tags=["mine"], uuid=UUIDS["work"], default_dispvm="dvm", power_state="Running"),
    "vault": domain(tags=["mine"], uuid=UUIDS["vault"]),
    "plain": domain(),
    "dvm": domain(template_for_dispvms=True, tags=["mine"], uuid=UUIDS["dvm"]),
}
INFO = from_mapping({"domains": SYSTEM})
NO: Mapping[str, str] = MappingProxyType({})
"""No more files."""


def policy_of(text: str, files: Mapping[str, str] = NO, runtime: Mapping[str, str] = NO) -> Engine:
    return Engine(Reader().read(Files({"30-test.policy": text, **files}), Files(runtime)))


def decide(
    text: str, target: str = "vault", source: str = "work", argument: str = "+", files: Mapping[str, str] = NO
) -> Decision:
    return policy_of(text, files).decide(Request("svc", argument, source, target), INFO)


def is_accepted(text: str, kind: Kind = Kind.RULES) -> bool:
    try:
        parse("30-test.policy", text, kind, strict=False)
    except PolicyAdminSyntaxException:
        return False
    return True


# -- tokens ------------------------------------------------------------------------------------------------------------

SOURCE, TARGET, REDIRECT, REQUESTED = "source", "target", "redirect", "requested"
TOKENS = {
    "work": {SOURCE, TARGET, REDIRECT, REQUESTED},
    f"uuid:{UUIDS['vault']}": {SOURCE, TARGET, REDIRECT, REQUESTED},
    "*": {SOURCE, TARGET},
    "@anyvm": {SOURCE, TARGET},
    "@adminvm": {SOURCE, TARGET, REDIRECT, REQUESTED},
    "dom0": {SOURCE, TARGET, REDIRECT, REQUESTED},
    "@default": {TARGET, REQUESTED},
    "@dispvm": {TARGET, REDIRECT, REQUESTED},
    "@dispvm:dvm": {SOURCE, TARGET, REDIRECT, REQUESTED},
    "@tag:mine": {SOURCE, TARGET},
    "@type:AppVM": {SOURCE, TARGET},
    "@dispvm:@tag:mine": {SOURCE, TARGET},
}
"""Each token, and the columns it may be in."""
WRONG = ("@tag:", "@type:", "@dispvm:", "@dispvm:@tag:", "@nobody", "@", "@anyvm:x", "@tag:@anyvm")
"""Words that are wrong in every column: an empty suffix, an unknown word."""
LINES = {
    SOURCE: ["svc * {} vault deny"],
    TARGET: ["svc * work {} deny", "svc * work {} ask"],
    REDIRECT: [
        "svc * work vault allow target={}",
        "svc * work vault ask target={}",
        "svc * work vault ask default_target={}",
    ],
}


@pytest.mark.parametrize(("token", "column"), list(product([*TOKENS, *WRONG], LINES)))
def test_a_token_is_taken_in_its_columns_only(token: str, column: str) -> None:
    expected = column in TOKENS.get(token, set())

    assert {is_accepted(line.format(token)) for line in LINES[column]} == {expected}


@pytest.mark.parametrize("token", [*TOKENS, *WRONG])
def test_a_caller_may_request_these_tokens(token: str) -> None:
    try:
        requested_target(token, INFO)
    except RequestDeniedError:
        assert REQUESTED not in TOKENS.get(token, set())
    else:
        assert REQUESTED in TOKENS.get(token, set())


MATCHES = {
    "work": {"work"}, "vault": {"vault"}, f"uuid:{UUIDS['vault']}": {"vault"},
    "*": {"dom0", "@adminvm", "work", "vault", "plain", "dvm", "", "gone", "@dispvm", "@dispvm:dvm"},
    "@anyvm": {"work", "vault", "plain", "dvm", "", "gone", "@dispvm", "@dispvm:dvm"},
    "@adminvm": {"dom0", "@adminvm"}, "dom0": {"dom0", "@adminvm"},
    "@default": {"", "gone"},
    "@dispvm": {"@dispvm"},
    "@dispvm:dvm": {"@dispvm", "@dispvm:dvm"},
    "@tag:mine": {"work", "vault", "dvm"},
    "@type:AppVM": {"work", "vault", "plain", "dvm"},
    "@type:AdminVM": {"dom0"},
    "@dispvm:@tag:mine": {"@dispvm", "@dispvm:dvm"},
    "$adminvm": set(), "$anyvm": set(), "gone": set(),
}  # fmt: skip
"""By a rule's target: the requests that it matches, of a source whose default disposable template is dvm."""


@pytest.mark.parametrize("token", MATCHES)
def test_a_target_matches_these_requests(token: str) -> None:
    requests = ("dom0", "@adminvm", "work", "vault", "plain", "dvm", "", "gone", "@dispvm", "@dispvm:dvm")

    assert {each for each in requests if decide(f"svc * * {token} deny", each).rule is not None} == MATCHES[token]


@pytest.mark.parametrize(
    ("token", "sources"),
    [
        ("*", {"dom0", "work", "vault", "plain"}),
        ("@anyvm", {"work", "vault", "plain"}),
        ("@adminvm", {"dom0"}),
        ("dom0", {"dom0"}),
        ("work", {"work"}),
        (f"uuid:{UUIDS['work']}", {"work"}),
        ("@tag:mine", {"work", "vault"}),
        ("@type:AppVM", {"work", "vault", "plain"}),
        ("@type:AdminVM", {"dom0"}),
        ("$anyvm", set()),
    ],
)
def test_a_source_matches_these_callers(token: str, sources: set[str]) -> None:
    callers = ("dom0", "work", "vault", "plain")

    assert {each for each in callers if decide(f"svc * {token} * deny", source=each).rule is not None} == sources


# -- a line ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "argument", "is_taken"),
    [
        ("*", "*", True), ("*", "+", False), ("*", "+x", False), ("svc", "*", True), ("svc", "+", True),
        ("svc", "+a.b-c_d+e", True), ("svc", "x", False), ("svc", "", False), ("a/b", "*", False), ("a+b", "*", False),
        ("A.b_c-1", "*", True), ("svc*", "*", False), ("svc", "+*", False), ("svc", "+a b", False),
    ],
)  # fmt: skip
def test_services_and_arguments(service: str, argument: str, is_taken: bool) -> None:
    assert is_accepted(f"{service} {argument} work vault deny") is is_taken


def test_a_plus_alone_is_the_empty_argument_and_nothing_is_a_prefix() -> None:
    assert decide("svc + work vault allow").result is Result.ALLOW
    assert decide("svc + work vault allow", argument="+x").result is Result.DENY
    assert decide("svc +x work vault allow", argument="+xy").result is Result.DENY
    assert decide("sv * work vault allow").result is Result.DENY


OPTIONS = {
    "allow": {"target=vault", "user=root", "notify=yes", "autostart=no"},
    "ask": {"target=vault", "user=root", "notify=yes", "autostart=no", "default_target=vault"},
    "deny": {"notify=yes"},
}


@pytest.mark.parametrize(("action", "option"), list(product(OPTIONS, sorted(OPTIONS["ask"] | {"other=x", "notify=1"}))))
def test_an_action_takes_its_options_each_once(action: str, option: str) -> None:
    line = f"svc * work vault {action} {option}"

    assert is_accepted(line) is (option in OPTIONS[action])
    assert not is_accepted(f"{line} {option}")


def test_an_action_is_lower_case_and_a_comment_has_its_own_line() -> None:
    for action in ("Allow", "DENY", "permit"):
        assert not is_accepted(f"svc * work vault {action}")
    assert not is_accepted("svc * work vault deny # why")
    assert is_accepted("  # why\n\n\t svc   *\twork vault deny  \r\n")


def test_defaults_of_options() -> None:
    assert {action: decide(f"svc * work vault {action}").notify for action in ("allow", "ask", "deny")} == {
        "allow": False, "ask": False, "deny": True,
    }  # fmt: skip
    assert decide("").notify
    assert decide("svc * work vault allow").autostart
    assert decide("svc * work vault allow").user == ""


def test_allow_on_default_needs_a_target_and_on_anything_it_is_not_missed() -> None:
    assert not is_accepted("svc * work @default allow")
    assert is_accepted("svc * work @default ask")
    assert is_accepted("svc * work @anyvm allow")


# -- files -------------------------------------------------------------------------------------------------------------


def test_a_file_of_run_hides_its_namesake_and_the_others_are_sorted_together() -> None:
    engine = policy_of("svc * work vault deny", {}, {"30-test.policy": "", "20-a.policy": "svc * work vault allow"})

    assert engine.decide(Request("svc", "+", "work", "vault"), INFO).result is Result.ALLOW
    assert [str(rule.place) for rule in engine.policy.rules] == ["runtime.d/20-a.policy:1"]


@pytest.mark.parametrize(
    ("name", "is_readable"),
    [
        ("a.policy", True), ("a_b-c.1.policy", True), ("A.policy", False), ("a b.policy", False), ("ä.policy", False),
        (".A.policy", True), ("A.txt", True), ("README", True), ("A.policy.rpmnew", True),
    ],
)  # fmt: skip
def test_one_bad_name_makes_the_whole_policy_fail(name: str, is_readable: bool) -> None:
    engine = policy_of("svc * work vault allow", {name: "# nothing\n"})

    assert (engine.policy.error == "") is is_readable


def test_any_error_anywhere_denies_every_request() -> None:
    assert decide("svc * work vault allow", files={"90-z.policy": "bad"}).result is Result.ERROR
    assert decide("svc * work vault allow\n!include include/none").result is Result.ERROR


def test_directives() -> None:
    more = "svc * work vault allow"
    assert decide("!include include/x", files={"include/x": more}).result is Result.ALLOW
    assert decide("!include-dir more", files={"more/a.policy": more}).result is Result.ALLOW
    assert decide("!include-service svc * include/x", files={"include/x": "work vault allow"}).result is Result.ALLOW
    assert decide("!compat-4.0\n" + more).result is Result.ALLOW
    for wrong in ("!include", "!include a b", "!include-service svc include/x", "!other x", "!include-service * + x"):
        assert not is_accepted(wrong)


@pytest.mark.parametrize(
    ("body", "is_taken"),
    [
        ("work vault allow,target=dom0", True), ("work vault allow target=dom0", True), ("$anyvm $adminvm allow", True),
        ("$include:include/y", True), ("!include include/y", True), ("!include-dir y", False),
        ("!include-service a * y", False), ("svc * work vault allow", False), ("work,vault,allow,user=x", True),
    ],
)  # fmt: skip
def test_what_a_body_of_include_service_holds(body: str, is_taken: bool) -> None:
    assert is_accepted(body, Kind.BODY) is is_taken


# -- evaluation --------------------------------------------------------------------------------------------------------

EVALUATED: list[tuple[str, str, str, str]] = [
    ("svc * work vault deny\nsvc * work vault allow", "vault", "deny", ""),
    ("", "vault", "deny", ""),
    ("svc * work vault allow", "vault", "allow", "vault"),
    ("svc * work vault allow target=dom0", "vault", "allow", "dom0"),
    ("svc * work @default allow target=dom0", "", "allow", "dom0"),
    ("svc * work @default allow target=dom0", "mistyped", "allow", "dom0"),
    ("svc * work vault allow target=gone", "vault", "deny", ""),
    ("svc * work @dispvm allow", "@dispvm", "allow", "@dispvm:dvm"),
    ("svc * plain @dispvm allow", "@dispvm", "deny", ""),
    ("svc * work plain allow autostart=no", "plain", "deny", ""),
    ("svc * vault work allow autostart=no", "work", "allow", "work"),
    ("svc * work @adminvm allow autostart=no", "dom0", "allow", "dom0"),
    ("svc * work work allow", "work", "deny", ""),
    ("svc * work vault allow target=work", "vault", "deny", ""),
    ("svc * * * allow", "@tag:mine", "deny", ""),
    ("svc * * * allow", "@anyvm", "deny", ""),
    ("svc * work vault ask", "vault", "ask", "vault"),
    ("svc * work vault ask\nsvc * work plain allow", "vault", "ask", "plain vault"),
    ("svc * work plain deny\nsvc * work @anyvm ask", "vault", "ask", "@dispvm:dvm dvm vault"),
    ("svc * work @default ask", "", "deny", ""),
    ("svc * work @default ask target=vault", "", "ask", "vault"),
]


@pytest.mark.parametrize(("text", "target", "result", "reached"), EVALUATED)
def test_a_request_is_decided_so(text: str, target: str, result: str, reached: str) -> None:
    source = next((line.split()[2] for line in text.splitlines() if line.split()[2] in {"vault", "plain"}), "work")

    decision = decide(text, target, source=source)

    assert (decision.result, decision.target or " ".join(decision.targets)) == (result, reached)


def test_the_tiers_as_shipped_deny_and_their_examples_allow() -> None:
    line = "!include-service svc * include/admin-local-rwx\n"

    def decided(body: str, target: str, **tags: Any) -> Result:
        info = from_mapping({"domains": {**SYSTEM, "sys-mgmt": domain(), "lab": domain(**tags)}})
        engine = policy_of(line, {"include/admin-local-rwx": body})
        return engine.decide(Request("svc", "+", "sys-mgmt", target), info).result

    created = "sys-mgmt @tag:created-by-sys-mgmt allow target=dom0\n"
    assert decided("## comments only\n", "lab") is Result.DENY
    assert decided(created, "lab", tags=["created-by-sys-mgmt"]) is Result.ALLOW
    assert decided(created, "lab") is Result.DENY
    assert decided("sys-mgmt @adminvm allow target=dom0\n", "dom0") is Result.ALLOW
