# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan that clones several qubes, each under a name that no qube has."""

from collections.abc import Collection, Sequence

from qubesmanager.plans.plan import Fate, Group, Kind, Plan, Row, Step, in_groups, known
from qubesmanager.rules.actions import why_not_clone
from qubesmanager.rules.facts import Facts
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CloneSpec

CLONE = "clone"
STEM = 24
"""Characters of a name that a number is put behind; a name has at most 31."""


def clone_plan(facts: Facts, names: Sequence[str], left_out: Collection[str] = (), pool: str = "") -> Plan:
    """Clone each of the qubes; `part` of a row is the new name. `pool` empty: where the source is."""
    asked = known(facts, names)
    taken = set(facts.qubes)
    rows: list[Row] = []
    for name in asked:
        qube = facts.qubes[name]
        if (reason := why_not_clone(facts, qube)) is not None:
            rows.append(Row(name, CLONE, Group.REFUSED, qube.state, None, None, refused=reason))
            continue
        copy = free_name(name, taken)
        taken.add(copy)
        step = Step((CLONE, copy), calls.VM_CLONE(name, payload=CloneSpec(copy, pool or None)))
        rows.append(Row(name, copy, Group.CHANGE, qube.state, None, Fate.MADE, (step,), is_left_out=name in left_out))
    return Plan(Kind.CLONE, in_groups(rows), tuple(asked))


def free_name(name: str, taken: Collection[str]) -> str:
    """The name with the first number from 2 that no qube has."""
    stem = name[:STEM]
    number = 2
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"
