# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream of bytes into a volume, in flat memory: whole blocks to a writer, runs of zeros left out."""

import contextlib
from collections.abc import AsyncIterator
from mmap import mmap
from typing import Protocol

from qubesmanager.daemon.local.drivers.pools.base import GRAIN, PoolDriver
from qubesmanager.daemon.local.drivers.pools.disk import Data, in_thread, is_zero, rounded
from qubesmanager.host.buffers import ROOM, give_back, take_room
from qubesmanager.wire.reasons import refusal


class _Writer(Protocol):
    def put(self, offset: int, data: Data) -> None: ...

    def finish(self, size: int) -> None: ...


async def import_stream(writer: _Writer, data: AsyncIterator[bytes], size: int | None) -> int:
    """Write the stream to the disk; returns the volume's size.

    Raises `QubesValueError` if `size` is given and the stream has another length.
    """
    room = await in_thread(take_room)
    try:
        return await _Blocks(writer, room).take(data, size)
    finally:
        give_back(room)


class _Blocks:
    """Gathers pieces of any length in a buffer, and writes it when it is full; zeros never reach the writer."""

    def __init__(self, writer: _Writer, room: mmap) -> None:
        self._writer = writer
        self._room = room
        self._offset = self._filled = 0

    async def take(self, data: AsyncIterator[bytes], size: int | None) -> int:
        """As `import_stream`."""
        async for piece in data:
            if size is not None and self._offset + self._filled + len(piece) > size:
                raise refusal("import-too-long", size)
            rest = memoryview(piece)
            while rest:
                part, rest = rest[: ROOM - self._filled], rest[ROOM - self._filled :]
                self._room[self._filled : self._filled + len(part)] = part
                self._filled += len(part)
                if self._filled == ROOM:
                    await in_thread(_put, self._writer, self._offset, self._room)
                    self._offset, self._filled = self._offset + ROOM, 0
        total = self._offset + self._filled
        if size is not None and total != size:
            raise refusal("import-too-short", total, size)
        if self._filled:
            await in_thread(_put, self._writer, self._offset, self._room[: self._filled])
        await in_thread(self._writer.finish, rounded(total))
        return rounded(total)


def _put(writer: _Writer, offset: int, block: Data) -> None:
    if not is_zero(block):
        writer.put(offset, block)


async def copy_into(writer: _Writer, source: PoolDriver, vid: str) -> None:
    """The committed state of another pool's volume; its runs of zeros stay runs of zeros."""
    size = await source.size(vid)
    async with contextlib.aclosing(source.read(vid)) as runs:
        await write_runs(writer, size, runs)


async def write_runs(writer: _Writer, size: int, runs: AsyncIterator[tuple[int, bytes]]) -> None:
    """Runs of data, ascending, and zeros between them. They are cut at the writer's blocks and joined again."""
    buffer, at = b"", 0
    async for offset, data in runs:
        start = offset - offset % GRAIN
        if buffer and start != at:
            await in_thread(writer.put, at, buffer)
            buffer = b""
        at = start if not buffer else at
        buffer += bytes(offset - at - len(buffer)) + data
        while len(buffer) >= GRAIN:
            await in_thread(writer.put, at, buffer[:GRAIN])
            buffer, at = buffer[GRAIN:], at + GRAIN
    if buffer:
        await in_thread(writer.put, at, buffer)
    await in_thread(writer.finish, size)
