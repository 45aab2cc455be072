# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader: everything that was written comes back, from a file, a pipe, and from a backup of Qubes' own tool."""

import bz2
import contextlib
import gzip
import io
import lzma
import os
import random
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from backup_samples import (
    MADE,
    TINY,
    WORDS,
    Memory,
    Restored,
    RestoredVolume,
    assert_no_thread_is_left,
    contents,
    english,
    sample_qubes,
    settings_only,
    written,
)
from qubes_backup import backup_of, domain, qubes_xml
from until import LIMIT

from qubesmanager.backup.archive import scrypt_container
from qubesmanager.backup.archive.compression import Compression
from qubesmanager.backup.archive.contents import Qube, to_xml
from qubesmanager.backup.archive.header import Head, chunk_secret, head_secret, to_text
from qubesmanager.backup.archive.reader import Backup, open_backup
from qubesmanager.backup.archive.report import Report
from qubesmanager.backup.archive.scrypt_container import Params, new_keys, seal
from qubesmanager.backup.archive.streams import FdInput
from qubesmanager.backup.archive.writer import Options, QubeData
from qubesmanager.backup.errors import BackupDamagedError, BackupPassphraseError
from qubesmanager.host.sparse_file import FileSink, FileSource
from qubesmanager.wire.errors import BackupCancelledError, StoragePoolException


def opened(stream: bytes, words: str = WORDS) -> Backup:
    return open_backup(io.BytesIO(stream), words)


def assert_restored(report: Report, sinks: Restored, qubes: Sequence[QubeData]) -> None:
    """The volumes of these qubes are whole, and there are no others."""
    assert [english(result.reason) for result in report.results] == [""] * len(qubes)
    assert report.ok
    sources = {(data.qube.name, volume): source for data in qubes for volume, source in data.volumes.items()}
    assert set(sinks.volumes) == set(sources)
    for key, source in sources.items():
        found = sinks.volumes[key]
        assert isinstance(source, Memory)
        assert bytes(found.data) == source.whole()
        assert found.finished
        assert not found.aborted


@pytest.mark.parametrize("method", list(Compression))
@pytest.mark.parametrize("piece", [100, 8000, 256 << 20])
def test_every_byte_and_every_setting_comes_back(method: Compression, piece: int) -> None:
    qubes, sinks = sample_qubes(), Restored()
    if piece == 100:
        qubes = qubes[1:]
    backup = opened(written(qubes, Options(TINY, method, piece=piece)))

    report = backup.restore(sinks)

    assert_restored(report, sinks, qubes)
    for data, found in zip(qubes, report.results, strict=True):
        kept = found.qube
        assert (kept.name, kept.klass, kept.label) == (data.qube.name, data.qube.klass, data.qube.label)
        assert (kept.properties, kept.features) == (data.qube.properties, data.qube.features)
        assert (kept.tags, kept.devices) == (data.qube.tags, data.qube.devices)
        assert (found.firewall, found.notes or "") == (data.firewall, data.notes)
    assert backup.contents.properties == contents().properties


def test_holes_stay_holes_on_disk(tmp_path: Path) -> None:
    with (tmp_path / "source").open("wb+") as source, (tmp_path / "target").open("wb+") as target:
        source.truncate(64 << 20)
        source.seek(20 << 20)
        source.write(os.urandom(1 << 20))
        source.flush()
        backup = opened(written([QubeData(settings_only("work"), {"private": FileSource(source.fileno())})]))

        report = backup.restore(lambda _qube, _volume, size: FileSink(target.fileno(), size))

    assert report.ok
    assert (tmp_path / "target").read_bytes() == (tmp_path / "source").read_bytes()
    assert (tmp_path / "target").stat().st_blocks <= 3 << 11


def test_only_what_is_asked_for_is_read() -> None:
    qubes, sinks = sample_qubes(), Restored()

    report = opened(written(qubes)).restore(sinks, {"home", "no such qube"})

    assert [result.qube.name for result in report.results] == ["home"]
    assert_restored(report, sinks, qubes[1:2])


