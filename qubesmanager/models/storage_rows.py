# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools, volumes and snapshots of a whole system as rows of tables. Sizes are bytes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from qubesmanager.models.row_table import TableColumn
from qubesmanager.models.texts import number_text, size_text
from qubesmanager.models.volume_table import fate, share, usage_text, when_text
from qubesmanager.rules.facts import whole_number
from qubesmanager.rules.volumes import holders, snapshot_time
from qubesmanager.wire.codecs import VolumeId
from qubesmanager.wire.records import VmRecord, VolumeRecord

CONTEXT = "StorageRows"


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A pool as `pool.Info` describes it; `users` are the qubes with a volume in it.

    `metadata_size` is 0 for a pool whose metadata has no separate limit.
    """

    name: str
    driver: str
    size: int
    usage: int
    users: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict, hash=False)
    metadata_size: int = 0
    metadata_usage: int = 0


OPTIONS: Mapping[str, str] = {
    "dir_path": QT_TRANSLATE_NOOP("StorageRows", "Folder"),
    "volume_group": QT_TRANSLATE_NOOP("StorageRows", "Volume group"),
    "thin_pool": QT_TRANSLATE_NOOP("StorageRows", "Thin pool"),
    "revisions_to_keep": QT_TRANSLATE_NOOP("StorageRows", "Snapshots kept of each volume"),
    "state": QT_TRANSLATE_NOOP("StorageRows", "State"),
    "problem": QT_TRANSLATE_NOOP("StorageRows", "Problem"),
}
"""Options of a pool that have a name for the user; another one is shown as the driver calls it."""


STATES: Mapping[str, str] = {
    "open": QT_TRANSLATE_NOOP("StorageRows", "open"),
    "missing": QT_TRANSLATE_NOOP("StorageRows", "missing"),
}
"""The states of a pool."""


def option_value(option: str, value: str) -> str:
    """The value of an option of a pool; a state in the user's language."""
    text = STATES.get(value) if option == "state" else None
    return value if text is None else QCoreApplication.translate(CONTEXT, text)


def option_name(option: str) -> str:
    """The name of an option of a pool in the user's language."""
    text = OPTIONS.get(option)
    return option if text is None else QCoreApplication.translate(CONTEXT, text)


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """A volume; `qube` is empty for one that is no qube's, whose size may not be known yet (0)."""

    place: VolumeId
    qube: str
    volume: VolumeRecord


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A snapshot of a kept volume."""

    place: VolumeId
    qube: str
    name: str
    snapshot: str


POOL_COLUMNS: tuple[TableColumn[PoolRow], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("StorageRows", "Pool"), lambda row: row.name),
    TableColumn(QT_TRANSLATE_NOOP("StorageRows", "Driver"), lambda row: row.driver),
    TableColumn(
        QT_TRANSLATE_NOOP("StorageRows", "Size"), lambda row: size_text(row.size), lambda row: row.size, right=True
    ),
    TableColumn(
        QT_TRANSLATE_NOOP("StorageRows", "Used"),
        lambda row: usage_text(row.usage, row.size),
        lambda row: row.usage,
        lambda row: share(row.usage, row.size),
    ),
    TableColumn(
        QT_TRANSLATE_NOOP("StorageRows", "Qubes"),
        lambda row: number_text(len(row.users)),
        lambda row: len(row.users),
        right=True,
    ),
)
POOL_USED = 3

VOLUME_COLUMNS: tuple[TableColumn[VolumeRow], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("StorageRows", "Volume"), lambda row: row.place.vid),
    TableColumn(QT_TRANSLATE_NOOP("StorageRows", "Qube"), lambda row: row.qube or _nobody()),
    TableColumn(QT_TRANSLATE_NOOP("StorageRows", "Pool"), lambda row: row.place.pool),
    TableColumn(
        QT_TRANSLATE_NOOP("StorageRows", "Size"),
        lambda row: size_text(row.volume.size),
        lambda row: row.volume.size,
        right=True,
    ),
    TableColumn(
        QT_TRANSLATE_NOOP("StorageRows", "Used"),
        lambda row: usage_text(row.volume.usage, row.volume.size),
        lambda row: row.volume.usage,
        lambda row: share(row.volume.usage, row.volume.size),
    ),
    TableColumn(
        QT_TRANSLATE_NOOP("StorageRows", "When the qube halts"), lambda row: fate(row.volume) if row.qube else ""
    ),
)
VOLUME_USED = 4

SNAPSHOT_COLUMNS: tuple[TableColumn[SnapshotRow], ...] = (
    TableColumn(
        QT_TRANSLATE_NOOP("StorageRows", "Taken"),
        lambda row: when_text(row.snapshot),
        lambda row: (snapshot_time(row.snapshot) or 0, row.snapshot),
    ),
    TableColumn(QT_TRANSLATE_NOOP("StorageRows", "Qube"), lambda row: row.qube or _nobody()),
    TableColumn(QT_TRANSLATE_NOOP("StorageRows", "Volume"), lambda row: row.place.vid),
    TableColumn(QT_TRANSLATE_NOOP("StorageRows", "Pool"), lambda row: row.place.pool),
    TableColumn(QT_TRANSLATE_NOOP("StorageRows", "Id"), lambda row: row.snapshot),
)


def _nobody() -> str:
    return QCoreApplication.translate("StorageRows", "none")


def pool_row(info: Mapping[str, str], records: Iterable[VmRecord]) -> PoolRow:
    """The row of what `pool.Info` answered."""
    options = dict(info)
    name, driver = options.pop("name", ""), options.pop("driver", "")
    size, usage, metadata_size, metadata_usage = (
        whole_number(options.pop(key, "")) for key in ("size", "usage", "metadata_size", "metadata_usage")
    )
    return PoolRow(name, driver, size, usage, pool_users(records, name), options, metadata_size, metadata_usage)


def pool_users(records: Iterable[VmRecord], pool: str) -> tuple[str, ...]:
    """The qubes with a volume in the pool, sorted."""
    return tuple(sorted(record.name for record in records if any(volume.pool == pool for volume in record.volumes)))


def volume_rows(
    records: Mapping[str, VmRecord], listed: Iterable[VolumeId], measured: Mapping[VolumeId, VolumeRecord]
) -> list[VolumeRow]:
    """The volumes that pools list, and those that only the qubes have so far; by pool and volume.

    `measured` are the volumes without an owner, as `pool.volume.Info` describes them.
    """
    holders_of = holders(records.values())
    rows = []
    for place in sorted({*listed, *holders_of}):
        qube, name = holders_of.get(place, ("", ""))
        if qube:
            volume = next(each for each in records[qube].volumes if each.name == name)
        else:
            volume = measured.get(place) or VolumeRecord("", place.pool, place.vid, 0, 0, save_on_stop=True)
        rows.append(VolumeRow(place, qube, volume))
    return rows
