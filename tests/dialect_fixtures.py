# SPDX-License-Identifier: GPL-3.0-or-later
"""A caller of `admin.*` calls, byte for byte as Qubes' own client sends them, of a daemon in memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from qubesmanager.daemon.dialect.backend import Dialect
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system import System


async def one_piece(payload: bytes) -> AsyncIterator[bytes]:
    """A payload in one piece, or none if it is empty."""
    if payload:
        yield payload


@dataclass(frozen=True)
class Caller:
    """Sends to a dispatcher what a client of Qubes OS sends."""

    dispatcher: Dispatcher
    source: str = "dom0"

    async def answer(self, method: str, dest: str = "dom0", payload: bytes = b"") -> bytes:
        """The whole answer to `method[+argument]`."""
        service, _, argument = method.partition("+")
        pieces = self.dispatcher.answer(self.source, service, argument, dest, one_piece(payload))
        return b"".join([piece async for piece in pieces])

    async def content(self, method: str, dest: str = "dom0", payload: bytes = b"") -> str:
        """The content of an answer that has to be OK."""
        answer = await self.answer(method, dest, payload)
        assert answer.startswith(b"0\x00"), answer
        return answer[2:].decode()

    async def refused(self, method: str, dest: str = "dom0", payload: bytes = b"") -> str:
        """The type of the error that the answer has to be."""
        answer = await self.answer(method, dest, payload)
        assert answer.startswith(b"2\x00"), answer
        return answer.split(b"\x00")[1].decode()


def dispatcher_of(system: System) -> Dispatcher:
    """A dispatcher with the dialect, as the daemon has it."""
    backend = LocalBackend(system)
    return Dispatcher(backend, Dialect(backend))
