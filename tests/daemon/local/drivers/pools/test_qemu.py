# SPDX-License-Identifier: GPL-3.0-or-later
"""A real QEMU writes to the volumes while they are snapshotted and grown. It runs no guest: its own monitor writes."""

import asyncio
import contextlib
import json
import re
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pool_tools import MIB, content, kept

from qubesmanager.daemon.local.drivers.pools.base import Disk, PoolDriver, VolumeSpec

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="QEMU is not installed"),
]
KEPT = kept(revisions=9)


class Qemu:
    """A QEMU with one disk, as the hypervisor's side of a `LiveDisk`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._node = ""
        self._count = 0
        self._said = ""

    async def command(self, name: str, **arguments: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
        while True:
            line = await self._process.stdout.readline()
            assert line, "QEMU is gone"
            if not line.startswith(b"{"):  # what qemu-io says comes the same way
                self._said += line.decode()
                continue
            answer = json.loads(line)
            if "error" in answer:
                raise AssertionError(answer)
            if "return" in answer:
                return answer["return"]

    async def add(self, disk: Disk, **more: Any) -> str:
        self._count += 1
        name = f"node{self._count}"
        file = {"driver": "file", "filename": str(disk.path)}
        await self.command("blockdev-add", **{"node-name": name, "driver": disk.format, "file": file, **more})
        return name

    async def open(self, disk: Disk) -> None:
        self._node = await self.add(disk)

    async def close(self) -> None:
        await self.command("blockdev-del", **{"node-name": self._node})

    async def io(self, line: str) -> None:
        self._said = ""
        await self.command("human-monitor-command", **{"command-line": f'qemu-io {self._node} "{line}"'})
        assert re.match("(wrote|read) ", self._said), self._said
        assert "failed" not in self._said

    async def switch_to(self, disk: Disk) -> None:
        overlay = await self.add(disk, backing=None)
        await self.command("blockdev-snapshot", node=self._node, overlay=overlay)
        self._node = overlay

    async def resize(self, size: int) -> None:
        await self.command("block_resize", **{"node-name": self._node, "size": size})


@pytest.fixture
async def qemu() -> AsyncIterator[Qemu]:
    process = await asyncio.create_subprocess_exec(  # noqa: TID251 - the hypervisor of this test
        "qemu-system-x86_64", "-machine", "none", "-nodefaults", "-display", "none", "-qmp", "stdio",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    monitor = Qemu(process)
    await monitor.command("qmp_capabilities")
    try:
        yield monitor
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def bytes_at(pool: PoolDriver, vid: str, offset: int, snapshot: str | None = None) -> bytes:
    return (await content(pool, vid, snapshot))[offset : offset + 1]


async def test_a_running_volume_is_snapshotted_grown_and_reverted(qemu: Qemu, pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    await qemu.open(await pool.start(KEPT))
    await qemu.io("write -P 0x41 0 1M")

    snapshot = await pool.snapshot("work/private", qemu)
    await qemu.io("write -P 0x42 512k 100k")
    await pool.resize("work/private", 16 * MIB, qemu)
    await qemu.io("write -P 0x43 12M 64k")
    await qemu.io("read -P 0x41 0 512k")
    await qemu.close()
    await pool.stop(KEPT)

    assert await pool.size("work/private") == 16 * MIB
    assert [await bytes_at(pool, "work/private", at) for at in (0, 512 << 10, 12 * MIB)] == [b"A", b"B", b"C"]
    assert await bytes_at(pool, "work/private", 512 << 10, snapshot) == b"A"
    await pool.revert("work/private", snapshot)
    assert await content(pool, "work/private") == b"A" * MIB + bytes(7 * MIB)


async def test_an_app_qube_runs_on_its_template_while_that_runs_too(qemu: Qemu, pool: PoolDriver) -> None:
    root = VolumeSpec("pool", "debian/root", 8 * MIB, save_on_stop=True)
    app = VolumeSpec("pool", "work/root", 8 * MIB, source="debian/root", snap_on_start=True)
    await pool.create("debian/root", 8 * MIB)
    await qemu.open(await pool.start(root))
    await qemu.io("write -P 0x41 0 1M")
    await qemu.close()
    await pool.stop(root)

    await qemu.open(await pool.start(app))
    template = qemu._node
    await qemu.open(await pool.start(root))
    await qemu.io("write -P 0x42 0 1M")
    await qemu.close()
    await pool.stop(root)
    qemu._node = template

    assert await pool.is_outdated(app)
    await qemu.io("read -P 0x41 0 1M")
    await qemu.io("write -P 0x43 0 1M")
    await qemu.close()
    await pool.stop(app)
    assert await content(pool, "debian/root") == b"B" * MIB + bytes(7 * MIB)


async def test_layers_written_by_qemu_are_merged_soundly(qemu: Qemu, pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    expected = bytearray(8 * MIB)
    for number in range(9):
        disk = await pool.start(kept(revisions=1))
        await qemu.open(disk)
        await qemu.io(f"write -P {number + 1} {number * 100}k 300k")
        await qemu.io(f"write -z {number * 100}k 64k")
        await qemu.close()
        await pool.stop(kept(revisions=1))
        expected[number * 102400 : number * 102400 + 307200] = bytes([number + 1]) * 307200
        expected[number * 102400 : number * 102400 + 65536] = bytes(65536)

    assert await content(pool, "work/private") == bytes(expected)
