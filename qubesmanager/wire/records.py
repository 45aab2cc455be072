# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a qube: the line that `mgmt1.vm.GetAll` sends and events keep up to date.

JSON of a line: `{"name", "class", "state", "properties": {name: [value, default, reason]}, "features": {}, "tags": [],
"volumes": [{}], "devices": [{}], "notes"}`. Booleans are `yes` and `no`; references are names, none is
the empty text; sizes are bytes, memory is MiB, times are Unix seconds, as text. Only a property that says why something
is so has a reason (`reasons.to_json`).
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import from_json, refusal, to_json
from qubesmanager.wire.values import ASSIGNED_MODES, DeviceClass, DeviceMode, PowerState, VmClass, usual_mode

YES = "yes"
NO = "no"

_FLAGS = {**dict.fromkeys((YES, "true", "1", "on"), True), **dict.fromkeys((NO, "false", "0", "off"), False)}


def flag_of(untrusted: str) -> bool | None:
    """The meaning of a yes or no in any of its spellings, those of Qubes OS included; None for any other text."""
    return _FLAGS.get(untrusted.lower())


class PropertyValue(NamedTuple):
    """A property as it is now: its text, and whether that is the default; the reason that the text is, if it is one."""

    value: str
    is_default: bool
    reason: Reason | None = None


@lru_cache(maxsize=1024)
def shared_value(value: str, *, is_default: bool) -> PropertyValue:
    """A value without a reason. Qubes share most of theirs: one object each keeps a full collection short.

    Values that only one qube has (a name, an address) leave the cache soon.
    """
    return PropertyValue(value, is_default)


class VolumeRecord(NamedTuple):
    """One volume of a qube; sizes in bytes."""

    name: str
    pool: str
    vid: str
    size: int
    usage: int
    rw: bool = True
    save_on_stop: bool = False
    snap_on_start: bool = False
    is_outdated: bool = False
    revisions_to_keep: int = 0
    extra: bool = False
    """True for a volume attached by `mgmt1.vm.volume.Attach`."""


ANY_PORT = "*"
"""The prefix of the ident of an assignment at any port, before the identity of the device, if there is one."""


class DeviceRecord(NamedTuple):
    """One device that is attached to a qube, or assigned to it persistently, or both.

    An assignment has the option `persistent=yes`, and may have `mode` and `identity` (which device it must be). The
    ident is the port, or `*` and an identity for the assignment of a device at any port of the backend.
    """

    device_class: DeviceClass
    backend: str
    ident: str
    attached: bool
    options: Mapping[str, str] = {}

    @property
    def persistent(self) -> bool:
        return self.options.get("persistent") == YES

    @property
    def mode(self) -> DeviceMode:
        """How the qube gets the device; MANUAL if it is not assigned."""
        if not self.persistent:
            return DeviceMode.MANUAL
        mode = self.options.get("mode", "")
        return DeviceMode(mode) if mode in ASSIGNED_MODES else usual_mode(self.device_class)

    @property
    def any_port(self) -> bool:
        """Whether it is an assignment for a device wherever it is plugged in."""
        return self.ident.startswith(ANY_PORT)

    @property
    def identity(self) -> str:
        """Which device an assignment is for; empty for any."""
        return self.ident.removeprefix(ANY_PORT) if self.any_port else self.options.get("identity", "")


@dataclass(frozen=True, slots=True)
class VmRecord:
    """A qube. Frozen: a change is a new record (`events.apply_event`)."""

    name: str
    klass: VmClass
    state: PowerState
    properties: Mapping[str, PropertyValue] = field(default_factory=dict)
    features: Mapping[str, str] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    volumes: tuple[VolumeRecord, ...] = ()
    devices: tuple[DeviceRecord, ...] = ()
    notes: str = ""
    _encoded: list[bytes] = field(default_factory=list, init=False, repr=False, compare=False)

    def value(self, name: str) -> str:
        """The text of a property; empty where the qube has no such property."""
        value = self.properties.get(name)
        return value.value if value else ""

    def flag(self, name: str) -> bool:
        return self.value(name) == YES

    def number(self, name: str) -> int | None:
        """A property as a number; None where it is absent, empty or not a number."""
        text = self.value(name)
        return int(text) if text.isascii() and text.isdigit() else None

    @property
    def volume_records(self) -> tuple[VolumeRecord, ...]:
        return self.volumes

    def updated(
        self,
        *,
        state: PowerState | None = None,
        properties: Mapping[str, PropertyValue] | None = None,
        features: Mapping[str, str] | None = None,
        tags: frozenset[str] | None = None,
        volumes: tuple[VolumeRecord, ...] | None = None,
        devices: tuple[DeviceRecord, ...] | None = None,
        notes: str | None = None,
    ) -> "VmRecord":
        """A record with these parts instead. Takes less than half the time of `dataclasses.replace`."""
        return VmRecord(
            self.name,
            self.klass,
            self.state if state is None else state,
            self.properties if properties is None else properties,
            self.features if features is None else features,
            self.tags if tags is None else tags,
            self.volumes if volumes is None else volumes,
            self.devices if devices is None else devices,
            self.notes if notes is None else notes,
        )

    @property
    def running(self) -> bool:
        """Uses memory now: any state but Halted, Crashed and NA."""
        return self.state not in {PowerState.HALTED, PowerState.CRASHED, PowerState.NA}

    @property
    def disk_usage(self) -> int:
        """Bytes that the qube's own volumes take."""
        return sum(volume.usage for volume in self.volumes)


