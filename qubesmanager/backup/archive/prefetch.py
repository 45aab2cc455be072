# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes pieces in a thread before their consumer asks for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from queue import Queue as BoundedQueue
from threading import Event

from qubesmanager.host.workers import Workers

DEPTH = 6
"""Pieces that are made before they are asked for."""


@contextmanager
def ahead(pieces: Iterator[bytes]) -> Iterator[Iterator[bytes]]:
    """The same pieces, made in a thread, `DEPTH` of them ahead.

    An exception of the thread is raised where its piece would come. The thread has ended when the block ends.
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

    with Workers(1, "backup-ahead") as thread:
        thread.submit(make)
        try:
            yield taken()
        finally:
            left.set()
            _empty(made)


def _empty(made: "BoundedQueue[bytes | None]") -> None:
    """Empty the queue, so that a thread that waits for room goes on and ends."""
    try:
        while True:
            made.get_nowait()
    except Empty:
        pass
