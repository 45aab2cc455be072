# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool whose disk is not there, a damaged volume, a stray file: the daemon serves the rest, and names it."""

import contextlib
import os
import secrets
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from demo_fixtures import client_of, open_copy
from fakes_hypervisor import FakeHost, FakeHypervisor
from pool_tools import content
from streams import pieces
from until import until

from qubesmanager.client.volumes import all_volumes
from qubesmanager.daemon.local import checking
from qubesmanager.daemon.local.drivers.pools.folder import MARK
from qubesmanager.daemon.local.drivers.pools.manifest import read_manifest
from qubesmanager.daemon.local.startup import open_system, recovered
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CreateInPoolSpec, CreateSpec, VolumeId
from qubesmanager.wire.errors import Mgmt1Error, StoragePoolException
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import text
from qubesmanager.wire.values import PowerState

pytestmark = pytest.mark.whole


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """The folder of a second pool, as a disk's mount point."""
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


@pytest.fixture
async def state(tmp_path: Path, disk: Path) -> Path:
    """The demonstration's system, with the qube `stick` in a separate pool."""
    system = await open_copy(tmp_path / "state", FakeHypervisor())
    client = client_of(system)
    await client.send(calls.POOL_ADD("dom0", "usb", {"driver": "file-qcow2", "dir_path": str(disk / "pool")}))
    spec = CreateInPoolSpec("stick", "red", pools={"private": "usb"})
    await client.send(calls.VM_CREATE_IN_POOL("debian-13", "AppVM", spec))
    await client.send(calls.VM_VOLUME_IMPORT("stick", "private", pieces(b"stick" * 9999)))
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("lab", "red")))
    for name in ("stick", "lab"):
        await client.send(calls.VM_PROPERTY_SET(name, "netvm", ""))
    await system.runtime.close()
    return tmp_path / "state"


def unmounted(disk: Path) -> None:
    (disk / "pool").rename(disk.with_name("elsewhere"))


def empty(disk: Path) -> None:
    unmounted(disk)
    (disk / "pool").mkdir()


def other(disk: Path) -> None:
    """Another disk at the same mount point, with another pool and a volume of the same name."""
    unmounted(disk)
    shutil.copytree(disk.with_name("elsewhere"), disk / "pool")
    (disk / "pool" / MARK).write_text(secrets.token_hex(16))


def back(disk: Path) -> None:
    shutil.rmtree(disk / "pool", ignore_errors=True)
    disk.with_name("elsewhere").rename(disk / "pool")


