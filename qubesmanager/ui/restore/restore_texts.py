# SPDX-License-Identifier: GPL-3.0-or-later
"""What the daemon reports about a backup and its qubes, in the user's language.

A sentence that is not listed here is shown as it came; a test compares the list with what the daemon can say.
"""

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from qubesmanager.backup.errors import BackupDamagedError, BackupPassphraseError
from qubesmanager.models.sentences import Sentences
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.reasons import reason
from qubesmanager.wire.errors import Mgmt1Error

NOTES = (
    QT_TRANSLATE_NOOP("RestoreNotes", "It was not asked for."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The home of dom0 is restored only when it is asked for (dom0-home)."),
    QT_TRANSLATE_NOOP("RestoreNotes", "There is already a qube {0}."),
    QT_TRANSLATE_NOOP("RestoreNotes", "There are no qubes of the class {0} here."),
    QT_TRANSLATE_NOOP("RestoreNotes", "Its template {0} is missing."),
    QT_TRANSLATE_NOOP("RestoreNotes", "Its template is {0}."),
    QT_TRANSLATE_NOOP("RestoreNotes", "Its netvm {0} is missing."),
    QT_TRANSLATE_NOOP("RestoreNotes", "Its netvm is the default, not {0}: {1}"),
    QT_TRANSLATE_NOOP("RestoreNotes", "It has no netvm: {0}"),
    QT_TRANSLATE_NOOP("RestoreNotes", "There is no label {0}; it is {1}."),
    QT_TRANSLATE_NOOP("RestoreNotes", "{0} is the default: {1}"),
    QT_TRANSLATE_NOOP("RestoreNotes", "A {0} has no property {1} here; {2} is left out."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The feature {0} is left out: {1}"),
    QT_TRANSLATE_NOOP("RestoreNotes", "The tag {0} is left out: it is not valid."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The tag {0} is {1} here."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The device {0} is left out: {1}"),
    QT_TRANSLATE_NOOP("RestoreNotes", "Not assigned again, because it was not asked for (devices=yes): {0}."),
    QT_TRANSLATE_NOOP("RestoreNotes", "Its autostart is off, because it had PCI devices."),
    QT_TRANSLATE_NOOP("RestoreNotes", "Its list of devices that it must never get is lost: {0}."),
    QT_TRANSLATE_NOOP("RestoreNotes", "Its notes are left out: {0}"),
    QT_TRANSLATE_NOOP("RestoreNotes", "And {0} more that are not named here."),
    QT_TRANSLATE_NOOP("RestoreNotes", "{0} devices are left out: a qube has at most {1}."),
    QT_TRANSLATE_NOOP("RestoreNotes", "{0} tags are left out: a qube has at most {1}."),
    QT_TRANSLATE_NOOP("RestoreNotes", "It has too many features, or too large ones; left out: {0}."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The notes are left out: they are too long."),
    QT_TRANSLATE_NOOP("RestoreNotes", "Its firewall has more than {0} rules; after rule {1} all is dropped."),
    QT_TRANSLATE_NOOP("RestoreNotes", "Its rules end there: everything else is dropped."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The notes are left out."),
    QT_TRANSLATE_NOOP("RestoreNotes", "its name is not valid."),
    QT_TRANSLATE_NOOP("RestoreNotes", "there is no such class of devices."),
    QT_TRANSLATE_NOOP("RestoreNotes", "there is no qube {0} that could offer it."),
    QT_TRANSLATE_NOOP("RestoreNotes", "its mode was {0}, and here it would be attached unasked."),
    QT_TRANSLATE_NOOP("RestoreNotes", "it was bound to {0}, and here any device at that port would be attached."),
    QT_TRANSLATE_NOOP("RestoreNotes", "it was not required, and here the qube would not start without it."),
    QT_TRANSLATE_NOOP("RestoreNotes", "it is there twice."),
    QT_TRANSLATE_NOOP("RestoreNotes", "the qube has no place for another disk."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The value of a feature has at most {0} bytes."),
    QT_TRANSLATE_NOOP(
        "RestoreNotes", "The value of a feature is one line without control characters; it contains {0}."
    ),
    QT_TRANSLATE_NOOP("RestoreNotes", "Notes are text without control characters; they contain {0}."),
    QT_TRANSLATE_NOOP("RestoreNotes", "Notes have at most {0} KiB."),
    QT_TRANSLATE_NOOP("RestoreNotes", "It is whole; the backup is damaged elsewhere: {0}"),
    QT_TRANSLATE_NOOP(
        "RestoreNotes",
        "The backup has no readable manifest, so a missing file could go unnoticed; read and whole: {0}."
    ),
    QT_TRANSLATE_NOOP("RestoreNotes", "The file holds no volume {0} of {1}."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The data of {0} are missing."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The sealed header of the backup is damaged."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The header of the backup was changed; its sealed copy is used."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The frame around {0} was changed."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The header of {0} was damaged; its content is whole."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The configuration of dom0 was changed, or is of another backup."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The configuration of dom0 cannot be read: {0}"),
    QT_TRANSLATE_NOOP("RestoreNotes", "The configuration of dom0 is missing in the file."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The home of dom0 is damaged: {0}"),
    QT_TRANSLATE_NOOP(
        "RestoreNotes", "Its first {0} files, folders and links are whole, up to {1}; what follows is lost."
    ),
    QT_TRANSLATE_NOOP("RestoreNotes", "The backup has no {0} of dom0."),
    QT_TRANSLATE_NOOP("RestoreNotes", "It is the same here."),
    QT_TRANSLATE_NOOP("RestoreNotes", "It replaces what was here."),
    QT_TRANSLATE_NOOP("RestoreNotes", "It is added."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The label {0} has another colour here, which qubes may rely upon."),
    QT_TRANSLATE_NOOP("RestoreNotes", "There is another pool {0} here; remove it first."),
)  # fmt: skip
"""What the daemon says of a restored qube, of one that is left out, of dom0's configuration and of the file."""

_SENTENCES = Sentences("RestoreNotes", NOTES, reason)


def notes(said: str) -> str:
    """The daemon's sentences about a qube, each that is known in the user's language."""
    return _SENTENCES.translated(said)


def why(error: Mgmt1Error | TransportError) -> str:
    """A sentence for a person."""
    if isinstance(error, BackupPassphraseError):
        return QCoreApplication.translate("BackupErrors", "This is not the passphrase of this backup.")
    if isinstance(error, BackupDamagedError):
        said = QCoreApplication.translate("BackupErrors", "The file is damaged, cut off, or no backup of qubes: {0}")
        return said.format(error)
    return str(error)
