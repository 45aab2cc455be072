# SPDX-License-Identifier: GPL-3.0-or-later
"""A pause of the statistics is a gap, and keeps its length."""

import pytest

from qubesmanager.models.stats_history import LENGTH, History, stretches


def history(*times: float) -> History:
    """A round at each of these seconds, whose values are the number of the round."""
    made = History()
    for number, now in enumerate(times):
        made.add(number, number << 20, now, 3.0)
    return made


def test_rounds_that_are_a_little_late_are_no_gap() -> None:
    assert list(history(0, 3.2, 6.1, 13, 15).cpus) == [0, 1, 2, 3, 4]


def test_a_pause_has_the_length_of_the_rounds_that_are_missing() -> None:
    paused = history(0, 3, 18, 21)

    assert list(paused.cpus) == [0, 1, None, None, None, None, 2, 3]
    assert list(paused.memories)[2:6] == [None] * 4
    assert (paused.cpu, paused.memory_kib) == (3, 3 << 20)
    assert paused.mean().cpu == 1


def test_a_long_pause_leaves_only_what_came_after_it() -> None:
    paused = history(0, 3, 86_400)

    assert list(paused.cpus) == [None] * (LENGTH - 1) + [2]


def test_a_clock_that_was_set_back_makes_no_gap() -> None:
    assert list(history(1000, 3, 6).cpus) == [0, 1, 2]


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ((), []),
        ((None, None), []),
        ((1, 2), [(0, [1, 2])]),
        ((None, 1, None, None, 2, 3), [(1, [1]), (4, [2, 3])]),
        ((1, None), [(0, [1])]),
    ],
)
def test_a_line_is_drawn_in_parts(values: tuple[int | None, ...], parts: list[tuple[int, list[int]]]) -> None:
    assert list(stretches(values)) == parts
