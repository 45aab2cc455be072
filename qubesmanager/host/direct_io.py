# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing and reading long files past the page cache, in a separate thread.

A page cache copies each byte, and keeps a volume in memory that no one reads again: half of what a restore takes. So
what is long goes between the disk and buffers of our own (O_DIRECT), whole pages of it; edges and short runs go the
usual way, and so does everything where the file system knows nothing of O_DIRECT. No page is written both ways. Source:
open(2), "O_DIRECT".
"""

import errno
import os
from concurrent.futures import Future
from contextlib import suppress
from mmap import PAGESIZE, mmap
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NamedTuple

from qubesmanager.host.buffers import ROOM, give_back, take_room
from qubesmanager.host.workers import Workers

LONG = 1 << 20
"""Bytes from which an isolated run is worth a separate transfer."""
_BUFFERS = 3


class _Work(NamedTuple):
    """`room[start:end]` belongs into the file from `base + start` on; `base` is on a page's border."""

    room: mmap
    base: int
    start: int
    end: int


class StraightWriter:
    """A plain file by its descriptor, which stays open; it is filled by ascending runs, never over each other.

    What a write of the disk raised is raised by the next `write`, or by `finish`: after that everything has been
    written, though it is for the caller to sync it. Used by one thread at a time.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._straight = -1
        self._room: mmap | None = None
        self._base = self._start = self._end = 0
        self._free: SimpleQueue[mmap] = SimpleQueue()
        self._made = 0
        self._full: SimpleQueue[_Work | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._error: OSError | None = None

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Take the bytes for that offset of the file."""
        if self._error is not None:
            raise self._error
        if self._room is None or offset != self._base + self._end:
            self._flush()
            self._begin(offset)
        view = memoryview(data)
        while view:
            if self._end == ROOM:
                self._hand_over()
            assert self._room is not None  # noqa: S101 - there is one since `_begin`
            part = view[: ROOM - self._end]
            self._room[self._end : self._end + len(part)] = part
            self._end += len(part)
            view = view[len(part) :]

    def patch(self, offset: int, data: bytes) -> None:
        """Write over what was written before."""
        if self._room is not None and self._base + self._start <= offset <= self._base + self._end - len(data):
            self._room[offset - self._base : offset - self._base + len(data)] = data
            return
        self.finish()
        _all(self._fd, memoryview(data), offset)

    def finish(self) -> None:
        """Everything has been given to the disk; raises what it refused. More may follow."""
        self._flush()
        self.settle()
        if self._error is not None:
            raise self._error

    def settle(self) -> None:
        """Its thread has ended when this returns, whether what was taken is written or not."""
        if self._thread is not None:
            self._full.put(None)
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """Nothing is left of it: no thread, no buffer, no descriptor but the caller's. Nothing more may follow."""
        self.settle()
        if self._room is not None:
            give_back(self._room)
            self._room = None
        with suppress(Empty):
            while True:
                give_back(self._free.get_nowait())
        self._made = 0
        if self._straight >= 0:
            os.close(self._straight)
            self._straight = -1

    def _begin(self, offset: int) -> None:
        self._room = self._room or self._new_room()
        self._start = self._end = offset % PAGESIZE
        self._base = offset - self._start

    def _flush(self) -> None:
        """A run has come to its end."""
        if self._room is None or self._start == self._end:
            return
        if self._end - self._start >= LONG:
            self._put()
            return
        with memoryview(self._room) as view:
            _all(self._fd, view[self._start : self._end], self._base + self._start)
        self._start = self._end

    def _hand_over(self) -> None:
        """The buffer is full, and the run goes on in another."""
        following = self._base + self._end
        self._put()
        self._begin(following)

    def _put(self) -> None:
        assert self._room is not None  # noqa: S101 - it holds something
        if self._thread is None:
            if self._straight < 0:
                self._straight = _without_cache(self._fd, os.O_WRONLY)
            self._thread = Thread(target=self._run, name="backup-disk")
            self._thread.start()
        self._full.put(_Work(self._room, self._base, self._start, self._end))
        self._room = None

    def _new_room(self) -> mmap:
        if self._made < _BUFFERS:
            self._made += 1
            return take_room()
        return self._free.get()

    # -- in the thread

    def _run(self) -> None:
        while (work := self._full.get()) is not None:
            # After an error nothing more is written, and the buffers still go round.
            if self._error is None:
                try:
                    self._out(work)
                except OSError as error:
                    self._error = error
            self._free.put(work.room)

    def _out(self, work: _Work) -> None:
        first, last = work.start + -work.start % PAGESIZE, work.end - work.end % PAGESIZE
        with memoryview(work.room) as room:
            for fd, start, end in (
                (self._fd, work.start, first),
                (self._straight, first, last),
                (self._fd, last, work.end),
            ):
                with room[start:end] as part:
                    self._part(fd, part, work.base + start)

    def _part(self, fd: int, part: memoryview, offset: int) -> None:
        if fd == self._straight >= 0:
            try:
                _all(fd, part, offset)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                # It could be opened, but this file system needs another alignment.
            else:
                return
        _all(self._fd, part, offset)


