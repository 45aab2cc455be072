# SPDX-License-Identifier: GPL-3.0-or-later
"""The initramfs is an archive that cpio's readers understand."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from qubesmanager.systems.guest_image import cpio

FILE = stat.S_IFREG | 0o644


@pytest.mark.skipif(shutil.which("busybox") is None, reason="busybox, which reads the archive, is not installed")
def test_busybox_unpacks_what_was_packed(tmp_path: Path) -> None:
    entries = [
        ("dir", stat.S_IFDIR | 0o755, b""),
        ("dir/odd", FILE, b"12345"),
        ("empty", FILE, b""),
        ("link", stat.S_IFLNK | 0o777, b"dir/odd"),
    ]

    subprocess.run(["busybox", "cpio", "-i"], input=cpio(entries), cwd=tmp_path, check=True, capture_output=True)

    assert (tmp_path / "dir/odd").read_bytes() == b"12345"
    assert (tmp_path / "empty").read_bytes() == b""
    assert (tmp_path / "link").read_bytes() == b"12345"
