# SPDX-License-Identifier: GPL-3.0-or-later
"""Events as Qubes OS sends them, from the events of mgmt1: names, keys and their order.

mgmt1 sends the new power state; Qubes OS sends what happened. So a `Translator` remembers the states that its listener
knows. What Qubes OS does not send (labels, notes, sizes, snapshots) is left out. The source of the names and keys are
exchanges with the qubesd of Qubes 4.4.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from qubesmanager.admin.codecs import ANY, FALSE, TRUE, flag_word
from qubesmanager.admin.devices import UNKNOWN, attached_options
from qubesmanager.admin.properties import FROM_MGMT1, SYSTEM, TYPES, to_qubes
from qubesmanager.rules.devices import attaching
from qubesmanager.wire import events
from qubesmanager.wire.codecs import VmInfo
from qubesmanager.wire.event import Event
from qubesmanager.wire.event_row import AnyEventRow
from qubesmanager.wire.names import CREATED_BY
from qubesmanager.wire.records import YES, DeviceRecord
from qubesmanager.wire.values import DeviceChange, DeviceMode, PowerState, VmClass

_UP = {"start_guid": TRUE}
_ENDED = frozenset({PowerState.HALTED, PowerState.CRASHED, PowerState.NA})

# -- what a change of the power state is ------------------------------------------------------------------------------


def _running(before: PowerState, name: str) -> list[Event]:
    if before is PowerState.PAUSED:
        return [Event(name, "domain-unpaused")]
    if before is PowerState.SUSPENDED:
        return [Event(name, "domain-resumed")]
    if before in {PowerState.HALTING, PowerState.DYING}:
        return [Event(name, "domain-shutdown-failed", {"reason": "The qube did not shut down."})]
    return [
        *_reset(name),
        Event(name, "domain-spawn", _UP),
        Event(name, "domain-unpaused"),
        Event(name, "domain-start", _UP),
    ]


def _halted(before: PowerState, name: str) -> list[Event]:
    if before in _ENDED:
        return []
    if before is PowerState.TRANSIENT:
        return [Event(name, "domain-start-failed", {"reason": "The qube did not start."})]
    return [Event(name, "domain-stopped"), *_reset(name), Event(name, "domain-shutdown")]


def _reset(name: str) -> list[Event]:
    return [Event(name, f"property-reset:{each}", {"name": each}) for each in ("xid", "stubdom_xid", "start_time")]


_STATES: dict[PowerState, Callable[[PowerState, str], list[Event]]] = {
    PowerState.TRANSIENT: lambda _before, name: [
        Event(name, "domain-pre-start", {**_UP, "mem_required": "None"}),
    ],
    PowerState.RUNNING: _running,
    PowerState.PAUSED: lambda _before, name: [Event(name, "domain-paused")],
    PowerState.HALTING: lambda _before, name: [Event(name, "domain-pre-shutdown", {"force": FALSE})],
    PowerState.HALTED: _halted,
    PowerState.CRASHED: _halted,
}

# -- events that need no memory ---------------------------------------------------------------------------------------

_Fields = Any
Words = Callable[[str, _Fields], list[Event]]


def _value(name: str, value: str) -> str:
    """A value as Python prints it: a reference to nothing is `None`."""
    kind = TYPES.get(name, "str")
    return "None" if kind in {"vm", "int"} and not value else to_qubes(kind, value)


def _is_sent(subject: str, name: str) -> bool:
    """Whether Qubes OS has the property, of a qube or of the system, with mgmt1's value."""
    return name in (FROM_MGMT1 if subject else SYSTEM)


def _property_set(subject: str, change: events.PropertyChange) -> list[Event]:
    name = change.name
    if not _is_sent(subject, name):
        return []
    fields = {"name": name, "newvalue": _value(name, change.value), "oldvalue": _value(name, change.old_value)}
    return [Event(subject, f"property-set:{name}", fields)]


def _property_reset(subject: str, change: events.PropertyChange) -> list[Event]:
    name = change.name
    if not _is_sent(subject, name):
        return []
    return [Event(subject, f"property-reset:{name}", {"name": name, "oldvalue": _value(name, change.old_value)})]


