# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups that qubesd makes: what its calls and events show."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
import yaml
from backup_samples import WORDS
from bridge_fixtures import Bridged, bridging
from mirror_listener import followed
from qubesd_model import Faulty, Model
from streams import pieces
from until import error_of, until

from qubesmanager.admin.backups import sizes_in
from qubesmanager.client.backups import history, preview, status
from qubesmanager.client.client import Client
from qubesmanager.daemon.bridge import backup_runs
from qubesmanager.daemon.bridge.backup_runs import BackupRuns
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls, events
from qubesmanager.wire.backups import BackupRun, run_from_event
from qubesmanager.wire.errors import QubesBackupProfileNotFoundError, QubesNotImplementedError
from qubesmanager.wire.event import Event
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.restores import Contents


@pytest.fixture
async def bridge(system: System, client: Client, folder: Path) -> AsyncIterator[Bridged]:
    """Its daemon has a profile, as qubesd may have."""
    profile = {"include": ["vault", "work"], "destination_path": str(folder), "passphrase_text": WORDS}
    await client.send(calls.BACKUP_PROFILE_SET(DOM0, "all", yaml.safe_dump(profile)))
    async with bridging(system, client) as bridge:
        yield bridge


async def test_a_run_is_followed_from_begin_to_end(bridge: Bridged, folder: Path) -> None:
    async with aclosing(bridge.client.events()) as stream:
        await anext(stream)
        await bridge.client.send(calls.BACKUP_EXECUTE(DOM0, "all", {}))
        runs: list[BackupRun] = []
        while len(runs) < 2:
            runs += [run for event in await anext(stream) if (run := run_from_event(event)) is not None]

    assert [run.result for run in runs] == ["running", "ok"]
    assert runs[0].run == runs[1].run
    assert [run.result for run in await history(bridge.client)] == ["ok"]
    assert [(run.profile, run.by, run.result) for run in await status(bridge.client)] == [("all", DOM0, "ok")]
    assert await bridge.client.send(calls.BACKUP_PROFILE_LIST(DOM0)) == ["all"]
    mirror = bridge.backend.bridge.mirror
    await until(lambda: mirror.records["vault"].value("backup_timestamp"))
    [file] = await asyncio.to_thread(lambda: list(folder.iterdir()))
    content = await asyncio.to_thread(file.read_bytes)
    head = f"passphrase={WORDS}\n\n".encode()
    stored = await bridge.client.send(calls.BACKUP_INFO(DOM0, None, pieces(head, content)))
    assert isinstance(stored, Contents)
    assert {qube.name: qube.exists for qube in stored.qubes if qube.name != DOM0} == {"vault": True, "work": True}


async def test_the_preview_has_the_qubes_and_sizes_that_qubesd_shows(bridge: Bridged) -> None:
    shown = await preview(bridge.client, "all")
    own = await preview(bridge.other, "all")

    names = {qube.name: qube.running for qube in own.qubes if qube.name != DOM0}
    assert {qube.name: qube.running for qube in shown.qubes if qube.name != DOM0} == names
    assert (shown.free, shown.writable) == (None, None)
    error = await error_of(preview(bridge.client, "nosuch"))
    assert isinstance(error, QubesBackupProfileNotFoundError)


async def test_what_no_call_tells_is_refused_with_an_alternative(bridge: Bridged) -> None:
    for request in (calls.BACKUP_PROFILE_LIST(DOM0), calls.BACKUP_PROFILE_GET(DOM0, "all")):
        error = await error_of(bridge.client.send(request))
        assert isinstance(error, QubesNotImplementedError)
    words = calls.BACKUP_EXECUTE(DOM0, "all", {"passphrase": WORDS})
    assert "/etc/qubes/backup" in str(await error_of(bridge.client.send(words)))


async def test_a_run_that_fails_or_is_refused_has_its_reason(bridge: Bridged) -> None:
    request = "admin.backup.Execute+all dom0"
    for answer, results in (
        (b"2\x00BackupAlreadyRunningError\x00\x00Backup already running\x00", []),
        (b"2\x00BackupCancelledError\x00\x00Backup cancelled\x00", ["cancelled"]),
        (b"2\x00QubesException\x00\x00no room\x00", ["cancelled", "failed"]),
    ):
        bridge.wire.answers[request] = answer
        assert await error_of(bridge.client.send(calls.BACKUP_EXECUTE(DOM0, "all", {})))
        assert [run.result for run in await history(bridge.client)] == results
    assert (await history(bridge.client))[-1].reason == "no room"


async def test_a_run_of_another_client_is_known_by_its_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Event] = []

    async def size_of(_profile: str) -> int:
        return 1000

    runs = BackupRuns(sent.append, size_of)

    def progress(percent: str, profile: str = "p50") -> None:
        runs.happened(Event("", "backup-progress", {"backup_profile": profile, "progress": percent}))

    progress("0.5")
    await until(lambda: runs.latest[0].progress is not None and runs.latest[0].progress.total == 1000)
    progress("50.0")
    for percent in ("nan", "inf", "x", ""):
        progress(percent)
        progress(percent, "bad profile")
    reported = [about for event in sent if (about := events.BACKUP_PROGRESS.of(event)) is not None]
    assert [(about.done, about.total) for about in reported] == [(500, 1000)]
    assert [run.result for run in runs.latest] == ["running"]
    runs.happened(Event("work", "property-set:backup_timestamp", {"newvalue": "1"}))
    assert [run.result for run in runs.history()] == ["ok"]
    progress("10")
    monkeypatch.setattr(backup_runs, "QUIET", -1.0)
    assert [run.result for run in runs.latest] == ["ok"]
    runs.close()


async def test_a_backup_of_another_client_is_followed_by_the_events_of_qubesd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_runs, "_FIRST_PAUSE", 0.01)
    model = Model(5)
    answer = model.answer
    sizes = [b"", b"", b"0\x00app-0000 | VM | 1.5 GiB |\n"]

    def with_sizes(service: str, argument: str, dest: str, payload: bytes = b"") -> bytes:
        return sizes.pop(0) if service == "admin.backup.Info" else answer(service, argument, dest, payload)

    monkeypatch.setattr(model, "answer", with_sizes)
    async with followed(Faulty(model)) as (mirror, listener):
        await mirror.settled()
        model.event("", "backup-progress", "backup_profile", "p50", "progress", "0.5")
        await until(lambda: not sizes)
        model.event("", "backup-progress", "backup_profile", "p50", "progress", "50.0")
        await until(lambda: any(event.name == "backup-progress" for event in listener.heard))
        model.set_property("app-0000", "backup_timestamp", "1795692230")
        await until(lambda: any(event.name == "backup-finished" for event in listener.heard))

        assert [run.result for run in mirror.backups.history("p50")] == ["ok"]


def test_sizes_are_read_from_the_table_of_qubesd() -> None:
    table = (
        "------------------+--------------+--------------+\n"
        "               VM |         type |         size |\n"
        "------------------+--------------+--------------+\n"
        "         app-0001 |           VM |            0 | <-- The VM is running, backup will contain its state from"
        " before its start!\n"
        "         app-0002 |  Template VM |      1.5 GiB |\n"
        "------------------+--------------+--------------+\n"
        "      Total size: |                       1.5 GiB |\n"
        "VMs not selected for backup:\n - app-0000\n"
    )

    assert sizes_in(table) == [("app-0001", 0, True), ("app-0002", 3 << 29, False)]
