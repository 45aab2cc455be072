# SPDX-License-Identifier: GPL-3.0-or-later
"""What one qube's record may weigh: no qube makes a record that its listeners cannot take."""

import contextlib
from uuid import UUID, uuid4

import pytest
from demo_fixtures import client_of, open_copy
from fakes_hypervisor import FakeHypervisor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from record_strategies import RECORD

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.core import weight
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.state import added
from qubesmanager.daemon.local.core.weight import check_change, check_weight, lighten, most_bytes
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls, limits
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec, DeviceId
from qubesmanager.wire.errors import Mgmt1Error, QubesValueError
from qubesmanager.wire.event import encode_event
from qubesmanager.wire.reasons import text
from qubesmanager.wire.records import DeviceRecord, VmRecord, encode_record
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


@given(RECORD)
def test_a_record_is_never_larger_than_its_bound(record: VmRecord) -> None:
    assert len(encode_record(record)) <= weight._most_bytes_of(record)


QUBES = st.sampled_from(["work", "vault", "sys-firewall", "debian-13", "fresh"])
TEXTS = st.text('a€\U0001f512"\\\\\n', max_size=3).map(lambda text: text * 300)
NETVMS = st.sampled_from(["", "sys-net", "sys-firewall"])
DISK = calls.VM_DEVICE_ASSIGN.of(DeviceClass.BLOCK), calls.VM_DEVICE_UNASSIGN.of(DeviceClass.BLOCK)
STICK = st.just(DeviceId("sys-usb", "sda"))
EDITS = st.one_of(
    st.builds(calls.VM_PROPERTY_SET, QUBES, st.just("kernelopts"), TEXTS),
    st.builds(calls.VM_PROPERTY_SET, QUBES, st.just("netvm"), NETVMS),
    st.builds(calls.VM_PROPERTY_SET, st.just("vault"), st.just("name"), st.just("fresh")),
    st.builds(calls.VM_PROPERTY_RESET, QUBES, st.sampled_from(["kernelopts", "netvm"])),
    st.builds(calls.PROPERTY_SET, st.just("dom0"), st.just("default_netvm"), NETVMS),
    st.builds(calls.VM_FEATURE_SET, QUBES, st.sampled_from(["ipv6", "servicevm", "long-name"]), TEXTS),
    st.builds(calls.VM_FEATURE_REMOVE, QUBES, st.sampled_from(["ipv6", "long-name"])),
    st.builds(calls.VM_TAG_SET, QUBES, st.sampled_from(["a", "managed-by-vault"])),
    st.builds(calls.VM_TAG_REMOVE, QUBES, st.sampled_from(["a", "managed-by-vault"])),
    st.builds(calls.VM_NOTES_SET, QUBES, payload=TEXTS),
    st.builds(DISK[0], QUBES, STICK, st.just({"read-only": "yes"})),
    st.builds(DISK[1], QUBES, STICK, st.just({})),
    st.builds(calls.VM_START, QUBES),
    st.builds(calls.VM_KILL, QUBES),
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(EDITS, max_size=20))
async def test_the_bound_of_each_record_holds_after_any_edits(
    edits: list[Request[object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """It begins as small as possible before each edit, so one byte that an edit does not count is noticed."""
    system = await open_copy(tmp_path_factory.mktemp("bound"), FakeHypervisor())
    client = client_of(system)
    state = system.runtime.state
    try:
        for edit in edits:
            for qube in state.qubes.values():
                qube.most_bytes = weight._most_bytes_of(qube)
            with contextlib.suppress(Mgmt1Error):
                await client.send(edit)
            for qube in state.qubes.values():
                assert not qube.most_bytes or weight._most_bytes_of(qube) <= qube.most_bytes
    finally:
        await system.runtime.close()


async def test_a_record_is_not_made_for_changes_far_from_the_limits(client: Client, system: System) -> None:
    qube = system.runtime.state.qube("vault")

    await client.send(calls.VM_PROPERTY_SET("vault", "memory", "300"))
    for number in range(3):
        await client.send(calls.VM_PROPERTY_SET("vault", "kernelopts", "x" * number))
        await client.send(calls.VM_FEATURE_SET("vault", "x", str(number)))
        await client.send(calls.VM_TAG_SET("vault", f"t{number}"))
        await client.send(calls.VM_TAG_REMOVE("vault", f"t{number}"))
        await client.send(calls.VM_NOTES_SET("vault", payload=str(number)))
        await client.send(calls.VM_FEATURE_REMOVE("vault", "x"))

        assert qube.kept_record is None
        assert qube.most_bytes


async def test_a_bound_that_grew_to_the_limit_is_computed_again(client: Client, system: System) -> None:
    qube = system.runtime.state.qube("vault")
    qube.most_bytes = limits.RECORD_BYTES

    await client.send(calls.VM_FEATURE_SET("vault", "x", "y"))

    assert 0 < qube.most_bytes < limits.RECORD_BYTES // 2


@given(
    st.integers(200, 230), st.text('a€"\\\\', min_size=1, max_size=1).map(lambda letter: letter * 1000), st.booleans()
)
def test_a_change_is_refused_if_and_only_if_the_record_would_be_too_large(
    features: int, value: str, is_known: bool
) -> None:
    qube = Qube(0, UUID(int=0), "heavy", VmClass.APP)
    qube.features = {f"f{number}": "x" * limits.FEATURE_BYTES for number in range(features)}
    after = qube.record().updated(features={**qube.features, "new": value})
    qube.most_bytes = weight._most_bytes_of(qube) if is_known else 0
    fits = len(encode_record(after)) <= limits.RECORD_BYTES

    with contextlib.nullcontext() if fits else pytest.raises(QubesValueError, match="at most 896 KiB are possible"):
        check_change(qube, most_bytes("new", value), lambda _record: after)


def test_devices_are_bounded_in_number(system: System) -> None:
    qube = system.runtime.state.qube("vault")
    devices = [DeviceRecord(DeviceClass.USB, "sys-usb", f"1-{number}", False) for number in range(limits.DEVICES + 1)]
    qube.devices = devices[: limits.DEVICES]

    check_change(qube, 0, lambda record: record.updated(devices=tuple(reversed(devices[: limits.DEVICES]))))
    with pytest.raises(QubesValueError, match="at most 256 devices"):
        check_change(qube, 0, lambda record: record.updated(devices=tuple(devices)))


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
