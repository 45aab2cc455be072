# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the page of resources: who uses most, pools with a forecast, and what grows most."""

from collections.abc import Iterable
from dataclasses import dataclass

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from qubesmanager.models.resources import Use
from qubesmanager.models.row_table import Mark, TableColumn
from qubesmanager.models.storage_rows import PoolRow
from qubesmanager.models.texts import date_text, gib_text, number_text, size_text
from qubesmanager.models.usage_series import METADATA, POOL, QUBE, UsageSeries
from qubesmanager.models.volume_table import share
from qubesmanager.rules.forecast import LEAST_DAYS, Forecast, Outlook, forecast, growth
from qubesmanager.rules.volumes import KERNEL_DRIVER
from qubesmanager.wire.records import VmRecord

CONTEXT = "Resources"
LONG_BUSY = 60
"""Seconds at the limit from which it is noted."""
SOON = 120
"""Days until a pool is full from which it is a warning."""
NEARLY_FULL = 0.8
"""The part of a pool's metadata that is a warning whatever the forecast: no qube can write once it is full."""
MOST = 5
"""Qubes that the table of growth has."""
WEEK = 7


@dataclass(frozen=True, slots=True)
class PoolOutlook:
    """A pool or its metadata, and when that is full."""

    pool: PoolRow
    forecast: Forecast
    is_metadata: bool = False

    @property
    def size(self) -> int:
        """Bytes in all; 0 if the pool does not say it."""
        return self.pool.metadata_size if self.is_metadata else self.pool.size

    @property
    def usage(self) -> int:
        """Bytes taken."""
        return self.pool.metadata_usage if self.is_metadata else self.pool.usage

    @property
    def key(self) -> str:
        """Its identity among the rows: the name of the pool, which holds no slash, or that of the metadata."""
        return f"{self.pool.name}/metadata" if self.is_metadata else self.pool.name

    @property
    def is_nearly_full(self) -> bool:
        """Whether it is metadata that needs attention whatever the forecast."""
        return self.is_metadata and self.usage >= NEARLY_FULL * self.size


@dataclass(frozen=True, slots=True)
class Growth:
    """A qube with the bytes of its disks, and how many more they are each week."""

    name: str
    size: int
    per_week: float


def note(use: Use) -> str:
    """What is remarkable about a qube's use, in the user's language; empty for nothing."""
    if use.is_paused:
        return QCoreApplication.translate("Resources", "paused, keeps its memory")
    if use.busy >= LONG_BUSY:
        minutes = use.busy // 60
        return QCoreApplication.translate("Resources", "at its CPU limit for %n min", "", minutes)
    return QCoreApplication.translate("Resources", "memory is fixed") if use.is_fixed else ""


def memory_text(use: Use) -> str:
    """GiB, and of how many."""
    used = gib_text(use.memory << 10)
    if not use.most:
        return used
    return QCoreApplication.translate("Resources", "{0} of {1}").format(used, gib_text(use.most << 10))


def outlook_text(row: PoolOutlook) -> str:
    """When the pool is full, in the user's language."""
    outlook, days = row.forecast.outlook, row.forecast.days
    if row.is_nearly_full and outlook is not Outlook.FULL:
        return QCoreApplication.translate("Resources", "nearly full")
    if outlook is Outlook.FILLS:
        weeks, years = days // 7, days // 365
        if days < 14:  # noqa: PLR2004 - two weeks
            return QCoreApplication.translate("Resources", "full in %n day(s)", "", days)
        if days < 365:  # noqa: PLR2004 - a year
            return QCoreApplication.translate("Resources", "full in %n week(s)", "", weeks)
        return QCoreApplication.translate("Resources", "full in about %n year(s)", "", years)
    return {
        Outlook.UNKNOWN: QCoreApplication.translate("Resources", "not known yet"),
        Outlook.STEADY: QCoreApplication.translate("Resources", "does not grow"),
        Outlook.FAR: QCoreApplication.translate("Resources", "hardly grows"),
        Outlook.FULL: QCoreApplication.translate("Resources", "full"),
    }[outlook]


def method_text(row: PoolOutlook) -> str:
    """How the forecast was made, for a tooltip."""
    translate = QCoreApplication.translate
    result = row.forecast
    if result.per_day is None:
        text = translate("Resources", "Needs measurements of {0} days, one every six hours; there are {1} so far.")
        return text.format(number_text(LEAST_DAYS), number_text(result.samples))
    text = translate("Resources", "{0} a week: the median between every two of {1} measurements since {2}, continued.")
    per_week = size_text(round(result.per_day * WEEK)) or gib_text(0)
    return text.format(per_week, number_text(result.samples), date_text(result.since))


def is_soon(row: PoolOutlook) -> bool:
    """Whether the pool needs attention."""
    return (
        row.is_nearly_full
        or row.forecast.outlook is Outlook.FULL
        or (row.forecast.outlook is Outlook.FILLS and row.forecast.days <= SOON)
    )


def used_text(row: PoolOutlook) -> str:
    """GiB, of how many; "not known" where the pool does not say it."""
    if row.size <= 0:
        return QCoreApplication.translate("Resources", "not known")
    text = QCoreApplication.translate("Resources", "{0} of {1}")
    return text.format(gib_text(row.usage), gib_text(row.size))


