# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup and restore over the calls: a whole daemon in memory, real pools, real files."""

import asyncio
import json
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from backup_daemon import MIB, OWN, WORDS, names, with_profile
from backup_samples import in_english
from pool_tools import content
from streams import pieces
from until import LIMIT, error_of, until, until_equal

from qubesmanager.backup.archive import scrypt_container
from qubesmanager.backup.archive.scrypt_container import Params
from qubesmanager.backup.errors import BackupIncompleteError
from qubesmanager.client.backups import execute, history, preview
from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.drivers.backups import targets
from qubesmanager.daemon.local.services import backup_schedule
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.backups import Confirmed, encode_info, encode_run
from qubesmanager.wire.codecs import CloneSpec, CreateSpec, DeviceId, VolumeId
from qubesmanager.wire.errors import (
    BackupAlreadyRunningError,
    BackupCancelledError,
    Mgmt1Error,
    PermissionDenied,
    ProtocolError,
    QubesBackupProfileNotFoundError,
    QubesValueError,
)
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import RESTORE_FINISHED, RESTORE_PROGRESS, RestoreResult
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.restores import Contents
from qubesmanager.wire.values import DeviceClass


async def backed_up(client: Client, folder: Path, **keys: Any) -> Path:
    await with_profile(client, folder, **keys)
    before = names(folder)
    await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {"passphrase": WORDS}))
    (name,) = names(folder) - before
    return folder / name


def mode_of(file: Path) -> int:
    return file.stat().st_mode & 0o777


async def restored(client: Client, file: Path, passphrase: str = WORDS, **options: str) -> list[str]:
    lines = [
        f"passphrase={passphrase}",
        "devices=yes",
        *(f"{key.replace('_', '-')}={value}" for key, value in options.items()),
    ]
    head = "\n".join([*lines, "", ""]).encode()
    return in_english(await client.send(calls.BACKUP_RESTORE("dom0", None, pieces(head, *_cut(file)))))


def _cut(file: Path) -> list[bytes]:
    data = file.read_bytes()
    return [data[at : at + 50_000] for at in range(0, len(data), 50_000)]


async def record(client: Client, name: str) -> VmRecord:
    return await client.send(calls.VM_GET_ALL("dom0", name))


@pytest.fixture
async def lab(client: Client, system: System) -> bytes:
    """A qube with something of everything; answers what its private volume holds."""
    data = bytes(range(256)) * 4096 + bytes(3 * MIB) + b"end" * 1000
    await client.send(calls.VM_CREATE("debian-13", "StandaloneVM", CreateSpec("lab", "green")))
    await client.send(calls.VM_VOLUME_IMPORT("lab", "private", pieces(data)))
    await client.send(calls.VM_VOLUME_IMPORT("lab", "root", pieces(b"root" * 1000)))
    for name, value in {"memory": "555", "netvm": "sys-net", "autostart": "yes", "default_dispvm": ""}.items():
        await client.send(calls.VM_PROPERTY_SET("lab", name, value))
    await client.send(calls.VM_FEATURE_SET("lab", "service.cups", "1"))
    await client.send(calls.VM_FEATURE_SET("lab", "empty", ""))
    await client.send(calls.VM_FEATURE_SET("lab", "escaped", "key <&> 'x'"))
    await client.send(calls.VM_TAG_SET("lab", "mine"))
    await client.send(calls.VM_FIREWALL_FLUSH("lab"))
    await client.send(calls.VM_FIREWALL_INSERT_RULE("lab", None, "action=accept dst4=192.0.2.0/24 comment=a <b>"))
    await client.send(calls.VM_FIREWALL_INSERT_RULE("lab", None, "action=drop"))
    await client.send(calls.VM_NOTES_SET("lab", payload="Zeile 1\n<b>zwei</b>\n"))
    await client.send(
        calls.VM_DEVICE_ATTACH.of(DeviceClass.BLOCK)("lab", DeviceId("dom0", "sdb"), {"persistent": "yes"})
    )
    return data


async def test_a_restored_qube_has_every_byte_and_setting(
    client: Client, system: System, lab: bytes, folder: Path
) -> None:
    before = await record(client, "lab")
    rules = [row.rule for row in await client.send(calls.VM_FIREWALL_GET("lab"))]
    volumes = {name: await content(system.pools.driver("default"), f"lab/{name}") for name in ("private", "root")}
    file = await backed_up(client, folder)
    await client.send(calls.VM_REMOVE("lab"))

    assert await restored(client, file) == ["lab restored-as=lab result=ok"]

    after = await record(client, "lab")
    assert after.klass is before.klass
    assert after.features == before.features
    assert after.notes == before.notes
    assert after.tags == before.tags
    assert after.devices == before.devices
    assert {k: v for k, v in after.properties.items() if k not in OWN} == {
        k: v for k, v in before.properties.items() if k not in OWN
    }
    assert [row.rule for row in await client.send(calls.VM_FIREWALL_GET("lab"))] == rules
    for name, data in volumes.items():
        assert await content(system.pools.driver("default"), f"lab/{name}") == data
    assert volumes["private"].startswith(lab)
    assert await system.runtime.store.read("SELECT * FROM pending_volume") == []


