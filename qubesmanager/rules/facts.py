# SPDX-License-Identifier: GPL-3.0-or-later
"""The view of a system that the rules look at. The daemon's state and the client's live copy both satisfy it.

A rule takes `Facts` and a qube of them, waits for nothing and changes nothing, so both sides come to the same answer.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from qubesmanager.wire.records import DeviceRecord, PropertyValue, VolumeRecord
from qubesmanager.wire.values import PowerState, VmClass

HALTED = frozenset({PowerState.HALTED, PowerState.CRASHED, PowerState.NA})
"""The states of a qube that uses no memory."""


class QubeFacts(Protocol):
    """One qube. Values of properties are text: booleans `yes` and `no`, references the name of a qube or empty."""

    @property
    def name(self) -> str: ...

    @property
    def klass(self) -> VmClass: ...

    @property
    def state(self) -> PowerState: ...

    @property
    def running(self) -> bool:
        """Whether the qube uses memory now: any state but those of `HALTED`."""

    @property
    def properties(self) -> Mapping[str, PropertyValue]:
        """Every property of the qube, computed defaults included."""

    @property
    def features(self) -> Mapping[str, str]: ...

    @property
    def devices(self) -> Sequence[DeviceRecord]:
        """The devices that are attached to the qube or assigned to it."""

    @property
    def volume_records(self) -> Sequence[VolumeRecord]: ...

    def value(self, name: str) -> str:
        """The text of a property; empty if the qube has no such property."""

    def flag(self, name: str) -> bool:
        """Whether a property is `yes`."""


Qubes = Mapping[str, QubeFacts]


class Facts(Protocol):
    """A system."""

    @property
    def qubes(self) -> Qubes:
        """By name."""

    def system(self, name: str) -> str:
        """The value of a system-wide property; empty if it is not known."""

    def sees(self, name: str) -> bool:
        """Whether a reason may name the qube to the caller."""


def whole_number(text: str) -> int:
    """The number that a text of digits is; 0 for any other text."""
    return int(text) if text.isascii() and text.isdigit() else 0


def own_value(qube: QubeFacts, name: str) -> str:
    """The value of a property that is set on the qube itself; empty if it is at its default."""
    value = qube.properties.get(name)
    return value.value if value is not None and not value.is_default else ""
