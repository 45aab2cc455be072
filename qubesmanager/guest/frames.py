# SPDX-License-Identifier: GPL-3.0-or-later
"""The frames of the guest channel, and a session over them: bytes in, events and bytes out; no I/O.

Both sides use this file. A frame is a header of 8 bytes, big endian (magic 0xA7, type, stream, length), and a payload
of at most 32 KiB. docs/decisions/0017-the-guest-channel.md describes the protocol.

A channel is a pipe of bytes that may hold the rest of an earlier session. So each side begins with as many zeros as the
longest frame, which complete a frame that was cut off, and a HELLO with a random nonce. It drops everything until a
HELLO echoes that nonce. Whatever breaks a rule ends the session with all its streams, and a new HELLO begins another.
"""

from __future__ import annotations

import re
import secrets
import struct
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple, Union

PORT = "org.qubes.mgmt1.0"
"""The name of the virtio-serial port; in the guest it is `/dev/virtio-ports/org.qubes.mgmt1.0`."""
VERSION = 1

HEADER = struct.Struct(">BBIH")
MAGIC = 0xA7
PAYLOAD_BYTES = 32 << 10
"""The longest payload of a frame."""
WINDOW = 64 << 10
"""Bytes of DATA and ERR that one direction of a stream may send before the receiver gives CREDIT for more."""
CREDIT_MOST = 1 << 20
"""The most credit that a receiver may give ahead."""
STREAMS = 64
"""Streams that one side may have opened at the same time."""
PENDING = 8
"""Of these, the streams that wait for ACCEPT or REFUSE."""
FRAMES_AT_ONCE = 256
"""Frames that `Session.receive` handles before it returns, so that a flood of tiny ones leaves time for the rest."""

SERVICE_BYTES = 255
ARGUMENT_BYTES = 256
"""An argument with its `+`."""
NAME_BYTES = 64
USER_BYTES = 32
TEXT_BYTES = 200
"""The text of a REFUSE, printable ASCII."""

REFUSED = 126
"""REFUSE: the policy or a limit refuses the call."""
NO_SERVICE = 127
"""REFUSE: there is no such service, or no such qube."""

_SERVICE = re.compile(r"[A-Za-z0-9_.-]{1,255}", re.ASCII)
_ARGUMENT = re.compile(r"\+[A-Za-z0-9_.+-]{0,255}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_.@:-]{0,64}", re.ASCII)
_USER = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_.-]{0,31})?", re.ASCII)

_NONCE_BYTES = 16
_NO_ECHO = bytes(_NONCE_BYTES)
_HELLO = struct.Struct(f">H{_NONCE_BYTES}s{_NONCE_BYTES}s")
_CREDIT = struct.Struct(">I")
_PING_BYTES = 8
_LAST_STREAM = (1 << 32) - 1
_OPTIONAL = 0x80
"""Types with this bit are ignored by a side that does not know them."""


class Type(IntEnum):
    """The types of frames, and their payloads."""

    HELLO = 1
    """version (2 bytes), nonce (16), echo of the other side's nonce (16, zeros in the first HELLO); stream 0."""
    PING = 2
    """8 bytes, which PONG returns; stream 0."""
    PONG = 3
    OPEN = 4
    """SERVICE NUL +ARGUMENT NUL NAME NUL USER; see `Call`."""
    ACCEPT = 5
    REFUSE = 6
    """A code (1 byte), and a text."""
    DATA = 7
    """At least 1 byte: standard input from the side that opened the stream, standard output from the other side."""
    ERR = 8
    """As DATA, standard error of a service that runs in the guest."""
    END = 9
    """The end of the DATA of this direction."""
    EXIT = 10
    """The exit code (1 byte) of the service. The stream is over."""
    RESET = 11
    """The stream is over without an exit code. Either side sends it, at any time."""
    CREDIT = 12
    """How many more bytes (4 bytes) the other side may send."""


