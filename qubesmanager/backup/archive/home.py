# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading dom0's home for a backup: a folder that may change meanwhile, as one archive.

The archive is the one that Qubes' own tool writes: `dom0-home/USER/`, then what is in it, below that name. It holds
files (without their holes), folders, links and hard links, with modes and times of change. Sockets, pipes, devices and
other file systems are left out. Nothing is reached through a link. Source: backup format v4 of Qubes OS.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from qubesmanager.backup.archive import tar, volume_tar
from qubesmanager.backup.archive.compression import BLOCK
from qubesmanager.backup.archive.streams import check
from qubesmanager.backup.errors import BackupError
from qubesmanager.host.below import Below
from qubesmanager.host.sparse_file import Extent, FileSource
from qubesmanager.wire import limits
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import listed, reason_of, refusal, text

HOME = "dom0-home"
"""The folder of dom0's home in a backup."""
ENTRIES_LIMIT = limits.BACKUP_HOME_ENTRIES
"""The most files, folders and links of a home."""
NAMES_LIMIT = limits.BACKUP_HOME_NAME_BYTES
"""The most bytes of all their paths."""
PATH_LIMIT = limits.BACKUP_HOME_PATH_BYTES
DEPTH_LIMIT = limits.BACKUP_HOME_FOLDERS
"""The longest path in the home, in bytes, and the most folders above an entry."""
NAMED = 20
"""The most paths that a reason contains."""

_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_USUAL_NAME = "user"
_RUNS_LIMIT = 1 << 16
_SPARSE = 64 << 10
"""Bytes from which it is worth to look for holes."""
_SPARSE_NAME = f"{HOME}/GNUSparseFile.0".encode()
"""In the header of a file with holes, whose true name is in a record."""
_STEP = 256 << 10
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FRAME = 64 << 10


@dataclass(frozen=True, slots=True)
class _Entry:
    """`path` is below the home, empty for itself; `holes`: the file is written without its holes.

    `room`: the most bytes after the header, a sparse file's map included; of a link the bytes of its target.
    """

    path: bytes
    kind: bytes
    room: int
    holes: bool = False


class Named:
    """Paths for a reason: the first ones, why each is in the list, and how many more there are."""

    def __init__(self) -> None:
        self._names: list[Field] = []
        self._count = 0

    def add(self, path: bytes, why: Field = "") -> None:
        self._count += 1
        if len(self._names) < NAMED:
            name = shown_path(path)
            self._names.append(Reason("path-why", name, why) if why else name)

    def listed(self) -> Field:
        """The paths as a field of a reason; empty if there are none."""
        return listed(self._names, self._count - len(self._names))

    def left_out(self) -> tuple[Reason, ...]:
        """The reason that these paths are left out of dom0's home, if there is any path."""
        paths = self.listed()
        return (Reason("home-left-out", paths),) if paths else ()


def shown_path(untrusted: bytes) -> str:
    """A path in the home for a message; the home itself is `.`."""
    return shown(untrusted.decode("utf-8", "backslashreplace") or ".")


class _LeftOutError(OSError):
    """An entry changed so that it is left out; `why` is the reason."""

    def __init__(self, number: int, why: Reason) -> None:
        super().__init__(number, text(why))
        self.why = why