def _feature_set(subject: str, change: events.FeatureChange) -> list[Event]:
    old = {"oldvalue": change.old_value} if change.old_value else {}
    fields = {"feature": change.name, "value": change.value, **old}
    return [Event(subject, f"domain-feature-set:{change.name}", fields)]


class _Device(NamedTuple):
    """A device of a qube as it is now, and as it was."""

    record: DeviceRecord
    device_id: str
    was_attached: bool
    was_mode: str
    was_identity: str

    @classmethod
    def of(cls, event: Event, record: DeviceRecord) -> "_Device":
        """What an event of mgmt1 says."""
        fields = event.fields
        return cls(
            record,
            fields.get(events.DEVICE_ID, ""),
            fields.get(events.WAS_ATTACHED) == YES,
            fields.get(events.WAS_MODE, DeviceMode.MANUAL),
            fields.get(events.WAS_IDENTITY, ""),
        )


def _device(subject: str, device: _Device) -> list[Event]:
    """Detaching before the assignment and attaching after it, as when one follows from the other."""
    record, kind = device.record, device.record.device_class
    port = f"{record.backend}:{ANY if record.any_port else record.ident}"
    identity = device.was_identity if record.mode is DeviceMode.MANUAL else record.identity
    assigned = {"device": f"{port}:{identity or ANY}"}
    sent: list[Event] = []
    if device.was_attached and not record.attached:
        sent.append(Event(subject, f"device-detach:{kind}", {"port": port}))
    if device.was_mode != record.mode:
        if record.mode is DeviceMode.MANUAL:
            sent.append(Event(subject, f"device-unassign:{kind}", assigned))
        elif device.was_mode == DeviceMode.MANUAL:
            options = str(attaching(record.options))
            sent.append(Event(subject, f"device-assign:{kind}", {**assigned, "options": options}))
        else:
            sent.append(Event(subject, f"device-assignment-changed:{kind}", assigned))
    if record.attached and not device.was_attached:
        fields = {
            "device": f"{port}:{device.device_id or UNKNOWN}",
            "options": str(attached_options(kind, record.options)),
        }
        sent.append(Event(subject, f"device-attach:{kind}", fields))
    return sent


def _device_list(subject: str, device: events.DeviceSeen) -> list[Event]:
    port = f"{subject}:{device.ident}"
    changed = Event(subject, f"device-list-change:{device.device_class}")
    if device.change is DeviceChange.ADDED:
        return [
            changed,
            Event(subject, f"device-added:{device.device_class}", {"device": f"{port}:{device.identity or UNKNOWN}"}),
        ]
    if device.change is DeviceChange.REMOVED:
        return [changed, Event(subject, f"device-removed:{device.device_class}", {"port": port})]
    return [changed]


def _import_begin(subject: str, begin: events.ImportBegin) -> list[Event]:
    fields = {"volume": begin.name, "size": "None" if begin.size is None else str(begin.size)}
    return [Event(subject, "domain-volume-import-begin", fields)]


def _import_end(subject: str, end: events.ImportEnd) -> list[Event]:
    return [Event(subject, "domain-volume-import-end", {"volume": end.name, "success": flag_word(end.success)})]


def _stats(subject: str, stats: events.Statistics) -> list[Event]:
    fields = {
        "memory_kb": str(stats.memory_kb),
        "memory_assigned_usable": str(stats.memory_kb),
        "cpu_time": str(stats.cpu_time),
        "cpu_usage": str(stats.cpu_usage),
    }
    return [Event(subject, "vm-stats", fields)]


def _progress(_subject: str, progress: events.BackupProgress) -> list[Event]:
    percent = 100 * progress.done / progress.total if progress.total else 0.0
    return [Event("", "backup-progress", {"backup_profile": progress.profile, "progress": str(percent)})]


