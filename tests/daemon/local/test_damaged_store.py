# SPDX-License-Identifier: GPL-3.0-or-later
"""A store that is lost or damaged: the daemon starts with the newest whole copy or empty and keeps the damaged file."""

import contextlib
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from demo_fixtures import client_of, demo_copy, populate
from fakes_hypervisor import FakeHypervisor

from qubesmanager.daemon.local import checking
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.store import backups, rows
from qubesmanager.daemon.local.store.store import Store, StoreError
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.values import PowerState


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def cut_page(path: Path) -> None:
    """Some pages in the middle are lost, as by a bad sector."""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 8)


def other_program(path: Path) -> None:
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE other (x)")
        connection.commit()


def folder_instead(path: Path) -> None:
    path.unlink()
    (path / "below").mkdir(parents=True)


def link_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to("nothing")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "zeros": zeroed,
    "garbage": lambda path: path.write_bytes(os.urandom(9000)),
    "half": half,
    "a folder": folder_instead,
    "a link to nothing": link_to_nothing,
    "pages": cut_page,
    "another program's": other_program,
}


async def make(state: Path) -> None:
    """A store with the demonstration's qubes, of which no copy was written."""
    (await demo_copy()).write(state)


async def copied(state: Path) -> None:
    """A daily copy of it."""
    store = Store(state / "store.sqlite")
    await store.open()
    await store.commit([rows.add_pending_volume("default", "work/private", "was being made")])
    await store.copy_if_due()
    await store.close()


