# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a qube cannot be used, a call is refused or a backup failed: the daemon's English in the user's language.

A sentence that is not listed here is shown as it came; a test compares the lists with what the daemon can say.
"""

from PyQt5.QtCore import QT_TRANSLATE_NOOP

from qubesmanager.models.sentences import Sentences

PROBLEMS = (
    QT_TRANSLATE_NOOP("Problem", "Its volume {0} has no source: {1}"),
    QT_TRANSLATE_NOOP("Problem", "The pool {0}, which its volume {1} needs, is missing: {2}"),
    QT_TRANSLATE_NOOP("Problem", "The volume {0}, which it needs, cannot be used: {1}"),
    QT_TRANSLATE_NOOP("Problem", "Its place is another one. Is its disk mounted?"),
    QT_TRANSLATE_NOOP("Problem", "Its place is empty. Is its disk mounted?"),
    QT_TRANSLATE_NOOP("Problem", "The folder {0} is not there. Is its disk connected and mounted?"),
    QT_TRANSLATE_NOOP("Problem", "The logical volume {0} is not active."),
    QT_TRANSLATE_NOOP("Problem", "The volume in {0} is damaged: {1} is missing."),
    QT_TRANSLATE_NOOP("Problem", "The volume in {0} is damaged: {1} cannot lie below it."),
    QT_TRANSLATE_NOOP("Problem", "{0} is damaged: it was cut off."),
    QT_TRANSLATE_NOOP("Problem", "{0} is damaged: it is empty."),
    QT_TRANSLATE_NOOP("Problem", "{0} is damaged, or not the manifest of a volume of this pool."),
)
"""Sentences of the property `problem` of a qube."""

RUNS = (
    QT_TRANSLATE_NOOP("BackupReason", "{0} cannot be backed up: {1}"),
    QT_TRANSLATE_NOOP("BackupReason", "There is no qube {0}."),
    QT_TRANSLATE_NOOP("BackupReason", "The home of dom0 is not backed up."),
    QT_TRANSLATE_NOOP("BackupReason", "Kept, because no other backup of the profile holds the qube: {0}."),
    QT_TRANSLATE_NOOP("BackupReason", "The daemon ended before the backup was complete."),
    QT_TRANSLATE_NOOP("BackupReason", "The profile is not accepted; `qubes-backup --profile {0}` says why."),
    QT_TRANSLATE_NOOP("BackupReason", "The profile includes no qube."),
    QT_TRANSLATE_NOOP("BackupReason", "The backup was made without a qube that the profile names. {0}"),
    QT_TRANSLATE_NOOP(
        "BackupReason",
        "The disk for {0} is not connected: nothing is mounted there, or another file system than the backups of"
        " the profile {1} go to."
    ),
    QT_TRANSLATE_NOOP("BackupReason", "The backup cannot be written to {0}: {1}."),
    QT_TRANSLATE_NOOP("BackupReason", "{0} cannot be written: {1}."),
    QT_TRANSLATE_NOOP("BackupReason", "The backup may need {0} MiB, and {1} has {2} MiB left."),
    QT_TRANSLATE_NOOP(
        "BackupReason",
        "The backup may need a file of {0} bytes, and the file system of {1} ({2}) takes files of up to {3} bytes."
    ),
    QT_TRANSLATE_NOOP(
        "BackupReason",
        "The file system of {0} takes no file larger than {1} bytes, and the backup is larger. It was removed."
    ),
)  # fmt: skip
"""Why a run of a backup made no backup, or not of all qubes."""

REFUSALS = (
    QT_TRANSLATE_NOOP("Refusal", "{0} cannot be used: {1}"),
    QT_TRANSLATE_NOOP("Refusal", "{0} cannot start: its netvms are a loop, {1}."),
    QT_TRANSLATE_NOOP("Refusal", "The netvm {0} is paused; unpause it first."),
    QT_TRANSLATE_NOOP("Refusal", "{0} is the netvm of running qubes: {1}."),
    QT_TRANSLATE_NOOP("Refusal", "Other qubes have devices of {0}: {1}. Detach them first."),
    QT_TRANSLATE_NOOP("Refusal", "The hypervisor is just starting or ending {0}."),
    QT_TRANSLATE_NOOP("Refusal", "{0} is {1}; its devices are there while it runs."),
    QT_TRANSLATE_NOOP("Refusal", "{0} offers no {1} device {2}."),
    QT_TRANSLATE_NOOP("Refusal", "{0}+{1} is attached to {2} already."),
    QT_TRANSLATE_NOOP("Refusal", "{0}+{1} is attached to {2}."),
    QT_TRANSLATE_NOOP("Refusal", "{0}+{1} was removed while it was being attached."),
    QT_TRANSLATE_NOOP("Refusal", "{0} has no place for another disk."),
    QT_TRANSLATE_NOOP("Refusal", "The volume {0} of {1} is attached to {2}."),
    QT_TRANSLATE_NOOP("Refusal", "dom0 has its own devices, and none are attached to it."),
    QT_TRANSLATE_NOOP(
        "Refusal", "Sound cannot be taken from a running qube; it is gone when the qube has halted."
    ),
    QT_TRANSLATE_NOOP("Refusal", "{0} is not a folder; a pool follows no symbolic links."),
    QT_TRANSLATE_NOOP("Refusal", "The folder {0} belongs to user {1}, who could exchange volumes."),
    QT_TRANSLATE_NOOP("Refusal", "Every user may write to the folder {0}; take that right away first."),
    QT_TRANSLATE_NOOP("Refusal", "{0} belongs to user {1}, who could exchange it."),
    QT_TRANSLATE_NOOP("Refusal", "Other users may write to {0}; take that right away first."),
    QT_TRANSLATE_NOOP("Refusal", "The pool {0} has no volume {1}."),
    QT_TRANSLATE_NOOP(
        "Refusal",
        "The folder {0} is in use by {1}. Stop that daemon first; if it is gone for good, wait {2} minutes or start"
        " this one with --take-over."
    ),
    QT_TRANSLATE_NOOP(
        "Refusal",
        "The pool {0} already has a volume {1}, which stays as it is. If no qube has it, qubes-mgmt1d --recover makes"
        " its qube again, and mgmt1.pool.volume.Remove deletes it."
    ),
)  # fmt: skip
"""Why a call about a qube, a device or a pool was refused."""

_PROBLEMS = Sentences("Problem", PROBLEMS)
_RUNS = Sentences("BackupReason", RUNS)
_REFUSALS = Sentences("Refusal", REFUSALS, _PROBLEMS.translated)


def problem_text(problem: str) -> str:
    """Why a qube cannot be used."""
    return _PROBLEMS.translated(problem)


def refusal_text(refusal: str) -> str:
    """Why a call was refused."""
    return _REFUSALS.translated(refusal)


def run_text(reason: str) -> str:
    """Why a run of a backup made no backup, or not of all qubes."""
    return _RUNS.translated(reason)
