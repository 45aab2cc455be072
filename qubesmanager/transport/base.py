# SPDX-License-Identifier: GPL-3.0-or-later
"""The seam below the client: how the bytes of one call reach dom0, and the answer's bytes come back.

A transport knows nothing of calls; it exchanges bytes. No answer is a `TransportError`; an answer that says no is
bytes like any other, and the client's to read.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Protocol

Payload = bytes | AsyncIterator[bytes]
Answer = AsyncGenerator[bytes, None]


class TransportError(Exception):
    """No answer came, so the call may have been carried out or not. `str(error)` is the text for the user."""


class DaemonEndedError(TransportError):
    """The daemon that this program started has ended: no later call can be answered."""


class RefusedError(TransportError):
    """Policy refused the call before the daemon saw it: nothing was carried out."""


class Transport(Protocol):
    """One way to dom0."""

    @property
    def url(self) -> str:
        """The URL that chooses this transport, as the user gives it to `--connect`."""

    def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        """The answer's bytes in pieces, to its end. Raises `TransportError`.

        The payload is sent while the answer is read. Closing the generator closes the connection.
        """


async def pieces(payload: Payload) -> AsyncGenerator[bytes, None]:
    """A payload in pieces, whatever it is."""
    if isinstance(payload, bytes):
        if payload:
            yield payload
        return
    async for piece in payload:
        yield piece
