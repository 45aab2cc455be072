# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan: what a change does to each qube, in which order, what is refused and why, and how it is undone.

A plan is a value. A window shows it, `client/carry_out.py` sends its steps. It is computed again from the facts when
the user leaves a qube out, or when a qube changes while the plan is shown. The functions that compute plans are
`Stepwise`: one of 10,000 qubes takes a third of a second.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Any, Self

from qubesmanager.rules.facts import Facts, QubeFacts
from qubesmanager.rules.stepwise import Steps, Stepwise, of_each
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import PropertyValue
from qubesmanager.wire.values import PowerState

Key = tuple[str, str]
"""What a step changes: a kind and a name."""

PROPERTY, FEATURE, TAG, RULES, NOTES, VOLUME, DEVICE = (
    "property", "feature", "tag", "rules", "notes", "volume", "device",
)  # fmt: skip
"""The kinds of what is edited in the settings of a qube; other kinds are the parts of rows, such as `start`."""

AT_A_TIME = 4
"""Rows of a plan that are carried out at the same time."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request, what of the action it is, and the request that takes it back, if there is one."""

    key: Key
    request: Request[Any]
    opposite: Request[Any] | None = None

    def text(self) -> str:
        """The call as the command line would take it, for a preview."""
        request = self.request
        argument = f" {request.argument}" if request.argument else ""
        payload = request.payload if isinstance(request.payload, bytes) else b""
        value = f" ← {payload.decode('utf-8', 'replace')}" if payload else ""
        return f"{request.service.removeprefix('mgmt1.')} {request.dest}{argument}{value}"


class Kind(Enum):
    """What a plan does."""

    PROPERTY = "property"
    START = "start"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    SUSPEND = "suspend"
    RESUME = "resume"
    SHUTDOWN = "shutdown"
    RESTART = "restart"
    KILL = "kill"
    REMOVE = "remove"
    CLONE = "clone"
    SETTINGS = "settings"
    MANAGE = "manage"
    UNDO = "undo"


class Group(Enum):
    """Rows that are shown together, in the order in which the groups are shown."""

    POLICY = "policy"
    """Files of the policy; the part of a row is the path."""
    START_FIRST = "start-first"
    LOSE_NETWORK = "lose-network"
    CHANGE_NOW = "change-now"
    REFUSED = "refused"
    AT_NEXT_START = "at-next-start"
    MOVE = "move"
    CHANGE = "change"
    STAGE = "stage"
    START_AGAIN = "start-again"
    ALREADY = "already"


class Fate(Enum):
    """The end of a qube that a plan makes or removes."""

    MADE = "made"
    REMOVED = "removed"


Value = PropertyValue | PowerState | Fate | None
"""What a qube has or is, before or after; None where that does not apply."""

RowKey = tuple[str, str]
"""A qube, and what of it: `halt`, `start`, `remove`, the name of a property."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a plan does to one qube. A row without steps does nothing: it is refused, or so already.

    `needs` are rows that must have been done before. `after` are rows that must have ended before: done, or not begun
    because what they need was not done.
    `stage` counts the rows of the group `STAGE` from 1, for display.
    """

    qube: str
    part: str
    group: Group
    state: PowerState
    now: Value
    then: Value
    steps: tuple[Step, ...] = ()
    stage: int = 0
    needs: frozenset[RowKey] = frozenset()
    after: frozenset[RowKey] = frozenset()
    refused: Reason | None = None
    warnings: tuple[Reason, ...] = ()
    remarks: tuple[Reason, ...] = ()
    is_left_out: bool = False
    memory: int = 0
    """MiB that the row takes (a start), as far as it is known; 0 for a start of what the plan has halted before."""

    @property
    def key(self) -> RowKey:
        return self.qube, self.part

    @property
    def is_change(self) -> bool:
        """Whether the row is carried out."""
        return bool(self.steps) and self.refused is None and not self.is_left_out


