# SPDX-License-Identifier: GPL-3.0-or-later
"""Niceness of threads, and of a whole daemon."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from daemon_process import DaemonProcess

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


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root comes before others")
def test_a_daemon_of_root_comes_first(tmp_path: Path) -> None:
    with DaemonProcess(tmp_path, "--demo", "0") as daemon:
        assert daemon.process is not None
        assert os.getpriority(os.PRIO_PROCESS, daemon.process.pid) == -5
