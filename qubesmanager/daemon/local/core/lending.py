# SPDX-License-Identifier: GPL-3.0-or-later
"""Extra volumes of a qube that are disks of another."""

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.state import State
from qubesmanager.rules.devices import FRONTEND_DEV
from qubesmanager.rules.volumes import extra_volume
from qubesmanager.wire.records import VolumeRecord


def lent_to(state: State, qube: Qube) -> list[tuple[str, VolumeRecord]]:
    """Target and volume of each disk of the qube that is an extra volume of another."""
    disks = []
    for device in qube.devices:
        volume = extra_volume(state.qube(device.backend), device.device_class, device.ident)
        if device.attached and volume is not None:
            disks.append((device.options[FRONTEND_DEV], volume))
    return disks