class Home:
    """A home and what was in it when it was scanned. Only that is written, and no more of each file than it had then.

    `size` is the most bytes of its archive, `files` the number of files. `problem` is why it cannot be read, or None.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.size = _FRAME
        self.files = 0
        self.problem: Reason | None = None
        self._identity = (0, 0)
        self._entries: list[_Entry] = []
        self._names = 0
        self._left_out = Named()
        self._changed = Named()
        self._links: dict[tuple[int, int], bytes] = {}
        self._missing: set[bytes] = set()

    @property
    def lost(self) -> tuple[Reason, ...]:
        """What was left out, and what changed while it was read."""
        changed = self._changed.listed()
        return (*self._left_out.left_out(), *((Reason("home-changed", changed),) if changed else ()))

    # -- entries -----

    def scan(self, cancelled: Event) -> None:
        """Raises `OSError`, `BackupError` for more than a backup takes, `BackupCancelledError`."""
        root = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with closing(Below(root)) as below:
            status = os.fstat(root)
            self._identity = status.st_dev, status.st_ino
            folders = [b""]
            while folders:
                check(cancelled)
                folder = folders.pop()
                # The content of a folder follows it at once: GNU tar sets the time of a folder at the next other entry.
                self._add(_Entry(folder, tar.FOLDER, 0))
                try:
                    names = self._scan_folder(below, folder)
                except OSError as error:
                    self._left_out.add(folder, _why(error))
                else:
                    folders += reversed(names)

    def _scan_folder(self, below: Below, folder: bytes) -> list[bytes]:
        """Add the entries of the folder; the folders in it, which are still to be scanned."""
        fd = below.folder(folder)
        if os.fstat(fd).st_dev != self._identity[0]:
            self._left_out.add(folder, Reason("path-other-disk"))
            return []
        names: list[bytes] = []
        for name in sorted(map(os.fsencode, os.listdir(fd))):  # noqa: PTH208 - by descriptor
            path = folder + b"/" + name if folder else name
            if len(path) > PATH_LIMIT or path.count(b"/") > DEPTH_LIMIT:
                self._left_out.add(path[:PATH_LIMIT], Reason("path-too-long"))
                continue
            try:
                self._scan_entry(fd, name, path, names)
            except OSError as error:
                self._left_out.add(path, _why(error))
        return names

    def _scan_entry(self, fd: int, name: bytes, path: bytes, folders: list[bytes]) -> None:
        status = os.stat(name, dir_fd=fd, follow_symlinks=False)
        match stat.S_IFMT(status.st_mode):
            case stat.S_IFDIR:
                folders.append(path)
            case stat.S_IFLNK:
                self._add(_Entry(path, tar.LINK, len(os.readlink(name, dir_fd=fd))))
            case stat.S_IFREG:
                self.files += 1
                holes = status.st_size > _SPARSE and status.st_blocks * 512 < status.st_size
                self._add(_Entry(path, tar.REGULAR, _room_of(fd, name) if holes else status.st_size, holes))
            case _:
                self._left_out.add(path, Reason("path-other-kind"))

    def _add(self, entry: _Entry) -> None:
        self._entries.append(entry)
        self._names += len(entry.path)
        if len(self._entries) > ENTRIES_LIMIT or self._names > NAMES_LIMIT:
            raise refusal("home-too-many", self.folder, ENTRIES_LIMIT)
        self.size += self._most(entry)

    def _most(self, entry: _Entry) -> int:
        """The most bytes of the entry in the archive."""
        is_link = entry.kind == tar.LINK
        # Two headers, and the pax records: the name twice, the target of a link, and what is around them.
        records = 2 * (len(entry.path) + len(self.name) + 80) + (entry.room if is_link else 0) + 320
        return 2 * tar.BLOCK + _whole(records) + (0 if is_link else _whole(entry.room))

    # -- the archive

    def archive(self, cancelled: Event) -> Iterator[bytes]:
        """The archive in pieces of `BLOCK` bytes. Once, after `scan`. Raises `OSError` if the home itself is gone."""
        content = bytearray()
        for piece in self._pieces(cancelled):
            content += piece
            while len(content) >= BLOCK:
                yield bytes(content[:BLOCK])
                del content[:BLOCK]
        yield bytes(content)

    def _pieces(self, cancelled: Event) -> Iterator[bytes]:
        root = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with closing(Below(root)) as below:
            status = os.fstat(root)
            if (status.st_dev, status.st_ino) != self._identity:
                raise _LeftOutError(errno.ESTALE, Reason("home-replaced"))
            for entry in self._entries:
                check(cancelled)
                if entry.path and _parent(entry.path) in self._missing:
                    self._miss(entry, Reason("path-folder-gone"))
                    continue
                try:
                    yield from self._member(below, entry)
                except OSError as error:
                    self._miss(entry, _why(error))
            yield tar.END

    def _miss(self, entry: _Entry, why: Field) -> None:
        if entry.kind == tar.FOLDER:
            self._missing.add(entry.path)
        self._left_out.add(entry.path, why)

    def _member(self, below: Below, entry: _Entry) -> Iterator[bytes]:
        """Header and content of an entry. Raises `OSError` before the first byte of them only."""
        fd = below.folder(_parent(entry.path))
        name = entry.path.rpartition(b"/")[2] or b"."
        if entry.kind == tar.REGULAR:
            with closing(_Reading(os.open(name, _OPEN, dir_fd=fd))) as file:
                yield from self._file(entry, file)
            return
        status = os.stat(name, dir_fd=fd, follow_symlinks=False)
        if entry.kind == tar.FOLDER:
            if not stat.S_ISDIR(status.st_mode):
                raise _other_kind()
            yield self._header(entry, status, 0)
            return
        target = os.readlink(name, dir_fd=fd)
        if len(target) > entry.room:
            raise _LeftOutError(errno.EBUSY, Reason("path-changed"))
        yield self._header(entry, status, 0, target)

    def _file(self, entry: _Entry, file: "_Reading") -> Iterator[bytes]:
        status = file.status
        if not stat.S_ISREG(status.st_mode):
            raise _other_kind()
        identity = status.st_dev, status.st_ino
        if status.st_nlink > 1 and identity in self._links:
            header = self._header(entry, status, 0, self._links[identity], tar.HARD_LINK)
            if len(header) <= self._most(entry):
                yield header
                return
        if entry.holes:
            runs = volume_tar.runs_of(FileSource(file.fd), _RUNS_LIMIT)
            table = volume_tar.sparse_map(status.st_size, runs)
            stored = len(table) + sum(run.length for run in runs)
            if stored > entry.room:
                raise _LeftOutError(errno.EFBIG, Reason("path-grew"))
            shown_name = self._path(entry).decode("utf-8", "surrogateescape")
            records = volume_tar.sparse_records(shown_name, status.st_size)
            mode, mtime = status.st_mode, int(status.st_mtime)
            yield tar.entry(_SPARSE_NAME, tar.REGULAR, size=stored, mode=mode, mtime=mtime, more=records)
            yield table
        else:
            stored = min(status.st_size, entry.room)
            runs = [Extent(0, stored)]
            yield self._header(entry, status, stored)
        if status.st_nlink > 1:
            self._links[identity] = self._path(entry)
        for run in runs:
            yield from file.run(run)
        yield bytes(tar.padding(stored))
        if file.is_changed or (not entry.holes and status.st_size > stored):
            self._changed.add(entry.path)

    def _header(self, entry: _Entry, status: os.stat_result, size: int, link: bytes = b"", kind: bytes = b"") -> bytes:
        name = self._path(entry) + (b"/" if entry.kind == tar.FOLDER else b"")
        mode, mtime = status.st_mode, int(status.st_mtime)
        return tar.entry(name, kind or entry.kind, size=size, mode=mode, mtime=mtime, link=link)

    def _path(self, entry: _Entry) -> bytes:
        top = f"{HOME}/{self.name}".encode()
        return top + b"/" + entry.path if entry.path else top


class _Reading:
    """A file that may change while it is read: what cannot be read becomes zeros, and is noted."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.status = os.fstat(fd)
        self._is_short = False

    @property
    def is_changed(self) -> bool:
        now = os.fstat(self.fd)
        return self._is_short or (now.st_mtime_ns, now.st_size) != (self.status.st_mtime_ns, self.status.st_size)

    def run(self, run: Extent) -> Iterator[bytes]:
        done = 0
        while done < run.length:
            step = min(_STEP, run.length - done)
            try:
                data = os.pread(self.fd, step, run.offset + done)
            except OSError:
                data = b""
            if not data:
                self._is_short = True
                data = bytes(step)
            done += len(data)
            yield data

    def close(self) -> None:
        os.close(self.fd)


