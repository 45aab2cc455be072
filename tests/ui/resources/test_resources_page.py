# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of resources over a whole daemon: what is known is shown, what is not is not guessed."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest
from fakes_hypervisor import FakeHypervisor
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QWidget
from windows import Clicker, click, press_key, type_text

from qubesmanager.client.live_copy import Lost
from qubesmanager.daemon.local.drivers.hypervisor.base import HostStats
from qubesmanager.models.resource_rows import table_of
from qubesmanager.models.usage_series import METADATA, POOL, QUBE, UsageSeries
from qubesmanager.rules.forecast import DAY
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.resources.resources_page import ResourcesPage
from qubesmanager.ui.session.windows import PAGE
from qubesmanager.wire import calls
from qubesmanager.wire.events import VM_STATS

GIB = 1 << 30


@pytest.fixture
async def page(clicker: Clicker, hypervisor: FakeHypervisor) -> ResourcesPage:
    """The page, with the answers about memory and pools."""
    hypervisor.host.stats = HostStats(4 << 20, 1, counts_domains=False)
    hypervisor.host.memory_kib = 64 << 20
    clicker.window.sidebar.choose("page:resources")
    page = clicker.window.pages.currentWidget()
    assert isinstance(page, ResourcesPage)
    await clicker.until(lambda: page.resources.total is not None and clicker.session.usage.is_known)
    return page


def emit(clicker: Clicker, **cpus: int) -> None:
    """A round of statistics: percents by name, each with 400 MiB."""
    clicker.session.stats.emit(
        tuple(VM_STATS(name, memory_kb=400 << 10, cpu_time=1, cpu_usage=cpu) for name, cpu in cpus.items())
    )


def cells(page: ResourcesPage) -> list[list[str]]:
    model = page.shown_uses
    return [[str(model.index(row, at).data()) for at in range(4)] for row in range(model.rowCount())]


async def test_memory_processors_and_the_largest_are_shown(clicker: Clicker, page: ResourcesPage) -> None:
    emit(clicker, work=100, personal=3)

    names = [row[0] for row in cells(page)]
    assert {"work", "personal"} <= set(names)
    assert "GiB" in page.memory.text()
    assert "not known" not in page.memory.text()
    assert "free for qubes" in page.memory_note.text()
    assert "% of" in page.cpu.text()
    assert "work" in page.bar.accessibleName()
    assert page.resources.hour


async def test_what_dom0_does_not_say_is_not_known(clicker: Clicker, page: ResourcesPage) -> None:
    page.resources.put_host({})
    emit(clicker, work=100)

    assert page.cpu.text() == "not known"
    assert "GiB of not known" in page.memory.text()
    assert "not known" in page.memory_note.text()


async def test_a_pool_has_a_forecast_only_after_days_of_measurements(clicker: Clicker, page: ResourcesPage) -> None:
    usage = clicker.session.usage
    pool = next(row for row in page.pools.rows if row.pool.size > 0).pool
    assert "not known yet" in [page.pools.index(at, 2).data() for at in range(page.pools.rowCount())]
    series, now = UsageSeries(), int(time.time())
    for day in range(10, -1, -1):
        used = pool.usage + (10 - day) * (pool.size - pool.usage) // 40
        series.put({f"{POOL}{pool.name}": used, f"{QUBE}work": (10 - day) * GIB}, now - day * DAY)
    usage.keep(series)
    usage.changed.emit()

    at = page.pools.row_of(pool.name)
    assert page.pools.index(at, 2).data().startswith("full in 5 week")
    assert "median" in page.pools.index(at, 2).data(Qt.ItemDataRole.ToolTipRole)
    assert page.advice.isVisible()
    assert page.growths.index(0, 0).data() == "work"
    assert page.growths.index(0, 2).data() == "+ 7.0"
    openings: list[tuple[str, tuple[str, ...]]] = []
    clicker.session.window_wanted.connect(lambda kind, names: openings.append((kind, names)))
    click(page.snapshots)
    assert openings == [("storage", (f"{PAGE}snapshots",))]


async def test_the_series_is_kept_for_the_next_start(clicker: Clicker, page: ResourcesPage) -> None:
    pool = page.pools.rows[0].pool.name

    assert clicker.session.usage.series.of(f"{POOL}{pool}")
    clicker.session.usage.ask()
    assert len(clicker.session.usage.series.of(f"{POOL}{pool}")) == 1


