# SPDX-License-Identifier: GPL-3.0-or-later
"""Priorities of a process that answers at once while its threads compute for a long time.

Linux keeps the niceness of each thread; a new thread has that of the one that starts it.
"""

import os
import threading
from contextlib import suppress

_ANSWERING = -5
_COMPUTING = 10


def answer_first() -> None:
    """The calling thread and those that it starts come before other programs, where the system allows it (root)."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _ANSWERING)


def compute_later() -> None:
    """The calling thread and those that it starts give way to others."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _COMPUTING)
