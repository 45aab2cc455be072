# SPDX-License-Identifier: GPL-3.0-or-later
"""A source that the policy lets see one qube gets the name of no other, in no answer and no event of the call table.

The other qubes have its tags: where there is a policy, tags alone show nothing. What the qube itself refers to, such as
its net qube, is in its properties, and the lines of the policy are in the answers of the calls that read the policy.
"""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from backup_fixtures import cheap_keys
from naming_calls import NAMELESS, NEW_NAMES, PLACES, Make
from streams import pieces
from until import until

from qubesmanager.backup.profile import Profile
from qubesmanager.client.client import Client
from qubesmanager.daemon.dialect.backend import Dialect
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.call import AnyCall, EventsCall
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.values import Dest

__all__ = ["cheap_keys"]

SOURCE = "laptop"
HIDDEN = ("vault", "personal", "untrusted", "gone-one", "former-name", "later-name")
ARGUMENTS = {
    calls.VM_PROPERTY_GET.arg: "label", calls.VM_FEATURE_GET.arg: "gui", calls.VM_TAG_GET.arg: "x",
    calls.POOL_INFO.arg: "default", calls.VM_VOLUME_INFO.arg: "private", calls.VM_LOG_GET.arg: "console",
    calls.LABEL_GET.arg: "red", calls.BACKUP_PROFILE_GET.arg: "of-all", calls.POLICY_GET.arg: "30-test",
    calls.VM_FIREWALL_REMOVE_RULE.arg: "1",
}  # fmt: skip
"""An argument for calls that have no part for the name of a qube."""


@pytest.fixture
async def answerer(system: System, client: Client, tmp_path: Path) -> Dispatcher:
    """The daemon, with a policy, tags, a history, and backups of qubes that the source may not see."""
    folder = system.runtime.places.policy
    folder.mkdir(parents=True, exist_ok=True)
    rules = "".join(f"* * {SOURCE} {name} allow target=dom0\n" for name in ("work", "@adminvm"))
    (folder / "30-test.policy").write_text(rules)
    for name in ("gone-one", "former-name"):
        await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec(name, "red")))
    for name in ("work", "vault", "personal", "untrusted", "gone-one", "former-name"):
        await client.send(calls.VM_TAG_SET(name, f"managed-by-{SOURCE}"))
        await client.send(calls.VM_TAG_SET(name, "x"))
    await client.send(calls.VM_PROPERTY_SET("former-name", "name", "later-name"))
    await client.send(calls.VM_REMOVE("gone-one"))
    text = (
        f"include: [work, vault, untrusted]\nexclude: [personal]\ndestination_path: {tmp_path}\npassphrase_text: a b\n"
    )
    for profile, include in (("of-all", "[work, vault, untrusted]"), ("of-some", "[vault]")):
        await client.send(calls.BACKUP_PROFILE_SET("dom0", profile, text.replace("[work, vault, untrusted]", include)))
        await client.send(calls.BACKUP_EXECUTE("dom0", profile, {}))
    local = LocalBackend(system)
    return Dispatcher(local, Dialect(local))


def leaks(system: System, answer: bytes) -> set[str]:
    """The hidden qubes of which the answer has the name or the UUID."""
    hidden = {name: {name} for name in HIDDEN}
    for name in hidden.keys() & system.runtime.state.qubes.keys():
        hidden[name].add(str(system.runtime.state.qubes[name].uuid))
    return {name for name, words in hidden.items() if any(word.encode() in answer for word in words)}


async def answered(
    dispatcher: Dispatcher, service: str, argument: str, dest: str, payload: bytes = b"", source: str = SOURCE
) -> bytes:
    sent = dispatcher.answer(source, service, argument, dest, pieces(*filter(None, [payload])))
    return b"".join([piece async for piece in sent])


def destinations(call: AnyCall) -> tuple[str, ...]:
    return {Dest.DOM0: ("dom0",), Dest.EITHER: ("dom0", "work")}.get(call.dest, ("work",))


