# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes and pools through `admin.*`, on a daemon in memory with real image files."""

import json
from pathlib import Path

import pytest
from dialect_fixtures import Caller

from qubesmanager.client.client import Client
from qubesmanager.daemon.dialect.context import Tokens
from qubesmanager.daemon.local.drivers.pools.base import PoolInfo
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls

MIB = 1 << 20


async def info(admin: Caller, qube: str, volume: str) -> dict[str, str]:
    lines = (await admin.content(f"admin.vm.volume.Info+{volume}", qube)).splitlines()
    return dict(line.split("=", 1) for line in lines)


async def data_of(system: System, qube: str, volume: str) -> bytes:
    """The content of a kept volume up to the end of its last data."""
    record = system.runtime.state.qube(qube).volumes[volume]
    content = bytearray()
    async for offset, piece in system.pools.driver(record.pool).read(record.vid):
        content[offset : offset + len(piece)] = piece
    return bytes(content).rstrip(b"\x00")


async def test_the_volumes_of_a_qube_are_listed_as_in_qubes_os(admin: Caller) -> None:
    assert await admin.content("admin.vm.volume.List", "work") == "root\nprivate\nvolatile\nkernel\n"
    assert await admin.content("admin.vm.volume.List", "dom0") == ""


async def test_information_about_a_volume_has_the_keys_of_qubes_os_in_its_order(admin: Caller) -> None:
    keys = [
        "pool", "vid", "size", "usage", "rw", "source", "path", "save_on_stop", "snap_on_start", "revisions_to_keep",
        "ephemeral", "is_outdated",
    ]  # fmt: skip

    for volume in ("root", "private", "volatile", "kernel"):
        assert list(await info(admin, "work", volume)) == keys

    private = await info(admin, "work", "private")
    assert (private["rw"], private["save_on_stop"], private["snap_on_start"]) == ("True", "True", "False")
    assert (await info(admin, "work", "kernel"))["pool"] == "linux-kernel"
    for qube, volume in (("work", "nosuch"), ("dom0", "root"), ("dom0", "kernel")):
        answer = await admin.answer(f"admin.vm.volume.Info+{volume}", qube)
        assert answer == f"2\0PermissionDenied\0\0Argument not in '{qube} volumes'\0".encode()


async def test_a_volume_grows_and_does_not_shrink(admin: Caller) -> None:
    size = int((await info(admin, "vault", "private"))["size"])

    assert await admin.answer("admin.vm.volume.Resize+private", "vault", str(size + 4 * MIB).encode()) == b"0\x00"

    assert int((await info(admin, "vault", "private"))["size"]) == size + 4 * MIB
    assert await admin.refused("admin.vm.volume.Resize+private", "vault", b"1000") == "QubesValueError"
    assert await admin.answer("admin.vm.volume.Resize+private", "vault", b"3G") == (
        b"2\x00ProtocolError\x00\x00Volume size contains non ASCII digits\x00"
    )


async def test_a_snapshot_is_listed_and_gone_back_to(admin: Caller, client: Client, system: System) -> None:
    await admin.content("admin.vm.volume.ImportWithSize+private", "vault", b"6\nbefore")
    snapshot = await client.send(calls.VM_VOLUME_SNAPSHOT("vault", "private"))
    await admin.content("admin.vm.volume.ImportWithSize+private", "vault", b"5\nafter")

    assert snapshot in (await admin.content("admin.vm.volume.ListSnapshots+private", "vault")).split()
    await admin.content("admin.vm.volume.Revert+private", "vault", snapshot.encode())

    assert await data_of(system, "vault", "private") == b"before"
    assert await admin.content("admin.vm.volume.ListSnapshots+kernel", "vault") == ""
    assert await admin.refused("admin.vm.volume.Revert+private", "vault", b"nosuch") == (
        "QubesVolumeRevisionNotFoundError"
    )


async def test_an_import_of_the_announced_size_replaces_the_content(admin: Caller, system: System) -> None:
    assert await admin.answer("admin.vm.volume.ImportWithSize+private", "vault", b"5\nhello") == b"0\x00"
    assert await data_of(system, "vault", "private") == b"hello"

    size = int((await info(admin, "vault", "private"))["size"])
    await admin.content("admin.vm.volume.Import+private", "vault", b"whole" + bytes(size - 5))
    assert await data_of(system, "vault", "private") == b"whole"


