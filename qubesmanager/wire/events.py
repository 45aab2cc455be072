# SPDX-License-Identifier: GPL-3.0-or-later
"""What an event makes of a record: the one place that knows how a listener's copy follows the daemon.

Used by the client's `follow` and by the bridge's mirror. A pure function: record and event in, record out.
"""

from collections.abc import Callable
from dataclasses import replace

from qubesmanager.wire.codecs import number
from qubesmanager.wire.errors import ProtocolError
from qubesmanager.wire.event import Event
from qubesmanager.wire.records import (
    YES,
    DeviceRecord,
    PropertyValue,
    VmRecord,
    VolumeRecord,
    decode_record,
)
from qubesmanager.wire.values import DeviceClass, PowerState

DOMAIN_ADD = "domain-add"
DOMAIN_DELETE = "domain-delete"


def fold(record: VmRecord | None, event: Event) -> VmRecord | None:
    """The record after the event; None if the qube is gone (or was never known).

    An event that does not concern a record (statistics, progress) gives the same object back. Raises `ProtocolError`
    if the event's fields do not decode.
    """
    if event.kind == DOMAIN_ADD:
        return _added(event)
    if event.kind == DOMAIN_DELETE or record is None:
        return None
    change = _CHANGES.get(event.kind)
    if change is None:
        return record
    try:
        return change(record, event)
    except (KeyError, ValueError) as error:
        raise ProtocolError(f"The event {event.kind} does not decode.") from error


def _added(event: Event) -> VmRecord:
    record = decode_record(event.fields.get("record", "").encode("utf-8", "replace"))
    if record.name != event.subject:
        raise ProtocolError("The event domain-add brings the record of another qube.")
    return record


def _state(record: VmRecord, event: Event) -> VmRecord:
    return replace(record, state=PowerState(event.fields["state"]))


def _property(record: VmRecord, event: Event) -> VmRecord:
    held = PropertyValue(event.fields["newvalue"], event.fields["default"] == YES)
    return replace(record, properties={**record.properties, event.detail: held})


def _feature_set(record: VmRecord, event: Event) -> VmRecord:
    return replace(record, features={**record.features, event.detail: event.fields["value"]})


def _feature_delete(record: VmRecord, event: Event) -> VmRecord:
    return replace(record, features={name: text for name, text in record.features.items() if name != event.detail})


def _tag_add(record: VmRecord, event: Event) -> VmRecord:
    return replace(record, tags=record.tags | {event.detail})


def _tag_delete(record: VmRecord, event: Event) -> VmRecord:
    return replace(record, tags=record.tags - {event.detail})


def _notes(record: VmRecord, event: Event) -> VmRecord:
    return replace(record, notes=event.fields["notes"])


def _volume_set(record: VmRecord, event: Event) -> VmRecord:
    """A volume as it is now; the event names all its fields."""
    fields = event.fields
    volume = VolumeRecord(
        name=fields["name"],
        pool=fields["pool"],
        vid=fields["vid"],
        size=number(fields["size"]),
        usage=number(fields["usage"]),
        rw=fields["rw"] == YES,
        save_on_stop=fields["save_on_stop"] == YES,
        snap_on_start=fields["snap_on_start"] == YES,
        is_outdated=fields["is_outdated"] == YES,
        revisions_to_keep=number(fields["revisions_to_keep"]),
        extra=fields["extra"] == YES,
    )
    others = [held for held in record.volumes if held.name != volume.name]
    place = next((at for at, held in enumerate(record.volumes) if held.name == volume.name), len(others))
    return replace(record, volumes=(*others[:place], volume, *others[place:]))


def _volume_delete(record: VmRecord, event: Event) -> VmRecord:
    return replace(record, volumes=tuple(held for held in record.volumes if held.name != event.fields["name"]))


def _device(record: VmRecord, event: Event) -> VmRecord:
    """Attach, detach, assign and unassign all say what is now: `attached`, `persistent`, the options."""
    fields = dict(event.fields)
    backend, ident = fields.pop("backend"), fields.pop("ident")
    attached = fields.pop("attached") == YES
    device = DeviceRecord(DeviceClass(event.detail), backend, ident, attached, fields)
    others = tuple(
        held
        for held in record.devices
        if (held.device_class, held.backend, held.ident) != (device.device_class, backend, ident)
    )
    return replace(record, devices=(*others, device) if attached or device.persistent else others)


_CHANGES: dict[str, Callable[[VmRecord, Event], VmRecord]] = {
    "domain-state": _state,
    "property-set": _property,
    "property-reset": _property,
    "feature-set": _feature_set,
    "feature-delete": _feature_delete,
    "tag-add": _tag_add,
    "tag-delete": _tag_delete,
    "notes-set": _notes,
    "volume-set": _volume_set,
    "volume-delete": _volume_delete,
    "device-attach": _device,
    "device-detach": _device,
}


def volume_event(subject: str, volume: VolumeRecord) -> Event:
    """The event that says how a volume is now."""
    fields = {
        key: (YES if value else "no") if isinstance(value, bool) else str(value)
        for key, value in volume._asdict().items()
    }
    return Event(subject, "volume-set", fields)


def device_event(subject: str, device: DeviceRecord) -> Event:
    """The event that says how a device of a qube is now."""
    name = "device-attach" if device.attached else "device-detach"
    fields = {
        **device.options,
        "backend": device.backend,
        "ident": device.ident,
        "attached": YES if device.attached else "no",
    }
    return Event(subject, f"{name}:{device.device_class}", fields)
