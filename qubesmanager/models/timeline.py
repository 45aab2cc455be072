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
from qubesmanager.models.texts import class_text, date_text, plain_tip, whole_number, whole_size_text
from qubesmanager.plans.revert import subject
from qubesmanager.rules.properties import PROPERTIES, SYSTEM_PROPERTIES, Type
from qubesmanager.rules.sight import OTHER
from qubesmanager.wire import events
from qubesmanager.wire.history import DAEMON, HistoryEntry
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.records import YES, PropertyValue

ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
"""The `HistoryEntry` of a row, the newest of a plan; None for the head of a day."""
TOGETHER = 60
"""Seconds between two changes of the same kind to different qubes that were one plan."""

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
    return value_text(PropertyValue(value, is_default), entry.detail)


def _words(value: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in value.split(" ") if "=" in word)


def _domain(value: str | None) -> str:
    if value is None:
        return ""
    words = _words(value)
    if template := words.get("template"):
        return translate("Timeline", "on {0}").format(template)
    return class_text(words.get("class", value))


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
        if key == "size" and (size := whole_number(text)) is not None:
            parts.append(whole_size_text(size))
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


def table_of(entries: Iterable[HistoryEntry]) -> list[tuple[str, ...]]:
    """The entries as rows of texts for another program, the titles first. Times are local, with their zone."""
    titles = tuple(translate("Timeline", title) for title in _TITLES[:BACK])
    rows = (
        (
            datetime.fromtimestamp(min(entry.time, _LATEST)).astimezone().isoformat(),
            qube_text(entry),
            what_text(entry),
            full_text(entry, entry.old, is_old=True),
            full_text(entry, entry.new, is_old=False),
            by_text(entry),
            entry.call,
        )
        for entry in entries
    )
    return [(*titles, translate("Timeline", "Call")), *rows]


def haystack(entry: HistoryEntry) -> str:
    """What a search looks in, folded."""
    texts = (entry.qube, what_text(entry), entry.detail, was_text(entry), is_text(entry), by_text(entry))
    return " ".join(texts).casefold()


# -- the model --------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Batch:
    """A row of a day: one entry, or several that a plan made, newest first.

    `serial` is the internal id of the indexes of its entries; no day and no other batch has it.
    """

    serial: int
    entries: list[HistoryEntry]
    uuids: set[str] = field(init=False)
    """Of the qubes of its entries."""

    def __post_init__(self) -> None:
        self.uuids = {entry.uuid for entry in self.entries}

    def add(self, entry: HistoryEntry) -> None:
        """Add an entry that it takes."""
        self.entries.append(entry)
        self.uuids.add(entry.uuid)

    def takes(self, entry: HistoryEntry) -> bool:
        """Whether the entry, older than all of these, was made by the same plan."""
        last = self.entries[-1]
        return (
            _plan_of(last) == _plan_of(entry)
            and bool(entry.uuid)
            and entry.uuid not in self.uuids
            and abs(last.time - entry.time) <= TOGETHER
        )


def _plan_of(entry: HistoryEntry) -> tuple[object, ...]:
    """What the entries of a plan have in common."""
    return entry.source, entry.call, entry.event, entry.detail, entry.new, entry.new_default


