# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a decision is what it is: the rule that decided, the rules that nearly did, and what would change the answer."""

from dataclasses import dataclass

from qubesmanager.policy.at_gate import decide_call
from qubesmanager.policy.engine import (
    ANY,
    Decision,
    Engine,
    Request,
    RequestDeniedError,
    requested_target,
    source_words,
    target_words,
)
from qubesmanager.policy.grammar import Rule
from qubesmanager.policy.system_info import SystemInfo

SERVICE = "service"
ARGUMENT = "argument"
SOURCE = "source"
TARGET = "target"


@dataclass(frozen=True, slots=True)
class Difference:
    """Why a rule does not match: it has `expected` in this field, the call `actual`."""

    field: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A rule before the deciding one that fits but for one field. With that changed, it would decide."""

    rule: Rule
    difference: Difference


@dataclass(frozen=True, slots=True)
class Explanation:
    """`shadowed` are rules that fit too, and come too late to decide."""

    decision: Decision
    near: tuple[NearMiss, ...]
    shadowed: tuple[Rule, ...]


def explain(engine: Engine, request: Request, info: SystemInfo) -> Explanation:
    """The decision with what is around it. Looks at every rule; total like the decision itself."""
    decision = decide_call(engine, request, info)
    near: list[NearMiss] = []
    shadowed: list[Rule] = []
    try:
        target = requested_target(request.target, info)
    except RequestDeniedError:
        return Explanation(decision, (), ())
    sources = source_words(request.source, info)
    targets = target_words(target, request.source, info)
    decided = False
    for rule in engine.policy.rules:
        if rule is decision.rule:
            decided = True
            continue
        differences = [
            Difference(field, expected, actual)
            for field, expected, actual, fits in (
                (SERVICE, rule.service, request.service, rule.service in {ANY, request.service}),
                (ARGUMENT, rule.argument, request.argument, rule.argument in {ANY, request.argument}),
                (SOURCE, rule.source, request.source, rule.source in sources),
                (TARGET, rule.target, target, rule.target in targets),
            )
            if not fits
        ]
        if not differences:
            shadowed.append(rule)
        elif len(differences) == 1 and not decided:
            near.append(NearMiss(rule, differences[0]))
    return Explanation(decision, tuple(near), tuple(shadowed))