_HELLO_FRAME = HEADER.pack(MAGIC, Type.HELLO, 0, _HELLO.size)
"""The header of each HELLO."""
PADDING = bytes(HEADER.size + PAYLOAD_BYTES)
"""What completes a frame that an earlier session cut off."""


class BrokenError(Exception):
    """The other side broke a rule of the protocol. `str(error)` names it; it quotes no bytes."""


class StreamGoneError(Exception):
    """The stream has ended."""


class NoStreamError(Exception):
    """No stream can be opened now: there is no session, or it has too many streams."""


class Call(NamedTuple):
    """What an OPEN asks for. The receiver of an OPEN gets only values of the right form.

    `name` is the target of a call of the guest (as `qrexec-client-vm` takes it), or the source of a call to the guest.
    `user` is the account in the guest that runs the service; empty for the usual one, and in calls of the guest.
    """

    service: str
    argument: str
    """With the `+` that it begins with."""
    name: str
    user: str = ""


class Established(NamedTuple):
    """Both sides have echoed the nonces: streams can be opened."""


class Lost(NamedTuple):
    """The session is over, with all its streams. The next one is being set up."""

    reason: str


class Opened(NamedTuple):
    """The other side opens a stream. Answer with `Session.accept` or `Session.refuse`."""

    stream: int
    call: Call


class Accepted(NamedTuple):
    stream: int


class Refused(NamedTuple):
    """The stream was not opened. `text` is printable ASCII from the other side."""

    stream: int
    code: int
    text: str


class Data(NamedTuple):
    """Standard input or output. Give `Session.grant` the number of bytes once they are used."""

    stream: int
    data: bytes


class Err(NamedTuple):
    """Standard error, as `Data`."""

    stream: int
    data: bytes


class Ended(NamedTuple):
    """The other side sends no more data."""

    stream: int


class Exited(NamedTuple):
    """The service has ended. The stream is gone."""

    stream: int
    code: int


class WasReset(NamedTuple):
    """The other side gave the stream up. It is gone."""

    stream: int


class Writable(NamedTuple):
    """There is credit again on a stream."""

    stream: int


class Ponged(NamedTuple):
    """The answer to `Session.ping`."""

    payload: bytes


Event = Union[  # evaluated, which Python 3.9 cannot do with |
    Established, Lost, Opened, Accepted, Refused, Data, Err, Ended, Exited, WasReset, Writable, Ponged
]


class _Stream:
    """One stream. `own`: this side opened it."""

    __slots__ = ("credit", "ended", "is_open", "own", "peer_ended", "used", "window")

    def __init__(self, *, own: bool) -> None:
        self.own = own
        self.is_open = False
        self.credit = WINDOW
        """Bytes that this side may send."""
        self.window = WINDOW
        """Bytes that the other side may send."""
        self.used = 0
        """Bytes that were used, and for which no CREDIT was sent yet."""
        self.ended = False
        self.peer_ended = False


def encode(kind: int, stream: int = 0, payload: bytes = b"") -> bytes:
    """One frame."""
    return HEADER.pack(MAGIC, kind, stream, len(payload)) + payload


def encode_call(call: Call) -> bytes:
    """The payload of an OPEN. Raises `ValueError` for words that no call has."""
    if not _is_valid(call):
        raise ValueError("These are not the words of a call.")
    return "\0".join(call).encode("ascii")


def decode_call(untrusted: bytes) -> Call:
    """The call of an OPEN. Raises `BrokenError`."""
    try:
        words = untrusted.decode("ascii").split("\0")
    except UnicodeDecodeError:
        raise BrokenError("an OPEN that is not ASCII") from None
    if len(words) != len(Call._fields) or not _is_valid(call := Call(*words)):
        raise BrokenError("an OPEN without a valid call")
    return call


def _is_valid(call: Call) -> bool:
    patterns = (_SERVICE, _ARGUMENT, _NAME, _USER)
    return all(pattern.fullmatch(word) for pattern, word in zip(patterns, call))


