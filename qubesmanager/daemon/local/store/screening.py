# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the store that cannot be read: each costs itself, or its qube, and never the store.

At every start each row is looked at before it is used. A row is unreadable if a cell has another type than its column,
is text that is not UTF-8, or has a value that the daemon never writes there. Such a row is copied as it is to the table
`unreadable`, in the same transaction in which

* the unreadable cells get a value that can be served, where there is one that lets nothing pass and loses no volume;
* or the row is deleted.

Nothing else writes to that table but `--recover`, so a later change of the qube loses nothing of the row.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from qubesmanager.daemon.local.core import properties, system_properties
from qubesmanager.daemon.local.core.labels import LABELS, UNKNOWN_COLOR
from qubesmanager.daemon.local.core.volumes import KINDS, VolumeKind
from qubesmanager.wire.backups import decode_run
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError
from qubesmanager.wire.firewall import Action, Rule, parse_rule
from qubesmanager.wire.names import (
    DOM0,
    FEATURE_NAME,
    LABEL_NAME,
    POOL_NAME,
    RULE_ID,
    TAG_NAME,
    VM_NAME,
    VOLUME_ID,
    VOLUME_NAME,
    check,
    shown,
    tag_today,
)
from qubesmanager.wire.values import DeviceClass, VmClass

Cells = dict[str, Any]
"""A row by column. Text that is not UTF-8 is a `_Undecodable`."""

_COLOR = re.compile(r"0x[0-9A-Fa-f]{6}", re.ASCII)
_MARK = re.compile(r"|[0-9a-f]{32}", re.ASCII)
_NOTHING = str(Rule(Action.DROP))


class Unreadable(NamedTuple):
    """A row of the table `unreadable` without its cells. `qube` is a qid, and None for a row that is no qube's."""

    number: int
    origin: str
    name: str
    qube: int | None
    blocks: bool
    reason: str

    def __str__(self) -> str:
        """A sentence for the user."""
        return (
            f"A row of the table {self.origin}{f' ({self.name})' if self.name else ''} cannot be read: {self.reason}"
            f" It is kept in the table unreadable as number {self.number}."
        )


class _Undecodable(NamedTuple):
    """Text that is not UTF-8."""

    raw: bytes


@dataclass(slots=True)
class _Known:
    """The qubes, by qid, as they are known when the rows that belong to them are checked."""

    names: dict[int, str]
    classes: dict[int, VmClass]


Readable = Callable[[Any], bool]
Types = frozenset[type]
Mended = Callable[[Cells, frozenset[str], _Known], Cells | None]
"""New values for cells of a row some of whose columns are unreadable; None if the row has to go."""


@dataclass(frozen=True, slots=True)
class _Table:
    """`cells`: what a value of a column has to be, beyond its type.

    `row`: why a row whose cells are good is unreadable; "" if it is not. `named_by`: the column that names a row.
    `blocks`: the columns without which the qube of the row cannot be used.
    """

    name: str
    cells: Mapping[str, Readable]
    row: Callable[[Cells, _Known], str] | None = None
    mend: Mended = lambda _row, _bad, _known: None
    blocks: frozenset[str] = frozenset()
    named_by: str = "name"


@dataclass(frozen=True, slots=True)
class _Aside:
    """A row that was unreadable, as it was; and what of it the table has now, if anything."""

    cells: Cells
    bad: frozenset[str]
    why: str
    instead: Cells | None


