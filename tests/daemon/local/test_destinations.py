# SPDX-License-Identifier: GPL-3.0-or-later
"""A profile that a qube sets writes only where dom0 allowed; dom0's notes and features are dom0's."""

from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import yaml
from backup_daemon import names

from qubesmanager.backup.archive import writer
from qubesmanager.backup.archive.contents import Contents
from qubesmanager.backup.errors import BackupIncompleteError
from qubesmanager.client.backups import execute, history, preview
from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.errors import Mgmt1Error, PermissionDenied, QubesVMNotFoundError


@pytest.fixture
def qube(system: System) -> Client:
    """A client whose calls come from sys-net, which manages vault."""
    system.runtime.state.qube("vault").tags.add("managed-by-sys-net")
    return Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer, "sys-net"))


def allow(system: System, *lines: str) -> Path:
    system.runtime.places.profiles.mkdir(exist_ok=True)
    path = system.runtime.places.profiles / "destinations"
    path.write_text("# where qubes may back up to\n" + "".join(f"{line}\n" for line in lines))
    path.chmod(0o644)
    return path


async def set_profile(client: Client, path: Path | str, **keys: object) -> None:
    text = yaml.safe_dump(
        {"include": ["vault"], "destination_path": str(path), "kdf": "generated", "passphrase_text": "x", **keys}
    )
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "theirs", text))


@pytest.mark.parametrize("path", ["/etc/cron.d/x", "/dev/sda", "/var/lib/../../etc/cron.d", "/"])
async def test_without_a_list_a_qube_writes_nowhere(qube: Client, path: str) -> None:
    with pytest.raises(Mgmt1Error):
        await set_profile(qube, path)

    assert await qube.send(calls.BACKUP_PROFILE_LIST("dom0")) == []


async def test_a_qube_writes_into_a_folder_of_the_list_and_what_is_below(
    system: System, qube: Client, folder: Path
) -> None:
    allow(system, str(folder))

    await set_profile(qube, folder / "new-file")
    await set_profile(qube, folder)
    await execute(qube, "theirs", None)

    assert len(names(folder)) == 1


async def test_neither_a_neighbour_nor_a_link_out_is_below(system: System, qube: Client, folder: Path) -> None:
    allow(system, str(folder))
    (folder / "out").symlink_to("/etc")

    for path in (f"{folder}-2", folder / "out" / "cron.d" / "x", folder.parent):
        with pytest.raises(PermissionDenied, match="dom0 does not allow"):
            await set_profile(qube, path)


async def test_a_backup_is_sent_only_to_qubes_of_the_list(system: System, qube: Client) -> None:
    allow(system, "vault")

    await set_profile(qube, "/home/user", destination_vm="vault")
    with pytest.raises(PermissionDenied, match="send backups to sys-net"):
        await set_profile(qube, "/home/user", destination_vm="sys-net")


async def test_a_run_to_a_destination_that_dom0_no_longer_allows_is_refused(
    system: System, client: Client, qube: Client, folder: Path
) -> None:
    path = allow(system, str(folder))
    await set_profile(qube, folder)
    path.unlink()

    with pytest.raises(PermissionDenied):
        await execute(client, "theirs", None)

    assert names(folder) == set()
    (run,) = await history(client, "theirs")
    assert (run.result, "dom0 does not allow" in run.reason) == ("failed", True)
    text = await client.send(calls.BACKUP_PROFILE_GET("dom0", "theirs"))
    assert text.startswith("# Set by the qube sys-net.\n")
    assert "passphrase_text" not in text
    await set_profile(client, folder)
    await execute(client, "theirs", None)
    assert len(names(folder)) == 1, "dom0 made the profile its own"


async def test_a_qube_that_takes_the_name_of_a_profile_removes_none_of_dom0s_backups(
    system: System, client: Client, qube: Client, folder: Path
) -> None:
    """The new backup may be sealed with a passphrase that only the qube knows."""
    allow(system, str(folder))
    keep = {"verify": True, "keep": {"last": 1}}
    await set_profile(client, folder, **keep)
    await execute(client, "theirs", None)
    before = names(folder)
    await client.send(calls.BACKUP_PROFILE_REMOVE("dom0", "theirs"))
    await set_profile(qube, folder, **keep)

    assert (await preview(qube, "theirs")).would_remove == ()
    await execute(qube, "theirs", None)
    await execute(qube, "theirs", None)

    assert before < names(folder)
    assert len(names(folder)) == 2


