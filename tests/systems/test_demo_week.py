# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration as `--demo` shows it: full disks, a week of changes and of backups, and the same at each start."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from backup_fixtures import cheap_keys
from demo_fixtures import client_of
from until import until

from qubesmanager.backup.errors import BackupError
from qubesmanager.client.backups import preview as preview_of
from qubesmanager.client.client import Client
from qubesmanager.client.restores import contents as contents_of
from qubesmanager.client.restores import restore
from qubesmanager.daemon.local.drivers.hypervisor.libvirt_driver import LibvirtHypervisor
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.systems import demo_week
from qubesmanager.systems.demo_disks import DemoPool
from qubesmanager.wire import calls
from qubesmanager.wire.backups import BackupRun, Progress
from qubesmanager.wire.codecs import CloneSpec
from qubesmanager.wire.errors import BackupCancelledError
from qubesmanager.wire.history import HistoryEntry, HistoryQuery
from qubesmanager.wire.restores import RestorePlan

__all__ = ["cheap_keys"]

GIB = 1 << 30
DAY = 86_400
NOW = 1_795_767_600.0
"""A Friday in November of 2026, at some hour."""


async def start(folder: Path, extra: int = 2) -> System:
    system = await open_system(folder / "state", LibvirtHypervisor("test:///default", owner=str(folder)))
    system.runtime.clock = system.backup_history.clock = lambda: NOW
    await demo_week.populate(system, extra)
    await system.descriptions.settled()  # each takes a block of its volume
    await system.volumes.measure_all()
    return system


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[System]:
    opened = await start(tmp_path / "first")
    yield opened
    await opened.runtime.close()


async def changes(client: Client) -> list[HistoryEntry]:
    return await client.send(calls.HISTORY("dom0", None, HistoryQuery()))


async def backups(client: Client) -> list[BackupRun]:
    return await client.send(calls.BACKUP_HISTORY("dom0"))


def used(system: System, name: str) -> float:
    return sum(volume.usage for volume in system.runtime.state.qube(name).volumes.values()) / GIB


async def test_disks_are_as_full_as_those_of_a_user_and_take_next_to_no_room(system: System, tmp_path: Path) -> None:
    pool = await client_of(system).send(calls.POOL_INFO("dom0", "default"))

    def taken() -> int:
        return sum(path.lstat().st_blocks * 512 for path in tmp_path.rglob("*"))

    real = await asyncio.to_thread(taken)

    assert used(system, "work") == pytest.approx(18.5, abs=0.6)
    assert used(system, "fedora-43") == pytest.approx(9.5, abs=0.3)
    assert all(
        0.05 * GIB < volume.usage <= volume.size
        for qube in system.runtime.state.in_order()
        for volume in qube.volumes.values()
        if volume.save_on_stop
    )
    assert 100 * GIB < int(pool["usage"]) < int(pool["size"]) < 1000 * GIB
    assert real < 40 << 20


async def test_what_a_qube_uses_changes_with_time(system: System) -> None:
    before = used(system, "personal")
    pool = system.pools.drivers["default"]
    assert isinstance(pool, DemoPool)

    pool.clock = lambda: NOW + 100
    await system.volumes.measure_all()

    assert used(system, "personal") != before
    assert used(system, "personal") == pytest.approx(before, rel=0.02)


