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
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from qubesmanager.daemon.local.core.origin import Origin
from qubesmanager.wire import events
from qubesmanager.wire.event_row import AnyEventRow, flag_text
from qubesmanager.wire.history import HistoryEntry
from qubesmanager.wire.limits import HISTORY_BYTES, HISTORY_DAYS, HISTORY_ROWS, HISTORY_VALUE_BYTES
from qubesmanager.wire.names import CREATED_BY, MANAGED_BY

DAY = 86_400
_LARGEST = (1 << 63) - 1
_NEVER = -1
"""The time at which the age of the history was looked at, if it never was."""
_NO_ENTRY = (_LARGEST, _LARGEST, _LARGEST)
"""In place of the oldest entry where there is none: it is within every limit."""
_IDENTITY = "SELECT uuid, qube.name, tag.name FROM qube LEFT JOIN tag USING (qid) WHERE qid = ?"
_LATEST = 1e11
"""A later time is not believed: some thousand years from now, in Unix seconds."""
_OVERHEAD = 256
"""Bytes of an entry beside its values."""
_NO_CHANGE = frozenset({"backup_timestamp"})
"""Properties that no entry is made of: the history of backups has them."""

_UUID = "uuid"
"""The notes of UUIDs that change, which no entry is made of."""
_OF_QUBES = frozenset({"qube", "name", _UUID})
"""The notes after which what is kept of a qube may be wrong, with those of tags that begin with `_OF_SIGHT`."""
_OF_SIGHT = (CREATED_BY, MANAGED_BY)

_OLD_DEFAULT, _NEW_DEFAULT, _CUT = 1, 2, 4


class Effective(NamedTuple):
    """A property before a transaction: its value, and what it is when it is not set."""

    value: str
    default: str


PropertyKey = tuple[int | None, str]
"""The qid, None for the system, and the name of a property."""


class Recording(NamedTuple):
    """How a transaction is recorded: by whom, when (Unix seconds), and the properties it writes as they are before."""

    origin: Origin
    now: float
    values: Mapping[PropertyKey, Effective] = {}
    ages: bool = False
    """Remove what is too old even if nothing changes."""


class _Note(NamedTuple):
    """A row was written: `key` names it within its table and qube; None is no row."""

    table: str
    qid: int | None
    key: str
    old: str | None
    new: str | None


class _Change(NamedTuple):
    """An entry without its qube."""

    event: str
    detail: str
    old: str | None
    new: str | None
    flags: int = 0


class _Qube(NamedTuple):
    uuid: str
    name: str
    sight: str
    """The sources that see it by its tags, each in blanks."""


_SYSTEM = _Qube("", "", "")
"""In place of the qube of an entry about the system."""


class _Bounds(NamedTuple):
    """The history as the last transaction left it, so that the next one need not ask. Ages in seconds."""

    tick: int
    looked: int
    """When the age was looked at last, in Unix seconds."""
    number: int
    """The id of the newest entry; 0 for none."""
    ordinal: int
    total: int
    first: tuple[int, int, int]
    """Ordinal, total and tick of the oldest entry."""


