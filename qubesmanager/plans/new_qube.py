# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that make a qube with its settings, and the plan that clones several, each under a name that is free."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from qubesmanager.plans.lifecycle import start_step
from qubesmanager.plans.plan import PROPERTY, TAG, VOLUME, Fate, Group, Kind, Plan, Row, Step, in_groups, known
from qubesmanager.plans.properties import property_request
from qubesmanager.plans.settings import present_value
from qubesmanager.rules.actions import why_not_clone
from qubesmanager.rules.facts import Facts
from qubesmanager.rules.stepwise import Steps, Stepwise
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec, CreateInPoolSpec, CreateSpec
from qubesmanager.wire.records import VmRecord

CREATE, CLONE = "create", "clone"
STEM = 24
"""Characters of a name that a number is put behind; a name has at most 31."""

DISPOSABLES = 10_000
"""Numbers of disposables' names: disp0 to disp9999."""


@dataclass(frozen=True, slots=True)
class NewQube:
    """A qube to make: `make` creates or clones it, `further` sets it up, and `start`, if there is one, starts it."""

    name: str
    make: Step
    further: tuple[Step, ...] = ()
    start: Step | None = None

    def is_set_up(self, record: VmRecord) -> bool:
        """Whether all that sets it up has come back in its record, so that nothing more changes by it."""
        return all(_is_done(record, step) for step in self.further)


def created(
    name: str,
    klass: str,
    label: str,
    template: str,
    *,
    pool: str = "",
    private_size: int = 0,
    properties: Mapping[str, str] | None = None,
    tags: Sequence[str] = (),
    start: bool = False,
) -> NewQube:
    """Create a qube. `pool` empty: the usual one; `private_size` in bytes, 0 for as usual."""
    request: Request[None]
    if pool:
        request = calls.VM_CREATE_IN_POOL(template, klass, CreateInPoolSpec(name, label, pool))
    else:
        request = calls.VM_CREATE(template, klass, CreateSpec(name, label))
    further = [*_property_steps(name, properties or {})]
    further += [Step((TAG, tag), calls.VM_TAG_SET(name, tag)) for tag in tags]
    if private_size:
        further.append(Step((VOLUME, "private"), calls.VM_VOLUME_EXTEND(name, "private", private_size)))
    return NewQube(name, Step((CREATE, name), request), tuple(further), start_step(name) if start else None)


def cloned(
    source: str, name: str, *, pool: str = "", properties: Mapping[str, str] | None = None, start: bool = False
) -> NewQube:
    """Clone a qube. `pool` empty: where the source is."""
    further = tuple(_property_steps(name, properties or {}))
    return NewQube(name, _clone_step(source, name, pool), further, start_step(name) if start else None)


def _property_steps(name: str, properties: Mapping[str, str]) -> Iterator[Step]:
    for prop, value in properties.items():
        yield Step((PROPERTY, prop), property_request(name, prop, value))


def _clone_step(source: str, name: str, pool: str) -> Step:
    return Step((CLONE, name), calls.VM_CLONE(source, payload=CloneSpec(name, pool or None)))


@Stepwise
def clone_plan(facts: Facts, names: Sequence[str], left_out: Collection[str] = (), pool: str = "") -> Steps[Plan]:
    """Clone each of the qubes; `part` of a row is the new name. `pool` empty: where the source is."""
    asked = known(facts, names)
    taken = set(facts.qubes)
    rows: list[Row] = []
    for name in asked:
        yield
        qube = facts.qubes[name]
        if (reason := why_not_clone(facts, qube)) is not None:
            rows.append(Row(name, CLONE, Group.REFUSED, qube.state, None, None, refused=reason))
            continue
        copy = free_name(name, taken)
        taken.add(copy)
        step = _clone_step(name, copy, pool)
        rows.append(Row(name, copy, Group.CHANGE, qube.state, None, Fate.MADE, (step,), is_left_out=name in left_out))
    grouped = yield from in_groups(rows)
    return Plan(Kind.CLONE, grouped, tuple(asked))


def free_name(name: str, taken: Collection[str]) -> str:
    """The name with the first number from 2 that no qube has."""
    stem = name[:STEM]
    number = 2
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def free_disposable_name(taken: Collection[str]) -> str:
    """The first name `disp0`, `disp1` and so on that no qube has."""
    return next(name for number in range(DISPOSABLES) if (name := f"disp{number}") not in taken)


def _is_done(record: VmRecord, step: Step) -> bool:
    present, payload = present_value(record, step.key), step.request.payload
    if step.key[0] == VOLUME:
        return int(present or 0) >= int(payload if isinstance(payload, bytes) else 0)
    if step.key[0] == TAG:
        return present is not None
    return isinstance(payload, bytes) and record.value(step.key[1]) == payload.decode()
