# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes after crashes and renames: how the next start handles what a run left."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from demo_fixtures import client_of, populate
from fakes_hypervisor import FakeHost, FakeHypervisor
from until import LIMIT

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.pools.base import VolumeInfo, VolumeSpec
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CreateSpec, VolumeId
from qubesmanager.wire.errors import Mgmt1Error, QubesVMInUseError, StoragePoolException


async def too_much() -> AsyncIterator[bytes]:
    async for piece in written(32):
        yield piece


async def written(mib: int) -> AsyncIterator[bytes]:
    for _ in range(mib):
        yield b"x" * (1 << 20)


async def vids(system: System) -> set[str]:
    return set(await system.pools.driver("default").list_volumes())


async def test_a_renamed_qube_takes_its_volumes_along(client: Client, system: System) -> None:
    kept = await client.send(calls.VM_VOLUME_SNAPSHOT("vault", "private"))
    await client.send(calls.VM_PROPERTY_SET("vault", "name", "safe"))

    rows_ = await client.send(calls.VM_VOLUME_LIST("safe"))
    assert [row.vid for row in rows_] == ["safe/root", "safe/private", "safe/volatile"]
    assert kept in await client.send(calls.VM_VOLUME_LIST_SNAPSHOTS("safe", "private"))
    assert await system.runtime.store.read("SELECT * FROM pending_rename") == []

    # Its old name is free, for another qube with its own volumes.
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("vault", "black")))
    assert {"safe/private", "vault/private"} <= await vids(system)
    await client.send(calls.VM_START("safe"))


async def test_of_two_measurements_the_later_one_counts(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    qube = system.runtime.state.qube("vault")
    vid, driver = qube.volumes["private"].vid, system.pools.driver("default")
    info, reading = driver.info, [asyncio.Event(), asyncio.Event()]
    answers, measuring = [asyncio.Event(), asyncio.Event()], []

    async def slow(spec: VolumeSpec) -> VolumeInfo:
        answer = await info(spec)
        if spec.vid == vid and (at := next((at for at in (0, 1) if not reading[at].is_set()), None)) is not None:
            reading[at].set()
            await answers[at].wait()
        return answer

    monkeypatch.setattr(driver, "info", slow)
    async with asyncio.TaskGroup() as group:
        for at in (0, 1):
            await driver.import_data(vid, written(at + 1))
            measuring.append(group.create_task(system.volumes.measure(qube)))
            with suppress(TimeoutError):  # without an order between the two, the second one reads at once
                async with asyncio.timeout(LIMIT if at == 0 else 0.3):
                    await reading[at].wait()
        for at in (0, 1):
            answers[at].set()
            await measuring[at]

    now = await info(system.volumes.spec(qube, qube.volumes["private"]))
    assert qube.volumes["private"].usage == now.usage > 2 << 20


async def test_a_name_whose_volumes_are_there_already_is_refused_and_nothing_changed(
    client: Client, system: System
) -> None:
    await system.pools.driver("default").create("safe/data", 1 << 20)

    with pytest.raises(Mgmt1Error):
        await client.send(calls.VM_PROPERTY_SET("vault", "name", "safe"))

    assert {"vault/private", "safe/data"} <= await vids(system)
    assert await system.runtime.store.read("SELECT * FROM pending_rename") == []
    assert system.runtime.reserved == set()
    await client.send(calls.VM_START("vault"))


async def test_a_volume_lent_to_another_qube_keeps_the_name(client: Client, system: System) -> None:
    await system.pools.driver("default").create("vault/data", 1 << 20)
    await client.send(calls.VM_VOLUME_ATTACH("personal", VolumeId("default", "vault/data"), {}))

    with pytest.raises(QubesVMInUseError, match="personal"):
        await client.send(calls.VM_PROPERTY_SET("vault", "name", "safe"))


async def test_a_rename_that_was_cut_off_is_taken_back(tmp_path: Path) -> None:
    host = FakeHost()
    first = await open_system(tmp_path, FakeHypervisor(host))
    await populate(first)
    driver = first.pools.driver("default")
    await first.runtime.commit(
        [rows.add_pending_rename("default", "vault", "safe", [await driver.identity("vault/private")])]
    )
    await driver.rename_vm("vault", "safe")
    await first.runtime.close()

    second = await open_system(tmp_path, FakeHypervisor(host))
    try:
        assert "vault/private" in await vids(second)
        assert await second.runtime.store.read("SELECT * FROM pending_rename") == []
    finally:
        await second.runtime.close()


async def test_after_a_crash_of_the_machine_the_volumes_of_what_ran_can_be_reverted(tmp_path: Path) -> None:
    first = await open_system(tmp_path, FakeHypervisor())
    await populate(first)
    kept = await client_of(first).send(calls.VM_VOLUME_SNAPSHOT("work", "private"))
    await first.runtime.close()

    second = await open_system(tmp_path, FakeHypervisor())
    try:
        await client_of(second).send(calls.VM_VOLUME_REVERT("work", "private", kept))
    finally:
        await second.runtime.close()


@pytest.mark.parametrize("happened", [False, True])
async def test_a_snapshot_that_was_cut_off_is_settled_by_what_the_guest_writes_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, happened: bool
) -> None:
    host = FakeHost()
    hypervisor = FakeHypervisor(host)
    first = await open_system(tmp_path, hypervisor)
    await populate(first)
    switch = hypervisor.switch_disk

    async def cut_off(*arguments: object) -> None:
        if happened:
            await switch(*arguments)  # type: ignore[arg-type] # handed on as they came
        raise ConnectionError("nobody knows")

    monkeypatch.setattr(hypervisor, "switch_disk", cut_off)
    with pytest.raises(Mgmt1Error):
        await client_of(first).send(calls.VM_VOLUME_SNAPSHOT("work", "private"))
    await first.runtime.close()

    second = await open_system(tmp_path, FakeHypervisor(host))
    try:
        snapshots = await client_of(second).send(calls.VM_VOLUME_LIST_SNAPSHOTS("work", "private"))
        assert bool(snapshots) == happened
        again = await client_of(second).send(calls.VM_VOLUME_SNAPSHOT("work", "private"))
        await client_of(second).send(calls.VM_KILL("work"))
        await client_of(second).send(calls.VM_VOLUME_REVERT("work", "private", again))
    finally:
        await second.runtime.close()