def title_text(row: PoolOutlook) -> str:
    """The name of the pool, or what its metadata is called below it."""
    return QCoreApplication.translate("Resources", "its metadata") if row.is_metadata else row.pool.name


def whole_title(row: PoolOutlook) -> str:
    """The title of a row that may be anywhere."""
    if not row.is_metadata:
        return row.pool.name
    return QCoreApplication.translate("Resources", "the metadata of {0}").format(row.pool.name)


def title_tip(row: PoolOutlook) -> str:
    """What the row is."""
    if not row.is_metadata:
        return row.pool.driver
    text = QCoreApplication.translate("Resources", "Where {0} keeps which volume has which blocks.")
    full = QCoreApplication.translate("Resources", "Once it is full, no qube can write to the pool.")
    return f"{text} {full}".format(row.pool.name)


def outlooks(pools: Iterable[PoolRow], series: UsageSeries, now: int) -> list[PoolOutlook]:
    """The pools with their forecasts, each followed by its metadata if that has its own limit."""
    rows = []
    for pool in sorted(pools, key=lambda pool: pool.name):
        if pool.driver == KERNEL_DRIVER:  # it is as large as its kernels, and never filled by qubes
            rows.append(PoolOutlook(pool, Forecast(Outlook.STEADY)))
        else:
            rows.append(PoolOutlook(pool, forecast(series.of(f"{POOL}{pool.name}"), pool.size, pool.usage, now)))
        if pool.metadata_size:
            samples = series.of(f"{METADATA}{pool.name}")
            result = forecast(samples, pool.metadata_size, pool.metadata_usage, now)
            rows.append(PoolOutlook(pool, result, is_metadata=True))
    return rows


def growths(records: Iterable[VmRecord], series: UsageSeries, now: int) -> list[Growth]:
    """The qubes that grow most, the first one most; none that does not grow, or of which that is not known."""
    rows = []
    for record in records:
        per_day = growth(series.of(f"{QUBE}{record.name}"), now)
        if per_day is not None and per_day > 0:
            rows.append(Growth(record.name, record.disk_usage, per_day * WEEK))
    return sorted(rows, key=lambda row: (-row.per_week, row.name))[:MOST]


def table_of(uses: Iterable[Use], pools: Iterable[PoolOutlook]) -> list[tuple[str, ...]]:
    """What is used, as rows of texts for another program: qubes with KiB and percent, then pools with bytes."""
    translate = QCoreApplication.translate
    titles = (
        translate("Resources", "Qube"),
        translate("Resources", "Memory (KiB)"),
        translate("Resources", "At most (KiB)"),
        translate("Resources", "CPU (%)"),
        translate("Resources", "Pool"),
        translate("Resources", "Used (bytes)"),
        translate("Resources", "Size (bytes)"),
        translate("Resources", "Forecast"),
    )
    rows = [(use.name, str(use.memory), str(use.most or ""), str(use.cpu), "", "", "", "") for use in uses]
    rows.extend(("", "", "", "", whole_title(row), str(row.usage), str(row.size), outlook_text(row)) for row in pools)
    return [titles, *rows]


USE_COLUMNS: tuple[TableColumn[Use], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("Resources", "Qube"), lambda row: row.name),
    TableColumn(
        QT_TRANSLATE_NOOP("Resources", "Memory (GiB)"),
        memory_text,
        lambda row: row.memory,
        lambda row: share(row.memory, row.most or row.memory),
    ),
    TableColumn(
        QT_TRANSLATE_NOOP("Resources", "CPU (%)"), lambda row: number_text(row.cpu), lambda row: row.cpu, right=True
    ),
    TableColumn(
        QT_TRANSLATE_NOOP("Resources", "Note"),
        note,
        mark=lambda row: Mark.WARNING if row.busy >= LONG_BUSY and not row.is_paused else Mark.QUIET,
    ),
)
USE_NAME, USE_MEMORY, USE_CPU, USE_NOTE = range(4)

POOL_COLUMNS: tuple[TableColumn[PoolOutlook], ...] = (
    TableColumn(
        QT_TRANSLATE_NOOP("Resources", "Pool"),
        title_text,
        lambda row: (row.pool.name, row.is_metadata),
        mark=lambda row: Mark.QUIET if row.is_metadata else None,
        tip=title_tip,
    ),
    TableColumn(
        QT_TRANSLATE_NOOP("Resources", "Used (GiB)"),
        used_text,
        lambda row: row.usage,
        lambda row: share(row.usage, row.size),
    ),
    TableColumn(
        QT_TRANSLATE_NOOP("Resources", "Forecast"),
        outlook_text,
        lambda row: (row.forecast.outlook is not Outlook.FILLS, row.forecast.days),
        mark=lambda row: Mark.WARNING if is_soon(row) else Mark.QUIET,
        tip=method_text,
    ),
)
POOL_USED, POOL_FORECAST = 1, 2

GROWTH_COLUMNS: tuple[TableColumn[Growth], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("Resources", "Grows most"), lambda row: row.name),
    TableColumn(
        QT_TRANSLATE_NOOP("Resources", "Disk (GiB)"), lambda row: gib_text(row.size), lambda row: row.size, right=True
    ),
    TableColumn(
        QT_TRANSLATE_NOOP("Resources", "A week (GiB)"),
        lambda row: f"+ {gib_text(round(row.per_week))}",
        lambda row: row.per_week,
        right=True,
    ),
)