def content_of(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


@pytest.fixture
async def state(tmp_path: Path) -> Path:
    await make(tmp_path / "state")
    return tmp_path / "state"


@pytest.mark.parametrize("name", DAMAGES)
async def test_without_a_copy_the_daemon_starts_empty_and_reports_it(state: Path, name: str) -> None:
    DAMAGES[name](state / "store.sqlite")
    damaged = content_of(state / "store.sqlite")
    assert name == "gone" or (await checking.check_all(state)).wrong

    system = await open_system(state, FakeHypervisor())
    try:
        if name == "gone":  # a new store, as at the first start
            assert system.runtime.store.notice == ""
            return
        assert list(system.runtime.state.qubes) == ["dom0"]
        (aside,) = backups.put_aside_before(state / "store.sqlite")
        assert content_of(aside) == damaged
        problem = (await client_of(system).send(calls.VM_PROPERTY_GET("dom0", "problem"))).value
        assert aside.name in problem
        assert "an empty store" in problem
        await client_of(system).send(calls.VM_CREATE("dom0", "StandaloneVM", CreateSpec("fresh", "red")))
    finally:
        await system.runtime.close()


@pytest.mark.parametrize("name", DAMAGES)
async def test_the_newest_whole_copy_takes_the_place_of_a_damaged_store(state: Path, name: str) -> None:
    await copied(state)
    (old,) = backups.newest_first(state / "store-backups")
    newer = old.with_name("000099-20260101T000000Z-daily.sqlite")
    newer.write_bytes(old.read_bytes()[:5000])
    DAMAGES[name](state / "store.sqlite")

    system = await open_system(state, FakeHypervisor())
    try:
        assert "work" in system.runtime.state.qubes
        assert old.name in system.runtime.state.qubes["dom0"].value("problem")
        assert newer.exists()
        # What was being made when the copy was written may be in use by now.
        assert "work/private" in await system.pools.driver("default").list_volumes()
        assert (state / "store.sqlite").stat().st_mode & 0o077 == 0
    finally:
        await system.runtime.close()
    again = await open_system(state, FakeHypervisor())
    assert again.runtime.state.qubes["dom0"].problem == ""
    await again.runtime.close()


async def test_a_store_that_is_damaged_again_is_put_aside_again(state: Path) -> None:
    for _ in range(3):
        zeroed(state / "store.sqlite")
        await (await open_system(state, FakeHypervisor())).runtime.close()

    assert len(backups.put_aside_before(state / "store.sqlite")) == 3


async def test_a_store_of_a_newer_version_is_refused_and_left_alone(state: Path) -> None:
    with contextlib.closing(sqlite3.connect(state / "store.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = (state / "store.sqlite").read_bytes()

    with pytest.raises(StoreError, match="newer version"):
        await open_system(state, FakeHypervisor())

    assert (state / "store.sqlite").read_bytes() == before


async def test_copies_are_written_daily_checked_bounded_and_private(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = state / "store-backups"
    await copied(state)
    await copied(state)
    assert len(backups.newest_first(folder)) == 1
    for _ in range(12):
        with monkeypatch.context() as patch:
            patch.setattr(backups, "is_due", lambda _folder: True)
            await copied(state)

    copies = backups.newest_first(folder)
    assert len(copies) == backups.KEPT["daily"]
    assert copies[0].name.startswith("000013-")
    assert {path.stat().st_mode & 0o777 for path in copies} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert set(folder.iterdir()) == set(copies)
    # One from the future, by a wrong clock, keeps no copy from being written.
    for path in copies:
        path.rename(path.with_name(path.name.replace("-2026", "-2031")))
    assert backups.is_due(folder)


async def test_a_migration_is_preceded_by_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "store.sqlite")
    with monkeypatch.context() as patch:
        patch.setattr("qubesmanager.daemon.local.store.store._MIGRATIONS", ("schema_1.sql", "schema_2.sql"))
        patch.setattr("qubesmanager.daemon.local.store.store.check_tables", lambda _connection: None)
        await store.open()
        await store.close()

    await (await opened(tmp_path / "store.sqlite")).close()

    (copy,) = backups.newest_first(tmp_path / "store-backups")
    assert copy.name.endswith("-schema-2.sqlite")


async def test_an_assignment_to_any_port_of_an_older_store_does_not_come_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No call could store it then, only a hostile backup; and it meant nothing."""
    store = Store(tmp_path / "store.sqlite")
    older = tuple(f"schema_{number}.sql" for number in range(1, 8))
    device = "INSERT INTO device (qid, class, backend, ident, options) VALUES (7, 'usb', 'sys-usb', ?, '{}')"
    with monkeypatch.context() as patch:
        patch.setattr("qubesmanager.daemon.local.store.store._MIGRATIONS", older)
        patch.setattr("qubesmanager.daemon.local.store.store.check_tables", lambda _connection: None)
        await store.open()
        await store.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "store.sqlite")) as connection:
        for ident in ("*", "*1234:5678:x", "1-1"):
            connection.execute(device, (ident,))
        connection.commit()

    store = await opened(tmp_path / "store.sqlite")

    assert await store.read("SELECT ident FROM device") == [("1-1",)]
    await store.close()


async def opened(path: Path) -> Store:
    store = Store(path)
    await store.open()
    return store


async def test_the_demonstration_starts_with_a_lost_store_and_with_a_damaged_volume(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    system = await open_system(folder, FakeHypervisor())
    await populate(system)
    await system.runtime.close()
    (folder / "pools" / "default" / "work" / "private" / "volume.json").write_bytes(b"")

    system = await open_system(folder, FakeHypervisor())
    await populate(system)

    assert system.runtime.state.qube("work").state is PowerState.NA
    assert system.runtime.state.qube("personal").state is PowerState.RUNNING
    await system.runtime.close()
    for path in folder.glob("store*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    system = await open_system(folder, FakeHypervisor())
    await populate(system)

    assert set(system.runtime.state.qubes) == {"dom0"}
    assert "--recover" in system.runtime.state.qube("dom0").value("problem")
    await system.runtime.close()


async def test_no_change_is_stored_in_a_file_that_was_replaced_while_the_daemon_runs(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store = Store(path)
    await store.open()
    change = [rows.add_pending_volume("default", "work/private", "was being made")]
    path.rename(tmp_path / "moved.sqlite")
    path.write_bytes(b"another file")

    with pytest.raises(StoreError, match=re.escape(f"{path} was deleted or replaced")):
        await store.commit(change)

    path.unlink()
    (tmp_path / "moved.sqlite").rename(path)
    assert await store.read("SELECT vid FROM pending_volume") == []
    await store.commit(change)
    assert await store.read("SELECT vid FROM pending_volume") == [("work/private",)]
    await store.close()


async def test_a_value_that_cannot_be_stored_leaves_no_open_transaction(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite")
    await store.open()

    with pytest.raises(UnicodeEncodeError):
        await store.commit([rows.add_pending_volume("default", "work/private", "\udc80")])

    await store.commit([rows.add_pending_volume("default", "work/private", "was being made")])
    assert await store.read("SELECT vid FROM pending_volume") == [("work/private",)]
    await store.close()
