# SPDX-License-Identifier: GPL-3.0-or-later
"""The edits of several qubes at once: a draft a qube, edited together, and what differs shown as `MIXED`."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from PyQt5.QtCore import QObject, QTimer, pyqtSignal

from qubesmanager.models.draft import Draft
from qubesmanager.plans.plan import TAG, Key, Step
from qubesmanager.rules.facts import Facts
from qubesmanager.rules.properties import READ_ONLY
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import PropertyValue, VmRecord
from qubesmanager.wire.values import VmClass

MIXED = "\x00"
"""Stands where the qubes have several values; as an edit: leave each as it is. No property can have this value."""


PAUSE = 100
"""Milliseconds in which changes by other clients are gathered."""

R = TypeVar("R")
V = TypeVar("V", str, str | None)


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed value of one qube; `before` and `after` as they are shown (None: the default, or no tag)."""

    qube: str
    key: Key
    before: str
    after: str | None


class SharedDraft(QObject):
    """Signals: `changed()`, as a draft's. `record` has the properties that all of the qubes have.

    An edit changes all drafts and is shown at once. What other clients change is gathered for `PAUSE`, and shown only
    if it is about something that can be edited: with a thousand qubes each look at all drafts takes a while.
    """

    changed = pyqtSignal()

    def __init__(self, records: Iterable[VmRecord], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.drafts = {record.name: Draft(record, self) for record in records}
        self._quiet = False
        self._cache: dict[object, Any] = {}
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(PAUSE)
        self._later.timeout.connect(self._emit)
        for draft in self.drafts.values():
            draft.changed.connect(self._emit_changed)

    # -- reading ------------------------------------------------------------------------------------------------------

    def _cached(self, key: object, compute: Callable[[], R]) -> R:
        """What was computed since the last change, or is computed now."""
        if key not in self._cache:
            self._cache[key] = compute()
        value: R = self._cache[key]
        return value

    def _dirty_drafts(self) -> dict[str, Draft]:
        """The drafts with edits, by qube."""
        return self._cached("dirty", lambda: {qube: draft for qube, draft in self.drafts.items() if draft.dirty})

    @property
    def record(self) -> VmRecord:
        """A record for all of them: their common properties with the values of the first, and a class for the rules.

        It runs if one of them does.
        """
        return self._cached("record", self._record)

    def _record(self) -> VmRecord:
        records = [draft.record for draft in self.drafts.values()]
        first, *others = records
        names = set(first.properties).intersection(*(other.properties for other in others))
        common = {name: value for name, value in first.properties.items() if name != "name" and name in names}
        if len({record.klass is VmClass.DISP for record in records}) > 1:
            common.pop("template", None)  # a disposable is based on another kind of qube
        state = next((record.state for record in records if record.running), first.state)
        return VmRecord("", first.klass, state, common)

    @property
    def conflicts(self) -> set[Key]:
        """Keys edited here and changed by another client meanwhile, in any of the qubes."""
        return self._cached(
            "conflicts", lambda: set().union(*(draft.conflicts for draft in self.drafts.values() if draft.conflicts))
        )

    @property
    def merged(self) -> dict[Key, str]:
        """What other clients changed in any of the qubes; the values before differ from qube to qube."""
        return self._cached("merged", lambda: {key: "" for draft in self.drafts.values() for key in draft.merged})

    def theirs(self, key: Key) -> str:
        """The value of the qubes that are in conflict, if it is the same for all."""
        values = {draft.theirs(key) for draft in self.drafts.values() if key in draft.conflicts}
        return values.pop() if len(values) == 1 else ""

    def default(self, facts: Facts, prop: str) -> str | None:
        """What the property would be at its default, if that is known and the same for all."""

        def compute() -> str | None:
            values = {draft.default(facts, prop) for draft in self.drafts.values()}
            return values.pop() if len(values) == 1 else None

        return self._cached(("default", prop), compute)

    def before(self, prop: str) -> tuple[str, bool]:
        """The property without the edits: its text, `MIXED` where they differ, and whether it is the default of all."""

        def compute() -> tuple[str, bool]:
            values = {draft.before(prop) for draft in self.drafts.values()}
            texts = {text for text, _is_default in values}
            return texts.pop() if len(texts) == 1 else MIXED, all(is_default for _text, is_default in values)

        return self._cached(("before", prop), compute)

    def shown(self, prop: str) -> str:
        """The text of a property: `MIXED` where they differ."""
        return self._cached(("shown", prop), lambda: _only({draft.shown(prop) for draft in self.drafts.values()}))

    def value(self, key: Key) -> str | None:
        """What all would have as their own; None: the default."""
        return self._cached(("value", key), lambda: _only({draft.value(key) for draft in self.drafts.values()}))

    def is_edited(self, key: Key) -> bool:
        return any(draft.is_edited(key) for draft in self._dirty_drafts().values())

    @property
    def dirty(self) -> bool:
        return any(draft.dirty for draft in self.drafts.values())

    def differences(self) -> list[Difference]:
        """The changed values, qube by qube."""
        return [
            Difference(qube, step.key, draft.theirs(step.key), draft.value(step.key))
            for qube, draft in self._dirty_drafts().items()
            for step in draft.steps()
        ]

    def tags(self) -> dict[str, int]:
        """Every tag that one of the qubes would have, and how many would."""
        counted = Counter(
            name
            for draft in self.drafts.values()
            for name in {*draft.record.tags, *draft.edited(TAG)}
            if draft.value((TAG, name)) is not None
        )
        return dict(sorted(counted.items()))

    def steps(self) -> dict[str, list[Step]]:
        """The calls for each qube that would be different."""
        return {qube: steps for qube, draft in self._dirty_drafts().items() if (steps := draft.steps())}

    def problems(self, facts: Facts) -> dict[str, Reason]:
        """As a draft's, of the first qube that has one, with its name."""
        return self._cached(
            "problems",
            lambda: _with_name({qube: draft.problems(facts) for qube, draft in self._dirty_drafts().items()}),
        )

    def warnings(self, facts: Facts) -> dict[str, Reason]:
        """As a draft's."""
        return self._cached(
            "warnings",
            lambda: _with_name({qube: draft.warnings(facts) for qube, draft in self._dirty_drafts().items()}),
        )

    # -- changing -----------------------------------------------------------------------------------------------------

    def edit(self, key: Key, value: str | None) -> None:
        """The same for all; `MIXED` takes the edit back."""
        if value == MIXED:
            self._all(lambda draft: draft.revert(key))
        else:
            self._all(lambda draft: draft.edit(key, value))

    def revert(self, key: Key) -> None:
        """Take the edit back; each qube is as the daemon has it."""
        self.edit(key, MIXED)

    def merge(self, records: Iterable[VmRecord]) -> None:
        """Qubes are so now; others than these are ignored."""
        for record in records:
            if draft := self.drafts.get(record.name):
                matters = _matters(draft, record)
                self._quiet = True
                draft.merge(record)
                self._quiet = False
                if matters and not self._later.isActive():
                    self._later.start()

    def forget(self, qubes: Iterable[str]) -> None:
        """These qubes are gone."""
        gone = [draft for qube in qubes if (draft := self.drafts.pop(qube, None))]
        for draft in gone:
            draft.changed.disconnect(self._emit_changed)
            draft.deleteLater()
        if gone:
            self._emit()

    def discard(self) -> None:
        self._all(Draft.discard)

    def keep_mine(self) -> None:
        self._all(Draft.keep_mine)

    def take_theirs(self) -> None:
        self._all(Draft.take_theirs)

    def seen(self) -> None:
        self._all(Draft.seen)

    def _all(self, change: Callable[[Draft], None]) -> None:
        self._quiet = True
        for draft in self.drafts.values():
            change(draft)
        self._quiet = False
        self._emit()

    def _emit_changed(self) -> None:
        if not self._quiet:
            self._emit()

    def _emit(self) -> None:
        self._later.stop()
        self._cache.clear()
        self.changed.emit()


def _matters(draft: Draft, record: VmRecord) -> bool:
    """Whether a new record changes what can be edited, or what is refused or warned of."""
    before = draft.record
    if (_editable(before), before.features, before.tags) != (_editable(record), record.features, record.tags):
        return True
    return draft.dirty and (before.running != record.running or before.devices != record.devices)


def _editable(record: VmRecord) -> dict[str, PropertyValue]:
    return {name: value for name, value in record.properties.items() if name not in READ_ONLY}


def _only(values: set[V]) -> V | str:
    """The only one of the values; `MIXED` if there are several."""
    return values.pop() if len(values) == 1 else MIXED


def _with_name(by_qube: Mapping[str, Mapping[str, Reason]]) -> dict[str, Reason]:
    """The first reason of each property, with the name of its qube before it."""
    named: dict[str, Reason] = {}
    for qube, reasons in by_qube.items():
        for name, reason in reasons.items():
            named.setdefault(name, Reason("of-qube", qube, reason))
    return named
