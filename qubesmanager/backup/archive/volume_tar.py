# SPDX-License-Identifier: GPL-3.0-or-later
"""The inner archive: a tar with one file, its holes left out.

Written: a plain member, or for a file with holes a pax sparse member (GNU.sparse 1.0): records with the true name and
size, then inside the member a map in decimal lines (count, then offset and length of each run of data), padded to whole
blocks, then the data of the runs without gaps. Read: those, pax sparse 0.1 and the sparse members of GNU tar's format.
Source: GNU tar manual, appendix "Sparse Formats"; POSIX.1-2017 pax.
"""

import hashlib
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from qubesmanager.backup.archive import tar
from qubesmanager.backup.archive.compression import BLOCK, ZEROS
from qubesmanager.host.sparse_file import Extent, Sink, Source
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.reasons import refusal

EXTENTS_LIMIT = 1 << 22
"""The most runs of data in one file."""
_GRAIN = 64 << 10
"""Zeros of this many bytes, aligned, are left out of what is restored."""
_SIZE_LIMIT = 1 << 50
_LONG_SIZE = 8 << 30
_OLD_SPARSE_FIRST = (386, 4, 482)
_OLD_SPARSE_MORE = (0, 21, 504)


# -- writing -----------------------------------------------------------------------------------------------------------


def archive(name: str, source: Source, extents: list[Extent], mtime: int) -> Iterator[bytes]:
    """The archive of one volume in pieces of up to `BLOCK` bytes, most of them just that.

    `extents` are those that `runs_of` gives for the source.
    """
    if extents == [Extent(0, source.size)] or not source.size:
        yield _plain_header(name, source.size, mtime)
    else:
        yield from _cut(_sparse_header(name, source.size, extents, mtime))
    pieces: list[bytes] = []
    room = BLOCK
    stored = 0
    for offset, length in extents:
        stored += length
        done = 0
        while done < length:
            data = source.read(offset + done, min(room, length - done))
            done, room = done + len(data), room - len(data)
            pieces.append(data)
            if not room:
                yield pieces[0] if len(pieces) == 1 else b"".join(pieces)
                pieces, room = [], BLOCK
    yield b"".join([*pieces, bytes(tar.padding(stored)), tar.END])


def archive_bytes(name: str, data: bytes, mtime: int) -> Iterator[bytes]:
    """The archive of a small file."""
    yield _plain_header(name, len(data), mtime) + data + bytes(tar.padding(len(data))) + tar.END


def runs_of(source: Source, limit: int = EXTENTS_LIMIT) -> list[Extent]:
    """The source's runs of data, widened to whole blocks of 512 bytes, since GNU tar takes no others.

    There are at most `limit`: if there are more, the smallest gaps become data.
    """
    gap = 0
    runs = _joined(
        (_widened(offset, offset + length, source.size) for offset, length in source.extents() if length), gap
    )
    while len(runs) > limit:
        gap = max(4096, gap * 4)
        runs = _joined(runs, gap)
    return runs


def _widened(start: int, end: int, size: int) -> Extent:
    start -= start % tar.BLOCK
    return Extent(start, min(end + tar.padding(end), size) - start)


def _joined(runs: Iterable[Extent], gap: int) -> list[Extent]:
    joined: list[Extent] = []
    for run in runs:
        last = joined[-1] if joined else Extent(0, -gap - 1)
        if run.offset - last.offset - last.length <= gap:
            joined[-1] = Extent(last.offset, run.offset + run.length - last.offset)
        else:
            joined.append(run)
    return joined


def _plain_header(name: str, size: int, mtime: int) -> bytes:
    if size < _LONG_SIZE:
        return tar.header(name, size, mtime)
    return tar.pax([("size", str(size))]) + tar.header(name, 0, mtime)


def sparse_map(size: int, extents: list[Extent]) -> bytes:
    """The map at the start of a sparse member: its runs of data, padded to whole blocks."""
    # A run of no bytes at the end makes the file as long as it was.
    runs = [*extents, Extent(size, 0)]
    lines = [str(len(runs)), *(f"{offset}\n{length}" for offset, length in runs), ""]
    table = "\n".join(lines).encode()
    return table + bytes(tar.padding(len(table)))


def sparse_records(name: str, size: int) -> list[tuple[str, str]]:
    """The pax records of a sparse member: the file's name, and its size with holes."""
    return [
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.name", name),
        ("GNU.sparse.realsize", str(size)),
    ]


def _sparse_header(name: str, size: int, extents: list[Extent], mtime: int) -> bytes:
    table = sparse_map(size, extents)
    stored = len(table) + sum(run.length for run in extents)
    records = sparse_records(name, size)
    if stored >= _LONG_SIZE:
        records.append(("size", str(stored)))
    folder, _, file = name.rpartition("/")
    shown = f"{folder}/GNUSparseFile.0/{file}" if folder else f"GNUSparseFile.0/{file}"
    return tar.pax(records) + tar.header(shown, stored if stored < _LONG_SIZE else 0, mtime) + table


