# SPDX-License-Identifier: GPL-3.0-or-later
"""Compression in independent blocks, so that any number of threads can take part; decompression in bounded steps.

A block becomes a separate gzip member or zstd frame, and `gzip -d` and `zstd -d` take a row of them for one file.
ISA-L does gzip about five times as fast as zlib; where it is not installed, zlib does the same work.
"""

import bz2
import importlib
import lzma
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cache
from typing import Any, Protocol, cast

from qubesmanager.host.priority import computing
from qubesmanager.wire.reasons import refusal


@cache
def optional(module: str) -> Any:
    """A compression library, loaded by the first backup that needs it; None where there is none."""
    try:
        return importlib.import_module(module)
    except ImportError:  # not installed, or there is no build for this processor
        return None


def _zlib_or_isal() -> Any:
    """The functions of zlib: ISA-L's where it is installed."""
    return optional("isal.isal_zlib") or zlib


BLOCK = 1 << 20
"""Bytes of a block before compression, and the most that one step of decompression gives."""
ZEROS = bytes(BLOCK)

_GZIP = 31
"""zlib's window of 32 KiB, with the head and tail of gzip."""
_GZIP_HEAD = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
"""A member with deflated data and nothing else told: no name, no time, of an unknown system."""
_GZIP_TAIL = struct.Struct("<II")
"""CRC-32 and length."""
_STORED = 0xFFFF
"""The most bytes of one stored piece of deflate."""
_STORED_HEAD = struct.Struct("<?HH")
"""Whether it is the last, its length, and the length's complement (RFC 1951, 3.2.4)."""
_SAMPLES, _SAMPLE = 16, 1024
"""How many samples of a block are tried, and the bytes of each."""
_ZSTD_LEVEL = 3
_ZSTD_FEED = 4096
_ZSTD_WINDOW = 128 << 20
"""The most memory that a zstd frame may ask for: the limit of the zstd command."""


class Compression(StrEnum):
    """How this program can compress a backup; the names are those of `compression-filter`."""

    GZIP = "gzip"
    ZSTD = "zstd"
    NONE = "none"


def require(method: Compression | str | None) -> None:
    """Raises `BackupError` if this installation can neither write nor read the method."""
    if method == Compression.ZSTD and optional("zstandard") is None:
        raise refusal("zstd-missing")


# -- one block ---------------------------------------------------------------------------------------------------------


def compress(method: Compression, block: bytes) -> bytes:
    """The block as a complete stream. For any thread; runs without the interpreter lock."""
    if len(block) == BLOCK and block == ZEROS:
        return _zeros(method)
    with computing():
        return _COMPRESS[method](block)


@cache
def _zeros(method: Compression) -> bytes:
    return _COMPRESS[method](ZEROS)


def _gzip(block: bytes) -> bytes:
    if _is_dense(block):
        return _stored(block)
    return cast("bytes", _zlib_or_isal().compress(block, 1, _GZIP))


def _stored(block: bytes) -> bytes:
    """The block as it is, in the frame of gzip. The libraries take ten times as long for that as a copy does."""
    view, size = memoryview(block), len(block)
    parts: list[bytes | memoryview] = [_GZIP_HEAD]
    for at in range(0, size, _STORED):
        part = view[at : at + _STORED]
        parts += _STORED_HEAD.pack(at + _STORED >= size, len(part), len(part) ^ 0xFFFF), part
    parts.append(_GZIP_TAIL.pack(_zlib_or_isal().crc32(block), size))
    return b"".join(parts)


def _is_dense(block: bytes) -> bool:
    """Whether compression gains nothing, by a few samples: media, encrypted data. Stored data is read quickly.

    ISA-L would encode it too, and take as long to decode it as any other.
    """
    step = len(block) // _SAMPLES
    if step < 8 * _SAMPLE:
        return False
    sample = b"".join(block[at : at + _SAMPLE] for at in range(0, len(block) - _SAMPLE, step))
    return len(_zlib_or_isal().compress(sample, 1)) >= len(sample)


_own = threading.local()


def _zstd(block: bytes) -> bytes:
    # A compressor is made for one thread, and making one costs as much as a small block.
    compressor = getattr(_own, "compressor", None)
    if compressor is None:
        compressor = _own.compressor = optional("zstandard").ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)
    return cast("bytes", compressor.compress(block))


def _none(block: bytes) -> bytes:
    return block


_COMPRESS: dict[Compression, Callable[[bytes], bytes]] = {
    Compression.GZIP: _gzip,
    Compression.ZSTD: _zstd,
    Compression.NONE: _none,
}


# -- a stream of blocks ------------------------------------------------------------------------------------------------


class _Step(Protocol):
    """A decompressor of one member, as those of bz2 and lzma are."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Zlib:
    """zlib's decompressor with the interface of the others: it keeps the bytes that it has not used yet."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_GZIP)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


class _Zstd:
    """zstd's decompressor with the interface of the others; a step ignores `max_length`.

    So it is given so few bytes at a time that a step of the worst frame (128 KiB for each 4 bytes) makes 128 MiB.
    """

    def __init__(self) -> None:
        self._inner = optional("zstandard").ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        self._rest = b""

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return cast("bytes", self._inner.unused_data) + self._rest

    def decompress(self, data: bytes, _max_length: int) -> bytes:
        self._rest += data
        given = b""
        while self._rest and not given and not self._inner.eof:
            step, self._rest = self._rest[:_ZSTD_FEED], self._rest[_ZSTD_FEED:]
            given = self._inner.decompress(step)
        return given


def _gzip_step() -> Any:
    igzip_lib = optional("isal.igzip_lib")
    return _Zlib() if igzip_lib is None else igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)


_STEPS: dict[str, Callable[[], _Step]] = {
    "gzip": _gzip_step,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_ZSTD_WINDOW),
    "zstd": _Zstd,
}
FILTERS = tuple(_STEPS)
"""The names of `compression-filter` that can be read."""


def _errors() -> tuple[type[Exception], ...]:
    """What the libraries raise for a stream that is broken."""
    zstandard, igzip_lib = optional("zstandard"), optional("isal.igzip_lib")
    return (
        *(zlib.error, OSError, EOFError, ValueError, lzma.LZMAError),
        *(() if zstandard is None else (zstandard.ZstdError,)),
        *(() if igzip_lib is None else (igzip_lib.error,)),
    )


def decompressed(pieces: Iterator[bytes], name: str | None) -> Iterator[bytes]:
    """The plain bytes of a compressed stream, `BLOCK` or fewer at a time; `name` is one of `FILTERS`, None for none.

    Takes a piece only when the one before is used up. Raises `BackupDamagedError` for a stream that is broken or ends
    early; what `pieces` raises passes through.
    """
    if name is None:
        yield from pieces
        return
    steps = _steps(pieces, _STEPS[name])
    while True:
        try:
            data = next(steps)
        except StopIteration:
            return
        except _errors() as error:
            raise refusal("compression-broken") from error
        yield data


def _steps(pieces: Iterator[bytes], new: Callable[[], _Step]) -> Iterator[bytes]:
    step: _Step | None = None
    for piece in pieces:
        rest = piece
        while True:
            if step is None:
                if not rest:
                    break
                step = new()
            data = step.decompress(rest, BLOCK)
            rest = b""
            for at in range(0, len(data), BLOCK):
                yield data[at : at + BLOCK]
            if step.eof:
                rest, step = step.unused_data, None
            elif not data:
                break
    if step is not None:
        raise EOFError
