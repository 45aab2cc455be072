# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed at any moment, a change has happened or has not: there is no third state, and nothing is left lying about."""

import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pool_killed import DRIVERS, OPERATIONS
from pool_tools import MIB, content, guest_write, kept, session

from qubesmanager.daemon.local.drivers.pools.base import Disk, PoolDriver
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2
from qubesmanager.daemon.local.drivers.pools.file_reflink import FileReflink, reflink

pytestmark = pytest.mark.kills

ROOT = Path(__file__).parents[5]
KILLS = 20
State = dict[str, tuple[str, tuple[str, ...]]]


class Zygote:
    """The process that forks the ones to be killed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, pool: PoolDriver, root: Path, operation: str, how: str, value: float) -> tuple[bool, float]:
        """Whether the operation was killed, and the seconds it took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        number = int(value) if how == "step" else value
        self._process.stdin.write(f"{pool.driver} {root} {operation} {how} {number}\n")
        self._process.stdin.flush()
        status, seconds = self._process.stdout.readline().split()
        assert int(status) in {0, signal.SIGKILL}, f"{operation} failed by itself"
        return int(status) == signal.SIGKILL, float(seconds)


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    environment = dict(os.environ, PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'tests'}")
    with subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "pool_killed.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        yield Zygote(process)


async def state_of(pool: PoolDriver) -> State:
    """Each volume's content and that of its snapshots, oldest first."""

    async def digest(vid: str, snapshot: str | None = None) -> str:
        result = hashlib.sha256(str(await pool.size(vid, snapshot)).encode())
        async with contextlib.aclosing(pool.read(vid, snapshot)) as runs:
            async for offset, data in runs:
                for at in range(0, len(data), 65536):
                    if (block := data[at : at + 65536]).strip(b"\0"):
                        result.update(b"%d:" % (offset + at) + block)
        return result.hexdigest()

    return {
        vid: (await digest(vid), tuple([await digest(vid, name) for name in await pool.list_snapshots(vid)]))
        for vid in await pool.list_volumes()
    }


async def prepare(pool: PoolDriver) -> None:
    """A volume with a snapshot and changes since; and one in use, whose stop has layers to merge."""
    await pool.create("work/private", 8 * MIB)
    await session(pool, kept(), (0, b"A" * 65536))
    await pool.snapshot("work/private")
    await session(pool, kept(revisions=5), (MIB, b"B" * 65536))
    await pool.create("busy/private", 8 * MIB)
    for number in range(4):
        await session(pool, kept("busy/private", revisions=-1), (number * 65536, b"C" * 65536))
    guest_write(await pool.start(kept("busy/private")), 7 * MIB, b"D" * 65536)


async def the_two_states(pool: PoolDriver, root: Path, operation: str) -> tuple[State, State]:
    old = await state_of(fresh(pool, root))
    copy = copied(root)
    done = fresh(pool, copy)
    await OPERATIONS[operation](done)
    new = await state_of(done)
    shutil.rmtree(copy)
    return old, new


def copied(root: Path) -> Path:
    """The pool as it is, links between its layers left out."""

    def copy(source: str, target: str) -> None:
        try:
            reflink(Path(source), Path(target))
        except OSError:
            shutil.copyfile(source, target)
        shutil.copystat(source, target)

    def without_parts(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name.startswith(".tmp-")]

    target = root.with_name(uuid.uuid4().hex)
    shutil.copytree(root, target, copy_function=copy, ignore=without_parts)
    return target


def fresh(pool: PoolDriver, root: Path) -> PoolDriver:
    """The pool as a newly started daemon has it."""
    return DRIVERS[pool.driver]("pool", root)


def stages(root: Path) -> list[Path]:
    return list(root.glob(".tmp-*"))


def empty_folders(root: Path) -> list[Path]:
    return [folder for folder in root.iterdir() if folder.is_dir() and not any(folder.iterdir())]


