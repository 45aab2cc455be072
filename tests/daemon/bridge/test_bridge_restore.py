# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring over the bridge: a backup of the daemon itself becomes qubes of the qubesd behind the bridge."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from backup_samples import WORDS, in_english
from bridge_fixtures import Bridged, bridging
from pool_tools import content
from streams import pieces
from until import error_of

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import DeviceId
from qubesmanager.wire.errors import BackupPassphraseError, Mgmt1Error, QubesNotImplementedError
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.values import DeviceClass

REFUSED = b"2\x00QubesException\x00\x00no room\x00"


@pytest.fixture
async def bridge(system: System, client: Client) -> AsyncIterator[Bridged]:
    async with bridging(system, client) as bridge:
        yield bridge


@pytest.fixture
async def backup(bridge: Bridged, folder: Path) -> bytes:
    """A backup of three qubes, of which one is the template of another."""
    block = DeviceClass.BLOCK
    requests: tuple[Request[Any], ...] = (
        calls.VM_FIREWALL_INSERT_RULE("vault", 0, "action=drop dst4=10.0.0.0/8"),
        calls.VM_DEVICE_ASSIGN.of(block)("vault", DeviceId("sys-usb", "sda"), {"read-only": "yes"}),
        calls.VM_FEATURE_SET("vault", "f", "1"),
        calls.VM_PROPERTY_SET("vault", "memory", "700"),
        calls.VM_VOLUME_IMPORT("vault", "private", pieces(b"begin", bytes(3 << 20), b"end")),
        calls.VM_VOLUME_IMPORT("debian-13", "root", pieces(bytes(4 << 20))),
    )
    for request in requests:
        await bridge.other.send(request)
    names = ["vault", "untrusted", "debian-13"]
    profile = yaml.safe_dump({"include": names, "destination_path": str(folder), "passphrase_text": WORDS})
    await bridge.other.send(calls.BACKUP_PROFILE_SET(DOM0, "all", profile))
    await bridge.other.send(calls.BACKUP_EXECUTE(DOM0, "all", {}))
    [file] = await asyncio.to_thread(lambda: list(folder.iterdir()))
    return await asyncio.to_thread(file.read_bytes)


async def restored(bridge: Bridged, backup: bytes, *options: str, passphrase: str = WORDS) -> list[str]:
    """The rows, in English."""
    head = "\n".join([f"passphrase={passphrase}", *options, "", ""]).encode()
    return in_english(await bridge.client.send(calls.BACKUP_RESTORE(DOM0, None, pieces(head, backup))))


async def test_qubes_are_restored_with_volumes_and_settings(bridge: Bridged, backup: bytes) -> None:
    renames = "rename=vault:v2 untrusted:u2 debian-13:d2"

    rows = await restored(bridge, backup, renames, "devices=yes")

    assert [row.split(" ")[1:3] for row in rows if "dom0" not in row] == [
        [f"restored-as={name}", "result=ok"] for name in ("d2", "u2", "v2")
    ], rows
    source, copy = bridge.record("vault"), bridge.record("v2")
    assert copy.value("template") == "d2"
    assert copy.properties["memory"][:2] == ("700", False)
    assert (copy.features, copy.tags, copy.notes) == (source.features, source.tags, source.notes)
    assert copy.properties["netvm"] == source.properties["netvm"]
    assert [(device.backend, device.options["read-only"]) for device in copy.devices] == [("sys-usb", "yes")]
    assert [rule for _, rule in bridge.system.runtime.state.qube("v2").rules] == [
        rule for _, rule in bridge.system.runtime.state.qube("vault").rules
    ]
    driver = bridge.system.pools.driver("default")
    assert await content(driver, "vault/private") == await content(driver, "v2/private")


async def test_each_qube_goes_into_the_pool_named_for_it(bridge: Bridged, backup: bytes, tmp_path: Path) -> None:
    await bridge.other.send(calls.POOL_ADD(DOM0, "fast", {"driver": "file-qcow2", "dir_path": str(tmp_path / "fast")}))

    rows = await restored(bridge, backup, "rename=vault:v2 untrusted:u2", "include=vault untrusted", "pools=vault:fast")

    assert all("result=ok" in row for row in rows if "restored-as=-" not in row), rows
    assert {volume.pool for volume in bridge.record("v2").volumes if volume.save_on_stop} == {"fast"}
    assert {volume.pool for volume in bridge.record("u2").volumes if volume.save_on_stop} == {"default"}
    error = await error_of(restored(bridge, backup, "rename=vault:w2", "include=vault", "pools=vault:nowhere"))
    assert "There is no pool" in str(error)
    assert "w2" not in bridge.names