def listing(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*")}


LOSSES = {"folder gone": unmounted, "folder empty": empty, "another disk": other}


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_pool_whose_disk_is_not_there_is_missing_until_it_is_back(state: Path, disk: Path, loss: str) -> None:
    LOSSES[loss](disk)
    before = listing(disk)

    system = await open_system(state, FakeHypervisor())
    client = client_of(system)
    try:
        record = await client.send(calls.VM_GET_ALL("dom0", "stick"))
        assert record.state is PowerState.NA
        assert "The pool usb" in record.value("problem")
        info = await client.send(calls.POOL_INFO("dom0", "usb"))
        assert info["state"] == "missing"
        assert info["problem"]
        assert "usb" in await client.send(calls.POOL_LIST("dom0"))
        other_qube = CreateInPoolSpec("other", "red", "usb", {})
        for request in (
            client.send(calls.VM_START("stick")),
            client.send(calls.VM_VOLUME_INFO("stick", "private")),
            client.send(calls.VM_CREATE_IN_POOL("debian-13", "AppVM", other_qube)),
            client.send(calls.POOL_VOLUME_LIST("dom0", "usb")),
        ):
            with pytest.raises(StoragePoolException, match="usb"):
                await request
        assert (await client.send(calls.VM_GET_ALL("dom0", "stick"))).state is PowerState.NA
        await client.send(calls.VM_START("vault"))
        assert {volume.pool for volume in await all_volumes(client)} == {"default"}
        assert listing(disk) == before, "nothing is written to the place"

        back(disk)
        assert (await client.send(calls.POOL_INFO("dom0", "usb")))["state"] == "open"
        assert (await client.send(calls.VM_GET_ALL("dom0", "stick"))).state is PowerState.HALTED
        await client.send(calls.VM_START("stick"))
        driver = system.pools.driver("usb")
        assert (await content(driver, "stick/private")).startswith(b"stick")
    finally:
        await system.runtime.close()


async def test_an_unplugged_and_replugged_disk_is_noticed_without_a_call(state: Path, disk: Path) -> None:
    system = await open_system(state, FakeHypervisor())
    stick = system.runtime.state.qube("stick")
    states = []
    try:
        for change in (unmounted, back):
            change(disk)
            await system.pools.look()
            states.append((stick.state, bool(stick.problem)))
        assert states == [(PowerState.NA, True), (PowerState.HALTED, False)]

        unmounted(disk)
        await system.pools.look()
        back(disk)
        await client_of(system).send(calls.VM_START("stick"))  # it looks itself
    finally:
        await system.runtime.close()


async def test_a_qube_of_a_missing_pool_can_be_removed_and_its_volume_stays(state: Path, disk: Path) -> None:
    unmounted(disk)
    system = await open_system(state, FakeHypervisor())
    try:
        client = client_of(system)
        await client.send(calls.VM_REMOVE("stick"))
        back(disk)
        await system.pools.look()
        assert "stick/private" in await system.pools.driver("usb").list_volumes()
        unmounted(disk)
        await system.pools.look()
        await client.send(calls.POOL_REMOVE("dom0", "usb"))
        assert system.pools.missing == {}
    finally:
        await system.runtime.close()


async def test_a_qube_that_was_being_made_when_the_disk_left_is_undone_when_it_is_back(state: Path, disk: Path) -> None:
    """And one that is being made right then is not."""
    first = await open_system(state, FakeHypervisor())
    identity = await first.pools.driver("usb").identity("stick/private")
    await first.runtime.store.commit([("INSERT INTO pending_volume VALUES ('usb', 'half/private', 'half')", ())])
    await first.pools.driver("usb").create("half/private", 1 << 20, "half")
    await first.runtime.close()
    unmounted(disk)
    system = await open_system(state, FakeHypervisor())
    try:
        assert await system.runtime.store.read("SELECT vid FROM pending_volume") == [("half/private",)]
        back(disk)
        await system.pools.look()
        assert await system.pools.driver("usb").list_volumes() == ["stick/private"]
        assert await system.pools.driver("usb").identity("stick/private") == identity
        assert await system.runtime.store.read("SELECT vid FROM pending_volume") == []
    finally:
        await system.runtime.close()


# -- one damaged volume -----------------------------------------------------------------------------------------------


def active(folder: Path) -> Path:
    return max(folder.glob("*.qcow2"), key=lambda path: path.stat().st_mtime_ns)


def file_instead(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("x")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty volume.json": lambda folder: (folder / "volume.json").write_bytes(b""),
    "garbage volume.json": lambda folder: (folder / "volume.json").write_bytes(os.urandom(500)),
    "zeroed volume.json": lambda folder: (folder / "volume.json").write_bytes(bytes(300)),
    "volume.json of something else": lambda folder: (folder / "volume.json").write_text('{"active": ["x"]}'),
    "no volume.json": lambda folder: (folder / "volume.json").unlink(),
    "missing layer": lambda folder: active(folder).unlink(),
    "zeroed layer": lambda folder: active(folder).write_bytes(bytes(active(folder).stat().st_size)),
    "empty layer": lambda folder: active(folder).write_bytes(b""),
    "cut layer": lambda folder: os.truncate(active(folder), 66_000),
    "no folder": shutil.rmtree,
    "a file instead": file_instead,
}


@pytest.mark.parametrize("name", DAMAGES)
async def test_a_damaged_volume_fails_its_qube_and_no_other(state: Path, name: str) -> None:
    folder = state / "pools" / "default" / "lab" / "private"
    shutil.copytree(folder, state / "kept", copy_function=shutil.copy2)
    DAMAGES[name](folder)

    system = await open_system(state, FakeHypervisor())
    client = client_of(system)
    try:
        lab = system.runtime.state.qube("lab")
        await until(lambda: lab.state is PowerState.NA)
        assert "lab/private" in lab.value("problem")
        with pytest.raises(StoragePoolException, match="lab/private") as refused:
            await client.send(calls.VM_START("lab"))
        record = await client.send(calls.VM_GET_ALL("dom0", "lab"))
        assert record.state is PowerState.NA
        problem = record.properties["problem"]
        assert problem.reason is not None
        assert problem.value == text(problem.reason)
        assert refused.value.reason == Reason("qube-unusable", "lab", problem.reason)
        await client.send(calls.VM_START("vault"))
        await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("another", "red")))

        # It comes back by hand, and by nothing else.
        if folder.is_dir():
            shutil.rmtree(folder)
        folder.unlink(missing_ok=True)
        shutil.copytree(state / "kept", folder, copy_function=shutil.copy2)
        await client.send(calls.VM_START("lab"))
        assert lab.problem == ""
    finally:
        await system.runtime.close()