async def check(pool: PoolDriver, root: Path, states: tuple[State, State]) -> bool:
    """Whether the change happened; fails on any third state."""
    after = fresh(pool, root)
    await after.recover({})
    assert await after.recover({}) == []
    assert not stages(root)
    assert not empty_folders(root)
    found = await state_of(after)
    assert found in states
    # And one can go on from there.
    for vid in found:
        await after.stop(kept(vid))
        await session(after, kept(vid), (3 * MIB, b"Z" * 65536))
        assert (await content(after, vid))[3 * MIB : 3 * MIB + 65536] == b"Z" * 65536
    shutil.rmtree(root)
    return found == states[1]


@pytest.fixture
async def prepared(pool: PoolDriver) -> Path:
    await prepare(pool)
    assert isinstance(pool, FileQcow2 | FileReflink)
    return pool.root


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_killed_before_each_step_it_is_the_old_or_the_new_state(
    zygote: Zygote, pool: PoolDriver, prepared: Path, operation: str
) -> None:
    states = await the_two_states(pool, prepared, operation)
    happened = []
    step = 0
    killed = True
    while killed:
        step += 1
        root = copied(prepared)
        killed, _ = zygote.run(pool, root, operation, "step", step)
        happened.append(await check(pool, root, states))

    assert step > 2
    assert happened[-1]
    assert happened == sorted(happened)  # once it has happened it stays so


@pytest.mark.parametrize("operation", ["snapshot", "revert", "extend", "clone", "import"])
async def test_killed_at_random_moments_it_is_the_old_or_the_new_state(
    zygote: Zygote, pool: PoolDriver, prepared: Path, operation: str
) -> None:
    states = await the_two_states(pool, prepared, operation)
    whole = copied(prepared)
    _, seconds = zygote.run(pool, whole, operation, "step", 1 << 30)
    await check(pool, whole, states)
    kills = attempts = 0
    while kills < KILLS and attempts < 20 * KILLS:
        attempts += 1
        root = copied(prepared)
        killed, took = zygote.run(pool, root, operation, "after", random.uniform(0, seconds))
        kills += killed
        if not killed:
            seconds = took  # the machine is faster or slower than it was
        await check(pool, root, states)

    assert kills == KILLS


@pytest.mark.parametrize("switched", [True, False])
@pytest.mark.parametrize("still_running", [True, False])
async def test_a_live_snapshot_cut_short_is_settled_by_where_the_guest_wrote(
    tmp_path: Path, switched: bool, still_running: bool
) -> None:
    pool = FileQcow2("pool", tmp_path / "pool")
    await pool.setup()
    await pool.create("work/private", 8 * MIB)
    disk = await pool.start(kept())
    guest_write(disk, 0, b"A" * 65536)

    class Dying:
        """The daemon is gone before, or just after, the hypervisor has done it."""

        def __init__(self, disk: Disk) -> None:
            self.disk = disk

        async def switch_to(self, disk: Disk) -> None:
            if switched:
                self.disk = disk
            shutil.copytree(tmp_path / "pool", tmp_path / "crashed")

        async def resize(self, size: int) -> None:
            raise AssertionError

    guest = Dying(disk)
    with contextlib.suppress(AssertionError):
        await pool.snapshot("work/private", guest)
    written = tmp_path / "crashed" / guest.disk.path.relative_to(tmp_path / "pool")
    guest_write(Disk(written, "qcow2"), MIB, b"B" * 65536)
    after = FileQcow2("pool", tmp_path / "crashed")

    (settled, *_) = await after.recover({"work/private": written} if still_running else {})
    await after.stop(kept(revisions=5))

    assert settled.outcome == ("finished" if switched else "undone")
    assert await content(after, "work/private") == (
        b"A" * 65536 + bytes(MIB - 65536) + b"B" * 65536 + bytes(7 * MIB - 65536)
    )
    snapshots = [
        (await content(after, "work/private", name))[:1] for name in await after.list_snapshots("work/private")
    ]
    assert snapshots == ([b"A", b"\0"] if switched else [b"\0"])


async def test_foreign_folders_in_a_pool_are_kept_and_reported(tmp_path: Path) -> None:
    pool = FileQcow2("pool", tmp_path / "pool")
    await pool.setup()
    (tmp_path / "pool" / "mine" / "photos").mkdir(parents=True)

    (found,) = await pool.recover({})

    assert (found.path, found.outcome) == ("mine/photos", "kept")
    assert (tmp_path / "pool" / "mine" / "photos").exists()