async def test_nothing_is_overwritten(bridge: Bridged, backup: bytes) -> None:
    before = bridge.record("vault")

    rows = await restored(bridge, backup, "include=vault")

    assert any("vault" in row and "result=skipped" in row for row in rows)
    assert bridge.record("vault") == before
    await restored(bridge, backup, "include=vault", "conflict=rename")
    assert "vault-1" in bridge.names
    assert isinstance(await error_of(restored(bridge, backup, "include=vault", "conflict=fail")), Mgmt1Error)


async def test_a_qube_whose_volume_or_firewall_is_refused_is_removed_and_the_others_stay(
    bridge: Bridged, backup: bytes
) -> None:
    bridge.wire.answers["admin.vm.volume.ImportWithSize+private u2"] = REFUSED
    bridge.wire.answers["admin.vm.firewall.Set+ w2"] = REFUSED

    rows = await restored(bridge, backup, "rename=vault:v2 untrusted:u2", "include=vault untrusted")

    assert any("untrusted" in row and "result=failed" in row and "no room" in row for row in rows)
    assert {"v2"} == {"v2", "u2"} & bridge.names
    rows = await restored(bridge, backup, "rename=vault:w2", "include=vault")
    assert any("result=failed" in row and "no room" in row for row in rows)
    assert "w2" not in bridge.names


async def test_a_failed_template_fails_what_is_based_on_it(bridge: Bridged, backup: bytes) -> None:
    bridge.wire.answers["admin.vm.volume.ImportWithSize+root d2"] = REFUSED

    rows = await restored(bridge, backup, "rename=vault:v2 debian-13:d2", "include=vault debian-13")

    assert sum("result=failed" in row for row in rows) == 2, rows
    assert not {"v2", "d2"} & bridge.names


async def test_settings_that_are_refused_are_named(bridge: Bridged, backup: bytes) -> None:
    bridge.wire.answers["admin.vm.property.Set+memory v2"] = REFUSED
    bridge.wire.answers["admin.vm.feature.Set+f v2"] = REFUSED

    rows = await restored(bridge, backup, "rename=vault:v2", "include=vault")

    [row] = [row for row in rows if "v2" in row]
    for word in ("result=ok", "memory", "feature", "no room"):
        assert word in row


async def test_a_backup_that_ends_early_leaves_nothing(bridge: Bridged, backup: bytes) -> None:
    names = bridge.names

    await error_of(restored(bridge, backup[: len(backup) // 2], "conflict=rename"))
    assert bridge.names == names
    error = await error_of(restored(bridge, backup, "conflict=rename", passphrase="wrong"))
    assert isinstance(error, BackupPassphraseError)
    assert bridge.names == names


async def test_a_verification_makes_nothing(bridge: Bridged, backup: bytes) -> None:
    names = bridge.names

    rows = await restored(bridge, backup, "verify-only=yes")

    assert sum("result=ok" in row for row in rows) >= 3, rows
    assert bridge.names == names


async def test_what_is_of_dom0_is_not_restored(bridge: Bridged, backup: bytes) -> None:
    assert isinstance(await error_of(restored(bridge, backup, "dom0=add")), QubesNotImplementedError)


async def test_a_comment_that_qubes_os_cannot_have_costs_no_qube(bridge: Bridged, folder: Path) -> None:
    rule = "action=drop dst4=10.0.0.0/8 comment=a <b> & c"
    await bridge.other.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, rule))
    profile = yaml.safe_dump({"include": ["vault"], "destination_path": str(folder), "passphrase_text": WORDS})
    await bridge.other.send(calls.BACKUP_PROFILE_SET(DOM0, "one", profile))
    await bridge.other.send(calls.BACKUP_EXECUTE(DOM0, "one", {}))
    [file] = await asyncio.to_thread(lambda: list(folder.iterdir()))

    rows = await restored(bridge, await asyncio.to_thread(file.read_bytes), "rename=vault:v2")

    assert any("others became _" in row for row in rows), rows
    [first, *_rest] = await bridge.other.send(calls.VM_FIREWALL_GET("v2"))
    assert first.rule == "action=drop dst4=10.0.0.0/8 comment=a _b_ _ c"
