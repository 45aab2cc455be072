# SPDX-License-Identifier: GPL-3.0-or-later
"""dom0's home and dom0's configuration out of a damaged backup: all of it that the chunks still prove, and no more."""

import functools
import io
import os
import random
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from backup_damage import Members, packed
from backup_samples import MADE, TINY, WORDS, Memory, Restored, contents, english, settings_only
from qubes_backup import backup_of, qubes_xml, with_home

from qubesmanager.backup.archive import tar
from qubesmanager.backup.archive.compression import Compression
from qubesmanager.backup.archive.dom0_config import Dom0Config
from qubesmanager.backup.archive.home import scanned
from qubesmanager.backup.archive.home_unpacking import NoTree
from qubesmanager.backup.archive.new_folder import NewFolder
from qubesmanager.backup.archive.reader import Backup, Nowhere, open_backup
from qubesmanager.backup.archive.report import QubeResult, Report
from qubesmanager.backup.archive.writer import Options, QubeData, write
from qubesmanager.backup.errors import BackupDamagedError

pytestmark = pytest.mark.whole

HOME = "dom0-home/user"
CONFIG = "dom0-config.000.enc"
VOLUME = random.Random(3).randbytes(9000)
FILES = {f"{name}/{number}": random.Random(name + str(number)).randbytes(3000) for name in "abc" for number in range(4)}
"""What is in the home, in the order of its archive."""


@functools.cache
def sample(compression: Compression = Compression.GZIP, piece: int = 8000) -> bytes:
    """A backup of the home, of dom0's configuration and of a qube; the home has about six chunks."""
    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "user"
        for name, data in FILES.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(data)
        os.link(home / "a/0", home / "c/linked")
        report = write(
            out,
            WORDS,
            contents(),
            [QubeData(settings_only("work"), {"private": Memory.full(VOLUME)}, (), "notes")],
            Options(TINY, compression, piece=piece),
            created=MADE,
            config=Dom0Config(policy={"30-user.policy": "# mine\n"}),
            home=scanned(home, Event()),
        )
    assert report.ok
    return out.getvalue()


def members(stream: bytes) -> Members:
    with tarfile.open(fileobj=io.BytesIO(stream)) as archive:
        return [(info.name, (archive.extractfile(info) or io.BytesIO()).read()) for info in archive]


def chunk(number: int) -> str:
    return f"{HOME}.{number:03}.enc"


def offset(parts: Members, name: str) -> int:
    """Where the header of that member begins in the archive of these."""
    at = next(number for number, (member, _) in enumerate(parts) if member == name)
    return len(packed(parts[:at])) - len(tar.END)


class Salvaged:
    """What came out of a damaged backup: the files of the home by path, the report, and what was opened."""

    def __init__(self, stream: bytes, folder: Path) -> None:
        new = NewFolder(folder, 0)
        try:
            self.backup: Backup = open_backup(io.BytesIO(stream), WORDS, salvage=True)
            self.sinks = Restored()
            self.report: Report = self.backup.restore(self.sinks, home=new)
            self.home: QubeResult = self.report.results[0]
            assert self.home.qube.name == "dom0"
            if self.home.ok:
                new.keep()
        finally:
            new.abort()
        self.files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        assert not folder.with_name(folder.name + ".partial").exists()
        # Whatever the damage, a look says the same, and no file differs from the one that was backed up.
        looked = open_backup(io.BytesIO(stream), WORDS, salvage=True).restore(Nowhere, home=NoTree())
        assert looked == self.report
        for name, data in self.files.items():
            assert data == (FILES["a/0"] if name == "c/linked" else FILES[name]), name

    def assert_the_qube_is_whole(self) -> None:
        assert self.report.results[1].ok
        assert bytes(self.sinks.volumes["work", "private"].data) == VOLUME


@pytest.mark.parametrize("piece", [8000, 1 << 20])
@pytest.mark.parametrize("at", [0, 3, 12, 15, 30, 99, 130, 140, 150, 156, 157, 300, 500])
def test_a_flipped_byte_in_any_header_loses_neither_home_nor_configuration(piece: int, at: int, tmp_path: Path) -> None:
    stream = sample(piece=piece)
    parts = members(stream)
    assert packed(parts) == stream
    for number, (name, _) in enumerate(parts):
        damaged = bytearray(stream)
        damaged[offset(parts, name) + at] ^= 5

        found = Salvaged(bytes(damaged), tmp_path / str(number))

        assert found.home.ok, (name, found.report)
        assert not found.home.doubt
        assert len(found.files) == len(FILES) + 1
        assert found.backup.config == Dom0Config(policy={"30-user.policy": "# mine\n"})
        found.assert_the_qube_is_whole()
        assert found.report.problems


