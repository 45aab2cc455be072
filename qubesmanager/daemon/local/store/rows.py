# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements that write each kind of row, and the reading of everything at the start."""

import json
from collections.abc import Iterable, Mapping
from sys import intern
from typing import Any, Protocol
from uuid import UUID

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.store.recording import PropertyKey
from qubesmanager.daemon.local.store.screening import Unreadable
from qubesmanager.daemon.local.store.store import Statement, Store
from qubesmanager.wire.backups import BackupRun, encode_run
from qubesmanager.wire.records import DeviceRecord, VolumeRecord
from qubesmanager.wire.values import DeviceClass, VmClass


class Reads(Protocol):
    """A store, or a copy of one."""

    async def read(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        ...


async def read_qubes(store: Reads) -> list[Qube]:
    """Every qube with everything that belongs to it; one query a table, whatever the number of qubes."""
    qubes: dict[int, Qube] = {}
    # Most values are those of many qubes: one object for each takes a third of the memory of one object a row.
    same: dict[Any, Any] = {}
    for qid, uuid, name, klass, notes, start_time, last_stop in await store.read(
        "SELECT qid, uuid, name, class, notes, start_time, last_stop FROM qube"
    ):
        times = {"start_time": start_time, "last_stop": last_stop}
        qubes[qid] = Qube(qid, UUID(uuid), name, VmClass(klass), notes=notes, **times)
    for qid, name, value in await store.read("SELECT qid, name, value FROM property"):
        qubes[qid].own[intern(name)] = same.setdefault(value, value)
    for qid, name, value in await store.read("SELECT qid, name, value FROM feature"):
        qubes[qid].features[intern(name)] = same.setdefault(value, value)
    for qid, name in await store.read("SELECT qid, name FROM tag"):
        qubes[qid].tags.add(intern(name))
    for qid, rule_id, text in await store.read("SELECT qid, rule_id, text FROM rule ORDER BY qid, position"):
        qubes[qid].rules.append((rule_id, text))
    for qid, name, pool, vid, size, rw, save, snap, keep, extra in await store.read(
        "SELECT qid, name, pool, vid, size, rw, save_on_stop, snap_on_start, revisions_to_keep, extra FROM volume"
        " ORDER BY qid, extra, instr('root private volatile', name), name"
    ):
        volume = VolumeRecord(
            intern(name),
            intern(pool),
            vid,
            same.setdefault(size, size),
            0,
            bool(rw),
            bool(save),
            bool(snap),
            False,
            keep,
            bool(extra),
        )
        qubes[qid].volumes[volume.name] = volume
    for qid, klass, backend, ident, options, attached in await store.read(
        "SELECT qid, class, backend, ident, options, attached FROM device"
    ):
        device = DeviceRecord(DeviceClass(klass), backend, ident, bool(attached), json.loads(options))
        qubes[qid].devices.append(device)
    return list(qubes.values())


async def read_unreadable(store: Reads) -> list[Unreadable]:
    """The rows that were put aside and not recovered."""
    return [
        Unreadable(number, origin, name, qube, bool(blocks), reason)
        for number, origin, name, qube, blocks, reason in await store.read(
            "SELECT number, origin, name, qube, blocks, reason FROM unreadable WHERE settled = 0 ORDER BY number"
        )
    ]


async def read_pairs(store: Store, table: str) -> dict[str, str]:
    """A table of two text columns (`label`, `system_property`), or pool and driver."""
    return dict(await store.read(_PAIRS[table]))


_PAIRS = {
    "label": "SELECT name, color FROM label ORDER BY rowid",
    "system_property": "SELECT name, value FROM system_property",
    "pool": "SELECT name, driver FROM pool",
}


def insert_qube(qube: Qube) -> list[Statement]:
    """The statements that store a new qube."""
    return [
        (
            "INSERT INTO qube (qid, uuid, name, class, notes) VALUES (?, ?, ?, ?, ?)",
            (qube.qid, str(qube.uuid), qube.name, qube.klass, qube.notes),
        ),
        *(set_property(qube.qid, name, value) for name, value in qube.own.items()),
        *(set_feature(qube.qid, name, value) for name, value in qube.features.items()),
        *(add_tag(qube.qid, name) for name in sorted(qube.tags)),
        *(
            ("INSERT INTO rule (qid, rule_id, position, text) VALUES (?, ?, ?, ?)", (qube.qid, rule_id, position, text))
            for position, (rule_id, text) in enumerate(qube.rules)
        ),
        *(set_volume(qube.qid, volume) for volume in qube.volumes.values()),
        *(set_device(qube.qid, device) for device in qube.devices),
    ]


def delete_qube(qid: int) -> Statement:
    return ("DELETE FROM qube WHERE qid = ?", (qid,))


_SET_PROPERTY = "INSERT OR REPLACE INTO property VALUES (?, ?, ?)"
_RESET_PROPERTY = "DELETE FROM property WHERE qid = ? AND name = ?"
_SET_SYSTEM_PROPERTY = "INSERT OR REPLACE INTO system_property VALUES (?, ?)"
_RESET_SYSTEM_PROPERTY = "DELETE FROM system_property WHERE name = ?"


def set_property(qid: int, name: str, value: str | None) -> Statement:
    """None takes the own value away."""
    if value is None:
        return (_RESET_PROPERTY, (qid, name))
    return (_SET_PROPERTY, (qid, name, value))


def set_system_property(name: str, value: str | None) -> Statement:
    if value is None:
        return (_RESET_SYSTEM_PROPERTY, (name,))
    return (_SET_SYSTEM_PROPERTY, (name, value))


def property_written(statement: Statement) -> tuple[PropertyKey, bool] | None:
    """The property that a statement writes, and whether it resets it; None for every other statement."""
    sql, parameters = statement
    if sql in _OF_PROPERTIES:
        return (parameters[0], parameters[1]), sql == _RESET_PROPERTY
    if sql in _OF_SYSTEM_PROPERTIES:
        return (None, parameters[0]), sql == _RESET_SYSTEM_PROPERTY
    return None


_OF_PROPERTIES = frozenset({_SET_PROPERTY, _RESET_PROPERTY})
_OF_SYSTEM_PROPERTIES = frozenset({_SET_SYSTEM_PROPERTY, _RESET_SYSTEM_PROPERTY})


def set_feature(qid: int, name: str, value: str | None) -> Statement:
    if value is None:
        return ("DELETE FROM feature WHERE qid = ? AND name = ?", (qid, name))
    return ("INSERT OR REPLACE INTO feature VALUES (?, ?, ?)", (qid, name, value))


def add_tag(qid: int, name: str) -> Statement:
    return ("INSERT OR REPLACE INTO tag VALUES (?, ?)", (qid, name))


def delete_tag(qid: int, name: str) -> Statement:
    return ("DELETE FROM tag WHERE qid = ? AND name = ?", (qid, name))


def set_notes(qid: int, notes: str) -> Statement:
    return ("UPDATE qube SET notes = ? WHERE qid = ?", (notes, qid))


def set_times(qid: int, start_time: int | None, last_stop: int | None) -> Statement:
    return ("UPDATE qube SET start_time = ?, last_stop = ? WHERE qid = ?", (start_time, last_stop, qid))


def set_identity(qid: int, uuid: UUID, klass: VmClass) -> Statement:
    return ("UPDATE qube SET uuid = ?, class = ? WHERE qid = ?", (str(uuid), klass, qid))


def settle_unreadable(number: int) -> Statement:
    """`--recover` has dealt with the row."""
    return ("UPDATE unreadable SET settled = 1 WHERE number = ?", (number,))


def set_name(qid: int, name: str) -> Statement:
    return ("UPDATE qube SET name = ? WHERE qid = ?", (name, qid))


_APPENDED_RULE = (
    "INSERT INTO rule (qid, rule_id, position, text)"
    " VALUES (?, ?, (SELECT coalesce(max(position) + 1, 0) FROM rule WHERE qid = ?), ?)"
)
_MOVED_RULES = (
    "UPDATE rule SET position = position + 1"
    " WHERE qid = ? AND position >= (SELECT position FROM rule WHERE qid = ? AND rule_id = ?)"
)
_INSERTED_RULE = (
    "INSERT INTO rule (qid, rule_id, position, text)"
    " VALUES (?, ?, (SELECT position - 1 FROM rule WHERE qid = ? AND rule_id = ?), ?)"
)


def insert_rule(qid: int, rule_id: str, text: str, follower: str | None) -> list[Statement]:
    """A new firewall rule before the one of the id `follower`; None appends. Positions may have gaps."""
    if follower is None:
        return [(_APPENDED_RULE, (qid, rule_id, qid, text))]
    return [(_MOVED_RULES, (qid, qid, follower)), (_INSERTED_RULE, (qid, rule_id, qid, follower, text))]


def delete_rule(qid: int, rule_id: str) -> Statement:
    return ("DELETE FROM rule WHERE qid = ? AND rule_id = ?", (qid, rule_id))


def set_volume(qid: int, volume: VolumeRecord) -> Statement:
    return (
        "INSERT OR REPLACE INTO volume VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            qid,
            volume.name,
            volume.pool,
            volume.vid,
            volume.size,
            int(volume.rw),
            int(volume.save_on_stop),
            int(volume.snap_on_start),
            volume.revisions_to_keep,
            int(volume.extra),
        ),
    )


