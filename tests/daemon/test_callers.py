# SPDX-License-Identifier: GPL-3.0-or-later
"""Callers that stall, hang up or do not listen, on a server with short limits in the test's own process."""

import asyncio
import gc
import logging
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from streams import pieces
from until import LIMIT, until

from qubesmanager.daemon import event_hub
from qubesmanager.daemon import server as server_module
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.server import Limits, Server
from qubesmanager.daemon.sockets import bind
from qubesmanager.wire.event import Event


@pytest.fixture(autouse=True)
def looking_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_LOOK", 0.05)


@pytest.fixture
async def place(system: System, tmp_path: Path) -> AsyncIterator[Path]:
    server = Server(Dispatcher(LocalBackend(system)), Limits(header=0.1, idle=0.1, grace=0.1))
    listening = bind(tmp_path / "s")
    await server.start(listening, os.getgid())
    yield tmp_path / "s"
    system.runtime.hub.close()
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
    assert system.runtime.state.qube("vault").value("memory") == "400"
    writer.close()


HEADER = b"mgmt1.backup.Restore+ dom0 name dom0\0"
CUTS = (0, 5, len(HEADER) - 1, len(HEADER), len(HEADER) + 1, len(HEADER) + 600_000)
"""Bytes that a caller sends before it goes away."""


class Answering(Dispatcher):
    """Answers a streamed call before its payload, after it, or in two halves."""

    order = ""

    async def answer(
        self, _source: str, _service: str, _argument: str, _dest: str, payload: AsyncIterator[bytes]
    ) -> AsyncGenerator[bytes, None]:
        if self.order != "after":
            yield b"0\0" + bytes(1000)
        if self.order != "before":
            async for _piece in payload:
                pass
            yield b"0\0"


@pytest.mark.parametrize("order", ["before", "after", "both"])
@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_lost_at_any_point_of_a_streamed_call_is_no_fault(
    system: System, tmp_path: Path, caplog: pytest.LogCaptureFixture, order: str, turns: int
) -> None:
    loop = asyncio.get_running_loop()
    faults: list[object] = []
    loop.set_exception_handler(lambda _loop, context: faults.append(context["message"]))
    dispatcher = Answering(LocalBackend(system))
    dispatcher.order = order
    server = Server(dispatcher, Limits(header=0.1, idle=0.1))
    await server.start(bind(tmp_path / "s"), os.getgid())
    for cut in CUTS:
        for ends in (False, True):
            with socket.socket(socket.AF_UNIX) as caller:
                caller.setblocking(False)
                await loop.sock_connect(caller, str(tmp_path / "s"))
                with suppress(OSError, TimeoutError):
                    async with asyncio.timeout(0.2):
                        await loop.sock_sendall(caller, (HEADER + bytes(1 << 20))[:cut])
                    if ends:
                        caller.shutdown(socket.SHUT_WR)
                for _ in range(turns):
                    await asyncio.sleep(0)
            # Closed, with whatever the daemon has written unread.
    await until(lambda: not server._under_way and not server._answered)
    await server.close()
    gc.collect()

    assert faults == []
    assert [record.message for record in caplog.records if record.levelno > logging.INFO] == []


class CleaningUp(Dispatcher):
    """A call that lasts until it is cancelled, and then for as long as a test likes."""

    begun: asyncio.Event
    may_end: asyncio.Event
    ended = False

    async def answer(
        self, _source: str, _service: str, _argument: str, _dest: str, _payload: AsyncIterator[bytes]
    ) -> AsyncGenerator[bytes, None]:
        yield b"0\0"
        try:
            self.begun.set()
            await asyncio.Event().wait()
        finally:
            await self.may_end.wait()
            self.ended = True


async def test_the_end_of_the_daemon_waits_for_calls_that_take_back_what_they_began(
    system: System, tmp_path: Path
) -> None:
    dispatcher = CleaningUp(LocalBackend(system))
    dispatcher.begun, dispatcher.may_end = asyncio.Event(), asyncio.Event()
    server = Server(dispatcher, Limits(grace=0.01, cleanup=LIMIT))
    await server.start(bind(tmp_path / "s"), os.getgid())
    _reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
    writer.write(b"mgmt1.vm.Start+ dom0 name vault\x00")
    await dispatcher.begun.wait()

    closing = asyncio.get_running_loop().create_task(server.close())
    (call,) = server._under_way
    await until(call.cancelling)
    assert not closing.done()
    dispatcher.may_end.set()
    await closing

    assert dispatcher.ended
    writer.close()


async def test_closing_after_the_payload_does_not_interrupt_the_call(place: Path, system: System) -> None:
    _reader, writer = await asyncio.open_unix_connection(place)
    writer.write(b"mgmt1.vm.Start+ dom0 name vault\x00")
    writer.write_eof()
    await writer.drain()
    writer.close()

    await until(lambda: system.runtime.state.qube("vault").start_time is not None)


