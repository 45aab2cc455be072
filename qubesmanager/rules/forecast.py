# SPDX-License-Identifier: GPL-3.0-or-later
"""When something that grows is full: a line through its sizes of the last weeks, and silence where that says nothing.

The slope of the line is the median of the growth between every two measurements (Theil and Sen), so one large download
that was removed again changes little.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import combinations
from statistics import median

DAY = 86_400
LEAST_DAYS, LEAST_SAMPLES = 3, 4
"""What a forecast needs at least: measurements over so many days, and so many of them."""
WINDOW = 30 * DAY
"""Older measurements do not count."""
FAR = 3 * 365
"""Days beyond which a date would say nothing."""

Sample = tuple[int, int]
"""Unix seconds and bytes."""


class Outlook(Enum):
    """What can be said."""

    UNKNOWN = "unknown"
    """There are too few measurements."""
    STEADY = "steady"
    """It does not grow, or shrinks."""
    FAR = "far"
    """It grows so slowly that it is full in more than `FAR` days."""
    FILLS = "fills"
    """It is full in `days`."""
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Forecast:
    """`per_day` is the growth in bytes (None: not known), `days` the whole days until it is full.

    `samples` is the number of measurements, the first one of which is of `since`.
    """

    outlook: Outlook
    per_day: float | None = None
    days: int = 0
    samples: int = 0
    since: int = 0


def usable(samples: Sequence[Sample], now: int) -> list[Sample]:
    """The measurements of the last `WINDOW` seconds in the order of time, without those of a wrong clock."""
    return sorted({moment: size for moment, size in samples if now - WINDOW <= moment <= now and size >= 0}.items())


def growth(samples: Sequence[Sample], now: int) -> float | None:
    """Bytes a day; None if there are too few measurements to say it."""
    used = usable(samples, now)
    if len(used) < LEAST_SAMPLES or used[-1][0] - used[0][0] < LEAST_DAYS * DAY:
        return None
    return median((b[1] - a[1]) * DAY / (b[0] - a[0]) for a, b in combinations(used, 2))


def forecast(samples: Sequence[Sample], size: int, usage: int, now: int) -> Forecast:
    """When a pool of this size, of which so much is used now, is full. A size of 0 is not known."""
    used = usable(samples, now)
    slope = growth(samples, now)
    number, since = len(used), used[0][0] if used else 0
    if 0 < size <= usage:
        return Forecast(Outlook.FULL, slope, 0, number, since)
    if size <= 0 or slope is None:
        return Forecast(Outlook.UNKNOWN, None, 0, number, since)
    if slope <= 0:
        return Forecast(Outlook.STEADY, slope, 0, number, since)
    days = int((size - usage) / slope)
    return Forecast(Outlook.FAR if days > FAR else Outlook.FILLS, slope, days, number, since)
