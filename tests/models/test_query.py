# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import vm

from qubesmanager.models.query import completions, parse, settled
from qubesmanager.wire.values import PowerState, VmClass

WORK = vm("work-mail", state=PowerState.RUNNING, tags=("work",), template="debian-13", memory="3000", netvm="sys-vpn")


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("mail", True),
        ("MAIL work", True),
        ("-mail", False),
        ("state:running tag:work", True),
        ("state:running -template:debian", False),
        ("netvm:sys-vpn mem>2G", True),
        ("mem>3000M", False),
        ("mem=3000M", True),
        ("mem<2.5G", False),
        ("class:AppVM", True),
        ("class=App", False),
        ("label:red", True),
        ("netvm:none", False),
    ],
)
def test_a_query_means_what_it_says(text: str, matches: bool) -> None:
    query = parse(text)

    assert query.error == ""
    assert query.matches(WORK) is matches


def test_an_unknown_filter_word_is_reported_and_the_others_still_filter() -> None:
    query = parse("mem>lots state:halted")

    assert "mem" in query.error
    assert not query.matches(WORK)


@given(st.text())
def test_any_text_is_a_query(text: str) -> None:
    assert isinstance(parse(text).matches(vm("x", VmClass.TEMPLATE)), bool)
    completions(text, [WORK])


def test_completion_offers_keys_then_values() -> None:
    assert "state:" in completions("sta", [WORK])
    assert completions("tag:", [WORK]) == ["tag:work"]
    assert completions("mail -template:deb", [WORK]) == ["-template:debian-13"]


@pytest.mark.parametrize(
    ("typed", "filters_by"),
    [
        ("ta", ""),
        ("tag:", ""),
        ("mail tag:", "mail"),
        ("mem>", ""),
        ("-netvm", ""),
        ("tag:w", "tag:w"),
        ("mem>2", "mem>2"),
        ("mai", "mai"),
        ("wo", "wo"),
    ],
)
def test_a_keyword_that_is_still_typed_filters_nothing(typed: str, filters_by: str) -> None:
    assert settled(typed, ["work-mail"]) == filters_by


def test_the_beginning_of_a_keyword_that_names_have_filters() -> None:
    assert settled("dev", ["work", "dev"]) == "dev"
    assert settled("sta", ["standalone"]) == "sta"
