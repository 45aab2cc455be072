# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups by profile through `admin.*`, on a daemon in memory."""

from pathlib import Path

import pytest
import yaml
from dialect_fixtures import Caller

from qubesmanager.admin.backups import size_text
from qubesmanager.client.client import Client
from qubesmanager.wire import calls

RULE = "------------------+--------------+--------------+"


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.fixture
async def profile(client: Client, tmp_path: Path) -> Path:
    """A profile `p50` of one halted and one running qube; answers the folder of its backups."""
    folder = tmp_path / "backups"
    folder.mkdir()
    content = {"include": ["vault", "work"], "destination_path": str(folder), "passphrase_text": "words"}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "p50", yaml.safe_dump(content)))
    return folder


@pytest.mark.usefixtures("profile")
async def test_the_preview_is_a_table_for_people(admin: Caller) -> None:
    lines = (await admin.content("admin.backup.Info+p50")).splitlines()

    assert lines[:3] == [RULE, "               VM |         type |         size |", RULE]
    assert lines[3].startswith("            vault |           VM |")
    assert lines[4].endswith("| <-- The VM is running, backup will contain its state from before its start!")
    assert lines[5] == RULE
    assert lines[6].startswith("      Total size: |")
    assert len(lines[6]) == len(RULE)
    assert lines[7:9] == [RULE, "VMs not selected for backup:"]
    assert {" - dom0", " - untrusted"} <= set(lines[9:])
    assert not {" - vault", " - work"} & set(lines[9:])


@pytest.mark.usefixtures("cheap_keys")
async def test_a_profile_is_carried_out_and_answered_when_it_is_done(admin: Caller, profile: Path) -> None:
    assert await admin.answer("admin.backup.Execute+p50") == b"0\x00"

    assert len(files_in(profile)) == 1


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("Info+nosuch", "QubesBackupProfileNotFoundError\0\0Backup profile does not exist: nosuch"),
        ("Execute+nosuch", "QubesBackupProfileNotFoundError\0\0Backup profile does not exist: nosuch"),
        ("Cancel+p50", "QubesException\0\0Backup operation not running"),
    ],
)
@pytest.mark.usefixtures("profile")
async def test_a_refusal_is_that_of_qubesd(admin: Caller, method: str, answer: str) -> None:
    assert await admin.answer(f"admin.backup.{method}") == f"2\0{answer}\0".encode()


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0"), (1023, "1023"), (1536, "1.5 KiB"), (3 << 20, "3.0 MiB"), (5 << 40, "5120.0 GiB")]
)
def test_a_size_is_in_the_largest_unit_below_it(size: int, text: str) -> None:
    assert size_text(size) == text
