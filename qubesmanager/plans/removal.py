# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan that removes qubes, and first moves what uses them to another qube."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from qubesmanager.plans.plan import PROPERTY, Fate, Group, Kind, Plan, Row, RowKey, Step, in_groups, known
from qubesmanager.plans.properties import default_of, property_step
from qubesmanager.rules import candidates
from qubesmanager.rules.actions import why_not_removable
from qubesmanager.rules.edits import why_not_edit, why_not_set, why_not_set_system
from qubesmanager.rules.facts import Facts
from qubesmanager.rules.references import Reference, References, reference_texts, references_to, removal_order
from qubesmanager.rules.stepwise import Steps, Stepwise, of_each
from qubesmanager.wire import calls
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import PropertyValue
from qubesmanager.wire.values import PowerState, VmClass

REMOVE = "remove"


@Stepwise
def removal_plan(
    facts: Facts, names: Sequence[str], left_out: Collection[str] = (), replacement: str = ""
) -> Steps[Plan]:
    """Remove the qubes, each before those that it refers to, once what uses them uses `replacement`.

    Without a replacement a qube that others use is refused, with the names of its users. A user's property that cannot
    name the replacement goes back to its default, if that is another qube.
    """
    asked = known(facts, names)
    alone = yield from of_each(asked, lambda name: why_not_removable(facts.qubes[name]))
    refused = {name: reason for name, reason in zip(asked, alone, strict=True) if reason is not None}
    # Ordered, and quick to search: there may be thousands.
    going = dict.fromkeys(name for name in asked if name not in refused and name not in left_out)
    references = yield from references_to.steps(facts, [name for name in asked if name not in refused])
    rows: list[Row] = []
    moves: dict[str, list[Row]] = {}
    inside: dict[str, list[Reference]] = {}
    for name in going:
        inside[name] = [each for each in references[name] if each.user in going]
        outside = [each for each in references[name] if each.user not in going]
        moves[name] = yield from of_each(outside, partial(_move, facts, name, replacement=replacement))
        stuck = [each for each, row in zip(outside, moves[name], strict=True) if not row.is_change]
        if stuck:
            refused[name] = yield from _used(facts, name, stuck if replacement else references[name])
        yield
    order = dict.fromkeys((yield from removal_order.steps(inside)))
    for name in going.keys() - order.keys():  # a ring
        if name not in refused:
            refused[name] = yield from _used(facts, name, references[name])
    yield from _refuse_behind(facts, references, going, refused)
    for name, listed in moves.items():
        rows += (yield from of_each(listed, _stays)) if name in refused else listed
        yield
    for name in [*order, *(name for name in asked if name not in order)]:
        yield
        inner = (each.user for each in inside.get(name, ()))
        rows.append(
            _removal(
                facts,
                name,
                refused.get(name),
                frozenset({*(row.key for row in moves.get(name, ())), *((user, REMOVE) for user in inner)}),
                is_left_out=name in left_out,
            )
        )
    grouped = yield from in_groups(rows)
    return Plan(Kind.REMOVE, grouped, tuple(asked))


@Stepwise
def replacements(facts: Facts, names: Collection[str]) -> Steps[list[str]]:
    """The qubes that could take over from those that are removed and used: templates, or qubes that give network."""
    users = yield from references_to.steps(facts, known(facts, names))
    going = frozenset(names)
    used = [
        facts.qubes[name] for name, references in users.items() if any(each.user not in going for each in references)
    ]
    if not used:
        return []
    if all(qube.klass is VmClass.TEMPLATE for qube in used):
        choices = candidates.templates(facts.qubes, VmClass.APP)
    elif all(qube.flag("template_for_dispvms") for qube in used):
        choices = candidates.disposable_templates(facts.qubes)
    elif all(qube.flag("provides_network") for qube in used):
        choices = candidates.netvms(facts.qubes)
    else:
        choices = []
    return [name for name in choices if name not in going]


def _used(facts: Facts, name: str, users: Collection[Reference]) -> Steps[Reason]:
    texts = yield from reference_texts.steps(facts, users)
    return Reason("qube-used", name, ", ".join(texts))


def _stays(row: Row) -> Row:
    """The row of a user that is not moved, because the qube that it uses is not removed."""
    return replace(row, then=row.now, steps=())


def _refuse_behind(
    facts: Facts, references: References, going: Collection[str], refused: dict[str, Reason]
) -> Steps[None]:
    """Refuse also what a refused qube refers to: it stays, and so must that."""
    used_by: dict[str, dict[str, None]] = {}
    for name in going:
        for each in references[name]:
            used_by.setdefault(each.user, {})[name] = None
        yield
    waiting = list(refused)
    while waiting:
        for name in used_by.get(waiting.pop(), ()):
            if name not in refused:
                refused[name] = yield from _used(facts, name, references[name])
                waiting.append(name)
        yield


def _removal(facts: Facts, name: str, refused: Reason | None, needs: frozenset[RowKey], *, is_left_out: bool) -> Row:
    state = facts.qubes[name].state
    if refused is not None:
        return Row(name, REMOVE, Group.REFUSED, state, state, state, refused=refused, is_left_out=is_left_out)
    step = Step((REMOVE, ""), calls.VM_REMOVE(name))
    return Row(name, REMOVE, Group.CHANGE, state, state, Fate.REMOVED, (step,), needs=needs, is_left_out=is_left_out)


# -- moving users -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Target:
    """The new value of a property that names a removed qube; `reason`: why there is no possible one."""

    value: PropertyValue
    reason: Reason | None = None


def _move(facts: Facts, removed: str, reference: Reference, replacement: str) -> Row:
    if not reference.user:
        return _move_system(facts, removed, reference.how, replacement)
    user = facts.qubes[reference.user]
    now = user.properties.get(reference.how)
    if now is None:
        why = Reason("qube-used", removed, ", ".join(reference_texts(facts, [reference])))
        return Row(user.name, reference.how, Group.REFUSED, user.state, None, None, refused=why)
    target = _target(facts, removed, reference, replacement)
    if target.reason is not None:
        return Row(user.name, reference.how, Group.MOVE, user.state, now, now, refused=target.reason)
    step = property_step(user, reference.how, None if target.value.is_default else target.value.value)
    return Row(user.name, reference.how, Group.MOVE, user.state, now, target.value, (step,))


def _target(facts: Facts, removed: str, reference: Reference, replacement: str) -> _Target:
    user, prop = facts.qubes[reference.user], reference.how
    used = Reason("uses-removed", removed)
    if not replacement:
        return _Target(PropertyValue(removed, False), used)
    if (reason := why_not_edit(facts, user, prop)) is not None:
        return _Target(PropertyValue(removed, False), reason)
    if why_not_set(facts, user, prop, replacement) is None:
        return _Target(PropertyValue(replacement, False))
    default = default_of(facts, user, prop)
    if default == removed or prop == "template":
        return _Target(PropertyValue(removed, False), why_not_set(facts, user, prop, replacement) or used)
    return _Target(PropertyValue(default, True))


def _move_system(facts: Facts, removed: str, prop: str, replacement: str) -> Row:
    state = PowerState.RUNNING
    now = PropertyValue(removed, False)
    reason = why_not_set_system(facts, prop, replacement) if replacement else Reason("uses-removed", removed)
    if reason is not None:
        return Row(DOM0, prop, Group.MOVE, state, now, now, refused=reason)
    step = Step((PROPERTY, prop), calls.PROPERTY_SET(DOM0, prop, replacement), calls.PROPERTY_SET(DOM0, prop, removed))
    return Row(DOM0, prop, Group.MOVE, state, now, PropertyValue(replacement, False), (step,))
