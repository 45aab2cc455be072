# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport of a management qube: `qrexec-client-vm`, one child process a call.

Exit status 126 is a refusal by policy, 127 a service that is not installed, 125 a broken connection. A socket service
always exits 0, so the client insists on an answer's first bytes itself.
"""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing, suppress

from qubesmanager.host.process import started
from qubesmanager.transport.base import Answer, Payload, RefusedError, TransportError, pieces
from qubesmanager.wire.names import printable

_PIECE = 64 << 10
_COMPLAINT = 4 << 10
"""Bytes of a program's errors that are kept."""

_EXITS = {
    125: "The qrexec connection broke.",
    127: "The service is not installed in dom0; install its rpc-handlers.",
}
_REFUSED = 126


class QrexecTransport:
    """Runs `program TARGET SERVICE+ARGUMENT`."""

    def __init__(self, program: str = "qrexec-client-vm") -> None:
        self._program = program

    @property
    def url(self) -> str:
        return "qrexec:"

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        async with aclosing(self.answer(service, argument, dest, payload)) as answer:
            async for piece in answer:
                yield piece

    async def answer(
        self, service: str, argument: str, dest: str, payload: Payload, *, keep_errors: bool = False
    ) -> Answer:
        """As `exchange`. `EndedError` has the exit status of the service, and with `keep_errors` its last error."""
        name = f"{service}+{argument}" if argument else service
        async with aclosing(output_of((self._program, dest, name), payload, keep_errors=keep_errors)) as output:
            try:
                async for piece in output:
                    yield piece
            except EndedError as ended:
                if ended.status == _REFUSED:
                    raise RefusedError(f"The policy does not let this qube call {service} on {dest}.") from ended
                if ended.status in _EXITS:
                    raise TransportError(_EXITS[ended.status]) from ended
                raise


class EndedError(TransportError):
    """A program ended with another status than 0. `errors`: the last line of its errors, where they are kept."""

    def __init__(self, program: str, status: int, errors: str = "") -> None:
        super().__init__(f"{program} ended with status {status}.")
        self.status = status
        self.errors = errors


async def output_of(arguments: Sequence[str], payload: Payload, *, keep_errors: bool = False) -> Answer:
    """The output of a program that reads the payload. Raises `TransportError` if it cannot be run, and `EndedError`."""
    program = arguments[0]
    errors = PIPE if keep_errors else DEVNULL
    async with AsyncExitStack() as stack:
        try:
            process = await stack.enter_async_context(started(*arguments, stdin=PIPE, stdout=PIPE, stderr=errors))
        except OSError as error:
            raise TransportError(f"Cannot run {program}: {error.strerror or error}") from error
        if process.stdin is None or process.stdout is None:
            raise TransportError(f"{program} started without pipes.")
        loop = asyncio.get_running_loop()
        sending = loop.create_task(_send(process.stdin, payload))
        complaining = loop.create_task(_last_line(process.stderr))
        try:
            while piece := await process.stdout.read(_PIECE):
                yield piece
            status = await process.wait()
            complaint = await complaining
        finally:
            sending.cancel()
            complaining.cancel()
            for task in (sending, complaining):
                with suppress(asyncio.CancelledError, OSError):
                    await task
    if status:
        raise EndedError(program, status, complaint)


async def _last_line(stderr: asyncio.StreamReader | None) -> str:
    """The last line of a program's errors, for the user."""
    rest = b""
    while stderr is not None and (piece := await stderr.read(_PIECE)):
        rest = (rest + piece)[-_COMPLAINT:]
    lines = rest.decode("utf-8", "replace").strip().splitlines()
    return printable(lines[-1]) if lines else ""


async def _send(stdin: asyncio.StreamWriter, payload: Payload) -> None:
    """The payload and its end; a service that answers early stops reading, which is not an error."""
    with suppress(ConnectionError):
        async for piece in pieces(payload):
            stdin.write(piece)
            await stdin.drain()
        stdin.close()
        await stdin.wait_closed()
