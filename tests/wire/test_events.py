# SPDX-License-Identifier: GPL-3.0-or-later
"""The event table: each row's fields arrive as they were sent, and whatever arrives is a value, an error or ignored."""

from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.wire import events
from qubesmanager.wire.errors import ProtocolError
from qubesmanager.wire.event import Event, EventDecoder, encode_event
from qubesmanager.wire.event_row import AnyEventRow, Audience, Subject
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import DeviceRecord, PropertyValue, VmRecord, VolumeRecord
from qubesmanager.wire.values import DeviceChange, DeviceClass, PowerState, VmClass

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
KEY = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8)
NUMBER = st.integers(0, 10**18)
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: NUMBER,
    bool: st.booleans(),
    int | None: st.none() | NUMBER,
    Reason | None: st.none() | st.sampled_from([Reason("no-such-qube", "work"), Reason("dom0-not-removed")]),
    PowerState: st.sampled_from(PowerState),
    DeviceChange: st.sampled_from(DeviceChange),
    DeviceClass: st.sampled_from(DeviceClass),
    VmRecord: st.builds(
        VmRecord, TEXT, st.sampled_from(VmClass), st.sampled_from(PowerState), tags=st.frozensets(TEXT, max_size=2)
    ),
}
OPTIONS = st.dictionaries(KEY.filter(lambda key: key not in {"backend", "ident", "attached"}), TEXT, max_size=3)
WORK = VmRecord("work", VmClass.APP, PowerState.HALTED)
ROW = st.sampled_from(events.TABLE)


def fields_of(row: AnyEventRow) -> st.SearchStrategy[Any]:
    if row.fields is DeviceRecord:
        return st.builds(DeviceRecord, VALUES[DeviceClass], TEXT, TEXT, st.booleans(), OPTIONS)
    return st.tuples(*(VALUES[kind] for kind in get_type_hints(row.fields).values())).map(
        lambda values: row.fields(*values)
    )


ROW_WITH_FIELDS = ROW.flatmap(lambda row: st.tuples(st.just(row), fields_of(row)))


@given(ROW_WITH_FIELDS, TEXT)
def test_the_fields_of_each_row_arrive_as_they_were_sent(sent: tuple[AnyEventRow, Any], subject: str) -> None:
    row, fields = sent
    event = row.event(subject, fields)

    (arrived,) = EventDecoder().feed(encode_event(event))

    assert arrived == event
    assert [each for each in events.TABLE if each.matches(arrived)] == [row]
    assert events.row_of(arrived) is row
    assert row.read(arrived) == row.of(arrived) == fields


@given(ROW, TEXT, st.data())
def test_any_text_in_any_field_is_a_value_or_a_protocol_error(
    row: AnyEventRow, subject: str, data: st.DataObject
) -> None:
    keys = st.sampled_from([*row.codec.what, "surplus"])
    untrusted = data.draw(st.dictionaries(keys, TEXT | st.sampled_from(["yes", "1", "-1", "Running", "usb", "added"])))
    detail = data.draw(TEXT | st.sampled_from(DeviceClass))
    event = Event(subject, f"{row.kind}:{detail}" if row.has_detail else row.name, untrusted)
    try:
        fields = row.read(event)
    except ProtocolError:
        assert row.of(event) is None
    else:
        assert row.of(event) == fields
        assert row.read(row.event(subject, fields)) == fields


@given(st.none() | st.just(WORK), TEXT, TEXT, st.dictionaries(TEXT, TEXT, max_size=3))
def test_an_unknown_event_changes_nothing(
    record: VmRecord | None, subject: str, name: str, fields: dict[str, str]
) -> None:
    event = Event(subject, f"unknown-{name}", fields)

    assert events.row_of(event) is None
    assert events.apply_event(record, event) is record


@pytest.mark.parametrize(
    "name",
    ["domain-state:x", "property-set", "tag-add", "domain", "Domain-State", " domain-state", "domain-state ", ""],
)
def test_a_name_that_is_nearly_that_of_a_row_is_unknown(name: str) -> None:
    event = Event("work", name, {"state": "Running", "newvalue": "1", "default": "no"})

    assert events.row_of(event) is None
    assert not any(row.matches(event) for row in events.TABLE)
    assert events.apply_event(WORK, event) is WORK


def test_a_row_makes_an_event_from_typed_values() -> None:
    made = [
        events.DOMAIN_STATE("work", PowerState.RUNNING),
        events.PROPERTY_SET("", "default_netvm", "sys-net", is_default=False, old_value=""),
        events.TAG_ADD("work", "mine"),
        events.DEVICE_LIST_CHANGE("sys-usb", DeviceClass.USB, "2-1", DeviceChange.REMOVED, "Stick"),
        events.device_event("work", DeviceRecord(DeviceClass.BLOCK, "sys-usb", "sda", True, {"read-only": "yes"})),
        events.property_event("work", "memory", PropertyValue("400", is_default=True), "800"),
        events.POOL_MISSING("usb", reason="The disk is gone."),
        events.BACKUP_PROGRESS("nightly", 3, qube="work", done=1, total=2, qube_done=1, qube_total=2),
        events.EVENTS_LOST(),
    ]

    assert made == [
        Event("work", "domain-state", {"name": "work", "state": "Running"}),
        Event(
            "",
            "property-set:default_netvm",
            {"name": "default_netvm", "newvalue": "sys-net", "oldvalue": "", "default": "no"},
        ),
        Event("work", "tag-add:mine", {"tag": "mine"}),
        Event(
            "sys-usb",
            "device-list-change:usb",
            {"ident": "2-1", "change": "removed", "description": "Stick", "identity": ""},
        ),
        Event(
            "work",
            "device-attach:block",
            {
                "read-only": "yes",
                "backend": "sys-usb",
                "ident": "sda",
                "attached": "yes",
                "was-attached": "no",
                "was-mode": "manual",
            },
        ),
        Event(
            "work",
            "property-reset:memory",
            {"name": "memory", "newvalue": "400", "oldvalue": "800", "default": "yes"},
        ),
        Event("", "pool-missing", {"pool": "usb", "reason": "The disk is gone."}),
        Event(
            "",
            "backup-progress",
            {
                "profile": "nightly",
                "run": "3",
                "phase": "writing",
                "qube": "work",
                "done": "1",
                "total": "2",
                "qube-done": "1",
                "qube-total": "2",
            },
        ),
        Event("", "events-lost"),
    ]


def test_fields_that_came_later_may_be_missing_and_those_of_a_volume_may_not() -> None:
    volume = events.VOLUME_SET("work", *VolumeRecord("private", "pool", "vid", 1, 1))
    short = Event("work", volume.name, {key: text for key, text in volume.fields.items() if key != "rw"})

    assert events.PROPERTY_SET.of(Event("work", "property-set:memory", {"newvalue": "1", "default": "no"})) == (
        events.PropertyChange("memory", "1", is_default=False)
    )
    assert events.VOLUME_SET.of(volume) is not None
    assert events.VOLUME_SET.of(short) is None


def test_each_row_is_described_and_has_an_audience_that_fits_its_subject() -> None:
    names = [row.kind for row in events.TABLE]

    assert len(set(names)) == len(names)
    for row in events.TABLE:
        assert row.doc.endswith("."), row.name
        assert row.effect is None or row.effect.__doc__, row.name
        assert (row.subject is Subject.SYSTEM) == (row.audience in {Audience.DOM0, Audience.EVERYONE}), row.name
