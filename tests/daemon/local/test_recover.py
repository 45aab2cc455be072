# SPDX-License-Identifier: GPL-3.0-or-later
"""`--check` names what is wrong and changes nothing; `--recover` makes qubes again from volumes that no qube has."""

import asyncio
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from demo_fixtures import client_of, open_copy
from fakes_hypervisor import FakeHypervisor
from pool_tools import content
from streams import pieces
from until import until_equal

from qubesmanager import entry
from qubesmanager.daemon.local import checking
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.services import descriptions
from qubesmanager.daemon.local.startup import open_system, recovered
from qubesmanager.daemon.local.store import rows
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import PowerState

pytestmark = pytest.mark.whole


@pytest.fixture
async def state(tmp_path: Path) -> Path:
    """A closed system with a qube of each class that keeps a volume, and settings of every kind."""
    system = await open_copy(tmp_path / "state", FakeHypervisor())
    client = client_of(system)
    await client.send(calls.LABEL_CREATE("dom0", "mauve", "0xE0B0FF"))
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("net", "mauve")))
    await client.send(calls.VM_PROPERTY_SET("net", "netvm", ""))
    await client.send(calls.VM_PROPERTY_SET("net", "provides_network", "yes"))
    await client.send(calls.VM_CREATE("debian-13", "StandaloneVM", CreateSpec("own", "green")))
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("lab", "blue")))
    for name, value in {"memory": "555", "netvm": "net", "autostart": "yes", "vcpus": "3"}.items():
        await client.send(calls.VM_PROPERTY_SET("lab", name, value))
    await client.send(calls.VM_FEATURE_SET("lab", "service.cups", "1"))
    await client.send(calls.VM_TAG_SET("lab", "mine"))
    await client.send(calls.VM_NOTES_SET("lab", payload="grün\n"))
    await client.send(calls.VM_VOLUME_IMPORT("lab", "private", pieces(b"lab" * 9999)))
    await client.send(calls.VM_PROPERTY_SET("lab", "name", "room"))
    await system.descriptions.settled()
    await system.runtime.close()
    return tmp_path / "state"


