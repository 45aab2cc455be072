# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools of each driver, on file systems made for them where the driver asks for one."""

import contextlib
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fake_lvm import FakeLvm
from pool_tools import CannotMountError, mounted

from qubesmanager.daemon.local.drivers.pools.base import PoolDriver
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2
from qubesmanager.daemon.local.drivers.pools.file_reflink import FileReflink
from qubesmanager.daemon.local.drivers.pools.lvm_thin import LvmThin


@pytest.fixture(scope="session")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in memory where there is one: nothing here is tested by what a real disk does, and it is faster."""
    return tmp_path_factory.mktemp("memory")


@pytest.fixture(scope="session")
def reflink_place(memory: Path) -> Iterator[Path]:
    """A file system whose files can share blocks: xfs, else btrfs."""
    reasons = []
    with contextlib.ExitStack() as stack:
        for kind, mib in (("xfs", 512), ("btrfs", 512)):
            try:
                place = stack.enter_context(mounted(kind, memory, mib))
            except CannotMountError as error:
                reasons.append(str(error))
                continue
            yield place
            return
    pytest.skip(f"no file system with reflinks can be mounted here: {'; '.join(reasons)}")


async def make(driver: str, request: pytest.FixtureRequest, memory: Path) -> AsyncIterator[PoolDriver]:
    place = memory
    if driver == "file-reflink":
        place = request.getfixturevalue("reflink_place")
    folder = place / uuid.uuid4().hex
    result: PoolDriver
    if driver == "lvm-thin":
        result = LvmThin("pool", "vg", "tp", FakeLvm(folder), folder)
    else:
        result = (FileQcow2 if driver == "file-qcow2" else FileReflink)("pool", folder / "pool")
    await result.setup()
    yield result
    shutil.rmtree(folder)


@pytest.fixture(params=["file-qcow2", "file-reflink", "lvm-thin"])
async def any_pool(request: pytest.FixtureRequest, memory: Path) -> AsyncIterator[PoolDriver]:
    """A fresh pool of each driver; lvm-thin on a fake LVM, for this needs a device mapper."""
    async for result in make(request.param, request, memory):
        yield result


@pytest.fixture(params=["file-qcow2", "file-reflink"])
async def pool(request: pytest.FixtureRequest, memory: Path) -> AsyncIterator[PoolDriver]:
    """A fresh pool of each driver that keeps files."""
    async for result in make(request.param, request, memory):
        yield result
