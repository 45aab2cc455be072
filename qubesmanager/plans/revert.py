# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking back a change of the history: why it cannot be, and the plan that does it."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from qubesmanager.plans.plan import FEATURE, NOTES, PROPERTY, RULES, TAG, Group, Key, Kind, Plan, Row, Step, in_groups
from qubesmanager.plans.properties import property_plan
from qubesmanager.rules.facts import Facts
from qubesmanager.rules.stepwise import Steps, Stepwise, of_each
from qubesmanager.wire import calls, events
from qubesmanager.wire.call import Request
from qubesmanager.wire.event_row import AnyEventRow
from qubesmanager.wire.history import HistoryEntry
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import PropertyValue

LABEL = "label"
REVERT = "revert"
"""The part of the row that takes a change back."""

_PROPERTIES = {events.PROPERTY_SET.kind, events.PROPERTY_RESET.kind}


def subject(entry: HistoryEntry) -> tuple[str, str, str]:
    """What an entry is about: two entries about the same are one after the other."""
    return entry.uuid, entry.event.partition("-")[0], entry.detail


def qube_of(facts: Facts, entry: HistoryEntry) -> str:
    """The name that the qube of the entry has now: `DOM0` for a change of the system, empty if the qube is gone."""
    if not entry.uuid:
        return DOM0
    here = facts.qubes.get(entry.qube)
    if here is not None and here.value("uuid") == entry.uuid:
        return entry.qube
    return next((qube.name for qube in facts.qubes.values() if qube.value("uuid") == entry.uuid), "")


def why_not_revert(facts: Facts, entry: HistoryEntry, *, is_latest: bool) -> Reason | None:
    """Why the change cannot be taken back; None if it can. `is_latest`: no later entry is about the same."""
    is_name = entry.event in _PROPERTIES and entry.detail == "name"
    if (entry.event not in _PROPERTIES and entry.event not in _REQUESTS) or is_name:
        return Reason("revert-without-opposite")
    if entry.cut:
        return Reason("revert-value-cut")
    name = qube_of(facts, entry)
    if not name or (entry.uuid and name not in facts.qubes):
        return Reason("no-such-qube", entry.qube)
    now = _value_now(facts, name, entry)
    if now is not None and now != _value_then(entry):
        return Reason("revert-changed-since")
    return None if is_latest else Reason("revert-changed-since")


@Stepwise
def revert_plan(facts: Facts, entry: HistoryEntry, left_out: Collection[str] = ()) -> Steps[Plan]:
    """The plan that gives back what was there before the change."""
    name = qube_of(facts, entry)
    if entry.event in _PROPERTIES and entry.uuid:
        value = _own(entry.old, is_default=entry.old_default)
        return (yield from property_plan.steps(facts, [name], entry.detail, value, left_out))
    qube = facts.qubes[name]
    key, request = _request(name, entry)
    _key, opposite = _request(name, _swapped(entry))
    now, then = (PropertyValue(_text(value), default) for value, default in _sides(entry))
    step = Step(key, request, opposite)
    row = Row(name, REVERT, Group.CHANGE, qube.state, now, then, (step,), is_left_out=name in left_out)
    return Plan(Kind.UNDO, (row,), (name,))


@Stepwise
def revert_together(facts: Facts, entries: Sequence[HistoryEntry], left_out: Collection[str] = ()) -> Steps[Plan]:
    """The plan that takes back changes which are about the same of several qubes."""
    first = entries[0]
    if len(entries) == 1:
        return (yield from revert_plan.steps(facts, first, left_out))
    if len({(entry.old, entry.old_default) for entry in entries}) == 1 and first.event in _PROPERTIES and first.uuid:
        names = yield from of_each(entries, lambda entry: qube_of(facts, entry))
        value = _own(first.old, is_default=first.old_default)
        return (yield from property_plan.steps(facts, names, first.detail, value, left_out))
    plans = yield from of_each(entries, lambda entry: revert_plan(facts, entry, left_out))
    rows = [row for plan in plans for row in plan.rows]
    grouped = yield from in_groups(rows)
    return Plan(Kind.UNDO, grouped, tuple(name for plan in plans for name in plan.asked), plans[0].prop)


