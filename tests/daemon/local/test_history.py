# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of changes: what is recorded, by whom, for how long, and who reads it."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from demo_fixtures import client_of, populate
from fakes_hypervisor import FakeHypervisor
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.core.origin import Origin
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.store import recording, rows
from qubesmanager.daemon.local.store import store as store_module
from qubesmanager.daemon.local.store.recording import TRIGGERS, Recorder, Recording
from qubesmanager.daemon.local.store.store import Store
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec, CreateSpec, DeviceId
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError
from qubesmanager.wire.history import HistoryEntry, HistoryQuery
from qubesmanager.wire.limits import HISTORY_DAYS, HISTORY_PAGE, HISTORY_ROWS, HISTORY_VALUE_BYTES
from qubesmanager.wire.values import DeviceClass

DAY = 86_400
SOURCE = "sys-mgmt"
BLOCK = DeviceClass.BLOCK


async def history(client: Client, name: str | None = None, **query: int) -> list[HistoryEntry]:
    """Newest first."""
    return await client.send(calls.HISTORY("dom0", name, HistoryQuery(**query)))


def client_from(system: System, source: str) -> Client:
    """A client of another source than dom0, without the policy that would come first."""
    answer = Dispatcher(LocalBackend(system)).answer

    class _From(MemoryTransport):
        async def exchange(self, service: str, argument: str, dest: str, payload: Any) -> Any:
            body = payload if not isinstance(payload, bytes) else _pieces(payload)
            async for piece in answer(source, service, argument, dest, body):
                yield piece

    return Client(_From(answer))


async def _pieces(payload: bytes) -> Any:
    if payload:
        yield payload


def shape(entry: HistoryEntry) -> tuple[str, str, str, str | None, str | None]:
    return entry.qube, entry.event, entry.detail, entry.old, entry.new


# -- what is recorded -------------------------------------------------------------------------------------------------

CHANGES: list[tuple[list[Request[Any]], tuple[str, str, str, str | None, str | None]]] = [
    ([calls.VM_PROPERTY_SET("vault", "memory", "300")], ("vault", "property-set", "memory", "400", "300")),
    ([calls.VM_PROPERTY_RESET("vault", "netvm")], ("vault", "property-reset", "netvm", "", "sys-firewall")),
    ([calls.PROPERTY_SET("dom0", "clockvm", "sys-usb")], ("", "property-set", "clockvm", "sys-net", "sys-usb")),
    ([calls.VM_FEATURE_SET("work", "menu-favorite", "")], ("work", "feature-set", "menu-favorite", "1", "")),
    ([calls.VM_FEATURE_REMOVE("work", "menu-favorite")], ("work", "feature-delete", "menu-favorite", "1", None)),
    ([calls.VM_TAG_SET("vault", "mine")], ("vault", "tag-add", "mine", None, None)),
    ([calls.VM_TAG_REMOVE("vault", "keys")], ("vault", "tag-delete", "keys", None, None)),
    ([calls.VM_NOTES_SET("vault", payload="a\nb")], ("vault", "notes-set", "", "Never gets a netvm.", "a\nb")),
    (
        [calls.VM_FIREWALL_INSERT_RULE("vault", 0, "action=drop")],
        ("vault", "firewall-changed", "", "action=accept", "action=drop\naction=accept"),
    ),
    (
        [calls.VM_FIREWALL_REPLACE("vault", payload=["action=drop", "action=accept proto=tcp"])],
        ("vault", "firewall-changed", "", "action=accept", "action=drop\naction=accept proto=tcp"),
    ),
    ([calls.VM_FIREWALL_FLUSH("vault")], ("vault", "firewall-changed", "", "action=accept", "")),
    ([calls.LABEL_CREATE("dom0", "teal", "0x112233")], ("", "label-add", "teal", None, "0x112233")),
    (
        [calls.VM_VOLUME_EXTEND("vault", "private", 3 << 30)],
        ("vault", "volume-set", "private", "size=2147483648", "size=3221225472"),
    ),
    (
        [calls.VM_CREATE("debian-13", "AppVM", CreateSpec("fresh", "red"))],
        ("fresh", "domain-add", "", None, "class=AppVM template=debian-13"),
    ),
    (
        [calls.VM_CLONE("vault", payload=CloneSpec("copy"))],
        ("copy", "domain-add", "", None, "class=AppVM template=debian-13"),
    ),
    ([calls.VM_REMOVE("vault")], ("vault", "domain-delete", "", "class=AppVM", None)),
    ([calls.VM_PROPERTY_SET("vault", "name", "safe")], ("safe", "property-set", "name", "vault", "safe")),
    (
        [calls.VM_DEVICE_ASSIGN.of(BLOCK)("vault", DeviceId("sys-usb", "sda"), {"mode": "required"})],
        ("vault", "device-detach", "block", None, 'sys-usb+sda attached=no {"mode": "required"}'),
    ),
]


