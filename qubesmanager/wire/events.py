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
    """The frame. A NUL inside a word is left out; a key is never empty (an empty one would end the frame)."""
    words = [event.subject, event.name]
    for key, value in event.fields.items():
        if key.strip("\x00"):
            words += [key, value]
    return EVENT + b"".join(word.replace("\x00", "").encode("utf-8", "replace") + b"\x00" for word in words) + b"\x00"


class EventDecoder:
    """Cuts a stream into events; the same events, whatever pieces it arrives in.

    `feed` raises `ProtocolError` for bytes that are no frame or for a frame over `MAX_EVENT`; after that the decoder is
    not to be fed again. An exception frame has no end of its own, so `finish` raises its error.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._start_frame()

    def feed(self, untrusted: bytes) -> Iterator[Event]:
        self._buffer += untrusted
        while len(self._buffer) >= len(EVENT):
            if not self._buffer.startswith((EVENT, EXCEPTION)):
                raise ProtocolError(f"The event stream holds unknown bytes: {shown(bytes(self._buffer[:16]))}")
            end = -1 if self._buffer.startswith(EXCEPTION) else self._end_of_frame()
            if (len(self._buffer) if end < 0 else end) >= MAX_EVENT:
                raise ProtocolError("An event is longer than 1 MiB.")
            if end < 0:
                return
            frame = bytes(self._buffer[len(EVENT) : end])
            del self._buffer[: end + 1]
            self._start_frame()
            yield _decode(frame)

    def finish(self) -> None:
        """The stream has ended. Raises the error of an exception, `ProtocolError` if it ended inside a frame."""
        if self._buffer.startswith(EXCEPTION):
            raise decode_error(bytes(self._buffer[len(EXCEPTION) :]))
        if self._buffer:
            raise ProtocolError("The event stream ended inside an event.")

    def _start_frame(self) -> None:
        self._words = 0
        self._word_start = len(EVENT)
        self._searched = len(EVENT)

    def _end_of_frame(self) -> int:
        """Where the closing NUL stands; -1 if it has not come. It is where a key would be empty.

        What was searched is not searched again, so a stream that comes byte by byte costs no more than its length.
        """
        while (nul := self._buffer.find(0, self._searched)) >= 0:
            key_is_next = self._words >= _NAME_WORDS and self._words % 2 == 0
            if key_is_next and nul == self._word_start:
                return nul
            self._words += 1
            self._word_start = self._searched = nul + 1
        self._searched = len(self._buffer)
        return -1


_NAME_WORDS = 2
"""The words before the fields: subject and name."""


def _decode(frame: bytes) -> Event:
    try:
        words = frame.decode("utf-8").split("\x00")
    except UnicodeDecodeError as error:
        raise ProtocolError("An event is not UTF-8.") from error
    subject, name, *rest = words[:-1]
    return Event(subject, name, dict(zip(rest[::2], rest[1::2], strict=True)))