async def test_each_qube_goes_into_the_pool_named_for_it(
    client: Client, system: System, lab: bytes, folder: Path, tmp_path: Path
) -> None:
    for name in ("fast", "slow"):
        await client.send(calls.POOL_ADD("dom0", name, {"driver": "file-qcow2", "dir_path": str(tmp_path / name)}))
    file = await backed_up(client, folder, include=["lab", "vault"])

    rows = await restored(client, file, rename="lab:lab2 vault:vault2", pool="slow", pools="lab:fast")

    assert rows == ["lab restored-as=lab2 result=ok", "vault restored-as=vault2 result=ok"]
    assert {volume.pool for volume in (await record(client, "lab2")).volumes if volume.save_on_stop} == {"fast"}
    assert {volume.pool for volume in (await record(client, "vault2")).volumes if volume.save_on_stop} == {"slow"}
    assert (await content(system.pools.driver("fast"), "lab2/private")).startswith(lab)


async def test_the_contents_show_date_settings_firewall_and_notes(client: Client, lab: bytes, folder: Path) -> None:
    file = await backed_up(client, folder)

    contents = await client.send(
        calls.BACKUP_INFO("dom0", None, pieces(f"passphrase={WORDS}\n\n".encode(), *_cut(file)))
    )

    assert isinstance(contents, Contents)
    assert contents.made is not None
    assert abs(contents.made - time.time()) < LIMIT
    (qube,) = contents.qubes
    assert qube.details.properties["memory"] == "555"
    assert "mine" in qube.details.tags
    assert qube.details.devices == 1
    assert qube.details.rules == 2
    assert qube.details.first_rules == ("action=accept dst4=192.0.2.0/24 comment=a <b>", "action=drop")
    assert qube.details.notes == "Zeile 1\n<b>zwei</b>\n"


