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
    """The qubes that are included in backups and have none of the last `OLD` seconds; sorted."""
    return sorted(record.name for record in records if is_overdue(record, now))


def included_moment(record: VmRecord) -> int | None:
    """The time of the last backup of a qube that is included in backups, 0 if there is none; None for other qubes.

    Templates are left out: they can be installed again, and are backed up now and then.
    """
    if record.klass not in {VmClass.APP, VmClass.STANDALONE} or not record.flag("include_in_backups"):
        return None
    return record.number("backup_timestamp") or 0


def is_overdue(record: VmRecord, now: int) -> bool:
    """Whether the qube is one of the `overdue` ones."""
    moment = included_moment(record)
    return moment is not None and not is_recent(moment, now)


def is_recent(moment: int, now: int) -> bool:
    """Whether a backup of that time is recent. If it is in the future, it is unknown when it was made."""
    return moment >= now - OLD and not is_ahead(moment, now)
