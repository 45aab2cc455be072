# SPDX-License-Identifier: GPL-3.0-or-later
"""Pipes to guests: the unix socket that QEMU listens on, and a pair in memory for guests that are only acted.

Who is at the other end follows from the path, which the hypervisor chose for this domain; the guest cannot change it.
"""

import asyncio
from pathlib import Path
from typing import Self

from qubesmanager.daemon.guest_channel import OUTPUT_BYTES

_READ_BYTES = 64 << 10


class SocketPipe:
    """A connection to a unix socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        writer.transport.set_write_buffer_limits(high=OUTPUT_BYTES, low=OUTPUT_BYTES // 2)

    @classmethod
    async def connect(cls, path: Path) -> Self:
        """Raises `OSError`."""
        return cls(*await asyncio.open_unix_connection(str(path), limit=_READ_BYTES))

    async def read(self) -> bytes:
        try:
            return await self._reader.read(_READ_BYTES)
        except ConnectionError:
            return b""  # QEMU ended with bytes that it had not read

    def write(self, data: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(data)

    @property
    def pending(self) -> int:
        return self._writer.transport.get_write_buffer_size()

    async def drain(self) -> None:
        await self._writer.drain()

    def close(self) -> None:
        self._writer.close()


class _Flow:
    """One direction of a pipe in memory."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.is_closed = False
        self.changed = asyncio.Event()

    async def wait(self) -> None:
        self.changed.clear()
        await self.changed.wait()


class MemoryPipe:
    """One end of a pipe in memory."""

    def __init__(self, incoming: _Flow, outgoing: _Flow) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    @classmethod
    def pair(cls) -> tuple[Self, Self]:
        """Both ends."""
        first, second = _Flow(), _Flow()
        return cls(first, second), cls(second, first)

    async def read(self) -> bytes:
        flow = self._incoming
        while not flow.data:
            if flow.is_closed:
                return b""
            await flow.wait()
        data = bytes(flow.data[:_READ_BYTES])
        del flow.data[:_READ_BYTES]
        flow.changed.set()
        return data

    def write(self, data: bytes) -> None:
        if not self._outgoing.is_closed:
            self._outgoing.data += data
            self._outgoing.changed.set()

    @property
    def pending(self) -> int:
        return len(self._outgoing.data)

    async def drain(self) -> None:
        while self.pending > OUTPUT_BYTES:
            if self._outgoing.is_closed:
                raise ConnectionResetError
            await self._outgoing.wait()

    def close(self) -> None:
        for flow in (self._incoming, self._outgoing):
            flow.is_closed = True
            flow.changed.set()
