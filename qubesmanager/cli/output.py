# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer of a call on standard output: as it came, as lines, or as JSON."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import fields, is_dataclass
from enum import Enum, auto
from typing import Any, BinaryIO

from qubesmanager.client.client import Client
from qubesmanager.transport.base import Transport, TransportError
from qubesmanager.wire import framing
from qubesmanager.wire.call import EventsCall, Request, RowsCall
from qubesmanager.wire.event import Event
from qubesmanager.wire.limits import ROW_BYTES

_PIECE = 256 << 10


class Form(Enum):
    """How an answer is printed. `PLAIN`: content as it came, events as lines. `RAW`: events as it came too."""

    PLAIN = auto()
    RAW = auto()
    JSON = auto()


async def answer(transport: Transport, request: Request[Any], stdout: BinaryIO, form: Form) -> None:
    """Send the request and print its answer as it comes. Raises `Mgmt1Error`, `TransportError`."""
    client = Client(transport)
    if isinstance(request.call, EventsCall) and form is not Form.RAW:
        async with aclosing(client.events(request)) as batches:
            async for batch in batches:
                _print(stdout, [as_json(event) if form is Form.JSON else as_line(event) for event in batch])
    elif form is not Form.JSON:
        await _copy(transport, request, stdout)
    elif isinstance(request.call, RowsCall):
        async with aclosing(client.batches(request)) as rows:
            async for row in rows:
                _print(stdout, map(as_json, row))
    else:
        _print(stdout, [as_json(await client.send(request))])


def as_line(event: Event) -> str:
    """`<subject or -> <event> <key>=<value> …`; a value that is no plain word is quoted as in JSON."""
    words = [f"{key}={_word(value)}" for key, value in event.fields.items()]
    return " ".join([_word(event.subject or "-"), _word(event.name), *words])


def as_json(value: object) -> str:
    return json.dumps(_plain(value), ensure_ascii=True)


def _word(text: str) -> str:
    plain = text.isascii() and text.isprintable() and not set(text) & {" ", '"', "\\"}
    return text if plain else json.dumps(text)


def _plain(value: Any) -> Any:
    """Records, named tuples, sets and enums as what JSON has."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain({each.name: getattr(value, each.name) for each in fields(value) if each.init})
    if hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _print(stdout: BinaryIO, lines: Any) -> None:
    stdout.write("".join(f"{line}\n" for line in lines).encode())
    stdout.flush()


async def _copy(transport: Transport, request: Request[Any], stdout: BinaryIO) -> None:
    """The content's bytes as they come; an answer of events with its frames."""
    head = bytearray()
    started = False
    exchange = transport.exchange(request.service, request.argument, request.dest, request.payload)
    try:
        async with asyncio.timeout(request.call.time_limit), aclosing(exchange) as untrusted_answer:
            async for piece in untrusted_answer:
                if started:
                    stdout.write(piece)
                    stdout.flush()
                    continue
                head += piece
                if len(head) > ROW_BYTES:
                    break
                if head.startswith((framing.OK, framing.EVENT)):
                    started = True
                    stdout.write(head[2:] if head.startswith(framing.OK) else head)
                    stdout.flush()
    except TimeoutError as error:
        limit = request.call.time_limit
        raise TransportError(f"No answer to {request.service} within {limit:g} seconds.") from error
    if not started:
        if not head:
            raise TransportError(f"The connection closed without an answer to {request.service}.")
        framing.content(bytes(head))


async def pieces_of(stdin: BinaryIO) -> AsyncIterator[bytes]:
    """Standard input in pieces, never held whole.

    A thread of our own reads it: it may wait for ever, and a daemon thread does not keep a finished command alive.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    room = threading.Semaphore(2)

    def read() -> None:
        piece = b"-"
        while piece:
            room.acquire()
            piece = stdin.read1(_PIECE) if hasattr(stdin, "read1") else stdin.read(_PIECE)
            try:
                loop.call_soon_threadsafe(queue.put_nowait, piece)
            except RuntimeError:  # the loop has ended: the answer came before the payload's end
                return

    threading.Thread(target=read, daemon=True).start()
    while piece := await queue.get():
        room.release()
        yield piece
