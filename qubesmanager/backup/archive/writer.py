# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing a backup: one pass over the volumes, one stream out, no copies on disk, memory bounded whatever the size.

The caller's thread reads blocks of the volumes and hashes them, a pool compresses them, one thread seals the results in
their order and writes each piece out when it is full; keys are derived ahead in a separate pool of threads.
"""

import hashlib
import os
import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event
from typing import Protocol, Self

from qubesmanager.backup.archive import backup_tar, dom0_config, header, manifest, scrypt_container, volume_tar
from qubesmanager.backup.archive.backup_tar import ChunkName
from qubesmanager.backup.archive.compression import Compression, compress, require
from qubesmanager.backup.archive.contents import Contents, Qube, summary_of, to_xml
from qubesmanager.backup.archive.dom0_config import CONFIG, Dom0Config
from qubesmanager.backup.archive.home import HOME, Home
from qubesmanager.backup.archive.manifest import FileEntry, Manifest, QubeEntry
from qubesmanager.backup.archive.qube_files import FIREWALL, NOTES, firewall_xml
from qubesmanager.backup.archive.report import QubeResult, Report
from qubesmanager.backup.archive.scrypt_container import LEVELS, Keys, Params, Sealer
from qubesmanager.backup.archive.streams import FdOutput, awaited, check
from qubesmanager.host.sparse_file import Extent, Source
from qubesmanager.host.workers import Workers
from qubesmanager.wire.errors import BackupCancelledError, Mgmt1Error
from qubesmanager.wire.firewall import Rule
from qubesmanager.wire.names import DOM0, VOLUME_NAME
from qubesmanager.wire.names import check as check_name
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import cause, text

FILE_PIECE = 258 << 20
"""Bytes of compressed data in one chunk, where a chunk can go out as it comes.

A little more than 256 MiB, so that a volume of whole GiB that cannot be compressed does not end in a chunk of a few
bytes with its own key.
"""
PIPE_PIECE = 128 << 20
"""The same where a chunk must be held until its size is known, and where keys are cheap, since a reader has to take a
chunk in whole before it begins."""
CHEAP = 16 << 20
"""Bytes that the derivation of a cheap key takes: N = 2^14."""
XML = ChunkName("", "qubes.xml", 0)

_WORKERS = min(os.cpu_count() or 1, 16)
_PENDING = 2 * _WORKERS + 4
"""Blocks on their way between reading and sealing."""
_FRAME = 16 << 10
"""Bytes of an inner archive that are neither data nor a line of the map, at most."""

Progress = Callable[[str, int, int], object]
"""Called with a qube's name, the bytes read of it and the bytes it has; in the caller's thread."""


class Target(Protocol):
    """The destination of the backup: takes all it is given, or raises."""

    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True)
class QubeData:
    """A qube to be backed up. `volumes` by name (`private`, `root`); no firewall and empty notes are left out.

    The writer fills in `qube.path` and `qube.size`. With a `problem` only the settings are written, and the qube has
    failed for this reason.
    """

    qube: Qube
    volumes: Mapping[str, Source] = field(default_factory=dict)
    firewall: tuple[Rule, ...] | None = None
    notes: str = ""
    problem: Reason | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How a backup is written. `profile` and `previous` (a backup's id) only go into the manifest.

    `piece` is the most bytes of compressed data in one chunk; 0 for what suits the target and the keys.
    """

    params: Params = LEVELS["standard"]
    compression: Compression = Compression.GZIP
    profile: str = ""
    previous: str = ""
    piece: int = 0


def measured(data: QubeData) -> int:
    """The most bytes that the qube's files come to before compression, holes not counted: its `backup-size`."""
    return _planned(data, 1).qube.size


def new_backup_id(created: int) -> str:
    """An id for a backup made at that unix time."""
    number = random.SystemRandom().randrange(1, 10**8)
    return f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime(created))}-{number}"


