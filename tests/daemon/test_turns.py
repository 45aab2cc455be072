# SPDX-License-Identifier: GPL-3.0-or-later
"""Events that are all there leave turns to the loop."""

import asyncio
from contextlib import aclosing

import pytest

from qubesmanager.daemon.event_hub import EventHub
from qubesmanager.transport import turns
from qubesmanager.wire import events

COUNT = 50


async def test_the_loop_gets_turns_between_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONGEST", 0.0)
    steps = 0

    async def count() -> None:
        nonlocal steps
        while True:
            steps += 1
            await asyncio.sleep(0)

    hub = EventHub()
    async with asyncio.TaskGroup() as tasks, aclosing(hub.listen(lambda event: (event,))) as stream:
        await anext(stream)
        for number in range(COUNT):
            hub.emit(events.TAG_ADD("work", str(number)))
        counting = tasks.create_task(count())
        for _ in range(COUNT):
            await anext(stream)
        counting.cancel()

    assert steps >= COUNT - 1
