# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of the host names in firewall rules, asked for again and again.

A qube asks for itself and may get other addresses than we do, so an address is kept for a while after it was last
seen. A name that cannot be resolved keeps the addresses it had.
"""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from qubesmanager.rules.firewall import Address

KEEP_SECONDS = 3600.0
ANSWER_SECONDS = 5.0
"""How long one name may take; getaddrinfo alone can take 30 s a server."""
AT_ONCE = 8
ADDRESSES_LIMIT = 256
"""The most addresses of one name: the newest are kept."""

# A separate pool: a name server that does not answer must not hold up the threads that others need.
_THREADS = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="resolve")

Lookup = Callable[[str], Awaitable[Collection[Address]]]


async def lookup(host: str) -> Collection[Address]:
    """The host's addresses as this machine's resolver says now. Raises OSError when it has none."""
    ask = partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
    rows = await asyncio.get_running_loop().run_in_executor(_THREADS, ask)
    return {ipaddress.ip_address(str(address[0]).partition("%")[0]) for *_, address in rows}


class Resolver:
    """Remembers by name which address was seen when (seconds of `clock`)."""

    def __init__(self, ask: Lookup = lookup, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._last_seen: dict[str, dict[Address, float]] = {}
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, hosts: Collection[str]) -> Mapping[str, Collection[Address]]:
        """The addresses of each name; none for a name that never had an answer."""
        async with asyncio.TaskGroup() as group:
            for host in hosts:
                group.create_task(self._renew(host))
        return {host: frozenset(self._last_seen.get(host, ())) for host in hosts}

    async def _renew(self, host: str) -> None:
        try:
            async with self._at_once, asyncio.timeout(ANSWER_SECONDS):
                addresses = await self._ask(host)
        except (OSError, UnicodeError, TimeoutError):
            return
        now = self._clock()
        recent = {address: last for address, last in self._last_seen.get(host, {}).items() if now - last < KEEP_SECONDS}
        recent |= dict.fromkeys(addresses, now)
        newest = sorted(recent.items(), key=lambda item: -item[1])[:ADDRESSES_LIMIT]
        self._last_seen[host] = dict(newest)
