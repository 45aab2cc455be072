# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole window over a whole daemon in the test's process: only the machine is fake, and the display is offscreen."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from backup_fixtures import cheap_keys, folder
from demo_fixtures import client, hypervisor, machine, system
from PyQt5.QtCore import QSettings, QTranslator
from PyQt5.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from windows import Clicker, add_main_window

from qubesmanager.client.client import Client
from qubesmanager.models.reason_texts import CONTEXT
from qubesmanager.ui.manager.main_window import MainWindow
from qubesmanager.ui.session.session import Session

__all__ = ["cheap_keys", "clicker", "client", "folder", "hypervisor", "machine", "session", "system"]


@pytest.fixture
async def session(client: Client, tmp_path: Path, qtbot: QtBot) -> AsyncIterator[Session]:
    session = Session(client, "memory", history=tmp_path / "tasks.json")
    session.settings = QSettings(str(tmp_path / "manager.ini"), QSettings.Format.IniFormat)
    yield session
    await session.tasks.cancel_all()


@pytest.fixture
async def clicker(session: Session, qtbot: QtBot) -> Clicker:
    """The window, filled, and a user who clicks in it."""
    window = MainWindow(session)
    add_main_window(qtbot, window)
    window.resize(1440, 780)  # wide enough for the sides; the offscreen screen is not
    window.show()
    session.follow()
    clicker = Clicker(window)
    await clicker.until(lambda: session.is_synced and bool(session.labels))
    return clicker


@pytest.fixture
def translated(qapp: QApplication) -> Iterator[None]:
    """Marks each text of the context `Reason` that is translated."""

    class Marking(QTranslator):
        def translate(self, context: str, source: str, _comment: str | None = None, _number: int = -1) -> str:  # type: ignore[override]
            return f"<{source}>" if context == CONTEXT else ""

    translator = Marking()
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)
