# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole window over a whole daemon in the test's process: only the machine is fake, and the display is offscreen."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes_hypervisor import FakeHypervisor
from PyQt5.QtCore import QSettings
from pytestqt.qtbot import QtBot
from windows import Clicker

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.systems import demo
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.ui.manager.main_window import MainWindow
from qubesmanager.ui.session.session import Session


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


@pytest.fixture
async def session(client: Client, tmp_path: Path, qtbot: QtBot) -> AsyncIterator[Session]:
    held = Session(client, "memory", history=tmp_path / "tasks.json")
    held.settings = QSettings(str(tmp_path / "manager.ini"), QSettings.Format.IniFormat)
    yield held
    await held.tasks.cancel_all()


@pytest.fixture
async def clicker(session: Session, qtbot: QtBot) -> Clicker:
    """The window, filled, and a user who clicks in it."""
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.show()
    session.follow()
    clicker = Clicker(window)
    await clicker.until(lambda: session.is_synced and bool(session.labels))
    return clicker
