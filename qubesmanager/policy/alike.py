# SPDX-License-Identifier: GPL-3.0-or-later
"""Qubes that a policy cannot tell apart, as groups: one decision holds for a whole group.

Two sources are alike if the same words of the rules name them, and they have the same default disposable template. Two
targets are alike if the same words name them, and a call reaches both or neither.
"""

from collections.abc import Collection, Iterable

from qubesmanager.policy.engine import ANY, DEFAULT, source_words, target_words
from qubesmanager.policy.grammar import Rule
from qubesmanager.policy.reading import Policy
from qubesmanager.policy.system_info import DISPVM_PREFIX, RUNNING, Domain, SystemInfo
from qubesmanager.wire.names import DOM0

Group = tuple[str, ...]
"""Words for qubes, sorted."""
Call = tuple[str, str]
"""A service and an argument. `ANY` is every service, or every argument, that no rule names."""


def calls_of(policies: Iterable[Policy]) -> list[Call]:
    """Every pair of service and argument that the policies may decide in different ways, sorted."""
    arguments: dict[str, set[str]] = {ANY: set()}
    for policy in policies:
        for rule in policy.rules:
            named = arguments.setdefault(rule.service, set())
            if rule.argument != ANY:
                named.add(rule.argument)
    return sorted((service, argument) for service, named in arguments.items() for argument in {ANY, *named})


def every_target(info: SystemInfo) -> list[str]:
    """What a call may be sent to: each qube, no qube in particular, a new disposable of each kind."""
    return [*sorted(info.names), DEFAULT, *sorted(info.disposables)]


def sources_alike(rules: Collection[Rule], info: SystemInfo) -> list[Group]:
    """All qubes in groups of sources that are alike for these rules."""
    words = {rule.source for rule in rules}
    groups: dict[object, list[str]] = {}
    for name in sorted(info.names):
        key = (frozenset(words & source_words(name, info)), info.disposable_of(name))
        groups.setdefault(key, []).append(name)
    return [tuple(group) for group in groups.values()]


def targets_alike(rules: Collection[Rule], source: str, info: SystemInfo) -> list[Group]:
    """All targets of a source in groups that are alike for these rules."""
    words = {rule.target for rule in rules}
    groups: dict[object, list[str]] = {}
    for target in every_target(info):
        named = frozenset(words & target_words(target, source, info))
        groups.setdefault((named, _kind(target, info.find(target))), []).append(target)
    return [tuple(group) for group in groups.values()]


def _kind(target: str, domain: Domain | None) -> object:
    """How a call to the target ends, apart from the rules: whether it runs, is remote, is dom0, is a disposable."""
    if domain is None:
        return DISPVM_PREFIX if target.startswith(DISPVM_PREFIX) else target
    return target == DOM0, domain.power_state == RUNNING, domain.klass, domain.relay, domain.transport
