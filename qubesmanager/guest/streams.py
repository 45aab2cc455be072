# SPDX-License-Identifier: GPL-3.0-or-later
"""The two kinds of streams of the agent: a service that runs in the guest, and a call of a program of the guest."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import IO, Protocol

from qubesmanager.guest import local
from qubesmanager.guest.frames import Call, Session, StreamGoneError, encode_call, printable
from qubesmanager.guest.local import BROKEN, Frame, LocalError
from qubesmanager.guest.pumps import PIECE, Sink, Source


class Channel(Protocol):
    """What a stream needs of the agent."""

    loop: AbstractEventLoop
    session: Session

    def flush(self) -> None:
        """Write what the session has to send."""

    def room(self) -> int:
        """Bytes that may be sent to the host now, of all streams together."""


class Service:
    """A program that was started for the host: its three pipes on a stream."""

    def __init__(
        self, channel: Channel, number: int, process: subprocess.Popen[bytes], ended: Callable[[Service], None]
    ) -> None:
        self.number = number
        self._channel, self._process, self._ended = channel, process, ended
        loop = channel.loop
        pipes = [_detached(pipe) for pipe in (process.stdin, process.stdout, process.stderr)]
        self._stdin = Sink(loop, pipes[0], self._used)
        self._stdout = Source(loop, pipes[1], self._room, self._send, self._pipe_ended)
        self._stderr = Source(loop, pipes[2], self._room, self._send_error, self._pipe_ended)
        self._is_over = False
        self.update()

    def update(self) -> None:
        """Go on reading, if there is room now."""
        self._stdout.update()
        self._stderr.update()

    def data(self, data: bytes) -> None:
        self._stdin.write(data, len(data))

    def data_ended(self) -> None:
        self._stdin.end()

    def look(self) -> bool:
        """Whether the process has ended. Then the rest of its output is read."""
        if self._process.poll() is None:
            return False
        self._stdin.close()
        self._stdout.finish()
        self._stderr.finish()
        self._pipe_ended()
        return True

    def lost(self) -> None:
        """The stream is gone: the service notices it as a program whose terminal was closed."""
        if not self._is_over:
            self._is_over = True
            self._stdin.close()
            self._stdout.close()
            self._stderr.close()
            if self._process.returncode is None:
                # It is not reaped yet, so that the number is still that of its process group.
                with suppress(OSError):
                    os.killpg(self._process.pid, signal.SIGHUP)
            self._ended(self)

    def _used(self, count: int) -> None:
        self._channel.session.grant(self.number, count)
        self._channel.flush()

    def _room(self) -> int:
        try:
            return min(self._channel.session.credit(self.number), self._channel.room())
        except StreamGoneError:
            return 0

    def _send(self, data: bytes) -> None:
        self._channel.session.send(self.number, data)
        self._channel.flush()
        self._stderr.update()

    def _send_error(self, data: bytes) -> None:
        self._channel.session.send(self.number, data, is_error=True)
        self._channel.flush()
        self._stdout.update()

    def _pipe_ended(self) -> None:
        """End the stream, once the process has ended and its output is read."""
        if self._is_over or self._stdout.is_open or self._stderr.is_open or self._process.returncode is None:
            return
        self._is_over = True
        status = self._process.returncode
        self._channel.session.exit(self.number, status if status >= 0 else 128 - status)
        self._channel.flush()
        self._ended(self)


def _detached(pipe: IO[bytes] | None) -> int:
    """The descriptor of a pipe of a process, which the caller closes."""
    if pipe is None:
        raise ValueError("A service has three pipes.")
    with pipe:
        return os.dup(pipe.fileno())


class LocalCall:
    """The connection of a program in the guest, which makes one call. `uid` is that of the program."""

    def __init__(
        self,
        channel: Channel,
        connection: socket.socket,
        uid: int,
        named: Callable[[], None],
        gone: Callable[[LocalCall], None],
    ) -> None:
        self.uid = uid
        self.call: Call | None = None
        """The call, once the program has named it."""
        self.number = 0
        """That of its stream, once it has one."""
        self.is_open = False
        """Whether the other side has accepted it."""
        self.is_over = False
        """Whether its last frame is on its way to the program."""
        self.since = monotonic()
        """When it came."""
        self._channel, self._named, self._gone = channel, named, gone
        self._reader = local.Reader()
        self._unsent = b""
        self._is_ended = False
        """Whether the program has sent END."""
        self._descriptor = connection.detach()
        self._source = Source(channel.loop, self._descriptor, self._room, self._received, self._hung_up)
        self._sink = Sink(channel.loop, os.dup(self._descriptor), self._used, self._hung_up)
        self.update()

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for a stream."""
        return self.call is not None and not self.number and not self.is_over

    @property
    def is_pending(self) -> bool:
        """Whether it waits for the policy."""
        return bool(self.number) and not self.is_open and not self.is_over

    def accepted(self) -> None:
        self.is_open = True
        self.update()

    def update(self) -> None:
        """Go on sending and reading, if there is room now."""
        self._send()
        self._source.update()

    def data(self, data: bytes) -> None:
        self._sink.write(local.encode(local.DATA, data), len(data))

    def data_ended(self) -> None:
        self._sink.write(local.encode(local.END), 0)

    def exited(self, code: int) -> None:
        self._finish(local.EXIT, bytes([code]))

    def fail(self, code: int, text: str) -> None:
        """End the call with an exit code and a text for the user."""
        self._finish(local.FAILED, bytes([code]) + printable(text).encode("ascii"))

    def lost(self) -> None:
        """The stream is gone without an exit code."""
        self.fail(BROKEN, "The connection to dom0 broke.")

    def _finish(self, kind: int, payload: bytes) -> None:
        if not self.is_over:
            self.is_over = True
            if self.number:
                # After an answer there is no stream, and this does nothing.
                self._channel.session.reset(self.number)
                self._channel.flush()
            self.number = 0
            self._unsent = b""
            self._source.update()
            self._sink.write(local.encode(kind, payload), 0)
            self._sink.end()

    def check(self) -> None:
        """Hang up, if the program has done so. While nothing is read from it, nothing else shows that."""
        poll = select.poll()
        if self._source.is_open:
            poll.register(self._descriptor, select.POLLRDHUP)
            if poll.poll(0):
                self._hung_up()

    def hang_up(self) -> None:
        """Close the connection, and give the stream up."""
        self._source.close()
        self._sink.close()
        if self.number:
            self._channel.session.reset(self.number)
            self._channel.flush()
            self.number = 0
        self.is_over = True

    def _hung_up(self) -> None:
        self.hang_up()
        self._gone(self)

    def _used(self, count: int) -> None:
        if count and self.number:
            self._channel.session.grant(self.number, count)
            self._channel.flush()

    def _room(self) -> int:
        """Bytes to read from the program: only when all that was read before is sent."""
        if self.is_over:
            return PIECE
        return 0 if self._unsent or (self.is_open and not self._channel.room()) else PIECE

    def _received(self, untrusted: bytes) -> None:
        if self.is_over:
            return
        try:
            for frame in self._reader.feed(untrusted):
                self._frame(frame)
        except (LocalError, ValueError):
            self.fail(BROKEN, "The agent was sent something that is no call.")
            return
        self._send()

    def _frame(self, untrusted: Frame) -> None:
        kind, payload = untrusted
        if self._is_ended or (kind == local.CALL) is not (self.call is None):
            raise LocalError("a frame in another order")
        if kind == local.CALL:
            target, service, argument = payload.decode("ascii").split("\0")
            call = Call(service, argument, target)
            encode_call(call)
            self.call = call
            self._named()
        elif kind == local.DATA:
            self._unsent += payload
        elif kind == local.END and not payload:
            self._is_ended = True
        else:
            raise LocalError("a frame that only the agent sends")

    def _send(self) -> None:
        if not self.is_open or self.is_over:
            return
        session = self._channel.session
        try:
            if self._unsent:
                self._unsent = self._unsent[session.send(self.number, self._unsent) :]
            if self._is_ended and not self._unsent:
                session.end(self.number)
        except StreamGoneError:
            return
        self._channel.flush()
