# SPDX-License-Identifier: GPL-3.0-or-later
"""Random sequences of changes to a pool agree with a dict of bytes.

QM_POOL_SEQUENCES is the number of sequences for each driver, a hundred by default; scripts/test runs a thousand.
"""

import asyncio
import os
import shutil
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from pool_tools import MIB, guest_write, kept
from streams import pieces

from qubesmanager.daemon.local.drivers.pools.base import Disk, PoolDriver, VolumeSpec
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2
from qubesmanager.daemon.local.drivers.pools.file_reflink import FileReflink
from qubesmanager.wire.errors import QubesValueError, QubesVMNotHaltedError

SEQUENCES = int(os.environ.get("QM_POOL_SEQUENCES", "100"))
CLUSTER = 65536
T = TypeVar("T")
VALUES = st.integers(0, 5)
PLACES = st.integers(0, 20)


@dataclass(frozen=True)
class Bytes:
    """A volume's content: the size, and the value that each written cluster is full of."""

    size: int
    clusters: dict[int, int] = field(default_factory=dict)

    def written(self, place: int, value: int) -> "Bytes":
        return Bytes(self.size, {**self.clusters, place: value})

    def shown(self) -> tuple[int, dict[int, int]]:
        return self.size, {place: value for place, value in self.clusters.items() if value}


@dataclass
class Volume:
    now: Bytes
    base: Bytes | None = None
    snapshots: dict[str, Bytes] = field(default_factory=dict)
    generation: object = None
    base_generation: object = None
    disk: Disk | None = None

    def write(self, place: int, value: int) -> None:
        self.now = self.now.written(place, value)
        self.generation = object()


class Guest:
    def __init__(self, disk: Disk) -> None:
        self.disk = disk

    async def switch_to(self, disk: Disk) -> None:
        self.disk = disk

    async def resize(self, size: int) -> None:
        raise AssertionError