@pytest.mark.parametrize(("requests", "expected"), CHANGES, ids=[str(case[1][:3]) for case in CHANGES])
async def test_a_change_is_one_entry_with_what_was_before(
    client: Client, requests: list[Request[Any]], expected: tuple[str, str, str, str | None, str | None]
) -> None:
    (newest, *_) = await history(client, limit=1)
    for request in requests:
        await client.send(request)

    (entry,) = await history(client, after=newest.id)

    found = shape(entry)
    if entry.event.startswith("device"):
        assert found[:4] == expected[:4]
        assert str(found[4]).startswith("sys-usb+sda attached=no {")
    else:
        assert found == expected
    assert (entry.source, entry.call) == ("dom0", requests[-1].service)
    assert bool(entry.uuid) == bool(entry.qube)


async def test_a_default_is_a_value_with_its_flag(client: Client) -> None:
    await client.send(calls.VM_PROPERTY_SET("untrusted", "netvm", ""))
    await client.send(calls.VM_PROPERTY_RESET("untrusted", "netvm"))

    after, before = (await history(client, "untrusted"))[:2]

    assert (before.old, before.old_default, before.new, before.new_default) == ("sys-firewall", True, "", False)
    assert (after.old, after.old_default, after.new, after.new_default) == ("", False, "sys-firewall", True)


async def test_a_change_to_the_same_value_is_no_entry(client: Client) -> None:
    (newest, *_) = await history(client, limit=1)

    await client.send(calls.VM_PROPERTY_SET("vault", "netvm", ""))
    await client.send(calls.VM_TAG_SET("vault", "keys"))
    await client.send(calls.VM_FIREWALL_REPLACE("vault", payload=["action=accept"]))

    assert await history(client, after=newest.id) == []


async def test_a_renamed_qube_keeps_its_history(client: Client) -> None:
    await client.send(calls.VM_TAG_SET("vault", "mine"))
    await client.send(calls.VM_PROPERTY_SET("vault", "name", "safe"))

    names = [entry.qube for entry in await history(client, "safe")]

    assert names[:2] == ["safe", "vault"]
    assert await history(client, "vault") == [
        entry for entry in await history(client, "safe") if entry.qube == "vault"
    ], "no qube has the name now: the changes made under it"


async def test_a_refused_change_leaves_no_entry(client: Client) -> None:
    before = await history(client)

    for request in (
        calls.VM_PROPERTY_SET("sys-net", "netvm", "sys-firewall"),
        calls.VM_PROPERTY_SET("vault", "memory", "many"),
        calls.VM_REMOVE("sys-firewall"),
    ):
        with pytest.raises(Mgmt1Error):
            await client.send(request)

    assert await history(client) == before


async def test_a_change_that_is_not_stored_leaves_no_entry(client: Client, system: System) -> None:
    before = await history(client)
    store: Any = system.runtime.store
    store._recorder._connection.execute(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON main.history BEGIN SELECT raise(ABORT, 'full'); END"
    )

    with pytest.raises(Mgmt1Error, match="could not be stored"):
        await client.send(calls.VM_TAG_SET("vault", "mine"))

    assert "mine" not in system.runtime.state.qube("vault").tags
    assert await history(client) == before


