# SPDX-License-Identifier: GPL-3.0-or-later
"""The qcow2 format, as far as the pools need it: new images and overlays, a streamed image, reading a chain, growing.

Source of the format: QEMU's docs/interop/qcow2.txt (version 3). Written images have 64 KiB clusters, 16-bit refcounts
and a first-level table with room for 4 TiB, so that growing is one write into the header. Read images may have been
written to by QEMU since; what the pools never create (compression, encryption, internal snapshots, extended entries)
is refused by name.
"""

import os
import re
import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from qubesmanager.daemon.local.drivers.pools.beneath import open_file
from qubesmanager.daemon.local.drivers.pools.disk import BLOCK, Data, is_zero, pwrite_all
from qubesmanager.daemon.local.drivers.pools.new_file import NewFile
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for, refusal

CLUSTER = BLOCK
ENTRIES = CLUSTER // 8
SPAN = ENTRIES * CLUSTER  # guest bytes below one entry of the first level: 512 MiB
_HEADER = struct.Struct(">4sIQIIQIIQQIIQQQQII")
_MAGIC = b"QFI\xfb"
_BACKING_FORMAT = 0xE2792ACA
_COPIED = 1 << 63
_COMPRESSED = 1 << 62
_ZERO = 1
_OFFSET = 0x00FF_FFFF_FFFF_FE00
_REFCOUNT_BLOCK = CLUSTER // 2  # clusters counted by one block
_FEATURE_NAMES = 0x6803F857
_DIRTY = 1
_LAZY_REFCOUNTS = 1
_LENGTHS = range(_HEADER.size, 256)
"""Bytes of the fixed part of a version 3 header; QEMU writes 104 or 112."""
_PLAIN_NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_TWICE = Reason("qcow2-shared-clusters")
MAX_SIZE = 1 << 50
"""Bytes of the largest disk that a pool makes or reads."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header of an image. `backing` is a file name in the same folder, or empty."""

    size: int
    backing: str
    l1_offset: int
    l1_entries: int


def read_header(path: Path) -> Header:
    """The image's header; `StoragePoolException` where it is none or one the pools cannot read."""
    fd = open_file(path)
    try:
        return decode_header(os.pread(fd, CLUSTER, 0), os.fstat(fd).st_size, path)
    finally:
        os.close(fd)


def decode_header(untrusted: bytes, file_size: int, path: Path) -> Header:
    """The header from the file's first cluster. It may come from an attacker, and QEMU opens the file after this check.

    Raises `StoragePoolException` for anything that the pools do not write themselves: other versions and cluster sizes,
    encryption, internal snapshots, any extra feature, external data files, a backing file that is not named as a plain
    file of the same folder, or tables outside of the file. `path` is for the message.
    """
    if len(untrusted) < _HEADER.size or untrusted[:4] != _MAGIC:
        raise refusal("not-qcow2", path)
    (
        _, version, name_at, name_length, bits, size, crypt, l1_entries, l1_offset,
        _, _, internal_snapshots, _, incompatible, compatible, autoclear, refcount_order, length,
    ) = _HEADER.unpack_from(untrusted)  # fmt: skip
    plain = version == 3 and bits == CLUSTER.bit_length() - 1 and refcount_order == 4  # noqa: PLR2004 - the format's
    features = incompatible & ~_DIRTY or compatible & ~_LAZY_REFCOUNTS or autoclear
    if not plain or features or crypt or internal_snapshots or not _LENGTHS.start <= length < _LENGTHS.stop:
        raise refusal("qcow2-variant", path)
    if not 0 < size <= MAX_SIZE or size % 512:
        raise refusal("qcow2-size", path, size)
    table_end = l1_offset + l1_entries * 8
    if (
        not l1_offset
        or l1_offset % CLUSTER
        or l1_entries * SPAN < size
        or l1_entries > MAX_SIZE // SPAN
        or table_end > file_size
    ):
        raise refusal("qcow2-table", path)
    extensions = _extensions(untrusted, length, name_at or CLUSTER, path)
    backing = untrusted[name_at : name_at + name_length] if name_at else b""
    if not name_at and not name_length and not extensions:
        return Header(size, "", l1_offset, l1_entries)
    if len(backing) != name_length or not _PLAIN_NAME.fullmatch(backing) or extensions != b"qcow2":
        raise refusal("qcow2-backing", path)
    return Header(size, backing.decode("ascii"), l1_offset, l1_entries)


