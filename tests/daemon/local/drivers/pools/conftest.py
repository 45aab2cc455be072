# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools of each driver, on file systems made for them where the driver asks for one."""

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pool_tools import CannotMountError, mounted

from qubesmanager.daemon.local.drivers.pools.base import PoolDriver
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2
from qubesmanager.daemon.local.drivers.pools.file_reflink import FileReflink


@pytest.fixture(scope="session")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where there is one: nothing here is tested by what a real disk does, and it is faster."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path_factory.mktemp("memory")
        return
    with tempfile.TemporaryDirectory(prefix="qm-pools-", dir="/dev/shm") as folder:
        yield Path(folder)


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


@pytest.fixture(params=["file-qcow2", "file-reflink"])
async def pool(request: pytest.FixtureRequest, memory: Path) -> AsyncIterator[PoolDriver]:
    """A fresh pool of each driver that this machine can run."""
    result: PoolDriver
    if request.param == "file-qcow2":
        result = FileQcow2("pool", place := memory / uuid.uuid4().hex / "pool")
    else:
        result = FileReflink("pool", place := request.getfixturevalue("reflink_place") / uuid.uuid4().hex / "pool")
    await result.setup()
    yield result
    shutil.rmtree(place.parent)
