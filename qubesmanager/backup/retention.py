# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backups of a profile stay: the last few, and the latest of so many days, weeks and months."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Keep:
    """How many of each; a backup may stay for several reasons. All zero keeps nothing but the newest."""

    last: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0


def superfluous(keep: Keep, backups: Iterable[T], made: Callable[[T], datetime]) -> list[T]:
    """Those that may go, oldest first. The newest always stays. `made` in local time."""
    newest_first = sorted(backups, key=made, reverse=True)
    kept: set[int] = set(range(max(1, keep.last)))
    periods: tuple[tuple[int, Callable[[datetime], object]], ...] = (
        (keep.daily, lambda at: at.date()),
        (keep.weekly, lambda at: at.isocalendar()[:2]),
        (keep.monthly, lambda at: (at.year, at.month)),
    )
    for count, period in periods:
        seen: set[object] = set()
        for index, backup in enumerate(newest_first):
            key = period(made(backup))
            if key not in seen and len(seen) < count:
                seen.add(key)
                kept.add(index)
    return [backup for index, backup in reversed(list(enumerate(newest_first))) if index not in kept]
