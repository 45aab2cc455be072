# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that take work in the order in which it is given."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, wait
from concurrent.futures import thread as standard

import pytest
from until import LIMIT

from qubesmanager.host.workers import LoopThread, Workers


def test_one_thread_does_the_work_in_its_order() -> None:
    done: list[int] = []
    with Workers(1, "test") as workers:
        futures = [workers.submit(done.append, number) for number in range(100)]

    assert done == list(range(100))
    assert all(future.result() is None for future in futures)


def test_several_threads_work_at_a_time() -> None:
    meeting = threading.Barrier(3)
    with Workers(3, "test") as workers:
        wait([workers.submit(meeting.wait, 10) for _ in range(3)])

    assert not meeting.broken


def test_an_error_of_the_work_is_raised_by_its_result_and_the_thread_continues() -> None:
    with Workers(1, "test") as workers:
        broken = workers.submit(int, "x")
        whole = workers.submit(int, "7", base=8)

    with pytest.raises(ValueError, match="x"):
        broken.result()
    assert whole.result() == 7


def test_after_the_end_no_work_is_taken_and_what_was_waiting_may_be_cancelled() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        go_on.wait(LIMIT)
        return "done"

    workers = Workers(1, "test")
    first, second = workers.submit(work), workers.submit(work)
    begun.wait(LIMIT)
    workers.shutdown(wait=False, cancel_futures=True)
    go_on.set()

    assert first.result(LIMIT) == "done"
    with pytest.raises(CancelledError):
        second.result(LIMIT)
    with pytest.raises(RuntimeError, match="test"):
        workers.submit(work)


def test_each_thread_runs_the_given_start_function_and_has_ended_after_the_block() -> None:
    begun: list[str] = []
    with Workers(2, "test", lambda: begun.append(threading.current_thread().name)) as workers:
        wait([workers.submit(int) for _ in range(5)])

    assert sorted(begun) == ["test-0", "test-1"]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("test-")]


def test_the_lock_that_all_executors_of_the_standard_library_share_is_not_needed() -> None:
    with standard._global_shutdown_lock, Workers(1, "test") as workers:
        assert workers.submit(int, "7").result(LIMIT) == 7


async def test_a_thread_of_a_loop_does_its_work_in_order_and_answers_with_results_and_errors() -> None:
    done: list[int] = []
    thread = LoopThread("test")
    futures = [thread.run(done.append, number) for number in range(100)]
    broken = thread.run(int, "x")

    assert await thread.run(int, "7", base=8) == 7
    assert done == list(range(100))
    assert all(future.done() for future in futures)
    with pytest.raises(ValueError, match="x"):
        await broken
    thread.close()


async def test_a_thread_of_a_loop_ends_what_it_has_also_for_a_cancelled_caller() -> None:
    go_on, done = threading.Event(), threading.Event()

    def work() -> None:
        go_on.wait(LIMIT)
        done.set()

    thread = LoopThread("test")
    caller = thread.run(work)
    caller.cancel()
    go_on.set()
    thread.close()

    assert done.is_set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    with pytest.raises(RuntimeError, match="test"):
        thread.run(work)


async def test_a_thread_of_a_loop_answers_also_work_that_raises_stop_iteration() -> None:
    thread = LoopThread("test")
    empty: Iterator[int] = iter(())

    first, second = thread.run(next, empty), thread.run(int, "7")

    async with asyncio.timeout(LIMIT):
        with pytest.raises(RuntimeError) as raised:
            await first
        assert isinstance(raised.value.__cause__, StopIteration)
        assert await second == 7
    thread.close()


def test_a_thread_of_a_loop_that_was_never_used_closes() -> None:
    LoopThread("test").close()
