# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools of each driver, on file systems made for them where the driver asks for one."""

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pool_tools import CannotMountError, mounted

from qubesmanager.daemon.local.drivers.pools.base import PoolDriver
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2
from qubesmanager.daemon.local.drivers.pools.file_reflink import FileReflink


@pytest.fixture(scope="session")
def reflink_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file system whose files can share blocks: xfs, else btrfs."""
    reasons = []
    with contextlib.ExitStack() as stack:
        for kind, mib in (("xfs", 512), ("btrfs", 512)):
            try:
                place = stack.enter_context(mounted(kind, tmp_path_factory.mktemp("reflink"), mib))
            except CannotMountError as error:
                reasons.append(str(error))
                continue
            yield place
            return
    pytest.skip(f"no file system with reflinks can be mounted here: {'; '.join(reasons)}")


@pytest.fixture(params=["file-qcow2", "file-reflink"])
async def pool(request: pytest.FixtureRequest, tmp_path: Path) -> PoolDriver:
    """A fresh pool of each driver that this machine can run."""
    result: PoolDriver
    if request.param == "file-qcow2":
        result = FileQcow2("pool", tmp_path / "pool")
    else:
        result = FileReflink("pool", request.getfixturevalue("reflink_place") / uuid.uuid4().hex)
    await result.setup()
    return result
