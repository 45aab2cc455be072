# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of the demonstration: as large and as full as those of a usual user, in files that take next to no room.

What a volume holds is only said: its files are real, and empty but for what the user of the demonstration writes.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import pi, sin
from pathlib import Path
from zlib import crc32

from qubesmanager.backup.archive.writer import Progress
from qubesmanager.daemon.local.drivers.backups.folders import Room
from qubesmanager.daemon.local.drivers.pools.base import PoolDriver, PoolInfo, VolumeSpec
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2
from qubesmanager.daemon.local.services.backup_run import Figures

GIB = 1 << 30
MIB = 1 << 20

SIZES: Mapping[str, tuple[int, float]] = {
    "debian-13/root": (20, 7.9),
    "fedora-43/root": (20, 9.4),
    "debian-13/private": (2, 0.1),
    "fedora-43/private": (2, 0.1),
    "sys-net/private": (2, 0.2),
    "sys-firewall/private": (2, 0.1),
    "default-dvm/private": (2, 0.4),
    "work/private": (40, 18.2),
    "personal/private": (60, 31.4),
    "untrusted/private": (10, 2.7),
    "vault/private": (2, 0.3),
}
"""GiB that a volume has and that are used, by vid. Those of other qubes follow from their names."""

_PRIVATE_GIB = (2, 5, 10, 20, 40)
_NEW = 60 * MIB
"""Bytes of an empty file system."""
_OTHERS = 46 * GIB
"""Bytes of the disk that belong to no qube: dom0 itself, and the snapshots."""
_DISKS_GIB = (240, 476, 930, 1860, 3720, 7450, 14900, 29800)
"""The disks that are sold, in GiB."""
COMPRESSED = 0.53
"""The part of its bytes that a backup has on the disk."""
_STEP, _STEP_SECONDS = GIB // 2, 0.2
"""Bytes that a backup goes on in so many seconds."""
_SWING, _PERIOD = 0.006, 420
"""The part of what a running qube uses that comes and goes, and in how many seconds."""
_LAYERS = {"root": (90 * MIB, 800 * MIB), "volatile": (20 * MIB, 260 * MIB), "private": (30 * MIB, 300 * MIB)}
"""Bytes that a session writes to a volume which is thrown away: at least, and at most so many more."""


def private_size(qube: str) -> tuple[int, int]:
    """Bytes of a private volume, and how many are used, by the name of its qube."""
    seed = crc32(qube.encode())
    size = _PRIVATE_GIB[seed % len(_PRIVATE_GIB)] * GIB
    return size, int(size * (0.12 + seed // 7 % 70 / 100))


def sizes(vid: str) -> tuple[int, int]:
    """Bytes that a kept volume has, and how many are used."""
    if vid in SIZES:
        size, used = SIZES[vid]
        return size * GIB, int(used * GIB)
    qube, _, volume = vid.partition("/")
    return private_size(qube) if volume == "private" else (20 * GIB, 6 * GIB)


def disk_size(used: int) -> int:
    """Bytes of the smallest disk that is sold and has a quarter free when so many are used."""
    return next((size * GIB for size in _DISKS_GIB if size * GIB * 3 >= used * 4), _DISKS_GIB[-1] * GIB)


class DemoFigures(Figures):
    """Backups of the demonstration: as large as its disks are full, and about as fast as those of a good disk.

    `used`: the bytes that a qube of this name uses; None for what is not there. `free`: those that its disk has left,
    None if the disk is a real one.
    """

    def __init__(self, used: Callable[[str], int | None], free: Callable[[], int | None]) -> None:
        self._used = used
        self._free = free

    def room(self, room: Room) -> Room:
        free = self._free()
        return room if room.free is None or free is None else replace(room, free=free, largest=None)

    def totals(self, sizes: Mapping[str, int]) -> dict[str, int]:
        return {name: self._used(name) or size for name, size in sizes.items()}

    def progress(self, tell: Progress, totals: Mapping[str, int], stop: threading.Event) -> Progress:
        at: dict[str, int] = {}

        def paced(qube: str, done: int, total: int) -> None:
            size = totals.get(qube, total)
            until = size * done // total if total else size
            while at.get(qube, 0) + _STEP < until and not stop.wait(_STEP_SECONDS):
                at[qube] = at.get(qube, 0) + _STEP
                tell(qube, at[qube], size)
            at[qube] = until
            tell(qube, until, size)

        return paced

    def written(self, size: int, totals: Mapping[str, int]) -> int:
        return max(size, int(sum(totals.values()) * COMPRESSED))


class DemoPool(FileQcow2):
    """A pool whose volumes hold as much as `filled` says for their vids, and a little more or less with time.

    `filled`: bytes by vid, of the volumes that are there when the demonstration begins. `clock`: seconds.
    """

    def __init__(self, pool: str, root: Path, filled: Mapping[str, int], clock: Callable[[], float]) -> None:
        super().__init__(pool, root)
        self._filled = dict(filled)
        self.clock = clock
        self._disk_size = disk_size(self._used)

    async def rename_vm(self, old: str, new: str) -> None:
        await super().rename_vm(old, new)
        for vid in [vid for vid in self._filled if vid.startswith(f"{old}/")]:
            self._filled[new + vid.removeprefix(old)] = self._filled.pop(vid)

    async def clone(self, vid: str, source: PoolDriver, source_vid: str, identity: str = "") -> None:
        await super().clone(vid, source, source_vid, identity)
        if source is self:
            self._filled[vid] = self._filled.get(source_vid, _NEW)

    async def remove(self, vid: str, identity: str | None = None) -> None:
        await super().remove(vid, identity)
        self._filled.pop(vid, None)

    @property
    def _used(self) -> int:
        return sum(self._filled.values()) + _OTHERS

    def usage_now(self) -> PoolInfo:
        """How full the disk is."""
        return self._usage()

    def _usage(self) -> PoolInfo:
        swing = sin(2 * pi * self.clock() / _PERIOD)
        return PoolInfo(self._disk_size, min(self._disk_size, self._used + int(swing * GIB / 2)))

    def _measure(self, spec: VolumeSpec) -> tuple[int, int]:
        size, real = super()._measure(spec)
        if not spec.save_on_stop:
            return size, min(size, real + self._written(spec.vid)) if real else 0
        used = self._filled.get(spec.vid, _NEW)
        turn = sin(2 * pi * self.clock() / _PERIOD + crc32(spec.vid.encode()) % 7)
        return size, min(size, real + int(used * (1 + _SWING * turn)))

    def _written(self, vid: str) -> int:
        least, more = _LAYERS.get(vid.partition("/")[2], (_NEW, _NEW))
        return least + crc32(vid.encode()) % more