def scanned(folder: Path, cancelled: Event) -> Home:
    """The home at that path; one with a `problem` if it cannot be read. Raises `BackupCancelledError`."""
    name = folder.name if _USER.fullmatch(folder.name) else _USUAL_NAME
    home = Home(folder, name)
    try:
        home.scan(cancelled)
    except OSError as error:
        home.problem = Reason("home-not-read", folder, error.strerror or str(error))
    except BackupError as error:
        home.problem = reason_of(error)
    return home


def _room_of(folder: int, name: bytes) -> int:
    """The bytes of a file with holes in the archive: its map and its data."""
    fd = os.open(name, _OPEN, dir_fd=folder)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise _other_kind()
        source = FileSource(fd)
        runs = volume_tar.runs_of(source, _RUNS_LIMIT)
        return len(volume_tar.sparse_map(source.size, runs)) + sum(run.length for run in runs)
    finally:
        os.close(fd)


def _parent(path: bytes) -> bytes:
    return path.rpartition(b"/")[0]


def _whole(size: int) -> int:
    return size + tar.padding(size)


def _other_kind() -> OSError:
    return _LeftOutError(errno.EINVAL, Reason("path-kind-changed"))


def _why(error: OSError) -> Field:
    return error.why if isinstance(error, _LeftOutError) else error.strerror or str(error)
