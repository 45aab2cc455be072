# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasons in the user's language: the sentence of a code, translated in the context `Reason`.

`scripts/translate` collects the sentences from the table of reasons.
"""

from PyQt5.QtCore import QCoreApplication

from qubesmanager.wire.backups import BackupRun
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import BY_CODE
from qubesmanager.wire.records import VmRecord

CONTEXT = "Reason"


def reason_text(reason: Reason) -> str:
    """The sentence of the reason; that of a reason inside of it is translated too."""
    row = BY_CODE[reason.code]
    return row.filled(QCoreApplication.translate(CONTEXT, row.sentence), map(field_text, reason.fields))


def field_text(field: Field) -> str:
    """Text as it is; a reason in the user's language."""
    return field if isinstance(field, str) else reason_text(field)


def run_text(run: BackupRun) -> str:
    """Why a run of a backup made no backup, or not of all qubes, in the user's language."""
    return field_text(run.why or run.reason)


def property_text(record: VmRecord, name: str) -> str:
    """A property of the qube, in the user's language where it is a reason; empty if there is none."""
    value = record.properties.get(name)
    return field_text(value.reason or value.value) if value else ""
