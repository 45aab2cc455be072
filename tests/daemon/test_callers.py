# SPDX-License-Identifier: GPL-3.0-or-later
"""Callers that stall, hang up or do not listen, on a server with short limits in the test's own process."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from qubesmanager.daemon import events as event_hub
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system.system import System
from qubesmanager.daemon.main import bind
from qubesmanager.daemon.server import Limits, Server
from qubesmanager.wire.events import Event


@pytest.fixture
async def place(system: System, tmp_path: Path) -> AsyncIterator[Path]:
    server = Server(Dispatcher(LocalBackend(system)), Limits(header=0.1, idle=0.1, grace=0.1))
    listening = bind(tmp_path / "s")
    await server.start(listening, os.getgid())
    yield tmp_path / "s"
    system.hub.close()
    await server.close()


async def test_a_caller_that_never_says_its_header_is_sent_away(place: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(place)
    writer.write(b"mgmt1.vm.Li")

    assert (await reader.read()).startswith(b"2\x00ProtocolError\x00")
    writer.close()


async def test_a_caller_that_never_ends_its_payload_is_sent_away_and_nothing_changes(
    place: Path, system: System
) -> None:
    reader, writer = await asyncio.open_unix_connection(place)
    writer.write(b"mgmt1.vm.property.Set+memory dom0 name vault\x00900")

    assert (await reader.read()).startswith(b"2\x00ProtocolError\x00")
    assert system.qube("vault").value("memory") == "400"
    writer.close()


async def test_closing_after_the_payload_does_not_interrupt_the_call(place: Path, system: System) -> None:
    _reader, writer = await asyncio.open_unix_connection(place)
    writer.write(b"mgmt1.vm.Start+ dom0 name vault\x00")
    writer.write_eof()
    await writer.drain()
    writer.close()

    async with asyncio.timeout(10):
        while system.qube("vault").start_time is None:  # noqa: ASYNC110 - nothing tells it here
            await asyncio.sleep(0.01)


async def test_a_listener_that_hangs_up_is_forgotten(
    place: Path, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = await asyncio.open_unix_connection(place)
    writer.write(b"mgmt1.Events+ dom0 name dom0\x00")
    writer.write_eof()
    await reader.readexactly(2)
    assert system.hub.listeners == 1

    writer.close()

    async with asyncio.timeout(20):
        while system.hub.listeners:  # noqa: ASYNC110 - nothing tells it
            await asyncio.sleep(0.05)


async def test_a_listener_that_is_too_slow_is_cut_off_with_events_lost(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_hub, "MAX_WAITING", 5)
    stream = system.hub.listen(lambda _event: True)
    assert (await anext(stream)).name == "connection-established"

    for number in range(10):
        system.hub.emit(Event("work", f"tag-add:{number}"))

    assert [event.name async for event in stream] == ["events-lost"]


def test_a_dead_socket_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with bind(path) as first:
        first.listen()
        with pytest.raises(SystemExit, match="already answers"):
            bind(path)

    with bind(path) as second:
        assert isinstance(second, socket.socket)
