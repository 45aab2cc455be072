# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a backup: one pass over a stream that nothing is believed of until its MAC was checked.

A backup that was written here has a manifest, and is whole only if everything is as the manifest says. One of Qubes'
own tool has none, and is whole if each file's stream comes to its proper end. What is damaged fails its qube, and no
other; a small file whose content makes no sense is lost alone.
"""

from collections.abc import Callable, Collection, Generator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import chain
from threading import Event
from typing import Self

from qubesmanager.backup.archive import (
    backup_tar,
    compression,
    contents,
    header,
    home_unpacking,
    manifest,
    scrypt_container,
    volume_tar,
)
from qubesmanager.backup.archive.backup_tar import ChunkName, Damage, Input, Member
from qubesmanager.backup.archive.chunk_order import Sequence
from qubesmanager.backup.archive.chunk_queue import Chunk, Closed, End, Feed, KeyPool, ReadFailed
from qubesmanager.backup.archive.contents import REMOTE_CLASS, Contents, Qube
from qubesmanager.backup.archive.dom0_config import CONFIG, CONFIG_LIMIT, Dom0Config, from_json
from qubesmanager.backup.archive.header import Head
from qubesmanager.backup.archive.home import HOME
from qubesmanager.backup.archive.home_unpacking import Tree, unpack
from qubesmanager.backup.archive.manifest import MANIFEST, FileEntry, Manifest
from qubesmanager.backup.archive.prefetch import ahead
from qubesmanager.backup.archive.qube_files import FILE_LIMIT, FIREWALL, NOTES, firewall_of, notes_of
from qubesmanager.backup.archive.report import QubeResult, Report
from qubesmanager.backup.archive.salvage import XML, Mended, filter_of, head_of
from qubesmanager.backup.archive.scrypt_container import Params
from qubesmanager.backup.archive.streams import awaited, check
from qubesmanager.backup.archive.volume_tar import Content
from qubesmanager.backup.errors import BackupDamagedError, BackupError, BackupLimitError, BackupPassphraseError
from qubesmanager.host.sparse_file import Sink
from qubesmanager.host.workers import Workers
from qubesmanager.wire.errors import BackupCancelledError, Mgmt1Error
from qubesmanager.wire.firewall import Rule
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import cause, error_for, refusal

Sinks = Callable[[Qube, str, int], Sink]
"""Gives the sink for a volume: of which qube, its name (`private`), its size in bytes with holes."""
Progress = Callable[[str, int, int], object]
"""Called with a qube's name, the bytes read of it and the most it has; in the caller's thread."""

_IMAGE = ".img"
_SMALL_FRAME = 64 << 10


def open_backup(source: Input, passphrase: str, *, cancelled: Event | None = None, salvage: bool = False) -> "Backup":
    """Read the head of a backup and its qubes.xml; one key derivation's time tells whether the passphrase is right.

    With `salvage` a damaged frame is put right (see `salvage.py`), a header that was changed is replaced by its sealed
    copy, and a missing manifest fails no qube; the report names it in its problems and doubts. Every byte still has to
    prove itself by its MAC. Raises `BackupPassphraseError`, `BackupDamagedError`, `BackupLimitError`, `BackupError` for
    one that cannot be read here, `QubesValueError` for a passphrase that none can have, and what `source` raises.
    """
    stop = cancelled or Event()
    stream = _Cancellable(source, stop)
    mended = Mended(stream, passphrase) if salvage else None
    reader = backup_tar.Reader(mended or stream)
    members = iter(reader)
    first, text = _head_member(members, reader, backup_tar.HEADER)
    if mended is not None:
        return _salvaged(mended, members, reader, text, _Rest(reader, members, passphrase, stop))
    head = header.from_text(text)
    second, sealed = _head_member(members, reader, backup_tar.HEADER_MAC)
    params = scrypt_container.params_of(sealed[: scrypt_container.HEAD_SIZE])
    third, sealed_xml = _head_member(members, reader, XML)
    # Both derivations at once, where memory allows; the answer to a wrong passphrase waits for the first alone.
    dearer = max(
        params, scrypt_container.params_of(sealed_xml[: scrypt_container.HEAD_SIZE]), key=lambda each: each.memory
    )
    alone = scrypt_container.at_once(dearer, 2) == 1
    secret = header.chunk_secret(head.backup_id, third.name, passphrase)
    opening = Workers(2, "backup-keys")
    try:
        of_head = opening.submit(scrypt_container.open_container, sealed, header.head_secret(passphrase))
        of_xml = opening.submit(_opened_after, of_head if alone else None, sealed_xml, secret)
        if awaited(of_head, stop) != text:
            raise refusal("header-changed")
        if head.has_manifest and not (first.is_ours and second.is_ours and third.is_ours):
            raise refusal("head-frame-changed")
        packed = _of_xml(of_xml, stop)
    finally:
        opening.shutdown(wait=False, cancel_futures=True)
    xml, _ = _small_file(iter([packed]), head.compression, "qubes.xml", contents.XML_LIMIT)
    rest = _Rest(reader, members, passphrase, stop)
    return Backup(head, contents.from_xml(xml), params, rest, config=_config(head, rest))


def _salvaged(
    mended: Mended, members: Iterator[Member | Damage], reader: backup_tar.Reader, text: bytes, rest: "_Rest"
) -> "Backup":
    """The backup whose header is `text`, opened although parts of its head may be damaged."""
    _, sealed = _head_member(members, reader, backup_tar.HEADER_MAC)
    head, is_sealed = head_of(
        text, lambda: scrypt_container.open_container(sealed, header.head_secret(rest.passphrase))
    )
    third, sealed_xml = _head_member(members, reader, XML)
    packed = scrypt_container.open_container(
        sealed_xml, header.chunk_secret(head.backup_id, third.name, rest.passphrase)
    )
    if not is_sealed:
        # What is sealed says how it is compressed; the header, which any writer may have changed, does not.
        head = replace(head, compression=filter_of(packed))
        mended.notes.append(Reason("sealed-header-damaged"))
    elif header.to_text(head) != text:
        mended.notes.append(Reason("header-replaced"))
    xml, _ = _small_file(iter([packed]), head.compression, "qubes.xml", contents.XML_LIMIT)
    system = contents.from_xml(xml)
    mended.folders = [qube.path[:-1] for qube in system.stored]
    mended.home = next((qube.user for qube in system.stored if qube.user), "")
    params = scrypt_container.params_of(sealed_xml[: scrypt_container.HEAD_SIZE])
    config, rest = _salvaged_config(head, rest)
    return Backup(head, system, params, rest, mended, config)


@dataclass(frozen=True, slots=True)
class _Config:
    """dom0's configuration, if the backup has one; `problem` is why it cannot be read."""

    value: Dom0Config | None = None
    problem: Reason | None = None


