# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate: the policy decides about each call that dom0's qrexec has not admitted, before dispatch sees it.

Every way in but the socket of dom0 goes through `Gate.admit` first: the gateway by the call `mgmt1.policy.Admit`. The
words that are decided about are the words that are dispatched; nothing rewrites them in between.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from qubesmanager.daemon.admission.live_policy import LivePolicy
from qubesmanager.daemon.admission.questions import Questions
from qubesmanager.policy.at_gate import at_gate, destination_of
from qubesmanager.policy.engine import Decision, Engine, Request, Result
from qubesmanager.policy.system_info import DISPVM_PREFIX, SystemInfo, is_dom0
from qubesmanager.wire.framing import Header
from qubesmanager.wire.limits import ARGUMENT_BYTES
from qubesmanager.wire.names import DOM0, VM_NAME, check, shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal, refuse_if

log = logging.getLogger(__name__)

_SERVICE = re.compile(r"[A-Za-z0-9_.-]{1,255}", re.ASCII)
_ARGUMENT = re.compile(rf"[A-Za-z0-9_.+-]{{0,{ARGUMENT_BYTES}}}", re.ASCII)
_TARGET = re.compile(r"[A-Za-z0-9_.@:-]{1,64}", re.ASCII)
"""The characters that qrexec lets through. It replaces any other; here the call is refused."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Where an admitted call of a qube goes: `target` is dom0, a name, `uuid:…` or `@dispvm:NAME`.

    `destination` is what dom0 answers about, a name or `uuid:…`; empty if another qube answers. `user` is the account
    in that qube; empty for the usual one. `is_started`: a target that is halted is started.
    """

    target: str
    destination: str = ""
    user: str = ""
    is_started: bool = True


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
        verdict = at_gate(engine, request, info)
        _log(request, verdict.decision)
        refuse_if(verdict.refused)
        if verdict.decision.result is Result.ASK:
            return await self._asked(request, verdict.decision, info)
        return verdict.destination

    async def _asked(self, request: Request, decision: Decision, info: SystemInfo) -> str:
        """The destination once the user has allowed the call. Raises `PermissionDenied` otherwise."""
        _chosen, engine, now = await self._choice(request, decision, info)
        verdict = at_gate(engine, request, now)
        refuse_if(verdict.refused)
        return verdict.destination

    async def _choice(self, request: Request, decision: Decision, info: SystemInfo) -> tuple[str, Engine, SystemInfo]:
        """The target that the user chooses, and policy and qubes as they are then. Raises `PermissionDenied`.

        These may have changed while the user decided. The answer is used only if the target and the choice are still
        the same qubes.
        """
        chosen = await self._questions.choose(request, decision)
        log.info("The user allows %s%s from %s", request.service, request.argument, request.source)
        engine = await self._policy.engine()
        now = self._info()
        if any(_identity(word, now) != _identity(word, info) for word in (request.target, chosen)):
            raise refusal("call-not-admitted", Reason("no-destination", shown(request.target)))
        return chosen, engine, now

    async def admit_qube(self, untrusted: Header) -> Admitted:
        """Where a call of a qube goes, to dom0 or to another qube. Raises as `admit`."""
        request = _request(untrusted)
        engine = await self._policy.engine()
        info = self._info()
        decision = engine.decide(request, info)
        _log(request, decision)
        if decision.result is Result.ASK:
            chosen, engine, info = await self._choice(request, decision, info)
            decision = engine.decide(request, info)
            if decision.result is Result.ASK and chosen in decision.targets:
                decision = replace(decision, result=Result.ALLOW, target=chosen)
        if decision.result is not Result.ALLOW or info.find(request.source) is None:
            raise refusal("call-not-admitted", decision.reason)
        if not is_dom0(decision.target):
            return Admitted(decision.target, "", decision.user, decision.autostart)
        destination = destination_of(request, info)
        if not destination:
            raise refusal("call-not-admitted", Reason("no-destination", shown(request.target)))
        return Admitted(DOM0, destination)


def _log(request: Request, decision: Decision) -> None:
    log.info(
        "%s%s from %s to %s: %s. %s",
        *(shown(request.service), request.argument, request.source, shown(request.target)),
        *(decision.result, decision.reason),
    )


def _identity(word: str, info: SystemInfo) -> tuple[str, str] | None:
    """The name and the uuid of the qube that a target is, or is made from; None for a target that is no qube."""
    qube = info.find(word.removeprefix(DISPVM_PREFIX))
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
