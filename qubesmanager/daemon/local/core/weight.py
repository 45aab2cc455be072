# SPDX-License-Identifier: GPL-3.0-or-later
"""The largest size of a qube's record, so that it always fits into an event and a row of every listener."""

import json
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.wire.limits import DEVICES, FEATURES, RECORD_BYTES, TAGS
from qubesmanager.wire.names import CREATED_BY
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for, refusal, to_json_text
from qubesmanager.wire.records import DeviceRecord, PropertyValue, VmRecord, encode_record

_COUNTS: tuple[tuple[Reason, int, Callable[[VmRecord], int]], ...] = (
    (Reason("feature-limit", FEATURES), FEATURES, lambda record: len(record.features)),
    (Reason("tag-limit", TAGS), TAGS, lambda record: len(record.tags)),
    (Reason("device-limit", DEVICES), DEVICES, lambda record: len(record.devices)),
)


_MOST_BYTES_OF_LETTER = 6
"""A control character in JSON, `\\u001f`; four bytes are the most for another."""
_MOST_BYTES_AROUND = 256
"""What surrounds a text, a volume (its keys and sizes), a device, or all of a record."""


def check_weight(before: VmRecord | None, after: VmRecord) -> None:
    """Raises `QubesValueError` naming the limit that a new record, or a change that makes one heavier, passes.

    A change that makes a record lighter is accepted even while it is still too heavy.
    """
    for too_many, most, count in _COUNTS:
        number = count(after)
        if number > most and (before is None or number > count(before)):
            raise error_for(too_many)
    if _most_bytes_of(after) <= RECORD_BYTES:
        return
    size = len(encode_record(after))
    if size > RECORD_BYTES and (before is None or size > len(encode_record(before))):
        raise refusal("qube-too-large", after.name, size, RECORD_BYTES >> 10)


_VALUE = attrgetter("value")
_reason_text = lru_cache(maxsize=64)(to_json_text)


def most_bytes(*texts: str) -> int:
    """Bytes that these texts, with what surrounds each of them, cannot exceed in the JSON of a record."""
    return _MOST_BYTES_OF_LETTER * len("".join(texts)) + _MOST_BYTES_AROUND * len(texts)


def most_bytes_of_value(value: PropertyValue) -> int:
    """As `most_bytes`, for a value of a property."""
    return most_bytes(value.value) if value.reason is None else most_bytes(value.value, _reason_text(value.reason))


def most_bytes_of_device(device: DeviceRecord) -> int:
    """As `most_bytes`, for a device of a qube."""
    return most_bytes(device.backend, device.ident, *device.options, *device.options.values()) + _MOST_BYTES_AROUND


def _most_bytes_of(qube: VmRecord | Qube) -> int:
    """As `most_bytes`, for a whole record; computed in a tenth of the time that the JSON takes."""
    properties = qube.properties.values()
    texts = [qube.name, qube.notes, *qube.tags, *qube.properties, *qube.features, *qube.features.values()]
    texts += map(_VALUE, properties)
    texts += [_reason_text(value.reason) for value in properties if value.reason is not None]
    for volume in qube.volume_records:
        texts += [volume.name, volume.pool, volume.vid]
    around = _MOST_BYTES_AROUND * (len(qube.volume_records) + 1)
    return most_bytes(*texts) + around + sum(map(most_bytes_of_device, qube.devices))


def check_change(qube: Qube, growth: int, change: Callable[[VmRecord], VmRecord]) -> None:
    """`check_weight` for a change of a qube that adds at most `growth` bytes (`most_bytes`) to its record.

    The record is made, and changed by `change`, only if the qube is near a limit.
    """
    if _has_room(qube, growth):
        return
    # Each change adds what is new, and takes nothing off for what it replaces.
    qube.most_bytes = _most_bytes_of(qube)
    if not _has_room(qube, growth):
        record = qube.record()
        check_weight(record, change(record))


def _has_room(qube: Qube, growth: int) -> bool:
    """Whether the qube can take one more of everything, and `growth` more bytes, as far as is known."""
    return (
        0 < qube.most_bytes <= RECORD_BYTES - growth
        and len(qube.features) < FEATURES
        and len(qube.tags) < TAGS
        and len(qube.devices) < DEVICES
    )


def lighten(qube: Qube) -> list[Reason]:
    """Take from a new qube what makes its record too heavy; a reason for each kind of thing that was left out.

    The largest features go first. A qube whose devices alone are too much keeps being too heavy.
    """
    said = []
    if len(qube.devices) > DEVICES:
        said.append(Reason("restore-device-limit", len(qube.devices) - DEVICES, DEVICES))
        del qube.devices[DEVICES:]
    if len(qube.tags) > TAGS:
        said.append(Reason("restore-tag-limit", len(qube.tags) - TAGS, TAGS))
        by_use = sorted(qube.tags, key=lambda tag: (not tag.startswith(CREATED_BY), tag))
        qube.tags = set(by_use[:TAGS])
    features, qube.features = qube.features, {}
    if qube.notes and _size(qube) > RECORD_BYTES:
        said.append(Reason("restore-notes-too-long"))
        qube.notes = ""
    room = RECORD_BYTES - _size(qube)
    left_out = []
    for name, value in sorted(features.items(), key=lambda feature: len(feature[1])):
        room -= len(json.dumps({name: value}, ensure_ascii=False).encode("utf-8", "replace"))
        if room >= 0 and len(qube.features) < FEATURES:
            qube.features[name] = value
        else:
            left_out.append(name)
    if left_out:
        said.append(
            Reason("restore-feature-limit", ", ".join(left_out[:_NAMED]), ", …" if len(left_out) > _NAMED else "")
        )
    qube.changed()
    return said


_NAMED = 20
"""Features that a sentence names."""


def _size(qube: Qube) -> int:
    qube.changed()
    return len(encode_record(qube.record()))
