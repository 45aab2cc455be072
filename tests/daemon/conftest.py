# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole daemon in the test's process: real client, dispatch, handlers, store and pool; only the machine is fake."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes_hypervisor import FakeHypervisor

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.systems import demo
from qubesmanager.transport.memory import MemoryTransport


@pytest.fixture
def hypervisor() -> FakeHypervisor:
    return FakeHypervisor()


@pytest.fixture
async def system(tmp_path: Path, hypervisor: FakeHypervisor) -> AsyncIterator[System]:
    """The demonstration's base system, its running qubes running."""
    held = await open_system(tmp_path / "state", hypervisor)
    await demo.populate(held, 0)
    yield held
    await held.runtime.close()


@pytest.fixture
def client(system: System) -> Client:
    return Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer))
