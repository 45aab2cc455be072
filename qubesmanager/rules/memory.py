# SPDX-License-Identifier: GPL-3.0-or-later
"""How memory and maxmem go together. MiB throughout; maxmem 0 means that memory is not balanced."""

LEAST_MEMORY = 32
MOST_MEMORY = 64 << 20
"""64 TiB in MiB: beyond it a number is a mistake."""


def why_not_memory(memory: int, maxmem: int) -> str | None:
    """Why a qube cannot start with `memory` under that `maxmem`, as a sentence; None if it can."""
    if not LEAST_MEMORY <= memory <= MOST_MEMORY:
        return f"Memory is between {LEAST_MEMORY} and {MOST_MEMORY} MiB."
    if maxmem and memory > maxmem:
        return f"The initial memory ({memory} MiB) is above the maximum ({maxmem} MiB)."
    return None


def why_not_maxmem(maxmem: int, memory: int) -> str | None:
    """The same seen from maxmem."""
    if maxmem > MOST_MEMORY:
        return f"The maximum is at most {MOST_MEMORY} MiB."
    if maxmem and maxmem < memory:
        return f"The maximum ({maxmem} MiB) is below the initial memory ({memory} MiB)."
    return None
