# SPDX-License-Identifier: GPL-3.0-or-later
"""Unpacking dom0's home: an archive of many files, each entry checked before anything of it is made.

Read are the forms of GNU tar (long names, sparse files) and pax. An archive is refused if an entry has a path outside
of the home, with `..` or twice, or lies below anything that the archive did not make a folder; so nothing is made
through a link. Devices and pipes are left out and named.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from qubesmanager.backup.archive import tar, volume_tar
from qubesmanager.backup.archive.compression import BLOCK
from qubesmanager.backup.archive.home import DEPTH_LIMIT, ENTRIES_LIMIT, NAMES_LIMIT, PATH_LIMIT, Named, shown_path
from qubesmanager.backup.archive.volume_tar import Content, Cursor
from qubesmanager.backup.errors import BackupDamagedError
from qubesmanager.host.sparse_file import Sink
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import reason_of, refusal

_NAME_LIMIT = 255
_MODE = 0o777
"""The set-uid, set-gid and sticky bits are never restored."""
_CONTIGUOUS = b"7"
_FILES = frozenset({tar.REGULAR, tar.OLD_SPARSE, _CONTIGUOUS})
_LEFT_OUT = frozenset({b"3", b"4", b"6"})
_SECONDS = re.compile(r"([0-9]{1,11})(\.[0-9]*)?", re.ASCII)


class Attributes(NamedTuple):
    """`mode` has the bits of rwx alone; `mtime` is in unix seconds."""

    mode: int
    mtime: int


class Tree(Protocol):
    """The destination of a home. Paths are relative, without `.` and `..`; the home itself is empty, and comes first.

    A folder comes before what is in it, a file before its hard links, and nothing twice. Used by one thread at a time.
    An `OSError` or a `Mgmt1Error` fails the home and no qube.
    """

    def folder(self, path: bytes, attributes: Attributes, /) -> object: ...

    def file(self, path: bytes, attributes: Attributes, size: int, /) -> Sink:
        """A new file of zeros; `finish` is called once it is filled, `abort` if it is to be removed instead."""
        ...

    def link(self, path: bytes, attributes: Attributes, target: bytes, /) -> object:
        """The target may be anything, and is not followed."""
        ...

    def hard_link(self, path: bytes, file: bytes, /) -> object: ...

    def finish(self) -> object:
        """All entries were made. The home may be used only once the report of the restore is good."""
        ...

    def abort(self) -> object:
        """The home is not to be kept: remove it. Once, in place of `finish` or after it."""
        ...


class NoTree:
    """A home that is read and not written."""

    def folder(self, path: bytes, attributes: Attributes, /) -> None: ...

    def file(self, _path: bytes, _attributes: Attributes, _size: int, /) -> "NoTree":
        return self

    def link(self, path: bytes, attributes: Attributes, target: bytes, /) -> None: ...

    def hard_link(self, path: bytes, file: bytes, /) -> None: ...

    def write(self, offset: int, data: memoryview, /) -> None: ...

    def finish(self) -> None: ...

    def abort(self) -> None: ...


def unpack(pieces: Iterator[bytes], name: str, limit: int, tree: Tree, lost: list[Reason]) -> Content:
    """Read the archive of the folder `name`, `dom0-home/USER`, into the tree; `lost` gets what is left out.

    `limit` is the most bytes that are taken from `pieces`. The tree's `finish` and `abort` are left to the caller.
    Raises `BackupDamagedError`, `BackupLimitError`, and what `pieces` and the tree raise.
    """
    unpacking = _Unpacking(Cursor(pieces, name, limit), name, tree)
    content = unpacking.all()
    lost += unpacking.left_out.left_out()
    return content


def salvage(pieces: Iterator[bytes], name: str, limit: int, tree: Tree, lost: list[Reason]) -> "Content | Part":
    """As `unpack`, but what comes before damage stays in the tree.

    Damage is that `pieces` raises `BackupDamagedError` or ends early. Any other fault of the archive is raised, because
    its writer sealed it like that. Damage before the first folder is an error too.
    """
    source = _Source(pieces)
    cursor = Cursor(source, name, limit)
    unpacking = _Unpacking(cursor, name, tree)
    try:
        return unpacking.all()
    except BackupDamagedError as error:
        if not unpacking.folders or not (cursor.is_short or source.error is error):
            raise
        return Part(reason_of(error), unpacking.count, shown_path(unpacking.last))
    finally:
        lost += unpacking.left_out.left_out()


class Part(NamedTuple):
    """The first `entries` of an archive, up to the path `last`, and why the rest cannot be read."""

    reason: Reason
    entries: int
    last: str


class _Source:
    """The pieces, and the error that they were broken off with."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.error: BackupDamagedError | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BackupDamagedError as error:
            self.error = error
            raise


class _Entry(NamedTuple):
    """`size` is of what follows in the archive."""

    path: bytes
    link: bytes
    size: int
    header: tar.Header
    records: dict[str, str]


