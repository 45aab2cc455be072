# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes past the page cache is what was written or is read, however it is cut; a disk's refusal is heard."""

import contextlib
import errno
import itertools
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_folder import MEMORY

from qubesmanager.host import direct_io
from qubesmanager.host.buffers import ROOM
from qubesmanager.host.direct_io import StraightReader, StraightWriter


@pytest.fixture(params=["in memory", "on a disk", "without O_DIRECT", "that refuses what it has opened"])
def path(request: pytest.FixtureRequest, disk_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = MEMORY if request.param == "in memory" and MEMORY.is_dir() else disk_path
    if request.param == "without O_DIRECT":
        monkeypatch.setattr(direct_io, "_without_cache", lambda _fd, _mode: -1)
    if request.param == "that refuses what it has opened":
        monkeypatch.setattr(direct_io, "_without_cache", the_other_way(folder / "other"))
        refuse_with(monkeypatch, errno.EINVAL)
    file = folder / f"straight-{os.getpid()}"
    yield file
    file.unlink()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("backup-disk")]


def the_other_way(path: Path) -> Callable[[int, int], int]:
    """A descriptor that cannot do what it was opened for."""
    return lambda _fd, mode: os.open(path, (os.O_RDONLY if mode == os.O_WRONLY else os.O_WRONLY) | os.O_CREAT)


def refuse_with(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """A descriptor that was opened the other way refuses with EBADF; here with another error."""

    def refusing(real: Callable[..., int]) -> Callable[..., int]:
        def work(*arguments: object) -> int:
            try:
                return real(*arguments)
            except OSError as error:
                error.errno = number
                raise

        return work

    monkeypatch.setattr(os, "pwrite", refusing(os.pwrite))
    monkeypatch.setattr(os, "preadv", refusing(os.preadv))


SIZES = st.sampled_from([1, 511, 512, 4096, 5000, 65536, 1 << 20, (1 << 20) + 7, ROOM - 1, ROOM, ROOM + 4097])
GAPS = st.sampled_from([0, 0, 0, 1, 512, 4095, 4096, 70_000, 1 << 20])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(GAPS, SIZES), min_size=1, max_size=8), st.integers(0, 255), st.data())
def test_the_file_holds_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, runs: list[tuple[int, int]], seed: int, data: st.DataObject
) -> None:
    check_runs(tmp_path_factory.mktemp("runs") / "file", runs, seed, data)


def check_runs(path: Path, runs: list[tuple[int, int]], seed: int, data: st.DataObject | None = None) -> None:
    at, expected = 0, bytearray()
    with path.open("wb", buffering=0) as file, contextlib.closing(StraightWriter(file.fileno())) as writer:
        for number, (gap, size) in enumerate(runs):
            at += gap
            part = bytes([(seed + number) % 255 + 1]) * size
            writer.write(at, part)
            expected += bytes(at - len(expected)) + part
            at += size
            if data is not None and size >= 512 and data.draw(st.booleans()):
                place = data.draw(st.integers(at - size, at - 512))
                writer.patch(place, b"\xff" * 512)
                expected[place : place + 512] = b"\xff" * 512
        writer.finish()
        assert path.read_bytes() == expected


def test_every_kind_of_file_system_is_written_to(path: Path) -> None:
    check_runs(path, [(0, 100), (0, 3 * ROOM), (4096, 512), (1 << 20, 2 * ROOM + 5), (0, 4096), (7, 1 << 20)], 0)


def test_a_run_of_data_leaves_no_hole_filled(disk_path: Path) -> None:
    path = disk_path / "file"
    with path.open("wb", buffering=0) as file:
        writer = StraightWriter(file.fileno())
        writer.write(0, b"x" * ROOM)
        writer.write(64 * ROOM, b"x" * ROOM)
        writer.finish()
        writer.close()
        os.fsync(file.fileno())

    assert path.stat().st_size == 65 * ROOM
    assert path.stat().st_blocks * 512 < 4 * ROOM


@pytest.mark.parametrize("more", [0, 8 * ROOM])
def test_an_error_of_the_disk_is_raised_at_the_next_write_or_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    monkeypatch.setattr(direct_io, "_without_cache", the_other_way(tmp_path / "other"))
    refuse_with(monkeypatch, errno.ENOSPC)
    with (tmp_path / "file").open("wb", buffering=0) as file:
        writer = StraightWriter(file.fileno())
        with pytest.raises(OSError, match="descriptor") as raised:  # noqa: PT012 - one of the two
            writer.write(0, bytes(2 * ROOM))
            for number in range(more // ROOM):
                writer.write((2 + number) * ROOM, bytes(ROOM))
            writer.finish()
        writer.close()

    assert raised.value.errno == errno.ENOSPC
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("backup-disk")]


def test_no_descriptor_is_left(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with (tmp_path / "file").open("wb") as file:
        for _ in range(5):
            writer = StraightWriter(file.fileno())
            writer.write(0, bytes(ROOM))
            writer.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# -- reading


def read_back(path: Path, offset: int, steps: Iterator[int]) -> bytes:
    parts = []
    with path.open("rb") as file, contextlib.closing(StraightReader(file.fileno(), offset)) as reader:
        while part := reader.read(next(steps)):
            parts.append(part)
        assert reader.read(1) == b""
    return b"".join(parts)


@pytest.mark.parametrize("size", [0, 1, 4096, ROOM - 1, ROOM, ROOM + 1, 2 * ROOM, 3 * ROOM + 4097])
@pytest.mark.parametrize("offset", [0, 1, 5000])
def test_every_byte_is_read_once_and_in_its_order(path: Path, size: int, offset: int) -> None:
    content = os.urandom(size)
    path.write_bytes(content)

    assert read_back(path, offset, itertools.cycle([1, 512, 1 << 20, 70_001, 2 * ROOM])) == content[offset:]


def test_an_error_of_the_disk_is_raised_by_the_read_that_meets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(bytes(2 * ROOM))
    monkeypatch.setattr(direct_io, "_without_cache", the_other_way(tmp_path / "other"))
    refuse_with(monkeypatch, errno.EIO)

    with (
        (tmp_path / "file").open("rb") as file,
        contextlib.closing(StraightReader(file.fileno())) as reader,
        pytest.raises(OSError, match="descriptor") as raised,
    ):
        reader.read(1)

    assert raised.value.errno == errno.EIO


def test_a_reader_that_stops_early_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(5 * ROOM))
    before = len(list(Path("/proc/self/fd").iterdir()))

    with (tmp_path / "file").open("rb") as file:
        for _ in range(5):
            reader = StraightReader(file.fileno())
            reader.read(10)
            reader.close()

    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("backup-disk")]