@dataclass(slots=True, eq=False)
class _Day:
    """`serial` is not 0, and no other day or batch of the model has it: the internal id of the indexes of its rows."""

    day: date
    serial: int
    batches: list[_Batch] = field(default_factory=list)


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
        self._by_serial: dict[int, _Day | _Batch] = {}
        self._latest: dict[tuple[str, str, str], int] = {}
        self._accepts: Accepts = lambda _entry: True

    @property
    def shown(self) -> int:
        """How many entries are shown."""
        return sum(len(batch.entries) for day in self._days for batch in day.batches)

    @property
    def shown_entries(self) -> list[HistoryEntry]:
        """Those that are shown, newest first."""
        return [entry for day in self._days for batch in day.batches for entry in batch.entries]

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
        self._build()

    def put_older(self, entries: Sequence[HistoryEntry], *, has_more: bool) -> None:
        """Add entries, newest first, that are older than all others."""
        self.has_more = has_more
        self.entries += entries
        for entry in entries:
            self._latest.setdefault(subject(entry), entry.id)
        fitting = list(filter(self._accepts, entries))
        last = self._days[-1] if self._days else None
        if fitting and last is not None and last.batches[-1].takes(fitting[0]):
            self._build()
            return
        for day, group in _by_day(fitting):
            if self._days and self._days[-1].day == day:
                at, last = len(self._days) - 1, self._days[-1]
                batches = self._batches(group)
                self.beginInsertRows(self.index(at, 0), len(last.batches), len(last.batches) + len(batches) - 1)
                last.batches += batches
            else:
                self.beginInsertRows(QModelIndex(), len(self._days), len(self._days))
                self._days.append(self._new_day(day, group))
            self.endInsertRows()

    def put_newer(self, entries: Sequence[HistoryEntry]) -> None:
        """Add entries, newest first, that are newer than all others."""
        self.entries[:0] = entries
        self._latest |= {subject(entry): entry.id for entry in reversed(entries)}
        fitting = list(filter(self._accepts, entries))
        first = self._days[0].batches[0] if self._days else None
        if fitting and first is not None and _Batch(0, fitting[-1:]).takes(first.entries[0]):
            self._build()
            return
        for day, group in reversed(_by_day(fitting)):
            if self._days and self._days[0].day == day:
                batches = self._batches(group)
                self.beginInsertRows(self.index(0, 0), 0, len(batches) - 1)
                self._days[0].batches[:0] = batches
            else:
                self.beginInsertRows(QModelIndex(), 0, 0)
                self._days.insert(0, self._new_day(day, group))
            self.endInsertRows()
        self.look_again()

    def look_again(self) -> None:
        """Whether entries can be taken back may have changed."""
        for at, day in enumerate(self._days):
            parent = self.index(at, 0)
            self.dataChanged.emit(self.index(0, BACK, parent), self.index(len(day.batches) - 1, BACK, parent))

    def entry(self, index: QModelIndex) -> HistoryEntry | None:
        """The entry of a row, the newest of several; None for the head of a day."""
        return next(iter(self.entries_at(index)), None)

    def entries_at(self, index: QModelIndex) -> tuple[HistoryEntry, ...]:
        """The entries of a row: all of a plan for its row; none for the head of a day."""
        if not index.isValid() or index.internalId() == 0:
            return ()
        above = self._by_serial[index.internalId()]
        return tuple(above.batches[index.row()].entries) if isinstance(above, _Day) else (above.entries[index.row()],)

    def why_not_all(self, entries: Sequence[HistoryEntry]) -> str:
        """Why the entries cannot be taken back together, in words; empty if they can."""
        return next(filter(None, map(self.why_not, entries)), "")

    def index_of(self, number: int) -> QModelIndex:
        """The row of the entry with that id; invalid if it is not shown."""
        for at, day in enumerate(self._days):
            for place, batch in enumerate(day.batches):
                for row, entry in enumerate(batch.entries):
                    if entry.id == number:
                        parent = self.index(place, 0, self.index(at, 0))
                        return self.index(row, 0, parent) if len(batch.entries) > 1 else parent
        return QModelIndex()

    def _build(self) -> None:
        """Make all rows again: entries have come together, or fit no longer."""
        self.beginResetModel()
        self._days, self._by_serial = [], {}
        for day, group in _by_day(filter(self._accepts, self.entries)):
            self._days.append(self._new_day(day, group))
        self.endResetModel()

    def _batches(self, entries: Iterable[HistoryEntry]) -> list[_Batch]:
        """Those of a plan together."""
        batches: list[_Batch] = []
        for entry in entries:
            if batches and batches[-1].takes(entry):
                batches[-1].add(entry)
                continue
            batches.append(_Batch(len(self._by_serial) + 1, [entry]))
            self._by_serial[batches[-1].serial] = batches[-1]
        return batches

    def _new_day(self, day: date, entries: Iterable[HistoryEntry]) -> _Day:
        made = _Day(day, len(self._by_serial) + 1)
        self._by_serial[made.serial] = made
        made.batches = self._batches(entries)
        return made

    # Qt overrides

    def index(self, row: int, column: int, parent: QModelIndex = _NO_PARENT) -> QModelIndex:
        """The internal id is 0 for a day; for a row it is the serial of what it is in, which stays when others come."""
        if row < 0 or row >= self.rowCount(parent):
            return QModelIndex()
        if not parent.isValid():
            return self.createIndex(row, column, 0)
        if parent.internalId() == 0:
            return self.createIndex(row, column, self._days[parent.row()].serial)
        return self.createIndex(row, column, self._batch_at(parent).serial)

    def parent(self, index: QModelIndex) -> QModelIndex:  # type: ignore[override]
        if not index.isValid() or index.internalId() == 0:
            return QModelIndex()
        above = self._by_serial[index.internalId()]
        if isinstance(above, _Day):
            return self.createIndex(self._days.index(above), 0, 0)
        day = next(day for day in self._days if above in day.batches)
        return self.createIndex(day.batches.index(above), 0, day.serial)

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        if not parent.isValid():
            return len(self._days)
        if parent.column() != 0:
            return 0
        if parent.internalId() == 0:
            return len(self._days[parent.row()].batches)
        if isinstance(self._by_serial[parent.internalId()], _Batch):
            return 0
        entries = self._batch_at(parent).entries
        return len(entries) if len(entries) > 1 else 0

    def _batch_at(self, index: QModelIndex) -> _Batch:
        """The batch of a row of a day."""
        day = self._by_serial[index.internalId()]
        assert isinstance(day, _Day)  # noqa: S101 - the rows of a batch have no rows
        return day.batches[index.row()]

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
        together = self.entries_at(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return cell_text(together, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self._tip(together, index.column()))
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == BACK:
            return self.why_not_all(together) or translate("Timeline", "Can be reverted")
        return None

    def _head(self, index: QModelIndex, role: int) -> Any:
        day = self._days[index.row()]
        if role == Qt.ItemDataRole.DisplayRole and index.column() == 0:
            count = translate("Timeline", "%n change(s)", "", sum(len(batch.entries) for batch in day.batches))
            return f"{day_text(day.day, self.today())}  {count}"
        return None

    def _tip(self, entries: Sequence[HistoryEntry], column: int) -> str:
        entry = entries[0]
        if column == QUBE:
            return ", ".join(qube_text(each) for each in entries)
        if len(entries) > 1 and column != BACK:
            return cell_text(entries, column) if column else date_text(entry.time)
        match column:
            case 0:
                return date_text(entry.time)
            case 3:
                return full_text(entry, entry.old, is_old=True)
            case 4:
                return full_text(entry, entry.new, is_old=False)
            case 6:
                return self.why_not_all(entries) or translate("Timeline", "Can be reverted")
            case _:
                return _CELLS[column](entry)


_CELLS: tuple[Callable[[HistoryEntry], str], ...] = (
    time_text, qube_text, what_text, was_text, is_text, by_text, lambda _entry: "",
)  # fmt: skip


def cell_text(entries: Sequence[HistoryEntry], column: int) -> str:
    """The text of a cell of one entry, or of those of a plan."""
    if column == QUBE and len(entries) > 1:
        return translate("Timeline", "%n qube(s)", "", len(entries))
    texts = {_CELLS[column](entry) for entry in entries}
    return texts.pop() if len(texts) == 1 or column == WHEN else translate("Timeline", "different")


def _by_day(entries: Iterable[HistoryEntry]) -> list[tuple[date, list[HistoryEntry]]]:
    """Neighbours of the same day together, in their order."""
    groups: list[tuple[date, list[HistoryEntry]]] = []
    for entry in entries:
        day = day_of(entry)
        if not groups or groups[-1][0] != day:
            groups.append((day, []))
        groups[-1][1].append(entry)
    return groups
