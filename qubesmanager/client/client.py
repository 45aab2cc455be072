# SPDX-License-Identifier: GPL-3.0-or-later
"""The client: requests in, typed answers and events out, over any transport.

Errors: `Mgmt1Error` and its children are answers that say no; `TransportError` is no answer (a time limit included), so
the call may have been carried out or not.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from itertools import islice
from typing import TypeVar

from qubesmanager.client.deadlines import Deadlines
from qubesmanager.client.refusals import Refusals
from qubesmanager.transport.base import Transport, TransportError
from qubesmanager.transport.event_stream import event_pieces
from qubesmanager.wire import calls, framing
from qubesmanager.wire.call import Request
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError
from qubesmanager.wire.event import Event, EventDecoder
from qubesmanager.wire.limits import ANSWER_BYTES, ROW_BYTES
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reasons import refusal

EVENTS_AT_ONCE = 250
"""Events after which the loop gets a turn."""

R = TypeVar("R")


def _refuse(error: Mgmt1Error) -> None:
    raise error


class Client:
    """Sends requests over one transport, at most `concurrency` at a time (event streams are not counted)."""

    def __init__(self, transport: Transport, *, concurrency: int = 64) -> None:
        self.transport = transport
        self.refusals = Refusals()
        self.calls_made = 0
        self._places = asyncio.Semaphore(concurrency)
        self._deadlines = Deadlines()

    async def send(self, request: Request[R]) -> R:
        """The answer's value, within the call's time limit."""
        async with self._places:
            self.calls_made += 1
            try:
                with self._deadlines.limit(request.call.time_limit):
                    answer = await self._whole(request)
                content = framing.content(answer)
            except TimeoutError as error:
                limit = request.call.time_limit
                raise TransportError(f"No answer to {request.service} within {limit:g} seconds.") from error
            except (Mgmt1Error, TransportError) as error:
                self.refusals.refused(request, error)
                raise
        self.refusals.allowed(request)
        return await asyncio.to_thread(request.decode, content) if request.call.large else request.decode(content)

    async def batches(
        self, request: Request[R], bad: Callable[[Mgmt1Error], None] = _refuse
    ) -> AsyncGenerator[list[R], None]:
        """The rows of a streamed answer (`RowsCall`), as many at a time as arrive together.

        `bad` is called for a row that is too long or does not decode, which is then left out; unless given, the
        error is raised. The loop gets a turn between batches, so a long answer never holds it.
        """
        self.calls_made += 1
        buffer = bytearray()
        started = skipping = False
        async with aclosing(self._exchange(request)) as answer:
            async for piece in answer:
                buffer += piece
                if not started and len(buffer) >= len(framing.OK):
                    if not buffer.startswith(framing.OK):
                        break
                    del buffer[: len(framing.OK)]
                    started = True
                if started:
                    *lines, rest = bytes(buffer).split(b"\n")
                    buffer = bytearray(rest)
                    if lines and skipping:
                        skipping = False
                        del lines[0]
                    if len(buffer) > ROW_BYTES and not skipping:
                        bad(refusal("answer-row-too-long", ROW_BYTES >> 20))
                        skipping = True
                    if skipping:
                        buffer.clear()
                    if lines:
                        yield list(_decoded(request, lines, bad))
                        await asyncio.sleep(0)
            if not started:
                async for piece in answer:
                    buffer += piece
                    if len(buffer) > ROW_BYTES:
                        break
                framing.content(_answered(bytes(buffer), request.service))
        if buffer or skipping:
            raise TransportError(f"The answer to {request.service} ended in the middle.")

    async def events(self, request: Request[Event] | None = None) -> AsyncGenerator[list[Event], None]:
        """Events as they happen, up to `EVENTS_AT_ONCE` that arrive together; ends only with an error.

        The first batch starts with `connection-established`. Without a request: the events of the whole system.
        """
        request = request or calls.EVENTS(DOM0)
        self.calls_made += 1
        decoder = EventDecoder()
        async with aclosing(self._exchange(request)) as answer, aclosing(event_pieces(answer, decoder)) as pieces:
            async for piece in pieces:
                events = decoder.feed(piece)
                while batch := list(islice(events, EVENTS_AT_ONCE)):
                    yield batch
                    if len(batch) == EVENTS_AT_ONCE:
                        await asyncio.sleep(0)
        decoder.finish()
        raise TransportError("The event stream ended.")

    async def _whole(self, request: Request[R]) -> bytes:
        buffer = bytearray()
        answer = self._exchange(request)
        try:
            async for piece in answer:
                buffer += piece
                if len(buffer) > ANSWER_BYTES:
                    raise refusal("answer-too-long", request.service)
        finally:
            await answer.aclose()
        return _answered(bytes(buffer), request.service)

    def _exchange(self, request: Request[R]) -> AsyncGenerator[bytes, None]:
        return self.transport.exchange(request.service, request.argument, request.dest, request.payload)


def _decoded(request: Request[R], untrusted_lines: list[bytes], bad: Callable[[Mgmt1Error], None]) -> Iterator[R]:
    for line in untrusted_lines:
        try:
            row = request.decode(line)
        except ProtocolError as error:
            bad(error)
        else:
            yield row


def _answered(answer: bytes, service: str) -> bytes:
    """Exit 0 with no bytes is a failure: the service went away before it answered."""
    if not answer:
        raise TransportError(f"The connection closed without an answer to {service}.")
    return answer
