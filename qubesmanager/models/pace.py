# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a transfer will take: from the bytes of the last minutes, for each kind of work apart."""

from collections import deque
from collections.abc import Mapping

SPAN = 120.0
"""Seconds that the rate is taken over. Pauses within them count, so one fast or slow second changes little."""
LEARNING = 3.0
"""Seconds of a kind of work before its rate says something."""
STEP = 0.5
"""The least seconds between two samples that are kept."""


class Pace:
    """The rate of each kind of work, such as writing and verifying. Times in seconds of any clock that only goes on."""

    def __init__(self) -> None:
        self._samples: dict[str, deque[tuple[float, int]]] = {}

    def put(self, now: float, kind: str, done: int) -> None:
        """So many bytes of this kind are done. A kind begins with its first sample."""
        samples = self._samples.setdefault(kind, deque())
        if len(samples) > 1 and now - samples[-2][0] < STEP:
            samples.pop()  # the last one is replaced; the first one stays
        samples.append((now, done))
        while len(samples) > 2 and now - samples[1][0] >= SPAN:  # noqa: PLR2004 - two points make a rate
            samples.popleft()

    def rate(self, now: float, kind: str) -> float | None:
        """Bytes a second of this kind; None until enough of it was seen."""
        samples = self._samples.get(kind)
        if not samples:
            return None
        (began, before), (_last, done) = samples[0], samples[-1]
        took = now - began
        return (done - before) / took if took >= LEARNING and done > before else None

    def last_rate(self, kind: str) -> float | None:
        """As `rate` at the last sample, for a kind that is over."""
        samples = self._samples.get(kind)
        return self.rate(samples[-1][0], kind) if samples else None

    def remaining(self, now: float, kind: str, left: int, later: Mapping[str, int]) -> float | None:
        """Seconds for the bytes that are left of this kind, and then those of later kinds.

        A later kind whose rate is not known yet is taken to be as fast as this one. None until a rate is known.
        """
        rate = self.rate(now, kind)
        if rate is None:
            return None
        return left / rate + sum(size / (self.last_rate(other) or rate) for other, size in later.items())
