# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing what a qube or the system is set to: properties, features, tags, labels, notes; and renaming.

Each is checked, stored and applied under `changing`; its events are sent once it is durable.
"""

from collections.abc import Iterable
from contextlib import AsyncExitStack

from qubesmanager.daemon.local.core import properties, system_properties
from qubesmanager.daemon.local.core.property import Change, Property, SystemProperty, Type
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.sight import sees as sees_now
from qubesmanager.daemon.local.core.sight import spoken, spoken_one, spoken_way
from qubesmanager.daemon.local.core.state import added
from qubesmanager.daemon.local.core.weight import check_change
from qubesmanager.daemon.local.services.naming import check_free
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.store import Statement
from qubesmanager.daemon.local.system import System
from qubesmanager.rules.network import netvm_chain, why_not_now
from qubesmanager.rules.sight import Sees, sees_all
from qubesmanager.rules.texts import why_not_feature, why_not_notes
from qubesmanager.wire import events
from qubesmanager.wire.errors import (
    QubesFeatureNotFoundError,
    QubesInvalidTagError,
    QubesLabelInUseError,
    QubesLabelNotFoundError,
    QubesNoSuchPropertyError,
    QubesPropertyValueError,
    QubesTagNotFoundError,
    QubesValueError,
    QubesVMNotHaltedError,
)
from qubesmanager.wire.limits import LABELS
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import error_for
from qubesmanager.wire.records import PropertyValue


def property_of(qube: Qube, name: str) -> Property:
    """Raises `QubesNoSuchPropertyError` if the qube's class has no such property."""
    row = properties.TABLE.get(name)
    if row is None or qube.klass not in row.classes:
        raise QubesNoSuchPropertyError(f"{qube.name} ({qube.klass}) has no property {shown(name)}.")
    return row


def system_property(name: str) -> SystemProperty:
    """Raises `QubesNoSuchPropertyError`."""
    row = system_properties.TABLE.get(name)
    if row is None:
        raise QubesNoSuchPropertyError(f"There is no system-wide property {shown(name)}.")
    return row


def _may_change(qube: Qube, row: Property) -> None:
    if row.change is Change.NEVER:
        raise QubesPropertyValueError(f"{row.name} is read-only.")
    if row.change is Change.HALTED and qube.running:
        raise QubesVMNotHaltedError(f"{row.name} of {qube.name} changes only while it is halted; it is {qube.state}.")


async def set_property(system: System, name: str, prop: str, untrusted: str, sees: Sees = sees_all) -> None:
    """Set a property; `sees` says which qubes the value may name. Raises `QubesPropertyValueError` and others."""
    if prop == "name":
        await rename(system, name, untrusted)
        return
    qube = system.qube(name)
    async with system.altering(qube):
        row = property_of(qube, prop)
        _may_change(qube, row)
        value = row.accept(system.state, qube, untrusted, sees)
        if qube.own.get(prop) == value:
            return
        if prop == "netvm":
            _netvm_runs(system, [qube], value)
        check_change(qube.record(), properties={**qube.view, prop: PropertyValue(value, is_default=False)})
        await system.commit([rows.set_property(qube.qid, prop, value)])
        qube.own[prop] = value
        system.emit(system.state.property_changed(qube, prop))
    await system.network.settled()


async def reset_property(system: System, name: str, prop: str) -> None:
    qube = system.qube(name)
    async with system.altering(qube):
        row = property_of(qube, prop)
        _may_change(qube, row)
        if prop not in qube.own:
            return
        default = row.default_of(system.state, qube)
        if default or not row.optional:
            row.accept(system.state, qube, default)
        if prop == "netvm":
            _netvm_runs(system, [qube], default)
        await system.commit([rows.set_property(qube.qid, prop, None)])
        del qube.own[prop]
        system.emit(system.state.property_changed(qube, prop))
    await system.network.settled()


