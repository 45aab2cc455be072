# SPDX-License-Identifier: GPL-3.0-or-later
"""mgmt1's events as Qubes OS sends them: names, keys and order are those that qubesd sent."""

import pytest

from qubesmanager.admin.events import Shared, Translator
from qubesmanager.wire import events
from qubesmanager.wire.codecs import VmInfo
from qubesmanager.wire.event import Event, encode_event
from qubesmanager.wire.records import DeviceRecord, PropertyValue, VmRecord
from qubesmanager.wire.values import DeviceChange, DeviceClass, PowerState, VmClass

HALTED, RUNNING, PAUSED = PowerState.HALTED, PowerState.RUNNING, PowerState.PAUSED


def words(event: Event) -> str:
    """An event as one line: subject, name, and then keys and values in their order."""
    return "|".join([event.subject, event.name, *(word for pair in event.fields.items() for word in pair)])


def lines(*happened: Event, state: PowerState = HALTED) -> list[str]:
    """What a listener that knows the qube `app` in a state gets."""
    translator = Translator([VmInfo("app", VmClass.APP, state, "")], Shared())
    return [words(event) for each in happened for event in translator.translate(each)]


def states(*state: PowerState) -> list[Event]:
    return [events.DOMAIN_STATE("app", each) for each in state]


RESET = [f"app|property-reset:{name}|name|{name}" for name in ("xid", "stubdom_xid", "start_time")]


def test_a_start() -> None:
    assert lines(*states(PowerState.TRANSIENT, RUNNING)) == [
        "app|domain-pre-start|start_guid|True|mem_required|None",
        *RESET,
        "app|domain-spawn|start_guid|True",
        "app|domain-unpaused",
        "app|domain-start|start_guid|True",
    ]


def test_a_start_that_fails() -> None:
    assert lines(*states(PowerState.TRANSIENT, HALTED))[1:] == [
        "app|domain-start-failed|reason|The qube did not start."
    ]


def test_a_shutdown() -> None:
    assert lines(*states(PowerState.HALTING, HALTED), state=RUNNING) == [
        "app|domain-pre-shutdown|force|False",
        "app|domain-stopped",
        *RESET,
        "app|domain-shutdown",
    ]


def test_a_shutdown_that_fails_pause_and_unpause() -> None:
    assert lines(*states(PowerState.HALTING, RUNNING, PAUSED, RUNNING, RUNNING), state=RUNNING) == [
        "app|domain-pre-shutdown|force|False",
        "app|domain-shutdown-failed|reason|The qube did not shut down.",
        "app|domain-paused",
        "app|domain-unpaused",
    ]


def test_properties_are_named_and_written_as_there() -> None:
    assert lines(
        events.PROPERTY_SET("app", "memory", "500", False, "400"),
        events.PROPERTY_SET("app", "netvm", "", False, "sys-net"),
        events.PROPERTY_SET("app", "autostart", "yes", False, "no"),
        events.PROPERTY_RESET("app", "memory", "400", True, "500"),
        events.PROPERTY_SET("", "clockvm", "sys-net", False, ""),
        events.PROPERTY_SET("app", "firewall_state", "enforced", True, ""),
    ) == [
        "app|property-set:memory|name|memory|newvalue|500|oldvalue|400",
        "app|property-set:netvm|name|netvm|newvalue|None|oldvalue|sys-net",
        "app|property-set:autostart|name|autostart|newvalue|True|oldvalue|False",
        "app|property-reset:memory|name|memory|oldvalue|500",
        "|property-set:clockvm|name|clockvm|newvalue|sys-net|oldvalue|None",
    ]


def test_features_and_tags() -> None:
    assert lines(
        events.FEATURE_SET("app", "f1", "v"),
        events.FEATURE_SET("app", "f1", "w", "v"),
        events.FEATURE_DELETE("app", "f1"),
        events.TAG_ADD("app", "t1"),
        events.TAG_DELETE("app", "t1"),
    ) == [
        "app|domain-feature-set:f1|feature|f1|value|v",
        "app|domain-feature-set:f1|feature|f1|value|w|oldvalue|v",
        "app|domain-feature-delete:f1|feature|f1",
        "app|domain-tag-add:t1|tag|t1",
        "app|domain-tag-delete:t1|tag|t1",
    ]


