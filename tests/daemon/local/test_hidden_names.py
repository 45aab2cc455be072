# SPDX-License-Identifier: GPL-3.0-or-later
"""A source cannot distinguish a qube that it does not see from one that does not exist, by any call of the table."""

import contextvars
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from backup_daemon import WORDS
from naming_calls import NAMELESS, NEW_NAMES, PLACES, Make, volume_of
from qubes_backup import domain, of_one
from streams import pieces

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.core.sight import answer_for, spoken, spoken_one, spoken_way
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.backups import encode_run
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import VolumeId
from qubesmanager.wire.framing import decode_error
from qubesmanager.wire.reason import Reason

SOURCE = "sys-mgmt"


Ask = Callable[[Request[Any]], Awaitable[bytes]]


@pytest.fixture
def ask(system: System) -> Ask:
    """The bytes that answer a call from sys-mgmt, a qube that sees dom0 and work."""
    answer = Dispatcher(LocalBackend(system)).answer

    async def asked(request: Request[Any]) -> bytes:
        payload = pieces(*filter(None, [request.payload])) if isinstance(request.payload, bytes) else request.payload
        sent = answer(SOURCE, request.service, request.argument, request.dest, payload)
        return b"".join([piece async for piece in sent])

    return asked


@pytest.fixture(autouse=True)
async def _managed(client: Client) -> None:
    await client.send(calls.VM_TAG_SET("work", f"managed-by-{SOURCE}"))
    await client.send(calls.VM_KILL("work"))


def test_every_call_of_the_table_is_looked_at() -> None:
    families = {row.name for row in calls.TABLE}

    assert families == {*PLACES, *NEW_NAMES, *NAMELESS}
    assert not NAMELESS & {*PLACES, *NEW_NAMES}


CASES = [(name, at, make) for name, makes in PLACES.items() for at, make in enumerate(makes)]


@pytest.mark.parametrize(("name", "at", "make"), CASES, ids=[f"{name}-{at}" for name, at, _make in CASES])
async def test_a_hidden_qube_and_none_are_one_answer(client: Client, ask: Ask, name: str, at: int, make: Make) -> None:
    answers = []
    for qube in ("vault", "ghost"):
        text = f"include: [work, {qube}]\ndestination_path: /nowhere/x/y\n"
        await client.send(calls.BACKUP_PROFILE_SET("dom0", f"of-{qube}", text))
        answers.append((await ask(make(qube))).replace(qube.encode(), b"NAME"))

    assert answers[0] == answers[1]


@pytest.mark.parametrize("make", [make for makes in NEW_NAMES.values() for make in makes])
async def test_a_hidden_name_a_coming_name_and_one_that_is_referred_to_are_one_answer(
    client: Client, ask: Ask, system: System, make: Make
) -> None:
    await client.send(calls.VM_TAG_SET("personal", "managed-by-ghost"))
    system.runtime.reserved.add("coming")

    answers = [(await ask(make(name))).replace(name.encode(), b"NAME") for name in ("vault", "ghost", "coming")]

    assert b"PermissionDenied" in answers[0]
    assert len(set(answers)) == 1


async def test_the_volumes_of_a_qube_that_is_just_made_are_hidden_too(client: Client, ask: Ask, system: System) -> None:
    await system.pools.driver("default").create("coming/private", 1 << 20)
    system.runtime.reserved.add("coming")

    listed = await ask(calls.POOL_VOLUME_LIST("dom0", "default"))
    info = [await ask(calls.POOL_VOLUME_INFO("dom0", volume_of(name))) for name in ("coming", "ghost")]

    assert b"work/private" in listed
    assert b"coming" not in listed
    assert info[0].replace(b"coming", b"ghost") == info[1]


async def test_leftovers_of_a_hidden_qube_after_a_lost_store_are_shown_to_dom0_only(
    client: Client, ask: Ask, system: System
) -> None:
    """The volume that no qube has may be the only copy of another qube's data."""
    driver = system.pools.driver("default")
    for vid in ("gone/private", "work/data"):
        await driver.create(vid, 1 << 20)

    listed = await ask(calls.POOL_VOLUME_LIST("dom0", "default"))
    attached = await ask(calls.VM_VOLUME_ATTACH("work", VolumeId("default", "gone/private"), {}))
    removed = await ask(calls.POOL_VOLUME_REMOVE("dom0", VolumeId("default", "gone/private")))
    own = await ask(calls.VM_VOLUME_ATTACH("work", VolumeId("default", "work/data"), {}))

    assert b"gone" not in listed
    assert b"work/data" in listed
    for refused in (attached, removed):
        assert decode_error(refused[2:]).reason == Reason("no-such-volume", "default:gone/private")
    assert own == b"0\x00extra-1"
    assert "gone/private" in await driver.list_volumes()
    assert await client.send(calls.VM_VOLUME_ATTACH("work", VolumeId("default", "gone/private"), {})) == "extra-2"


# -- texts that name other qubes --------------------------------------------------------------------------------------


async def _label(client: Client) -> None:
    await client.send(calls.LABEL_CREATE("dom0", "teal", "0x008080"))
    await client.send(calls.VM_PROPERTY_SET("vault", "label", "teal"))


async def _netvm(client: Client) -> None:
    await client.send(calls.VM_PROPERTY_SET("work", "provides_network", "yes"))
    await client.send(calls.VM_KILL("personal"))
    await client.send(calls.VM_PROPERTY_SET("personal", "netvm", "work"))


async def _running_netvm(client: Client) -> None:
    await _netvm(client)
    await client.send(calls.VM_START("work"))
    await client.send(calls.VM_START("personal"))