async def test_the_table_is_searched_and_enter_opens_the_settings(clicker: Clicker, page: ResourcesPage) -> None:
    emit(clicker, work=100, personal=3)
    type_text(page.search, "pers")
    assert [row[0] for row in cells(page)] == ["personal"]
    page.uses_table.selectRow(0)
    assert clicker.window.selected() == ["personal"]
    openings: list[tuple[str, tuple[str, ...]]] = []
    clicker.session.window_wanted.connect(lambda kind, names: openings.append((kind, names)))
    press_key(page.uses_table, Qt.Key.Key_Return)

    assert openings == [("settings", ("personal",))]


async def test_the_selection_stays_while_statistics_come(clicker: Clicker, page: ResourcesPage) -> None:
    emit(clicker, work=100, personal=3)
    row = page.shown_uses.shown_row("personal")
    page.uses_table.selectRow(row)
    emit(clicker, work=1, personal=99)
    emit(clicker, work=1)

    assert page.selected_names() == ("personal",)


async def test_the_page_is_drawn_in_both_directions(clicker: Clicker, page: ResourcesPage) -> None:
    emit(clicker, work=100, personal=3)
    emit(clicker, work=50, personal=3)
    widgets: list[QWidget] = [page]
    for direction in (Qt.LayoutDirection.RightToLeft, Qt.LayoutDirection.LeftToRight):
        page.setLayoutDirection(direction)
        assert not widgets[0].grab().isNull()
    page.resize(600, 400)
    assert page.across.orientation() == Qt.Orientation.Vertical


async def test_no_free_memory_is_known_and_without_a_connection_no_qube_uses_any(
    clicker: Clicker, page: ResourcesPage
) -> None:
    page.resources.put_host({"total": "8000000", "free": "0", "cpus": "4"})
    emit(clicker, work=100, personal=3)
    assert page.memory_note.text().endswith("GiB free for qubes")

    clicker.session.lost.emit(Lost(TransportError("The connection was closed."), 8.0))

    assert cells(page) == []


async def test_a_qube_that_halts_is_dropped_without_statistics(clicker: Clicker, page: ResourcesPage) -> None:
    emit(clicker, work=100, personal=3)
    assert "work" in [row[0] for row in cells(page)]
    page._session.stats.disconnect(page._stats)

    await clicker.session.client.send(calls.VM_KILL("work"))

    await clicker.until(lambda: "work" not in [row[0] for row in cells(page)])