def screen(connection: sqlite3.Connection) -> list[Unreadable]:
    """Look at every row, in one transaction. Answers the rows that were unreadable now. Raises `sqlite3.Error`."""
    factory = connection.text_factory
    connection.text_factory = _text
    # A table is written again without deleting what belongs to its rows.
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")
    try:
        unreadable = _screen(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.text_factory = factory
        connection.execute("PRAGMA foreign_keys = ON")
    return unreadable


def _screen(connection: sqlite3.Connection) -> list[Unreadable]:
    known = _Known({}, {})
    aside: list[tuple[_Table, _Aside]] = []
    for table in _TABLES:
        columns = _columns(connection, table.name)
        rows = connection.execute(f"SELECT {', '.join(columns)} FROM {table.name}").fetchall()  # noqa: S608 - names of ours
        if table is not _QUBE and _is_clean(table, columns, rows, known):
            continue
        cells_of = (dict(zip(columns, row, strict=True)) for row in rows)
        looked_at = [_checked(connection, table, columns, row, known) for row in cells_of]
        if any(isinstance(row, _Aside) for row in looked_at):
            looked_at = _write_again(connection, table, looked_at)
        aside += [(table, row) for row in looked_at if isinstance(row, _Aside)]
        if table is _QUBE:
            for row in looked_at:
                cells = row.instead if isinstance(row, _Aside) else row
                if cells is not None:
                    known.names[cells["qid"]] = cells["name"]
                    known.classes[cells["qid"]] = VmClass(cells["class"])
    return [_keep(connection, table, row, known) for table, row in aside]


def _is_clean(table: _Table, columns: Mapping[str, Types], rows: list[tuple[Any, ...]], known: _Known) -> bool:
    """Whether every row can be read: by columns, each value once, because nearly all stores are whole."""
    for name, types, values in zip(columns, columns.values(), zip(*rows, strict=True), strict=False):
        fits = known.names.__contains__ if name == "qid" else table.cells.get(name)
        if not types.issuperset(map(type, values)) or (fits is not None and not all(map(fits, set(values)))):
            return False
    if table.row is None:
        return True
    once = {tuple(value for name, value in zip(columns, row, strict=True) if name != "qid"): row for row in rows}
    return not any(table.row(dict(zip(columns, row, strict=True)), known) for row in once.values())


def _checked(
    connection: sqlite3.Connection, table: _Table, columns: Mapping[str, Types], row: Cells, known: _Known
) -> Cells | _Aside:
    """The row itself if it can be read."""
    bad = {name for name, types in columns.items() if type(row[name]) not in types}
    bad |= {name for name, fits in table.cells.items() if name not in bad and not fits(row[name])}
    if table is _QUBE:
        bad |= _bad_in_qube(row, bad)
    elif "qid" in columns and row["qid"] not in known.names:
        why = f"there is no qube with the number {_spoken(row['qid'])}."
        return _Aside(row, frozenset({*bad, "qid"}), why, None)
    why = " ".join(f"{name} is {_spoken(row[name])}." for name in row if name in bad)
    if not bad and not (why := table.row(row, known) if table.row is not None else ""):
        return row
    instead = _mended_qube(connection, row, bad) if table is _QUBE else table.mend(row, frozenset(bad), known)
    return _Aside(row, frozenset(bad), why, None if not bad or instead is None else row | instead)


def _write_again(
    connection: sqlite3.Connection, table: _Table, looked_at: list[Cells | _Aside]
) -> list[Cells | _Aside]:
    """Write the whole table: a single row with a key of a wrong type cannot be found by its key."""
    connection.execute(f"DELETE FROM {table.name}")  # noqa: S608 - a name of ours
    written: list[Cells | _Aside] = []
    for row in looked_at:
        cells = row.instead if isinstance(row, _Aside) else row
        if cells is not None:
            marks = ", ".join("?" for _ in cells)
            try:
                connection.execute(f"INSERT INTO {table.name} VALUES ({marks})", [*cells.values()])  # noqa: S608 - a name of ours
            except sqlite3.IntegrityError as error:
                old = row.cells if isinstance(row, _Aside) else row
                written.append(_Aside(old, frozenset(old), f"{error}.", None))
                continue
        written.append(row)
    return written


def _keep(connection: sqlite3.Connection, table: _Table, row: _Aside, known: _Known) -> Unreadable:
    """Write an unreadable row down as it was."""
    cells = {name: _kept(value) for name, value in row.cells.items()}
    now = row.instead or row.cells
    qube = now["qid"] if now.get("qid") in known.names else None
    # A row whose cells are good one by one is unreadable as a whole.
    blocks = qube is not None and bool(table.blocks) and (not row.bad or bool(row.bad & table.blocks))
    names = [known.names[qube]] if qube is not None else []
    if table is not _QUBE and isinstance(text := now.get(table.named_by), str) and text:
        names.append(shown(text)[1:-1])
    values = (table.name, " ".join(names), qube, int(blocks), row.why, json.dumps(cells))
    cursor = connection.execute(
        "INSERT INTO unreadable (origin, name, qube, blocks, reason, cells) VALUES (?, ?, ?, ?, ?, ?)", values
    )
    return Unreadable(cursor.lastrowid or 0, table.name, " ".join(names), qube, blocks, row.why)


# -- cells ------------------------------------------------------------------------------------------------------------


def _text(raw: bytes) -> object:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return _Undecodable(raw)


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, Types]:
    """By column, in the order of the table: what a value may be."""
    types: dict[str, type] = {"INTEGER": int, "TEXT": str}
    described = connection.execute('SELECT name, type, "notnull" OR pk FROM pragma_table_info(?)', (table,)).fetchall()
    return {name: frozenset({types[kind]} | (set() if needed else {type(None)})) for name, kind, needed in described}


def _kept(value: object) -> dict[str, Any]:
    match value:
        case _Undecodable(raw):
            return {"not-utf-8": raw.hex()}
        case bytes():
            return {"blob": value.hex()}
        case _:
            return {"null" if value is None else {int: "int", float: "real", str: "text"}[type(value)]: value}


