# SPDX-License-Identifier: GPL-3.0-or-later
"""A streamed payload from a real socket, taken over from asyncio's reader."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator

import pytest
from until import until

from qubesmanager.daemon.payload_stream import PayloadStream

Taken = tuple[PayloadStream, socket.socket, asyncio.StreamWriter]


@pytest.fixture
async def taken() -> AsyncIterator[Taken]:
    """A stream behind a header, the caller's side of it, and the writer of its answer."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    theirs.setblocking(False)
    with theirs:
        reader, writer = await asyncio.open_connection(sock=ours)
        await asyncio.get_running_loop().sock_sendall(theirs, b"header\0first")
        assert await reader.readuntil(b"\0") == b"header\0"
        transport = writer.transport
        assert isinstance(transport, asyncio.Transport)
        yield await PayloadStream.take_over(reader, transport), theirs, writer
        writer.close()


async def test_everything_behind_the_header_comes_in_order(taken: Taken) -> None:
    stream, caller, _writer = taken
    content = os.urandom(3 << 20)
    loop = asyncio.get_running_loop()
    sending = loop.create_task(loop.sock_sendall(caller, content))
    read = b""
    while len(read) < len(content) + 5:
        read += await stream.read()
    await sending
    caller.shutdown(socket.SHUT_WR)

    assert read == b"first" + content
    assert await stream.read() == b""
    assert stream.at_eof()


async def test_a_payload_that_is_not_taken_stays_with_its_caller(taken: Taken) -> None:
    stream, caller, _writer = taken
    sent = 0
    full = asyncio.Event()

    async def send() -> None:
        nonlocal sent
        while not full.is_set():
            try:
                sent += caller.send(bytes(1 << 16))
            except BlockingIOError:
                await asyncio.sleep(0)

    sending = asyncio.get_running_loop().create_task(send())
    await until(lambda: not stream.is_reading)
    full.set()
    await sending

    assert sent < 4 << 20


async def test_an_answer_can_be_written_after_the_payload(taken: Taken) -> None:
    stream, caller, writer = taken
    caller.shutdown(socket.SHUT_WR)
    assert await stream.read() == b"first"
    assert await stream.read() == b""

    writer.write(b"0\0")
    await writer.drain()

    assert await asyncio.get_running_loop().sock_recv(caller, 10) == b"0\0"


async def test_a_connection_that_was_lost_before_is_not_taken_over() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    reader, writer = await asyncio.open_connection(sock=ours)
    theirs.send(b"header\0")
    assert await reader.readuntil(b"\0") == b"header\0"
    transport = writer.transport
    assert isinstance(transport, asyncio.Transport)
    writer.write(b"not read by the caller")
    theirs.close()
    await until(lambda: transport.get_protocol() is None)

    with pytest.raises(ConnectionResetError):
        await PayloadStream.take_over(reader, transport)


async def test_a_disconnecting_caller_ends_a_waiting_read(taken: Taken) -> None:
    stream, caller, writer = taken
    assert await stream.read() == b"first"
    reading = asyncio.get_running_loop().create_task(stream.read())

    writer.transport.abort()

    assert await reading == b""
    caller.close()
