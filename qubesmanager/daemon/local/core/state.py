# SPDX-License-Identifier: GPL-3.0-or-later
"""All qubes in memory with what follows from their settings: computed defaults, dependents, referrers.

Pure: no I/O, no waiting. A change goes in through `add`, `remove`, `property_changed`, `feature_changed` or
`system_changed`, and the events for the listeners come out, those of other qubes' computed defaults included.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from qubesmanager.daemon.admission.visibility import may_see
from qubesmanager.daemon.local.core import properties, sight, system_properties
from qubesmanager.daemon.local.core.property import Property
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.volumes import REVISIONS
from qubesmanager.daemon.local.core.weight import most_bytes_of_value
from qubesmanager.rules.volumes import REVISIONS_TO_KEEP, is_revisions
from qubesmanager.wire import events
from qubesmanager.wire.event import Event
from qubesmanager.wire.names import DOM0, UUID_PREFIX, VM_NAME, check, shown
from qubesmanager.wire.reason import Field
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.records import PropertyValue, VolumeRecord, shared_value

_INDEXED = frozenset({"netvm", "template"})
"""The properties by whose value qubes are looked up."""


@dataclass
class State:
    """The system as it is known. `system_own` are system-wide properties that are set."""

    qubes: dict[str, Qube] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    pools: dict[str, str] = field(default_factory=dict)
    """Driver by pool."""
    pool_options: dict[str, dict[str, str]] = field(default_factory=dict)
    """By pool: the options that its driver was given, and `revisions_to_keep` if it is not `REVISIONS`."""
    system_own: dict[str, str] = field(default_factory=dict)
    kernels: frozenset[str] = frozenset()
    host_memory: int = 4096
    host_cpus: int = 4
    firewall_note: Field = ""
    by_uuid: dict[UUID, Qube] = field(default_factory=dict)
    by_qid: dict[int, Qube] = field(default_factory=dict)
    clients: dict[str, set[str]] = field(default_factory=dict)
    """By netvm: the qubes whose netvm it is."""
    children: dict[str, set[str]] = field(default_factory=dict)
    """By template: the qubes based on it."""

    def qube(self, name: str) -> Qube:
        """Raises `QubesVMNotFoundError`."""
        qube = self.qubes.get(name)
        if qube is None:
            raise refusal("no-such-qube", shown(name))
        return qube

    def resolve(self, untrusted_dest: str) -> str:
        """The name itself if a qube has it, or the name behind `uuid:…`.

        Raises `QubesVMNotFoundError`, and `ProtocolError` for what is no name.
        """
        if untrusted_dest in self.qubes:
            return untrusted_dest
        if untrusted_dest.startswith(UUID_PREFIX):
            try:
                qube = self.by_uuid.get(UUID(untrusted_dest.removeprefix(UUID_PREFIX)))
            except ValueError:
                qube = None
            if qube is None:
                raise refusal("no-such-qube", shown(untrusted_dest))
            return qube.name
        return self.qube(check(VM_NAME, untrusted_dest)).name

    def visible(self, source: str, name: str) -> bool:
        """Whether `source` may see the qube of a name. dom0 and the source itself may have no qube here."""
        qube = self.qubes.get(name)
        return may_see(source, name, frozenset() if qube is None else qube.tags)

    def has_visible(self, source: str, name: str) -> bool:
        """Whether there is a qube of that name and `source` may see it."""
        return name in self.qubes and self.visible(source, name)

    def source_of(self, qube: Qube, volume: VolumeRecord) -> VolumeRecord | None:
        """The kept volume that a layer of this qube is made on; None for a volume that is no layer.

        Raises `QubesVMNotFoundError` or `QubesVolumeNotFoundError` if the template or its volume is not there.
        """
        if not volume.snap_on_start:
            return None
        template = self.qube(qube.own.get("template") or qube.value("template"))
        below = template.volumes.get(volume.name)
        if below is None:
            raise refusal("no-such-qube-volume", template.name, volume.name)
        return self.source_of(template, below) or below

    def system(self, name: str) -> str:
        """The value of a system-wide property: its own, else that of the property it follows, else its default."""
        value = self.system_own.get(name)
        return self.system_default(name) if value is None else value

    def system_default(self, name: str) -> str:
        """The value of a system-wide property that is not set: that of the property it follows, else its default."""
        row = system_properties.TABLE[name]
        return self.system(row.follows) if row.follows else row.default

    def default_pool(self, volume: str) -> str:
        """The pool of a volume (`root`, `private`, `volatile`) of a new qube that names none."""
        return self.system(f"default_pool_{volume}")

    def revisions(self, pool: str) -> int:
        """How many snapshots new volumes of a pool keep; -1 for every one."""
        number = self.pool_options.get(pool, {}).get(REVISIONS_TO_KEEP, "")
        return int(number) if is_revisions(number) else REVISIONS

    def sees(self, name: str) -> bool:
        """Whether the source of the call sees the qube of a name."""
        return sight.sees(name)

    def in_order(self) -> list[Qube]:
        """dom0 first, then by name."""
        return sorted(self.qubes.values(), key=lambda qube: (qube.name != DOM0, qube.name))

    # -- changes ------------------------------------------------------------------------------------------------------

    def load(self, qubes: Iterable[Qube]) -> None:
        """Take many qubes at once, in any order: templates before what is based on them, netvms before clients."""
        waiting = {qube.name: qube for qube in qubes}
        self.qubes.update(waiting)
        self.by_uuid.update((qube.uuid, qube) for qube in waiting.values())
        self.by_qid.update((qube.qid, qube) for qube in waiting.values())
        too_early = 0
        while waiting:
            too_early += self._load_one(next(iter(waiting)), waiting)
        if too_early:
            for qube in self.qubes.values():
                self._view(qube)

    def add(self, qube: Qube) -> Event:
        """A new qube, complete but for its view."""
        self.qubes[qube.name] = qube
        self.by_uuid[qube.uuid] = qube
        self.by_qid[qube.qid] = qube
        self._view(qube)
        return added(qube)

    def remove(self, qube: Qube) -> Event:
        """The qube is gone; the caller has made sure that nothing refers to it."""
        del self.qubes[qube.name]
        del self.by_uuid[qube.uuid]
        del self.by_qid[qube.qid]
        self._index(self.clients, qube.value("netvm"), "", qube.name)
        self._index(self.children, qube.value("template"), "", qube.name)
        return events.DOMAIN_DELETE(qube.name)

    def property_changed(self, qube: Qube, name: str) -> list[Event]:
        """An own value was set or taken away, or what a read-only property is made of changed."""
        return self._refresh([(qube, properties.TABLE[name])])

    def feature_changed(self, qube: Qube, name: str) -> list[Event]:
        """Computed defaults that look at a feature."""
        return self._refresh([(qube, row) for row in properties.DEPENDENTS.get(f"feature:{name}", ())])

    def system_changed(self, name: str) -> list[Event]:
        """Computed defaults that look at a system-wide property, in every qube."""
        rows = properties.DEPENDENTS.get(f"system:{name}", ())
        return self._refresh([(qube, row) for qube in list(self.qubes.values()) for row in rows])

    # -- inside -------------------------------------------------------------------------------------------------------

    def _load_one(self, first: str, waiting: dict[str, Qube]) -> int:
        """The qube, after those of `waiting` that it depends on; a loop is cut where it closes.

        Answers how many views were computed before one that they depend on, which a loop makes necessary.
        """
        path = [first]
        entered = {first}
        too_early = 0
        default_netvm = self.system("default_netvm")
        while path:
            qube = waiting[path[-1]]
            depends = (qube.own.get("template"), qube.own.get("netvm", default_netvm))
            before = next((name for name in depends if name in waiting and name not in entered), None)
            if before is not None:
                path.append(before)
                entered.add(before)
                continue
            self._view(qube)
            too_early += any(qube.value(name) in waiting for name in ("template", "netvm"))
            del waiting[path.pop()]
        return too_early

    def _view(self, qube: Qube) -> None:
        qube.changed()
        for row in properties.BY_CLASS[qube.klass]:
            self._put(qube, row, self._value(qube, row))

    def _value(self, qube: Qube, row: Property) -> PropertyValue:
        value = qube.own.get(row.name)
        if value is not None:
            return shared_value(value, is_default=False)
        value = row.default_of(self, qube)
        why = row.why(self, qube) if row.why else None
        return PropertyValue(value, True, why) if why else shared_value(value, is_default=True)

    def _put(self, qube: Qube, row: Property, value: PropertyValue) -> None:
        before = qube.view.get(row.name)
        qube.view[row.name] = value
        if row.name in _INDEXED and (before is None or before.value != value.value):
            index = self.clients if row.name == "netvm" else self.children
            self._index(index, before.value if before else "", value.value, qube.name)

    @staticmethod
    def _index(index: dict[str, set[str]], before: str, after: str, name: str) -> None:
        if before:
            index.get(before, set()).discard(name)
        if after:
            index.setdefault(after, set()).add(name)

    def _refresh(self, waiting: list[tuple[Qube, Property]]) -> list[Event]:
        """Compute these again, and whatever looks at those that changed."""
        changes: list[Event] = []
        for qube, row in waiting:
            if qube.klass not in row.classes:
                continue
            before, after = qube.view[row.name], self._value(qube, row)
            if before == after:
                continue
            qube.changed(most_bytes_of_value(after))
            self._put(qube, row, after)
            changes.append(events.property_event(qube.name, row.name, after, before.value))
            if before.value == after.value:
                continue
            looking = properties.LOOKING_AT[row.name]
            # The loop goes on to what is added here.
            waiting.extend([(qube, other) for other in looking.own])
            for rows, index in ((looking.children, self.children), (looking.clients, self.clients)):
                if rows:
                    names = sorted(index.get(qube.name, ()))
                    waiting.extend([(self.qubes[name], other) for name in names for other in rows])
        return changes


def added(qube: Qube) -> Event:
    """`domain-add` with the whole record, so that a listener need not ask."""
    return events.DOMAIN_ADD(qube.name, qube.record())
