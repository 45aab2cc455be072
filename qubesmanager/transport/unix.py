# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport over a unix socket of the daemon: a connection a call, the header written by ourselves.

This is what dom0 itself uses, where qrexec cannot reach a socket service.
"""

import asyncio
import socket
from contextlib import suppress
from pathlib import Path

from qubesmanager.transport.base import Answer, Payload, TransportError, pieces
from qubesmanager.wire.framing import encode_header
from qubesmanager.wire.names import DOM0

_PIECE = 256 << 10


class UnixTransport:
    """Connects to `path` for each call and says that it is `source`."""

    def __init__(self, path: Path, source: str = DOM0) -> None:
        self._path = path
        self._source = source

    @property
    def url(self) -> str:
        return f"unix:{self._path}"

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        # Not asyncio's streams: theirs forget an answer that has come already when a later write fails, which is what
        # happens when a daemon refuses a payload before its end.
        loop = asyncio.get_running_loop()
        header = encode_header(service, argument, self._source, dest)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.setblocking(False)
            try:
                await loop.sock_connect(connection, str(self._path))
            except OSError as error:
                raise TransportError(f"Cannot connect to {self._path}: {error.strerror or error}") from error
            sending = loop.create_task(_send(connection, header, payload))
            answered = False
            try:
                while piece := await loop.sock_recv(connection, _PIECE):
                    answered = True
                    yield piece
            except OSError as error:
                # A reset after an answer says that the daemon read no more of the payload: the answer is whole.
                if not answered:
                    raise TransportError(f"The connection to {self._path} broke: {error.strerror or error}") from error
            finally:
                sending.cancel()
                with suppress(asyncio.CancelledError):
                    await sending


async def _send(connection: socket.socket, header: bytes, payload: Payload) -> None:
    """Header and payload, as fast as the other side takes them. A daemon that answers early may stop reading."""
    if not await _put(connection, header):
        return
    try:
        async for piece in pieces(payload):
            if not await _put(connection, piece):
                return
    except Exception:
        # The payload itself failed: end the wait for an answer, and the error is raised there.
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RD)
        raise
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)


async def _put(connection: socket.socket, piece: bytes) -> bool:
    """Whether the other side still takes bytes."""
    try:
        await asyncio.get_running_loop().sock_sendall(connection, piece)
    except OSError:
        return False
    return True
