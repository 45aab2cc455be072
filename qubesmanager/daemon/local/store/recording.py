# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of changes, written in the transaction of each change by what happens to the tables.

Triggers of the connection note each row that is written while a transaction is recorded. Before it is committed the
notes become entries: a new qube is one entry and not one for each of its rows, and so are a rename and a firewall. So
no call can forget to record a change, a change that fails leaves no entry, and an entry has no values that the store
itself does not hold. Passphrases are in no recorded table.

Not recorded: pending work, runs of backups (which have their own history), the times of starts and halts, and where
volumes are.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import starmap
from typing import Any, NamedTuple

from qubesmanager.wire import events
from qubesmanager.wire.event_row import flag_text
from qubesmanager.wire.history import HistoryEntry
from qubesmanager.wire.limits import HISTORY_BYTES, HISTORY_DAYS, HISTORY_ROWS, HISTORY_VALUE_BYTES
from qubesmanager.wire.names import CREATED_BY, MANAGED_BY

DAY = 86_400
_LARGEST = (1 << 63) - 1
_NEVER = -1
"""The time at which the age of the history was looked at, if it never was."""
_NO_ENTRY = (_LARGEST, -_LARGEST, -_LARGEST, -_LARGEST)
"""In place of the oldest entry where there is none: after the next change it is looked for again."""
_IDENTITY = "SELECT uuid, qube.name, tag.name FROM qube LEFT JOIN tag USING (qid) WHERE qid = ?"
_LATEST = 1e11
"""A later time is not believed: some thousand years from now, in Unix seconds."""
_OVERHEAD = 256
"""Bytes of an entry beside its values."""
_SURPLUS_ROWS, _SURPLUS_BYTES = 100, HISTORY_BYTES // 100
"""What may be in the table beyond the limits, so that not each change removes a row. No reader gets it: `kept`."""
_NO_CHANGE = frozenset({"backup_timestamp"})
"""Properties that no entry is made of: the history of backups has them."""

_UUID = "uuid"
"""The notes of UUIDs that change, which no entry is made of."""
_OF_QUBES = frozenset({"qube", "name", _UUID})
"""The notes after which what is kept of a qube may be wrong, with those of tags that begin with `_OF_SIGHT`."""
_OF_SIGHT = (CREATED_BY, MANAGED_BY)

_OLD_DEFAULT, _NEW_DEFAULT, _CUT = 1, 2, 4

_PROPERTY_SET, _PROPERTY_RESET = events.PROPERTY_SET.kind, events.PROPERTY_RESET.kind
_KINDS = {
    "name": (_PROPERTY_SET, _PROPERTY_SET),
    "notes": (events.NOTES_SET.kind, events.NOTES_SET.kind),
    "rule": (events.FIREWALL_CHANGED.kind, events.FIREWALL_CHANGED.kind),
    "feature": (events.FEATURE_SET.kind, events.FEATURE_DELETE.kind),
    "label": (events.LABEL_ADD.kind, events.LABEL_DELETE.kind),
    "pool": (events.POOL_ADD.kind, events.POOL_DELETE.kind),
}
"""By table: the event of a row that is there afterwards, and of one that is gone; its values are those of the entry."""


class Effective(NamedTuple):
    """A property before a transaction: its value, and what it is when it is not set."""

    value: str
    default: str


_UNKNOWN = Effective("", "")

PropertyKey = tuple[int | None, str]
"""The qid, None for the system, and the name of a property."""


class Recording(NamedTuple):
    """How a transaction is recorded: by whom, when (Unix seconds), and the properties it writes as they are before."""

    origin: tuple[str, str]
    """Source and call, as an `Origin`."""
    now: float
    values: Mapping[PropertyKey, Effective] = {}
    ages: bool = False
    """Remove what is too old even if nothing changes."""


_Row = tuple[str, int | None, str, str | None, str | None]
"""A note as the trigger gives it."""


class _Note(NamedTuple):
    """A row was written: `key` names it within its table and qube; None is no row."""

    table: str
    qid: int | None
    key: str
    old: str | None
    new: str | None


