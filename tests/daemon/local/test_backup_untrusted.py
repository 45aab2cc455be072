# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes to backups from outside: options, passphrases, content that is none, a history, a cancel at any time."""

import asyncio
import contextlib
import json
import logging
import os
import random
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from backup_daemon import MIB, WORDS, execute, make_qube, with_profile
from backup_samples import in_english
from hypothesis import given
from hypothesis import strategies as st
from streams import pieces
from until import LIMIT, error_of, until, until_equal

from qubesmanager.backup.archive import scrypt_container
from qubesmanager.backup.archive.scrypt_container import Params
from qubesmanager.backup.errors import BackupError
from qubesmanager.backup.passphrases import passphrase_line
from qubesmanager.backup.profile import Profile, parse_profile
from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.drivers.backups import targets
from qubesmanager.daemon.local.services import backup_preview, backups
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.restoring import entries
from qubesmanager.wire import calls
from qubesmanager.wire.backups import decode_run, encode_info, encode_run
from qubesmanager.wire.errors import BackupCancelledError, Mgmt1Error, ProtocolError, QubesValueError
from qubesmanager.wire.restores import CHOICES, KEYS

# -- options before a backup -------------------------------------------------------------------------------------------

LINES = st.text(max_size=20) | st.builds(
    "{}={}".format,
    st.sampled_from([*KEYS, *CHOICES]),
    st.text(max_size=15) | st.sampled_from(["yes", "skip", "a:b", "a:b c:d", "a b", "a:b a:c", "default", ":"]),
)


@given(st.lists(LINES, max_size=6).map("\n".join).map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary())
def test_any_options_are_read_or_refused_in_words(untrusted: bytes) -> None:
    try:
        options = entries.parse_options(untrusted)
    except (ProtocolError, QubesValueError) as error:
        refusal = str(error)
    else:
        assert options.passphrase
        assert options.passphrase not in repr(options) or len(options.passphrase) < 20
        plan = options.plan
        choices = {
            "conflict": plan.conflict,
            "missing-template": plan.missing_template,
            "missing-netvm": plan.missing_netvm,
        }
        assert all(choice in CHOICES[name] for name, choice in choices.items())
        assert all(old and ":" not in old for old in plan.rename)
        return
    assert refusal.endswith(".")


@given(st.binary(max_size=60).filter(lambda head: b"\n\n" not in head and not head.startswith(b"\n")), st.data())
def test_the_head_ends_at_the_first_empty_line_however_it_is_cut(head: bytes, data: st.DataObject) -> None:
    head = head.removesuffix(b"\n")
    body = data.draw(st.binary(max_size=60))
    whole = (head + b"\n\n" if head else b"\n") + body
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    cut = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    async def read() -> tuple[bytes, bytes]:
        found, rest = await entries.head_of(pieces(*cut))
        return found, b"".join([piece async for piece in rest])

    assert asyncio.run(read()) == (head, body)


# -- passphrases -------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_passphrase_of_one_line_or_refused_in_words(untrusted: bytes) -> None:
    try:
        words = passphrase_line(untrusted, "What was given")
    except BackupError as error:
        refusal = str(error)
    else:
        assert words
        assert untrusted.split(b"\n")[0].decode().strip("\ufeff\r") == words
        assert "\0" not in words
        return
    assert refusal.startswith("What was given is not a passphrase")


SLIPS = [
    ("mgmt1.backup.Execute", "nightly", f"passphrase {WORDS}"),
    ("mgmt1.backup.Execute", "nightly", f"{WORDS}=passphrase"),
    ("mgmt1.backup.Execute", "nightly", f"passphrase=a\n{WORDS}=1\n{WORDS}=2"),
    ("mgmt1.backup.Info", "", f"passphrase:{WORDS}\n\n"),
    ("mgmt1.backup.Restore", "", f"passphrase:{WORDS}\n\n"),
    ("mgmt1.backup.Restore", "", f"passphrase=a\nconflict={WORDS}\n\n"),
    ("mgmt1.backup.profile.Set", "nightly", f"destination_path: /a\n{WORDS}: passphrase_text"),
    ("mgmt1.backup.profile.Set", "nightly", f"passphrase_file: {WORDS}"),
    ("mgmt1.backup.profile.Set", "nightly", f"include: [{WORDS}]"),
]


