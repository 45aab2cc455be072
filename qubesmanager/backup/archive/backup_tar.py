# SPDX-License-Identifier: GPL-3.0-or-later
"""The outer archive: one plain tar is written; one or several after each other are read, as a stream, in one pass.

Nothing of it is authenticated, so a reader believes nothing but what the sealed chunks inside prove. It takes regular
members of a known name, reports anything else as `Damage` and goes on: after a broken header it looks for the next good
one, so that what follows is not lost with it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from qubesmanager.backup.archive import tar
from qubesmanager.backup.errors import BackupDamagedError
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import reason_of, refusal

HEADER = "backup-header"
HEADER_MAC = "backup-header.hmac"
CHUNK_LIMIT = 512 << 20
"""The most bytes of one member that are read."""
STEP = 1 << 20

_CHUNK = re.compile(
    r"(?P<folder>vm[0-9]{1,9}|dom0-home|)/?(?P<file>[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})\.(?P<index>[0-9]{3,9})\.enc",
    re.ASCII,
)
_TOP_FILES = {"qubes.xml", "dom0-config", "manifest"}


@dataclass(frozen=True, slots=True)
class ChunkName:
    """The file and the number of a chunk; `folder` is empty for qubes.xml and the manifest."""

    folder: str
    file: str
    index: int

    @property
    def path(self) -> str:
        """The file's name in the backup, `vm1/private.img`."""
        return f"{self.folder}/{self.file}" if self.folder else self.file

    def __str__(self) -> str:
        return f"{self.path}.{self.index:03}.enc"


def chunk_name(untrusted: str) -> ChunkName | None:
    """The chunk of that name in its one spelling; None for any other name."""
    match = _CHUNK.fullmatch(untrusted)
    if match is None:
        return None
    name = ChunkName(match["folder"], match["file"], int(match["index"]))
    known = bool(name.folder) != (name.file in _TOP_FILES)
    return name if known and str(name) == untrusted else None