class Recorder:
    """Notes what a connection writes, and makes entries of it. Used in the thread of the connection.

    No other program writes the history, so its bounds are kept between two transactions that are recorded.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._recording: Recording | None = None
        self._notes: list[_Note] = []
        self._noted: set[int] = set()
        self._bounds: _Bounds | None = None
        self._qubes: dict[int, _Qube] = {}
        """By qid: qubes with changes, as the last transaction left them."""
        connection.create_function("history_first", 1, self._is_first)
        connection.create_function("history_note", 5, self._note)
        self._is_noting = False
        self._cursor = connection.cursor()
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
        bounds = self._bounds or self._read_bounds()
        tick = self._age(now, bounds)
        _, _, number, ordinal, total, first = bounds
        for qube, change in entries:
            event, detail, old, new, flags = _cut(change)
            number = max(number + 1, moment)
            ordinal += 1
            total += _OVERHEAD + _bytes(old) + _bytes(new)
            self._cursor.execute(
                "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    number,
                    ordinal,
                    total,
                    tick,
                    now,
                    *recording.origin,
                    *(qube or _SYSTEM),
                    event,
                    detail,
                    old,
                    new,
                    flags,
                ),
            )
            first = min(first, (ordinal, total, tick))
        self._bounds = _Bounds(tick, now, number, ordinal, total, self._pruned(first, ordinal, total, tick))

    # -- notes --------------------------------------------------------------------------------------------------------

    def _note(self, table: str, qid: int | None, key: str, old: str | None, new: str | None) -> None:
        if self._recording is not None:
            self._notes.append(_Note(table, qid, key, old, new))

    def _is_first(self, qid: int) -> int:
        """Whether the rules of the qube are written for the first time in this transaction."""
        if qid in self._noted:
            return 0
        self._noted.add(qid)
        return 1

    # -- entries ------------------------------------------------------------------------------------------------------

    def _entries(self, recording: Recording) -> list[tuple[_Qube | None, _Change]]:
        notes = self._merged()
        if not any(map(_is_of_qube, notes)):
            return [entry for note in notes if (entry := self._entry(note, recording)) is not None]
        self._qubes.clear()
        made = {note.qid for note in notes if note.table == "qube" and note.old is None}
        gone = {note.qid for note in notes if note.table == "qube" and note.new is None}
        whole = made | gone
        renamed = any(note.table == "name" and note.qid not in whole for note in notes)
        entries: list[tuple[_Qube | None, _Change]] = []
        for note in notes:
            if note.table == "qube":
                if note.qid not in made & gone:
                    entries.append(self._whole(note))
                continue
            # A rename changes all that refers to the qube.
            if note.qid in whole or note.table == _UUID or (renamed and note.table not in {"name", "label", "pool"}):
                continue
            if (entry := self._entry(note, recording)) is not None:
                entries.append(entry)
        for note in notes:
            if note.table == "name" and note.old:
                self._see_as(note.old, note.new or "")
            elif note.table == "qube" and note.new is None and note.old:
                self._see_as(note.old.split(" ")[0], "")
        return entries

    def _merged(self) -> Collection[_Note]:
        """A note for each row that was written, with its first old value and its last new one."""
        if len(self._notes) == 1:
            return self._notes
        notes: dict[tuple[str, int | None, str], _Note] = {}
        for note in self._notes:
            known = notes.get(note[:3])
            notes[note[:3]] = note if known is None else known._replace(new=note.new)
        return notes.values()

    def _entry(self, note: _Note, recording: Recording) -> tuple[_Qube | None, _Change] | None:
        """The entry of a row that was written; None if it gets none."""
        current = self._rules_now(note) if note.table == "rule" else note
        change = None if current.old == current.new else _change(current, recording)
        return None if change is None else (self._qube(note.qid), change)

    def _whole(self, note: _Note) -> tuple[_Qube | None, _Change]:
        """A qube came or went; the note has its uuid as key, and its name, class and tags."""
        if note.new is not None:
            return self._qube(note.qid), _Change(events.DOMAIN_ADD.kind, "", None, self._description(note))
        name, klass, *tags = (note.old or "").split(" ")
        return _Qube(note.key, name, _sight(tags)), _Change(events.DOMAIN_DELETE.kind, "", f"class={klass}", None)

    def _description(self, note: _Note) -> str:
        template = self._connection.execute(
            "SELECT value FROM property WHERE qid = ? AND name = 'template'", (note.qid,)
        ).fetchone()
        words = [f"class={(note.new or '').split(' ')[1]}"] + ([f"template={template[0]}"] if template else [])
        return " ".join(words)

    def _rules_now(self, note: _Note) -> _Note:
        rows = self._connection.execute("SELECT text FROM rule WHERE qid = ? ORDER BY position", (note.qid,))
        return note._replace(new="\n".join(text for (text,) in rows))

    def _qube(self, qid: int | None) -> _Qube | None:
        """The qube after the transaction; None for the system."""
        if qid is None:
            return None
        if qid not in self._qubes:
            rows = self._connection.execute(_IDENTITY, (qid,)).fetchall()
            if not rows:
                return None
            sight = _sight(tag for _uuid, _name, tag in rows if tag is not None)
            self._qubes[qid] = _Qube(rows[0][0], rows[0][1], sight)
        return self._qubes[qid]

    # -- the table ----------------------------------------------------------------------------------------------------

    def _see_as(self, old: str, new: str) -> None:
        """What a qube saw it sees under its new name; without one, no later qube of its name sees it."""
        self._connection.execute(
            "UPDATE history SET sight = replace(sight, ?, ?) WHERE instr(sight, ?)",
            (f" {old} ", f" {new} " if new else " ", f" {old} "),
        )

    def _read_bounds(self) -> _Bounds:
        last = self._connection.execute("SELECT id, ordinal, total FROM history ORDER BY id DESC LIMIT 1").fetchone()
        first = self._connection.execute("SELECT ordinal, total, tick FROM history ORDER BY id LIMIT 1").fetchone()
        clock = self._connection.execute("SELECT tick, seen FROM history_clock").fetchone()
        tick, looked = clock or (0, _NEVER)
        number, ordinal, total = last or (0, 0, 0)
        return _Bounds(tick, looked, number, ordinal, total, first or _NO_ENTRY)

    def _age(self, now: int, bounds: _Bounds) -> int:
        """Seconds that the history has aged until now."""
        if bounds.looked == now:
            return bounds.tick
        tick = bounds.tick if bounds.looked == _NEVER else bounds.tick + min(max(0, now - bounds.looked), DAY)
        self._cursor.execute("INSERT OR REPLACE INTO history_clock VALUES (1, ?, ?)", (tick, now))
        return tick

    def _pruned(self, first: tuple[int, int, int], ordinal: int, total: int, tick: int) -> tuple[int, int, int]:
        """Remove the oldest entries down to the limits. Takes the oldest entry and gives the oldest that is left."""
        least = (ordinal - HISTORY_ROWS, total - HISTORY_BYTES, tick - HISTORY_DAYS * DAY)
        if first[0] > least[0] and first[1] > least[1] and first[2] >= least[2]:
            return first
        row = self._connection.execute(
            "SELECT id, ordinal, total, tick FROM history WHERE ordinal > ? AND total > ? AND tick >= ?"
            " ORDER BY id LIMIT 1",
            least,
        ).fetchone()
        self._connection.execute("DELETE FROM history WHERE id < ?", (row[0] if row else _LARGEST,))
        return row[1:] if row else _NO_ENTRY


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


def _is_of_qube(note: _Note) -> bool:
    """Whether what is kept of a qube may be wrong after this note."""
    return note.table in _OF_QUBES or (note.table == "tag" and note.key.startswith(_OF_SIGHT))


def _bytes(value: str | None) -> int:
    return 0 if value is None else len(value.encode())


def _cut(change: _Change) -> _Change:
    """The change with values of at most `HISTORY_VALUE_BYTES`."""
    old, new = _cut_value(change.old), _cut_value(change.new)
    if old is change.old and new is change.new:
        return change
    return change._replace(old=old, new=new, flags=change.flags | _CUT)


def _cut_value(value: str | None) -> str | None:
    if value is None or len(value) * 4 <= HISTORY_VALUE_BYTES or len(data := value.encode()) <= HISTORY_VALUE_BYTES:
        return value
    return data[:HISTORY_VALUE_BYTES].decode("utf-8", "ignore")


def _change(note: _Note, recording: Recording) -> _Change | None:
    """What the entry of a note shows; None if it gets none."""
    event: AnyEventRow
    is_there = note.new is not None
    match note.table:
        case "property" | "system_property":
            return _property(note, recording)
        case "volume":
            return _volume(note)
        case "device":
            return _device(note)
        case "tag":
            return _Change((events.TAG_ADD if is_there else events.TAG_DELETE).kind, note.key, None, None)
        case "name":
            event, detail = events.PROPERTY_SET, "name"
        case "notes":
            event, detail = events.NOTES_SET, ""
        case "rule":
            event, detail = events.FIREWALL_CHANGED, ""
        case "feature":
            event, detail = (events.FEATURE_SET if is_there else events.FEATURE_DELETE), note.key
        case "label":
            event, detail = (events.LABEL_ADD if is_there else events.LABEL_DELETE), note.key
        case _:
            event, detail = (events.POOL_ADD if is_there else events.POOL_DELETE), note.key
    return _Change(event.kind, detail, note.old, note.new)


def _property(note: _Note, recording: Recording) -> _Change | None:
    if note.key in _NO_CHANGE:
        return None
    before = recording.values.get((note.qid, note.key), Effective("", ""))
    event = events.PROPERTY_SET if note.new is not None else events.PROPERTY_RESET
    flags = (_OLD_DEFAULT if note.old is None else 0) | (_NEW_DEFAULT if note.new is None else 0)
    old = before.value if note.old is None else note.old
    return _Change(event.kind, note.key, old, before.default if note.new is None else note.new, flags)


def _volume(note: _Note) -> _Change | None:
    """`size=<bytes> rw=<yes|no> revisions_to_keep=<n>`, only what differs; `volume=<pool>:<vid>` for another disk."""
    if note.old is None or note.new is None:
        event = events.VOLUME_SET if note.new is not None else events.VOLUME_DELETE
        old, new = (None if text is None else f"volume={text.split(' ')[3]}" for text in (note.old, note.new))
        return _Change(event.kind, note.key, old, new)
    differing = [
        (f"{name}={_worded(name, was)}", f"{name}={_worded(name, now)}")
        for name, was, now in zip(
            ("size", "rw", "revisions_to_keep"), note.old.split(" "), note.new.split(" "), strict=False
        )
        if was != now
    ]
    if not differing:
        return None
    old, new = (" ".join(words) for words in zip(*differing, strict=True))
    return _Change(events.VOLUME_SET.kind, note.key, old, new)


def _worded(name: str, value: str) -> str:
    return flag_text(value == "1") if name == "rw" else value


def _device(note: _Note) -> _Change | None:
    """`<backend>+<ident> attached=<yes|no> <options as JSON>`. An assigned device that comes or goes is no change."""
    klass, device = note.key.split(" ", 1)
    was, now = (None if text is None else text.split(" ", 1) for text in (note.old, note.new))
    if was and now and was[1] == now[1]:
        return None
    event = events.DEVICE_ATTACH if now and now[0] == "1" else events.DEVICE_DETACH
    old, new = (
        None if words is None else f"{device} attached={flag_text(words[0] == '1')} {words[1]}" for words in (was, now)
    )
    return _Change(event.kind, klass, old, new)


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
        **_trigger("AFTER UPDATE OF name", "qube", "SELECT history_note('name', OLD.qid, '', OLD.name, NEW.name);"),
        **_trigger("AFTER UPDATE OF uuid", "qube", f"SELECT history_note('{_UUID}', OLD.qid, '', OLD.uuid, NEW.uuid);"),
        **_trigger("AFTER UPDATE OF notes", "qube", "SELECT history_note('notes', OLD.qid, '', OLD.notes, NEW.notes);"),
    }


TRIGGERS: dict[str, str] = {
    name: trigger
    for made in (*map(_triggers, _ROWS), _rule_triggers(), _qube_triggers())
    for name, trigger in made.items()
}
"""The statements that make the triggers, by their names."""
