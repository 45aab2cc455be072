# SPDX-License-Identifier: GPL-3.0-or-later
"""The edits of several qubes at once: a draft a qube, edited together, and what differs shown as `MIXED`."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from time import perf_counter
from typing import Any, Generic, Self, TypeVar, overload

from PyQt5.QtCore import QObject, QTimer, pyqtSignal

from qubesmanager.models.draft import Draft
from qubesmanager.plans.plan import PROPERTY, TAG, Key, Step
from qubesmanager.rules.facts import Facts
from qubesmanager.rules.properties import READ_ONLY
from qubesmanager.rules.stepwise import Steps
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import PropertyValue, VmRecord
from qubesmanager.wire.values import VmClass

MIXED = "\x00"
"""Stands where the qubes have several values; as an edit: leave each as it is. No property can have this value."""


PAUSE = 100
"""Milliseconds in which changes by other clients are gathered."""
AT_ONCE = 50
"""Drafts whose edits are checked before an edit is shown. More are checked afterwards, in turns of the loop."""
TURN = 0.005
"""Seconds of such a turn."""

R = TypeVar("R")
V = TypeVar("V", str, str | None)
Reasons = dict[str, Reason]
"""By property."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed value of one qube; `before` and `after` as they are shown (None: the default, or no tag)."""

    qube: str
    key: Key
    before: str
    after: str | None


class SharedSteps(Sequence[Step]):
    """The steps of all drafts. Each is made when it is read, because for a thousand qubes that takes long."""

    def __init__(self, number: int, make: Callable[[], Iterator[Step]]) -> None:
        self._number, self._make = number, make

    def __len__(self) -> int:
        return self._number

    @overload
    def __getitem__(self, at: int) -> Step: ...
    @overload
    def __getitem__(self, at: slice) -> list[Step]: ...
    def __getitem__(self, at: int | slice) -> Step | list[Step]:
        return list(self)[at]

    def __iter__(self) -> Iterator[Step]:
        return self._make()


class _Tally(Generic[R]):
    """A value of each draft, and how many have each. Of a draft that changes only its own value is read again."""

    def __init__(self, read: Callable[[Draft], R], values: dict[str, R]) -> None:
        self._read = read
        self._values = values
        self._counts = Counter(values.values())

    @classmethod
    def of(cls, read: Callable[[Draft], R], drafts: Mapping[str, Draft]) -> Self:
        return cls(read, {qube: read(draft) for qube, draft in drafts.items()})

    def different(self) -> set[R]:
        """The different values."""
        return set(self._counts)

    def read_again(self, qube: str, draft: Draft) -> None:
        value, before = self._read(draft), self._values[qube]
        self._values[qube] = value
        self._counts[before] -= 1
        if not self._counts[before]:
            del self._counts[before]
        self._counts[value] += 1


class _Check:
    """The check of the edits of many drafts, some of them at a time."""

    def __init__(self, drafts: Mapping[str, Draft], facts: Facts) -> None:
        self._facts = facts
        self._drafts = list(drafts.items())
        self._at = 0
        self._problems: dict[str, Reasons] = {}
        self._warnings: dict[str, Reasons] = {}

    @property
    def has_begun(self) -> bool:
        return self._at > 0

    def go_on(self, until: float) -> bool:
        """Check at least one draft, and others until that time (`perf_counter`). Whether all are checked."""
        while self._at < len(self._drafts):
            qube, draft = self._drafts[self._at]
            self._at += 1
            self._problems[qube] = draft.problems(self._facts)
            self._warnings[qube] = draft.warnings(self._facts)
            if perf_counter() > until:
                break
        return self._at == len(self._drafts)

    def reasons(self) -> tuple[Reasons, Reasons]:
        """The problems and the warnings."""
        return _with_name(self._problems), _with_name(self._warnings)