async def _disposables(client: Client) -> None:
    await client.send(calls.VM_PROPERTY_SET("work", "template_for_dispvms", "yes"))
    await client.send(calls.VM_PROPERTY_SET("personal", "default_dispvm", "work"))


async def _address(client: Client) -> None:
    await client.send(calls.VM_KILL("personal"))
    await client.send(calls.VM_PROPERTY_SET("personal", "ip", "10.137.9.9"))


async def _nothing(_client: Client) -> None:
    pass


Arrange = Callable[[Client], Awaitable[None]]

USES: list[tuple[Arrange, Request[Any], bytes]] = [
    (_label, calls.LABEL_REMOVE("dom0", "teal"), b"is used by another qube."),
    (_netvm, calls.VM_REMOVE("work"), b"work is used by another qube."),
    (_netvm, calls.VM_PROPERTY_SET("work", "provides_network", "no"), b"is the net qube of another qube."),
    (_netvm, calls.VM_PROPERTY_SET("work", "netvm", "work"), "loop of net qubes: work → work.".encode()),
    (_running_netvm, calls.VM_SHUTDOWN("work"), b"is the net qube of running qubes: another qube."),
    (_disposables, calls.VM_PROPERTY_SET("work", "template_for_dispvms", "no"), b"template of another qube."),
    (_address, calls.VM_PROPERTY_SET("work", "ip", "10.137.9.9"), b"is the address of another qube."),
    (
        _nothing,
        calls.POOL_REMOVE("dom0", "default"),
        b"is used by work, another qube, the system property default_pool.",
    ),
]


@pytest.mark.parametrize(("arrange", "request_", "text"), USES)
async def test_an_error_names_only_users_that_the_source_sees(
    client: Client, ask: Ask, system: System, arrange: Arrange, request_: Request[Any], text: bytes
) -> None:
    await arrange(client)

    answer = await ask(request_)

    assert text.decode() in str(decode_error(answer[2:]))
    assert not [name for name in system.runtime.state.qubes if name not in {"dom0", "work"} and name.encode() in answer]


def test_names_that_are_not_seen_are_not_counted() -> None:
    def sees(name: str) -> bool:
        return name < "c"

    assert spoken(["a", "c", "b", "d"]) == ["a", "c", "b", "d"]
    contextvars.copy_context().run(_check_reduced, sees)
    assert spoken_one("d") == "d"


def _check_reduced(sees: Callable[[str], bool]) -> None:
    answer_for(sees)
    assert spoken(["a", "c", "b", "d"]) == ["a", "b", "another qube"]
    assert (spoken_one("a"), spoken_one("d")) == ("a", "another qube")
    assert spoken_way(["a", "c", "d", "b", "d", "a"]) == ["a", "another qube", "b", "another qube", "a"]


async def test_the_history_of_backups_names_only_qubes_that_the_source_sees(
    client: Client, ask: Ask, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    text = f"include: [work, vault]\ndestination_path: {folder}\nkeep: {{last: 1}}\nverify: true\n"
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "p", text))
    await client.send(calls.BACKUP_EXECUTE("dom0", "p", {"passphrase": WORDS}))

    history = await ask(calls.BACKUP_HISTORY("dom0", None))
    status = await ask(calls.BACKUP_STATUS("dom0"))

    assert b'"name": "work"' in history
    assert b"vault" not in history + status
    kept = await client.send(calls.BACKUP_HISTORY("dom0"))
    assert "vault" in encode_run(kept[0])


async def test_a_failed_run_of_a_profile_with_hidden_qubes_keeps_its_reason_for_dom0(client: Client, ask: Ask) -> None:
    text = "include: [work, vault]\ndestination_path: /nowhere/x/y\n"
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "p", text))

    answer = await ask(calls.BACKUP_EXECUTE("dom0", "p", {"passphrase": WORDS}))
    history = await ask(calls.BACKUP_HISTORY("dom0", None))

    assert b"dom0 alone sees the reason" in answer
    assert b"/nowhere" not in history.partition(b'"reason"')[2].partition(b'", "')[0]
    kept = await client.send(calls.BACKUP_HISTORY("dom0"))
    assert "/nowhere" in kept[0].reason


async def test_a_profile_that_a_qube_sets_backs_up_only_what_that_qube_sees(
    client: Client, ask: Ask, system: System, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    system.runtime.places.profiles.mkdir(parents=True, exist_ok=True)
    (system.runtime.places.profiles / "destinations").write_text(f"{folder}\n")
    text = f"include: [work, vault, '$type:AppVM']\ndestination_path: {folder}\n"

    assert b"Permission" not in await ask(calls.BACKUP_PROFILE_SET("dom0", "p", text))
    await ask(calls.BACKUP_EXECUTE("dom0", "p", {"passphrase": WORDS}))

    (run,) = await client.send(calls.BACKUP_HISTORY("dom0"))
    assert [qube.name for qube in run.qubes or ()] == ["work"]


async def test_the_passphrase_of_dom0s_profile_opens_no_backup_for_a_qube(client: Client, ask: Ask) -> None:
    text = f"include: [work]\ndestination_path: /b\npassphrase_text: {WORDS}\n"
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "p", text))

    answer = await ask(calls.BACKUP_RESTORE("dom0", "p", pieces(b"\n", of_one(domain("x")))))

    assert b"PermissionDenied" in answer


async def test_a_restore_picks_no_name_that_brings_rights(client: Client, ask: Ask) -> None:
    await client.send(calls.VM_TAG_SET("vault", "managed-by-work-1"))
    head = f"passphrase={WORDS}\nconflict=rename\n\n".encode()

    answer = await ask(calls.BACKUP_RESTORE("dom0", None, pieces(head, of_one(domain("work")))))

    assert b"work restored-as=work-2 result=ok" in answer
