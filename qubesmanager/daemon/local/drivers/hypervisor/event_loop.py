# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's event loop on the running asyncio loop.

libvirt keeps one implementation a process, and calls it from any thread that uses a connection. The one that comes
with the bindings (libvirtaio) touches the loop from whichever thread that is: a timer started by a worker then waits
until something else wakes the loop. Here every change travels to the loop's thread, in order.
Source: https://libvirt.org/html/libvirt-libvirt-event.html
"""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import libvirt

Opaque = Any
"""Libvirt's opaque value of a callback, which is passed back to it."""


class _Watch:
    def __init__(self, call: Callable[..., None], opaque: Opaque, fd: int = -1) -> None:
        self.call, self.opaque, self.fd = call, opaque, fd
        self.events = 0
        self.milliseconds = -1
        self.timer: asyncio.TimerHandle | None = None


class _EventLoop:
    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self._numbers = itertools.count(1)
        self._watches: dict[int, _Watch] = {}

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        if self.loop is None:
            libvirt.virEventRegisterImpl(
                self._add_handle,
                self._update_handle,
                self._remove,
                self._add_timeout,
                self._update_timeout,
                self._remove,
            )
        elif self.loop is not loop and not self.loop.is_closed() and self._watches:
            raise RuntimeError("libvirt is in use on another event loop")
        if self.loop is not loop:
            self.loop = loop
            # Of connections that a loop left open when it ended: nothing waits for them.
            self._watches.clear()

    # called by libvirt, from any thread

    def _add_handle(self, fd: int, events: int, call: Callable[..., None], opaque: Opaque) -> int:
        number = next(self._numbers)
        self._watches[number] = _Watch(call, opaque, fd)
        self._on_loop(self._set_events, number, events)
        return number

    def _update_handle(self, number: int, events: int) -> None:
        self._on_loop(self._set_events, number, events)

    def _add_timeout(self, milliseconds: int, call: Callable[..., None], opaque: Opaque) -> int:
        number = next(self._numbers)
        self._watches[number] = _Watch(call, opaque)
        self._on_loop(self._set_timeout, number, milliseconds)
        return number

    def _update_timeout(self, number: int, milliseconds: int) -> None:
        self._on_loop(self._set_timeout, number, milliseconds)

    def _remove(self, number: int) -> int:
        watch = self._watches.pop(number, None)
        if watch is None:
            return -1
        self._on_loop(self._drop, watch)
        return 0

    def _on_loop(self, change: Callable[..., None], *arguments: object) -> None:
        if self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(change, *arguments)

    # in the loop's thread

    def _set_events(self, number: int, events: int) -> None:
        watch = self._watches.get(number)
        if watch is not None:
            watch.events = events
            self._listen(watch.fd)

    def _listen(self, fd: int) -> None:
        """Several watches may share a descriptor; the loop knows one reader and one writer for it."""
        assert self.loop is not None  # noqa: S101 - only called by the loop
        events = 0
        for watch in self._watches.values():
            if watch.fd == fd:
                events |= watch.events
        for flag, add, remove in (
            (libvirt.VIR_EVENT_HANDLE_READABLE, self.loop.add_reader, self.loop.remove_reader),
            (libvirt.VIR_EVENT_HANDLE_WRITABLE, self.loop.add_writer, self.loop.remove_writer),
        ):
            if events & flag:
                add(fd, self._ready, fd, flag)
            else:
                remove(fd)

    def _ready(self, fd: int, flag: int) -> None:
        for number, watch in tuple(self._watches.items()):
            if watch.fd == fd and watch.events & flag and number in self._watches:
                watch.call(number, fd, flag, watch.opaque)

    def _set_timeout(self, number: int, milliseconds: int) -> None:
        watch = self._watches.get(number)
        if watch is not None:
            watch.milliseconds = milliseconds
            self._arm(number, watch)

    def _arm(self, number: int, watch: _Watch) -> None:
        if watch.timer is not None:
            watch.timer.cancel()
            watch.timer = None
        if watch.milliseconds >= 0 and self.loop is not None:
            watch.timer = self.loop.call_later(watch.milliseconds / 1000, self._expired, number)

    def _expired(self, number: int) -> None:
        watch = self._watches.get(number)
        if watch is not None:
            # Armed again first: the callback may set another time, or none.
            self._arm(number, watch)
            watch.call(number, watch.opaque)

    def _drop(self, watch: _Watch) -> None:
        if watch.timer is not None:
            watch.timer.cancel()
        if watch.fd >= 0:
            self._listen(watch.fd)
        # libvirt forbids this within the removal itself: it holds its locks there.
        libvirt.virEventInvokeFreeCallback(watch.opaque)


_event_loop = _EventLoop()


def attach() -> None:
    """Let libvirt use the running loop; to be called before a connection is opened.

    Raises RuntimeError while a connection is open on another loop.
    """
    _event_loop.attach(asyncio.get_running_loop())
