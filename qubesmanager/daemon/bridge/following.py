# SPDX-License-Identifier: GPL-3.0-or-later
"""What each event of qubesd means for the mirror: a change of a record, or parts of records to read again.

An event that is in no table here is ignored: `*-pre-*` and `property-del:*` are also sent for a change that is then
refused, and a later Qubes OS may send names that this version does not know.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from qubesmanager.admin.properties import TYPES
from qubesmanager.daemon.bridge.reading import names_of, one, value_of
from qubesmanager.wire import events
from qubesmanager.wire.event import Event
from qubesmanager.wire.records import PropertyValue, VmRecord
from qubesmanager.wire.values import DeviceChange, DeviceClass, PowerState, VmClass

ESTABLISHED = "connection-established"
"""The first event of a connection."""


class Mirrored(Protocol):
    """What an event acts on."""

    @property
    def all_known(self) -> Mapping[str, VmRecord]:
        """The records of all qubes whose properties were read, shown or not."""

    def known(self, name: str) -> VmRecord | None:
        """The record of a qube whose properties were read, shown or not."""

    def become(self, record: VmRecord) -> None:
        """The record is now this; listeners get the events between."""

    def reread(self, name: str, *parts: str) -> None:
        """Read parts of a qube again; all of them, if none are named."""

    def distrust(self, *parts: str) -> None:
        """Drop the answers on their way: they may be older than a change that is no event of the qube itself.

        `parts` of qubes that are not known yet are read again.
        """

    def reread_system(self) -> None:
        """Read system-wide properties again."""

    def gone(self, name: str) -> None: ...

    def tags_changed(self) -> None:
        """Other qubes may be shown to this caller now."""

    def offers_changed(self, backend: str, kind: DeviceClass) -> None:
        """A qube offers other devices now; for releases whose events do not say which."""

    def emit(self, event: Event) -> None: ...


def _state(state: PowerState, *parts: str) -> Callable[[Mirrored, Event], None]:
    def follow(mirror: Mirrored, event: Event) -> None:
        record = mirror.known(event.subject)
        if record is not None:
            mirror.become(record.updated(state=state))
        mirror.reread(event.subject, *parts)

    return follow


def _stopped(mirror: Mirrored, event: Event) -> None:
    """The volumes were committed."""
    _state(PowerState.HALTED, "devices", one("start_time"))(mirror, event)
    content_changed(mirror, event.subject)


_HAVE_TEMPLATE = frozenset({VmClass.APP, VmClass.DISP})


def _based_on(mirror: Mirrored, name: str) -> list[str]:
    """Qubes that are based on this one, and those of which it is not known what they are based on."""
    records = [record for record in mirror.all_known.values() if record.klass in _HAVE_TEMPLATE]
    return [record.name for record in records if record.value("template") in {name, ""}]


ALSO_SET = frozenset({"virt_mode", "management_dispvm"})
"""Properties of a template that qubes based on it inherit; no event is sent for those qubes when one is set."""

_AS_DEFAULT = frozenset({"netvm", "guivm", "audiovm"})
"""Properties that qubesd also sends as set when the default of the system changes."""


def _property_set(mirror: Mirrored, event: Event) -> None:
    name = event.name.partition(":")[2]
    if not event.subject:
        _system(mirror, name)
        return
    if name in ALSO_SET:
        _reread_based(mirror, event.subject, name)
    record = mirror.known(event.subject)
    text = _text(name, event.fields.get("newvalue"))
    if record is None or text is None or name not in record.properties:
        _reread(mirror, event.subject, name)
    else:
        value = PropertyValue(text, is_default=False)
        mirror.become(record.updated(properties={**record.properties, name: value}))


def _text(name: str, untrusted: str | None) -> str | None:
    """The value in an event; None if the property has to be read.

    An event has Python's text of a value: `None` may be that word, too, except for a reference.
    """
    kind = TYPES.get(name)
    if untrusted is None or kind is None or name in _AS_DEFAULT or names_of(name) != (name,):
        return None
    return None if untrusted == "None" and kind != "vm" else value_of(name, kind, untrusted)


def _reread(mirror: Mirrored, qube: str, name: str) -> None:
    """Read a property again; with the netvm the computed addresses, too."""
    mirror.reread(qube, "properties" if name == "netvm" else one(name))


def _property_reset(mirror: Mirrored, event: Event) -> None:
    name = event.name.partition(":")[2]
    if not event.subject:
        _system(mirror, name)
        return
    _reread(mirror, event.subject, name)
    _reread_based(mirror, event.subject, name)


def _may_be_template(mirror: Mirrored, name: str) -> bool:
    record = mirror.known(name)
    return record is None or record.klass is VmClass.TEMPLATE or record.flag("template_for_dispvms")


def _reread_based(mirror: Mirrored, template: str, name: str) -> None:
    if not _may_be_template(mirror, template):
        return
    mirror.distrust()
    for based in _based_on(mirror, template):
        value = mirror.all_known[based].properties.get(name)
        if value is not None and value.is_default:
            mirror.reread(based, one(name))


FROM_SYSTEM = {
    "default_audiovm": "audiovm",
    "default_dispvm": "default_dispvm",
    "default_guivm": "guivm",
    "default_kernel": "kernel",
    "default_netvm": "netvm",
    "default_qrexec_timeout": "qrexec_timeout",
    "default_shutdown_timeout": "shutdown_timeout",
    "default_template": "template",
    "management_dispvm": "management_dispvm",
}
"""By a system-wide property: the property of a qube that has it as its default."""


def _system(mirror: Mirrored, system_name: str) -> None:
    """Read the system's properties again, and what this one is the default of: qubesd sends only some of it."""
    mirror.reread_system()
    name = FROM_SYSTEM.get(system_name)
    if name is None:
        return
    mirror.distrust()
    for record in list(mirror.all_known.values()):
        value = record.properties.get(name)
        if value is not None and value.is_default:
            _reread(mirror, record.name, name)


