# SPDX-License-Identifier: GPL-3.0-or-later
"""The last minutes of a qube's statistics, for sparklines."""

from collections import deque
from dataclasses import dataclass, field

LENGTH = 60
"""Values that are kept: three minutes at the default interval."""


@dataclass(slots=True)
class History:
    """Percent of the qube's vcpus, and KiB of memory, oldest first."""

    cpus: deque[int] = field(default_factory=lambda: deque(maxlen=LENGTH))
    memories: deque[int] = field(default_factory=lambda: deque(maxlen=LENGTH))

    @property
    def cpu(self) -> int:
        return self.cpus[-1] if self.cpus else 0

    @property
    def memory_kib(self) -> int:
        return self.memories[-1] if self.memories else 0

    def mean(self) -> "History":
        """One value of each: the mean of those that are kept."""
        means = (deque([sum(values) // len(values)] if values else []) for values in (self.cpus, self.memories))
        return History(*means)

    def add(self, cpu: int, memory_kib: int) -> None:
        self.cpus.append(cpu)
        self.memories.append(memory_kib)