async def test_running_qubes_are_measured_again_and_again(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = system.pools.drivers["default"]
    assert isinstance(pool, DemoPool)
    before = used(system, "personal")
    monkeypatch.setattr(demo_week, "MEASURE_SECONDS", 0.01)

    pool.clock = lambda: NOW + 100
    system.runtime.spawn("measure", demo_week._measure(system))

    await until(lambda: used(system, "personal") != before)
    before = used(system, "personal")
    pool.clock = lambda: NOW + 200
    await until(lambda: used(system, "personal") != before)


async def test_a_renamed_and_a_cloned_qube_are_as_full_as_before(system: System) -> None:
    client = client_of(system)

    await client.send(calls.VM_PROPERTY_SET("vault", "name", "keys"))
    await client.send(calls.VM_CLONE("keys", None, CloneSpec("keys-2")))
    await system.volumes.measure_all()

    assert used(system, "keys") == pytest.approx(0.3, abs=0.02)
    assert used(system, "keys-2") == pytest.approx(0.3, abs=0.02)


async def test_the_timeline_has_changes_of_a_week_and_not_the_installation(system: System) -> None:
    entries = await changes(client_of(system))

    assert 6 * DAY < entries[0].time - entries[-1].time < 8 * DAY
    assert len({(NOW - entry.time) // DAY for entry in entries}) >= 5
    assert [entry.qube for entry in entries if entry.event == "domain-add"] == ["trial"]
    assert all(entry.call for entry in entries)
    by_time = [{each.qube for each in entries if each.time == entry.time} for entry in entries]
    assert {"personal", "untrusted", "work"} in by_time


async def test_there_is_a_week_of_backups_the_last_of_which_failed(system: System) -> None:
    runs = await backups(client_of(system))
    nightly = [run for run in runs if run.profile == "nightly"]

    assert [run.result for run in nightly].count("ok") >= 6
    assert nightly[-1].result == "failed"
    assert "MiB left" in nightly[-1].reason
    assert all(20 * GIB < (run.size or 0) < 30 * GIB for run in nightly if run.result == "ok")
    assert all(20 * 60 < (run.end or 0) - run.start < 30 * 60 for run in nightly if run.result == "ok")
    last = max(run.end or 0 for run in nightly if run.result == "ok")
    assert system.runtime.state.qube("work").value("backup_timestamp") == str(last)


async def test_a_backup_that_runs_is_as_large_as_the_disks_and_takes_its_time(system: System) -> None:
    """It goes on while nothing waits for it, and ends at once when it is cancelled."""
    client = client_of(system)
    request = calls.BACKUP_EXECUTE("dom0", "nightly", {})  # the profile has its passphrase, for its schedule
    running = asyncio.get_running_loop().create_task(client.send(request))

    async def progress() -> Progress | None:
        runs = await client.send(calls.BACKUP_STATUS("dom0"))
        return next((run.progress for run in runs if run.profile == "nightly"), None)

    seen: list[Progress] = []
    while not seen or seen[-1].done == 0:
        if (now := await progress()) is not None:
            seen.append(now)
        await asyncio.sleep(0)

    assert 45 * GIB < seen[-1].total < 55 * GIB
    assert seen[-1].done < seen[-1].total
    await client.send(calls.BACKUP_CANCEL("dom0", "nightly"))
    with pytest.raises(BackupCancelledError):
        await running


async def test_the_file_of_a_new_backup_is_as_large_as_those_of_the_week(system: System) -> None:
    client = client_of(system)

    await client.send(calls.BACKUP_EXECUTE("dom0", "vault", {"passphrase": "secret words"}))

    last = [run for run in await backups(client) if run.profile == "vault"][-1]
    assert last.result == "ok"
    assert last.verified
    assert 0.1 * GIB < (last.size or 0) < 0.3 * GIB


async def test_a_past_backup_is_restored_with_any_passphrase(system: System) -> None:
    client = client_of(system)
    run = next(run for run in reversed(await backups(client)) if run.profile == "nightly" and run.result == "ok")
    notes = system.runtime.state.qube("work").notes
    await client.send(calls.VM_KILL("personal"))
    await client.send(calls.VM_REMOVE("personal"))

    listed = await contents_of(client, Path(run.file), "any words")
    rows = await restore(client, Path(run.file), "other words", RestorePlan(rename={"work": "work-before"}))

    assert [qube.name for qube in listed.qubes] == ["personal", "work"]
    assert {row.qube: row.result for row in rows} == {"personal": "ok", "work": "ok"}
    assert system.runtime.state.qube("work-before").notes == notes
    assert "home" in system.runtime.state.qube("personal").tags


async def test_another_file_is_not_taken_for_a_past_backup(system: System, tmp_path: Path) -> None:
    file = tmp_path / "other"
    file.write_bytes(b"A backup of" + bytes(1000))

    with pytest.raises(BackupError):
        await contents_of(client_of(system), file, "words")


async def test_the_free_space_is_that_of_the_invented_disk(system: System, tmp_path: Path) -> None:
    text = f"include: [work]\ndestination_path: {tmp_path}\n"
    summary = await preview_of(client_of(system), "x", text)
    pool = await system.pools.driver("default").usage()

    assert summary.size > 17 * GIB
    assert summary.free is not None
    assert abs(summary.free - (pool.size - pool.usage)) < GIB


async def test_the_free_space_is_real_where_new_qubes_come_into_a_pool_of_the_user(
    system: System, tmp_path: Path
) -> None:
    client = client_of(system)
    await client.send(calls.POOL_ADD("dom0", "mine", {"driver": "file-qcow2", "dir_path": str(tmp_path / "mine")}))
    await client.send(calls.PROPERTY_SET("dom0", "default_pool", "mine"))

    summary = await preview_of(client, "x", f"include: [work]\ndestination_path: {tmp_path}\n")

    assert summary.free


async def test_no_backup_begins_by_itself_when_the_demonstration_does(system: System) -> None:
    text = await client_of(system).send(calls.BACKUP_PROFILE_GET("dom0", "nightly"))

    assert "schedule: daily 22:00" in text
    assert not await system.backup_schedule._attempt("nightly")


async def test_the_dry_run_of_retention_counts_the_backups(system: System) -> None:
    preview = await preview_of(client_of(system), "nightly")

    assert len(preview.would_remove) >= 2


async def test_a_template_was_updated_while_a_qube_ran(system: System) -> None:
    qube = system.runtime.state.qube("work")

    assert qube.volumes["root"].is_outdated
    assert qube.volumes["root"].size == system.runtime.state.qube("debian-13").volumes["root"].size == 20 * GIB


async def shown(folder: Path) -> tuple[object, ...]:
    """What a start shows, but for the paths of the folder and for qubes that were made and removed."""
    system = await start(folder)
    try:
        client = client_of(system)
        made = [
            replace(entry, id=0, uuid=entry.uuid if entry.qube != "trial" else "") for entry in await changes(client)
        ]
        runs = [replace(run, file="", why=None, reason="") for run in await backups(client)]
        qubes = [(qube.name, qube.uuid, qube.volume_records) for qube in system.runtime.state.in_order()]
    finally:
        await system.runtime.close()
    return made, runs, qubes


async def test_each_start_shows_the_same(tmp_path: Path) -> None:
    assert await shown(tmp_path / "first") == await shown(tmp_path / "second")


async def test_a_second_start_on_the_same_state_adds_nothing(tmp_path: Path) -> None:
    first = await start(tmp_path / "only")
    before = await changes(client_of(first))
    await first.runtime.close()
    hypervisor = LibvirtHypervisor("test:///default", owner=str(tmp_path))

    again = await open_system(tmp_path / "only" / "state", hypervisor)
    try:
        await demo_week.populate(again, 2)
        await again.volumes.measure_all()
        assert await changes(client_of(again)) == before
        assert used(again, "vault") > 0.25
    finally:
        await again.runtime.close()
