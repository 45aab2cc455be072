# SPDX-License-Identifier: GPL-3.0-or-later
"""A file as a payload, whose reader may be cancelled at any moment."""

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from until import LIMIT, until

from qubesmanager.host import file_stream
from qubesmanager.host.file_stream import PIECE, FileStream


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return path


def open_files(path: Path) -> int:
    links = Path("/proc/self/fd").iterdir()
    return sum(os.path.realpath(link) == str(path) for link in links)


class Slow:
    """Work in a thread that waits for leave."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work
        self.begun, self.leave, self.ended = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, *arguments: Any) -> Any:
        self.begun.set()
        assert self.leave.wait(LIMIT)
        try:
            return self._work(*arguments)
        finally:
            self.ended.set()


async def read(path: Path, at_its_end: Slow | None = None) -> bytes:
    async with FileStream(path, b"head ") as stream:
        whole = b"".join([piece async for piece in stream])
        if at_its_end is not None and stream._file is not None:
            at_its_end._work = stream._file.close
            stream._file.close = at_its_end  # type: ignore[method-assign]
    return whole


async def test_a_file_comes_whole_and_in_order_after_its_head(tmp_path: Path) -> None:
    data = os.urandom(PIECE * 2 + 17)
    file = tmp_path / "backup"
    file.write_bytes(data)

    async with FileStream(file, b"head") as stream:
        pieces = [piece async for piece in stream]

    assert b"".join(pieces) == b"head" + data
    assert (stream.size, stream.read) == (len(data), len(data))


async def test_cancelled_while_it_is_opened_it_does_not_stay_open(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(file_stream._opened)
    monkeypatch.setattr(file_stream, "_opened", slow)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(read(file))
        await until(slow.begun.is_set)
        task.cancel()
    slow.leave.set()

    assert task.cancelled()
    await until(slow.ended.is_set)
    await until(lambda: open_files(file) == 0)


async def test_a_cancel_during_close_still_closes_the_file(file: Path) -> None:
    slow = Slow(lambda: None)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(read(file, slow))
        await until(slow.begun.is_set)
        task.cancel()
    slow.leave.set()

    assert task.cancelled()
    await until(lambda: open_files(file) == 0)
