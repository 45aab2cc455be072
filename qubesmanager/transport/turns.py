# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns for the loop in the middle of long work, which is done in the process of a window: it is painted in them."""

import asyncio
from time import perf_counter

LONGEST = 0.003
"""Seconds of work after which the loop gets a turn."""


class Turns:
    """Begins to measure when it is made."""

    def __init__(self) -> None:
        self._since = perf_counter()

    async def give(self) -> None:
        """Give the loop a turn, if it has not had one for a while."""
        if perf_counter() - self._since > LONGEST:
            await asyncio.sleep(0)
            self._since = perf_counter()
