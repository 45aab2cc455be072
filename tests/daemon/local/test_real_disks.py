# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups to real file systems: disks that are unplugged and plugged in again, and the limits of FAT and ext2."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from loop_devices import Disk, why_not
from pool_tools import CannotMountError, mounted
from until import until

from qubesmanager.backup.errors import BackupError, BackupNotConnectedError, BackupSpaceError
from qubesmanager.client.backups import execute, history, preview
from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.backups import file_systems, targets
from qubesmanager.daemon.local.drivers.backups.file_systems import FAT_LARGEST, check_file_size, of_folder
from qubesmanager.daemon.local.system import System
from qubesmanager.host.atomic_file import rename_to_new
from qubesmanager.wire import calls

WHY_NOT = why_not() or ("" if shutil.which("mkfs.ext4") else "mkfs.ext4 is not installed")
pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(bool(WHY_NOT), reason=f"No disks can be made here: {WHY_NOT}"),
]


def disk_at(place: Path, image: Path) -> Iterator[Disk]:
    try:
        made = Disk(image, place)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"No disk can be mounted here: {error.stderr.decode().strip()}")
    try:
        yield made
    finally:
        made.unplug()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    yield from disk_at(tmp_path / "media/disk", tmp_path / "first.img")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"lost+found"}


async def with_profile(client: Client, path: Path, **keys: Any) -> None:
    text = {"include": ["vault"], "destination_path": str(path), "passphrase_text": "x", "verify": True, **keys}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", yaml.safe_dump(text)))


async def test_an_unplugged_disk_is_not_connected_and_its_mount_point_stays_empty(client: Client, disk: Disk) -> None:
    await with_profile(client, disk.place)
    assert (await preview(client, "nightly")).connected
    disk.unplug()

    assert not (await preview(client, "nightly")).connected
    with pytest.raises(BackupNotConnectedError, match="is not connected"):
        await execute(client, "nightly", None)
    assert names(disk.place) == set()
    disk.plug_in()
    await execute(client, "nightly", None)

    assert [run.result for run in await history(client, "nightly")] == ["failed", "ok"]
    assert len(names(disk.place)) == 1


async def test_another_disk_at_the_mount_point_is_not_the_one(client: Client, disk: Disk, tmp_path: Path) -> None:
    await with_profile(client, disk.place)
    disk.unplug()
    for other in disk_at(disk.place, tmp_path / "second.img"):
        with pytest.raises(BackupNotConnectedError, match="another file system"):
            await execute(client, "nightly", None)
        assert names(other.place) == set()


async def test_a_folder_that_is_only_on_the_disk_is_not_made_on_the_systems(client: Client, disk: Disk) -> None:
    folder = disk.place / "backups"
    folder.mkdir()
    await with_profile(client, folder)
    disk.unplug()

    with pytest.raises(BackupNotConnectedError):
        await execute(client, "nightly", None)

    assert names(disk.place) == set()


@contextmanager
def unplugged_under_the_run(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A run in this block loses the disk between its verification and its end."""
    verified = targets.verified

    def unplugged(*arguments: Any) -> None:
        verified(*arguments)
        disk.unplug()

    with monkeypatch.context() as patched:
        patched.setattr(targets, "verified", unplugged)
        yield


async def test_unplugging_the_disk_fails_the_run_and_its_partial_file_is_removed_later(
    client: Client, system: System, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is still open, so the writing ends well; no name can be given to it."""
    await with_profile(client, disk.place)
    with unplugged_under_the_run(disk, monkeypatch), pytest.raises(BackupError, match="cannot be written"):
        await execute(client, "nightly", None)
    assert names(disk.place) == set()
    disk.plug_in()
    (left,) = names(disk.place)
    assert left.endswith(".partial")
    disk.unplug()

    await system.backup_history.recover()
    with pytest.raises(BackupNotConnectedError):
        await execute(client, "nightly", None)
    disk.plug_in()
    assert names(disk.place) == {left}
    await execute(client, "nightly", None)

    assert [run.result for run in await history(client, "nightly")] == ["failed", "failed", "ok"]
    (file,) = names(disk.place)
    assert file.startswith("qubes-backup-nightly-")


async def test_a_disk_that_is_plugged_in_before_the_start_loses_what_was_left_there(
    client: Client, system: System, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_profile(client, disk.place)
    with unplugged_under_the_run(disk, monkeypatch), pytest.raises(BackupError):
        await execute(client, "nightly", None)
    disk.plug_in()
    assert len(names(disk.place)) == 1

    await system.backup_history.recover()

    await until(lambda: not names(disk.place))


async def test_a_disk_that_is_pulled_under_a_run_fails_it_in_words(
    client: Client, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_profile(client, disk.place)
    real = targets.verified

    def pulled(*arguments: Any) -> None:
        disk.pull()
        real(*arguments)

    monkeypatch.setattr(targets, "verified", pulled)

    with pytest.raises(BackupError, match="Input/output error"):
        await execute(client, "nightly", None)

    (run,) = await history(client, "nightly")
    assert run.result == "failed"
    assert "Input/output error" in run.reason


# -- limits of file systems -------------------------------------------------------------------------------------------


def made(kind: str, folder: Path, mib: int) -> Iterator[Path]:
    try:
        with mounted(kind, folder, mib) as place:
            yield place
    except CannotMountError as error:
        pytest.skip(str(error))


@pytest.fixture
def fat(tmp_path: Path) -> Iterator[Path]:
    yield from made("vfat", tmp_path, 6 << 10)


@pytest.fixture
def ext2(tmp_path: Path) -> Iterator[Path]:
    """Blocks of 1 KiB, as on all small disks: files have at most 16 GiB and some."""
    yield from made("ext2", tmp_path, 64)


def test_the_limit_of_a_file_on_ext2_is_known_without_writing(ext2: Path) -> None:
    check_file_size(ext2, 16 << 30)

    with pytest.raises(BackupSpaceError, match=r"\(ext2\) takes files of up to 17\d{9} bytes"):
        check_file_size(ext2, 20 << 30)

    assert names(ext2) == set()


async def test_the_limit_of_fat_is_named_before_a_backup_and_kept_by_the_kernel(client: Client, fat: Path) -> None:
    await with_profile(client, fat)

    assert of_folder(fat).kind == "vfat"
    assert (await preview(client, "nightly")).largest_file == FAT_LARGEST
    check_file_size(fat, FAT_LARGEST)
    with pytest.raises(BackupSpaceError, match=rf"\(vfat\) takes files of up to {FAT_LARGEST} bytes"):
        check_file_size(fat, FAT_LARGEST + 1)
    assert names(fat) == set()


async def test_a_backup_too_large_for_fat_is_refused_before_its_first_byte(
    client: Client, fat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_profile(client, fat)
    real = file_systems.check_file_size
    monkeypatch.setattr(file_systems, "check_file_size", lambda folder, needed: real(folder, needed + (4 << 30)))

    with pytest.raises(BackupSpaceError, match="takes files of up to 4294967295 bytes"):
        await execute(client, "nightly", None)

    assert names(fat) == set()


async def test_a_backup_is_written_to_fat_and_replaces_no_file(client: Client, fat: Path) -> None:
    await with_profile(client, fat)

    await execute(client, "nightly", None)

    (file,) = names(fat)
    (fat / "other").write_bytes(b"other")
    with pytest.raises(FileExistsError):
        rename_to_new(fat / "other", fat / file)
    (run,) = await history(client, "nightly")
    assert (run.result, Path(run.file).name, run.verified) == ("ok", file, True)
