# SPDX-License-Identifier: GPL-3.0-or-later
"""dom0's home in a backup through the daemon: when it is taken, what the reports show, and how it is restored."""

import asyncio
import grp
import json
import os
import pwd
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from backup_daemon import names, sent
from backup_samples import in_english
from pool_tools import CannotMountError, mounted
from qubes_backup import PRIVATE, backup_of, domain, qubes_xml, with_home
from until import until

from qubesmanager.backup.archive.writer import Options
from qubesmanager.backup.errors import BackupError
from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.drivers.backups import homes
from qubesmanager.daemon.local.services import backup_run
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.backups import encode_info, encode_run
from qubesmanager.wire.errors import Mgmt1Error, PermissionDenied, QubesValueError
from qubesmanager.wire.restores import Contents, StoredHome

WORDS = "grün 钥匙 pass"
MIB = 1 << 20


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of the local user `user`, which the daemon may read."""
    folder = tmp_path / "home/user"
    (folder / ".config").mkdir(parents=True)
    (folder / ".config/settings").write_text("of dom0")
    (folder / "link").symlink_to("/etc")
    (folder / "big").write_bytes(os.urandom(2 * MIB))
    user = SimpleNamespace(pw_name="user", pw_uid=os.geteuid(), pw_dir=str(folder))

    def named(name: str) -> Any:
        if name != "user":
            raise KeyError(name)
        return user

    monkeypatch.setattr(pwd, "getpwnam", named)
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: user)
    monkeypatch.setattr(grp, "getgrnam", lambda _name: SimpleNamespace(gr_mem=["user"]))
    return folder


def dom0s_own(system: System) -> None:
    """As if it were the system's daemon."""
    system.runtime.places = replace(system.runtime.places, takes_home=True)


async def execute(client: Client, target: Path, **keys: object) -> dict[str, Any]:
    """The run of a profile of dom0, as the history has it."""
    text = {"include": ["dom0"], "destination_path": str(target), "passphrase_text": WORDS, **keys}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "own", yaml.safe_dump(text)))
    await client.send(calls.BACKUP_EXECUTE("dom0", "own", {}))
    run: dict[str, Any] = json.loads(encode_run((await client.send(calls.BACKUP_HISTORY("dom0")))[-1]))
    return run


async def stored_home(client: Client, file: Path) -> StoredHome | None:
    contents = await client.send(calls.BACKUP_INFO("dom0", None, sent(file)))
    assert isinstance(contents, Contents)
    return contents.home


