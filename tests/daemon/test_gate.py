# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate, what explains a call to the user, and the sight of a source agree about each call."""

import asyncio
from itertools import product
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st
from policy.worlds import REQUESTED, rule_lines, systems

from qubesmanager.daemon.admission.gate import Gate
from qubesmanager.daemon.admission.live_policy import LivePolicy
from qubesmanager.daemon.admission.questions import Questions
from qubesmanager.policy.engine import Decision, Engine, Request, Result
from qubesmanager.policy.explain import explain
from qubesmanager.policy.reading import Files, Reader
from qubesmanager.policy.system_info import SystemInfo, from_mapping, is_dom0
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.framing import Header

ELSEWHERE = "laptop"


class _Policy:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def engine(self) -> Engine:
        return self._engine


class _User:
    """Allows every call, and remembers which choices there were."""

    def __init__(self) -> None:
        self.choices: tuple[str, ...] = ()

    async def choose(self, _request: Request, decision: Decision) -> str:
        self.choices = decision.targets
        return decision.targets[0]


def gate_says(engine: Engine, info: SystemInfo, request: Request) -> tuple[Result, str]:
    """What the gate does with a call, and the destination or why it is denied."""
    user = _User()
    gate = Gate(cast("LivePolicy", _Policy(engine)), lambda: info, cast("Questions", user))
    header = Header(request.service, request.argument.removeprefix("+"), request.source, "name", request.target)
    try:
        destination = asyncio.run(gate.admit(header))
    except Mgmt1Error as error:
        return Result.DENY, str(error)
    assert set(user.choices) <= {"dom0"}
    return (Result.ASK if user.choices else Result.ALLOW), destination


@given(lines=st.lists(rule_lines((ELSEWHERE,)), max_size=8), system=systems())
def test_an_explanation_says_what_the_gate_does(lines: list[str], system: dict[str, dict[str, Any]]) -> None:
    engine, info = Engine(Reader().read(Files({"30-test.policy": "\n".join(lines)}))), from_mapping({"domains": system})
    for source, target, argument in product((*system, ELSEWHERE), REQUESTED, ("+", "+x")):
        if source == "dom0":
            continue
        request = Request("svc", argument, source, target)

        result, _detail = gate_says(engine, info, request)

        explained = explain(engine, request, info).decision
        if source == ELSEWHERE:
            assert (result, request) == (explained.result, request)
        elif result is Result.DENY and explained.result is not Result.DENY:
            # qrexec carries a qube's call to another qube, too, and lets a call about no qube through.
            reached = any(map(is_dom0, (*explained.targets, explained.target)))
            assert not reached or (target != "@adminvm" and info.find(target) is None)
        else:
            assert (result, request) == (explained.result, request)


def test_a_source_that_is_no_qube_is_explained_as_the_gate_refuses_it() -> None:
    text = (
        "svc * * work allow target=dom0\n"
        "svc * laptop vault allow\n"
        "svc * laptop @default allow target=dom0\n"
        "svc * laptop dvm allow target=dom0\n"
    )
    engine = Engine(Reader().read(Files({"30-test.policy": text})))
    info = from_mapping(
        {"domains": {"dom0": {"type": "AdminVM"}, **{name: {"type": "AppVM"} for name in ("work", "vault", "dvm")}}}
    )

    def reason(target: str) -> str:
        request = Request("svc", "+", ELSEWHERE, target)
        decision = explain(engine, request, info).decision
        gate, _detail = gate_says(engine, info, request)
        assert gate is decision.result
        return f"{decision.result}: {decision.reason}"

    assert reason("work") == "deny: policy.d/30-test.policy:1 does not name 'laptop', which is no qube."
    assert reason("vault") == "deny: The policy sends the call to 'vault'; only dom0 answers here."
    assert reason("mistyped") == "deny: There is no such destination: 'mistyped'"
    assert reason("dvm") == "allow: Allowed by policy.d/30-test.policy:4."


def test_a_policy_that_cannot_be_read_denies_at_the_gate_and_is_explained() -> None:
    engine, info = Engine(Reader().read(Files({"30-test.policy": "?"}))), from_mapping({"domains": {}})
    request = Request("svc", "+", ELSEWHERE, "dom0")

    assert explain(engine, request, info).decision.result is Result.ERROR
    assert gate_says(engine, info, request)[0] is Result.DENY
