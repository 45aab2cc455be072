# SPDX-License-Identifier: GPL-3.0-or-later
"""Log files on the host, from their end."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

MOST = 1 << 20
"""Bytes of a log that are shown, counted from its end."""


_HYPERVISOR_LOGS: dict[str, Callable[[], Path]] = {
    "qemu:///system": lambda: Path("/var/log/libvirt/qemu"),
    "qemu:///session": lambda: Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "libvirt/qemu/log"),
}
"""The folders of libvirt's logs of QEMU, by URI; not known for a libvirt behind another socket."""


def hypervisor_log(uri: str, domain: str) -> Path | None:
    """The log file of the emulator of a domain, which libvirt keeps; None where its path is not known."""
    folder = _HYPERVISOR_LOGS.get(uri)
    return folder() / f"{domain}.log" if folder else None


async def read_end(path: Path, most: int = MOST) -> bytes | None:
    """The last bytes of a file; None if there is none. A link is not followed."""
    return await asyncio.to_thread(_read_end, path, most)


def _read_end(path: Path, most: int) -> bytes | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(fd, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - most))
        return file.read(most)
