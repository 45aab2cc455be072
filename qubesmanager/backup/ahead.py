# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that overlaps: pieces made in a thread of their own, and a file that goes to the disk while it is written."""

import ctypes
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from queue import Queue as BoundedQueue
from threading import Event, Thread
from typing import Any

DEPTH = 6
"""Pieces that are made before they are asked for."""
_STRETCH = 32 << 20
"""Bytes after which the disk is told."""
_WRITE = 2
"""SYNC_FILE_RANGE_WRITE: begin, and do not wait."""


def _system() -> Any:
    """The system's sync_file_range, which Python has no name for; None where there is none."""
    try:
        found = ctypes.CDLL(None, use_errno=True).sync_file_range
    except (OSError, AttributeError):
        return None
    found.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    return found


_sync_file_range = _system()


class WriteBack:
    """Has the disk begin with what was written of a file, so that the sync at the end has little left to wait for.

    A thread of its own waits where the disk is busy, with a descriptor of its own: the file may be closed meanwhile.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._begun = 0
        self._thread: Thread | None = None

    def wrote(self, end: int) -> None:
        """The file was written up to `end`. Errors are left to the sync, which tells them all."""
        if end - self._begun < _STRETCH or _sync_file_range is None or (self._thread and self._thread.is_alive()):
            return
        work = (os.dup(self._fd), self._begun, end - self._begun)
        self._thread = Thread(target=_begin, args=work, name="backup-disk")
        self._thread.start()
        self._begun = end

    def settle(self) -> None:
        """Its thread has ended when this returns."""
        if self._thread is not None:
            self._thread.join()


def _begin(fd: int, offset: int, size: int) -> None:
    try:
        _sync_file_range(fd, offset, size, _WRITE)
    finally:
        os.close(fd)


@contextmanager
def ahead(pieces: Iterator[bytes]) -> Iterator[Iterator[bytes]]:
    """The same pieces, made in a thread, `DEPTH` of them ahead; what making them raises is raised in their place.

    When the block ends, however it does, the thread has ended too.
    """
    made: BoundedQueue[bytes | None] = BoundedQueue(DEPTH)
    broken: SimpleQueue[BaseException] = SimpleQueue()
    left = Event()

    def make() -> None:
        try:
            for piece in pieces:
                if left.is_set():
                    return
                made.put(piece)
        except BaseException as error:  # noqa: BLE001 - raised again where the piece was wanted
            broken.put(error)
        made.put(None)

    def taken() -> Iterator[bytes]:
        while (piece := made.get()) is not None:
            yield piece
        if not broken.empty():
            raise broken.get()

    with ThreadPoolExecutor(1, thread_name_prefix="backup-ahead") as thread:
        thread.submit(make)
        try:
            yield taken()
        finally:
            left.set()
            _empty(made)


def _empty(made: "BoundedQueue[bytes | None]") -> None:
    """Give a maker that waits for room the room for what it still puts."""
    try:
        while True:
            made.get_nowait()
    except Empty:
        pass
