# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that an answer can carry, by their names on the wire.

A `Mgmt1Error` is an answer that the user can act on and is written for the user. Its class name is its wire name, so a
client that knows the name gets the same class back; an unknown name becomes a plain `Mgmt1Error` that keeps the name.
A class that only the daemon tells apart is declared with `named=False`, and is sent under the name of its base class.
Names are those Qubes clients already know (the table in docs/api.md).
"""

from typing import ClassVar

from qubesmanager.wire.reason import Reason


class Mgmt1Error(Exception):
    """dom0 answered, and the answer says no. `str(error)` is one sentence in English.

    `reason` is that sentence as data (see `reasons.py`); None if it is only text.
    """

    wire_name: str = "QubesException"
    known: ClassVar[dict[str, type["Mgmt1Error"]]] = {}

    def __init__(self, message: str = "", reason: Reason | None = None) -> None:
        super().__init__(message)
        self.reason = reason

    def __init_subclass__(cls, *, named: bool = True) -> None:
        super().__init_subclass__()
        if named:
            cls.wire_name = cls.__name__
            Mgmt1Error.known[cls.wire_name] = cls

    @staticmethod
    def from_wire(wire_name: str, message: str) -> "Mgmt1Error":
        """The error of that wire name; an unknown name is kept on a plain `Mgmt1Error`."""
        kind = Mgmt1Error.known.get(wire_name)
        if kind is not None:
            return kind(message)
        error = Mgmt1Error(message)
        error.wire_name = wire_name
        return error


class NoAnswerError(Mgmt1Error, named=False):
    """qubesd closed the connection without an answer, so the call may have been carried out or not."""


class ProtocolError(Mgmt1Error):
    """The request itself is malformed, or an answer does not decode."""


class PermissionDenied(Mgmt1Error):  # noqa: N818 - a wire name
    """The caller may not do this, whatever the state of the qubes."""


class QubesNotImplementedError(Mgmt1Error):
    """The call is known and not available here; the text says what to use instead."""


class QubesValueError(Mgmt1Error):
    """A value in the argument or payload is well formed and cannot be accepted."""


class QubesVMNotFoundError(Mgmt1Error): ...


class QubesVMAlreadyExistsError(Mgmt1Error): ...


class QubesVMInUseError(Mgmt1Error):
    """Something still refers to the qube; the text names what."""


class QubesVMNotRunningError(Mgmt1Error): ...


class QubesVMNotHaltedError(Mgmt1Error): ...


class QubesVMNotPausedError(Mgmt1Error): ...


class QubesVMNotSuspendedError(Mgmt1Error): ...


class QubesVMNotStartedError(Mgmt1Error): ...


class QubesVMShutdownTimeoutError(Mgmt1Error):
    """The qube did not halt within its `shutdown_timeout`; it is still running."""


class QubesNoTemplateError(Mgmt1Error): ...


class QubesNoSuchPropertyError(Mgmt1Error): ...


class QubesPropertyValueError(QubesValueError): ...


class QubesFeatureNotFoundError(Mgmt1Error): ...


class QubesTagNotFoundError(Mgmt1Error): ...


class QubesInvalidTagError(Mgmt1Error): ...


class QubesLabelNotFoundError(Mgmt1Error): ...


class QubesLabelInUseError(Mgmt1Error): ...


class DeviceNotFound(Mgmt1Error):  # noqa: N818 - a wire name
    ...


class DeviceNotAssigned(Mgmt1Error):  # noqa: N818 - a wire name
    ...


class DeviceAlreadyAttached(Mgmt1Error):  # noqa: N818 - a wire name
    """The text names the qube that holds the device."""


class DeviceAlreadyAssigned(Mgmt1Error):  # noqa: N818 - a wire name
    """The device is assigned to the qube already."""


class StoragePoolException(Mgmt1Error):  # noqa: N818 - a wire name
    """The pool's driver or the disk beneath refused; a full disk is named."""


class QubesPoolNotFoundError(StoragePoolException): ...


class QubesPoolInUseError(StoragePoolException): ...


class QubesVolumeNotFoundError(StoragePoolException): ...


class QubesVolumeRevisionNotFoundError(StoragePoolException): ...


class QubesBackupProfileNotFoundError(Mgmt1Error): ...


class BackupCancelledError(Mgmt1Error): ...


class BackupAlreadyRunningError(Mgmt1Error): ...


class BackupError(Mgmt1Error):
    """The backup cannot be written or read; the text says why."""


class BackupDamagedError(BackupError):
    """A part of the backup is not as it was written: cut off, changed, missing or in the wrong order."""


class BackupNotConnectedError(BackupError):
    """The disk that backups of the profile go to is not there; the text names the path."""


class BackupIncompleteError(BackupError):
    """The backup was made and is whole, without a qube that was asked for; the text names both."""


class BackupPassphraseError(BackupError):
    """The passphrase is not the one of this backup (or the backup's head was changed on purpose)."""


class BackupSpaceError(BackupError):
    """A disk has no room for it; the text names the path and the bytes."""


class BackupLimitError(BackupError):
    """The backup asks for more memory, time or room than is given to it; the text names which."""


class QubesMemoryError(Mgmt1Error): ...


class PolicyAdminSyntaxException(Mgmt1Error):  # noqa: N818 - a wire name
    """The policy would not parse afterwards; the text names the file and the line."""


class PolicyAdminTokenException(Mgmt1Error):  # noqa: N818 - a wire name
    """The policy file is not the one that the token names: another client has changed, made or removed it."""


class PolicyAdminFileNotFoundException(Mgmt1Error): ...  # noqa: N818 - a wire name
