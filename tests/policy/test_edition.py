# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a policy in their order, what becomes of each, and the differences between two texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.policy.differences import Side, changed_lines, count_changes, differences
from qubesmanager.policy.edition import Edition, Role, edition_of
from qubesmanager.policy.grammar import Kind, Rule, parse, read_lines
from qubesmanager.policy.reading import Files, Reader
from qubesmanager.wire.errors import PolicyAdminSyntaxException
from qubesmanager.wire.policy_files import POLICY, RUNTIME, PolicyFile

RULE = "svc * work vault allow\n"


def edition(**more: str) -> Edition:
    files = {
        "10-local.policy": RULE,
        "30-user.policy": "# mine\n!include include/more\n!include-service svc * include/body\n" + RULE,
        "31-mgmt.policy": RULE,
        "include/more": RULE,
        "include/body": "work vault allow\n",
        "include/spare": "work vault deny\n",
        **more,
    }
    return Edition(Files(files), Files({"31-mgmt.policy": RULE * 2}))


def roles(files: Edition) -> dict[str, Role]:
    return {f"{row.path}{'*' if row.is_runtime else ''}": row.role for row in files.listed()}


def test_files_are_listed_in_the_order_in_which_they_are_read_and_then_the_others() -> None:
    assert list(roles(edition()).items()) == [
        ("10-local.policy", Role.READ),
        ("30-user.policy", Role.READ),
        ("31-mgmt.policy*", Role.READ),
        ("include/body", Role.INCLUDED),
        ("include/more", Role.INCLUDED),
        ("include/spare", Role.UNUSED),
        ("31-mgmt.policy", Role.HIDDEN),
    ]


def test_a_name_that_qrexec_refuses_is_listed_apart_with_its_problem() -> None:
    rows = {row.path: row for row in edition(**{"Notes.policy": "", "my own.policy": ""}).listed()}

    assert rows["Notes.policy"].role is rows["my own.policy"].role is Role.BAD_NAME
    assert "The name of a policy file holds only" in rows["Notes.policy"].problem


def test_a_hidden_file_has_no_problem_whatever_it_holds() -> None:
    rows = {(row.path, row.is_runtime): row for row in edition(**{"31-mgmt.policy": "?"}).listed()}

    assert rows["31-mgmt.policy", False].problem == ""
    assert rows["31-mgmt.policy", True].rules == 2


def test_an_include_is_read_as_its_includers_need_it() -> None:
    assert edition().kind_of("include/body") is Kind.BODY
    assert edition().kind_of("include/more") is Kind.RULES
    assert edition().kind_of("include/spare") is Kind.BODY
    assert [line.item is None for line in edition().lines("include/body")] == [False, True]


def test_a_change_is_a_new_edition() -> None:
    before = edition()
    after = before.changed({"10-local.policy": None, "40-new.policy": RULE})

    assert "10-local.policy" in before.policy.files
    assert [row.path for row in after.listed()][:3] == ["30-user.policy", "31-mgmt.policy", "40-new.policy"]
    assert len(after.read(Reader()).rules) == 6


def test_the_rows_of_the_call_are_the_edition() -> None:
    rows = [
        PolicyFile(POLICY, "30-user.policy", "sha256:1", RULE),
        PolicyFile(RUNTIME, "30-user.policy", "sha256:2", ""),
        PolicyFile(POLICY, "empty", "", ""),
    ]

    assert edition_of(rows) == Edition(
        Files({"30-user.policy": RULE}, frozenset({"empty"})), Files({"30-user.policy": ""}, frozenset())
    )


TEXTS = st.lists(st.sampled_from(("a.B * work vault allow", "# x", "", "wrong", "!include x", " \t", "é")), max_size=8)


@given(lines=TEXTS)
def test_every_line_is_read_and_the_first_error_is_that_of_the_file(lines: list[str]) -> None:
    text = "\n".join(lines)

    read = list(read_lines("a.policy", text, Kind.RULES))

    assert [line.text for line in read] == text.split("\n")
    wrong = [f"a.policy:{line.number}: {line.error}" for line in read if line.error]
    assert all(line.number == line.item.place.line for line in read if isinstance(line.item, Rule))
    if wrong:
        with pytest.raises(PolicyAdminSyntaxException) as error:
            parse("a.policy", text, Kind.RULES)
        assert str(error.value) == wrong[0]
    else:
        assert [line.item for line in read if line.item] == list(parse("a.policy", text, Kind.RULES).items)


# -- differences -------------------------------------------------------------------------------------------------------


@given(before=TEXTS, after=TEXTS)
def test_the_differences_lead_from_one_text_to_the_other(before: list[str], after: list[str]) -> None:
    first, second = "\n".join(before), "\n".join(after)

    lines = differences(first, second)

    sides: dict[Side, list[tuple[int, str]]] = {side: [] for side in Side}
    for line in lines:
        sides[line.side].append((line.number, line.text))
    assert all(first.split("\n")[number - 1] == text for number, text in sides[Side.REMOVED])
    assert all(second.split("\n")[number - 1] == text for number, text in (*sides[Side.ADDED], *sides[Side.KEPT]))
    removed, added = ({number for number, _text in sides[side]} for side in (Side.REMOVED, Side.ADDED))
    kept = [line for number, line in enumerate(first.split("\n"), 1) if number not in removed]
    assert kept == [line for number, line in enumerate(second.split("\n"), 1) if number not in added]
    assert bool(lines) == (first != second) == bool(count_changes(first, second))
    assert set(changed_lines(first, second)) == added


def test_changed_lines_and_new_lines_differ() -> None:
    assert changed_lines("a\nb\nc", "a\nB\nc\nd") == {2: True, 4: False}
    assert changed_lines("a\nb\nc", "a\nB\nB\nc") == {2: True, 3: False}
    assert count_changes("a\nb\nc", "a\nB\nc\nd") == 2


def test_unchanged_lines_far_from_a_change_are_left_out() -> None:
    text = "\n".join(map(str, range(20)))
    lines = differences(text, text.replace("\n3\n", "\nx\n").replace("\n16\n", "\ny\n"))

    assert [line.text for line in lines if line.side is not Side.KEPT] == ["3", "x", "", "16", "y"]
    assert len(lines) == 13
