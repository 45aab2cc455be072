# SPDX-License-Identifier: GPL-3.0-or-later
"""The largest size of a qube's record, so that it always fits into an event and a row of every listener."""

import json
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Any

from qubesmanager.daemon.local.core.qube import MOST_BYTES_OF_LETTER, Qube
from qubesmanager.wire.limits import DEVICES, FEATURES, RECORD_BYTES, TAGS
from qubesmanager.wire.names import CREATED_BY
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for, refusal, to_json_text
from qubesmanager.wire.records import PropertyValue, VmRecord, encode_record

_COUNTS: tuple[tuple[Reason, int, Callable[[VmRecord], int]], ...] = (
    (Reason("feature-limit", FEATURES), FEATURES, lambda record: len(record.features)),
    (Reason("tag-limit", TAGS), TAGS, lambda record: len(record.tags)),
    (Reason("device-limit", DEVICES), DEVICES, lambda record: len(record.devices)),
)


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
    if _most_bytes(after) <= RECORD_BYTES:
        return
    size = len(encode_record(after))
    if size > RECORD_BYTES and (before is None or size > len(encode_record(before))):
        raise refusal("qube-too-large", after.name, size, RECORD_BYTES >> 10)


_VALUE = attrgetter("value")
_reason_text = lru_cache(maxsize=64)(to_json_text)


def _most_bytes(qube: VmRecord | Qube) -> int:
    """Bytes that the record cannot exceed as JSON; found in a tenth of the time that the JSON takes."""
    properties = qube.properties.values()
    texts = [qube.name, qube.notes, *qube.tags, *qube.properties, *qube.features, *qube.features.values()]
    texts += map(_VALUE, properties)
    texts += [_reason_text(value.reason) for value in properties if value.reason is not None]
    for volume in qube.volume_records:
        texts += [volume.name, volume.pool, volume.vid]
    for device in qube.devices:
        texts += [device.backend, device.ident, *device.options, *device.options.values()]
    parts = len(texts) + len(qube.volume_records) + len(qube.devices) + 1
    return MOST_BYTES_OF_LETTER * len("".join(texts)) + _MOST_BYTES_AROUND * parts


def check_change(before: VmRecord, **changes: Any) -> None:
    """`check_weight` for a record with other values of its fields."""
    check_weight(before, before.updated(**changes))


def check_property(qube: Qube, name: str, value: str) -> None:
    """`check_change` for a property that is set, without a record unless the qube may be too large."""
    growth = MOST_BYTES_OF_LETTER * len(value)
    if qube.most_bytes and qube.most_bytes + growth <= RECORD_BYTES:
        return
    # Each change of a property adds its new value, and takes nothing off for the old one.
    qube.most_bytes = _most_bytes(qube)
    if qube.most_bytes + growth > RECORD_BYTES:
        check_change(qube.record(), properties={**qube.view, name: PropertyValue(value, is_default=False)})


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
