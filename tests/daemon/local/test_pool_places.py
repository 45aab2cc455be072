# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool has its location to itself: no other pool shares it, and no other daemon uses it."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from demo_fixtures import client_of
from fakes_hypervisor import FakeHypervisor
from pool_tools import CannotMountError, mounted, mounted_at

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.pools import lease, qcow2
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.errors import StoragePoolException
from qubesmanager.wire.reasons import field_text


def add(client: Client, name: str, folder: Path | str) -> Awaitable[None]:
    return client.send(calls.POOL_ADD("dom0", name, {"driver": "file-qcow2", "dir_path": str(folder)}))


def made_below(folder: Path) -> list[Path]:
    """What adding a pool would make: leases, and the folder that was named."""
    return sorted([*folder.rglob(lease.FILE), *folder.rglob("below")])


def link(folder: str) -> None:
    Path(f"{folder}-link").symlink_to(folder)


@pytest.mark.parametrize("spelling", ["", "/", "/.", "/../default", "/below", "/work", "/..", "/../..", "-link"])
async def test_two_pools_never_share_a_folder(client: Client, system: System, tmp_path: Path, spelling: str) -> None:
    folder = system.runtime.state.pool_options["default"]["dir_path"]
    link(folder)
    before = made_below(tmp_path)

    with pytest.raises(StoragePoolException, match="belongs to the pool"):
        await add(client, "second", f"{folder}{spelling}")

    assert await client.send(calls.POOL_LIST("dom0")) == ["default", "linux-kernel"]
    assert made_below(tmp_path) == before


async def test_of_pools_that_are_added_at_once_in_one_place_one_is_added(client: Client, tmp_path: Path) -> None:
    calls_at_once = (add(client, "a", tmp_path / place) for place in ("p", "p/q", "r"))
    results = await asyncio.gather(*calls_at_once, add(client, "b", tmp_path / "p"), return_exceptions=True)

    assert [type(result) for result in results] == [type(None), *[StoragePoolException] * 3]
    await client.send(calls.POOL_REMOVE("dom0", "a"))
    await add(client, "c", tmp_path / "p" / "q")


async def test_a_second_daemon_is_refused_with_the_name_of_the_first(system: System, tmp_path: Path) -> None:
    other = await open_system(tmp_path / "another", FakeHypervisor())
    folder = system.runtime.state.pool_options["default"]["dir_path"]
    try:
        with pytest.raises(StoragePoolException, match=f"in use by the daemon of '{tmp_path}/state'"):
            await add(client_of(other), "theirs", folder)

        await system.runtime.close()
        await add(client_of(other), "theirs", folder)
    finally:
        await other.runtime.close()


async def test_a_lease_of_another_machine_is_taken_over_only_when_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "pools" / "default"
    folder.mkdir(parents=True)
    theirs = replace(lease.this_process(Path("/theirs")), host="alpha", machine="other")
    (folder / lease.FILE).write_text(json.dumps(asdict(theirs)))

    system = await open_system(tmp_path / "state", FakeHypervisor())
    assert "'/theirs' on 'alpha'" in field_text(system.pools.missing["default"])
    await system.runtime.close()
    assert json.loads((folder / lease.FILE).read_text()) == asdict(theirs)

    system = await open_system(tmp_path / "state", FakeHypervisor(), take_over=True)
    assert not system.pools.missing
    await system.runtime.close()


async def test_of_two_pools_of_an_old_store_in_one_place_one_opens(tmp_path: Path) -> None:
    system = await open_system(tmp_path / "state", FakeHypervisor())
    options = system.runtime.state.pool_options["default"]
    await system.runtime.commit([rows.set_pool("twin", "file-qcow2", options)])
    await system.runtime.close()

    system = await open_system(tmp_path / "state", FakeHypervisor())

    assert list(system.pools.missing) == ["twin"]
    assert "belongs to the pool default" in field_text(system.pools.missing["twin"])
    await system.runtime.close()


async def test_a_pool_whose_lease_was_taken_over_is_closed(client: Client, system: System) -> None:
    file = Path(system.runtime.state.pool_options["default"]["dir_path"]) / lease.FILE
    await system.pools.look()
    assert await client.send(calls.POOL_VOLUME_LIST("dom0", "default"))
    theirs = replace(lease.this_process(Path("/theirs")), host="alpha", machine="other")
    file.write_text(json.dumps(asdict(theirs)))

    await system.pools.look()

    with pytest.raises(StoragePoolException, match="in use by the daemon of '/theirs'"):
        await client.send(calls.POOL_VOLUME_LIST("dom0", "default"))
    assert json.loads(file.read_text())["state"] == "/theirs"