def plain_calls() -> Iterator[tuple[str, str, str]]:
    """Service, argument and destination of each call that reads, and then of those that have no part for a name."""
    rows = sorted(calls.BY_SERVICE.values(), key=lambda call: not call.tier.endswith("-ro"))
    for call in rows:
        is_plain = call.family in NAMELESS or call.tier.endswith("-ro")
        if is_plain and not isinstance(call, EventsCall) and call.name not in ENDING:
            arguments = {ARGUMENTS.get(call.arg, ""), *([""] if call.arg.optional else [])}
            yield from ((call.name, argument, dest) for argument in sorted(arguments) for dest in destinations(call))


ENDING = {calls.VM_REMOVE.name, calls.BACKUP_PROFILE_REMOVE.name, calls.POLICY_REMOVE.name, calls.VM_TAG_REMOVE.name}
"""Calls after which the others would have less to show."""


async def test_no_answer_names_another_qube(system: System, answerer: Dispatcher) -> None:
    found: dict[str, set[str]] = {}
    as_dom0: set[str] = set()
    for service, argument, dest in plain_calls():
        as_dom0 |= leaks(system, await answered(answerer, service, argument, dest, source="dom0"))
        if names := leaks(system, await answered(answerer, service, argument, dest)):
            found[f"{service}+{argument} {dest}"] = names

    assert found == {}
    assert as_dom0 == set(HIDDEN)


async def test_no_answer_about_the_qube_that_is_seen_names_another(system: System, answerer: Dispatcher) -> None:
    named: dict[str, list[Make]] = {**PLACES, **NEW_NAMES}
    found: dict[str, set[str]] = {}
    for service, makes in named.items():
        for make in makes:
            request = make("work")
            payload = (
                pieces(*filter(None, [request.payload])) if isinstance(request.payload, bytes) else request.payload
            )
            sent = answerer.answer(SOURCE, request.service, request.argument, request.dest, payload)
            if names := leaks(system, b"".join([piece async for piece in sent])):
                found[service] = names

    assert found == {}


@pytest.mark.parametrize("service", ["admin.vm.List", "admin.property.GetAll", "admin.pool.volume.List+default"])
async def test_no_list_of_qubes_os_names_another_qube(system: System, answerer: Dispatcher, service: str) -> None:
    name, _plus, argument = service.partition("+")

    assert leaks(system, await answered(answerer, name, argument, "dom0")) == set()


async def test_no_event_names_another_qube(
    system: System, answerer: Dispatcher, client: Client, tmp_path: Path
) -> None:
    heard: dict[str, bytearray] = {
        f"{service} {dest}": bytearray()
        for service, dest in (
            *((calls.EVENTS.name, dest) for dest in ("dom0", "work")),
            *((calls.VM_STATS.name, dest) for dest in ("dom0", "work")),
            *((calls.POLICY_QUESTIONS.name, "dom0"), ("admin.Events", "dom0"), ("admin.vm.Stats", "dom0")),
        )
    }

    async def listen(key: str) -> None:
        service, dest = key.split()
        async with aclosing(answerer.answer(SOURCE, service, "", dest, pieces())) as answer:
            async for piece in answer:
                heard[key] += piece

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(listen(key)) for key in heard]
        await until(lambda: all(heard.values()))
        await client.send(calls.VM_START("vault"))
        await client.send(calls.VM_PROPERTY_SET("untrusted", "memory", "500"))
        await client.send(calls.VM_TAG_SET("vault", "more"))
        await client.send(calls.VM_PROPERTY_SET("later-name", "name", "former-name"))
        await client.send(calls.BACKUP_EXECUTE("dom0", "of-all", {}))
        await client.send(calls.BACKUP_PROFILE_REMOVE("dom0", "of-some"))
        await client.send(calls.VM_REMOVE("untrusted"))
        await client.send(calls.VM_TAG_SET("work", "end-of-test"))
        await system.statistics._once()
        await until(lambda: all(b"end-of-test" in heard[key] for key in heard if "Events" in key))
        for task in tasks:
            task.cancel()

    assert {key: leaks(system, bytes(content)) for key, content in heard.items()} == {key: set() for key in heard}


async def test_a_profile_of_a_source_takes_the_qubes_that_the_policy_lets_it_list(
    system: System, answerer: Dispatcher
) -> None:
    profile = Profile(include=("work", "vault"), destination_path="/b")
    await system.backups.refresh_sight()

    planned = system.backups.planned("mine", profile, SOURCE)

    assert ([qube.name for qube in planned.qubes], planned.hidden) == (["work"], ("vault",))