def _sides(entry: HistoryEntry) -> tuple[tuple[str | None, bool], tuple[str | None, bool]]:
    """The value now and the one that comes back."""
    return (entry.new, entry.new_default), (entry.old, entry.old_default)


def _text(value: str | None) -> str:
    """A value on one line of a plan."""
    return "" if value is None else value.replace("\n", "; ")


def _own(value: str | None, *, is_default: bool) -> str | None:
    return None if is_default else value or ""


def _swapped(entry: HistoryEntry) -> HistoryEntry:
    """The entry of the change in the other direction."""
    return HistoryEntry(
        entry.id, entry.time, entry.source, entry.call, entry.uuid, entry.qube, _OPPOSITE.get(entry.event, entry.event),
        entry.detail, entry.new, entry.old, entry.new_default, entry.old_default,
    )  # fmt: skip


def _request(name: str, entry: HistoryEntry) -> tuple[Key, Request[Any]]:
    """The request that takes the change back, and what of the qube it is about."""
    if entry.event in _PROPERTIES:
        value = _own(entry.old, is_default=entry.old_default)
        reset, set_to = calls.PROPERTY_RESET, calls.PROPERTY_SET
        request = reset(DOM0, entry.detail) if value is None else set_to(DOM0, entry.detail, value)
        return (PROPERTY, entry.detail), request
    kind, make = _REQUESTS[entry.event]
    return (kind, entry.detail), make(name, entry.detail, entry.old)


def _feature(name: str, feature: str, value: str | None) -> Request[Any]:
    return calls.VM_FEATURE_REMOVE(name, feature) if value is None else calls.VM_FEATURE_SET(name, feature, value)


def _rules(name: str, _detail: str, value: str | None) -> Request[Any]:
    return calls.VM_FIREWALL_REPLACE(name, payload=[rule for rule in (value or "").split("\n") if rule])


_Make = Callable[[str, str, str | None], Request[Any]]
_REQUESTS: dict[str, tuple[str, _Make]] = {
    events.FEATURE_SET.kind: (FEATURE, _feature),
    events.FEATURE_DELETE.kind: (FEATURE, _feature),
    events.TAG_ADD.kind: (TAG, lambda name, tag, _value: calls.VM_TAG_REMOVE(name, tag)),
    events.TAG_DELETE.kind: (TAG, lambda name, tag, _value: calls.VM_TAG_SET(name, tag)),
    events.NOTES_SET.kind: (NOTES, lambda name, _detail, value: calls.VM_NOTES_SET(name, payload=value or "")),
    events.FIREWALL_CHANGED.kind: (RULES, _rules),
    events.LABEL_ADD.kind: (LABEL, lambda _name, label, _value: calls.LABEL_REMOVE(DOM0, label)),
    events.LABEL_DELETE.kind: (LABEL, lambda _name, label, value: calls.LABEL_CREATE(DOM0, label, value or "")),
}
"""By event: the kind of what changed, and the request that gives back the old value of a detail."""

_PAIRS: tuple[tuple[AnyEventRow, AnyEventRow], ...] = (
    (events.FEATURE_SET, events.FEATURE_DELETE),
    (events.TAG_ADD, events.TAG_DELETE),
    (events.LABEL_ADD, events.LABEL_DELETE),
)
_OPPOSITE = {first.kind: second.kind for pair in _PAIRS for first, second in (pair, pair[::-1])}


def _value_now(facts: Facts, name: str, entry: HistoryEntry) -> tuple[str | None, bool] | None:
    """What the qube has now, as `_value_then` says it; None where the facts do not say it."""
    if not entry.uuid:
        return None
    qube = facts.qubes[name]
    if entry.event in _PROPERTIES:
        value = qube.properties.get(entry.detail)
        return None if value is None else (None if value.is_default else value.value, value.is_default)
    if entry.event in {events.FEATURE_SET.kind, events.FEATURE_DELETE.kind}:
        return qube.features.get(entry.detail), False
    return None


def _value_then(entry: HistoryEntry) -> tuple[str | None, bool]:
    """What the change gave. A default is compared as such: its value may follow another change."""
    return (None if entry.new_default else entry.new), entry.new_default