def _extensions(untrusted: bytes, at: int, end: int, path: Path) -> bytes:
    """The format of the backing file, "" if it is not named. Raises `StoragePoolException` for other extensions."""
    backing_format = b""
    while True:
        if at + 8 > min(end, len(untrusted)):
            raise refusal("qcow2-extensions", path)
        kind, length = struct.unpack_from(">II", untrusted, at)
        at += 8
        if kind == 0:
            return backing_format
        if kind not in {_BACKING_FORMAT, _FEATURE_NAMES} or at + length > len(untrusted):
            raise refusal("qcow2-extension", path, f"{kind:#010x}")
        if kind == _BACKING_FORMAT:
            backing_format = untrusted[at : at + length]
        at += -(-length // 8) * 8


def _packed(header: Header) -> bytes:
    extension = struct.pack(">II8s", _BACKING_FORMAT, 5, b"qcow2") if header.backing else b""
    name = header.backing.encode()
    name_at = _HEADER.size + len(extension) + 8  # 8: the end of the extensions
    fixed = _HEADER.pack(
        _MAGIC, 3, name_at if name else 0, len(name), CLUSTER.bit_length() - 1, header.size, 0,
        header.l1_entries, header.l1_offset, CLUSTER, 1, 0, 0, 0, 0, 0, 4, _HEADER.size,
    )  # fmt: skip
    return fixed + extension + bytes(8) + name


def _big_endian(values: "array[int]") -> bytes:
    if sys.byteorder == "little":
        values = values[:]
        values.byteswap()
    return values.tobytes()


def _table(data: bytes) -> "array[int]":
    values = array("Q", data)
    if sys.byteorder == "little":
        values.byteswap()
    return values


class Writer(NewFile):
    """A new image, written from its first byte to its last in flat memory.

    `put` in ascending order, then `finish`; the image cannot be read before. Clusters of zeros take no room.
    """

    def __init__(self, path: Path, backing: str = "") -> None:
        super().__init__(path)
        self._backing = backing
        self._next = 3  # cluster 0 is the header, 1 the refcount table, 2 the first refcount block
        self._l1: dict[int, int] = {}
        self._l2: array[int] = array("Q")
        self._l2_index = -1

    def put(self, offset: int, data: Data) -> None:
        """Data at a multiple of the cluster's size; only the image's last cluster may be short."""
        if is_zero(data) and not self._backing:
            return
        for start in range(0, len(data), CLUSTER):
            cluster = data[start : start + CLUSTER]
            if not is_zero(cluster):
                table = self._table(offset + start)
                self._file.write(self._next * CLUSTER, cluster)
                table[(offset + start) % SPAN // CLUSTER] = self._next * CLUSTER | _COPIED
                self._next += 1
            else:
                self.put_zero(offset + start)

    def put_zero(self, offset: int) -> None:
        """A cluster of zeros, which hides the backing image's if there is one."""
        if self._backing:
            self._table(offset)[offset % SPAN // CLUSTER] = _ZERO

    def _table(self, offset: int) -> "array[int]":
        """The second-level table for the offset; the one before, now complete, takes the next free cluster."""
        index = offset // SPAN
        if index != self._l2_index:
            self._flush()
            self._l2_index, self._l2 = index, array("Q", bytes(CLUSTER))
        return self._l2

    def _flush(self) -> None:
        if self._l2_index >= 0:
            self._file.write(self._next * CLUSTER, _big_endian(self._l2))
            self._l1[self._l2_index] = self._next * CLUSTER | _COPIED
            self._next += 1
            self._l2_index = -1

    def finish(self, size: int) -> None:
        """Write the tables and the header for an image of `size` bytes; all of it is on the disk then."""
        self._flush()
        self._file.finish()
        l1_clusters = max(1, -(-size // (SPAN * ENTRIES)))
        l1_at = self._next * CLUSTER
        self._next += l1_clusters
        # The blocks behind the first lie at the end, and are counted themselves.
        blocks = 1
        while blocks * _REFCOUNT_BLOCK < self._next + blocks - 1:
            blocks += 1
        places = [2, *range(self._next, self._next + blocks - 1)]
        total = self._next + blocks - 1
        for index, value in self._l1.items():
            os.pwrite(self._fd, struct.pack(">Q", value), l1_at + index * 8)
        ones = b"\x00\x01"
        for number, place in enumerate(places):
            counted = min(_REFCOUNT_BLOCK, total - number * _REFCOUNT_BLOCK)
            pwrite_all(self._fd, ones * counted, place * CLUSTER)
            os.pwrite(self._fd, struct.pack(">Q", place * CLUSTER), CLUSTER + number * 8)
        os.ftruncate(self._fd, total * CLUSTER)
        os.pwrite(self._fd, _packed(Header(size, self._backing, l1_at, l1_clusters * ENTRIES)), 0)
        os.fsync(self._fd)


def create(path: Path, size: int, backing: str = "") -> None:
    """A new image without data."""
    with Writer(path, backing) as writer:
        writer.finish(size)


def grow(path: Path, size: int) -> None:
    """The image has `size` bytes; no other process has it open. One write within a sector: the old or the new size."""
    header = read_header(path)
    if size > header.l1_entries * SPAN:
        raise refusal("qcow2-most", header.l1_entries * SPAN)
    fd = open_file(path, os.O_WRONLY)
    try:
        os.pwrite(fd, struct.pack(">Q", size), 24)
        os.fsync(fd)
    finally:
        os.close(fd)


class Run(NamedTuple):
    """Data that lie together: guest offset and length, which image of the chain holds them, and where in its file."""

    offset: int
    length: int
    image: int
    place: int


class Chain:
    """Images opened for reading, the top one first, each the backing image of the one before."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._headers = [read_header(path) for path in paths]
        self._fds: list[int] = []
        try:
            for path in paths:
                self._fds.append(open_file(path))
            self._l1 = [
                _table(_pread(fd, -(-header.size // SPAN) * 8, header.l1_offset))
                for fd, header in zip(self._fds, self._headers, strict=True)
            ]
            for l1 in self._l1:
                _check_tables(l1)
            self._clusters = sum(-(-os.fstat(fd).st_size // CLUSTER) for fd in self._fds)
        except BaseException:
            self.close()
            raise
        self.size = self._headers[0].size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        for fd in self._fds:
            os.close(fd)
        self._fds = []

    def is_empty(self) -> bool:
        """No image of the chain has allocated any cluster."""
        return not any(self.entries())

    def runs(self, step: int = 1 << 20) -> Iterator[tuple[int, bytes]]:
        """Offset and bytes of each run of data, up to `step` bytes at a time; ascending."""
        at = fd = host = length = 0
        for offset, source, place in self.entries():
            if source < 0:
                continue
            if length and (offset, source, place) == (at + length, fd, host + length) and length < step:
                length += CLUSTER
                continue
            if length:
                yield at, _pread(fd, min(length, self.size - at), host)
            at, fd, host, length = offset, source, place, CLUSTER
        if length:
            yield at, _pread(fd, min(length, self.size - at), host)

    def table(self) -> Iterator[Run]:
        """Where each run of data lies; ascending."""
        images = {fd: number for number, fd in enumerate(self._fds)}
        last: Run | None = None
        for offset, source, place in self.entries():
            if source < 0:
                continue
            here = Run(offset, CLUSTER, images[source], place)
            if last is not None and _follows(last, here):
                last = last._replace(length=last.length + CLUSTER)
                continue
            if last is not None:
                yield last
            last = here
        if last is not None:
            yield last

    def pread(self, image: int, length: int, place: int) -> bytes:
        """Bytes of one image's file, as `table` says; what lies behind its end is zeros."""
        return _pread(self._fds[image], length, place)

    def merge_into(self, writer: Writer) -> None:
        """Write what the chain's own images hold, zeros that hide what lies below them included."""
        for offset, source, place in self.entries():
            if source < 0:
                writer.put_zero(offset)
            else:
                writer.put(offset, _pread(source, CLUSTER, place))

    def entries(self) -> Iterator[tuple[int, int, int]]:
        """Guest offset, file and offset in that file of each cluster that some image holds; file -1 for zeros.

        Raises `StoragePoolException` for images whose tables name more clusters of data than their files have.
        """
        left = self._clusters
        for span in range(-(-self.size // SPAN)):
            tables: list[tuple[int, int, array[int]]] = []
            limit = self.size
            for fd, header, l1 in zip(self._fds, self._headers, self._l1, strict=True):
                limit = min(limit, header.size)
                if span < len(l1) and (place := l1[span] & _OFFSET):
                    cluster = _pread(fd, CLUSTER, place)
                    if not is_zero(cluster):
                        tables.append((fd, limit, _table(cluster)))
            if not tables:
                continue
            start = span * SPAN
            for index in range(min(ENTRIES, -(-(self.size - start) // CLUSTER))):
                for fd, limit, table in tables:
                    entry = table[index]
                    if not entry:
                        continue
                    offset = start + index * CLUSTER
                    if entry & _COMPRESSED:
                        raise refusal("qcow2-compressed")
                    if offset >= limit:
                        break
                    if entry & _ZERO:
                        yield offset, -1, 0
                        break
                    if entry & _OFFSET:
                        if not (left := left - 1):
                            raise error_for(_TWICE)
                        yield offset, fd, entry & _OFFSET
                        break


def _check_tables(l1: "array[int]") -> None:
    """Each second-level table is used once; otherwise a small image could take days to read."""
    tables = [entry & _OFFSET for entry in l1 if entry & _OFFSET]
    if len(set(tables)) != len(tables):
        raise error_for(_TWICE)


def _follows(before: Run, here: Run) -> bool:
    after = (before.offset + before.length, before.image, before.place + before.length)
    return (here.offset, here.image, here.place) == after


def _pread(fd: int, length: int, offset: int) -> bytes:
    """Exactly `length` bytes; what lies behind the file's end is zeros."""
    data = os.pread(fd, length, offset)
    return data if len(data) == length else data + bytes(length - len(data))
