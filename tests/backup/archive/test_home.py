# SPDX-License-Identifier: GPL-3.0-or-later
"""dom0's home in an archive and out of it: as it was, in a new folder only, and nothing outside of it."""

import io
import os
import socket
import stat
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from backup_samples import MADE, TINY, WORDS, Restored, contents, english, sample_qubes
from qubes_backup import PRIVATE, backup_of, domain, qubes_xml, with_home

from qubesmanager.backup.archive import home as home_module
from qubesmanager.backup.archive import writer
from qubesmanager.backup.archive.contents import Contents, to_xml
from qubesmanager.backup.archive.home import Home, scanned
from qubesmanager.backup.archive.home_unpacking import NoTree, unpack
from qubesmanager.backup.archive.new_folder import NewFolder
from qubesmanager.backup.archive.reader import open_backup
from qubesmanager.backup.archive.report import Report
from qubesmanager.backup.archive.writer import Options, write
from qubesmanager.backup.errors import BackupDamagedError, BackupError, BackupLimitError, BackupSpaceError
from qubesmanager.wire.errors import BackupCancelledError
from qubesmanager.wire.reason import Reason

TOP = "dom0-home/user"
MIB = 1 << 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A home with something of everything."""
    home = tmp_path / "user"
    (home / ".config/deep/er").mkdir(parents=True)
    (home / ".config/settings").write_text("of dom0")
    (home / ".config/settings").chmod(0o640)
    os.utime(home / ".config/settings", (1_600_000_000, 1_600_000_000))
    (home / "empty").touch()
    (home / "big").write_bytes(os.urandom(3 * MIB + 7))
    with (home / "sparse").open("wb") as file:
        file.write(b"begin")
        file.seek(40 * MIB)
        file.write(b"middle")
        file.truncate(80 * MIB + 3)
    (home / "all hole").touch()
    os.truncate(home / "all hole", 5 * MIB)
    (home / "umlaut grün \n钥匙").write_text("name")
    Path(os.fsdecode(os.fsencode(home) + b"/not-utf8-\xff")).write_text("bytes")
    long = home / ("l" * 200) / ("m" * 200)
    long.mkdir(parents=True)
    (long / ("n" * 250)).write_text("long")
    (home / "out").symlink_to("/etc/passwd")
    (home / "in").symlink_to(".config/settings")
    (home / "nowhere").symlink_to("x/" * 150 + "y")
    os.link(home / ".config/settings", home / "same")
    (home / "run").write_text("#!/bin/sh")
    (home / "run").chmod(0o4755)
    (home / ".config/deep").chmod(0o500)
    os.utime(home / ".config/deep", (1_500_000_000, 1_500_000_000))
    return home


def scan(folder: Path) -> Home:
    home = scanned(folder, Event())
    assert not home.problem
    return home


def backup(home: Home) -> tuple[bytes, Report]:
    out = io.BytesIO()
    report = write(out, WORDS, contents(), sample_qubes(), Options(TINY, piece=8000), created=MADE, home=home)
    return out.getvalue(), report


def unpacked(data: bytes, path: Path) -> Report:
    new = NewFolder(path, 0)
    try:
        report = open_backup(io.BytesIO(data), WORDS).restore(Restored(), home=new)
        if report.results[0].ok:
            new.keep()
    finally:
        new.abort()
    return report


def described(folder: Path) -> dict[str, object]:
    """Each entry's kind, mode, time, content; set-uid bits are left out."""
    by_path: dict[str, object] = {}
    for path in (folder, *folder.rglob("*")):
        status = path.lstat()
        content: object = None
        links = 0
        if path.is_symlink():
            content = path.readlink()
        elif path.is_file():
            content, links = path.read_bytes(), status.st_nlink
        mode = stat.S_IFMT(status.st_mode), status.st_mode & 0o777
        by_path[str(path.relative_to(folder))] = mode, int(status.st_mtime), content, links
    return by_path


