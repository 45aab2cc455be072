# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed at any moment, the writer leaves no file that has the name of a backup and is not a whole one."""

import subprocess
import sys
from pathlib import Path

import backup_killed
import pytest
from backup_samples import WORDS
from until import LIMIT

from qubesmanager.backup.archive.reader import open_backup
from qubesmanager.backup.errors import BackupError
from qubesmanager.host.atomic_file import SUFFIX

pytestmark = pytest.mark.kills


def is_whole(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            return open_backup(file, WORDS).verify().ok
        except BackupError:
            return False


def test_fifty_kills_leave_no_wrong_file(tmp_path: Path) -> None:
    subprocess.run([sys.executable, backup_killed.__file__, tmp_path, "50"], check=True, timeout=LIMIT)

    left = list(tmp_path.iterdir())
    assert is_whole(tmp_path / "whole")
    assert all(is_whole(path) for path in left if path.suffix != SUFFIX)
    assert any(path.suffix == SUFFIX for path in left)
    assert not any(is_whole(path) for path in left if path.suffix == SUFFIX and path.stat().st_size < 800_000)
