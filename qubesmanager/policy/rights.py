# SPDX-License-Identifier: GPL-3.0-or-later
"""What a qube may call, and who may call it: every allow and ask of the policy that concerns it."""

from collections.abc import Iterable
from dataclasses import dataclass

from qubesmanager.policy.alike import Call, calls_of, sources_alike, targets_alike
from qubesmanager.policy.engine import Decision, Engine, Request, Result
from qubesmanager.policy.system_info import SystemInfo


@dataclass(frozen=True, slots=True)
class Right:
    """A call that is allowed or asked about. A service or argument of `*` is every one that no rule names.

    `others` are the targets of a source, or the sources of a target, sorted. `decision` is that about the first of
    them; the same line decides about all.
    """

    service: str
    argument: str
    others: tuple[str, ...]
    decision: Decision


def may_call(engine: Engine, name: str, info: SystemInfo) -> list[Right]:
    """What a qube may call, by call and line."""
    rights = _Rights()
    for call in calls_of([engine.policy]):
        for alike in targets_alike(engine.rules_for(*call), name, info):
            for target in _apart(alike, name):
                decision = engine.decide(Request(*call, name, target[0]), info)
                rights.add(call, decision, target)
    return rights.all()


def may_be_called(engine: Engine, name: str, info: SystemInfo) -> list[Right]:
    """Who may call a qube, by call and line: directly, or because a rule sends another call to it."""
    rights = _Rights()
    for call in calls_of([engine.policy]):
        rules = engine.rules_for(*call)
        for alike in sources_alike(rules, info):
            for sources in _apart(alike, name):
                for targets in targets_alike(rules, sources[0], info):
                    target = name if name in targets else targets[0]
                    decision = engine.decide(Request(*call, sources[0], target), info)
                    if name in {target, decision.target, *decision.targets}:
                        rights.add(call, decision, sources)
    return rights.all()


def _apart(alike: tuple[str, ...], name: str) -> Iterable[tuple[str, ...]]:
    """The group without a qube, and that qube: a call to oneself is decided apart."""
    others = tuple(each for each in alike if each != name)
    return [group for group in (others, (name,) if name in alike else ()) if group]


class _Rights:
    """Gathers rights; those of one line are put together."""

    def __init__(self) -> None:
        self._others: dict[tuple[Call, object], set[str]] = {}
        self._decisions: dict[tuple[Call, object], Decision] = {}

    def add(self, call: Call, decision: Decision, others: Iterable[str]) -> None:
        if decision.result not in {Result.ALLOW, Result.ASK}:
            return
        redirect = decision.rule.options.get("target", "") if decision.rule else ""
        key = (call, (decision.result, decision.place, redirect))
        self._decisions.setdefault(key, decision)
        self._others.setdefault(key, set()).update(others)

    def all(self) -> list[Right]:
        return [Right(*key[0], tuple(sorted(self._others[key])), decision) for key, decision in self._decisions.items()]