def test_a_home_comes_back_as_it_was(folder: Path, tmp_path: Path) -> None:
    before = described(folder)
    home = scan(folder)
    data, written = backup(home)

    report = unpacked(data, tmp_path / "new")

    assert written.ok
    assert report.ok
    assert written.results[0].lost == report.results[0].lost == ()
    assert described(tmp_path / "new") == before
    assert (tmp_path / "new/run").stat().st_mode & 0o7000 == 0
    assert (tmp_path / "new/sparse").stat().st_blocks * 512 < MIB
    assert (tmp_path / "new/all hole").stat().st_blocks == 0
    assert (tmp_path / "new/same").samefile(tmp_path / "new/.config/settings")
    assert not (tmp_path / "new.partial").exists()
    assert home.files == 10
    assert open_backup(io.BytesIO(data), WORDS).verify().ok


def test_its_path_in_qubes_xml_is_that_of_qubes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[bytes] = []

    def kept(system: Contents) -> bytes:
        texts.append(to_xml(system))
        return texts[-1]

    monkeypatch.setattr(writer, "to_xml", kept)
    data, _ = backup(scan(folder))

    opened = open_backup(io.BytesIO(data), WORDS)

    assert opened.contents.kept[0].name == "dom0"
    assert opened.contents.kept[0].size >= 3 * MIB
    (text,) = texts
    assert b'<feature name="backup-path">dom0-home/user</feature>' in text
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert "dom0-home/user.000.enc" in archive.getnames()


def test_tar_reads_the_archive(folder: Path, tmp_path: Path) -> None:
    before = described(folder)
    archive = tmp_path / "home.tar"
    archive.write_bytes(b"".join(scan(folder).archive(Event())))
    (tmp_path / "place").mkdir()

    done = subprocess.run(
        ["tar", "-xf", archive, "-C", tmp_path / "place"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert described(tmp_path / "place" / TOP) == before


@pytest.mark.parametrize("form", ["gnu", "posix"])
def test_an_archive_of_gnu_tar_is_read(folder: Path, tmp_path: Path, form: str) -> None:
    before = described(folder)
    xform = r"--xform=s:^user:dom0-home/\0:"
    archive = subprocess.run(
        ["tar", "-Pc", "--sparse", f"--format={form}", "-C", folder.parent, xform, "user"],
        capture_output=True,
        check=True,
    ).stdout
    new = NewFolder(tmp_path / "new", 0)
    lost: list[Reason] = []

    unpack(iter([archive]), TOP, 1 << 40, new, lost)
    new.keep()

    assert lost == []
    assert described(tmp_path / "new") == before


def test_entries_other_than_files_folders_and_links_are_left_out_by_name(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(folder / "sock"))
        data, written = backup(scan(folder))

    report = unpacked(data, tmp_path / "new")

    assert report.ok
    assert "'pipe' (neither" in english(written.results[0].lost[0])
    assert "'sock' (neither" in english(written.results[0].lost[0])
    assert not (tmp_path / "new/pipe").exists()


# -- a home that changes while it is read ------------------------------------------------------------------------------


def test_a_file_that_changes_after_it_was_listed_is_named_and_the_rest_is_whole(folder: Path, tmp_path: Path) -> None:
    (folder / "grows").write_text("short")
    (folder / "shrinks").write_text("long " * 1000)
    (folder / "goes").write_text("x")
    (folder / "to-link").write_text("x")
    (folder / "gone").mkdir()
    (folder / "gone/file").write_text("x")
    (folder / "swapped").mkdir()
    (folder / "swapped/passwd").write_text("mine")
    (folder / "pipe").write_text("x")
    home = scan(folder)
    with (folder / "grows").open("a") as file:
        file.write(" and longer" * 100)
    (folder / "shrinks").write_text("less")
    (folder / "goes").unlink()
    (folder / "to-link").unlink()
    (folder / "to-link").symlink_to("/etc/passwd")
    (folder / "gone/file").unlink()
    (folder / "gone").rmdir()
    (folder / "swapped").rename(folder / "aside")
    (folder / "swapped").symlink_to("/etc")
    (folder / "pipe").unlink()
    os.mkfifo(folder / "pipe")
    with (folder / "sparse").open("r+b") as file:
        file.seek(60 * MIB)
        file.write(os.urandom(MIB))

    data, written = backup(home)
    report = unpacked(data, tmp_path / "new")

    assert written.ok
    assert report.ok
    new = tmp_path / "new"
    text = " ".join(map(english, written.results[0].lost))
    for name in ("grows", "goes", "to-link", "gone", "gone/file", "swapped", "swapped/passwd", "pipe", "sparse"):
        assert name in text
        assert not (new / name).exists() or name == "grows"
    assert (new / "grows").read_text() == "short"
    assert (new / "shrinks").read_text() == "less"
    assert (new / ".config/settings").read_text() == "of dom0"


def test_a_file_that_becomes_shorter_under_the_reader_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = os.pread

    def shortened(fd: int, size: int, offset: int) -> bytes:
        if offset:
            os.truncate(folder / "big", 1000)
        return read(fd, size, offset)

    monkeypatch.setattr(os, "pread", shortened)
    home = scan(folder)

    archive = b"".join(home.archive(Event()))

    with tarfile.open(fileobj=io.BytesIO(archive)) as tar_file:
        assert tar_file.getmember(f"{TOP}/big").size == 3 * MIB + 7
    assert tuple(map(english, home.lost)) == ("Changed in the home of dom0 while it was read: 'big'.",)


def test_a_home_that_is_replaced_or_missing_fails_alone(folder: Path, tmp_path: Path) -> None:
    home = scan(folder)
    folder.rename(tmp_path / "other")
    missing = scanned(folder, Event())
    folder.mkdir()

    _, replaced = backup(home)
    _, absent = backup(missing)

    for report in (replaced, absent):
        assert [result.ok for result in report.results] == [False, True, True, True]
        assert "home" in english(report.results[0].reason)


def test_more_than_a_backup_takes_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_module, "ENTRIES_LIMIT", 5)

    assert "more than 5 files" in english(scanned(folder, Event()).problem)


def test_a_cancel_stops_listing_and_reading_a_home(folder: Path) -> None:
    cancelled = Event()
    home = scan(folder)
    cancelled.set()

    with pytest.raises(BackupCancelledError):
        scanned(folder, cancelled)
    with pytest.raises(BackupCancelledError):
        list(home.archive(cancelled))


# -- hostile archives --------------------------------------------------------------------------------------------------


def entry(name: str, kind: bytes = tarfile.REGTYPE, content: bytes = b"", link: str = "", mode: int = 0o644) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.mode = kind, len(content), mode
    info.mtime, info.uid, info.gid, info.uname = 1_700_000_000, 4242, 4242, "stranger"
    info.linkname = link
    return info.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512)


