# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin channel: `admin.*` calls to qubesd over a transport, a few at a time.

qubesd is one thread: calls side by side hide only the time that a call waits. An answer of zero bytes is no answer: an
older qubesd sends it for what its policy refuses, and each qubesd when it fails.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, nullcontext
from itertools import islice
from typing import TypeVar

from qubesmanager.admin.errors import received
from qubesmanager.transport.base import RefusedError, Transport, TransportError
from qubesmanager.transport.event_stream import event_pieces
from qubesmanager.transport.turns import Turns
from qubesmanager.wire import framing
from qubesmanager.wire.call import Request
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError
from qubesmanager.wire.event import Event, EventDecoder
from qubesmanager.wire.limits import ANSWER_BYTES
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal

log = logging.getLogger(__name__)

R = TypeVar("R")

AT_ONCE = 4
"""Calls under way at a time."""
_TURN = 64
"""Rows after which the loop gets a turn."""
_BATCH = 16
"""Events that are taken at a time."""
_UNKNOWN = "no such method"
"""The begin of qubesd's refusal of a call that it does not know."""
_SILENT_QUBES = 3
"""Qubes for which a call gets zero bytes before it is taken as one that this qubesd does not have."""
_SHORT = 60.0
"""Seconds: a call that may take longer (Start, a shutdown that is waited for) takes no slot from the others."""


class Channel:
    """Calls to the qubesd that `transport` leads to."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._places = asyncio.Semaphore(AT_ONCE)
        self._answered: set[str] = set()
        self._silent: dict[str, set[str]] = {}
        """By a call that has only got zero bytes so far: the qubes it was sent to."""
        self._unknown: set[str] = set()
        """Calls that qubesd says it does not know, or that another call is answered in place of."""
        self.on_answered_at_last: Callable[[], None] = lambda: None
        """Called when a call that was taken as one that qubesd lacks is answered: there is more to read."""

    def lacks(self, request: Request[R]) -> bool:
        """Whether this qubesd does not have the call, as far as its answers show: releases differ in their calls.

        Before Qubes 4.4 an unknown call gets zero bytes, as a failure does, so it is asked for with several qubes. For
        these it stays an open question: they are asked again now and then, and show if it was a failure.
        """
        name = request.service
        silent = self._silent.get(name, set())
        return name in self._unknown or (len(silent) >= _SILENT_QUBES and request.dest not in silent)

    def has(self, request: Request[R]) -> bool:
        """Whether this qubesd is known to have the call: it has answered one."""
        return request.service in self._answered

    def lacks_from_now(self, request: Request[R]) -> None:
        """This qubesd does not have the call: it answers the one of another release. Nothing if it has answered it."""
        if not self.has(request):
            self._unknown.add(request.service)

    def forget(self) -> None:
        """Another qubesd may answer from now on: learn again which calls it has."""
        self._answered.clear()
        self._silent.clear()
        self._unknown.clear()

    async def ask(self, request: Request[R]) -> R:
        """The answer's value.

        Raises what qubesd answers, `NoAnswerError` for zero bytes, a connection that breaks and a call that takes too
        long, `ProtocolError` for an answer that does not decode.
        """
        return request.decode(await self._content(request))

    async def rows(self, request: Request[list[R]]) -> list[R]:
        """As `ask`, for rows: one that does not decode (a class or a name that is not known here) is left out."""
        lines = (await self._content(request)).split(b"\n")
        if lines.pop():
            raise refusal("answer-row-cut")
        rows: list[R] = []
        for count, line in enumerate(lines, 1):
            if count % _TURN == 0:
                await asyncio.sleep(0)
            try:
                rows += request.decode(line + b"\n")
            except Mgmt1Error as error:
                log.warning("A row of %s is left out: %s", request.service, error)
        return rows

    async def events(self, request: Request[Event]) -> AsyncGenerator[list[Event], None]:
        """Events, a few of those that arrive together at a time. Ends with the connection; raises as `ask` does."""
        decoder, turns = EventDecoder(), Turns()
        async with aclosing(self._pieces(request)) as answer, aclosing(event_pieces(answer, decoder)) as pieces:
            async for piece in pieces:
                frames = decoder.feed(piece)
                while batch := list(islice(frames, _BATCH)):
                    yield batch
                    await turns.give()
        try:
            decoder.finish()
        except ProtocolError:
            raise
        except Mgmt1Error as error:
            raise received(error) from error

    async def _content(self, request: Request[R]) -> bytes:
        limit = request.call.time_limit
        short = limit is not None and limit <= _SHORT
        async with self._places if short else nullcontext():
            buffer = bytearray()
            try:
                async with asyncio.timeout(limit), aclosing(self._pieces(request)) as answer:
                    async for piece in answer:
                        buffer += piece
                        if len(buffer) > ANSWER_BYTES:
                            raise refusal("answer-too-long", request.service)
            except TimeoutError as error:
                raise refusal("qubesd-no-answer", request.service) from error
        name = request.service
        if not buffer:
            if name not in self._answered:
                self._silent.setdefault(name, set()).add(request.dest)
            raise refusal("qubesd-no-answer", name)
        if len(self._silent.pop(name, ())) >= _SILENT_QUBES:
            self.on_answered_at_last()
        try:
            content = framing.content(bytes(buffer))
        except Mgmt1Error as error:
            if isinstance(error, ProtocolError) and str(error).startswith(_UNKNOWN):
                self._unknown.add(name)
            else:
                self._answered.add(name)
            raise received(error) from error
        self._answered.add(name)
        return content

    async def _pieces(self, request: Request[R]) -> AsyncGenerator[bytes, None]:
        """The answer's bytes. A transport that fails becomes an error of the API."""
        pieces = self.transport.exchange(request.service, request.argument, request.dest, request.payload)
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    yield piece
        except RefusedError as error:
            raise refusal("qubesd-refused", request.service, request.dest) from error
        except TransportError as error:
            log.info("%s to %s: %s", request.service, shown(request.dest), error)
            raise refusal("qubesd-no-answer", request.service) from error
