# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of policy files is accepted as a whole, or what is wrong is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.policy import installed
from qubesmanager.policy.folder import included_by, new_problem, problems
from qubesmanager.wire.values import Tier

RULE = "a.B * work vault deny\n"


def reasons(files: dict[str, str]) -> list[str]:
    return [problem.reason for problem in problems(files)]


def test_the_policy_that_we_install_is_accepted() -> None:
    files = {f"include/{tier}": installed.include(tier) for tier in Tier}

    assert problems({"90-mgmt1-default.policy": installed.policy(), **files}) == []


def test_a_missing_include_is_named_with_the_line_that_wants_it() -> None:
    assert reasons({"a.policy": f"{RULE}!include include/x\n"}) == [
        "a.policy:2: There is no file 'include/x' to include."
    ]


def test_a_mistake_in_an_include_is_named_with_its_own_place() -> None:
    files = {"a.policy": "!include-service a.B * include/x\n", "include/x": "\nwork vault perhaps\n"}

    assert reasons(files) == ["include/x:2: The action is allow, deny or ask, not 'perhaps'."]


def test_an_include_is_read_as_the_kind_that_its_includer_says() -> None:
    files = {"a.policy": "!include include/x\n", "include/x": "work vault deny\n"}

    assert reasons(files) != []
    assert reasons({**files, "a.policy": "!include-service a.B * include/x\n"}) == []


def test_an_unused_include_may_be_of_either_kind() -> None:
    assert reasons({"include/x": "work vault deny\n"}) == []
    assert reasons({"include/x": RULE}) == []
    assert reasons({"include/x": "nonsense\n"}) != []


def test_files_that_include_one_another_are_refused() -> None:
    files = {
        "a.policy": "!include include/x\n",
        "include/x": "!include include/y\n",
        "include/y": "!include include/x\n",
    }

    assert reasons(files) == ["include/y:1: 'include/x' would include itself."]


def test_a_folder_is_included_with_the_files_that_qrexec_would_read() -> None:
    files = {"a.policy": "!include-dir more\n", "more/b.policy": RULE, "more/.c.policy": "?", "more/d.txt": "?"}

    assert reasons(files) == []
    assert reasons({**files, "more/e.policy": "?"}) != []


def test_a_folder_to_include_must_be_there() -> None:
    files = {"a.policy": "!include-dir more\n"}

    assert reasons(files) == ["a.policy:1: There is no folder 'more' to include."]
    assert problems(files, {"more"}) == []
    assert new_problem({}, files, "a.policy") is not None


@pytest.mark.parametrize("name", ["My.policy", "a b.policy", "ä.policy", "a+b.policy", "a\n.policy"])
def test_a_name_that_qrexec_refuses_is_a_problem(name: str) -> None:
    assert "qrexec denies every call" in reasons({name: RULE})[0]
    assert "qrexec denies every call" in reasons({"a.policy": "!include-dir more\n", f"more/{name}": RULE})[0]
    assert reasons({name.removesuffix(".policy"): "?", f"include/{name}": RULE, f".{name}": "?"}) == []


def test_many_ways_to_one_file_are_walked_once() -> None:
    levels = {f"include/{n}": f"!include include/{n + 1}\n" * 2 for n in range(25)}

    assert reasons({"a.policy": "!include include/0\n", **levels, "include/25": RULE}) == []


def test_an_error_in_another_file_does_not_prevent_a_change() -> None:
    before = {"a.policy": "?", "b.policy": RULE}

    assert new_problem(before, {**before, "b.policy": RULE * 2}, "b.policy") is None
    assert new_problem(before, {**before, "a.policy": RULE}, "a.policy") is None
    assert new_problem(before, {**before, "b.policy": "!"}, "b.policy") is not None


def test_an_include_in_use_is_named_with_the_files_that_use_it() -> None:
    files = {"a.policy": f"{RULE}!include include/x\n", "include/y": "!include include/x\n", "include/x": RULE}

    assert included_by(files, "include/x") == ["a.policy:2", "include/y:1"]
    assert included_by(files, "include/y") == []


@given(
    st.dictionaries(
        st.sampled_from(["a.policy", "b.policy", "include/x", "include/y"]),
        st.lists(
            st.sampled_from(
                [
                    RULE,
                    "work vault deny\n",
                    "!include include/x\n",
                    "!include include/y\n",
                    "!include b.policy\n",
                    "?\n",
                ]
            ),
            max_size=3,
        ).map("".join),
    ),
    st.text(max_size=20),
)
def test_a_change_that_is_allowed_makes_nothing_worse(files: dict[str, str], text: str) -> None:
    after = {**files, "a.policy": text}

    if new_problem(files, after, "a.policy") is None:
        assert set(reasons(after)) <= set(reasons(files))
