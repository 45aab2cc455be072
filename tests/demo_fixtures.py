# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of a daemon in memory: the demonstration's base system on a fake hypervisor, and a client of it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes_hypervisor import FakeHypervisor
from sysfs_tree import SysfsTree
from until import until

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local import runtime
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.drivers.devices.host import HostDevices
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.systems import demo
from qubesmanager.transport.memory import MemoryTransport


@pytest.fixture
def hypervisor() -> FakeHypervisor:
    return FakeHypervisor()


@pytest.fixture
def machine() -> SysfsTree | None:
    """The computer whose devices dom0 offers; None: those of the demonstration."""
    return None


@pytest.fixture
async def system(tmp_path: Path, hypervisor: FakeHypervisor, machine: SysfsTree | None) -> AsyncIterator[System]:
    """The demonstration's base system, its running qubes running."""
    opened = await open_system(tmp_path / "state", hypervisor)
    await demo.populate(opened, 0)
    if machine:
        opened.devices.offer(opened.runtime.state.qube("dom0"), HostDevices(machine, machine.root))
        await until(lambda: machine.listened_to)
    yield opened
    await opened.runtime.close()


async def measured() -> None:
    """Wait until the daemon has measured the volumes of all qubes, which it does in the background after its start."""
    await until(lambda: all(task.get_name() != "measure the volumes" for task in asyncio.all_tasks()))


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
