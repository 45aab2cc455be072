# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasons in the user's language: the sentence of a code, translated in the context `Reason`.

`scripts/translate` collects the sentences from the table of reasons.
"""

from PyQt5.QtCore import QCoreApplication

from qubesmanager.models.texts import in_mib, whole_number, whole_size_text
from qubesmanager.wire.backups import BackupRun
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import BY_CODE, with_unit
from qubesmanager.wire.records import VmRecord

CONTEXT = "Reason"
_IN_GIB = 10_000
"""From so many MiB on an amount is written in GiB."""


def reason_text(reason: Reason) -> str:
    """The sentence of the reason; that of a reason inside of it is translated too."""
    row = BY_CODE[reason.code]
    return row.filled(QCoreApplication.translate(CONTEXT, row.sentence), map(field_text, reason.fields), amount_text)


_BYTES = {"bytes": 0, "KiB": 10, "MiB": 20}
"""The units of amounts in reasons: a number shifted by this is one of bytes."""


def amount_text(value: str, unit: str) -> str:
    """An amount of a reason as the windows write them: memory that users set in MiB, other sizes in the best unit."""
    number = whole_number(value)
    if number is None or unit not in _BYTES:
        return with_unit(value, unit)
    if unit == "MiB" and number < _IN_GIB:
        return in_mib(number)
    return whole_size_text(number << _BYTES[unit])


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
