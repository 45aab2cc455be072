# SPDX-License-Identifier: GPL-3.0-or-later
"""Which qubes have updates or are out of date, and which must be restarted to use what their template has.

The updater of Qubes OS writes features: `updates-available`; `last-updates-check` and `last-update` (local time of dom0
as `2026-11-27 04:05:00`, core-admin `qubes/ext/updates.py`); `os-eol`, the last day on which the distribution of a
qube gets updates (`2026-12-02`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import lru_cache

from qubesmanager.rules.backups import is_ahead
from qubesmanager.rules.facts import Facts, QubeFacts, Qubes, whole_number
from qubesmanager.rules.features import SKIP_UPDATE
from qubesmanager.rules.inheritance import templates
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.values import VmClass

AVAILABLE, CHECKED, UPDATED, END_OF_LIFE = "updates-available", "last-updates-check", "last-update", "os-eol"

STALE_AFTER = "qubes-vm-update-update-if-stale"
"""A feature of dom0: days after which a check says nothing any longer."""
USUAL_DAYS, MOST_DAYS = 7, 3650
DAY = 86_400


class UpdateState(Enum):
    """How up to date a qube is, the most urgent first."""

    ENDED = "ended"
    """Its distribution no longer gets updates."""
    AVAILABLE = "available"
    STALE = "stale"
    """The last check is too long ago to say anything."""
    UNKNOWN = "unknown"
    """It was never checked, as far as is known."""
    CURRENT = "current"
    SKIPPED = "skipped"
    """The user left it out of updates."""


NEEDS_UPDATE = frozenset({UpdateState.ENDED, UpdateState.AVAILABLE, UpdateState.STALE})
"""The states that need the user's attention."""


@dataclass(frozen=True, slots=True)
class Updates:
    """What is known of the updates of a qube. Times in Unix seconds; None: not known, or ahead of the clock.

    `ended`: the last day with updates, if that day is over.
    """

    state: UpdateState
    checked: int | None = None
    updated: int | None = None
    ended: date | None = None


def is_updated_itself(qube: QubeFacts) -> bool:
    """Whether the qube is updated, and not the template that it is based on. dom0 is if the updater looked at it."""
    if qube.klass is VmClass.ADMIN:
        return any(name in qube.features for name in (AVAILABLE, CHECKED, UPDATED))
    return qube.klass in {VmClass.TEMPLATE, VmClass.STANDALONE}


def stale_after(facts: Facts) -> int:
    """Seconds after which a check says nothing any longer."""
    dom0 = facts.qubes.get(DOM0)
    days = whole_number(dom0.features.get(STALE_AFTER, "")) if dom0 is not None else 0
    return min(days or USUAL_DAYS, MOST_DAYS) * DAY


def updates_of(qube: QubeFacts, now: int, stale: int) -> Updates:
    """What the features of a qube say. `now` in Unix seconds; `stale`: seconds, see `stale_after`."""
    updated = _moment(qube.features.get(UPDATED, ""), now)
    checks = [each for each in (_moment(qube.features.get(CHECKED, ""), now), updated) if each is not None]
    checked = max(checks, default=None)
    end = _day(qube.features.get(END_OF_LIFE, ""))
    ended = end if end is not None and end < datetime.fromtimestamp(now, UTC).astimezone().date() else None
    return Updates(_state(qube, ended, checked, now - stale), checked, updated, ended)


def _state(qube: QubeFacts, ended: date | None, checked: int | None, since: int) -> UpdateState:
    """`since`: the time before which a check is too old."""
    if qube.features.get(SKIP_UPDATE):
        return UpdateState.SKIPPED
    if ended is not None:
        return UpdateState.ENDED
    if qube.features.get(AVAILABLE, "") not in {"", "0"}:
        return UpdateState.AVAILABLE
    if checked is None:
        return UpdateState.UNKNOWN
    return UpdateState.STALE if checked < since else UpdateState.CURRENT


def _moment(text: str, now: int) -> int | None:
    """A time as the updater writes it; None for any other text, and if it is in the future or before 1970."""
    moment = _seconds(text)
    return None if moment is None or moment < 0 or is_ahead(moment, now) else moment


@lru_cache(maxsize=4096)
def _seconds(text: str) -> int | None:
    """The Unix time of a local time; None for any other text."""
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError, OSError):
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# -- restarts ---------------------------------------------------------------------------------------------------------


def is_outdated(qube: QubeFacts) -> bool:
    """Whether the qube runs with a volume that its template has replaced since it started."""
    return qube.running and any(volume.is_outdated for volume in qube.volume_records)


def outdated(qubes: Qubes) -> list[str]:
    """The qubes that must be restarted to use what their template has; sorted."""
    return sorted(qube.name for qube in qubes.values() if is_outdated(qube))


def updated_through(qube: QubeFacts, qubes: Qubes) -> str:
    """The template whose updates the qube gets: that of its disposable template for a disposable. Empty if none."""
    above = templates(qube.value("template"), qubes)
    return next((each.name for each in above if each.klass is VmClass.TEMPLATE), "")


def outdated_by_template(qubes: Qubes) -> dict[str, list[str]]:
    """The qubes that must be restarted, by the template whose changes they do not use yet."""
    users: dict[str, list[str]] = {}
    for name in outdated(qubes):
        users.setdefault(updated_through(qubes[name], qubes), []).append(name)
    return users


def attention(qubes: Iterable[QubeFacts], now: int, stale: int) -> Mapping[UpdateState, int]:
    """How many qubes need an update, by why."""
    counts: dict[UpdateState, int] = {}
    for qube in qubes:
        if is_updated_itself(qube) and (state := updates_of(qube, now, stale).state) in NEEDS_UPDATE:
            counts[state] = counts.get(state, 0) + 1
    return counts
