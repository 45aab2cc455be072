# SPDX-License-Identifier: GPL-3.0-or-later
"""`kill -9` of the daemon while it backs up and restores: no wrong file has a backup's name, no half qube is there."""

import asyncio
import contextlib
import json
import os
import random
import signal
import sqlite3
import time
from contextlib import aclosing
from pathlib import Path

import pytest
import yaml
from backup_daemon import MIB, WORDS, Everything, everything, file_stream, make_qube
from cheap_keys import PROGRAM, Gate
from daemon_process import DaemonProcess
from killing import answer_of
from until import LIMIT, until

from qubesmanager.backup.archive.reader import open_backup
from qubesmanager.backup.errors import BackupError
from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2
from qubesmanager.daemon.local.drivers.pools.folder import MARK
from qubesmanager.daemon.local.drivers.pools.lease import FILE as LEASE
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire import calls
from qubesmanager.wire.backups import encode_run

pytestmark = pytest.mark.kills

KILLS = int(os.environ.get("QUBESMANAGER_BACKUP_KILLS", "20"))
"""Moments, each of them in a backup and in a restore; 50 take about a minute."""
QUBES = {"lab": "lab2", "field": "field2"}
"""By the name in the backup: how each is restored."""


def whole_qubes(file: Path) -> set[str]:
    """The qubes of a backup that verify; none if not all of it does."""
    with file.open("rb") as stream:
        try:
            report = open_backup(stream, WORDS).verify()
        except BackupError:
            return set()
    return {result.qube.name for result in report.results} if report.ok else set()


class Machine:
    """A daemon with two qubes and a backup of them, and what has to hold after each of its ends."""

    def __init__(self, folder: Path) -> None:
        self.gate = Gate(folder / "gate")
        self.daemon = DaemonProcess(
            folder, "--hypervisor", "test:///default", environment=self.gate.environment, program=PROGRAM
        )
        self.client = Client(UnixTransport(self.daemon.socket))
        self.targets = folder / "backups"
        self.pool = folder / "state/pools/default"
        self.store = folder / "state/store.sqlite"
        self.backup = folder / "kept"
        self.before: dict[str, Everything] = {}
        self.longest = 0.0

    async def prepare(self) -> None:
        self.targets.mkdir()
        await asyncio.to_thread(self.daemon.start)
        for name in QUBES:
            await make_qube(self.client, name, random.randbytes(4 * MIB), b"root of " + name.encode() * 999)
        for name in QUBES:
            self.before[name] = await everything(self.client, FileQcow2("default", self.pool), name)
        await self.set_profile("generated")
        await self.execute()
        (file,) = self.targets.iterdir()
        file.rename(self.backup)

    async def set_profile(self, kdf: str) -> None:
        profile = {"include": list(QUBES), "destination_path": str(self.targets), "kdf": kdf, "verify": True}
        await self.client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", yaml.safe_dump(profile)))

    async def execute(self) -> None:
        await self.client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {"passphrase": WORDS}))

    async def restore(self) -> None:
        renames = " ".join(f"{old}:{new}" for old, new in QUBES.items())
        async with aclosing(file_stream(f"passphrase={WORDS}\nrename={renames}", self.backup)) as content:
            rows = await self.client.send(calls.BACKUP_RESTORE("dom0", None, content))
        assert all(row.result == "ok" for row in rows)

    async def killed(self, moment: float) -> tuple[bool, bool]:
        """Whether the backup and the restore were answered before the daemon was killed."""
        done, restored = asyncio.Event(), asyncio.Event()
        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            group.create_task(answer_of(self.execute(), done))
            group.create_task(answer_of(self.restore(), restored))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(moment):
                    await done.wait()
                    await restored.wait()
            self.longest = max(self.longest, time.monotonic() - started)
            answers = done.is_set(), restored.is_set()
            await asyncio.to_thread(self.daemon.stop, signal.SIGKILL)
        return answers

    def seen_unrestarted(self) -> None:
        """What has a backup's name is one, before any cleaning."""
        for file in self.targets.iterdir():
            if file.suffix not in {".partial", ".incomplete"}:
                assert whole_qubes(file) == set(QUBES), f"{file.name} looks like a backup, and is none"

    async def checked(self, executed: bool, restored: bool) -> None:
        """After a restart: files and qubes are whole or absent, and nothing else is left."""
        files = list(self.targets.iterdir())
        assert all(file.suffix not in {".partial", ".incomplete"} for file in files)
        last = json.loads(encode_run((await self.client.send(calls.BACKUP_HISTORY("dom0", "nightly")))[-1]))
        assert last["result"] in ({"ok"} if executed else {"ok", "failed"})
        if executed:
            assert [str(file) for file in files] == [last["file"]]
        for file in files:
            file.unlink()

        names = {row.name for row in await self.client.send(calls.VM_LIST("dom0"))}
        made = names & set(QUBES.values())
        assert made == set(QUBES.values()) or (not made and not restored)
        assert {path.name for path in self.pool.iterdir()} - {MARK, LEASE} == names - {"dom0"}
        with contextlib.closing(sqlite3.connect(self.store)) as store:
            assert store.execute("SELECT * FROM pending_volume").fetchall() == []
        for old, new in QUBES.items():
            if new in made:
                after = await everything(self.client, FileQcow2("default", self.pool), new)
                assert after == self.before[old]
                await self.client.send(calls.VM_REMOVE(new))


@pytest.mark.slow
@pytest.mark.timeout(600 + 30 * KILLS)
async def test_a_killed_backup_or_restore_is_whole_or_not_there(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    await machine.prepare()
    try:
        answers = await machine.killed(LIMIT)
        assert answers == (True, True), "the first one is not to be cut off"
        takes = machine.longest
        outcomes = set()
        for number in range(KILLS + 1):
            machine.seen_unrestarted()
            await asyncio.to_thread(machine.daemon.start)
            await machine.checked(*answers)
            # Spread over all of the time that both take, and somewhat beyond; the first one at once.
            answers = await machine.killed(takes * 1.1 * (number and number + random.random()) / KILLS)
            outcomes.add(answers)
        assert (False, False) in outcomes, "nothing was ever cut off"
    finally:
        await asyncio.to_thread(machine.daemon.stop)


async def test_leftovers_of_a_killed_backup_are_removed_at_the_start_and_foreign_files_stay(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    await machine.prepare()
    try:
        # Of another daemon that writes to the same folder: by the same profile, in the same second.
        other = machine.targets / "qubes-backup-nightly-20260101T000000.0123456789abcdef.partial"
        other.write_bytes(b"of another")
        done = asyncio.Event()
        await machine.set_profile("strong")  # it waits for the gate, and so cannot end before the daemon is killed
        async with asyncio.TaskGroup() as group:
            group.create_task(answer_of(machine.execute(), done))
            await until(lambda: len(list(machine.targets.iterdir())) > 1)
            await asyncio.to_thread(machine.daemon.stop, signal.SIGKILL)
        (left,) = set(machine.targets.iterdir()) - {other}
        assert left.suffix == ".partial"

        await asyncio.to_thread(machine.daemon.start)

        assert list(machine.targets.iterdir()) == [other]
        last = json.loads(encode_run((await machine.client.send(calls.BACKUP_HISTORY("dom0", "nightly")))[-1]))
        assert last["result"] == "failed"
    finally:
        await asyncio.to_thread(machine.daemon.stop)
