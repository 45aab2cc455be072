# SPDX-License-Identifier: GPL-3.0-or-later
"""A row of the store that cannot be read costs itself or its qube; the daemon serves the rest as before."""

import asyncio
import contextlib
import json
import random
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from demo_fixtures import populate
from fakes_hypervisor import FakeHost, FakeHypervisor
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from qubesmanager.daemon.local import checking, startup
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.services.recovery import Recovery
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.store import backups, rows
from qubesmanager.daemon.local.system import System
from qubesmanager.wire.backups import decode_run
from qubesmanager.wire.codecs import VolumeId
from qubesmanager.wire.errors import StoragePoolException
from qubesmanager.wire.records import DeviceRecord
from qubesmanager.wire.values import DeviceClass, PowerState, VmClass

pytestmark = pytest.mark.whole

NOT_UTF8 = b"\xff\xfe\x80"
RUN: dict[str, Any] = {"profile": "nightly", "start": 5, "end": 6, "result": "failed", "file": "", "run": 1}


class Text(NamedTuple):
    """Bytes that are stored as text."""

    raw: bytes


async def build(state: Path) -> None:
    """The demonstration's system at rest, with a row in every table that a start leaves alone."""
    system = await open_system(state, FakeHypervisor())
    await populate(system)
    await system.settings.set_notes("work", "what is to be done")
    async with system.runtime.changing:
        await system.runtime.commit(
            [
                rows.set_device(
                    system.runtime.state.qube("work").qid, DeviceRecord(DeviceClass.MIC, "dom0", "mic", False, {})
                ),
                rows.set_backup_run(1, decode_run(json.dumps(RUN))),
                rows.add_destination("nightly", "/mnt", "1234"),
                rows.set_started_in("a boot"),
            ]
        )
    await system.firewall_rules.insert("work", None, "action=drop")
    await system.runtime.close()
    system = await open_system(state, FakeHypervisor())
    await system.volumes.measure_all()
    await system.descriptions.settled()
    await system.runtime.close()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("base") / "state"
    asyncio.run(build(state))
    return state


@pytest.fixture
def state(base: Path, tmp_path: Path) -> Path:
    return moved(base, tmp_path / "state")


def moved(base: Path, state: Path) -> Path:
    """A copy of the system at another path."""
    shutil.copytree(base, state, symlinks=True)
    with contextlib.closing(sqlite3.connect(state / "store.sqlite")) as connection:
        connection.execute("UPDATE pool SET options = ?", (json.dumps({"dir_path": str(state / "pools" / "default")}),))
        connection.commit()
    return state


# -- damaging a cell --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def lax(store: Path, table: str) -> Iterator[sqlite3.Connection]:
    """The store open, with the table taking a value of any type in any column."""
    with contextlib.closing(sqlite3.connect(store, isolation_level=None)) as connection:
        ((strict,),) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchall()
        loose = re.sub(r"\bTEXT\b|\bINTEGER\b(?! PRIMARY)|NOT NULL|\bSTRICT\b *,? *", "", strict).replace(") ;", ")")
        declare(connection, table, loose)
    with contextlib.closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.text_factory = bytes
        yield connection
        declare(connection, table, strict)


def declare(connection: sqlite3.Connection, table: str, sql: str) -> None:
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (sql, table))
    connection.execute("PRAGMA writable_schema = OFF")


def damage(store: Path, table: str, column: str, value: object, where: str) -> None:
    with lax(store, table) as connection:
        new, bound = ("CAST(? AS TEXT)", value.raw) if isinstance(value, Text) else ("?", value)
        cursor = connection.execute(f"UPDATE {table} SET {column} = {new} WHERE {where}", (bound,))
        assert cursor.rowcount == 1


def cells_of(store: Path) -> dict[str, list[dict[str, tuple[str, bytes | None]]]]:
    """By table: each row, as the type and bytes of each cell by column."""
    with contextlib.closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        ]
        content = {}
        for table in tables:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            selected = ", ".join(f"typeof({column}), CAST({column} AS BLOB)" for column in columns)
            content[table] = [
                {column: (row[2 * at], row[2 * at + 1]) for at, column in enumerate(columns)}
                for row in connection.execute(f"SELECT {selected} FROM {table}")
            ]
        return content