def _spoken(value: object) -> str:
    match value:
        case _Undecodable(raw):
            return f"text that is not UTF-8, {shown(raw)}"
        case bytes():
            return f"a blob of {len(value)} bytes"
        case str():
            return shown(value)
        case _:
            return "NULL" if value is None else str(value)


# -- the tables -------------------------------------------------------------------------------------------------------


def _is_flag(value: int) -> bool:
    return value in {0, 1}


def _is_counted(value: int) -> bool:
    """A later row counts on from it."""
    return 0 <= value < 1 << 62


def _parses(parse: Callable[[str], object]) -> Readable:
    def parses(text: str) -> bool:
        try:
            parse(text)
        except (Mgmt1Error, ValueError, RecursionError):
            return False
        return True

    return parses


def _matches(pattern: re.Pattern[str]) -> Readable:
    return lambda text: pattern.fullmatch(text) is not None


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _is_qube_name(text: str) -> bool:
    return VM_NAME.matches(text)


def _is_vid(text: str) -> bool:
    return text.count("/") == 1 and _parses(lambda vid: check(VOLUME_ID, vid))(text)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_options(text: str) -> bool:
    options = _json(text)
    return isinstance(options, dict) and all(isinstance(value, str) for value in options.values())


def _is_texts(text: str) -> bool:
    values = _json(text)
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _is_run(text: str) -> bool:
    try:
        return bool(decode_run(text).profile)
    except ProtocolError:
        return False


def _property(row: Cells, _known: _Known) -> str:
    return _why_value(properties.TABLE[row["name"]].parse, row["value"])


def _system_property(row: Cells, _known: _Known) -> str:
    return _why_value(system_properties.TABLE[row["name"]].parse, row["value"])


def _why_value(parse: Callable[[str], str], value: str) -> str:
    try:
        parse(value)
    except Mgmt1Error as error:
        return str(error)
    return ""


def _rule(row: Cells, bad: frozenset[str], _known: _Known) -> Cells:
    """It is replaced by a rule that lets nothing pass."""
    return {
        "rule_id": f"unreadable-{uuid4().hex[:8]}" if "rule_id" in bad else row["rule_id"],
        "position": -1 if "position" in bad else row["position"],
        "text": _NOTHING,
    }


_VOLUME_OTHERS = frozenset({"size", "rw", "save_on_stop", "snap_on_start", "revisions_to_keep", "extra"})


def _volume(row: Cells, bad: frozenset[str], known: _Known) -> Cells | None:
    """The volume as one of its qube's class is made, so that it goes on being that qube's."""
    kind = next((kind for kind in KINDS[known.classes[row["qid"]]] if kind.name == row["name"]), None)
    name = known.names[row["qid"]]
    if "vid" in bad and kind is not None and "pool" not in bad:
        return {"vid": f"{name}/{kind.name}", **_made(kind, name, bad)}
    if not bad <= _VOLUME_OTHERS:
        return None
    return _made(kind or VolumeKind("extra", 0, save_on_stop=True), name, bad)


def _made(kind: VolumeKind, name: str, bad: frozenset[str]) -> Cells:
    record = kind.record(name, "")
    values = {
        "size": record.size,
        "rw": int(record.rw),
        "save_on_stop": int(record.save_on_stop),
        "snap_on_start": int(record.snap_on_start),
        "revisions_to_keep": record.revisions_to_keep,
        "extra": int(kind.name == "extra"),
    }
    return {column: value for column, value in values.items() if column in bad}


def _label(row: Cells, bad: frozenset[str], _known: _Known) -> Cells | None:
    return {"color": LABELS.get(row["name"], UNKNOWN_COLOR)} if bad == {"color"} else None


def _pool(_row: Cells, bad: frozenset[str], _known: _Known) -> Cells | None:
    """Without its options a pool is missing. Without its mark it is the pool of the mark at its path."""
    values = {"driver": "unreadable", "options": "{}", "identity": ""}
    return {column: values[column] for column in bad} if "name" not in bad else None


