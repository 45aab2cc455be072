# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of the policy that ask: with a program that shows the question, without one, and with a wrong answer."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Self

import pytest

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.errors import PermissionDenied, ProtocolError, QubesValueError
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import POLICY_QUESTION, POLICY_QUESTION_OVER, PolicyQuestion
from qubesmanager.wire.framing import Header
from qubesmanager.wire.limits import PROMPTS, SOURCE_PROMPTS

RULES = """\
mgmt1.vm.Start * laptop vault ask target=dom0 default_target=dom0
mgmt1.vm.Kill * work personal ask
mgmt1.vm.Pause * s0 @anyvm ask target=dom0
mgmt1.vm.Pause * s1 @anyvm ask target=dom0
mgmt1.vm.Pause * s2 @anyvm ask target=dom0
mgmt1.vm.Pause * s3 @anyvm ask target=dom0
mgmt1.vm.Pause * another @anyvm ask target=dom0
"""


@pytest.fixture(autouse=True)
def policy(system: System) -> None:
    folder = system.runtime.places.policy
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "30-test.policy").write_text(RULES)


async def admit(client: Client, service: str, target: str, source: str = "laptop") -> str:
    return await client.send(calls.POLICY_ADMIT("dom0", payload=Header(service, "", source, "name", target)))


async def answer(client: Client, **options: object) -> None:
    words: Mapping[str, str] = {name: str(value) for name, value in options.items()}
    await client.send(calls.POLICY_ANSWER("dom0", payload=words))


class Program:
    """A program that listens for questions."""

    def __init__(self, client: Client) -> None:
        self._stream: AsyncGenerator[list[Event], None] = client.events(calls.POLICY_QUESTIONS("dom0"))
        self._events: list[Event] = []

    async def __aenter__(self) -> Self:
        assert (await anext(self._stream))[0].name == "connection-established"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stream.aclose()

    async def next(self) -> Event:
        while not self._events:
            self._events += await anext(self._stream)
        return self._events.pop(0)

    async def question(self) -> PolicyQuestion:
        return POLICY_QUESTION.read(await self.next())


async def test_without_a_program_that_asks_the_call_is_denied(client: Client) -> None:
    with pytest.raises(PermissionDenied, match="no program shows the question"):
        await admit(client, "mgmt1.vm.Start", "vault")


async def test_a_call_that_the_user_allows_is_admitted_and_one_that_is_denied_is_not(client: Client) -> None:
    async with Program(client) as program, asyncio.TaskGroup() as group:
        first = group.create_task(admit(client, "mgmt1.vm.Start", "vault"))
        question = await program.question()
        assert question._replace(question=0) == PolicyQuestion(
            question=0,
            source="laptop",
            call="mgmt1.vm.Start",
            target="vault",
            choices="dom0",
            default="dom0",
            rule="policy.d/30-test.policy:1",
            seconds=60,
        )

        await answer(client, question=question.question, target="dom0")

        assert await first == "vault"
        over = POLICY_QUESTION_OVER.read(await program.next())
        assert over.question == question.question

        second = group.create_task(_refusal(client))
        await answer(client, question=(await program.question()).question)
        assert "The user does not allow the call" in await second


async def _refusal(
    client: Client, service: str = "mgmt1.vm.Start", target: str = "vault", source: str = "laptop"
) -> str:
    with pytest.raises(PermissionDenied) as refused:
        await admit(client, service, target, source)
    return str(refused.value)


async def test_a_question_without_an_answer_in_time_denies_the_call(client: Client, system: System) -> None:
    system.questions.seconds = 0.05
    async with Program(client) as program:
        assert "did not answer" in await _refusal(client)
        question = await program.question()
        assert POLICY_QUESTION_OVER.matches(await program.next())
        with pytest.raises(QubesValueError, match="is over"):
            await answer(client, question=question.question, target="dom0")


async def test_a_target_that_only_a_qube_could_answer_is_not_asked_about(client: Client) -> None:
    async with Program(client):
        with pytest.raises(PermissionDenied, match="only dom0 answers here"):
            await admit(client, "mgmt1.vm.Kill", "personal", "work")
        with pytest.raises(PermissionDenied):
            await admit(client, "mgmt1.vm.Start", "no-such-qube")


async def test_a_wrong_answer_is_refused_and_the_question_waits(client: Client) -> None:
    async with Program(client) as program, asyncio.TaskGroup() as group:
        asking = group.create_task(admit(client, "mgmt1.vm.Start", "vault"))
        ident = (await program.question()).question
        for wrong in ({}, {"question": "x"}, {"question": ident, "more": "1"}, {"target": "dom0"}):
            with pytest.raises(ProtocolError):
                await answer(client, **wrong)
        for target in ("vault", "@adminvm", "dom0."):
            with pytest.raises((QubesValueError, ProtocolError)):
                await answer(client, question=ident, target=target)
        with pytest.raises(QubesValueError):
            await answer(client, question=ident + 1, target="dom0")

        await answer(client, question=ident, target="dom0")

        assert await asking == "vault"


