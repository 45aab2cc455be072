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

    @property
    def is_due(self) -> bool:
        """Whether the loop has not had a turn for a while."""
        return perf_counter() - self._since > LONGEST

    async def give(self) -> None:
        """Give the loop a turn, if one is due."""
        if self.is_due:
            await asyncio.sleep(0)
            self._since = perf_counter()
