# SPDX-License-Identifier: GPL-3.0-or-later
"""A qube that is renamed or removed: backup profiles follow, and the answer names them and the lines of policy."""

from pathlib import Path

import pytest
import yaml
from fakes_hypervisor import FakeHypervisor
from streams import pieces
from until import until_equal

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.backups import encode_info
from qubesmanager.wire.codecs import CreateSpec, Mention
from qubesmanager.wire.errors import Mgmt1Error

PROFILE = {
    "include": ["lab", "vault", "$tag:managed-by-lab"],
    "exclude": ["lab"],
    "destination_path": "/var/backups",
    "passphrase_vm": "lab",
}
POLICY = "# lab\nqubes.Filecopy * lab vault allow\nqubes.Filecopy * work @default allow target=lab\n"
LINES = [
    Mention("policy", "30-mine.policy:2", "qubes.Filecopy * lab vault allow"),
    Mention("policy", "30-mine.policy:3", "qubes.Filecopy * work @default allow target=lab"),
]
KEYS = Mention("profile", "nightly", "include exclude passphrase_vm")


@pytest.fixture
async def lab(client: Client, system: System) -> None:
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("lab", "green")))
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", f"# mine\n{yaml.safe_dump(PROFILE)}"))
    system.runtime.places.policy.mkdir(exist_ok=True)
    (system.runtime.places.policy / "30-mine.policy").write_text(POLICY)


async def profile(client: Client) -> tuple[str, dict[str, object]]:
    text = await client.send(calls.BACKUP_PROFILE_GET("dom0", "nightly"))
    return text.splitlines()[0], yaml.safe_load(text)


@pytest.mark.usefixtures("lab")
async def test_profiles_follow_a_rename_and_the_answer_names_what_does_not(client: Client, system: System) -> None:
    assert await client.send(calls.VM_MENTIONS("lab")) == [*LINES, KEYS]

    assert await client.send(calls.VM_PROPERTY_SET("lab", "name", "off")) == [*LINES, KEYS]

    assert await profile(client) == (
        "# mine",
        {
            "include": ["off", "vault", "$tag:managed-by-off"],
            "exclude": ["off"],
            "destination_path": "/var/backups",
            "passphrase_vm": "off",
        },
    )
    assert await client.send(calls.VM_MENTIONS("off")) == [KEYS]
    assert await system.runtime.store.read("SELECT * FROM pending_name") == []


@pytest.mark.usefixtures("lab")
async def test_profiles_lose_a_qube_that_is_removed(client: Client) -> None:
    assert await client.send(calls.VM_REMOVE("lab")) == [*LINES, KEYS]

    _, values = await profile(client)
    assert (values["include"], values["exclude"]) == (["vault", "$tag:managed-by-lab"], [])
    assert "missing=\n" in encode_info(await client.send(calls.BACKUP_INFO("dom0", "nightly", pieces())))


@pytest.mark.usefixtures("lab")
async def test_lines_of_policy_are_answered_to_dom0_only(client: Client, system: System) -> None:
    await client.send(calls.VM_TAG_SET("lab", "managed-by-vault"))
    as_qube = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer, "vault"))

    assert await as_qube.send(calls.VM_REMOVE("lab")) == []
    _, values = await profile(client)
    assert "lab" not in str(values["exclude"])


@pytest.mark.usefixtures("lab")
async def test_changes_to_profiles_that_a_crash_prevented_are_made_at_the_next_start(
    client: Client, system: System, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def full(*_arguments: object) -> None:
        raise Mgmt1Error("The backup profile nightly cannot be written: No space left on device.")

    with monkeypatch.context() as patch:
        patch.setattr(system.backups.profiles, "put", full)
        await client.send(calls.VM_PROPERTY_SET("lab", "name", "lab2"))
        await client.send(calls.VM_PROPERTY_SET("lab2", "name", "lab3"))
        await client.send(calls.VM_PROPERTY_SET("vault", "name", "safe"))
    assert (await profile(client))[1] == PROFILE
    await system.runtime.close()

    again = await open_system(tmp_path / "state", FakeHypervisor())
    try:
        await again.backups.follow_names()
        text = (await again.backups.profiles.get("nightly")).text
    finally:
        await again.runtime.close()

    assert yaml.safe_load(text)["include"] == ["lab3", "safe", "$tag:managed-by-lab3"]


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("change", ["rename", "remove"])
async def test_profiles_follow_by_themselves_once_the_disk_takes_them_again(
    client: Client, system: System, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    put, failures = system.backups.profiles.put, [Mgmt1Error("The disk is full.")] * 2

    async def put_later(name: str, text: str) -> None:
        if failures:
            raise failures.pop()
        await put(name, text)

    monkeypatch.setattr(system.backups.profiles, "put", put_later)

    if change == "rename":
        await client.send(calls.VM_PROPERTY_SET("lab", "name", "off"))
    else:
        await client.send(calls.VM_REMOVE("lab"))
    await until_equal(lambda: system.runtime.store.read("SELECT * FROM pending_name"), [])

    assert "lab" not in (await profile(client))[1]["include"]  # type: ignore[operator]


@pytest.mark.usefixtures("lab")
async def test_a_profile_set_for_a_new_qube_does_not_follow_the_earlier_one(
    client: Client, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        async def full(_name: str, _text: str) -> None:
            raise Mgmt1Error("The disk is full.")

        patch.setattr(system.backups.profiles, "put", full)
        await client.send(calls.VM_PROPERTY_SET("lab", "name", "off"))
        await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("lab", "green")))

    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", f"# mine\n{yaml.safe_dump(PROFILE)}"))

    await until_equal(lambda: system.runtime.store.read("SELECT * FROM pending_name"), [])
    assert (await profile(client))[1] == PROFILE


@pytest.mark.usefixtures("lab")
async def test_a_file_that_others_could_write_gets_no_rights_by_following(client: Client, system: System) -> None:
    """Written by root it would be root's, and its command would run."""
    path = system.runtime.places.profiles / "command.conf"
    path.write_text("include: [lab]\ndestination_command: [/bin/true]\n")
    path.chmod(0o666)

    await client.send(calls.VM_PROPERTY_SET("lab", "name", "lab2"))

    assert "[lab]" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o666


async def test_a_rename_joins_the_tags_of_both_names(client: Client, system: System) -> None:
    for qube in ("work", "vault"):
        for tag in ("managed-by-vault", "managed-by-safe"):
            await client.send(calls.VM_TAG_SET(qube, tag))

    await client.send(calls.VM_PROPERTY_SET("vault", "name", "safe"))

    for qube in ("work", "safe"):
        assert {tag for tag in system.runtime.state.qube(qube).tags if tag.startswith("managed-by-")} == {
            "managed-by-safe"
        }
    stored = await system.runtime.store.read("SELECT DISTINCT name FROM tag WHERE name LIKE 'managed-by-%'")
    assert stored == [("managed-by-safe",)]


async def test_a_qube_that_refers_to_itself_does_so_by_its_new_name(client: Client, system: System) -> None:
    await client.send(calls.VM_PROPERTY_SET("default-dvm", "default_dispvm", "default-dvm"))

    await client.send(calls.VM_PROPERTY_SET("default-dvm", "name", "dvm"))

    assert system.runtime.state.qube("dvm").value("default_dispvm") == "dvm"
    assert (await client.send(calls.VM_GET_ALL("dom0", "dvm"))).value("default_dispvm") == "dvm"