def write(
    target: Target,
    passphrase: str,
    system: Contents,
    qubes: Sequence[QubeData],
    options: Options | None = None,
    *,
    created: int | None = None,
    progress: Progress | None = None,
    cancelled: Event | None = None,
    config: Dom0Config | None = None,
    home: Home | None = None,
) -> Report:
    """Write the whole backup to `target`.

    Blocks; its threads have ended when it returns, but for a key derivation after a cancel.
    `system` holds the labels, the system's properties and dom0 as its only qube; `config` is dom0's own configuration,
    `home` its home, which becomes the first qube of the backup, with what was left out of it as `lost` in the report.
    A volume that cannot be read fails its qube in the manifest and in the report, and the others continue;
    the backup is complete only if `report.ok`.
    Raises `BackupCancelledError`, `QubesValueError` for what a backup cannot hold, and what `target` raises.
    """
    made = int(time.time()) if created is None else created
    planned = [_planned(data, number) for number, data in enumerate(qubes, 1)]
    stop = cancelled or Event()
    if home is not None:
        (dom0,) = system.qubes
        system = replace(system, qubes=())
        planned.insert(0, _planned_home(dom0, home, stop))
    files = [] if config is None else [_small_file(ChunkName("", CONFIG, 0), dom0_config.to_json(config))]
    with _Writer(target, passphrase, options or Options(), made, stop) as writer:
        return writer.write(system, files, planned, progress or (lambda _name, _done, _total: None))


# -- what is to be written ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    """One file: its bytes with holes and without, its name in the backup, and a function that makes its archive.

    `is_tree`: the archive holds many files; then both sizes are the most that it may have.
    """

    name: ChunkName
    size: int
    stored: int
    archive: Callable[[int], Iterator[bytes]]
    is_tree: bool = False


@dataclass(frozen=True, slots=True)
class _Plan:
    """A qube with its folder in the backup; `problem` is why its files are left out, or None.

    `lost` gives what could not be read, once the files are written.
    """

    qube: Qube
    files: tuple[_File, ...]
    problem: Reason | None = None
    lost: Callable[[], tuple[Reason, ...]] = tuple

    @property
    def folder(self) -> str:
        """The folder of its files in the backup; the path of dom0 also has the name of a user."""
        return HOME if self.qube.name == DOM0 else self.qube.path[:-1]


class _SourceError(Exception):
    """A volume could not be read; `reason` is for the report."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(text(reason))
        self.reason = reason


def _planned(data: QubeData, number: int) -> _Plan:
    folder = f"vm{number}"
    if data.problem:
        return _Plan(replace(data.qube, path=f"{folder}/", size=0), (), data.problem)
    files, size = [], 0
    for volume, source in data.volumes.items():
        check_name(VOLUME_NAME, volume)
        name = ChunkName(folder, f"{volume}.img", 0)
        try:
            with _source_errors(name.path, data.qube.name):
                extents = volume_tar.runs_of(source)
        except _SourceError as error:
            return _Plan(replace(data.qube, path=f"{folder}/", size=0), (), error.reason)
        stored = sum(run.length for run in extents)
        archive = partial(_volume_archive, name.path, source, extents, data.qube.name)
        files.append(_File(name, source.size, stored, archive))
        # Two numbers of a map's line have at most 20 characters each.
        size += stored + 40 * len(extents)
    for file, content in _small_files(data):
        files.append(_small_file(ChunkName(folder, file, 0), content))
        size += len(content)
    size += len(files) * _FRAME
    summary = summary_of(data.firewall or (), data.notes)
    return _Plan(replace(data.qube, path=f"{folder}/", size=size, summary=summary), tuple(files))


def _planned_home(dom0: Qube, home: Home, cancelled: Event) -> _Plan:
    qube = replace(dom0, path=f"{HOME}/{home.name}", size=home.size)
    if home.problem:
        return _Plan(replace(qube, size=0), (), home.problem)
    name = ChunkName(HOME, home.name, 0)

    def archive(_mtime: int) -> Iterator[bytes]:
        with _source_errors(name.path, DOM0):
            yield from home.archive(cancelled)

    return _Plan(qube, (_File(name, home.size, home.size, archive, is_tree=True),), lost=lambda: home.lost)


def _small_files(data: QubeData) -> Iterator[tuple[str, bytes]]:
    if data.firewall is not None:
        yield FIREWALL, firewall_xml(data.firewall)
    if data.notes:
        yield NOTES, data.notes.encode()


def _small_file(name: ChunkName, content: bytes) -> _File:
    return _File(name, len(content), len(content), partial(volume_tar.archive_bytes, name.path, content))


def _volume_archive(name: str, source: Source, extents: list[Extent], qube: str, mtime: int) -> Iterator[bytes]:
    with _source_errors(name, qube):
        yield from volume_tar.archive(name, source, extents, mtime)


@contextmanager
def _source_errors(file: str, qube: str) -> Iterator[None]:
    try:
        yield
    except (OSError, Mgmt1Error) as error:
        if isinstance(error, BackupCancelledError):
            raise
        raise _SourceError(Reason("source-not-read", file, qube, cause(error))) from error


