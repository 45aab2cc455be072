# SPDX-License-Identifier: GPL-3.0-or-later
"""Pieces made ahead are the same pieces, and no thread is left, whichever side stops first."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.backup.archive.prefetch import DEPTH, ahead


def makers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("backup-ahead")]


@given(st.lists(st.binary(max_size=3), max_size=40))
def test_the_pieces_are_the_same_in_the_same_order(pieces: list[bytes]) -> None:
    with ahead(iter(pieces)) as made:
        assert list(made) == pieces
    assert not makers()


@pytest.mark.parametrize("taken", [0, 1, DEPTH, 30])
def test_a_consumer_may_stop_at_any_time(taken: int) -> None:
    given_out = 0

    def endless() -> Iterator[bytes]:
        nonlocal given_out
        while True:
            given_out += 1
            yield b"x"

    with pytest.raises(KeyError), ahead(endless()) as made:  # noqa: PT012 - what leaves is what is tested
        for _ in range(taken):
            assert next(made) == b"x"
        raise KeyError

    assert not makers()
    assert given_out <= taken + 2 * DEPTH


@pytest.mark.parametrize("after", [0, 1, DEPTH, 30])
def test_an_error_of_the_producer_is_raised_in_order(after: int) -> None:
    def broken() -> Iterator[bytes]:
        yield from [b"x"] * after
        raise ValueError("here")

    seen = 0
    with pytest.raises(ValueError, match="here"), ahead(broken()) as made:  # noqa: PT012 - raised on the way
        for _ in made:
            seen += 1

    assert seen == after
    assert not makers()
