# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed run left at its destination goes once its disk is there again; nothing of others does."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from backup_daemon import names
from until import until

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.backups import file_systems
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.system import System
from qubesmanager.host.atomic_file import part_of, partial
from qubesmanager.wire import calls
from qubesmanager.wire.backups import RUNNING, BackupRun, PartialFile, encode_run

ELSEWHERE = file_systems.FileSystem("ext4", "of another disk")


@pytest.fixture
def left(folder: Path) -> Path:
    """The file of a run that was killed."""
    part = part_of(folder / "qubes-backup-nightly-20250101T000000")
    part.write_bytes(b"half")
    return part


async def cut_off(system: System, part: Path) -> None:
    """The record of a run that writes to `part`."""
    disk = file_systems.of_folder(part.parent).identity
    partial = PartialFile(str(part), disk)
    run = BackupRun("nightly", 1, RUNNING, str(part.parent / "file"), by="dom0", owner="dom0", run=1, part=partial)
    async with system.runtime.changing:
        await system.runtime.commit([rows.set_backup_run(1, run)])


async def execute(client: Client, folder: Path) -> dict[str, Any]:
    text = {"include": ["vault"], "destination_path": str(folder), "passphrase_text": "x"}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", yaml.safe_dump(text)))
    await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {}))
    return (await history(client))[-1]


async def history(client: Client) -> list[dict[str, Any]]:
    return [json.loads(encode_run(run)) for run in await client.send(calls.BACKUP_HISTORY("dom0"))]


def on_disk(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Callable[[bool], None]:
    """Says whether the folder's disk is connected; without it the folder is on another one."""
    real = file_systems.of_folder
    connected = True

    def of_folder(path: Path, root: Path = Path("/")) -> file_systems.FileSystem:
        return real(path, root) if connected or path != folder else ELSEWHERE

    def say(now: bool) -> None:
        nonlocal connected
        connected = now

    monkeypatch.setattr(file_systems, "of_folder", of_folder)
    return say


async def test_the_next_start_removes_it_and_the_file_of_no_other_run(
    system: System, client: Client, folder: Path, left: Path
) -> None:
    other = part_of(folder / "qubes-backup-nightly-20250101T000000")
    other.write_bytes(b"of another daemon")
    await cut_off(system, left)

    await system.backup_history.recover()

    assert names(folder) == {other.name}
    (run,) = await history(client)
    assert run["result"] == "failed"
    assert "part" not in run


async def cut_off_from_its_disk(
    system: System, folder: Path, left: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[bool], None]:
    """A run was cut off, and its disk was missing at the next start. Returns what connects the disk again."""
    connect = on_disk(monkeypatch, folder)
    await cut_off(system, left)
    connect(False)
    await system.backup_history.recover()
    return connect


async def test_a_partial_file_on_a_missing_disk_is_removed_before_the_next_run_to_its_folder(
    system: System, client: Client, folder: Path, left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = await cut_off_from_its_disk(system, folder, left, monkeypatch)
    assert left.name in names(folder)
    assert (await history(client))[-1]["result"] == "failed"

    connect(True)
    run = await execute(client, folder)

    assert names(folder) == {Path(run["file"]).name}
    assert not any("part" in run for run in await history(client))


async def test_a_partial_file_on_a_missing_disk_is_removed_at_a_later_start(
    system: System, client: Client, folder: Path, left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = await cut_off_from_its_disk(system, folder, left, monkeypatch)
    connect(True)

    await system.backup_history.recover()

    await until(lambda: not names(folder))


async def test_a_file_that_another_daemon_writes_now_stays(system: System, client: Client, folder: Path) -> None:
    """A copy of this daemon's store knows its name, too."""
    part = part_of(folder / "file")
    with partial(part):
        await cut_off(system, part)
        await system.backup_history.recover()
        assert names(folder) == {part.name}

    assert names(folder) == {part.name}


async def test_a_run_to_elsewhere_leaves_it_alone(
    system: System, client: Client, folder: Path, left: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = on_disk(monkeypatch, folder)
    await cut_off(system, left)
    connect(False)
    await system.backup_history.recover()
    (tmp_path / "elsewhere").mkdir()

    await execute(client, tmp_path / "elsewhere")

    assert left.name in names(folder)


async def test_a_run_that_ends_leaves_no_part_and_no_record_of_it(client: Client, folder: Path) -> None:
    run = await execute(client, folder)

    assert names(folder) == {Path(run["file"]).name}
    assert "part" not in run
