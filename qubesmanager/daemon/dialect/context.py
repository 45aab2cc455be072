# SPDX-License-Identifier: GPL-3.0-or-later
"""The context of a handler of an `admin.*` call, by which it makes mgmt1 calls; and the registry of handlers."""

import asyncio
import secrets
import string
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from qubesmanager.admin.events import Shared
from qubesmanager.daemon.registry import Backend, ContextOfCall, Made, Registry
from qubesmanager.wire import calls
from qubesmanager.wire.call import AnyCall, Request
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError
from qubesmanager.wire.event import Event
from qubesmanager.wire.names import DOM0

R = TypeVar("R")

TURN = 256
"""Rows between two turns of the loop: some milliseconds."""

_LETTERS = string.ascii_letters + string.digits


class Tokens:
    """Permissions to copy a volume once, by the token that `CloneFrom` answers.

    `LIMIT` of them are kept; an older one is forgotten, as if it had been used.
    """

    LIMIT = 256

    def __init__(self) -> None:
        self._volumes: OrderedDict[str, tuple[str, str, str]] = OrderedDict()

    def new(self, source: str, uuid: str, volume: str) -> str:
        """A token for the qube with that uuid and its volume, which only `source` can use."""
        token = "".join(secrets.choice(_LETTERS) for _ in range(32))
        self._volumes[token] = (source, uuid, volume)
        if len(self._volumes) > self.LIMIT:
            self._volumes.popitem(last=False)
        return token

    def take(self, source: str, token: str) -> tuple[str, str] | None:
        """The uuid and the volume; None for a token that was used, or given to another source."""
        if self._volumes.get(token, ("",))[0] != source:
            return None
        _source, uuid, volume = self._volumes.pop(token)
        return uuid, volume


@dataclass(frozen=True, slots=True)
class Asking(ContextOfCall):
    """One `admin.*` call: `source` sent `call` to `dest`.

    `pinned` is the context of that destination in the other backend, made when the call arrived: if the name belongs to
    another qube by now, its calls still go to the first one, or fail.
    """

    backend: Backend
    shared: Shared
    tokens: Tokens
    source: str
    dest: str
    call: AnyCall
    made: Made
    pinned: Any
    granted: str = ""
    """A qube that mgmt1 calls to the destination may name although the source does not see it."""

    async def ask(self, request: Request[R]) -> R:
        """The answer to a mgmt1 request, made as the caller. What mgmt1's row does not take is refused here."""
        return cast(R, await self._begun(request))

    async def ask_or(self, request: Request[R], error: type[Mgmt1Error], otherwise: R) -> R:
        """As `ask`; `otherwise` where the answer is that error."""
        try:
            return await self.ask(request)
        except error:
            return otherwise

    async def sees(self, name: str) -> bool:
        """Whether there is a qube of that name that the source sees."""
        rows = await self.ask(calls.VM_LIST(DOM0, name))
        return bool(rows)

    async def uuid(self, name: str) -> str:
        """The UUID of a qube, which `uuid:…` names as a destination. Raises `QubesVMNotFoundError`."""
        return (await self.ask(calls.VM_PROPERTY_GET(name, "uuid"))).value

    def check_not_dom0(self) -> None:
        """Raises `ProtocolError` for a call to dom0, as Qubes OS words it."""
        if self.dest == DOM0:
            raise ProtocolError("expected destination to not be AdminVM")

    async def rows(self, request: Request[R]) -> AsyncIterator[R]:
        """The rows of a call that answers row by row. Every `TURN` rows the loop runs what else is due."""
        number = 0
        async for row in cast(AsyncIterator[R], self._begun(request)):
            yield row
            number += 1
            if number % TURN == 0:
                await asyncio.sleep(0)

    def events(self, request: Request[Event]) -> AsyncIterator[Event]:
        """The events of a call that answers with events."""
        return cast(AsyncIterator[Event], self._begun(request))

    def _begun(self, request: Request[Any]) -> Any:
        """The result of the handler of the request's call."""
        call = request.call
        argument = call.arg.decode(request.argument.encode())
        payload = request.payload
        if isinstance(payload, bytes) and not call.streams_in:
            payload = call.payload.decode(payload)
        if request.dest == self.dest:
            context = self.backend.within(self.pinned, call, self.granted)
        else:
            context = self.backend.context(self.source, self.backend.resolve(request.dest), call, self.made)
        return self.backend.handler(call)(context, argument, payload)


REGISTRY: Registry[Asking] = Registry()
answers = REGISTRY.answers