# -- what the daemon answers ------------------------------------------------------------------------------------------


def answers(qube: Qube) -> object:
    return qube.record(), list(qube.rules), qube.problem


async def started(state: Path) -> tuple[dict[str, object], System]:
    """What is answered for each qube after a start; the system is closed."""
    system = await open_system(state, FakeHypervisor())
    await system.volumes.measure_all()
    answered = {qube.name: answers(qube) for qube in system.runtime.state.in_order()}
    await system.runtime.close()
    return answered, system


def touched_by(qids: set[int], system: System) -> set[str]:
    """Those qubes, and those whose settings follow from theirs; and dom0, whose `problem` names the damage."""
    names = {qube.name for qube in system.runtime.state.qubes.values() if qube.qid in qids}
    while (
        more := {
            qube.name
            for qube in system.runtime.state.qubes.values()
            if names & {qube.value("template"), qube.value("netvm"), qube.value("default_dispvm")}
        }
        - names
    ):
        names |= more
    return names | {"dom0"}


damaged_values = st.one_of(
    st.none(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(allow_nan=False),
    st.binary(max_size=40),
    st.binary(max_size=40).map(Text),
    st.text(max_size=40),
    st.sampled_from(["", "{}", "[]", "null", '{"result": 1}', "[" * 5000, "dom0", "AdminVM", "AppVM", "0", "1"]),
)


@pytest.fixture(scope="module")
def whole(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], System]:
    return asyncio.run(started(moved(base, tmp_path_factory.mktemp("whole") / "state")))


@pytest.mark.unmeasured
@examples(max_examples=30)
@given(value=damaged_values, seed=st.integers(0, 1 << 32))
def test_a_damaged_cell_fails_only_qubes_that_its_row_concerns(
    base: Path, whole: tuple[dict[str, object], System], value: object, seed: int
) -> None:
    """Whatever cell of whatever row it is, and a second start answers the same."""
    choice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        state = moved(base, Path(folder, "state"))
        asyncio.run(damaged_anywhere(state, whole, value, choice))


async def damaged_anywhere(
    state: Path, whole: tuple[dict[str, object], System], value: object, choice: random.Random
) -> None:
    store = state / "store.sqlite"
    before, system = whole
    content = cells_of(store)
    table = choice.choice(sorted(name for name, lines in content.items() if lines and not name.startswith("sqlite_")))
    row = choice.choice(content[table])
    column = choice.choice(sorted(row))
    try:
        damage(store, table, column, value, " AND ".join(is_cell(name, raw) for name, (_, raw) in row.items()))
    except sqlite3.Error:
        assume(condition=False)  # a key that another row has, or that cannot be NULL
    damaged = cells_of(store)

    after, _ = await started(state)
    again, _ = await started(state)

    assert not backups.put_aside_before(store)
    qids = {int(row["qid"][1] or 0)} if "qid" in row else set()
    if column == "qid" and isinstance(value, int):
        qids.add(value)
    # Every qube has volumes in the pool, and computed defaults.
    touched = set(before) if table in {"pool", "system_property"} else touched_by(qids, system)
    if (table, column) == ("qube", "name"):
        touched |= set(after) - set(before)  # the text may be a name, too
    assert without(after, touched) == without(before, touched)
    assert again == after
    now = cells_of(store)
    for name, lines in damaged.items():
        if name.startswith("sqlite_") or name == "history_clock" != table:
            continue  # a change during the start makes the history older
        changed = [line for line in lines if line not in now[name]]
        if table == "qube" and column == "qid":
            changed = [line for line in changed if line.get("qid") != row["qid"]]
        assert all(name == table and without(line, {column}) == without(row, {column}) for line in changed)