def printable(text: str | bytes) -> str:
    """The text of a REFUSE: printable ASCII, other characters as `?`, cut at its limit."""
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    return "".join(mark if " " <= mark <= "~" else "?" for mark in text[:TEXT_BYTES])


def _ignored(_stream: int, _payload: bytes) -> list[Event]:
    return []


def _unknown(_stream: int, _payload: bytes) -> list[Event]:
    raise BrokenError("an unknown type of frame")


class Session:
    """One side of a channel.

    Write `output()` after each call of a method, and give `receive` what was read. Streams of the host have even
    numbers, those of the guest odd ones; no number is used twice in a session. The caller must go on reading while its
    own writing waits, except while more than it can keep waits to be written: otherwise both sides could wait for each
    other.
    """

    def __init__(
        self, *, is_host: bool, nonce: Callable[[], bytes] = lambda: secrets.token_bytes(_NONCE_BYTES)
    ) -> None:
        self.is_established = False
        self._parity = 0 if is_host else 1
        self._new_nonce = nonce
        self._nonce = nonce()
        self._echoed = _NO_ECHO
        """The nonce of the other side that this side's last HELLO echoed."""
        self._input = bytearray()
        self._output = bytearray()
        self._streams: dict[int, _Stream] = {}
        self._last_own = 0
        self._last_peer = 0
        self._handlers: dict[int, Callable[[int, bytes], list[Event]]] = {
            Type.HELLO: self._on_hello,
            Type.PING: self._on_ping,
            Type.PONG: self._on_pong,
            Type.OPEN: self._on_open,
            Type.ACCEPT: self._on_accept,
            Type.REFUSE: self._on_refuse,
            Type.DATA: self._on_data,
            Type.ERR: self._on_err,
            Type.END: self._on_end,
            Type.EXIT: self._on_exit,
            Type.RESET: self._on_reset,
            Type.CREDIT: self._on_credit,
        }
        self._output += PADDING
        self._hello(_NO_ECHO)

    # -- bytes --------------------------------------------------------------------------------------------------------

    def output(self) -> bytes:
        """The bytes to write now. They are returned once."""
        output = bytes(self._output)
        self._output.clear()
        return output

    @property
    def output_size(self) -> int:
        """Bytes that `output` would return."""
        return len(self._output)

    def receive(self, untrusted: bytes = b"") -> list[Event]:
        """What the bytes mean, in order; at most `FRAMES_AT_ONCE` frames. If `has_more`, call it again without bytes.

        The events of a session that is lost begin with `Lost`; earlier ones of the same bytes come before it.
        """
        self._input += untrusted
        events: list[Event] = []
        at = 0
        for _ in range(FRAMES_AT_ONCE):
            start = at if self.is_established else self._hello_at(at)
            frame_end = self._frame_end(start, events)
            if frame_end is None:
                at = start
                break
            at = self._frame(start, frame_end, events)
        del self._input[:at]
        return events

    @property
    def has_more(self) -> bool:
        """Whether `receive` has a whole frame, or bytes to drop, left."""
        if not self.is_established:
            return len(self._input) >= len(_HELLO_FRAME) + _HELLO.size
        if len(self._input) < HEADER.size:
            return False
        return len(self._input) >= HEADER.size + int(HEADER.unpack_from(self._input)[3]) or not self._is_frame(0)

    def _hello_at(self, at: int) -> int:
        """The start of the next HELLO, or of what may become one."""
        start = self._input.find(_HELLO_FRAME, at)
        if start >= 0:
            return start
        end = len(self._input)
        for kept in range(min(len(_HELLO_FRAME) - 1, end - at), 0, -1):
            if self._input.endswith(_HELLO_FRAME[:kept]):
                return end - kept
        return end

    def _is_frame(self, start: int) -> bool:
        magic, _kind, _stream, length = HEADER.unpack_from(self._input, start)
        return bool(magic == MAGIC and length <= PAYLOAD_BYTES)

    def _frame_end(self, start: int, events: list[Event]) -> int | None:
        """The end of the frame; None if it is not all there. What is no frame is dropped, and ends where it starts."""
        if len(self._input) < start + HEADER.size:
            return None
        if not self._is_frame(start):
            self._break("not a frame", events)
            return start
        end = start + HEADER.size + int(HEADER.unpack_from(self._input, start)[3])
        return end if len(self._input) >= end else None

    def _frame(self, start: int, end: int, events: list[Event]) -> int:
        """Handle the frame. Returns where the next one starts."""
        if start == end:
            return end
        _magic, kind, stream, _length = HEADER.unpack_from(self._input, start)
        payload = bytes(self._input[start + HEADER.size : end])
        if not self.is_established:
            # The rest of another session may look like a HELLO: then a real one may begin within it.
            return end if self._greeted(payload, events) else start + 1
        handler = self._handlers.get(kind, _ignored if kind & _OPTIONAL else _unknown)
        try:
            events += handler(stream, payload)
        except BrokenError as error:
            self._break(str(error), events)
        return end

    def _send(self, kind: Type, stream: int = 0, payload: bytes = b"") -> None:
        self._output += encode(kind, stream, payload)

    # -- a session ----------------------------------------------------------------------------------------------------

    def restart(self, reason: str) -> list[Event]:
        """Give the session up, such as when the other side no longer answers; a new HELLO is sent."""
        events: list[Event] = []
        self._break(reason, events)
        return events

    def _hello(self, echo: bytes) -> None:
        self._echoed = echo
        self._send(Type.HELLO, 0, _HELLO.pack(VERSION, self._nonce, echo))

    def _forget(self) -> None:
        self.is_established = False
        self._nonce = self._new_nonce()
        self._streams.clear()
        self._last_own = self._last_peer = 0

    def _break(self, reason: str, events: list[Event]) -> None:
        if self.is_established:
            events.append(Lost(reason))
        self._forget()
        self._hello(_NO_ECHO)

    def _greeted(self, untrusted: bytes, events: list[Event]) -> bool:
        """Handle a HELLO while there is no session. False for one of another session."""
        version, nonce, echo = _HELLO.unpack(untrusted)
        if not version or nonce == _NO_ECHO or echo not in {self._nonce, _NO_ECHO}:
            return False
        if self._echoed != nonce or echo == _NO_ECHO:
            self._hello(nonce)
        if echo == self._nonce:
            self.is_established = True
            events.append(Established())
        return True

    def _on_hello(self, stream: int, untrusted: bytes) -> list[Event]:
        """Handle a HELLO within a session: the other side begins again."""
        if stream or len(untrusted) != _HELLO.size:
            raise BrokenError("a HELLO of another form")
        _version, nonce, echo = _HELLO.unpack(untrusted)
        if echo == self._nonce and nonce == self._echoed:
            return []
        if echo != _NO_ECHO:
            raise BrokenError("a HELLO of another session")
        self._forget()
        self._hello(nonce)
        return [Lost("the other side began again")]

    def ping(self, payload: bytes) -> None:
        """Ask for a `Ponged` with these 8 bytes."""
        self._send(Type.PING, 0, payload[:_PING_BYTES].ljust(_PING_BYTES, b"\0"))

    def _on_ping(self, stream: int, payload: bytes) -> list[Event]:
        if stream or len(payload) != _PING_BYTES:
            raise BrokenError("a PING of another form")
        self._send(Type.PONG, 0, payload)
        return []

    def _on_pong(self, stream: int, payload: bytes) -> list[Event]:
        if stream or len(payload) != _PING_BYTES:
            raise BrokenError("a PONG of another form")
        return [Ponged(payload)]

    # -- streams of this side -----------------------------------------------------------------------------------------

    def open(self, call: Call) -> int:
        """Ask the other side for a service; the number of the stream. `Accepted`, `Refused` or `WasReset` follows.

        Raises `NoStreamError`, and `ValueError` for words that no call has.
        """
        payload = encode_call(call)
        if not self.is_established:
            raise NoStreamError("There is no session.")
        own = [stream for stream in self._streams.values() if stream.own]
        if len(own) >= STREAMS or sum(not stream.is_open for stream in own) >= PENDING:
            raise NoStreamError("Too many calls are under way.")
        number = self._last_own + 2 if self._last_own else 2 - self._parity
        if number > _LAST_STREAM:
            raise NoStreamError("The session has no numbers left.")
        self._last_own = number
        self._streams[number] = _Stream(own=True)
        self._send(Type.OPEN, number, payload)
        return number

    def _own(self, number: int, *, is_open: bool) -> _Stream | None:
        """A stream of this side that the other side answers; None if it is gone. Raises `BrokenError`."""
        stream = self._known(number)
        if stream is not None and (not stream.own or stream.is_open is not is_open):
            raise BrokenError("an answer that no stream waits for")
        return stream

    def _on_accept(self, number: int, payload: bytes) -> list[Event]:
        stream = self._own(number, is_open=False)
        if payload:
            raise BrokenError("an ACCEPT of another form")
        if stream is None:
            return []
        stream.is_open = True
        return [Accepted(number)]

    def _on_refuse(self, number: int, payload: bytes) -> list[Event]:
        stream = self._own(number, is_open=False)
        if not payload or len(payload) > 1 + TEXT_BYTES or payload[0] not in {REFUSED, NO_SERVICE}:
            raise BrokenError("a REFUSE of another form")
        if stream is None:
            return []
        del self._streams[number]
        return [Refused(number, payload[0], printable(payload[1:]))]

    def _on_exit(self, number: int, payload: bytes) -> list[Event]:
        stream = self._own(number, is_open=True)
        if len(payload) != 1:
            raise BrokenError("an EXIT of another form")
        if stream is None:
            return []
        del self._streams[number]
        return [Exited(number, payload[0])]

    # -- streams of the other side ------------------------------------------------------------------------------------

    def _on_open(self, number: int, payload: bytes) -> list[Event]:
        call = decode_call(payload)
        if number % 2 == self._parity or number <= self._last_peer:
            raise BrokenError("an OPEN with a number that is used or not its own")
        self._last_peer = number
        theirs = [stream for stream in self._streams.values() if not stream.own]
        if len(theirs) >= STREAMS or sum(not stream.is_open for stream in theirs) >= PENDING:
            self._send_refusal(number, REFUSED, "Too many calls are under way.")
            return []
        self._streams[number] = _Stream(own=False)
        return [Opened(number, call)]

    def accept(self, number: int) -> None:
        """Begin a stream of the other side. Raises `StreamGoneError` if it was given up meanwhile."""
        stream = self._there(number)
        stream.is_open = True
        self._send(Type.ACCEPT, number)

    def refuse(self, number: int, code: int, text: str) -> None:
        """Refuse a stream, with `REFUSED` or `NO_SERVICE` and a text for the user. One that is gone is no error."""
        if self._streams.pop(number, None) is not None:
            self._send_refusal(number, code, text)

    def _send_refusal(self, number: int, code: int, text: str) -> None:
        self._send(Type.REFUSE, number, bytes([code]) + printable(text).encode("ascii"))

    def exit(self, number: int, code: int) -> None:
        """End a stream of the other side with the exit code of its service, 0 to 255. One that is gone is no error."""
        if self._streams.pop(number, None) is not None:
            self._send(Type.EXIT, number, bytes([code & 0xFF]))

    # -- both ---------------------------------------------------------------------------------------------------------

    def _known(self, number: int) -> _Stream | None:
        """A stream that the other side speaks of; None if it is gone. Raises `BrokenError` if it never was."""
        stream = self._streams.get(number)
        if stream is None and number > (self._last_own if number % 2 == self._parity else self._last_peer):
            raise BrokenError("a stream that was never opened")
        if stream is None and not number:
            raise BrokenError("a stream that was never opened")
        return stream

    def _there(self, number: int) -> _Stream:
        stream = self._streams.get(number)
        if stream is None:
            raise StreamGoneError(f"Stream {number} has ended.")
        return stream

    def credit(self, number: int) -> int:
        """Bytes that may be sent on a stream now. Raises `StreamGoneError`."""
        return self._there(number).credit

    def send(self, number: int, data: bytes, *, is_error: bool = False) -> int:
        """Send data, or standard error, as far as there is credit; returns how many bytes were taken.

        `Accepted` or `Writable` comes once more can be sent. Raises `StreamGoneError`.
        """
        stream = self._there(number)
        if stream.ended and not is_error:
            raise StreamGoneError(f"The data of stream {number} has ended.")
        taken = min(len(data), stream.credit) if stream.is_open else 0
        kind = Type.ERR if is_error else Type.DATA
        for start in range(0, taken, PAYLOAD_BYTES):
            self._send(kind, number, data[start : min(start + PAYLOAD_BYTES, taken)])
        stream.credit -= taken
        return taken

    def end(self, number: int) -> None:
        """End the data of this direction. Raises `StreamGoneError`."""
        stream = self._there(number)
        if not stream.ended:
            stream.ended = True
            self._send(Type.END, number)

    def reset(self, number: int) -> None:
        """Give a stream up. One that is gone is no error."""
        if self._streams.pop(number, None) is not None:
            self._send(Type.RESET, number)

    def grant(self, number: int, used: int) -> None:
        """Let the other side send more: so many bytes of `Data` or `Err` were used. One that is gone is no error."""
        stream = self._streams.get(number)
        if stream is None:
            return
        stream.used += used
        if stream.used >= WINDOW // 4 or stream.window < PAYLOAD_BYTES:
            stream.window += stream.used
            self._send(Type.CREDIT, number, _CREDIT.pack(stream.used))
            stream.used = 0

    def _receiving(self, number: int, size: int) -> _Stream | None:
        """The stream that so many bytes came on; None if it is gone. Raises `BrokenError`."""
        stream = self._known(number)
        if stream is None:
            return None
        if not stream.is_open:
            raise BrokenError("data before ACCEPT")
        if not size or size > stream.window:
            raise BrokenError("no data, or data without credit")
        stream.window -= size
        return stream

    def _on_data(self, number: int, payload: bytes) -> list[Event]:
        stream = self._receiving(number, len(payload))
        if stream is None:
            return []
        if stream.peer_ended:
            raise BrokenError("data after END")
        return [Data(number, payload)]

    def _on_err(self, number: int, payload: bytes) -> list[Event]:
        stream = self._receiving(number, len(payload))
        if stream is None:
            return []
        if not stream.own:
            raise BrokenError("standard error without a service")
        return [Err(number, payload)]

    def _on_end(self, number: int, payload: bytes) -> list[Event]:
        stream = self._known(number)
        if payload:
            raise BrokenError("an END of another form")
        if stream is None:
            return []
        if not stream.is_open or stream.peer_ended:
            raise BrokenError("an END that nothing waits for")
        stream.peer_ended = True
        return [Ended(number)]

    def _on_reset(self, number: int, payload: bytes) -> list[Event]:
        stream = self._known(number)
        if payload:
            raise BrokenError("a RESET of another form")
        if stream is None:
            return []
        del self._streams[number]
        return [WasReset(number)]

    def _on_credit(self, number: int, payload: bytes) -> list[Event]:
        stream = self._known(number)
        if len(payload) != _CREDIT.size:
            raise BrokenError("a CREDIT of another form")
        if stream is None:
            return []
        (more,) = _CREDIT.unpack(payload)
        if not stream.is_open or not more or stream.credit + more > CREDIT_MOST:
            raise BrokenError("a CREDIT of no bytes, or of too many")
        stream.credit += more
        return [Writable(number)]
