# SPDX-License-Identifier: GPL-3.0-or-later
"""What no backup can keep is refused when it is set, or left out by name; one qube that cannot be read costs itself."""

import asyncio
import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from backup_daemon import WORDS, file_stream
from backup_samples import in_english
from fakes_hypervisor import FakeHypervisor
from until import until

from qubesmanager.backup.profile import parse_profile
from qubesmanager.client.client import Client
from qubesmanager.daemon.local.services import restores
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.restoring import entries
from qubesmanager.wire import calls
from qubesmanager.wire.backups import encode_run
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError, QubesValueError
from qubesmanager.wire.records import DeviceRecord
from qubesmanager.wire.values import DeviceClass


async def backed_up(client: Client, folder: Path, *names: str) -> dict[str, Any]:
    """Carry out a profile of these qubes; the run as the history has it. Raises what the run raises."""
    profile = {"include": list(names), "destination_path": str(folder)}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", yaml.safe_dump(profile)))
    await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {"passphrase": WORDS}))
    return await last_run(client)


async def last_run(client: Client) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(encode_run((await client.send(calls.BACKUP_HISTORY("dom0", "nightly")))[-1]))
    return run


async def restored(client: Client, file: str, *options: str) -> list[str]:
    head = "\n".join([f"passphrase={WORDS}", *options])
    return in_english(await client.send(calls.BACKUP_RESTORE("dom0", None, file_stream(head, Path(file)))))


# -- what may be set ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["a\x0bb", "a\nb", "\x7f", "\x85", "\ufffe"])
async def test_a_control_character_is_refused_wherever_a_text_is_set(client: Client, value: str) -> None:
    with pytest.raises(QubesValueError, match="control characters"):
        await client.send(calls.VM_FEATURE_SET("vault", "odd", value))
    with pytest.raises(Mgmt1Error):
        await client.send(calls.VM_PROPERTY_SET("vault", "kernelopts", value))
    with pytest.raises(ProtocolError):
        await client.send(calls.VM_TAG_SET("vault", value))
    if value != "a\nb":
        with pytest.raises(QubesValueError, match="control characters"):
            await client.send(calls.VM_NOTES_SET("vault", payload=value))

    await client.send(calls.VM_FEATURE_SET("vault", "odd", "grün"))
    await client.send(calls.VM_NOTES_SET("vault", payload="a\r\n\tgrün"))


# -- what a backup cannot keep -----------------------------------------------------------------------------------------


async def put_feature(system: System, name: str, feature: str, value: str) -> None:
    """As a store of before may hold it."""
    qube = system.runtime.state.qube(name)
    async with system.runtime.changing:
        await system.runtime.commit([rows.set_feature(qube.qid, feature, value)])
        qube.features[feature] = value
        qube.changed()


async def test_settings_that_a_backup_cannot_hold_are_left_out_by_name(
    client: Client, system: System, folder: Path
) -> None:
    await client.send(calls.VM_CREATE("dom0", "StandaloneVM", CreateSpec("my.net", "red")))
    await client.send(calls.VM_TAG_SET("vault", "managed-by-my.net"))
    await client.send(calls.VM_TAG_SET("vault", "mine"))
    await client.send(calls.VM_FEATURE_SET("vault", "greeting", "grün"))
    await client.send(calls.VM_FEATURE_SET("vault", "kept", "1"))
    await put_feature(system, "vault", "bell", "a\x0bb")
    await put_feature(system, "dom0", "bell", "\a")

    run = await backed_up(client, folder, "vault", "work")

    assert run["result"] == "ok"
    assert "Left out of vault in the backup are features (not printable ASCII): 'bell', 'greeting'." in run["reason"]
    assert "tags (the restore tool of Qubes OS takes no such name): 'managed-by-my.net'." in run["reason"]
    assert "Left out of dom0 in the backup are features (not printable ASCII): 'bell'." in run["reason"]
    assert await restored(client, run["file"], "include=vault", "rename=vault:copy") == [
        "vault restored-as=copy result=ok",
        "work restored-as=- result=skipped It was not asked for.",
    ]
    assert await client.send(calls.VM_FEATURE_GET("copy", "kept")) == "1"
    features = await client.send(calls.VM_FEATURE_LIST("copy"))
    assert not {"bell", "greeting"} & set(features)
    before, after = [await client.send(calls.VM_GET_ALL("dom0", name)) for name in ("vault", "copy")]
    assert before.tags - after.tags == {"managed-by-my.net"}
    assert "mine" in after.tags


# -- what cannot be read -----------------------------------------------------------------------------------------------


def without_private(folder: Path) -> None:
    shutil.rmtree(folder)


def with_a_damaged_manifest(folder: Path) -> None:
    (folder / "volume.json").write_bytes(b"\0" * 20)


