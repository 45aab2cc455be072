# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport that joins client and daemon in one process: a bridge in the process of a window, and tests."""

from collections.abc import AsyncIterator
from typing import Protocol

from qubesmanager.transport.base import Answer, Payload
from qubesmanager.wire.names import DOM0


class Answerer(Protocol):
    """A daemon in this process: it gives an answer's bytes for a call's bytes."""

    def __call__(
        self, source: str, service: str, argument: str, dest: str, untrusted_payload: AsyncIterator[bytes]
    ) -> Answer: ...


class _Whole:
    """A payload of bytes as an iterator; the loop keeps no account of it, as it does of each generator."""

    __slots__ = ("_left",)

    def __init__(self, payload: bytes) -> None:
        self._left = payload

    def __aiter__(self) -> "_Whole":
        return self

    async def __anext__(self) -> bytes:
        piece, self._left = self._left, b""
        if not piece:
            raise StopAsyncIteration
        return piece


class MemoryTransport:
    """Calls an `Answerer` directly, as the given source. `url` is what the user sees."""

    def __init__(self, answerer: Answerer, source: str = DOM0, url: str = "memory:") -> None:
        self._answerer = answerer
        self._source = source
        self._url = url

    @property
    def url(self) -> str:
        return self._url

    def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        untrusted = _Whole(payload) if isinstance(payload, bytes) else payload
        return self._answerer(self._source, service, argument, dest, untrusted)
