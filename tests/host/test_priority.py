# SPDX-License-Identifier: GPL-3.0-or-later
"""The niceness of threads."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

from qubesmanager.daemon.local.drivers.backups.engine import in_engine
from qubesmanager.host.priority import compute_later


def _niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def _niceness_of_a_new_thread() -> int:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_niceness).result()


def test_a_thread_that_computes_later_and_its_threads_give_way_alone() -> None:
    before = _niceness()
    with ThreadPoolExecutor(1, initializer=compute_later) as thread:
        assert thread.submit(_niceness).result() == max(before, 10)
        assert thread.submit(_niceness_of_a_new_thread).result() == max(before, 10)
    assert _niceness() == before


async def test_the_engine_of_backups_gives_way_with_all_its_threads() -> None:
    assert await in_engine(_niceness_of_a_new_thread) >= 10