_Change = tuple[str, str, str | None, str | None, int]
"""An entry without its qube: event, detail, old and new value, flags."""


class _Qube(NamedTuple):
    uuid: str
    name: str
    sight: str
    """The sources that see it by its tags, each in blanks."""


_SYSTEM = _Qube("", "", "")
"""In place of the qube of an entry about the system."""


@dataclass(slots=True)
class _Bounds:
    """The history as the last transaction left it, so that the next one need not ask. Ages in seconds."""

    tick: int
    looked: int
    """When the age was looked at last, in Unix seconds."""
    number: int
    """The id of the newest entry; 0 for none."""
    ordinal: int
    total: int
    full_ordinal: int = 0
    full_total: int = 0
    full_tick: int = 0
    """The oldest entries are removed once the newest one reaches one of these."""


class Recorder:
    """Notes what a connection writes, and makes entries of it. Used in the thread of the connection.

    No other program writes the history, so its bounds are kept between two transactions that are recorded.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._recording: Recording | None = None
        self._notes: list[_Row] = []
        self._noted: set[int] = set()
        self._bounds: _Bounds | None = None
        self._qubes: dict[int, _Qube] = {}
        """By qid: qubes with changes, as the last transaction left them."""
        connection.create_function("history_first", 1, self._is_first)
        connection.create_function("history_note", 5, self._note)
        self._is_noting = False
        self.execute = connection.cursor().execute
        """For what each transaction executes: to make a cursor takes as long as a short statement."""

    def begin(self, recording: Recording | None) -> None:
        """A transaction begins; None: it is not recorded. Raises `sqlite3.Error`."""
        self._recording = recording
        self._notes.clear()
        self._noted.clear()
        if recording is None:
            self.forget()
        elif not self._is_noting:
            for trigger in TRIGGERS.values():
                self._connection.execute(trigger)
            self._is_noting = True

    def rest(self) -> None:
        """Remove the triggers until the next transaction that is recorded.

        With a trigger SQLite deletes the rows of a table by their keys, and so not one whose key has a wrong type.
        """
        for name in TRIGGERS if self._is_noting else ():
            self._connection.execute(f"DROP TRIGGER temp.{name}")
        self._is_noting = False
        self.forget()

    def forget(self) -> None:
        """Read again what is kept between transactions: one was rolled back, or it was not recorded."""
        self._bounds = None
        self._qubes.clear()

    def finish(self) -> None:
        """Write the entries of the transaction, and remove what is too old. Raises `sqlite3.Error`."""
        recording, self._recording = self._recording, None
        if recording is None:
            return
        entries = self._entries(recording)
        if not entries and not recording.ages:
            return
        moment = int(min(max(0, recording.now), _LATEST) * 1_000_000)
        now = moment // 1_000_000
        bounds = self._bounds
        if bounds is None:
            bounds = self._bounds = self._read_bounds()
        if bounds.looked != now:
            self._age(now, bounds)
        tick, number, ordinal, total = bounds.tick, bounds.number, bounds.ordinal, bounds.total
        for qube, (event, detail, old, new, flags) in entries:
            number = moment if moment > number else number + 1
            ordinal += 1
            total += _OVERHEAD
            if old is not None:
                old, size, flags = _cut(old, flags)  # noqa: PLW2901 - the value that is written
                total += size
            if new is not None:
                new, size, flags = _cut(new, flags)  # noqa: PLW2901 - as above
                total += size
            self.execute(
                "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (number, ordinal, total, tick, now, *recording.origin, *qube, event, detail, old, new, flags),
            )
        bounds.number, bounds.ordinal, bounds.total = number, ordinal, total
        if recording.ages or ordinal >= bounds.full_ordinal or total >= bounds.full_total or tick >= bounds.full_tick:
            self._prune(bounds)

    # -- notes --------------------------------------------------------------------------------------------------------

    def _note(self, *row: Any) -> None:
        if self._recording is not None:
            self._notes.append(row)

    def _is_first(self, qid: int) -> int:
        """Whether the rules of the qube are written for the first time in this transaction."""
        if qid in self._noted:
            return 0
        self._noted.add(qid)
        return 1

    # -- entries ------------------------------------------------------------------------------------------------------

    def _entries(self, recording: Recording) -> list[tuple[_Qube, _Change]]:
        if len(self._notes) == 1 and not _is_of_qube(*self._notes[0]):
            # Most transactions write one row.
            entry = self._entry(*self._notes[0], recording)
            return [] if entry is None else [entry]
        notes = self._merged()
        if not any(starmap(_is_of_qube, notes)):
            return [entry for note in notes if (entry := self._entry(*note, recording)) is not None]
        self._qubes.clear()
        made = {note.qid for note in notes if note.table == "qube" and note.old is None}
        gone = {note.qid for note in notes if note.table == "qube" and note.new is None}
        whole = made | gone
        renamed = any(note.table == "name" and note.qid not in whole for note in notes)
        entries: list[tuple[_Qube, _Change]] = []
        for note in notes:
            if note.table == "qube":
                if note.qid not in made & gone:
                    entries.append(self._whole(note))
                continue
            # A rename changes all that refers to the qube.
            if note.qid in whole or note.table == _UUID or (renamed and note.table not in {"name", "label", "pool"}):
                continue
            if (entry := self._entry(*note, recording)) is not None:
                entries.append(entry)
        for note in notes:
            if note.table == "name" and note.old:
                self._see_as(note.old, note.new or "")
            elif note.table == "qube" and note.new is None and note.old:
                self._see_as(note.old.split(" ")[0], "")
        return entries

    def _merged(self) -> Collection[_Note]:
        """A note for each row that was written, with its first old value and its last new one."""
        notes: dict[tuple[str, int | None, str], _Note] = {}
        for row in self._notes:
            known = notes.get(row[:3])
            notes[row[:3]] = _Note(*row) if known is None else known._replace(new=row[4])
        return notes.values()

    def _entry(
        self, table: str, qid: int | None, key: str, old: str | None, new: str | None, recording: Recording
    ) -> tuple[_Qube, _Change] | None:
        """The entry of a row that was written; None if it gets none."""
        if table == "rule":
            new = self._rules_now(qid)
        if old == new:
            return None
        change: _Change | None
        if (kinds := _KINDS.get(table)) is not None:
            change = (kinds[new is None], key, old, new, 0)
        else:
            change = _CHANGES[table](qid, key, old, new, recording)
        return None if change is None else (self._qube(qid), change)

    def _whole(self, note: _Note) -> tuple[_Qube, _Change]:
        """A qube came or went; the note has its uuid as key, and its name, class and tags."""
        if note.new is not None:
            return self._qube(note.qid), (events.DOMAIN_ADD.kind, "", None, self._description(note), 0)
        name, klass, *tags = (note.old or "").split(" ")
        return _Qube(note.key, name, _sight(tags)), (events.DOMAIN_DELETE.kind, "", f"class={klass}", None, 0)

    def _description(self, note: _Note) -> str:
        template = self._connection.execute(
            "SELECT value FROM property WHERE qid = ? AND name = 'template'", (note.qid,)
        ).fetchone()
        words = [f"class={(note.new or '').split(' ')[1]}"] + ([f"template={template[0]}"] if template else [])
        return " ".join(words)

    def _rules_now(self, qid: int | None) -> str:
        rows = self._connection.execute("SELECT text FROM rule WHERE qid = ? ORDER BY position", (qid,))
        return "\n".join(text for (text,) in rows)

    def _qube(self, qid: int | None) -> _Qube:
        """The qube after the transaction; `_SYSTEM` for what is of no qube."""
        if qid is None:
            return _SYSTEM
        qube = self._qubes.get(qid)
        if qube is None:
            rows = self._connection.execute(_IDENTITY, (qid,)).fetchall()
            if not rows:
                return _SYSTEM
            sight = _sight(tag for _uuid, _name, tag in rows if tag is not None)
            qube = self._qubes[qid] = _Qube(rows[0][0], rows[0][1], sight)
        return qube

    # -- the table ----------------------------------------------------------------------------------------------------

    def _see_as(self, old: str, new: str) -> None:
        """What a qube saw it sees under its new name; without one, no later qube of its name sees it."""
        self._connection.execute(
            "UPDATE history SET sight = replace(sight, ?, ?) WHERE instr(sight, ?)",
            (f" {old} ", f" {new} " if new else " ", f" {old} "),
        )

    def _read_bounds(self) -> _Bounds:
        last = self._connection.execute("SELECT id, ordinal, total FROM history ORDER BY id DESC LIMIT 1").fetchone()
        clock = self._connection.execute("SELECT tick, seen FROM history_clock").fetchone()
        return _Bounds(*(clock or (0, _NEVER)), *(last or (0, 0, 0)))

    def _age(self, now: int, bounds: _Bounds) -> None:
        """The history has aged until now."""
        if bounds.looked != _NEVER:
            bounds.tick += min(max(0, now - bounds.looked), DAY)
        bounds.looked = now
        self.execute("INSERT OR REPLACE INTO history_clock VALUES (1, ?, ?)", (bounds.tick, now))

    def _prune(self, bounds: _Bounds) -> None:
        """Remove the oldest entries down to the limits."""
        row = self._connection.execute(
            "SELECT id, ordinal, total, tick FROM history WHERE ordinal > ? AND total > ? AND tick >= ?"
            " ORDER BY id LIMIT 1",
            (bounds.ordinal - HISTORY_ROWS, bounds.total - HISTORY_BYTES, bounds.tick - HISTORY_DAYS * DAY),
        ).fetchone()
        number, ordinal, total, tick = row or _NO_ENTRY
        self._connection.execute("DELETE FROM history WHERE id < ?", (number,))
        bounds.full_ordinal = ordinal + HISTORY_ROWS + _SURPLUS_ROWS
        bounds.full_total = total + HISTORY_BYTES + _SURPLUS_BYTES
        bounds.full_tick = tick + HISTORY_DAYS * DAY + 1


def kept() -> str:
    """The condition for the entries that are within the limits."""
    newest = "FROM history ORDER BY id DESC LIMIT 1"
    return f"ordinal > (SELECT ordinal {newest}) - {HISTORY_ROWS} AND total > (SELECT total {newest}) - {HISTORY_BYTES}"


COLUMNS = "id, time, source, call, uuid, qube, event, detail, old, new, flags, sight"
"""What `entry_of` makes an entry of, and the sight."""


def entry_of(row: tuple[object, ...]) -> HistoryEntry:
    """The entry of a row of `COLUMNS`."""
    *values, flags, _sight_text = row
    bits = (bool(int(str(flags)) & bit) for bit in (_OLD_DEFAULT, _NEW_DEFAULT, _CUT))
    return HistoryEntry(*values, *bits)  # type: ignore[arg-type] # the columns have these types


def sight_of(row: tuple[object, ...]) -> frozenset[str]:
    """The sources that saw the qube of a row of `COLUMNS` by its tags."""
    return frozenset(str(row[-1]).split())


def _sight(tags: Iterable[str]) -> str:
    sources = {tag.removeprefix(kind) for tag in tags for kind in _OF_SIGHT if tag.startswith(kind)}
    return f" {'  '.join(sorted(sources))} " if sources else ""


def _is_of_qube(table: str, _qid: int | None, key: str, _old: str | None, _new: str | None) -> bool:
    """Whether what is kept of a qube may be wrong after this note."""
    return table in _OF_QUBES or (table == "tag" and key.startswith(_OF_SIGHT))


def _cut(value: str, flags: int) -> tuple[str, int, int]:
    """The value with at most `HISTORY_VALUE_BYTES`, its bytes, and the flags with `_CUT` if it was cut."""
    if value.isascii() and len(value) <= HISTORY_VALUE_BYTES:
        return value, len(value), flags
    data = value.encode()
    if len(data) <= HISTORY_VALUE_BYTES:
        return value, len(data), flags
    value = data[:HISTORY_VALUE_BYTES].decode("utf-8", "ignore")
    return value, len(value.encode()), flags | _CUT


def _property(qid: int | None, key: str, old: str | None, new: str | None, recording: Recording) -> _Change | None:
    if key in _NO_CHANGE:
        return None
    if old is not None and new is not None:
        return _PROPERTY_SET, key, old, new, 0
    before = recording.values.get((qid, key), _UNKNOWN)
    flags = 0
    if old is None:
        old, flags = before.value, _OLD_DEFAULT
    if new is None:
        return _PROPERTY_RESET, key, old, before.default, flags | _NEW_DEFAULT
    return _PROPERTY_SET, key, old, new, flags


def _tag(_qid: int | None, key: str, _old: str | None, new: str | None, _recording: Recording) -> _Change | None:
    return (events.TAG_DELETE if new is None else events.TAG_ADD).kind, key, None, None, 0


def _volume(_qid: int | None, key: str, was: str | None, now: str | None, _recording: Recording) -> _Change | None:
    """`size=<bytes> rw=<yes|no> revisions_to_keep=<n>`, only what differs; `volume=<pool>:<vid>` for another disk."""
    if was is None or now is None:
        event = events.VOLUME_SET if now is not None else events.VOLUME_DELETE
        old, new = (None if text is None else f"volume={text.split(' ')[3]}" for text in (was, now))
        return event.kind, key, old, new, 0
    differing = [
        (f"{name}={_worded(name, before)}", f"{name}={_worded(name, after)}")
        for name, before, after in zip(
            ("size", "rw", "revisions_to_keep"), was.split(" "), now.split(" "), strict=False
        )
        if before != after
    ]
    if not differing:
        return None
    old, new = (" ".join(words) for words in zip(*differing, strict=True))
    return events.VOLUME_SET.kind, key, old, new, 0


def _worded(name: str, value: str) -> str:
    return flag_text(value == "1") if name == "rw" else value


def _device(_qid: int | None, key: str, old: str | None, new: str | None, _recording: Recording) -> _Change | None:
    """`<backend>+<ident> attached=<yes|no> <options as JSON>`. An assigned device that comes or goes is no change."""
    klass, device = key.split(" ", 1)
    was, now = (None if text is None else text.split(" ", 1) for text in (old, new))
    if was and now and was[1] == now[1]:
        return None
    event = events.DEVICE_ATTACH if now and now[0] == "1" else events.DEVICE_DETACH
    old, new = (
        None if words is None else f"{device} attached={flag_text(words[0] == '1')} {words[1]}" for words in (was, now)
    )
    return event.kind, klass, old, new, 0


_CHANGES: dict[str, Callable[[int | None, str, str | None, str | None, Recording], _Change | None]] = {
    "property": _property,
    "system_property": _property,
    "tag": _tag,
    "volume": _volume,
    "device": _device,
}
"""By table: what the entry of a note shows, from all of the note but its table; None if it gets none."""


# -- triggers ---------------------------------------------------------------------------------------------------------


class _Rows(NamedTuple):
    """A recorded table: SQL for the qid, key and value of `{row}`, and for the row that `NEW` replaces."""

    table: str
    qid: str
    key: str
    value: str
    same: str


_DEVICE = "{row}.class || ' ' || {row}.backend || '+' || {row}.ident"
_ROWS = (
    _Rows("property", "{row}.qid", "{row}.name", "{row}.value", "qid = NEW.qid AND name = NEW.name"),
    _Rows("feature", "{row}.qid", "{row}.name", "{row}.value", "qid = NEW.qid AND name = NEW.name"),
    _Rows("tag", "{row}.qid", "{row}.name", "''", "qid = NEW.qid AND name = NEW.name"),
    _Rows(
        "volume", "{row}.qid", "{row}.name",
        "{row}.size || ' ' || {row}.rw || ' ' || {row}.revisions_to_keep || ' ' || {row}.pool || ':' || {row}.vid",
        "qid = NEW.qid AND name = NEW.name",
    ),
    _Rows(
        "device", "{row}.qid", _DEVICE, "{row}.attached || ' ' || {row}.options",
        "qid = NEW.qid AND class = NEW.class AND backend = NEW.backend AND ident = NEW.ident",
    ),
    _Rows("system_property", "NULL", "{row}.name", "{row}.value", "name = NEW.name"),
    _Rows("label", "NULL", "{row}.name", "{row}.color", "name = NEW.name"),
    _Rows("pool", "NULL", "{row}.name", "{row}.driver", "name = NEW.name"),
)  # fmt: skip


def _triggers(rows: _Rows) -> dict[str, str]:
    """A row is noted before it is replaced: then the store still has what it was."""

    def note(row: str, old: str, new: str) -> str:
        qid, key = rows.qid.format(row=row), rows.key.format(row=row)
        return f"SELECT history_note('{rows.table}', {qid}, {key}, {old}, {new});"

    value_of = {row: rows.value.format(row=row) for row in ("OLD", "NEW", "was")}
    replaced = f"(SELECT {value_of['was']} FROM {rows.table} AS was WHERE {rows.same})"  # noqa: S608 - names of ours
    return {
        **_trigger("BEFORE INSERT", rows.table, note("NEW", replaced, value_of["NEW"])),
        **_trigger("BEFORE DELETE", rows.table, note("OLD", value_of["OLD"], "NULL")),
        **_trigger(
            "BEFORE UPDATE", rows.table, note("OLD", value_of["OLD"], "NULL") + note("NEW", "NULL", value_of["NEW"])
        ),
    }


def _trigger(when: str, table: str, body: str) -> dict[str, str]:
    """The statement that makes a trigger of the connection, by its name."""
    name = f"history_{table}_{when.lower().replace(' ', '_')}"
    return {name: f"CREATE TEMP TRIGGER {name} {when} ON main.{table} BEGIN {body} END"}


def _rule_triggers() -> dict[str, str]:
    """The rules of a qube are noted as a whole, before the first of them is written."""
    triggers: dict[str, str] = {}
    for when, row in (("BEFORE INSERT", "NEW"), ("BEFORE DELETE", "OLD"), ("BEFORE UPDATE", "OLD")):
        ordered = f"SELECT text FROM rule WHERE qid = {row}.qid ORDER BY position"  # noqa: S608 - a word of ours
        rules = f"(SELECT coalesce(group_concat(text, char(10)), '') FROM ({ordered}))"  # noqa: S608 - as above
        note = f"SELECT history_note('rule', {row}.qid, '', {rules}, NULL) WHERE history_first({row}.qid);"
        triggers |= _trigger(when, "rule", note)
    return triggers


def _qube_triggers() -> dict[str, str]:
    tags = "coalesce((SELECT ' ' || group_concat(name, ' ') FROM tag WHERE qid = OLD.qid), '')"
    identity = "{row}.name || ' ' || {row}.class"
    made = f"SELECT history_note('qube', NEW.qid, NEW.uuid, NULL, {identity.format(row='NEW')});"
    gone = f"SELECT history_note('qube', OLD.qid, OLD.uuid, {identity.format(row='OLD')} || {tags}, NULL);"
    return {
        **_trigger("AFTER INSERT", "qube", made),
        **_trigger("BEFORE DELETE", "qube", gone),
        **_trigger("AFTER UPDATE OF name", "qube", "SELECT history_note('name', OLD.qid, 'name', OLD.name, NEW.name);"),
        **_trigger("AFTER UPDATE OF uuid", "qube", f"SELECT history_note('{_UUID}', OLD.qid, '', OLD.uuid, NEW.uuid);"),
        **_trigger("AFTER UPDATE OF notes", "qube", "SELECT history_note('notes', OLD.qid, '', OLD.notes, NEW.notes);"),
    }


TRIGGERS: dict[str, str] = {
    name: trigger
    for made in (*map(_triggers, _ROWS), _rule_triggers(), _qube_triggers())
    for name, trigger in made.items()
}
"""The statements that make the triggers, by their names."""
