# SPDX-License-Identifier: GPL-3.0-or-later
"""A qube of a backup next to the qube of its name that exists here: what differs, in words."""

from collections.abc import Iterator
from dataclasses import dataclass

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.property_titles import property_title
from qubesmanager.models.texts import class_text, date_text, number_text, whole_size_text
from qubesmanager.wire.names import CREATED_BY
from qubesmanager.wire.records import VmRecord, flag_of
from qubesmanager.wire.restores import DEFAULT_NETVM, NOTES_SHOWN, StoredQube

CONTEXT = "RestoreCompare"
_NOT_COMPARED = frozenset(
    {"name", "label", "template", "netvm", "backup_timestamp", "uuid", "qid", "mac", "dispid", "stubdom_xid", "xid"}
)
"""Properties that have a separate line, or that two qubes never share."""
_SIZE = QT_TRANSLATE_NOOP("RestoreCompare", "Size")
_DATE = QT_TRANSLATE_NOOP("RestoreCompare", "Date")
_CLASS = QT_TRANSLATE_NOOP("RestoreCompare", "Class")
_TAGS = QT_TRANSLATE_NOOP("RestoreCompare", "Tags")
_NOTES = QT_TRANSLATE_NOOP("RestoreCompare", "Notes")


@dataclass(frozen=True, slots=True)
class Difference:
    """A line of the comparison: what it is about, the value in the backup, and the one here."""

    title: str
    stored: str
    here: str


def differences(qube: StoredQube, made: int | None, record: VmRecord) -> list[Difference]:
    """Date and size of both, and all else that differs. `made`: the time of the backup in Unix seconds, if known."""
    return [
        Difference(_said(_DATE), date_text(made) if made is not None else _said(_UNKNOWN), _date_here(record)),
        Difference(_said(_SIZE), whole_size_text(qube.size), whole_size_text(_size_here(record))),
        *(line for line in _lines(qube, record) if line.stored != line.here),
    ]


_UNKNOWN = QT_TRANSLATE_NOOP("RestoreCompare", "not known")
_RUNNING = QT_TRANSLATE_NOOP("RestoreCompare", "running now")
_LAST = QT_TRANSLATE_NOOP("RestoreCompare", "last backup {0}")
_NEVER = QT_TRANSLATE_NOOP("RestoreCompare", "never backed up")
_DEFAULT = QT_TRANSLATE_NOOP("RestoreCompare", "default")
_NONE = QT_TRANSLATE_NOOP("RestoreCompare", "none")
_NO_TAGS = QT_TRANSLATE_NOOP("RestoreCompare", "no tags")
_NO_NOTES = QT_TRANSLATE_NOOP("RestoreCompare", "no notes")
_LENGTH = QT_TRANSLATE_NOOP("RestoreCompare", "{0} characters")
_ON = QT_TRANSLATE_NOOP("RestoreCompare", "on")
_OFF = QT_TRANSLATE_NOOP("RestoreCompare", "off")


def _said(text: str) -> str:
    return QCoreApplication.translate(CONTEXT, text)


def _date_here(record: VmRecord) -> str:
    if record.running:
        return _said(_RUNNING)
    last = record.number("backup_timestamp")
    return _said(_NEVER) if last is None else _said(_LAST).format(date_text(last))


def _size_here(record: VmRecord) -> int:
    """Bytes of what a backup of it would hold."""
    return sum(volume.usage for volume in record.volumes if volume.save_on_stop and not volume.extra)


def _lines(qube: StoredQube, record: VmRecord) -> Iterator[Difference]:
    yield Difference(_said(_CLASS), class_text(qube.klass), class_text(record.klass))
    yield Difference(property_title("label"), qube.label, record.value("label"))
    yield Difference(property_title("template"), _value(qube.template), _value(record.value("template")))
    yield Difference(property_title("netvm"), _netvm(qube), _netvm_here(record))
    stored = qube.details.properties
    own = {name for name, value in record.properties.items() if not value.is_default}
    for name in sorted((own | stored.keys()) - _NOT_COMPARED):
        if name in record.properties:
            yield Difference(property_title(name), *_values(stored.get(name), record, name))
    yield Difference(_said(_TAGS), _tags(qube.details.tags), _tags(record.tags))
    if qube.details.rules is not None:
        yield _notes(qube.details.notes, record.notes)


def _values(stored: str | None, record: VmRecord, name: str) -> tuple[str, str]:
    """Both values of a property. A default and the same value set by hand are no difference."""
    here = record.properties[name]
    if stored is None:
        return _said(_DEFAULT), _said(_DEFAULT) if here.is_default else _value(here.value)
    if stored == here.value or (flag_of(stored) is not None and flag_of(stored) == flag_of(here.value)):
        return "", ""
    return _value(stored), _value(here.value)


def _value(text: str) -> str:
    """A value in words: yes and no as on and off, an empty one as none."""
    flag = flag_of(text) if not text.isdecimal() else None
    if flag is None:
        return text or _said(_NONE)
    return _said(_ON if flag else _OFF)


def _netvm(qube: StoredQube) -> str:
    return _said(_DEFAULT) if qube.netvm == DEFAULT_NETVM else _value(qube.netvm)


def _netvm_here(record: VmRecord) -> str:
    netvm = record.properties.get("netvm")
    return _said(_DEFAULT) if netvm is not None and netvm.is_default else _value(record.value("netvm"))


def _tags(tags: frozenset[str] | tuple[str, ...]) -> str:
    """Without the tags that a restore does not take over."""
    return ", ".join(in_order(tag for tag in tags if not tag.startswith(CREATED_BY))) or _said(_NO_TAGS)


def _notes(stored: str, here: str) -> Difference:
    """The first lines of both, or their lengths if only what follows differs. Of long ones the beginning is known."""
    if stored == (here[:NOTES_SHOWN] if len(stored) == NOTES_SHOWN else here):
        return Difference(_said(_NOTES), "", "")
    first, other = _first_line(stored), _first_line(here)
    if first == other:
        first, other = _said(_LENGTH).format(number_text(len(stored))), _said(_LENGTH).format(number_text(len(here)))
    return Difference(_said(_NOTES), first, other)


def _first_line(notes: str) -> str:
    """How notes begin; a mark shows that they go on."""
    first, _, rest = notes.strip().partition("\n")
    return f"{first} …" if rest.strip() else first or _said(_NO_NOTES)
