# SPDX-License-Identifier: GPL-3.0-or-later
"""Records and what events make of them."""

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_strategies import DEVICE, RECORD, VOLUME

from qubesmanager.wire import events
from qubesmanager.wire.errors import ProtocolError
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import apply_event, device_event
from qubesmanager.wire.records import (
    DeviceRecord,
    PropertyValue,
    VmRecord,
    VolumeRecord,
    decode_record,
    encode_record,
)
from qubesmanager.wire.values import PowerState, VmClass

WORK = VmRecord("work", VmClass.APP, PowerState.HALTED)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = ["name", "class", "state", "properties", "features", "tags", "volumes", "devices", "notes"]


@given(RECORD)
def test_a_record_arrives_as_it_was(record: VmRecord) -> None:
    line = encode_record(record)

    assert b"\n" not in line
    assert decode_record(line) == record


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_record_or_an_error(untrusted: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_record(untrusted)


@given(RECORD, st.sampled_from(KEYS), JSON)
def test_any_json_in_any_place_of_a_record_is_a_value_or_an_error(record: VmRecord, key: str, value: object) -> None:
    untrusted = json.dumps({**json.loads(encode_record(record)), key: value}).encode()
    try:
        decoded = decode_record(untrusted)
    except ProtocolError:
        return
    assert decode_record(encode_record(decoded)) == decoded


@pytest.mark.parametrize("untrusted", [b"[" * 100_000, b'{"name":' * 50_000, b'{"name":"\\ud800"}', b"9" * 10_000])
def test_a_hostile_record_is_an_error_and_not_slow(untrusted: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_record(untrusted)


@given(RECORD, RECORD)
def test_an_updated_record_has_the_new_parts_and_keeps_the_others(record: VmRecord, other: VmRecord) -> None:
    parts = [part.name for part in fields(VmRecord) if part.init and part.name not in {"name", "klass"}]

    assert record.updated() == record
    for part in parts:
        assert record.updated(**{part: getattr(other, part)}) == replace(record, **{part: getattr(other, part)})


FIELDS = sorted({key for row in events.TABLE for key in row.codec.what})
NAMES = [row.kind + ":" * row.has_detail for row in events.TABLE]


@given(
    st.none() | RECORD,
    st.builds(
        Event,
        st.text(max_size=4),
        st.builds("{}{}".format, st.sampled_from(NAMES), st.text(max_size=4) | st.just("usb") | st.just("")),
        st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=5) | st.just("yes"), max_size=6),
    ),
)
def test_any_event_gives_a_record_or_an_error(record: VmRecord | None, event: Event) -> None:
    try:
        after = apply_event(record, event)
    except ProtocolError:
        return
    assert after is None or isinstance(after, VmRecord)


@given(RECORD)
def test_an_added_qube_is_known_whole(record: VmRecord) -> None:
    assert apply_event(None, Event("work", "domain-add", {"record": encode_record(record).decode()})) == record


def test_a_record_under_another_name_is_refused() -> None:
    with pytest.raises(ProtocolError):
        apply_event(None, Event("other", "domain-add", {"record": encode_record(WORK).decode()}))


@given(RECORD, VOLUME)
def test_a_volumes_event_says_how_the_volume_is_now(record: VmRecord, volume: VolumeRecord) -> None:
    after = apply_event(record, events.VOLUME_SET("work", *volume))

    assert after is not None
    assert [each for each in after.volumes if each.name == volume.name] == [volume]
    assert apply_event(after, events.VOLUME_SET("work", *volume)) == after


@given(RECORD, DEVICE)
def test_a_devices_event_says_how_the_device_is_now(record: VmRecord, device: DeviceRecord) -> None:
    after = apply_event(record, device_event("work", device))

    assert after is not None
    assert (device in after.devices) == (device.attached or device.persistent)


@pytest.mark.parametrize(
    ("event", "after"),
    [
        (Event("work", "domain-state", {"state": "Running"}), VmRecord("work", VmClass.APP, PowerState.RUNNING)),
        (
            Event("work", "property-set:memory", {"newvalue": "400", "default": "no"}),
            VmRecord("work", VmClass.APP, PowerState.HALTED, {"memory": PropertyValue("400", is_default=False)}),
        ),
        (
            Event("work", "feature-set:gui", {"value": "1"}),
            VmRecord("work", VmClass.APP, PowerState.HALTED, features={"gui": "1"}),
        ),
        (
            Event("work", "tag-add:mine", {}),
            VmRecord("work", VmClass.APP, PowerState.HALTED, tags=frozenset({"mine"})),
        ),
        (Event("work", "notes-set", {"notes": "hi"}), VmRecord("work", VmClass.APP, PowerState.HALTED, notes="hi")),
        (Event("work", "feature-delete:none", {}), WORK),
        (Event("work", "tag-delete:none", {}), WORK),
        (Event("work", "domain-delete", {}), None),
    ],
)
def test_an_event_changes_what_it_names(event: Event, after: VmRecord | None) -> None:
    assert apply_event(WORK, event) == after
