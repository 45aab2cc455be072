# SPDX-License-Identifier: GPL-3.0-or-later
from samples import vm

from qubesmanager.rules.backups import OLD, overdue
from qubesmanager.wire.values import VmClass

NOW = 10 * OLD


def test_whose_backup_is_old_or_missing_is_named() -> None:
    records = [
        vm("never", include_in_backups="yes"),
        vm("old", include_in_backups="yes", backup_timestamp=str(NOW - OLD - 1)),
        vm("fresh", include_in_backups="yes", backup_timestamp=str(NOW - OLD)),
        vm("ahead", include_in_backups="yes", backup_timestamp=str(NOW + OLD)),
        vm("clock-corrected", include_in_backups="yes", backup_timestamp=str(NOW + 60)),
        vm("left-out", include_in_backups="no"),
        vm("debian", VmClass.TEMPLATE, include_in_backups="yes"),
        vm("dvm", VmClass.DISP, include_in_backups="yes"),
    ]

    assert overdue(records, NOW) == ["ahead", "never", "old"]
