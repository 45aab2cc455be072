# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backups of a profile stay: the last few, and the latest of so many days, weeks and months.

The decision counts the backup that is being made, so that a preview and the run that follows it agree. Three rules
come before the counts: the backup being made stays; one dated after it neither counts nor goes, because a clock was
wrong; the last backup that holds a qube stays until the user gives that qube up by name.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Keep:
    """The number of backups to keep of each kind; one can count for several. With zeros only the newest stays."""

    last: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that exists or is being made.

    `number` counts the runs and gives the order; `at` is the start in local time, which only names the day, week and
    month. `qubes`: names by uuid; a run whose uuids were not recorded has the name as key and value.
    """

    number: int
    at: datetime
    qubes: Mapping[str, str] = field(default_factory=dict)
    file: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The backups to remove, oldest first, and `kept_for`: those beyond the counts, each with the qubes only it has.

    `counted`: the backups that the counts keep, the coming one left out, each with why: `daily-2` is the latest backup
    of the second latest day, `last-1` the latest of all.
    """

    remove: tuple[Made, ...] = ()
    kept_for: tuple[tuple[Made, tuple[str, ...]], ...] = ()
    counted: tuple[tuple[Made, tuple[str, ...]], ...] = ()


def decide(keep: Keep, coming: Made, known: Iterable[Made], given_up: Collection[str] = ()) -> Decision:
    """The backups to remove once `coming` is complete. `given_up`: names of qubes whose last backup may go."""
    known = list(known)
    countable = [backup for backup in known if backup.at <= coming.at]
    newest_first = [coming, *sorted(countable, key=lambda backup: backup.number, reverse=True)]
    counted = _counted(keep, newest_first)
    dated_later = [backup for backup in known if backup.at > coming.at]
    covered: set[str] = set()
    for backup in (*dated_later, *(newest_first[index] for index in counted)):
        covered |= {*backup.qubes, *backup.qubes.values()}
    remove: list[Made] = []
    kept_for: list[tuple[Made, tuple[str, ...]]] = []
    for index, backup in enumerate(newest_first):
        if index in counted:
            continue
        alone = {name for uuid, name in backup.qubes.items() if uuid not in covered and name not in given_up}
        if alone:
            kept_for.append((backup, tuple(sorted(alone))))
            covered |= {*backup.qubes, *backup.qubes.values()}
        else:
            remove.append(backup)
    stay = tuple((newest_first[index], tuple(why)) for index, why in sorted(counted.items()) if index)
    return Decision(tuple(reversed(remove)), tuple(reversed(kept_for)), stay)


def _counted(keep: Keep, newest_first: list[Made]) -> dict[int, list[str]]:
    """The places in the list of what the counts keep, and why."""
    last = min(len(newest_first), max(1, keep.last))
    counted = {index: [f"last-{index + 1}"] for index in range(last)}
    periods: tuple[tuple[str, int, Callable[[datetime], object]], ...] = (
        ("daily", keep.daily, lambda at: at.date()),
        ("weekly", keep.weekly, lambda at: at.isocalendar()[:2]),
        ("monthly", keep.monthly, lambda at: (at.year, at.month)),
    )
    for name, count, period in periods:
        groups: set[object] = set()
        for index, backup in enumerate(newest_first):
            key = period(backup.at)
            if key not in groups and len(groups) < count:
                groups.add(key)
                counted.setdefault(index, []).append(f"{name}-{len(groups)}")
    return counted
