# SPDX-License-Identifier: GPL-3.0-or-later
"""The writer: what it writes can be restored by hand; cancel and errors leave what they should."""

import io
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from backup_samples import (
    MADE,
    TINY,
    WORDS,
    Memory,
    assert_no_thread_is_left,
    contents,
    english,
    sample_qubes,
    settings_only,
    written,
)
from until import LIMIT

from qubesmanager.backup.archive import scrypt_container
from qubesmanager.backup.archive.compression import Compression
from qubesmanager.backup.archive.contents import from_xml
from qubesmanager.backup.archive.header import chunk_secret, from_text
from qubesmanager.backup.archive.manifest import from_json
from qubesmanager.backup.archive.reader import open_backup
from qubesmanager.backup.archive.scrypt_container import Params, open_container
from qubesmanager.backup.archive.streams import FdOutput
from qubesmanager.backup.archive.writer import Options, QubeData, measured, write
from qubesmanager.backup.errors import BackupError
from qubesmanager.host.atomic_file import partial
from qubesmanager.host.sparse_file import Extent
from qubesmanager.wire.errors import BackupCancelledError, QubesValueError


def needs(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize("method", list(Compression))
def test_a_backup_is_restored_by_hand_with_the_usual_tools(method: Compression, tmp_path: Path) -> None:
    needs("tar", "scrypt", "gzip", "zstd")
    qubes = sample_qubes()
    (tmp_path / "backup").write_bytes(written(qubes, Options(Params(10), method, piece=8000)))
    subprocess.run(["tar", "-xif", "backup"], cwd=tmp_path, check=True)

    def opened(name: str, secret: str) -> bytes:
        return subprocess.run(
            ["scrypt", "dec", "-P", name],
            cwd=tmp_path,
            input=f"{secret}\n".encode(),
            capture_output=True,
            check=True,
        ).stdout

    def by_hand(path: str) -> bytes:
        stream = b"".join(
            opened(name, f"{backup_id}!{name.removesuffix('.enc')}!{WORDS}")
            for name in sorted(str(found.relative_to(tmp_path)) for found in tmp_path.glob(f"{path}.*.enc"))
        )
        if method is not Compression.NONE:
            stream = subprocess.run([method.value, "-dc"], input=stream, capture_output=True, check=True).stdout
        (tmp_path / "inner.tar").write_bytes(stream)
        subprocess.run(["tar", "-xf", "inner.tar", "-C", tmp_path, path], cwd=tmp_path, check=True)
        return (tmp_path / path).read_bytes()

    header = opened("backup-header.hmac", f"backup-header!{WORDS}")
    assert header == (tmp_path / "backup-header").read_bytes()
    backup_id = header.decode().split("backup-id=")[1].split("\n")[0]
    assert [qube.name for qube in from_xml(by_hand("qubes.xml")).kept] == ["work", "home", "bare"]
    for number, data in enumerate(qubes, 1):
        for volume, source in data.volumes.items():
            assert isinstance(source, Memory)
            assert by_hand(f"vm{number}/{volume}.img") == source.whole()
    assert len(list(tmp_path.glob("vm1/private.img.*.enc"))) > 1 or method is Compression.ZSTD
    assert by_hand("vm1/notes.txt").decode() == qubes[0].notes
    assert b"www.example.com" in by_hand("vm1/firewall.xml")


def test_the_order_is_that_of_the_format() -> None:
    with tarfile.open(fileobj=io.BytesIO(written())) as found:
        names = found.getnames()

    assert names[:3] == ["backup-header", "backup-header.hmac", "qubes.xml.000.enc"]
    assert names[-1] == "manifest.000.enc"
    assert names[3:-1] == sorted(
        names[3:-1], key=lambda name: (name[:3], ["pr", "ro", "sc", "fi", "no"].index(name[4:6]), name)
    )


def test_every_container_of_a_backup_has_the_same_key_cost_and_another_salt() -> None:
    salts, costs = set(), set()
    with tarfile.open(fileobj=io.BytesIO(written())) as found:
        for info in found:
            if info.name != "backup-header":
                body = found.extractfile(info)
                assert body is not None
                start = body.read(48)
                costs.add(start[7:16])
                salts.add(start[16:48])

    assert len(costs) == 1
    assert len(salts) > 8


def test_a_volume_that_cannot_be_read_fails_its_qube_and_no_other() -> None:
    class Broken(Memory):
        def read(self, offset: int, length: int) -> bytes:
            if offset > 1_000_000:
                raise OSError(5, "Input/output error")
            return super().read(offset, length)

    qubes = sample_qubes()
    data = os.urandom(3_000_000)
    qubes[0] = QubeData(settings_only("work"), {"private": Broken.full(data), "root": Memory.full(b"x")})

    report = write(io.BytesIO(), WORDS, contents(), qubes, Options(TINY, piece=100_000))

    assert not report.ok
    assert [result.ok for result in report.results] == [False, True, True]
    assert "vm1/private.img of work could not be read" in english(report.results[0].reason)
    assert report.manifest is not None
    assert [entry.result == "ok" for entry in report.manifest.qubes] == [False, True, True]


def test_the_announced_size_is_never_below_what_is_stored() -> None:
    for data in sample_qubes():
        stored = sum(
            len(run) for source in data.volumes.values() if isinstance(source, Memory) for run in source.runs.values()
        )
        assert measured(data) >= stored


def test_progress_comes_to_its_end_for_every_qube() -> None:
    seen: dict[str, list[tuple[int, int]]] = {}

    def progress(name: str, done: int, total: int) -> None:
        seen.setdefault(name, []).append((done, total))

    write(io.BytesIO(), WORDS, contents(), sample_qubes(), Options(TINY), progress=progress)

    assert list(seen) == ["work", "home", "bare"]
    for steps in seen.values():
        assert steps == sorted(steps)
        assert steps[-1][0] == steps[-1][1]


@pytest.mark.parametrize("words", ["", "two\nlines", "nul\0"])
def test_a_passphrase_that_cannot_be_typed_elsewhere_is_refused(words: str) -> None:
    with pytest.raises(QubesValueError, match="passphrase"):
        written(words=words)


def test_values_that_a_backup_cannot_hold_are_refused_before_a_byte_is_written() -> None:
    out = io.BytesIO()

    with pytest.raises(QubesValueError):
        write(out, WORDS, contents(), [QubeData(contents().qubes[0].__class__("a", "AppVM", "blue"))], Options(TINY))

    assert not out.getvalue()


class Endless:
    """A volume that never comes to its end, and tells when a step of it was read."""

    size = 1 << 45

    def __init__(self, event: threading.Event, after: int = 5) -> None:
        self._event = event
        self._left = after

    def extents(self) -> Iterator[Extent]:
        yield Extent(0, self.size)

    def read(self, offset: int, length: int) -> bytes:
        self._left -= 1
        if not self._left:
            self._event.set()
        return os.urandom(length)


@pytest.mark.parametrize("after", [1, 7, 60])
def test_cancel_ends_the_run_and_leaves_no_file(after: int, tmp_path: Path) -> None:
    cancelled = threading.Event()
    qubes = [QubeData(settings_only("work"), {"private": Endless(cancelled, after)})]

    with pytest.raises(BackupCancelledError), partial(tmp_path / "backup") as fd:
        write(FdOutput(fd, cancelled), WORDS, contents(), qubes, Options(TINY, piece=1 << 20), cancelled=cancelled)

    assert not list(tmp_path.iterdir())
    assert_no_thread_is_left()


def test_a_cancel_ends_the_wait_for_a_reader() -> None:
    cancelled = threading.Event()
    reading, writing = os.pipe()
    timer = threading.Timer(0.3, cancelled.set)
    timer.start()
    qubes = [QubeData(settings_only("work"), {"private": Endless(threading.Event())})]
    try:
        with pytest.raises(BackupCancelledError):
            write(
                FdOutput(writing, cancelled),
                WORDS,
                contents(),
                qubes,
                Options(TINY, piece=1 << 20),
                cancelled=cancelled,
            )
    finally:
        timer.join()
        os.close(reading)
        os.close(writing)


def test_a_cancel_does_not_wait_for_a_key_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled, end, derive = threading.Event(), threading.Event(), scrypt_container._derive

    def endless(passphrase: bytes, salt: bytes, params: Params) -> tuple[bytes, bytes]:
        cancelled.set()
        end.wait(LIMIT)
        return derive(passphrase, salt, params)

    monkeypatch.setattr(scrypt_container, "_derive", endless)
    out = io.BytesIO()
    with pytest.raises(BackupCancelledError):
        write(out, WORDS, contents(), sample_qubes(), Options(TINY), cancelled=cancelled)

    assert not out.getvalue()
    deriving = [thread for thread in threading.enumerate() if thread.name.startswith("backup")]
    assert deriving
    end.set()
    for thread in deriving:
        thread.join(LIMIT)


def test_a_target_that_fails_ends_the_run() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    qubes = [QubeData(settings_only("work"), {"private": Endless(threading.Event())})]
    try:
        with pytest.raises(BrokenPipeError):
            write(FdOutput(writing, threading.Event()), WORDS, contents(), qubes, Options(TINY, piece=1 << 20))
    finally:
        os.close(writing)


def test_a_full_disk_leaves_no_file(tmp_path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(OSError, match="No space"), partial(tmp_path / "backup"):
            write(FdOutput(full, threading.Event()), WORDS, contents(), sample_qubes(), Options(TINY))
    finally:
        os.close(full)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["a new file", "behind something", "only to append", "a pipe"])
def test_every_kind_of_descriptor_gets_the_same_backup(kind: str, tmp_path: Path) -> None:
    before = b"before" if kind == "behind something" else b""
    path = tmp_path / "backup"
    path.write_bytes(before)
    fd = os.open(path, os.O_WRONLY | (os.O_APPEND if kind == "only to append" else 0))
    os.lseek(fd, 0, os.SEEK_END)
    try:
        if kind == "a pipe":
            with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=fd) as process:
                assert process.stdin is not None
                write_to(process.stdin.fileno())
        else:
            write_to(fd)
    finally:
        os.close(fd)

    stream = path.read_bytes()
    assert stream.startswith(before)
    assert open_backup(io.BytesIO(stream[len(before) :]), WORDS).verify().ok


def write_to(fd: int) -> None:
    assert write(FdOutput(fd, threading.Event()), WORDS, contents(), sample_qubes(), Options(TINY, piece=8000)).ok


def test_the_manifest_is_opened_by_its_place_in_this_backup_alone() -> None:
    with tarfile.open(fileobj=io.BytesIO(written([]))) as found:
        parts = {info.name: (found.extractfile(info) or io.BytesIO()).read() for info in found}
    backup_id = from_text(parts["backup-header"]).backup_id
    name = "manifest.000.enc"

    body = open_container(parts[name], chunk_secret(backup_id, name, WORDS))

    manifest = from_json(subprocess.run(["tar", "-xzO"], input=body, capture_output=True, check=True).stdout)
    assert (manifest.backup_id, manifest.created, manifest.qubes) == (backup_id, MADE, ())
    with pytest.raises(BackupError):
        open_container(parts[name], chunk_secret("another", name, WORDS))
