# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge over our own daemon's `admin.*` calls, and over a qubesd of which a test says what it answers."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from calls_at_once import AtOnce
from dialect_fixtures import dispatcher_of

from qubesmanager.client.client import Client
from qubesmanager.daemon.bridge.backend import BridgeBackend
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.system import System
from qubesmanager.transport import policy_calls
from qubesmanager.transport.base import Answer, Payload, RefusedError, Transport
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire.records import VmRecord


@asynccontextmanager
async def over(transport: Transport) -> AsyncIterator[BridgeBackend]:
    """A bridge over the transport, closed at the end."""
    backend = BridgeBackend(transport)
    try:
        yield backend
    finally:
        await backend.close()


class WithPolicy:
    """Another transport, with the system's daemon as the programs of Qubes OS that read and write the policy."""

    def __init__(self, transport: Transport, system: System) -> None:
        self._transport = transport
        self._programs = MemoryTransport(dispatcher_of(system).answer)

    @property
    def url(self) -> str:
        return self._transport.url

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        is_policy = service.startswith(policy_calls.PREFIX)
        transport, name = (self._programs, f"mgmt1.{service}") if is_policy else (self._transport, service)
        async with aclosing(transport.exchange(name, argument, dest, payload)) as answer:
            async for piece in answer:
                yield re.sub(rb" problem=.*", b"", piece) if is_policy and service.endswith(".List") else piece


def bridged(system: System) -> Transport:
    """The system's daemon as a qubesd, and as the programs of the policy."""
    return WithPolicy(MemoryTransport(dispatcher_of(system).answer), system)


def client_of(backend: BridgeBackend) -> Client:
    """A client of dom0 of the bridge."""
    return Client(MemoryTransport(Dispatcher(backend).answer))


class Failing:
    """Another transport, of which a test says which requests fail.

    `answers` by `SERVICE+ARGUMENT DEST` are given instead of the transport's: no bytes are qubesd's crash. A request
    that `refuses` says yes to is refused by policy.
    """

    url = "failing:"

    def __init__(self, transport: Transport) -> None:
        self.answers: dict[str, bytes] = {}
        self.refuses: Callable[[str], bool] = lambda _request: False
        self.calls: list[str] = []
        self._transport = transport

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        request = f"{service}+{argument} {dest}"
        self.calls.append(request)
        if self.refuses(request):
            raise RefusedError(f"The policy refuses {request}.")
        if request in self.answers:
            if self.answers[request]:
                yield self.answers[request]
            return
        async with aclosing(self._transport.exchange(service, argument, dest, payload)) as answer:
            async for piece in answer:
                yield piece


@dataclass
class Bridged:
    """A bridge over a daemon, whose transport may fail, and another client of that daemon."""

    system: System
    other: Client
    wire: Failing
    backend: BridgeBackend
    client: Client

    def record(self, name: str) -> VmRecord:
        """The qube as the daemon has it."""
        return self.system.runtime.state.qube(name).record()

    @property
    def names(self) -> set[str]:
        return set(self.system.runtime.state.qubes)


@asynccontextmanager
async def bridging(system: System, client: Client) -> AsyncIterator[Bridged]:
    """A bridge over the system's daemon that has read everything."""
    wire = Failing(bridged(system))
    async with over(wire) as backend:
        await backend.bridge.mirror.settled()
        yield Bridged(system, client, wire, backend, client_of(backend))


class FakeQubesd:
    """A qubesd that answers from a table, by `METHOD+ARGUMENT DEST`, and sends the frames that a test gives it.

    A request that is not in the table gets `otherwise`. `calls` are the requests so far. `size` cuts answers into
    pieces.
    """

    url = "fake:"

    def __init__(self, answers: dict[str, bytes], *, otherwise: bytes = b"", size: int = 1 << 16) -> None:
        self.answers = answers
        self.otherwise = otherwise
        self.size = size
        self.refuses = False
        """Whether a stream of events ends at once, without a byte."""
        self.calls: list[str] = []
        self.at_once = AtOnce()
        self._streams: list[asyncio.Queue[bytes | None]] = []

    @property
    def listeners(self) -> int:
        return len(self._streams)

    def send(self, *words: str) -> None:
        """An event frame to each listener."""
        for stream in self._streams:
            stream.put_nowait(b"1\x00" + b"".join(word.encode() + b"\x00" for word in words) + b"\x00")

    def hang_up(self) -> None:
        """End each stream of events."""
        for stream in self._streams:
            stream.put_nowait(None)

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        request = f"{service}+{argument} {dest}"
        self.calls.append(request)
        if service == "admin.Events":
            async for piece in self._events():
                if self.refuses:
                    return
                yield piece
            return
        with self.at_once.call():
            await asyncio.sleep(0)
            answer = self.answers.get(request, self.otherwise)
            for at in range(0, len(answer), self.size):
                yield answer[at : at + self.size]
                await asyncio.sleep(0)

    async def _events(self) -> AsyncGenerator[bytes, None]:
        stream: asyncio.Queue[bytes | None] = asyncio.Queue()
        stream.put_nowait(b"1\x00\x00connection-established\x00\x00")
        self._streams.append(stream)
        try:
            while (frame := await stream.get()) is not None:
                for at in range(0, len(frame), self.size):
                    yield frame[at : at + self.size]
        finally:
            self._streams.remove(stream)
