# SPDX-License-Identifier: GPL-3.0-or-later
"""Large buffers that are used again."""

import gc
import os
from pathlib import Path

import pytest

from qubesmanager.host import buffers
from qubesmanager.host.buffers import ROOM, give_back, take_room
from qubesmanager.host.direct_io import StraightReader, StraightWriter


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "_free", [])


def test_a_buffer_that_was_given_back_is_the_next_one() -> None:
    room = take_room()
    give_back(room)

    assert take_room() is room
    assert take_room() is not room
    assert len(room) == ROOM


def test_only_a_few_buffers_are_kept() -> None:
    for room in [take_room() for _ in range(12)]:
        give_back(room)

    assert len(buffers._free) == 8


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_the_pages_of_a_new_buffer_are_there_before_it_is_used() -> None:
    gc.collect()
    before = resident()

    rooms = [take_room() for _ in range(4)]

    assert resident() - before > 3 * ROOM
    assert len(rooms) == 4


def test_a_writer_and_a_reader_give_each_buffer_back_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("w+b") as file:
        writer = StraightWriter(file.fileno())
        writer.write(0, b"x" * (3 * ROOM + 5))
        writer.finish()
        writer.close()
        writer.close()
        assert len({id(room) for room in buffers._free}) == len(buffers._free) > 1

        reader = StraightReader(file.fileno())
        assert reader.read(5) == b"xxxxx"
        assert len(buffers._free) < 4
        reader.close()
        reader.close()

    assert len({id(room) for room in buffers._free}) == len(buffers._free) > 1
