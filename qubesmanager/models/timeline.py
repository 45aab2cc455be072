# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of changes by day, as a tree that grows at both ends, and the words of its entries.

The model asks for nothing: `more_wanted` is emitted when the user comes to its end.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from PyQt5.QtCore import (
    QT_TRANSLATE_NOOP,
    QAbstractItemModel,
    QCoreApplication,
    QLocale,
    QModelIndex,
    QObject,
    Qt,
    pyqtSignal,
)

from qubesmanager.models.plan_table import value_text
from qubesmanager.models.property_titles import property_title
from qubesmanager.models.texts import date_text, plain_tip, size_text
from qubesmanager.plans.revert import subject
from qubesmanager.rules.properties import PROPERTIES, SYSTEM_PROPERTIES, Type
from qubesmanager.rules.sight import OTHER
from qubesmanager.wire import events
from qubesmanager.wire.history import DAEMON, HistoryEntry
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.records import YES, PropertyValue

ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
"""The `HistoryEntry` of a row; None for the head of a day."""

WHEN, QUBE, WHAT, WAS, IS, BY, BACK = range(7)
_TITLES = (
    QT_TRANSLATE_NOOP("Timeline", "When"),
    QT_TRANSLATE_NOOP("Timeline", "Qube"),
    QT_TRANSLATE_NOOP("Timeline", "What"),
    QT_TRANSLATE_NOOP("Timeline", "Was"),
    QT_TRANSLATE_NOOP("Timeline", "Is"),
    QT_TRANSLATE_NOOP("Timeline", "By"),
    "",
)
_NO_PARENT = QModelIndex()
_LATEST = 253_000_000_000
_MEBIBYTES = frozenset({"memory", "maxmem", "stubdom_mem"})
_PROPERTY_EVENTS = frozenset({events.PROPERTY_SET.kind, events.PROPERTY_RESET.kind})
Accepts = Callable[[HistoryEntry], bool]

translate = QCoreApplication.translate


# -- words ------------------------------------------------------------------------------------------------------------

KINDS: dict[str, tuple[str, frozenset[str]]] = {
    "property": (QT_TRANSLATE_NOOP("Timeline", "Properties"), _PROPERTY_EVENTS),
    "firewall": (QT_TRANSLATE_NOOP("Timeline", "Firewall"), frozenset({events.FIREWALL_CHANGED.kind})),
    "feature": (
        QT_TRANSLATE_NOOP("Timeline", "Features"),
        frozenset({events.FEATURE_SET.kind, events.FEATURE_DELETE.kind}),
    ),
    "tag": (QT_TRANSLATE_NOOP("Timeline", "Tags"), frozenset({events.TAG_ADD.kind, events.TAG_DELETE.kind})),
    "notes": (QT_TRANSLATE_NOOP("Timeline", "Notes"), frozenset({events.NOTES_SET.kind})),
    "device": (
        QT_TRANSLATE_NOOP("Timeline", "Devices"),
        frozenset({events.DEVICE_ATTACH.kind, events.DEVICE_DETACH.kind}),
    ),
    "storage": (
        QT_TRANSLATE_NOOP("Timeline", "Storage"),
        frozenset({row.kind for row in (events.VOLUME_SET, events.VOLUME_DELETE, events.POOL_ADD, events.POOL_DELETE)}),
    ),
    "domain": (
        QT_TRANSLATE_NOOP("Timeline", "Created and removed"),
        frozenset({events.DOMAIN_ADD.kind, events.DOMAIN_DELETE.kind}),
    ),
    "label": (
        QT_TRANSLATE_NOOP("Timeline", "Labels"),
        frozenset({events.LABEL_ADD.kind, events.LABEL_DELETE.kind}),
    ),
}
"""By kind: its name, and the events that are of it."""

_WHAT = {
    events.FIREWALL_CHANGED.kind: QT_TRANSLATE_NOOP("Timeline", "Firewall"),
    events.FEATURE_SET.kind: QT_TRANSLATE_NOOP("Timeline", "Feature {0}"),
    events.FEATURE_DELETE.kind: QT_TRANSLATE_NOOP("Timeline", "Feature {0}"),
    events.TAG_ADD.kind: QT_TRANSLATE_NOOP("Timeline", "Tag {0}"),
    events.TAG_DELETE.kind: QT_TRANSLATE_NOOP("Timeline", "Tag {0}"),
    events.NOTES_SET.kind: QT_TRANSLATE_NOOP("Timeline", "Notes"),
    events.DEVICE_ATTACH.kind: QT_TRANSLATE_NOOP("Timeline", "Device ({0})"),
    events.DEVICE_DETACH.kind: QT_TRANSLATE_NOOP("Timeline", "Device ({0})"),
    events.VOLUME_SET.kind: QT_TRANSLATE_NOOP("Timeline", "Volume {0}"),
    events.VOLUME_DELETE.kind: QT_TRANSLATE_NOOP("Timeline", "Volume {0}"),
    events.DOMAIN_ADD.kind: QT_TRANSLATE_NOOP("Timeline", "Created"),
    events.DOMAIN_DELETE.kind: QT_TRANSLATE_NOOP("Timeline", "Removed"),
    events.LABEL_ADD.kind: QT_TRANSLATE_NOOP("Timeline", "Label {0}"),
    events.LABEL_DELETE.kind: QT_TRANSLATE_NOOP("Timeline", "Label {0}"),
    events.POOL_ADD.kind: QT_TRANSLATE_NOOP("Timeline", "Pool {0}"),
    events.POOL_DELETE.kind: QT_TRANSLATE_NOOP("Timeline", "Pool {0}"),
}