@pytest.mark.parametrize(("service", "argument", "payload"), SLIPS)
async def test_a_mistyped_payload_that_may_hold_a_passphrase_is_not_in_the_log(
    system: System, caplog: pytest.LogCaptureFixture, service: str, argument: str, payload: str
) -> None:
    caplog.set_level(logging.DEBUG)
    dispatcher = Dispatcher(LocalBackend(system))

    answer = [piece async for piece in dispatcher.answer("dom0", service, argument, "dom0", pieces(payload.encode()))]

    assert b"".join(answer).startswith(b"2\0")
    assert service in caplog.text
    for word in (WORDS, ascii(WORDS)[1:-1], ascii(WORDS.encode())[2:-1]):
        assert word not in caplog.text


async def test_a_failure_inside_a_call_with_a_passphrase_logs_no_message(
    system: System, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError(WORDS)

    monkeypatch.setattr(system.backup_runs, "execute", fail)
    dispatcher = Dispatcher(LocalBackend(system))

    answer = dispatcher.answer(
        "dom0", "mgmt1.backup.Execute", "nightly", "dom0", pieces(f"passphrase={WORDS}".encode())
    )

    assert b"Internal error" in b"".join([piece async for piece in answer])
    assert "RuntimeError" in caplog.text
    assert "backup.py" in caplog.text
    assert WORDS not in caplog.text


# -- content that is none ----------------------------------------------------------------------------------------------


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


async def backed_up(client: Client, folder: Path) -> Path:
    await make_qube(client, "lab", os.urandom(MIB), b"root")
    await with_profile(client, folder)
    await execute(client)
    (name,) = names(folder)
    return folder / name


async def test_info_and_restore_of_any_content_answer_in_words_and_leave_nothing(
    client: Client, system: System, folder: Path, tmp_path: Path
) -> None:
    whole = (await backed_up(client, folder)).read_bytes()
    chance = random.Random(7)
    await system.descriptions.settled()
    before = names(tmp_path)
    qubes = {row.name for row in await client.send(calls.VM_LIST("dom0"))}

    for number in range(60):
        if number % 3:
            changed = bytearray(whole[: chance.choice([chance.randrange(6000), len(whole), len(whole)])])
            for _ in range(chance.randrange(4) if changed else 0):
                at = chance.randrange(len(changed)) if number % 2 else chance.randrange(min(len(changed), 6000))
                changed[at] = chance.randrange(256)
            content = bytes(changed)
        else:
            content = chance.randbytes(chance.randrange(3000))
        with contextlib.suppress(Mgmt1Error):
            text = await client.send(
                calls.BACKUP_INFO("dom0", None, pieces(f"passphrase={WORDS}\n\n".encode(), content))
            )
            assert "backup-id=" in encode_info(text)
        head = f"passphrase={WORDS}\nrename=lab:copy\n\n".encode()
        with contextlib.suppress(Mgmt1Error):
            answer = in_english(await client.send(calls.BACKUP_RESTORE("dom0", None, pieces(head, content))))
            assert (answer == ["lab restored-as=copy result=ok"]) == (content == whole)
            assert "result=ok" not in answer[0] or content == whole or "damaged elsewhere" in answer[0]
            if "result=ok" in answer[0]:
                await client.send(calls.VM_REMOVE("copy"))

    assert {row.name for row in await client.send(calls.VM_LIST("dom0"))} == qubes
    await system.descriptions.settled()
    assert names(tmp_path) == before
    assert not system.runtime.reserved


@pytest.mark.parametrize("evil", ["vm1/../../x.enc", "/x.enc", "vm1/private.img.000.enc/../../x", "../state/x"])
async def test_a_member_outside_is_written_nowhere(client: Client, folder: Path, tmp_path: Path, evil: str) -> None:
    file = await backed_up(client, folder)
    content = file.read_bytes()
    header = bytearray(content[:512])
    header[:100] = evil.encode().ljust(100, b"\0")
    header[124:136] = b"00000001000\0"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    at = content.index(b"vm1/private.img.000.enc")
    before = names(tmp_path)

    head = f"passphrase={WORDS}\nrename=lab:copy\n\n".encode()
    extra = bytes(header) + bytes(512)
    restored = await client.send(calls.BACKUP_RESTORE("dom0", None, pieces(head, content[:at], extra, content[at:])))

    assert restored[0].result == "failed" or "copy" in {row.name for row in await client.send(calls.VM_LIST("dom0"))}
    fresh = names(tmp_path) - before
    assert not any(name.startswith("x") for name in fresh)
    assert "x.enc" not in os.listdir("/")  # noqa: PTH208 - what the backup names


# -- what retention may touch ------------------------------------------------------------------------------------------


async def test_of_any_history_only_complete_verified_backups_of_the_profile_go(
    client: Client, system: System, folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    made(elsewhere)
    chance = random.Random(11)
    started = 1_700_000_000
    untouchable, mine = set[Path](), set[Path]()
    for number in range(1, 120):
        place = chance.choice([folder, folder, folder, elsewhere])
        path = place / f"qubes-backup-nightly-{number}"
        run: dict[str, Any] = {
            "profile": chance.choice(["nightly", "nightly", "nightly", "weekly"]),
            "start": started + number * 7200,
            "end": started + number * 7200 + 60,
            "result": chance.choice(["ok", "ok", "ok", "failed", "cancelled", "running"]),
            "verified": chance.choice([True, True, True, False]),
            "file": str(path),
            "backup": f"20260101T000000-{number}",
        }
        content = f"version=4\nbackup-id={run['backup']}\n".encode().ljust(6000, b"x")
        damage = chance.choice(["", "", "", "longer", "another", "missing"])
        run["size"] = len(content)
        path.write_bytes(
            {"longer": content + b"x", "another": content.replace(b"20260101", b"20250101")}.get(damage, content)
        )
        if damage == "missing":
            path.unlink()
        good = (run["profile"], run["result"], run["verified"], damage, place) == ("nightly", "ok", True, "", folder)
        (mine if good else untouchable).add(path)
        await system.runtime.commit([rows.set_backup_run(number, decode_run(json.dumps(run)))])
    untouchable = {path for path in untouchable if path.exists()}
    newest = max(mine, key=lambda path: int(path.name.rpartition("-")[2]))
    await with_profile(client, folder, include=["vault"], verify=True, keep={"last": 2})

    text = encode_info(await client.send(calls.BACKUP_INFO("dom0", "nightly", pieces())))

    dry = next(line for line in text.splitlines() if line.startswith("would-remove=")).partition("=")[2].split()
    # The run that is coming counts: it and the newest are the two that stay.
    assert {folder / name for name in dry} == mine - {newest}
    await execute(client)
    assert all(path.exists() for path in untouchable)
    assert {path for path in mine if path.exists()} == {newest}


def made(folder: Path) -> None:
    folder.mkdir()


async def test_a_run_that_fails_removes_no_older_backup(
    client: Client, system: System, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_qube(client, "lab", os.urandom(MIB), b"root")
    await with_profile(client, folder, verify=True, keep={"last": 1})
    await execute(client)
    kept = names(folder)

    def refuse(*_: object) -> None:
        raise BackupError("The disk lies.")

    monkeypatch.setattr(targets, "verified", refuse)
    system.backup_history.clock = lambda: time.time() + 100
    with pytest.raises(Mgmt1Error, match="lies"):
        await execute(client)

    assert names(folder) == kept


# -- a cancel ----------------------------------------------------------------------------------------------------------


async def test_a_cancel_at_any_moment_leaves_no_file_or_a_whole_backup(
    client: Client, system: System, folder: Path
) -> None:
    await make_qube(client, "lab", os.urandom(6 * MIB), b"root")
    await with_profile(client, folder, kdf="generated", verify=True)
    started = time.monotonic()
    await execute(client)
    takes = time.monotonic() - started
    outcomes = []
    for number in range(25):
        for name in names(folder):
            (folder / name).unlink()
        async with asyncio.TaskGroup() as group:
            run = group.create_task(error_of(execute(client)))
            await asyncio.sleep(takes * (number + random.random()) / 25)
            with contextlib.suppress(Mgmt1Error):
                await client.send(calls.BACKUP_CANCEL("dom0", "nightly"))
        error = run.result()
        history = [json.loads(encode_run(run)) for run in await client.send(calls.BACKUP_HISTORY("dom0", "nightly"))]
        if isinstance(error, BackupCancelledError):
            assert names(folder) == set()
            assert history[-1]["result"] == "cancelled"
        else:
            assert error is None
            assert names(folder) == {Path(history[-1]["file"]).name}
        outcomes.append(type(error))
        assert not system.backup_runs._jobs
    assert BackupCancelledError in outcomes


@pytest.fixture
def endless_derivation(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A key that is derived for as long as the test runs."""
    end, derive = threading.Event(), scrypt_container._derive

    def derive_at_the_end(passphrase: bytes, salt: bytes, _params: Params) -> tuple[bytes, bytes]:
        end.wait()
        return derive(passphrase, salt, Params(4))

    monkeypatch.setattr(scrypt_container, "_derive", derive_at_the_end)
    yield
    end.set()
    for thread in threading.enumerate():
        if thread.name.startswith("backup"):
            thread.join(LIMIT)


@pytest.mark.usefixtures("endless_derivation")
async def test_a_cancel_is_answered_while_a_strong_key_is_still_being_derived(client: Client, folder: Path) -> None:
    await make_qube(client, "lab", b"x", b"root")
    await with_profile(client, folder, kdf="strong")

    async with asyncio.TaskGroup() as group:
        run = group.create_task(error_of(execute(client)))
        await until(deriving)
        await client.send(calls.BACKUP_CANCEL("dom0", "nightly"))

    assert isinstance(run.result(), BackupCancelledError)
    assert deriving(), "it was waited for"
    assert names(folder) == set()


def deriving() -> bool:
    return any(thread.name.startswith("backup-keys") for thread in threading.enumerate())


async def test_a_restore_whose_caller_disconnects_at_any_moment_leaves_nothing_or_whole_qubes(
    client: Client, system: System, folder: Path
) -> None:
    file = await backed_up(client, folder)
    pool = system.pools.driver("default")
    before = set(await pool.list_volumes())
    content = file.read_bytes()

    async def slow() -> AsyncIterator[bytes]:
        yield f"passphrase={WORDS}\nrename=lab:copy\n\n".encode()
        for at in range(0, len(content), 1 << 16):
            yield content[at : at + (1 << 16)]
            await asyncio.sleep(0)

    for number in range(20):
        request = asyncio.get_running_loop().create_task(
            error_of(client.send(calls.BACKUP_RESTORE("dom0", None, slow())))
        )
        await asyncio.sleep(0.02 * number * random.random())
        request.cancel()
        await asyncio.wait([request])
        await until(lambda: not system.runtime.reserved)
        if "copy" in {row.name for row in await client.send(calls.VM_LIST("dom0"))}:
            await client.send(calls.VM_REMOVE("copy"))
        # What the pool refuses to remove, or the store to note, is tried again.
        await until_equal(lambda: system.runtime.store.read("SELECT * FROM pending_volume"), [])
        assert set(await pool.list_volumes()) == before


async def test_a_profile_is_parsed_in_a_thread(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[int] = set()

    def parsed(text: str) -> Profile:
        threads.add(threading.get_ident())
        return parse_profile(text)

    for module in (backups, backup_preview):
        monkeypatch.setattr(module, "parse_profile", parsed)
    text = "include: [work]\ndestination_path: /x\n"

    await client.send(calls.BACKUP_PROFILE_SET("dom0", "p", text))
    await client.send(calls.BACKUP_INFO("dom0", "p", pieces(text.encode())))
    await client.send(calls.BACKUP_INFO("dom0", "p", pieces()))

    assert threads
    assert threading.get_ident() not in threads