def delete_volume(qid: int, name: str) -> Statement:
    return ("DELETE FROM volume WHERE qid = ? AND name = ?", (qid, name))


def add_pending_volume(pool: str, vid: str, identity: str) -> Statement:
    """The volume with that identity is being made or removed; no other volume of its name is meant."""
    return ("INSERT OR REPLACE INTO pending_volume VALUES (?, ?, ?)", (pool, vid, identity))


def delete_pending_volume(pool: str, vid: str, identity: str | None = None) -> Statement:
    """Delete the pending volumes of that name, or only the one with that identity."""
    if identity is None:
        return ("DELETE FROM pending_volume WHERE pool = ? AND vid = ?", (pool, vid))
    return ("DELETE FROM pending_volume WHERE pool = ? AND vid = ? AND identity = ?", (pool, vid, identity))


def add_pending_rename(pool: str, old: str, new: str, identities: Iterable[str]) -> Statement:
    """The volumes with these identities are being renamed."""
    return ("INSERT OR REPLACE INTO pending_rename VALUES (?, ?, ?, ?)", (pool, old, new, json.dumps([*identities])))


def delete_pending_rename(pool: str, old: str) -> Statement:
    return ("DELETE FROM pending_rename WHERE pool = ? AND old = ?", (pool, old))