def test_a_qube_comes_and_goes() -> None:
    record = VmRecord(
        "w1", VmClass.APP, HALTED, {"label": PropertyValue("red", False)}, tags=frozenset({"created-by-dom0", "x"})
    )

    assert lines(events.DOMAIN_ADD("w1", record), events.DOMAIN_DELETE("w1")) == [
        "|domain-add|vm|w1",
        "w1|domain-tag-add:created-by-dom0|tag|created-by-dom0",
        "w1|domain-create-on-disk",
        "|domain-delete|vm|w1",
    ]


def test_a_qube_that_is_known_is_not_added_twice() -> None:
    record = VmRecord("app", VmClass.APP, RUNNING)

    assert lines(events.DOMAIN_ADD("app", record)) == [
        "app|property-load",
        *RESET,
        "app|domain-spawn|start_guid|True",
        "app|domain-unpaused",
        "app|domain-start|start_guid|True",
    ]


def test_devices() -> None:
    options = {"read-only": "yes", "persistent": "yes"}
    attached = DeviceRecord(DeviceClass.BLOCK, "sys-net", "sdb1", True, options)
    assigned = attached._replace(attached=False)
    required = assigned._replace(options={**options, "mode": "required"})
    nothing = attached._replace(attached=False, options={})

    assert lines(
        events.device_event("app", assigned),
        events.device_event("app", attached, assigned, "0951:1666::u080650"),
        events.device_event("app", assigned, attached),
        events.device_event("app", required, assigned),
        events.device_event("app", nothing, required),
        events.device_event("app", attached._replace(options={})),
        events.device_event("app", nothing, attached),
        events.DEVICE_LIST_CHANGE("sys-net", DeviceClass.BLOCK, "sdc", DeviceChange.ADDED, "Stick", "1:2"),
        events.DEVICE_LIST_CHANGE("sys-net", DeviceClass.BLOCK, "sdc", DeviceChange.ADDED),
        events.DEVICE_LIST_CHANGE("sys-net", DeviceClass.BLOCK, "sdc", DeviceChange.REMOVED),
    ) == [
        "app|device-assign:block|device|sys-net:sdb1:*|options|{'read-only': 'yes'}",
        "app|device-attach:block|device|sys-net:sdb1:0951:1666::u080650|options|{'read-only': 'yes'}",
        "app|device-detach:block|port|sys-net:sdb1",
        "app|device-assignment-changed:block|device|sys-net:sdb1:*",
        "app|device-unassign:block|device|sys-net:sdb1:*",
        "app|device-attach:block|device|sys-net:sdb1::None|options|{'read-only': 'no'}",
        "app|device-detach:block|port|sys-net:sdb1",
        "app|device-unassign:block|device|sys-net:sdb1:*",
        "sys-net|device-list-change:block",
        "sys-net|device-added:block|device|sys-net:sdc:1:2",
        "sys-net|device-list-change:block",
        "sys-net|device-added:block|device|sys-net:sdc::None",
        "sys-net|device-list-change:block",
        "sys-net|device-removed:block|port|sys-net:sdc",
    ]


@pytest.mark.parametrize(
    "event",
    [
        events.NOTES_SET("app", "text"),
        events.LABEL_ADD("pink", "0xFF00AA"),
        events.VOLUME_SNAPSHOT("app", "private", "1-1"),
        events.VOLUME_DELETE("app", "extra-1"),
        events.EVENTS_LOST(),
        Event("app", "of-a-later-version"),
    ],
    ids=lambda event: event.name,
)
def test_events_that_qubes_os_does_not_send_are_left_out(event: Event) -> None:
    assert lines(event) == []


def test_an_event_for_many_listeners_is_translated_and_encoded_once() -> None:
    shared, event = Shared(), events.TAG_ADD("app", "t1")

    (first,) = Translator((), shared).translate(event)
    (second,) = Translator((), shared).translate(event)

    assert first is second
    assert encode_event(first) is encode_event(second)


def test_old_translations_are_forgotten() -> None:
    shared = Shared()
    translator = Translator((), shared)

    happened = [events.TAG_ADD("app", f"t{at}") for at in range(Shared.LIMIT + 50)]
    translated = [words(event) for each in happened for event in translator.translate(each)]

    assert translated == [f"app|domain-tag-add:t{at}|tag|t{at}" for at in range(Shared.LIMIT + 50)]
