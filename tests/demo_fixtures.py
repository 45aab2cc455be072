# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of a daemon in memory: the demonstration's base system on a fake hypervisor, and a client of it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar
from unittest.mock import patch

import pytest
from fakes_hypervisor import FakeHypervisor
from state_copy import StateCopy
from sysfs_tree import SysfsTree
from until import until

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local import runtime
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.drivers.devices.host import HostDevices
from qubesmanager.daemon.local.drivers.devices.memory import MemoryDevices
from qubesmanager.daemon.local.drivers.pools import disk
from qubesmanager.daemon.local.services.volume_lifecycle import Volumes
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.store.store import Store
from qubesmanager.daemon.local.system import System
from qubesmanager.host.workers import LoopThread
from qubesmanager.systems import demo
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.records import VolumeRecord

P = ParamSpec("P")
T = TypeVar("T")


class _Here(Executor):
    """Carries out what is submitted at once, in the thread that submits it."""

    def submit(self, function: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(function(*arguments, **named))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def without_threads() -> Iterator[None]:
    """Do all work of a system in one thread, while no caller uses it: to change threads takes longer than the work."""
    here = _Here()

    def started(
        _thread: LoopThread,
        future: asyncio.Future[T],
        function: Callable[P, T],
        /,
        *arguments: P.args,
        **named: P.kwargs,
    ) -> asyncio.Future[T]:
        done = here.submit(function, *arguments, **named)
        if error := done.exception():
            future.set_exception(error)
        else:
            future.set_result(done.result())
        return future

    async def to_thread(function: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> T:
        return function(*arguments, **named)

    with (
        patch.object(disk, "_THREADS", here),
        patch.object(LoopThread, "_started", started),
        patch.object(asyncio, "to_thread", to_thread),
    ):
        yield


def own_size(volume: VolumeRecord) -> int:
    """Bytes of a new volume: as many as the record says."""
    return volume.size


async def populate(system: System) -> None:
    """Fill an empty system with the qubes of the demonstration, on empty disks and without their past; start them.

    A system that has qubes is only started. One whose store was lost is not filled.
    """
    chosen = demo.samples(0)
    demo.prepare(system, chosen)
    if demo.is_empty(system):
        await demo.write(system, chosen, own_size)
        await demo.set_system(system)
    await demo.run(system, chosen)


@pytest.fixture
def hypervisor() -> FakeHypervisor:
    return FakeHypervisor()


@pytest.fixture
def machine() -> SysfsTree | None:
    """The computer whose devices dom0 offers; None: those of the demonstration."""
    return None


async def _nothing(*_arguments: object) -> None:
    """In place of a task in the background."""


async def open_demo(state: Path, hypervisor: FakeHypervisor) -> System:
    """The demonstration's base system in this folder, its running qubes running; made there if it is not.

    The volumes are not measured: in the background that would take longer than most tests, and change sizes at any
    moment of the test. As of a new store, no copy of the store is written at the start.
    """
    with (
        without_threads(),
        patch.object(Volumes, "measure_all", _nothing),
        patch.object(Store, "copy_if_due", _nothing),
    ):
        opened = await open_system(state, hypervisor, devices=MemoryDevices.of(demo.DEVICES[DOM0]))
        await populate(opened)
        await asyncio.sleep(0)  # the tasks in the background begin
    return opened


_COPIES: list[StateCopy] = []
"""The base system, once a test needed it."""


async def demo_copy() -> StateCopy:
    """The base system as a daemon leaves it that ends while qubes run; made once in each process."""
    if not _COPIES:
        with tempfile.TemporaryDirectory() as folder:
            state, hypervisor = Path(folder) / "state", FakeHypervisor()
            opened = await open_demo(state, hypervisor)
            await opened.runtime.close()
            _COPIES.append(StateCopy(state, hypervisor.host.domains))
    return _COPIES[0]


async def open_copy(state: Path, hypervisor: FakeHypervisor) -> System:
    """The demonstration's base system in a new or empty folder, its running qubes running.

    They were taken over from a daemon that has ended: that takes a third of the time of making and starting them.
    """
    copy = await demo_copy()
    hypervisor.host.domains.update(copy.write(state))
    return await open_demo(state, hypervisor)


@pytest.fixture
async def system(tmp_path: Path, hypervisor: FakeHypervisor, machine: SysfsTree | None) -> AsyncIterator[System]:
    """The demonstration's base system, its running qubes running."""
    opened = await open_copy(tmp_path / "state", hypervisor)
    if machine:
        opened.devices.offer(opened.runtime.state.qube("dom0"), HostDevices(machine, machine.root))
        await until(lambda: machine.listened_to)
    yield opened
    await opened.runtime.close()


@pytest.fixture
def client(system: System) -> Client:
    return client_of(system)


def client_of(system: System) -> Client:
    """A client of dom0, without a socket."""
    return Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer))


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed in the background is tried again soon."""
    monkeypatch.setattr(runtime, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(runtime, "LONGEST_PAUSE", 0.05)
