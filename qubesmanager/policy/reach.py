# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a policy that decide nothing: earlier lines decide all their calls, or no qube matches them.

Computed for the qubes, tags and classes there are now. A rule is a rectangle of sources and targets; what the earlier
rules for the same calls leave of it is kept as one bit a target, for each group of sources.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from qubesmanager.policy.alike import every_target, sources_alike
from qubesmanager.policy.engine import ANY, source_words, target_words
from qubesmanager.policy.grammar import Place, Rule
from qubesmanager.policy.reading import Policy
from qubesmanager.policy.system_info import ADMINVM, DISPVM, SystemInfo

NAMED = 3
"""Earlier lines that are named."""
LOOKED_AT = 200_000
"""Earlier lines that are looked at for naming them, over all lines that are hidden."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """A line that decides nothing: no qube matches it, or earlier lines decide its calls. These are in `hidden_by`.

    That is one line, or the first few of several; empty where there are too many to look at.
    """

    place: Place
    hidden_by: tuple[Place, ...]
    fits: bool = True
    """Whether any two qubes fit it."""


def unreached(policy: Policy, info: SystemInfo) -> dict[Place, Unreached]:
    """The lines that decide nothing, by their place. A line of an include decides if it does in one of its places."""
    walk = _Walk(policy, info)
    lines: dict[Place, Unreached] = {}
    deciding: set[Place] = set()
    for rule in policy.rules:
        if walk.take(rule):
            deciding.add(rule.place)
        else:
            lines.setdefault(rule.place, Unreached(rule.place, tuple(walk.hiding(rule)), walk.fits(rule)))
    return {place: line for place, line in lines.items() if place not in deciding}


Masks = dict[int, int]
"""By the number of a group of sources: the targets as bits."""


@dataclass(slots=True)
class _Taken:
    """What the rules of one kind of call have decided so far. `rules` are those that decided something first."""

    masks: Masks = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)


class _Walk:
    """Takes the rules in their order."""

    def __init__(self, policy: Policy, info: SystemInfo) -> None:
        groups = sources_alike(policy.rules, info)
        self._groups: dict[str, list[int]] = {}
        self._disposable = [info.disposable_of(group[0]) for group in groups]
        for number, group in enumerate(groups):
            for word in source_words(group[0], info):
                self._groups.setdefault(word, []).append(number)
        targets = [*every_target(info), ADMINVM]
        targets.remove(DISPVM)
        self._targets: dict[str, int] = {}
        for number, target in enumerate(targets):
            for word in target_words(target, "", info):
                self._targets[word] = self._targets.get(word, 0) | 1 << number
        self._new_disposable = 1 << len(targets)
        """The bit of `@dispvm`, which means something else for each source."""
        firsts = {disposable: group[0] for disposable, group in zip(self._disposable, groups, strict=True)}
        self._of_disposable = {each: target_words(DISPVM, first, info) for each, first in firsts.items()}
        self._taken: dict[tuple[str, str], _Taken] = {}
        self._left_to_look = LOOKED_AT

    def take(self, rule: Rule) -> bool:
        """Whether the rule decides a call that none before it does; it counts as one before, from now on."""
        taken = self._taken.setdefault((rule.service, rule.argument), _Taken())
        decides = False
        earlier = list(self._earlier(rule))
        for group, mask in self._rectangle(rule):
            left = mask
            for other in earlier:
                left &= ~other.masks.get(group, 0)
            decides = decides or bool(left)
            taken.masks[group] = taken.masks.get(group, 0) | mask
        if decides:
            taken.rules.append(rule)
        return decides

    def fits(self, rule: Rule) -> bool:
        """Whether the rule is about any qubes at all."""
        return next(self._rectangle(rule), None) is not None

    def hiding(self, rule: Rule) -> Iterator[Place]:
        """The earlier rules that decide the calls of one that decides none: one, or the first few of several."""
        rectangle = dict(self._rectangle(rule))
        earlier = [other for taken in self._earlier(rule) for other in taken.rules]
        several: list[Place] = []
        for other in earlier if rectangle else ():
            if not self._left_to_look:
                break
            self._left_to_look -= 1
            masks = dict(self._rectangle(other))
            if all(not mask & ~masks.get(group, 0) for group, mask in rectangle.items()):
                yield other.place
                return
            if any(mask & masks.get(group, 0) for group, mask in rectangle.items()):
                several.append(other.place)
        yield from several[:NAMED]

    def _earlier(self, rule: Rule) -> Iterator[_Taken]:
        """What is decided of every call that the rule is about."""
        for service in {ANY, rule.service}:
            for argument in {ANY, rule.argument}:
                taken = self._taken.get((service, argument))
                if taken is not None:
                    yield taken

    def _rectangle(self, rule: Rule) -> Iterator[tuple[int, int]]:
        """The groups of sources that the rule is about, each with its targets. None is empty."""
        targets = self._targets.get(rule.target, 0)
        for group in self._groups.get(rule.source, ()):
            mask = targets
            if rule.target in self._of_disposable[self._disposable[group]]:
                mask |= self._new_disposable
            if mask:
                yield group, mask
