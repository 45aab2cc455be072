# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of which all are done, or none: what was sent before a refusal is taken back."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from qubesmanager.client.carry_out import send_whole
from qubesmanager.client.client import Client
from qubesmanager.plans.plan import TAG, Step
from qubesmanager.transport.base import Payload, TransportError
from qubesmanager.wire import calls, framing
from qubesmanager.wire.errors import Mgmt1Error, QubesValueError

SET, REMOVE = calls.VM_TAG_SET.name, calls.VM_TAG_REMOVE.name


class _Dom0:
    """Keeps tags. `fails` raises for a call before it is carried out, `loses` after it."""

    url = "memory:"

    def __init__(self) -> None:
        self.tags: set[str] = set()
        self.fails: dict[tuple[str, str], BaseException] = {}
        self.loses: dict[tuple[str, str], BaseException] = {}

    async def exchange(self, service: str, arg: str, _dest: str, _payload: Payload) -> AsyncGenerator[bytes, None]:
        error = self.fails.get((service, arg))
        if error is None and service == REMOVE and arg not in self.tags:
            error = QubesValueError("no such tag")
        if isinstance(error, Mgmt1Error):
            yield framing.encode_error(error)
            return
        if error is not None:
            raise error
        (self.tags.add if service == SET else self.tags.discard)(arg)
        if (lost := self.loses.get((service, arg))) is not None:
            raise lost
        yield framing.OK


def steps(*tags: str) -> list[Step]:
    return [Step((TAG, tag), calls.VM_TAG_SET("work", tag), calls.VM_TAG_REMOVE("work", tag)) for tag in tags]


async def test_all_steps_are_done() -> None:
    dom0 = _Dom0()

    outcome = await send_whole(Client(dom0), steps("a", "b", "c"))

    assert (outcome.failed, dom0.tags) == (None, {"a", "b", "c"})


@pytest.mark.parametrize("refused", ["a", "b", "c"])
async def test_a_refusal_takes_back_what_was_done(refused: str) -> None:
    dom0 = _Dom0()
    dom0.fails[SET, refused] = QubesValueError("no")

    outcome = await send_whole(Client(dom0), steps("a", "b", "c"))

    assert outcome.failed is not None
    assert (outcome.failed.key[1], str(outcome.error), outcome.sent) == (refused, "no", ())
    assert dom0.tags == set()


@pytest.mark.parametrize("is_done", [False, True])
async def test_a_step_without_an_answer_is_taken_back_if_it_was_done(*, is_done: bool) -> None:
    dom0 = _Dom0()
    (dom0.loses if is_done else dom0.fails)[SET, "b"] = TransportError("cut")

    outcome = await send_whole(Client(dom0), steps("a", "b"))

    assert (str(outcome.error), outcome.sent, dom0.tags) == ("cut", (), set())


async def test_what_cannot_be_taken_back_is_named() -> None:
    dom0 = _Dom0()
    dom0.fails |= {(SET, "c"): QubesValueError("no"), (REMOVE, "a"): QubesValueError("changed meanwhile")}

    outcome = await send_whole(Client(dom0), [*steps("a", "b"), *steps("c")])

    assert [step.key[1] for step in outcome.sent] == ["a"]
    assert dom0.tags == {"a"}


async def test_a_connection_that_stays_lost_leaves_what_was_done() -> None:
    dom0 = _Dom0()
    dom0.fails |= {(SET, "b"): TransportError("cut"), (REMOVE, "a"): TransportError("cut")}
    dom0.fails[REMOVE, "b"] = TransportError("cut")

    outcome = await send_whole(Client(dom0), steps("a", "b"))

    assert [step.key[1] for step in outcome.sent] == ["a", "b"]


async def test_a_cancelled_call_takes_back_what_was_done() -> None:
    dom0 = _Dom0()
    dom0.fails[SET, "c"] = asyncio.CancelledError()

    with pytest.raises(asyncio.CancelledError):
        await send_whole(Client(dom0), steps("a", "b", "c"))

    assert dom0.tags == set()