async def test_the_end_of_each_restore_and_verification_is_an_event(
    client: Client, system: System, lab: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await backed_up(client, folder)
    results: list[str] = []
    emit = system.runtime.emit

    def noted(happened: Sequence[Event]) -> None:
        results.extend(ended.result for event in happened if (ended := RESTORE_FINISHED.of(event)) is not None)
        emit(happened)

    monkeypatch.setattr(system.runtime, "emit", noted)
    await restored(client, file, rename="lab:lab2")
    await restored(client, file, verify_only="yes")
    assert results == ["ok", "ok"]

    with pytest.raises(Mgmt1Error):
        await restored(client, file, conflict="fail")
    assert results[2:] == ["failed"]

    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    await restored(client, file, verify_only="yes")
    await restored(client, file, rename="lab:lab3")
    assert results[3:] == ["failed", "failed"]


@pytest.mark.parametrize("options", ["rename=lab:lab2", "verify-only=yes"])
async def test_the_end_of_a_cancelled_restore_is_an_event_too(
    client: Client, system: System, lab: bytes, folder: Path, options: str
) -> None:
    file = await backed_up(client, folder)
    happened: list[Event] = []
    system.runtime.subscribe(happened.append, rows={RESTORE_PROGRESS, RESTORE_FINISHED})
    never = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield f"passphrase={WORDS}\nrun=a\n{options}\n\n".encode()
        yield file.read_bytes()[:-1]
        await never.wait()

    restoring = asyncio.ensure_future(client.send(calls.BACKUP_RESTORE("dom0", None, stalled())))  # noqa: TID251 - awaited below
    await until(lambda: happened)
    restoring.cancel()
    with pytest.raises(asyncio.CancelledError):
        await restoring

    assert RESTORE_FINISHED.of(happened[-1]) == RestoreResult("a", "cancelled")


@pytest.mark.parametrize(
    ("pools", "error"),
    [
        ("lab:nowhere", "There is no pool nowhere."),
        ("other:default", "The backup has no qube 'other'."),
        ("lab", "pools is a list of <qube>:<name>"),
    ],
)
async def test_a_pool_that_cannot_be_is_refused_before_anything_is_made(
    client: Client, system: System, lab: bytes, folder: Path, pools: str, error: str
) -> None:
    file = await backed_up(client, folder)

    with pytest.raises(Mgmt1Error) as refused:
        await restored(client, file, rename="lab:lab2", pools=pools)

    assert error in str(refused.value)
    assert "lab2" not in {row.name for row in await client.send(calls.VM_LIST("dom0"))}
    assert not system.runtime.reserved


async def test_a_backup_stamps_its_qubes_and_remembers_the_run(client: Client, lab: bytes, folder: Path) -> None:
    file = await backed_up(client, folder, verify=True, exclude=["$tag:never"])

    stamp = (await record(client, "lab")).value("backup_timestamp")
    assert abs(int(stamp) - time.time()) < LIMIT
    (run,) = [json.loads(encode_run(run)) for run in await client.send(calls.BACKUP_HISTORY("dom0", "nightly"))]
    assert (run["result"], run["file"], run["size"]) == ("ok", str(file), file.stat().st_size)
    assert run["verified"]
    (qube,) = run["qubes"]
    assert (qube["name"], qube["result"]) == ("lab", "ok")
    assert qube["uuid"] == (await record(client, "lab")).value("uuid")
    assert mode_of(file) == 0o600
    assert await client.send(calls.BACKUP_HISTORY("dom0", "other")) == []


async def test_progress_and_the_end_are_sent_as_events(client: Client, lab: bytes, folder: Path) -> None:
    await with_profile(client, folder, verify=True)
    seen = []
    async with aclosing(client.events()) as events:
        await anext(events)
        await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {"passphrase": WORDS}))
        async with asyncio.timeout(LIMIT):
            async for batch in events:
                seen += [event for event in batch if event.name.startswith("backup-")]
                if seen and seen[-1].name == "backup-finished":
                    break

    progress = [event.fields for event in seen if event.name == "backup-progress"]
    assert {fields["phase"] for fields in progress} == {"writing", "verifying"}
    assert all(int(fields["done"]) <= int(fields["total"]) for fields in progress)
    assert seen[-1].fields["result"] == "ok"


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ({}, ["lab restored-as=- result=skipped There is already a qube lab."]),
        ({"conflict": "rename"}, ["lab restored-as=lab-1 result=ok"]),
        ({"rename": "lab:copy"}, ["lab restored-as=copy result=ok"]),
        ({"verify_only": "yes"}, ["lab restored-as=- result=ok"]),
        ({"exclude": "lab"}, ["lab restored-as=- result=skipped It was not asked for."]),
        ({"rename": "lab:none"}, None),
    ],
)
async def test_an_existing_qube_is_never_overwritten(
    client: Client, system: System, lab: bytes, folder: Path, options: Mapping[str, str], rows: list[str] | None
) -> None:
    file = await backed_up(client, folder)
    before = await record(client, "lab")

    answer = await restored(client, file, **options)

    if rows is None:
        assert "result=failed" in answer[0]
    else:
        assert answer == rows
    assert await record(client, "lab") == before
    assert not system.runtime.reserved
    await client.send(calls.VM_REMOVE("lab"))


async def test_a_conflict_that_is_to_fail_fails_whole(client: Client, lab: bytes, folder: Path) -> None:
    file = await backed_up(client, folder, include=["lab", "vault"])

    with pytest.raises(QubesValueError, match="already a qube"):
        await restored(client, file, conflict="fail", rename="vault:tresor")

    assert "tresor" not in {row.name for row in await client.send(calls.VM_LIST("dom0"))}


async def test_a_wrong_passphrase_is_one_clear_answer(client: Client, lab: bytes, folder: Path) -> None:
    file = await backed_up(client, folder)

    with pytest.raises(Mgmt1Error, match="passphrase"):
        await restored(client, file, passphrase="wrong", rename="lab:copy")
    with pytest.raises(Mgmt1Error, match="passphrase"):
        await client.send(calls.BACKUP_INFO("dom0", None, pieces(b"passphrase=wrong\n\n", file.read_bytes())))


async def test_info_tells_what_a_backup_holds_from_its_head_alone(client: Client, lab: bytes, folder: Path) -> None:
    file = await backed_up(client, folder, include=["lab", "vault"])
    head = file.read_bytes()[: 64 << 10]

    text = encode_info(
        await client.send(calls.BACKUP_INFO("dom0", None, pieces(f"passphrase={WORDS}\n\n".encode(), head)))
    )

    rows = text.partition("\n\n")[2].splitlines()
    assert [row.split()[0] for row in rows] == ["lab", "vault"]
    assert "exists=yes" in rows[0]
    assert "template=debian-13" in rows[1]
    assert "ours=yes" in text


