# SPDX-License-Identifier: GPL-3.0-or-later
"""The last minutes of a qube's statistics, for sparklines."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

LENGTH = 60
"""Values that are kept: three minutes at the default interval."""
LATE = 2.5
"""Intervals without statistics from which rounds are missing: less is a busy machine."""
INTERVAL = 3
"""Seconds between two rounds of statistics, where the system does not say it."""

Values = Sequence[int | None]
"""One value of each round, oldest first; None where there was none."""


@dataclass(slots=True)
class History:
    """Percent of the qube's vcpus, and KiB of memory, oldest first; None for a round that is missing."""

    cpus: deque[int | None] = field(default_factory=lambda: deque(maxlen=LENGTH))
    memories: deque[int | None] = field(default_factory=lambda: deque(maxlen=LENGTH))
    _last: float | None = None
    """When the last ones came."""

    @property
    def cpu(self) -> int:
        return (self.cpus[-1] if self.cpus else None) or 0

    @property
    def memory_kib(self) -> int:
        return (self.memories[-1] if self.memories else None) or 0

    def mean(self) -> "History":
        """One value of each: the mean of those that are known."""
        return History(_mean(self.cpus), _mean(self.memories))

    def add(self, cpu: int | None, memory_kib: int, now: float, interval: float) -> None:
        """Add a round. The rounds that are missing since the last one are added first, one for each interval.

        Times in seconds.
        """
        late = 0.0 if self._last is None else (now - self._last) / interval
        for _ in range(min(LENGTH, round(late) - 1) if late > LATE else 0):
            self.cpus.append(None)
            self.memories.append(None)
        self._last = now
        self.cpus.append(cpu)
        self.memories.append(memory_kib)


def _mean(values: Iterable[int | None]) -> deque[int | None]:
    known = known_values(values)
    return deque([sum(known) // len(known)] if known else [])


def known_values(values: Iterable[int | None]) -> list[int]:
    """The values without those that are missing."""
    return [value for value in values if value is not None]


def stretches(values: Iterable[int | None]) -> Iterator[tuple[int, list[int]]]:
    """The values in parts without a gap: where each part begins, and its values."""
    part: list[int] = []
    at = -1
    for at, value in enumerate(values):
        if value is not None:
            part.append(value)
        elif part:
            yield at - len(part), part
            part = []
    if part:
        yield at + 1 - len(part), part
