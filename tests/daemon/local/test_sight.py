# SPDX-License-Identifier: GPL-3.0-or-later
"""What a source other than dom0 sees and hears of the qubes of others."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system.system import System
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.events import Event
from qubesmanager.wire.records import decode_record

As = Callable[[str], Client]


@pytest.fixture
def sent_by(system: System) -> As:
    """A client whose calls come from the qube of that name."""
    answer = Dispatcher(LocalBackend(system)).answer
    return lambda source: Client(MemoryTransport(answer, source))


async def _events(stream: AsyncIterator[list[Event]], last: str) -> list[Event]:
    """The events until one of that name, which is not among them."""
    found: list[Event] = []
    async for batch in stream:
        for event in batch:
            if event.name == last:
                return found
            found.append(event)
    raise AssertionError(last)


async def test_a_qube_that_comes_to_be_managed_appears_with_its_record_and_vanishes_afterwards(
    client: Client, sent_by: As
) -> None:
    async with aclosing(sent_by("sys-mgmt").events(calls.EVENTS("dom0"))) as stream:
        await anext(stream)
        await client.send(calls.VM_NOTES_SET("vault", payload="before"))
        await client.send(calls.VM_TAG_SET("vault", "managed-by-sys-mgmt"))
        await client.send(calls.VM_TAG_SET("vault", "x"))
        await client.send(calls.VM_TAG_REMOVE("vault", "managed-by-sys-mgmt"))
        await client.send(calls.VM_NOTES_SET("vault", payload="after"))
        await client.send(calls.LABEL_CREATE("dom0", "end", "0x000000"))

        heard = await _events(stream, "label-add")

    assert [(event.subject, event.name) for event in heard] == [
        ("vault", "domain-add"),
        ("vault", "tag-add:x"),
        ("vault", "domain-delete"),
    ]
    record = decode_record(heard[0].fields["record"].encode())
    assert record.notes == "before"
    assert "managed-by-sys-mgmt" in record.tags
