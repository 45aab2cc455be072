# SPDX-License-Identifier: GPL-3.0-or-later
"""The estimate of the remaining time, by a clock of the test."""

import pytest

from qubesmanager.models.pace import Pace

MIB = 1 << 20


def test_there_is_no_estimate_before_the_rate_is_known() -> None:
    pace = Pace()
    pace.put(0, "writing", 0)
    pace.put(1, "writing", 100 * MIB)

    assert pace.remaining(1, "writing", 900 * MIB, {}) is None


def test_a_fast_last_second_and_a_pause_change_the_estimate_little() -> None:
    pace = Pace()
    for second in range(61):
        pace.put(second, "writing", second * 10 * MIB)
    steady = pace.remaining(60, "writing", 600 * MIB, {})
    pace.put(61, "writing", 700 * MIB)

    fast = pace.remaining(61, "writing", 600 * MIB, {})
    paused = pace.remaining(66, "writing", 600 * MIB, {})

    assert steady == pytest.approx(60)
    assert fast is not None
    assert paused is not None
    assert 45 < fast < 60
    assert fast < paused < 65


def test_what_is_to_be_verified_counts_too() -> None:
    pace = Pace()
    for second in range(11):
        pace.put(second, "writing", second * 10 * MIB)

    assert pace.remaining(10, "writing", 100 * MIB, {"verifying": 200 * MIB}) == pytest.approx(30)


def test_each_kind_has_its_own_rate() -> None:
    pace = Pace()
    for second in range(11):
        pace.put(second, "writing", second * 10 * MIB)
    for second in range(10, 21):
        pace.put(second, "verifying", (second - 10) * 100 * MIB)

    assert pace.remaining(20, "verifying", 500 * MIB, {}) == pytest.approx(5)


def test_only_the_last_minutes_count() -> None:
    pace = Pace()
    for second in range(600):
        pace.put(second, "writing", second * MIB)
    for second in range(600, 900):
        pace.put(second, "writing", 600 * MIB + (second - 600) * 10 * MIB)

    assert pace.rate(899, "writing") == pytest.approx(10 * MIB)