@dataclass(frozen=True, slots=True)
class _Written:
    """A qube whose files were given to the sealing thread; `problem` is why they are not whole, or None."""

    plan: _Plan
    problem: Reason | None
    files: Sequence[Callable[[], FileEntry]]

    def entry(self) -> QubeEntry:
        """Its entry in the manifest, in English; once all is sealed."""
        result = manifest.OK if self.problem is None else text(self.problem)
        return QubeEntry(self.plan.qube.name, self.plan.folder, result, tuple(entry() for entry in self.files))


# -- the keys ----------------------------------------------------------------------------------------------------------


class _KeyRing:
    """Keys by chunk, derived before they are needed."""

    def __init__(self, backup_id: str, passphrase: str, params: Params, cancelled: Event) -> None:
        self._cancelled = cancelled
        self._backup_id = backup_id
        self._passphrase = passphrase
        self._params = params
        count = scrypt_container.at_once(params, _WORKERS)
        self._pool = Workers(count, "backup-keys")
        self._ahead: dict[ChunkName, Future[Keys]] = {}
        self.of_head = self._pool.submit(scrypt_container.new_keys, header.head_secret(passphrase), params)
        self.depth = count + 1
        """The number of files whose keys are derived ahead."""

    def ask(self, name: ChunkName) -> None:
        """Begin to derive the keys of a chunk that will be sealed soon."""
        if name not in self._ahead:
            secret = header.chunk_secret(self._backup_id, name, self._passphrase)
            self._ahead[name] = self._pool.submit(scrypt_container.new_keys, secret, self._params)

    def take(self, name: ChunkName) -> Keys:
        """The keys of a chunk; asked for once for each chunk."""
        self.ask(name)
        return awaited(self._ahead.pop(name), self._cancelled)

    def close(self) -> None:
        # A derivation cannot be stopped, and no caller should wait for it after a cancel.
        self._pool.shutdown(wait=not self._cancelled.is_set(), cancel_futures=True)


# -- the stream --------------------------------------------------------------------------------------------------------


class _Pieces:
    """One file's compressed stream, cut into sealed chunks. All of it in the sealing thread."""

    def __init__(self, name: ChunkName, keys: _KeyRing, writer: backup_tar.Writer, size: int) -> None:
        self._name = name
        self._keys = keys
        self._writer = writer
        self._size = size
        self._room = size
        self._sealer: Sealer | None = None
        self._plain = self._packed = 0
        self.chunks = 0

    def add(self, block: Future[bytes], plain: int, left: int) -> None:
        """The next block, of `plain` bytes before compression; `left` such bytes are to come."""
        data = block.result()
        self._plain += plain
        self._packed += len(data)
        while data:
            sealer = self._sealer or self._begin()
            part, data = data[: self._room], data[self._room :]
            self._writer.append(sealer.update(part))
            self._room -= len(part)
            if not self._room:
                self.finish()
        if self._sealer is not None and left * self._packed > self._room * self._plain:
            self._keys.ask(replace(self._name, index=self.chunks + 1))

    def finish(self) -> None:
        """End the present chunk; again at the end of the file."""
        if self._sealer is None:
            return
        self._writer.append(self._sealer.finish())
        self._writer.finish()
        self._sealer = None
        self.chunks += 1

    def _begin(self) -> Sealer:
        name = replace(self._name, index=self.chunks)
        keys = self._keys.take(name)
        self._sealer = Sealer(keys)
        self._writer.begin(str(name))
        self._writer.append(keys.head)
        self._room = self._size
        return self._sealer