async def test_a_listener_that_hangs_up_is_forgotten(
    place: Path, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = await asyncio.open_unix_connection(place)
    writer.write(b"mgmt1.Events+ dom0 name dom0\x00")
    writer.write_eof()
    await reader.readexactly(2)
    assert system.runtime.hub.listeners == 1

    writer.close()

    await until(lambda: not system.runtime.hub.listeners)


async def test_a_listener_that_is_too_slow_is_cut_off_with_events_lost(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_hub, "LISTENER_EVENTS", 5)
    stream = system.runtime.hub.listen(lambda event: [event])
    assert (await anext(stream)).name == "connection-established"

    for number in range(10):
        system.runtime.hub.emit(Event("work", f"tag-add:{number}"))

    assert [event.name async for event in stream] == ["events-lost"]


def test_a_dead_socket_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with bind(path) as first:
        first.listen()
        with pytest.raises(SystemExit, match="already answers"):
            bind(path)

    with bind(path) as second:
        assert isinstance(second, socket.socket)


async def _listening(place: Path, source: str) -> asyncio.StreamWriter:
    reader, writer = await asyncio.open_unix_connection(place)
    writer.write(f"mgmt1.Events+ {source} name dom0\x00".encode())
    writer.write_eof()
    assert await reader.readexactly(2) == b"1\x00"
    return writer


async def _answer(place: Path, source: str) -> bytes:
    reader, writer = await asyncio.open_unix_connection(place)
    writer.write(f"mgmt1.vm.tag.Get+work {source} name work\x00".encode())
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


@pytest.fixture
async def crowded(system: System, tmp_path: Path) -> AsyncIterator[Path]:
    """A server with 2 slots for dom0, 1 slot for each other source, 3 of one source at most, and 2 to share."""
    bounds = Limits(dom0=2, own=1, source=3, shared=2, source_waiting=1, shared_waiting=10, grace=0.1)
    server = Server(Dispatcher(LocalBackend(system)), bounds)
    await server.start(bind(tmp_path / "s"), os.getgid())
    yield tmp_path / "s"
    system.runtime.hub.close()
    await server.close()


async def test_a_source_that_takes_all_its_places_keeps_neither_dom0_nor_others_out(crowded: Path) -> None:
    listeners = [await _listening(crowded, "evil") for _ in range(3)]
    waiting = asyncio.ensure_future(_answer(crowded, "evil"))  # noqa: TID251 - ends with the last assertion

    assert await _answer(crowded, "dom0") == b"0\x001"
    assert await _answer(crowded, "personal") == b"0\x001"
    assert not waiting.done()

    listeners.pop().close()
    assert await waiting == b"0\x001"
    for writer in listeners:
        writer.close()


async def _paying(place: Path, source: str) -> asyncio.StreamWriter:
    """A call whose payload has begun and does not go on."""
    _reader, writer = await asyncio.open_unix_connection(place)
    writer.write(f"mgmt1.vm.property.Set+memory {source} name work\x009".encode())
    return writer


async def test_slow_payloads_of_one_source_keep_neither_dom0_nor_others_out(crowded: Path, system: System) -> None:
    before = system.runtime.state.qube("work").value("memory")
    writers = [await _paying(crowded, "evil") for _ in range(20)]

    assert await _answer(crowded, "dom0") == b"0\x001"
    assert await _answer(crowded, "personal") == b"0\x001"

    for writer in writers:
        writer.transport.abort()
    assert await _answer(crowded, "evil") == b"0\x001"
    assert system.runtime.state.qube("work").value("memory") == before


async def test_a_source_with_too_many_waiting_calls_is_refused(crowded: Path) -> None:
    writers = [await _listening(crowded, "evil") for _ in range(3)]
    calls = [asyncio.ensure_future(_answer(crowded, "evil")) for _ in range(2)]  # noqa: TID251 - both are awaited

    refused, waiting = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    assert [call.result()[:17] for call in refused] == [b"2\x00QubesException\x00"]

    for writer in writers:
        writer.close()
    assert [await call for call in waiting] == [b"0\x001"]


async def test_a_listener_that_does_not_read_is_bounded_in_bytes(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_hub, "LISTENER_BYTES", 1000)
    slow, quick = system.runtime.hub.listen(lambda event: [event]), system.runtime.hub.listen(lambda event: [event])
    for stream in (slow, quick):
        assert (await anext(stream)).name == "connection-established"

    for _ in range(4):
        system.runtime.hub.emit(Event("work", "notes-set", {"notes": "x" * 300}))
        assert (await anext(quick)).name == "notes-set"

    assert [event.name async for event in slow] == ["events-lost"]


async def test_an_answer_of_many_rows_lets_others_take_their_turn(system: System) -> None:
    # Rows of 60 KiB, so that each piece of the answer is one or two of them.
    for name in ("work", "personal", "vault"):
        await system.settings.set_notes(name, "x" * (60 << 10))
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(other())
        answer = Dispatcher(LocalBackend(system)).answer("dom0", "mgmt1.vm.GetAll", "", "dom0", pieces())
        before = [turns async for _piece in answer]
        task.cancel()

    assert len(before) >= 3
    assert before == sorted(set(before))