async def test_a_damaged_template_fails_the_qubes_based_on_it(state: Path) -> None:
    (state / "pools" / "default" / "debian-13" / "root" / "volume.json").write_bytes(b"")

    system = await open_system(state, FakeHypervisor())
    try:
        based = [qube for qube in system.runtime.state.qubes.values() if qube.value("template") == "debian-13"]
        await until(lambda: all(qube.state is PowerState.NA for qube in based))
        assert "debian-13/root" in based[0].value("problem")
    finally:
        await system.runtime.close()


async def test_a_damaged_volume_can_be_removed_and_its_qube_too(state: Path) -> None:
    (state / "pools" / "default" / "lab" / "private" / "volume.json").write_bytes(b"")
    system = await open_system(state, FakeHypervisor())
    client = client_of(system)
    try:
        await until(lambda: system.runtime.state.qube("lab").state is PowerState.NA)
        await client.send(calls.VM_REMOVE("lab"))
        assert "lab/private" in await client.send(calls.POOL_VOLUME_LIST("dom0", "default"))
        await client.send(calls.POOL_VOLUME_REMOVE("dom0", VolumeId("default", "lab/private")))
        await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("lab", "red")))
        assert system.runtime.state.qube("lab").state is PowerState.HALTED
        await client.send(calls.VM_PROPERTY_SET("lab", "netvm", ""))
        await client.send(calls.VM_START("lab"))
    finally:
        await system.runtime.close()


# -- what is no volume ------------------------------------------------------------------------------------------------


def stray_file(pool: Path) -> Path:
    (pool / "next").write_text("x")
    return pool / "next"


def stray_folder(pool: Path) -> Path:
    (pool / "next" / "private").mkdir(parents=True)
    (pool / "next" / "private" / "notes.txt").write_text("x")
    return pool / "next" / "private"


def stray_link(pool: Path) -> Path:
    (pool / "next").symlink_to(pool / "vault")
    return pool / "next"


def stray_file_in_folder(pool: Path) -> Path:
    (pool / "next").mkdir()
    (pool / "next" / "private").write_text("x")
    return pool / "next" / "private"


@pytest.fixture
async def system(state: Path) -> AsyncIterator[System]:
    system = await open_system(state, FakeHypervisor())
    yield system
    await system.runtime.close()


@pytest.mark.parametrize("stray", [stray_file, stray_folder, stray_link, stray_file_in_folder])
async def test_a_foreign_file_at_the_path_of_a_new_volume_is_named_and_kept(
    system: System, state: Path, stray: Callable[[Path], Path]
) -> None:
    client = client_of(system)
    path = stray(state / "pools" / "default")
    # Written in the background; one of the paths leads to the folder that it is in.
    await until((state / "pools" / "default" / "vault" / "private" / "qube.json").exists)
    before = listing(path)

    for request in (
        calls.VM_CREATE("debian-13", "AppVM", CreateSpec("next", "red")),
        calls.VM_CREATE_TEMPLATE("dom0", "next", pieces(b"image")),
    ):
        with pytest.raises(StoragePoolException, match="move it away") as refused:
            await client.send(request)
        assert str(path) in str(refused.value)
    with pytest.raises(Mgmt1Error):
        await client.send(calls.VM_PROPERTY_SET("vault", "name", "next"))

    assert listing(path) == before
    assert any(str(path) in line for line in await system.pools.driver("default").strays())
    path.rename(state / "away")
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("next", "red")))


# -- other hands ------------------------------------------------------------------------------------------------------


def prepare(pool: Path) -> None:
    """Everything odd that a folder can hold."""
    os.mkfifo(pool / "pipe")
    for name in ("line\nbreak", "..x", "-rf", "ü", "x" * 200):
        (pool / name / "private").mkdir(parents=True)
        (pool / name / "private" / "volume.json").write_text("{}")
    (pool / "\udcff\udcfe" / "private").mkdir(parents=True)
    (pool / "pipes" / "private").mkdir(parents=True)
    os.mkfifo(pool / "pipes" / "private" / "volume.json")
    os.mkfifo(pool / "pipes" / "private" / "qube.json")
    (pool / "deep" / "private").mkdir(parents=True)
    (pool / "deep" / "private" / "volume.json").write_text("[" * 100_000)
    (pool / "deep" / "private" / "qube.json").write_text("[" * 100_000)
    (pool / "link" / "private").mkdir(parents=True)
    (pool / "link" / "private" / "volume.json").symlink_to("/etc/passwd")
    (pool / "around").symlink_to(pool)
    (pool / ".tmp-link").symlink_to("/etc")


