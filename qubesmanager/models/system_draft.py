# SPDX-License-Identifier: GPL-3.0-or-later
"""The system-wide properties as something to edit: a draft like a qube's, sent as calls about the system."""

from collections.abc import Iterable

from PyQt5.QtCore import QObject

from qubesmanager.models.draft import Draft
from qubesmanager.plans.plan import PROPERTY, Step
from qubesmanager.plans.settings import system_edit_steps
from qubesmanager.rules.edits import why_not_set_system
from qubesmanager.rules.facts import Facts
from qubesmanager.rules.properties import SYSTEM_PROPERTIES
from qubesmanager.wire.codecs import PropertyRow
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import apply_event, property_change
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import PropertyValue, VmRecord
from qubesmanager.wire.values import PowerState, VmClass


class SystemDraft(Draft):
    """Its record describes the system: it holds nothing but the properties."""

    def __init__(self, rows: Iterable[PropertyRow], parent: QObject | None = None) -> None:
        properties = {row.name: PropertyValue(row.value, row.is_default) for row in rows}
        super().__init__(VmRecord(DOM0, VmClass.ADMIN, PowerState.RUNNING, properties), parent)

    def apply_events(self, events: Iterable[Event]) -> None:
        """Take over what events say of system-wide properties."""
        record = self.record
        for event in events:
            if not event.subject and property_change(event) is not None:
                record = apply_event(record, event) or record
        if record is not self.record:
            self.merge(record)

    def default(self, _facts: Facts, prop: str) -> str | None:
        """What a property would be at its default; None where only the daemon can compute it."""
        current = self.record.properties.get(prop)
        if current is not None and current.is_default:
            return current.value
        row = SYSTEM_PROPERTIES.get(prop)
        if row is None:
            return None
        return self.shown(row.follows) if row.follows else row.default

    def problems(self, facts: Facts) -> dict[str, Reason]:
        """What the daemon would refuse of the edited properties, by their names."""
        edits = {name: self.value((PROPERTY, name)) for name in self.edited(PROPERTY)}
        return {
            name: reason
            for name, value in edits.items()
            if value is not None and (reason := why_not_set_system(facts, name, value))
        }

    def steps(self) -> list[Step]:
        """The calls that apply the edits."""
        return system_edit_steps({name: self.value((PROPERTY, name)) for name in self.edited(PROPERTY)})
