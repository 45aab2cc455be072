# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting a program and waiting for its end: an argument list, never a shell, and no program is left behind.

The other modules say which programs, and what their failure means. Programs that a thread feeds with a backup, and
the daemon of a demonstration, are started with `subprocess`.
"""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

MOST = 64 << 20
"""Bytes of an output that are kept, the last ones, unless a caller wants fewer."""
_PIECE = 64 << 10


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that has ended: its exit status, and what it wrote."""

    status: int
    output: bytes
    errors: bytes


@asynccontextmanager
async def started(
    *arguments: str,
    stdin: int = DEVNULL,
    stdout: int = DEVNULL,
    stderr: int = DEVNULL,
    env: Mapping[str, str] | None = None,
) -> AsyncIterator[Process]:
    """A program that runs in the block; at the end of it, also by a cancel, it is killed and has ended.

    Raises `OSError` if it cannot be started.
    """
    process = await asyncio.create_subprocess_exec(  # noqa: TID251 - where programs are started
        *arguments, stdin=stdin, stdout=stdout, stderr=stderr, env=env
    )
    try:
        yield process
    finally:
        await _end(process)


async def run(
    *arguments: str, given: bytes = b"", env: Mapping[str, str] | None = None, most: int = MOST, merged: bool = False
) -> Ended:
    """Run a program to its end, with `given` as its input. A cancel kills it. Raises `OSError` as `started`.

    `most`: the bytes of each output that are kept, the last ones. `merged`: errors are in the output, in order.
    """
    async with started(*arguments, stdin=PIPE, stdout=PIPE, stderr=STDOUT if merged else PIPE, env=env) as process:
        _, output, errors = await asyncio.gather(
            _give(process.stdin, given), _read(process.stdout, most), _read(process.stderr, most)
        )
        return Ended(await process.wait(), output, errors)


async def _give(stdin: asyncio.StreamWriter | None, given: bytes) -> None:
    """The input and its end; a program that stops reading early is no error."""
    if stdin is None:
        return
    with suppress(ConnectionError):
        stdin.write(given)
        await stdin.drain()
    stdin.close()


async def _read(pipe: asyncio.StreamReader | None, most: int) -> bytes:
    """Read the pipe to its end; its last bytes."""
    pieces = bytearray()
    while pipe is not None and (piece := await pipe.read(_PIECE)):
        pieces += piece
        if len(pieces) > most:
            del pieces[:-most]
    return bytes(pieces)


async def _end(process: Process) -> None:
    """Kill the program if it still runs, and wait until it has ended. What it wrote is lost where no caller read it.

    `Process.wait` alone also waits for the ends of the pipes. They never come while a full buffer pauses the reading,
    or while a program that this one started has the pipes too.
    """
    with suppress(ProcessLookupError):
        process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - asyncio has no other way
    if process.returncode is None:
        await process.wait()