async def restored(client: Client, file: Path, *lines: str) -> str:
    """The row of dom0."""
    rows = in_english(await client.send(calls.BACKUP_RESTORE("dom0", None, sent(file, *lines))))
    return next(row for row in rows if row.startswith("dom0 "))


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def damaged(file: Path) -> Path:
    """The same with one bit changed in the middle."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    other = file.with_name("damaged")
    other.write_bytes(data)
    return other


def contents(folder: Path) -> dict[str, object]:
    return {
        str(path.relative_to(folder)): path.readlink() if path.is_symlink() else path.is_file() and path.read_bytes()
        for path in folder.rglob("*")
    }


async def test_the_home_of_the_local_user_is_in_a_backup_that_asks_for_it_and_comes_out_of_it(
    client: Client, home: Path, tmp_path: Path
) -> None:
    before = contents(home)
    run = await execute(client, tmp_path / "file", dom0_home=True, verify=True)
    info = encode_info(await client.send(calls.BACKUP_INFO("dom0", "own", _nothing())))

    listed = await stored_home(client, tmp_path / "file")
    left = await restored(client, tmp_path / "file")
    verified = await restored(client, tmp_path / "file", "verify-only=yes")
    row = await restored(client, tmp_path / "file", f"dom0-home={home}/old home")

    assert (run["result"], run["reason"], run["verified"]) == ("ok", "", True)
    assert [qube["name"] for qube in run["qubes"]] == ["dom0"]
    assert "left-out=\n" in info
    assert "\ndom0 class=AdminVM " in info
    assert listed is not None
    assert (listed.files, listed.size > 2 * MIB) == (2, True)
    assert "result=skipped The home of dom0 is restored only when it is asked for" in left
    assert verified == "dom0 restored-as=- result=ok"
    size = 2 * MIB + len("of dom0")
    assert row == f"dom0 restored-as=- result=ok Its home is in {home}/old home: 2 files, {size} bytes."
    assert contents(home / "old home") == before


async def _nothing() -> AsyncIterator[bytes]:
    yield b""


@pytest.mark.parametrize(
    ("own", "keys", "taken"),
    [
        (False, {}, False),
        (True, {}, True),
        (True, {"dom0_home": False}, False),
        (False, {"dom0_home": True}, True),
        (False, {"dom0_home": "user"}, True),
    ],
)
async def test_the_home_is_included_by_default_by_the_daemon_of_the_system(
    client: Client, system: System, home: Path, tmp_path: Path, own: bool, keys: dict[str, object], taken: bool
) -> None:
    if own:
        dom0s_own(system)

    run = await execute(client, tmp_path / "file", **keys)

    assert (await stored_home(client, tmp_path / "file") is not None) == taken
    assert (run["reason"] == "The home of dom0 is not backed up.") != taken
    assert contents(home)


async def test_a_user_that_does_not_exist_or_is_another_is_refused(
    client: Client, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Mgmt1Error, match="no user 'stranger'"):
        await execute(client, tmp_path / "file", dom0_home="stranger")
    with pytest.raises(QubesValueError, match="dom0_home needs dom0"):
        await execute(client, tmp_path / "file", dom0_home=True, include=["vault"])
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    with pytest.raises(BackupError, match="backs up the home of user"):
        homes.home_of(asked="user", usual=False)

    assert "file" not in names(tmp_path)
    assert contents(home)


async def test_without_a_local_user_a_run_is_incomplete_only_if_the_home_was_requested(
    client: Client, system: System, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dom0s_own(system)
    monkeypatch.setattr(homes, "local_user", lambda: "")

    run = await execute(client, tmp_path / "file")

    assert run["reason"] == "The home of dom0 is not backed up."
    with pytest.raises(Mgmt1Error, match="name the user in dom0_home"):
        await execute(client, tmp_path / "other", dom0_home=True)
    assert contents(home)


async def test_omitted_files_are_named_in_the_history(
    client: Client, system: System, home: Path, tmp_path: Path
) -> None:
    os.mkfifo(home / "pipe")

    run = await execute(client, tmp_path / "file", dom0_home=True)

    assert run["result"] == "ok"
    assert run["reason"] == "Left out of the home of dom0: 'pipe' (neither file, folder nor link)."
    other = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer, source="work"))
    rows = [json.loads(encode_run(run)) for run in await other.send(calls.BACKUP_HISTORY("dom0"))]
    assert "pipe" not in json.dumps(rows)


async def test_a_home_that_cannot_be_read_fails_the_run_and_not_the_qubes(
    client: Client, home: Path, tmp_path: Path
) -> None:
    shutil.rmtree(home)

    with pytest.raises(BackupError, match="cannot be read"):
        await execute(client, tmp_path / "file", dom0_home=True, include=["dom0", "vault"])

    run = json.loads(encode_run((await client.send(calls.BACKUP_HISTORY("dom0")))[-1]))
    assert [(qube["name"], qube["result"] == "ok") for qube in run["qubes"]] == [("dom0", False), ("vault", True)]


async def test_the_only_backup_of_the_home_is_kept_and_an_older_one_of_two_goes(
    client: Client, home: Path, tmp_path: Path
) -> None:
    folder = made(tmp_path / "backups")
    keep = {"keep": {"last": 1}, "verify": True}
    first = await execute(client, folder, dom0_home=True, **keep)
    second = await execute(client, folder, dom0_home=True, **keep)
    third = await execute(client, folder, include=["dom0", "vault"], **keep)

    assert [run["result"] for run in (first, second, third)] == ["ok"] * 3
    assert names(folder) == {Path(run["file"]).name for run in (second, third)}
    assert f"{Path(second['file']).name}: dom0" in third["reason"]
    assert contents(home)


async def test_only_dom0_unpacks_it_and_only_into_a_new_folder(
    client: Client, system: System, home: Path, tmp_path: Path
) -> None:
    await execute(client, tmp_path / "file", dom0_home=True)
    file = tmp_path / "file"
    before = contents(home)

    with pytest.raises(PermissionDenied):
        await system.restores.restore("work", sent(file, f"dom0-home={tmp_path}/new"))
    assert (await system.restores.contents("work", sent(file))).home is None
    for path in (home, home / "big", home / "link"):
        with pytest.raises(BackupError, match="already"):
            await restored(client, file, f"dom0-home={path}")
    for relative in ("relative", "../up"):
        with pytest.raises(QubesValueError, match="absolute path"):
            await restored(client, file, f"dom0-home={relative}")
    row = await restored(client, file, "dom0-home=new")

    (new,) = names(home) - {".config", "link", "big"}
    assert new.startswith("home-restore-")
    assert f"Its home is in {home / new}:" in row
    assert contents(home / new) == before
    assert "new" not in names(tmp_path)


async def test_restoring_the_home_from_a_backup_without_one_is_refused(client: Client, tmp_path: Path) -> None:
    await execute(client, tmp_path / "file")

    with pytest.raises(QubesValueError, match="does not contain the home"):
        await restored(client, tmp_path / "file", f"dom0-home={tmp_path}/new")


async def test_a_restore_that_is_refused_or_fails_leaves_nothing_of_the_home(
    client: Client, home: Path, tmp_path: Path
) -> None:
    await execute(client, tmp_path / "file", dom0_home=True, include=["dom0", "vault"])
    file = tmp_path / "file"
    place = made(tmp_path / "place")

    with pytest.raises(QubesValueError, match="already a qube vault"):
        await client.send(calls.BACKUP_RESTORE("dom0", None, sent(file, f"dom0-home={place}/new", "conflict=fail")))
    row = await restored(client, damaged(file), f"dom0-home={place}/new", "exclude=vault")

    assert "result=failed" in row
    assert names(place) == set()
    assert contents(home)


async def test_of_a_damaged_home_salvage_unpacks_what_comes_before_the_damage(
    client: Client, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_run, "Options", partial(Options, piece=200_000))
    (home / "zlast").write_bytes(os.urandom(4 * MIB))
    await execute(client, tmp_path / "file", dom0_home=True)
    file, place = damaged(tmp_path / "file"), made(tmp_path / "place")
    before = contents(home)

    looked = await client.send(calls.BACKUP_RESTORE("dom0", None, sent(file, "salvage=yes", "verify-only=yes")))
    rows = await client.send(calls.BACKUP_RESTORE("dom0", None, sent(file, "salvage=yes", f"dom0-home={place}/new")))

    for row, of_file in map(in_english, (looked, rows)):
        assert row.startswith("dom0 restored-as=- result=ok ")
        assert "The home of dom0 is damaged: " in row
        assert "what follows is lost." in row
        assert of_file.startswith("- restored-as=- result=failed The home of dom0 is damaged: ")
    restored_home = contents(place / "new")
    assert set(restored_home) == {"big", "link"}
    assert restored_home.items() <= before.items()


async def test_a_cancelled_restore_leaves_nothing_of_the_home(client: Client, home: Path, tmp_path: Path) -> None:
    await execute(client, tmp_path / "file", dom0_home=True)
    file, place = tmp_path / "file", made(tmp_path / "place")
    begun = asyncio.Event()

    async def halted() -> AsyncIterator[bytes]:
        data = await asyncio.to_thread(file.read_bytes)
        yield f"passphrase={WORDS}\ndom0-home={place}/new\n\n".encode() + data[: len(data) // 2]
        begun.set()
        await asyncio.Event().wait()

    restore = asyncio.ensure_future(client.send(calls.BACKUP_RESTORE("dom0", None, halted())))  # noqa: TID251 - a test's
    await begun.wait()
    await until(lambda: names(place) == {"new.partial"})
    restore.cancel()
    with pytest.raises(asyncio.CancelledError):
        await restore

    assert names(place) == set()
    assert contents(home)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    try:
        with mounted("tmpfs", place, 1) as mount:
            yield mount
    except CannotMountError as error:
        pytest.skip(str(error))


async def test_a_disk_without_room_is_named_before_and_after_the_first_byte(
    client: Client, home: Path, tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await execute(client, tmp_path / "file", dom0_home=True)

    with pytest.raises(Mgmt1Error, match="MiB left"):
        await restored(client, tmp_path / "file", f"dom0-home={small_disk}/new")
    # The room is taken after the check.
    monkeypatch.setattr("qubesmanager.backup.archive.new_folder.NewFolder._check_room", lambda _self, _needed: None)
    row = await restored(client, tmp_path / "file", f"dom0-home={small_disk}/new")

    assert row.startswith("dom0 restored-as=- result=failed dom0-home/user of dom0 could not be written: No space left")
    assert names(small_disk) == set()
    assert contents(home)


@pytest.mark.parametrize("asked", [True, False])
async def test_the_home_in_a_backup_of_qubes_own_tool_comes_back(
    client: Client, home: Path, tmp_path: Path, asked: bool
) -> None:
    before = contents(home)
    xform = r"--xform=s:^user:dom0-home/\0:"
    command = ("tar", "-Pc", "--sparse", "-C", str(home.parent), xform, "user")
    tar = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)  # noqa: TID251 - a test's
    archive, _ = await tar.communicate()
    xml = qubes_xml(domain("diary"), dom0=with_home(size=len(archive)))
    files = {"dom0-home/user": archive, "vm1/private.img": PRIVATE}
    with (tmp_path / "file").open("wb") as file:
        file.write(backup_of(xml, files, WORDS, as_they_are=["dom0-home/user"]))

    listed = await stored_home(client, tmp_path / "file")
    lines = [f"dom0-home={tmp_path}/new"] if asked else []
    row = await restored(client, tmp_path / "file", *lines)

    assert listed == StoredHome(len(archive), None)
    assert ("result=ok" in row) == asked
    assert (contents(tmp_path / "new") if asked else None) == (before if asked else None)
    assert "diary" in {vm.name for vm in await client.send(calls.VM_LIST("dom0"))}
