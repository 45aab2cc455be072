# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd units for backups: what they run carries a profile out, and a missed night is made up for."""

import asyncio
import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from daemon_process import DaemonProcess

from qubesmanager.backup.archive.reader import open_backup
from qubesmanager.client.client import Client
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire import calls
from qubesmanager.wire.backups import encode_run
from qubesmanager.wire.codecs import CreateSpec

pytestmark = pytest.mark.whole

UNITS = Path(__file__).parents[2] / "rpc-handlers/systemd"
SERVICE = UNITS / "qubes-mgmt1-backup@.service"
TIMER = UNITS / "qubes-mgmt1-backup@.timer"


def unit(path: Path) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None)
    found.read(path)
    return found


def run(socket: Path, profile: str) -> "subprocess.CompletedProcess[str]":
    """What the service runs, with this Python's program and the socket that is there."""
    program, *arguments = shlex.split(unit(SERVICE)["Service"]["ExecStart"].replace("%i", profile))
    assert program == "/usr/bin/qubes-backup"
    arguments = [f"unix:{socket}" if word.startswith("unix:") else word for word in arguments]
    start = "import sys; from qubesmanager.entry import backup; raise SystemExit(backup())"
    command = [sys.executable, "-c", start, *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


async def test_the_service_carries_its_profile_out_and_fails_if_that_fails(tmp_path: Path) -> None:
    with DaemonProcess(tmp_path, "--hypervisor", "test:///default") as daemon:
        client = Client(UnixTransport(daemon.socket))
        await client.send(calls.VM_CREATE("dom0", "StandaloneVM", CreateSpec("lab", "red")))
        profile = {
            "include": ["lab"],
            "destination_path": str(tmp_path / "backup"),
            "kdf": "generated",
            "passphrase_text": "of the profile",
        }
        await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", yaml.safe_dump(profile)))

        first = await asyncio.to_thread(run, daemon.socket, "nightly")
        again = await asyncio.to_thread(run, daemon.socket, "nightly")
        unknown = await asyncio.to_thread(run, daemon.socket, "weekly")

        assert first.returncode == 0, first.stderr
        with (tmp_path / "backup").open("rb") as file:
            assert open_backup(file, "of the profile").verify().ok
        assert again.returncode != 0
        assert "There is already a file" in again.stderr
        assert unknown.returncode != 0
        assert "weekly" in unknown.stderr
        history = [json.loads(encode_run(run)) for run in await client.send(calls.BACKUP_HISTORY("dom0"))]
        assert [run["result"] for run in history] == ["ok", "failed"]


def test_the_timer_makes_up_for_a_missed_night_and_starts_its_service() -> None:
    timer = unit(TIMER)["Timer"]

    assert timer["Persistent"] == "true"
    assert timer["OnCalendar"] == "daily"
    assert timer["Unit"] == SERVICE.name.replace("@", "@%i")
    assert unit(TIMER)["Install"]["WantedBy"] == "timers.target"
    assert unit(SERVICE)["Service"]["Type"] == "oneshot"
    assert unit(SERVICE)["Service"]["Restart"] == "on-failure"
    assert unit(SERVICE)["Service"]["TimeoutStartSec"] == "infinity", "a backup takes as long as it takes"


def test_systemd_finds_nothing_wrong_with_them(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for path in (SERVICE, TIMER, UNITS / "qubes-mgmt1d.socket", UNITS / "qubes-mgmt1d.service"):
        text = re.sub(r"/usr/bin/\S+", "/bin/true", path.read_text())
        (tmp_path / path.name.replace("@", "@nightly")).write_text(text)

    units = [str(path) for path in tmp_path.glob("*@*")]
    command = ["systemd-analyze", "verify", "--man=no", *units]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    assert "qubes-mgmt1-backup" not in done.stderr, done.stderr
