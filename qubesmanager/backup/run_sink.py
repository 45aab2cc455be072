# SPDX-License-Identifier: GPL-3.0-or-later
"""A sink of a restore: a consumer of runs of data in the loop, fed from the engine's thread through a queue."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from qubesmanager.backup.engine import FromThread
from qubesmanager.wire.errors import Mgmt1Error, StoragePoolException
from qubesmanager.wire.reasons import cause, refusal

QUEUE = 16
"""Runs of data of one volume on their way from the engine to the consumer."""

Runs = AsyncIterator[tuple[int, bytes]]
"""Offsets and bytes, ascending; between them are zeros."""


class RunSink:
    """A new volume of `size` bytes, which `consume` makes of its runs. Its methods are called in the engine's thread.

    `name` is the volume's in a `StoragePoolException` of the consumer, which becomes one that says how much it took.
    """

    def __init__(self, consume: Callable[[Runs], Awaitable[object]], name: str, size: int, loop: FromThread) -> None:
        self._loop = loop
        self._queue: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue(QUEUE)
        self._name = name
        self._size = size
        self._taken = 0
        self._consuming = asyncio.get_running_loop().create_task(self._consume(consume))

    def write(self, offset: int, data: memoryview) -> None:
        self._loop(self._put((offset, bytes(data))))

    def finish(self) -> None:
        self._loop(self._end())

    def abort(self) -> None:
        self._loop(self._stop())

    async def _consume(self, consume: Callable[[Runs], Awaitable[object]]) -> None:
        try:
            await consume(self._runs())
        except StoragePoolException as error:
            raise refusal("restore-volume-cut", cause(error), self._taken, self._size, self._name) from error

    async def _put(self, run: tuple[int, bytes] | None) -> None:
        """Wait for room, or raise what the consumer raised."""
        putting = asyncio.get_running_loop().create_task(self._queue.put(run))
        await asyncio.wait([putting, self._consuming], return_when=asyncio.FIRST_COMPLETED)
        if not putting.done():
            putting.cancel()
            self._consuming.result()

    async def _end(self) -> None:
        await self._put(None)
        await self._consuming

    async def _stop(self) -> None:
        """End the import. The part that was written is removed when the restore is undone."""
        self._consuming.cancel()
        with contextlib.suppress(asyncio.CancelledError, Mgmt1Error):
            await self._consuming

    async def _runs(self) -> Runs:
        while (run := await self._queue.get()) is not None:
            yield run
            self._taken = run[0] + len(run[1])
