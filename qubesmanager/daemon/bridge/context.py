# SPDX-License-Identifier: GPL-3.0-or-later
"""The context of a handler of the bridge, and the registry of handlers."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from qubesmanager.daemon.bridge.channel import Channel
from qubesmanager.daemon.bridge.following import reread_outdated
from qubesmanager.daemon.bridge.mirror import Mirror
from qubesmanager.daemon.bridge.reading import VOLUMES
from qubesmanager.daemon.registry import ContextOfCall, Registry
from qubesmanager.rules.facts import Qubes
from qubesmanager.wire.call import AnyCall, Request
from qubesmanager.wire.errors import NoAnswerError
from qubesmanager.wire.firewall import Rule
from qubesmanager.wire.names import DOM0

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Bridge:
    """One qubesd: the channel to it, the copy of what it knows, and a lock for each qube's firewall."""

    channel: Channel
    mirror: Mirror
    firewalls: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    other_rules: dict[str, Rule] = field(default_factory=dict)
    """By its text: a rule that qubesd has answered and that cannot be read here."""
    _work: set[asyncio.Task[Any]] = field(default_factory=set)

    async def to_the_end(self, steps: Coroutine[Any, Any, R]) -> R:
        """The result of an operation of several calls. It goes on when its caller has gone, and undoes what fails."""
        work = asyncio.get_running_loop().create_task(steps)
        self._work.add(work)
        work.add_done_callback(self._ended)
        return await asyncio.shield(work)

    def _ended(self, work: asyncio.Task[Any]) -> None:
        """The error of an operation whose caller has gone is not raised anywhere, and is known to be read here."""
        self._work.discard(work)
        if not work.cancelled():
            work.exception()

    async def close(self) -> None:
        """Stop following qubesd. Operations under way are stopped, and undo what they have begun."""
        for work in self._work:
            work.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self.mirror.close()


@dataclass(frozen=True, slots=True)
class MirrorFacts:
    """The mirror as the rules look at it: all that qubesd lets this caller see."""

    mirror: Mirror

    @property
    def qubes(self) -> Qubes:
        return self.mirror.records

    def system(self, name: str) -> str:
        row = self.mirror.system.get(name)
        return "" if row is None else row.value

    def sees(self, _name: str) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Context(ContextOfCall):
    """`call` was sent to `dest`."""

    bridge: Bridge
    dest: str
    call: AnyCall

    @property
    def mirror(self) -> Mirror:
        return self.bridge.mirror

    async def facts(self) -> MirrorFacts:
        """The system as the rules look at it, once every qube has been read."""
        await self.mirror.listed()
        if not self.mirror.system:
            await self.mirror.settled()
        return MirrorFacts(self.mirror)

    async def ask(self, request: Request[R]) -> R:
        """Qubesd's answer to a call that changes nothing."""
        return await self.bridge.channel.ask(request)

    async def rows(self, request: Request[list[R]]) -> list[R]:
        """The rows of qubesd's answer; those that do not decode are left out."""
        return await self.bridge.channel.rows(request)

    async def change(self, request: Request[R], *parts: str) -> R:
        """Qubesd's answer to a call that changes the destination.

        `parts` of its record have no separate event: they are read again before this returns, so that the events of
        the change come before its answer, as with our own daemon. After no answer all of it is read again, and for dom0
        the properties of the system.
        """
        try:
            answer = await self.bridge.channel.ask(request)
        except NoAnswerError:
            self.mirror.reread(request.dest)
            if request.dest == DOM0:
                self.mirror.reread_system()
            raise
        if parts:
            await self.mirror.read_again(request.dest, *parts)
        return answer

    async def change_content(self, request: Request[R]) -> R:
        """As `change`, of a call that replaces the data of a volume: what is based on the qube may be outdated then."""
        try:
            answer = await self.change(request, VOLUMES)
        except NoAnswerError:
            reread_outdated(self.mirror, request.dest)
            raise
        reread_outdated(self.mirror, request.dest)
        return answer


REGISTRY: Registry[Context] = Registry()
answers = REGISTRY.answers
