# SPDX-License-Identifier: GPL-3.0-or-later
"""A file as a payload: read piece by piece in a thread, so that a slow disk holds up nothing else."""

import asyncio
import os
import stat
from pathlib import Path
from typing import BinaryIO, Self

PIECE = 256 << 10
"""Bytes of the file that are held at a time."""


class FileStream:
    """`head`, then what the file holds. An async iterator, and a context manager that opens and closes the file.

    `size` is the file's in bytes when it was opened, `read` how many of them have been asked for so far.
    Raises `OSError` where the file cannot be opened or read, or is not a file of bytes.
    """

    def __init__(self, path: Path, head: bytes = b"") -> None:
        self.path = path
        self.size = 0
        self.read = 0
        self._head = head
        self._file: BinaryIO | None = None

    async def __aenter__(self) -> Self:
        opening = asyncio.get_running_loop().run_in_executor(None, _opened, self.path)
        try:
            self._file = await asyncio.shield(opening)
        except asyncio.CancelledError:
            # The thread opens it anyway.
            opening.add_done_callback(_close_again)
            raise
        self.size = os.fstat(self._file.fileno()).st_size
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._file is not None:
            # A cancelled caller does not wait, but the file is still closed.
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self._file.close))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._head:
            piece, self._head = self._head, b""
            return piece
        if self._file is None or self._file.closed:
            raise StopAsyncIteration
        piece = await asyncio.to_thread(self._file.read, PIECE)
        if not piece:
            raise StopAsyncIteration
        self.read += len(piece)
        return piece


def _close_again(opening: "asyncio.Future[BinaryIO]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _opened(path: Path) -> BinaryIO:
    # Not blocking: a pipe without a writer would block the thread for ever.
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(0, "It is not a file", str(path))
    return os.fdopen(fd, "rb")