async def test_info_tells_what_a_profile_comes_to(client: Client, lab: bytes, folder: Path) -> None:
    await with_profile(client, folder, include=["$type:StandaloneVM", "gone"], schedule="daily 03:00")
    await client.send(calls.VM_TAG_SET("vault", "backup-nightly"))

    text = encode_info(await client.send(calls.BACKUP_INFO("dom0", "nightly", pieces())))

    head, _, rows = text.partition("\n\n")
    info = dict(line.split("=", 1) for line in head.splitlines())
    assert info["missing"] == "gone"
    assert int(info["free"]) > 0
    assert int(info["next-run"]) > time.time()
    assert [row.split()[0] for row in rows.splitlines()] == ["lab", "vault"]


async def test_info_about_an_unsaved_profile_does_not_save_it(client: Client, system: System, folder: Path) -> None:
    text = f"include: [vault]\ndestination_path: {folder}\n"

    answer = encode_info(await client.send(calls.BACKUP_INFO("dom0", "draft", pieces(text.encode()))))

    info = dict(line.split("=", 1) for line in answer.partition("\n\n")[0].splitlines())
    assert (info["writable"], info["passphrase"]) == ("yes", "none")
    assert [row.split()[0] for row in answer.partition("\n\n")[2].splitlines()] == ["vault"]
    assert await client.send(calls.BACKUP_PROFILE_LIST("dom0")) == []
    with pytest.raises(ProtocolError, match="has no key"):
        await client.send(calls.BACKUP_INFO("dom0", "draft", pieces(b"nonsense: 1\n")))
    with pytest.raises(ProtocolError, match="at most 64 KiB"):
        await client.send(calls.BACKUP_INFO("dom0", "draft", pieces(b"#" * (65 << 10))))
    other = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer, source="work"))
    with pytest.raises(PermissionDenied):
        await other.send(calls.BACKUP_INFO("dom0", "draft", pieces(text.encode())))


async def test_the_home_of_dom0_is_left_out_and_reported(client: Client, lab: bytes, folder: Path) -> None:
    await backed_up(client, folder, include=["lab", "dom0"])

    (run,) = [json.loads(encode_run(run)) for run in await client.send(calls.BACKUP_HISTORY("dom0"))]
    assert (run["result"], run["reason"]) == ("ok", "The home of dom0 is not backed up.")
    assert "left-out=dom0\n" in encode_info(await client.send(calls.BACKUP_INFO("dom0", "nightly", pieces())))
    await with_profile(client, folder, include=["lab"])
    assert "left-out=\n" in encode_info(await client.send(calls.BACKUP_INFO("dom0", "nightly", pieces())))


async def test_a_flipped_byte_fails_its_qube_and_the_other_is_whole(
    client: Client, system: System, lab: bytes, folder: Path
) -> None:
    await client.send(calls.VM_VOLUME_IMPORT("vault", "private", pieces(os.urandom(MIB))))
    file = await backed_up(client, folder, include=["lab", "vault"], compression="none")
    damaged = bytearray(file.read_bytes())
    at = damaged.index(b"vm2/private.img.000.enc") + 512 + 200
    damaged[at] ^= 1
    file.write_bytes(damaged)

    rows = await restored(client, file, rename="lab:lab2 vault:vault2")

    assert rows[0] == "lab restored-as=lab2 result=ok"
    assert rows[1].startswith("vault restored-as=- result=failed")
    names = {row.name for row in await client.send(calls.VM_LIST("dom0"))}
    assert "lab2" in names
    assert "vault2" not in names
    assert not any(vid.startswith("vault2/") for vid in await system.pools.driver("default").list_volumes())
    assert await system.runtime.store.read("SELECT * FROM pending_volume") == []
    assert not system.runtime.reserved


def _at(data: bytearray, member: bytes, behind: int) -> bytearray:
    """The same with a byte changed, so far behind the name of a member."""
    data[data.index(member) + behind] ^= 1
    return data


FILE_DAMAGE: dict[str, Callable[[bytearray], bytearray]] = {
    "none": lambda data: data,
    "a chunk's header": lambda data: _at(data, b"vm1/private.img.000.enc", 100),
    "a chunk's name": lambda data: _at(data, b"vm1/private.img.000.enc", 6),
    "a chunk's content": lambda data: _at(data, b"vm2/private.img.000.enc", 512 + 200),
    "the manifest's content": lambda data: _at(data, b"manifest.000.enc", 512 + 200),
    "the manifest's header": lambda data: _at(data, b"manifest.000.enc", 130),
    "the manifest cut off": lambda data: data[: data.index(b"manifest.000.enc")],
    "the end cut off": lambda data: data[:-600],
    "a byte behind the end": lambda data: data[:-1] + b"x",
}
"""Ways to damage a file with the qubes `lab` and `vault`."""


