# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of qubesd as they are: what it fails at is not sent, and no answer is neither success nor an explanation."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from bridge_fixtures import Bridged, bridging
from until import error_of, until

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CreateSpec, DeviceId
from qubesmanager.wire.errors import (
    Mgmt1Error,
    QubesInvalidTagError,
    QubesNotImplementedError,
    QubesPoolInUseError,
    QubesPoolNotFoundError,
    QubesPropertyValueError,
    QubesValueError,
    QubesVMNotFoundError,
    QubesVMNotHaltedError,
    QubesVolumeNotFoundError,
)
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.values import DeviceClass

BLOCK = DeviceClass.BLOCK
REFUSED = b"2\x00QubesException\x00\x00no room\x00"
STICK = DeviceId("sys-usb", "sda")


@pytest.fixture
async def bridge(system: System, client: Client) -> AsyncIterator[Bridged]:
    async with bridging(system, client) as bridge:
        yield bridge


NOT_SENT: list[tuple[Request[Any], type[Mgmt1Error]]] = [
    (calls.VM_SHUTDOWN(DOM0), QubesValueError),
    (calls.VM_PROPERTY_SET("vault", "qid", "9"), QubesPropertyValueError),
    (calls.VM_PROPERTY_RESET("vault", "name"), QubesPropertyValueError),
    (calls.VM_PROPERTY_SET("vault", "kernelopts", "ü"), QubesValueError),
    (calls.PROPERTY_RESET(DOM0, "default_kernel"), QubesNotImplementedError),
    (calls.VM_FEATURE_SET("vault", "f", "ü"), QubesValueError),
    (calls.VM_TAG_SET("vault", "created-by-work"), QubesInvalidTagError),
    (calls.VM_TAG_SET("vault", "a.b"), Mgmt1Error),
    (calls.VM_NOTES_SET("vault", payload="x" * 70_000), QubesValueError),
    (calls.VM_VOLUME_REVERT("vault", "private", "nosuch"), Mgmt1Error),
    (calls.VM_VOLUME_EXTEND("vault", "private", 1), QubesValueError),
    (calls.VM_VOLUME_CLEAR("work", "private"), QubesVMNotHaltedError),
    (calls.VM_FIREWALL_INSERT_RULE("vault", 0, "action=perhaps"), Mgmt1Error),
    (calls.VM_FIREWALL_INSERT_RULE("vault", 0, "action=drop comment=a*b"), QubesValueError),
    (calls.VM_FIREWALL_REPLACE("vault", payload=["action=drop comment=" + "x" * 1000] * 70), QubesValueError),
    (calls.VM_DEVICE_ATTACH.of(BLOCK)("work", DeviceId("nosuch", "sda"), {}), QubesVMNotFoundError),
    (calls.VM_DEVICE_ASSIGN.of(BLOCK)("vault", DeviceId("nosuch", "sda"), {}), QubesVMNotFoundError),
    (calls.VM_DEVICE_ASSIGN.of(BLOCK)("vault", STICK, {"mode": "manual"}), QubesValueError),
    (calls.VM_CREATE("vault", "AppVM", CreateSpec("new", "red")), Mgmt1Error),
    (calls.VM_CREATE("debian-13", "AppVM", CreateSpec("new", "nosuch")), Mgmt1Error),
]


async def test_what_qubesd_fails_at_is_not_sent(bridge: Bridged) -> None:
    for request, kind in NOT_SENT:
        bridge.wire.calls.clear()

        error = await error_of(bridge.client.send(request))

        assert isinstance(error, kind), (request.service, error)
        sent = [call for call in bridge.wire.calls if call.split("+")[0].rpartition(".")[2] in CHANGING]
        assert not sent, request.service


CHANGING = {"Set", "Reset", "Revert", "Resize", "Clear", "Attach", "Assign", "AppVM", "Shutdown"}


async def test_no_answer_is_an_error_and_the_qube_is_read_again(bridge: Bridged) -> None:
    """The change was carried out, and only its answer is lost."""
    await bridge.other.send(calls.VM_NOTES_SET("vault", payload="new"))
    bridge.wire.answers["admin.vm.property.Set+memory vault"] = b""

    error = await error_of(bridge.client.send(calls.VM_PROPERTY_SET("vault", "memory", "700")))

    assert "no answer" in str(error)
    mirror = bridge.backend.bridge.mirror
    await until(lambda: mirror.records["vault"].notes == "new")
    assert mirror.records["vault"].value("memory") == bridge.record("vault").value("memory")