class StraightReader:
    """A plain file by its descriptor, which stays open: from an offset to its end, a buffer ahead of who takes it.

    Used by one thread at a time.
    """

    def __init__(self, fd: int, offset: int = 0) -> None:
        self._fd = fd
        self._straight = _without_cache(fd, os.O_RDONLY)
        self._skip = offset % PAGESIZE
        self._base = offset - self._skip
        self._room, self._other = take_room(), take_room()
        self._is_closed = False
        self._at = self._end = 0
        self._disk = Workers(1, "backup-disk")
        self._ahead: Future[int] | None = self._fill_other()

    def read(self, size: int) -> bytes:
        """At most `size` bytes, and none only at the end. Raises what the disk refused."""
        if self._at >= self._end and not self._turn():
            return b""
        start, self._at = self._at, min(self._at + size, self._end)
        return self._room[start : self._at]

    def close(self) -> None:
        """Nothing is left of it: no thread, no buffer, no descriptor but the caller's. Nothing more may follow."""
        self._disk.shutdown(cancel_futures=True)
        self._ahead = None
        if not self._is_closed:
            give_back(self._room)
            give_back(self._other)
            self._is_closed = True
        if self._straight >= 0:
            os.close(self._straight)
            self._straight = -1

    def _turn(self) -> bool:
        """Take the buffer that was filled meanwhile, and have the other one filled; false at the end of the file."""
        if self._ahead is None:
            return False
        filled = self._ahead.result()
        self._room, self._other = self._other, self._room
        self._at, self._end, self._skip = self._skip, filled, 0
        self._ahead = self._fill_other() if filled == ROOM else None
        return self._at < self._end

    def _fill_other(self) -> Future[int]:
        base, self._base = self._base, self._base + ROOM
        return self._disk.submit(self._fill, self._other, base)

    # -- in the thread

    def _fill(self, room: mmap, base: int) -> int:
        """Fill the buffer from the file; the bytes it has then, fewer than its size only at the end of the file."""
        with memoryview(room) as view:
            done = self._directly(view, base)
            while done < ROOM:
                with view[done:] as rest:
                    read = os.preadv(self._fd, [rest], base + done)
                if not read:
                    break
                done += read
        return done

    def _directly(self, view: memoryview, base: int) -> int:
        if self._straight < 0:
            return 0
        try:
            return os.preadv(self._straight, [view], base)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            return 0  # it could be opened, but this file system needs another alignment


def _without_cache(fd: int, mode: int) -> int:
    """Another descriptor of the same file that goes past the page cache; -1 where there is none."""
    try:
        return os.open(f"/proc/self/fd/{fd}", mode | os.O_DIRECT | os.O_CLOEXEC)
    except OSError:
        return -1


def _all(fd: int, data: memoryview, offset: int) -> None:
    while data:
        written = os.pwrite(fd, data, offset)
        data, offset = data[written:], offset + written
