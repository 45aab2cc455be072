# SPDX-License-Identifier: GPL-3.0-or-later
"""When a profile is due: `hourly`, `daily HH:MM`, `weekly DAY HH:MM`, `monthly N HH:MM`, in local time.

A time that was missed (the machine was off) is due at once; several that were missed are due once.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from qubesmanager.rules.backups import is_ahead
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST_DAY = 28
"""The latest day of the month that every month has."""

RETRY_SECONDS = (5 * 60, 15 * 60, 60 * 60, 4 * 60 * 60)
"""Seconds after which a scheduled run that failed is tried again: after the first attempt, the second, and so on."""

_TEXT = re.compile(
    rf"hourly|daily (?P<daily>\d\d:\d\d)|weekly (?P<day>{'|'.join(DAYS)}) (?P<weekly>\d\d:\d\d)"
    r"|monthly (?P<date>\d{1,2}) (?P<monthly>\d\d:\d\d)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """`text` as it was written."""

    text: str

    def last_due(self, now: datetime) -> datetime:
        """The latest moment up to `now` at which the profile was to run; both in local time."""
        match = _match(self.text)
        if match["weekly"]:
            return _latest(now, match["weekly"], lambda day: DAYS[day.weekday()] == match["day"])
        if match["monthly"]:
            return _latest(now, match["monthly"], lambda day: day.day == int(match["date"]))
        if match["daily"]:
            return _latest(now, match["daily"], lambda _day: True)
        return now.replace(minute=0, second=0, microsecond=0)

    def next_due(self, now: datetime) -> datetime:
        """The first moment after `now`."""
        step = timedelta(hours=1) if self.text == "hourly" else timedelta(days=1)
        at = now
        while (due := self.last_due(at)) <= now:
            at += step
        return due

    def is_due(self, now: datetime, last_run: datetime) -> bool:
        """Whether it has not run since it last should have. `last_run` of one that never ran: when it was written.

        A last run in the future (a clock was wrong) says nothing, so it is due.
        """
        if is_ahead(last_run.timestamp(), now.timestamp()):
            return True
        # By the wall's clock: a change to or from summer time moves neither.
        return last_run.replace(tzinfo=None) < self.last_due(now).replace(tzinfo=None)


def retry_seconds(attempt: int) -> int | None:
    """How long to wait after the failed attempt of that number (from 1); None if it was the last."""
    return RETRY_SECONDS[attempt - 1] if 1 <= attempt <= len(RETRY_SECONDS) else None


def is_retry_due(attempt: int, waited: float) -> bool:
    """Whether to try again, `waited` seconds after the failed attempt of that number.

    A clock that was set back since then (`waited` below zero) makes it due: it would wait for ever otherwise.
    """
    wait = retry_seconds(attempt)
    return wait is not None and not 0 <= waited < wait


def parse_schedule(text: str) -> Schedule:
    """Raises `QubesValueError` with the forms there are."""
    _match(text)
    return Schedule(text)


def _match(text: str) -> "re.Match[str]":
    match = _TEXT.fullmatch(text)
    clock = match and (match["daily"] or match["weekly"] or match["monthly"])
    good = match is not None and (not clock or (int(clock[:2]) < 24 and int(clock[3:]) < 60))  # noqa: PLR2004 - a clock
    if match is None or not good or not 1 <= int(match["date"] or 1) <= LAST_DAY:
        raise refusal("profile-schedule", LAST_DAY, shown(text))
    return match


def _latest(now: datetime, clock: str, is_day: Callable[[datetime], bool]) -> datetime:
    at = now.replace(hour=int(clock[:2]), minute=int(clock[3:]), second=0, microsecond=0)
    while at > now or not is_day(at):
        at -= timedelta(days=1)
    return at
