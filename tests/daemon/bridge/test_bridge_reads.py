# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading over the bridge, with our own daemon's dialect as qubesd: the same answers as the daemon itself."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from bridge_fixtures import bridged, client_of, over

from qubesmanager.client.client import Client
from qubesmanager.daemon.bridge.backend import BridgeBackend
from qubesmanager.daemon.bridge.context import REGISTRY
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.registry import Made
from qubesmanager.rules.qubes_os import INSTEAD
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import AvailableDevice, DeviceId
from qubesmanager.wire.errors import (
    Mgmt1Error,
    PermissionDenied,
    QubesFeatureNotFoundError,
    QubesNoSuchPropertyError,
    QubesNotImplementedError,
    QubesPoolNotFoundError,
    QubesVMNotFoundError,
    QubesVMNotHaltedError,
    QubesVolumeNotFoundError,
)
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import DeviceClass


@pytest.fixture
async def bridge(system: System) -> AsyncIterator[BridgeBackend]:
    async with over(bridged(system)) as backend:
        yield backend


async def records_of(client: Client) -> dict[str, VmRecord]:
    return {record.name: record async for batch in client.batches(calls.VM_GET_ALL(DOM0)) for record in batch}


ONLY_MGMT1 = {"problem", "firewall_state", "has_agent", "backup_timestamp", "start_time", "management_dispvm"}
"""Properties that mgmt1 has for a class and Qubes OS has not: the last three for dom0."""


def compared(record: VmRecord) -> VmRecord:
    """A record without what is measured each time: the bytes that volumes take."""
    return replace(record, properties={}, volumes=tuple(volume._replace(usage=0) for volume in record.volumes))


async def test_the_records_are_those_of_the_daemon(client: Client, bridge: BridgeBackend) -> None:
    own, bridged_records = await records_of(client), await records_of(client_of(bridge))

    assert {name: compared(record) for name, record in own.items()} == {
        name: compared(record) for name, record in bridged_records.items()
    }
    for name, record in own.items():
        properties = bridged_records[name].properties
        missing = record.properties.keys() - properties.keys()
        assert missing <= ONLY_MGMT1
        assert {key: properties[key][:2] for key in record.properties.keys() - missing} == {
            key: value[:2] for key, value in record.properties.items() if key not in missing
        }, name


READS: list[Request[Any]] = [
    calls.VM_LIST(DOM0),
    calls.VM_LIST(DOM0, "work"),
    calls.VM_LIST("work"),
    calls.VM_PROPERTY_GET("work", "memory"),
    calls.VM_PROPERTY_GET("work", "netvm"),
    calls.VM_PROPERTY_GET("vault", "netvm"),
    calls.VM_PROPERTY_GET("work", "autostart"),
    calls.VM_PROPERTY_GET_DEFAULT("work", "memory"),
    calls.VM_PROPERTY_GET_DEFAULT("vault", "netvm"),
    calls.PROPERTY_GET(DOM0, "default_netvm"),
    calls.PROPERTY_GET_DEFAULT(DOM0, "default_qrexec_timeout"),
    calls.VM_FEATURE_LIST("sys-net"),
    calls.VM_FEATURE_GET("sys-net", "servicevm"),
    calls.VM_FEATURE_CHECK_WITH_TEMPLATE("sys-net", "servicevm"),
    calls.VM_TAG_LIST("work"),
    calls.VM_TAG_LIST("work", "nosuch"),
    calls.VM_TAG_GET("work", "work"),
    calls.VM_NOTES_GET("work"),
    calls.VM_VOLUME_LIST("work"),
    calls.VM_VOLUME_LIST_SNAPSHOTS("vault", "private"),
    calls.VM_VOLUME_EXTEND("vault", "private", None),
    calls.POOL_LIST(DOM0, "default"),
    calls.POOL_VOLUME_LIST(DOM0, "default"),
    calls.LABEL_LIST(DOM0),
    calls.LABEL_LIST(DOM0, "red"),
    calls.LABEL_GET(DOM0, "red"),
    calls.VM_DEVICE_ATTACHED.of(DeviceClass.PCI)("sys-net"),
    calls.VM_DEVICE_ASSIGNED.of(DeviceClass.PCI)("sys-net"),
    calls.VM_DEVICE_ASSIGNED.of(DeviceClass.PCI)("sys-net", DeviceId(DOM0, "nosuch")),
    calls.VM_DEVICE_DENIED_LIST("work"),
    calls.VM_CURRENT_STATE("vault"),
]


async def test_reads_are_answered_as_by_the_daemon(client: Client, bridge: BridgeBackend) -> None:
    for request in READS:
        assert await client_of(bridge).send(request) == await client.send(request), request


async def test_the_firewall(client: Client, bridge: BridgeBackend) -> None:
    own, rows = [await each.send(calls.VM_FIREWALL_GET("work")) for each in (client, client_of(bridge))]

    assert [row.rule for row in own] == [row.rule for row in rows]
    assert len({row.rule_id for row in rows}) == len(rows)
    assert await client_of(bridge).send(calls.VM_FIREWALL_GET("work", 1)) == rows[1:2]


async def test_the_devices_of_a_backend_are_listed(client: Client, bridge: BridgeBackend) -> None:
    row = calls.VM_DEVICE_AVAILABLE.of(DeviceClass.BLOCK)("sys-usb")

    own, rows = await client.send(row), await client_of(bridge).send(row)

    def shown(devices: list[AvailableDevice]) -> list[tuple[str, str]]:
        return [(device.ident, device.description) for device in devices]

    assert shown(rows) == shown(own)


REFUSED: list[tuple[Request[Any], type[Mgmt1Error]]] = [
    (calls.VM_PROPERTY_GET("work", "nosuch"), QubesNoSuchPropertyError),
    (calls.VM_FEATURE_GET("work", "nosuch"), QubesFeatureNotFoundError),
    (calls.VM_PROPERTY_GET("nosuch", "memory"), QubesVMNotFoundError),
    (calls.POOL_INFO(DOM0, "nosuch"), QubesPoolNotFoundError),
    (calls.VM_VOLUME_INFO("work", "nosuch"), QubesVolumeNotFoundError),
    (calls.VM_PROPERTY_SET("work", "name", "other"), QubesVMNotHaltedError),
    (calls.PROPERTY_RESET(DOM0, "default_kernel"), QubesNotImplementedError),
]


async def test_a_refusal_has_its_own_type(bridge: BridgeBackend) -> None:
    for request, error in REFUSED:
        with pytest.raises(error):
            await client_of(bridge).send(request)


async def test_the_daemon_of_qubesd_takes_no_calls_of_qubes(bridge: BridgeBackend) -> None:
    with pytest.raises(PermissionDenied):
        bridge.context("work", DOM0, calls.VM_LIST, Made("mgmt1.vm.List", "+"))


def test_each_call_is_answered_or_names_an_alternative(bridge: BridgeBackend) -> None:
    families = {call.family for call in calls.TABLE}

    assert REGISTRY.handlers.keys() | INSTEAD.keys() == families
    assert not REGISTRY.handlers.keys() & INSTEAD.keys()
    with pytest.raises(QubesNotImplementedError, match="qvm-backup in dom0"):
        bridge.handler(calls.BACKUP_PROFILE_SET)