class Input(Protocol):
    """A stream to read from. `read` gives at most `size` bytes, at least one, and none at the end."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Member:
    """A regular member of a known name. `is_ours`: its header is byte for byte as this program writes it."""

    name: str
    chunk: ChunkName | None
    size: int
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Damage:
    """A fault of the archive, or something that does not belong in a backup; the stream goes on after it.

    `folder` is the qube's folder that the member claims to belong to, or empty.
    """

    reason: Reason
    folder: str = ""


class Reader:
    """The members of an outer archive, in their order. The body of one is read before the next is asked for."""

    def __init__(self, source: Input) -> None:
        self._source = source
        self._left = 0
        self._padding = 0
        self._cut = False
        self.zero_blocks = 0
        """Blocks of zeros since the last member: an archive of ours ends in two."""

    def __iter__(self) -> Iterator[Member | Damage]:
        """Ends with the stream. A `BackupDamagedError` never leaves it."""
        size: int | None = None
        seeking = False
        while True:
            yield from self._end_of_body()
            block = self._exactly(tar.BLOCK)
            if len(block) < tar.BLOCK:
                if block or self._cut:
                    yield Damage(Reason("backup-cut-off"))
                return
            if block == tar.ZERO_BLOCK:
                self.zero_blocks += 1
                continue
            if seeking and not tar.is_header(block):
                continue
            header = self._header(block)
            if isinstance(header, Damage):
                if not seeking:
                    yield header
                seeking = True
                continue
            if seeking and not is_known(header.name):
                continue
            seeking = False
            self.zero_blocks = 0
            if header.kind in {tar.PAX, tar.PAX_GLOBAL}:
                try:
                    true_size = self._pax_size(header)
                except BackupDamagedError as error:
                    yield Damage(reason_of(error))
                    seeking = True
                    continue
                size = true_size if header.kind == tar.PAX else size
                continue
            self._left = header.size if size is None else size
            self._padding = tar.padding(self._left)
            is_ours, size = header.is_ours and size is None, None
            yield self._member(header, is_ours=is_ours)

    def body(self) -> Iterator[bytes]:
        """The rest of the current member in pieces; fewer bytes than its size only if the stream ends."""
        while self._left and not self._cut:
            yield self.take(min(STEP, self._left))

    def take(self, size: int) -> bytes:
        """The next `size` bytes of the current member; fewer if the member or the stream ends before."""
        step = min(size, self._left)
        data = self._exactly(step)
        self._left -= len(data)
        if len(data) < step:
            self._cut, self._left, self._padding = True, 0, 0
        return data

    def _end_of_body(self) -> Iterator[Damage]:
        for _ in self.body():
            pass
        padding = self._exactly(self._padding)
        self._cut = self._cut or len(padding) < self._padding
        self._padding = 0
        if padding.strip(b"\0"):
            yield Damage(Reason("backup-padding"))

    def _header(self, block: bytes) -> tar.Header | Damage:
        try:
            return tar.parse(block)
        except BackupDamagedError as error:
            return Damage(reason_of(error))

    def _pax_size(self, header: tar.Header) -> int | None:
        """The size that a pax header gives the member after it; a record that changes more than that is refused."""
        if header.size > tar.PAX_LIMIT:
            raise refusal("tar-pax-too-long")
        body = self._exactly(header.size + tar.padding(header.size))
        records = tar.pax_records(body[: header.size])
        if any(key in {"path", "linkpath"} or key.startswith("GNU.") for key in records):
            raise refusal("tar-pax-renames")
        return tar.pax_number(records, "size", -1) if "size" in records else None

    def _member(self, header: tar.Header, *, is_ours: bool) -> Member | Damage:
        folder = header.name.partition("/")[0]
        if header.kind != tar.REGULAR:
            kind = tar.KINDS.get(header.kind) or Reason("tar-unknown")
            if header.kind in tar.KINDS:
                self._left = self._padding = 0
            return Damage(Reason("backup-no-file", kind, shown(header.name)), folder)
        if not is_known(header.name):
            return Damage(Reason("backup-foreign", shown(header.name)), folder)
        if self._left > CHUNK_LIMIT:
            return Damage(Reason("backup-member-too-large", header.name, CHUNK_LIMIT >> 20), folder)
        return Member(header.name, chunk_name(header.name), self._left, is_ours)

    def _exactly(self, size: int) -> bytes:
        """So many bytes, fewer only at the end of the stream."""
        data = self._source.read(size) if size else b""
        if len(data) == size or not data:
            return data
        parts, length = [data], len(data)
        while length < size and (data := self._source.read(size - length)):
            parts.append(data)
            length += len(data)
        return b"".join(parts)


def is_known(name: str) -> bool:
    """Whether a backup may hold a member of that name."""
    return name in {HEADER, HEADER_MAC} or chunk_name(name) is not None


class Writer:
    """One plain archive. `put` takes all bytes it is given, or raises.

    A member's size comes before its bytes. With `patch` (offset, bytes), which writes over what was put, a member is
    written as it comes and its header is filled in at its end; without, it is held until then.
    """

    def __init__(
        self, put: Callable[[bytes], None], mtime: int, patch: Callable[[int, bytes], None] | None = None
    ) -> None:
        self._put = put
        self._patch = patch
        self._mtime = mtime
        self._at = 0
        self._name = ""
        self._size = 0
        self._blocks: list[bytes] = []

    def begin(self, name: str) -> None:
        self._name, self._size = name, 0
        if self._patch is not None:
            self._out(tar.ZERO_BLOCK)

    def append(self, data: bytes) -> None:
        self._size += len(data)
        if self._patch is not None:
            self._out(data)
        else:
            self._blocks.append(data)

    def finish(self) -> None:
        """Complete the member: write its header, the bytes that were kept back, and its padding."""
        header = tar.header(self._name, self._size, self._mtime)
        if self._patch is not None:
            self._patch(self._at - self._size - tar.BLOCK, header)
        else:
            self._out(header)
            self._blocks.reverse()
            while self._blocks:
                self._out(self._blocks.pop())
        self._out(bytes(tar.padding(self._size)))

    def add(self, name: str, body: bytes) -> None:
        """Write a small member."""
        self.begin(name)
        self.append(body)
        self.finish()

    def end(self) -> None:
        self._out(tar.END)

    def _out(self, data: bytes) -> None:
        self._put(data)
        self._at += len(data)
