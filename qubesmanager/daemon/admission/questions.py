# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions of the policy: a line that asks, a program that shows the question to the user, and the answer.

Without such a program, or without an answer in time, the call is denied. Nothing is remembered: the next call is asked
about again, until the line of the policy is changed. But a source whose question was not allowed asks nothing for a
second, twice as long after each further one, so that it cannot go on until the user gives in.
"""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from qubesmanager.daemon.event_hub import EventHub
from qubesmanager.policy.engine import Decision, Request
from qubesmanager.wire.codecs import number
from qubesmanager.wire.errors import ProtocolError
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import POLICY_QUESTION, POLICY_QUESTION_OVER
from qubesmanager.wire.limits import (
    PAUSED_SOURCES,
    PROMPT_PAUSE_SECONDS,
    PROMPT_SECONDS,
    PROMPTS,
    SOURCE_PROMPTS,
)
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal


@dataclass(frozen=True, slots=True)
class _Open:
    """A question that waits. The answer is one of the choices, or empty."""

    event: Event
    choices: tuple[str, ...]
    answer: "asyncio.Future[str]"


@dataclass(frozen=True, slots=True)
class _Pause:
    """A source asks nothing before `ends_at`, by the clock; `seconds` is how long the pause is."""

    seconds: float
    ends_at: float


class Questions:
    """`seconds` is how long an answer is waited for. `clock` gives seconds, for the pauses of sources."""

    def __init__(self, seconds: float = PROMPT_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.clock = clock
        self._pauses: OrderedDict[str, _Pause] = OrderedDict()
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
        pause = self._pauses.get(request.source)
        is_paused = pause is not None and self.clock() < pause.ends_at
        if is_paused or len(self._open) >= PROMPTS or self._sources[request.source] >= SOURCE_PROMPTS:
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
        target = ""
        try:
            async with asyncio.timeout(self.seconds):
                target = await each.answer
        except TimeoutError:
            raise refusal("call-not-answered", rule) from None
        finally:
            del self._open[ident]
            self._sources[request.source] -= 1
            if not self._sources[request.source]:
                del self._sources[request.source]
            self._pause(request.source, is_allowed=bool(target))
            self._hub.emit(POLICY_QUESTION_OVER(question=ident))
        if not target:
            raise refusal("call-not-agreed", rule)
        return target

    def _pause(self, source: str, *, is_allowed: bool) -> None:
        """Let a source wait before its next question, unless the user allowed this one."""
        last = self._pauses.pop(source, None)
        if is_allowed:
            return
        seconds = 1.0 if last is None else min(2 * last.seconds, PROMPT_PAUSE_SECONDS)
        self._pauses[source] = _Pause(seconds, self.clock() + seconds)
        if len(self._pauses) > PAUSED_SOURCES:
            self._pauses.popitem(last=False)


def _ident(untrusted: str) -> int:
    try:
        return number(untrusted)
    except ProtocolError:
        raise refusal("question-options") from None
