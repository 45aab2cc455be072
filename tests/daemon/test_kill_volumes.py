# SPDX-License-Identifier: GPL-3.0-or-later
"""`kill -9` of the daemon while volumes change, asked for by its socket: the old or the new state, never a third."""

import asyncio
import contextlib
import random
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import NamedTuple

import pytest
from daemon_process import DaemonProcess
from killing import answer_of

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2
from qubesmanager.daemon.local.drivers.pools.folder import MARK
from qubesmanager.daemon.local.drivers.pools.lease import FILE as LEASE
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CloneSpec, CreateSpec

pytestmark = pytest.mark.kills

MIB = 1 << 20
KILLS = 10
"""Moments for each kind of change."""


class Seen(NamedTuple):
    """A volume as callers see it: `letter` is what its content consists of."""

    size: int
    letter: bytes
    snapshots: int


async def filled(letter: bytes) -> AsyncIterator[bytes]:
    for _ in range(12):
        yield letter * MIB


async def revert(client: Client) -> None:
    await client.send(calls.VM_VOLUME_REVERT("lab", "private", (await kept(client))[0]))


async def kept(client: Client) -> list[str]:
    return await client.send(calls.VM_VOLUME_LIST_SNAPSHOTS("lab", "private"))


async def extend(client: Client) -> None:
    size = await client.send(calls.VM_VOLUME_EXTEND("lab", "private", None))
    await client.send(calls.VM_VOLUME_EXTEND("lab", "private", size + 4 * MIB))


OPERATIONS: dict[str, tuple[Callable[[Client], Awaitable[object]], Callable[[Seen], Seen]]] = {
    "snapshot": (
        lambda client: client.send(calls.VM_VOLUME_SNAPSHOT("lab", "private")),
        lambda seen: seen._replace(snapshots=seen.snapshots + 1),
    ),
    "revert": (revert, lambda seen: seen._replace(size=12 * MIB, letter=b"a", snapshots=seen.snapshots + 1)),
    "extend": (extend, lambda seen: seen._replace(size=seen.size + 4 * MIB)),
    "import": (
        lambda client: client.send(calls.VM_VOLUME_IMPORT("lab", "private", filled(b"b"))),
        lambda seen: seen._replace(size=12 * MIB, letter=b"b"),
    ),
    "clone": (lambda client: client.send(calls.VM_CLONE("lab", payload=CloneSpec("copy"))), lambda seen: seen),
}


async def look(client: Client, folder: Path, vm: str = "lab") -> Seen:
    """The volume by the daemon's word, its content by the disk's; not all of one letter: an empty one."""
    info = await client.send(calls.VM_VOLUME_INFO(vm, "private"))
    letters: set[int] = set()
    total = 0
    async with aclosing(FileQcow2("default", folder / "state/pools/default").read(f"{vm}/private")) as runs:
        async for _, data in runs:
            # Counted first: a set of each megabyte takes twenty times as long.
            letters |= set(data[:1] if data.count(data[:1]) == len(data) else data)
            total += len(data)
    snapshots = await client.send(calls.VM_VOLUME_LIST_SNAPSHOTS(vm, "private"))
    letters.discard(0)
    whole = len(letters) == 1 and total >= 12 * MIB
    return Seen(int(info["size"]), bytes(letters) if whole else b"", len(snapshots))


@pytest.mark.timeout(600 + 30 * KILLS)
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_killed_change_of_a_volume_happened_or_did_not(tmp_path: Path, operation: str) -> None:
    daemon = DaemonProcess(tmp_path, "--hypervisor", "test:///default")
    await asyncio.to_thread(daemon.start)
    client = Client(UnixTransport(daemon.socket))
    try:
        await client.send(calls.VM_CREATE("dom0", "StandaloneVM", CreateSpec("lab", "red")))
        await client.send(calls.VM_VOLUME_IMPORT("lab", "private", filled(b"a")))
        await client.send(calls.VM_VOLUME_SNAPSHOT("lab", "private"))
        act, expected = OPERATIONS[operation]
        longest = 0.0
        for _ in range(KILLS):
            before = await look(client, tmp_path)
            answered = asyncio.Event()
            started = time.monotonic()
            async with asyncio.TaskGroup() as group:
                group.create_task(answer_of(act(client), answered))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(random.uniform(0, longest or 0.02)):
                        await answered.wait()
                longest = max(longest, time.monotonic() - started)
                done = answered.is_set()
                await asyncio.to_thread(daemon.stop, signal.SIGKILL)
            await asyncio.to_thread(daemon.start)

            after = await look(client, tmp_path)
            assert after in ({expected(before)} if done else {before, expected(before)})
            left = {path.name for path in (tmp_path / "state/pools/default").iterdir()} - {MARK, LEASE}
            if operation == "clone":
                names = {row.name for row in await client.send(calls.VM_LIST("dom0"))}
                assert left == names - {"dom0"}
                if "copy" in names:
                    assert (await look(client, tmp_path, "copy")).letter == b"a"
                    await client.send(calls.VM_REMOVE("copy"))
            else:
                assert left == {"lab"}
    finally:
        await asyncio.to_thread(daemon.stop)


@pytest.mark.parametrize("service", ["vm.volume.Import+private", "vm.CreateTemplate+half"])
async def test_a_caller_that_is_killed_inside_its_image_leaves_nothing_of_it(tmp_path: Path, service: str) -> None:
    with DaemonProcess(tmp_path, "--hypervisor", "test:///default") as daemon:
        client = Client(UnixTransport(daemon.socket))
        await client.send(calls.VM_CREATE("dom0", "StandaloneVM", CreateSpec("lab", "red")))
        await client.send(calls.VM_VOLUME_IMPORT("lab", "private", filled(b"a")))
        before = await look(client, tmp_path)
        target = "lab" if "Import" in service else "dom0"

        # The socket is closed, as the kernel does it for a process that was killed.
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(daemon.socket))
            caller.sendall(f"mgmt1.{service} dom0 name {target}\0".encode() + b"b" * (13 * MIB))

        # Waits for the other work on the qube or its name.
        await client.send(calls.VM_VOLUME_SNAPSHOT("lab", "private"))
        assert (await look(client, tmp_path)).letter == before.letter
        assert {path.name for path in (tmp_path / "state/pools/default").iterdir() if path.name[0] != "."} == {"lab"}
        assert [row.name for row in await client.send(calls.VM_LIST("dom0"))] == ["dom0", "lab"]
