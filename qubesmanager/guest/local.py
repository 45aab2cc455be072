# SPDX-License-Identifier: GPL-3.0-or-later
"""What `qubes-mgmt1-client` and the agent say to each other, on the agent's socket in a guest; no I/O.

One connection is one call. A frame is a kind (1 byte), a length (2 bytes, big endian) and a payload of at most 32 KiB.
The program sends CALL, then DATA and END. The agent answers with DATA and END, and ends with EXIT or FAILED.
Nothing here limits how much is sent: each side reads no more than it can pass on.

The client loads this file at each call, so it imports little.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

HEADER = struct.Struct(">BH")
PAYLOAD_BYTES = 32 << 10
TEXT_BYTES = 200
SOCKET = "/run/qubes-mgmt1-agent/agent.sock"

CALL = 1
"""TARGET NUL SERVICE NUL +ARGUMENT."""
DATA = 2
END = 3
"""The end of the data of this direction."""
EXIT = 4
"""The exit code of the service, 1 byte. The last frame."""
FAILED = 5
"""The exit code for the program (1 byte: 125, 126 or 127) and a text. The last frame."""

BROKEN = 125
"""There is no connection to dom0, or it broke."""

_KINDS = {CALL, DATA, END, EXIT, FAILED}


class LocalError(Exception):
    """The other side sent something that is no frame."""


class Frame(NamedTuple):
    kind: int
    payload: bytes


def encode(kind: int, payload: bytes = b"") -> bytes:
    return HEADER.pack(kind, len(payload)) + payload


class Reader:
    """Takes bytes apart into frames. It keeps less than one frame."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, untrusted: bytes) -> list[Frame]:
        """The frames that are whole now. Raises `LocalError`."""
        data = self._rest + untrusted
        frames: list[Frame] = []
        at = 0
        while len(data) - at >= HEADER.size:
            kind, length = HEADER.unpack_from(data, at)
            if kind not in _KINDS or length > PAYLOAD_BYTES:
                raise LocalError("not a frame")
            start = at + HEADER.size
            if len(data) - start < length:
                break
            at = start + length
            frames.append(Frame(kind, data[start:at]))
        self._rest = data[at:]
        return frames
