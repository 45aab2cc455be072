# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks compressed apart are one stream to every tool; broken and endless streams are refused in bounded memory."""

import bz2
import contextlib
import gzip
import lzma
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from qubesmanager.backup.archive import compression, header
from qubesmanager.backup.archive.compression import BLOCK, FILTERS, Compression, compress, decompressed
from qubesmanager.backup.errors import BackupDamagedError, BackupError

WRITERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def cut(data: bytes, step: int) -> Iterator[bytes]:
    return (data[at : at + step] for at in range(0, len(data), step))


def plain(data: bytes, name: str | None, step: int = 1000) -> bytes:
    return b"".join(decompressed(cut(data, step), name))


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("step", [1, 1000, 1 << 20])
def test_streams_of_every_filter_are_read_however_they_are_cut(name: str, step: int) -> None:
    parts = [b"one" * 500, b"", os.urandom(3000), bytes(5000)]

    assert plain(b"".join(map(WRITERS[name], parts)), name, step) == b"".join(parts)


@pytest.mark.parametrize("method", list(Compression))
def test_blocks_come_back(method: Compression) -> None:
    blocks = [b"text " * 1000, bytes(BLOCK), os.urandom(BLOCK), b"", bytes(BLOCK)]

    stream = b"".join(compress(method, block) for block in blocks)

    assert plain(stream, None if method is Compression.NONE else method.value, 100_000) == b"".join(blocks)


@pytest.mark.parametrize("size", [1 << 20, 200_000, 100_000])
def test_incompressible_blocks_are_stored_and_others_compressed(size: int) -> None:
    noise = os.urandom(size)
    half = os.urandom(size // 2) + bytes(size // 2)

    assert len(compress(Compression.GZIP, noise)) < size + size // 1000
    assert len(compress(Compression.GZIP, half)) < size * 0.6
    for block in (noise, half):
        assert b"".join(decompressed(iter([compress(Compression.GZIP, block)]), "gzip")) == block


def test_zlib_does_the_same_where_isal_has_no_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "optional", lambda _module: None)
    data = os.urandom(BLOCK // 2) + bytes(BLOCK // 4)

    assert plain(compress(Compression.GZIP, data) + gzip.compress(b"more"), "gzip") == data + b"more"


@pytest.mark.parametrize(("method", "tool"), [(Compression.GZIP, "gzip"), (Compression.ZSTD, "zstd")])
def test_the_usual_tool_reads_the_blocks_as_one_file(method: Compression, tool: str) -> None:
    program = shutil.which(tool)
    if program is None:
        pytest.skip(f"{tool} is not installed")
    blocks = [b"text " * 1000, bytes(BLOCK), os.urandom(1000), os.urandom(BLOCK), os.urandom(2 * 0xFFFF)]

    done = subprocess.run(
        [program, "-dc"], input=b"".join(compress(method, block) for block in blocks), capture_output=True, check=True
    )

    assert done.stdout == b"".join(blocks)


@pytest.mark.parametrize("name", FILTERS)
def test_a_cut_stream_or_one_with_trailing_bytes_is_refused(name: str) -> None:
    stream = WRITERS[name](os.urandom(5000))

    for broken in (stream[:-1], stream[: len(stream) // 2], stream[:3], stream + b"and more", b"X" + stream[1:]):
        with pytest.raises(BackupDamagedError, match="broken"):
            plain(broken, name)


@pytest.mark.parametrize("name", FILTERS)
def test_a_bomb_is_given_out_in_blocks_as_it_is_taken(name: str) -> None:
    bomb = WRITERS[name](bytes(64 << 20))
    asked = 0

    for data in decompressed(iter([bomb]), name):
        assert len(data) <= BLOCK
        asked += 1
        if asked == 3:
            break

    assert asked == 3


@pytest.mark.parametrize("name", FILTERS)
@given(untrusted=st.binary(max_size=100))
@settings(max_examples=40, deadline=None)
def test_any_bytes_are_read_or_refused_in_words(name: str, untrusted: bytes) -> None:
    stream = WRITERS[name](b"good")[:10] + untrusted

    with contextlib.suppress(BackupDamagedError):
        plain(stream, name)


def test_without_zstandard_zstd_is_refused_by_name_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "optional", lambda _module: None)

    with pytest.raises(BackupError, match="zstandard, which is not installed"):
        compression.require(Compression.ZSTD)
    with pytest.raises(BackupError, match="zstandard, which is not installed"):
        header.from_text(header.to_text(header.Head("20260101T000000-1", "zstd", has_manifest=True)))
    for method in (Compression.GZIP, Compression.NONE, None, "bzip2"):
        compression.require(method)
