# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of backups; defined with the other errors that travel on the wire."""

from qubesmanager.wire.errors import (
    BackupDamagedError,
    BackupError,
    BackupIncompleteError,
    BackupLimitError,
    BackupNotConnectedError,
    BackupPassphraseError,
    BackupSpaceError,
)

__all__ = [
    "BackupDamagedError",
    "BackupError",
    "BackupIncompleteError",
    "BackupLimitError",
    "BackupNotConnectedError",
    "BackupPassphraseError",
    "BackupSpaceError",
]
