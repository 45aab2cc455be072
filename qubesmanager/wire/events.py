# SPDX-License-Identifier: GPL-3.0-or-later
"""Events: what happened to whom, with text fields; their frames, and a decoder for a stream of them.

A frame is `1` NUL subject NUL name NUL (key NUL value NUL)* NUL. The subject of a system-wide event is empty.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from qubesmanager.wire.errors import ProtocolError
from qubesmanager.wire.framing import EVENT, EXCEPTION, decode_error
from qubesmanager.wire.names import shown

MAX_EVENT = 1 << 20
"""Bytes of one event frame; a `domain-add` carries a whole record."""

CONNECTION_ESTABLISHED = "connection-established"
EVENTS_LOST = "events-lost"


@dataclass(frozen=True, slots=True)
class Event:
    """`subject` is a qube's name or empty; `name` may hold a detail after a colon (`property-set:memory`)."""

    subject: str
    name: str
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The name before the colon."""
        return self.name.partition(":")[0]

    @property
    def detail(self) -> str:
        """The name after the colon; empty without one."""
        return self.name.partition(":")[2]


def encode_event(event: Event) -> bytes:
    words = [event.subject, event.name]
    for key, value in event.fields.items():
        words += [key, value.replace("\x00", "")]
    return EVENT + b"".join(word.encode("utf-8", "replace") + b"\x00" for word in words) + b"\x00"


class EventDecoder:
    """Cuts a stream into events, whatever pieces it arrives in.

    `feed` raises the error of an exception frame, and `ProtocolError` for bytes that are no frame or for a frame over
    `MAX_EVENT`; after that the decoder is not to be fed again.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, untrusted: bytes) -> Iterator[Event]:
        self._buffer += untrusted
        while len(self._buffer) >= len(EVENT):
            if self._buffer.startswith(EXCEPTION):
                yield from self._exception()
                return
            if not self._buffer.startswith(EVENT):
                raise ProtocolError(f"The event stream holds unknown bytes: {shown(bytes(self._buffer[:16]))}")
            end = self._end_of_frame()
            if end < 0:
                if len(self._buffer) > MAX_EVENT:
                    raise ProtocolError("An event is longer than 1 MiB.")
                return
            frame = bytes(self._buffer[len(EVENT) : end])
            del self._buffer[: end + 1]
            self._searched = 0
            yield _decode(frame)

    def finish(self) -> None:
        """The stream has ended. Raises `ProtocolError` if it ended inside a frame."""
        if self._buffer.startswith(EXCEPTION):
            raise decode_error(bytes(self._buffer[2:]))
        if self._buffer:
            raise ProtocolError("The event stream ended inside an event.")

    def _exception(self) -> Iterator[Event]:
        if self._buffer.count(0) >= 4 and self._buffer.endswith(b"\x00"):  # noqa: PLR2004 - kind, type, traceback, text
            raise decode_error(bytes(self._buffer[2:]))
        if len(self._buffer) > MAX_EVENT:
            raise ProtocolError("An exception is longer than 1 MiB.")
        yield from ()

    def _end_of_frame(self) -> int:
        """Where the closing NUL stands: words end with NUL, keys are never empty, so an empty key closes the frame."""
        position = self._searched or len(EVENT)
        words = 2 if not self._searched else self._words
        while True:
            if words <= 0 and words % 2 == 0 and position < len(self._buffer) and self._buffer[position] == 0:
                return position
            end = self._buffer.find(0, position)
            if end < 0:
                self._searched, self._words = position, words
                return -1
            position = end + 1
            words -= 1

    _words = 2


def _decode(frame: bytes) -> Event:
    try:
        words = frame.decode("utf-8").split("\x00")
    except UnicodeDecodeError as error:
        raise ProtocolError("An event is not UTF-8.") from error
    subject, name, *rest = words[:-1]
    return Event(subject, name, dict(zip(rest[::2], rest[1::2], strict=True)))
