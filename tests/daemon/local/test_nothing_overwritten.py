# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume that exists is never overwritten and never undone away, whatever call meets it and when the daemon dies."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import yaml
from demo_fixtures import client_of, open_copy
from fakes_hypervisor import FakeHypervisor
from pool_tools import content
from streams import pieces

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CloneSpec, CreateInPoolSpec, CreateSpec
from qubesmanager.wire.errors import Mgmt1Error

MIB = 1 << 20
ORPHANS = {"work-2/private": b"mine" * 5000, "work-2/root": b"root" * 5000}


def only_file(folder: Path) -> bytes:
    (file,) = folder.iterdir()
    return file.read_bytes()


async def backup(client: Client, folder: Path) -> bytes:
    """Of a qube whose volumes would have the orphans' names."""
    await client.send(calls.VM_CLONE("vault", payload=CloneSpec("work-3")))
    text = yaml.safe_dump({"include": ["work-3"], "destination_path": str(folder)})
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", text))
    await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {"passphrase": "x"}))
    return only_file(folder)


async def restore(client: Client, folder: Path) -> None:
    """The orphans' qube is not restored, and the other one of the same backup is."""
    data = await backup(client, folder)
    head = b"passphrase=x\nrename=work-3:work-2\n\n"
    (row,) = await client.send(calls.BACKUP_RESTORE("dom0", None, pieces(head, data)))
    assert row.result != "ok"
    raise Mgmt1Error(row.said)


CALLS: dict[str, Callable[[Client, Path], Awaitable[object]]] = {
    "Create": lambda client, _: client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("work-2", "red"))),
    "Create a StandaloneVM": lambda client, _: client.send(
        calls.VM_CREATE("debian-13", "StandaloneVM", CreateSpec("work-2", "red"))
    ),
    "CreateInPool": lambda client, _: client.send(
        calls.VM_CREATE_IN_POOL("debian-13", "AppVM", CreateInPoolSpec("work-2", "red", "default"))
    ),
    "Clone": lambda client, _: client.send(calls.VM_CLONE("vault", payload=CloneSpec("work-2"))),
    "CreateTemplate": lambda client, _: client.send(calls.VM_CREATE_TEMPLATE("dom0", "work-2", pieces(b"image"))),
    "Restore": restore,
    "rename": lambda client, _: client.send(calls.VM_PROPERTY_SET("vault", "name", "work-2")),
}


@pytest.fixture
async def orphaned(tmp_path: Path) -> AsyncIterator[System]:
    """A system in whose pool lie volumes that no qube has."""
    system = await open_copy(tmp_path / "state", FakeHypervisor())
    for vid, data in ORPHANS.items():
        await system.pools.driver("default").import_data(vid, pieces(data))
    yield system
    await system.runtime.close()


async def left(system: System) -> dict[str, bytes]:
    driver = system.pools.driver("default")
    return {
        vid: (await content(driver, vid))[: len(ORPHANS[vid])] for vid in ORPHANS if vid in await driver.list_volumes()
    }


@pytest.mark.parametrize("name", CALLS)
async def test_a_call_that_meets_a_volume_is_refused_and_the_volume_stays(
    orphaned: System, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()

    with pytest.raises(Mgmt1Error, match="already"):
        await CALLS[name](client_of(orphaned), folder)

    assert await left(orphaned) == ORPHANS
    assert "work-2" not in orphaned.runtime.state.qubes
    assert await orphaned.runtime.store.read("SELECT * FROM pending_volume") == []
    assert await orphaned.runtime.store.read("SELECT * FROM pending_rename") == []
    # A qube of another name can still be made.
    await client_of(orphaned).send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("work-4", "red")))


async def test_a_crash_between_the_pending_row_and_the_volume_removes_nothing(orphaned: System, tmp_path: Path) -> None:
    for vid in ORPHANS:
        await orphaned.runtime.commit([rows.add_pending_volume("default", vid, "never-made")])
    await orphaned.runtime.commit([rows.add_pending_rename("default", "vanished", "work-2", ["never-made"])])
    await orphaned.runtime.close()

    second = await open_system(tmp_path / "state", FakeHypervisor())
    try:
        assert await left(second) == ORPHANS
        assert await second.runtime.store.read("SELECT * FROM pending_volume") == []
        assert await second.runtime.store.read("SELECT * FROM pending_rename") == []
    finally:
        await second.runtime.close()


async def test_a_removal_that_was_cut_off_spares_the_next_volume_of_the_name(orphaned: System, tmp_path: Path) -> None:
    driver = orphaned.pools.driver("default")
    gone = await driver.identity("vault/private")
    await orphaned.runtime.commit([rows.add_pending_volume("default", "vault/private", gone)])
    await driver.remove("vault/private")
    await driver.import_data("vault/private", pieces(b"next" * 5000))
    await orphaned.runtime.close()

    second = await open_system(tmp_path / "state", FakeHypervisor())
    try:
        assert (await content(second.pools.driver("default"), "vault/private")).startswith(b"next")
    finally:
        await second.runtime.close()


async def test_a_fresh_volume_of_a_qube_never_takes_the_name_of_a_kept_one(orphaned: System) -> None:
    """A StandaloneVM of the name was lost, and an AppVM has it now, whose root would be thrown away at each stop."""
    client = client_of(orphaned)
    await orphaned.pools.driver("default").remove("work-2/private")
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("work-2", "red")))

    with pytest.raises(Mgmt1Error, match="work-2/root"):
        await client.send(calls.VM_START("work-2"))
    await client.send(calls.VM_REMOVE("work-2"))

    assert (await content(orphaned.pools.driver("default"), "work-2/root")).startswith(b"root")
