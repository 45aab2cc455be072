# SPDX-License-Identifier: GPL-3.0-or-later
"""The inner archive: files come back with their holes, GNU tar reads what is written and writes what is read."""

import contextlib
import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from backup_samples import Memory
from hypothesis import given, settings
from hypothesis import strategies as st

from qubesmanager.backup.archive import tar
from qubesmanager.backup.archive.compression import BLOCK
from qubesmanager.backup.archive.volume_tar import Content, archive, archive_bytes, restore, runs_of
from qubesmanager.backup.errors import BackupDamagedError, BackupError, BackupLimitError
from qubesmanager.host.sparse_file import Extent, FileSink, FileSource, Source

NAME = "vm1/private.img"
MIB = 1 << 20


def sparse_file(path: Path, size: int, runs: dict[int, bytes]) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
        for offset, data in runs.items():
            file.seek(offset)
            file.write(data)
    return path


def pieces(source: Source) -> Iterator[bytes]:
    return archive(NAME, source, runs_of(source), 0)


def archived(path: Path) -> bytes:
    with path.open("rb") as file:
        return b"".join(pieces(FileSource(file.fileno())))


def restored(stream: bytes, path: Path, limit: int = 1 << 40, step: int = 100_000) -> Content:
    with path.open("wb") as file:
        cut = (stream[at : at + step] for at in range(0, len(stream), step))
        sinks: list[FileSink] = []

        def opened(size: int) -> FileSink:
            sinks.append(FileSink(file.fileno(), size))
            return sinks[0]

        try:
            content = restore(cut, NAME, limit, opened)
        except BaseException:
            for sink in sinks:
                sink.abort()
            raise
        sinks[0].finish()
        return content


class Nowhere:
    """A sink that looks at what it gets."""

    def __init__(self, size: int) -> None:
        self._size = size

    def write(self, offset: int, data: memoryview) -> None:
        assert 0 <= offset < offset + len(data) <= self._size

    def finish(self) -> None: ...

    def abort(self) -> None: ...


