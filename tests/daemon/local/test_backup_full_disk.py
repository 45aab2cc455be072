# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that fills up under a backup or a restore: the error names path and bytes, and no partial file is left."""

import json
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from backup_daemon import MIB, WORDS, everything, execute, file_stream, make_qube, names
from backup_samples import in_english
from demo_fixtures import client_of, populate
from fakes_hypervisor import FakeHypervisor

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.backups import file_systems, targets
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.backups import encode_run
from qubesmanager.wire.errors import Mgmt1Error

pytestmark = pytest.mark.whole


def made(folder: Path) -> None:
    folder.mkdir(exist_ok=True)


def fill(disk: Path) -> Path:
    """A file that takes all that is left of the disk."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 12))
    assert shutil.disk_usage(disk).free == 0
    return filler


async def lab(client: Client, folder: Path, **keys: object) -> None:
    await make_qube(client, "lab", os.urandom(20 * MIB), b"root" * 1000)
    await profile(client, folder, **keys)


async def profile(client: Client, folder: Path, **keys: object) -> None:
    made(folder)
    text = yaml.safe_dump({"include": ["lab"], "destination_path": str(folder), **keys})
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", text))


async def restore(client: Client, file: Path, **options: str) -> list[str]:
    head = "\n".join(f"{key}={value}" for key, value in {"passphrase": WORDS, "rename": "lab:copy", **options}.items())
    async with aclosing(file_stream(head, file)) as content:
        return in_english(await client.send(calls.BACKUP_RESTORE("dom0", None, content)))


async def test_a_target_without_space_is_refused_before_a_byte_is_written(client: Client, small_disk: Path) -> None:
    await lab(client, small_disk)

    with pytest.raises(Mgmt1Error, match=rf"{small_disk} has \d+ MiB left") as refused:
        await execute(client)

    assert refused.value.wire_name == "BackupSpaceError"
    assert names(small_disk) == set()


@pytest.mark.parametrize("verify", [False, True])
async def test_a_target_that_fills_up_names_itself_and_keeps_nothing(
    client: Client, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verify: bool
) -> None:
    # Another program takes the room after the look at it.
    monkeypatch.setattr(file_systems, "check_space", lambda _folder, _needed: None)
    await lab(client, small_disk, verify=verify)

    with pytest.raises(Mgmt1Error, match=rf"disk of {small_disk} is full: \d+ bytes of the backup") as refused:
        await execute(client)

    assert refused.value.wire_name == "BackupSpaceError"
    assert names(small_disk) == set()
    await profile(client, tmp_path / "elsewhere", verify=verify)
    await execute(client)
    assert len(list((tmp_path / "elsewhere").iterdir())) == 1


async def test_a_pool_without_space_is_refused_before_a_volume_is_made(
    client: Client, system: System, small_disk: Path, tmp_path: Path
) -> None:
    await client.send(calls.POOL_ADD("dom0", "small", {"driver": "file-qcow2", "dir_path": str(small_disk / "pool")}))
    await lab(client, tmp_path / "backups")
    await execute(client)
    (file,) = (tmp_path / "backups").iterdir()

    with pytest.raises(Mgmt1Error, match=r"the pool small has \d+ MiB left") as refused:
        await restore(client, file, pool="small")

    assert refused.value.wire_name == "BackupSpaceError"
    assert await system.pools.driver("small").list_volumes() == []
    assert not system.runtime.reserved


async def test_each_pool_has_to_have_room_for_its_qubes(
    client: Client, system: System, small_disk: Path, tmp_path: Path
) -> None:
    await client.send(calls.POOL_ADD("dom0", "small", {"driver": "file-qcow2", "dir_path": str(small_disk / "pool")}))
    await lab(client, tmp_path / "backups", include=["lab", "vault"])
    await execute(client)
    (file,) = (tmp_path / "backups").iterdir()

    with pytest.raises(Mgmt1Error, match=r"the pool small has \d+ MiB left"):
        await restore(client, file, pools="lab:small", rename="lab:copy vault:vault2")
    rows = await restore(client, file, pools="vault:small", rename="lab:copy vault:vault2")

    assert rows == ["lab restored-as=copy result=ok", "vault restored-as=vault2 result=ok"]
    assert {vid.partition("/")[0] for vid in await system.pools.driver("small").list_volumes()} == {"vault2"}


async def test_a_pool_that_fills_up_fails_the_qube_and_keeps_nothing_of_it(
    client: Client, system: System, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.send(calls.POOL_ADD("dom0", "small", {"driver": "file-qcow2", "dir_path": str(small_disk / "pool")}))
    await lab(client, tmp_path / "backups", include=["lab", "vault"])
    await execute(client)
    (file,) = (tmp_path / "backups").iterdir()
    monkeypatch.setattr("qubesmanager.daemon.local.services.restores._Restoring._room", _nothing)
    used = (await system.pools.driver("small").usage()).usage

    row, other = await restore(client, file, pool="small", rename="lab:copy vault:vault2")

    assert row.startswith("lab restored-as=- result=failed")
    assert "The disk of the pool small is full" in row
    assert f"of {20 * MIB} bytes of copy/private" in row
    assert other == "vault restored-as=vault2 result=ok"
    assert "copy" not in {qube.name for qube in await client.send(calls.VM_LIST("dom0"))}
    assert {vid.partition("/")[0] for vid in await system.pools.driver("small").list_volumes()} == {"vault2"}
    assert (await system.pools.driver("small").usage()).usage < used + MIB
    assert await system.runtime.store.read("SELECT * FROM pending_volume") == []
    assert (await restore(client, file, include="lab"))[0] == "lab restored-as=copy result=ok"


async def _nothing(*_: object) -> None: ...


@pytest.fixture
async def on_small(small_disk: Path, tmp_path: Path) -> AsyncIterator[System]:
    """A system whose store is on the small disk, and its pool elsewhere."""
    system = await open_system(small_disk / "state", FakeHypervisor())
    await populate(system)
    client = client_of(system)
    await client.send(calls.POOL_ADD("dom0", "roomy", {"driver": "file-qcow2", "dir_path": str(tmp_path / "roomy")}))
    await client.send(calls.PROPERTY_SET("dom0", "default_pool", "roomy"))
    yield system
    await system.runtime.close()


async def test_a_full_state_disk_refuses_a_backup_and_is_named(
    on_small: System, small_disk: Path, tmp_path: Path
) -> None:
    client = client_of(on_small)
    await lab(client, tmp_path / "backups")
    filler = fill(small_disk)

    for _ in range(20):
        with pytest.raises(Mgmt1Error, match=rf"disk of {small_disk}/state is full: \d+ bytes"):
            await execute(client)

    assert names(tmp_path / "backups") == set()
    assert "lab" in {qube.name for qube in await client.send(calls.VM_LIST("dom0"))}
    filler.unlink()
    await execute(client)
    assert len(list((tmp_path / "backups").iterdir())) == 1


async def test_a_state_disk_that_fills_up_under_a_backup_says_what_is_there(
    on_small: System, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(on_small)
    await lab(client, tmp_path / "backups")
    written = targets.to_file

    def and_full(*arguments: Any) -> Any:
        report = written(*arguments)
        fill(small_disk)
        return report

    with monkeypatch.context() as patched:
        patched.setattr(targets, "to_file", and_full)
        with pytest.raises(Mgmt1Error, match="is on the disk") as refused:
            await execute(client)

    assert f"disk of {small_disk}/state is full" in str(refused.value)
    (file,) = (tmp_path / "backups").iterdir()
    (run,) = [json.loads(encode_run(run)) for run in await client.send(calls.BACKUP_HISTORY("dom0"))]
    assert (run["result"], run["file"]) == ("failed", str(file))
    (small_disk / "filler").unlink()
    assert (await restore(client, file)) == ["lab restored-as=copy result=ok"]
    on_small.backup_history.clock = lambda: time.time() + 60
    await execute(client)
    stored = await on_small.runtime.store.read("SELECT told FROM backup_run ORDER BY run")
    assert [json.loads(run)["result"] for (run,) in stored] == ["failed", "ok"]


async def test_a_state_disk_that_fills_up_makes_no_half_qube(
    on_small: System, small_disk: Path, tmp_path: Path
) -> None:
    client = client_of(on_small)
    await lab(client, tmp_path / "backups")
    await execute(client)
    (file,) = (tmp_path / "backups").iterdir()
    pool = on_small.pools.driver("roomy")
    before = set(await pool.list_volumes())
    filler = fill(small_disk)

    try:
        rows = await restore(client, file)
    except Mgmt1Error as error:
        rows = [f"result=failed {error}"]

    assert "result=failed" in rows[0]
    assert f"disk of {small_disk}/state is full" in rows[0]
    assert set(await pool.list_volumes()) == before
    assert not on_small.runtime.reserved
    assert "copy" not in {qube.name for qube in await client.send(calls.VM_LIST("dom0"))}
    filler.unlink()
    assert await restore(client, file) == ["lab restored-as=copy result=ok"]
    assert (await everything(client, pool, "copy")) == await everything(client, pool, "lab")
