# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes over the bridge: they reach the daemon behind the dialect, and the mirror follows."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from bridge_fixtures import bridged, client_of, over
from until import error_of, until, until_equal

from qubesmanager.client.client import Client
from qubesmanager.daemon.bridge.backend import BridgeBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec, CreateInPoolSpec, CreateSpec, DeviceId, RuleRow
from qubesmanager.wire.errors import (
    ProtocolError,
    QubesLabelNotFoundError,
    QubesValueError,
    QubesVMInUseError,
    QubesVMNotFoundError,
    QubesVMNotHaltedError,
    QubesVolumeRevisionNotFoundError,
)
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.records import PropertyValue, VmRecord, VolumeRecord
from qubesmanager.wire.values import DeviceClass, PowerState


@pytest.fixture
async def bridge(system: System) -> AsyncIterator[BridgeBackend]:
    async with over(bridged(system)) as backend:
        await backend.bridge.mirror.settled()
        yield backend


@pytest.fixture
def over_bridge(bridge: BridgeBackend) -> Client:
    return client_of(bridge)


def record_of(bridge: BridgeBackend, name: str) -> VmRecord:
    return bridge.bridge.mirror.records[name]


async def test_properties_features_tags_and_notes(system: System, bridge: BridgeBackend, over_bridge: Client) -> None:
    requests: tuple[Request[Any], ...] = (
        calls.VM_PROPERTY_SET("vault", "memory", "700"),
        calls.VM_PROPERTY_SET("vault", "autostart", "yes"),
        calls.VM_FEATURE_SET("vault", "f", "1"),
        calls.VM_TAG_SET("vault", "t"),
        calls.VM_NOTES_SET("vault", payload="ü\n"),
    )
    for request in requests:
        await over_bridge.send(request)

    await until(lambda: record_of(bridge, "vault").notes == "ü\n" and "t" in record_of(bridge, "vault").tags)
    await bridge.bridge.mirror.settled()
    qube, record = system.runtime.state.qube("vault").record(), record_of(bridge, "vault")
    assert record.properties["memory"] == qube.properties["memory"] == PropertyValue("700", is_default=False)
    assert record.flag("autostart")
    assert (record.features, record.tags, record.notes) == (qube.features, qube.tags, qube.notes)
    await over_bridge.send(calls.VM_PROPERTY_RESET("vault", "memory"))
    await over_bridge.send(calls.VM_FEATURE_REMOVE("vault", "f"))
    await over_bridge.send(calls.VM_TAG_REMOVE("vault", "t"))
    await over_bridge.send(calls.VM_NOTES_SET("vault", payload=""))
    await until(lambda: record_of(bridge, "vault").properties["memory"].is_default)
    await until(
        lambda: record_of(bridge, "vault").notes.strip() == "" and "f" not in record_of(bridge, "vault").features
    )


async def test_what_qubesd_cannot_take_is_refused_before(over_bridge: Client) -> None:
    assert isinstance(await error_of(over_bridge.send(calls.VM_FEATURE_SET("vault", "f", "ü"))), QubesValueError)
    assert isinstance(
        await error_of(over_bridge.send(calls.VM_PROPERTY_SET("vault", "kernelopts", "ü"))), QubesValueError
    )
    assert isinstance(await error_of(over_bridge.send(calls.VM_PROPERTY_SET("vault", "qid", "9"))), QubesValueError)
    insert = calls.VM_FIREWALL_INSERT_RULE("vault", None, "action=perhaps")
    assert isinstance(await error_of(over_bridge.send(insert)), QubesValueError | ProtocolError)
    revert = calls.VM_VOLUME_REVERT("vault", "private", "nosuch")
    assert isinstance(await error_of(over_bridge.send(revert)), QubesVolumeRevisionNotFoundError)
    shrink = calls.VM_VOLUME_EXTEND("vault", "private", 1)
    assert isinstance(await error_of(over_bridge.send(shrink)), QubesValueError)
    clear = calls.VM_VOLUME_CLEAR("work", "private")
    assert isinstance(await error_of(over_bridge.send(clear)), QubesVMNotHaltedError)


async def test_what_has_no_event_is_read_again_before_the_answer(
    system: System, bridge: BridgeBackend, over_bridge: Client
) -> None:
    records = bridge.bridge.mirror.records

    def private() -> VolumeRecord:
        return next(volume for volume in records["vault"].volumes if volume.name == "private")

    size = await over_bridge.send(calls.VM_VOLUME_EXTEND("vault", "private", 3 << 30))
    assert private().size == size == 3 << 30
    await over_bridge.send(calls.VM_VOLUME_CONFIGURE("vault", "private", {"revisions_to_keep": "4"}))
    assert private().revisions_to_keep == 4
    await over_bridge.send(calls.VM_NOTES_SET("vault", payload="new"))
    assert records["vault"].notes == "new"
    await over_bridge.send(calls.VM_START("vault"))
    assert records["vault"].state is PowerState.RUNNING


async def test_power(bridge: BridgeBackend, over_bridge: Client) -> None:
    for call, state in (
        (calls.VM_START, PowerState.RUNNING),
        (calls.VM_PAUSE, PowerState.PAUSED),
        (calls.VM_UNPAUSE, PowerState.RUNNING),
        (calls.VM_KILL, PowerState.HALTED),
    ):
        await over_bridge.send(call("vault"))
        await until_equal(lambda: record_of(bridge, "vault").state, state)