async def set_system_property(system: System, prop: str, untrusted: str | None, sees: Sees = sees_all) -> None:
    """Set a system-wide property; None resets it. `sees` says which qubes the value may name."""
    row = system_property(prop)
    async with system.changing:
        before = system.state.system(prop)
        value = None if untrusted is None else row.accept(system.state, untrusted, sees)
        if system.state.system_own.get(prop) == value:
            return
        if prop == "default_netvm" and value:
            _no_new_loop(system, value)
            followers = [
                qube for qube in system.state.qubes.values() if "netvm" in qube.view and "netvm" not in qube.own
            ]
            _netvm_runs(system, followers, value)
        await system.commit([rows.set_system_property(prop, value)])
        if value is None:
            del system.state.system_own[prop]
        else:
            system.state.system_own[prop] = value
        now = PropertyValue(system.state.system(prop), value is None)
        system.emit([events.property_event("", prop, now, before), *system.state.system_changed(prop)])


def _netvm_runs(system: System, qubes: Iterable[Qube], netvm: str) -> None:
    """Raises `QubesVMNotRunningError` if one of the qubes runs and would now get a netvm that does not."""
    changed = [qube.name for qube in qubes if qube.running and qube.value("netvm") != netvm]
    if reason := why_not_now(spoken(sorted(changed)), netvm, netvm_runs=bool(netvm) and system.qube(netvm).running):
        raise error_for(reason)


def _no_new_loop(system: System, netvm: str) -> None:
    """Qubes that follow the default may themselves be above the new one."""
    qubes = system.state.qubes

    def netvm_of(name: str) -> str:
        return qubes[name].value("netvm") if name in qubes else ""

    chain = [netvm, *netvm_chain(netvm, netvm_of)]
    if netvm_of(chain[-1]):
        raise QubesPropertyValueError(f"{netvm} leads into a loop of netvms: {' → '.join(spoken_way(chain))}.")
    for name in chain:
        above = qubes.get(name)
        if above is not None and above.value("netvm") and "netvm" not in above.own:
            raise QubesPropertyValueError(
                f"{spoken_one(name)} gets its netvm from the default; {netvm} as the default would be a loop."
            )


# -- features and tags ------------------------------------------------------------------------------------------------


def feature(system: System, name: str, wanted: str) -> str:
    """Raises `QubesFeatureNotFoundError`."""
    found = system.qube(name).features.get(wanted)
    if found is None:
        raise QubesFeatureNotFoundError(f"{name} has no feature {wanted}.")
    return found


def feature_with_template(system: System, name: str, wanted: str) -> str:
    """The qube's own, else its template's, and so on up. Raises `QubesFeatureNotFoundError`."""
    qube: Qube | None = system.qube(name)
    seen: set[str] = set()
    while qube is not None and qube.name not in seen:
        found = qube.features.get(wanted)
        if found is not None:
            return found
        seen.add(qube.name)
        qube = system.state.qubes.get(qube.value("template"))
    raise QubesFeatureNotFoundError(f"Neither {name} nor its template has a feature {wanted}.")


async def set_feature(system: System, name: str, wanted: str, value: str) -> None:
    if reason := why_not_feature(value):
        raise error_for(reason)
    qube = system.qube(name)
    async with system.altering(qube):
        if qube.features.get(wanted) == value:
            return
        check_change(qube.record(), features={**qube.features, wanted: value})
        await system.commit([rows.set_feature(qube.qid, wanted, value)])
        event = events.FEATURE_SET(qube.name, wanted, value, qube.features.get(wanted, ""))
        qube.features[wanted] = value
        qube.changed()
        system.emit([event, *system.state.feature_changed(qube, wanted)])


async def remove_feature(system: System, name: str, wanted: str) -> None:
    qube = system.qube(name)
    async with system.altering(qube):
        feature(system, qube.name, wanted)
        await system.commit([rows.set_feature(qube.qid, wanted, None)])
        del qube.features[wanted]
        qube.changed()
        system.emit([events.FEATURE_DELETE(qube.name, wanted), *system.state.feature_changed(qube, wanted)])


def _free_tag(tag: str) -> None:
    if tag.startswith("created-by-"):
        raise QubesInvalidTagError("The tags created-by-* are set when a qube is created and stay with it.")


