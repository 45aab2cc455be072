# SPDX-License-Identifier: GPL-3.0-or-later
"""When a profile is due: once for whatever was missed, by the clock on the wall."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.backup.schedule import DAYS, parse_schedule
from qubesmanager.wire.errors import QubesValueError

CLOCKS = st.times().map(lambda at: at.strftime("%H:%M"))
TEXTS = (
    st.just("hourly")
    | CLOCKS.map("daily {}".format)
    | st.builds("weekly {} {}".format, st.sampled_from(DAYS), CLOCKS)
    | st.builds("monthly {} {}".format, st.integers(1, 28), CLOCKS)
)
MOMENTS = st.datetimes(datetime(2001, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given there
LONGEST = {"hourly": 1, "daily": 24, "weekly": 24 * 7, "monthly": 24 * 31}
"""Hours between two times."""


@given(TEXTS, MOMENTS)
def test_a_moment_lies_between_the_last_time_and_the_next(text: str, now: datetime) -> None:
    schedule = parse_schedule(text)

    last, coming = schedule.last_due(now), schedule.next_due(now)

    assert last <= now < coming
    assert coming - last <= timedelta(hours=LONGEST[text.split(maxsplit=1)[0]])
    assert schedule.last_due(coming) == coming
    assert schedule.last_due(coming - timedelta(microseconds=1)) == last
    for at in (last, coming):
        assert at.strftime("%H:%M") in text or text == "hourly"
        assert not text.startswith("weekly") or DAYS[at.weekday()] in text
        assert not text.startswith("monthly") or text.split()[1] == str(at.day)


@given(TEXTS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_missed_runs_are_made_up_for_once(text: str, run: datetime, off: timedelta) -> None:
    schedule = parse_schedule(text)
    now = run + off

    assert schedule.is_due(now, run) == (schedule.next_due(run) <= now)
    assert not schedule.is_due(now, now), "it has just been made up for"


@given(st.text(max_size=30) | st.from_regex(r"(daily|weekly|monthly|hourly)[ a-z0-9:]{0,20}", fullmatch=True))
def test_any_text_is_a_schedule_or_refused_in_words(text: str) -> None:
    try:
        schedule = parse_schedule(text)
    except QubesValueError:
        return
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert schedule.last_due(now) <= now < schedule.next_due(now)


@pytest.mark.parametrize(
    "text",
    ["", "daily", "daily 24:00", "daily 03:60", "daily 3:00", "weekly 03:00", "monthly 0 03:00", "monthly 29 03:00",
     "Hourly", "daily 03:00\n", " daily 03:00", "daily \u0660\u0663:00", "monthly 31 03:00", "weekly day 03:00"],
)  # fmt: skip
def test_times_that_some_days_do_not_have_are_refused(text: str) -> None:
    with pytest.raises(QubesValueError):
        parse_schedule(text)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def local(year: int, month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second).astimezone()


@pytest.mark.usefixtures("berlin")
def test_when_the_clocks_change_nothing_runs_twice_or_not_at_all() -> None:
    weekly = parse_schedule("weekly sat 03:00")
    # The clocks go back on Sunday, 25 October 2026, and forward on Sunday, 28 March 2027.
    assert not weekly.is_due(local(2026, 10, 27, 12), local(2026, 10, 24, 3, 0, 5))
    assert not weekly.is_due(local(2027, 3, 30, 12), local(2027, 3, 27, 3, 0, 5))
    assert weekly.is_due(local(2026, 10, 27, 12), local(2026, 10, 24, 2, 59, 59))
    assert weekly.is_due(local(2027, 3, 30, 12), local(2027, 3, 27, 2, 59, 59))


@given(TEXTS, MOMENTS, st.timedeltas(timedelta(hours=2), timedelta(days=4000)))
def test_a_last_run_in_the_future_does_not_silence_the_schedule(text: str, now: datetime, ahead: timedelta) -> None:
    schedule = parse_schedule(text)

    assert schedule.is_due(now, now + ahead)
    assert not schedule.is_due(now, now), "the run that follows puts it right"


@given(TEXTS, MOMENTS, st.timedeltas(timedelta(0), timedelta(minutes=59)))
def test_a_clock_that_is_corrected_a_little_runs_nothing_again(text: str, now: datetime, ahead: timedelta) -> None:
    assert not parse_schedule(text).is_due(now, now + ahead)
