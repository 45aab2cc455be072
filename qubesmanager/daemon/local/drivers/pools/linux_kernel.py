# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: ARG002 - the protocol gives what a pool that is only read has no use for
"""The pool of kernels: each folder with a kernel in it is a volume that qubes only read.

It is part of the system: not added, not removed, and no qube's volumes are made in it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from qubesmanager.daemon.local.core.volumes import KERNEL_POOL
from qubesmanager.daemon.local.drivers import kernels
from qubesmanager.daemon.local.drivers.pools.base import Disk, Leftover, LiveDisk, PoolInfo, VolumeInfo, VolumeSpec
from qubesmanager.host.sparse_file import Source
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.reason import Field
from qubesmanager.wire.reasons import refusal


class LinuxKernels:
    """A `PoolDriver` of the folder of kernels; a vid is a kernel's name."""

    pool = KERNEL_POOL
    driver = KERNEL_POOL

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def setup(self) -> None:
        return None

    async def recover(self, live: Mapping[str, Path]) -> list[Leftover]:
        return []

    async def usage(self) -> PoolInfo:
        taken = sum([await self.size(vid) for vid in await self.list_volumes()])
        return PoolInfo(taken, taken)

    async def list_volumes(self) -> list[str]:
        return sorted(await kernels.installed(self._folder))

    async def info(self, spec: VolumeSpec) -> VolumeInfo:
        size = await self.size(spec.vid)
        return VolumeInfo(
            KERNEL_POOL,
            spec.vid,
            size,
            size,
            rw=False,
            source="",
            save_on_stop=False,
            snap_on_start=False,
            revisions_to_keep=0,
            is_outdated=False,
        )

    async def size(self, vid: str, snapshot: str | None = None) -> int:
        if vid not in await self.list_volumes():
            raise refusal("kernel-missing", vid)
        folder = self._folder / vid
        return await asyncio.to_thread(lambda: sum(file.stat().st_size for file in folder.iterdir() if file.is_file()))

    async def place(self) -> str:
        return ""

    async def mark(self, mark: str) -> None:
        raise _read_only()

    async def strays(self) -> list[str]:
        return []

    async def damage(self, vid: str) -> Field:
        return ""

    async def describe(self, vid: str, about: Mapping[str, Any]) -> None:
        raise _read_only()

    async def description(self, vid: str) -> object:
        return None

    async def list_snapshots(self, vid: str) -> list[str]:
        return []

    async def is_outdated(self, spec: VolumeSpec) -> bool:
        return False

    async def stop(self, spec: VolumeSpec) -> None:
        return None

    # -- what a pool of kernels does not do

    async def create(self, vid: str, size: int, identity: str = "") -> None:
        raise _read_only()

    async def identity(self, vid: str) -> str:
        raise _read_only()

    async def remove(self, vid: str, identity: str | None = None) -> None:
        raise _read_only()

    async def rename_vm(self, old: str, new: str) -> None:
        raise _read_only()

    async def clone(self, vid: str, source: object, source_vid: str, identity: str = "") -> None:
        raise _read_only()

    def read(self, vid: str, snapshot: str | None = None) -> AsyncGenerator[tuple[int, bytes], None]:
        raise _read_only()

    async def import_data(
        self, vid: str, data: AsyncIterator[bytes], size: int | None = None, identity: str = ""
    ) -> int:
        raise _read_only()

    def open_source(self, vid: str, snapshot: str | None = None) -> AbstractAsyncContextManager[Source]:
        raise _read_only()

    async def import_runs(self, vid: str, size: int, runs: AsyncIterator[tuple[int, bytes]], identity: str = "") -> int:
        raise _read_only()

    async def drop_snapshot(self, vid: str, snapshot: str) -> None:
        raise _read_only()

    async def clear(self, vid: str) -> None:
        raise _read_only()

    async def resize(self, vid: str, size: int, live: LiveDisk | None = None) -> int:
        raise _read_only()

    async def snapshot(self, vid: str, live: LiveDisk | None = None) -> str:
        raise _read_only()

    async def revert(self, vid: str, snapshot: str) -> str:
        raise _read_only()

    async def start(self, spec: VolumeSpec) -> Disk:
        raise _read_only()


def _read_only() -> Mgmt1Error:
    return refusal("kernels-read-only", KERNEL_POOL)