def _config(head: Head, rest: "_Rest") -> _Config:
    """The members that follow qubes.xml, if the header announces them. A changed one costs only itself."""
    if not head.has_config:
        return _Config()
    name = str(ChunkName("", CONFIG, 0))
    _, sealed = _head_member(rest.members, rest.reader, name)
    try:
        packed = scrypt_container.open_container(sealed, header.chunk_secret(head.backup_id, name, rest.passphrase))
        text, _ = _small_file(iter([packed]), head.compression, CONFIG, CONFIG_LIMIT)
        return _Config(from_json(text))
    except BackupPassphraseError:
        return _Config(problem=Reason("config-changed"))
    except BackupError as error:
        return _Config(problem=Reason("config-not-read", cause(error)))


def _salvaged_config(head: Head, rest: "_Rest") -> tuple[_Config, "_Rest"]:
    """As `_config`, with what is still to be read; a configuration in the wrong order is the only loss."""
    if not head.has_config:
        return _Config(), rest
    before: list[Member | Damage] = []
    while isinstance(member := next(rest.members, None), Damage):
        before.append(member)
    following = replace(rest, members=chain(before, () if member is None else (member,), rest.members))
    if member is None or member.name != str(ChunkName("", CONFIG, 0)):
        return _Config(problem=Reason("config-not-there")), following
    try:
        return _config(head, replace(rest, members=iter((member,)))), replace(rest, members=chain(before, rest.members))
    except BackupDamagedError as error:
        return _Config(problem=Reason("config-not-read", cause(error))), following


def _opened_after(first: "Future[bytes] | None", sealed: bytes, secret: bytes) -> bytes:
    """The body of a container; if what comes first fails, it fails with that and derives nothing."""
    if first is not None:
        first.result()
    return scrypt_container.open_container(sealed, secret)


