# SPDX-License-Identifier: GPL-3.0-or-later
"""`kill -9` in the middle of changes: what was answered is there afterwards, nothing is half there."""

import asyncio
import contextlib
import signal
from pathlib import Path

import pytest
from daemon_process import DaemonProcess
from until import until

from qubesmanager.client.client import Client
from qubesmanager.transport.base import TransportError
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.history import HistoryEntry, HistoryQuery
from qubesmanager.wire.records import VmRecord

pytestmark = pytest.mark.kills

QUBES = 25
CHANGES = 1000


async def records(client: Client) -> dict[str, VmRecord]:
    return {record.name: record async for batch in client.batches(calls.VM_GET_ALL("dom0")) for record in batch}


async def changes(client: Client) -> list[HistoryEntry]:
    """The whole history, newest first."""
    entries: list[HistoryEntry] = []
    while page := await client.send(
        calls.HISTORY("dom0", None, HistoryQuery(before=entries[-1].id if entries else None))
    ):
        entries += page
    return entries


class Changer:
    """Sends changes, and remembers what was answered and what was asked without an answer."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.memory: dict[str, list[str]] = {}
        self.answered_memory: set[str] = set()
        self.tags: set[tuple[str, str]] = set()
        self.created: set[str] = set()
        self.asked: set[str] = set()

    async def change(self, number: int, names: list[str]) -> None:
        name = names[number % len(names)]
        kind = number % 3
        with contextlib.suppress(TransportError):
            if kind == 0:
                value = str(100 + number)
                self.memory.setdefault(name, []).append(value)
                await self.client.send(calls.VM_PROPERTY_SET(name, "memory", value))
                self.answered_memory.add(name)
            elif kind == 1:
                await self.client.send(calls.VM_TAG_SET(name, f"t{number}"))
                self.tags.add((name, f"t{number}"))
            else:
                fresh = f"new-{number}"
                self.asked.add(fresh)
                await self.client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec(fresh, "red")))
                self.created.add(fresh)


async def test_every_answered_change_survives_and_none_is_half_there(tmp_path: Path) -> None:
    daemon = DaemonProcess(tmp_path, "--demo", str(QUBES))
    await asyncio.to_thread(daemon.start)
    client = Client(UnixTransport(daemon.socket))
    changer = Changer(client)
    names = sorted(name for name, record in (await records(client)).items() if record.klass == "AppVM")

    async with asyncio.TaskGroup() as group:
        for number in range(CHANGES):
            group.create_task(changer.change(number, names))
        await until(lambda: len(changer.tags) + len(changer.created) >= CHANGES // 6)
        await asyncio.to_thread(daemon.stop, signal.SIGKILL)

    assert len(changer.created) < CHANGES // 3, "the daemon was killed after the last change"
    await asyncio.to_thread(daemon.start)
    try:
        after = await records(Client(UnixTransport(daemon.socket)))
        for name, tag in changer.tags:
            assert tag in after[name].tags
        for name in changer.answered_memory:
            # One connection a call: of those that were under way at once, any may have been the last.
            assert after[name].value("memory") in changer.memory[name]
        for name in changer.created:
            assert after[name].value("template") == "debian-13"
        for name in changer.asked & set(after):
            assert after[name].tags == {"created-by-dom0"}
            assert [volume.name for volume in after[name].volumes] == ["root", "private", "volatile"]
        changed = await changes(Client(UnixTransport(daemon.socket)))
        tags = [(entry.qube, entry.detail) for entry in changed if entry.event == "tag-add"]
        assert all(tag in after[name].tags for name, tag in tags), "a change is in the history and was not made"
        assert changer.tags <= set(tags), "an answered change is not in the history"
        assert len(tags) == len(set(tags))
        made = {entry.qube for entry in changed if entry.event == "domain-add"}
        assert {name for name in after if name.startswith("new-")} == {name for name in made if name.startswith("new-")}
        folder = tmp_path / "state" / "pools" / "default"
        left = {path.name for path in folder.iterdir() if path.name.startswith("new-")}
        assert left <= set(after), "a volume without its qube was left"
    finally:
        await asyncio.to_thread(daemon.stop)


async def test_a_refused_change_is_not_there_after_a_restart(tmp_path: Path) -> None:
    daemon = DaemonProcess(tmp_path, "--demo", "0")
    await asyncio.to_thread(daemon.start)
    client = Client(UnixTransport(daemon.socket))
    try:
        await client.send(calls.VM_PROPERTY_SET("vault", "netvm", "sys-net"))
        with pytest.raises(Mgmt1Error):
            await client.send(calls.VM_PROPERTY_SET("sys-net", "netvm", "vault"))
        await asyncio.to_thread(daemon.stop, signal.SIGKILL)
        await asyncio.to_thread(daemon.start)

        after = await records(Client(UnixTransport(daemon.socket)))

        assert after["vault"].value("netvm") == "sys-net"
        assert after["sys-net"].value("netvm") == ""
    finally:
        await asyncio.to_thread(daemon.stop)
