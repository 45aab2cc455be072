# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose backup is old."""

from collections.abc import Iterable

from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import VmClass

OLD = 30 * 24 * 3600
"""Seconds after which a person is reminded."""


def overdue(records: Iterable[VmRecord], now: int) -> list[str]:
    """The qubes that are included in backups and have none of the last `OLD` seconds; sorted.

    Templates are left out: they can be installed again, and are backed up now and then.
    """
    return sorted(
        record.name
        for record in records
        if record.klass in {VmClass.APP, VmClass.STANDALONE}
        and record.flag("include_in_backups")
        and (record.number("backup_timestamp") or 0) < now - OLD
    )