async def test_rules_of_the_firewall_keep_their_ids(system: System, over_bridge: Client) -> None:
    first = await over_bridge.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, "action=drop dst4=10.0.0.0/8"))
    await over_bridge.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, "action=drop dst4=11.0.0.0/8"))
    rows = await over_bridge.send(calls.VM_FIREWALL_GET("vault"))

    assert rows[1] == RuleRow(first, "action=drop dst4=10.0.0.0/8")
    await over_bridge.send(calls.VM_FIREWALL_REMOVE_RULE("vault", first))
    assert [row.rule for row in await over_bridge.send(calls.VM_FIREWALL_GET("vault"))] == [
        "action=drop dst4=11.0.0.0/8",
        "action=accept",
    ]
    await over_bridge.send(calls.VM_FIREWALL_FLUSH("vault"))
    assert [rule for _rule_id, rule in system.runtime.state.qube("vault").rules] == ["action=drop"]


async def test_a_device_is_attached_assigned_and_detached(bridge: BridgeBackend, over_bridge: Client) -> None:
    block, stick = DeviceClass.BLOCK, DeviceId("sys-usb", "sda")

    await over_bridge.send(calls.VM_DEVICE_ATTACH.of(block)("work", stick, {"persistent": "yes", "read-only": "yes"}))
    await until(lambda: any(device.attached and device.persistent for device in record_of(bridge, "work").devices))
    rows = await over_bridge.send(calls.VM_DEVICE_LIST.of(block)("work"))
    assert rows[0].device == stick
    assert rows[0].options["read-only"] == "yes"

    await over_bridge.send(calls.VM_DEVICE_DETACH_ONLY.of(block)("work", stick))
    await until(lambda: [device.attached for device in record_of(bridge, "work").devices] == [False])
    rows = await over_bridge.send(calls.VM_DEVICE_ASSIGNED.of(block)("work"))
    assert [row.device for row in rows] == [stick]
    await over_bridge.send(calls.VM_DEVICE_DETACH.of(block)("work", stick))
    await until(lambda: not record_of(bridge, "work").devices)


async def test_labels(over_bridge: Client) -> None:
    await over_bridge.send(calls.LABEL_CREATE(DOM0, "pink", "0xff00aa"))
    assert await over_bridge.send(calls.LABEL_GET(DOM0, "pink")) == "0xFF00AA"
    await over_bridge.send(calls.LABEL_REMOVE(DOM0, "pink"))
    assert isinstance(await error_of(over_bridge.send(calls.LABEL_GET(DOM0, "pink"))), QubesLabelNotFoundError)


async def test_create_clone_and_remove(system: System, bridge: BridgeBackend, over_bridge: Client) -> None:
    await over_bridge.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("new", "red")))
    await over_bridge.send(calls.VM_CREATE("debian-13", "StandaloneVM", CreateSpec("alone", "red")))
    await until(lambda: {"new", "alone"} <= bridge.bridge.mirror.records.keys())
    await over_bridge.send(calls.VM_CLONE("vault", payload=CloneSpec("vault-2")))

    source, copy = (system.runtime.state.qube(name).record() for name in ("vault", "vault-2"))
    assert copy.value("template") == source.value("template")
    assert copy.properties["netvm"] == source.properties["netvm"]
    assert {"keys"} <= copy.tags
    assert copy.notes == source.notes
    await until(lambda: "vault-2" in bridge.bridge.mirror.records)
    await over_bridge.send(calls.VM_REMOVE("vault-2"))
    await until(lambda: "vault-2" not in bridge.bridge.mirror.records)
    error = await error_of(over_bridge.send(calls.VM_REMOVE("default-dvm")))
    assert isinstance(error, QubesVMInUseError)
    assert "sys-usb (template)" in str(error)


async def test_an_empty_template_and_a_disposable_that_stays_are_created(system: System, over_bridge: Client) -> None:
    pools = {"private": "default"}
    await over_bridge.send(calls.VM_CREATE_EMPTY_TEMPLATE(DOM0, payload=CreateInPoolSpec("t1", "red")))
    await over_bridge.send(calls.VM_CREATE_EMPTY_TEMPLATE(DOM0, payload=CreateInPoolSpec("t2", "red", pools=pools)))
    await over_bridge.send(calls.VM_CREATE_KEPT_DISPOSABLE("default-dvm", payload=CreateSpec("d1", "red")))

    classes = {name: system.runtime.state.qube(name).klass for name in ("t1", "t2", "d1")}
    assert classes == {"t1": "TemplateVM", "t2": "TemplateVM", "d1": "DispVM"}
    assert not system.runtime.state.qube("d1").flag("auto_cleanup")


async def test_a_clone_that_fails_leaves_nothing(
    system: System, bridge: BridgeBackend, over_bridge: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise QubesValueError("no room")

    monkeypatch.setattr(system.volume_operations, "copy", fail)

    error = await error_of(over_bridge.send(calls.VM_CLONE("vault", payload=CloneSpec("vault-2"))))

    assert "no room" in str(error)
    assert "vault-2" not in system.runtime.state.qubes
    assert isinstance(await error_of(bridge.bridge.mirror.record("vault-2")), QubesVMNotFoundError)
