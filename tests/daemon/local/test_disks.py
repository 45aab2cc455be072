# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk that backups go to: known by its file system, missed when another is there, and asked for its limits."""

import os
import resource
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from qubesmanager.backup.errors import BackupError, BackupNotConnectedError, BackupSpaceError
from qubesmanager.client.backups import execute, history, preview
from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.backups import file_systems
from qubesmanager.daemon.local.drivers.backups.file_systems import FAT_LARGEST, FileSystem
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.backups import Confirmed
from qubesmanager.wire.codecs import CreateSpec

MIB = 1 << 20
ROOT = FileSystem("ext4", "root-disk")
STICK = FileSystem("vfat", "12AB-34CD")


class Mounts:
    """What is mounted, as tests change it."""

    def __init__(self) -> None:
        self.at: dict[Path, FileSystem] = {}

    def of_folder(self, folder: Path) -> FileSystem:
        above = [at for at in self.at if folder.is_relative_to(at)]
        return self.at[max(above, key=lambda at: len(at.parts))] if above else ROOT


@pytest.fixture
def mounts(monkeypatch: pytest.MonkeyPatch) -> Mounts:
    made = Mounts()
    monkeypatch.setattr(file_systems, "of_folder", made.of_folder)
    return made


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    path = tmp_path / "media" / "stick"
    path.mkdir(parents=True)
    return path


async def with_profile(client: Client, path: Path, **keys: Any) -> None:
    text = {"include": ["vault"], "destination_path": str(path), "kdf": "generated", "passphrase_text": "x", **keys}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", yaml.safe_dump(text)))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


async def test_an_empty_mount_point_gets_no_backup(client: Client, mounts: Mounts, stick: Path) -> None:
    mounts.at[stick] = STICK
    await with_profile(client, stick)
    assert (await preview(client, "nightly")).connected
    del mounts.at[stick]

    assert not (await preview(client, "nightly")).connected
    with pytest.raises(BackupNotConnectedError, match="not connected"):
        await execute(client, "nightly", None)

    assert names(stick) == set()
    assert [run.result for run in await history(client, "nightly")] == ["failed"]
    mounts.at[stick] = STICK
    await execute(client, "nightly", None)
    assert len(names(stick)) == 1


async def test_a_folder_that_went_with_its_disk_becomes_no_file(client: Client, mounts: Mounts, stick: Path) -> None:
    """Without the folder, its path could be that of a file in the folder above."""
    folder = stick / "backups"
    folder.mkdir()
    mounts.at[stick] = STICK
    await with_profile(client, folder)
    del mounts.at[stick]
    folder.rmdir()

    with pytest.raises(BackupNotConnectedError):
        await execute(client, "nightly", None)

    assert names(stick) == set()


async def test_a_second_disk_is_used_after_dom0_confirms_it_and_is_remembered(
    client: Client, mounts: Mounts, stick: Path
) -> None:
    mounts.at[stick] = STICK
    await with_profile(client, stick)
    mounts.at[stick] = FileSystem("ext4", "second")
    with pytest.raises(BackupNotConnectedError):
        await execute(client, "nightly", None)

    await execute(client, "nightly", None, confirmed=Confirmed(new_disk=True))
    await execute(client, "nightly", None)
    mounts.at[stick] = STICK
    await execute(client, "nightly", None)

    assert [run.result for run in await history(client, "nightly")] == ["failed", "ok", "ok", "ok"]


async def test_a_profile_written_by_hand_learns_its_disk_in_its_first_run(
    client: Client, system: System, mounts: Mounts, stick: Path
) -> None:
    by_hand(system, stick)
    mounts.at[stick] = STICK
    await execute(client, "nightly", None)
    del mounts.at[stick]

    with pytest.raises(BackupNotConnectedError):
        await execute(client, "nightly", None)


def by_hand(system: System, path: Path) -> None:
    system.runtime.places.profiles.mkdir(exist_ok=True)
    (system.runtime.places.profiles / "nightly.conf").write_text(
        f"include: [vault]\ndestination_path: {path}\nkdf: generated\npassphrase_text: x\n"
    )


@pytest.mark.parametrize("without", [ROOT, FileSystem("tmpfs", "tmpfs:tmpfs")], ids=["the system's disk", "memory"])
async def test_the_very_first_run_of_a_profile_written_by_hand_misses_its_disk(
    client: Client, system: System, mounts: Mounts, stick: Path, without: FileSystem
) -> None:
    by_hand(system, stick)
    mounts.at[stick] = without

    assert not (await preview(client, "nightly")).connected
    with pytest.raises(BackupNotConnectedError, match="confirm it once"):
        await execute(client, "nightly", None)
    assert names(stick) == set()
    mounts.at[stick] = STICK
    await execute(client, "nightly", None)
    mounts.at[stick] = without
    with pytest.raises(BackupNotConnectedError, match="is not connected"):
        await execute(client, "nightly", None)

    assert len(names(stick)) == 1


async def test_a_folder_on_the_systems_disk_is_confirmed_once_or_has_a_backup(
    client: Client, system: System, mounts: Mounts, stick: Path
) -> None:
    by_hand(system, stick)
    assert mounts.at == {}
    await execute(client, "nightly", None, confirmed=Confirmed(new_disk=True))
    await execute(client, "nightly", None)

    # As after an update from a version that remembered no file systems.
    await system.runtime.store.commit([rows.delete_destinations("nightly")])
    await execute(client, "nightly", None)

    assert [run.result for run in await history(client, "nightly")] == ["ok", "ok", "ok"]


