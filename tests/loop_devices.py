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


class Disk:
    """A disk of 64 MiB with a file system, mounted at a folder; it can be unplugged and plugged in again."""

    def __init__(self, image: Path, place: Path) -> None:
        self.place = place
        self._image = image
        self._device = ""
        place.mkdir(parents=True, exist_ok=True)
        with image.open("wb") as file:
            file.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", str(image)], check=True, capture_output=True)
        self.plug_in()

    def plug_in(self) -> None:
        self._device = losetup("--find", "--show", str(self._image))
        subprocess.run(["mount", self._device, str(self.place)], check=True, capture_output=True)

    def pull(self) -> None:
        """From now on each access fails, as to a disk whose cable was pulled; it cannot be plugged in again."""
        os.truncate(self._image, 0)

    def unplug(self) -> None:
        """What is open stays open, as after a lazy unmount; the mount point is an empty folder again."""
        if self._device:
            subprocess.run(["umount", "-l", str(self.place)], check=True, capture_output=True)
            losetup("-d", self._device)
            self._device = ""