@pytest.mark.parametrize("salvage", ["no", "yes"])
@pytest.mark.parametrize("kind", FILE_DAMAGE)
async def test_verify_and_restore_agree_on_every_damaged_file(
    client: Client, lab: bytes, folder: Path, kind: str, salvage: str
) -> None:
    file = await backed_up(client, folder, include=["lab", "vault"], compression="none")
    file.write_bytes(FILE_DAMAGE[kind](bytearray(file.read_bytes())))
    names_here = {"rename": "lab:lab2 vault:vault2", "salvage": salvage}

    verified = [row.split(" ", 3) for row in await restored(client, file, verify_only="yes", **names_here)]
    rows = [row.split(" ", 3) for row in await restored(client, file, **names_here)]

    assert [(row[0], row[2]) for row in verified] == [(row[0], row[2]) for row in rows]
    assert (rows[-1][0] == "-") == any(row[0] == "-" for row in verified)
    there = {row.name for row in await client.send(calls.VM_LIST("dom0"))}
    for name, restored_as, result, *_ in rows:
        assert (restored_as.removeprefix("restored-as=") in there) == (result == "result=ok"), name


async def test_a_cut_manifest_fails_no_qube_that_is_whole(
    client: Client, system: System, lab: bytes, folder: Path
) -> None:
    file = await backed_up(client, folder, include=["lab", "vault"])
    file.write_bytes(FILE_DAMAGE["the manifest cut off"](bytearray(file.read_bytes())))

    refused = await restored(client, file, rename="lab:lab2 vault:vault2")
    rows = await restored(client, file, rename="lab:lab2 vault:vault2", salvage="yes")

    assert all("result=failed" in row for row in refused)
    assert rows[0].startswith("lab restored-as=lab2 result=ok")
    assert "a missing file could go unnoticed" in rows[0]
    assert rows[1].startswith("vault restored-as=vault2 result=ok")
    assert rows[2].startswith("- restored-as=- result=failed")
    assert await content(system.pools.driver("default"), "lab2/private") == await content(
        system.pools.driver("default"), "lab/private"
    )


async def test_a_volume_that_is_lost_with_the_manifest_is_missed(client: Client, lab: bytes, folder: Path) -> None:
    file = await backed_up(client, folder, include=["lab"])
    data = file.read_bytes()
    first, last = sorted(("root", "private"), key=lambda name: data.index(f"vm1/{name}.img.000.enc".encode()))
    file.write_bytes(data[: data.index(f"vm1/{last}.img.000.enc".encode())])

    rows = await restored(client, file, rename="lab:lab2", salvage="yes")

    assert rows[0] == f"lab restored-as=- result=failed The file holds no volume {last} of lab."
    assert first not in rows[0]


