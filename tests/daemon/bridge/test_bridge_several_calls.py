# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes several calls of qubesd: it is whole or undone, and nothing that another client made is touched."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from bridge_fixtures import Bridged, bridging
from dialect_fixtures import one_piece
from until import error_of, until

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec, CreateInPoolSpec, CreateSpec, DeviceId
from qubesmanager.wire.errors import (
    Mgmt1Error,
    QubesNoTemplateError,
    QubesValueError,
    QubesVMAlreadyExistsError,
    QubesVMNotHaltedError,
)
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.values import DeviceClass, VmClass

REFUSED = b"2\x00QubesException\x00\x00no room\x00"


@pytest.fixture
async def bridge(system: System, client: Client) -> AsyncIterator[Bridged]:
    async with bridging(system, client) as bridge:
        yield bridge


# -- creating and cloning ---------------------------------------------------------------------------------------------


async def test_a_qube_of_the_same_name_that_another_client_made_stays(
    bridge: Bridged, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def replaced(*_: object, **__: object) -> None:
        await bridge.other.send(calls.VM_REMOVE("copy"))
        await bridge.other.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("copy", "blue")))
        raise QubesValueError("no room")

    monkeypatch.setattr(bridge.system.volume_operations, "copy", replaced)

    assert await error_of(bridge.client.send(calls.VM_CLONE("vault", payload=CloneSpec("copy"))))
    assert bridge.record("copy").value("label") == "blue"


async def test_a_qubesd_that_knows_no_uuids_removes_by_name_what_has_the_uuid(
    bridge: Bridged, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        uuid = bridge.record("copy").value("uuid")
        request = f"admin.vm.Remove+ uuid:{uuid}"
        bridge.wire.answers[request] = f"2\x00QubesVMNotFoundError\x00\x00No such domain: 'uuid:{uuid}'\x00".encode()
        raise QubesValueError("no room")

    monkeypatch.setattr(bridge.system.volume_operations, "copy", fail)

    assert await error_of(bridge.client.send(calls.VM_CLONE("vault", payload=CloneSpec("copy"))))
    assert "copy" not in bridge.names


async def test_a_qube_that_cannot_be_removed_again_is_named(bridge: Bridged, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> None:
        bridge.wire.answers[f"admin.vm.Remove+ uuid:{bridge.record('copy').value('uuid')}"] = REFUSED
        raise QubesValueError("it is full")

    monkeypatch.setattr(bridge.system.volume_operations, "copy", fail)

    error = await error_of(bridge.client.send(calls.VM_CLONE("vault", payload=CloneSpec("copy"))))

    for word in ("copy", "no room", "it is full"):
        assert word in str(error)


async def test_classes_and_pools(bridge: Bridged) -> None:
    await bridge.client.send(calls.VM_CREATE(DOM0, "RemoteVM", CreateSpec("far", "red")))
    await bridge.client.send(calls.VM_CREATE_IN_POOL("debian-13", "AppVM", CreateInPoolSpec("new", "red", "default")))

    assert bridge.record("far").klass is VmClass.REMOTE
    assert bridge.record("new").volumes[1].pool == "default"
    error = await error_of(bridge.client.send(calls.VM_CREATE("vault", "AppVM", CreateSpec("other", "red"))))
    assert isinstance(error, QubesNoTemplateError)
    error = await error_of(bridge.client.send(calls.VM_CREATE("debian-13", "NoClass", CreateSpec("other", "red"))))
    assert isinstance(error, QubesValueError)


async def test_a_clone_has_everything_of_its_source(bridge: Bridged) -> None:
    for name, value in (("maxmem", "3000"), ("memory", "2000"), ("vcpus", "3"), ("autostart", "yes")):
        await bridge.other.send(calls.VM_PROPERTY_SET("vault", name, value))
    await bridge.other.send(calls.VM_FEATURE_SET("vault", "f", ""))
    await bridge.other.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, "action=drop dst4=10.0.0.0/8"))
    await bridge.other.send(calls.VM_DEVICE_DENIED_ADD("vault", payload="u03****"))
    await bridge.backend.bridge.mirror.settled()
    await until(lambda: "f" in bridge.backend.bridge.mirror.records["vault"].features)

    await bridge.client.send(calls.VM_CLONE("vault", payload=CloneSpec("copy")))

    source, copy = bridge.record("vault"), bridge.record("copy")
    for name in ("maxmem", "memory", "vcpus", "netvm", "devices_denied"):
        assert copy.value(name) == source.value(name), name
    assert copy.features == source.features
    assert not copy.flag("autostart")
    assert next(rule for _, rule in bridge.system.runtime.state.qube("copy").rules) == "action=drop dst4=10.0.0.0/8"
    # No event reports notes, and the first events of the new qube come before it has any.
    assert bridge.backend.bridge.mirror.records["copy"].notes == source.notes != ""


# -- renaming ---------------------------------------------------------------------------------------------------------

MAC = "00:16:3e:5e:6c:77"


