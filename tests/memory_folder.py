# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the temporary files of tests go: into memory where the machine has room for them there."""

import os
from pathlib import Path

MEMORY = Path("/dev/shm")
NEEDED = 2 << 30
"""Free bytes in memory below which temporary files go to the disk."""


def memory_folder() -> Path | None:
    """A folder whose files are kept in memory, if there is one with enough room, from which programs can be run.

    The files of a daemon cost a third of the CPU time there, and no test waits until a disk has written them.
    """
    if not os.access(MEMORY, os.W_OK | os.X_OK):
        return None
    status = os.statvfs(MEMORY)
    is_suitable = status.f_bavail * status.f_frsize >= NEEDED and not status.f_flag & os.ST_NOEXEC
    return MEMORY if is_suitable else None