def add_pending_name(old: str, new: str) -> Statement:
    """Backup profiles follow a rename, or a removal where `new` is empty."""
    return ("INSERT INTO pending_name (old, new) VALUES (?, ?)", (old, new))


def delete_pending_name(change: int) -> Statement:
    return ("DELETE FROM pending_name WHERE change = ?", (change,))


def add_destination(profile: str, path: str, file_system: str) -> Statement:
    return ("INSERT OR IGNORE INTO destination VALUES (?, ?, ?)", (profile, path, file_system))


def delete_destinations(profile: str) -> Statement:
    return ("DELETE FROM destination WHERE profile = ?", (profile,))


def set_device(qid: int, device: DeviceRecord) -> Statement:
    """A device that is attached now, assigned persistently, or both."""
    options = json.dumps(dict(device.options))
    return (
        "INSERT OR REPLACE INTO device VALUES (?, ?, ?, ?, ?, ?)",
        (qid, device.device_class, device.backend, device.ident, options, int(device.attached)),
    )


def delete_device(qid: int, device: DeviceRecord) -> Statement:
    return (
        "DELETE FROM device WHERE qid = ? AND class = ? AND backend = ? AND ident = ?",
        (qid, device.device_class, device.backend, device.ident),
    )


def set_backup_run(number: int, run: BackupRun) -> Statement:
    return ("INSERT OR REPLACE INTO backup_run VALUES (?, ?, ?)", (number, run.profile, encode_run(run)))


def set_started_in(boot: str) -> Statement:
    return ("INSERT OR REPLACE INTO started_in VALUES (1, ?)", (boot,))


def set_label(name: str, color: str) -> Statement:
    return ("INSERT INTO label VALUES (?, ?)", (name, color))


def delete_label(name: str) -> Statement:
    return ("DELETE FROM label WHERE name = ?", (name,))


def set_pool(name: str, driver: str, options: Mapping[str, str]) -> Statement:
    return ("INSERT INTO pool (name, driver, options) VALUES (?, ?, ?)", (name, driver, json.dumps(dict(options))))


def set_pool_options(name: str, options: Mapping[str, str]) -> Statement:
    return ("UPDATE pool SET options = ? WHERE name = ?", (json.dumps(dict(options)), name))


def set_pool_identity(name: str, mark: str) -> Statement:
    """The mark by which the location of the pool is recognized."""
    return ("UPDATE pool SET identity = ? WHERE name = ?", (mark, name))


def forget_pool(name: str) -> Statement:
    """The row of the pool alone: another one follows in the same transaction."""
    return ("DELETE FROM pool WHERE name = ?", (name,))


def delete_pool(name: str) -> list[Statement]:
    """The pool, and what is pending in it."""
    return [
        (f"DELETE FROM {table} WHERE {column} = ?", (name,))  # noqa: S608 - names of ours
        for table, column in (("pool", "name"), ("pending_volume", "pool"), ("pending_rename", "pool"))
    ]