def what_text(entry: HistoryEntry) -> str:
    """What changed, in words."""
    if entry.event in _PROPERTY_EVENTS:
        return property_title(entry.detail, of_system=not entry.uuid)
    text = _WHAT.get(entry.event)
    return translate("Timeline", text).format(entry.detail) if text else f"{entry.event} {entry.detail}".strip()


def kind_text(kind: str) -> str:
    """The name of a kind of `KINDS`."""
    return translate("Timeline", KINDS[kind][0])


def was_text(entry: HistoryEntry) -> str:
    """What there was before, in words."""
    return _value(entry, entry.old, is_default=entry.old_default, is_there=entry.event == events.TAG_DELETE.kind)


def is_text(entry: HistoryEntry) -> str:
    """What there is since then, in words."""
    return _value(entry, entry.new, is_default=entry.new_default, is_there=entry.event == events.TAG_ADD.kind)


def qube_text(entry: HistoryEntry) -> str:
    """The name that the qube had then."""
    return entry.qube or translate("Timeline", "System")


def by_text(entry: HistoryEntry) -> str:
    """Who made the change."""
    if entry.source == DAEMON:
        return translate("Timeline", "the daemon")
    if entry.source == OTHER:
        return translate("Timeline", "another qube")
    return entry.source if entry.source == DOM0 else translate("Timeline", "{0}, a qube").format(entry.source)


def call_text(entry: HistoryEntry) -> str:
    """The call that made the change, without the name of the API."""
    return entry.call.partition(".")[2]


def _value(entry: HistoryEntry, value: str | None, *, is_default: bool, is_there: bool) -> str:
    if entry.event in _PROPERTY_EVENTS:
        return _property_value(entry, value or "", is_default=is_default)
    if entry.event in KINDS["tag"][1]:
        return translate("Timeline", "set") if is_there else translate("Timeline", "not set")
    if entry.event in KINDS["domain"][1]:
        return _domain(value)
    if value is None:
        return translate("Timeline", "not set")
    if entry.event == events.FIREWALL_CHANGED.kind:
        count = len(value.split("\n")) if value else 0
        return translate("Timeline", "%n rule(s)", "", count)
    if entry.event in KINDS["device"][1]:
        return _device(value)
    if entry.event in KINDS["storage"][1]:
        return _volume(value)
    return value.strip().partition("\n")[0] or translate("Timeline", "empty")


def _property_value(entry: HistoryEntry, value: str, *, is_default: bool) -> str:
    rows = PROPERTIES if entry.uuid else SYSTEM_PROPERTIES
    row = rows.get(entry.detail)
    if row is not None and row.type is Type.BOOL and value:
        value = translate("Timeline", "yes") if value == YES else translate("Timeline", "no")
    elif entry.detail in _MEBIBYTES and value.isdigit():
        value = f"{QLocale().toString(int(value))} MiB"
    return value_text(PropertyValue(value, is_default))


def _words(value: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in value.split(" ") if "=" in word)


def _domain(value: str | None) -> str:
    if value is None:
        return ""
    words = _words(value)
    if template := words.get("template"):
        return translate("Timeline", "on {0}").format(template)
    return words.get("class", value)


def _device(value: str) -> str:
    """`<backend>+<ident> attached=<yes|no> <options>`."""
    device, *rest = value.split(" ")
    if rest[:1] == ["attached=yes"]:
        return translate("Timeline", "{0} attached").format(device)
    return translate("Timeline", "{0} assigned").format(device)


def _volume(value: str) -> str:
    words = _words(value)
    parts = []
    for key, text in words.items():
        if key == "size" and text.isdigit():
            parts.append(size_text(int(text)) or "0")
        elif key == "revisions_to_keep":
            parts.append(translate("Timeline", "{0} snapshots kept").format(text))
        elif key == "rw":
            writable = text == YES
            parts.append(translate("Timeline", "writable") if writable else translate("Timeline", "read-only"))
        else:
            parts.append(text)
    return ", ".join(parts) or value


