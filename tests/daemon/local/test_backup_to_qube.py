# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup that goes to a qube through qrexec's `qubes.Backup`, with a program instead of qrexec-client."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from backup_daemon import WORDS, everything, file_stream, make_qube
from backup_samples import in_english
from until import until

from qubesmanager.backup.archive.reader import open_backup
from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.backups import targets
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.backups import encode_run
from qubesmanager.wire.errors import BackupCancelledError, Mgmt1Error, QubesVMNotFoundError

Qrexec = Callable[[str], None]


@pytest.fixture
def qrexec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Qrexec:
    """Replaces qrexec-client by a shell script, which has the file for its arguments in $CALLED, a folder in $PLACE."""

    def install(script: str) -> None:
        program = tmp_path / "qrexec-client"
        program.write_text(f'#!/bin/sh\nPLACE={tmp_path}\nprintf "%s\\n" "$@" > "$PLACE/called"\n{script}\n')
        program.chmod(0o755)
        monkeypatch.setattr(targets, "QREXEC_CLIENT", str(program))

    return install


IN_THE_QUBE = 'read -r path; echo "$path" > "$PLACE/path"; cat > "$PLACE/received"'
"""What qubes.Backup does there: a line that says where, then the backup."""


async def profile(client: Client, **keys: object) -> None:
    await make_qube(client, "lab", bytes(range(256)) * 4096 * 8, b"root")
    values = {"include": ["lab"], "destination_vm": "sys-usb", "destination_path": "/media/user/disk", **keys}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", yaml.safe_dump(values)))


async def execute(client: Client, passphrase: str | None = WORDS) -> None:
    options = {} if passphrase is None else {"passphrase": passphrase}
    await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", options))


async def last_run(client: Client) -> dict[str, object]:
    run: dict[str, object] = json.loads(encode_run((await client.send(calls.BACKUP_HISTORY("dom0", "nightly")))[-1]))
    return run


async def test_the_qube_is_called_gets_its_path_and_every_byte(
    client: Client, system: System, qrexec: Qrexec, tmp_path: Path
) -> None:
    qrexec(IN_THE_QUBE)
    await profile(client)

    await execute(client)

    assert (tmp_path / "called").read_text().splitlines() == ["-d", "sys-usb", "DEFAULT:QUBESRPC qubes.Backup dom0"]
    assert (tmp_path / "path").read_text() == "/media/user/disk\n"
    with (tmp_path / "received").open("rb") as file:
        assert open_backup(file, WORDS).verify().ok
    rows = await client.send(
        calls.BACKUP_RESTORE("dom0", None, file_stream(f"passphrase={WORDS}\nrename=lab:copy", tmp_path / "received"))
    )
    assert in_english(rows) == ["lab restored-as=copy result=ok"]
    pool = system.pools.driver("default")
    assert await everything(client, pool, "copy") == await everything(client, pool, "lab")
    assert (await last_run(client))["result"] == "ok"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 'the disk is read-only' >&2; exit 1", "the disk is read-only"),
        ('head -c 100000 > "$PLACE/received"; echo full >&2; exit 3', "status 3.*full"),
        (f"{IN_THE_QUBE}; exit 1", "status 1"),
        (f"{IN_THE_QUBE}; kill -9 $$", "status -9"),
        ("exit 0", "did not take the backup"),
    ],
)
async def test_a_qube_that_does_not_take_all_of_it_is_a_failed_backup(
    client: Client, qrexec: Qrexec, script: str, says: str
) -> None:
    qrexec(script)
    await profile(client)

    with pytest.raises(Mgmt1Error, match=says):
        await execute(client)

    run = await last_run(client)
    assert run["result"] == "failed"
    assert not run.get("verified")
    assert (await client.send(calls.VM_GET_ALL("dom0", "lab"))).value("backup_timestamp") == ""


async def test_a_cancel_ends_the_program_that_does_not_read(client: Client, qrexec: Qrexec, tmp_path: Path) -> None:
    qrexec('echo $$ > "$PLACE/pid"; exec sleep 600')
    await profile(client)

    async with asyncio.TaskGroup() as group:
        run = group.create_task(outcome(client))
        await until(lambda: is_written(tmp_path / "pid"))
        await client.send(calls.BACKUP_CANCEL("dom0", "nightly"))

    assert isinstance(run.result(), BackupCancelledError)
    pid = (tmp_path / "pid").read_text().strip()
    assert not is_written(Path("/proc", pid, "comm"))
    assert (await last_run(client))["result"] == "cancelled"


async def outcome(client: Client) -> Mgmt1Error | None:
    try:
        await execute(client)
    except Mgmt1Error as error:
        return error
    return None


def is_written(path: Path) -> bool:
    return path.exists() and bool(path.read_text().strip())


async def test_a_qube_that_is_not_there_is_named(client: Client, qrexec: Qrexec) -> None:
    qrexec(IN_THE_QUBE)
    await profile(client, destination_vm="gone")

    with pytest.raises(QubesVMNotFoundError, match="gone"):
        await execute(client)


async def test_a_qube_gives_the_passphrase(client: Client, qrexec: Qrexec, tmp_path: Path) -> None:
    qrexec(
        'case "$3" in *qubes.BackupPassphrase+nightly*) echo "from a qube"; cp "$PLACE/called" "$PLACE/asked";;'
        f" *) {IN_THE_QUBE};; esac"
    )
    await profile(client, passphrase_vm="vault")

    await execute(client, None)

    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == ["-d", "vault", "DEFAULT:QUBESRPC qubes.BackupPassphrase+nightly dom0"]
    with (tmp_path / "received").open("rb") as file:
        assert open_backup(file, "from a qube").verify().ok


@pytest.mark.parametrize("script", ["exit 1", "exit 0", "printf '\\377\\n'", "head -c 5000 /dev/zero | tr '\\0' x"])
async def test_a_qube_that_gives_no_passphrase_fails_the_backup(client: Client, qrexec: Qrexec, script: str) -> None:
    qrexec(script)
    await profile(client, passphrase_vm="vault")

    with pytest.raises(Mgmt1Error, match="passphrase"):
        await execute(client, None)

    assert (await last_run(client))["result"] == "failed"
