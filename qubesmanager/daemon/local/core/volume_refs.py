# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume together with the qube that has it."""

from dataclasses import dataclass

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.volumes import KERNEL_POOL
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.records import VolumeRecord

KERNEL = "kernel"
"""The volume of a qube that is one of dom0's kernels."""


@dataclass(frozen=True, slots=True)
class VolumeRef:
    """A volume and the qube it belongs to; None for one that is no qube's."""

    qube: Qube | None
    volume: VolumeRecord


def volumes_of(qube: Qube) -> list[VolumeRecord]:
    """The qube's volumes, and the kernel that it reads."""
    kernel = qube.value("kernel")
    read = [VolumeRecord(KERNEL, KERNEL_POOL, kernel, 0, 0, rw=False)] if kernel else []
    return [*qube.volumes.values(), *read]


def of_qube(qube: Qube, name: str) -> VolumeRef:
    """Raises `QubesVolumeNotFoundError`."""
    volume = next((volume for volume in volumes_of(qube) if volume.name == name), None)
    if volume is None:
        raise refusal("no-such-qube-volume", qube.name, name)
    return VolumeRef(qube, volume)
