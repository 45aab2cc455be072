# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream of bytes into a volume, in flat memory: whole blocks to a writer, runs of zeros left out."""

import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

from qubesmanager.daemon.local.drivers.pools.base import GRAIN, PoolDriver
from qubesmanager.daemon.local.drivers.pools.disk import in_thread, is_zero, rounded
from qubesmanager.wire.reasons import refusal


class _Writer(Protocol):
    def put(self, offset: int, data: bytes | bytearray) -> None: ...

    def finish(self, size: int) -> None: ...


class Blocks:
    """Gathers pieces of any length into blocks of `GRAIN` bytes; a block of zeros never reaches the writer."""

    def __init__(self, writer: _Writer) -> None:
        self._writer = writer
        self._offset = 0
        # One for all blocks: a new one each time costs the loop more than the copies into it.
        self._block = bytearray(GRAIN)
        self._filled = 0

    async def take(self, data: AsyncIterator[bytes], size: int | None) -> None:
        """All of the stream; not exactly `size` bytes where that is given: `QubesValueError`."""
        async for piece in data:
            if size is not None and self._offset + self._filled + len(piece) > size:
                raise refusal("import-too-long", size)
            rest = memoryview(piece)
            while rest:
                part, rest = rest[: GRAIN - self._filled], rest[GRAIN - self._filled :]
                self._block[self._filled : self._filled + len(part)] = part
                self._filled += len(part)
                if self._filled == GRAIN:
                    await self._write(self._block)
        if size is not None and self._offset + self._filled != size:
            raise refusal("import-too-short", self._offset + self._filled, size)

    async def finish(self) -> int:
        """Everything is on the disk; answers the volume's size."""
        size = rounded(self._offset + self._filled)
        if self._filled:
            await self._write(self._block[: self._filled])
        await in_thread(self._writer.finish, size)
        return size

    async def _write(self, block: bytearray) -> None:
        await in_thread(_put, self._writer, self._offset, block)
        self._offset += len(block)
        self._filled = 0


def _put(writer: _Writer, offset: int, block: bytes | bytearray) -> None:
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
