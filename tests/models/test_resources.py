# SPDX-License-Identifier: GPL-3.0-or-later
from hypothesis import given
from hypothesis import strategies as st
from samples import vm

from qubesmanager.models.resources import POINTS, STEP, Resources, Share
from qubesmanager.models.row_table import RowTable, TableColumn
from qubesmanager.models.usage_series import LENGTH, MOST, POOL, QUBE, SPACING, UsageSeries
from qubesmanager.rules.forecast import WINDOW
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import VM_STATS
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import PowerState, VmClass

NOW = 1_800_000_000


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


def running(name: str, klass: VmClass = VmClass.APP, **properties: str) -> VmRecord:
    return vm(name, klass, PowerState.RUNNING, tags=(), notes="", **properties)


QUBES = {
    record.name: record
    for record in (
        running("dom0", VmClass.ADMIN),
        running("work", vcpus="4", memory="400", maxmem="4000"),
        running("sys-net", vcpus="2", memory="400", maxmem="0"),
        vm("vault", vcpus="2"),
    )
}


def stats(name: str, memory_mib: int, cpu: int) -> Event:
    return VM_STATS(name, memory_kb=memory_mib << 10, cpu_time=1, cpu_usage=cpu)


def filled(clock: Clock) -> Resources:
    resources = Resources(clock)
    resources.put_host({"total": str(16 << 20), "free": str(8 << 20), "cpus": "8"})
    resources.put_stats([stats("dom0", 4000, 10), stats("work", 3000, 100), stats("sys-net", 400, 50)], QUBES)
    return resources


def test_the_processors_of_the_computer_are_shared_by_their_number() -> None:
    resources = filled(Clock())

    assert resources.cpu(QUBES) == (10 * 8 + 100 * 4 + 50 * 2) / 8
    assert resources.memory() == 7400 << 10


def test_without_the_number_of_processors_their_use_is_not_known() -> None:
    resources = filled(Clock())
    resources.put_host({"total": "none", "free": ""})

    assert resources.cpu(QUBES) is None
    assert (resources.total, resources.free, resources.cpus) == (None, None, None)
    assert resources.memory() == 7400 << 10


def test_the_largest_come_first_with_their_limits_and_how_long_they_have_been_busy() -> None:
    clock = Clock()
    resources = filled(clock)
    resources.put_stats([stats("work", 3000, 100)], QUBES)

    uses = {use.name: use for use in resources.uses(QUBES)}
    assert list(uses) == ["dom0", "work", "sys-net"]
    assert uses["work"].busy == 6
    assert uses["work"].most == 4000 << 10
    assert uses["sys-net"].is_fixed
    assert not uses["dom0"].is_fixed


def test_many_small_ones_are_one_share() -> None:
    qubes = {f"q{number}": running(f"q{number}") for number in range(9)}
    resources = Resources(Clock())
    resources.put_stats([stats(name, 100 + at, 0) for at, name in enumerate(qubes)], qubes)

    shares = resources.shares(qubes)
    assert shares[0] == Share("q8", 108 << 10)
    assert shares[-1] == Share("", sum(100 + at for at in range(4)) << 10, 4)
    assert sum(share.memory for share in shares) == resources.memory()


def test_a_round_that_comes_in_parts_is_one_point() -> None:
    clock = Clock()
    resources = Resources(clock)
    resources.put_host({"cpus": "8"})
    resources.put_stats([stats("dom0", 4000, 10)], QUBES)
    clock.now += 0.01
    resources.put_stats([stats("work", 3000, 100)], QUBES)

    assert [moment.memory for moment in resources.hour] == [7000 << 10]
    assert resources.hour[0].cpu == (10 * 8 + 100 * 4) / 8


def test_a_qube_that_halts_is_forgotten() -> None:
    resources = filled(Clock())
    resources.put_stats([], {**QUBES, "work": vm("work")})

    assert "work" not in resources.histories


def test_the_hour_is_bounded_and_a_clock_that_is_set_back_leaves_no_point_in_the_future() -> None:
    clock = Clock()
    resources = filled(clock)
    for _ in range(3 * POINTS):
        clock.now += STEP
        resources.put_stats([stats("work", 3000, 1)], QUBES)
    assert len(resources.hour) == POINTS

    clock.now -= 10 * STEP
    resources.put_stats([stats("work", 3000, 1)], QUBES)
    assert all(moment.time <= clock.now for moment in resources.hour)


def test_points_from_before_a_suspend_leave_the_last_hour() -> None:
    clock = Clock()
    resources = filled(clock)
    clock.now += 9 * 3600
    resources.put_stats([stats("work", 3000, 1)], QUBES)

    assert [moment.time for moment in resources.hour] == [clock.now]


def test_a_series_comes_back_from_its_text() -> None:
    series = UsageSeries()
    for at in range(5):
        series.put({"pool:default": 100 + at, "qube:work": at}, NOW + at * SPACING)

    again = UsageSeries(series.text())
    assert again.of("pool:default") == [(NOW + at * SPACING, 100 + at) for at in range(5)]
    assert not again.is_due(NOW + 5 * SPACING - 1)
    assert again.is_due(NOW + 5 * SPACING)
    assert again.is_due(NOW - WINDOW)


def test_series_are_bounded_and_pools_come_before_qubes() -> None:
    series = UsageSeries()
    for at in range(LENGTH + 10):
        series.put({"pool:small": 1, **{f"{QUBE}q{number}": number for number in range(MOST + 50)}}, NOW + at)

    assert len(series.of("pool:small")) == LENGTH
    assert not series.of(f"{QUBE}q0")
    assert series.of(f"{QUBE}q{MOST + 49}")
    series.put({f"{POOL}other": 2}, NOW + LENGTH + 10 + WINDOW)
    assert not series.of("pool:small")


def test_what_is_not_measured_for_some_time_keeps_its_measurements() -> None:
    series = UsageSeries()
    for at in range(10):
        series.put({f"{POOL}default": 100, f"{QUBE}work": 5}, NOW + at * SPACING)

    series.put({f"{QUBE}work": 6}, NOW + 10 * SPACING)
    series.put({f"{POOL}default": 101}, NOW + 11 * SPACING)

    assert len(series.of(f"{POOL}default")) == 11
    assert len(series.of(f"{QUBE}work")) == 11
    assert series.newest == NOW + 11 * SPACING


def test_an_index_that_is_older_than_the_rows_has_no_text() -> None:
    table: RowTable[str] = RowTable("Resources", (TableColumn("Qube", str),), str)
    table.put(["work", "vault"])
    index = table.index(1, 0)

    table.put(["work"])

    assert table.data(index) is None


@given(st.text() | st.sampled_from(['{"a": 1}', "[]", '{"a": [[1]]}', '{"a": [[1, "x"]]}', '{"a": [[1e999, 2]]}']))
def test_a_damaged_text_is_an_empty_series(text: str) -> None:
    assert UsageSeries(text).of("pool:default") == []