async def test_a_prepared_folder_stops_nothing_and_is_not_followed(state: Path) -> None:
    pool = state / "pools" / "default"
    before = listing(pool)
    prepare(pool)
    prepared = listing(pool) - before

    report = await checking.check_all(state)
    recovery = await recovered(state, FakeHypervisor())
    system = await open_system(state, FakeHypervisor())
    try:
        await client_of(system).send(calls.VM_START("vault"))
        assert recovery.made == []
        assert any("pipes" in line for line in report.wrong)
        assert all(line.isprintable() for line in checking.lines(report))
        assert prepared <= listing(pool)
    finally:
        await system.runtime.close()


async def test_a_marked_place_that_is_a_pipe_is_no_place(state: Path) -> None:
    mark = state / "pools" / "default" / MARK
    mark.unlink()
    os.mkfifo(mark)

    system = await open_system(state, FakeHypervisor())
    try:
        assert "default" in system.pools.missing
        assert system.runtime.state.qube("vault").state is PowerState.NA
    finally:
        await system.runtime.close()


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_pool_of_an_earlier_version_is_known_by_its_volumes(state: Path, disk: Path, is_there: bool) -> None:
    with contextlib.closing(sqlite3.connect(state / "store.sqlite")) as connection:
        connection.execute("UPDATE pool SET identity = ''")
        connection.commit()
    (disk / "pool" / MARK).unlink()
    if not is_there:
        empty(disk)

    system = await open_system(state, FakeHypervisor())
    try:
        assert ("usb" in system.pools.missing) is not is_there
        assert (disk / "pool" / MARK).exists() is is_there
    finally:
        await system.runtime.close()


async def test_a_removed_qube_of_a_missing_pool_leaves_its_name_free(state: Path, disk: Path) -> None:
    system = await open_system(state, FakeHypervisor())
    spec = CreateInPoolSpec("card", "red", pools={"private": "usb", "volatile": "usb"})
    await client_of(system).send(calls.VM_CREATE_IN_POOL("debian-13", "AppVM", spec))
    await system.runtime.close()
    unmounted(disk)
    system = await open_system(state, FakeHypervisor())
    client = client_of(system)
    create = calls.VM_CREATE("debian-13", "AppVM", CreateSpec("card", "red"))

    for name in ("stick", "card"):
        await client.send(calls.VM_REMOVE(name))
    await client.send(create)
    await client.send(calls.VM_REMOVE("card"))
    await client.send(calls.POOL_REMOVE("dom0", "usb"))
    await client.send(create)

    assert system.runtime.state.qube("card").state is PowerState.HALTED
    assert await system.runtime.store.read("SELECT * FROM pending_volume") == []
    await system.runtime.close()


@pytest.mark.parametrize("spoil", [Path.unlink, lambda layer: layer.write_bytes(bytes(70_000))], ids=["gone", "zeroed"])
async def test_a_qube_that_ran_when_its_volume_was_damaged_does_not_halt_for_ever(
    state: Path, spoil: Callable[[Path], object]
) -> None:
    host = FakeHost()
    system = await open_system(state, FakeHypervisor(host))
    await client_of(system).send(calls.VM_START("lab"))
    uuid = system.runtime.state.qube("lab").uuid
    await system.runtime.close()
    folder = state / "pools" / "default" / "lab" / "private"
    spoil(folder / read_manifest(folder, "qcow2").base)
    del host.domains[uuid]

    system = await open_system(state, FakeHypervisor(host))

    lab = system.runtime.state.qube("lab")
    assert (lab.state, lab.start_time) == (PowerState.NA, None)
    assert "lab/private" in lab.value("problem")
    await client_of(system).send(calls.VM_REMOVE("lab"))
    await system.runtime.close()


async def test_a_pool_with_other_things_in_its_folder_keeps_them_when_it_is_added(tmp_path: Path) -> None:
    folder = tmp_path / "things"
    for name in ("empty", ".tmp-work", ".tmp-" + 31 * "0"):
        (folder / name).mkdir(parents=True)
    (folder / ".tmp-work" / "letter").write_text("of another program")
    (folder / (".tmp-" + 32 * "f")).write_text("a file")
    (folder / MARK).write_text(32 * "f")
    before = listing(folder)
    system = await open_system(tmp_path / "state", FakeHypervisor())
    add = calls.POOL_ADD("dom0", "things", {"driver": "file-qcow2", "dir_path": str(folder)})
    await client_of(system).send(add)
    await system.runtime.close()

    await (await open_system(tmp_path / "state", FakeHypervisor())).runtime.close()

    assert before <= listing(folder)


async def test_an_empty_folder_that_a_crash_left_is_not_in_the_way_of_a_new_name(state: Path) -> None:
    system = await open_system(state, FakeHypervisor())
    (state / "pools" / "default" / "study").mkdir()

    await client_of(system).send(calls.VM_PROPERTY_SET("lab", "name", "study"))

    assert "study/private" in await system.pools.driver("default").list_volumes()
    await system.runtime.close()
