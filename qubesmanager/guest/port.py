# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtio-serial port of a guest: a pipe of bytes to dom0's daemon, which may be away for a while."""

from __future__ import annotations

import os
from asyncio import AbstractEventLoop, TimerHandle
from typing import Protocol

RETRY = 1.0
"""Seconds between two looks for the port, and for the host at its other end: the kernel reports neither."""
FULL = 256 << 10
"""Bytes that wait to be written, from which on the streams send nothing more."""
_STOP = 1 << 20
"""Bytes that wait to be written, from which on nothing more is read: answers to what is read would pile up."""
_PIECE = 64 << 10


class Listener(Protocol):
    """What happens at the port."""

    def connected(self) -> None:
        """The host is there."""

    def received(self, untrusted: bytes) -> None:
        """Bytes from the host."""

    def disconnected(self) -> None:
        """The host, or the port, is gone."""

    def drained(self) -> None:
        """Less than `FULL` waits to be written again."""


class Port:
    """Opens the port, and again when the host is gone. Without a host, a read of the port gives no bytes."""

    def __init__(self, loop: AbstractEventLoop, path: str, listener: Listener) -> None:
        self._loop, self._path, self._listener = loop, path, listener
        self._descriptor = -1
        self._output = bytearray()
        self._is_reading = self._is_writing = False
        self._is_held_up = False
        self._timer: TimerHandle | None = None

    @property
    def is_connected(self) -> bool:
        return self._descriptor >= 0 and self._timer is None

    @property
    def pending(self) -> int:
        """Bytes that wait to be written."""
        return len(self._output)

    def look(self) -> None:
        """Open the port and see whether the host is there. If not, look again later."""
        self._timer = None
        if self._descriptor < 0:
            try:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            except OSError:
                self._look_later()
                return
        try:
            first = os.read(self._descriptor, _PIECE)
        except BlockingIOError:
            first = b""
        except OSError:
            self.close()
            self._look_later()
            return
        else:
            if not first:
                self._look_later()
                return
        self._listener.connected()
        if first:
            self._listener.received(first)
        self._watch()

    def write(self, data: bytes) -> None:
        """Write the data when it is possible; without a host it is dropped."""
        if self.is_connected and data:
            self._output += data
            self._write()

    def hold_up(self, *, is_held_up: bool) -> None:
        """Read nothing for now, or go on."""
        self._is_held_up = is_held_up
        self._watch()

    def close(self) -> None:
        if self._descriptor >= 0:
            self._unwatch()
            os.close(self._descriptor)
            self._descriptor = -1
        self._output.clear()

    def _look_later(self) -> None:
        self._timer = self._loop.call_later(RETRY, self.look)

    def _watch(self) -> None:
        if not self.is_connected:
            return
        reading = not self._is_held_up and len(self._output) < _STOP
        if reading and not self._is_reading:
            self._loop.add_reader(self._descriptor, self._read)
        elif self._is_reading and not reading:
            self._loop.remove_reader(self._descriptor)
        writing = bool(self._output)
        if writing and not self._is_writing:
            self._loop.add_writer(self._descriptor, self._write)
        elif self._is_writing and not writing:
            self._loop.remove_writer(self._descriptor)
        self._is_reading, self._is_writing = reading, writing

    def _unwatch(self) -> None:
        if self._is_reading:
            self._loop.remove_reader(self._descriptor)
        if self._is_writing:
            self._loop.remove_writer(self._descriptor)
        self._is_reading = self._is_writing = False

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._listener.received(data)
            self._watch()
        else:
            self._lose()

    def _write(self) -> None:
        was_full = len(self._output) >= FULL
        while self._output:
            try:
                written = os.write(self._descriptor, memoryview(self._output)[:_PIECE])
            except BlockingIOError:
                break
            except OSError:
                self._lose()
                return
            del self._output[:written]
        self._watch()
        if was_full and len(self._output) < FULL:
            self._listener.drained()

    def _lose(self) -> None:
        self.close()
        self._look_later()
        self._listener.disconnected()
