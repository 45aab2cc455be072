# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's end of a guest channel against a guest that hangs, lies and floods."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest
from until import until

from qubesmanager.daemon import guest_channel
from qubesmanager.daemon.guest_channel import GuestChannel, Stream
from qubesmanager.daemon.local.drivers.hypervisor.guest_pipe import MemoryPipe
from qubesmanager.guest import frames
from qubesmanager.guest.frames import Call, Data, Lost, Session, StreamGoneError, Type, WasReset, encode

CALL = frames.encode_call(Call("mgmt1.vm.List", "+", "dom0"))


class Host:
    """A channel whose guest is the test, which writes frames by hand."""

    def __init__(self, quiet: float = 1000.0) -> None:
        pipe, self.guest = MemoryPipe.pair()
        self.calls: list[Stream] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.channel = GuestChannel("work", pipe, self._answer, self._spawn, quiet=quiet)
        self.running = self._spawn("run", self.channel.run())
        self.session = Session(is_host=False)

    def _spawn(self, _name: str, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def _answer(self, stream: Stream, _call: Call) -> None:
        stream.accept()
        self.calls.append(stream)
        await asyncio.Event().wait()

    async def greet(self) -> None:
        """Set the session up."""
        self.guest.write(self.session.output())
        while not self.session.is_established or not self.channel.is_up:
            if self.guest.pending == 0 or not self.session.is_established:
                self.session.receive(await self.guest.read())
            self.guest.write(self.session.output())
            await asyncio.sleep(0)

    async def close(self) -> None:
        self.guest.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    made = Host()
    await made.greet()
    yield made
    await made.close()


async def opened(host: Host) -> Stream:
    number = host.session.open(Call("mgmt1.vm.List", "+", "dom0"))
    host.guest.write(host.session.output())
    await until(lambda: bool(host.calls))
    assert number == 1
    return host.calls[0]


async def test_a_flood_of_tiny_frames_leaves_the_loop_to_others(host: Host) -> None:
    turns: list[float] = []

    async def take_turns() -> None:
        while len(turns) < 1_000_000:
            turns.append(asyncio.get_running_loop().time())
            await asyncio.sleep(0)

    taking = host._spawn("take turns", take_turns())
    host.guest.write(encode(Type.PING, 0, b"12345678") * 8192)
    answered = 0
    while answered < 8192 * 16:
        answered += len(await host.guest.read())
    taking.cancel()

    assert len(turns) >= 8192 // frames.FRAMES_AT_ONCE


async def test_a_guest_that_has_all_answered_and_reads_nothing_is_not_read(host: Host) -> None:
    for _ in range(40):
        host.guest.write(encode(Type.PING, 0, b"12345678") * 8192)
    for _ in range(3000):
        await asyncio.sleep(0)

    # 5 MB of questions: about a megabyte of answers waits, and the rest of the questions.
    assert host.guest.pending > 1 << 20
    assert host.channel.session.output_size == 0


async def test_ten_thousand_streams_are_a_few(host: Host) -> None:
    host.guest.write(b"".join(encode(Type.OPEN, number, CALL) for number in range(1, 20_001, 2)))

    await until(lambda: not host.guest.pending)
    await until(lambda: len(host.calls) == frames.STREAMS)

    for _ in range(100):
        await asyncio.sleep(0)
    assert len(host.calls) == frames.STREAMS


async def test_bytes_that_come_one_by_one_are_kept_as_bytes(host: Host) -> None:
    stream = await opened(host)
    host.guest.write(encode(Type.DATA, 1, b"x") * frames.WINDOW)
    await until(lambda: not host.guest.pending)

    item = await stream.next()

    assert isinstance(item, Data)
    assert len(item.data) <= frames.WINDOW


async def test_data_for_a_guest_that_does_not_read_waits(host: Host) -> None:
    stream = await opened(host)

    writing = host._spawn("write", stream.write(bytes(1 << 20)))
    for _ in range(500):
        await asyncio.sleep(0)
    assert not writing.done()
    host.guest.write(encode(Type.RESET, 1))

    with pytest.raises(StreamGoneError):
        await writing


async def test_a_number_that_is_used_again_ends_the_session(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest_channel, "_FIRST_PAUSE", 0.0)
    stream = await opened(host)

    host.guest.write(encode(Type.OPEN, 1, CALL))

    assert isinstance(await stream.next(), Lost)
    with pytest.raises(StreamGoneError):
        await stream.write(b"x")
    host.session = Session(is_host=False)
    await host.greet()
    assert host.channel.is_up


async def test_a_guest_that_does_not_answer_loses_its_session() -> None:
    host = Host(quiet=0.01)
    await host.greet()
    stream = host.channel.open(Call("qubes.VMShell", "+", "dom0"))

    assert isinstance(await stream.next(), Lost)
    assert not host.channel.is_up
    await host.close()


async def test_the_end_of_the_pipe_ends_every_stream(host: Host) -> None:
    stream = await opened(host)

    host.guest.close()
    await host.running

    assert isinstance(await stream.next(), Lost)
    assert not host.channel.is_up


async def test_a_coroutine_that_ends_with_its_guest_is_cancelled_and_another_goes_on(host: Host) -> None:
    stream = await opened(host)
    stream.ends_with_guest = False
    host.guest.write(encode(Type.RESET, 1))
    assert isinstance(await stream.next(), WasReset)
    assert stream.task is not None
    assert not stream.task.done()

    stream.task.cancel()
    host.guest.write(encode(Type.OPEN, 3, CALL))
    await until(lambda: len(host.calls) == 2)
    host.guest.write(encode(Type.RESET, 3))

    ended = host.calls[1].task
    assert ended is not None
    await until(ended.done)


async def test_stale_bytes_before_the_session_are_dropped() -> None:
    host = Host()
    host.guest.write(bytes(70_000) + encode(Type.OPEN, 1, CALL) * 50 + b"\xa7\1\0\0")

    await host.greet()

    assert not host.calls
    await host.close()