def is_cell(column: str, raw: bytes | None) -> str:
    return f"CAST({column} AS BLOB) IS " + ("NULL" if raw is None else f"x'{raw.hex()}'")


def without(values: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


# -- how each kind of row is handled -----------------------------------------------------------------------------------


def of(state: Path, name: str) -> str:
    """The condition for the rows of a qube."""
    with contextlib.closing(sqlite3.connect(state / "store.sqlite")) as connection:
        ((qid,),) = connection.execute("SELECT qid FROM qube WHERE name = ?", (name,)).fetchall()
    return f"qid = {qid}"


async def recovered(state: Path) -> Recovery:
    return await startup.recovered(state, FakeHypervisor())


@pytest.mark.parametrize(
    ("column", "value"), [("class", "NoSuchVM"), ("uuid", Text(NOT_UTF8)), ("uuid", None), ("name", b"blob")]
)
async def test_a_qube_whose_row_is_unreadable_is_na_until_it_is_recovered(
    state: Path, column: str, value: object
) -> None:
    before, whole = await started(state)
    damage(state / "store.sqlite", "qube", column, value, of(state, "vault"))

    assert any("table qube (vault)" in sentence for sentence in (await checking.check_all(state)).wrong)
    system = await open_system(state, FakeHypervisor())
    vault = system.runtime.state.qube("vault")
    assert (vault.state, vault.klass) == (PowerState.NA, VmClass.APP)
    assert column in vault.value("problem")
    with pytest.raises(StoragePoolException, match="cannot be used"):
        await system.lifecycle.start("vault")
    with pytest.raises(StoragePoolException, match="cannot be used"):
        await system.creation.clone("dom0", "vault", "copy", None)
    await system.runtime.close()
    recovery = await recovered(state)

    assert "vault can be used again." in " ".join(recovery.lines)
    after, system = await started(state)
    assert system.runtime.state.qube("vault").uuid == whole.runtime.state.qube("vault").uuid
    assert after == before
    assert (await checking.check_all(state)).wrong == []


async def test_a_running_qube_whose_uuid_is_unreadable_is_its_domain(state: Path) -> None:
    """So its volumes are known as written to, and a shutdown reaches it."""
    host = FakeHost()
    system = await open_system(state, FakeHypervisor(host))
    await system.lifecycle.start("vault")
    uuid = system.runtime.state.qube("vault").uuid
    await system.runtime.close()
    damage(state / "store.sqlite", "qube", "uuid", Text(NOT_UTF8), of(state, "vault"))

    system = await open_system(state, FakeHypervisor(host))

    vault = system.runtime.state.qube("vault")
    assert (vault.uuid, vault.state, vault.value("uuid")) == (uuid, PowerState.RUNNING, str(uuid))
    assert "uuid" in vault.value("problem")
    await system.lifecycle.kill("vault")
    await system.runtime.wait_for(vault, PowerState.NA)
    await system.runtime.close()


async def test_a_lost_property_makes_its_qube_na_and_comes_back_from_its_volumes(state: Path) -> None:
    before, _ = await started(state)
    damage(state / "store.sqlite", "property", "value", Text(NOT_UTF8), f"{of(state, 'work')} AND name = 'template'")

    answered, system = await started(state)
    assert system.runtime.state.qube("work").state is PowerState.NA
    assert "template" in system.runtime.state.qube("work").value("problem")
    assert without(answered, {"work", "dom0"}) == without(before, {"work", "dom0"})
    await recovered(state)

    assert (await started(state))[0] == before


async def test_the_row_is_kept_as_it_was_whatever_becomes_of_the_qube(state: Path) -> None:
    damage(state / "store.sqlite", "property", "value", Text(NOT_UTF8), f"{of(state, 'work')} AND name = 'template'")
    system = await open_system(state, FakeHypervisor())
    qid = system.runtime.state.qube("work").qid
    await system.settings.set_notes("work", "other notes")
    await system.creation.remove(system.runtime.state.qube("work"))
    await system.runtime.close()

    (kept,) = cells_of(state / "store.sqlite")["unreadable"]
    assert json.loads(kept["cells"][1] or b"") == {
        "qid": {"int": qid},
        "name": {"text": "template"},
        "value": {"not-utf-8": NOT_UTF8.hex()},
    }


async def test_a_lost_volume_row_leaves_its_volume_to_the_qube(state: Path) -> None:
    before, _ = await started(state)
    damage(state / "store.sqlite", "volume", "pool", b"\x00", f"{of(state, 'work')} AND name = 'private'")

    system = await open_system(state, FakeHypervisor())
    assert system.runtime.state.qube("work").state is PowerState.NA
    with pytest.raises(StoragePoolException, match="may be a volume of work"):
        await system.volume_operations.remove_orphan(VolumeId("default", "work/private"))
    with pytest.raises(StoragePoolException, match="may be a volume of work"):
        await system.volume_operations.attach(
            system.runtime.state.qube("personal"), VolumeId("default", "work/private"), {}
        )
    await system.runtime.close()
    await recovered(state)

    assert (await started(state))[0] == before


async def test_an_unreadable_rule_lets_nothing_pass(state: Path) -> None:
    _, whole = await started(state)
    damage(state / "store.sqlite", "rule", "text", "action=perhaps", f"{of(state, 'work')} AND position = 0")

    _, system = await started(state)

    work = system.runtime.state.qube("work")
    assert work.state is PowerState.HALTED
    assert work.rules == [
        (whole.runtime.state.qube("work").rules[0][0], "action=drop"),
        *whole.runtime.state.qube("work").rules[1:],
    ]


@pytest.mark.parametrize(
    ("table", "column", "value", "where"),
    [
        ("tag", "name", Text(NOT_UTF8), "name LIKE 'created-by-%' AND qid = (SELECT min(qid) FROM tag)"),
        ("feature", "value", 7, "(qid, name) = (SELECT qid, name FROM feature LIMIT 1)"),
        ("backup_run", "told", '{"result": 1}', "run = 1"),
        ("destination", "path", b"/mnt", "profile = 'nightly'"),
        ("started_in", "boot", 3.5, "one = 1"),
        ("label", "color", "reddish", "name = 'red'"),
        ("label", "name", Text(NOT_UTF8), "name = 'red'"),
    ],
)
async def test_other_rows_cost_only_themselves(state: Path, table: str, column: str, value: object, where: str) -> None:
    damage(state / "store.sqlite", table, column, value, where)

    _, system = await started(state)

    assert all(qube.state is PowerState.HALTED for name, qube in system.runtime.state.qubes.items() if name != "dom0")
    assert system.runtime.state.labels["red"] == "0xCC0000"
    assert "1 rows of the store cannot be read" in system.runtime.state.qube("dom0").value("problem")
    assert table in (await checking.check_all(state)).wrong[0]


async def test_a_pool_whose_row_is_unreadable_is_missing_until_it_is_added_again(state: Path) -> None:
    before, _ = await started(state)
    damage(state / "store.sqlite", "pool", "options", "[", "name = 'default'")

    system = await open_system(state, FakeHypervisor())
    assert system.runtime.state.qube("work").state is PowerState.NA
    with pytest.raises(StoragePoolException, match="no pool was ever opened there"):
        await system.pools.create("default", {"driver": "file-qcow2", "dir_path": str(state / "pools" / "another")})
    options = {"driver": "file-qcow2", "dir_path": str(state / "pools" / "default")}
    await system.pools.create("default", options)
    await system.runtime.close()

    assert (await started(state))[0] == before


async def test_dom0_is_dom0_whatever_its_row_says(state: Path) -> None:
    before, _ = await started(state)
    for column, value in (("name", b""), ("class", "AppVM"), ("uuid", 5)):
        damage(state / "store.sqlite", "qube", column, value, "qid = 0")

        after, system = await started(state)

        assert system.runtime.state.qube("dom0").state is PowerState.RUNNING
        assert without(after, {"dom0"}) == without(before, {"dom0"})