async def test_a_file_as_destination_needs_the_disk_too(client: Client, mounts: Mounts, stick: Path) -> None:
    mounts.at[stick] = STICK
    await with_profile(client, stick / "backup")
    del mounts.at[stick]

    with pytest.raises(BackupNotConnectedError):
        await execute(client, "nightly", None)

    assert names(stick) == set()


async def test_a_disk_that_is_missing_while_the_profile_is_set_is_learnt_once_it_is_there(
    client: Client, mounts: Mounts, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_systems, "unmounted_point", lambda _folder: "" if stick in mounts.at else str(stick))
    await with_profile(client, stick)
    with pytest.raises(BackupNotConnectedError):
        await execute(client, "nightly", None)

    mounts.at[stick] = STICK
    await execute(client, "nightly", None)

    assert [run.result for run in await history(client, "nightly")] == ["failed", "ok"]


async def test_a_profile_that_is_set_again_or_removed_forgets_its_disk(
    client: Client, mounts: Mounts, stick: Path, system: System
) -> None:
    mounts.at[stick] = STICK
    await with_profile(client, stick)
    mounts.at[stick] = FileSystem("ext4", "second")
    await with_profile(client, stick)

    await execute(client, "nightly", None)
    await client.send(calls.BACKUP_PROFILE_REMOVE("dom0", "nightly"))

    assert await system.runtime.store.read("SELECT * FROM destination") == []


async def test_the_file_size_limit_of_fat_is_reported_before_the_run(
    client: Client, mounts: Mounts, stick: Path
) -> None:
    mounts.at[stick] = STICK
    await with_profile(client, stick)

    assert (await preview(client, "nightly")).largest_file == FAT_LARGEST
    mounts.at[stick] = ROOT
    assert (await preview(client, "nightly")).largest_file is None


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file of this process may be larger than 4 MiB, as if on a file system like FAT."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 * MIB, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("small_files")
async def test_a_backup_over_the_largest_file_is_refused_before_it_begins(client: Client, stick: Path) -> None:
    async def data() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield os.urandom(MIB)

    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("lab", "green")))
    for name in ("vault", "lab"):
        await client.send(calls.VM_VOLUME_IMPORT(name, "private", data()))
    await with_profile(client, stick, include=["vault", "lab"])

    with pytest.raises(BackupSpaceError, match=r"takes files of up to 4194304 bytes"):
        await execute(client, "nightly", None)

    assert names(stick) == set()


# -- what the kernel says ---------------------------------------------------------------------------------------------


def machine(tmp_path: Path, mountinfo: str, fstab: str = "") -> Path:
    root = tmp_path / "root"
    (root / "proc/self").mkdir(parents=True)
    (root / "etc").mkdir()
    (root / "proc/self/mountinfo").write_text(mountinfo)
    (root / "etc/fstab").write_text(fstab)
    return root


def test_the_mount_that_holds_the_folder_is_found(tmp_path: Path) -> None:
    media = tmp_path / "my disk"
    media.mkdir()
    escaped = str(media).replace(" ", "\\040")
    root = machine(
        tmp_path,
        "21 1 8:1 / / rw - overlay overlay rw\n"
        f"22 21 0:40 / {escaped} rw shared:1 - nfs4 old:/export rw\n"
        f"23 22 0:41 / {escaped} rw shared:1 master:2 - nfs4 server:/my\\040export rw\n"
        f"24 21 0:42 / {escaped}2 rw - tmpfs tmpfs rw\n"
        "a broken line\n",
    )

    assert file_systems.of_folder(media, root) == FileSystem("nfs4", "nfs4:server:/my export")
    assert file_systems.of_folder(media / "not" / "there", root) == FileSystem("nfs4", "nfs4:server:/my export")
    assert file_systems.of_folder(tmp_path, root) == FileSystem("overlay", "overlay:overlay")


def test_a_mount_point_of_fstab_where_nothing_is_mounted_is_known(tmp_path: Path) -> None:
    media, other = tmp_path / "media", tmp_path / "other"
    media.mkdir()
    other.mkdir()
    fstab = f"# {other} is not one\nUUID=1 / ext4 defaults\nUUID=2 {media} vfat noauto\nUUID=3 none swap sw\n"
    root = machine(tmp_path, "21 1 8:1 / / rw - overlay overlay rw\n", fstab)

    assert file_systems.unmounted_point(media / "backups", root) == str(media)
    assert file_systems.unmounted_point(other, root) == ""
    (root / "proc/self/mountinfo").write_text(
        f"21 1 8:1 / / rw - overlay overlay rw\n22 21 8:2 / {media} rw - vfat /dev/sdb1 rw\n"
    )
    assert file_systems.unmounted_point(media / "backups", root) == ""


def test_this_machines_own_folder_is_on_something(tmp_path: Path) -> None:
    assert file_systems.of_folder(tmp_path).kind
    assert file_systems.unmounted_point(tmp_path) == ""
    file_systems.check_file_size(tmp_path, 1 << 30)
    if file_systems.of_folder(tmp_path).kind == "tmpfs":
        pytest.skip("a file system in memory takes files of any size")
    with pytest.raises(BackupSpaceError, match="takes files of up to"):
        file_systems.check_file_size(tmp_path, 1 << 62)


def test_a_disk_with_too_little_room_is_refused_before_a_backup(tmp_path: Path) -> None:
    file_systems.check_space(tmp_path, 1)
    with pytest.raises(BackupError, match="MiB left"):
        file_systems.check_space(tmp_path, 1 << 60)
    with pytest.raises(BackupError, match="cannot be written"):
        file_systems.check_space(tmp_path / "nowhere", 1)
