# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a restore writes: a new volume of a pool, fed from the backup engine's thread through a queue."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from qubesmanager.daemon.local.drivers.backups.engine import FromThread
from qubesmanager.daemon.local.drivers.pools.base import PoolDriver
from qubesmanager.wire.errors import Mgmt1Error, StoragePoolException
from qubesmanager.wire.reasons import cause, refusal

QUEUE = 16
"""Runs of data of one volume on their way from the engine to the pool."""


class PoolSink:
    """A new volume of the pool with this identity. Its methods are called in the engine's thread."""

    def __init__(self, driver: PoolDriver, vid: str, identity: str, size: int, loop: FromThread) -> None:
        self._loop = loop
        self._queue: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue(QUEUE)
        self._vid = vid
        self._identity = identity
        self._size = size
        self._taken = 0
        self._importing = asyncio.get_running_loop().create_task(self._import(driver))

    def write(self, offset: int, data: memoryview) -> None:
        self._loop(self._put((offset, bytes(data))))

    def finish(self) -> None:
        self._loop(self._end())

    def abort(self) -> None:
        self._loop(self._stop())

    async def _import(self, driver: PoolDriver) -> None:
        try:
            await driver.import_runs(self._vid, self._size, self._runs(), self._identity)
        except StoragePoolException as error:
            raise refusal("restore-volume-cut", cause(error), self._taken, self._size, self._vid) from error

    async def _put(self, run: tuple[int, bytes] | None) -> None:
        """Wait for room, or raise what the driver raised."""
        putting = asyncio.get_running_loop().create_task(self._queue.put(run))
        await asyncio.wait([putting, self._importing], return_when=asyncio.FIRST_COMPLETED)
        if not putting.done():
            putting.cancel()
            self._importing.result()

    async def _end(self) -> None:
        await self._put(None)
        await self._importing

    async def _stop(self) -> None:
        """What was made of the volume is dropped with what its restore has to undo."""
        self._importing.cancel()
        with contextlib.suppress(asyncio.CancelledError, Mgmt1Error):
            await self._importing

    async def _runs(self) -> AsyncIterator[tuple[int, bytes]]:
        while (run := await self._queue.get()) is not None:
            yield run
            self._taken = run[0] + len(run[1])
