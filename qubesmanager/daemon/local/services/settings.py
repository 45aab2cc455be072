# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing what a qube or the system is set to: properties, features, tags, labels, notes.

Each is checked, stored and applied under `changing`; its events are sent once it is durable.
"""

from collections.abc import Iterable

from qubesmanager.daemon.local.core.property_rows import check_may_change, property_of, system_property
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.sight import spoken, spoken_one, spoken_way
from qubesmanager.daemon.local.core.weight import check_change
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.network import Network
from qubesmanager.daemon.local.store import rows
from qubesmanager.rules.network import netvm_chain, why_not_now
from qubesmanager.rules.sight import Sees, sees_all
from qubesmanager.rules.texts import why_not_feature, why_not_notes
from qubesmanager.wire import events
from qubesmanager.wire.limits import LABELS
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import error_for, refusal
from qubesmanager.wire.records import PropertyValue


class Settings:
    """The settings of qubes and of the system."""

    def __init__(self, runtime: Runtime, network: Network) -> None:
        self._runtime = runtime
        self._network = network

    async def set_property(self, name: str, prop: str, untrusted: str, sees: Sees = sees_all) -> None:
        """Set a property; `sees` says which qubes the value may name. Raises `QubesPropertyValueError` and others."""
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            row = property_of(qube, prop)
            check_may_change(qube, row)
            value = row.accept(self._runtime.state, qube, untrusted, sees)
            if qube.own.get(prop) == value:
                return
            if prop == "netvm":
                self._netvm_runs([qube], value)
            check_change(qube.record(), properties={**qube.view, prop: PropertyValue(value, is_default=False)})
            await self._runtime.commit([rows.set_property(qube.qid, prop, value)])
            qube.own[prop] = value
            self._runtime.emit(self._runtime.state.property_changed(qube, prop))
        await self._network.settled()

    async def reset_property(self, name: str, prop: str) -> None:
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            row = property_of(qube, prop)
            check_may_change(qube, row)
            if prop not in qube.own:
                return
            default = row.default_of(self._runtime.state, qube)
            if default or not row.optional:
                row.accept(self._runtime.state, qube, default)
            if prop == "netvm":
                self._netvm_runs([qube], default)
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
            if prop == "default_netvm" and value:
                self._no_new_loop(value)
                followers = [
                    qube
                    for qube in self._runtime.state.qubes.values()
                    if "netvm" in qube.view and "netvm" not in qube.own
                ]
                self._netvm_runs(followers, value)
            await self._runtime.commit([rows.set_system_property(prop, value)])
            if value is None:
                del self._runtime.state.system_own[prop]
            else:
                self._runtime.state.system_own[prop] = value
            now = PropertyValue(self._runtime.state.system(prop), value is None)
            self._runtime.emit(
                [events.property_event("", prop, now, before), *self._runtime.state.system_changed(prop)]
            )

    def _netvm_runs(self, qubes: Iterable[Qube], netvm: str) -> None:
        """Raises `QubesVMNotRunningError` if one of the qubes runs and would now get a netvm that does not."""
        changed = [qube.name for qube in qubes if qube.running and qube.value("netvm") != netvm]
        if reason := why_not_now(
            spoken(sorted(changed)), netvm, netvm_runs=bool(netvm) and self._runtime.state.qube(netvm).running
        ):
            raise error_for(reason)

    def _no_new_loop(self, netvm: str) -> None:
        """Qubes that follow the default may themselves be above the new one."""
        qubes = self._runtime.state.qubes

        def netvm_of(name: str) -> str:
            return qubes[name].value("netvm") if name in qubes else ""

        chain = [netvm, *netvm_chain(netvm, netvm_of)]
        if netvm_of(chain[-1]):
            raise refusal("default-netvm-in-loop", netvm, " → ".join(spoken_way(chain)))
        for name in chain:
            above = qubes.get(name)
            if above is not None and above.value("netvm") and "netvm" not in above.own:
                raise refusal("default-netvm-loop", spoken_one(name), netvm)

    # -- features and tags ---------------------------------------------------------------------------------------------

    def feature(self, name: str, wanted: str) -> str:
        """Raises `QubesFeatureNotFoundError`."""
        found = self._runtime.state.qube(name).features.get(wanted)
        if found is None:
            raise refusal("no-such-feature", name, wanted)
        return found

    def feature_with_template(self, name: str, wanted: str) -> str:
        """The qube's own, else its template's, and so on up. Raises `QubesFeatureNotFoundError`."""
        qube: Qube | None = self._runtime.state.qube(name)
        seen: set[str] = set()
        while qube is not None and qube.name not in seen:
            found = qube.features.get(wanted)
            if found is not None:
                return found
            seen.add(qube.name)
            qube = self._runtime.state.qubes.get(qube.value("template"))
        raise refusal("no-such-feature-above", name, wanted)

    async def set_feature(self, name: str, wanted: str, value: str) -> None:
        if reason := why_not_feature(value):
            raise error_for(reason)
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            if qube.features.get(wanted) == value:
                return
            check_change(qube.record(), features={**qube.features, wanted: value})
            await self._runtime.commit([rows.set_feature(qube.qid, wanted, value)])
            event = events.FEATURE_SET(qube.name, wanted, value, qube.features.get(wanted, ""))
            qube.features[wanted] = value
            qube.changed()
            self._runtime.emit([event, *self._runtime.state.feature_changed(qube, wanted)])

    async def remove_feature(self, name: str, wanted: str) -> None:
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            self.feature(qube.name, wanted)
            await self._runtime.commit([rows.set_feature(qube.qid, wanted, None)])
            del qube.features[wanted]
            qube.changed()
            self._runtime.emit(
                [events.FEATURE_DELETE(qube.name, wanted), *self._runtime.state.feature_changed(qube, wanted)]
            )

    async def set_tag(self, name: str, tag: str) -> None:
        _free_tag(tag)
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            if tag in qube.tags:
                return
            check_change(qube.record(), tags=frozenset({*qube.tags, tag}))
            await self._runtime.commit([rows.add_tag(qube.qid, tag)])
            qube.tags.add(tag)
            qube.changed()
            self._runtime.emit([events.TAG_ADD(qube.name, tag)])

    async def remove_tag(self, name: str, tag: str) -> None:
        _free_tag(tag)
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            if tag not in qube.tags:
                raise refusal("no-such-tag", qube.name, tag)
            await self._runtime.commit([rows.delete_tag(qube.qid, tag)])
            qube.tags.discard(tag)
            qube.changed()
            self._runtime.emit([events.TAG_DELETE(qube.name, tag)])

    async def set_notes(self, name: str, notes: str) -> None:
        if reason := why_not_notes(notes):
            raise error_for(reason)
        qube = self._runtime.state.qube(name)
        async with self._runtime.altering(qube):
            if qube.notes == notes:
                return
            check_change(qube.record(), notes=notes)
            await self._runtime.commit([rows.set_notes(qube.qid, notes)])
            qube.notes = notes
            qube.changed()
            self._runtime.emit([events.NOTES_SET(qube.name, notes)])

    # -- labels --------------------------------------------------------------------------------------------------------

    def label(self, name: str) -> str:
        """Its colour. Raises `QubesLabelNotFoundError`."""
        found = self._runtime.state.labels.get(name)
        if found is None:
            raise refusal("no-such-label", name)
        return found

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


def _free_tag(tag: str) -> None:
    if tag.startswith("created-by-"):
        raise refusal("tag-of-creator")
