# SPDX-License-Identifier: GPL-3.0-or-later
"""An image far larger than the daemon's memory, 64 MiB, goes through its socket."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from daemon_process import DaemonProcess

from qubesmanager.client.client import Client
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire import calls
from qubesmanager.wire.values import PowerState

pytestmark = pytest.mark.whole

MIB = 1 << 20
GIB = 1 << 30
EVERY = 128
"""One MiB in so many is not zeros."""


async def image(size: int, daemon: DaemonProcess, memory: list[int]) -> AsyncIterator[bytes]:
    zeros = bytes(MIB)
    for number in range(size // MIB):
        yield bytes([number % 251 + 1]) * MIB if number % EVERY == 0 else zeros
        if number % EVERY == 0:
            memory.append(daemon.memory_kib())


async def test_a_large_image_becomes_a_template_with_flat_memory_and_stays_sparse(tmp_path: Path) -> None:
    memory: list[int] = []
    with DaemonProcess(tmp_path, "--hypervisor", "test:///default") as daemon:
        client = Client(UnixTransport(daemon.socket))

        await client.send(calls.VM_CREATE_TEMPLATE("dom0", "large", image(2 * GIB, daemon, memory)))

        info = await client.send(calls.VM_VOLUME_INFO("large", "root"))
        assert int(info["size"]) == 2 * GIB
        assert (await client.send(calls.VM_CURRENT_STATE("large"))).state is PowerState.HALTED
    assert max(memory) - memory[0] < 64 * 1024  # KiB
    stored = sum(path.stat().st_blocks * 512 for path in (tmp_path / "state/pools").rglob("*") if path.is_file())
    assert stored < 64 * MIB
