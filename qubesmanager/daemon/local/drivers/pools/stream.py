# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream of bytes into a volume, in flat memory: whole blocks to a writer, runs of zeros left out."""

import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

from qubesmanager.daemon.local.drivers.pools.base import GRAIN, PoolDriver
from qubesmanager.daemon.local.drivers.pools.disk import in_thread, is_zero, rounded
from qubesmanager.wire.reasons import refusal


class _Writer(Protocol):
    def put(self, offset: int, data: bytes) -> None: ...

    def finish(self, size: int) -> None: ...


class Blocks:
    """Gathers pieces of any length into blocks of `GRAIN` bytes; a block of zeros never reaches the writer."""

    def __init__(self, writer: _Writer) -> None:
        self._writer = writer
        self._offset = 0
        self._pieces: list[bytes] = []
        self._held = 0

    async def take(self, data: AsyncIterator[bytes], size: int | None) -> None:
        """All of the stream; not exactly `size` bytes where that is given: `QubesValueError`."""
        async for piece in data:
            self._pieces.append(piece)
            self._held += len(piece)
            if size is not None and self._offset + self._held > size:
                raise refusal("import-too-long", size)
            while self._held >= GRAIN:
                joined = b"".join(self._pieces) if len(self._pieces) > 1 else self._pieces[0]
                block, rest = joined[:GRAIN], joined[GRAIN:]
                self._pieces, self._held = [rest] if rest else [], len(rest)
                await self._write(block)
        if size is not None and self._offset + self._held != size:
            raise refusal("import-too-short", self._offset + self._held, size)

    async def finish(self) -> int:
        """Everything is on the disk; answers the volume's size."""
        size = rounded(self._offset + self._held)
        if self._held:
            await self._write(b"".join(self._pieces))
        await in_thread(self._writer.finish, size)
        return size

    async def _write(self, block: bytes) -> None:
        if not is_zero(block):
            await in_thread(self._writer.put, self._offset, block)
        self._offset += len(block)


async def copy_into(writer: _Writer, source: PoolDriver, vid: str) -> None:
    """The committed state of another pool's volume; its runs of zeros stay runs of zeros."""
    size = await source.size(vid)
    async with contextlib.aclosing(source.read(vid)) as runs:
        await write_runs(writer, size, runs)


async def write_runs(writer: _Writer, size: int, runs: AsyncIterator[tuple[int, bytes]]) -> None:
    """Runs of data, ascending, and zeros between them. They are cut at the writer's blocks and gathered anew."""
    held, at = b"", 0
    async for offset, data in runs:
        start = offset - offset % GRAIN
        if held and start != at:
            await in_thread(writer.put, at, held)
            held = b""
        at = start if not held else at
        held += bytes(offset - at - len(held)) + data
        while len(held) >= GRAIN:
            await in_thread(writer.put, at, held[:GRAIN])
            held, at = held[GRAIN:], at + GRAIN
    if held:
        await in_thread(writer.put, at, held)
    await in_thread(writer.finish, size)
