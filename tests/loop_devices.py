# SPDX-License-Identifier: GPL-3.0-or-later
"""Real loop devices for tests that run as root."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def why_not() -> str | None:
    """Why there are none here, as a sentence; None if there are."""
    if os.geteuid() != 0:
        return "loop devices need root"
    if shutil.which("losetup", path="/usr/sbin:/sbin:/usr/bin:/bin") is None:
        return "losetup is not installed"
    if not Path("/dev/loop-control").exists():
        return "this kernel has no loop devices"
    return None


def losetup(*arguments: str) -> str:
    return subprocess.run(["losetup", *arguments], check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def attached(file: Path, content: bytes) -> Iterator[str]:
    """A file of that content as a loop device; its ident, such as `loop0`."""
    file.write_bytes(content)
    path = losetup("--find", "--show", str(file))
    try:
        yield Path(path).name
    finally:
        losetup("-d", path)
