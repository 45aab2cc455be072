# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision about a call that the daemon admits itself: qrexec's, narrowed to what dom0 answers here.

The gate goes by it. So does an explanation about a source that is no qube, whose calls come no other way.
"""

from dataclasses import dataclass, replace

from qubesmanager.policy.engine import DEFAULT, Decision, Engine, Request, Result, may_admit, requested_target
from qubesmanager.policy.system_info import ADMINVM, SystemInfo, is_dom0
from qubesmanager.wire.names import DOM0, shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import field_text, text


@dataclass(frozen=True, slots=True)
class Verdict:
    """`refused`: why the call is denied, None if it is not. `destination`: the qube that it is about, or `uuid:…`.

    `decision` has the result that the caller gets. The choices of one that asks are those that dom0 answers.
    """

    decision: Decision
    refused: Reason | None = None
    destination: str = ""


def at_gate(engine: Engine, request: Request, info: SystemInfo) -> Verdict:
    """The verdict about a call from elsewhere. Total: never raises."""
    decision = engine.decide(request, info)
    refused = _why_not(request, decision, info)
    if refused is not None:
        return Verdict(Decision(_denied(decision), _sentence(refused), decision.rule, notify=decision.notify), refused)
    choices = tuple(filter(is_dom0, decision.targets))
    return Verdict(replace(decision, targets=choices), None, destination_of(request, info))


def decide_call(engine: Engine, request: Request, info: SystemInfo) -> Decision:
    """The decision that a source gets: that of qrexec for a qube, and that of the gate for a source that is none."""
    if is_dom0(request.source) or info.find(request.source) is not None:
        return engine.decide(request, info)
    return at_gate(engine, request, info).decision


def _denied(decision: Decision) -> Result:
    return Result.ERROR if decision.result is Result.ERROR else Result.DENY


def _sentence(refused: Reason) -> str:
    """The reason as an explanation gives it, which has the result beside it."""
    return field_text(refused.fields[0]) if refused.code == "call-not-admitted" else text(refused)


def _why_not(request: Request, decision: Decision, info: SystemInfo) -> Reason | None:
    rule = decision.rule
    if decision.result not in {Result.ALLOW, Result.ASK} or rule is None:
        return Reason("call-not-admitted", decision.reason)
    if not may_admit(rule, request.source, info):
        return Reason("call-not-admitted", Reason("line-without-source", str(rule.place), shown(request.source)))
    reached = decision.targets if decision.result is Result.ASK else (decision.target,)
    if not any(map(is_dom0, reached)):
        return Reason("call-leaves-dom0", shown(" ".join(reached)))
    if not destination_of(request, info):
        return Reason("call-not-admitted", Reason("no-destination", shown(request.target)))
    return None


def destination_of(request: Request, info: SystemInfo) -> str:
    """Where dispatch finds the qube that the call is about; empty if it is about none.

    A rule for @default would let a mistyped name in: dispatch takes the name of a qube only.
    """
    target = requested_target(request.target, info)
    if target == ADMINVM:
        return DOM0
    return "" if target == DEFAULT or target.startswith("@") else target
