# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a qube's record, and how each is read from qubesd.

A part is a family of calls. What qubesd refuses stays as it was: a caller with some rights sees what it may. What it
does not answer stays as it was, too, and has to be asked for again.
"""

import logging
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypedDict, TypeVar

from qubesmanager.admin import calls
from qubesmanager.admin.codecs import ANY, KERNEL, TRUE, DeviceRow, Property
from qubesmanager.admin.devices import device_of, ident_of, identity_of, options_of
from qubesmanager.admin.properties import IDENTIFYING, from_qubes
from qubesmanager.daemon.bridge.channel import Channel
from qubesmanager.rules.devices import IDENTITY, MODE, PERSISTENT, assigned_ident
from qubesmanager.wire.codecs import DeviceId, number
from qubesmanager.wire.codecs import DeviceRow as DeviceOf42
from qubesmanager.wire.errors import (
    Mgmt1Error,
    NoAnswerError,
    ProtocolError,
    QubesFeatureNotFoundError,
    QubesVMNotFoundError,
)
from qubesmanager.wire.records import NO, YES, DeviceRecord, PropertyValue, VmRecord, VolumeRecord, shared_value
from qubesmanager.wire.values import DeviceClass, PowerState, VmClass, usual_mode

log = logging.getLogger(__name__)

K = TypeVar("K", bound=str)
V = TypeVar("V")


class Patch(TypedDict, total=False):
    """Parts of a record that were read."""

    state: PowerState
    properties: Mapping[str, PropertyValue]
    features: Mapping[str, str]
    tags: frozenset[str]
    volumes: tuple[VolumeRecord, ...]
    devices: tuple[DeviceRecord, ...]
    notes: str


class UnansweredError(Exception):
    """Something of a part got no answer. `patch` is what the rest of it makes of the record."""

    def __init__(self, patch: Patch) -> None:
        super().__init__()
        self.patch = patch


_CUT = frozenset({"answer-row-cut", "answer-exception", "answer-unknown"})
"""The reasons for answers whose end is missing: qubesd ended in the middle."""


def is_answered(error: Mgmt1Error) -> bool:
    """Whether qubesd has refused. If not, there was no answer, or a part of one, and the next may be whole."""
    return not isinstance(error, NoAnswerError) and (error.reason is None or error.reason.code not in _CUT)


async def _each(keys: Iterable[K], ask: Callable[[K], Awaitable[V]], before: Mapping[K, V]) -> tuple[dict[K, V], bool]:
    """What is answered for each key, and whether all of it was answered. Otherwise a key keeps what it had before."""
    values: dict[K, V] = {}
    is_whole = True
    for key in keys:
        try:
            values[key] = await ask(key)
        except QubesVMNotFoundError:
            raise
        except QubesFeatureNotFoundError:
            continue  # removed since the list
        except Mgmt1Error as error:
            log.info("%s cannot be read: %s", key, error)
            is_whole = is_whole and is_answered(error)
            if key in before:
                values[key] = before[key]
    return values, is_whole


def _whole(patch: Patch, is_whole: bool) -> Patch:  # noqa: FBT001 - the two results of `_each`
    """Raises `UnansweredError` if it is not."""
    if not is_whole:
        raise UnansweredError(patch)
    return patch


def value_of(name: str, kind: str, value: str) -> str:
    """A value of qubesd as mgmt1 writes it; one that is not of its type stays as it is."""
    if name == "start_time":
        return value.partition(".")[0]
    try:
        return from_qubes(kind, value) if value else value
    except Mgmt1Error:
        return value


def property_value(name: str, answer: Property) -> PropertyValue:
    """A property of qubesd as it is in a record. What identifies a qube is no choice: mgmt1 calls it a default."""
    value = value_of(name, answer.type, answer.value)
    return shared_value(value, is_default=answer.is_default or name in IDENTIFYING)


async def _state(channel: Channel, record: VmRecord) -> Patch:
    rows = await channel.rows(calls.VM_LIST(record.name))
    own = [row for row in rows if row.name == record.name]
    return {"state": own[0].state} if own else {}


async def _properties(channel: Channel, record: VmRecord) -> Patch:
    rows = await channel.rows(calls.VM_PROPERTY_GET_ALL(record.name))
    answers = {row.name: Property(*row[1:]) for row in rows}
    return {
        "properties": {
            sys.intern(name): property_value(name, answer)
            for source, answer in answers.items()
            for name in names_of(source)
        }
    }


_VISIBLE = {
    "gateway": (),
    "gateway6": (),
    "visible_gateway": ("visible_gateway", "gateway"),
    "visible_gateway6": ("visible_gateway6", "gateway6"),
    "visible_netmask": ("visible_netmask", "netmask"),
}
"""In Qubes OS a gateway is the address that the qube has for others; in mgmt1 it is the one that the qube uses."""


def names_of(source: str) -> tuple[str, ...]:
    """The properties in a record that have the value of this property of Qubes OS."""
    return _VISIBLE.get(source, (source,))


async def _features(channel: Channel, record: VmRecord) -> Patch:
    names = await channel.rows(calls.VM_FEATURE_LIST(record.name))
    features, is_whole = await _each(
        names, lambda name: channel.ask(calls.VM_FEATURE_GET(record.name, name)), record.features
    )
    return _whole({"features": features}, is_whole)


async def _tags(channel: Channel, record: VmRecord) -> Patch:
    return {"tags": frozenset(await channel.rows(calls.VM_TAG_LIST(record.name)))}


async def _notes(channel: Channel, record: VmRecord) -> Patch:
    """Notes; Qubes 4.2 and older have none."""
    request = calls.VM_NOTES_GET(record.name)
    return {} if record.klass is VmClass.ADMIN or channel.lacks(request) else {"notes": await channel.ask(request)}


async def _volumes(channel: Channel, record: VmRecord) -> Patch:
    names = [name for name in await channel.rows(calls.VM_VOLUME_LIST(record.name)) if name != KERNEL]

    async def ask(name: str) -> VolumeRecord:
        return _volume(name, await channel.ask(calls.VM_VOLUME_INFO(record.name, name)))

    volumes, is_whole = await _each(names, ask, {volume.name: volume for volume in record.volumes})
    return _whole({"volumes": tuple(volumes.values())}, is_whole)


def count(untrusted: str) -> int | None:
    """A number of up to 19 digits; None for any other text."""
    try:
        return number(untrusted)
    except Mgmt1Error:
        return None


def _volume(name: str, info: Mapping[str, str]) -> VolumeRecord:
    def flag(key: str) -> bool:
        return info.get(key) == TRUE

    revisions = info.get("revisions_to_keep", "")
    return VolumeRecord(
        name,
        info.get("pool", ""),
        info.get("vid", ""),
        count(info.get("size", "")) or 0,
        count(info.get("usage", "")) or 0,
        flag("rw"),
        flag("save_on_stop"),
        flag("snap_on_start"),
        flag("is_outdated"),
        -1 if revisions == "-1" else count(revisions) or 0,
    )


async def _devices(channel: Channel, record: VmRecord) -> Patch:
    """The devices of all classes. Those of a class that cannot be read stay as they were."""
    before = {kind: [device for device in record.devices if device.device_class is kind] for kind in DeviceClass}
    devices, is_whole = await _each(DeviceClass, lambda kind: _devices_of(channel, record, kind), before)
    return _whole({"devices": tuple(device for own in devices.values() for device in own)}, is_whole)


async def _devices_of(channel: Channel, record: VmRecord, kind: DeviceClass) -> list[DeviceRecord]:
    old = await devices_of_4_2(channel, record.name, kind)
    if old is not None:
        return [_device_of_4_2(kind, row, record) for row in old]
    assigned = await channel.rows(calls.VM_DEVICE_ASSIGNED.of(kind)(record.name))
    attached = await channel.rows(calls.VM_DEVICE_ATTACHED.of(kind)(record.name)) if record.running else []
    return merged(kind, attached, assigned)


async def devices_of_4_2(channel: Channel, qube: str, kind: DeviceClass) -> list[DeviceOf42] | None:
    """The only list of devices that Qubes 4.2 and older have; None if qubesd has the two lists of later releases.

    Which of them it is, the first answer shows. Raises what the later call is refused with if neither is answered.
    """
    later, older = calls.VM_DEVICE_ASSIGNED.of(kind)(qube), calls.VM_DEVICE_LIST.of(kind)(qube)
    if channel.has(later):
        return None
    if channel.lacks(later):
        return [] if channel.lacks(older) else await channel.rows(older)
    try:
        await channel.rows(later)
    except (ProtocolError, NoAnswerError) as error:
        try:
            rows = await channel.rows(older)
        except (ProtocolError, NoAnswerError):
            raise error from None
        channel.lacks_from_now(later)
        return rows
    return None


def _device_of_4_2(kind: DeviceClass, row: DeviceOf42, record: VmRecord) -> DeviceRecord:
    """The list does not say whether an assigned device is attached: that is taken of a qube that runs."""
    options = {key: text for key, text in row.options.items() if text != NO}
    return DeviceRecord(kind, *row.device, record.running, options)


def merged(kind: DeviceClass, attached: list[DeviceRow], assigned: list[DeviceRow]) -> list[DeviceRecord]:
    """The devices of both lists of qubesd; one that is in both is one device."""
    devices: dict[DeviceId, DeviceRecord] = {}
    for row in attached:
        key = device_of(row)
        devices[key] = DeviceRecord(kind, *key, True, options_of(row))
    for row in assigned:
        backend, port = device_of(row)
        identity = identity_of(row)
        key = DeviceId(backend, assigned_ident(ident_of(port), identity))
        mode = {} if row.fields.get(MODE, "") in {"", usual_mode(kind)} else {MODE: row.fields[MODE]}
        which = {IDENTITY: identity} if identity and port != ANY else {}
        present = devices.get(key)
        options = {**(present.options if present else options_of(row)), PERSISTENT: YES, **mode, **which}
        devices[key] = DeviceRecord(kind, *key, present is not None, options)
    return list(devices.values())


STATE = "state"
TAGS = "tags"
NOTES = "notes"
VOLUMES = "volumes"
DEVICES = "devices"

PARTS: dict[str, Callable[[Channel, VmRecord], Awaitable[Patch]]] = {
    STATE: _state,
    "properties": _properties,
    "features": _features,
    TAGS: _tags,
    VOLUMES: _volumes,
    DEVICES: _devices,
    NOTES: _notes,
}
"""How each part is read, in this order."""

ALL = frozenset(PARTS)

NOT_LISTED = ALL - {STATE}
"""Parts that the list of all qubes does not have."""

FIRST = frozenset({"properties"})
"""Parts without which a qube is not shown: the table's columns, and whether it is one that is hidden."""

WITHOUT_EVENTS = frozenset({STATE, VOLUMES, NOTES})
"""Parts in which something changes without an event: suspending, sizes and usage, notes."""

MAYBE_LACKING = frozenset({DEVICES, NOTES})
"""Parts of which a release may not have the calls."""

_ONE = "property:"
"""The prefix of a part that is one property."""


def one(name: str) -> str:
    """The part that is one property."""
    return _ONE + name


async def read(channel: Channel, record: VmRecord, part: str) -> Patch:
    """A part as qubesd has it now; nothing of it where qubesd refuses.

    Raises `QubesVMNotFoundError`, and `UnansweredError` where something got no answer.
    """
    try:
        if not part.startswith(_ONE):
            return await PARTS[part](channel, record)
        name = part.removeprefix(_ONE)
        answer = await channel.ask(calls.VM_PROPERTY_GET(record.name, name))
    except QubesVMNotFoundError:
        raise
    except Mgmt1Error as error:
        log.info("%s of %s cannot be read: %s", part, record.name, error)
        return _whole({}, is_answered(error))
    changed = {own: property_value(own, answer) for own in names_of(name)}
    return {"properties": {**record.properties, **changed}}