@dataclass(frozen=True)
class Plan:
    """Rows in the order in which they are shown.

    `asked`: the qubes that the user chose. `prop` and `value` are of a plan that sets a property; None: its default.
    `lost_through`: the running qubes outside of the plan that lose their network, by the qube of the plan that they
    lose it through. `free`: MiB of memory that are free before the plan, None if that is not known. `is_whole`: either
    all of it is carried out or nothing.
    """

    kind: Kind
    rows: tuple[Row, ...]
    asked: tuple[str, ...]
    prop: str = ""
    value: str | None = None
    lost_through: Mapping[str, str] = field(default_factory=dict)
    free: int | None = None
    is_whole: bool = False

    @cached_property
    def changes(self) -> tuple[Row, ...]:
        """The rows that are carried out."""
        return tuple(row for row in self.rows if row.is_change)

    @cached_property
    def refused(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.refused is not None)

    @cached_property
    def left_out(self) -> tuple[Row, ...]:
        """The rows that the user left out."""
        return tuple(row for row in self.rows if row.is_left_out)

    @cached_property
    def losing(self) -> tuple[str, ...]:
        """The running qubes of the plan that lose their network when it is carried out."""
        return tuple(row.qube for row in self.changes if row.group is Group.LOSE_NETWORK)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """All that is sent."""
        return tuple(step for row in self.changes for step in row.steps)

    @cached_property
    def can_be_undone(self) -> bool:
        """Whether each step has an opposite, but for the starts of netvms that others get."""
        steps = [step for row in self.changes if row.group is not Group.START_FIRST for step in row.steps]
        return bool(steps) and all(step.opposite is not None for step in steps)

    def only(self, keys: Collection[RowKey]) -> Self:
        """The plan with only those of its changes."""
        return replace(self, rows=tuple(row for row in self.changes if row.key in keys))

    @property
    def needs_showing(self) -> bool:
        """Whether the user must see the plan first: it is about several qubes, or takes something from one."""
        if self.kind in {Kind.KILL, Kind.REMOVE, Kind.CLONE, Kind.MANAGE}:
            return True
        is_seen = self.kind is Kind.SETTINGS  # the window of the settings shows the edits of each qube
        if (len(self.asked) > 1 and not is_seen) or self.losing or self.lost_through:
            return True
        if any(row.refused or row.warnings or row.group is Group.START_FIRST for row in self.rows):
            return True
        return self.kind in {Kind.SHUTDOWN, Kind.RESTART} and len({row.qube for row in self.rows}) > 1


_PLACES = {group: place for place, group in enumerate(Group)}


def in_groups(rows: Iterable[Row]) -> Steps[tuple[Row, ...]]:
    """The rows by group and stage; those of the same group and stage stay in their order."""
    groups: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        groups.setdefault((_PLACES[row.group], row.stage), []).append(row)
        yield
    return tuple(row for place in sorted(groups) for row in groups[place])


def known(facts: Facts, names: Iterable[str]) -> list[str]:
    """The names that are those of qubes, each once, in their order."""
    return [name for name in dict.fromkeys(names) if name in facts.qubes]


def by_netvm(lost: Mapping[str, str]) -> dict[str, list[str]]:
    """The qubes that lose their network, as `Plan.lost_through` has them, by the qube that they lose it through."""
    users: dict[str, list[str]] = {}
    for name, netvm in lost.items():
        users.setdefault(netvm, []).append(name)
    return users


@Stepwise
def undo(facts: Facts, plan: Plan, done: Collection[RowKey], left_out: Collection[str] = ()) -> Steps[Plan]:
    """The plan that takes back the rows of `plan` that were done, in the opposite order.

    A row whose qube was changed by another client meanwhile is refused; such rows come first.
    """
    changes = [row for row in reversed(plan.only(done).changes) if _has_opposites(row)]
    rows = yield from of_each(changes, lambda row: _row_back(facts, row, is_left_out=row.qube in left_out))
    grouped = yield from in_groups(rows)
    return Plan(Kind.UNDO, grouped, plan.asked, plan.prop, plan.value, is_whole=plan.is_whole)


def _has_opposites(row: Row) -> bool:
    return all(step.opposite is not None for step in row.steps)


def _row_back(facts: Facts, row: Row, *, is_left_out: bool) -> Row:
    reason = _why_not_back(facts, row)
    return Row(
        row.qube,
        row.part,
        _group_of_undo(row) if reason is None else Group.REFUSED,
        facts.qubes[row.qube].state if row.qube in facts.qubes else row.state,
        row.then,
        row.now,
        tuple(Step(step.key, step.opposite, step.request) for step in reversed(row.steps) if step.opposite is not None),
        refused=reason,
        is_left_out=is_left_out,
    )


def _group_of_undo(row: Row) -> Group:
    return row.group if row.group is Group.POLICY else Group.CHANGE


def _why_not_back(facts: Facts, row: Row) -> Reason | None:
    """Why a row is not taken back: its qube is gone, or no longer has what one of its steps gave it."""
    qube = facts.qubes.get(row.qube)
    if qube is None:
        return Reason("no-such-qube", row.qube)
    changed = any(_was_changed(facts, qube, step) for step in row.steps)
    return Reason("changed-meanwhile", row.qube) if changed else None


def _was_changed(facts: Facts, qube: QubeFacts, step: Step) -> bool:
    """Whether a property or feature that the step changed has another value now than the step gave it.

    Of other steps (firewall rules, tags, notes, states) the facts do not say it.
    """
    request = step.request
    name, value = request.argument, request.payload.decode() if isinstance(request.payload, bytes) else ""
    now = qube.properties.get(name)
    if request.call is calls.PROPERTY_SET:
        return facts.system(name) != value
    if request.call is calls.VM_PROPERTY_SET:
        return now is not None and now[:2] != (value, False)
    if request.call is calls.VM_PROPERTY_RESET:
        return now is not None and not now.is_default
    if request.call is calls.VM_FEATURE_SET:
        return qube.features.get(name) != value
    return request.call is calls.VM_FEATURE_REMOVE and name in qube.features
