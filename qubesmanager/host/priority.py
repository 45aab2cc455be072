# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that compute for a long time: their priority, and how many of them compute at a time.

Linux keeps the niceness of each thread; a new thread has that of the one that starts it.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_COMPUTING = 10
_places = threading.BoundedSemaphore(os.cpu_count() or 1)


def compute_later() -> None:
    """The calling thread and those that it starts give way to others."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _COMPUTING)


@contextmanager
def computing() -> Iterator[None]:
    """A block that computes without waiting for anything; as many run at a time as there are processors.

    More would only interrupt each other, and one that is interrupted while it has the interpreter lock makes the event
    loop wait until its next turn.
    """
    with _places:
        yield
