# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of the policy alters: the calls between two qubes that are decided otherwise afterwards.

Qubes that both policies treat alike are decided once, so 1,000 qubes take seconds and not hours. It is exact: the
tests compare it with a decision about every single call.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qubesmanager.policy.alike import Call, Group, calls_of, every_target, sources_alike, targets_alike
from qubesmanager.policy.engine import Decision, Engine, Request, Result, source_words
from qubesmanager.policy.grammar import Rule
from qubesmanager.policy.system_info import SystemInfo

LISTED = 2000
"""Alterations that are listed; all are counted."""


@dataclass(frozen=True, slots=True)
class Alteration:
    """A call that is decided otherwise. Its service or argument is `*` for every one that no rule names."""

    request: Request
    before: Decision
    after: Decision


@dataclass(frozen=True, slots=True)
class Impact:
    """The first `LISTED` alterations, how many there are, and how many calls were compared."""

    alterations: tuple[Alteration, ...]
    altered: int
    compared: int


def outcome(decision: Decision) -> tuple[object, ...]:
    """All of a decision that the caller or the user notices: not which rule it was."""
    return (
        Result.DENY if decision.result is Result.ERROR else decision.result,
        decision.target,
        decision.targets,
        decision.default_target,
        decision.user,
        decision.autostart,
        decision.notify,
    )


def impact(before: Engine, after: Engine, info: SystemInfo) -> Impact:
    """What differs between two policies for the qubes there are. A policy that cannot be read denies every call."""
    comparison = _Comparison(before, after, info)
    calls = calls_of((before.policy, after.policy))
    listed: list[Alteration] = []
    altered = 0
    for call in calls:
        for source, targets in comparison.altered(call):
            altered += len(targets)
            if len(listed) < LISTED:
                listed += comparison.alterations(call, source, targets[: LISTED - len(listed)])
    pairs = len(info.names) * len(every_target(info))
    return Impact(tuple(listed), altered, len(calls) * pairs)


@dataclass(frozen=True, slots=True)
class _Comparison:
    before: Engine
    after: Engine
    info: SystemInfo

    def alterations(self, call: Call, source: str, targets: Iterable[str]) -> Iterator[Alteration]:
        for target in targets:
            request = Request(*call, source, target)
            yield Alteration(request, self.before.decide(request, self.info), self.after.decide(request, self.info))

    def altered(self, call: Call) -> Iterator[tuple[str, list[str]]]:
        """The sources of a call whose calls are decided otherwise, each with the targets."""
        before, after = self.before.rules_for(*call), self.after.rules_for(*call)
        if not self.is_read_alike or _meaning(before) != _meaning(after):
            rules = (*before, *after)
            for group in sources_alike(rules, self.info):
                words = source_words(group[0], self.info)
                own, other = ([rule for rule in side if rule.source in words] for side in (before, after))
                if not self.is_read_alike or _meaning(own) != _meaning(other):
                    yield from self._altered_in(call, group, rules)

    @property
    def is_read_alike(self) -> bool:
        return bool(self.before.policy.error) == bool(self.after.policy.error)

    def _altered_in(self, call: Call, group: Group, rules: tuple[Rule, ...]) -> Iterator[tuple[str, list[str]]]:
        targets = targets_alike(rules, group[0], self.info)
        differing = [alike for alike in targets if self._may_differ(call, group, alike)]
        for source in group:
            altered = [target for alike in differing for target in self._of_source(call, source, alike)]
            if self._differs(call, source, source):
                altered.append(source)
            if altered:
                yield source, altered

    def _may_differ(self, call: Call, group: Group, alike: Group) -> bool:
        """Whether any source of the group may have another decision for these targets.

        The choices of a question leave out the source itself, so two sources are tried.
        """
        return any(self._differs(call, source, _other(alike, source)) for source in group[:2])

    def _of_source(self, call: Call, source: str, alike: Group) -> Iterator[str]:
        """The targets of these that the decision is another for, but for the source itself."""
        if self._differs(call, source, _other(alike, source)):
            yield from (target for target in alike if target != source)

    def _differs(self, call: Call, source: str, target: str) -> bool:
        request = Request(*call, source, target)
        before, after = self.before.decide(request, self.info), self.after.decide(request, self.info)
        return outcome(before) != outcome(after)


def _other(alike: Group, source: str) -> str:
    """A target of these that is not the source, if there is any."""
    return next((target for target in alike if target != source), source)


def _meaning(rules: Iterable[Rule]) -> list[tuple[object, ...]]:
    """What rules of one call say, without where they are."""
    return [(rule.source, rule.target, rule.action, tuple(sorted(rule.options.items()))) for rule in rules]
