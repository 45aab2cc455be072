# SPDX-License-Identifier: GPL-3.0-or-later
"""The priority of threads that compute for a long time.

Linux keeps the niceness of each thread; a new thread has that of the one that starts it.
"""

import os
import threading
from contextlib import suppress

_COMPUTING = 10


def compute_later() -> None:
    """The calling thread and those that it starts give way to others."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _COMPUTING)
