# SPDX-License-Identifier: GPL-3.0-or-later
"""What a source lists and hears where there is a policy: the qubes to which it may make the call."""

import os
import pathlib
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest

from qubesmanager.client.client import Client
from qubesmanager.daemon.admission import live_policy, policy_sight
from qubesmanager.daemon.dialect.backend import Dialect
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import TokenContent
from qubesmanager.wire.errors import Mgmt1Error, PermissionDenied
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import EVENTS_LOST

As = Callable[[str], Client]
Rules = Callable[[str], None]


@pytest.fixture
def sent_by(system: System) -> As:
    """A client whose calls come from the source of that name."""
    answer = Dispatcher(LocalBackend(system)).answer
    return lambda source: Client(MemoryTransport(answer, source))


@pytest.fixture
def rules(system: System) -> Rules:
    """Write the only policy file."""

    def write(text: str) -> None:
        folder = system.runtime.places.policy
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "new").write_text(text)
        pathlib.Path(folder / "new").replace(folder / "30-test.policy")

    return write


async def _listed(client: Client) -> list[str]:
    return [row.name for row in await client.send(calls.VM_LIST("dom0"))]


async def _in_detail(client: Client) -> list[str]:
    return [record.name async for batch in client.batches(calls.VM_GET_ALL("dom0")) for record in batch]


async def test_a_list_has_the_qubes_to_which_the_call_is_allowed(sent_by: As, rules: Rules) -> None:
    rules(
        "mgmt1.vm.List * laptop vault deny\n"
        "mgmt1.vm.List * laptop personal ask target=dom0\n"
        "mgmt1.vm.List * laptop @type:AppVM allow target=dom0\n"
        "mgmt1.vm.List * laptop @anyvm allow\n"
        "mgmt1.vm.GetAll * laptop work allow target=dom0\n"
    )
    everything = await _listed(sent_by("dom0"))

    listed = await _listed(sent_by("laptop"))

    assert "work" in listed
    assert not {"vault", "personal", "debian-13"} & set(listed)
    assert {"vault", "personal", "debian-13"} <= set(everything)
    assert await _in_detail(sent_by("laptop")) == ["dom0", "work"]
    assert await _listed(sent_by("other")) == ["dom0"]


async def test_a_line_for_any_source_shows_nothing_to_a_source_that_is_no_qube(sent_by: As, rules: Rules) -> None:
    rules("mgmt1.vm.List * @anyvm vault allow target=dom0\n")
    assert await _listed(sent_by("laptop")) == ["dom0"]
    assert "vault" in await _listed(sent_by("work"))

    rules("mgmt1.vm.List * laptop vault allow target=dom0\n")
    assert await _listed(sent_by("laptop")) == ["dom0", "vault"]


async def test_tags_and_the_policy_change_what_is_listed_at_once(sent_by: As, rules: Rules, client: Client) -> None:
    rules("mgmt1.vm.List * laptop @tag:mine allow target=dom0\n")
    laptop = sent_by("laptop")
    assert await _listed(laptop) == ["dom0"]

    await client.send(calls.VM_TAG_SET("vault", "mine"))
    assert await _listed(laptop) == ["dom0", "vault"]

    await client.send(calls.VM_TAG_REMOVE("vault", "mine"))
    assert await _listed(laptop) == ["dom0"]

    rules("mgmt1.vm.List * laptop work allow target=dom0\n")
    assert await _listed(laptop) == ["dom0", "work"]

    rules("mgmt1.vm.List * laptop work allow target=dom0\nbroken\n")
    assert await _listed(laptop) == ["dom0"]


async def test_a_tag_of_the_source_changes_what_it_lists(sent_by: As, rules: Rules, client: Client) -> None:
    rules("mgmt1.vm.List * @tag:manager @anyvm allow target=dom0\n")
    assert await _listed(sent_by("work")) == ["dom0", "work"]

    await client.send(calls.VM_TAG_SET("work", "manager"))

    assert await _listed(sent_by("work")) == await _listed(client)


async def test_where_there_is_no_policy_tags_decide(sent_by: As, client: Client) -> None:
    await client.send(calls.VM_TAG_SET("vault", "managed-by-laptop"))

    assert await _listed(sent_by("laptop")) == ["dom0", "vault"]


async def test_the_lists_of_qubes_os_go_by_the_policy_of_their_own_calls(
    sent_by: As, rules: Rules, system: System
) -> None:
    rules("admin.vm.List * laptop work allow target=dom0\nmgmt1.vm.List * laptop vault allow target=dom0\n")
    transport = MemoryTransport(_dispatcher(system).answer, "laptop")

    async with aclosing(transport.exchange("admin.vm.List", "", "dom0", b"")) as answer:
        lines = b"".join([piece async for piece in answer]).decode().splitlines()

    assert [line.split()[0] for line in lines] == ["0\x00dom0", "work"]
    assert await _listed(sent_by("laptop")) == ["dom0", "vault"]


def _dispatcher(system: System) -> Dispatcher:
    local = LocalBackend(system)
    return Dispatcher(local, Dialect(local))


async def _until(stream: AsyncIterator[list[Event]], name: str) -> list[Event]:
    heard: list[Event] = []
    async for batch in stream:
        heard += batch
        if any(event.name == name for event in heard):
            return heard
    raise AssertionError(name)


