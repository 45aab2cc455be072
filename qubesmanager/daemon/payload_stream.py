# SPDX-License-Identifier: GPL-3.0-or-later
"""A streamed payload (an image, a backup) in the pieces that the kernel gives.

asyncio's own reader copies each byte twice more, on the loop that all other calls wait for.
"""

import asyncio
from collections import deque

_ROOM = 512 << 10
"""Bytes that wait for the consumer; beyond them the socket is not read."""


class PayloadStream(asyncio.Protocol):
    """Takes over a connection whose header was read, for all that follows.

    What concerns writing, and the end of the connection, still goes to the protocol that had it before.
    """

    def __init__(self, transport: asyncio.Transport, before: asyncio.Protocol, first: bytes) -> None:
        self._transport = transport
        self._before = before
        self._pieces = deque([first] if first else [])
        self._bytes = len(first)
        self._ended = False
        self._error: Exception | None = None
        self._waiting: asyncio.Future[None] | None = None

    @classmethod
    async def take_over(cls, reader: asyncio.StreamReader, transport: asyncio.Transport) -> "PayloadStream":
        """The rest of what `reader` would have given; it gives nothing more.

        Raises `ConnectionError` if the connection is lost already: then the transport has no protocol.
        """
        before = transport.get_protocol()
        if not isinstance(before, asyncio.Protocol):
            raise ConnectionResetError
        if transport.is_reading():
            transport.pause_reading()
        reader.feed_eof()
        stream = cls(transport, before, await reader.read())
        transport.set_protocol(stream)
        if transport.is_closing():
            stream.break_off()
        # An end that came before is seen again by the first read of the socket.
        transport.resume_reading()
        return stream

    @property
    def has_piece(self) -> bool:
        """`read` answers at once."""
        return bool(self._pieces)

    @property
    def is_reading(self) -> bool:
        """The socket is read: there is room for more."""
        return self._transport.is_reading()

    def at_eof(self) -> bool:
        """Whether the payload has ended."""
        return self._ended and not self._pieces

    async def read(self, _size: int = -1) -> bytes:
        """The next piece, of any size; empty at the end. Raises `ConnectionError` if the connection broke."""
        while not (self._pieces or self._ended):
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        if not self._pieces:
            if self._error is not None:
                raise self._error
            return b""
        piece = self._pieces.popleft()
        self._bytes -= len(piece)
        if self._bytes < _ROOM and not self._ended and not self.is_reading:
            self._transport.resume_reading()
        return piece

    def break_off(self) -> None:
        """The connection broke before it was taken over."""
        self._ended, self._error = True, ConnectionResetError()

    # -- called by the transport --------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        self._bytes += len(data)
        if self._bytes >= _ROOM:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """The caller may still read the answer: the connection stays open."""
        self._ended = True
        self._wake()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self._ended, self._error = True, error
        self._wake()
        self._before.connection_lost(error)

    def pause_writing(self) -> None:
        self._before.pause_writing()

    def resume_writing(self) -> None:
        self._before.resume_writing()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
