# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup can answer instead of doing as asked. Each text is one sentence for the person who waits for it."""

from qubesmanager.wire.errors import Mgmt1Error


class BackupError(Mgmt1Error):
    """The backup cannot be written or read; the text says why."""


class BackupDamagedError(BackupError):
    """Something in the backup is not as it was written: cut, changed, missing or out of its place."""


class BackupNotConnectedError(BackupError):
    """The disk that backups of the profile go to is not there; the text names the path."""


class BackupIncompleteError(BackupError):
    """The backup was made and is whole, without a qube that was asked for; the text names both."""


class BackupPassphraseError(BackupError):
    """The passphrase is not the one of this backup (or the backup's head was changed on purpose)."""


class BackupSpaceError(BackupError):
    """A disk has no room for it; the text names the place and the bytes."""


class BackupLimitError(BackupError):
    """The backup asks for more memory, time or room than is given to it; the text names which."""
