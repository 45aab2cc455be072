# SPDX-License-Identifier: GPL-3.0-or-later
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from fakes_hypervisor import FakeHypervisor

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CreateInPoolSpec, CreateSpec, VolumeId
from qubesmanager.wire.errors import (
    Mgmt1Error,
    QubesPoolInUseError,
    QubesPoolNotFoundError,
    QubesValueError,
    QubesVMNotHaltedError,
    QubesVolumeNotFoundError,
    QubesVolumeRevisionNotFoundError,
    StoragePoolException,
)

MIB = 1 << 20


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def broken() -> AsyncIterator[bytes]:
    yield b"x" * MIB
    raise Mgmt1Error("the caller went away")


async def content(system: System, vid: str, length: int) -> bytes:
    """The first bytes of a volume's committed state."""
    content = bytearray(length)
    async with aclosing(system.pools.driver("default").read(vid)) as runs:
        async for offset, data in runs:
            if offset < length:
                content[offset : offset + len(data)] = data
    return bytes(content[:length])


async def test_the_kernel_is_a_volume_that_is_only_read(client: Client, system: System) -> None:
    folder = system.runtime.places.kernels / "6.1"
    folder.mkdir()
    (folder / "vmlinuz").write_bytes(bytes(1000))
    (folder / "initramfs").write_bytes(bytes(24))
    system.runtime.state.kernels = frozenset({"6.1"})
    await client.send(calls.VM_PROPERTY_SET("vault", "kernel", "6.1"))

    rows = await client.send(calls.VM_VOLUME_LIST("vault", "linux-kernel"))

    assert [(row.name, row.pool, row.vid) for row in rows] == [("kernel", "linux-kernel", "6.1")]
    info = await client.send(calls.VM_VOLUME_INFO("vault", "kernel"))
    assert (info["size"], info["rw"]) == ("1024", "no")
    assert await client.send(calls.POOL_VOLUME_LIST("dom0", "linux-kernel")) == ["6.1"]
    assert await client.send(calls.POOL_VOLUME_INFO("dom0", VolumeId("linux-kernel", "6.1"))) == info
    assert (await client.send(calls.POOL_INFO("dom0", "linux-kernel")))["driver"] == "linux-kernel"
    assert await client.send(calls.VM_VOLUME_LIST_SNAPSHOTS("vault", "kernel")) == []
    refusals: list[Request[Any]] = [
        calls.VM_VOLUME_SNAPSHOT("vault", "kernel"),
        calls.VM_VOLUME_EXTEND("vault", "kernel", 1 << 20),
        calls.VM_VOLUME_CLEAR("vault", "kernel"),
        calls.VM_VOLUME_ATTACH("vault", VolumeId("linux-kernel", "6.1"), {}),
        calls.POOL_REMOVE("dom0", "linux-kernel"),
        calls.VM_CREATE_IN_POOL("debian-13", "AppVM", CreateInPoolSpec("x", "red", "linux-kernel")),
    ]
    for refused in refusals:
        with pytest.raises(StoragePoolException):
            await client.send(refused)
    with pytest.raises(QubesValueError):
        await client.send(calls.PROPERTY_SET("dom0", "default_pool", "linux-kernel"))


async def test_volumes_are_listed_with_their_places(client: Client) -> None:
    rows = await client.send(calls.VM_VOLUME_LIST("work"))

    assert [(row.name, row.pool, row.vid) for row in rows] == [
        ("root", "default", "work/root"),
        ("private", "default", "work/private"),
        ("volatile", "default", "work/volatile"),
    ]
    info = await client.send(calls.VM_VOLUME_INFO("work", "root"))
    assert info["source"] == "debian-13/root"
    assert info["snap_on_start"] == "yes"
    assert await client.send(calls.POOL_VOLUME_INFO("dom0", VolumeId("default", "work/root"))) == info


