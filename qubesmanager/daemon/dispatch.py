# SPDX-License-Identifier: GPL-3.0-or-later
"""Dispatch: from a row's name and raw bytes to its handler, and from what the handler says to an answer's bytes.

Until a value has been decoded here, nothing that came from a caller is believed.
"""

import asyncio
import logging
import traceback
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from time import monotonic
from typing import Any

from qubesmanager.daemon.registry import Backend, Handler, Made
from qubesmanager.wire import framing, names
from qubesmanager.wire.call import AnyCall, EventsCall, RowsCall
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError, QubesValueError
from qubesmanager.wire.event import encode_event
from qubesmanager.wire.limits import ARGUMENT_BYTES
from qubesmanager.wire.names import DOM0, shown
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import Dest

log = logging.getLogger(__name__)

_FLUSH = 64 << 10
"""Bytes of rows that are gathered before they are sent."""
_SLOW = 0.1
"""Seconds after which rows are sent at the next one, however few they are."""


class Dispatcher:
    """Answers calls with backends; the first one answers for a service that none of them knows.

    `debug` puts tracebacks of unexpected failures into the answer.
    """

    def __init__(self, *backends: Backend, debug: bool = False) -> None:
        self._backends = backends
        self._debug = debug

    def call(self, service: str) -> AnyCall | None:
        """The row of a service; None for an unknown one."""
        return self._backend(service).calls.get(service)

    def _backend(self, service: str) -> Backend:
        for backend in self._backends:
            if service.startswith(backend.prefix):
                return backend
        return self._backends[0]

    async def answer(
        self, source: str, service: str, argument: str, dest: str, untrusted_payload: AsyncIterator[bytes]
    ) -> AsyncGenerator[bytes, None]:
        """The answer's bytes. Anything that goes wrong is one exception frame; it never raises.

        A failure after rows or events have been sent can no longer be reported: the answer then just ends, which the
        client sees as no whole answer.
        """
        begun = False
        backend = self._backend(service)
        call = backend.calls.get(service)
        try:
            known = _known(call, service)
            handler, *values = await _heard(backend, known, source, service, argument, dest, untrusted_payload)
            if isinstance(known, EventsCall):
                async with aclosing(handler(*values)) as events:
                    async for event in events:
                        begun = True
                        yield encode_event(event)
            elif isinstance(known, RowsCall):
                async with aclosing(_rows(known, handler(*values))) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
            else:
                result, encode = await handler(*values), known.result.encode
                content = await asyncio.to_thread(encode, result) if known.large else encode(result)
                begun = True
                yield framing.OK + content
        except Mgmt1Error as error:
            why = _why(call, error)
            log.info("%s from %s to %s refused: %s", shown(service), shown(source), shown(dest), why)
            # An error in a stream of events is a frame as they are.
            if not begun or isinstance(call, EventsCall):
                yield framing.encode_error(backend.explained(error))
        except Exception as error:
            where = (shown(service), shown(source), shown(dest))
            if call is not None and call.secret:
                # A message may quote the payload; the lines of code do not.
                lines = "".join(traceback.format_tb(error.__traceback__))
                log.error("%s from %s to %s failed: %s\n%s", *where, type(error).__name__, lines)  # noqa: TRY400
            else:
                log.exception("%s from %s to %s failed", *where)
            if not begun:
                trace = traceback.format_exc() if self._debug else ""
                yield framing.encode_error(refusal("internal-error"), trace)


def _known(call: AnyCall | None, service: str) -> AnyCall:
    """The row of a service. Raises `ProtocolError` if there is none."""
    if call is None:
        raise refusal("call-unknown", shown(service))
    return call


async def _heard(
    backend: Backend,
    call: AnyCall,
    source: str,
    service: str,
    untrusted_argument: str,
    untrusted_dest: str,
    untrusted_payload: AsyncIterator[bytes],
) -> tuple[Handler, Any, Any, Any]:
    """The handler of a call and what it gets: context, argument, payload. Raises `Mgmt1Error`."""
    dest = backend.resolve(untrusted_dest)
    if call.dest is Dest.DOM0 and dest != DOM0:
        raise refusal("call-to-dom0", call.name, dest)
    argument = _decode_argument(call, untrusted_argument)
    handler = backend.handler(call)
    # Before the payload: what the name means while that comes may be another qube.
    await backend.prepare(source)
    context = backend.context(source, dest, call, Made(service, f"+{untrusted_argument}"))
    payload = untrusted_payload if call.streams_in else await _whole_payload(call, untrusted_payload)
    return handler, context, argument, payload


def _decode_argument(call: AnyCall, untrusted: str) -> Any:
    """The argument as a value. Raises `ProtocolError`."""
    if len(untrusted) > ARGUMENT_BYTES:
        raise refusal("argument-too-long", call.name, ARGUMENT_BYTES)
    names.check(names.ARGUMENT, untrusted)
    if not untrusted and not call.arg.optional:
        raise refusal("argument-missing", call.name, call.arg.what)
    if untrusted and not call.arg.what:
        raise refusal("argument-surplus", call.name, shown(untrusted))
    return call.arg.decode(untrusted.encode())


async def _whole_payload(call: AnyCall, untrusted: AsyncIterator[bytes]) -> Any:
    """The payload as a value. Raises `ProtocolError`, for one that is too long before its end."""
    buffer = bytearray()
    async for piece in untrusted:
        buffer += piece
        if not call.payload.what:
            raise refusal("payload-surplus", call.name)
        if len(buffer) > call.limit:
            raise refusal("payload-too-long", call.name, call.limit)
    if not buffer and not call.payload.optional:
        raise refusal("payload-missing", call.name, call.payload.what)
    return call.payload.decode(bytes(buffer))


def _why(call: AnyCall | None, error: Mgmt1Error) -> str:
    """The reason of a refusal for the log: without the text where that may quote a payload with a passphrase."""
    if call is not None and call.secret and isinstance(error, ProtocolError | QubesValueError):
        return f"{error.wire_name}; the payload is not logged"
    return shown(str(error), 500)


async def _rows(call: AnyCall, rows: AsyncIterator[Any]) -> AsyncGenerator[bytes, None]:
    """Rows as they are produced, some 64 KiB at a time; between two pieces the loop runs what else is due.

    Rows that come slowly are sent before that many bytes have come.
    """
    buffer = bytearray(framing.OK)
    sent = monotonic()
    async for row in rows:
        buffer += call.result.encode(row)
        buffer += b"\n"
        if len(buffer) >= _FLUSH or monotonic() - sent > _SLOW:
            yield bytes(buffer)
            buffer.clear()
            await asyncio.sleep(0)
            sent = monotonic()
    if buffer:
        yield bytes(buffer)
