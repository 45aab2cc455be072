# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates of a guest, with a package manager of the tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def update(folder: Path, script: str | None, *, keeps_reading: bool = True) -> tuple[int, bytes, str]:
    """Run the service with a PATH that has only that script as apt-get: exit status, output, log."""
    if script is not None:
        program = folder / "apt-get"
        program.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
    log = folder / "log"
    code = f"""
from pathlib import Path
from qubesmanager.guest import updates
raise SystemExit(updates.main(Path({str(log)!r})))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env={**os.environ, "PATH": str(folder)},
    )
    assert process.stdout is not None
    if not keeps_reading:
        process.stdout.close()
    output = process.stdout.read() if keeps_reading else b""
    status = process.wait()
    process.stdout.close()
    return status, output, log.read_text(encoding="utf-8") if log.exists() else ""


def test_the_lists_are_read_and_everything_is_installed_without_questions(tmp_path: Path) -> None:
    status, output, log = update(tmp_path, 'echo "$DEBIAN_FRONTEND: $*"')

    lines = output.decode().splitlines()
    assert status == 0
    assert lines[0] == "noninteractive: -q -o DPkg::Lock::Timeout=120 update"
    assert lines[1].endswith("upgrade")
    assert log.splitlines() == lines


def test_a_failure_ends_it_with_its_status(tmp_path: Path) -> None:
    status, output, _log = update(tmp_path, "echo broken; exit 100")

    assert (status, output) == (100, b"broken\n")


def test_a_caller_that_goes_away_does_not_stop_it(tmp_path: Path) -> None:
    status, _output, log = update(tmp_path, "kill -HUP $PPID; echo line", keeps_reading=False)

    assert (status, log) == (0, "line\nline\n")


def test_without_a_package_manager_it_fails(tmp_path: Path) -> None:
    status, output, _log = update(tmp_path, None)

    assert (status, output) == (1, b"No known package manager is installed in this qube.\n")


@pytest.mark.parametrize("size", [4 << 20, (4 << 20) + 1])
def test_a_long_log_begins_again(tmp_path: Path, size: int) -> None:
    (tmp_path / "log").write_bytes(b"x" * size)

    _status, _output, log = update(tmp_path, "echo line")

    assert log.startswith("x") is (size == 4 << 20)
