# SPDX-License-Identifier: GPL-3.0-or-later
"""A line of the policy says one thing, or is refused with its file and line."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qubesmanager.policy.grammar import EXACT, OPTIONS, PREFIXES, Action, Include, Kind, Place, parse
from qubesmanager.wire.errors import PolicyAdminSyntaxException


def refusal(line: str, kind: Kind = Kind.RULES) -> str:
    with pytest.raises(PolicyAdminSyntaxException) as caught:
        parse("30-user.policy", f"# first\n\n{line}", kind)
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "target", "action", "options"),
    [
        ("* * @anyvm @anyvm deny", "@anyvm", Action.DENY, {}),
        ("qubes.Gpg * work vault ask default_target=vault", "vault", Action.ASK, {"default_target": "vault"}),
        ("qubes.Gpg + work @default allow target=vault", "@default", Action.ALLOW, {"target": "vault"}),
        ("qubes.OpenURL * @tag:w @dispvm allow target=@dispvm:web", "@dispvm", Action.ALLOW, {"target": "@dispvm:web"}),
        (
            "mgmt1.vm.List +a.b-c @type:AppVM dom0 allow user=root notify=yes autostart=no",
            "dom0",
            Action.ALLOW,
            {"user": "root", "notify": "yes", "autostart": "no"},
        ),
        ("a.B * @dispvm:@tag:x uuid:c9024a97-9b15-46cc-8341-38d75d5d421b deny notify=no", "uuid:", Action.DENY, {}),
        ("\ta.B\t*  *   @adminvm \tallow \r", "@adminvm", Action.ALLOW, {}),
    ],
)
def test_a_policy_that_qrexec_accepts_is_accepted(
    line: str, target: str, action: Action, options: dict[str, str]
) -> None:
    (rule,) = parse("30-user.policy", line, Kind.RULES).rules

    assert rule.target.startswith(target)
    assert rule.action is action
    assert rule.place == Place("30-user.policy", 1)
    assert options.items() <= rule.options.items()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a.B", "before its argument"),
        ("a.B * work vault", "before its action"),
        ("a.B * work vault Allow", "allow, deny or ask"),
        ("a.B * @default vault deny", "@default cannot be a source"),
        ("a.B * @dispvm vault deny", "@dispvm cannot be a source"),
        ("a.B * work @default allow", "needs target="),
        ("a.B * work vault allow target=@anyvm", "@anyvm cannot be a redirect"),
        ("a.B * work vault allow target=@tag:x", "cannot be a redirect"),
        ("a.B * work vault allow default_target=vault", "allow has no option 'default_target'"),
        ("a.B * work vault deny target=vault", "deny has no option"),
        ("a.B * work vault ask notify=maybe", "yes or no"),
        ("a.B * work vault ask user=x user=y", "twice"),
        ("a.B * work vault ask user=", "name of a user"),
        ("a.B * work vault deny # why", "A comment needs its own line"),
        ("a.B arg work vault deny", "begins with +"),
        ("* +x work vault deny", "goes with any argument"),
        ("a/B * work vault deny", "Not a service"),
        ("a.B * @tag: vault deny", "a name is missing"),
        ("a.B * @nobody vault deny", "Not a qube"),
        ("a.B * $adminvm vault deny", "write '@adminvm'"),
        ("a.B * wörk vault deny", "ASCII"),
        ("a.B * work vault deny\x0b", "control character"),
        ("a.B * work\u2028vault deny", "control character"),
        ("!include", "followed by FILE"),
        ("!include ../../etc/shadow", "inside the policy's folder"),
        ("!include /etc/shadow", "inside the policy's folder"),
        ("!include-service a.B * x y", "followed by SERVICE ARGUMENT FILE"),
        ("!include-service a.B x include/y", "begins with +"),
        ("!exclude x", "no directive"),
        ("a" * 5000, "at most 4096"),
    ],
)
def test_a_policy_that_qrexec_refuses_is_refused_with_its_line(line: str, words: str) -> None:
    assert refusal(line).startswith("30-user.policy:3: ")
    assert words in refusal(line)


def test_a_body_leaves_out_service_and_argument_and_may_be_written_the_old_way() -> None:
    parsed = parse("include/x", "work $adminvm allow,target=dom0\n$include:include/y\n", Kind.BODY)

    (rule,) = parsed.rules
    assert (rule.source, rule.target, dict(rule.options)) == ("work", "@adminvm", {"target": "dom0"})
    assert parsed.includes == (Include(Place("include/x", 2), "include/y", Kind.BODY),)


def test_a_body_includes_nothing_but_bodies() -> None:
    assert "only !include" in refusal("!include-dir x", Kind.BODY)


WORDS = [*EXACT, *(f"{prefix}x" for prefix in PREFIXES), "dom0", "work"]


@given(source=st.sampled_from(WORDS), target=st.sampled_from(WORDS), action=st.sampled_from(Action))
def test_a_word_is_accepted_only_where_its_row_allows(source: str, target: str, action: Action) -> None:
    def may(word: str, place: str) -> bool:
        row = EXACT.get(word) or next((row for key, row in PREFIXES.items() if word.startswith(key)), None)
        return row is None or place in row

    is_allowed = (
        may(source, "source") and may(target, "target") and (action is not Action.ALLOW or target != "@default")
    )
    try:
        parse("x.policy", f"a.B * {source} {target} {action.value}", Kind.RULES)
    except PolicyAdminSyntaxException:
        assert not is_allowed
    else:
        assert is_allowed


PIECES = st.sampled_from(
    [*WORDS, *(a.value for a in Action), *OPTIONS[Action.ASK], "=", "+", "*", "!include", " ", "\n"]
)


@given(text=st.one_of(st.text(), st.lists(PIECES).map(" ".join)), kind=st.sampled_from(Kind))
@example(text="\x00", kind=Kind.RULES)
def test_any_text_parses_or_is_refused_with_a_printable_line(text: str, kind: Kind) -> None:
    try:
        parsed = parse("x.policy", text, kind)
    except PolicyAdminSyntaxException as error:
        said = str(error)
    else:
        said = "x.policy:"
        assert len(parsed.rules) + len(parsed.includes) <= text.count("\n") + 1

    assert said.startswith("x.policy:")
    assert said.isprintable()
