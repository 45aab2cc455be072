# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts how many calls of a transport are under way at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager


class AtOnce:
    """`most`: the highest number of calls that were under way together."""

    def __init__(self) -> None:
        self.most = 0
        self._now = 0

    @contextmanager
    def call(self) -> Iterator[None]:
        """One call is under way in the block."""
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            yield
        finally:
            self._now -= 1
