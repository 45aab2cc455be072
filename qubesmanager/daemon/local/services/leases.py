# SPDX-License-Identifier: GPL-3.0-or-later
"""Each pool has its location to itself: no other pool of this daemon shares it, and no other daemon uses it."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from qubesmanager.daemon.local.drivers.pools import lease
from qubesmanager.daemon.local.drivers.pools.disk import in_thread
from qubesmanager.daemon.local.drivers.pools.location import location
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.wire.errors import StoragePoolException
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for, refusal

log = logging.getLogger(__name__)


class Leases:
    """The leases of the open pools; `state` is the folder that this daemon is known by."""

    def __init__(self, runtime: Runtime, state: Path) -> None:
        self._runtime = runtime
        self._state = state
        self.by_force = False
        """Take over the leases of daemons of other machines."""
        self.adding = asyncio.Lock()
        """Held while a pool is added, so that two pools cannot be given one location."""
        self._taken: dict[str, lease.Lease] = {}
        self._watched: dict[str, tuple[int, float]] = {}
        """By pool: when another daemon's lease was written, and since when (`time.monotonic`) it has been watched."""
        runtime.at_close(self._release_all)

    async def claim(
        self, pool: str, options: Mapping[str, str], check: Callable[[Path], None] = lambda _folder: None
    ) -> None:
        """Take the location that the checked options name; call `release` or `withdraw` after a failure, too.

        `check` may refuse the folder before anything is written there.
        Raises `StoragePoolException` that names the pool or the daemon that has it.
        """
        if pool in self._taken:
            return
        place = await location(pool, options)
        is_new = pool not in self._runtime.state.pools
        for other, used in list(self._runtime.state.pool_options.items()):
            # A pool of the store is compared with the open ones: of two that share a location, one opens.
            if other != pool and (is_new or other in self._taken) and place.overlaps(await location(other, used)):
                raise refusal("pool-place-shared", place.shown, other)
        written, since = self._watched.get(pool, (0, 0.0))
        holder = lease.this_process(self._state)

        def take() -> None:
            watched = (written, time.monotonic() - since)
            # Noted in the thread: a cancelled caller must find it, to release it.
            self._taken[pool] = lease.take(
                pool,
                place.lease_folder,
                holder,
                watched=watched,
                by_force=self.by_force,
                check=check,
            )

        try:
            await in_thread(take)
        except lease.InUseError as error:
            if error.written != written:
                self._watched[pool] = (error.written, time.monotonic())
            raise error_for(error.reason or Reason("other-text", str(error)), StoragePoolException) from None
        self._watched.pop(pool, None)

    async def why_lost(self, pool: str) -> Reason | None:
        """Write the pool's lease again; the reason if another daemon has taken it over, None if all is well."""
        taken = self._taken.get(pool)
        if taken is None:
            return None
        try:
            why = await in_thread(taken.why_lost)
        except OSError as error:
            log.warning("The lease of the pool %s cannot be written: %s", pool, error)
            return None
        return why

    async def release(self, pool: str) -> None:
        """Let other daemons use the location."""
        if (taken := self._taken.pop(pool, None)) is not None:
            try:
                await in_thread(taken.release)
            except OSError:
                return  # its disk is gone, and the lease with it

    async def withdraw(self, pool: str) -> None:
        """The pool was refused: leave its location as it was."""
        if (taken := self._taken.pop(pool, None)) is not None:
            await in_thread(taken.withdraw)

    async def _release_all(self) -> None:
        for pool in list(self._taken):
            await self.release(pool)
