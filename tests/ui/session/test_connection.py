# SPDX-License-Identifier: GPL-3.0-or-later
"""A window whose connection breaks: what it shows meanwhile, and how it comes back."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import pytest
from windows import Clicker

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.plans.new_qube import created
from qubesmanager.transport.base import TransportError
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.ui.actions.making import make_qube
from qubesmanager.ui.session.tasks import TaskState
from qubesmanager.wire import calls


class BreakableTransport:
    """A memory transport with a plug: pulled, every exchange under way ends and no new one begins."""

    def __init__(self, inner: MemoryTransport) -> None:
        self.url = "memory:"
        self._inner = inner
        self._pulled = asyncio.Event()

    def pull(self) -> None:
        self._pulled.set()

    def plug_in(self) -> None:
        self._pulled = asyncio.Event()

    async def exchange(
        self, service: str, argument: str, dest: str, payload: bytes | AsyncIterator[bytes]
    ) -> AsyncGenerator[bytes, None]:
        pulled = self._pulled
        if pulled.is_set():
            raise TransportError("The plug is <b>pulled</b>.")
        async with aclosing(self._inner.exchange(service, argument, dest, payload)) as answer:
            while True:
                piece = asyncio.get_running_loop().create_task(anext(answer, None))
                broken = asyncio.get_running_loop().create_task(pulled.wait())
                try:
                    await asyncio.wait({piece, broken}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    broken.cancel()
                    if not piece.done():
                        piece.cancel()
                        await asyncio.wait({piece})
                if piece.cancelled() or pulled.is_set():
                    raise TransportError("The plug is <b>pulled</b>.")
                if (chunk := piece.result()) is None:
                    return
                yield chunk


def stale(clicker: Clicker) -> bool:
    return clicker.window.model.stale


@pytest.fixture
def breakable(system: System) -> BreakableTransport:
    return BreakableTransport(MemoryTransport(Dispatcher(LocalBackend(system)).answer))


@pytest.fixture
def client(breakable: BreakableTransport) -> Client:
    return Client(breakable)


async def test_a_lost_connection_is_shown_and_comes_back(clicker: Clicker, breakable: BreakableTransport) -> None:
    window = clicker.window
    clicker.select("vault")
    assert clicker.can("start")

    breakable.pull()
    await clicker.until(window.banner.isVisible)
    assert "The plug is <b>pulled</b>." in window.banner.text.text()
    assert stale(clicker)
    assert not clicker.can("start")
    assert "no connection" in clicker.tip("start")
    assert ["vault", "Halted"] in [row[:2] for row in window.table_text()]

    breakable.plug_in()
    clicker.press(window.banner.button)
    await clicker.until(lambda: not window.banner.isVisible())

    assert not stale(clicker)
    await clicker.until(lambda: clicker.can("start"))


async def test_changes_during_a_lost_connection_are_shown_after_it(
    clicker: Clicker, breakable: BreakableTransport, system: System
) -> None:
    breakable.pull()
    await clicker.until(clicker.window.banner.isVisible)
    other = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer))
    await other.send(calls.VM_START("vault"))

    breakable.plug_in()

    await clicker.until(lambda: clicker.state("vault") == "Running")


async def test_f5_lists_again_without_a_break_being_shown(clicker: Clicker) -> None:
    before = clicker.session.client.calls_made
    breaks: list[object] = []
    clicker.session.lost.connect(breaks.append)

    clicker.click("refresh")
    await clicker.until(lambda: clicker.session.client.calls_made >= before + 2)
    await clicker.until(lambda: clicker.session.is_synced)

    assert not clicker.window.banner.isVisible()
    assert breaks == []


async def test_a_cancelled_creation_leaves_nothing(clicker: Clicker) -> None:
    new = created("fresh", "AppVM", "red", "debian-13", tags=("work",))
    clicker.session.tasks.start("Create fresh", make_qube(clicker.session, new))
    entry = clicker.session.tasks.entries[0]
    await clicker.until(lambda: clicker.state("fresh") != "gone" or entry.state is not TaskState.RUNNING)

    clicker.session.tasks.cancel(entry)
    await clicker.finished()
    if entry.state is TaskState.CANCELLED:
        await clicker.until(lambda: clicker.state("fresh") == "gone")

    assert entry.state in {TaskState.CANCELLED, TaskState.DONE}
