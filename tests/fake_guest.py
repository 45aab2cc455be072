# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest in the test's process: its end of the channel, the services it has, and the calls that it makes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from fakes_hypervisor import FakeHost, FakeHypervisor

from qubesmanager.daemon.guest_channel import GuestChannel, Pipe, Stream
from qubesmanager.daemon.local.drivers.hypervisor.guest_pipe import MemoryPipe
from qubesmanager.guest.frames import NO_SERVICE, Accepted, Call, Data, Ended, Err, Exited, Refused

Service = Callable[[Call, bytes], tuple[int, bytes, bytes]]
"""From the call and standard input to exit code, standard output and standard error."""


class Answered(NamedTuple):
    """`code` is the exit code, that of a refusal, or -1 for a stream that was reset."""

    code: int
    output: bytes


class FakeGuest:
    def __init__(self, pipe: Pipe, services: dict[str, Service]) -> None:
        self.services = services
        self.calls: list[Call] = []
        """The services that the host started."""
        self._tasks: set[asyncio.Task[None]] = set()
        self.channel = GuestChannel("a fake guest", pipe, self._answer, self._spawn, is_host=False)
        self.running = self._spawn("run", self.channel.run())

    def _spawn(self, _name: str, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _answer(self, stream: Stream, call: Call) -> None:
        self.calls.append(call)
        service = self.services.get(call.service)
        if service is None:
            stream.refuse(NO_SERVICE, "There is no such service.")
            return
        stream.accept()
        code, output, errors = service(call, await _input(stream))
        await stream.write(output)
        await stream.write(errors, is_error=True)
        stream.exit(code)

    async def opened(self, service: str, target: str = "dom0", argument: str = "") -> Stream:
        """A stream that the guest opens, once there is a session."""
        await self.channel.up.wait()
        return self.channel.open(Call(service, f"+{argument}", target))

    async def call(self, service: str, target: str = "dom0", argument: str = "", payload: bytes = b"") -> Answered:
        """Make a call to its end."""
        stream = await self.opened(service, target, argument)
        match await stream.next():
            case Accepted():
                await stream.write(payload)
                stream.end()
                return await _all_of(stream)
            case Refused(_, code):
                return Answered(code, b"")
        return Answered(-1, b"")

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _input(stream: Stream) -> bytes:
    """Standard input of a service, to its end."""
    data = bytearray()
    while isinstance(item := await stream.next(), Data):
        data += item.data
    return bytes(data)


async def _all_of(stream: Stream) -> Answered:
    """What comes until the end of the stream."""
    output = bytearray()
    while True:
        match await stream.next():
            case Data(_, data) | Err(_, data):
                output += data
            case Ended():
                continue
            case Exited(_, code):
                return Answered(code, bytes(output))
            case _:
                return Answered(-1, bytes(output))


class FakeGuests:
    """The guests of a `FakeHost`, by their UUIDs: `host.channel = FakeGuests().connect`. All have the same services."""

    def __init__(self) -> None:
        self.services: dict[str, Service] = {}
        self.by_uuid: dict[UUID, FakeGuest] = {}
        self._all: list[FakeGuest] = []

    def connect(self, uuid: UUID) -> Pipe:
        host, guest = MemoryPipe.pair()
        self.by_uuid[uuid] = FakeGuest(guest, self.services)
        self._all.append(self.by_uuid[uuid])
        return host

    async def close(self) -> None:
        for guest in self._all:
            await guest.close()


@pytest.fixture
async def guests() -> AsyncIterator[FakeGuests]:
    """The guests of the qubes that run."""
    made = FakeGuests()
    yield made
    await made.close()


@pytest.fixture
def hypervisor_with_guests(guests: FakeGuests) -> FakeHypervisor:
    return FakeHypervisor(FakeHost(channel=guests.connect))