async def test_a_pool_or_volume_that_is_missing_is_named_by_both_forms_of_the_refusal(bridge: Bridged) -> None:
    """Qubes 4.4 answers an error about the argument, an older one nothing."""
    for answer in (b"2\x00PermissionDenied\x00\x00Argument not in 'pools'\x00", b""):
        bridge.wire.answers["admin.pool.Info+nosuch dom0"] = answer
        bridge.wire.answers["admin.vm.volume.Info+nosuch vault"] = answer
        assert isinstance(await error_of(bridge.client.send(calls.POOL_INFO(DOM0, "nosuch"))), QubesPoolNotFoundError)
        error = await error_of(bridge.client.send(calls.VM_VOLUME_INFO("vault", "nosuch")))
        assert isinstance(error, QubesVolumeNotFoundError)
    bridge.wire.answers["admin.vm.volume.Info+private vault"] = b""
    assert "no answer" in str(await error_of(bridge.client.send(calls.VM_VOLUME_INFO("vault", "private"))))


async def test_the_metadata_of_a_thin_pool_is_asked_for_and_may_be_refused(bridge: Bridged) -> None:
    described = b"0\x00driver=lvm_thin\nname=vm-pool\nsize=100\nusage=40\nvolume_group=qubes_dom0\nthin_pool=vm-pool\n"
    bridge.wire.answers["admin.pool.Info+vm-pool dom0"] = described
    details = b"0\x00data_size=100\ndata_usage=40\nmetadata_size=20\nmetadata_usage=9\n"
    bridge.wire.answers["admin.pool.UsageDetails+vm-pool dom0"] = details

    info = await bridge.client.send(calls.POOL_INFO(DOM0, "vm-pool"))
    assert (info["metadata_size"], info["metadata_usage"], info["usage"]) == ("20", "9", "40")

    for refused in (b"2\x00PermissionDenied\x00\x00Access denied\x00", b"2\x00QubesException\x00\x00No\x00", b""):
        bridge.wire.answers["admin.pool.UsageDetails+vm-pool dom0"] = refused
        info = await bridge.client.send(calls.POOL_INFO(DOM0, "vm-pool"))
        assert "metadata_size" not in info
        assert info["usage"] == "40"


async def test_a_key_error_is_shown_without_its_quotes(bridge: Bridged) -> None:
    bridge.wire.answers["admin.vm.device.block.Detach+sys-usb+sda vault"] = (
        b"2\x00DeviceNotAssigned\x00\x00'block device sda not attached to vault'\x00"
    )

    error = await error_of(bridge.client.send(calls.VM_DEVICE_DETACH_ONLY.of(BLOCK)("vault", STICK)))

    assert str(error) == "block device sda not attached to vault"


async def test_what_uses_a_pool_or_a_qube_is_named(bridge: Bridged) -> None:
    error = await error_of(bridge.client.send(calls.POOL_REMOVE(DOM0, "default")))
    assert isinstance(error, QubesPoolInUseError)
    for word in ("vault", "default_pool"):
        assert word in str(error)
    error = await error_of(bridge.client.send(calls.VM_REMOVE("default-dvm")))
    assert "sys-usb (template)" in str(error)


async def test_an_attachment_that_is_refused_leaves_no_assignment(bridge: Bridged) -> None:
    attach = calls.VM_DEVICE_ATTACH.of(BLOCK)("work", STICK, {"persistent": "yes"})
    bridge.wire.answers["admin.vm.device.block.Attach+sys-usb+sda work"] = REFUSED

    assert "no room" in str(await error_of(bridge.client.send(attach)))
    assert not bridge.record("work").devices


async def test_a_configuration_is_whole_or_not_at_all(bridge: Bridged) -> None:
    bridge.wire.answers["admin.vm.volume.Set.rw+private vault"] = REFUSED
    before = await settings_of_private(bridge)

    configure = calls.VM_VOLUME_CONFIGURE("vault", "private", {"revisions_to_keep": "7", "rw": "no"})

    assert "no room" in str(await error_of(bridge.client.send(configure)))
    assert await settings_of_private(bridge) == before


async def settings_of_private(bridge: Bridged) -> dict[str, str]:
    """All but the usage of the volume: a description of its qube is written into it in the background."""
    info = await bridge.other.send(calls.VM_VOLUME_INFO("vault", "private"))
    return {name: value for name, value in info.items() if name != "usage"}


async def test_a_remote_qube_has_no_firewall(bridge: Bridged) -> None:
    await bridge.client.send(calls.VM_CREATE(DOM0, "RemoteVM", CreateSpec("far", "red")))
    await bridge.backend.bridge.mirror.record("far")

    assert isinstance(await error_of(bridge.client.send(calls.VM_FIREWALL_GET("far"))), QubesVMNotHaltedError)
