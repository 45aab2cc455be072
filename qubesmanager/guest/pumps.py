# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes from and to file descriptors of the agent, never more at once than the other side can take."""

from __future__ import annotations

import os
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable

PIECE = 32 << 10
"""Bytes that are read at once."""


class Source:
    """Reads a file descriptor while there is room for what it reads, and closes it at its end.

    `room()` is how many bytes can be taken now; call `update` when it may have changed. `ended()` is called once.
    """

    def __init__(
        self,
        loop: AbstractEventLoop,
        descriptor: int,
        room: Callable[[], int],
        data: Callable[[bytes], None],
        ended: Callable[[], None],
    ) -> None:
        os.set_blocking(descriptor, False)
        self._loop, self._descriptor = loop, descriptor
        self._room, self._data, self._ended = room, data, ended
        self._is_watched = False
        self._is_last = False
        self.is_open = True

    def update(self) -> None:
        """Watch the descriptor, or stop watching it."""
        is_wanted = self.is_open and self._room() > 0
        if is_wanted and self._is_last:
            self._loop.call_soon(self._read)
        elif is_wanted and not self._is_watched:
            self._loop.add_reader(self._descriptor, self._read)
            self._is_watched = True
        elif not is_wanted:
            self._unwatch()

    def finish(self) -> None:
        """Read what is there, and no more: the process that wrote it has ended, others may keep the pipe open."""
        self._unwatch()
        self._is_last = True
        self.update()

    def close(self) -> None:
        if self.is_open:
            self._unwatch()
            self.is_open = False
            os.close(self._descriptor)

    def _unwatch(self) -> None:
        if self._is_watched:
            self._loop.remove_reader(self._descriptor)
            self._is_watched = False

    def _read(self) -> None:
        room = min(self._room(), PIECE) if self.is_open else 0
        if room > 0:
            try:
                data = os.read(self._descriptor, room)
            except BlockingIOError:
                if self._is_last:
                    self._end()
                return
            except OSError:
                data = b""
            if not data:
                self._end()
                return
            self._data(data)
        self.update()

    def _end(self) -> None:
        self.close()
        self._ended()


class Sink:
    """Writes to a file descriptor as fast as its reader takes it, and closes it at the end.

    `used(count)` is called for the count that came with each write, once its bytes are written or can no longer be.
    `closed()` is called once, when the descriptor was closed by `end` or because its reader is gone.
    """

    def __init__(
        self,
        loop: AbstractEventLoop,
        descriptor: int,
        used: Callable[[int], None],
        closed: Callable[[], None] = lambda: None,
    ) -> None:
        os.set_blocking(descriptor, False)
        self._loop, self._descriptor = loop, descriptor
        self._used, self._closed = used, closed
        self._pieces: deque[tuple[memoryview, int]] = deque()
        self._is_watched = False
        self._is_last = False
        self.is_open = True

    def write(self, data: bytes, count: int) -> None:
        """Write the data when it is possible. Data for a reader that is gone is dropped."""
        if not self.is_open:
            self._used(count)
            return
        self._pieces.append((memoryview(data), count))
        self._write()

    def end(self) -> None:
        """Close the descriptor once everything is written."""
        self._is_last = True
        self._write()

    def close(self) -> None:
        """Close the descriptor at once, without a call of `closed`."""
        if self.is_open:
            self._watch(watched=False)
            self.is_open = False
            os.close(self._descriptor)
        self._pieces.clear()

    def _watch(self, *, watched: bool) -> None:
        if watched and not self._is_watched:
            self._loop.add_writer(self._descriptor, self._write)
        elif not watched and self._is_watched:
            self._loop.remove_writer(self._descriptor)
        self._is_watched = watched

    def _write(self) -> None:
        while self.is_open and self._pieces:
            data, count = self._pieces[0]
            try:
                rest = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                self._watch(watched=True)
                return
            except OSError:
                self._gone()
                return
            if rest:
                self._pieces[0] = rest, count
                continue
            self._pieces.popleft()
            self._used(count)
        if self.is_open:
            self._watch(watched=False)
            if self._is_last:
                self.close()
                self._closed()

    def _gone(self) -> None:
        dropped = sum(count for _data, count in self._pieces)
        self.close()
        self._used(dropped)
        self._closed()
