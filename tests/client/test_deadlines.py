# SPDX-License-Identifier: GPL-3.0-or-later
"""Time limits of calls behave as `asyncio.timeout`, with one timer for all."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

import pytest

from qubesmanager.client.deadlines import Deadlines

SOON = 0.01


async def test_what_is_not_done_in_time_ends() -> None:
    with pytest.raises(TimeoutError), Deadlines().limit(SOON):
        await asyncio.Event().wait()

    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_is_done_in_time_is_left_alone() -> None:
    deadlines = Deadlines()
    with deadlines.limit(SOON):
        pass

    with pytest.raises(TimeoutError), deadlines.limit(2 * SOON):
        await asyncio.Event().wait()


async def test_no_limit_is_none() -> None:
    deadlines = Deadlines()

    async def unlimited() -> None:
        with deadlines.limit(None):
            await asyncio.Event().wait()

    waiting = asyncio.get_running_loop().create_task(unlimited())
    with pytest.raises(TimeoutError), deadlines.limit(SOON):
        await asyncio.Event().wait()

    assert not waiting.done()
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting


async def ended_in_order(deadlines: Deadlines, seconds: Iterable[float], *, late: float) -> bool:
    """Whether limits end in the order of their deadlines; `late`: seconds that the loop looks at nothing."""
    ended: list[float] = []

    async def limited(number: float) -> None:
        limit = deadlines.limit(number)
        try:
            with limit:
                await asyncio.Event().wait()
        except TimeoutError:
            ended.append(limit.deadline)

    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(limited(number)) for number in seconds]
        await asyncio.sleep(0)
        until = asyncio.get_running_loop().time() + late
        while asyncio.get_running_loop().time() < until:
            pass

    return len(ended) == len(waiting) and ended == sorted(ended)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
async def test_each_ends_at_its_own_time_whatever_the_order(order: tuple[int, ...]) -> None:
    assert await ended_in_order(Deadlines(), (number * SOON for number in order), late=0)


async def test_what_is_due_at_the_same_look_ends_in_the_order_of_the_deadlines() -> None:
    assert await ended_in_order(Deadlines(), (number * SOON / 8 for number in (7, 3, 8, 1, 5, 2, 6, 4)), late=3 * SOON)


async def test_a_cancellation_by_another_caller_stays_one() -> None:
    async def limited() -> None:
        with Deadlines().limit(60):
            await asyncio.Event().wait()

    task = asyncio.get_running_loop().create_task(limited())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_beside_the_end_of_the_time_is_more() -> None:
    cancels = 0

    async def limited() -> None:
        nonlocal cancels
        try:
            with Deadlines().limit(0):
                await asyncio.Event().wait()
        finally:
            cancels = task.cancelling()

    task = asyncio.get_running_loop().create_task(limited())
    await asyncio.sleep(0)  # the task waits
    await asyncio.sleep(0)  # its time is over, which the loop sees next
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancels == 1  # of two, one was taken back


async def test_another_error_is_not_replaced() -> None:
    with pytest.raises(ZeroDivisionError), Deadlines().limit(60):
        raise ZeroDivisionError


def test_a_client_of_two_loops_has_its_limits_in_both() -> None:
    deadlines = Deadlines()

    async def limited(seconds: float) -> None:
        with deadlines.limit(seconds):
            await asyncio.Event().wait()

    async def first() -> None:
        task = asyncio.get_running_loop().create_task(limited(SOON * 5))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(first())

    with pytest.raises(TimeoutError):
        asyncio.run(limited(SOON * 10))


async def test_many_calls_have_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    timers: list[float] = []
    call_at = loop.call_at

    def counted(when: float, callback: Callable[..., object], *arguments: object) -> asyncio.TimerHandle:
        timers.append(when)
        return call_at(when, callback, *arguments)

    monkeypatch.setattr(loop, "call_at", counted)
    deadlines = Deadlines()

    for _ in range(100):
        with deadlines.limit(60):
            await asyncio.sleep(0)

    assert len(timers) == 1
