# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's thread: blocking work that may take hours, cancelled by its event, and what the loop and it exchange."""

import asyncio
import contextlib
import ctypes
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, TypeVar

from qubesmanager.host.priority import compute_later
from qubesmanager.host.workers import Workers, to_its_end
from qubesmanager.wire import limits
from qubesmanager.wire.codecs import ByteStream
from qubesmanager.wire.reasons import refusal

P = ParamSpec("P")
T = TypeVar("T")

_DESTINATIONS = ThreadPoolExecutor(max_workers=limits.DESTINATION_THREADS, thread_name_prefix="destination")
PIPE_BYTES = 1 << 20
TELL_SECONDS = 0.2
"""The shortest time between two reports of progress."""


async def in_engine(work: Callable[[], T], stop: threading.Event | None = None) -> T:
    """The result of `work`, from a separate thread.

    Cancelled, it sets the event and waits until the work has ended: what has begun does not run on behind a caller.
    """
    thread = Workers(1, "backup", compute_later)
    future = asyncio.wrap_future(thread.submit(work))
    thread.shutdown(wait=False)
    try:
        return await to_its_end(future, on_cancel=stop.set if stop is not None else lambda: None)
    finally:
        await asyncio.to_thread(_give_back)


def _give_back() -> None:
    """Hand the memory that the work has freed back to the system; the C library keeps it for the next such work."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


async def off_loop(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """The result of a short blocking function, from the loop's own threads."""
    return await asyncio.to_thread(function, *arguments, **named)


async def at_destination(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """The result of a short function that looks at where backups go.

    It runs in one of few separate threads: a mount that hangs keeps these busy, and nothing else. Raises
    `BackupNotConnectedError` after `DESTINATION_SECONDS`; the thread is free again when the mount answers.
    """
    future = asyncio.get_running_loop().run_in_executor(_DESTINATIONS, partial(function, *arguments, **named))
    try:
        async with asyncio.timeout(limits.DESTINATION_SECONDS):
            return await future
    except TimeoutError as error:
        raise refusal("destination-slow", f"{limits.DESTINATION_SECONDS:g}") from error


class Teller:
    """Progress on its way from the engine's thread to the loop: the latest, now and then, and each qube's first."""

    def __init__(self, tell: Callable[[str, int, int], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._tell = tell
        self._last = 0.0
        self._qube = ""

    def __call__(self, qube: str, done: int, total: int) -> None:
        now = time.monotonic()
        if qube != self._qube or done >= total or now - self._last >= TELL_SECONDS:
            self._last, self._qube = now, qube
            self._loop.call_soon_threadsafe(self._tell, qube, done, total)


class FromThread:
    """Lets the engine's thread have something done in the loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def __call__(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The coroutine's result; blocks the calling thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


@dataclass(frozen=True, slots=True)
class Readable:
    """A stream as a descriptor for a thread. After its end `check` raises what broke the stream, if anything did."""

    fd: int
    broken: list[BaseException]

    def check(self) -> None:
        if self.broken:
            raise self.broken[0]


@asynccontextmanager
async def readable(stream: ByteStream) -> AsyncIterator[Readable]:
    """The stream's bytes for a thread. A caller that has enough leaves the block; the rest is not read."""
    read_fd, write_fd = os.pipe()
    loop = asyncio.get_running_loop()
    broken: list[BaseException] = []
    try:
        os.set_blocking(write_fd, False)
        pumping = loop.create_task(_pump(stream, write_fd, broken))
        try:
            yield Readable(read_fd, broken)
        finally:
            pumping.cancel()
            await asyncio.wait([pumping])
    finally:
        os.close(read_fd)


async def _pump(stream: ByteStream, fd: int, broken: list[BaseException]) -> None:
    """Copy the stream into the pipe, which is closed at the end. The error of a broken stream goes into `broken`."""
    loop = asyncio.get_running_loop()
    try:
        async for piece in stream:
            view = memoryview(piece)
            while view:
                try:
                    view = view[os.write(fd, view[:PIPE_BYTES]) :]
                except BlockingIOError:
                    writable = asyncio.Event()
                    loop.add_writer(fd, writable.set)
                    try:
                        await writable.wait()
                    finally:
                        loop.remove_writer(fd)
    except BrokenPipeError:
        pass  # the reader has what it needs
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - raised again where the stream was wanted
        broken.append(error)
    finally:
        os.close(fd)