@pytest.mark.parametrize(
    ("method", "payload"),
    [
        ("ImportWithSize", b"6\nhello"),
        ("ImportWithSize", b"4\nhello"),
        ("ImportWithSize", b"hello"),
        ("ImportWithSize", b""),
        ("ImportWithSize", b"x\nhello"),
        ("ImportWithSize", b"1" * 40 + b"\n"),
        ("Import", b"hello"),
    ],
)
async def test_an_import_of_another_size_changes_nothing(
    admin: Caller, system: System, method: str, payload: bytes
) -> None:
    await admin.content("admin.vm.volume.ImportWithSize+private", "vault", b"6\nbefore")

    answer = await admin.answer(f"admin.vm.volume.{method}+private", "vault", payload)

    assert answer.startswith(b"2\x00")
    assert await data_of(system, "vault", "private") == b"before"


async def test_a_token_copies_a_volume_once(admin: Caller, system: System) -> None:
    await admin.content("admin.vm.Create.AppVM", "dom0", b"name=copy label=red")
    await admin.content("admin.vm.volume.ImportWithSize+private", "vault", b"6\nsecret")
    token = await admin.content("admin.vm.volume.CloneFrom+private", "vault")

    assert await admin.answer("admin.vm.volume.CloneTo+private", "copy", token.encode()) == b"0\x00"

    assert await data_of(system, "copy", "private") == b"secret"
    assert await admin.answer("admin.vm.volume.CloneTo+private", "copy", token.encode()) == (
        b"2\x00QubesVolumeCopyTokenNotFoundError\x00\x00'Token to clone volume of qube was not found'\x00"
    )


async def test_a_copy_needs_both_qubes_halted_and_two_kept_volumes(admin: Caller, system: System) -> None:
    async def clone(source: str, volume: str, target: str) -> str:
        token = await admin.content(f"admin.vm.volume.CloneFrom+{volume}", source)
        return await admin.refused("admin.vm.volume.CloneTo+private", target, token.encode())

    assert await clone("work", "private", "vault") == "QubesVMNotHaltedError"
    assert await clone("vault", "private", "work") == "QubesVMNotHaltedError"
    assert await clone("vault", "root", "untrusted") == "StoragePoolException"
    assert await clone("vault", "private", "vault") == "QubesValueError"


def test_a_token_is_for_the_source_that_asked_for_it() -> None:
    tokens = Tokens()

    token = tokens.new("sys-mgmt", "uuid", "private")

    assert tokens.take("other", token) is None
    assert tokens.take("sys-mgmt", token) == ("uuid", "private")
    assert tokens.take("sys-mgmt", token) is None


def test_old_tokens_are_forgotten() -> None:
    tokens = Tokens()
    first, *others = [tokens.new("dom0", "uuid", "private") for _ in range(Tokens.LIMIT + 1)]

    assert tokens.take("dom0", first) is None
    assert all(tokens.take("dom0", token) for token in others)


async def test_revisions_to_keep_and_rw_of_a_volume_can_be_set(admin: Caller, system: System) -> None:
    await admin.content("admin.vm.volume.Set.revisions_to_keep+private", "vault", b"7")
    await admin.content("admin.vm.volume.Set.rw+private", "vault", b"False")

    private = await info(admin, "vault", "private")
    assert (private["revisions_to_keep"], private["rw"]) == ("7", "False")
    assert await admin.answer("admin.vm.volume.Set.revisions_to_keep+private", "vault", b"-2") == (
        b"2\x00ProtocolError\x00\x00Value can't be lower than -1\x00"
    )
    assert await admin.refused("admin.vm.volume.Set.rw+private", "work", b"True") == "QubesVMNotHaltedError"
    assert await admin.refused("admin.vm.volume.Set.rw+volatile", "vault", b"True") == "StoragePoolException"


async def test_volumes_follow_the_number_of_snapshots_of_their_pool(admin: Caller, system: System) -> None:
    await admin.content("admin.vm.volume.Set.revisions_to_keep+private", "vault", b"7")

    await admin.content("admin.pool.Set.revisions_to_keep+default", "dom0", b"5")

    await admin.content("admin.vm.Create.AppVM+debian-13", "dom0", b"name=new label=red")
    kept = [(await info(admin, name, "private"))["revisions_to_keep"] for name in ("work", "vault", "new")]
    assert kept == ["5", "7", "5"]
    assert "revisions_to_keep=5" in (await admin.content("admin.pool.Info+default")).splitlines()
    ((options,),) = await system.runtime.store.read("SELECT options FROM pool WHERE name = 'default'")
    assert json.loads(options)["revisions_to_keep"] == "5"
    stored = await system.runtime.store.read("SELECT DISTINCT revisions_to_keep FROM volume WHERE save_on_stop")
    assert sorted(stored) == [(5,), (7,)]


@pytest.mark.parametrize(
    ("pool", "number", "error"),
    [
        ("default", b"-2", "ProtocolError"),
        ("default", b"1001", "ProtocolError"),
        ("linux-kernel", b"1", "QubesPoolInUseError"),
        ("nosuch", b"1", "PermissionDenied"),
    ],
)
async def test_a_number_of_snapshots_that_a_pool_cannot_have_is_refused(
    admin: Caller, pool: str, number: bytes, error: str
) -> None:
    assert await admin.refused(f"admin.pool.Set.revisions_to_keep+{pool}", "dom0", number) == error