@pytest.mark.parametrize("damage", [without_private, with_a_damaged_manifest])
async def test_a_qube_whose_volume_cannot_be_read_fails_alone(
    client: Client, folder: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    await client.send(calls.VM_CREATE("dom0", "StandaloneVM", CreateSpec("lab", "red")))
    (place,) = (tmp_path / "state").rglob("lab/private")
    damage(place)

    with pytest.raises(Mgmt1Error, match="lab"):
        await backed_up(client, folder, "lab", "vault")

    run = await last_run(client)
    results = {one["name"]: one["result"] for one in run["qubes"]}
    assert run["result"] == "failed"
    assert results["vault"] == "ok"
    assert results["lab"].startswith("lab cannot be backed up: ")
    assert run["file"].endswith(".incomplete")
    answer = await restored(client, run["file"], "rename=vault:copy lab:lab2")
    assert answer[0].startswith("lab restored-as=- result=failed lab cannot be backed up: ")
    assert answer[1].startswith("vault restored-as=copy result=ok")


# -- settings of before ------------------------------------------------------------------------------------------------


async def test_tags_of_an_older_store_get_the_form_of_qubes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = await open_system(tmp_path, FakeHypervisor())
    dom0 = first.runtime.state.qube("dom0").qid
    tags = ["a.b", "a_b", "c.d.e", "managed-by-my.net", "plain"]
    await first.runtime.commit([rows.add_tag(dom0, tag) for tag in tags])
    await first.runtime.close()

    with caplog.at_level(logging.WARNING):
        second = await open_system(tmp_path, FakeHypervisor())

    kept = second.runtime.state.qube("dom0").tags
    assert {"a_b", "c_d_e", "managed-by-my.net", "plain"} <= kept
    assert not {"a.b", "c.d.e"} & kept
    assert "The tag c.d.e of dom0 is now c_d_e" in caplog.text
    await second.runtime.close()
    third = await open_system(tmp_path, FakeHypervisor())
    assert third.runtime.state.qube("dom0").tags == kept
    await third.runtime.close()


async def test_assignments_of_an_older_store_are_as_a_call_would_store_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = await open_system(tmp_path, FakeHypervisor())
    qid = first.runtime.state.qube("dom0").qid
    keep = {"persistent": "yes"}
    stored = [
        DeviceRecord(DeviceClass.USB, "sys-usb", "a*b", False, keep),
        DeviceRecord(DeviceClass.BLOCK, "sys-usb", "a b", False, {**keep, "x y": "q r"}),
        DeviceRecord(DeviceClass.BLOCK, "sys-usb", "sda", False, {**keep, "read-only": "True"}),
        DeviceRecord(DeviceClass.PCI, "dom0", "00_14.0", False, {**keep, "no-strict-reset": "True"}),
        DeviceRecord(DeviceClass.MIC, "dom0", "mic", False, keep),
    ]
    await first.runtime.commit([rows.set_device(qid, record) for record in stored])
    await first.runtime.close()

    with caplog.at_level(logging.WARNING):
        second = await open_system(tmp_path, FakeHypervisor())

    kept = {record.ident: dict(record.options) for record in second.runtime.state.qube("dom0").devices}
    assert kept == {
        "sda": {**keep, "read-only": "yes", "frontend-dev": "xvdaa"},
        "00_14.0": {**keep, "no-strict-reset": "yes"},
        "mic": keep,
    }
    assert "'a*b' is no longer assigned to dom0" in caplog.text
    await second.runtime.close()
    caplog.clear()
    third = await open_system(tmp_path, FakeHypervisor())
    assert {record.ident: dict(record.options) for record in third.runtime.state.qube("dom0").devices} == kept
    assert "assigned" not in caplog.text
    await third.runtime.close()


async def test_a_tag_with_a_dot_is_refused_and_a_profile_with_one_still_means_its_qubes(client: Client) -> None:
    with pytest.raises(ProtocolError, match="Not a valid tag"):
        await client.send(calls.VM_TAG_SET("vault", "a.b"))
    await client.send(calls.VM_TAG_SET("vault", "managed-by-my.net"))

    profile = parse_profile("include: [$tag:a.b, $tag:managed-by-my.net]\ndestination_path: /backups\n")

    assert profile.include == ("$tag:a_b", "$tag:managed-by-my.net")


# -- a caller that goes ------------------------------------------------------------------------------------------------


async def test_a_caller_that_disconnects_after_the_restore_loses_no_restored_volume(
    client: Client, system: System, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One qube is whole and stored, one is not; the caller goes while the volumes of the second are removed."""
    file = (await backed_up(client, folder, "vault", "work"))["file"]
    judge, drop = entries.judge, system.volumes.drop
    dropping, go_on = asyncio.Event(), asyncio.Event()

    def judged(one: Any, report: Any, result: Any) -> None:
        judge(one, report, result)
        if one.kept.name == "work":
            one.failed = "It is damaged."

    async def dropped(volumes: Any) -> None:
        dropping.set()
        await go_on.wait()
        await drop(volumes)

    monkeypatch.setattr(restores, "judge", judged)
    monkeypatch.setattr(system.volumes, "drop", dropped)
    restore = asyncio.get_running_loop().create_task(restored(client, file, "rename=vault:v2 work:w2"))
    await dropping.wait()
    restore.cancel()
    await asyncio.wait([restore])
    go_on.set()
    await until(lambda: not system.runtime.reserved)

    volumes = await system.pools.driver("default").list_volumes()
    assert "v2/private" in volumes
    assert "w2/private" not in volumes
    assert {"v2", "w2"} & set(system.runtime.state.qubes) == {"v2"}
    assert await system.runtime.store.read("SELECT * FROM pending_volume") == []
    assert not system.runtime.reserved
