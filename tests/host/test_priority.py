# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that compute for a long time."""

import os
import threading
from concurrent.futures import wait

from until import LIMIT

from qubesmanager.host.priority import compute_later, computing
from qubesmanager.host.workers import Workers


def test_a_thread_that_computes_gives_way_and_the_others_do_not() -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    with Workers(1, "test", compute_later) as workers:
        priority = workers.submit(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())).result(LIMIT)

    assert priority == max(before, 10)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_as_many_threads_compute_at_a_time_as_there_are_processors() -> None:
    count = os.cpu_count() or 1
    lock, go_on = threading.Lock(), threading.Event()
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        with computing():
            with lock:
                inside += 1
                most = max(most, inside)
                if inside == count:
                    go_on.set()
            assert go_on.wait(LIMIT)
            with lock:
                inside -= 1

    with Workers(count + 3, "test") as workers:
        futures = [workers.submit(work) for _ in range(2 * count + 3)]
        wait(futures)

    assert [future.exception() for future in futures] == [None] * len(futures)
    assert most == count