async def test_statistics_make_no_forecasts(
    clicker: Clicker, page: ResourcesPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    monkeypatch.setattr(page, "_look_at_pools", lambda: made.append(1))

    emit(clicker, work=100, personal=3)

    assert "work" in [row[0] for row in cells(page)]
    assert made == []


async def test_a_full_pool_is_a_warning_without_measurements(clicker: Clicker, page: ResourcesPage) -> None:
    usage = clicker.session.usage
    pool = next(row for row in usage.pools if row.size > 0)
    usage.keep(UsageSeries())
    usage.pools = [replace(pool, usage=pool.size)]
    usage.changed.emit()

    assert page.advice.isVisible()
    assert page.advice.text().startswith(f"{pool.name} is full.")
    assert "Needs measurements" in page.pools.index(0, 2).data(Qt.ItemDataRole.ToolTipRole)


async def test_the_pool_of_kernels_is_as_large_as_its_kernels_and_no_warning(
    clicker: Clicker, page: ResourcesPage
) -> None:
    usage = clicker.session.usage
    usage.pools = [replace(usage.pools[0], name="linux-kernel", driver="linux-kernel", size=GIB, usage=GIB)]
    usage.changed.emit()

    assert page.pools.index(0, 2).data() == "does not grow"
    assert not page.advice.isVisible()


async def test_the_metadata_of_a_thin_pool_is_a_row_below_it_and_warns_when_it_is_nearly_full(
    clicker: Clicker, page: ResourcesPage
) -> None:
    usage = clicker.session.usage
    pool = replace(next(row for row in usage.pools if row.size > 0), driver="lvm-thin", usage=1)
    others = [row for row in usage.pools if row.name != pool.name]
    usage.pools = [*others, replace(pool, metadata_size=4 * GIB, metadata_usage=2 * GIB)]
    usage.changed.emit()

    below = page.pools.row_of(pool.name) + 1
    assert [page.pools.index(below, at).data() for at in range(3)] == ["its metadata", "2.0 of 4.0", "not known yet"]
    assert pool.name in page.pools.index(below, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert not page.advice.isVisible()
    assert not page.grab().isNull()

    usage.pools = [*others, replace(pool, metadata_size=4 * GIB, metadata_usage=7 * GIB // 2)]
    usage.changed.emit()

    assert page.pools.index(below, 2).data() == "nearly full"
    assert page.advice.text() == f"Extend the metadata of {pool.name}. Once it is full, no qube can write."
    row = next(row for row in table_of((), page.pools.rows) if row[4] == f"the metadata of {pool.name}")
    assert row[5:7] == (str(7 * GIB // 2), str(4 * GIB))


async def test_the_metadata_of_a_thin_pool_has_its_own_forecast(clicker: Clicker, page: ResourcesPage) -> None:
    usage = clicker.session.usage
    pool = next(row for row in usage.pools if row.size > 0)
    series, now = UsageSeries(), int(time.time())
    for day in range(10, -1, -1):
        series.put({f"{METADATA}{pool.name}": (20 - day) * GIB}, now - day * DAY)
    usage.keep(series)
    usage.pools = [replace(pool, metadata_size=60 * GIB, metadata_usage=20 * GIB)]
    usage.changed.emit()

    assert page.pools.index(1, 2).data().startswith("full in 5 week")
    assert "Extend the metadata" in page.advice.text()


def remember(clicker: Clicker, pool: str, moment: int) -> UsageSeries:
    """Keep a measurement of that time, and nothing else."""
    series = UsageSeries()
    series.put({f"{POOL}{pool}": 1}, moment)
    clicker.session.usage.keep(series)
    return series


async def test_old_measurements_of_other_connections_are_removed(clicker: Clicker, page: ResourcesPage) -> None:
    settings, now = clicker.session.settings, int(time.time())
    for key, moment in (("usage/old%2Fsocket", now - 31 * DAY), ("usage/new", now - DAY)):
        series = UsageSeries()
        series.put({f"{POOL}default": 1}, moment)
        settings.setValue(key, series.text())

    remember(clicker, "default", now)

    keys = settings.allKeys()
    assert "usage/old%2Fsocket" not in keys
    assert "usage/new" in keys
    assert clicker.session.usage.series.newest == now


async def measured(clicker: Clicker) -> None:
    """Measure once more."""
    rounds: list[int] = []
    connection = clicker.session.usage.changed.connect(lambda: rounds.append(1))
    clicker.session.usage.ask()
    await clicker.until(lambda: bool(rounds))
    clicker.session.usage.changed.disconnect(connection)


async def test_a_clock_that_is_far_ahead_once_ends_no_series(clicker: Clicker, page: ResourcesPage) -> None:
    pool = page.pools.rows[0].pool.name
    before = remember(clicker, pool, int(time.time()) - 90 * DAY).of(f"{POOL}{pool}")

    await measured(clicker)

    assert clicker.session.usage.series.of(f"{POOL}{pool}") == before


async def test_nothing_is_kept_while_the_qubes_are_not_known(clicker: Clicker, page: ResourcesPage) -> None:
    pool = page.pools.rows[0].pool.name
    before = remember(clicker, pool, int(time.time()) - DAY).of(f"{POOL}{pool}")
    clicker.session.is_synced = False

    await measured(clicker)

    assert clicker.session.usage.series.of(f"{POOL}{pool}") == before


async def test_a_request_during_a_measurement_is_answered_after_it(
    clicker: Clicker, page: ResourcesPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage, rounds = clicker.session.usage, list[int]()

    async def measure() -> None:
        rounds.append(1)
        if len(rounds) == 1:
            usage.ask()

    monkeypatch.setattr(usage, "_measure", measure)
    await measured(clicker)

    await clicker.until(lambda: len(rounds) == 2)


async def test_the_box_shows_the_mean_of_the_last_minutes(clicker: Clicker, page: ResourcesPage) -> None:
    page.resources.histories.clear()  # of statistics that came from the daemon
    for cpu in (10, 20, 60):
        emit(clicker, work=cpu)
    now = next(row for row in cells(page) if row[0] == "work")

    page.of_time.setCurrentIndex(1)
    mean = next(row for row in cells(page) if row[0] == "work")

    assert (now[2], mean[2]) == ("60", "30")
    emit(clicker, work=30)
    assert next(row for row in cells(page) if row[0] == "work")[2] == "30"
    page.of_time.setCurrentIndex(0)
    assert next(row for row in cells(page) if row[0] == "work")[2] == "30"


async def test_what_is_used_is_exported(clicker: Clicker, page: ResourcesPage, tmp_path: Path) -> None:
    emit(clicker, work=7)
    page.export_action.export_to(str(tmp_path / "r.csv"))
    await clicker.finished()

    lines = (await asyncio.to_thread((tmp_path / "r.csv").read_text)).splitlines()
    assert lines[0] == "Qube,Memory (KiB),At most (KiB),CPU (%),Pool,Used (bytes),Size (bytes),Forecast"
    assert any(line.startswith("work,409600,") and ",7," in line for line in lines)
    assert any(",default," in line for line in lines)