class _Unpacking:
    """The progress of unpacking: `count` entries were made, the last at the path `last`."""

    def __init__(self, cursor: Cursor, name: str, tree: Tree) -> None:
        self._cursor = cursor
        self._top = name.encode()
        self._tree = tree
        self.folders: set[bytes] = set()
        self._files: set[bytes] = set()
        self._others: set[bytes] = set()
        self._names = 0
        self.left_out = Named()
        self.count = 0
        self.last = b""

    def all(self) -> Content:
        while (entry := _next(self._cursor)) is not None:
            self.take(entry)
        if not self.folders:
            raise refusal("home-no-top", self._top.decode())
        digest = self._cursor.end(tar.BLOCK)
        return Content(self._cursor.taken, self._cursor.taken, digest)

    def take(self, entry: _Entry) -> None:
        path = self._checked(entry.path)
        self._take(path, entry)
        self.last = path
        self.count += 1

    def _take(self, path: bytes, entry: _Entry) -> None:
        kind = entry.header.kind
        if kind in _LEFT_OUT:
            self.left_out.add(path, tar.KINDS[kind])
            self._skip(entry.size)
            return
        self._check_new(path, kind)
        attributes = _attributes(entry)
        if kind in _FILES:
            self._file(path, attributes, entry)
            return
        if kind == tar.FOLDER:
            self.folders.add(path)
            self._tree.folder(path, attributes)
        elif kind == tar.LINK:
            self._link(path, attributes, entry.link)
        elif kind == tar.HARD_LINK:
            self._hard_link(path, entry.link)
        else:
            raise refusal("home-unknown-kind", shown_path(path))
        self._skip(entry.size)

    def _checked(self, untrusted: bytes) -> bytes:
        """The path below the home."""
        text = untrusted.removesuffix(b"/")
        if text != self._top and not text.startswith(self._top + b"/"):
            raise refusal("home-outside", shown_path(untrusted))
        path = text[len(self._top) + 1 :]
        names = path.split(b"/") if path else []
        if any(not name or name in {b".", b".."} or b"\0" in name for name in names):
            raise refusal("home-bad-path", shown_path(untrusted))
        if len(path) > PATH_LIMIT or len(names) > DEPTH_LIMIT + 1 or any(len(name) > _NAME_LIMIT for name in names):
            raise refusal("home-path-too-long")
        return path

    def _check_new(self, path: bytes, kind: bytes) -> None:
        if path in self.folders or path in self._files or path in self._others:
            raise refusal("home-twice", shown_path(path))
        if not path:
            if kind != tar.FOLDER:
                raise refusal("home-not-a-folder")
        elif path.rpartition(b"/")[0] not in self.folders:
            raise refusal("home-no-parent", shown_path(path))
        self._names += len(path)
        count = len(self.folders) + len(self._files) + len(self._others)
        if count >= ENTRIES_LIMIT or self._names > NAMES_LIMIT:
            raise refusal("home-too-many-files", ENTRIES_LIMIT)

    def _file(self, path: bytes, attributes: Attributes, entry: _Entry) -> None:
        member = volume_tar.member_of(self._cursor, entry.header, entry.records, entry.size)
        self._files.add(path)
        sink = self._tree.file(path, attributes, member.size)
        try:
            for offset, length in member.extents():
                volume_tar.copy(self._cursor, sink, offset, length)
            self._cursor.take(tar.padding(member.stored))
        except BaseException:
            sink.abort()
            raise
        sink.finish()

    def _link(self, path: bytes, attributes: Attributes, target: bytes) -> None:
        self._others.add(path)
        if not target or b"\0" in target or len(target) > PATH_LIMIT:
            self.left_out.add(path, Reason("path-no-target"))
            return
        self._tree.link(path, attributes, target)

    def _hard_link(self, path: bytes, untrusted_target: bytes) -> None:
        target = self._checked(untrusted_target)
        self._others.add(path)
        if target in self._files:
            self._tree.hard_link(path, target)
        else:
            self.left_out.add(path, Reason("path-hard-link-out"))

    def _skip(self, size: int) -> None:
        left = size + tar.padding(size)
        while left:
            left -= len(self._cursor.take(min(left, BLOCK)))


def _next(cursor: Cursor) -> _Entry | None:
    """The next entry with what the headers before it say of it; None at the end of the archive."""
    records: dict[str, str] = {}
    long_name = long_link = b""
    while True:
        block = cursor.block()
        if block == tar.ZERO_BLOCK:
            return None
        header = tar.parse(block)
        if header.kind not in {tar.PAX, tar.PAX_GLOBAL, tar.LONG_NAME, tar.LONG_LINK}:
            break
        if header.size > tar.PAX_LIMIT:
            raise refusal("home-header-too-long")
        body = bytes(cursor.take(header.size + tar.padding(header.size)))[: header.size]
        if header.kind == tar.PAX:
            records |= tar.pax_records(body, "surrogateescape")
        elif header.kind == tar.LONG_NAME:
            long_name = body.split(b"\0", 1)[0]
        elif header.kind == tar.LONG_LINK:
            long_link = body.split(b"\0", 1)[0]
    path = _bytes(records, "GNU.sparse.name") or _bytes(records, "path") or long_name or tar.raw_name(block)
    link = _bytes(records, "linkpath") or long_link or tar.raw_link(block)
    size = tar.pax_number(records, "size", header.size)
    return _Entry(path, link, size, header, records)


def _bytes(records: dict[str, str], key: str) -> bytes:
    return records.get(key, "").encode("utf-8", "surrogateescape")


def _attributes(entry: _Entry) -> Attributes:
    """A time or a mode that makes no sense is 0, or private."""
    seconds = _SECONDS.fullmatch(entry.records.get("mtime", ""))
    try:
        mtime = int(seconds[1]) if seconds else tar.number(entry.header.block[136:148])
    except BackupDamagedError:
        mtime = 0
    try:
        mode = tar.number(entry.header.block[100:108])
    except BackupDamagedError:
        mode = 0o600
    return Attributes(mode & _MODE, min(mtime, 10**11))
