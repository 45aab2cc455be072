# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of backups: cheap keys, and a folder to back up to."""

from pathlib import Path

import pytest
from backup_samples import TINY

from qubesmanager.backup.archive import scrypt_container


@pytest.fixture(autouse=True)
def cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of the standard level cost nothing: each chunk has one, and a real one takes a third of a second."""
    monkeypatch.setitem(scrypt_container.LEVELS, "standard", TINY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder, as destination of backups."""
    path = tmp_path / "backups"
    path.mkdir()
    return path
