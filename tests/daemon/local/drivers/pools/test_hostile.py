# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool folder that an attacker prepared: no file outside of it is opened, changed or given to a guest."""

import json
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pool_tools import MIB, kept
from streams import pieces

from qubesmanager.daemon.local.drivers.pools import qcow2
from qubesmanager.daemon.local.drivers.pools.base import PoolDriver
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2
from qubesmanager.daemon.local.drivers.pools.folder import FolderPool
from qubesmanager.wire.errors import QubesVolumeNotFoundError, StoragePoolException

NAME = "0123456789abcdef.qcow2"
OTHER = "fedcba9876543210.qcow2"


@pytest.fixture
def place(memory: Path) -> Iterator[Path]:
    """An empty folder."""
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
async def prepared(place: Path) -> FileQcow2:
    """A pool with the volumes work/private and vault/private, and a file of the host beside it."""
    (place / "secret").write_bytes(b"of the host")
    pool = FileQcow2("pool", place / "pool")
    await pool.setup()
    await pool.create("work/private", 8 * MIB)
    await pool.create("vault/private", 8 * MIB)
    return pool


def folder_of(pool: FolderPool, vid: str = "work/private") -> Path:
    return pool.root / vid


def manifest_of(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "volume.json").read_bytes())
    return manifest


def change(folder: Path, **values: object) -> None:
    (folder / "volume.json").write_text(json.dumps(manifest_of(folder) | values))


def active(folder: Path) -> Path:
    return folder / str(manifest_of(folder)["active"])


async def refused(pool: PoolDriver, vid: str = "work/private") -> str:
    with pytest.raises(StoragePoolException) as refusal:
        await pool.start(kept(vid))
    with pytest.raises(StoragePoolException):
        await pool.clone("copy/private", pool, vid)
    await pool.recover({})
    return str(refusal.value)


def layer_is_a_link(folder: Path, secret: Path) -> None:
    active(folder).unlink()
    active(folder).symlink_to(secret)


def layer_is_a_link_to_another_volume(folder: Path, _secret: Path) -> None:
    active(folder).unlink()
    active(folder).symlink_to(active(folder.parents[1] / "vault" / "private"))


def layer_is_a_pipe(folder: Path, _secret: Path) -> None:
    active(folder).unlink()
    os.mkfifo(active(folder))


def layer_is_missing(folder: Path, _secret: Path) -> None:
    active(folder).unlink()


def manifest_names_a_path(folder: Path, secret: Path) -> None:
    change(folder, active=str(secret))


def manifest_names_another_volume(folder: Path, _secret: Path) -> None:
    other = active(folder.parents[1] / "vault" / "private")
    change(folder, active=f"../../vault/private/{other.name}")


def manifest_is_a_link(folder: Path, _secret: Path) -> None:
    (folder / "volume.json").unlink()
    (folder / "volume.json").symlink_to(folder.parents[1] / "vault" / "private" / "volume.json")


def manifest_is_a_pipe(folder: Path, _secret: Path) -> None:
    (folder / "volume.json").unlink()
    os.mkfifo(folder / "volume.json")


def manifest_nests_deeply(folder: Path, _secret: Path) -> None:
    (folder / "volume.json").write_text("[" * 200_000)


def manifest_is_empty(folder: Path, _secret: Path) -> None:
    (folder / "volume.json").write_text("")


def manifest_has_other_types(folder: Path, _secret: Path) -> None:
    change(folder, snapshots={"1-0": 7})


def backing_file(name: str, backing_format: bytes = b"qcow2") -> Callable[[Path, Path], None]:
    def attack(folder: Path, secret: Path) -> None:
        path = active(folder)
        path.unlink()
        qcow2.create(path, 8 * MIB, name.format(secret=secret))
        header = path.read_bytes()[:4096]
        with path.open("r+b") as file:
            file.write(header.replace(struct.pack(">I5s", 5, b"qcow2"), struct.pack(">I5s", 5, backing_format[:5]), 1))

    return attack


def layers_are_a_circle(folder: Path, _secret: Path) -> None:
    path = active(folder)
    path.unlink()
    qcow2.create(path, 8 * MIB, OTHER)
    qcow2.create(folder / OTHER, 8 * MIB, path.name)


