# SPDX-License-Identifier: GPL-3.0-or-later
"""Which qubes have no recent backup."""

from collections.abc import Iterable

from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import VmClass

OLD = 30 * 24 * 3600
"""Seconds after which the user is reminded."""
SLACK = 3600
"""Seconds by which a time may lie ahead: clocks are corrected by a little now and then."""


def is_ahead(moment: float, now: float) -> bool:
    """Whether a recorded time lies in the future, so that a clock was wrong and the time says nothing."""
    return moment > now + SLACK


def overdue(records: Iterable[VmRecord], now: int) -> list[str]:
    """The qubes that are included in backups and have none of the last `OLD` seconds; sorted.

    A backup dated in the future does not count: it is unknown when it was made.
    Templates are left out: they can be installed again, and are backed up now and then.
    """
    return sorted(
        record.name
        for record in records
        if record.klass in {VmClass.APP, VmClass.STANDALONE}
        and record.flag("include_in_backups")
        and not _is_recent(record.number("backup_timestamp") or 0, now)
    )


def _is_recent(moment: int, now: int) -> bool:
    return moment >= now - OLD and not is_ahead(moment, now)
