# SPDX-License-Identifier: GPL-3.0-or-later
"""lvm-thin, command by command, on a fake LVM; the contract suite runs on it too."""

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from fake_lvm import DiedError, FakeLvm
from pool_tools import MIB, content, kept, session
from streams import pieces
from until import until

from qubesmanager.daemon.local.drivers.pools.base import GRAIN, PoolDriver, PoolInfo
from qubesmanager.daemon.local.drivers.pools.lvm_thin import LvmThin, run
from qubesmanager.wire.errors import QubesValueError, QubesVolumeNotFoundError, StoragePoolException


async def test_without_a_device_mapper_or_group_it_says_what_is_needed() -> None:
    pool = LvmThin("pool", f"no-such-group-{uuid.uuid4().hex}", "tp")

    with pytest.raises(StoragePoolException, match="device mapper"):
        await pool.setup()


async def test_a_cancelled_caller_waits_until_the_program_has_ended(tmp_path: Path) -> None:
    begun, goes_on, done = (tmp_path / name for name in ("begun", "goes-on", "done"))
    os.mkfifo(goes_on)
    task = asyncio.get_running_loop().create_task(
        run("sh", "-c", f"touch {begun}; read line < {goes_on}; touch {done}")
    )
    await until(begun.exists)

    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not task.done()
    await asyncio.to_thread(goes_on.write_text, "\n")

    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.exists()


async def test_an_inactive_thin_pool_does_not_say_how_full_its_metadata_is(tmp_path: Path) -> None:
    lvm = FakeLvm(tmp_path / "lvm")
    pool = LvmThin("pool", "vg", "tp", lvm, tmp_path / "lvm")
    assert await pool.usage() == PoolInfo(1 << 40, 1 << 37, 4 << 30, 7 << 28)

    lvm.metadata_percent = ""

    assert await pool.usage() == PoolInfo(1 << 40, 1 << 37)


async def _revert(pool: PoolDriver) -> None:
    await pool.revert("work/private", (await pool.list_snapshots("work/private"))[0])


CHANGES: dict[str, Callable[[PoolDriver], Awaitable[object]]] = {
    "snapshot": lambda pool: pool.snapshot("work/private"),
    "revert": _revert,
    "extend": lambda pool: pool.resize("work/private", 16 * MIB),
    "clone": lambda pool: pool.clone("new/private", pool, "work/private"),
    "import": lambda pool: pool.import_data("work/private", pieces(*[b"I" * MIB] * 10)),
    "import new": lambda pool: pool.import_data("new/private", pieces(*[b"I" * MIB] * 10)),
    "clear": lambda pool: pool.clear("work/private"),
    "remove": lambda pool: pool.remove("work/private"),
}


async def prepared(folder: Path) -> tuple[FakeLvm, LvmThin]:
    lvm = FakeLvm(folder)
    pool = LvmThin("pool", "vg", "tp", lvm, folder)
    await pool.create("work/private", 8 * MIB)
    await session(pool, kept(), (0, b"A" * 65536))
    await session(pool, kept(), (MIB, b"B" * 65536))
    return lvm, pool


async def state_of(pool: PoolDriver) -> dict[str, tuple[bytes, list[bytes]]]:
    return {
        vid: (
            await content(pool, vid),
            [await content(pool, vid, name) for name in await pool.list_snapshots(vid)],
        )
        for vid in await pool.list_volumes()
    }


@pytest.mark.parametrize("change", CHANGES)
async def test_killed_before_each_command_it_is_the_old_or_the_new_state(tmp_path: Path, change: str) -> None:
    _, pool = await prepared(tmp_path / "old")
    old = await state_of(pool)
    await CHANGES[change](pool)
    new = await state_of(pool)
    step, died = 0, True
    while died:
        lvm, pool = await prepared(tmp_path / f"{step}")
        lvm.dies_at = step
        try:
            await CHANGES[change](pool)
            died = False
        except DiedError:
            pass
        lvm.dies_at = None
        after = LvmThin("pool", "vg", "tp", lvm, tmp_path / f"{step}")

        await after.recover({})

        assert await after.recover({}) == []
        assert await state_of(after) in (old, new)
        step += 1

    assert step > 1
    assert await state_of(pool) == new


async def test_an_interrupted_rename_is_completed_when_asked_again(tmp_path: Path) -> None:
    lvm, pool = await prepared(tmp_path / "lvm")
    await pool.create("work/root", 4 * MIB)
    before = (await state_of(pool))["work/private"]
    lvm.dies_at = 2
    with pytest.raises(DiedError):
        await pool.rename_vm("work", "play")
    lvm.dies_at = None

    await pool.rename_vm("work", "play")

    assert await pool.list_volumes() == ["play/private", "play/root"]
    assert (await state_of(pool))["play/private"] == before


async def test_snapshots_of_a_volume_that_was_being_removed_go_too(tmp_path: Path) -> None:
    lvm, pool = await prepared(tmp_path / "lvm")
    await lvm("lvremove", "-f", "-y", "-q", "vg/q+work+private")

    assert [leftover.outcome for leftover in await pool.recover({})] == ["removed"]
    assert lvm.lvs == {}


async def test_volumes_of_another_thin_pool_are_another_pools(tmp_path: Path) -> None:
    lvm = FakeLvm(tmp_path)
    pool = LvmThin("pool", "vg", "tp", lvm, tmp_path)
    await pool.create("work/private", GRAIN)
    lvm.lvs["q+work+private"].thin_pool = "other"

    assert await pool.list_volumes() == []
    with pytest.raises(QubesVolumeNotFoundError):
        await pool.remove("work/private")
    with pytest.raises(StoragePoolException):
        await pool.create("work/private", GRAIN)


@pytest.mark.parametrize("name", ["/dev/vg", "vg/tp", "-vg", "", ".", "..", "a b", "v\n"])
def test_a_group_has_one_spelling(name: str) -> None:
    for names in ((name, "tp"), ("vg", name)):
        with pytest.raises(QubesValueError, match="Not the name"):
            LvmThin("pool", *names)
