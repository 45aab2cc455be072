# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of backups: cheap keys, and a folder to back up to."""

from pathlib import Path

import pytest
from backup_samples import TINY

from qubesmanager.backup.archive import scrypt_container


@pytest.fixture(autouse=True)
def cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys cost nothing, but for strong ones: each chunk has one, and a standard one takes a third of a second."""
    for level in ("standard", "generated"):
        monkeypatch.setitem(scrypt_container.LEVELS, level, TINY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder, as destination of backups."""
    path = tmp_path / "backups"
    path.mkdir()
    return path
