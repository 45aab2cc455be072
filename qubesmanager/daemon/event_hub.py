# SPDX-License-Identifier: GPL-3.0-or-later
"""The event hub: what happened goes to each listener that may see the qube, in order, without waiting for any.

A listener that falls too far behind, in events or in bytes, is cut off with `events-lost`: it neither slows the others
nor grows.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import contextmanager

from qubesmanager.transport.turns import Turns
from qubesmanager.wire import events
from qubesmanager.wire.event import Event, encode_event
from qubesmanager.wire.limits import LISTENER_BYTES, LISTENER_EVENTS

View = Callable[[Event], Sequence[Event]]
"""The events that a listener gets for one: the event itself, none, or others instead."""


class _Listener:
    def __init__(self, view: View, *, by_sight: bool) -> None:
        self.by_sight = by_sight
        self.news = asyncio.Event()
        self.lost = False
        self._view = view
        self._waiting: deque[tuple[Event, int]] = deque()
        self._bytes = 0

    def offer(self, event: Event) -> None:
        """Queue what the listener gets of the event, or cut it off."""
        for shown_event in self._view(event):
            size = len(encode_event(shown_event))
            if events.EVENTS_LOST.matches(shown_event):
                self.cut_off()
                return
            if len(self._waiting) >= LISTENER_EVENTS or (self._waiting and self._bytes + size > LISTENER_BYTES):
                self.cut_off()
                return
            self._waiting.append((shown_event, size))
            self._bytes += size
            self.news.set()

    def take(self) -> Event | None:
        """The next event; None while there is none."""
        if not self._waiting:
            return None
        event, size = self._waiting.popleft()
        self._bytes -= size
        return event

    def cut_off(self) -> None:
        """End the stream with `events-lost`, so that the listener lists again."""
        self.lost = True
        self._waiting.clear()
        self._bytes = 0
        self._waiting.append((events.EVENTS_LOST(), 0))
        self.news.set()


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
            if not listener.lost:
                listener.offer(event)

    @property
    def listens_by_sight(self) -> bool:
        """Whether there is a listener that may not hear everything."""
        return any(listener.by_sight for listener in self._listeners)

    def sight_changed(self) -> None:
        """Another policy holds: each listener that may not hear everything has to list again."""
        for listener in self._listeners:
            if listener.by_sight and not listener.lost:
                listener.cut_off()

    def close(self) -> None:
        """End all listeners' streams after the events so far."""
        self._closed = True
        for listener in self._listeners:
            listener.news.set()

    async def listen(self, view: View, *, by_sight: bool = False) -> AsyncGenerator[Event, None]:
        """The events from now on, after an artificial `connection-established`.

        `by_sight`: the view leaves out what its source does not see. A view that gives `events-lost` ends the stream.
        """
        with self._listening(view, by_sight=by_sight) as listener:
            yield events.CONNECTION_ESTABLISHED()
            while True:
                # A listener in this process takes events without a pause, and its window is painted between them.
                turns = Turns()
                while (event := listener.take()) is not None:
                    yield event
                    if turns.is_due:
                        await turns.give()
                if listener.lost or self._closed:
                    return
                listener.news.clear()
                await listener.news.wait()

    @contextmanager
    def _listening(self, view: View, *, by_sight: bool) -> Iterator[_Listener]:
        listener = _Listener(view, by_sight=by_sight)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