async def test_what_changed_while_the_user_thought_is_looked_at_again(client: Client, system: System) -> None:
    async with Program(client) as program, asyncio.TaskGroup() as group:
        asking = group.create_task(_refusal(client))
        ident = (await program.question()).question
        _deny(system.runtime.places.policy)

        await answer(client, question=ident, target="dom0")

        assert "Denied by policy.d/30-test.policy:1" in await asking


async def test_an_answer_does_not_count_for_another_qube_that_has_the_name_now(client: Client) -> None:
    async with Program(client) as program, asyncio.TaskGroup() as group:
        asking = group.create_task(_refusal(client, "mgmt1.vm.Pause", "untrusted", "s0"))
        ident = (await program.question()).question
        await client.send(calls.VM_PROPERTY_SET("untrusted", "name", "other"))
        await client.send(calls.VM_PROPERTY_SET("vault", "name", "untrusted"))

        await answer(client, question=ident, target="dom0")

        assert "There is no such destination: 'untrusted'" in await asking


async def test_an_answer_does_not_count_for_a_line_that_sends_the_call_elsewhere(
    client: Client, system: System
) -> None:
    async with Program(client) as program, asyncio.TaskGroup() as group:
        asking = group.create_task(_refusal(client))
        ident = (await program.question()).question
        _replace(system.runtime.places.policy, "mgmt1.vm.Start * laptop vault ask target=work\n")

        await answer(client, question=ident, target="dom0")

        assert "only dom0 answers here" in await asking


async def test_a_source_whose_questions_are_not_allowed_waits_longer_each_time(client: Client, system: System) -> None:
    now = 0.0
    system.questions.clock = lambda: now
    async with Program(client) as program:
        for pause in (1, 2, 4, 8, 16, 32, 60, 60):
            async with asyncio.TaskGroup() as group:
                asking = group.create_task(_refusal(client))
                await answer(client, question=(await program.question()).question)
            assert "does not allow" in asking.result()
            assert POLICY_QUESTION_OVER.matches(await program.next())
            now += pause - 0.5
            assert "too many questions" in await _refusal(client)
            now += 1

        async with asyncio.TaskGroup() as group:
            allowed = group.create_task(admit(client, "mgmt1.vm.Start", "vault"))
            await answer(client, question=(await program.question()).question, target="dom0")
        assert allowed.result() == "vault"
        assert POLICY_QUESTION_OVER.matches(await program.next())

        async with asyncio.TaskGroup() as group:
            again = group.create_task(_refusal(client))
            await answer(client, question=(await program.question()).question)
        assert "does not allow" in again.result()


def _deny(policy: Path) -> None:
    _replace(policy, "mgmt1.vm.Start * laptop vault deny\n")


def _replace(policy: Path, rules: str) -> None:
    (policy / "new").write_text(rules)
    (policy / "new").replace(policy / "30-test.policy")


async def test_a_source_that_floods_the_user_is_denied(client: Client) -> None:
    async with Program(client) as program:
        waiting: list[asyncio.Task[str]] = []
        loop = asyncio.get_running_loop()
        for number in range(PROMPTS):
            waiting.append(loop.create_task(admit(client, "mgmt1.vm.Pause", "vault", f"s{number // SOURCE_PROMPTS}")))
            await program.question()
            if number % SOURCE_PROMPTS == SOURCE_PROMPTS - 1:
                with pytest.raises(PermissionDenied, match="too many questions"):
                    await admit(client, "mgmt1.vm.Pause", "vault", f"s{number // SOURCE_PROMPTS}")
        with pytest.raises(PermissionDenied, match="too many questions"):
            await admit(client, "mgmt1.vm.Pause", "vault", "another")
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_program_that_comes_later_is_asked_what_waits(client: Client) -> None:
    async with Program(client) as program, asyncio.TaskGroup() as group:
        asking = group.create_task(admit(client, "mgmt1.vm.Start", "vault"))
        ident = (await program.question()).question
        async with Program(client) as other:
            assert (await other.question()).question == ident
        await answer(client, question=ident, target="dom0")
        assert await asking == "vault"


async def test_only_dom0_admits_listens_and_answers(system: System) -> None:
    other = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer, "work"))

    with pytest.raises(PermissionDenied):
        await admit(other, "mgmt1.vm.Start", "vault")
    with pytest.raises(PermissionDenied):
        await answer(other, question=1)
    async with aclosing(other.events(calls.POLICY_QUESTIONS("dom0"))) as stream:
        with pytest.raises(PermissionDenied):
            await anext(stream)