class _Writer:
    """One backup being written, and its threads."""

    def __init__(self, target: Target, passphrase: str, options: Options, created: int, cancelled: Event) -> None:
        require(options.compression)
        self._options = options
        self._created = created
        self._cancelled = cancelled
        self._ended = Event()
        self._target = target
        self._id = new_backup_id(created)
        patch = target.patch if isinstance(target, FdOutput) and target.can_patch else None
        self._outer = backup_tar.Writer(self._put, created, patch)
        small = patch is None or options.params.memory <= CHEAP
        self._piece = options.piece or (PIPE_PIECE if small else FILE_PIECE)
        self._keys = _KeyRing(self._id, passphrase, options.params, cancelled)
        self._upcoming: Iterator[ChunkName] = iter(())
        self._compressing = Workers(_WORKERS, "backup-compress")
        self._sealing = Workers(1, "backup-seal")
        self._pending: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        for pool in (self._sealing, self._compressing):
            pool.shutdown(cancel_futures=True)
        if isinstance(self._target, FdOutput):
            self._target.settle()
        self._keys.close()

    def write(self, system: Contents, extra: Sequence[_File], plans: Sequence[_Plan], progress: Progress) -> Report:
        """`extra` are files of dom0, which follow qubes.xml."""
        check(self._cancelled)
        last = ChunkName("", manifest.MANIFEST, 0)
        xml = to_xml(replace(system, qubes=(*system.qubes, *(plan.qube for plan in plans))))
        extra_names = (file.name for file in extra)
        self._upcoming = iter((XML, *extra_names, *(file.name for plan in plans for file in plan.files), last))
        for _ in range(self._keys.depth):
            self._ask_next()
        self._write_head(has_config=bool(extra))
        for file in (_small_file(XML, xml), *extra):
            self._write_file(file, lambda _size: None)
        written = [self._write_qube(plan, progress) for plan in plans]
        self._drain(0)
        entries = tuple(qube.entry() for qube in written)
        listing = Manifest(self._id, self._created, self._options.profile, self._options.previous, entries)
        self._write_file(_small_file(last, manifest.to_json(listing)), lambda _size: None)
        self._seal(self._outer.end)
        self._drain(0)
        if isinstance(self._target, FdOutput):
            self._target.finish()
        check(self._cancelled)
        results = tuple(QubeResult(qube.plan.qube, qube.problem, lost=qube.plan.lost()) for qube in written)
        return Report(self._id, results, (), listing)

    def _write_head(self, *, has_config: bool) -> None:
        compression = self._options.compression
        method = None if compression is Compression.NONE else compression.value
        plain = header.to_text(header.Head(self._id, method, has_manifest=True, has_config=has_config))
        sealed = scrypt_container.seal(awaited(self._keys.of_head, self._cancelled), plain)
        self._seal(self._outer.add, backup_tar.HEADER, plain)
        self._seal(self._outer.add, backup_tar.HEADER_MAC, sealed)

    def _write_qube(self, plan: _Plan, progress: Progress) -> _Written:
        qube, done = plan.qube, 0

        def advance(size: int) -> None:
            nonlocal done
            done += size
            progress(qube.name, min(done, qube.size), qube.size)

        progress(qube.name, 0, qube.size)
        files: list[Callable[[], FileEntry]] = []
        problem = plan.problem
        try:
            files.extend(self._write_file(file, advance) for file in plan.files)
        except _SourceError as error:
            files, problem = [], error.reason
        progress(qube.name, qube.size, qube.size)
        return _Written(plan, problem, files)

    def _write_file(self, file: _File, advance: Callable[[int], None]) -> Callable[[], FileEntry]:
        """Give the file to the sealing thread; a function that makes its entry in the manifest, once all is sealed."""
        self._ask_next()
        # Readers take qubes.xml and the manifest from one chunk.
        piece = self._piece if file.name.folder else backup_tar.CHUNK_LIMIT
        pieces = _Pieces(file.name, self._keys, self._outer, piece)
        digest = hashlib.sha256()
        left = file.stored
        done = 0
        try:
            for block in file.archive(self._created):
                check(self._cancelled)
                packed = self._compressing.submit(compress, self._options.compression, block)
                left -= len(block)
                done += len(block)
                self._seal(pieces.add, packed, len(block), left)
                digest.update(block)
                advance(len(block))
        except _SourceError:
            self._seal(pieces.finish)
            raise
        self._seal(pieces.finish)
        sha256 = digest.hexdigest()
        size, stored = (done, done) if file.is_tree else (file.size, file.stored)
        return lambda: FileEntry(file.name.file, size, stored, pieces.chunks, sha256)

    def _ask_next(self) -> None:
        name = next(self._upcoming, None)
        if name is not None:
            self._keys.ask(name)

    def _seal(self, step: Callable[..., None], *arguments: object) -> None:
        """Run `step` in the sealing thread, after the steps before it."""
        self._pending.append(self._sealing.submit(step, *arguments))
        self._drain(_PENDING)

    def _drain(self, most: int) -> None:
        """Wait until at most `most` steps of the sealing thread are left. Raises what a step raised."""
        while len(self._pending) > most:
            self._pending.popleft().result()

    def _put(self, data: bytes) -> None:
        check(self._cancelled)
        check(self._ended)
        self._target.write(data)
