# SPDX-License-Identifier: GPL-3.0-or-later
"""A few threads that take work in the order in which it is given, and the wait for work that cannot be stopped."""

import asyncio
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class _Uncancelled(asyncio.Future[T]):
    """A future that no cancellation reaches. A task that waits for it is cancelled when it is done.

    `asyncio.shield` does the same with a second future, and so with one more turn of the loop.
    """

    def cancel(self, msg: object = None) -> bool:
        del msg  # the name is that of the base
        return False


_Work = tuple[asyncio.Future[Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]
"""A future, and the function that it gets the result of, with its arguments."""
_Answer = tuple[asyncio.Future[Any], Any, BaseException | None]
"""A future, and the result or the error it gets."""


class LoopThread:
    """One thread that carries out functions in order, for the coroutines of one loop.

    A future of the library's executors has a lock and two callbacks, and each is a turn of the loop. Here the loop
    watches one descriptor, and gives all results that are there to their futures when the thread writes to it.
    """

    def __init__(self, name: str) -> None:
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        self._answers: deque[_Answer] = deque()
        # A program that ends without `close` does not wait for it.
        self._thread = Thread(target=self._carry_out, name=name, daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = -1
        """The eventfd that is readable while there are answers; -1 before the first work."""
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """No more work may be given."""
        return self._is_closed

    def run(self, function: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> asyncio.Future[T]:
        """The future of the function's result, in the running loop. Its cancellation does not stop the function.

        Raises `RuntimeError` after `close`.
        """
        return self._started(asyncio.get_running_loop().create_future(), function, *arguments, **named)

    def run_to_its_end(self, function: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> asyncio.Future[T]:
        """As `run`, for a caller that has to know the result even if it is cancelled: it still waits until the end.

        Then it gets one `CancelledError`, however often it was cancelled; `task.cancelling()` counts.
        """
        return self._started(_Uncancelled(loop=asyncio.get_running_loop()), function, *arguments, **named)

    def _started(
        self, future: asyncio.Future[T], function: Callable[P, T], /, *arguments: P.args, **named: P.kwargs
    ) -> asyncio.Future[T]:
        if self._is_closed:
            raise RuntimeError(f"No more work for {self._thread.name}")
        if self._loop is None:
            self._begin(future.get_loop())
        self._work.put((future, function, arguments, named))
        return future

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._ready = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._loop = loop
        loop.add_reader(self._ready, self._see_answers)
        self._thread.start()

    def close(self) -> None:
        """Wait until all is done that was given, and answer it. No more may be given. Called in the loop."""
        self._is_closed = True
        if self._loop is not None:
            self._work.put(None)
            self._thread.join()
            self._loop.remove_reader(self._ready)
            self._answer()
            os.close(self._ready)
            self._loop = None

    def _carry_out(self) -> None:
        while (work := self._work.get()) is not None:
            future, function, arguments, named = work
            try:
                self._answers.append((future, function(*arguments, **named), None))
            except StopIteration as error:  # a future takes none
                wrapped = RuntimeError("The work raised StopIteration")
                wrapped.__cause__ = error
                self._answers.append((future, None, wrapped))
            except BaseException as error:  # noqa: BLE001 - raised again by the future
                self._answers.append((future, None, error))
            del work, future, function, arguments, named  # nothing is kept alive by a thread that waits
            os.eventfd_write(self._ready, 1)

    def _see_answers(self) -> None:
        """The thread has written to the descriptor."""
        os.eventfd_read(self._ready)
        self._answer()

    def _answer(self) -> None:
        """Give the results that are there to their futures."""
        while self._answers:
            future, result, error = self._answers.popleft()
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


class Workers:
    """A `ThreadPoolExecutor` without its global lock.

    Each `submit` of the standard library's takes one lock that all executors of the process share, and starts threads
    while it has it. A thread of low priority that is interrupted there makes the event loop wait, which submits too:
    beside eight backups for 100 ms and more.
    """

    def __init__(self, count: int, name: str, begin: Callable[[], None] | None = None) -> None:
        """At most `count` threads, each of which calls `begin` first."""
        self._count = count
        self._name = name
        self._begin = begin
        self._lock = Lock()
        self._threads: list[Thread] = []
        self._work: SimpleQueue[tuple[Future[object], Callable[[], object]] | None] = SimpleQueue()
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.shutdown()

    def submit(self, function: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> Future[T]:
        """The future of the function's result. Raises `RuntimeError` after `shutdown`."""
        future: Future[T] = Future()
        with self._lock:
            if self._is_closed:
                raise RuntimeError(f"No more work for {self._name}")
            self._work.put((future, lambda: function(*arguments, **named)))  # type: ignore[arg-type]
            if len(self._threads) < self._count:
                thread = Thread(target=self._run, name=f"{self._name}-{len(self._threads)}")
                self._threads.append(thread)
                thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as the library's
        """No more work comes; with `wait` all of it is done when this returns, but for what was cancelled."""
        with self._lock:
            self._is_closed = True
            if cancel_futures:
                self._cancel_waiting()
            for _ in self._threads:
                self._work.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def _cancel_waiting(self) -> None:
        with suppress(Empty):
            while True:
                if work := self._work.get_nowait():
                    work[0].cancel()

    def _run(self) -> None:
        if self._begin is not None:
            self._begin()
        while (work := self._work.get()) is not None:
            future, function = work
            if future.set_running_or_notify_cancel():
                _carry_out(future, function)
            del work, future, function  # nothing is kept alive by a thread that waits


def _carry_out(future: Future[object], function: Callable[[], object]) -> None:
    try:
        result = function()
    except BaseException as error:  # noqa: BLE001 - raised again by the future's `result`
        future.set_exception(error)
    else:
        future.set_result(result)


async def to_its_end(work: asyncio.Future[T], on_cancel: Callable[[], object] = lambda: None) -> T:
    """The result of work that is not to be stopped, such as that of a thread.

    A cancelled caller calls `on_cancel` once and still waits until the work has ended, however often it is cancelled.
    """
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        on_cancel()
        while not work.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # retrieved, so that asyncio does not report it: no caller gets it
        raise
