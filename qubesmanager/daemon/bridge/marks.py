# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of qubes that have to be read, and in which order: what a caller waits for first, what fills up last.

A part that is marked twice is read once. At most one reader works at a qube, so its answers come in order.
"""

import asyncio
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from enum import IntEnum
from itertools import count


class Level(IntEnum):
    """How soon a part is read."""

    AWAITED = 0
    """A caller waits for the qube."""
    FIRST = 1
    """The table cannot show the qube without it."""
    SOON = 2
    """It changed."""
    LATER = 3
    """Nothing waits for it."""


class Marks:
    """Parts by qube. `take` and `finish` belong together."""

    def __init__(self) -> None:
        self._parts: dict[str, dict[str, Level]] = {}
        self._busy: set[str] = set()
        self._numbers = count()
        self._queued: set[tuple[Level, str]] = set()
        self._prompt: asyncio.PriorityQueue[tuple[Level, int, str]] = asyncio.PriorityQueue()
        self._later: asyncio.PriorityQueue[tuple[Level, int, str]] = asyncio.PriorityQueue()
        self._no_prompt = asyncio.Event()
        self._no_prompt.set()

    def __contains__(self, name: str) -> bool:
        """Whether a part of the qube is marked, or being read."""
        return name in self._parts or name in self._busy

    @property
    def busy(self) -> AbstractSet[str]:
        """What is being read."""
        return self._busy

    @property
    def is_idle(self) -> bool:
        """Whether nothing is marked, and nothing is being read."""
        return not self._parts and not self._busy

    def mark(self, name: str, parts: Iterable[str], level: Level) -> None:
        """Parts of a qube to read. A part that is marked already keeps the sooner level."""
        marked = self._parts.setdefault(name, {})
        for part in parts:
            marked[part] = min(level, marked.get(part, level))
        self._queue(name)

    def hurry(self, name: str) -> None:
        """Read what is marked of a qube before everything else."""
        if marked := self._parts.get(name):
            self.mark(name, tuple(marked), Level.AWAITED)

    def forget(self, name: str) -> None:
        """Drop what is marked of a qube."""
        self._parts.pop(name, None)

    async def take(self, *, later: bool = False) -> tuple[str, frozenset[str]]:
        """The next qube with the parts to read.

        `later`: once nothing else is left, from what nothing waits for, and then with all that is marked of the qube.
        """
        queue = self._later if later else self._prompt
        while True:
            entry = level, _number, name = await queue.get()
            if later and not self._no_prompt.is_set():
                queue.put_nowait(entry)
                await self._no_prompt.wait()
                continue
            self._queued.discard((level, name))
            if self._prompt.empty():
                self._no_prompt.set()
            marked = self._parts.get(name, {})
            parts = frozenset(part for part, own in marked.items() if own <= level)
            if name in self._busy or not parts:
                continue  # `finish` queues it again, or it was read meanwhile
            for part in parts:
                del marked[part]
            if not marked:
                del self._parts[name]
            self._busy.add(name)
            return name, parts

    def finish(self, name: str) -> None:
        """The reader that took this qube is done with it."""
        self._busy.discard(name)
        if name in self._parts:
            self._queue(name)

    def _queue(self, name: str) -> None:
        level = min(self._parts[name].values())
        if name not in self._busy and (level, name) not in self._queued:
            self._queued.add((level, name))
            if level is Level.LATER:
                self._later.put_nowait((level, next(self._numbers), name))
            else:
                self._prompt.put_nowait((level, next(self._numbers), name))
                self._no_prompt.clear()