async def test_import_snapshot_revert_brings_the_bytes_back(client: Client, system: System) -> None:
    await client.send(calls.VM_VOLUME_IMPORT("vault", "private", stream(b"first" * 100)))
    kept = await client.send(calls.VM_VOLUME_SNAPSHOT("vault", "private"))
    await client.send(calls.VM_VOLUME_IMPORT("vault", "private", stream(b"second" * 100)))
    assert (await content(system, "vault/private", 6)) == b"second"

    await client.send(calls.VM_VOLUME_REVERT("vault", "private", kept))

    assert (await content(system, "vault/private", 5)) == b"first"
    snapshots = await client.send(calls.VM_VOLUME_LIST_SNAPSHOTS("vault", "private"))
    assert snapshots == sorted(snapshots)
    assert len(snapshots) >= 1
    with pytest.raises(QubesVolumeRevisionNotFoundError):
        await client.send(calls.VM_VOLUME_REVERT("vault", "private", "1-1"))


async def test_a_broken_import_leaves_the_volume_as_it_was(client: Client, system: System) -> None:
    await client.send(calls.VM_VOLUME_IMPORT("vault", "private", stream(b"first")))

    with pytest.raises(Mgmt1Error):
        await client.send(calls.VM_VOLUME_IMPORT("vault", "private", broken()))

    assert (await content(system, "vault/private", 5)) == b"first"


async def test_extending_answers_the_size_and_never_shrinks(client: Client, system: System) -> None:
    before = await client.send(calls.VM_VOLUME_EXTEND("vault", "private", None))

    assert await client.send(calls.VM_VOLUME_EXTEND("vault", "private", before + MIB)) == before + MIB
    assert system.runtime.state.qube("vault").volumes["private"].size == before + MIB
    with pytest.raises(QubesValueError):
        await client.send(calls.VM_VOLUME_EXTEND("vault", "private", before))


async def test_a_running_qubes_volume_is_not_reverted(client: Client) -> None:
    kept = await client.send(calls.VM_VOLUME_SNAPSHOT("vault", "private"))
    await client.send(calls.VM_START("vault"))

    with pytest.raises(QubesVMNotHaltedError):
        await client.send(calls.VM_VOLUME_REVERT("vault", "private", kept))


async def test_a_layer_has_no_snapshots(client: Client) -> None:
    with pytest.raises(StoragePoolException, match="created again at each start"):
        await client.send(calls.VM_VOLUME_SNAPSHOT("work", "root"))
    with pytest.raises(QubesVolumeNotFoundError):
        await client.send(calls.VM_VOLUME_INFO("work", "nosuch"))


async def test_a_template_is_made_of_its_image(client: Client, system: System) -> None:
    await client.send(calls.VM_CREATE_TEMPLATE("dom0", "alpine", stream(b"boot", b"-image", bytes(MIB))))

    assert (await content(system, "alpine/root", 10)) == b"boot-image"
    info = await client.send(calls.VM_VOLUME_INFO("alpine", "root"))
    assert int(info["size"]) % (4 * MIB) == 0
    await client.send(calls.VM_CREATE("alpine", "AppVM", CreateSpec("on-alpine", "green")))


async def test_a_broken_template_leaves_nothing(client: Client, system: System) -> None:
    with pytest.raises(Mgmt1Error):
        await client.send(calls.VM_CREATE_TEMPLATE("dom0", "alpine", broken()))

    assert "alpine" not in system.runtime.state.qubes
    assert not [vid for vid in await system.pools.driver("default").list_volumes() if vid.startswith("alpine")]
    assert await system.runtime.store.read("SELECT * FROM pending_volume") == []
    assert system.runtime.reserved == set()


async def test_pools_come_and_go_and_hold_new_qubes(client: Client, tmp_path: Path) -> None:
    place = tmp_path / "other"
    await client.send(calls.POOL_ADD("dom0", "other", {"driver": "file-qcow2", "dir_path": str(place)}))
    assert await client.send(calls.POOL_LIST("dom0")) == ["default", "linux-kernel", "other"]
    info = await client.send(calls.POOL_INFO("dom0", "other"))
    assert info["driver"] == "file-qcow2"
    assert info["dir_path"] == str(place)
    assert int(info["size"]) > 0

    spec = CreateInPoolSpec("there", "red", None, {"private": "other"})
    await client.send(calls.VM_CREATE_IN_POOL("debian-13", "AppVM", spec))

    assert "there/private" in await client.send(calls.POOL_VOLUME_LIST("dom0", "other"))
    with pytest.raises(QubesPoolInUseError, match="there"):
        await client.send(calls.POOL_REMOVE("dom0", "other"))
    await client.send(calls.VM_REMOVE("there"))
    await client.send(calls.POOL_REMOVE("dom0", "other"))
    with pytest.raises(QubesPoolNotFoundError):
        await client.send(calls.POOL_INFO("dom0", "other"))
    with pytest.raises(QubesPoolInUseError, match="default_pool"):
        await client.send(calls.POOL_REMOVE("dom0", "default"))


