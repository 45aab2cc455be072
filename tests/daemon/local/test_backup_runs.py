# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs as other windows see them: each has an id, a failed scheduled one is tried again, and its reason is kept."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from qubesmanager.backup.schedule import RETRY_SECONDS, is_retry_due
from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.backups import SCHEDULE, encode_run
from qubesmanager.wire.errors import BackupAlreadyRunningError, BackupCancelledError, Mgmt1Error
from qubesmanager.wire.event import Event


@pytest.fixture
def events_sent(system: System, monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """All events of backups, as they are sent."""
    found: list[Event] = []
    emit = system.runtime.emit

    def noting(events: Sequence[Event]) -> None:
        found.extend(event for event in events if event.name.startswith("backup-") and "run" in event.fields)
        emit(events)

    monkeypatch.setattr(system.runtime, "emit", noting)
    return found


async def with_profile(client: Client, name: str, folder: Path, **keys: Any) -> None:
    text = {"include": ["vault"], "destination_path": str(folder), "passphrase_text": "words", **keys}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", name, yaml.safe_dump(text)))


async def status(client: Client) -> dict[str, dict[str, Any]]:
    rows = [json.loads(encode_run(run)) for run in await client.send(calls.BACKUP_STATUS("dom0"))]
    return {row["profile"]: row for row in rows}


async def test_each_event_of_a_run_carries_its_id(client: Client, tmp_path: Path, events_sent: list[Event]) -> None:
    for name in ("first", "second"):
        await with_profile(client, name, tmp_path / name)

    await asyncio.gather(*(client.send(calls.BACKUP_EXECUTE("dom0", name, {})) for name in ("first", "second")))

    ids = {
        name: {event.fields["run"] for event in events_sent if event.fields["profile"] == name}
        for name in ("first", "second")
    }
    assert all(len(found) == 1 for found in ids.values())
    assert ids["first"] != ids["second"]
    for name in ids:
        kinds = [event.name for event in events_sent if event.fields["profile"] == name]
        assert (kinds[0], kinds[-1]) == ("backup-started", "backup-finished")
        assert "backup-progress" in kinds
    rows = [json.loads(encode_run(run)) for run in await client.send(calls.BACKUP_HISTORY("dom0"))]
    history = {row["profile"]: row for row in rows}
    assert {name: {str(row["run"])} for name, row in history.items()} == ids
    assert history["first"]["by"] == "dom0"


async def test_the_status_shows_a_running_backup_and_the_results_of_earlier_ones(
    client: Client, system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()
    await with_profile(client, "done", tmp_path / "done")
    await with_profile(client, "slow", tmp_path / "slow")
    await client.send(calls.BACKUP_EXECUTE("dom0", "done", {}))
    carry_out = system.backup_runs._carry_out

    async def wait_and_carry_out(run: Any, *arguments: Any) -> None:
        run.totals = {"vault": 100}
        system.backup_runs._progress(run, "writing", "vault", 40)
        entered.set()
        await leave.wait()
        await carry_out(run, *arguments)

    monkeypatch.setattr(system.backup_runs, "_carry_out", wait_and_carry_out)
    running = asyncio.ensure_future(client.send(calls.BACKUP_EXECUTE("dom0", "slow", {})))  # noqa: TID251 - awaited
    await entered.wait()

    rows = await status(client)
    with pytest.raises(BackupAlreadyRunningError):
        await client.send(calls.BACKUP_EXECUTE("dom0", "slow", {}))
    leave.set()
    await running

    assert rows["done"]["result"] == "ok"
    slow = rows["slow"]
    assert (slow["result"], slow["phase"], slow["qube"], slow["done"], slow["total"]) == (
        "running", "writing", "vault", 40, 100,
    )  # fmt: skip
    assert (await status(client))["slow"]["result"] == "ok"


class _Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


async def test_a_failed_scheduled_run_is_tried_again_and_again_with_longer_waits(
    client: Client, system: System, tmp_path: Path, events_sent: list[Event]
) -> None:
    await with_profile(client, "nightly", tmp_path / "gone/backup", schedule="monthly 1 03:00")
    clock = system.backup_history.clock = _Clock(system.backup_history.clock() + 40 * 86400)

    attempts = []
    for wait in (0, *RETRY_SECONDS, 86400):
        clock.now += wait - 1
        early = await system.backup_schedule._attempt("nightly") if wait else 0
        clock.now += 1
        attempt = await system.backup_schedule._attempt("nightly")
        attempts.append((early, attempt))
        if attempt:
            await system.backup_schedule._scheduled("nightly", attempt)

    assert attempts == [(0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (0, 0)]
    rows = [json.loads(encode_run(run)) for run in await client.send(calls.BACKUP_HISTORY("dom0"))]
    assert [(row["result"], row["by"], row["attempt"]) for row in rows] == [
        ("failed", SCHEDULE, number) for number in (1, 2, 3, 4, 5)
    ]
    assert all("gone" in row["reason"] for row in rows)
    finished = [event for event in events_sent if event.name == "backup-finished"]
    assert {(event.fields["result"], event.fields["by"]) for event in finished} == {("failed", SCHEDULE)}
    assert all("gone" in event.fields["reason"] for event in finished)


async def test_a_retry_that_succeeds_is_the_last_and_its_time_is_announced(
    client: Client, system: System, tmp_path: Path
) -> None:
    await with_profile(client, "nightly", tmp_path / "later/backup", schedule="monthly 1 03:00")
    clock = system.backup_history.clock = _Clock(system.backup_history.clock() + 40 * 86400)
    await system.backup_schedule._scheduled("nightly", 1)
    ended = (await status(client))["nightly"]["end"]
    assert (await status(client))["nightly"]["next-attempt"] == ended + RETRY_SECONDS[0]

    (tmp_path / "later").mkdir()
    clock.now += RETRY_SECONDS[0]
    await system.backup_schedule._scheduled("nightly", await system.backup_schedule._attempt("nightly"))

    clock.now += RETRY_SECONDS[1]
    assert await system.backup_schedule._attempt("nightly") == 0
    assert (await status(client))["nightly"]["result"] == "ok"
    assert "next-attempt" not in (await status(client))["nightly"]


@pytest.mark.parametrize("by", ["dom0", "work"])
async def test_a_run_that_the_user_started_or_cancelled_is_not_retried(
    client: Client, system: System, tmp_path: Path, by: str
) -> None:
    await with_profile(client, "nightly", tmp_path / "gone/backup", schedule="monthly 1 03:00")
    clock = system.backup_history.clock = _Clock(system.backup_history.clock() + 40 * 86400)

    with pytest.raises(Mgmt1Error):
        await system.backup_runs.execute("nightly", None, by=by)
    clock.now += RETRY_SECONDS[-1]

    assert await system.backup_schedule._attempt("nightly") == 0


async def test_a_cancelled_scheduled_run_is_not_tried_again(
    client: Client, system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_profile(client, "nightly", tmp_path / "backup", schedule="monthly 1 03:00")
    clock = system.backup_history.clock = _Clock(system.backup_history.clock() + 40 * 86400)

    async def cancelled(*_: object) -> None:
        raise BackupCancelledError("The backup was cancelled.")

    monkeypatch.setattr(system.backup_runs, "_carry_out", cancelled)
    await system.backup_schedule._scheduled("nightly", 1)
    clock.now += RETRY_SECONDS[-1]

    assert await system.backup_schedule._attempt("nightly") == 0


def test_a_clock_that_was_set_back_does_not_silence_the_retries() -> None:
    assert is_retry_due(1, -86400 * 365)
    assert not is_retry_due(1, 10)
    assert not is_retry_due(len(RETRY_SECONDS) + 1, 1e9)


async def test_a_profile_that_is_broken_is_a_failed_run_once_and_quotes_nothing(
    client: Client, system: System, monkeypatch: pytest.MonkeyPatch, events_sent: list[Event]
) -> None:
    system.runtime.places.profiles.mkdir(parents=True, exist_ok=True)
    (system.runtime.places.profiles / "nightly.conf").write_text("schedule: daily 03:00\npassphrase_text: [secret\n")
    (system.runtime.places.profiles / "manual.conf").write_text("includes: nothing\n")
    looks = 0

    async def look(_seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            raise asyncio.CancelledError

    monkeypatch.setattr(asyncio, "sleep", look)
    with pytest.raises(asyncio.CancelledError):
        await system.backup_schedule.keep()

    (row,) = [json.loads(encode_run(run)) for run in await client.send(calls.BACKUP_HISTORY("dom0"))]
    assert (row["profile"], row["result"]) == ("nightly", "failed")
    assert "qubes-backup --profile nightly" in row["reason"]
    assert "secret" not in row["reason"]
    assert [(event.name, event.fields["result"]) for event in events_sent] == [("backup-finished", "failed")]