@pytest.fixture
async def gate(bridge: Bridged) -> Bridged:
    """A qube `gate` that others refer to in every way."""
    block = DeviceClass.BLOCK
    requests: tuple[Request[Any], ...] = (
        calls.VM_CREATE("debian-13", "AppVM", CreateSpec("gate", "red")),
        calls.VM_PROPERTY_SET("gate", "provides_network", "yes"),
        calls.VM_PROPERTY_SET("gate", "autostart", "yes"),
        calls.VM_PROPERTY_SET("gate", "mac", MAC),
        calls.VM_PROPERTY_SET("untrusted", "netvm", "gate"),
        calls.PROPERTY_SET(DOM0, "updatevm", "gate"),
        calls.VM_TAG_SET("vault", "managed-by-gate"),
        calls.VM_DEVICE_ASSIGN.of(block)("vault", DeviceId("gate", "sda"), {"read-only": "yes"}),
        calls.VM_DEVICE_ASSIGN.of(block)("gate", DeviceId("sys-usb", "sda"), {}),
    )
    for request in requests:
        await bridge.other.send(request)
    mirror = bridge.backend.bridge.mirror
    await until(lambda: "gate" in mirror.records and mirror.records["gate"].devices and mirror.records["vault"].devices)
    await mirror.settled()
    return bridge


async def test_a_rename_changes_everything_that_refers_to_the_qube(gate: Bridged) -> None:
    await gate.client.send(calls.VM_PROPERTY_SET("gate", "name", "door"))

    assert "gate" not in gate.names
    assert gate.record("door").flag("autostart")
    assert gate.record("untrusted").properties["netvm"][:2] == ("door", False)
    assert gate.system.runtime.state.system("updatevm") == "door"
    assert {"managed-by-door"} == {tag for tag in gate.record("vault").tags if tag.startswith("managed-by-")}
    [device] = gate.record("vault").devices
    assert (device.backend, device.options["read-only"]) == ("door", "yes")
    assert [device.backend for device in gate.record("door").devices] == ["sys-usb"]
    assert gate.record("door").value("mac") == MAC


async def test_both_qubes_stay_when_a_rename_fails_half_way(gate: Bridged) -> None:
    gate.wire.answers["admin.property.Set+updatevm dom0"] = REFUSED

    error = await error_of(gate.client.send(calls.VM_PROPERTY_SET("gate", "name", "door")))

    assert {"gate", "door"} <= gate.names
    for word in ("gate", "door", "untrusted (netvm)", "updatevm", "no room"):
        assert word in str(error)


async def test_a_rename_whose_clone_fails_leaves_the_qube_as_it_was(gate: Bridged) -> None:
    gate.wire.answers["admin.vm.property.Set+autostart door"] = b""

    assert await error_of(gate.client.send(calls.VM_PROPERTY_SET("gate", "name", "door")))
    assert "door" not in gate.names
    assert gate.record("untrusted").value("netvm") == "gate"


async def test_what_cannot_be_renamed_is_refused_before(bridge: Bridged) -> None:
    refused: tuple[tuple[str, str, type[Mgmt1Error]], ...] = (
        ("work", "other", QubesVMNotHaltedError),
        ("vault", "work", QubesVMAlreadyExistsError),
        ("vault", "-x", QubesValueError),
        ("fedora-43", "other", QubesVMNotHaltedError),
    )
    names = bridge.names
    for old, new, kind in refused:
        error = await error_of(bridge.client.send(calls.VM_PROPERTY_SET(old, "name", new)))
        assert isinstance(error, kind), old
    assert bridge.names == names


# -- importing --------------------------------------------------------------------------------------------------------

IMAGE = b"\x01" * 512 + bytes(4 << 20) + b"\x02" * 512


async def test_a_volume_is_imported(bridge: Bridged) -> None:
    await bridge.client.send(calls.VM_VOLUME_IMPORT("vault", "private", one_piece(bytes(8 << 20))))

    assert await bridge.other.send(calls.VM_VOLUME_EXTEND("vault", "private", None)) == 8 << 20
    error = await error_of(bridge.client.send(calls.VM_VOLUME_IMPORT("work", "private", one_piece(IMAGE))))
    assert isinstance(error, QubesVMNotHaltedError)


async def test_a_template_is_created_from_an_image(bridge: Bridged) -> None:
    await bridge.client.send(calls.VM_CREATE_TEMPLATE(DOM0, "new", one_piece(IMAGE)))

    assert bridge.record("new").klass is VmClass.TEMPLATE
    assert await bridge.other.send(calls.VM_VOLUME_EXTEND("new", "root", None)) == 8 << 20
    for name, image in (("new", IMAGE), ("other", b"QFI\xfb" + IMAGE)):
        assert await error_of(bridge.client.send(calls.VM_CREATE_TEMPLATE(DOM0, name, one_piece(image))))
    bridge.wire.answers["admin.vm.volume.ImportWithSize+root third"] = b""
    assert await error_of(bridge.client.send(calls.VM_CREATE_TEMPLATE(DOM0, "third", one_piece(IMAGE))))
    assert not {"other", "third"} & bridge.names
