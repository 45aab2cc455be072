# SPDX-License-Identifier: GPL-3.0-or-later
from hypothesis import given, settings
from hypothesis import strategies as st

from qubesmanager.models.natural_sort import in_order, natural


def test_numbers_in_names_count() -> None:
    assert in_order(["work10", "Work2", "vault", "work1", "work2"]) == ["vault", "work1", "Work2", "work2", "work10"]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=8), max_size=6))
def test_any_texts_have_one_order(texts: list[str]) -> None:
    assert in_order(texts) == in_order(list(reversed(texts)))


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=6), st.integers(0, 10**9), st.integers(0, 10**9))
def test_the_lower_number_sorts_first(stem: str, one: int, other: int) -> None:
    stem = stem.rstrip("0123456789")
    assert (natural(f"{stem}{one}") < natural(f"{stem}{other}")) == (one < other)