@pytest.mark.parametrize("pattern", ["dom0", "$type:AdminVM"])
async def test_a_qubes_profile_does_not_back_up_dom0(
    system: System, client: Client, qube: Client, folder: Path, pattern: str
) -> None:
    allow(system, str(folder))
    await set_profile(qube, folder, include=["vault", pattern])

    with pytest.raises(PermissionDenied, match="may include dom0"):
        await execute(qube, "theirs", None)

    assert names(folder) == set()


async def test_the_features_of_dom0_are_not_in_a_qubes_backup(
    system: System, client: Client, qube: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(system, str(folder))
    await client.send(calls.VM_FEATURE_SET("dom0", "secret", "1"))
    written: list[Contents] = []
    whole = writer.write

    def write(*arguments: Any, **options: Any) -> Any:
        written.append(arguments[2])
        return whole(*arguments, **options)

    monkeypatch.setattr(writer, "write", write)
    for owner in (qube, client):
        await set_profile(owner, folder)
        await execute(owner, "theirs", None)

    assert [dict(contents.qubes[0].features) for contents in written] == [{}, {"secret": "1"}]


async def test_a_list_that_others_could_write_allows_nothing(system: System, qube: Client, folder: Path) -> None:
    path = allow(system, str(folder))
    path.chmod(0o666)

    with pytest.raises(Mgmt1Error, match="could have been written by others"):
        await set_profile(qube, folder)
    allow(system, "relative/path")
    with pytest.raises(Mgmt1Error, match="neither an absolute folder nor a qube"):
        await set_profile(qube, folder)


async def test_notes_and_features_of_dom0_are_for_dom0(client: Client, qube: Client) -> None:
    await client.send(calls.VM_NOTES_SET("dom0", payload="private"))
    await client.send(calls.VM_FEATURE_SET("dom0", "secret", "1"))

    requests: list[Request[Any]] = [
        calls.VM_NOTES_GET("dom0"),
        calls.VM_NOTES_SET("dom0", payload="x"),
        calls.VM_FEATURE_LIST("dom0"),
        calls.VM_FEATURE_GET("dom0", "secret"),
        calls.VM_FEATURE_SET("dom0", "secret", "2"),
        calls.VM_FEATURE_REMOVE("dom0", "secret"),
    ]
    for request in requests:
        with pytest.raises(PermissionDenied):
            await qube.send(request)
    seen = await qube.send(calls.VM_GET_ALL("dom0", "dom0"))
    assert (dict(seen.features), seen.notes) == ({}, "")
    own = await client.send(calls.VM_GET_ALL("dom0", "dom0"))
    assert (own.features["secret"], own.notes) == ("1", "private")


async def test_events_of_dom0s_notes_and_features_go_to_dom0_only(client: Client, qube: Client) -> None:
    async with aclosing(qube.events()) as events:
        await anext(events)
        await client.send(calls.VM_NOTES_SET("dom0", payload="private"))
        await client.send(calls.VM_FEATURE_SET("dom0", "secret", "1"))
        await client.send(calls.VM_TAG_SET("dom0", "seen"))

        kinds: list[str] = []
        while "tag-add" not in kinds:
            kinds += [event.name.partition(":")[0] for event in await anext(events)]

    assert not {"notes-set", "feature-set"} & set(kinds)


# -- whose profile it is -----------------------------------------------------------------------------------------------


async def test_a_qube_neither_replaces_nor_removes_a_profile_of_dom0(
    system: System, client: Client, qube: Client, folder: Path
) -> None:
    allow(system, str(folder))
    await set_profile(client, folder)
    by_call = (system.runtime.places.profiles / "theirs.conf").read_text()
    (system.runtime.places.profiles / "hand.conf").write_text(by_call)

    for name in ("theirs", "hand"):
        text = yaml.safe_dump({"include": ["vault"], "destination_path": str(folder)})
        with pytest.raises(PermissionDenied, match="only dom0"):
            await qube.send(calls.BACKUP_PROFILE_SET("dom0", name, text))
        with pytest.raises(PermissionDenied, match="only dom0"):
            await qube.send(calls.BACKUP_PROFILE_REMOVE("dom0", name))

        assert (system.runtime.places.profiles / f"{name}.conf").read_text() == by_call


async def test_a_profile_of_a_qube_is_for_it_and_dom0_to_change(
    system: System, client: Client, qube: Client, folder: Path
) -> None:
    allow(system, str(folder))
    await set_profile(qube, folder)
    other = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer, "personal"))

    with pytest.raises(PermissionDenied):
        await set_profile(other, folder)
    with pytest.raises(PermissionDenied):
        await other.send(calls.BACKUP_PROFILE_REMOVE("dom0", "theirs"))
    await set_profile(qube, folder, verify=True)
    await qube.send(calls.BACKUP_PROFILE_REMOVE("dom0", "theirs"))
    await set_profile(qube, folder)
    await client.send(calls.BACKUP_PROFILE_REMOVE("dom0", "theirs"))

    assert await client.send(calls.BACKUP_PROFILE_LIST("dom0")) == []


