# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that follows a mirror, and a mirror that is followed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from qubesd_model import Faulty, Model
from until import until

from qubesmanager.daemon.bridge.channel import Channel
from qubesmanager.daemon.bridge.mirror import Mirror
from qubesmanager.transport.base import Transport
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import apply_event
from qubesmanager.wire.records import VmRecord


class Listener:
    """A client that folds the rows and the events of a mirror into a copy, and lists again after the stream's end."""

    def __init__(self, pause: Callable[[], Awaitable[None]] | None = None) -> None:
        """`pause` is awaited after each row and each event."""
        self._pause = pause
        self.heard: list[Event] = []
        self.copy: dict[str, VmRecord] = {}
        self.has_listed = False

    async def follow(self, mirror: Mirror) -> None:
        while True:
            with suppress(Mgmt1Error):
                await self._follow(mirror)
            await asyncio.sleep(0)

    async def _follow(self, mirror: Mirror) -> None:
        stream = mirror.hub.listen(lambda event: (event,))
        await anext(stream)
        self.copy.clear()
        async for record in mirror.rows():
            self.copy[record.name] = record
            await self._rest()
        self.has_listed = True
        async for event in stream:
            self.heard.append(event)
            after = apply_event(self.copy.get(event.subject), event)
            if after is not None:
                self.copy[event.subject] = after
            elif event.subject in self.copy:
                del self.copy[event.subject]
            await self._rest()

    async def _rest(self) -> None:
        if self._pause is not None:
            await self._pause()


@asynccontextmanager
async def followed(
    qubesd: Transport, *, refresh: float = 60.0, relist: float = 60.0, pauses: tuple[float, float] = (0.01, 0.05)
) -> AsyncIterator[tuple[Mirror, Listener]]:
    """A mirror of the qubesd, and a listener that has listed it."""
    mirror = Mirror(
        Channel(qubesd), first_pause=0.01, longest_pause=0.05, pauses=pauses, refresh=refresh, relist=relist
    )
    listener = Listener()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(listener.follow(mirror))
        await until(lambda: listener.has_listed)
        yield mirror, listener
        await mirror.close()
        task.cancel()


async def truth(model: Model) -> dict[str, VmRecord]:
    """What a mirror reads of the model if nothing happens meanwhile."""
    frames = model.frames
    mirror = Mirror(Channel(Faulty(model)))
    records = dict(await mirror.listed())
    await mirror.close()
    model.frames = frames
    return records