def encode_record(record: VmRecord) -> bytes:
    """One JSON object without its newline; remembered, because a record is sent more often than it changes."""
    if not record._encoded:  # noqa: SLF001 - the cache of this function
        record._encoded.append(_encode(record))  # noqa: SLF001
    return record._encoded[0]  # noqa: SLF001


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _encode(record: VmRecord) -> bytes:
    return _JSON.encode(
        {
            "name": record.name,
            "class": record.klass,
            "state": record.state,
            "properties": {
                name: value[:2] if value[2] is None else (*value[:2], to_json(value[2]))
                for name, value in record.properties.items()
            },
            "features": dict(record.features),
            "tags": sorted(record.tags),
            "volumes": [dict(zip(_VOLUME_FIELDS, volume, strict=True)) for volume in record.volumes],
            "devices": [{**device._asdict(), "options": dict(device.options)} for device in record.devices],
            "notes": record.notes,
        }
    ).encode("utf-8", "replace")


def decode_record(untrusted: bytes) -> VmRecord:
    """Raises `ProtocolError` for anything that is not such an object."""
    try:
        data: Any = json.loads(untrusted)
        return VmRecord(
            name=_text(data["name"]),
            klass=VmClass(data["class"]),
            state=PowerState(data["state"]),
            properties={
                _NAMES.get(name) or _name(name): (len(entry) == _BARE and _PROPERTIES.get(tuple(entry)))
                or _property(*entry)
                for name, entry in data["properties"].items()
            },
            features={_text(name): _text(value) for name, value in data["features"].items()},
            tags=frozenset(map(_text, data["tags"])),
            volumes=tuple(_volume(entry) for entry in data["volumes"]),
            devices=tuple(_device(entry) for entry in data["devices"]),
            notes=_text(data["notes"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise refusal("record-not-decoded") from error


_BARE = 2
"""Parts of a property without a reason."""
_MOST_SHARED = 8192
_NAMES: dict[str, str] = {}
_PROPERTIES: dict[tuple[Any, ...], PropertyValue] = {}
"""Names and values that were decoded before, by what they were decoded from: a look here takes a fifth of the time."""


def _name(untrusted: Any) -> str:
    if len(_NAMES) >= _MOST_SHARED:
        _NAMES.clear()
    name = sys.intern(_text(untrusted))
    return _NAMES.setdefault(name, name)


def _property(untrusted: Any, default: Any, reason: Any = None) -> PropertyValue:
    # As keys of `_PROPERTIES` True and 1 are the same, so they are here.
    value = _text(untrusted)
    if reason is not None:
        return PropertyValue(value, default == 1, from_json(reason))
    if len(_PROPERTIES) >= _MOST_SHARED:
        _PROPERTIES.clear()
    return _PROPERTIES.setdefault((value, default), shared_value(value, is_default=default == 1))


_VOLUME_FIELDS = VolumeRecord._fields
_VOLUME_TYPES = tuple(VolumeRecord.__annotations__.values())


def _volume(entry: Any) -> VolumeRecord:
    values = tuple(entry.values()) if tuple(entry) == _VOLUME_FIELDS else tuple(entry[name] for name in _VOLUME_FIELDS)
    if tuple(map(type, values)) != _VOLUME_TYPES or len(entry) != len(values):
        raise TypeError("a volume")
    return VolumeRecord._make(values)


def _device(entry: Any) -> DeviceRecord:
    return DeviceRecord(
        DeviceClass(entry["device_class"]),
        _text(entry["backend"]),
        _text(entry["ident"]),
        entry["attached"] is True,
        {_text(key): _text(value) for key, value in entry["options"].items()},
    )


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError("text expected")
    value.encode()  # a half of a surrogate pair is no text: it could never be sent back
    return value
