# SPDX-License-Identifier: GPL-3.0-or-later
"""Dom0's texts about a backup and the qubes that it restored, in the user's language."""

from PyQt5.QtCore import QCoreApplication

from qubesmanager.backup.errors import BackupDamagedError, BackupPassphraseError
from qubesmanager.models.reason_texts import field_text
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.reasons import error_text
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.restores import Restored


def notes(row: Restored) -> str:
    """Why a part of the backup was not restored, or what of it is left out or different."""
    return field_text(row.why or row.said)


def why(error: Mgmt1Error | TransportError) -> str:
    """Why a backup could not be read."""
    if isinstance(error, BackupPassphraseError):
        return QCoreApplication.translate("BackupErrors", "This is not the passphrase of this backup.")
    if isinstance(error, BackupDamagedError):
        damaged = QCoreApplication.translate("BackupErrors", "The file is damaged, cut off, or no backup of qubes: {0}")
        return damaged.format(error_text(error))
    return error_text(error)
