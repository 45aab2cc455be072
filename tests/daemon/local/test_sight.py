# SPDX-License-Identifier: GPL-3.0-or-later
"""What a source other than dom0 sees and hears of the qubes of others."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest
from backup_daemon import WORDS
from backup_samples import in_english
from qubes_backup import domain, of_one
from streams import pieces

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.backups import encode_info
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec, CreateInPoolSpec, CreateSpec, DeviceId, TokenContent, VolumeId
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event import Event
from qubesmanager.wire.records import decode_record
from qubesmanager.wire.values import DeviceClass

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


async def _refusal(client: Client, request: Request[Any]) -> tuple[str, str]:
    with pytest.raises(Mgmt1Error) as refused:
        await client.send(request)
    return refused.value.wire_name, str(refused.value)


async def _managed(client: Client) -> None:
    """`work` is managed by sys-mgmt, which sees no other qube."""
    await client.send(calls.VM_TAG_SET("work", "managed-by-sys-mgmt"))


NAMING = [
    lambda name: calls.VM_PROPERTY_SET("work", "netvm", name),
    lambda name: calls.VM_PROPERTY_SET("work", "template", name),
    lambda name: calls.VM_PROPERTY_SET("work", "default_dispvm", name),
    lambda name: calls.PROPERTY_SET("dom0", "default_netvm", name),
    lambda name: calls.VM_DEVICE_ATTACH.of(DeviceClass.BLOCK)("work", DeviceId(name, "sda"), {}),
    lambda name: calls.VM_DEVICE_DETACH.of(DeviceClass.BLOCK)("work", DeviceId(name, "sda")),
    lambda name: calls.VM_VOLUME_ATTACH("work", VolumeId("default", f"{name}/private"), {}),
    lambda name: calls.POOL_VOLUME_INFO("dom0", VolumeId("default", f"{name}/private")),
    lambda name: calls.POOL_VOLUME_SNAPSHOT("dom0", VolumeId("default", f"{name}/private")),
    lambda name: calls.POOL_VOLUME_REMOVE("dom0", VolumeId("default", f"{name}/private")),
]


@pytest.mark.parametrize("make", NAMING)
async def test_a_qube_that_the_source_does_not_see_is_answered_as_one_that_does_not_exist(
    client: Client, sent_by: As, system: System, make: Callable[[str], Request[Any]]
) -> None:
    await _managed(client)
    await client.send(calls.VM_KILL("work"))
    evil = sent_by("sys-mgmt")

    hidden = await _refusal(evil, make("vault"))
    absent = await _refusal(evil, make("ghost"))

    assert hidden[0] == absent[0]
    assert hidden[1].replace("vault", "ghost") == absent[1]
    assert system.runtime.state.qube("work").value("netvm") == "sys-firewall"


async def test_lists_hold_nothing_of_a_qube_that_the_source_does_not_see(client: Client, sent_by: As) -> None:
    await _managed(client)
    evil = sent_by("sys-mgmt")

    assert [row.name for row in await evil.send(calls.VM_LIST("dom0"))] == ["dom0", "work"]
    assert await evil.send(calls.VM_LIST("dom0", "vault")) == await evil.send(calls.VM_LIST("dom0", "ghost")) == []
    assert {vid.partition("/")[0] for vid in await evil.send(calls.POOL_VOLUME_LIST("dom0", "default"))} == {"work"}


async def test_a_property_keeps_the_qube_that_it_names_already(client: Client, sent_by: As, system: System) -> None:
    await _managed(client)

    await sent_by("sys-mgmt").send(calls.VM_PROPERTY_SET("work", "netvm", "sys-firewall"))

    assert system.runtime.state.qube("work").own["netvm"] == "sys-firewall"


# -- names ------------------------------------------------------------------------------------------------------------


async def _tag(client: Client, _system: System) -> None:
    await client.send(calls.VM_TAG_SET("vault", "managed-by-sys-boss"))


async def _policy(client: Client, _system: System) -> None:
    line = "mgmt1.vm.List * sys-boss @adminvm allow\n"
    await client.send(calls.POLICY_REPLACE("dom0", "30-mine", TokenContent("new", line)))


async def _policy_tag(client: Client, _system: System) -> None:
    line = "qubes.Filecopy * work @tag:created-by-sys-boss allow\n"
    await client.send(calls.POLICY_REPLACE("dom0", "30-mine", TokenContent("new", line)))


async def _hiding_policy(_client: Client, system: System) -> None:
    folder = system.runtime.places.policy.parent / "run"
    folder.mkdir()
    (folder / "30-mine.policy").write_text("mgmt1.vm.List * sys-boss @adminvm allow\n")
    system.policies.hiding = folder


async def _profile(client: Client, _system: System) -> None:
    text = "include: [vault]\ndestination_vm: sys-boss\ndestination_path: /b\n"
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "p", text))


TAKING = [
    lambda: calls.VM_PROPERTY_SET("work", "name", "sys-boss"),
    lambda: calls.VM_CREATE("debian-13", "AppVM", CreateSpec("sys-boss", "red")),
    lambda: calls.VM_CREATE_IN_POOL("debian-13", "AppVM", CreateInPoolSpec("sys-boss", "red", "default")),
    lambda: calls.VM_CLONE("work", payload=CloneSpec("sys-boss")),
    lambda: calls.VM_CREATE_TEMPLATE("dom0", "sys-boss", pieces()),
]


@pytest.mark.parametrize("refer", [_tag, _policy, _policy_tag, _hiding_policy, _profile])
@pytest.mark.parametrize("take", TAKING)
async def test_a_name_that_brings_rights_is_given_by_dom0_only(
    client: Client,
    sent_by: As,
    system: System,
    refer: Callable[[Client, System], Awaitable[None]],
    take: Callable[[], Request[Any]],
) -> None:
    await client.send(calls.VM_KILL("work"))
    await refer(client, system)

    assert (await _refusal(sent_by("evil"), take()))[0] == "PermissionDenied"
    assert "sys-boss" not in system.runtime.state.qubes


async def test_dom0_gives_any_free_name_and_others_a_name_that_nothing_refers_to(
    client: Client, sent_by: As, system: System
) -> None:
    await _tag(client, system)

    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("sys-boss", "red")))
    await sent_by("evil").send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("sys-bos", "red")))

    assert {"sys-boss", "sys-bos"} <= system.runtime.state.qubes.keys()


async def test_a_taken_name_that_the_source_does_not_see_is_answered_like_one_that_is_referred_to(
    client: Client, sent_by: As, system: System
) -> None:
    await _tag(client, system)

    taken = await _refusal(sent_by("evil"), calls.VM_CREATE("debian-13", "AppVM", CreateSpec("personal", "red")))
    meant = await _refusal(sent_by("evil"), calls.VM_CREATE("debian-13", "AppVM", CreateSpec("sys-boss", "red")))

    assert taken[0] == meant[0]
    assert taken[1].replace("personal", "sys-boss") == meant[1]


async def test_a_restore_gives_no_privileged_name_and_names_only_visible_qubes(
    client: Client, sent_by: As, system: System
) -> None:
    await _tag(client, system)
    backup = of_one(domain("sys-boss"))

    restored = [
        in_english(
            await sent_by("evil").send(
                calls.BACKUP_RESTORE("dom0", None, pieces(f"passphrase={WORDS}\n{options}\n".encode(), backup))
            )
        )
        for options in ("", "rename=sys-boss:mine\n")
    ]

    assert "result=failed Only dom0 may give a qube the name 'sys-boss'" in restored[0][0]
    assert "sys-boss" not in system.runtime.state.qubes
    assert restored[1][0].startswith("sys-boss restored-as=mine result=ok")


async def test_the_preview_of_a_backup_names_only_qubes_that_the_source_sees(client: Client, sent_by: As) -> None:
    await _managed(client)
    text = 'include: [work, vault, "$type:AppVM"]\nexclude: [personal, ghost]\ndestination_path: /b\n'
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "p", text))

    info = encode_info(await sent_by("sys-mgmt").send(calls.BACKUP_INFO("dom0", "p", pieces())))

    head, _, listed = info.partition("\n\n")
    assert "missing=" in head.splitlines()
    assert [row.split()[0] for row in listed.splitlines()] == ["work"]
