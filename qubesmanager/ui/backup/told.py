# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a backup cannot be read, in the user's language, with what the daemon told beside it."""

from PyQt5.QtCore import QCoreApplication

from qubesmanager.backup.errors import BackupDamagedError, BackupPassphraseError
from qubesmanager.transport.base import TransportError
from qubesmanager.wire.errors import Mgmt1Error


def why(error: Mgmt1Error | TransportError) -> str:
    """A sentence for a person."""
    if isinstance(error, BackupPassphraseError):
        return QCoreApplication.translate("BackupErrors", "This is not the passphrase of this backup.")
    if isinstance(error, BackupDamagedError):
        said = QCoreApplication.translate("BackupErrors", "The file is damaged, cut off, or no backup of qubes: {0}")
        return said.format(error)
    return str(error)