def _feature_set(mirror: Mirrored, event: Event) -> None:
    record = mirror.known(event.subject)
    name, value = event.name.partition(":")[2], event.fields.get("value")
    if record is None or value is None:
        mirror.reread(event.subject, "features")
    else:
        mirror.become(record.updated(features={**record.features, name: value}))


def _feature_delete(mirror: Mirrored, event: Event) -> None:
    record = mirror.known(event.subject)
    if record is None:
        mirror.reread(event.subject, "features")
    else:
        name = event.name.partition(":")[2]
        mirror.become(record.updated(features={key: text for key, text in record.features.items() if key != name}))


def _tag(change: Callable[[frozenset[str], set[str]], frozenset[str]]) -> Callable[[Mirrored, Event], None]:
    def follow(mirror: Mirrored, event: Event) -> None:
        mirror.tags_changed()
        record = mirror.known(event.subject)
        if record is None:
            mirror.reread(event.subject, "tags")
        else:
            mirror.become(record.updated(tags=change(record.tags, {event.name.partition(":")[2]})))

    return follow


def _devices(mirror: Mirrored, event: Event) -> None:
    mirror.reread(event.subject, "devices")


def _offered(change: DeviceChange) -> Callable[[Mirrored, Event], None]:
    def follow(mirror: Mirrored, event: Event) -> None:
        kind = event.name.partition(":")[2]
        where = event.fields.get("device" if change is DeviceChange.ADDED else "port", "")
        port = where.split(":")[1] if ":" in where else ""
        if kind in set(DeviceClass) and port:
            mirror.emit(events.DEVICE_LIST_CHANGE(event.subject, DeviceClass(kind), port, change))

    return follow


def _offers(mirror: Mirrored, event: Event) -> None:
    kind = event.name.partition(":")[2]
    if kind in set(DeviceClass):
        mirror.offers_changed(event.subject, DeviceClass(kind))


def _all(mirror: Mirrored, event: Event) -> None:
    mirror.reread(event.subject)


def _added(mirror: Mirrored, event: Event) -> None:
    mirror.reread(event.fields.get("vm", ""))


def _deleted(mirror: Mirrored, event: Event) -> None:
    mirror.gone(event.fields.get("vm", ""))


def _volumes(mirror: Mirrored, event: Event) -> None:
    content_changed(mirror, event.subject)


def content_changed(mirror: Mirrored, name: str) -> None:
    """A qube has other volumes, or other data in them: read them again, and those of what is based on it."""
    mirror.reread(name, "volumes")
    reread_outdated(mirror, name)


def reread_outdated(mirror: Mirrored, name: str) -> None:
    """Qubes and their disposables that are based on a qube may be outdated now, of which no event is sent."""
    if not _may_be_template(mirror, name):
        return
    mirror.distrust("volumes")
    for based in _based_on(mirror, name):
        mirror.reread(based, "volumes")
        for disposable in _based_on(mirror, based):
            mirror.reread(disposable, "volumes")


_FOLLOW: dict[str, Callable[[Mirrored, Event], None]] = {
    "property-set": _property_set,
    "property-reset": _property_reset,
    "domain-feature-set": _feature_set,
    "domain-feature-delete": _feature_delete,
    "domain-tag-add": _tag(frozenset.union),
    "domain-tag-delete": _tag(frozenset.difference),
    "firewall-changed": lambda mirror, event: mirror.emit(events.FIREWALL_CHANGED(event.subject)),
    "device-attach": _devices,
    "device-detach": _devices,
    "device-assign": _devices,
    "device-unassign": _devices,
    "device-assignment-changed": _devices,
    "device-list-change": _offers,
    "device-added": _offered(DeviceChange.ADDED),
    "device-removed": _offered(DeviceChange.REMOVED),
    "domain-add": _added,
    "domain-delete": _deleted,
    "property-load": _all,
    "domain-create-on-disk": _volumes,
    "domain-volume-import-end": _volumes,
    "domain-import-volume": _volumes,
    "domain-pre-start": _state(PowerState.TRANSIENT, "state"),
    "domain-start": _state(PowerState.RUNNING, "devices", "volumes", one("start_time")),
    "domain-start-failed": _state(PowerState.HALTED, "state"),
    "domain-paused": _state(PowerState.PAUSED, "state"),
    "domain-unpaused": lambda mirror, event: mirror.reread(event.subject, "state"),
    "domain-resumed": _state(PowerState.RUNNING, "state"),
    "domain-pre-shutdown": lambda mirror, event: mirror.reread(event.subject, "state"),
    "domain-shutdown-failed": _state(PowerState.RUNNING, "state"),
    "domain-stopped": _state(PowerState.HALTED, "state"),
    "domain-shutdown": _stopped,
    "pool-add": lambda mirror, event: mirror.emit(events.POOL_ADD(event.fields.get("pool", ""), "")),
    "pool-delete": lambda mirror, event: mirror.emit(events.POOL_DELETE(event.fields.get("pool", ""))),
}
"""By an event's name without its detail."""


def follow(mirror: Mirrored, event: Event) -> None:
    """Take an event of qubesd."""
    action = _FOLLOW.get(event.name.partition(":")[0])
    if action is not None:
        action(mirror, event)


def is_shown(record: VmRecord) -> bool:
    """Whether a qube is one of the user's: a disposable that qubesd keeps ready is not."""
    return not (record.klass is VmClass.DISP and record.flag("is_preload"))