async def set_tag(system: System, name: str, tag: str) -> None:
    _free_tag(tag)
    qube = system.qube(name)
    async with system.altering(qube):
        if tag in qube.tags:
            return
        check_change(qube.record(), tags=frozenset({*qube.tags, tag}))
        await system.commit([rows.add_tag(qube.qid, tag)])
        qube.tags.add(tag)
        qube.changed()
        system.emit([events.TAG_ADD(qube.name, tag)])


async def remove_tag(system: System, name: str, tag: str) -> None:
    _free_tag(tag)
    qube = system.qube(name)
    async with system.altering(qube):
        if tag not in qube.tags:
            raise QubesTagNotFoundError(f"{qube.name} has no tag {tag}.")
        await system.commit([rows.delete_tag(qube.qid, tag)])
        qube.tags.discard(tag)
        qube.changed()
        system.emit([events.TAG_DELETE(qube.name, tag)])


async def set_notes(system: System, name: str, notes: str) -> None:
    if reason := why_not_notes(notes):
        raise error_for(reason)
    qube = system.qube(name)
    async with system.altering(qube):
        if qube.notes == notes:
            return
        check_change(qube.record(), notes=notes)
        await system.commit([rows.set_notes(qube.qid, notes)])
        qube.notes = notes
        qube.changed()
        system.emit([events.NOTES_SET(qube.name, notes)])


# -- labels -----------------------------------------------------------------------------------------------------------


def label(system: System, name: str) -> str:
    """Its colour. Raises `QubesLabelNotFoundError`."""
    found = system.state.labels.get(name)
    if found is None:
        raise QubesLabelNotFoundError(f"There is no label {name}.")
    return found


async def create_label(system: System, name: str, untrusted_color: str) -> None:
    digits = untrusted_color.removeprefix("0x")
    if len(untrusted_color) != 8 or len(digits) != 6 or not set(digits) <= set("0123456789abcdefABCDEF"):  # noqa: PLR2004
        raise QubesValueError(f"A colour is 0xRRGGBB, not {shown(untrusted_color)}.")
    color = f"0x{digits.upper()}"
    async with system.changing:
        if name in system.state.labels:
            raise QubesValueError(f"There is already a label {name}.")
        if len(system.state.labels) >= LABELS:
            raise QubesValueError(f"A system has at most {LABELS} labels.")
        await system.commit([rows.set_label(name, color)])
        system.state.labels[name] = color
        system.emit([events.LABEL_ADD(name, color)])


async def remove_label(system: System, name: str) -> None:
    async with system.changing:
        label(system, name)
        users = sorted(qube.name for qube in system.state.qubes.values() if qube.value("label") == name)
        if users:
            raise QubesLabelInUseError(f"The label {name} is that of {', '.join(spoken(users))}.")
        if name in {"red", "black"}:
            raise QubesLabelInUseError(f"The label {name} is the default of new qubes or dom0's.")
        await system.commit([rows.delete_label(name)])
        del system.state.labels[name]
        system.emit([events.LABEL_DELETE(name)])


# -- renaming ---------------------------------------------------------------------------------------------------------


async def rename(system: System, name: str, untrusted: str) -> None:
    """Give the qube a new name, in everything that refers to it and for its volumes: all or nothing.

    The volumes get it first, written down as pending; the one transaction that renames the rest makes it final.
    """
    qube = system.qube(name)
    async with system.holding(qube), AsyncExitStack() as undo:
        async with system.altering(qube):
            old = qube.name
            new = _new_name(system, qube, untrusted)
            if new == old:
                return
            system.devices.may_start(qube)
            pools = system.volumes.named_after(qube)
            system.reserved.add(new)
            system.sources[old] += 1
            undo.callback(system.reserved.discard, new)
            undo.callback(system.sources.subtract, [old])
        await system.volumes.clear_left(new)
        async with AsyncExitStack() as back:
            await system.volumes.rename(back, old, new, pools)
            async with system.altering(qube):
                moved = {
                    title: volume._replace(vid=new + volume.vid.removeprefix(old))
                    for title, volume in qube.volumes.items()
                    if volume.vid.startswith(f"{old}/")
                }
                await system.commit(
                    [
                        *_rename_statements(qube, new),
                        rows.add_pending_name(old, new),
                        *(rows.set_volume(qube.qid, volume) for volume in moved.values()),
                        *(rows.delete_pending_volume(volume.pool, volume.vid) for volume in moved.values()),
                        *(rows.delete_pending_rename(pool, old) for pool in pools),
                    ]
                )
                qube.volumes.update(moved)
                _rename_in_memory(system, qube, new)
            back.pop_all()
        await system.backups.follow_soon()


