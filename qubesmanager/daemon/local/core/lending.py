# SPDX-License-Identifier: GPL-3.0-or-later
"""Extra volumes of a qube that are disks of another."""

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.state import State
from qubesmanager.rules.devices import FRONTEND_DEV
from qubesmanager.wire.records import VolumeRecord
from qubesmanager.wire.values import DeviceClass


def extra_volume(backend: Qube, device_class: DeviceClass, ident: str) -> VolumeRecord | None:
    """The extra volume that the device of a qube is, if it is one."""
    volume = backend.volumes.get(ident)
    return volume if device_class is DeviceClass.BLOCK and volume is not None and volume.extra else None


def lent_to(state: State, qube: Qube) -> list[tuple[str, VolumeRecord]]:
    """Target and volume of each disk of the qube that is an extra volume of another."""
    disks = []
    for device in qube.devices:
        volume = extra_volume(state.qube(device.backend), device.device_class, device.ident)
        if device.attached and volume is not None:
            disks.append((device.options[FRONTEND_DEV], volume))
    return disks
