# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions of the policy: a line that asks, a program that shows the question to the user, and the answer.

Without such a program, or without an answer in time, the call is denied. Nothing is remembered: the next call is asked
about again, until the line of the policy is changed.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from qubesmanager.daemon.event_hub import EventHub
from qubesmanager.policy.engine import Decision, Request
from qubesmanager.wire.codecs import number
from qubesmanager.wire.errors import ProtocolError
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import POLICY_QUESTION, POLICY_QUESTION_OVER
from qubesmanager.wire.limits import PROMPT_SECONDS, PROMPTS, SOURCE_PROMPTS
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal


@dataclass(frozen=True, slots=True)
class _Open:
    """A question that waits. The answer is one of the choices, or empty."""

    event: Event
    choices: tuple[str, ...]
    answer: "asyncio.Future[str]"


class Questions:
    """`seconds` is how long an answer is waited for."""

    def __init__(self, seconds: float = PROMPT_SECONDS) -> None:
        self.seconds = seconds
        self._hub = EventHub()
        self._open: dict[int, _Open] = {}
        self._sources: Counter[str] = Counter()
        self._last = 0

    @property
    def is_shown(self) -> bool:
        """Whether a program shows questions to a user."""
        return self._hub.listeners > 0

    async def listen(self) -> AsyncGenerator[Event, None]:
        """The questions that wait, and those that come; for a program that shows them."""
        async with aclosing(self._hub.listen(lambda event: (event,))) as stream:
            yield await anext(stream)
            for each in list(self._open.values()):
                yield each.event
            async for event in stream:
                yield event

    def answer(self, untrusted: Mapping[str, str]) -> None:
        """Take an answer: `question` and, to allow the call, `target`.

        Raises `ProtocolError` for other options, and `QubesValueError` for a question that is over and for a target
        that is not one of its choices.
        """
        if "question" not in untrusted or untrusted.keys() - {"question", "target"}:
            raise refusal("question-options")
        ident, target = _ident(untrusted["question"]), untrusted.get("target", "")
        each = self._open.get(ident)
        if each is None or each.answer.done():
            raise refusal("question-over", ident)
        if target and target not in each.choices:
            raise refusal("question-choice", ident, shown(target))
        each.answer.set_result(target)

    def close(self) -> None:
        """End the streams of the programs that show questions."""
        self._hub.close()

    async def choose(self, request: Request, decision: Decision) -> str:
        """The target that the user chooses. Raises `PermissionDenied` if the call is not allowed."""
        rule = str(decision.place)
        if not self.is_shown:
            raise refusal("call-asks-no-user", rule)
        if len(self._open) >= PROMPTS or self._sources[request.source] >= SOURCE_PROMPTS:
            raise refusal("questions-too-many", rule)
        self._last += 1
        ident = self._last
        question = POLICY_QUESTION(
            question=ident,
            source=request.source,
            call=request.service + (request.argument if request.argument != "+" else ""),
            target=request.target,
            choices=" ".join(decision.targets),
            default=decision.default_target if decision.default_target in decision.targets else "",
            rule=rule,
            seconds=int(self.seconds),
        )
        each = self._open[ident] = _Open(question, decision.targets, asyncio.get_running_loop().create_future())
        self._sources[request.source] += 1
        self._hub.emit(question)
        try:
            async with asyncio.timeout(self.seconds):
                target = await each.answer
        except TimeoutError:
            raise refusal("call-not-answered", rule) from None
        finally:
            del self._open[ident]
            self._sources[request.source] -= 1
            self._hub.emit(POLICY_QUESTION_OVER(question=ident))
        if not target:
            raise refusal("call-not-agreed", rule)
        return target


def _ident(untrusted: str) -> int:
    try:
        return number(untrusted)
    except ProtocolError:
        raise refusal("question-options") from None
