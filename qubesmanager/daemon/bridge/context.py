# SPDX-License-Identifier: GPL-3.0-or-later
"""What a handler of the bridge gets, and the registry they are in."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeVar

from qubesmanager.daemon.bridge.channel import Channel
from qubesmanager.daemon.bridge.mirror import Mirror
from qubesmanager.daemon.registry import ContextOfCall, Registry
from qubesmanager.wire.call import AnyCall, Request
from qubesmanager.wire.errors import NoAnswerError

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Bridge:
    """One qubesd: the channel to it, the copy of what it knows, and a lock for each qube's firewall."""

    channel: Channel
    mirror: Mirror
    firewalls: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))


@dataclass(frozen=True, slots=True)
class Context(ContextOfCall):
    """`call` was sent to `dest`."""

    bridge: Bridge
    dest: str
    call: AnyCall

    @property
    def mirror(self) -> Mirror:
        return self.bridge.mirror

    async def ask(self, request: Request[R]) -> R:
        """Qubesd's answer to a call that changes nothing."""
        return await self.bridge.channel.ask(request)

    async def rows(self, request: Request[list[R]]) -> list[R]:
        """The rows of qubesd's answer; those that do not decode are left out."""
        return await self.bridge.channel.rows(request)

    async def change(self, request: Request[R], *parts: str) -> R:
        """Qubesd's answer to a call that changes the destination.

        `parts` of its record have no separate event, and are read again. After no answer all of it is.
        """
        try:
            answer = await self.bridge.channel.ask(request)
        except NoAnswerError:
            self.mirror.reread(request.dest)
            raise
        if parts:
            self.mirror.reread(request.dest, *parts)
        return answer


REGISTRY: Registry[Context] = Registry()
answers = REGISTRY.answers
