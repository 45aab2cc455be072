# SPDX-License-Identifier: GPL-3.0-or-later
"""A mount that hangs, long heads of restores and long policies hold up nothing else."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from backup_daemon import WORDS
from qubes_backup import domain, of_one
from streams import pieces
from until import LIMIT

from qubesmanager.backup.errors import BackupNotConnectedError
from qubesmanager.backup.profile import parse_profile
from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.restoring import entries
from qubesmanager.wire import calls, limits
from qubesmanager.wire.backups import encode_info


@pytest.fixture
def hung(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A destination that does not answer until the test ends."""
    answering = threading.Event()
    is_dir = Path.is_dir

    def there(path: Path) -> bool:
        return answering.wait(LIMIT) if path == Path("/b") else is_dir(path)

    monkeypatch.setattr(limits, "DESTINATION_SECONDS", 0.2)
    monkeypatch.setattr(Path, "is_dir", there)
    yield
    answering.set()


@pytest.mark.usefixtures("hung")
async def test_a_hung_destination_holds_up_no_other_call(client: Client) -> None:
    text = "include: [work]\ndestination_path: /b\n"
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "p", text))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(client.send(calls.BACKUP_INFO("dom0", "p", pieces()))) for _ in range(40)]
        assert await client.send(calls.BACKUP_PROFILE_LIST("dom0")) == ["p"]
        assert "work" in [row.name for row in await client.send(calls.VM_LIST("dom0"))]

    assert all("connected=no" in encode_info(task.result()).splitlines() for task in tasks)


@pytest.mark.usefixtures("hung")
async def test_a_backup_to_a_hung_destination_fails_in_words(client: Client) -> None:
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "p", "include: [work]\ndestination_path: /b\n"))

    with pytest.raises(BackupNotConnectedError, match="does not answer"):
        await client.send(calls.BACKUP_EXECUTE("dom0", "p", {"passphrase": WORDS}))


@pytest.mark.parametrize("size", [1, 2, 7, 1 << 20])
@pytest.mark.parametrize("data", [b"\nrest", b"a=b\n\nrest", b"a=b\nc=d\n\n\nrest"])
async def test_the_head_of_a_restore_ends_at_its_first_empty_line_however_it_is_cut(data: bytes, size: int) -> None:
    cut = [data[at : at + size] for at in range(0, len(data), size)]

    head, rest = await entries.head_of(pieces(*cut))

    options, _, after = (b"\n" + data).partition(b"\n\n")
    assert (head, b"".join([piece async for piece in rest])) == (options[1:], after)


async def test_a_long_list_of_qubes_to_exclude_does_not_block_the_loop(client: Client) -> None:
    """256 KiB of names against many qubes: quick, and in a thread as far as it is parsed."""
    names = " ".join(["x"] * ((entries.HEAD_LIMIT >> 1) - 100))
    many = of_one("".join(domain(f"q-{number}", number) for number in range(1, 500)))
    longest = asyncio.get_running_loop().create_task(_longest_turn())

    await client.send(
        calls.BACKUP_RESTORE(
            "dom0", None, pieces(f"passphrase={WORDS}\nverify-only=yes\nexclude={names}\n\n".encode(), many)
        )
    )

    longest.cancel()
    assert await longest < 1


async def _longest_turn() -> float:
    """Seconds of CPU time of the loop's longest turn, until it is cancelled."""
    longest = 0.0
    try:
        while True:
            begun = time.thread_time()
            await asyncio.sleep(0.005)
            longest = max(longest, time.thread_time() - begun)
    except asyncio.CancelledError:
        return longest


async def test_a_profile_of_thousands_of_names_is_planned_quickly(client: Client, system: System) -> None:
    names = [f"q{number}" for number in range(4000)]
    profile = parse_profile(f"include: [{', '.join(names)}]\nexclude: [{', '.join(names)}]\ndestination_path: /b\n")
    begun = time.process_time()

    planned = system.backups.planned("p", profile, "dom0")

    assert (len(planned.missing), len(planned.lost)) == (4000, 4000)
    assert time.process_time() - begun < 0.5
