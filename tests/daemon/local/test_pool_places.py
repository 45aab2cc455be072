# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool has its place for itself: no other pool shares it, and no other daemon uses it."""

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from fakes_hypervisor import FakeHypervisor

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.drivers.pools import lease
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.errors import StoragePoolException


def add(client: Client, name: str, folder: Path | str) -> Awaitable[None]:
    return client.send(calls.POOL_ADD("dom0", name, {"driver": "file-qcow2", "dir_path": str(folder)}))


def made_below(folder: Path) -> list[Path]:
    """What adding a pool would make: leases, and the folder that was named."""
    return sorted([*folder.rglob(lease.FILE), *folder.rglob("below")])


def link(folder: str) -> None:
    Path(f"{folder}-link").symlink_to(folder)


def client_of(system: System) -> Client:
    return Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer))


@pytest.mark.parametrize("spelling", ["", "/", "/.", "/../default", "/below", "/work", "/..", "/../..", "-link"])
async def test_two_pools_never_share_a_folder(client: Client, system: System, tmp_path: Path, spelling: str) -> None:
    folder = system.state.pool_options["default"]["dir_path"]
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
    folder = system.state.pool_options["default"]["dir_path"]
    try:
        with pytest.raises(StoragePoolException, match=f"in use by the daemon of '{tmp_path}/state'"):
            await add(client_of(other), "theirs", folder)

        await system.close()
        await add(client_of(other), "theirs", folder)
    finally:
        await other.close()


async def test_a_lease_of_another_machine_is_taken_over_only_when_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "pools" / "default"
    folder.mkdir(parents=True)
    theirs = replace(lease.this_process(Path("/theirs")), host="alpha", machine="other")
    (folder / lease.FILE).write_text(json.dumps(asdict(theirs)))

    system = await open_system(tmp_path / "state", FakeHypervisor())
    assert "'/theirs' on 'alpha'" in system.pools.missing["default"]
    await system.close()
    assert json.loads((folder / lease.FILE).read_text()) == asdict(theirs)

    system = await open_system(tmp_path / "state", FakeHypervisor(), take_over=True)
    assert not system.pools.missing
    await system.close()


async def test_of_two_pools_of_an_old_store_in_one_place_one_opens(tmp_path: Path) -> None:
    system = await open_system(tmp_path / "state", FakeHypervisor())
    options = system.state.pool_options["default"]
    await system.commit([rows.set_pool("twin", "file-qcow2", options)])
    await system.close()

    system = await open_system(tmp_path / "state", FakeHypervisor())

    assert list(system.pools.missing) == ["twin"]
    assert "belongs to the pool default" in system.pools.missing["twin"]
    await system.close()


async def test_a_pool_whose_lease_was_taken_over_is_closed(client: Client, system: System) -> None:
    file = Path(system.state.pool_options["default"]["dir_path"]) / lease.FILE
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
    folder = Path(system.state.pool_options["default"]["dir_path"])
    try:
        with pytest.raises(StoragePoolException, match=rf"{folder} is in use by the daemon of '{tmp_path}/state'"):
            await add(client_of(other), "theirs", f"{folder}{spelling}")
        assert not (folder / "study").exists()

        await system.close()
        await add(client_of(other), "theirs", folder / "study")
    finally:
        await other.close()
