# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket: a qrexec socket service's header and payload in, an answer out, one call a connection.

Every caller is bounded: in bytes (header, payload), in time (a caller that never finishes), in number. The calls of
dom0 have their own slots, and each other source has its share of the rest, so no qube can keep others out. Closing
the connection after the payload's end does not interrupt the operation.
"""

import asyncio
import grp
import logging
import os
import pwd
import select
import socket
import struct
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.payload_stream import PayloadStream
from qubesmanager.wire import framing, limits
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0, VM_NAME, check, shown
from qubesmanager.wire.reasons import refusal

log = logging.getLogger(__name__)

_PIECE = 256 << 10
_DISCARDED = 1 << 20
"""Bytes that are read from a caller after an answer that came before the end of its payload."""
_LOOK = 2.0
"""Seconds between two looks at whether a listener has gone away."""
_BACKLOG = 4096
"""Connections the kernel keeps waiting; a full backlog makes a client's first write fail."""

_PEERCRED = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for a caller to send its header and to continue its payload; calls at the same time.

    `header` is also the time to go away after an answer that came before the end of the payload.
    """

    header: float = limits.HEADER_SECONDS
    idle: float = limits.IDLE_SECONDS
    dom0: int = limits.DOM0_CALLS
    own: int = limits.OWN_CALLS
    source: int = limits.SOURCE_CALLS
    shared: int = limits.SHARED_CALLS
    source_waiting: int = limits.SOURCE_WAITING
    shared_waiting: int = limits.SHARED_WAITING
    grace: float = 10.0
    """Seconds that calls under way get when the daemon is asked to end."""
    cleanup: float = 10.0
    """Seconds that they get then, cancelled, to take back what they have begun: the store is closed after that."""


class _Source:
    """The calls of one source other than dom0."""

    def __init__(self, bounds: Limits) -> None:
        self.calls = 0
        """Calls under way, and calls that wait."""
        self.own = asyncio.Semaphore(bounds.own)
        self.more = asyncio.Semaphore(bounds.source - bounds.own)


class Shares:
    """The slots for calls under way: those of dom0, a few of each other source, and those that they share."""

    def __init__(self, bounds: Limits) -> None:
        self._bounds = bounds
        self._dom0 = asyncio.Semaphore(bounds.dom0)
        self._shared = asyncio.Semaphore(bounds.shared)
        self._calls = 0
        self._sources: dict[str, _Source] = {}

    @asynccontextmanager
    async def place(self, name: str) -> AsyncIterator[None]:
        """Wait for a slot and take it. Raises `QubesException` at once for a source with too many calls."""
        if name == DOM0:
            async with self._dom0:
                yield
            return
        source = self._sources.setdefault(name, _Source(self._bounds))
        if source.own.locked():
            self._check(name, source)
        source.calls += 1
        self._calls += 1
        try:
            async with self._chosen(source):
                yield
        finally:
            self._calls -= 1
            source.calls -= 1
            if not source.calls:
                del self._sources[name]

    def _check(self, name: str, source: _Source) -> None:
        bounds = self._bounds
        if source.calls >= bounds.source + bounds.source_waiting:
            raise refusal("calls-of-source", name, source.calls)
        if self._calls >= bounds.shared + bounds.shared_waiting:
            raise refusal("calls-too-many")

    @asynccontextmanager
    async def _chosen(self, source: _Source) -> AsyncIterator[None]:
        if source.own.locked():
            async with source.more, self._shared:
                yield
        else:
            async with source.own:
                yield


_KEEP_SOCKET: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
"""Python 3.13 removes the path of a socket that is closed; one that systemd listens on has to stay."""


class Server:
    """Serves one listening unix socket with a dispatcher until `close`."""

    def __init__(self, dispatcher: Dispatcher, bounds: Limits = Limits()) -> None:
        self._dispatcher = dispatcher
        self._limits = bounds
        self._shares = Shares(bounds)
        self._server: asyncio.Server | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self._answered: set[asyncio.Task[None]] = set()
        """Their callers have the whole answer and have not gone away yet."""
        self._socket_group = -1

    async def start(self, listening: socket.socket, group: int) -> None:
        """Accept from a bound socket. Beside root and ourselves, members of the group (a gid) may call directly."""
        self._socket_group = group
        self._server = await asyncio.start_unix_server(
            self._serve, sock=listening, limit=_PIECE, backlog=_BACKLOG, **_KEEP_SOCKET
        )

    async def close(self) -> None:
        """Stop accepting, give calls under way their grace, then cut them off and let them clean up."""
        if self._server is not None:
            self._server.close()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._limits.grace)
        left = self._under_way | self._answered
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=self._limits.cleanup)

    async def answer(
        self, source: str, service: str, argument: str, dest: str, untrusted_payload: AsyncIterator[bytes]
    ) -> AsyncGenerator[bytes, None]:
        """As `Dispatcher.answer`, for a call that did not come through the socket, in a slot of its source."""
        try:
            async with self._shares.place(source):
                answer = self._dispatcher.answer(source, service, argument, dest, untrusted_payload)
                async with aclosing(answer) as pieces:
                    async for piece in pieces:
                        yield piece
        except Mgmt1Error as error:
            log.info("A caller was refused: %s", shown(str(error), 300))
            yield framing.encode_error(error)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._under_way.add(task)
        try:
            await self._converse(reader, writer)
            self._under_way.discard(task)
            self._answered.add(task)
            await self._see_off(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        except OSError as error:
            log.info("A connection broke: %s", error)
        finally:
            self._under_way.discard(task)
            self._answered.discard(task)
            with suppress(RuntimeError):
                writer.close()

    async def _see_off(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """End the answer, and discard what a caller that was answered early still sends, within bounds.

        Closing a socket with unread bytes resets the connection: the caller could take the answer for a broken one.
        """
        protocol = writer.transport.get_protocol()
        rest = protocol if isinstance(protocol, PayloadStream) else reader
        if rest.at_eof() or writer.is_closing():
            return
        writer.write_eof()
        left = _DISCARDED
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.header):
                while left > 0 and (piece := await rest.read(_PIECE)):
                    left -= len(piece)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self._admit(writer)
            header = await self._header(reader)
            async with AsyncExitStack() as place:
                with _not_reading(writer.transport):
                    await place.enter_async_context(self._shares.place(header.source))
                await self._answer(header, reader, writer)
        except Mgmt1Error as error:
            log.info("A caller was refused: %s", shown(str(error), 300))
            writer.write(framing.encode_error(error))

    async def _answer(self, header: framing.Header, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        payload = self._payload(reader)
        call = self._dispatcher.call(header.untrusted_service)
        if call is not None and call.streams_in and isinstance(writer.transport, asyncio.Transport):
            payload = self._streamed(await PayloadStream.take_over(reader, writer.transport), writer)
        answer = self._dispatcher.answer(
            header.source, header.untrusted_service, header.untrusted_argument, header.untrusted_target, payload
        )
        async with aclosing(answer) as pieces:
            async for piece in pieces:
                await _send(writer, piece)
                if piece.startswith(framing.EVENT):
                    await _stream(writer, pieces)
                    return

    def _admit(self, writer: asyncio.StreamWriter) -> None:
        """Admit only root, the daemon's own user, and members of the socket's group."""
        peer: socket.socket = writer.get_extra_info("socket")
        _pid, uid, gid = _PEERCRED.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEERCRED.size))
        if uid in {0, os.geteuid()} or gid == self._socket_group:
            return
        try:
            user = pwd.getpwuid(uid).pw_name
            if user in grp.getgrgid(self._socket_group).gr_mem:
                return
        except (KeyError, OverflowError):
            pass
        raise refusal("socket-user", uid)

    async def _header(self, reader: asyncio.StreamReader) -> framing.Header:
        try:
            async with asyncio.timeout(self._limits.header):
                raw = await reader.readuntil(b"\x00")
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            raise refusal("header-not-arrived") from error
        except asyncio.LimitOverrunError as error:
            raise refusal("request-header-too-long") from error
        if len(raw) > limits.HEADER_BYTES:
            raise refusal("request-header-too-long")
        header = framing.decode_header(raw[:-1])
        check(VM_NAME, header.source)
        if header.target_kind == "name":
            return header
        if header.untrusted_target != "adminvm":
            raise refusal("no-destination", shown(header.untrusted_target))
        return framing.Header(header.untrusted_service, header.untrusted_argument, header.source, "name", DOM0)

    async def _payload(self, reader: asyncio.StreamReader) -> AsyncGenerator[bytes, None]:
        """The payload to its end. Raises `ProtocolError` for a caller that stops without ending it."""
        while True:
            async with self._going_on():
                piece = await reader.read(_PIECE)
            if not piece:
                return
            yield piece

    async def _streamed(self, stream: PayloadStream, writer: asyncio.StreamWriter) -> AsyncGenerator[bytes, None]:
        """As `_payload`, of a call that takes an image or a backup.

        The caller must still be there at the end: one that was killed in the middle of an image has ended its payload
        too, as far as the socket tells, and half an image is not to become a volume.
        """
        while True:
            if stream.has_piece:
                piece = await stream.read()
            else:
                async with self._going_on():
                    piece = await stream.read()
            if not piece:
                if _has_hung_up(writer):
                    raise refusal("payload-left")
                return
            yield piece

    @asynccontextmanager
    async def _going_on(self) -> AsyncIterator[None]:
        """The next piece of a payload has to come in time. Raises `ProtocolError` otherwise."""
        try:
            async with asyncio.timeout(self._limits.idle):
                yield
        except TimeoutError as error:
            raise refusal("payload-stalled", f"{self._limits.idle:g}") from error
        except ConnectionError as error:
            raise refusal("payload-broken") from error


@contextmanager
def _not_reading(transport: asyncio.WriteTransport) -> Iterator[None]:
    """Leave what a waiting caller sends in the kernel, where it is bounded."""
    if not isinstance(transport, asyncio.Transport) or not transport.is_reading():
        yield
        return
    transport.pause_reading()
    try:
        yield
    finally:
        transport.resume_reading()


async def _send(writer: asyncio.StreamWriter, piece: bytes) -> None:
    """Write, waiting only for a caller that takes its time; one that has gone away is not an error of the call."""
    if writer.is_closing():
        return
    writer.write(piece)
    if writer.transport.get_write_buffer_size() > _PIECE:
        with suppress(ConnectionError):
            await writer.drain()


async def _stream(writer: asyncio.StreamWriter, pieces: AsyncGenerator[bytes, None]) -> None:
    """Events until their end or the caller's."""
    with suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(_hung_up(writer))
            async for piece in pieces:
                await _send(writer, piece)
            watching.cancel()


def _has_hung_up(writer: asyncio.StreamWriter) -> bool:
    """Whether the caller has closed both directions; one that has only ended its payload still listens."""
    if writer.is_closing():
        return True
    peer: socket.socket = writer.get_extra_info("socket")
    poller = select.poll()
    poller.register(peer.fileno(), 0)
    return bool(poller.poll(0))


async def _hung_up(writer: asyncio.StreamWriter) -> None:
    """Raises `ConnectionResetError` once the caller has gone away altogether.

    After a caller's EOF asyncio no longer watches the socket, so a listener that left would be noticed only at the
    next event: the kernel is asked instead, now and then.
    """
    while not _has_hung_up(writer):  # noqa: ASYNC110 - asyncio has no event for it
        await asyncio.sleep(_LOOK)
    raise ConnectionResetError
