# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backups of a profile may go: never the newest, never one that a rule keeps, and no more than the rules say."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.backup.retention import Keep, superfluous

COUNTS = st.integers(0, 5)
KEEPS = st.builds(Keep, COUNTS, COUNTS, COUNTS, COUNTS)
TIMES = st.lists(
    st.integers(0, 24 * 400).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)), max_size=60
)


def going(keep: Keep, times: list[datetime]) -> list[datetime]:
    return superfluous(keep, times, lambda at: at)


@given(KEEPS, TIMES)
def test_what_stays_is_what_the_rules_name(keep: Keep, times: list[datetime]) -> None:
    gone = going(keep, times)
    left = sorted(times)
    for one in gone:
        left.remove(one)

    assert gone == sorted(gone)
    assert not times or max(times) in left
    assert len(left) >= min(len(times), keep.last)
    assert len(left) <= max(1, keep.last) + keep.daily + keep.weekly + keep.monthly
    days = sorted({at.date() for at in times}, reverse=True)[: keep.daily]
    weeks = sorted({at.isocalendar()[:2] for at in times}, reverse=True)[: keep.weekly]
    months = sorted({(at.year, at.month) for at in times}, reverse=True)[: keep.monthly]
    assert set(days) <= {at.date() for at in left}
    assert set(weeks) <= {at.isocalendar()[:2] for at in left}
    assert set(months) <= {(at.year, at.month) for at in left}
    for one in left:
        latest = [at for at in times if at.date() == one.date()]
        assert one in sorted(times)[-max(1, keep.last) :] or one == max(latest), (
            "of a day only the latest is kept for it"
        )


@given(KEEPS, TIMES)
def test_what_stays_would_stay_again(keep: Keep, times: list[datetime]) -> None:
    gone = going(keep, times)
    left = list(times)
    for one in gone:
        left.remove(one)

    assert going(keep, left) == []


@given(KEEPS, TIMES, st.randoms())
def test_the_order_in_which_they_are_known_does_not_matter(keep: Keep, times: list[datetime], chance: Random) -> None:
    shuffled = list(times)
    chance.shuffle(shuffled)

    assert going(keep, shuffled) == going(keep, times)


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        (Keep(), [29]),
        (Keep(last=3), [27, 28, 29]),
        (Keep(daily=3), [27, 28, 29]),
        (Keep(weekly=3), [20, 27, 29]),
        (Keep(monthly=2), [29]),
        (Keep(last=2, weekly=2), [27, 28, 29]),
    ],
)
def test_thirty_nights_and_what_is_kept_of_them(keep: Keep, left: list[int]) -> None:
    nights = [datetime(2026, 6, 1, 3, tzinfo=UTC) + timedelta(days=number) for number in range(30)]

    gone = going(keep, nights)

    assert [number for number, night in enumerate(nights) if night not in gone] == left
