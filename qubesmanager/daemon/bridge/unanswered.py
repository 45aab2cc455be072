# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of qubes that qubesd did not answer for, and when each is asked for again.

The pause before the next try doubles with each failure of the same part, up to the longest. qubesd failed at the call,
or the connection broke in the middle of it: it may answer the next one.
"""

import asyncio
from collections.abc import Callable, KeysView
from dataclasses import dataclass

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0


@dataclass(slots=True)
class _Try:
    """The next try of a part. `pause`: the seconds that were chosen for it."""

    pause: float
    timer: asyncio.TimerHandle


class Unanswered:
    """`ask` is called with the qube and the part when the pause is over; `answered` or `failed` follows at its end."""

    def __init__(
        self, ask: Callable[[str, str], None], *, first: float = FIRST_PAUSE, longest: float = LONGEST_PAUSE
    ) -> None:
        self._ask = ask
        self._first = first
        self._longest = longest
        self._tries: dict[str, dict[str, _Try]] = {}

    @property
    def names(self) -> KeysView[str]:
        return self._tries.keys()

    def failed(self, name: str, part: str) -> None:
        """There was no answer: ask again later."""
        tries = self._tries.setdefault(name, {})
        last = tries.get(part)
        if last is not None:
            last.timer.cancel()
        pause = self._first if last is None else min(last.pause * 2, self._longest)
        tries[part] = _Try(pause, asyncio.get_running_loop().call_later(pause, self._ask, name, part))

    def answered(self, name: str, part: str) -> None:
        """There was an answer, or a refusal: it is not asked again."""
        tries = self._tries.get(name)
        if tries is None:
            return
        if (last := tries.pop(part, None)) is not None:
            last.timer.cancel()
        if not tries:
            del self._tries[name]

    def hurry(self, name: str) -> None:
        """Ask now for what was not answered of the qube: a caller needs it. One whose try is under way is left."""
        for part, own in self._tries.get(name, {}).items():
            if own.timer.when() > asyncio.get_running_loop().time() and not own.timer.cancelled():
                own.timer.cancel()
                self._ask(name, part)

    def forget(self, name: str) -> None:
        """The qube is gone."""
        for own in self._tries.pop(name, {}).values():
            own.timer.cancel()

    def clear(self) -> None:
        """Ask for nothing more: all is read again, or the mirror ends."""
        for name in [*self._tries]:
            self.forget(name)
