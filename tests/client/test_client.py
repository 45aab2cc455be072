# SPDX-License-Identifier: GPL-3.0-or-later
"""The client and its live copy, over a transport that answers from a script."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Self

import pytest

from qubesmanager.client import live_copy
from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import Follower, Gone, Happened, Lost, Put, Synced, SystemChanged, Unreadable, Update
from qubesmanager.transport import event_stream
from qubesmanager.transport.base import Payload, TransportError
from qubesmanager.wire import calls, limits
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError, QubesVMNotFoundError
from qubesmanager.wire.event import Event, encode_event
from qubesmanager.wire.events import PROPERTY_SET
from qubesmanager.wire.framing import encode_error
from qubesmanager.wire.records import VmRecord, encode_record
from qubesmanager.wire.values import PowerState, VmClass

WORK = VmRecord("work", VmClass.APP, PowerState.HALTED)
VAULT = VmRecord("vault", VmClass.APP, PowerState.RUNNING)
RUNNING = Event("work", "domain-state", {"state": "Running"})
ESTABLISHED = Event("", "connection-established")


class _Bytes:
    """Answers every call with the same bytes in pieces of `size`; no bytes and `waits`: never."""

    url = "memory:"

    def __init__(self, answer: bytes, size: int = 5, *, waits: bool = False) -> None:
        self._answer, self._size, self._waits = answer, size, waits

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> AsyncGenerator[bytes, None]:
        for at in range(0, len(self._answer), self._size):
            yield self._answer[at : at + self._size]
        if self._waits:
            await asyncio.Event().wait()


async def test_an_answer_that_does_not_come_in_time_is_no_answer() -> None:
    hurried = replace(calls.VM_PAUSE, time_limit=0.01)

    with pytest.raises(TransportError, match=r"within 0\.01 seconds"):
        await Client(_Bytes(b"", waits=True)).send(hurried("work"))


async def test_a_connection_that_closes_without_bytes_is_no_answer() -> None:
    with pytest.raises(TransportError, match="without an answer"):
        await Client(_Bytes(b"")).send(calls.VM_PAUSE("work"))


async def test_an_answer_that_says_no_is_its_own_error() -> None:
    with pytest.raises(QubesVMNotFoundError, match="No work"):
        await Client(_Bytes(encode_error(QubesVMNotFoundError("No work")))).send(calls.VM_PAUSE("work"))


ROWS = b"0\x00" + b"".join(encode_record(record) + b"\n" for record in (WORK, VAULT))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 10_000])
async def test_rows_are_the_same_in_whatever_pieces(size: int) -> None:
    client = Client(_Bytes(ROWS, size))

    rows = [record async for batch in client.batches(calls.VM_GET_ALL("dom0")) for record in batch]

    assert rows == [WORK, VAULT]


@pytest.mark.parametrize("size", [1, 4, 1000])
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (encode_error(QubesVMNotFoundError("No work")), QubesVMNotFoundError),
        (b"", TransportError),
        (b"0", ProtocolError),
        (b"what", ProtocolError),
        (ROWS[:-3], TransportError),
        (b"0\x00nonsense\n", ProtocolError),
    ],
)
async def test_streamed_rows_end_with_the_error_that_came(size: int, answer: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        async for _ in Client(_Bytes(answer, size)).batches(calls.VM_GET_ALL("dom0")):
            pass


@pytest.mark.parametrize("size", [1 << 16, 10 << 20])
async def test_a_bad_row_is_left_out_and_the_others_are_not(size: int) -> None:
    bad: list[Mgmt1Error] = []
    long = b"x" * (limits.ROW_BYTES + 1) + b"\n"
    rows = ROWS + b"nonsense\n" + long + encode_record(WORK) + b"\n"

    batches = Client(_Bytes(rows, size)).batches(calls.VM_GET_ALL("dom0"), bad.append)

    assert [record async for batch in batches for record in batch] == [WORK, VAULT, WORK]
    assert len(bad) == 2


async def test_an_event_stream_that_ends_is_no_answer() -> None:
    stream = encode_event(ESTABLISHED) + encode_event(RUNNING)
    events: list[Event] = []

    with pytest.raises(TransportError, match="ended"):  # noqa: PT012 - an error ends the loop, after the events
        async for batch in Client(_Bytes(stream, 3)).events():
            events += batch

    assert events == [ESTABLISHED, RUNNING]


async def test_an_exception_ends_an_event_stream_that_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "REST", 0.05)
    stream = encode_event(ESTABLISHED) + encode_error(QubesVMNotFoundError("No work"))

    with pytest.raises(QubesVMNotFoundError, match="No work"):
        async for _ in Client(_Bytes(stream, 3, waits=True)).events():
            pass


class _Dom0:
    """A system whose qubes a test sets and whose events it sends; it can be broken off."""

    url = "memory:"

    def __init__(self, *records: VmRecord) -> None:
        self.records = list(records)
        self.events: asyncio.Queue[Event | None] = asyncio.Queue()
        self.refusals = 0
        self.system = b""
        """Rows of system-wide properties."""
        self.nonsense = b""
        """A row of the list that is no record."""

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> AsyncGenerator[bytes, None]:
        if service == calls.VM_GET_ALL.name:
            yield b"0\x00"
            for row in (*filter(None, [self.nonsense]), *map(encode_record, self.records)):
                yield row + b"\n"
            return
        if service == calls.PROPERTY_GET_ALL.name:
            yield b"0\x00" + self.system
            return
        if self.refusals:
            self.refusals -= 1
            raise TransportError("nobody there")
        yield encode_event(ESTABLISHED)
        while (event := await self.events.get()) is not None:
            yield encode_event(event)


class _Following:
    """A running follower and its updates so far."""

    def __init__(self, dom0: _Dom0) -> None:
        self._updates: asyncio.Queue[Update] = asyncio.Queue()
        self.follower = Follower(Client(dom0), self._updates.put_nowait)

    async def until(self, is_reached: Callable[[Update], bool]) -> list[Update]:
        updates: list[Update] = []
        while not updates or not is_reached(updates[-1]):
            updates.append(await self._updates.get())
        return updates

    async def __aenter__(self) -> Self:
        self._group = asyncio.TaskGroup()
        await self._group.__aenter__()
        self._task = self._group.create_task(self.follower.run())
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._task.cancel()
        await self._group.__aexit__(None, None, None)


def _is(kind: type) -> Callable[[Update], bool]:
    return lambda update: isinstance(update, kind)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_copy, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(live_copy, "LONGEST_PAUSE", 0.004)


async def test_the_copy_is_listed_and_then_follows_the_events() -> None:
    dom0 = _Dom0(WORK, VAULT)
    async with _Following(dom0) as following:
        assert await following.until(_is(Synced)) == [Put((WORK,)), Put((VAULT,)), Synced()]

        dom0.events.put_nowait(RUNNING)
        updates = await following.until(lambda update: isinstance(update, Happened) and RUNNING in update.events)

        assert Put((replace(WORK, state=PowerState.RUNNING),)) in updates


async def test_system_wide_properties_are_listed_and_then_follow_the_events() -> None:
    dom0 = _Dom0()
    dom0.system = b"clockvm default=no type=vm sys-net\n"
    async with _Following(dom0) as following:
        assert await following.until(_is(Synced)) == [SystemChanged(), Synced()]
        assert following.follower.copy.system("clockvm") == "sys-net"

        dom0.events.put_nowait(PROPERTY_SET("", "clockvm", "vault", is_default=False))
        dom0.events.put_nowait(Event("vault", "property-set:netvm", {"newvalue": "work", "default": "no"}))
        await following.until(_is(Happened))

        assert following.follower.copy.system_properties == {"clockvm": "vault"}


async def test_after_a_reconnect_only_the_differences_are_reported() -> None:
    dom0 = _Dom0(WORK, VAULT)
    async with _Following(dom0) as following:
        await following.until(_is(Synced))
        changed = replace(VAULT, notes="changed meanwhile")
        dom0.records = [changed]

        dom0.events.put_nowait(None)
        updates = await following.until(_is(Synced))

        assert [update for update in updates if isinstance(update, (Put, Gone))] == [Put((changed,)), Gone(("work",))]
        assert following.follower.records == {"vault": changed}


async def test_many_qubes_that_are_gone_go_in_parts_with_a_turn_of_the_loop_after_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_copy, "GONE_AT_ONCE", 2)
    qubes = [replace(WORK, name=f"work-{number}") for number in range(5)]
    dom0 = _Dom0(VAULT, *qubes)
    async with _Following(dom0) as following:
        await following.until(_is(Synced))
        dom0.records = [VAULT]

        dom0.events.put_nowait(None)
        left = []
        parts: list[Gone] = []
        while len(parts) < 3:
            update = (await following.until(_is(Gone)))[-1]
            assert isinstance(update, Gone)
            parts.append(update)
            left.append(len(following.follower.records))
        await following.until(_is(Synced))

        assert parts == [Gone(("work-0", "work-1")), Gone(("work-2", "work-3")), Gone(("work-4",))]
        assert left == [4, 2, 1], "what waits for an update sees the copy of that update"
        assert following.follower.records == {"vault": VAULT}


async def test_a_qube_whose_event_does_not_decode_is_asked_for_again_and_the_others_follow_on() -> None:
    dom0 = _Dom0(WORK, VAULT)
    async with _Following(dom0) as following:
        await following.until(_is(Synced))
        changed = replace(WORK, notes="long")
        dom0.records = [changed]

        dom0.events.put_nowait(Event("work", "notes-set"))
        dom0.events.put_nowait(Event("vault", "domain-state", {"state": "Halted"}))
        updates = await following.until(lambda update: isinstance(update, Put) and update.records[0].name == "vault")

        assert Put((changed,)) in updates
        assert not any(isinstance(update, Lost) for update in updates)


async def test_a_qube_that_cannot_be_read_is_left_out_and_reported_until_it_can_be() -> None:
    dom0 = _Dom0(WORK, VAULT)
    dom0.nonsense = b"nonsense"
    async with _Following(dom0) as following:
        (unreadable,) = [update for update in await following.until(_is(Synced)) if isinstance(update, Unreadable)]
        assert (len(unreadable.reasons), set(following.follower.records)) == (1, {"work", "vault"})

        dom0.nonsense = b""
        following.follower.resync()

        assert Unreadable(()) in await following.until(_is(Synced))
        assert following.follower.unreadable == ()


async def test_lost_events_make_it_list_again() -> None:
    dom0 = _Dom0(WORK)
    async with _Following(dom0) as following:
        await following.until(_is(Synced))
        dom0.records = [WORK, VAULT]

        dom0.events.put_nowait(Event("", "events-lost"))

        assert Put((VAULT,)) in await following.until(_is(Synced))


async def test_asking_for_it_lists_again_at_once() -> None:
    dom0 = _Dom0(WORK)
    async with _Following(dom0) as following:
        await following.until(_is(Synced))
        dom0.records = [WORK, VAULT]

        following.follower.resync()
        updates = await following.until(_is(Synced))

        assert [update for update in updates if not isinstance(update, Happened)] == [Put((VAULT,)), Synced()]


async def test_reconnecting_waits_longer_after_each_failure() -> None:
    dom0 = _Dom0(WORK)
    dom0.refusals = 4
    async with _Following(dom0) as following:
        updates = await following.until(_is(Synced))

    assert [update.retry_in for update in updates if isinstance(update, Lost)] == [0.001, 0.002, 0.004, 0.004]