def _new_name(system: System, qube: Qube, untrusted: str) -> str:
    """The name if the qube may have it now. Under `changing`."""
    row = property_of(qube, "name")
    if qube.name == "dom0":
        raise QubesPropertyValueError("dom0 keeps its name.")
    _may_change(qube, row)
    if untrusted != qube.name and not sees_now(untrusted):
        check_free(system, untrusted)
    new = row.accept(system.state, qube, untrusted)
    if new in system.reserved:
        raise QubesPropertyValueError(f"The name {new} is in use by another call; try again in a moment.")
    if system.sources[qube.name]:
        raise QubesPropertyValueError(f"A qube is just being made from {qube.name}.")
    return new


_REFERENCES = tuple(sorted(row.name for row in properties.TABLE.values() if row.type is Type.VM))
_SYSTEM_REFERENCES = tuple(sorted(row.name for row in system_properties.TABLE.values() if row.type is Type.VM))
_TAG_KINDS = ("created-by-", "managed-by-")


def _rename_statements(qube: Qube, new: str) -> list[Statement]:
    old = qube.name
    return [
        rows.set_name(qube.qid, new),
        *(("UPDATE property SET value = ? WHERE name = ? AND value = ?", (new, prop, old)) for prop in _REFERENCES),
        *(
            ("UPDATE system_property SET value = ? WHERE name = ? AND value = ?", (new, prop, old))
            for prop in _SYSTEM_REFERENCES
        ),
        *(("UPDATE OR REPLACE tag SET name = ? WHERE name = ?", (kind + new, kind + old)) for kind in _TAG_KINDS),
        ("UPDATE device SET backend = ? WHERE backend = ?", (new, old)),
    ]


def _rename_in_memory(system: System, qube: Qube, new: str) -> None:
    """The same in memory; listeners see the old qube go and the new one come, and what changed in the others."""
    old, state = qube.name, system.state
    others = [other for other in state.qubes.values() if other is not qube]
    gone = state.remove(qube)
    qube.name = new
    qube.own.update({prop: new for prop in _REFERENCES if qube.own.get(prop) == old})
    own_tags = {kind for kind in _TAG_KINDS if kind + old in qube.tags}
    qube.tags.difference_update([kind + old for kind in own_tags])
    qube.tags.update([kind + new for kind in own_tags])
    qube.view.clear()
    came = state.add(qube)
    happened = [gone, came]
    for prop in _SYSTEM_REFERENCES:
        if state.system_own.get(prop) == old:
            state.system_own[prop] = new
            happened.append(events.PROPERTY_SET("", prop, new, is_default=False, old_value=old))
            happened += state.system_changed(prop)
    for other in others:
        for prop in _REFERENCES:
            if other.own.get(prop) == old:
                other.own[prop] = new
                happened += state.property_changed(other, prop)
        for kind in _TAG_KINDS:
            if kind + old in other.tags:
                other.tags.remove(kind + old)
                other.tags.add(kind + new)
                other.changed()
                happened += [
                    events.TAG_DELETE(other.name, kind + old),
                    events.TAG_ADD(other.name, kind + new),
                ]
        if any(device.backend == old for device in other.devices):
            other.devices = [
                device._replace(backend=new) if device.backend == old else device for device in other.devices
            ]
            other.changed()
            happened.append(added(other))
    system.emit(happened)
