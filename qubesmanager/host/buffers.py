# SPDX-License-Identifier: GPL-3.0-or-later
"""Large buffers for bytes on their way to or from a disk, used again and again.

The first touch of a new page costs the kernel sixty times as much as copying into it, and a thread that copies in
Python holds the interpreter lock meanwhile: all other threads wait, the event loop among them. So a new buffer has its
pages filled by a system call, during which others run, and a few buffers are kept for the next user.
"""

import os
from mmap import mmap

ROOM = 4 << 20
"""Bytes of one buffer, which begins on a page's border."""
_KEPT = 8
"""Buffers that are kept while none is in use."""
_free: list[mmap] = []


def take_room() -> mmap:
    """A buffer with any content. Not for the event loop: a new one takes milliseconds."""
    try:
        return _free.pop()
    except IndexError:
        room = mmap(-1, ROOM)
    zero = os.open("/dev/zero", os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.readv(zero, [room])
    finally:
        os.close(zero)
    return room


def give_back(room: mmap) -> None:
    """The buffer may go to the next user; no other code has it, or a view of it."""
    if len(_free) < _KEPT:
        _free.append(room)
