# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole window over a whole daemon in the test's process: only the machine is fake, and the display is offscreen.

Tests of `windows_over_bridge.BOTH_WAYS` run again with the bridge between the window and the daemon, whose
`admin.*` calls are then the qubesd's; with `--bridge` every test runs so, but for those of `DIFFERENCES`. With
`--qubesd` the qubesd is the one of `qubesd_calls.py`: it answers as recorded from Qubes OS, one call at a time, as slow
as a real one, in pieces that cut and join its frames. Tests that look into our daemon do not run over it.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import bridge_fixtures
import pytest
from _pytest.fixtures import FuncFixtureInfo
from backup_fixtures import cheap_keys, folder
from bridge_fixtures import WithPolicy, bridged, over
from demo_fixtures import client_of, hypervisor, machine, system
from PyQt5.QtCore import QSettings, QTranslator
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from qubesd_calls import whole
from qubesd_model import COSTS, Faulty
from windows import Clicker, opened_manager
from windows_over_bridge import OUR_DAEMON, is_both_ways, why_not, why_not_qubesd

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.models.reason_texts import CONTEXT
from qubesmanager.transport.base import Transport
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.selection import TintedSelections

LOCAL, BRIDGE, QUBESD = "local", "bridge", "qubesd"
OWN = frozenset({"system", "hypervisor", "machine"})
"""Fixtures of our daemon."""
PIECE = 11
"""Bytes of the pieces in which the recorded qubesd answers."""
FOLDER = Path(__file__).parent


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test over the bridge too, or only: `client` gets the way as its parameter."""
    marks = metafunc.definition.iter_markers("parametrize")
    if "client" not in metafunc.fixturenames or any("client" in mark.args[0] for mark in marks):
        return
    if metafunc.config.getoption("qubesd"):
        metafunc.parametrize("client", [QUBESD], indirect=True)
    elif metafunc.config.getoption("bridge"):
        metafunc.parametrize("client", [BRIDGE], indirect=True)
    elif is_both_ways(_name(metafunc.definition)):
        own = _looks_into_our_daemon(metafunc.definition._fixtureinfo)
        metafunc.parametrize("client", [LOCAL, BRIDGE] if own else [LOCAL, BRIDGE, QUBESD], indirect=True)


def _name(item: pytest.Item) -> str:
    """The test's name from this folder on, with its parameters but for the way."""
    test, _, parameters = item.name.removesuffix("]").partition("[")
    own = "-".join(word for word in parameters.split("-") if word not in {LOCAL, BRIDGE, QUBESD})
    return f"{item.path.relative_to(FOLDER)}::{test}" + (f"[{own}]" if own else "")


@pytest.fixture
async def client(request: pytest.FixtureRequest, system: System) -> AsyncIterator[Client]:
    """A client of dom0 of the daemon, or of a bridge to it."""
    if getattr(request, "param", LOCAL) == LOCAL:
        yield client_of(system)
        return
    if why := why_not(_name(request.node)):
        pytest.skip(why)
    transport: Transport = bridged(system)
    if request.param == QUBESD:
        if why := _why_not_qubesd(request):
            pytest.skip(why)
        transport = WithPolicy(Faulty(await whole(system), size=PIECE, costs=COSTS["2.9"]), system)
    async with over(transport) as backend:
        await backend.bridge.mirror.settled()  # rows are complete then, as those of the local backend
        yield bridge_fixtures.client_of(backend)


def _why_not_qubesd(request: pytest.FixtureRequest) -> str:
    """Why the test does not run over the recorded qubesd; empty if it does."""
    return OUR_DAEMON if _looks_into_our_daemon(request.node._fixtureinfo) else why_not_qubesd(_name(request.node))


def _looks_into_our_daemon(fixtures: FuncFixtureInfo) -> bool:
    """Whether a test, or a fixture of it other than the client, uses our daemon itself."""
    users = {name for name, each in fixtures.name2fixturedefs.items() if OWN & set(each[-1].argnames)}
    return bool(OWN & set(fixtures.argnames) or users - OWN - {"client"})


__all__ = ["cheap_keys", "clicker", "folder", "hypervisor", "machine", "session", "system"]


@pytest.fixture
async def session(client: Client, tmp_path: Path, qtbot: QtBot) -> AsyncIterator[Session]:
    session = Session(client, "memory", history=tmp_path / "tasks.json")
    session.settings = QSettings(str(tmp_path / "manager.ini"), QSettings.Format.IniFormat)
    yield session
    await session.tasks.cancel_all()


@pytest.fixture
async def clicker(session: Session, qtbot: QtBot) -> Clicker:
    """The window, filled, and a user who clicks in it."""
    return await opened_manager(session, qtbot)


@pytest.fixture
def selections(qapp: QApplication) -> Iterator[TintedSelections]:
    """Selections as in the program; the palettes of before come back at the end."""
    before = QGuiApplication.palette()
    selections = TintedSelections(qapp)
    yield selections
    selections.setParent(None)
    selections.deleteLater()
    QApplication.setPalette(before)
    QApplication.setPalette(before, "QAbstractItemView")


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
