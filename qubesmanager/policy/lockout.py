# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a policy denies dom0 its own management calls.

qrexec lets dom0 call whatever no rule names. A rule that names dom0 as a source, or names everything, and does not
allow, takes a management call away from it. The qubes that exist are not looked at: a qube that a rule names may come
later, and a refusal does not show whether it is there.
"""

from collections.abc import Iterable, Iterator

from qubesmanager.policy.alike import Call, calls_of, targets_alike
from qubesmanager.policy.engine import ANY, DISPVM_TAG_PREFIX, TAG_PREFIX, TYPE_PREFIX, Engine, Request
from qubesmanager.policy.grammar import EXACT, Action, Rule
from qubesmanager.policy.system_info import DISPVM_PREFIX, Domain, SystemInfo, is_dom0
from qubesmanager.wire.names import DOM0, UUID_PREFIX
from qubesmanager.wire.values import VmClass

MANAGEMENT = ("mgmt1.", "admin.", "policy.")
"""What the names of management services begin with."""


def lockout(before: Engine, after: Engine) -> Rule | None:
    """The rule by which dom0 loses a management call that it had; None if it loses none."""
    info = _every_kind((*before.policy.rules, *after.policy.rules))
    lost_before = {(call, target) for call, target, _rule in _denials(before, info)}
    for call, target, rule in _denials(after, info):
        if (call, target) not in lost_before and ((ANY, ANY), target) not in lost_before:
            return rule
    return None


def _denials(engine: Engine, info: SystemInfo) -> Iterator[tuple[Call, str, Rule]]:
    for service, argument in calls_of([engine.policy]):
        if service != ANY and not service.startswith(MANAGEMENT):
            continue
        for alike in targets_alike(engine.rules_for(service, argument), DOM0, info):
            for target in alike:
                rule = engine.decide(Request(service, argument, DOM0, target), info).rule
                if rule is not None and not _is_allowed(rule):
                    yield (service, argument), target, rule


def _is_allowed(rule: Rule) -> bool:
    """Whether dom0 may make the call: a management call goes to dom0, whatever qube it is about."""
    return rule.action is Action.ALLOW and is_dom0(rule.options.get("target", DOM0))


def _every_kind(rules: Iterable[Rule]) -> SystemInfo:
    """dom0, and a qube for each word by which the rules name targets."""
    domains = [Domain(DOM0, VmClass.ADMIN), Domain(_OTHER, VmClass.APP)]
    for number, word in enumerate(sorted({rule.target for rule in rules})):
        name = f"{_OTHER}-{number}"
        if word.startswith((TAG_PREFIX, DISPVM_TAG_PREFIX)):
            tag = word.removeprefix(DISPVM_TAG_PREFIX).removeprefix(TAG_PREFIX)
            domains.append(Domain(name, VmClass.APP, frozenset({tag}), template_for_dispvms=True))
        elif word.startswith(TYPE_PREFIX):
            domains.append(Domain(name, word.removeprefix(TYPE_PREFIX)))
        elif word.startswith(UUID_PREFIX):
            domains.append(Domain(name, VmClass.APP, uuid=word.removeprefix(UUID_PREFIX)))
        elif word not in EXACT and word != ANY and not is_dom0(word):
            domains.append(Domain(word.removeprefix(DISPVM_PREFIX), VmClass.APP, template_for_dispvms=True))
    return SystemInfo.of(domains)


_OTHER = "any-qube"
