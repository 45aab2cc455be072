# SPDX-License-Identifier: GPL-3.0-or-later
"""What a policy has refused is remembered by call, argument and qube, until it may be allowed."""

import pytest

from qubesmanager.client.client import Client
from qubesmanager.client.refusals import Refusals, name_of
from qubesmanager.transport.base import Answer, Payload, RefusedError
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error, PermissionDenied
from qubesmanager.wire.framing import OK, encode_error
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal

START = calls.VM_START("work")
RENAME = calls.VM_PROPERTY_SET("work", "name", "other")


class Policy:
    """A transport that answers each call alike: no bytes are a refusal before dom0."""

    url = "policy:"

    def __init__(self) -> None:
        self.answer = b""

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        if not self.answer:
            raise RefusedError("no")
        yield self.answer


async def test_a_call_that_policy_refuses_is_remembered_until_it_is_allowed() -> None:
    transport = Policy()
    client = Client(transport)
    for answer in (b"", encode_error(refusal("qubesd-refused", START.service, "work"))):
        transport.answer = answer
        with pytest.raises((RefusedError, PermissionDenied)):
            await client.send(START)
        assert client.refusals.why_not(START.service, "work") == Reason("qubesd-refused", START.service, "work")
        assert client.refusals.why_not(START.service, "vault") is None
        transport.answer = OK
        await client.send(START)
        assert client.refusals.why_not(START.service, "work") is None


def test_each_argument_and_qube_has_a_separate_refusal() -> None:
    refusals, changes = Refusals(), []
    refusals.changed = lambda: changes.append(1)
    for request in (START, RENAME, calls.VM_START("vault")):
        refusals.refused(request, RefusedError("no"))

    assert refusals.why_not(name_of(RENAME.service, "name"), "work")
    assert not refusals.why_not(name_of(RENAME.service, "label"), "work")
    refusals.forget("work")
    assert not refusals.why_not(START.service, "work")
    assert refusals.why_not(START.service, "vault")
    refusals.forget()
    assert not refusals.why_not(START.service, "vault")
    assert len(changes) == 5


def test_a_call_that_the_system_does_not_have_is_refused_for_each_qube() -> None:
    refusals = Refusals()

    refusals.refused(calls.VM_LOG_LIST("work"), refusal("call-not-in-qubes", "mgmt1.vm.log.List", "x"))
    refusals.refused(START, Mgmt1Error("no memory"))

    assert refusals.why_not("mgmt1.vm.log.List", "vault")
    refusals.forget()
    assert refusals.why_not("mgmt1.vm.log.List", "vault")
    assert not refusals.why_not(START.service, "work")