@pytest.mark.parametrize("spelling", ["/..", "/../..", "/study", "/study/private/deeper"])
async def test_a_second_daemon_gets_no_folder_above_or_below_that_of_the_first(
    system: System, tmp_path: Path, spelling: str
) -> None:
    other = await open_system(tmp_path / "another", FakeHypervisor())
    folder = Path(system.runtime.state.pool_options["default"]["dir_path"])
    try:
        with pytest.raises(StoragePoolException, match=rf"{folder} is in use by the daemon of '{tmp_path}/state'"):
            await add(client_of(other), "theirs", f"{folder}{spelling}")
        assert not (folder / "study").exists()

        await system.runtime.close()
        await add(client_of(other), "theirs", folder / "study")
    finally:
        await other.runtime.close()


# -- what lies there already ------------------------------------------------------------------------------------------


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"") for path in folder.rglob("*")
    }


def a_file(folder: Path) -> None:
    (folder / "passwd").write_text("root")


def a_hidden_file(folder: Path) -> None:
    (folder / ".profile").write_text("x")


def an_empty_folder(folder: Path) -> None:
    (folder / "ssh").mkdir()


def another_programs_folder(folder: Path) -> None:
    (folder / "work" / "private").mkdir(parents=True)
    (folder / "work" / "private" / "volume.txt").write_text("x")


def volumes_beside_something(folder: Path) -> None:
    old_pool(folder)
    (folder / "letter").write_text("x")


def a_link_to_a_qube(folder: Path) -> None:
    old_pool(folder.parent / "elsewhere")
    (folder / "work").symlink_to(folder.parent / "elsewhere" / "work")


def old_pool(folder: Path) -> None:
    """As a version before the marks and leases left it."""
    volume = folder / "work" / "private"
    volume.mkdir(parents=True, mode=0o700)
    for path in (folder, folder / "work"):
        path.chmod(0o700)
    qcow2.create(volume / "0123456789abcdef.qcow2", 64 << 20)
    (volume / "volume.json").write_text(json.dumps({"active": "0123456789abcdef.qcow2"}))


@pytest.mark.parametrize(
    "fill",
    [a_file, a_hidden_file, an_empty_folder, another_programs_folder, volumes_beside_something, a_link_to_a_qube],
)
async def test_a_folder_with_something_else_in_it_is_refused_and_left_alone(
    client: Client, tmp_path: Path, fill: Callable[[Path], None]
) -> None:
    folder = tmp_path / "place"
    folder.mkdir(mode=0o700)
    fill(folder)
    before = tree(folder)

    with pytest.raises(StoragePoolException, match=r"is not empty and is not a pool.*Name a folder that is empty"):
        await add(client, "second", folder)

    assert tree(folder) == before
    assert "second" not in await client.send(calls.POOL_LIST("dom0"))


async def test_a_file_and_the_systems_own_folders_are_refused(client: Client, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", "/etc", "/usr/bin"):
        with pytest.raises(StoragePoolException):
            await add(client, "second", place)
        assert not has_lease(str(place))


def has_lease(folder: str) -> bool:
    return os.path.lexists(f"{folder}/{lease.FILE}")


async def test_a_fresh_disk_and_a_removed_pool_may_be_added(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    (folder / "lost+found").mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)

    for name in ("first", "again"):
        await add(client, name, folder)
        await client.send(calls.POOL_REMOVE("dom0", name))


async def test_a_pool_of_an_earlier_version_is_adopted(client: Client, tmp_path: Path) -> None:
    old_pool(tmp_path / "old")

    await add(client, "old", tmp_path / "old")

    assert await client.send(calls.POOL_VOLUME_LIST("dom0", "old")) == ["work/private"]


async def test_a_pool_that_its_driver_refuses_leaves_nothing_behind(client: Client, tmp_path: Path) -> None:
    try:
        with mounted("tmpfs", tmp_path, 4) as disk:
            (disk / "empty").mkdir(mode=0o700)
            for name in ("empty", "new/deeper"):
                with pytest.raises(StoragePoolException, match="file-qcow2"):
                    await client.send(
                        calls.POOL_ADD("dom0", "second", {"driver": "file-reflink", "dir_path": str(disk / name)})
                    )
            assert sorted(path.name for path in disk.rglob("*")) == ["empty"]
    except CannotMountError as error:
        pytest.skip(str(error))


async def test_no_pool_is_added_on_an_overlay_over_another_pools_folder(
    client: Client, system: System, tmp_path: Path
) -> None:
    folder = system.runtime.state.pool_options["default"]["dir_path"]
    try:
        with mounted("tmpfs", tmp_path, 4) as disk:
            for name in ("upper", "work", "merged"):
                (disk / name).mkdir()
            layers = f"lowerdir={folder},upperdir={disk}/upper,workdir={disk}/work"
            with mounted_at(disk / "merged", "-t", "overlay", "overlay", "-o", layers):
                # The lower folder is that of the running daemon, which writes there meanwhile.
                before = tree(disk / "upper")
                for place in ("merged", "merged/new", "merged/work"):
                    with pytest.raises(StoragePoolException, match="belongs to the pool default"):
                        await add(client, "second", disk / place)
                assert tree(disk / "upper") == before
    except CannotMountError as error:
        pytest.skip(str(error))