async def test_no_volume_is_encrypted_with_a_key_of_one_session(admin: Caller) -> None:
    for method, dest in (
        ("vm.volume.Set.ephemeral+volatile", "vault"),
        ("pool.Set.ephemeral_volatile+default", "dom0"),
    ):
        assert await admin.answer(f"admin.{method}", dest, b"False") == b"0\0"
        assert await admin.refused(f"admin.{method}", dest, b"True") == "QubesNotImplementedError"
    assert await admin.refused("admin.vm.volume.Set.ephemeral+nosuch", "vault", b"False") == "PermissionDenied"
    assert await admin.refused("admin.pool.Set.ephemeral_volatile+nosuch", "dom0", b"False") == "PermissionDenied"


async def test_a_pool_is_added_with_its_number_of_snapshots(admin: Caller, tmp_path: Path) -> None:
    options = f"name=second\ndir_path={tmp_path / 'second'}\nrevisions_to_keep=-1\n".encode()
    await admin.content("admin.pool.Add+file-qcow2", "dom0", options)

    assert "revisions_to_keep=-1" in (await admin.content("admin.pool.Info+second")).splitlines()


async def test_pools_are_added_shown_and_removed(admin: Caller, tmp_path: Path) -> None:
    folder = tmp_path / "second"

    await admin.content("admin.pool.Add+file-qcow2", "dom0", f"name=second\ndir_path={folder}\n".encode())

    assert (await admin.content("admin.pool.List")).split() == ["default", "linux-kernel", "second"]
    lines = (await admin.content("admin.pool.Info+second")).splitlines()
    assert [line.partition("=")[0] for line in lines] == [
        "dir_path", "driver", "ephemeral_volatile", "name", "revisions_to_keep", "size", "usage",
    ]  # fmt: skip
    usage = (await admin.content("admin.pool.UsageDetails+second")).splitlines()
    assert [line.partition("=")[0] for line in usage] == ["data_size", "data_usage"]
    assert await admin.content("admin.pool.volume.List+second") == ""
    await admin.content("admin.pool.Remove+second")
    assert "second" not in (await admin.content("admin.pool.List")).split()


async def test_the_metadata_of_a_thin_pool_is_among_its_usage_only(
    admin: Caller, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def usage() -> PoolInfo:
        return PoolInfo(100, 40, 20, 9)

    monkeypatch.setattr(system.pools.drivers["default"], "usage", usage)

    lines = (await admin.content("admin.pool.UsageDetails+default")).splitlines()
    assert lines == ["data_size=100", "data_usage=40", "metadata_size=20", "metadata_usage=9"]
    assert "metadata_size" not in await admin.content("admin.pool.Info+default")


@pytest.mark.parametrize(
    ("method", "payload", "answer"),
    [
        ("admin.pool.Info+nosuch", b"", b"PermissionDenied\x00\x00Argument not in 'pools'"),
        ("admin.pool.Add+nosuch", b"name=p4\n", b"PermissionDenied\x00\x00Argument not in 'available drivers'"),
        ("admin.pool.Add+file-qcow2", b"name=p4\n", b"QubesException\x00\x00missing required driver options: dir_path"),
        (
            "admin.pool.Add+file-qcow2",
            b"name=p4\nbogus=1\n",
            b"ProtocolError\x00\x00Unexpected driver options found",
        ),
        # Policy has looked at the driver in the argument.
        (
            "admin.pool.Add+file-qcow2",
            b"name=p4\ndriver=file-reflink\ndir_path=/x\n",
            b"ProtocolError\x00\x00Unexpected driver options found",
        ),
        (
            "admin.pool.Add+file-qcow2",
            b"dir_path=/x\n",
            b"ProtocolError\x00\x00Pool configuration must contain key: name",
        ),
        (
            "admin.pool.Add+file-qcow2",
            b"name=default\ndir_path=/x\n",
            b"QubesPoolInUseError\x00\x00Storage pool is in use: 'default'",
        ),
    ],
)
async def test_a_pool_is_refused_as_by_qubesd(admin: Caller, method: str, payload: bytes, answer: bytes) -> None:
    assert await admin.answer(method, "dom0", payload) == b"2\x00" + answer + b"\x00"


async def test_the_drivers_have_the_names_of_qubes_os(admin: Caller) -> None:
    names = [line.split()[0] for line in (await admin.content("admin.pool.ListDrivers")).splitlines()]

    assert names == ["file-qcow2", "file-reflink", "lvm_thin"]