def test_verify_reads_all_and_says_what_the_manifest_says() -> None:
    seen: dict[str, list[tuple[int, int]]] = {}

    report = opened(written()).verify(
        progress=lambda name, done, total: seen.setdefault(name, []).append((done, total))
    )

    assert report.ok
    assert report.manifest is not None
    assert report.manifest.created == MADE
    assert [entry.name for entry in report.manifest.qubes] == ["work", "home", "bare"]
    assert set(seen) == {"work", "home"}
    assert all(steps == sorted(steps) and steps[-1][0] <= steps[-1][1] for steps in seen.values())


def test_the_contents_of_a_backup_are_known_before_its_data_are_read() -> None:
    stream = io.BytesIO(written())

    backup = open_backup(stream, WORDS)

    assert [qube.name for qube in backup.contents.kept] == ["work", "home", "bare"]
    assert stream.tell() < len(stream.getvalue()) // 2


@pytest.mark.parametrize("words", ["x", "ein Satz mit Wörtern", "☃" * 50, " spaces ", "a!b=c"])
def test_any_passphrase_of_one_line_opens_what_it_sealed(words: str) -> None:
    stream = written(words=words)

    assert opened(stream, words).verify().ok
    with pytest.raises(BackupPassphraseError, match="not the one"):
        opened(stream, words + "x")


