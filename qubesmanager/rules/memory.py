# SPDX-License-Identifier: GPL-3.0-or-later
"""How memory and maxmem go together. MiB throughout; maxmem 0 means that memory is not balanced."""

from qubesmanager.wire.reason import Reason

LEAST_MEMORY = 32
MOST_MEMORY = 64 << 20
"""64 TiB in MiB: beyond it a number is a mistake."""


def why_not_memory(memory: int, maxmem: int) -> Reason | None:
    """Why a qube cannot start with `memory` under that `maxmem`, as a sentence; None if it can."""
    if not LEAST_MEMORY <= memory <= MOST_MEMORY:
        return Reason("memory-range", LEAST_MEMORY, MOST_MEMORY)
    if maxmem and memory > maxmem:
        return Reason("memory-above-maximum", memory, maxmem)
    return None


def why_not_maxmem(maxmem: int, memory: int) -> Reason | None:
    """The same seen from maxmem."""
    if maxmem > MOST_MEMORY:
        return Reason("maxmem-range", MOST_MEMORY)
    if maxmem and maxmem < memory:
        return Reason("maxmem-below-memory", maxmem, memory)
    return None