def _of_xml(sealed: "Future[bytes]", stop: Event) -> bytes:
    try:
        return awaited(sealed, stop)
    except BackupPassphraseError as error:
        raise refusal("xml-changed") from error


def _head_member(members: Iterator[Member | Damage], reader: backup_tar.Reader, name: str) -> tuple[Member, bytes]:
    """The next member, which has that name, and its content."""
    member = next(members, None)
    if isinstance(member, Damage):
        raise refusal("head-damaged", member.reason)
    if member is None or member.name != name:
        raise refusal("no-backup", name)
    limit = contents.XML_LIMIT if member.chunk else header.HEAD_LIMIT
    if member.size > limit:
        raise refusal("head-too-large", name, limit >> 10)
    body = b"".join(reader.body())
    if len(body) < member.size:
        raise refusal("head-cut")
    return member, body


def _small_file(pieces: Iterator[bytes], method: str | None, name: str, limit: int) -> tuple[bytes, Content]:
    """The bytes of a file in its compressed archive."""
    file = _Held(name, limit)
    content = volume_tar.restore(compression.decompressed(pieces, method), name, limit + _SMALL_FRAME, file.opened)
    return bytes(file.data), content


@dataclass(frozen=True, slots=True)
class _Rest:
    """The stream behind the head, and what it is read with."""

    reader: backup_tar.Reader
    members: Iterator[Member | Damage]
    passphrase: str = field(repr=False)
    cancelled: Event


class _Cancellable:
    def __init__(self, source: Input, cancelled: Event) -> None:
        self._source = source
        self._cancelled = cancelled

    def read(self, size: int) -> bytes:
        check(self._cancelled)
        return self._source.read(size)


class _Held:
    """A sink for a small file."""

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._limit = limit
        self.data = bytearray()

    def opened(self, size: int) -> Self:
        if size > self._limit:
            raise refusal("small-file-too-large", self._name, self._limit >> 20)
        self.data = bytearray(size)
        return self

    def write(self, offset: int, data: memoryview) -> None:
        self.data[offset : offset + len(data)] = data

    def finish(self) -> None: ...

    def abort(self) -> None: ...


class Nowhere:
    """A sink for a volume that is read and not written."""

    def __init__(self, _qube: Qube, _volume: str, _size: int) -> None: ...

    def write(self, offset: int, data: memoryview) -> None: ...

    def finish(self) -> None: ...

    def abort(self) -> None: ...


class Backup:
    """An opened backup. One of `verify` and `restore` may follow, once: the stream is read in one pass."""

    def __init__(
        self,
        head: Head,
        system: Contents,
        params: Params,
        rest: _Rest,
        mended: Mended | None = None,
        config: _Config = _Config(),
    ) -> None:
        """`mended` is what a damaged backup is read through; None for one that has to be as it was written.

        `config` becomes two attributes: dom0's configuration, None without one, and `problem`, why it cannot be read.
        """
        self.head = head
        self.contents = system
        self.params = params
        self.mended = mended
        self.config = config.value
        self.problem = config.problem
        self._rest = rest

    def verify(self, include: Collection[str] | None = None, *, progress: Progress | None = None) -> Report:
        """Read all data of the qubes named (None: of all) and write nothing."""
        return self.restore(Nowhere, include, progress=progress)

    def restore(
        self,
        sinks: Sinks,
        include: Collection[str] | None = None,
        *,
        progress: Progress | None = None,
        home: Tree | None = None,
    ) -> Report:
        """Read the data of the qubes named (None: of all) into the sinks, and the home of dom0 into `home`.

        Without `home`, the home's chunks are checked and its files are not looked at.

        Blocks; its threads have ended when it returns, but for a key derivation after a cancel.
        Only the report says which qubes are whole: a volume may be found missing at the very end. The sinks of the
        others (the home is one of dom0) were aborted; all of them, if an exception leaves: `BackupCancelledError`, what
        the stream raises, and what is no error of one qube. An error of a sink fails its qube.
        """
        names = {qube.name for qube in (*self.contents.kept, *self.contents.unreadable)}
        chosen = names if include is None else names.intersection(include)
        tell = progress or (lambda _name, _done, _total: None)
        run = _Run(self, chosen, sinks, home, tell, self._rest.cancelled)
        return run.run(self._rest)


