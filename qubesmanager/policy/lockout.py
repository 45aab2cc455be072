# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a policy denies dom0 its own management calls.

qrexec lets dom0 call whatever no rule names. A rule that names dom0 as a source, or names everything, and does not
allow the call with `target=dom0`, takes a management call away from it: without `target=`, a call about a qube goes
into that qube. The qubes that exist are not looked at: a qube that a rule names may come later, and a refusal does not
show whether it is there.
"""

from collections.abc import Iterable

from qubesmanager.policy.alike import calls_of, targets_alike
from qubesmanager.policy.engine import ANY, DISPVM_TAG_PREFIX, TAG_PREFIX, TYPE_PREFIX, Engine, Request
from qubesmanager.policy.grammar import EXACT, Action, Rule
from qubesmanager.policy.system_info import DISPVM_PREFIX, Domain, SystemInfo, is_dom0
from qubesmanager.wire.names import DOM0, UUID_PREFIX
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import VmClass

MANAGEMENT = ("mgmt1.", "admin.", "policy.")
"""What the names of management services begin with."""


def lockout(before: Engine, after: Engine) -> Rule | None:
    """The rule by which dom0 loses a management call that it had; None if it loses none."""
    info = _every_kind((*before.policy.rules, *after.policy.rules))
    for service, argument in calls_of([after.policy]):
        if service != ANY and not service.startswith(MANAGEMENT):
            continue
        rules = (*before.rules_for(service, argument), *after.rules_for(service, argument))
        for alike in targets_alike(rules, DOM0, info):
            # A management call is about a qube, or about dom0.
            if alike[0] not in info.names:
                continue
            request = Request(service, argument, DOM0, alike[0])
            rule = _loses(after, request, info)
            if rule is not None and _loses(before, request, info) is None:
                return rule
    return None


def check_lockout(before: Engine, after: Engine) -> None:
    """Raise `QubesValueError` for a change by which dom0 would lose a management call."""
    if rule := lockout(before, after):
        raise refusal("policy-locks-out", str(rule.place), rule.service, rule.target)


def _loses(engine: Engine, request: Request, info: SystemInfo) -> Rule | None:
    """The rule by which a management call of dom0 does not reach dom0, whatever qube it is about; None if it does."""
    rule = engine.decide(request, info).rule
    if rule is None or (rule.action is Action.ALLOW and is_dom0(rule.options.get("target") or request.target)):
        return None
    return rule


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