class SharedDraft(QObject):
    """Signals: `changed()`, as a draft's. `record` has the properties that all of the qubes have.

    An edit changes all drafts and is shown at once; of more than `AT_ONCE` qubes its problems and warnings follow a
    moment later, with a second `changed`. What other clients change is gathered for `PAUSE`, and shown only if it is
    about something that can be edited.
    """

    changed = pyqtSignal()

    def __init__(self, records: Iterable[VmRecord], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.drafts = {record.name: Draft(record, self) for record in records}
        self._quiet = False
        self._edition = 0
        """How often the edits were changed here."""
        self._state = 0
        """How often something was computed again, for edits made here and changes by other clients."""
        self._cache: dict[object, Any] = {}
        """What was computed since the last change."""
        self._lasting: dict[object, Any] = {}
        """What was computed since the last change of a record; edits do not change it."""
        self._is_lasting = True
        """Whether no record was merged since with which it would be different."""
        self._tallies: dict[tuple[str, Key], _Tally[Any]] = {}
        """By what is counted, and the key that it is about."""
        self._touched: set[str] = set()
        """Qubes with a new record that the tallies do not know yet."""
        self._facts: Facts | None = None
        """Those of the last look at problems and warnings."""
        self._check: _Check | None = None
        self._checked: tuple[Reasons, Reasons] | None = ({}, {})
        """The problems and warnings of the present edits; None: not known yet."""
        self._before_check: tuple[Reasons, Reasons] = ({}, {})
        self._is_checked = asyncio.Event()
        self._later = self._timer(PAUSE, self._show_merged)
        self._turns = self._timer(0, self._check_more)
        for draft in self.drafts.values():
            draft.changed.connect(self._emit_changed)

    def _timer(self, pause: int, act: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(pause)
        timer.timeout.connect(act)
        return timer

    # -- reading ------------------------------------------------------------------------------------------------------

    @staticmethod
    def _known(cache: dict[object, Any], key: object, compute: Callable[[], R]) -> R:
        """What the cache has, or is computed now."""
        if key not in cache:
            cache[key] = compute()
        value: R = cache[key]
        return value

    def _different(self, what: str, key: Key, read: Callable[[Draft], R]) -> set[R]:
        """The different values that the drafts have."""
        tally = self._tallies.get((what, key))
        if tally is None:
            tally = self._tallies[what, key] = _Tally.of(read, self.drafts)
        return tally.different()

    def _dirty_drafts(self) -> dict[str, Draft]:
        """The drafts with edits, by qube."""
        return self._known(
            self._cache, "dirty", lambda: {qube: draft for qube, draft in self.drafts.items() if draft.dirty}
        )

    def _edited_keys(self) -> Counter[Key]:
        """What is edited, and in how many qubes."""
        return self._known(
            self._cache,
            "edited",
            lambda: Counter(key for draft in self._dirty_drafts().values() for key in draft.edited_keys()),
        )

    @property
    def record(self) -> VmRecord:
        """A record for all of them: their common properties with the values of the first, and a class for the rules.

        It runs if one of them does.
        """
        return self._known(self._lasting, "record", self._record)

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
        return self._known(
            self._cache,
            "conflicts",
            lambda: set().union(*(draft.conflicts for draft in self.drafts.values() if draft.conflicts)),
        )

    @property
    def merged(self) -> dict[Key, str]:
        """What other clients changed in any of the qubes; the values before differ from qube to qube."""
        return self._known(
            self._cache, "merged", lambda: {key: "" for draft in self.drafts.values() for key in draft.merged}
        )

    def theirs(self, key: Key) -> str:
        """The value of the qubes that are in conflict, if it is the same for all."""
        values = {draft.theirs(key) for draft in self.drafts.values() if key in draft.conflicts}
        return values.pop() if len(values) == 1 else ""

    def default(self, facts: Facts, prop: str) -> str | None:
        """What the property would be at its default, if that is known and the same for all."""

        def compute() -> str | None:
            values = {draft.default(facts, prop) for draft in self.drafts.values()}
            return values.pop() if len(values) == 1 else None

        return self._known(self._lasting, ("default", prop), compute)

    def before(self, prop: str) -> tuple[str, bool]:
        """The property without the edits: its text, `MIXED` where they differ, and whether it is the default of all."""
        values = self._different("before", (PROPERTY, prop), lambda draft: draft.before(prop))
        return _only({text for text, _is_default in values}), all(is_default for _text, is_default in values)

    def shown(self, prop: str) -> str:
        """The text of a property: `MIXED` where they differ."""
        return _only(self._different("shown", (PROPERTY, prop), lambda draft: draft.shown(prop)))

    def value(self, key: Key) -> str | None:
        """What all would have as their own; None: the default."""
        return _only(self._different("value", key, lambda draft: draft.value(key)))

    def is_edited(self, key: Key) -> bool:
        return key in self._edited_keys()

    @property
    def dirty(self) -> bool:
        return any(draft.dirty for draft in self.drafts.values())

    def differences(self) -> Iterator[Difference]:
        """The changed values, qube by qube."""
        for qube, draft in self._dirty_drafts().items():
            for key in draft.edited_keys():
                yield Difference(qube, key, draft.theirs(key), draft.value(key))

    def tags(self) -> dict[str, int]:
        """Every tag that one of the qubes would have, and how many would."""

        def compute() -> dict[str, int]:
            counted = Counter(
                name
                for draft in self.drafts.values()
                for name in {*draft.record.tags, *draft.edited(TAG)}
                if draft.value((TAG, name)) is not None
            )
            return dict(sorted(counted.items()))

        if any(kind == TAG for kind, _name in self._edited_keys()):
            return self._known(self._cache, "tags", compute)
        return self._known(self._lasting, "tags", compute)

    def steps(self) -> Steps[dict[str, list[Step]]]:
        """Makes the calls for each qube that would be different, one qube in each step.

        It begins again if something is edited between two steps.
        """
        while "steps" not in self._cache:
            edition, state = self._edition, self._state
            made = {}
            for qube, draft in self._dirty_drafts().items():
                if steps := draft.steps():
                    made[qube] = steps
                yield
                if edition != self._edition:
                    break
            else:
                if state != self._state:  # another client changed some of them
                    return made
                self._cache["steps"] = made
        steps_by_qube: dict[str, list[Step]] = self._cache["steps"]
        return steps_by_qube

    def all_steps(self) -> SharedSteps:
        """The calls for all of them; each edit is one."""
        return SharedSteps(
            self._edited_keys().total(),
            lambda: (step for draft in self._dirty_drafts().values() for step in draft.steps()),
        )

    # -- checking -----------------------------------------------------------------------------------------------------

    def problems(self, facts: Facts) -> dict[str, Reason]:
        """As a draft's, of the first qube that has one, with its name."""
        return self._reasons(facts)[0]

    def warnings(self, facts: Facts) -> dict[str, Reason]:
        """As a draft's."""
        return self._reasons(facts)[1]

    async def checked(self, facts: Facts) -> dict[str, Reason]:
        """The problems of the present edits, once all of them are checked."""
        while self._checked is None:
            self._reasons(facts)
            await self._is_checked.wait()
        return self._checked[0]

    def _reasons(self, facts: Facts) -> tuple[Reasons, Reasons]:
        """The problems and warnings; while many edits are checked, those of before."""
        self._facts = facts
        if self._checked is None and self._check is None:
            drafts = self._dirty_drafts()
            if len(drafts) <= AT_ONCE:
                self._check = _Check(drafts, facts)
                self._check.go_on(inf)
                self._end_check()
            elif not self._later.isActive():
                self._check = _Check(drafts, facts)
                self._turns.start()
        return self._before_check if self._checked is None else self._checked

    def _check_more(self) -> None:
        if self._check is None:
            return
        if self._check.go_on(perf_counter() + TURN):
            self._end_check()
            self.changed.emit()
        else:
            self._turns.start()

    def _end_check(self) -> None:
        if self._check is not None:
            self._checked = self._before_check = self._check.reasons()
        self._check = None
        self._is_checked.set()

    def _check_again(self) -> None:
        """The edits, or what they are about, are others now."""
        self._turns.stop()
        self._check = None
        self._checked = None if self._dirty_drafts() else ({}, {})
        if self._checked is None:
            self._is_checked.clear()
        else:
            self._before_check = self._checked
            self._is_checked.set()

    # -- changing -----------------------------------------------------------------------------------------------------

    def edit(self, key: Key, value: str | None) -> None:
        """The same for all; `MIXED` takes the edit back."""
        if value == MIXED:
            self._all(lambda draft: draft.revert(key), key)
            return
        for draft in self.drafts.values():
            draft.put(key, value)
        self._forget_values(key)
        # All are known to have it now; to read it of each would take as long as the edit.
        self._tallies["value", key] = _Tally(lambda draft: draft.value(key), dict.fromkeys(self.drafts, value))
        if value is not None and key[0] == PROPERTY:
            shown = dict.fromkeys(self.drafts, value)
            self._tallies["shown", key] = _Tally(lambda draft: draft.shown(key[1]), shown)
        self._emit()

    def revert(self, key: Key) -> None:
        """Take the edit back; each qube is as the daemon has it."""
        self.edit(key, MIXED)

    def merge(self, records: Iterable[VmRecord]) -> None:
        """Qubes are so now; others than these are ignored."""
        for record in records:
            if draft := self.drafts.get(record.name):
                matters = _matters(draft, record)
                self._is_lasting = self._is_lasting and _lasts(draft.record) == _lasts(record)
                self._quiet = True
                draft.merge(record)
                self._quiet = False
                self._touched.add(record.name)
                if matters and not self._later.isActive():
                    self._later.start()
        if self._later.isActive() and self._check is not None and not self._check.has_begun:
            # One check is enough for the edits and for this.
            self._turns.stop()
            self._check = None

    def forget(self, qubes: Iterable[str]) -> None:
        """These qubes are gone."""
        gone = [draft for qube in qubes if (draft := self.drafts.pop(qube, None))]
        for draft in gone:
            draft.changed.disconnect(self._emit_changed)
            draft.deleteLater()
        if gone:
            self._touched &= set(self.drafts)
            self._lasting.clear()
            self._tallies.clear()
            self._emit()

    def discard(self) -> None:
        self._all(Draft.discard)

    def keep_mine(self) -> None:
        self._all(Draft.keep_mine)

    def take_theirs(self) -> None:
        self._all(Draft.take_theirs)

    def seen(self) -> None:
        self._all(Draft.seen)

    def _all(self, change: Callable[[Draft], None], *keys: Key) -> None:
        """Change all drafts; without keys, what was edited may be so no longer."""
        changing = keys or tuple(self._edited_keys())
        self._quiet = True
        for draft in self.drafts.values():
            change(draft)
        self._quiet = False
        self._forget_values(*changing)
        self._emit()

    def _forget_values(self, *keys: Key) -> None:
        """The edits of these keys are others."""
        for key in keys:
            self._tallies.pop(("value", key), None)
            self._tallies.pop(("shown", key), None)

    def _emit_changed(self) -> None:
        """One of the drafts was changed by itself."""
        if not self._quiet:
            self._tallies.clear()
            self._lasting.clear()
            self._emit()

    def _show_merged(self) -> None:
        """Show what other clients changed, with its problems and warnings."""
        if self._check is not None and self._check.has_begun:
            self._later.start()
            return
        self._compute_again()
        if self._facts is not None and len(self._dirty_drafts()) > AT_ONCE:
            self._reasons(self._facts)
        else:
            self.changed.emit()

    def _emit(self) -> None:
        self._edition += 1
        self._later.stop()
        self._compute_again()
        self.changed.emit()

    def _compute_again(self) -> None:
        self._state += 1
        self._cache.clear()
        if not self._is_lasting:
            self._lasting.clear()
            self._is_lasting = True
        for tally in self._tallies.values():
            for qube in self._touched:
                tally.read_again(qube, self.drafts[qube])
        self._touched.clear()
        self._check_again()


def _matters(draft: Draft, record: VmRecord) -> bool:
    """Whether a new record changes what can be edited, or what is refused or warned of."""
    before = draft.record
    if (before.features, before.tags) != (record.features, record.tags):
        return True
    if before.properties != record.properties and _editable(before) != _editable(record):
        return True
    return draft.dirty and (before.running != record.running or before.devices != record.devices)


def _lasts(record: VmRecord) -> tuple[object, ...]:
    """What `record`, the defaults and the tags of several qubes are made of."""
    return record.state, record.properties, record.tags


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