ROOT = entry(f"{TOP}/", tarfile.DIRTYPE, mode=0o755)
END = bytes(1024)

HOSTILE = {
    "absolute": ROOT + entry("/etc/hostile", content=b"x"),
    "up": ROOT + entry(f"{TOP}/../hostile", content=b"x"),
    "up in a folder": ROOT + entry(f"{TOP}/a/", tarfile.DIRTYPE) + entry(f"{TOP}/a/../../hostile", content=b"x"),
    "another home": ROOT + entry("dom0-home/other", content=b"x"),
    "another qube": ROOT + entry("vm1/private.img", content=b"x"),
    "beside": ROOT + entry(f"{TOP}2", content=b"x"),
    "through a link": ROOT + entry(f"{TOP}/l", tarfile.SYMTYPE, link="/tmp") + entry(f"{TOP}/l/hostile", content=b"x"),
    "over a link": ROOT + entry(f"{TOP}/l", tarfile.SYMTYPE, link="/tmp/hostile") + entry(f"{TOP}/l", content=b"x"),
    "folder over a link": ROOT + entry(f"{TOP}/l", tarfile.SYMTYPE, link="/") + entry(f"{TOP}/l", tarfile.DIRTYPE),
    "twice": ROOT + 2 * entry(f"{TOP}/a", content=b"x"),
    "the home twice": 2 * ROOT,
    "no folder first": entry(f"{TOP}/a", content=b"x"),
    "the home is a link": entry(TOP, tarfile.SYMTYPE, link="/"),
    "the home is a file": entry(TOP, content=b"x"),
    "dot": ROOT + entry(f"{TOP}/./a", content=b"x"),
    "empty name": ROOT + entry(f"{TOP}//a", content=b"x"),
    "hard link out": ROOT + entry(f"{TOP}/h", tarfile.LNKTYPE, link="/etc/passwd"),
    "hard link up": ROOT + entry(f"{TOP}/h", tarfile.LNKTYPE, link=f"{TOP}/../../etc/passwd"),
    "odd kind": ROOT + entry(f"{TOP}/odd", b"Q"),
    "too deep": ROOT + b"".join(entry(f"{TOP}{'/a' * depth}/", tarfile.DIRTYPE) for depth in range(1, 203)),
    "name too long": ROOT + entry(f"{TOP}/{'a' * 256}", content=b"x"),
    "empty": b"",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_archive_is_refused_and_nothing_of_it_is_left(case: str, tmp_path: Path) -> None:
    place = tmp_path / "a/place"
    place.mkdir(parents=True)
    archive = HOSTILE[case] + END
    new = NewFolder(place / "new", 0)

    with pytest.raises((BackupDamagedError, BackupLimitError)):
        unpack(iter([archive]), TOP, 1 << 30, new, [])
    new.abort()
    with pytest.raises((BackupDamagedError, BackupLimitError)):
        unpack(iter([archive]), TOP, 1 << 30, NoTree(), [])

    assert list(tmp_path.rglob("*")) == [tmp_path / "a", place]
    assert not Path("/tmp/hostile").exists()
    assert not Path("/etc/hostile").exists()


def test_devices_pipes_and_links_to_nothing_are_left_out_by_name(tmp_path: Path) -> None:
    archive = ROOT + b"".join(
        (
            entry(f"{TOP}/disk", tarfile.BLKTYPE),
            entry(f"{TOP}/zero", tarfile.CHRTYPE),
            entry(f"{TOP}/pipe", tarfile.FIFOTYPE),
            entry(f"{TOP}/hard", tarfile.LNKTYPE, link=f"{TOP}/missing"),
            entry(f"{TOP}/void", tarfile.SYMTYPE),
            entry(f"{TOP}/good", content=b"good", mode=0o6755),
            END,
        )
    )
    new = NewFolder(tmp_path / "new", 0)
    lost: list[Reason] = []

    unpack(iter([archive]), TOP, 1 << 30, new, lost)
    new.keep()

    assert [path.name for path in (tmp_path / "new").iterdir()] == ["good"]
    status = (tmp_path / "new/good").stat()
    assert stat.S_IMODE(status.st_mode) == 0o755
    assert status.st_uid == tmp_path.stat().st_uid
    (text,) = lost
    assert all(name in english(text) for name in ("disk", "zero", "pipe", "hard", "void"))


@pytest.mark.parametrize("cut", [0, 700, 1100, -1024, -512])
def test_an_archive_that_is_cut_or_followed_by_something_is_refused(cut: int) -> None:
    archive = ROOT + entry(f"{TOP}/a", content=b"x") + END

    with pytest.raises(BackupDamagedError):
        unpack(iter([archive[:cut]]), TOP, 1 << 30, NoTree(), [])
    with pytest.raises(BackupDamagedError):
        unpack(iter([archive, b"x" * 512]), TOP, 1 << 30, NoTree(), [])


def test_more_than_was_announced_is_refused(tmp_path: Path) -> None:
    archive = ROOT + entry(f"{TOP}/a", content=bytes(10_000)) + END
    new = NewFolder(tmp_path / "new", 0)

    with pytest.raises(BackupLimitError):
        unpack(iter([archive[:4096], archive[4096:]]), TOP, 8000, new, [])
    new.abort()

    assert not list(tmp_path.iterdir())


def hostile_names() -> Iterator[bytes]:
    """Long names and pax headers that say they are huge."""
    for kind in (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGLINK):
        info = tarfile.TarInfo("x")
        info.type, info.size = kind, 1 << 40
        yield info.tobuf(tarfile.GNU_FORMAT)


def test_a_header_that_asks_for_much_memory_is_refused() -> None:
    for header in hostile_names():
        with pytest.raises(BackupLimitError):
            unpack(iter([ROOT + header]), TOP, 1 << 50, NoTree(), [])


# -- the new folder ----------------------------------------------------------------------------------------------------


def refused(make: Callable[[], object], match: str) -> None:
    with pytest.raises(BackupError, match=match):
        make()


def test_only_a_new_folder_is_made_and_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/nowhere")
    (tmp_path / "begun.partial").mkdir()
    before = described(tmp_path)

    for name in ("file", "folder", "link"):
        refused(lambda name=name: NewFolder(tmp_path / name, 0), "already")  # type: ignore[misc]
    refused(lambda: NewFolder(tmp_path / "begun", 0), "cannot be created")
    refused(lambda: NewFolder(tmp_path / "missing/new", 0), "no folder")
    refused(lambda: NewFolder(tmp_path / "file/new", 0), "no folder")
    refused(lambda: NewFolder(Path("relative"), 0), "absolute")
    refused(lambda: NewFolder(tmp_path / "folder/../new", 0), "absolute")
    with pytest.raises(BackupSpaceError):
        NewFolder(tmp_path / "new", 1 << 60)

    assert described(tmp_path) == before


def test_a_folder_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    new = NewFolder(tmp_path / "new", 0)
    unpack(iter([ROOT + END]), TOP, 1 << 30, new, [])
    (tmp_path / "new").mkdir()

    refused(new.keep, "cannot be created")
    new.abort()

    assert [path.name for path in tmp_path.iterdir()] == ["new"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_files_that_root_unpacks_belong_to_the_owner_of_the_parent_folder(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    os.chown(place, 1234, 2345)
    data, _ = backup(scan(folder))

    assert unpacked(data, place / "new").ok

    owners = {(path.lstat().st_uid, path.lstat().st_gid) for path in (place / "new", *(place / "new").rglob("*"))}
    assert owners == {(1234, 2345)}


# -- in a backup -------------------------------------------------------------------------------------------------------


def of_qubes(**homes: bytes) -> bytes:
    """A backup in the form of Qubes' own tool; the archives are made of what they hold."""
    files = {f"dom0-home/{user}": archive for user, archive in homes.items()}
    return backup_of(
        qubes_xml(domain("work"), dom0=with_home(size=100_000)),
        {**files, "vm1/private.img": PRIVATE},
        as_they_are=files,
    )


def test_a_home_in_a_backup_of_qubes_own_tool_is_unpacked(tmp_path: Path) -> None:
    data = of_qubes(user=ROOT + entry(f"{TOP}/a", content=b"x") + END)

    report = unpacked(data, tmp_path / "new")

    assert report.ok
    assert (tmp_path / "new/a").read_bytes() == b"x"


def test_a_hostile_home_fails_alone(tmp_path: Path) -> None:
    data = of_qubes(user=HOSTILE["up"] + END)

    report = unpacked(data, tmp_path / "new")

    assert [(result.qube.name, result.ok) for result in report.results] == [("dom0", False), ("work", True)]
    assert not list(tmp_path.iterdir())


def test_a_backup_with_two_homes_is_refused(tmp_path: Path) -> None:
    data = of_qubes(user=ROOT + END, aser=entry("dom0-home/aser/", tarfile.DIRTYPE) + END)

    report = unpacked(data, tmp_path / "new")

    assert english(report.results[0].reason).endswith("two homes of dom0.")
    assert not list(tmp_path.iterdir())


def test_a_changed_byte_of_the_home_fails_it_and_nothing_is_left(folder: Path, tmp_path: Path) -> None:
    data, _ = backup(scan(folder))
    at = len(data) // 3
    report = unpacked(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], tmp_path / "new")

    assert [result.ok for result in report.results] == [False, True, True, True]
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "new.partial").exists()