def test_a_wrong_passphrase_is_answered_after_one_key_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second derivation may have begun; the caller does not wait for it."""
    stream = written()
    derived = []
    derive = scrypt_container._derive
    answered = threading.Event()

    def slow_but_for_the_first(passphrase: bytes, salt: bytes, params: Params) -> tuple[bytes, bytes]:
        derived.append(salt)
        if not passphrase.startswith(b"backup-header!"):
            assert answered.wait(LIMIT)
        return derive(passphrase, salt, params)

    monkeypatch.setattr(scrypt_container, "_derive", slow_but_for_the_first)

    with pytest.raises(BackupPassphraseError):
        opened(stream, "another")
    answered.set()

    assert len(derived) <= 2


def test_with_little_memory_a_wrong_passphrase_takes_one_key_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = written()
    derived = []
    derive = scrypt_container._derive

    def counting(passphrase: bytes, salt: bytes, params: Params) -> tuple[bytes, bytes]:
        derived.append(salt)
        return derive(passphrase, salt, params)

    monkeypatch.setattr(scrypt_container, "_derive", counting)
    monkeypatch.setattr(scrypt_container, "KEY_MEMORY", 1)

    with pytest.raises(BackupPassphraseError):
        opened(stream, "another")

    assert len(derived) == 1


def test_a_pipe_is_read_in_one_pass() -> None:
    qubes, sinks = sample_qubes(), Restored()
    stream = written(qubes)
    reading, writing = os.pipe()

    def feed() -> None:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(stream)

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        report = open_backup(FdInput(reading, threading.Event()), WORDS).restore(sinks)
    finally:
        thread.join()
        os.close(reading)

    assert_restored(report, sinks, qubes)


def test_a_file_is_read_from_where_it_stands(tmp_path: Path) -> None:
    qubes, sinks = sample_qubes(), Restored()
    (tmp_path / "backup").write_bytes(b"before it" + written(qubes))

    with (tmp_path / "backup").open("rb", buffering=0) as file:
        file.seek(len(b"before it"))
        with contextlib.closing(FdInput(file.fileno(), threading.Event())) as source:
            report = open_backup(source, WORDS).restore(sinks)

    assert_restored(report, sinks, qubes)


def test_a_cancel_stops_reading_a_file(tmp_path: Path) -> None:
    (tmp_path / "backup").write_bytes(written())
    cancelled = threading.Event()

    with (tmp_path / "backup").open("rb") as file, contextlib.closing(FdInput(file.fileno(), cancelled)) as source:
        source.read(1)
        cancelled.set()
        with pytest.raises(BackupCancelledError):
            source.read(1)


def test_a_cancel_ends_the_wait_for_an_empty_pipe() -> None:
    stream = written()
    cancelled = threading.Event()
    sinks = Restored()
    reading, writing = os.pipe()
    timer = threading.Timer(0.3, cancelled.set)
    try:
        os.write(writing, stream[: len(stream) - 5000])
        backup = open_backup(FdInput(reading, cancelled), WORDS, cancelled=cancelled)
        timer.start()
        with pytest.raises(BackupCancelledError):
            backup.restore(sinks)
    finally:
        timer.join()
        os.close(reading)
        os.close(writing)
    assert sinks.volumes
    assert all(volume.aborted for volume in sinks.volumes.values())


@pytest.mark.parametrize("after", [1, 2, 5])
def test_cancel_during_a_restore_throws_every_volume_away(after: int) -> None:
    cancelled = threading.Event()
    sinks = Restored()
    steps = iter(range(1, 1000))

    def progress(_name: str, _done: int, _total: int) -> None:
        if next(steps) == after:
            cancelled.set()

    backup = open_backup(io.BytesIO(written()), WORDS, cancelled=cancelled)
    with pytest.raises(BackupCancelledError):
        backup.restore(sinks, progress=progress)

    assert all(volume.aborted for volume in sinks.volumes.values())
    assert_no_thread_is_left()


def test_a_stream_that_breaks_is_an_error_of_the_stream() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 20_000:
                raise OSError(5, "Input/output error")
            return super().read(size)

    sinks = Restored()
    backup = open_backup(Broken(written()), WORDS)

    with pytest.raises(OSError, match="Input/output"):
        backup.restore(sinks)
    assert all(volume.aborted for volume in sinks.volumes.values())


def test_a_pool_that_refuses_fails_one_qube_alone() -> None:
    class Full(Restored):
        def __call__(self, qube: Qube, volume: str, size: int) -> RestoredVolume:
            if (qube.name, volume) == ("work", "root"):
                raise StoragePoolException("The pool is full.")
            return super().__call__(qube, volume, size)

    sinks = Full()

    report = opened(written()).restore(sinks)

    assert [result.ok for result in report.results] == [False, True, True]
    assert "The pool is full." in english(report.results[0].reason)
    assert sinks.volumes["work", "private"].aborted
    assert not sinks.volumes["home", "private"].aborted


def test_a_disk_that_fills_up_fails_the_qube_and_its_other_volumes() -> None:
    class FullVolume(RestoredVolume):
        def write(self, offset: int, data: memoryview) -> None:
            raise OSError(28, "No space left on device")

    class Full(Restored):
        def __call__(self, qube: Qube, volume: str, size: int) -> RestoredVolume:
            found = super().__call__(qube, volume, size)
            if volume == "root":
                found = self.volumes[qube.name, volume] = FullVolume(size)
            return found

    sinks = Full()

    report = opened(written()).restore(sinks)

    assert [result.ok for result in report.results] == [False, True, True]
    assert "No space left" in english(report.results[0].reason)
    assert sinks.volumes["work", "private"].aborted
    assert sinks.volumes["work", "root"].aborted


def test_chunks_longer_than_what_is_read_ahead_are_read() -> None:
    data = random.Random(3).randbytes(5 << 20)
    sinks = Restored()
    qubes = [QubeData(settings_only("work"), {"private": Memory.full(data)})]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qubesmanager.backup.archive.chunk_queue.ROOM", 1 << 20)
        report = opened(written(qubes, Options(TINY, piece=2 << 20))).restore(sinks)

    assert_restored(report, sinks, qubes)


# -- a backup as Qubes' own tool makes it ------------------------------------------------------------------------------


PACK: dict[str | None, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    None: bytes,
}


def qubes_style(
    qubes: Sequence[QubeData], *, leave_out: str = "", method: str | None = "gzip", home: bytes = b""
) -> bytes:
    """Archives after each other, each with a pax header; inside members of GNU tar's kind; no manifest.

    `home` is the compressed archive of dom0's home.
    """
    head = Head("20250102T030405-77", method, has_manifest=False)
    system = contents(*(placed(data, number) for number, data in enumerate(qubes, 1)))
    if home:
        dom0 = replace(system.qubes[0], path="dom0-home/", size=5000)
        system = replace(system, qubes=(dom0, *system.qubes[1:]))
    # Qubes' own tool names the folder with its user.
    xml = to_xml(system).replace(b">dom0-home/<", b">dom0-home/user<")
    chunks = dict(cut_style("qubes.xml", PACK[method](member_style("qubes.xml", xml)), 1 << 20))
    for number, data in enumerate(qubes, 1):
        for volume, source in data.volumes.items():
            assert isinstance(source, Memory)
            path = f"vm{number}/{volume}.img"
            chunks |= cut_style(path, PACK[method](member_style(path, source.whole())), 6000)
    chunks |= cut_style("dom0-home/user", home, 6000)
    parts = {
        "backup-header": to_text(head),
        "backup-header.hmac": seal(new_keys(head_secret(WORDS), TINY), to_text(head)),
    }
    for name, body in chunks.items():
        parts[name] = seal(new_keys(chunk_secret(head.backup_id, name, WORDS), TINY), body)
    parts.pop(leave_out, None)
    return b"".join(outer_style(name, body) for name, body in parts.items())


def member_style(path: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        info = tarfile.TarInfo(path)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def cut_style(path: str, packed: bytes, piece: int) -> dict[str, bytes]:
    return {f"{path}.{at // piece:03}.enc": packed[at : at + piece] for at in range(0, len(packed), piece)}


def outer_style(name: str, body: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo(name)
        info.size, info.mtime = len(body), 1_700_000_000.25
        archive.addfile(info, io.BytesIO(body))
    return out.getvalue()


def placed(data: QubeData, number: int) -> Qube:
    size = sum(source.size for source in data.volumes.values())
    return replace(data.qube, path=f"vm{number}/", size=size)


def qubes_like() -> Iterator[QubeData]:
    yield QubeData(settings_only("work"), {"private": Memory.full(random.Random(5).randbytes(40_000))})
    yield QubeData(settings_only("home"), {"private": Memory.full(b"home" * 5000)})


@pytest.mark.parametrize("method", list(PACK))
def test_a_backup_of_qubes_own_tool_is_restored(method: str | None) -> None:
    qubes, sinks = list(qubes_like()), Restored()

    report = opened(qubes_style(qubes, method=method)).restore(sinks)

    assert_restored(report, sinks, qubes)
    assert report.manifest is None


def test_a_qube_with_invalid_settings_fails_no_other_qube() -> None:
    sinks = Restored()
    stream = backup_of(
        qubes_xml(domain("bad", 1, {"label": "label-99"}), domain("good", 2)),
        {"vm1/private.img": b"bad", "vm2/private.img": b"good"},
    )

    report = opened(stream).restore(sinks)

    assert [(result.qube.name, bool(result.reason)) for result in report.results] == [("good", False), ("bad", True)]
    assert not report.problems
    assert not report.ok
    assert bytes(sinks.volumes["good", "private"].data) == b"good"
    assert opened(stream).verify({"good"}).ok


@pytest.mark.parametrize("method", ["gzip", None])
@pytest.mark.parametrize("index", ["000", "001", "006"])
def test_a_missing_chunk_of_such_a_backup_fails_its_qube(index: str, method: str | None) -> None:
    qubes, sinks = list(qubes_like()), Restored()
    stream = qubes_style(qubes, leave_out=f"vm1/private.img.{index}.enc", method=method)
    assert len(stream) < len(qubes_style(qubes, method=method))

    report = opened(stream).restore(sinks)

    assert [result.ok for result in report.results] == [False, True]
    assert "work" in english(report.results[0].reason)
    assert not any(volume.finished and not volume.aborted for key, volume in sinks.volumes.items() if key[0] == "work")


def test_such_a_backup_without_the_data_of_a_qube_fails_it() -> None:
    qubes = [QubeData(settings_only("work"), {}), *list(qubes_like())[1:]]

    report = opened(qubes_style(qubes)).verify()

    assert [english(result.reason) for result in report.results] == ["The data of work are missing.", ""]


def test_the_home_of_dom0_is_checked_and_never_unpacked() -> None:
    home = io.BytesIO()
    with tarfile.open(fileobj=home, mode="w") as archive:
        for name in ("dom0-home/user/file", "../../etc/passwd"):
            info = tarfile.TarInfo(name)
            info.size = 600
            archive.addfile(info, io.BytesIO(bytes(600)))
    for ok in (True, False):
        sinks = Restored()

        report = opened(qubes_style([], home=gzip.compress(home.getvalue())[: None if ok else -9])).restore(sinks)

        assert [(result.qube.name, result.ok) for result in report.results] == [("dom0", ok)]
        assert not sinks.volumes


def test_a_chunk_may_not_claim_to_be_in_the_head() -> None:
    with pytest.raises(BackupDamagedError, match="not a backup"):
        opened(b"")
    with pytest.raises(BackupDamagedError, match="head"):
        opened(os.urandom(5000))