async def test_progress_of_a_restore_carries_its_id(
    client: Client, system: System, lab: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await backed_up(client, folder)
    sent: list[Event] = []
    emit = system.runtime.emit

    def noting(events: Sequence[Event]) -> None:
        sent.extend(events)
        emit(events)

    monkeypatch.setattr(system.runtime, "emit", noting)

    await asyncio.gather(
        restored(client, file, rename="lab:one", run="first-1"),
        restored(client, file, rename="lab:two", run="second-2"),
    )

    runs = [event.fields["run"] for event in sent if event.name.startswith("restore-")]
    assert set(runs) == {"first-1", "second-2"}
    with pytest.raises(QubesValueError):
        await restored(client, file, run="a b")


async def test_a_stream_that_breaks_leaves_nothing(client: Client, system: System, lab: bytes, folder: Path) -> None:
    file = await backed_up(client, folder)
    volumes = await system.pools.driver("default").list_volumes()

    async def broken() -> AsyncIterator[bytes]:
        yield f"passphrase={WORDS}\nrename=lab:copy\n\n".encode()
        yield file.read_bytes()[:-5000]
        raise Mgmt1Error("the caller went away")

    with pytest.raises(Mgmt1Error):
        await client.send(calls.BACKUP_RESTORE("dom0", None, broken()))

    assert "copy" not in {row.name for row in await client.send(calls.VM_LIST("dom0"))}
    await until_equal(system.pools.driver("default").list_volumes, volumes)
    assert not system.runtime.reserved


async def test_templates_and_netvms_come_along_or_are_mapped(client: Client, system: System, folder: Path) -> None:
    file = await backed_up(client, folder, include=["debian-13", "work", "sys-firewall"])

    rows = await restored(client, file, rename="debian-13:base work:job sys-firewall:fw")

    assert [row.split(" ", 3)[2] for row in rows] == ["result=ok"] * 3
    job = await record(client, "job")
    assert (job.value("template"), job.value("netvm")) == ("base", "sys-firewall")
    assert job.tags >= {"work"}

    rows = await restored(
        client, file, include="work", rename="work:job2", template="work:fedora-43", netvm="work:sys-net"
    )
    assert "result=ok" in next(row for row in rows if row.startswith("work "))
    job = await record(client, "job2")
    assert (job.value("template"), job.value("netvm")) == ("fedora-43", "sys-net")


async def test_a_missing_template_is_the_default_or_skips(client: Client, system: System, folder: Path) -> None:
    await client.send(calls.VM_CLONE("debian-13", payload=CloneSpec("base")))
    await client.send(calls.VM_CREATE("base", "AppVM", CreateSpec("app", "red")))
    file = await backed_up(client, folder, include=["app"])
    await client.send(calls.VM_REMOVE("app"))
    await client.send(calls.VM_REMOVE("base"))

    assert "result=skipped" in (await restored(client, file, missing_template="skip"))[0]
    (row,) = await restored(client, file)

    assert row == "app restored-as=app result=ok Its template is fedora-43."
    assert (await record(client, "app")).value("template") == "fedora-43"


async def test_a_running_qube_is_backed_up_as_it_is(client: Client, system: System, lab: bytes, folder: Path) -> None:
    snapshots = await client.send(calls.VM_VOLUME_LIST_SNAPSHOTS("work", "private"))
    file = await backed_up(client, folder, include=["work"], verify=True)

    assert "result=ok" in (await restored(client, file, rename="work:copy"))[0]
    assert await client.send(calls.VM_VOLUME_LIST_SNAPSHOTS("work", "private")) == snapshots


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ({"colour": "red"}, ProtocolError),
        ({"include": ["$kind:x"]}, QubesValueError),
        ({"include": "lab"}, QubesValueError),
        ({"destination_path": "relative/path"}, QubesValueError),
        ({"destination_path": "/a/../b"}, QubesValueError),
        ({"kdf": "none"}, QubesValueError),
        ({"schedule": "sometimes"}, QubesValueError),
        ({"keep": {"last": 3}}, QubesValueError),
        ({"keep": {"last": -1}, "verify": True}, QubesValueError),
        ({"passphrase_text": "a", "passphrase_vm": "vault"}, QubesValueError),
        ({"destination_vm": "vault", "verify": True}, QubesValueError),
        ({"destination_path": None, "destination_command": ["/bin/sh"]}, PermissionDenied),
    ],
)
async def test_a_profile_that_cannot_be_is_refused_whole(
    client: Client, folder: Path, keys: Mapping[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await with_profile(client, folder, **keys)

    assert await client.send(calls.BACKUP_PROFILE_LIST("dom0")) == []


async def test_a_passphrase_in_a_profile_is_never_answered(client: Client, system: System, folder: Path) -> None:
    await with_profile(client, folder, include=["vault"], passphrase_text="hush hush")

    text = await client.send(calls.BACKUP_PROFILE_GET("dom0", "nightly"))
    assert "hush" not in text
    assert "destination_path" in text
    assert mode_of(system.runtime.places.profiles / "nightly.conf") == 0o600
    await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {}))
    history = await client.send(calls.BACKUP_HISTORY("dom0"))
    assert "hush" not in " ".join(map(encode_run, history))
    await client.send(calls.BACKUP_PROFILE_REMOVE("dom0", "nightly"))
    with pytest.raises(QubesBackupProfileNotFoundError):
        await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {}))


async def test_without_a_passphrase_nothing_is_written(client: Client, folder: Path) -> None:
    await with_profile(client, folder, include=["vault"])
    with pytest.raises(QubesValueError, match="passphrase"):
        await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {}))
    assert names(folder) == set()


async def test_a_passphrase_file_and_a_command_of_roots_are_used(
    client: Client, system: System, folder: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from a file\nsecond line\n")
    profile = {
        "include": ["vault"],
        "destination_command": ["/usr/bin/tee", str(folder / "copy")],
        "passphrase_file": str(secret),
    }
    path = system.runtime.places.profiles / "nightly.conf"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(profile))
    if os.geteuid() != 0:
        with pytest.raises(PermissionDenied):
            await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {}))
        return

    await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {}))

    assert "result=ok" in (await restored(client, folder / "copy", passphrase="from a file", rename="vault:v2"))[0]
    path.write_text(yaml.safe_dump({**profile, "destination_command": ["/bin/false"]}))
    with pytest.raises(Mgmt1Error, match="did not take"):
        await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {}))
    path.chmod(0o666)
    with pytest.raises(PermissionDenied):
        await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {}))


async def test_a_qube_as_target_without_qrexec_is_refused_with_the_reason(client: Client, folder: Path) -> None:
    await with_profile(client, folder, include=["vault"], destination_vm="sys-usb", destination_path="/media/disk")
    with pytest.raises(Mgmt1Error, match="qrexec"):
        await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {"passphrase": "x"}))