def full_text(entry: HistoryEntry, value: str | None, *, is_old: bool) -> str:
    """A value as it is, where a cell shows a part of it: rules, notes, options of a device."""
    if value is None or entry.event in _PROPERTY_EVENTS or entry.event in KINDS["domain"][1]:
        return was_text(entry) if is_old else is_text(entry)
    if entry.event in KINDS["device"][1]:
        device, *rest = value.split(" ", 2)
        with suppress(ValueError, IndexError):
            options = json.loads(rest[1])
            return "\n".join((_device(value), *(f"{name} = {text}" for name, text in options.items())))
        return device
    shortened = was_text(entry) if is_old else is_text(entry)
    return shortened if entry.event in KINDS["storage"][1] else value or shortened


def time_text(entry: HistoryEntry) -> str:
    """The hour and minute of the change, where the user is."""
    return QLocale().toString(_moment(entry).time(), "HH:mm")


def day_of(entry: HistoryEntry) -> date:
    """The day of the change, where the user is."""
    return _moment(entry).date()


def _moment(entry: HistoryEntry) -> datetime:
    """A wrong clock may have been beyond what a date can be."""
    return datetime.fromtimestamp(min(entry.time, _LATEST))  # noqa: DTZ006 - the user's own time zone


def day_text(day: date, today: date) -> str:
    """The head of a day: "Today", "Yesterday", else its date."""
    if day == today:
        return translate("Timeline", "Today")
    if (today - day).days == 1:
        return translate("Timeline", "Yesterday")
    return QLocale().toString(day, QLocale.FormatType.LongFormat)


def haystack(entry: HistoryEntry) -> str:
    """What a search looks in, folded."""
    texts = (entry.qube, what_text(entry), entry.detail, was_text(entry), is_text(entry), by_text(entry))
    return " ".join(texts).casefold()


# -- the model --------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Day:
    """`serial` is not 0, and no other day of the model has it: the internal id of the indexes of its entries."""

    day: date
    serial: int
    entries: list[HistoryEntry] = field(default_factory=list)