@pytest.mark.parametrize("include", [["vault", "$type:AppVM"], []], ids=["by class", "by property"])
@pytest.mark.parametrize("scheduled", [False, True], ids=["asked for", "scheduled"])
async def test_a_qubes_profile_backs_up_only_what_the_qube_sees(
    system: System, client: Client, qube: Client, folder: Path, include: list[str], scheduled: bool
) -> None:
    allow(system, str(folder))
    for name in ("vault", "work", "personal"):
        await client.send(calls.VM_PROPERTY_SET(name, "include_in_backups", "True"))
    await set_profile(qube, folder, include=include, schedule="daily 03:00")

    if scheduled:
        await system.backup_schedule._scheduled("theirs", 1)
    else:
        await execute(client, "theirs", None)

    (run,) = await system.backup_history.runs("theirs")
    assert [qube.name for qube in run.qubes or ()] == ["sys-net", "vault"]
    assert run.result == "ok"
    assert "because sys-net does not see them: " in run.reason
    assert {"personal", "work"} <= set(run.left_out)
    (seen,) = await history(qube, "theirs")
    assert seen.reason == ""
    assert {"personal", "work"} <= set((await preview(client, "theirs")).left_out)
    assert (await preview(qube, "theirs")).left_out == ()
    assert [planned.name for planned in (await preview(client, "theirs")).qubes] == ["sys-net", "vault"]


async def test_a_qube_that_its_profile_owner_no_longer_sees_is_not_backed_up(
    system: System, client: Client, qube: Client, folder: Path
) -> None:
    allow(system, str(folder))
    await client.send(calls.VM_TAG_SET("work", "managed-by-sys-net"))
    await set_profile(qube, folder, include=["vault", "work"])
    await execute(qube, "theirs", None)
    await client.send(calls.VM_TAG_REMOVE("work", "managed-by-sys-net"))

    with pytest.raises(BackupIncompleteError, match="There is no qube work"):
        await execute(qube, "theirs", None)

    runs = await system.backup_history.runs("theirs")
    assert [[qube.name for qube in run.qubes or ()] for run in runs] == [["vault", "work"], ["vault"]]


async def test_a_passphrase_comes_only_from_a_qube_that_the_owner_sees(
    system: System, qube: Client, folder: Path
) -> None:
    allow(system, str(folder))

    with pytest.raises(QubesVMNotFoundError):
        await set_profile(qube, folder, passphrase_text=None, passphrase_vm="personal")
    await set_profile(qube, folder, passphrase_text=None, passphrase_vm="vault")


async def test_a_profile_follows_the_new_name_of_its_owner_and_passes_to_no_other_qube(
    system: System, client: Client, folder: Path
) -> None:
    allow(system, str(folder))
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("mgmt", "green")))
    await client.send(calls.VM_TAG_SET("vault", "managed-by-mgmt"))
    await set_profile(Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer, "mgmt")), folder)

    await client.send(calls.VM_PROPERTY_SET("mgmt", "name", "mgmt2"))
    renamed = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer, "mgmt2"))
    await execute(renamed, "theirs", None)
    await set_profile(renamed, folder)
    await client.send(calls.VM_REMOVE("mgmt2"))
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("mgmt2", "red")))

    with pytest.raises(PermissionDenied):
        await set_profile(renamed, folder)
    with pytest.raises(PermissionDenied, match="was removed"):
        await execute(client, "theirs", None)
    await set_profile(client, folder)
    await execute(client, "theirs", None)
