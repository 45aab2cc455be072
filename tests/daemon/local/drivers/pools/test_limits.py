# SPDX-License-Identifier: GPL-3.0-or-later
"""A full disk, a big image, a file system that is not supported, two pools."""

import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pool_tools import MIB, CannotMountError, content, kept, mounted, session
from streams import pieces

from qubesmanager.daemon.local.drivers.pools.base import PoolDriver
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2
from qubesmanager.daemon.local.drivers.pools.file_reflink import FileReflink
from qubesmanager.daemon.local.drivers.pools.table import DRIVERS, checked_options, open_pool
from qubesmanager.wire.errors import QubesValueError, StoragePoolException

pytestmark = pytest.mark.whole

ROOT = Path(__file__).parents[5]


@pytest.mark.parametrize(("kind", "mib"), [("tmpfs", 16), ("btrfs", 128)])
async def test_a_full_disk_is_reported_and_leaves_no_file(memory: Path, kind: str, mib: int) -> None:
    folder = memory / uuid.uuid4().hex
    folder.mkdir()
    try:
        with mounted(kind, folder, mib) as place:
            pool: PoolDriver = (FileQcow2 if kind == "tmpfs" else FileReflink)("pool", place / "pool")
            await pool.setup()
            await pool.create("work/private", 8 * MIB)
            await session(pool, kept(), (0, b"A" * 65536))
            before = (await pool.usage()).usage

            async def endless() -> AsyncIterator[bytes]:
                while True:
                    yield os.urandom(MIB)

            for vid in ("work/private", "debian/root"):
                with pytest.raises(StoragePoolException, match="full"):
                    await pool.import_data(vid, endless())

            if kind == "tmpfs":  # btrfs gives room back when it next commits
                assert (await pool.usage()).usage == before
            assert await pool.list_volumes() == ["work/private"]
            assert (await content(pool, "work/private"))[:65536] == b"A" * 65536
            assert await pool.recover({}) == []
            await pool.snapshot("work/private")
    except CannotMountError as error:
        pytest.skip(str(error))


BIG = """
import asyncio, resource, sys
from pathlib import Path
from qubesmanager.daemon.local.drivers.pools.table import open_pool
async def data():
    zeros = bytes(1 << 20)
    for number in range(10 << 10):
        yield b"D" * (1 << 20) if number % 1024 == 7 else zeros
async def main():
    pool = open_pool("pool", sys.argv[1], {"dir_path": sys.argv[2]})
    await pool.setup()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(await pool.import_data("debian/root", data(), 10 << 30))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
asyncio.run(main())
"""


@pytest.mark.parametrize("driver", ["file-qcow2", "file-reflink"])
def test_ten_gibibytes_go_through_with_flat_memory_and_stay_sparse(
    request: pytest.FixtureRequest, memory: Path, driver: str
) -> None:
    place = (memory if driver == "file-qcow2" else request.getfixturevalue("reflink_place")) / uuid.uuid4().hex

    done = subprocess.run(
        [sys.executable, "-c", BIG, driver, str(place)],
        check=True, capture_output=True, text=True, env=dict(os.environ, PYTHONPATH=str(ROOT)),
    )  # fmt: skip

    size, grown_kib = map(int, done.stdout.split())
    assert size == 10 << 30
    assert grown_kib < 48 << 10
    assert sum(path.stat().st_blocks * 512 for path in place.rglob("*")) < 32 * MIB


async def test_a_place_without_reflinks_is_refused_with_the_way_out(tmp_path: Path, memory: Path) -> None:
    pool = FileReflink("pool", memory / uuid.uuid4().hex)

    with pytest.raises(StoragePoolException, match="file-qcow2"):
        await pool.setup()


async def test_a_place_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(StoragePoolException, match="refused"):
        await FileQcow2("pool", Path("/proc/nowhere")).setup()


async def test_a_clone_from_another_pool_is_the_same_and_sparse(pool: PoolDriver, tmp_path: Path) -> None:
    other = FileQcow2("other", tmp_path / "other")
    await other.setup()
    await other.create("debian/root", 12 * MIB)
    await session(
        other, kept("debian/root"), (65536, b"A" * 65536), (5 * MIB, b"B" * 65536), (12 * MIB - 65536, b"C" * 65536)
    )

    await pool.clone("work/root", other, "debian/root")
    await other.clone("back/root", pool, "work/root")

    expected = await content(other, "debian/root")
    assert await content(pool, "work/root") == expected == await content(other, "back/root")
    assert (await pool.info(kept("work/root"))).usage < MIB


async def test_a_volume_imported_from_an_odd_file_reads_back(pool: PoolDriver) -> None:
    data = os.urandom(5 * MIB + 12345)
    await pool.import_data("debian/root", pieces(data[:100], data[100:MIB], data[MIB:]), len(data))

    assert await content(pool, "debian/root") == data + bytes(8 * MIB - len(data))


@pytest.mark.parametrize(
    ("driver", "options", "named"),
    [
        ("zfs", {}, "zfs"),
        ("file-qcow2", {}, "dir_path"),
        ("file-qcow2", {"dir_path": "x"}, "dir_path"),
        ("file-qcow2", {"dir_path": "/x", "colour": "red"}, "colour"),
    ],
)
def test_wrong_options_are_named(driver: str, options: dict[str, str], named: str) -> None:
    with pytest.raises(QubesValueError, match=named):
        checked_options(driver, options)


@pytest.mark.parametrize("name", DRIVERS)
def test_each_row_of_the_table_makes_its_driver(name: str, tmp_path: Path) -> None:
    options = {option.name: str(tmp_path) if option.type == "path" else "x" for option in DRIVERS[name].options}

    assert open_pool("pool", name, options).driver == name