def backing_is_a_link(folder: Path, secret: Path) -> None:
    path = active(folder)
    path.unlink()
    qcow2.create(path, 8 * MIB, OTHER)
    (folder / OTHER).symlink_to(secret)


ATTACKS = {
    "layer is a link": layer_is_a_link,
    "layer is a link to another volume": layer_is_a_link_to_another_volume,
    "layer is a pipe": layer_is_a_pipe,
    "layer is missing": layer_is_missing,
    "manifest names a path": manifest_names_a_path,
    "manifest names another volume": manifest_names_another_volume,
    "manifest is a link": manifest_is_a_link,
    "manifest is a pipe": manifest_is_a_pipe,
    "manifest nests deeply": manifest_nests_deeply,
    "manifest is empty": manifest_is_empty,
    "manifest has other types": manifest_has_other_types,
    "backing file of the host": backing_file("{secret}"),
    "backing file above": backing_file("../../../secret"),
    "backing file by protocol": backing_file('json:{{"driver":"nbd"}}'),
    "backing file without format": backing_file(OTHER, b"\0\0\0\0\0"),
    "raw backing file": backing_file(OTHER, b"raw\0\0"),
    "backing file is a link": backing_is_a_link,
    "layers are a circle": layers_are_a_circle,
}


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
async def test_nothing_outside_of_the_volume_is_opened(
    prepared: FileQcow2, place: Path, attack: Callable[[Path, Path], None], started: bool
) -> None:
    folder = folder_of(prepared)
    if started:
        change(folder, started=True, base=active(folder).name)

    attack(folder, place / "secret")

    await refused(prepared)
    assert (place / "secret").read_bytes() == b"of the host"
    await prepared.start(kept("vault/private"))


@pytest.mark.parametrize("level", ["work", "work/private"])
async def test_a_folder_that_is_a_link_is_no_volume(prepared: FileQcow2, place: Path, level: str) -> None:
    elsewhere = place / "elsewhere"
    shutil.move(prepared.root / level, elsewhere)
    (prepared.root / level).symlink_to(elsewhere)

    assert "follows no symbolic links" in await refused(prepared)
    assert await prepared.list_volumes() == ["vault/private"]
    with pytest.raises(StoragePoolException):
        await prepared.remove("work/private")
    with pytest.raises(StoragePoolException):
        await prepared.import_data("work/private", pieces(b"x"))
    assert elsewhere.exists()


async def test_a_layer_with_a_second_name_is_not_written_to(prepared: FileQcow2) -> None:
    mine, other = active(folder_of(prepared)), active(folder_of(prepared, "vault/private"))
    mine.unlink()
    os.link(other, mine)

    assert "second name" in str(await refusal_of_start(prepared))


async def refusal_of_start(pool: PoolDriver) -> StoragePoolException:
    with pytest.raises(StoragePoolException) as refusal:
        await pool.start(kept())
    return refusal.value


async def test_a_prepared_link_is_not_written_through(prepared: FileQcow2, place: Path) -> None:
    (folder_of(prepared) / ".volume.json.part").symlink_to(place / "secret")

    await prepared.start(kept())

    assert (place / "secret").read_bytes() == b"of the host"


def external_data_file(path: Path, data: Path) -> None:
    path.unlink()
    options = f"data_file={data}"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", options, str(path), "8M"], check=True)
    path.chmod(0o600)


@pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is not installed")
async def test_an_image_with_an_external_data_file_is_refused(prepared: FileQcow2, place: Path) -> None:
    external_data_file(active(folder_of(prepared)), place / "data")

    assert "variant" in await refused(prepared)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("level", [".", "work", "work/private", "layer"])
async def test_a_path_that_another_user_can_replace_is_refused(prepared: FileQcow2, level: str) -> None:
    folder = folder_of(prepared)
    os.chown(active(folder) if level == "layer" else prepared.root / level, 12345, 12345)

    assert "belongs to user 12345" in await refused(prepared)