async def test_a_change_that_fails_at_its_end_leaves_no_gap_in_the_history(client: Client, system: System) -> None:
    await client.send(calls.VM_TAG_SET("vault", "first"))
    qid = system.runtime.state.qube("vault").qid
    unknown = ("INSERT INTO tag VALUES (?, 'x')", (qid + 1_000,))
    with pytest.raises(Mgmt1Error, match="FOREIGN KEY"):
        await system.runtime.commit([("PRAGMA defer_foreign_keys = ON", ()), rows.add_tag(qid, "lost"), unknown])

    await client.send(calls.VM_TAG_SET("vault", "second"))

    entries = await system.runtime.store.read("SELECT ordinal, detail FROM history ORDER BY id")
    assert [ordinal for ordinal, _ in entries] == list(range(entries[0][0], entries[0][0] + len(entries)))
    assert [detail for _, detail in entries][-2:] == ["first", "second"]


async def test_an_entry_has_its_qube_as_the_change_left_it(client: Client, system: System) -> None:
    qube = system.runtime.state.qube("vault")
    await client.send(calls.VM_NOTES_SET("vault", payload="first"))
    await client.send(calls.VM_TAG_SET("vault", "managed-by-work"))
    await client.send(calls.VM_NOTES_SET("vault", payload="second"))
    await client.send(calls.VM_PROPERTY_SET("vault", "name", "safe"))
    await client.send(calls.VM_NOTES_SET("safe", payload="third"))
    new = uuid4()
    async with system.runtime.changing:
        await system.runtime.commit([rows.set_identity(qube.qid, new, qube.klass)])
        await system.runtime.commit([rows.set_notes(qube.qid, "fourth")])

    entries = await system.runtime.store.read(
        "SELECT new, uuid, qube, sight FROM history WHERE event = 'notes-set' ORDER BY id DESC LIMIT 4"
    )

    assert entries[::-1] == [
        ("first", str(qube.uuid), "vault", " dom0 "),
        ("second", str(qube.uuid), "vault", " dom0  work "),
        ("third", str(qube.uuid), "safe", " dom0  work "),
        ("fourth", str(new), "safe", " dom0  work "),
    ]


async def test_what_the_daemon_does_by_itself_has_no_source(client: Client, system: System) -> None:
    first = (await history(client))[-1]

    assert (first.event, first.source, first.call) == ("pool-add", "", "")


def test_each_table_is_recorded_or_is_known_not_to_be() -> None:
    """A new table has to be looked at: is it something that the user changes, and may its values be read?"""
    assert set(store_module._expected()) == RECORDED | NOT_RECORDED
    assert {
        table for table in RECORDED | NOT_RECORDED if any(f"ON main.{table} " in made for made in TRIGGERS.values())
    } == (RECORDED)


RECORDED = {"qube", "property", "feature", "tag", "rule", "volume", "device", "label", "system_property", "pool"}
NOT_RECORDED = {
    "pending_volume", "pending_rename", "pending_name", "backup_run", "destination", "started_in", "unreadable",
    "history", "history_clock",
}  # fmt: skip


async def test_a_table_is_written_again_without_triggers(client: Client, system: System) -> None:
    """With one, SQLite would not delete a row whose key has a wrong type."""
    store: Any = system.runtime.store
    count = "SELECT count(*) FROM sqlite_temp_master WHERE type = 'trigger'"
    await client.send(calls.VM_TAG_SET("vault", "first"))
    assert await store.read(count) == [(len(TRIGGERS),)]

    await store.screen()
    assert await store.read(count) == [(0,)]

    await client.send(calls.VM_TAG_SET("vault", "mine"))
    assert (await history(client))[0].detail == "mine"


# -- limits -----------------------------------------------------------------------------------------------------------


