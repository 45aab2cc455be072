# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading from and writing to a descriptor (a file, a pipe, a socket); a cancel is heard while the other side waits.

The descriptor becomes non-blocking, and stays so; for a plain file that changes nothing.
"""

import os
import select
from threading import Event

from qubesmanager.wire.errors import BackupCancelledError

_LOOK_MS = 200
_STEP = 1 << 20


def check(cancelled: Event) -> None:
    """Raise `BackupCancelledError` once the event is set."""
    if cancelled.is_set():
        raise BackupCancelledError("The backup was cancelled.")


class FdOutput:
    """Takes all it is given. `OSError` as the system says it (a full disk, a reader that went away)."""

    def __init__(self, fd: int, cancelled: Event) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._cancelled = cancelled

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            check(self._cancelled)
            try:
                view = view[os.write(self._fd, view[:_STEP]) :]
            except BlockingIOError:
                _wait(self._fd, select.POLLOUT)


class FdInput:
    """Gives what there is, at most `size` bytes, and nothing only at the end."""

    def __init__(self, fd: int, cancelled: Event) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._cancelled = cancelled

    def read(self, size: int) -> bytes:
        while True:
            check(self._cancelled)
            try:
                return os.read(self._fd, min(size, _STEP))
            except BlockingIOError:
                _wait(self._fd, select.POLLIN)


def _wait(fd: int, what: int) -> None:
    poll = select.poll()
    poll.register(fd, what)
    poll.poll(_LOOK_MS)
