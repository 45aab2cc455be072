# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport that joins client and daemon in one process: a bridge in the process of a window, and tests."""

from collections.abc import AsyncIterator
from typing import Protocol

from qubesmanager.transport.base import Answer, Payload, pieces
from qubesmanager.transport.turns import Turns
from qubesmanager.wire.names import DOM0


class Answerer(Protocol):
    """A daemon in this process: it gives an answer's bytes for a call's bytes."""

    def __call__(
        self, source: str, service: str, argument: str, dest: str, untrusted_payload: AsyncIterator[bytes]
    ) -> Answer: ...


class MemoryTransport:
    """Calls an `Answerer` directly, as the given source. `url` is what the user sees."""

    def __init__(self, answerer: Answerer, source: str = DOM0, url: str = "memory:") -> None:
        self._answerer = answerer
        self._source = source
        self._url = url

    @property
    def url(self) -> str:
        return self._url

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        """An answer whose pieces are all there gives the loop turns, as a socket would."""
        answer = self._answerer(self._source, service, argument, dest, pieces(payload))
        turns = Turns()
        try:
            async for piece in answer:
                yield piece
                if turns.is_due:
                    await turns.give()
        finally:
            await answer.aclose()