class Loop(asyncio.SelectorEventLoop):
    """Carries out work for threads itself, at once: most of the time of small changes is the way to a thread."""

    def run_in_executor(self, _executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class PoolMachine(RuleBasedStateMachine):
    place: ClassVar[Path]
    driver: ClassVar[type[FileQcow2] | type[FileReflink]]
    volumes = Bundle("volumes")

    def __init__(self) -> None:
        super().__init__()
        self.loop = Loop()
        self.root = self.place / uuid.uuid4().hex
        self.pool: PoolDriver = self.driver("pool", self.root)
        self.model: dict[str, Volume] = {}
        self.touched: set[str] = set()
        self.count = 0

    def do(self, change: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(change)

    def spec(self, vid: str, revisions: int = 1) -> VolumeSpec:
        return kept(vid, revisions=revisions)

    def teardown(self) -> None:
        self.loop.close()
        shutil.rmtree(self.root)

    @initialize()
    def setup(self) -> None:
        self.do(self.pool.setup())

    def new_name(self) -> str:
        self.count += 1
        return f"vm{self.count}/private"

    @rule(target=volumes, mib=st.integers(4, 6))
    def create(self, mib: int) -> str:
        vid = self.new_name()
        self.do(self.pool.create(vid, mib * MIB))
        self.model[vid] = Volume(Bytes(mib * MIB))
        self.touched.add(vid)
        return vid

    @rule(target=volumes, source=volumes)
    def clone(self, source: str) -> str:
        vid = self.new_name()
        self.do(self.pool.clone(vid, self.pool, source))
        origin = self.model[source]
        self.model[vid] = Volume(origin.base or origin.now)
        self.touched |= {vid, source}
        return vid

    @rule(vid=consumes(volumes))
    def remove(self, vid: str) -> None:
        self.do(self.pool.remove(vid))
        del self.model[vid]

    @rule(target=volumes, vid=consumes(volumes))
    def rename(self, vid: str) -> object:
        new = self.new_name()
        if self.model[vid].base:
            with pytest.raises(QubesVMNotHaltedError):
                self.do(self.pool.rename_vm(vid.split("/", maxsplit=1)[0], new.split("/", maxsplit=1)[0]))
            return multiple(vid)
        self.do(self.pool.rename_vm(vid.split("/", maxsplit=1)[0], new.split("/", maxsplit=1)[0]))
        self.model[new] = self.model.pop(vid)
        self.touched.add(new)
        return new

    @rule(vid=volumes)
    def start(self, vid: str) -> None:
        volume = self.model[vid]
        disk = self.do(self.pool.start(self.spec(vid)))
        if volume.base is None:
            volume.base, volume.base_generation = volume.now, volume.generation
        volume.disk = disk

    @rule(vid=volumes, place=PLACES, value=VALUES)
    def write(self, vid: str, place: int, value: int) -> None:
        volume = self.model[vid]
        if volume.disk is None:
            self.start(vid)
        assert volume.disk is not None
        guest_write(volume.disk, place * CLUSTER, bytes([value]) * CLUSTER)
        volume.write(place, value)
        self.touched.add(vid)

    @rule(vid=volumes, revisions=st.integers(-1, 3))
    def stop(self, vid: str, revisions: int) -> None:
        volume = self.model[vid]
        self.do(self.pool.stop(self.spec(vid, revisions)))
        if volume.base is None:
            return
        present = self.do(self.pool.list_snapshots(vid))
        if volume.generation is not volume.base_generation and (new := set(present) - set(volume.snapshots)):
            (name,) = new
            volume.snapshots[name] = volume.base
        assert present == (list(volume.snapshots) if revisions < 0 else list(volume.snapshots)[-revisions or 99 :])
        volume.snapshots = {name: volume.snapshots[name] for name in present}
        volume.base = volume.disk = None
        self.touched.add(vid)

    @rule(vid=volumes, live=st.booleans())
    def snapshot(self, vid: str, live: bool) -> None:
        volume = self.model[vid]
        guest = Guest(volume.disk) if volume.disk and live else None
        name = self.do(self.pool.snapshot(vid, guest))
        volume.snapshots[name] = volume.now
        if guest:
            volume.disk = guest.disk
        elif volume.disk:
            volume.disk = self.do(self.pool.start(self.spec(vid)))
        self.touched.add(vid)

    @rule(vid=volumes, number=st.integers(0, 9))
    def revert(self, vid: str, number: int) -> None:
        volume = self.model[vid]
        if not volume.snapshots:
            return
        name = list(volume.snapshots)[number % len(volume.snapshots)]
        if volume.base:
            with pytest.raises(QubesVMNotHaltedError):
                self.do(self.pool.revert(vid, name))
            return
        before = self.do(self.pool.revert(vid, name))
        volume.snapshots[before] = volume.now
        volume.now, volume.generation = volume.snapshots[name], object()
        self.touched.add(vid)

    @rule(vid=volumes, mib=st.integers(4, 9))
    def resize(self, vid: str, mib: int) -> None:
        volume = self.model[vid]
        if mib * MIB < volume.now.size:
            with pytest.raises(QubesValueError):
                self.do(self.pool.resize(vid, mib * MIB))
            return
        self.do(self.pool.resize(vid, mib * MIB))
        if mib * MIB > volume.now.size:
            volume.now, volume.generation = Bytes(mib * MIB, volume.now.clusters), object()
        self.touched.add(vid)

    @rule(vid=volumes)
    def clear(self, vid: str) -> None:
        volume = self.model[vid]
        if volume.base:
            with pytest.raises(QubesVMNotHaltedError):
                self.do(self.pool.clear(vid))
            return
        self.do(self.pool.clear(vid))
        volume.now, volume.generation = Bytes(volume.now.size), object()
        self.touched.add(vid)

    @rule(vid=volumes, value=VALUES, clusters=st.integers(1, 30))
    def import_data(self, vid: str, value: int, clusters: int) -> None:
        volume = self.model[vid]
        if volume.base:
            return
        self.do(self.pool.import_data(vid, pieces(bytes([value]) * CLUSTER * clusters)))
        volume.now, volume.generation = Bytes(4 * MIB, dict.fromkeys(range(clusters), value)), object()
        self.touched.add(vid)

    @rule()
    def restart_the_daemon(self) -> None:
        self.pool = self.driver("pool", self.root)
        assert self.do(self.pool.recover({vid: v.disk.path for vid, v in self.model.items() if v.disk})) == []

    async def shown(self, vid: str, snapshot: str | None = None) -> tuple[int, dict[int, int]]:
        clusters = {}
        async for offset, data in self.pool.read(vid, snapshot):
            for at in range(0, len(data), CLUSTER):
                cluster = data[at : at + CLUSTER]
                assert cluster == cluster[:1] * len(cluster)
                if cluster[0]:
                    clusters[(offset + at) // CLUSTER] = cluster[0]
        return await self.pool.size(vid, snapshot), clusters

    @invariant()
    def agrees(self) -> None:
        assert self.do(self.pool.list_volumes()) == sorted(self.model)
        for vid in self.touched & set(self.model):
            volume = self.model[vid]
            assert self.do(self.shown(vid)) == (volume.base or volume.now).shown()
            assert self.do(self.pool.list_snapshots(vid)) == list(volume.snapshots)
            for name, state in volume.snapshots.items():
                assert self.do(self.shown(vid, name)) == state.shown()
        self.touched.clear()


@pytest.mark.slow
@pytest.mark.unmeasured
@pytest.mark.timeout(max(120, SEQUENCES * 4))
@pytest.mark.parametrize("driver", [FileQcow2, FileReflink])
def test_any_sequence_of_changes_agrees_with_a_dict_of_bytes(
    request: pytest.FixtureRequest, memory: Path, driver: type[FileQcow2] | type[FileReflink]
) -> None:
    place = memory if driver is FileQcow2 else request.getfixturevalue("reflink_place")
    machine = type("Machine", (PoolMachine,), {"place": place, "driver": driver})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=SEQUENCES, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