@dataclass(slots=True)
class _State:
    """The state of reading one qube. `left`: bytes of archives that it may still have."""

    qube: Qube
    left: int
    reason: Reason | None = None
    files: list[FileEntry] = field(default_factory=list)
    sinks: list[Sink | Tree] = field(default_factory=list)
    firewall: tuple[Rule, ...] | None = None
    notes: str | None = None
    lost: list[Reason] = field(default_factory=list)
    """The small files that could not be read, or not whole."""
    cut: Reason | None = None
    """Why the rest of a home was not read after a damaged chunk; None if all of it was read."""

    def fail(self, reason: Reason) -> None:
        """The first reason counts. Of a home that was salvaged up to its damage, what follows does not count."""
        if self.reason is None and self.cut is None:
            self.reason = reason


class _Run:
    """One pass over the chunks."""

    def __init__(
        self,
        backup: Backup,
        names: Collection[str],
        sinks: Sinks,
        home: Tree | None,
        progress: Progress,
        cancelled: Event,
    ) -> None:
        self._head = backup.head
        self._contents = backup.contents
        self._params = backup.params
        self._mended = backup.mended
        self._sinks = sinks
        self._home = home
        self._progress = progress
        self._states = {
            qube.path[:-1]: _State(qube, _allowance(qube, backup.head))
            for qube in self._contents.kept
            if qube.name in names
        }
        self._names = names
        self._problems = [backup.problem] if backup.problem else []
        self._manifest: Manifest | None = None
        self._feed = Feed(cancelled)
        self._waiting: Chunk | None = None
        self._end: End | None = None
        self._cancelled = cancelled

    def run(self, rest: _Rest) -> Report:
        keys = KeyPool(self._params, all_alike=self._head.has_manifest)
        reading = Workers(1, "backup-read")
        try:
            reading.submit(self._read, rest, keys)
            while (chunk := self._next()) is not None:
                self._use(chunk)
        except ReadFailed as error:
            self._abort(list(self._states.values()))
            raise error.__cause__ or error from None
        except BaseException:
            self._abort(list(self._states.values()))
            raise
        finally:
            self._feed.close()
            reading.shutdown()
            # A derivation cannot be stopped, and no caller should wait for it after a cancel.
            keys.close(wait=not self._cancelled.is_set())
        self._judge()
        self._abort([state for state in self._states.values() if state.reason])
        if self._mended is not None:
            odd = self._mended.odd if self._head.has_manifest else []
            changed = [Reason("frame-changed", name) for name in odd]
            self._problems = [*self._mended.notes, *changed, *self._problems]
        results = [
            QubeResult(
                state.qube,
                state.reason,
                state.firewall,
                state.notes,
                tuple(state.lost),
                self._doubt(state),
                tuple(file.name for file in state.files),
                state.cut,
            )
            for state in self._states.values()
        ]
        results += [QubeResult(qube, qube.problem) for qube in self._contents.unreadable if qube.name in self._names]
        return Report(self._head.backup_id, tuple(results), tuple(self._problems), self._manifest)

    # -- in the reading thread

    def _read(self, rest: _Rest, keys: KeyPool) -> None:
        """Put everything that the stream holds into the feed."""
        sequence = Sequence(
            self._contents.stored,
            {state.qube.name for state in self._states.values()},
            self._has_failed,
            has_manifest=self._head.has_manifest,
            lenient=self._mended is not None,
        )
        try:
            for member in rest.members:
                placed = sequence.place(member) if isinstance(member, Damage) else sequence.check(member)
                if isinstance(placed, ChunkName) and isinstance(member, Member):
                    secret = header.chunk_secret(self._head.backup_id, placed, rest.passphrase)
                    try:
                        self._feed.put(keys.chunk(self._feed, rest.reader, placed, member.size, secret))
                    except (BackupDamagedError, BackupLimitError) as error:
                        placed = Damage(Reason("chunk-failed", str(placed), cause(error)), placed.folder)
                if isinstance(placed, Damage):
                    self._feed.put(placed)
            self._feed.put(End(rest.reader.zero_blocks))
        except Closed:
            pass
        except Exception as error:  # noqa: BLE001 - it is raised again in the caller's thread
            self._feed.put(error)

    def _has_failed(self, folder: str) -> bool:
        return bool(self._states[folder].reason or self._states[folder].cut)

    # -- in the caller's thread

    def _next(self) -> Chunk | None:
        """The next chunk; None at the end. What is wrong in between is noted."""
        if self._waiting is not None:
            chunk, self._waiting = self._waiting, None
            return chunk
        while self._end is None:
            event = self._feed.take()
            if isinstance(event, Chunk):
                return event
            if isinstance(event, End):
                self._end = event
            else:
                self._note(event)
        return None

    def _note(self, damage: Damage) -> None:
        state = self._states.get(damage.folder)
        if state is not None:
            state.fail(damage.reason)
        elif not damage.folder:
            self._problems.append(damage.reason)

    def _use(self, chunk: Chunk) -> None:
        if chunk.name.path == MANIFEST:
            self._use_manifest(chunk)
            return
        state = self._states[chunk.name.folder]
        name, chunks = chunk.name, [chunk]
        sinks = len(state.sinks)
        pieces = self._plain(state, chunks)
        try:
            if not state.reason:
                content = self._content(state, name, pieces)
                if content is not None:
                    entry = FileEntry(name.file, content.size, content.stored, len(chunks), content.sha256)
                    state.files.append(entry)
                for sink in state.sinks[sinks:]:
                    sink.finish()
        except BackupCancelledError:
            raise
        except (Mgmt1Error, OSError) as error:
            state.fail(_failure(name.path, state.qube.name, error))
        finally:
            pieces.close()
            self._feed.drop(chunks[-1])
        self._skip(name)

    def _plain(self, state: _State, chunks: list[Chunk]) -> Generator[bytes, None, None]:
        """The opened bytes of a file's chunks, as many as come; those after the first are added to the list."""
        path = chunks[0].name.path
        while True:
            yield from self._feed.plain(chunks[-1])
            following = self._next()
            if following is None or following.name.path != path:
                self._waiting = following
                return
            if state.reason is not None:
                self._waiting = following
                raise error_for(state.reason, BackupDamagedError)
            chunks.append(following)

    def _skip(self, name: ChunkName) -> None:
        """Pass over what is left of a file."""
        while (chunk := self._next()) is not None:
            if chunk.name.path != name.path:
                self._waiting = chunk
                return
            self._feed.drop(chunk)

    def _content(self, state: _State, name: ChunkName, pieces: Iterator[bytes]) -> Content | None:
        """Read one file to where it belongs; None for a home that is read up to a damaged chunk."""
        if name.file in {FIREWALL, NOTES}:
            data, content = _small_file(pieces, self._head.compression, name.path, min(state.left, FILE_LIMIT))
            self._take_small(state, name.file, data)
            return content

        def opened(size: int) -> Sink:
            sink = self._sinks(state.qube, name.file.removesuffix(_IMAGE), size)
            state.sinks.append(sink)
            return sink

        def unknown(size: int) -> Sink:
            return Nowhere(state.qube, name.file, size)

        with ahead(compression.decompressed(pieces, self._head.compression)) as made:
            plain = self._counted(state, made)
            if name.folder == HOME:
                return self._home_content(state, name, plain)
            return volume_tar.restore(plain, name.path, state.left, opened if name.file.endswith(_IMAGE) else unknown)

    def _home_content(self, state: _State, name: ChunkName, plain: Iterator[bytes]) -> Content | None:
        if self._home is None:
            return volume_tar.passed_over(plain, name.path, state.left)
        if state.sinks:
            raise refusal("home-two")
        state.sinks.append(self._home)
        if self._mended is None:
            return unpack(plain, name.path, state.left, self._home, state.lost)
        content = home_unpacking.salvage(plain, name.path, state.left, self._home, state.lost)
        if isinstance(content, Content):
            return content
        why = state.reason or content.reason
        state.cut, state.reason = Reason("home-salvaged", why, content.entries, content.last), None
        self._problems.append(state.cut)
        return None

    @staticmethod
    def _take_small(state: _State, file: str, data: bytes) -> None:
        """Read a small file. One that cannot be read is lost; the qube's volumes do not depend on it."""
        if file == FIREWALL:
            state.firewall, problem = firewall_of(data)
            if problem is not None:
                state.lost.append(Reason("firewall-cut", problem))
            return
        try:
            state.notes = notes_of(data)
        except BackupDamagedError as error:
            state.lost.append(Reason("notes-left-out", cause(error)))

    def _counted(self, state: _State, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            check(self._cancelled)
            state.left -= len(piece)
            total = max(state.qube.size, 1)
            self._progress(state.qube.name, min(total, total - state.left), total)
            yield piece

    def _use_manifest(self, chunk: Chunk) -> None:
        try:
            pieces = self._feed.plain(chunk)
            data, _ = _small_file(pieces, self._head.compression, MANIFEST, manifest.MANIFEST_LIMIT)
            self._manifest = manifest.from_json(data)
        except BackupCancelledError:
            raise
        except Mgmt1Error as error:
            self._problems.append(Reason("backup-manifest-not-read", cause(error)))
        finally:
            self._feed.drop(chunk)

    # -- at the end

    def _judge(self) -> None:
        """Compare what was read with what belongs there."""
        if not self._head.has_manifest:
            self._judge_by_chunks()
            return
        listing = self._manifest
        if self._end is not None and self._end.zero_blocks < 2:  # noqa: PLR2004 - of an archive
            self._problems.append(Reason("backup-end-missing"))
        if listing is None:
            self._problems.append(Reason("backup-manifest-missing"))
            if self._mended is not None:
                self._judge_by_chunks()
                return
            for state in self._states.values():
                state.fail(Reason("qube-without-manifest", state.qube.name))
            return
        stored = [(qube.name, qube.path[:-1]) for qube in self._contents.stored]
        if (
            listing.backup_id != self._head.backup_id
            or [(entry.name, entry.folder) for entry in listing.qubes] != stored
        ):
            self._problems.append(Reason("backup-manifest-foreign"))
        for entry in listing.qubes:
            qube_state = self._states.get(entry.folder)
            if qube_state is not None and not qube_state.cut:
                # What the writer knew says more than what is missing for it.
                if entry.result != manifest.OK:
                    qube_state.reason = Reason("other-text", entry.result)
                if (difference := _difference(qube_state.qube.name, qube_state.files, entry.files)) is not None:
                    qube_state.fail(difference)

    def _judge_by_chunks(self) -> None:
        """Without a manifest: each file came to its proper end, and there is one unless the class has no volumes."""
        for state in self._states.values():
            if not state.files and state.qube.klass != REMOTE_CLASS:
                state.fail(Reason("qube-data-missing", state.qube.name))

    def _doubt(self, state: _State) -> Reason | None:
        """The parts of a salvaged qube that nothing in the file confirms."""
        if self._mended is None or self._manifest is not None or state.reason or state.cut:
            return None
        files = ", ".join(file.name for file in state.files)
        return Reason("salvage-doubt", files)

    def _abort(self, states: list[_State]) -> None:
        for state in states:
            for sink in state.sinks:
                try:
                    sink.abort()
                except (OSError, Mgmt1Error) as error:
                    state.fail(Reason("restored-not-removed", state.qube.name, cause(error)))
            state.sinks.clear()


def _allowance(qube: Qube, head: Head) -> int:
    """The most bytes of archives that a qube may have; other tools count neither frames nor maps."""
    return qube.size if head.has_manifest else qube.size + qube.size // 8 + (64 << 20)


def _failure(path: str, qube: str, error: Mgmt1Error | OSError) -> Reason:
    if isinstance(error, OSError):
        return Reason("file-not-restored", path, qube, error.strerror or str(error))
    return Reason("file-failed", path, qube, cause(error))


def _difference(qube: str, actual: list[FileEntry], listed: tuple[FileEntry, ...]) -> Reason | None:
    """How the files differ from the manifest; None if they do not."""
    by_name = {file.name: file for file in actual}
    for file in listed:
        other = by_name.get(file.name)
        if other is None:
            return Reason("file-missing", file.name, qube)
        if other.chunks != file.chunks:
            return Reason("file-chunks-differ", file.name, qube, other.chunks, file.chunks)
        if other != file:
            return Reason("file-differs", file.name, qube)
    return None if tuple(actual) == listed else Reason("files-differ", qube)
