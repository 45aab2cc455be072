# SPDX-License-Identifier: GPL-3.0-or-later
"""The event loop of the daemon, with and without uvloop."""

import asyncio
import sys
from importlib.util import find_spec

import pytest

from qubesmanager.daemon.loops import ASYNCIO, AUTO, UVLOOP, loop_factory
from qubesmanager.wire.errors import Mgmt1Error


@pytest.fixture
def without_uvloop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, UVLOOP, None)


@pytest.mark.skipif(find_spec(UVLOOP) is None, reason="uvloop is not installed")
@pytest.mark.parametrize(("name", "module"), [(AUTO, UVLOOP), (UVLOOP, UVLOOP), (ASYNCIO, ASYNCIO)])
def test_uvloop_is_used_unless_asyncio_is_asked_for(name: str, module: str) -> None:
    loop = loop_factory(name)()
    loop.close()

    assert type(loop).__module__.partition(".")[0] == module


@pytest.mark.usefixtures("without_uvloop")
def test_without_uvloop_the_daemon_runs_on_asyncio() -> None:
    assert loop_factory(AUTO) is asyncio.new_event_loop


@pytest.mark.usefixtures("without_uvloop")
def test_uvloop_that_is_asked_for_and_missing_is_an_error() -> None:
    with pytest.raises(Mgmt1Error, match="Not installed here: uvloop"):
        loop_factory(UVLOOP)