_QUBE = _Table(
    "qube",
    {"uuid": _is_uuid, "name": _is_qube_name, "class": lambda text: text in set(VmClass)},
    blocks=frozenset({"uuid", "name", "class"}),
)
_TABLES = (
    _Table("unreadable", {}),
    _QUBE,
    _Table(
        "property", {"name": properties.TABLE.__contains__}, _property, blocks=frozenset({"name", "value"}),
    ),
    _Table("feature", {"name": FEATURE_NAME.matches}),
    _Table("tag", {"name": lambda text: TAG_NAME.matches(tag_today(text))}),
    _Table("rule", {"rule_id": RULE_ID.matches, "text": _parses(parse_rule)}, mend=_rule, named_by="rule_id"),
    _Table(
        "volume",
        {
            "name": VOLUME_NAME.matches, "pool": POOL_NAME.matches, "vid": _is_vid, "size": lambda size: size >= 0,
            "rw": _is_flag, "save_on_stop": _is_flag, "snap_on_start": _is_flag,
            "revisions_to_keep": lambda number: number >= -1, "extra": _is_flag,
        },
        mend=_volume,
        blocks=_VOLUME_OTHERS | {"name", "pool", "vid"},
    ),
    _Table(
        "device",
        {
            "class": lambda text: text in set(DeviceClass), "backend": _is_qube_name, "ident": bool,
            "options": _is_options, "attached": _is_flag,
        },
        named_by="ident",
    ),
    _Table("label", {"name": LABEL_NAME.matches, "color": _matches(_COLOR)}, mend=_label),
    _Table("system_property", {"name": system_properties.TABLE.__contains__}, _system_property),
    _Table(
        "pool",
        {
            "name": POOL_NAME.matches, "driver": bool, "options": _is_options,
            "identity": _matches(_MARK),
        },
        mend=_pool,
    ),
    _Table("pending_volume", {}, named_by="vid"),
    _Table("pending_rename", {"identities": _is_texts}, named_by="old"),
    _Table("pending_name", {}, named_by="old"),
    _Table("backup_run", {"told": _is_run}, named_by="profile"),
    _Table("destination", {}, named_by="profile"),
    _Table("started_in", {}, named_by="boot"),
    _Table("history", dict.fromkeys(("id", "ordinal", "total", "tick", "time"), _is_counted), named_by="qube"),
    _Table("history_clock", dict.fromkeys(("tick", "seen"), _is_counted), named_by="seen"),
)  # fmt: skip
"""In this order: the qubes before what belongs to them."""


# -- a qube's own row -------------------------------------------------------------------------------------------------


def _is_dom0(row: Cells) -> bool:
    """dom0 is known by any two of these."""
    return [row["qid"] == 0, row["name"] == DOM0, row["class"] == VmClass.ADMIN].count(True) > 1


def _bad_in_qube(row: Cells, bad: set[str]) -> set[str]:
    """dom0 is the one AdminVM, by this name."""
    if _is_dom0(row):
        return {name for name, value in (("name", DOM0), ("class", VmClass.ADMIN)) if row[name] != value} - bad
    return {name for name, value in (("name", DOM0), ("class", VmClass.ADMIN)) if row[name] == value} - bad


def _mended_qube(connection: sqlite3.Connection, row: Cells, bad: set[str]) -> Cells:
    """The qube's row from other rows of the store: its volumes have its name, and are those of its class."""
    if _is_dom0(row):
        known: Cells = {"name": DOM0, "class": str(VmClass.ADMIN), "uuid": str(UUID(int=0))}
    else:
        name = _name_of(connection, row["qid"]) if "name" in bad else row["name"]
        known = {"name": name, "class": str(_class_of(connection, row["qid"], name)), "uuid": str(uuid4())}
    # It may have run, and left something; a disposable would be removed with that.
    is_disposable = known["class"] == VmClass.DISP
    known |= {"notes": "", "start_time": None if is_disposable else 0, "last_stop": None}
    return {column: known[column] for column in bad}


def _name_of(connection: sqlite3.Connection, qid: int) -> str:
    """By its volumes; else a name that says what it is."""
    vids = connection.execute("SELECT vid FROM volume WHERE qid = ? AND extra IS 0", (qid,)).fetchall()
    names = {vid.partition("/")[0] for (vid,) in vids if isinstance(vid, str) and _is_vid(vid)}
    taken = {name for (name,) in connection.execute("SELECT name FROM qube").fetchall()}
    free = sorted(name for name in names - taken - {DOM0} if VM_NAME.matches(name))
    return free[0] if len(free) == 1 else f"unreadable-{qid}"


def _class_of(connection: sqlite3.Connection, qid: int, name: str) -> VmClass:
    """By its volumes and what is based on it."""
    volumes = connection.execute(
        "SELECT name, save_on_stop FROM volume WHERE qid = ? AND extra IS 0", (qid,)
    ).fetchall()
    kept = {volume for volume, save_on_stop in volumes if save_on_stop == 1}
    if "root" in kept:
        query = "SELECT count(*) FROM property WHERE name = 'template' AND value = ?"
        ((based,),) = connection.execute(query, (name,)).fetchall()
        return VmClass.TEMPLATE if based else VmClass.STANDALONE
    return VmClass.APP if "private" in kept or not volumes else VmClass.DISP
