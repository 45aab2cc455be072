# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading from and writing to a descriptor (a file, a pipe, a socket); a cancel ends the wait for them.

The descriptor becomes non-blocking, and stays so; for a plain file that changes nothing.
"""

import fcntl
import os
import select
import stat
from concurrent.futures import Future, wait
from threading import Event
from typing import TypeVar

from qubesmanager.host.direct_io import StraightReader, StraightWriter
from qubesmanager.wire.reasons import refusal

T = TypeVar("T")

_LOOK_MS = 200
_STEP = 1 << 20


def check(cancelled: Event) -> None:
    """Raise `BackupCancelledError` once the event is set."""
    if cancelled.is_set():
        raise refusal("backup-cancelled")


def awaited(future: Future[T], cancelled: Event) -> T:
    """The result of the future. Raises `BackupCancelledError` soon after a cancel, whatever the future does."""
    while not future.done():
        check(cancelled)
        wait([future], _LOOK_MS / 1000)
    return future.result()


class FdOutput:
    """Writes all it is given. Raises `OSError`: a full disk, a pipe without a reader.

    `can_patch`: it is a plain file, where what was written can be written over.
    """

    def __init__(self, fd: int, cancelled: Event) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._cancelled = cancelled
        # With O_APPEND a write at an offset goes to the end in spite of it.
        appends = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_APPEND
        self.can_patch = stat.S_ISREG(os.fstat(fd).st_mode) and not appends
        self._start = self._end = os.lseek(fd, 0, os.SEEK_CUR) if self.can_patch else 0
        self._file = StraightWriter(fd) if self.can_patch else None

    def write(self, data: bytes) -> None:
        check(self._cancelled)
        if self._file is not None:
            self._file.write(self._end, data)
            self._end += len(data)
            return
        view = memoryview(data)
        while view:
            check(self._cancelled)
            try:
                view = view[os.write(self._fd, view[:_STEP]) :]
            except BlockingIOError:
                _wait(self._fd, select.POLLOUT)

    def patch(self, offset: int, data: bytes) -> None:
        """Write over what was written, `offset` bytes after the first of it. For a plain file only."""
        check(self._cancelled)
        assert self._file is not None  # noqa: S101 - checked by `can_patch`
        self._file.patch(self._start + offset, data)

    def finish(self) -> None:
        """Hand over to the system what is not written yet. Raises `OSError`; nothing is synced."""
        if self._file is not None:
            self._file.finish()
            os.lseek(self._fd, self._end, os.SEEK_SET)

    def settle(self) -> None:
        """End its threads and close its descriptors."""
        if self._file is not None:
            self._file.close()


class FdInput:
    """Reads what is available, at most `size` bytes; no bytes mean the end.

    A plain file is read ahead from its current position, until `close`.
    """

    def __init__(self, fd: int, cancelled: Event) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._cancelled = cancelled
        is_plain = stat.S_ISREG(os.fstat(fd).st_mode)
        self._file = StraightReader(fd, os.lseek(fd, 0, os.SEEK_CUR)) if is_plain else None

    def read(self, size: int) -> bytes:
        if self._file is not None:
            check(self._cancelled)
            return self._file.read(size)
        while True:
            check(self._cancelled)
            try:
                return os.read(self._fd, min(size, _STEP))
            except BlockingIOError:
                _wait(self._fd, select.POLLIN)

    def close(self) -> None:
        """End its threads and close its descriptors. Nothing may be read afterwards."""
        if self._file is not None:
            self._file.close()


def _wait(fd: int, what: int) -> None:
    poll = select.poll()
    poll.register(fd, what)
    poll.poll(_LOOK_MS)
