# SPDX-License-Identifier: GPL-3.0-or-later
"""What every pipe to a guest does: that over a socket, and that in memory."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from until import until

from qubesmanager.daemon.guest_channel import OUTPUT_BYTES, Pipe
from qubesmanager.daemon.local.drivers.hypervisor.guest_pipe import MemoryPipe, SocketPipe


@pytest.fixture(params=["memory", "socket"])
async def ends(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Pipe, Pipe]]:
    if request.param == "memory":
        yield MemoryPipe.pair()
        return
    accepted: asyncio.Queue[SocketPipe] = asyncio.Queue()
    server = await asyncio.start_unix_server(
        lambda reader, writer: accepted.put_nowait(SocketPipe(reader, writer)), str(tmp_path / "s")
    )
    ours = await SocketPipe.connect(tmp_path / "s")
    theirs = await accepted.get()
    yield ours, theirs
    ours.close()
    theirs.close()
    server.close()


async def test_bytes_arrive_in_order_in_pieces(ends: tuple[Pipe, Pipe]) -> None:
    ours, theirs = ends
    sent = bytes(range(256)) * 1000
    ours.write(sent)

    received = bytearray()
    while len(received) < len(sent):
        piece = await theirs.read()
        assert 0 < len(piece) <= 64 << 10
        received += piece

    assert bytes(received) == sent
    await until(lambda: ours.pending == 0)


async def test_draining_waits_for_the_other_end(ends: tuple[Pipe, Pipe]) -> None:
    ours, theirs = ends
    ours.write(bytes(4 << 20))
    assert ours.pending > OUTPUT_BYTES

    async with asyncio.TaskGroup() as group:
        draining = group.create_task(ours.drain())
        await asyncio.sleep(0)
        assert not draining.done()
        while ours.pending > OUTPUT_BYTES // 2:
            await theirs.read()

    assert ours.pending <= OUTPUT_BYTES


async def test_the_end_is_read_after_what_was_written(ends: tuple[Pipe, Pipe]) -> None:
    ours, theirs = ends
    ours.write(b"last")
    ours.close()

    assert await theirs.read() == b"last"
    assert await theirs.read() == b""
    ours.write(b"too late")
    assert await theirs.read() == b""


async def test_a_path_without_a_listener_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await SocketPipe.connect(tmp_path / "missing")
