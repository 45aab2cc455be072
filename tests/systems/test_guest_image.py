# SPDX-License-Identifier: GPL-3.0-or-later
"""The initramfs: an archive that cpio's readers understand, with the modules of the kernel, compressed or not."""

import lzma
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from qubesmanager.systems.guest_image import cpio, module_files
from qubesmanager.wire.errors import Mgmt1Error

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


@pytest.mark.parametrize(("suffix", "written"), [("", bytes), (".xz", lzma.compress)])
def test_modules_come_after_what_they_depend_on_compressed_or_not(
    tmp_path: Path, suffix: str, written: Callable[[bytes], bytes]
) -> None:
    contents = {
        "virtio_scsi": b"1\0depends=scsi_mod\0",
        "scsi_mod": b"2\0depends=scsi-common,built_in\0",
        "scsi_common": b"3",
        "evdev": b"4\0depends=\0",
        "sound": b"5",
    }
    for name, content in contents.items():
        folder = tmp_path / "usr/lib/modules" / name
        folder.mkdir(parents=True)
        (folder / f"{name.replace('scsi_common', 'scsi-common')}.ko{suffix}").write_bytes(written(content))

    modules = list(module_files(tmp_path))

    assert modules == [(name, contents[name]) for name in ("scsi_common", "scsi_mod", "virtio_scsi", "evdev")]


def test_a_kernel_without_readable_modules_is_refused(tmp_path: Path) -> None:
    (tmp_path / "evdev.ko.gz").touch()

    with pytest.raises(Mgmt1Error, match="no modules that can be read"):
        list(module_files(tmp_path))
