# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream of unknown length that is kept in a file until its end, because what reads it has to know its size first."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import IO

from qubesmanager.host.errors import HostError
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for

FOLDER = "/var/tmp"  # noqa: S108 - the file there has no name; /tmp may be memory
PIECE = 1 << 20


@asynccontextmanager
async def staged(stream: AsyncIterator[bytes], folder: str = FOLDER) -> AsyncGenerator[tuple[int, IO[bytes]], None]:
    """The size in bytes, and a file without a name that holds the stream; pieces of zeros take no space in it.

    Raises `HostError` if the file cannot be written, and what the stream raises.
    """
    try:
        file = await asyncio.to_thread(_unnamed, folder)
        try:
            size = 0
            async for piece in stream:
                await asyncio.to_thread(_put, file, size, piece)
                size += len(piece)
            await asyncio.to_thread(file.truncate, size)
        except BaseException:
            await asyncio.to_thread(file.close)
            raise
    except OSError as error:
        raise error_for(Reason("not-staged", folder, str(error.strerror or error)), HostError) from error
    try:
        yield size, file
    finally:
        await asyncio.to_thread(file.close)


async def pieces_of(file: IO[bytes], size: int) -> AsyncIterator[bytes]:
    """The file from its begin, and zeros after its end up to `size` bytes."""
    await asyncio.to_thread(file.seek, 0)
    while size:
        piece = await asyncio.to_thread(file.read, min(PIECE, size)) or bytes(min(PIECE, size))
        yield piece
        size -= len(piece)


def _unnamed(folder: str) -> IO[bytes]:
    return tempfile.TemporaryFile(dir=folder)


def _put(file: IO[bytes], offset: int, piece: bytes) -> None:
    if piece.count(0) != len(piece):
        file.seek(offset)
        file.write(piece)
