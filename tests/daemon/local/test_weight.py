# SPDX-License-Identifier: GPL-3.0-or-later
"""What one qube's record may weigh: no qube makes a record that its listeners cannot take."""

from uuid import uuid4

import pytest

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.state import added
from qubesmanager.daemon.local.core.weight import check_change, check_weight, lighten
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls, limits
from qubesmanager.wire.codecs import CloneSpec
from qubesmanager.wire.errors import QubesValueError
from qubesmanager.wire.event import encode_event
from qubesmanager.wire.reasons import text
from qubesmanager.wire.records import DeviceRecord, encode_record
from qubesmanager.wire.values import DeviceClass, VmClass


async def test_features_are_bounded_in_bytes_and_the_record_still_fits_into_an_event(
    client: Client, system: System
) -> None:
    value = "x" * limits.FEATURE_BYTES
    system.runtime.state.qube("vault").features.update({f"f{number}": value for number in range(215)})
    system.runtime.state.qube("vault").changed()

    with pytest.raises(QubesValueError, match="at most 896 KiB are possible"):  # noqa: PT012 - which of them fails is the point
        for number in range(215, limits.FEATURES):
            await client.send(calls.VM_FEATURE_SET("vault", f"f{number}", value))

    assert len(encode_event(added(system.runtime.state.qube("vault")))) < limits.EVENT_BYTES
    assert await client.send(calls.VM_FEATURE_GET("vault", "f215")) == value


async def test_features_and_tags_are_bounded_in_number(client: Client, system: System) -> None:
    qube = system.runtime.state.qube("vault")
    qube.features.update({f"f{number}": "" for number in range(limits.FEATURES)})
    qube.tags.update(f"t{number}" for number in range(limits.TAGS))
    qube.changed()

    await client.send(calls.VM_FEATURE_SET("vault", "f0", "x"))
    with pytest.raises(QubesValueError, match="at most 512 features"):
        await client.send(calls.VM_FEATURE_SET("vault", "more", ""))
    with pytest.raises(QubesValueError, match="at most 512 tags"):
        await client.send(calls.VM_TAG_SET("vault", "more"))


async def test_notes_that_take_more_bytes_on_the_wire_than_in_a_file_are_weighed_as_they_are_sent(
    client: Client, system: System
) -> None:
    qube = system.runtime.state.qube("vault")
    qube.features.update({f"f{number}": "x" * limits.FEATURE_BYTES for number in range(100)})
    qube.changed()

    with pytest.raises(QubesValueError, match="at most 896 KiB are possible"):
        await client.send(calls.VM_NOTES_SET("vault", payload='"' * limits.NOTES_BYTES))

    await client.send(calls.VM_NOTES_SET("vault", payload="x" * limits.NOTES_BYTES))


async def test_a_qube_that_is_too_heavy_already_can_be_made_lighter_and_is_not_cloned(
    client: Client, system: System
) -> None:
    qube = system.runtime.state.qube("vault")
    qube.features.update({f"f{number}": "x" * limits.FEATURE_BYTES for number in range(300)})
    qube.changed()

    await client.send(calls.VM_FEATURE_SET("vault", "f7", "short"))
    await client.send(calls.VM_FEATURE_REMOVE("vault", "f8"))
    with pytest.raises(QubesValueError, match="at most 896 KiB are possible"):
        await client.send(calls.VM_CLONE("vault", payload=CloneSpec("copy")))

    assert "copy" not in system.runtime.state.qubes


async def test_the_bound_of_a_record_holds_however_often_properties_change(client: Client, system: System) -> None:
    qube = system.runtime.state.qube("vault")

    for number in range(30):
        await client.send(calls.VM_PROPERTY_SET("vault", "memory", str(100 + number)))
        await client.send(calls.VM_PROPERTY_SET("vault", "kernelopts", "\\" * 100 * number))
        assert len(encode_record(qube.record())) <= qube.most_bytes
    await client.send(calls.VM_FEATURE_SET("vault", "x", "y"))

    assert not qube.most_bytes
    qube.most_bytes = limits.RECORD_BYTES
    await client.send(calls.VM_PROPERTY_SET("vault", "memory", "99"))
    assert qube.most_bytes < limits.RECORD_BYTES


def test_devices_are_bounded_in_number(system: System) -> None:
    devices = tuple(DeviceRecord(DeviceClass.USB, "sys-usb", f"1-{number}", False) for number in range(257))

    with pytest.raises(QubesValueError, match="at most 256 devices"):
        check_change(system.runtime.state.qube("vault").record(), devices=devices)


def test_a_restored_qube_loses_what_makes_it_too_heavy_and_it_is_named(system: System) -> None:
    qube = Qube(0, uuid4(), "heavy", VmClass.APP, notes='"' * limits.NOTES_BYTES)
    qube.features = {f"f{number:03}": "x" * (1000 + number) for number in range(600)}
    qube.tags = {"created-by-dom0", *(f"a{number}" for number in range(600))}
    qube.devices = [DeviceRecord(DeviceClass.USB, "sys-usb", f"1-{number}", False) for number in range(300)]

    said = " ".join(map(text, lighten(qube)))

    check_weight(None, qube.record())
    assert "44 devices are left out" in said
    assert "89 tags are left out" in said
    assert "or too large ones; left out: f3" in said
    assert "f599" not in qube.features
    assert "f000" in qube.features
    assert "created-by-dom0" in qube.tags
    assert qube.notes
