# SPDX-License-Identifier: GPL-3.0-or-later
"""The small steps that all pools share."""

import asyncio
import threading
from mmap import mmap

import pytest
from until import LIMIT

from qubesmanager.daemon.local.drivers.pools.disk import in_thread, is_zero


@pytest.mark.parametrize("at", [0, 1, 4095, 65535])
def test_a_buffer_is_zero_by_its_content_whatever_its_type(at: int) -> None:
    for data in (bytearray(65536), mmap(-1, 65536)):
        assert is_zero(data)
        data[at] = 1
        assert not is_zero(data)


async def test_a_cancelled_caller_waits_until_the_thread_has_ended_however_often_it_is_cancelled() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(LIMIT)

    task = asyncio.get_running_loop().create_task(in_thread(work))
    await asyncio.to_thread(begun.wait)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not task.done()

    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
