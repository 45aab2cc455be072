# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing what a qube or the system is set to: properties, features, tags, labels, notes.

Each is checked, stored and applied under `changing`; its events are sent once it is durable.
"""

from qubesmanager.daemon.local.core.property_rows import property_of, system_property
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.sight import spoken
from qubesmanager.daemon.local.core.system_properties import FOLLOWERS
from qubesmanager.daemon.local.core.weight import check_change, most_bytes
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.network import Network
from qubesmanager.daemon.local.store import rows
from qubesmanager.rules.devices import interfaces_of
from qubesmanager.rules.edits import why_not_edit, why_not_now, why_not_set_system
from qubesmanager.rules.features import why_not_set_feature
from qubesmanager.rules.sight import Sees, sees_all
from qubesmanager.rules.texts import why_not_feature, why_not_notes
from qubesmanager.wire import events
from qubesmanager.wire.limits import LABELS
from qubesmanager.wire.names import CREATED_BY, shown
from qubesmanager.wire.reasons import error_for, refusal, refuse_if
from qubesmanager.wire.records import PropertyValue

DENIED = "devices_denied"
ALL_INTERFACES = "all"


class Settings:
    """The settings of qubes and of the system."""

    def __init__(self, runtime: Runtime, network: Network) -> None:
        self._runtime = runtime
        self._network = network

    async def set_property(self, name: str, prop: str, untrusted: str, sees: Sees = sees_all) -> None:
        """Set a property; `sees` says which qubes the value may name. Raises `QubesPropertyValueError` and others."""
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            await self._set_property(qube, prop, untrusted, sees)
        await self._network.settled()

    async def _set_property(self, qube: Qube, prop: str, untrusted: str, sees: Sees) -> None:
        """Under `altering`."""
        state = self._runtime.state
        refuse_if(why_not_edit(state, qube, prop))
        value = property_of(qube, prop).accept(state, qube, untrusted, sees)
        if qube.own.get(prop) == value:
            return
        refuse_if(why_not_now(state, qube, prop, value))
        now = PropertyValue(value, is_default=False)
        check_change(
            qube, most_bytes(value), lambda record: record.updated(properties={**record.properties, prop: now})
        )
        await self._runtime.commit([rows.set_property(qube.qid, prop, value)])
        qube.own[prop] = value
        self._runtime.emit(state.property_changed(qube, prop))

    async def deny_devices(self, name: str, untrusted: str) -> None:
        """Add interfaces to those that the qube denies. Raises `QubesPropertyValueError` for what names none."""
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            new = _interfaces(untrusted)
            denied = dict.fromkeys([*_interfaces(qube.value(DENIED)), *new])
            await self._set_property(qube, DENIED, "".join(denied), sees_all)

    async def allow_devices(self, name: str, untrusted: str) -> None:
        """Take interfaces from those that the qube denies; `all`: every one. Raises `QubesValueError` for others."""
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            denied = _interfaces(qube.value(DENIED))
            leaving = denied if untrusted == ALL_INTERFACES else _interfaces(untrusted)
            if unknown := [each for each in leaving if each not in denied]:
                raise refusal("interface-not-denied", qube.name, unknown[0])
            await self._set_property(qube, DENIED, "".join(each for each in denied if each not in leaving), sees_all)

    async def reset_property(self, name: str, prop: str) -> None:
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            refuse_if(why_not_edit(self._runtime.state, qube, prop))
            row = property_of(qube, prop)
            if prop not in qube.own:
                return
            default = row.default_of(self._runtime.state, qube)
            if default or not row.optional:
                row.accept(self._runtime.state, qube, default)
                refuse_if(why_not_now(self._runtime.state, qube, prop, default))
            await self._runtime.commit([rows.set_property(qube.qid, prop, None)])
            del qube.own[prop]
            self._runtime.emit(self._runtime.state.property_changed(qube, prop))
        await self._network.settled()

    async def set_system_property(self, prop: str, untrusted: str | None, sees: Sees = sees_all) -> None:
        """Set a system-wide property; None resets it. `sees` says which qubes the value may name."""
        row = system_property(prop)
        async with self._runtime.changing:
            before = self._runtime.state.system(prop)
            value = None if untrusted is None else row.accept(self._runtime.state, untrusted, sees)
            if self._runtime.state.system_own.get(prop) == value:
                return
            if value is not None:
                refuse_if(why_not_set_system(self._runtime.state, prop, value))
            await self._runtime.commit([rows.set_system_property(prop, value)])
            if value is None:
                del self._runtime.state.system_own[prop]
            else:
                self._runtime.state.system_own[prop] = value
            now = PropertyValue(self._runtime.state.system(prop), value is None)
            followers = [
                events.property_event("", name, PropertyValue(now.value, is_default=True), before)
                for name in FOLLOWERS.get(prop, ())
                if name not in self._runtime.state.system_own and now.value != before
            ]
            self._runtime.emit(
                [events.property_event("", prop, now, before), *followers, *self._runtime.state.system_changed(prop)]
            )

    # -- features and tags ---------------------------------------------------------------------------------------------

    def feature(self, name: str, feature: str) -> str:
        """Raises `QubesFeatureNotFoundError`."""
        value = self._runtime.state.qube(name).features.get(feature)
        if value is None:
            raise refusal("no-such-feature", name, feature)
        return value

    def feature_with_template(self, name: str, feature: str) -> str:
        """The qube's own, else its template's, and so on up. Raises `QubesFeatureNotFoundError`."""
        qube: Qube | None = self._runtime.state.qube(name)
        templates: set[str] = set()
        while qube is not None and qube.name not in templates:
            value = qube.features.get(feature)
            if value is not None:
                return value
            templates.add(qube.name)
            qube = self._runtime.state.qubes.get(qube.value("template"))
        raise refusal("no-such-feature-above", name, feature)

    async def set_feature(self, name: str, feature: str, value: str) -> None:
        if reason := why_not_feature(value):
            raise error_for(reason)
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            refuse_if(why_not_set_feature(qube, feature, value))
            await self.put_feature(qube, feature, value)

    async def remove_feature(self, name: str, feature: str) -> None:
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            self.feature(qube.name, feature)
            refuse_if(why_not_set_feature(qube, feature, None))
            await self.put_feature(qube, feature, None)

    async def put_feature(self, qube: Qube, feature: str, value: str | None) -> None:
        """Set a feature, also one that is the system's; None removes it. Under `altering`."""
        before = qube.features.get(feature)
        if before == value:
            return
        growth = 0
        if value is not None:
            growth = most_bytes(feature, value)
            new = {feature: value}
            check_change(qube, growth, lambda record: record.updated(features={**record.features, **new}))
        await self._runtime.commit([rows.set_feature(qube.qid, feature, value)])
        if value is None:
            event = events.FEATURE_DELETE(qube.name, feature)
            del qube.features[feature]
        else:
            event = events.FEATURE_SET(qube.name, feature, value, before or "")
            qube.features[feature] = value
        qube.changed(growth)
        self._runtime.emit([event, *self._runtime.state.feature_changed(qube, feature)])

    async def put_creator(self, qube: Qube, creator: str) -> None:
        """The qube was made for this creator, as its tag says. Under `altering`."""
        tag = f"{CREATED_BY}{creator}"
        gone = sorted(other for other in qube.tags if other.startswith(CREATED_BY) and other != tag)
        await self._runtime.commit([rows.add_tag(qube.qid, tag), *(rows.delete_tag(qube.qid, other) for other in gone)])
        added = [] if tag in qube.tags else [events.TAG_ADD(qube.name, tag)]
        qube.tags = (qube.tags - set(gone)) | {tag}
        qube.changed(most_bytes(tag))
        self._runtime.emit([*added, *(events.TAG_DELETE(qube.name, other) for other in gone)])

    async def set_tag(self, name: str, tag: str) -> None:
        _free_tag(tag)
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            if tag in qube.tags:
                return
            growth = most_bytes(tag)
            check_change(qube, growth, lambda record: record.updated(tags=record.tags | {tag}))
            await self._runtime.commit([rows.add_tag(qube.qid, tag)])
            qube.tags.add(tag)
            qube.changed(growth)
            self._runtime.emit([events.TAG_ADD(qube.name, tag)])

    async def remove_tag(self, name: str, tag: str) -> None:
        _free_tag(tag)
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            if tag not in qube.tags:
                raise refusal("no-such-tag", qube.name, tag)
            await self._runtime.commit([rows.delete_tag(qube.qid, tag)])
            qube.tags.discard(tag)
            qube.changed(growth=0)
            self._runtime.emit([events.TAG_DELETE(qube.name, tag)])

    async def set_notes(self, name: str, notes: str) -> None:
        if reason := why_not_notes(notes):
            raise error_for(reason)
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            if qube.notes == notes:
                return
            growth = most_bytes(notes)
            check_change(qube, growth, lambda record: record.updated(notes=notes))
            await self._runtime.commit([rows.set_notes(qube.qid, notes)])
            qube.notes = notes
            qube.changed(growth)
            self._runtime.emit([events.NOTES_SET(qube.name, notes)])

    # -- labels --------------------------------------------------------------------------------------------------------

    def label(self, name: str) -> str:
        """Its colour. Raises `QubesLabelNotFoundError`."""
        label = self._runtime.state.labels.get(name)
        if label is None:
            raise refusal("no-such-label", name)
        return label

    async def create_label(self, name: str, untrusted_color: str) -> None:
        digits = untrusted_color.removeprefix("0x")
        if len(untrusted_color) != 8 or len(digits) != 6 or not set(digits) <= set("0123456789abcdefABCDEF"):  # noqa: PLR2004
            raise refusal("not-a-colour", shown(untrusted_color))
        color = f"0x{digits.upper()}"
        async with self._runtime.changing:
            if name in self._runtime.state.labels:
                raise refusal("label-taken", name)
            if len(self._runtime.state.labels) >= LABELS:
                raise refusal("label-limit", LABELS)
            await self._runtime.commit([rows.set_label(name, color)])
            self._runtime.state.labels[name] = color
            self._runtime.emit([events.LABEL_ADD(name, color)])

    async def remove_label(self, name: str) -> None:
        async with self._runtime.changing:
            self.label(name)
            users = sorted(qube.name for qube in self._runtime.state.qubes.values() if qube.value("label") == name)
            if users:
                raise refusal("label-used", name, ", ".join(spoken(users)))
            if name in {"red", "black"}:
                raise refusal("label-of-system", name)
            await self._runtime.commit([rows.delete_label(name)])
            del self._runtime.state.labels[name]
            self._runtime.emit([events.LABEL_DELETE(name)])


def _interfaces(untrusted: str) -> list[str]:
    parts = interfaces_of(untrusted)
    if parts is None:
        raise refusal("not-interfaces", shown(untrusted))
    return parts


def _free_tag(tag: str) -> None:
    if tag.startswith(CREATED_BY):
        raise refusal("tag-of-creator")
