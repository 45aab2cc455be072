# SPDX-License-Identifier: GPL-3.0-or-later
"""The edits of several qubes at once: a draft a qube, edited together, and what differs shown as `MIXED`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PyQt5.QtCore import QObject, pyqtSignal

from qubesmanager.models.draft import Draft
from qubesmanager.plans.plan import TAG, Key, Step
from qubesmanager.rules.facts import Facts
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import VmClass

MIXED = "\x00"
"""Stands where the qubes have several values; as an edit: leave each as it is. No property can have this value."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed value of one qube; `before` and `after` as they are shown (None: the default, or no tag)."""

    qube: str
    key: Key
    before: str
    after: str | None


class SharedDraft(QObject):
    """Signals: `changed()`, as a draft's. `record` has the properties that all of the qubes have."""

    changed = pyqtSignal()

    def __init__(self, records: Iterable[VmRecord], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.drafts = {record.name: Draft(record, self) for record in records}
        self._quiet = False
        for draft in self.drafts.values():
            draft.changed.connect(self._emit_changed)

    # -- reading ------------------------------------------------------------------------------------------------------

    @property
    def record(self) -> VmRecord:
        """A record for all of them: their common properties with the values of the first, and a class for the rules."""
        first, *others = (draft.record for draft in self.drafts.values())
        common = {
            name: value
            for name, value in first.properties.items()
            if name != "name" and all(name in other.properties for other in others)
        }
        if len({record.klass is VmClass.DISP for record in (first, *others)}) > 1:
            common.pop("template", None)  # a disposable is based on another kind of qube
        return VmRecord("", first.klass, first.state, common)

    @property
    def conflicts(self) -> set[Key]:
        """Keys edited here and changed by another client meanwhile, in any of the qubes."""
        return set().union(*(draft.conflicts for draft in self.drafts.values()))

    @property
    def merged(self) -> dict[Key, str]:
        """What other clients changed in any of the qubes; the values before differ from qube to qube."""
        return {key: "" for draft in self.drafts.values() for key in draft.merged}

    def theirs(self, key: Key) -> str:
        """The value of the qubes that are in conflict, if it is the same for all."""
        values = {draft.theirs(key) for draft in self.drafts.values() if key in draft.conflicts}
        return values.pop() if len(values) == 1 else ""

    def shown(self, prop: str) -> str:
        """The text of a property: `MIXED` where they differ."""
        values = {draft.shown(prop) for draft in self.drafts.values()}
        return values.pop() if len(values) == 1 else MIXED

    def value(self, key: Key) -> str | None:
        """The own value that all qubes would have; None: the default."""
        values = {draft.value(key) for draft in self.drafts.values()}
        return values.pop() if len(values) == 1 else MIXED

    def is_edited(self, key: Key) -> bool:
        return any(draft.is_edited(key) for draft in self.drafts.values())

    @property
    def dirty(self) -> bool:
        return any(draft.dirty for draft in self.drafts.values())

    def differences(self) -> list[Difference]:
        """The changed values, qube by qube."""
        return [
            Difference(qube, step.key, draft.theirs(step.key), draft.value(step.key))
            for qube, draft in self.drafts.items()
            for step in draft.steps()
        ]

    def tags(self) -> dict[str, int]:
        """Every tag that one of the qubes would have, and how many would."""
        names = {name for draft in self.drafts.values() for name in (*draft.record.tags, *draft.edited(TAG))}
        counted = {
            name: sum(draft.value((TAG, name)) is not None for draft in self.drafts.values()) for name in sorted(names)
        }
        return {name: count for name, count in counted.items() if count}

    def steps(self) -> dict[str, list[Step]]:
        """The calls for each qube that would be different."""
        return {qube: steps for qube, draft in self.drafts.items() if (steps := draft.steps())}

    def problems(self, facts: Facts) -> dict[str, Reason]:
        """As a draft's, of the first qube that has one, with its name."""
        return _with_name({qube: draft.problems(facts) for qube, draft in self.drafts.items()})

    def warnings(self, facts: Facts) -> dict[str, Reason]:
        """As a draft's."""
        return _with_name({qube: draft.warnings(facts) for qube, draft in self.drafts.items()})

    # -- changing -----------------------------------------------------------------------------------------------------

    def edit(self, key: Key, value: str | None) -> None:
        """The same for all; `MIXED` takes the edit back."""
        self._quiet = True
        for draft in self.drafts.values():
            if value == MIXED:
                draft.revert(key)
            else:
                draft.edit(key, value)
        self._quiet = False
        self.changed.emit()

    def merge(self, record: VmRecord) -> None:
        """One of the qubes is so now; another one than these is nothing to it."""
        if draft := self.drafts.get(record.name):
            draft.merge(record)

    def forget(self, qube: str) -> None:
        """The qube is gone."""
        if draft := self.drafts.pop(qube, None):
            draft.changed.disconnect(self._emit_changed)
            draft.deleteLater()
            self.changed.emit()

    def discard(self) -> None:
        for draft in self.drafts.values():
            draft.discard()

    def keep_mine(self) -> None:
        for draft in self.drafts.values():
            draft.keep_mine()

    def take_theirs(self) -> None:
        for draft in self.drafts.values():
            draft.take_theirs()

    def seen(self) -> None:
        for draft in self.drafts.values():
            draft.seen()

    def _emit_changed(self) -> None:
        if not self._quiet:
            self.changed.emit()


def _with_name(by_qube: Mapping[str, Mapping[str, Reason]]) -> dict[str, Reason]:
    """The first reason of each property, with the name of its qube before it."""
    named: dict[str, Reason] = {}
    for qube, reasons in by_qube.items():
        for name, reason in reasons.items():
            named.setdefault(name, Reason("of-qube", qube, reason))
    return named