DAMAGE: dict[str, Callable[[Members], Members]] = {
    "a byte changed": lambda parts: [(name, _flipped(body) if name == chunk(2) else body) for name, body in parts],
    "missing": lambda parts: [part for part in parts if part[0] != chunk(2)],
    "cut": lambda parts: [(name, body[:-1] if name == chunk(2) else body) for name, body in parts],
    "and all after it missing": lambda parts: [
        part for part in parts if not (part[0].startswith(HOME) and part[0] >= chunk(2))
    ],
}


def _flipped(body: bytes) -> bytes:
    changed = bytearray(body)
    changed[len(body) // 2] ^= 1
    return bytes(changed)


@pytest.mark.parametrize("compression", [Compression.GZIP, Compression.NONE])
@pytest.mark.parametrize("kind", DAMAGE)
def test_the_files_before_a_damaged_chunk_come_back_and_the_rest_is_named(
    kind: str, compression: Compression, tmp_path: Path
) -> None:
    stream = packed(DAMAGE[kind](members(sample(compression))))

    found = Salvaged(stream, tmp_path / "new")

    assert found.home.ok
    assert 0 < len(found.files) < len(FILES)
    # They are the first ones of the archive, and none of them is there in part.
    assert list(FILES)[: len(found.files)] == sorted(found.files)
    assert "The home of dom0 is damaged: " in english(found.home.cut)
    assert "are whole, up to '" in english(found.home.cut)
    assert found.home.cut in found.report.problems
    assert not found.report.ok
    found.assert_the_qube_is_whole()


@pytest.mark.parametrize("kind", DAMAGE)
def test_without_salvage_a_damaged_home_fails_whole(kind: str, tmp_path: Path) -> None:
    stream = packed(DAMAGE[kind](members(sample())))
    new = NewFolder(tmp_path / "new", 0)

    report = open_backup(io.BytesIO(stream), WORDS).restore(Restored(), home=new)
    new.abort()

    assert not report.results[0].ok
    assert report.results[0].cut is None
    assert list(tmp_path.iterdir()) == []


def test_of_a_backup_cut_in_the_home_the_files_before_come_back(tmp_path: Path) -> None:
    stream = sample()
    end = offset(members(stream), chunk(3)) + 700

    found = Salvaged(stream[:end], tmp_path / "new")

    assert found.home.ok
    assert 0 < len(found.files) < len(FILES)
    assert found.home.cut
    assert "data of work are missing" in english(found.report.results[1].reason)


def test_a_cut_in_the_first_chunk_leaves_nothing_of_the_home(tmp_path: Path) -> None:
    stream = packed([part for part in members(sample()) if part[0] != chunk(0)])

    found = Salvaged(stream, tmp_path / "new")

    assert not found.home.ok
    assert found.files == {}
    found.assert_the_qube_is_whole()


def test_a_missing_manifest_says_what_cannot_be_known_of_the_home(tmp_path: Path) -> None:
    found = Salvaged(packed(members(sample())[:-1]), tmp_path / "new")

    assert found.home.ok
    assert len(found.files) == len(FILES) + 1
    assert "read and whole: user." in english(found.home.doubt)


@pytest.mark.parametrize("body", [None, b"", b"x" * 300], ids=["missing", "empty", "another"])
def test_a_damaged_configuration_fails_alone(body: bytes | None, tmp_path: Path) -> None:
    parts = [(name, data if name != CONFIG else body) for name, data in members(sample())]

    found = Salvaged(packed([(name, data) for name, data in parts if data is not None]), tmp_path / "new")

    assert found.backup.config is None
    assert "configuration of dom0" in english(found.backup.problem)
    assert len(found.files) == len(FILES) + 1
    found.assert_the_qube_is_whole()


def test_a_hostile_home_fails_whole_although_it_is_salvaged(tmp_path: Path) -> None:
    """The archive has a path outside of the home, and is sealed so: nothing of it is kept."""
    archive = b"".join(
        (
            tar.entry(b"dom0-home/user/", tar.FOLDER, size=0, mode=0o755, mtime=1),
            tar.entry(b"dom0-home/user/fine", tar.REGULAR, size=0, mode=0o644, mtime=1),
            tar.entry(b"dom0-home/user/../out", tar.REGULAR, size=0, mode=0o644, mtime=1),
            tar.END,
        )
    )
    stream = backup_of(qubes_xml(dom0=with_home()), {HOME: archive}, WORDS, as_they_are=[HOME])
    new = NewFolder(tmp_path / "new", 0)

    report = open_backup(io.BytesIO(stream), WORDS, salvage=True).restore(Restored(), home=new)
    new.abort()

    assert "cannot be" in english(report.results[0].reason)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_qubes_xml_is_still_refused() -> None:
    parts = [(name, body[:-1] + b"x" if name.startswith("qubes.xml") else body) for name, body in members(sample())]

    with pytest.raises(BackupDamagedError):
        open_backup(io.BytesIO(packed(parts)), WORDS, salvage=True)