@pytest.mark.parametrize(
    "options", [{}, {"driver": "punch-cards"}, {"driver": "file-qcow2"}, {"driver": "file-qcow2", "dir_path": "here"}]
)
async def test_a_pool_that_cannot_be_is_refused(client: Client, options: dict[str, str]) -> None:
    with pytest.raises(Mgmt1Error):
        await client.send(calls.POOL_ADD("dom0", "other", options))

    assert await client.send(calls.POOL_LIST("dom0")) == ["default", "linux-kernel"]


async def test_a_volume_without_a_qube_is_attached_and_detached(client: Client, system: System) -> None:
    await system.pools.driver("default").create("shared/data", 64 * MIB)
    volume = VolumeId("default", "shared/data")

    name = await client.send(calls.VM_VOLUME_ATTACH("work", volume, {"read-only": "yes"}))

    assert name == "extra-1"
    assert system.runtime.state.qube("work").volumes[name].size == 64 * MIB
    with pytest.raises(StoragePoolException, match="work"):
        await client.send(calls.VM_VOLUME_ATTACH("vault", volume, {}))
    with pytest.raises(StoragePoolException, match="is a part of"):
        await client.send(calls.VM_VOLUME_DETACH("work", "private"))
    await client.send(calls.VM_VOLUME_DETACH("work", name))
    assert "extra-1" not in system.runtime.state.qube("work").volumes
    assert "shared/data" in await client.send(calls.POOL_VOLUME_LIST("dom0", "default"))


async def test_a_running_qubes_snapshot_moves_its_disk_to_a_new_layer(
    client: Client, system: System, hypervisor: FakeHypervisor
) -> None:
    uuid = system.runtime.state.qube("work").uuid

    def written_to() -> Path:
        return next(disk.path for disk in hypervisor.host.domains[uuid].spec.disks if disk.serial == "private")

    before = written_to()
    kept = await client.send(calls.VM_VOLUME_SNAPSHOT("work", "private"))

    assert written_to() != before
    assert written_to().exists()
    assert kept in await client.send(calls.VM_VOLUME_LIST_SNAPSHOTS("work", "private"))
    await client.send(calls.VM_KILL("work"))
    await client.send(calls.VM_VOLUME_REVERT("work", "private", kept))


async def test_a_volume_without_a_qube_is_removed_and_a_qubes_volume_is_not(client: Client, system: System) -> None:
    orphan = VolumeId("default", "left/over")
    await system.pools.driver("default").create("left/over", MIB)

    await client.send(calls.POOL_VOLUME_REMOVE("dom0", orphan))

    assert "left/over" not in await client.send(calls.POOL_VOLUME_LIST("dom0", "default"))
    with pytest.raises(QubesVolumeNotFoundError):
        await client.send(calls.POOL_VOLUME_REMOVE("dom0", orphan))
    with pytest.raises(StoragePoolException, match="the volume private of vault"):
        await client.send(calls.POOL_VOLUME_REMOVE("dom0", VolumeId("default", "vault/private")))
    assert "vault/private" in await client.send(calls.POOL_VOLUME_LIST("dom0", "default"))


async def test_a_volume_that_is_just_becoming_a_qubes_is_not_removed(client: Client, system: System) -> None:
    await system.pools.driver("default").create("fresh/private", MIB)
    system.runtime.reserved.add("fresh")

    with pytest.raises(StoragePoolException, match="in use by another call"):
        await client.send(calls.POOL_VOLUME_REMOVE("dom0", VolumeId("default", "fresh/private")))
