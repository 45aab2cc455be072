# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport over a unix socket of the daemon: a connection a call, the header written by ourselves.

This is what dom0 itself uses, where qrexec cannot reach a socket service.
"""

import asyncio
from contextlib import suppress
from pathlib import Path

from qubesmanager.transport.base import Answer, Payload, TransportError, pieces
from qubesmanager.wire.framing import encode_header

_PIECE = 256 << 10


class UnixTransport:
    """Connects to `path` for each call and says that it is `source`."""

    def __init__(self, path: Path, source: str = "dom0") -> None:
        self._path = path
        self._source = source

    @property
    def url(self) -> str:
        return f"unix:{self._path}"

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        try:
            reader, writer = await asyncio.open_unix_connection(self._path, limit=_PIECE)
        except OSError as error:
            raise TransportError(f"Cannot connect to {self._path}: {error.strerror or error}") from error
        sending: asyncio.Future[None] | None = None
        try:
            writer.write(encode_header(service, argument, self._source, dest))
            if isinstance(payload, bytes):
                writer.write(payload)
                writer.write_eof()
            else:
                sending = asyncio.get_running_loop().create_task(_send(writer, payload))
            while piece := await reader.read(_PIECE):
                yield piece
        except OSError as error:
            raise TransportError(f"The connection to {self._path} broke: {error.strerror or error}") from error
        finally:
            if sending is not None:
                sending.cancel()
                with suppress(asyncio.CancelledError, OSError):
                    await sending
            writer.close()


async def _send(writer: asyncio.StreamWriter, payload: Payload) -> None:
    """The payload, as fast as the other side takes it. A daemon that answers early stops listening: not an error."""
    with suppress(ConnectionError):
        async for piece in pieces(payload):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
