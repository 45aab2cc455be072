# SPDX-License-Identifier: GPL-3.0-or-later
"""The events that make one record of another."""

from collections.abc import Callable, Iterator

from qubesmanager.wire import events
from qubesmanager.wire.event import Event
from qubesmanager.wire.records import DeviceRecord, PropertyValue, VmRecord


def between(before: VmRecord | None, after: VmRecord) -> list[Event]:
    """Events that fold `before` into `after`; one `domain-add` where single events cannot say it."""
    if before is None or not _can_be_followed(before, after):
        return [events.DOMAIN_ADD(after.name, after)]
    return [event for part in _PARTS for event in part(before, after)]


def _can_be_followed(before: VmRecord, after: VmRecord) -> bool:
    """Whether there are events for it: none says that a property or a volume is gone, or that the class changed."""
    kept = [volume.name for volume in after.volumes[: len(before.volumes)]]
    return (
        before.klass is after.klass
        and before.properties.keys() <= after.properties.keys()
        and [volume.name for volume in before.volumes] == kept
    )


def _state(before: VmRecord, after: VmRecord) -> Iterator[Event]:
    if before.state is not after.state:
        yield events.DOMAIN_STATE(after.name, after.state)


_NOTHING = PropertyValue("", is_default=True)


def _properties(before: VmRecord, after: VmRecord) -> Iterator[Event]:
    for name, value in after.properties.items():
        if before.properties.get(name) != value:
            yield events.property_event(after.name, name, value, before.properties.get(name, _NOTHING).value)


def _features(before: VmRecord, after: VmRecord) -> Iterator[Event]:
    for name, value in after.features.items():
        if before.features.get(name) != value:
            yield events.FEATURE_SET(after.name, name, value, before.features.get(name, ""))
    for name in before.features.keys() - after.features.keys():
        yield events.FEATURE_DELETE(after.name, name)


def _tags(before: VmRecord, after: VmRecord) -> Iterator[Event]:
    for tag in sorted(after.tags - before.tags):
        yield events.TAG_ADD(after.name, tag)
    for tag in sorted(before.tags - after.tags):
        yield events.TAG_DELETE(after.name, tag)


def _volumes(before: VmRecord, after: VmRecord) -> Iterator[Event]:
    present = set(before.volumes)
    for volume in after.volumes:
        if volume not in present:
            yield events.VOLUME_SET(after.name, *volume)


def _key(device: DeviceRecord) -> tuple[str, str, str]:
    return device.device_class, device.backend, device.ident


def _devices(before: VmRecord, after: VmRecord) -> Iterator[Event]:
    old, new = ({_key(device): device for device in record.devices} for record in (before, after))
    for key, device in old.items():
        if key not in new:
            yield events.device_event(after.name, device._replace(attached=False, options={}), device)
    for key, device in new.items():
        if old.get(key) != device:
            yield events.device_event(after.name, device, old.get(key))


def _notes(before: VmRecord, after: VmRecord) -> Iterator[Event]:
    if before.notes != after.notes:
        yield events.NOTES_SET(after.name, after.notes)


_PARTS: tuple[Callable[[VmRecord, VmRecord], Iterator[Event]], ...] = (
    _state,
    _properties,
    _features,
    _tags,
    _volumes,
    _devices,
    _notes,
)