SHAPES: dict[str, tuple[int, dict[int, bytes]]] = {
    "empty": (0, {}),
    "a hole": (8 * MIB, {}),
    "all data": (2 * MIB + 5, {0: os.urandom(2 * MIB + 5)}),
    "a hole at both ends": (64 * MIB, {5 * MIB: os.urandom(3 * MIB + 512), 40 * MIB: b"x"}),
    "data at both ends": (20 * MIB + 7, {0: b"first", 20 * MIB: b"last..."}),
    "many runs": (40 * MIB, {at: b"%d" % at for at in range(0, 40 * MIB, 128 << 10)}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_comes_back_with_its_holes(shape: str, tmp_path: Path) -> None:
    source = sparse_file(tmp_path / "source", *SHAPES[shape])

    stream = archived(source)
    content = restored(stream, tmp_path / "target")

    assert (tmp_path / "target").read_bytes() == source.read_bytes()
    # The file system may need an extra block to note where so many runs are.
    assert (tmp_path / "target").stat().st_blocks <= source.stat().st_blocks + 16
    assert content.size == source.stat().st_size
    assert content.stored < len(stream) <= content.stored + (16 << 10)


@pytest.mark.parametrize("shape", SHAPES)
def test_gnu_tar_restores_what_is_written(shape: str, tmp_path: Path) -> None:
    source = sparse_file(tmp_path / "source", *SHAPES[shape])
    (tmp_path / "inner.tar").write_bytes(archived(source))

    subprocess.run([gnu_tar(), "-xf", "inner.tar", NAME], cwd=tmp_path, check=True)

    assert (tmp_path / NAME).read_bytes() == source.read_bytes()


@pytest.mark.parametrize("options", [[], ["--format=posix"], ["--format=posix", "--sparse-version=0.1"]])
@pytest.mark.parametrize("shape", SHAPES)
def test_an_archive_of_gnu_tar_is_restored(shape: str, options: list[str], tmp_path: Path) -> None:
    (tmp_path / "vm1").mkdir()
    source = sparse_file(tmp_path / NAME, *SHAPES[shape])
    subprocess.run([gnu_tar(), "--sparse", *options, "-cf", "inner.tar", NAME], cwd=tmp_path, check=True)

    content = restored((tmp_path / "inner.tar").read_bytes(), tmp_path / "target")

    assert content.size == source.stat().st_size
    assert (tmp_path / "target").read_bytes() == source.read_bytes()


def gnu_tar() -> str:
    program = shutil.which("tar")
    if program is None:
        pytest.skip("tar is not installed")
    return program


class Zeros:
    """A huge volume that holds a few bytes at its end."""

    size = 20 << 30

    def __init__(self, *, known_holes: bool) -> None:
        self._known_holes = known_holes

    def extents(self) -> Iterator[Extent]:
        yield Extent(self.size - 4096, 4096) if self._known_holes else Extent(0, self.size)

    def read(self, offset: int, length: int) -> bytes:
        return b"\0" * (length - 1) + b"x" if offset + length == self.size else bytes(length)


def test_sizes_beyond_what_octal_holds_are_written_as_gnu_tar_reads_them(tmp_path: Path) -> None:
    head = next(pieces(Zeros(known_holes=False)))
    (tmp_path / "head").write_bytes(head)
    (tmp_path / "sparse").write_bytes(b"".join(pieces(Zeros(known_holes=True))))

    for file in ("head", "sparse"):
        listed = subprocess.run([gnu_tar(), "-tvf", file], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert f" {20 << 30} " in listed.stdout
    assert restored((tmp_path / "sparse").read_bytes(), tmp_path / "target").size == 20 << 30


def test_zeros_that_were_written_as_data_become_holes(tmp_path: Path) -> None:
    data = bytes(4 * MIB) + b"middle" + bytes(4 * MIB)

    restored(b"".join(archive_bytes(NAME, data, 0)), tmp_path / "target")

    assert (tmp_path / "target").read_bytes() == data
    assert (tmp_path / "target").stat().st_blocks * 512 <= 64 << 10


def test_most_pieces_are_whole_blocks(tmp_path: Path) -> None:
    source = sparse_file(tmp_path / "source", *SHAPES["many runs"])

    with source.open("rb") as file:
        sizes = [len(piece) for piece in pieces(FileSource(file.fileno()))]

    assert max(sizes) <= BLOCK
    assert len(sizes) < 5


@given(st.lists(st.tuples(st.integers(1, 9000), st.integers(1, 9000)), min_size=1), st.integers(1, 10))
def test_the_runs_that_are_written_cover_the_data_in_whole_blocks(steps: list[tuple[int, int]], limit: int) -> None:
    data, at = {}, 0
    for gap, length in steps:
        data[at + gap] = bytes(length)
        at += gap + length
    source = Memory(at + 5, data)

    joined = runs_of(source, limit)

    assert len(joined) <= limit
    assert all(one.offset + one.length < other.offset for one, other in itertools.pairwise(joined))
    assert all(run.offset % 512 == 0 for run in joined)
    assert all((run.offset + run.length) % 512 == 0 for run in joined[:-1])
    assert joined[-1].offset + joined[-1].length <= source.size
    for offset, length in source.extents():
        assert any(run.offset <= offset and offset + length <= run.offset + run.length for run in joined)


def test_more_bytes_than_announced_are_refused(tmp_path: Path) -> None:
    source = sparse_file(tmp_path / "source", *SHAPES["all data"])

    with pytest.raises(BackupLimitError, match="more bytes"):
        restored(archived(source), tmp_path / "target", limit=2 * MIB)


@pytest.mark.parametrize("kept", [100, 512, 700, 2000, 2 * MIB, -512, -1024])
def test_an_archive_that_is_cut_is_refused(kept: int, tmp_path: Path) -> None:
    source = sparse_file(tmp_path / "source", *SHAPES["a hole at both ends"])

    with pytest.raises(BackupDamagedError):
        restored(archived(source)[:kept], tmp_path / "target")


def test_another_file_a_link_and_a_second_file_are_refused(tmp_path: Path) -> None:
    whole = b"".join(archive_bytes(NAME, b"data", 0))
    for stream in (
        b"".join(archive_bytes("vm2/private.img", b"data", 0)),
        tar.header(NAME, 0, 0, b"2") + tar.END,
        whole[:-1024] + whole,
    ):
        with pytest.raises(BackupDamagedError):
            restored(stream, tmp_path / "target")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_change_is_read_or_refused_in_words(data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(_samples()))
    text = bytearray(sample)
    for _ in range(data.draw(st.integers(0, 4))):
        text[data.draw(st.integers(0, min(len(text), 4096) - 1))] = data.draw(st.integers(0, 255))
    for at in range(0, min(len(text), 2048), 512):
        text[at + 148 : at + 156] = b"%06o\0 " % (sum(text[at : at + 148]) + 256 + sum(text[at + 156 : at + 512]))

    with contextlib.suppress(BackupError):
        assert restore(iter([bytes(text)]), NAME, MIB, Nowhere).stored < MIB


def _samples() -> list[bytes]:
    class Pair:
        size = 4096

        def extents(self) -> Iterator[Extent]:
            return iter((Extent(512, 512), Extent(2048, 2048)))

        def read(self, offset: int, length: int) -> bytes:
            return b"%d" % offset + b"x" * (length - len(b"%d" % offset))

    old = bytearray(tar.header(NAME, 2560, 0, b"S"))
    old[386:410] = b"%011o\0%011o\0" % (512, 512)
    old[410:434] = b"%011o\0%011o\0" % (2048, 2048)
    old[483:495] = b"%011o\0" % 4096
    old[482] = 1
    body = b"x" * 2560 + tar.END
    return [b"".join(pieces(Pair())), bytes(old) + bytes(512) + body]
