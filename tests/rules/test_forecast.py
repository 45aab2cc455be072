# SPDX-License-Identifier: GPL-3.0-or-later
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.rules.forecast import DAY, FAR, WINDOW, Outlook, forecast, growth

NOW = 1_800_000_000
GIB = 1 << 30


def daily(*sizes: int) -> list[tuple[int, int]]:
    """A measurement a day, the last one now."""
    return [(NOW - (len(sizes) - 1 - at) * DAY, size) for at, size in enumerate(sizes)]


def test_a_pool_that_grows_evenly_is_full_when_the_line_reaches_its_size() -> None:
    result = forecast(daily(*(GIB * day for day in range(10, 20))), 29 * GIB, 19 * GIB, NOW)

    assert (result.outlook, result.days, result.per_day) == (Outlook.FILLS, 10, GIB)
    assert (result.samples, result.since) == (10, NOW - 9 * DAY)


def test_a_download_that_was_removed_again_changes_little() -> None:
    even = [GIB * day for day in range(10, 24)]
    jump = [*even[:6], even[6] + 200 * GIB, *even[7:]]

    assert growth(daily(*jump), NOW) == growth(daily(*even), NOW)


def test_without_enough_measurements_there_is_no_forecast() -> None:
    assert forecast(daily(1, 2, 3), 100, 3, NOW).outlook is Outlook.UNKNOWN
    within_a_day = [(NOW - at * 3600, at) for at in range(20)]
    assert forecast(within_a_day, 100, 3, NOW).outlook is Outlook.UNKNOWN
    assert forecast(daily(1, 2, 3, 4, 5), 0, 5, NOW).outlook is Outlook.UNKNOWN


def test_what_does_not_grow_is_steady_and_what_hardly_grows_is_far() -> None:
    assert forecast(daily(5, 5, 5, 5, 5), 100, 5, NOW).outlook is Outlook.STEADY
    assert forecast(daily(9, 8, 7, 6, 5), 100, 5, NOW).outlook is Outlook.STEADY
    assert forecast(daily(1, 2, 3, 4, 5), 10 + FAR, 5, NOW).outlook is Outlook.FAR
    assert forecast(daily(1, 2, 3, 4, 5), 5, 5, NOW).outlook is Outlook.FULL


def test_measurements_of_a_wrong_clock_and_old_ones_do_not_count() -> None:
    usual = daily(*(GIB * day for day in range(10, 20)))
    wrong = [(NOW + DAY, 0), (NOW - WINDOW - 1, 900 * GIB), (NOW - DAY // 2, -5)]

    assert forecast([*wrong, *usual], 29 * GIB, 19 * GIB, NOW) == forecast(usual, 29 * GIB, 19 * GIB, NOW)


SIZES = st.integers(-10, 1 << 50)


@given(st.lists(st.tuples(st.integers(0, 1 << 40), SIZES), max_size=30), SIZES, SIZES)
def test_any_measurements_give_an_answer(samples: list[tuple[int, int]], size: int, usage: int) -> None:
    result = forecast(samples, size, usage, NOW)

    assert result.days >= 0
    assert result == forecast(list(reversed(samples)), size, usage, NOW) or len(dict(samples)) < len(samples)


def test_a_full_pool_is_full_without_measurements() -> None:
    assert forecast([], 100, 100, NOW).outlook is Outlook.FULL
    result = forecast([(NOW - at * 21_600, 100) for at in range(8)], 100, 101, NOW)
    assert (result.outlook, result.per_day, result.samples) == (Outlook.FULL, None, 8)
