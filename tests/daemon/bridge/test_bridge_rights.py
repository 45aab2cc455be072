# SPDX-License-Identifier: GPL-3.0-or-later
"""A caller with some rights: it sees what the policy lets it see, and gets the reason for the rest as data."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from bridge_fixtures import Bridged, Failing, bridged, bridging, client_of
from mirror_listener import followed
from qubesd_model import Faulty, Model
from until import error_of, until

from qubesmanager.client.client import Client
from qubesmanager.daemon.bridge.backend import BridgeBackend
from qubesmanager.daemon.bridge.channel import Channel
from qubesmanager.daemon.bridge.mirror import Mirror
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls, events
from qubesmanager.wire.codecs import CloneSpec
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Reason


@pytest.fixture
async def bridge(system: System, client: Client) -> AsyncIterator[Bridged]:
    async with bridging(system, client) as bridge:
        yield bridge


def reading_soon(wire: Failing) -> BridgeBackend:
    """A bridge that lists again at once where it has to."""
    backend = BridgeBackend(wire)
    channel = Channel(wire)
    backend.bridge = type(backend.bridge)(channel, Mirror(channel, relist=0))
    return backend


async def test_a_refused_call_has_a_typed_reason_and_is_remembered(bridge: Bridged) -> None:
    bridge.wire.refuses = lambda request: request.startswith("admin.vm.Start")

    error = await error_of(bridge.client.send(calls.VM_START("vault")))

    assert error is not None
    assert error.reason == Reason("qubesd-refused", "admin.vm.Start", "vault")
    assert bridge.client.refusals.why_not("mgmt1.vm.Start", "vault") == error.reason
    bridge.wire.refuses = lambda _request: False
    await bridge.client.send(calls.VM_START("vault"))
    assert bridge.client.refusals.why_not("mgmt1.vm.Start", "vault") is None


async def test_the_reason_names_the_call_of_a_step_that_was_refused(bridge: Bridged) -> None:
    bridge.wire.refuses = lambda request: request == "admin.vm.volume.CloneFrom+private vault"

    error = await error_of(bridge.client.send(calls.VM_CLONE("vault", payload=CloneSpec("copy"))))

    assert error is not None
    assert error.reason == Reason("qubesd-refused", "admin.vm.volume.CloneFrom", "vault")
    assert "copy" not in bridge.names


async def test_what_may_not_be_read_is_left_out_and_the_rest_is_there(system: System) -> None:
    wire = Failing(bridged(system))
    wire.refuses = lambda request: (
        request.split("+")[0] in {"admin.vm.notes.Get", "admin.vm.volume.List"}
        or (request == "admin.vm.property.GetAll+ work")
    )
    backend = BridgeBackend(wire)
    try:
        records = await backend.bridge.mirror.listed()
        assert {"vault", "work", "sys-net"} <= records.keys()
        vault = system.runtime.state.qube("vault").record()
        assert records["vault"].value("memory") == vault.value("memory")
        assert records["vault"].tags == vault.tags
        assert (records["vault"].notes, records["vault"].volumes) == ("", ())
        assert not records["work"].properties
    finally:
        await backend.close()


async def test_without_events_the_qubes_are_listed_now_and_then(system: System, client: Client) -> None:
    wire = Failing(bridged(system))
    wire.refuses = lambda request: request.startswith("admin.Events")
    backend = reading_soon(wire)
    try:
        await backend.bridge.mirror.listed()
        await client.send(calls.VM_NOTES_SET("vault", payload="new"))
        await client.send(calls.VM_PROPERTY_SET("vault", "memory", "700"))
        await until(lambda: backend.bridge.mirror.records["vault"].value("memory") == "700")
    finally:
        await backend.close()


async def test_a_qube_that_the_policy_shows_by_a_tag_appears(bridge: Bridged) -> None:
    """Its own events are not sent before it is listed; that of another qube's tags is."""
    mirror = bridge.backend.bridge.mirror
    async with aclosing(client_of(bridge.backend).events()) as stream:
        await anext(stream)
        mirror.gone("vault")
        assert "vault" not in mirror.records
        mirror.tags_changed()
        await until(lambda: "vault" in mirror.records)
        batch = await anext(stream)
        while not any(events.DOMAIN_ADD.matches(event) and event.subject == "vault" for event in batch):
            batch = await anext(stream)


@pytest.mark.parametrize("may_list_each", [True, False])
async def test_qubes_come_and_go_as_the_policy_shows_them_by_their_tags(*, may_list_each: bool) -> None:
    """qubesd lists those that the policy allows, and sends no event of the others, nor that one may be seen now."""
    model = Model(8)
    whole = model.answer
    wire = Faulty(model)

    def is_seen(name: str) -> bool:
        return name in {"", DOM0, "sys-net"} or "mine" in model.qubes[name].tags

    def answer(service: str, argument: str, dest: str, payload: bytes = b"") -> bytes:
        content = whole(service, argument, dest, payload)
        if (service, dest) != ("admin.vm.List", DOM0):
            return content
        rows = content[2:].splitlines(keepends=True)
        return b"0\x00" + b"".join(row for row in rows if is_seen(row.split()[0].decode()))

    def is_refused(request: str) -> bool:
        call, dest = request.split(" ")
        return not is_seen(dest) or (call == "admin.vm.List+" and dest != DOM0 and not may_list_each)

    model.answer = answer  # type: ignore[method-assign]
    wire.refuses = is_refused
    wire.drops = lambda frame: not is_seen(frame.split(b"\x00")[1].decode())
    async with followed(wire, relist=0.05) as (mirror, listener):
        await mirror.settled()
        assert listener.copy.keys() == {DOM0, "sys-net"}

        for name in ("app-0000", "app-0001"):
            model.qubes[name].tags.add("mine")
            model.event(name, "domain-tag-add:mine", "tag", "mine")
        await until(lambda: listener.copy.keys() == {DOM0, "sys-net", "app-0000", "app-0001"})
        await until(lambda: "mine" in listener.copy["app-0001"].tags and listener.copy["app-0001"].volumes)
        model.qubes["app-0000"].tags.remove("mine")
        model.qubes["app-0002"].tags.add("mine")
        model.event("sys-net", "domain-tag-add:other", "tag", "other")
        await until(lambda: listener.copy.keys() == {DOM0, "sys-net", "app-0001", "app-0002"})
        await mirror.settled()
        await until(lambda: listener.copy == mirror.records)


async def test_nothing_is_shown_where_neither_events_nor_the_list_are_allowed(system: System) -> None:
    wire = Failing(bridged(system))
    wire.refuses = lambda request: request.split("+")[0] in {"admin.Events", "admin.vm.List"}
    backend = BridgeBackend(wire)
    try:
        error = await error_of(backend.bridge.mirror.listed())
        assert error is not None
        assert error.reason is not None
        assert error.reason.code == "qubesd-refused"
        assert isinstance(await error_of(client_of(backend).send(calls.VM_LIST(DOM0))), type(error))
    finally:
        await backend.close()