def lose_store(state: Path) -> None:
    for path in state.glob("store*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


async def records(state: Path) -> dict[str, VmRecord]:
    system = await open_system(state, FakeHypervisor())
    await system.descriptions.settled()
    records = {name: qube.record() for name, qube in system.runtime.state.qubes.items()}
    await system.runtime.close()
    return records


def kept_of(record: VmRecord) -> dict[str, Any]:
    own = {name: value.value for name, value in record.properties.items() if not value.is_default}
    return {
        "class": record.klass,
        "uuid": record.value("uuid"),
        "own": own,
        "features": record.features,
        "tags": {tag for tag in record.tags if not tag.startswith("created-by-")},
        "notes": record.notes,
        "volumes": {(volume.name, volume.pool, volume.vid, volume.size) for volume in record.volumes},
    }


async def test_with_a_lost_store_the_qubes_are_made_again_from_their_volumes(state: Path) -> None:
    before = await records(state)
    volumes = fingerprint(state / "pools" / "default" / "room" / "private")
    lose_store(state)
    system = await open_system(state, FakeHypervisor())
    problem = system.runtime.state.qubes["dom0"].value("problem")
    assert "room" in problem or "others" in problem
    assert "--recover" in problem
    with pytest.raises(Mgmt1Error, match="Another daemon"):
        await recovered(state, FakeHypervisor())
    await system.runtime.close()

    recovery = await recovered(state, FakeHypervisor())

    after = await records(state)
    kept = {
        name
        for name, record in before.items()
        if any(volume.save_on_stop for volume in record.volumes) or record.value("auto_cleanup") == "no"
    }
    assert "sys-usb" in kept
    assert set(recovery.made) == kept
    assert set(after) == {*kept, "dom0"}
    for name in ("room", "net", "own", "debian-13", "sys-usb"):
        assert kept_of(after[name]) == kept_of(before[name])
        assert after[name].state is PowerState.HALTED
    assert fingerprint(state / "pools" / "default" / "room" / "private") == volumes
    system = await open_system(state, FakeHypervisor())
    try:
        await client_of(system).send(calls.VM_START("room"))
        assert (await content(system.pools.driver("default"), "room/private")).startswith(b"lab")
        assert system.runtime.state.labels["mauve"] == "0xE0B0FF"
    finally:
        await system.runtime.close()
    assert (await recovered(state, FakeHypervisor())).made == []


def damaged(state: Path) -> None:
    (state / "pools/default/room/private/volume.json").write_bytes(b"")


def gone(state: Path) -> None:
    shutil.rmtree(state / "pools/default/own/private")


@pytest.mark.parametrize(("damage", "name"), [(damaged, "room"), (gone, "own")])
async def test_a_qube_with_a_damaged_or_missing_volume_is_recovered_and_reports_it(
    state: Path, damage: Callable[[Path], None], name: str
) -> None:
    damage(state)
    lose_store(state)

    await recovered(state, FakeHypervisor())

    system = await open_system(state, FakeHypervisor())
    try:
        await system.volumes.measure(system.runtime.state.qube(name))
        assert system.runtime.state.qube(name).state is PowerState.NA
        assert f"{name}/private" in system.runtime.state.qube(name).value("problem")
        await client_of(system).send(calls.VM_START("net"))
    finally:
        await system.runtime.close()


HOSTILE: dict[str, Any] = {
    "not an object": ["x"],
    "no class": {"uuid": str(uuid4()), "name": "room", "label": "red"},
    "dom0": {"uuid": str(uuid4()), "name": "room", "class": "AdminVM", "label": "red"},
    "bad uuid": {"uuid": "../x", "name": "room", "class": "AppVM", "label": "red"},
    "odd types": {"uuid": str(uuid4()), "name": "room", "class": "AppVM", "label": "red", "properties": {"a": [1]}},
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_description_that_makes_no_sense_leaves_the_volume_alone(state: Path, name: str) -> None:
    path = state / "pools/default/room/private/qube.json"
    path.write_text(json.dumps(HOSTILE[name]))
    before = fingerprint(path.parent)
    lose_store(state)

    recovery = await recovered(state, FakeHypervisor())

    assert "room" not in recovery.made
    assert "net" in recovery.made
    assert any("room/private" in line for line in recovery.lines)
    assert fingerprint(path.parent) == before


async def test_a_hostile_description_gets_no_more_than_a_call_would(state: Path) -> None:
    path = state / "pools/default/room/private/qube.json"
    about = json.loads(path.read_text())
    about["properties"] |= {"netvm": "room", "memory": "-1", "kernel": "../../etc", "made_up": "x", "guivm": "nobody"}
    about["tags"] = ["ok", "bad tag\n", "created-by-vault"]
    about["features"] = {"fine": "1", "bad\0name": "1", "control": "a\x0bb", "long": "x" * 100_000}
    about["rules"] = ["action=accept", "dst4=everything"]
    about["notes"] = ["not text"]
    about["label"] = "no such"
    about["color"] = "url(x)"
    about["revisions"] = {"private": 10**30}
    path.write_text(json.dumps(about))
    lose_store(state)

    recovery = await recovered(state, FakeHypervisor())

    room = (await records(state))["room"]
    assert "room" in recovery.made
    assert room.value("label") == "red"
    assert room.value("netvm") != "room"
    assert room.value("memory") == "400"
    assert room.tags == {"ok", "created-by-dom0"}
    assert set(room.features) == {"fine"}
    assert room.notes == ""
    system = await open_system(state, FakeHypervisor())
    assert [text for _, text in system.runtime.state.qube("room").rules] == ["action=drop"]
    await system.runtime.close()


async def test_of_a_whole_store_nothing_is_made_again_or_left(state: Path) -> None:
    recovery = await recovered(state, FakeHypervisor())

    assert (recovery.made, recovery.lines, recovery.left) == ([], [], 0)


async def test_a_qube_that_exists_is_never_changed(state: Path) -> None:
    """A volume says that it is of a qube that the store has under another name, or of a name that is taken."""
    source = state / "pools/default/room/private"
    shutil.copytree(source, state / "pools/default/twin/private")
    shutil.copytree(source, state / "pools/default/vault/root")
    before = await records(state)

    recovery = await recovered(state, FakeHypervisor())

    assert recovery.made == []
    assert recovery.left
    assert {name: kept_of(record) for name, record in (await records(state)).items()} == {
        name: kept_of(record) for name, record in before.items()
    }


async def test_a_lost_disposable_is_made_again_and_one_that_was_removed_is_not(state: Path) -> None:
    """The store was replaced by one that does not know them; their template is there."""
    system = await open_system(state, FakeHypervisor())
    client = client_of(system)
    for name in ("sys-cam", "gone"):
        await client.send(calls.VM_CREATE("default-dvm", "DispVM", CreateSpec(name, "red")))
        await client.send(calls.VM_PROPERTY_SET(name, "auto_cleanup", "no"))
    await client.send(calls.VM_TAG_SET("sys-cam", "camera"))
    await client.send(calls.VM_PROPERTY_SET("sys-cam", "netvm", ""))
    await client.send(calls.VM_REMOVE("gone"))
    await client.send(calls.VM_PROPERTY_SET("default-dvm", "name", "other-dvm"))
    await system.descriptions.settled()
    cam = system.runtime.state.qube("sys-cam")
    await system.runtime.store.commit([rows.delete_qube(cam.qid)])
    await system.runtime.close()

    recovery = await recovered(state, FakeHypervisor())

    assert recovery.made == ["sys-cam"]
    record = (await records(state))["sys-cam"]
    assert (record.value("uuid"), record.value("template")) == (str(cam.uuid), "other-dvm")
    assert "camera" in record.tags
    system = await open_system(state, FakeHypervisor())
    await client_of(system).send(calls.VM_START("sys-cam"))
    await system.runtime.close()


async def test_a_disposable_that_nothing_describes_is_named(state: Path) -> None:
    system = await open_system(state, FakeHypervisor())
    client = client_of(system)
    await client.send(calls.VM_CREATE("default-dvm", "DispVM", CreateSpec("disp77", "red")))
    await client.send(calls.VM_PROPERTY_SET("disp77", "netvm", ""))
    await client.send(calls.VM_START("disp77"))
    await system.descriptions.settled()
    await system.runtime.close()
    lose_store(state)

    recovery = await recovered(state, FakeHypervisor())

    assert "disp77" not in recovery.made
    assert any(line.startswith("disp77 was not made again: it was a disposable") for line in recovery.lines)


async def test_hostile_disposables_of_a_description_are_left_out(state: Path) -> None:
    path = state / "pools/default/default-dvm/private/qube.json"
    about = json.loads(path.read_text())
    (usb,) = about["disposables"]
    about["disposables"] = [
        usb,
        7,
        {**usb, "class": "AppVM", "name": "no-disposable"},
        {**usb, "name": "../etc"},
        {**usb, "name": "vault", "uuid": str(uuid4())},
        {**usb, "name": "twin"},
    ]
    path.write_text(json.dumps(about))
    lose_store(state)

    recovery = await recovered(state, FakeHypervisor())

    after = await records(state)
    assert {"../etc", "twin", "no-disposable"}.isdisjoint(after)
    assert after["vault"].klass == "AppVM"
    assert "sys-usb" in recovery.made
    assert any("twin was not made again" in line for line in recovery.lines)


async def test_descriptions_are_compared_once_the_first_calls_are_answered(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descriptions, "GATHERED", 3600.0)
    compared: list[str] = []

    async def compare(_descriptions: descriptions.Descriptions, qube: Qube) -> None:
        compared.append(qube.name)

    monkeypatch.setattr(descriptions.Descriptions, "_write", compare)
    system = await open_system(state, FakeHypervisor())
    try:
        await client_of(system).send(calls.VM_PROPERTY_SET("room", "memory", "500"))
        assert compared == []
        await system.descriptions.settled()
        assert "room" in compared
    finally:
        await system.runtime.close()


async def test_several_changes_of_a_qube_are_described_once(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptions, "GATHERED", 3600.0)
    system = await open_system(state, FakeHypervisor())
    client = client_of(system)
    driver = system.pools.driver("default")
    written: list[str] = []
    describe = driver.describe

    async def counted(vid: str, about: Mapping[str, Any]) -> None:
        written.append(vid)
        await describe(vid, about)

    try:
        await system.descriptions.settled()
        monkeypatch.setattr(driver, "describe", counted)
        for number in range(5):
            await client.send(calls.VM_PROPERTY_SET("room", "memory", str(500 + number)))
        assert written == []
        await system.descriptions.settled()
        assert written == ["room/private"]
        assert (await described(driver, "room"))["properties"]["memory"] == "504"
    finally:
        await system.runtime.close()


async def test_a_change_during_a_writing_waits_for_those_after_it(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = await open_system(state, FakeHypervisor())
    client = client_of(system)
    driver = system.pools.driver("default")
    written: list[str] = []
    gathered_after: list[int] = []
    go_on = asyncio.Semaphore(0)
    describe = driver.describe

    async def changing(vid: str, about: Mapping[str, Any]) -> None:
        written.append(vid)
        if len(written) < 3:
            await client.send(calls.VM_FEATURE_SET("room", "again", str(len(written))))
        await describe(vid, about)

    async def gather() -> None:
        gathered_after.append(len(written))
        await go_on.acquire()

    try:
        await system.descriptions.settled()
        with monkeypatch.context() as patch:
            patch.setattr(driver, "describe", changing)
            patch.setattr(system.descriptions, "_gather", gather)
            await client.send(calls.VM_PROPERTY_SET("room", "memory", "500"))
            go_on.release()
            await until_equal(lambda: gathered_after, [0, 1])
            assert written == ["room/private"]
        go_on.release()
        await system.descriptions.settled()
        assert (await described(driver, "room"))["features"]["again"] == "1"
    finally:
        await system.runtime.close()


async def test_a_change_is_described_without_a_caller_that_waits(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptions, "GATHERED", 0.01)
    system = await open_system(state, FakeHypervisor())
    try:
        await system.descriptions.settled()
        await client_of(system).send(calls.VM_PROPERTY_SET("room", "memory", "600"))
        driver = system.pools.driver("default")

        async def memory() -> str:
            return str((await described(driver, "room"))["properties"]["memory"])

        await until_equal(memory, "600")
    finally:
        await system.runtime.close()


async def test_the_description_of_a_volume_follows_its_qube(state: Path) -> None:
    system = await open_system(state, FakeHypervisor())
    client = client_of(system)
    driver = system.pools.driver("default")
    try:
        await system.descriptions.settled()
        assert (await described(driver, "room"))["properties"]["netvm"] == "net"
        await client.send(calls.VM_PROPERTY_SET("room", "vcpus", "7"))
        await client.send(calls.VM_FEATURE_SET("room", "later", "1"))
        await client.send(calls.VM_PROPERTY_SET("net", "name", "net-2"))
        await system.descriptions.settled()
        about = await described(driver, "room")
        assert (about["properties"]["vcpus"], about["features"]["later"]) == ("7", "1")
        assert about["properties"]["netvm"] == "net-2"
        assert (await described(driver, "net-2"))["name"] == "net-2"
    finally:
        await system.runtime.close()


async def described(driver: Any, name: str) -> Any:
    return await driver.description(f"{name}/private")


# -- --check ----------------------------------------------------------------------------------------------------------


def wreck(state: Path) -> list[str]:
    """Damage of every kind; words that the report has to have."""
    pool = state / "pools" / "default"
    (pool / "room" / "private" / "volume.json").write_bytes(b"")
    shutil.rmtree(pool / "own" / "private")
    (pool / "stray").write_text("x")
    shutil.copytree(pool / "net" / "private", pool / "orphan" / "private")
    return ["room/private", "own/private", "stray", "orphan/private"]


async def test_check_names_everything_and_changes_nothing(state: Path) -> None:
    assert (await checking.check_all(state)).wrong == []
    words = wreck(state)
    before = fingerprint(state)

    report = await checking.check_all(state)

    for word in words:
        assert any(word in line for line in report.wrong), word
    assert len(report.wrong) == len(words)
    assert fingerprint(state) == before


async def test_check_of_a_lost_or_damaged_store_says_what_the_next_start_does(state: Path) -> None:
    (state / "store.sqlite").write_bytes(bytes(5000))
    damaged_report = await checking.check_all(state)
    assert any("damaged" in line for line in damaged_report.wrong)
    lose_store(state)
    before = fingerprint(state)

    report = await checking.check_all(state)

    assert any("room" in line and "--recover" in line for line in report.wrong)
    assert fingerprint(state) == before


async def test_check_beside_a_daemon(state: Path) -> None:
    system = await open_system(state, FakeHypervisor())
    try:
        await client_of(system).send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("newest", "red")))
        assert (await checking.check_all(state)).wrong == []
    finally:
        await system.runtime.close()


def test_the_program_prints_and_ends_with_a_status(
    state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)
    arguments = ["--state", str(state), "--hypervisor", "test:///default"]
    assert entry.mgmt1d([*arguments, "--check"]) == 0
    assert capsys.readouterr().out == "Nothing is wrong.\n"
    lose_store(state)
    assert entry.mgmt1d([*arguments, "--check"]) == 1
    assert "wrong: The volume default:room/private" in capsys.readouterr().out
    assert entry.mgmt1d([*arguments, "--recover"]) == 0
    assert "room is a qube again." in capsys.readouterr().out
    assert entry.mgmt1d([*arguments, "--check"]) == 0
    capsys.readouterr()
    (state / "pools/default/room/private/volume.json").write_bytes(b"")
    assert entry.mgmt1d([*arguments, "--check"]) == 1


@pytest.mark.parametrize("how", ["recovered", "copy"])
async def test_leftovers_of_a_session_are_not_used_by_the_next(state: Path, how: str) -> None:
    """The machine died with the store while a qube ran: its root is fresh at the next start anyway."""
    system = await open_system(state, FakeHypervisor())
    await system.runtime.store.copy_if_due()
    client = client_of(system)
    await client.send(calls.VM_PROPERTY_SET("room", "netvm", ""))
    await client.send(calls.VM_START("room"))
    await system.descriptions.settled()
    session = set((state / "pools/default/room/root").iterdir())
    await system.runtime.close()
    if how == "recovered":
        lose_store(state)
        await recovered(state, FakeHypervisor())
    else:
        (state / "store.sqlite").write_bytes(b"")

    again = await open_system(state, FakeHypervisor())
    try:
        assert again.runtime.state.qube("room").state is PowerState.HALTED
        assert again.runtime.state.qube("room").start_time is None
        assert not (state / "pools/default/room/root").exists()
        assert session
    finally:
        await again.runtime.close()
