# SPDX-License-Identifier: GPL-3.0-or-later
"""A long answer that is all there leaves turns to the loop."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from qubesmanager.transport import turns
from qubesmanager.transport.base import Answer
from qubesmanager.transport.memory import MemoryTransport

PIECES = 50


async def ready(source: str, service: str, argument: str, dest: str, untrusted_payload: AsyncIterator[bytes]) -> Answer:
    del source, service, argument, dest, untrusted_payload
    for _ in range(PIECES):
        yield b"x"


async def test_the_loop_gets_turns_between_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONGEST", 0.0)
    steps = 0

    async def count() -> None:
        nonlocal steps
        while True:
            steps += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        counting = tasks.create_task(count())
        pieces = [piece async for piece in MemoryTransport(ready).exchange("any", "", "dom0", b"")]
        counting.cancel()

    assert len(pieces) == PIECES
    assert steps >= PIECES
