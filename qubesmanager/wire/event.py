# SPDX-License-Identifier: GPL-3.0-or-later
"""Events: what happened to whom, with text fields; their frames, and a decoder for a stream of them.

A frame is `1` NUL subject NUL name NUL (key NUL value NUL)* NUL. The subject of a system-wide event is empty.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from qubesmanager.wire.framing import EVENT, EXCEPTION, decode_error
from qubesmanager.wire.limits import EVENT_BYTES
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal


@dataclass(frozen=True, slots=True)
class Event:
    """`subject` is a qube's name or empty; `name` may hold a detail after a colon (`property-set:memory`)."""

    subject: str
    name: str
    fields: Mapping[str, str] = field(default_factory=dict)
    _frame: bytes = field(default=b"", init=False, repr=False, compare=False)


def encode_event(event: Event) -> bytes:
    """The frame; remembered, because an event goes to several listeners.

    A NUL inside a word is left out; a key is never empty (an empty one would end the frame).
    """
    frame = event._frame  # noqa: SLF001 - the cache of this function
    if not frame:
        frame = _encode(event)
        object.__setattr__(event, "_frame", frame)
    return frame


def _encode(event: Event) -> bytes:
    words = [event.subject, event.name]
    for key, value in event.fields.items():
        if key.strip("\x00"):
            words += [key, value]
    return EVENT + b"".join(word.replace("\x00", "").encode("utf-8", "replace") + b"\x00" for word in words) + b"\x00"


class EventDecoder:
    """Cuts a stream into events; the same events, whatever pieces it arrives in.

    A frame over `EVENT_BYTES` becomes an event without fields, and does not end the stream. `feed` raises
    `ProtocolError` for bytes that are no frame; after that the decoder is not to be fed again. An exception frame has
    no end that can be seen, so `finish` raises its error.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._too_long: Event | None = None
        """The event of the frame whose rest is being dropped."""
        self._start_frame()

    @property
    def is_refused(self) -> bool:
        """An exception frame has begun: nothing that follows is an event."""
        return self._too_long is None and self._buffer.startswith(EXCEPTION)

    def feed(self, untrusted: bytes) -> Iterator[Event]:
        self._buffer += untrusted
        while self._too_long is not None or len(self._buffer) >= len(EVENT):
            if self._too_long is None and not self._buffer.startswith((EVENT, EXCEPTION)):
                raise refusal("events-unknown", shown(bytes(self._buffer[:16])))
            is_error = self._too_long is None and self._buffer.startswith(EXCEPTION)
            end = -1 if is_error else self._end_of_frame()
            if self._too_long is None and (len(self._buffer) if end < 0 else end) >= EVENT_BYTES:
                self._too_long = _head(bytes(self._buffer[:_HEAD_BYTES]))
            if end < 0:
                if self._too_long is not None:
                    self._drop(len(self._buffer))
                return
            event = self._too_long or _decode(bytes(self._buffer[len(EVENT) : end]))
            del self._buffer[: end + 1]
            self._too_long = None
            self._start_frame()
            yield event

    def finish(self) -> None:
        """The stream has ended. Raises the error of an exception, `ProtocolError` if it ended inside a frame."""
        if self._buffer.startswith(EXCEPTION):
            raise decode_error(bytes(self._buffer[len(EXCEPTION) :]))
        if self._buffer or self._too_long is not None:
            raise refusal("events-cut")

    def _start_frame(self) -> None:
        self._words = 0
        self._word_start = len(EVENT)
        self._searched = len(EVENT)

    def _drop(self, count: int) -> None:
        """Forget bytes that were searched already."""
        del self._buffer[:count]
        self._word_start -= count
        self._searched -= count

    def _end_of_frame(self) -> int:
        """Where the closing NUL is; -1 if it has not come. It is where a key would be empty.

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

_HEAD_BYTES = 1024
"""The longest subject and name together that a frame that is too long may have."""


def _head(frame: bytes) -> Event:
    """Subject and name of a frame that is too long. Raises `ProtocolError` for one that does not begin with them."""
    words = frame[len(EVENT) :].split(b"\x00")[: _NAME_WORDS + 1]
    if not frame.startswith(EVENT) or len(words) <= _NAME_WORDS:
        raise refusal("event-too-long")
    subject, name = (word.decode("utf-8", "replace") for word in words[:_NAME_WORDS])
    return Event(subject, name)


def _decode(frame: bytes) -> Event:
    try:
        words = frame.decode("utf-8").split("\x00")
    except UnicodeDecodeError as error:
        raise refusal("event-not-utf8") from error
    subject, name, *rest = words[:-1]
    return Event(subject, name, dict(zip(rest[::2], rest[1::2], strict=True)))
