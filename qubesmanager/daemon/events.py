# SPDX-License-Identifier: GPL-3.0-or-later
"""The event hub: what happened goes to each listener that may see the qube, in order, without waiting for any.

A listener that falls too far behind is cut off with `events-lost` rather than slowing the others or growing.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager

from qubesmanager.wire.events import CONNECTION_ESTABLISHED, EVENTS_LOST, Event

MAX_WAITING = 20_000
"""Events that may wait for one listener."""


class _Listener:
    def __init__(self, may_see: Callable[[Event], bool]) -> None:
        self.may_see = may_see
        self.waiting: deque[Event] = deque()
        self.news = asyncio.Event()
        self.lost = False


class EventHub:
    """`emit` in the loop; `listen` from a handler."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._closed = False

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def emit(self, event: Event) -> None:
        for listener in self._listeners:
            if listener.lost or not listener.may_see(event):
                continue
            if len(listener.waiting) >= MAX_WAITING:
                listener.lost = True
                listener.waiting.clear()
                listener.waiting.append(Event("", EVENTS_LOST))
            else:
                listener.waiting.append(event)
            listener.news.set()

    def close(self) -> None:
        """End all listeners' streams once they have been told what happened until now."""
        self._closed = True
        for listener in self._listeners:
            listener.news.set()

    async def listen(self, may_see: Callable[[Event], bool]) -> AsyncGenerator[Event, None]:
        """The events from now on, after an artificial `connection-established`."""
        with self._listening(may_see) as listener:
            yield Event("", CONNECTION_ESTABLISHED)
            while not self._closed or listener.waiting:
                while listener.waiting:
                    yield listener.waiting.popleft()
                if listener.lost or self._closed:
                    return
                listener.news.clear()
                await listener.news.wait()

    @contextmanager
    def _listening(self, may_see: Callable[[Event], bool]) -> Iterator[_Listener]:
        listener = _Listener(may_see)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