async def test_too_little_space_is_reported_before_a_byte_is_written(
    client: Client, lab: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: _Usage(1000))
    with pytest.raises(Mgmt1Error, match="MiB left"):
        await backed_up(client, folder)
    assert names(folder) == set()


class _Usage:
    def __init__(self, free: int) -> None:
        self.total = self.used = self.free = free


async def test_one_run_of_a_profile_at_a_time_and_a_cancel_leaves_nothing(
    client: Client, system: System, lab: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_profile(client, folder)
    monkeypatch.setitem(scrypt_container.LEVELS, "standard", Params(19))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(error_of(client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {"passphrase": "x"}))))
        while "nightly" not in system.backup_runs._jobs:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)
        with pytest.raises(BackupAlreadyRunningError):
            await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {"passphrase": "x"}))
        await client.send(calls.BACKUP_CANCEL("dom0", "nightly"))

    assert isinstance(first.result(), BackupCancelledError)
    assert names(folder) == set()
    (run,) = [json.loads(encode_run(run)) for run in await client.send(calls.BACKUP_HISTORY("dom0"))]
    assert run["result"] == "cancelled"
    with pytest.raises(Mgmt1Error, match="No backup of the profile"):
        await client.send(calls.BACKUP_CANCEL("dom0", "nightly"))


async def test_a_backup_that_fails_verification_is_removed(
    client: Client, lab: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise Mgmt1Error("the disk lies")

    monkeypatch.setattr(targets, "verified", refuse)
    with pytest.raises(Mgmt1Error, match="the disk lies"):
        await backed_up(client, folder, verify=True)
    assert names(folder) == set()
    assert (await record(client, "lab")).value("backup_timestamp") == ""


async def test_only_verified_backups_of_the_profile_as_they_were_written_ever_go(
    client: Client, system: System, folder: Path
) -> None:
    stranger = folder / "qubes-backup-nightly-20200101T000000"
    stranger.write_bytes(b"not ours")
    moment = int(time.time())
    system.backup_history.clock = partial(float, moment)
    unverified = await backed_up(client, folder, include=["vault"])
    system.backup_history.clock = partial(float, moment + 100)
    changed = await backed_up(client, folder, include=["vault"], verify=True)
    changed.write_bytes(changed.read_bytes() + b"x")
    system.backup_history.clock = partial(float, moment + 200)

    await backed_up(client, folder, include=["vault"], verify=True, keep={"last": 1})

    assert all(file.exists() for file in (stranger, unverified, changed))


async def test_backups_beyond_keep_are_listed_and_then_removed(client: Client, system: System, folder: Path) -> None:
    moment = time.time()
    files = []
    for number in range(3):
        system.backup_history.clock = partial(float, moment + 100 * number)
        files.append(await backed_up(client, folder, include=["vault"], verify=True, keep={"last": 3}))
    await with_profile(client, folder, include=["vault"], verify=True, keep={"last": 1})

    text = encode_info(await client.send(calls.BACKUP_INFO("dom0", "nightly", pieces())))

    assert f"would-remove={files[0].name} {files[1].name} {files[2].name}\n" in text
    assert all(file.exists() for file in files)
    system.backup_history.clock = partial(float, moment + 1000)
    await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {"passphrase": WORDS}))

    assert not any(file.exists() for file in files)
    assert len(names(folder)) == 1


async def test_a_run_removes_exactly_the_backups_of_the_preview_whatever_the_clock(
    client: Client, system: System, folder: Path
) -> None:
    chance = random.Random(14)
    moment = time.time()
    for number in range(16):
        moment += chance.choice([0, 3600, 90_000, 90_000, 700_000, 150_000_000, -150_000_000, -90_000])
        system.backup_history.clock = partial(float, moment)
        counts = {name: chance.randrange(3) for name in ("last", "daily", "weekly", "monthly")}
        include = chance.choice([["vault"], ["vault", "sys-net"]])
        await with_profile(client, folder, include=include, verify=True, keep=counts)
        before = names(folder)
        info = await preview(client, "nightly")

        await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {"passphrase": WORDS}))

        assert before - names(folder) == set(info.would_remove), number
        assert set(info.files or ()) == before
        counted = {file for file, why in (info.files or {}).items() if why}
        assert counted <= before - set(info.would_remove) - set(info.would_keep)
        assert len(names(folder) - before) == 1, "the one just made is there"
        last = json.loads(encode_run((await client.send(calls.BACKUP_HISTORY("dom0")))[-1]))
        assert {Path(kept["file"]).name: tuple(kept["qubes"]) for kept in last["kept"]} == dict(info.would_keep)


