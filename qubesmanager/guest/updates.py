# SPDX-License-Identifier: GPL-3.0-or-later
"""The services `qubes.InstallUpdates` and `qubes.InstallUpdatesGUI`: install all updates of a guest, as root.

What the package manager writes goes to the caller and to a log. A caller that goes away does not stop it: a half
installed update is worse than a late one.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

LOG = Path("/var/log/qubes-mgmt1-updates.log")
LOG_BYTES = 4 << 20
"""The longest log that is added to; a longer one begins again."""
_PIECE = 64 << 10
_KEEP_SETTINGS = ("-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")
MANAGERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "apt-get": (
        ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", "update"),
        ("apt-get", "-qy", "-o", "DPkg::Lock::Timeout=120", *_KEEP_SETTINGS, "--with-new-pkgs", "upgrade"),
    ),
    "dnf": (("dnf", "-y", "--refresh", "upgrade"),),
    "pacman": (("pacman", "-Syu", "--noconfirm"),),
}
"""By the program that must be there: the commands, in order."""


class Output:
    """The caller, who may have gone, and the log."""

    def __init__(self, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        is_long = log.exists() and log.stat().st_size > LOG_BYTES
        self._log = log.open("wb" if is_long else "ab")
        os.set_blocking(1, False)

    def write(self, data: bytes) -> None:
        """Write to both. What the caller does not take at once is only in the log."""
        self._log.write(data)
        self._log.flush()
        with suppress(OSError):
            os.write(1, data)


def install(output: Output) -> int:
    """Run the commands of the package manager that is installed; the exit status of the first that fails, or 0."""
    commands = next((commands for program, commands in MANAGERS.items() if shutil.which(program)), None)
    if commands is None:
        output.write(b"No known package manager is installed in this qube.\n")
        return 1
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in commands:
        process = subprocess.Popen(  # noqa: S603 - a row of the table above
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            bufsize=0,
        )
        with process:
            while process.stdout and (data := process.stdout.read(_PIECE)):
                output.write(data)
        if process.returncode:
            return process.returncode if process.returncode > 0 else 128 - process.returncode
    return 0


def main(log: Path = LOG) -> int:
    """Install the updates; the exit status."""
    for number in (signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    try:
        return install(Output(log))
    except OSError as error:
        sys.stderr.write(f"Updates cannot be installed: {error}\n")
        return 1