class TimelineModel(QAbstractItemModel):
    """Days, newest first, and the entries of each. Signals: `more_wanted()`: the user came to the end."""

    more_wanted = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: list[HistoryEntry] = []
        """All that are known, newest first, filtered or not."""
        self.has_more = False
        """Whether older ones may be asked for."""
        self.why_not: Callable[[HistoryEntry], str] = lambda _entry: ""
        """Why an entry cannot be taken back, in words; empty if it can."""
        self.today: Callable[[], date] = date.today
        self._days: list[_Day] = []
        self._by_serial: dict[int, _Day] = {}
        self._latest: dict[tuple[str, str, str], int] = {}
        self._accepts: Accepts = lambda _entry: True

    @property
    def shown(self) -> int:
        """How many entries are shown."""
        return sum(len(day.entries) for day in self._days)

    def is_latest(self, entry: HistoryEntry) -> bool:
        """Whether no later entry is about the same."""
        return self._latest.get(subject(entry), entry.id) == entry.id

    def clear(self) -> None:
        self.beginResetModel()
        self.entries, self._days, self._latest, self._by_serial = [], [], {}, {}
        self.has_more = False
        self.endResetModel()

    def want(self, accepts: Accepts) -> None:
        """Leave out what does not fit."""
        self._accepts = accepts
        self.beginResetModel()
        self._days, self._by_serial = [], {}
        for entry in filter(accepts, self.entries):
            self._day_at_end(entry).entries.append(entry)
        self.endResetModel()

    def put_older(self, entries: Sequence[HistoryEntry], *, has_more: bool) -> None:
        """Add entries, newest first, that are older than all others."""
        self.has_more = has_more
        self.entries += entries
        for entry in entries:
            self._latest.setdefault(subject(entry), entry.id)
        for day, group in _by_day(filter(self._accepts, entries)):
            if self._days and self._days[-1].day == day:
                at, last = len(self._days) - 1, self._days[-1]
                self.beginInsertRows(self.index(at, 0), len(last.entries), len(last.entries) + len(group) - 1)
                last.entries += group
            else:
                self.beginInsertRows(QModelIndex(), len(self._days), len(self._days))
                self._days.append(self._new_day(day, group))
            self.endInsertRows()

    def put_newer(self, entries: Sequence[HistoryEntry]) -> None:
        """Add entries, newest first, that are newer than all others."""
        self.entries[:0] = entries
        self._latest |= {subject(entry): entry.id for entry in reversed(entries)}
        for day, group in reversed(_by_day(filter(self._accepts, entries))):
            if self._days and self._days[0].day == day:
                self.beginInsertRows(self.index(0, 0), 0, len(group) - 1)
                self._days[0].entries[:0] = group
            else:
                self.beginInsertRows(QModelIndex(), 0, 0)
                self._days.insert(0, self._new_day(day, group))
            self.endInsertRows()
        self.look_again()

    def look_again(self) -> None:
        """Whether entries can be taken back may have changed."""
        for at, day in enumerate(self._days):
            parent = self.index(at, 0)
            self.dataChanged.emit(self.index(0, BACK, parent), self.index(len(day.entries) - 1, BACK, parent))

    def entry(self, index: QModelIndex) -> HistoryEntry | None:
        """None for the head of a day."""
        if not index.isValid() or index.internalId() == 0:
            return None
        return self._by_serial[index.internalId()].entries[index.row()]

    def index_of(self, number: int) -> QModelIndex:
        """The row of the entry with that id; invalid if it is not shown."""
        for at, day in enumerate(self._days):
            for row, entry in enumerate(day.entries):
                if entry.id == number:
                    return self.index(row, 0, self.index(at, 0))
        return QModelIndex()

    def _new_day(self, day: date, entries: list[HistoryEntry]) -> _Day:
        made = _Day(day, len(self._by_serial) + 1, entries)
        self._by_serial[made.serial] = made
        return made

    def _day_at_end(self, entry: HistoryEntry) -> _Day:
        day = day_of(entry)
        if not self._days or self._days[-1].day != day:
            self._days.append(self._new_day(day, []))
        return self._days[-1]

    # Qt overrides

    def index(self, row: int, column: int, parent: QModelIndex = _NO_PARENT) -> QModelIndex:
        """The internal id is 0 for a day; for an entry it is the serial of its day, which stays when others come."""
        if not parent.isValid():
            return self.createIndex(row, column, 0) if 0 <= row < len(self._days) else QModelIndex()
        if parent.internalId() != 0 or not 0 <= row < len(self._days[parent.row()].entries):
            return QModelIndex()
        return self.createIndex(row, column, self._days[parent.row()].serial)

    def parent(self, index: QModelIndex) -> QModelIndex:  # type: ignore[override]
        if not index.isValid() or index.internalId() == 0:
            return QModelIndex()
        return self.createIndex(self._days.index(self._by_serial[index.internalId()]), 0, 0)

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        if not parent.isValid():
            return len(self._days)
        return len(self._days[parent.row()].entries) if parent.internalId() == 0 and parent.column() == 0 else 0

    def columnCount(self, _parent: QModelIndex = _NO_PARENT) -> int:
        return len(_TITLES)

    def canFetchMore(self, parent: QModelIndex) -> bool:
        return not parent.isValid() and self.has_more

    def fetchMore(self, parent: QModelIndex) -> None:
        if self.canFetchMore(parent):
            self.more_wanted.emit()

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        flags = Qt.ItemFlags() | Qt.ItemFlag.ItemIsEnabled
        return flags | Qt.ItemFlag.ItemIsSelectable if self.entry(index) is not None else flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole and _TITLES[section]:
            return translate("Timeline", _TITLES[section])
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self.entry(index)
        if role == ENTRY_ROLE:
            return entry
        if entry is None:
            return self._head(index, role)
        if role == Qt.ItemDataRole.DisplayRole:
            return _CELLS[index.column()](entry)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self._tip(entry, index.column()))
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == BACK:
            return self.why_not(entry) or translate("Timeline", "Can be reverted")
        return None

    def _head(self, index: QModelIndex, role: int) -> Any:
        day = self._days[index.row()]
        if role == Qt.ItemDataRole.DisplayRole and index.column() == 0:
            count = translate("Timeline", "%n change(s)", "", len(day.entries))
            return f"{day_text(day.day, self.today())}  {count}"
        return None

    def _tip(self, entry: HistoryEntry, column: int) -> str:
        match column:
            case 0:
                return date_text(entry.time)
            case 3:
                return full_text(entry, entry.old, is_old=True)
            case 4:
                return full_text(entry, entry.new, is_old=False)
            case 6:
                return self.why_not(entry) or translate("Timeline", "Can be reverted")
            case _:
                return _CELLS[column](entry)


_CELLS: tuple[Callable[[HistoryEntry], str], ...] = (
    time_text, qube_text, what_text, was_text, is_text, by_text, lambda _entry: "",
)  # fmt: skip


def _by_day(entries: Iterable[HistoryEntry]) -> list[tuple[date, list[HistoryEntry]]]:
    """Neighbours of the same day together, in their order."""
    groups: list[tuple[date, list[HistoryEntry]]] = []
    for entry in entries:
        day = day_of(entry)
        if not groups or groups[-1][0] != day:
            groups.append((day, []))
        groups[-1][1].append(entry)
    return groups