async def test_the_only_backup_of_a_qube_stays_until_dom0_gives_the_qube_up(
    client: Client, system: System, folder: Path
) -> None:
    moment = time.time()
    await client.send(calls.VM_CREATE("debian-13", "StandaloneVM", CreateSpec("gone", "green")))
    system.backup_history.clock = partial(float, moment)
    first = await backed_up(client, folder, include=["vault", "gone"], verify=True, keep={"last": 1})
    await client.send(calls.VM_REMOVE("gone"))
    system.backup_history.clock = partial(float, moment + 100)

    second = await backed_up(client, folder, include=["vault"], verify=True, keep={"last": 1})

    assert names(folder) == {first.name, second.name}
    (last,) = (await history(client, "nightly"))[-1:]
    assert last.result == "ok"
    assert f"{first.name}: gone" in last.reason
    info = await preview(client, "nightly")
    assert info.would_keep == {first.name: ("gone",)}
    assert info.retention(["gone"]) == ([second.name, first.name], {})
    as_qube = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer, "vault"))
    with pytest.raises(PermissionDenied):
        await execute(as_qube, "nightly", WORDS, confirmed=Confirmed(("gone",)))
    system.backup_history.clock = partial(float, moment + 200)

    await execute(client, "nightly", WORDS, confirmed=Confirmed(("gone",)))

    assert len(names(folder)) == 1


async def test_a_removed_qube_in_the_excluded_list_fails_no_run(client: Client, folder: Path) -> None:
    await with_profile(client, folder, include=["vault"], exclude=["lost"])

    await execute(client, "nightly", WORDS)

    assert [run.result for run in await history(client, "nightly")] == ["ok"]


async def test_a_run_without_a_qube_that_is_named_is_not_ok(client: Client, system: System, folder: Path) -> None:
    await with_profile(client, folder, include=["vault", "lost"], verify=True, keep={"last": 1})

    with pytest.raises(BackupIncompleteError, match="There is no qube lost"):
        await execute(client, "nightly", WORDS)

    (run,) = await history(client, "nightly")
    assert run.result == "incomplete"
    assert "There is no qube lost" in run.reason
    assert [str(folder / name) for name in names(folder)] == [run.file]
    assert system.runtime.state.qube("vault").value("backup_timestamp") == str(run.start)


async def scheduled_run(client: Client, system: System) -> None:
    """Start the schedule, and wait until a run has finished."""
    async with aclosing(client.events()) as events:
        await anext(events)
        system.runtime.spawn("the schedule", system.backup_schedule.keep())
        async with asyncio.timeout(LIMIT):
            while not any(event.name == "backup-finished" for event in await anext(events)):
                pass


async def test_a_run_with_a_wrong_clock_does_not_stop_the_schedule(
    client: Client, system: System, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    system.backup_history.clock = partial(float, now + 5 * 365 * 86_400)
    await backed_up(client, folder, include=["vault"], schedule="hourly", passphrase_text="x")
    system.backup_history.clock = partial(float, now)
    monkeypatch.setattr(backup_schedule, "LOOK_SECONDS", 0.01)
    assert "vault class=AppVM" in (
        text := encode_info(await client.send(calls.BACKUP_INFO("dom0", "nightly", pieces())))
    )
    assert "changed=unknown" in text

    await scheduled_run(client, system)

    runs = await history(client, "nightly")
    assert [run.start for run in runs] == [int(now) + 5 * 365 * 86_400, int(now)]
    assert [run.result for run in runs] == ["ok", "ok"]


async def test_a_missed_run_is_made_up_for_once(
    client: Client, system: System, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_profile(client, folder, include=["vault"], schedule="hourly", passphrase_text="x")
    path = system.runtime.places.profiles / "nightly.conf"
    long_ago = time.time() - 5 * 3600
    os.utime(path, (long_ago, long_ago))
    monkeypatch.setattr(backup_schedule, "LOOK_SECONDS", 0.01)
    attempt, looks = system.backup_schedule._attempt, 0

    async def counted(name: str) -> int:
        nonlocal looks
        looks += 1
        return await attempt(name)

    monkeypatch.setattr(system.backup_schedule, "_attempt", counted)

    await scheduled_run(client, system)
    before = looks
    await until(lambda: looks > before + 3)

    history = await client.send(calls.BACKUP_HISTORY("dom0"))
    assert len(history) == 1
    assert history[0].result == "ok"


async def test_an_extra_volume_is_not_backed_up(client: Client, system: System, folder: Path) -> None:
    await system.pools.driver("default").create("spare/data", 8 * MIB)
    await client.send(calls.VM_VOLUME_ATTACH("vault", VolumeId("default", "spare/data"), {}))

    file = await backed_up(client, folder, include=["vault"])

    assert "result=ok" in (await restored(client, file, rename="vault:v2"))[0]
    assert {volume.name for volume in (await record(client, "v2")).volumes} == {"root", "private", "volatile"}
