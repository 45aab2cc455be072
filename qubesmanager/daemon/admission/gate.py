# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate: the policy decides about each call that dom0's qrexec has not admitted, before dispatch sees it.

Every way in but the socket of dom0 goes through `Gate.admit` first: the gateway by the call `mgmt1.policy.Admit`. The
words that are decided about are the words that are dispatched; nothing rewrites them in between.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import replace

from qubesmanager.daemon.admission.live_policy import LivePolicy
from qubesmanager.daemon.admission.questions import Questions
from qubesmanager.policy.engine import DEFAULT, Decision, Engine, Request, Result, may_admit, requested_target
from qubesmanager.policy.system_info import ADMINVM, SystemInfo, is_dom0
from qubesmanager.wire.framing import Header
from qubesmanager.wire.limits import ARGUMENT_BYTES
from qubesmanager.wire.names import DOM0, VM_NAME, check, shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal

log = logging.getLogger(__name__)

_SERVICE = re.compile(r"[A-Za-z0-9_.-]{1,255}", re.ASCII)
_ARGUMENT = re.compile(rf"[A-Za-z0-9_.+-]{{0,{ARGUMENT_BYTES}}}", re.ASCII)
_TARGET = re.compile(r"[A-Za-z0-9_.@:-]{1,64}", re.ASCII)
"""The characters that qrexec lets through. It replaces any other; here the call is refused."""


class Gate:
    """`info` gives the qubes as of now; `questions` are shown to the user."""

    def __init__(self, policy: LivePolicy, info: Callable[[], SystemInfo], questions: Questions) -> None:
        self._policy = policy
        self._info = info
        self._questions = questions

    async def admit(self, untrusted: Header) -> str:
        """The destination of a call that the policy admits: a name, or `uuid:…`.

        The source is trusted: the way in knows it. Raises `PermissionDenied` for a call that the policy does not admit,
        and `ProtocolError` or `QubesValueError` for words that no call has.
        """
        request = _request(untrusted)
        engine = await self._policy.engine()
        info = self._info()
        decision = _decision(engine, request, info)
        log.info(
            "%s%s from %s to %s: %s. %s",
            *(shown(request.service), request.argument, request.source, shown(request.target)),
            *(decision.result, decision.reason),
        )
        if decision.result is Result.ASK:
            return await self._asked(request, decision, info)
        return _destination(request, decision, info)

    async def _asked(self, request: Request, decision: Decision, info: SystemInfo) -> str:
        """The destination once the user has allowed the call. Raises `PermissionDenied` otherwise."""
        choices = tuple(choice for choice in decision.targets if is_dom0(choice))
        if not choices:
            raise refusal("call-leaves-dom0", shown(" ".join(decision.targets)))
        _destination_of(request, info)  # A call that has nowhere to go is not asked about.
        await self._questions.choose(request, replace(decision, targets=choices))
        log.info("The user allows %s%s from %s", request.service, request.argument, request.source)
        # The policy or the qubes may have changed meanwhile. The answer counts only for what was asked.
        engine = await self._policy.engine()
        now = self._info()
        if _identity(request, now) != _identity(request, info):
            raise refusal("call-not-admitted", Reason("no-destination", shown(request.target)))
        decision = _decision(engine, request, now)
        if decision.result is not Result.ASK:
            return _destination(request, decision, now)
        if not any(map(is_dom0, decision.targets)):
            raise refusal("call-leaves-dom0", shown(" ".join(decision.targets)))
        return _destination_of(request, now)


def _decision(engine: Engine, request: Request, info: SystemInfo) -> Decision:
    """The engine's decision; but a source that is no qube is admitted only by a line with its name."""
    decision = engine.decide(request, info)
    rule = decision.rule
    is_admitted = decision.result in {Result.ALLOW, Result.ASK}
    if is_admitted and rule is not None and not may_admit(rule, request.source, info):
        return Decision(Result.DENY, f"{rule.place} does not name {request.source}, which is no qube.", rule)
    return decision


def _identity(request: Request, info: SystemInfo) -> tuple[str, str] | None:
    """The name and the uuid of the qube that the call is for; None for a target that is no qube."""
    qube = info.find(request.target)
    return None if qube is None else (qube.name, qube.uuid)


def _request(untrusted: Header) -> Request:
    source = check(VM_NAME, untrusted.source)
    if source == DOM0:
        raise refusal("call-of-dom0")
    for pattern, word in (
        (_SERVICE, untrusted.untrusted_service),
        (_ARGUMENT, untrusted.untrusted_argument),
        (_TARGET, untrusted.untrusted_target),
    ):
        if not pattern.fullmatch(word):
            raise refusal("request-word", shown(word))
    return Request(untrusted.untrusted_service, f"+{untrusted.untrusted_argument}", source, untrusted.untrusted_target)


def _destination(request: Request, decision: Decision, info: SystemInfo) -> str:
    """Where dispatch finds the call's destination. Raises `PermissionDenied` if the call is not for dom0 to answer."""
    if decision.result is not Result.ALLOW:
        raise refusal("call-not-admitted", decision.reason)
    if not is_dom0(decision.target):
        raise refusal("call-leaves-dom0", shown(decision.target))
    return _destination_of(request, info)


def _destination_of(request: Request, info: SystemInfo) -> str:
    """The destination of a call that dom0 answers. Raises `PermissionDenied` for one without a qube."""
    # A rule for @default would let a mistyped name in: dispatch takes the name of a qube only.
    target = requested_target(request.target, info)
    if target == DEFAULT or (target.startswith("@") and target != ADMINVM):
        raise refusal("call-not-admitted", Reason("no-destination", shown(request.target)))
    return DOM0 if target == ADMINVM else target
