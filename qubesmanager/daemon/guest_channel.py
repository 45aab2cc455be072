# SPDX-License-Identifier: GPL-3.0-or-later
"""One end of a guest channel: a session of `guest.frames` over a pipe, and its streams as coroutines use them.

It is the host's end, but for guests that are only acted. It knows no qube. The other end can hang, lie and flood: what
it costs is bounded. Each direction of each stream holds at most `frames.WINDOW` bytes, what waits to be written at most
about `OUTPUT_BYTES`, and a session that breaks a rule is followed by a pause.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from qubesmanager.guest import frames
from qubesmanager.guest.frames import (
    Accepted,
    Call,
    Data,
    Ended,
    Err,
    Established,
    Exited,
    Lost,
    Opened,
    Refused,
    Session,
    StreamGoneError,
    WasReset,
    Writable,
)

log = logging.getLogger(__name__)

OUTPUT_BYTES = 64 << 10
"""Bytes that wait for the guest to read them; data waits above that."""
_ANSWERS_BYTES = 1 << 20
"""Bytes that wait for a guest that makes the host answer and does not read; above that the host reads no more of it."""
_PIECE = 16 << 10
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 30.0
"""Seconds that nothing is read after a broken session, the first time and at most."""
QUIET_SECONDS = 60.0
"""Seconds without a byte after which the guest is asked whether it is there; as many again, and the session is over."""


class Pipe(Protocol):
    """The bytes of a channel."""

    async def read(self) -> bytes:
        """What comes next, at most 64 KiB; empty at the end."""

    def write(self, data: bytes) -> None: ...

    @property
    def pending(self) -> int:
        """Bytes that were written and that the other side has not taken yet."""

    async def drain(self) -> None:
        """Wait until `OUTPUT_BYTES` or less are pending. Raises `OSError`."""

    def close(self) -> None: ...


Item = Accepted | Refused | Data | Err | Ended | Exited | WasReset | Lost
"""What comes on a stream."""
Final = Exited | Refused | WasReset | Lost
"""What comes last."""


class Stream:
    """One stream of a channel.

    `ends_with_guest`: the coroutine that answers a stream of the guest is cancelled when the guest gives it up.
    """

    def __init__(self, channel: "GuestChannel", number: int) -> None:
        self.ends_with_guest = True
        self.final: Final | None = None
        self.task: asyncio.Task[None] | None = None
        self._channel = channel
        self._number = number
        # Bytes and not pieces: a guest may send them one by one.
        self._data = bytearray()
        self._errors = bytearray()
        self._signs: list[Accepted | Ended] = []
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._closed = asyncio.Event()

    async def next(self) -> Item:
        """What comes next. The bytes of data count as used then. The last item comes again and again."""
        while (item := self._item()) is None:
            if self.final is not None:
                return self.final
            self._news.clear()
            await self._news.wait()
        return item

    def _item(self) -> Item | None:
        if self._signs and isinstance(self._signs[0], Accepted):
            return self._signs.pop(0)
        for kind, kept in ((Data, self._data), (Err, self._errors)):
            if kept:
                item = kind(self._number, bytes(kept))
                kept.clear()
                if self.final is None:
                    self._channel.session.grant(self._number, len(item.data))
                    self._channel.flush()
                return item
        return self._signs.pop(0) if self._signs else None

    async def write(self, data: bytes, *, is_error: bool = False) -> None:
        """Send data, or the standard error of a service in a guest. Raises `StreamGoneError`."""
        rest = memoryview(data)
        while rest:
            await self._room()
            # No await between this and the wait: nothing that comes meanwhile is missed.
            self._writable.clear()
            taken = self._channel.session.send(self._number, bytes(rest[:_PIECE]), is_error=is_error)
            self._channel.flush()
            rest = rest[taken:]
            if not taken:
                await self._writable.wait()

    async def _room(self) -> None:
        """Wait until data may be written. Raises `StreamGoneError`, also while the other end reads nothing."""
        self._check()
        while self._channel.is_full:
            loop = asyncio.get_running_loop()
            draining, closing = loop.create_task(self._channel.drain()), loop.create_task(self._closed.wait())
            try:
                await asyncio.wait({draining, closing}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                draining.cancel()
                closing.cancel()
            if draining.done() and not draining.cancelled():
                draining.result()
            self._check()

    def accept(self) -> None:
        """Raises `StreamGoneError`."""
        self._check()
        self._channel.session.accept(self._number)
        self._channel.flush()

    def end(self) -> None:
        """End the data of this direction. Raises `StreamGoneError`."""
        self._check()
        self._channel.session.end(self._number)
        self._channel.flush()

    def refuse(self, code: int, text: str) -> None:
        """Refuse a stream of the guest; a text is seen by the guest."""
        self._finish(lambda session: session.refuse(self._number, code, text))

    def exit(self, code: int) -> None:
        """End a stream of the guest with an exit code."""
        self._finish(lambda session: session.exit(self._number, code))

    def reset(self) -> None:
        """Give the stream up."""
        self._finish(lambda session: session.reset(self._number))

    def _finish(self, act: Callable[[Session], None]) -> None:
        if self.final is None:
            act(self._channel.session)
            self._channel.flush()
            self.close(WasReset(self._number))

    def _check(self) -> None:
        if self.final is not None:
            raise StreamGoneError(f"Stream {self._number} has ended.")

    def put(self, item: Accepted | Data | Err | Ended) -> None:
        """Of the channel: this came."""
        match item:
            case Data():
                self._data += item.data
            case Err():
                self._errors += item.data
            case _:
                self._signs.append(item)
        self._news.set()

    def may_write(self) -> None:
        """Of the channel: there is credit."""
        self._writable.set()

    def close(self, final: Final) -> None:
        """Of the channel: nothing comes any later."""
        if self.final is not None:
            return
        self.final = final
        self._channel.forget(self._number)
        self._closed.set()
        self._writable.set()
        self._news.set()

    def given_up(self, final: Final) -> None:
        """Of the channel: the guest, or the session, has ended the stream."""
        self.close(final)
        if self.task is not None and self.ends_with_guest:
            self.task.cancel()


Answer = Callable[[Stream, Call], Coroutine[Any, Any, None]]
Spawn = Callable[[str, Coroutine[Any, Any, None]], asyncio.Task[None] | None]


class GuestChannel:
    """`name` is for the log. `answer` is run for each stream that the guest opens, by `spawn`.

    `changed` is called when `is_up` changes. `quiet` as `QUIET_SECONDS`. `is_host`: this is the host's end.
    """

    def __init__(
        self,
        name: str,
        pipe: Pipe,
        answer: Answer,
        spawn: Spawn,
        changed: Callable[[], None] = lambda: None,
        quiet: float = QUIET_SECONDS,
        *,
        is_host: bool = True,
    ) -> None:
        self.session = Session(is_host=is_host)
        self.up = asyncio.Event()
        """Set while both sides can open streams."""
        self._name = name
        self._pipe = pipe
        self._answer = answer
        self._spawn = spawn
        self._changed = changed
        self._quiet = quiet
        self._streams: dict[int, Stream] = {}
        self._pause = _FIRST_PAUSE
        self._last = 0.0
        """When something came last, by the loop's clock."""
        self._started = 0.0

    @property
    def is_up(self) -> bool:
        return self.up.is_set()

    async def run(self) -> None:
        """Read until the pipe ends. Every stream is over then. Raises `OSError`."""
        watching = self._spawn(f"watch the channel of {self._name}", self._watch())
        try:
            self.flush()
            await self._read()
        finally:
            if watching is not None:
                watching.cancel()
            self.close()

    async def _read(self) -> None:
        while data := await self._pipe.read():
            self._last = asyncio.get_running_loop().time()
            await self._handle(self.session.receive(data))
            while self.session.has_more:
                # A flood of tiny frames leaves the loop to others.
                await asyncio.sleep(0)
                await self._handle(self.session.receive())

    async def _handle(self, events: list[frames.Event]) -> None:
        pause = False
        for event in events:
            pause |= self._on_event(event)
        self.flush()
        if self._pipe.pending > _ANSWERS_BYTES:
            await self._pipe.drain()
        if pause:
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _on_event(self, event: frames.Event) -> bool:
        """Handle an event. Whether a pause follows."""
        match event:
            case Established():
                self._started = asyncio.get_running_loop().time()
                self.up.set()
                self._changed()
            case Lost(reason):
                log.info("The channel of %s begins again: %s", self._name, reason)
                if asyncio.get_running_loop().time() - self._started > _LONGEST_PAUSE:
                    self._pause = _FIRST_PAUSE
                self._lose(reason)
                return True
            case Opened(number, call):
                stream = self._streams[number] = Stream(self, number)
                stream.task = self._spawn(f"answer {call.service} of {self._name}", self._answered(stream, call))
            case Writable(number) if number in self._streams:
                self._streams[number].may_write()
            case Accepted(number) if number in self._streams:
                self._streams[number].put(event)
                self._streams[number].may_write()
            case Data(number) | Err(number) | Ended(number) if number in self._streams:
                self._streams[number].put(event)
            case Exited(number) | Refused(number) | WasReset(number) if number in self._streams:
                self._streams[number].given_up(event)
        return False

    async def _answered(self, stream: Stream, call: Call) -> None:
        """Answer a stream of the guest; whatever happens, the stream has ended afterwards."""
        try:
            await self._answer(stream, call)
        except StreamGoneError:
            pass
        finally:
            stream.reset()

    async def _watch(self) -> None:
        """Ask a guest that is quiet, and give up a session whose guest does not answer."""
        loop = asyncio.get_running_loop()
        self._last = loop.time()
        asked = 0.0
        while True:
            await asyncio.sleep(self._quiet)
            if not self.is_up or loop.time() - self._last < self._quiet:
                continue
            if asked > self._last:
                for event in self.session.restart("the guest does not answer"):
                    self._on_event(event)
            else:
                asked = loop.time()
                self.session.ping(b"quiet   ")
            self.flush()

    def open(self, call: Call) -> Stream:
        """Ask the guest for a service. `Accepted`, `Refused` or another final item comes first.

        Raises `frames.NoStreamError`, and `ValueError` for words that no call has.
        """
        number = self.session.open(call)
        stream = self._streams[number] = Stream(self, number)
        self.flush()
        return stream

    def close(self) -> None:
        """End the connection: `run` returns."""
        self._lose("the connection ended")
        self._pipe.close()

    def forget(self, number: int) -> None:
        """Of a stream: it has ended."""
        self._streams.pop(number, None)

    def flush(self) -> None:
        """Write what the session has to say."""
        if self.session.output_size:
            self._pipe.write(self.session.output())

    @property
    def is_full(self) -> bool:
        """Whether data has to wait until the other end has read more."""
        return self._pipe.pending > OUTPUT_BYTES

    async def drain(self) -> None:
        """Wait while `is_full`. Raises `StreamGoneError` if the pipe has ended."""
        try:
            await self._pipe.drain()
        except OSError:
            raise StreamGoneError("The channel has ended.") from None

    def _lose(self, reason: str) -> None:
        for stream in list(self._streams.values()):
            stream.given_up(Lost(reason))
        if self.is_up:
            self.up.clear()
            self._changed()
