# SPDX-License-Identifier: GPL-3.0-or-later
"""A qube in the daemon's memory: its own settings, and the values computed from them.

Only the services change a `Qube`, after the store has taken the change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from qubesmanager.rules.facts import HALTED
from qubesmanager.wire.reason import Field
from qubesmanager.wire.records import DeviceRecord, PropertyValue, VmRecord, VolumeRecord
from qubesmanager.wire.values import PowerState, VmClass


@dataclass(slots=True)
class Qube:
    """`own` are properties set on the qube itself; `view` is every property as it stands, computed ones included."""

    qid: int
    uuid: UUID
    name: str
    klass: VmClass
    own: dict[str, str] = field(default_factory=dict)
    features: dict[str, str] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    rules: list[tuple[str, str]] = field(default_factory=list)
    """Firewall rules in order: id, text."""
    volumes: dict[str, VolumeRecord] = field(default_factory=dict)
    devices: list[DeviceRecord] = field(default_factory=list)
    notes: str = ""
    state: PowerState = PowerState.HALTED
    start_time: int | None = None
    last_stop: int | None = None
    """When it halted last, in Unix seconds."""
    firewall_problem: Field = ""
    """Why everything from the qube is dropped, or why its latest rules do not hold yet."""
    problem: Field = ""
    """Why the qube cannot be used, such as a missing pool or a damaged volume; of dom0: the problem of the store."""
    unreadable: str = ""
    """The part of the qube that could not be read from the store, if the qube cannot be used without it."""
    has_agent: bool = False
    """The agent of `guest/` answers on the channel of the qube."""
    view: dict[str, PropertyValue] = field(default_factory=dict)
    """Shared with the record that was made of it: call `changed` first."""
    kept_record: VmRecord | None = None
    most_bytes: int = 0
    """Bytes that the record cannot exceed as JSON; 0 if that is not known."""

    def __post_init__(self) -> None:
        if self.klass is VmClass.REMOTE:
            self.state = PowerState.RUNNING  # as far as this machine knows, as in Qubes OS

    def value(self, name: str) -> str:
        """A property as it stands; empty if the class has none of that name."""
        value = self.view.get(name)
        return value.value if value else ""

    def flag(self, name: str) -> bool:
        return self.value(name) == "yes"

    @property
    def properties(self) -> Mapping[str, PropertyValue]:
        """Every property as it stands, computed ones included."""
        return self.view

    @property
    def volume_records(self) -> tuple[VolumeRecord, ...]:
        return tuple(self.volumes.values())

    @property
    def running(self) -> bool:
        return self.state not in HALTED

    def record(self) -> VmRecord:
        """The qube as its listeners know it; made again only after a change."""
        if self.kept_record is None:
            self.kept_record = VmRecord(
                self.name,
                self.klass,
                self.state,
                self.view,
                dict(self.features),
                frozenset(self.tags),
                tuple(self.volumes.values()),
                tuple(self.devices),
                self.notes,
            )
        return self.kept_record

    def changed(self, growth: int | None = None) -> None:
        """Something of the record is different now, or will be. Gives the qube a view that no record has.

        `growth`: the most bytes that this can add to the record as JSON (`weight.most_bytes`); None if not known.
        """
        if self.kept_record is not None:
            self.view = dict(self.view)
            self.kept_record = None
        self.most_bytes = self.most_bytes + growth if self.most_bytes and growth is not None else 0