async def test_an_import_onto_a_full_disk_is_refused_and_leaves_the_volume_unchanged(
    client: Client, system: System, small_disk: Path
) -> None:
    await client.send(calls.POOL_ADD("dom0", "small", {"driver": "file-qcow2", "dir_path": str(small_disk / "pool")}))
    pool = system.pools.driver("small")
    assert isinstance(pool, FileQcow2)
    await pool.create("spare/data", 1 << 20)
    await client.send(calls.VM_VOLUME_ATTACH("vault", VolumeId("small", "spare/data"), {}))
    kept = await client.send(calls.VM_VOLUME_SNAPSHOT("vault", "extra-1"))

    with pytest.raises(StoragePoolException, match="full"):
        await client.send(calls.VM_VOLUME_IMPORT("vault", "extra-1", too_much()))

    assert await client.send(calls.VM_VOLUME_EXTEND("vault", "extra-1", None)) == 1 << 20
    await client.send(calls.VM_VOLUME_REVERT("vault", "extra-1", kept))

    await client.send(calls.PROPERTY_SET("dom0", "default_pool", "small"))
    with pytest.raises(StoragePoolException, match="full"):
        await client.send(calls.VM_CREATE_TEMPLATE("dom0", "large", too_much()))
    assert "large" not in system.runtime.state.qubes
    assert await pool.list_volumes() == ["spare/data"]


async def test_a_volume_that_two_qubes_ask_for_is_attached_to_one(client: Client, system: System) -> None:
    await system.pools.driver("default").create("spare/data", 1 << 20)
    volume = VolumeId("default", "spare/data")

    answers = await asyncio.gather(
        client.send(calls.VM_VOLUME_ATTACH("work", volume, {})),
        client.send(calls.VM_VOLUME_ATTACH("personal", volume, {})),
        return_exceptions=True,
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["StoragePoolException", "str"]
    holders = [name for name in ("work", "personal") if "extra-1" in system.runtime.state.qube(name).volumes]
    assert len(holders) == 1
    await client.send(calls.VM_VOLUME_SNAPSHOT(holders[0], "extra-1"))


async def test_an_attachment_that_cannot_be_stored_is_unplugged_again(
    client: Client, system: System, hypervisor: FakeHypervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.pools.driver("default").create("spare/data", 1 << 20)
    uuid = system.runtime.state.qube("work").uuid

    def refused(*_arguments: object) -> None:
        raise StoragePoolException("The store's disk is full.")

    monkeypatch.setattr(rows, "set_volume", refused)
    with pytest.raises(StoragePoolException, match="store"):
        await client.send(calls.VM_VOLUME_ATTACH("work", VolumeId("default", "spare/data"), {}))

    assert [disk.serial for disk in hypervisor.host.domains[uuid].spec.disks] == ["root", "private", "volatile"]
    assert system.volumes.lending == set()
    monkeypatch.undo()
    assert await client.send(calls.VM_VOLUME_ATTACH("vault", VolumeId("default", "spare/data"), {})) == "extra-1"