async def test_a_listener_gets_the_events_of_the_qubes_that_the_policy_lets_it_list(
    sent_by: As, rules: Rules, client: Client
) -> None:
    rules("mgmt1.Events * laptop @tag:mine allow target=dom0\n")
    async with aclosing(sent_by("laptop").events()) as stream:
        await anext(stream)
        await client.send(calls.VM_TAG_SET("vault", "other"))
        await client.send(calls.VM_TAG_SET("vault", "mine"))
        await client.send(calls.VM_TAG_SET("vault", "more"))
        await client.send(calls.VM_TAG_REMOVE("vault", "mine"))
        await client.send(calls.VM_TAG_SET("vault", "end"))
        await client.send(calls.LABEL_CREATE("dom0", "end", "0x000000"))

        heard = await _until(stream, "label-add")

    assert [(event.subject, event.name) for event in heard if event.subject] == [
        ("vault", "domain-add"),
        ("vault", "tag-add:more"),
        ("vault", "domain-delete"),
    ]


async def test_another_policy_makes_a_listener_list_again_and_not_that_of_dom0(
    sent_by: As, rules: Rules, client: Client, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_sight, "LOOK", 0.01)
    rules("mgmt1.Events * laptop work allow target=dom0\n")
    async with aclosing(client.events()) as of_dom0, aclosing(sent_by("laptop").events()) as stream:
        await anext(of_dom0)
        await anext(stream)

        await client.send(
            calls.POLICY_REPLACE("dom0", "20-more", TokenContent("new", "mgmt1.Events * laptop vault deny\n"))
        )
        await system.policy_sight.refresh()

        assert EVENTS_LOST.matches((await _until(stream, "events-lost"))[-1])
        await client.send(calls.VM_TAG_SET("vault", "x"))
        assert not any(map(EVENTS_LOST.matches, await _until(of_dom0, "tag-add:x")))


async def test_another_policy_ends_the_statistics_of_a_source(
    sent_by: As, rules: Rules, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_sight, "LOOK", 0.01)
    rules("mgmt1.vm.Stats * laptop * allow target=dom0\n")
    async with aclosing(sent_by("laptop").events(calls.VM_STATS("dom0"))) as stream:
        await anext(stream)
        system.runtime.spawn("sight", system.policy_sight.keep())

        rules("mgmt1.vm.Stats * laptop * deny\n")

        await _until(stream, "events-lost")


async def test_a_source_that_gets_another_tag_lists_again(sent_by: As, rules: Rules, client: Client) -> None:
    rules("mgmt1.Events * @tag:manager @anyvm allow target=dom0\n")
    async with aclosing(sent_by("work").events()) as stream:
        await anext(stream)

        await client.send(calls.VM_TAG_SET("work", "manager"))

        await _until(stream, "events-lost")


async def test_a_call_names_the_qubes_to_which_it_is_allowed(sent_by: As, rules: Rules, client: Client) -> None:
    rules("mgmt1.vm.property.Set * laptop work allow target=dom0\n")
    laptop = sent_by("laptop")
    with pytest.raises(Mgmt1Error):
        await laptop.send(calls.VM_PROPERTY_SET("work", "netvm", "sys-net"))

    rules("mgmt1.vm.property.Set +netvm laptop @anyvm allow target=dom0\n")
    await laptop.send(calls.VM_PROPERTY_SET("work", "netvm", "sys-net"))

    assert (await client.send(calls.VM_PROPERTY_GET("work", "netvm"))).value == "sys-net"


async def test_only_dom0_changes_a_tag_that_gives_rights(sent_by: As, rules: Rules, client: Client) -> None:
    rules(
        "mgmt1.vm.tag.Set * laptop @anyvm allow target=dom0\n"
        "mgmt1.vm.tag.Remove * laptop @anyvm allow target=dom0\n"
        "mgmt1.vm.Kill * laptop @tag:mine allow target=dom0\n"
        "a.B * @anyvm @dispvm:@tag:open allow\n"
    )
    laptop = sent_by("laptop")
    await client.send(calls.VM_TAG_SET("work", "mine"))
    for request in (
        calls.VM_TAG_SET("vault", "mine"),
        calls.VM_TAG_SET("vault", "open"),
        calls.VM_TAG_REMOVE("work", "mine"),
    ):
        with pytest.raises(PermissionDenied):
            await laptop.send(request)

    await laptop.send(calls.VM_TAG_SET("vault", "other"))
    await laptop.send(calls.VM_TAG_REMOVE("vault", "other"))


async def test_a_source_does_not_make_itself_a_manager(sent_by: As, rules: Rules, client: Client) -> None:
    rules("mgmt1.vm.tag.Set * laptop @anyvm allow target=dom0\nmgmt1.vm.tag.Remove * laptop @anyvm allow target=dom0\n")
    laptop = sent_by("laptop")
    await client.send(calls.VM_TAG_SET("work", "managed-by-laptop"))
    await client.send(calls.VM_TAG_SET("vault", "managed-by-other"))
    for request in (calls.VM_TAG_SET("vault", "managed-by-laptop"), calls.VM_TAG_REMOVE("vault", "managed-by-other")):
        with pytest.raises(PermissionDenied):
            await laptop.send(request)

    await laptop.send(calls.VM_TAG_SET("work", "managed-by-other"))


async def test_a_policy_that_reads_the_same_is_the_same(
    rules: Rules, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_policy, "_FRESH_NS", -(1 << 62))
    rules("mgmt1.vm.List * laptop work allow target=dom0\n")
    live = live_policy.LivePolicy(system.policies)
    engine = await live.engine()
    os.utime(system.runtime.places.policy / "30-test.policy", (4e9, 4e9))

    assert await live.engine() is engine
    rules("mgmt1.vm.List * laptop work deny\n")
    assert await live.engine() is not engine