def _cut(data: bytes) -> Iterator[bytes]:
    return (data[at : at + BLOCK] for at in range(0, len(data), BLOCK))


# -- reading -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Content:
    """The content of an archive: the file's size, its bytes without holes, and the SHA-256 of the whole archive."""

    size: int
    stored: int
    sha256: str


def _too_much(name: str) -> Mgmt1Error:
    return refusal("inner-too-much", name)


class Cursor:
    """A stream of pieces as bytes that are taken; every byte goes into the hash. No more than `limit` are given.

    `is_short`: the stream ended before the archive did.
    """

    def __init__(self, pieces: Iterator[bytes], name: str, limit: int) -> None:
        self._pieces = pieces
        self._name = name
        self._read_ahead: deque[memoryview] = deque()
        self._size = 0
        self._left = limit
        self._taken = 0
        self.is_short = False
        self._hash = hashlib.sha256()

    def take(self, size: int) -> memoryview:
        """So many bytes. Raises `BackupDamagedError` if the stream ends before, `BackupLimitError` beyond the limit."""
        while self._size < size:
            if not self._pull():
                raise self._too_short()
        self._size -= size
        first = self._read_ahead[0] if self._read_ahead else memoryview(b"")
        if len(first) > size:
            self._read_ahead[0] = first[size:]
            return first[:size]
        if len(first) == size and size:
            return self._read_ahead.popleft()
        parts = []
        while size:
            part = self._read_ahead.popleft()
            if len(part) > size:
                self._read_ahead.appendleft(part[size:])
                part = part[:size]
            parts.append(part)
            size -= len(part)
        return memoryview(b"".join(parts))

    def block(self) -> bytes:
        return bytes(self.take(tar.BLOCK))

    @property
    def taken(self) -> int:
        """Bytes that came from the stream so far."""
        return self._taken

    def end(self, zeros: int = 0) -> str:
        """Check that zeros are left, in whole blocks and enough of them to end an archive; the SHA-256.

        `zeros` are bytes of the end that were taken already.
        """
        while self._size or self._pull():
            size = min(self._size, BLOCK)
            zeros += size
            if self.take(size) != ZEROS[:size]:
                raise refusal("inner-follows")
        if zeros < len(tar.END) or zeros % tar.BLOCK:
            raise self._too_short()
        return self.digest()

    def rest(self) -> int:
        """Take all that is left; the number of bytes."""
        size = 0
        while self._size or self._pull():
            size += len(self.take(self._size))
        return size

    def digest(self) -> str:
        """The SHA-256, in hex, of all that was taken from the stream."""
        return self._hash.hexdigest()

    def _too_short(self) -> Mgmt1Error:
        self.is_short = True
        return refusal("inner-too-short")

    def _pull(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._left -= len(piece)
        self._taken += len(piece)
        if self._left < 0:
            raise _too_much(self._name)
        self._hash.update(piece)
        self._read_ahead.append(memoryview(piece))
        self._size += len(piece)
        return True


def restore(pieces: Iterator[bytes], name: str, limit: int, opened: Callable[[int], Sink]) -> Content:
    """Read the archive of the file `name` into what `opened` gives for the file's size.

    `limit` is the most bytes of the archive that are taken from `pieces`. The sink's `finish` and `abort` are left to
    the caller. Raises `BackupDamagedError`, `BackupLimitError`, and what `pieces` and the sink raise.
    """
    cursor = Cursor(pieces, name, limit)
    member = _member(cursor, name)
    if member.stored > limit:
        raise _too_much(name)
    sink = opened(member.size)
    for offset, length in member.extents():
        copy(cursor, sink, offset, length)
    cursor.take(tar.padding(member.stored))
    return Content(member.size, member.stored, cursor.end())


def passed_over(pieces: Iterator[bytes], name: str, limit: int) -> Content:
    """Read an archive of any files to its end without unpacking it."""
    cursor = Cursor(pieces, name, limit)
    size = cursor.rest()
    return Content(size, size, cursor.digest())


@dataclass(frozen=True, slots=True)
class VolumeMember:
    """A file of an archive: its bytes with holes and without. `runs` alternates offset and length."""

    size: int
    stored: int
    runs: "array[int]"

    def extents(self) -> Iterator[Extent]:
        return map(Extent, self.runs[::2], self.runs[1::2])


def _member(cursor: Cursor, name: str) -> VolumeMember:
    """The head of the one file in the archive, up to its first byte of data."""
    records: dict[str, str] = {}
    header = tar.parse(cursor.block())
    while header.kind in {tar.PAX, tar.PAX_GLOBAL}:
        if header.size > tar.PAX_LIMIT:
            raise refusal("inner-pax-too-long")
        body = bytes(cursor.take(header.size + tar.padding(header.size)))
        if header.kind == tar.PAX:
            records |= tar.pax_records(body[: header.size])
        header = tar.parse(cursor.block())
    stored = tar.pax_number(records, "size", header.size)
    path = records.get("GNU.sparse.name", records.get("path", header.name))
    if path != name:
        raise refusal("inner-other-file", name)
    if header.kind not in {tar.OLD_SPARSE, tar.REGULAR}:
        raise refusal("inner-no-file", name)
    return member_of(cursor, header, records, stored)


def member_of(cursor: Cursor, header: tar.Header, records: dict[str, str], stored: int) -> VolumeMember:
    """The file behind a header and its pax records, up to its first byte of data. `stored` is the member's size.

    Raises `BackupDamagedError` for a map that cannot be, or a sparse format that is not known.
    """
    if header.kind == tar.OLD_SPARSE:
        return _checked(tar.number(header.block[483:495]), stored, _old_map(cursor, header.block))
    if "GNU.sparse.major" in records:
        if (records["GNU.sparse.major"], records.get("GNU.sparse.minor")) != ("1", "0"):
            raise refusal("inner-sparse")
        runs, used = _map_1_0(cursor, stored)
        return _checked(tar.pax_number(records, "GNU.sparse.realsize", -1), stored - used, runs)
    if "GNU.sparse.map" in records:
        runs = _map_0_1(records["GNU.sparse.map"])
        return _checked(tar.pax_number(records, "GNU.sparse.size", -1), stored, runs)
    if any(key.startswith("GNU.sparse.") for key in records):
        raise refusal("inner-sparse")
    return _checked(stored, stored, array("q", (0, stored)))


def _checked(size: int, stored: int, runs: "array[int]") -> VolumeMember:
    """The runs ascend within the file and are as long as what is stored."""
    end = total = 0
    for offset, length in zip(runs[::2], runs[1::2], strict=True):
        if offset < end:
            raise _broken_map()
        end, total = offset + length, total + length
    if end > size or total != stored or not 0 <= size <= _SIZE_LIMIT:
        raise _broken_map()
    return VolumeMember(size, stored, runs)


def _broken_map() -> Mgmt1Error:
    return refusal("inner-map")


def _number(text: bytes) -> int:
    if not text.isdigit() or len(text) > 18:  # noqa: PLR2004 - below 2^63
        raise _broken_map()
    return int(text)


def _map_0_1(text: str) -> "array[int]":
    """The map that a pax record holds: offsets and lengths with commas between."""
    numbers = array("q", map(_number, text.encode().split(b",")))
    if len(numbers) % 2:
        raise _broken_map()
    return numbers


def _map_1_0(cursor: Cursor, stored: int) -> "tuple[array[int], int]":
    """The map at the beginning of the member, and the bytes it takes."""
    numbers: array[int] = array("q")
    count = -1
    used = 0
    rest = b""
    while len(numbers) != 2 * count:
        if used >= stored:
            raise _broken_map()
        used += tar.BLOCK
        *lines, rest = (rest + cursor.block()).split(b"\n")
        if count < 0 and lines:
            count = _number(lines.pop(0))
        numbers.extend(map(_number, lines))
        if len(numbers) > 2 * count or count > EXTENTS_LIMIT:
            raise _broken_map()
    if rest.strip(b"\0"):
        raise _broken_map()
    return numbers, used


def _old_map(cursor: Cursor, block: bytes) -> "array[int]":
    """The map of GNU tar's own format: four runs in the header, the others in blocks of 21 after it."""
    numbers: array[int] = array("q")
    at, entries, more = _OLD_SPARSE_FIRST
    while True:
        for entry in range(entries):
            fields = block[at + entry * 24 : at + entry * 24 + 24]
            if not fields.strip(b"\0"):
                break
            pair = tar.number(fields[:12]), tar.number(fields[12:])
            if max(pair) > _SIZE_LIMIT or len(numbers) >= 2 * EXTENTS_LIMIT:
                raise _broken_map()
            numbers.extend(pair)
        if not block[more]:
            return numbers
        block = cursor.block()
        at, entries, more = _OLD_SPARSE_MORE


def copy(cursor: Cursor, sink: Sink, offset: int, length: int) -> None:
    """Write a run of data, written in parts aligned to `BLOCK`; zeros in it become holes."""
    end = offset + length
    while offset < end:
        part = cursor.take(min(BLOCK - offset % BLOCK, end - offset))
        start = at = 0
        while at < len(part):
            step = min(_GRAIN - (offset + at) % _GRAIN, len(part) - at)
            # Views are compared byte by byte, so only what begins with a zero is looked at as bytes.
            if not part[at] and part[at : at + step].tobytes() == ZEROS[:step]:
                if at > start:
                    sink.write(offset + start, part[start:at])
                start = at + step
            at += step
        if at > start:
            sink.write(offset + start, part[start:at])
        offset += len(part)
