# SPDX-License-Identifier: GPL-3.0-or-later
"""What the daemon tells of a backup and of the qubes out of it, in the user's language.

A sentence that is not listed here is shown as it came; a test compares the list with what the daemon can say.
"""

import re

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from qubesmanager.backup.errors import BackupDamagedError, BackupPassphraseError
from qubesmanager.transport.base import TransportError
from qubesmanager.wire.errors import Mgmt1Error

NOTES = (
    QT_TRANSLATE_NOOP("RestoreNotes", "It was not asked for."),
    QT_TRANSLATE_NOOP("RestoreNotes", "The data of dom0 are restored by hand."),
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
)
"""What the daemon says of a restored qube or of one that is left out."""

_FITTING = tuple((text, re.compile(re.sub(r"\\\{\d\\\}", "(.+?)", re.escape(text)))) for text in NOTES)
_BETWEEN = re.compile(r"(?<=\.) (?=[A-Z])")


def notes(said: str) -> str:
    """The daemon's sentences about a qube, each that is known in the user's language."""
    return " ".join(_note(sentence) for sentence in _BETWEEN.split(said))


def _note(sentence: str) -> str:
    for text, fitting in _FITTING:
        if found := fitting.fullmatch(sentence):
            return QCoreApplication.translate("RestoreNotes", text).format(*found.groups())
    return sentence


def why(error: Mgmt1Error | TransportError) -> str:
    """A sentence for a person."""
    if isinstance(error, BackupPassphraseError):
        return QCoreApplication.translate("BackupErrors", "This is not the passphrase of this backup.")
    if isinstance(error, BackupDamagedError):
        said = QCoreApplication.translate("BackupErrors", "The file is damaged, cut off, or no backup of qubes: {0}")
        return said.format(error)
    return str(error)
