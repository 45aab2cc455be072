# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an operation on a volume is not possible, and which qube a volume belongs to. Sizes are bytes.

Each `why_not_…` gives one English sentence, or None if it is possible. The daemon uses the same ones before it asks a
pool's driver.
"""

import re
from collections.abc import Iterable, Mapping

from qubesmanager.rules.facts import QubeFacts
from qubesmanager.wire.codecs import VolumeId
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import VmRecord, VolumeRecord
from qubesmanager.wire.values import DeviceClass, VmClass

MOST_SIZE = 64 << 40
"""64 TiB: beyond it a number is a mistake."""

ROOT_SIZE = 10 << 30
"""The root volume of a qube that is made with empty volumes."""

REVISIONS_TO_KEEP = "revisions_to_keep"
"""The option of a volume, and of a pool for its new volumes."""
MOST_REVISIONS = 1000
"""Snapshots of one volume that are kept by its own setting."""
_REVISIONS = re.compile(r"-1|0|[1-9][0-9]{0,3}", re.ASCII)

Holders = Mapping[VolumeId, tuple[str, str]]
"""The qube that a volume belongs to, and its name there."""

KERNEL_DRIVER = "linux-kernel"
"""The driver, and the name, of the pool of dom0's kernels, in which no volumes are made."""

KEPT_VOLUMES: Mapping[VmClass, frozenset[str]] = {
    VmClass.TEMPLATE: frozenset({"root", "private"}),
    VmClass.STANDALONE: frozenset({"root", "private"}),
    VmClass.APP: frozenset({"private"}),
}
"""By class: the volumes that stay when the qube halts, and that a backup has."""


def extra_volume(backend: QubeFacts, device_class: DeviceClass, ident: str) -> VolumeRecord | None:
    """The extra volume that the device of a qube is, if it is one."""
    if device_class is not DeviceClass.BLOCK:
        return None
    return next((volume for volume in backend.volume_records if volume.extra and volume.name == ident), None)


def why_not_kept(volume: VolumeRecord) -> Reason | None:
    """Why a volume cannot be grown or kept as a snapshot: it is made again at each start."""
    return None if volume.save_on_stop else Reason("volume-not-kept")


def why_not_size(present: int, size: int) -> Reason | None:
    """Why a volume of `present` bytes cannot get `size` bytes."""
    if size < present:
        return Reason("volume-only-grows")
    if size > MOST_SIZE:
        return Reason("volume-too-large")
    return None


def is_revisions(untrusted: str) -> bool:
    """Whether a text says how many snapshots are kept; -1 keeps every one."""
    return _REVISIONS.fullmatch(untrusted) is not None and int(untrusted) <= MOST_REVISIONS


def why_not_replace(volume: VolumeRecord, *, running: bool) -> Reason | None:
    """Why a volume cannot get other content now: that of a snapshot, of a file, or none."""
    if why := why_not_kept(volume):
        return why
    return Reason("volume-needs-halted") if running else None


def why_not_detach(volume: VolumeRecord) -> Reason | None:
    return None if volume.extra else Reason("volume-not-extra")


def holders(records: Iterable[VmRecord]) -> Holders:
    """Whose each volume is that is some qube's."""
    return {
        VolumeId(volume.pool, volume.vid): (record.name, volume.name) for record in records for volume in record.volumes
    }


def orphans(records: Iterable[VmRecord], volumes: Iterable[VolumeId]) -> list[VolumeId]:
    """The volumes that are no qube's, in order."""
    by_volume = holders(records)
    return sorted(volume for volume in volumes if volume not in by_volume)


def snapshot_time(snapshot: str) -> int | None:
    """When a snapshot was taken, Unix seconds, as its id says (`<seconds>-<n>`); None for another id."""
    seconds = snapshot.partition("-")[0]
    return int(seconds) if seconds.isascii() and seconds.isdigit() else None