class Clocked:
    """A store with a clock of the test's own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = 2_000_000_000.0
        self._number = 0

    async def change(self, value: str = "0x000000") -> None:
        self._number += 1
        await self.store.commit(
            [("INSERT INTO label VALUES (?, ?)", (f"l{self._number}", value))], Recording(Origin("dom0"), self.now)
        )

    async def look(self) -> None:
        """What the daemon does each hour."""
        await self.store.commit([], Recording(Origin(), self.now, ages=True))

    async def details(self) -> list[str]:
        """The detail of each change that a reader gets, oldest first."""
        rows = await self.store.read(f"SELECT detail FROM history WHERE {recording.kept()} ORDER BY id")
        return [detail for (detail,) in rows]

    async def rows(self) -> int:
        ((count,),) = await self.store.read("SELECT count(*) FROM history")
        return int(count)


@pytest.fixture
async def clocked(tmp_path: Path) -> Any:
    store = Store(tmp_path / "store.sqlite")
    await store.open()
    yield Clocked(store)
    await store.close()


async def test_a_change_goes_after_30_days(clocked: Clocked) -> None:
    await clocked.change()
    for _ in range(HISTORY_DAYS):
        clocked.now += DAY
        await clocked.look()
    assert await clocked.details() == ["l1"]

    clocked.now += 60
    await clocked.change()

    assert await clocked.details() == ["l2"]


@pytest.mark.parametrize("jump", [-40 * 365 * DAY, 40 * 365 * DAY, 1e15, -1e15])
async def test_a_clock_that_jumps_removes_nothing_and_keeps_nothing_for_ever(clocked: Clocked, jump: float) -> None:
    await clocked.change()
    start = clocked.now
    for there_and_back in (jump, -jump):
        clocked.now += there_and_back
        await clocked.change()
    assert await clocked.details() == ["l1", "l2", "l3"]

    clocked.now = start
    for _ in range(HISTORY_DAYS + 2):
        clocked.now += DAY
        await clocked.look()

    assert await clocked.details() == []


async def test_days_without_the_daemon_count_as_one(clocked: Clocked) -> None:
    await clocked.change()

    clocked.now += 100 * DAY
    await clocked.change()

    assert await clocked.details() == ["l1", "l2"]


async def test_the_newest_changes_stay_within_the_limit_of_rows(clocked: Clocked) -> None:
    many = [("INSERT INTO label VALUES (?, '')", (f"m{number}",)) for number in range(HISTORY_ROWS)]
    await clocked.store.commit(many, Recording(Origin(), clocked.now))
    await clocked.change()

    details = await clocked.details()

    assert len(details) == HISTORY_ROWS
    assert (details[0], details[-1]) == ("m1", "l1")


async def test_what_is_beyond_the_limit_of_rows_is_removed_many_at_a_time(clocked: Clocked) -> None:
    many = [("INSERT INTO label VALUES (?, '')", (f"m{number}",)) for number in range(HISTORY_ROWS)]
    await clocked.store.commit(many, Recording(Origin(), clocked.now))

    counts = []
    for _ in range(recording._SURPLUS_ROWS + 1):
        await clocked.change()
        counts.append(await clocked.rows())

    assert counts[0] == HISTORY_ROWS + 1
    assert max(counts) == HISTORY_ROWS + recording._SURPLUS_ROWS
    assert min(counts) == HISTORY_ROWS
    assert len(await clocked.details()) == HISTORY_ROWS


async def test_the_newest_changes_stay_within_the_limit_of_bytes(
    clocked: Clocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "HISTORY_BYTES", 3 * (HISTORY_VALUE_BYTES + recording._OVERHEAD))
    for _ in range(5):
        await clocked.change("x" * HISTORY_VALUE_BYTES)

    assert await clocked.details() == ["l3", "l4", "l5"]


async def test_a_long_value_is_cut_and_marked(client: Client) -> None:
    await client.send(calls.VM_NOTES_SET("vault", payload="é" * HISTORY_VALUE_BYTES))

    (entry, *_) = await history(client, "vault")

    assert entry.cut
    assert entry.new == "é" * (HISTORY_VALUE_BYTES // 2)


async def test_looking_at_the_history_is_a_recorded_call_of_no_change(client: Client) -> None:
    assert await history(client) == await history(client)


# -- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload", ["limit=0", f"limit={HISTORY_PAGE + 1}", "limit=-1", "before=x", "other=1", "limit"]
)
async def test_a_wrong_query_is_refused(client: Client, payload: str) -> None:
    with pytest.raises(ProtocolError):
        await client.send(Request(calls.HISTORY, "dom0", "", payload.encode()))


async def test_pages_are_the_whole_history_once(client: Client) -> None:
    whole = await history(client)
    paged: list[HistoryEntry] = []
    while page := await history(client, limit=3, before=paged[-1].id if paged else 1 << 62):
        paged += page

    assert paged == whole
    assert await history(client, after=whole[4].id) == whole[:4]


# -- who reads it -----------------------------------------------------------------------------------------------------


async def test_a_source_reads_what_it_saw_and_still_sees(client: Client, system: System) -> None:
    other = client_from(system, SOURCE)
    await client.send(calls.VM_TAG_SET("work", "before"))
    await client.send(calls.VM_TAG_SET("work", f"managed-by-{SOURCE}"))
    await client.send(calls.VM_TAG_SET("work", "seen"))
    await client.send(calls.VM_TAG_SET("vault", "hidden"))
    await client.send(calls.PROPERTY_SET("dom0", "clockvm", "sys-usb"))
    await client.send(calls.VM_FEATURE_SET("dom0", "x", "y"))
    await client.send(calls.LABEL_CREATE("dom0", "teal", "0x112233"))

    details = [entry.detail for entry in await history(other)]

    assert details == ["teal", "seen", f"managed-by-{SOURCE}", "default"]
    assert [entry.detail for entry in await history(other, "work")] == ["seen", f"managed-by-{SOURCE}"]

    await client.send(calls.VM_TAG_REMOVE("work", f"managed-by-{SOURCE}"))
    assert [entry.detail for entry in await history(other)] == ["teal", "default"]


async def test_a_hidden_qube_and_none_have_the_same_history(client: Client, system: System) -> None:
    other = client_from(system, SOURCE)
    await client.send(calls.VM_TAG_SET("vault", "mine"))

    assert await history(other, "vault") == await history(other, "ghost") == []


async def test_a_removed_qube_stays_in_the_history_of_a_source_that_saw_it(client: Client, system: System) -> None:
    other = client_from(system, SOURCE)
    await client.send(calls.VM_TAG_SET("vault", f"managed-by-{SOURCE}"))
    await client.send(calls.VM_TAG_SET("untrusted", "mine"))
    for name in ("vault", "untrusted"):
        await client.send(calls.VM_REMOVE(name))

    removed = [entry.qube for entry in await history(other) if entry.event == "domain-delete"]

    assert removed == ["vault"]
    assert [entry.event for entry in await history(other, "vault")] == ["domain-delete", "tag-add"]


async def test_a_later_qube_of_a_name_does_not_read_what_the_earlier_saw(client: Client, system: System) -> None:
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("manager", "red")))
    await client.send(calls.VM_TAG_SET("vault", "managed-by-manager"))
    await client.send(calls.VM_REMOVE("vault"))
    first = client_from(system, "manager")
    assert "vault" in {entry.qube for entry in await history(first)}

    await client.send(calls.VM_PROPERTY_SET("manager", "name", "manager-2"))
    assert "vault" in {entry.qube for entry in await history(client_from(system, "manager-2"))}
    assert "vault" not in {entry.qube for entry in await history(first)}

    await client.send(calls.VM_REMOVE("manager-2"))
    assert "vault" not in {entry.qube for entry in await history(client_from(system, "manager-2"))}


async def test_a_hidden_source_is_not_named(client: Client, system: System) -> None:
    await client.send(calls.VM_TAG_SET("work", f"managed-by-{SOURCE}"))
    await client.send(calls.VM_TAG_SET("work", "managed-by-vault"))
    await client_from(system, "vault").send(calls.VM_TAG_SET("work", "by-vault"))

    by = {entry.detail: (entry.source, entry.call) for entry in await history(client_from(system, SOURCE))}

    assert by["by-vault"] == ("another qube", "")
    assert (await history(client, "work"))[0].source == "vault"


# -- any sequence of changes, and pages of any size -------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["x", "y", None])), max_size=30),
    st.integers(1, 7),
)
def test_the_entries_of_any_changes_lead_from_the_first_state_to_the_last(
    changes: list[tuple[str, str | None]], size: int
) -> None:
    with contextlib.closing(_memory()) as connection:
        recorder = Recorder(connection)
        features: dict[str, str] = {}
        for number, (name, value) in enumerate(changes):
            _commit(connection, recorder, name, value, 1_000.0 + number % 3)
            features = {**features, name: value} if value is not None else _without(features, name)
        replayed: dict[str, str] = {}
        for old, new, name in _in_pages(connection, size):
            assert replayed.get(name) == old
            replayed = {**replayed, name: new} if new is not None else _without(replayed, name)

        assert replayed == features


def _memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    store_module._migrate(connection)
    connection.execute("INSERT INTO qube (qid, uuid, name, class) VALUES (1, 'u', 'work', 'AppVM')")
    return connection


def test_a_qube_is_read_again_after_a_tag_only_if_the_tag_shows_it_to_a_source() -> None:
    with contextlib.closing(_memory()) as connection:
        recorder = Recorder(connection)
        executed: list[str] = []
        sights: list[tuple[int, str]] = []
        for tag in ("a", "b", "managed-by-x", "c"):
            executed.clear()
            connection.set_trace_callback(executed.append)
            recorder.begin(Recording(Origin("dom0", "x"), 1_000.0))
            connection.execute("INSERT INTO tag VALUES (1, ?)", (tag,))
            recorder.finish()
            connection.set_trace_callback(None)
            ((sight,),) = connection.execute("SELECT sight FROM history ORDER BY id DESC LIMIT 1")
            sights.append((sum(sql.startswith("SELECT uuid") for sql in executed), sight))

        assert sights == [(1, ""), (0, ""), (1, " x "), (0, " x ")]


def _without(features: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in features.items() if key != name}


def _commit(connection: sqlite3.Connection, recorder: Recorder, name: str, value: str | None, now: float) -> None:
    recorder.begin(Recording(Origin("dom0", "x"), now))
    if value is None:
        connection.execute("DELETE FROM feature WHERE qid = 1 AND name = ?", (name,))
    else:
        connection.execute("INSERT OR REPLACE INTO feature VALUES (1, ?, ?)", (name, value))
    recorder.finish()


def _in_pages(connection: sqlite3.Connection, size: int) -> list[tuple[str | None, str | None, str]]:
    """Oldest first, read newest first in pages."""
    rows: list[tuple[int, str | None, str | None, str]] = []
    while page := connection.execute(
        "SELECT id, old, new, detail FROM history WHERE id < ? ORDER BY id DESC LIMIT ?",
        (rows[-1][0] if rows else 1 << 62, size),
    ).fetchall():
        rows += page
    return [row[1:] for row in reversed(rows)]


async def test_the_history_survives_a_restart(tmp_path: Path) -> None:
    system = await open_system(tmp_path / "state", FakeHypervisor())
    await populate(system)
    client = client_of(system)
    await client.send(calls.VM_TAG_SET("vault", "mine"))
    before = await history(client)
    await system.runtime.close()
    system = await open_system(tmp_path / "state", FakeHypervisor())
    after = await history(client_of(system))
    await system.runtime.close()

    assert after[-len(before) :] == before