_WORDS: Mapping[AnyEventRow, Words] = {
    events.CONNECTION_ESTABLISHED: lambda _subject, _fields: [Event("", "connection-established")],
    events.PROPERTY_SET: _property_set,
    events.PROPERTY_RESET: _property_reset,
    events.FEATURE_SET: _feature_set,
    events.FEATURE_DELETE: lambda subject, feature: [
        Event(subject, f"domain-feature-delete:{feature.name}", {"feature": feature.name})
    ],
    events.TAG_ADD: lambda subject, tag: [Event(subject, f"domain-tag-add:{tag.tag}", {"tag": tag.tag})],
    events.TAG_DELETE: lambda subject, tag: [Event(subject, f"domain-tag-delete:{tag.tag}", {"tag": tag.tag})],
    events.FIREWALL_CHANGED: lambda subject, _fields: [Event(subject, "firewall-changed")],
    events.DEVICE_ATTACH: _device,
    events.DEVICE_DETACH: _device,
    events.DEVICE_LIST_CHANGE: _device_list,
    events.VOLUME_IMPORT_BEGIN: _import_begin,
    events.VOLUME_IMPORT_END: _import_end,
    events.POOL_ADD: lambda _subject, pool: [Event("", "pool-add", {"pool": pool.pool})],
    events.POOL_DELETE: lambda _subject, pool: [Event("", "pool-delete", {"pool": pool.pool})],
    events.BACKUP_PROGRESS: _progress,
    events.VM_STATS: _stats,
}
"""The events of Qubes OS for an event of mgmt1, where that depends on no earlier event; none for other rows."""


def _fields(row: AnyEventRow, event: Event) -> Any:
    """What the words of a row are made of."""
    fields = row.read(event)
    return _Device.of(event, fields) if isinstance(fields, DeviceRecord) else fields


class Shared:
    """Translations that several listeners need: each event is translated once while they are close to each other."""

    LIMIT = 1024
    """Events that are remembered."""

    def __init__(self) -> None:
        self._done: OrderedDict[int, tuple[Event, list[Event]]] = OrderedDict()

    def translated(self, row: AnyEventRow, event: Event) -> list[Event]:
        """The events of Qubes OS for an event of a row of `_WORDS`."""
        kept = self._done.get(id(event))
        if kept is not None:
            return kept[1]
        words = _WORDS.get(row)
        result = words(event.subject, _fields(row, event)) if words else []
        # The event is kept with its translation, so that no other one gets its id meanwhile.
        self._done[id(event)] = (event, result)
        if len(self._done) > self.LIMIT:
            self._done.popitem(last=False)
        return result


class Translator:
    """One listener's events: `known` are the qubes that it knows, with their states."""

    def __init__(self, known: Iterable[VmInfo], shared: Shared) -> None:
        self._states = {row.name: row.state for row in known}
        self._shared = shared

    def translate(self, event: Event) -> list[Event]:
        """The events of Qubes OS for one of mgmt1; none for what Qubes OS does not send."""
        row = events.row_of(event)
        if row is None:
            return []
        if row is events.DOMAIN_STATE:
            return self._state(event.subject, events.DOMAIN_STATE.read(event).state)
        if row is events.DOMAIN_ADD:
            return self._added(event)
        if row is events.DOMAIN_DELETE:
            self._states.pop(event.subject, None)
            return [Event("", "domain-delete", {"vm": event.subject})]
        return self._shared.translated(row, event)

    def _state(self, name: str, state: PowerState) -> list[Event]:
        before = self._states.get(name, PowerState.HALTED)
        self._states[name] = state
        words = _STATES.get(state)
        return words(before, name) if words is not None and state is not before else []

    def _added(self, event: Event) -> list[Event]:
        """A new qube; or one that the listener knows, with many changes at once."""
        name = event.subject
        record = events.DOMAIN_ADD.read(event).record
        if name in self._states:
            return [Event(name, "property-load"), *self._state(name, record.state)]
        self._states[name] = record.state
        created = sorted(tag for tag in record.tags if tag.startswith(CREATED_BY))
        made = [] if record.klass is VmClass.REMOTE else [Event(name, "domain-create-on-disk")]
        tags = [Event(name, f"domain-tag-add:{tag}", {"tag": tag}) for tag in created]
        return [Event("", "domain-add", {"vm": name}), *tags, *made]