@pytest.mark.parametrize("level", ["work", "work/private", "layer"])
async def test_a_path_that_every_user_can_write_is_refused(prepared: FileQcow2, level: str) -> None:
    folder = folder_of(prepared)
    (active(folder) if level == "layer" else prepared.root / level).chmod(0o777)

    assert "Other users may write" in await refused(prepared)


async def test_a_raw_layer_is_no_link_either(pool: PoolDriver, place: Path) -> None:
    assert isinstance(pool, FolderPool)
    (place / "secret").write_bytes(bytes(8 * MIB))
    await pool.create("work/private", 8 * MIB)
    layer = active(folder_of(pool))
    layer.unlink()
    layer.symlink_to(place / "secret")

    await refused(pool)
    with pytest.raises(StoragePoolException):
        await pool.size("work/private")
    with pytest.raises(StoragePoolException):
        await pool.resize("work/private", 16 * MIB)


async def test_the_chain_that_the_hypervisor_gets_is_whole(prepared: FileQcow2) -> None:
    await prepared.snapshot("work/private")
    await prepared.snapshot("work/private")

    disk = await prepared.start(kept())

    below = [path.name for path in disk.backing]
    assert below
    assert below == list(prepared._chain(folder_of(prepared), disk.path.name))[1:]


async def test_an_unknown_volume_is_still_named(prepared: FileQcow2) -> None:
    with pytest.raises(QubesVolumeNotFoundError):
        await prepared.size("nobody/private")


# -- the header -------------------------------------------------------------------------------------------------------

GOOD = qcow2._packed(qcow2.Header(8 * MIB, OTHER, 3 * qcow2.CLUSTER, qcow2.ENTRIES)).ljust(qcow2.CLUSTER, b"\0")
FILE_SIZE = 5 * qcow2.CLUSTER


def test_the_header_that_the_pool_writes_is_accepted() -> None:
    header = qcow2.decode_header(GOOD, FILE_SIZE, Path("x"))

    assert header == qcow2.Header(8 * MIB, OTHER, 3 * qcow2.CLUSTER, qcow2.ENTRIES)


@given(
    st.lists(st.tuples(st.integers(0, 180), st.sampled_from([">B", ">H", ">I", ">Q"]), st.integers(0, 2**64 - 1))),
    st.integers(0, qcow2.CLUSTER),
)
def test_a_changed_header_is_refused_or_within_bounds(changes: list[tuple[int, str, int]], cut: int) -> None:
    block = bytearray(GOOD)
    for offset, form, value in changes:
        struct.pack_into(form, block, offset, value % (1 << 8 * struct.calcsize(form)))
    for data in (bytes(block), bytes(block[:cut])):
        try:
            header = qcow2.decode_header(data, FILE_SIZE, Path("x"))
        except StoragePoolException:
            continue
        assert 0 < header.size <= qcow2.MAX_SIZE
        assert "/" not in header.backing
        assert ":" not in header.backing
        assert header.l1_offset + header.l1_entries * 8 <= FILE_SIZE
        assert header.l1_entries * qcow2.SPAN >= header.size


def patched_image(path: Path, *, twice: str) -> None:
    """An image whose first-level table names one table again and again, or whose table names one cluster so."""
    with qcow2.Writer(path) as writer:
        writer.put(0, b"A" * qcow2.CLUSTER)
        writer.finish(4 << 40)
    header = qcow2.read_header(path)
    with path.open("r+b") as file:
        file.seek(header.l1_offset)
        entry = file.read(8)
        (table,) = struct.unpack(">Q", entry)
        if twice == "tables":
            file.seek(header.l1_offset)
            file.write(entry * header.l1_entries)
        else:
            file.seek(table & qcow2._OFFSET)
            cluster = file.read(8)
            file.seek(table & qcow2._OFFSET)
            file.write(cluster * qcow2.ENTRIES)


@pytest.mark.parametrize("twice", ["tables", "clusters"])
def test_an_image_that_uses_clusters_twice_is_refused(tmp_path: Path, twice: str) -> None:
    patched_image(tmp_path / NAME, twice=twice)

    with pytest.raises(StoragePoolException, match="twice"), qcow2.Chain([tmp_path / NAME]) as chain:
        list(chain.table())
