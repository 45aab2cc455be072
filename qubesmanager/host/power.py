# SPDX-License-Identifier: GPL-3.0-or-later
"""Turning this computer off."""

import shutil

from qubesmanager.host import process
from qubesmanager.host.errors import HostError
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for

COMMAND = ("systemctl", "poweroff")


def why_not_power_off() -> Reason | None:
    """Why this program cannot turn the computer off; None if it can."""
    return None if shutil.which(COMMAND[0]) else Reason("no-systemctl")


async def power_off() -> None:
    """Turn the computer off. Raises `HostError` if that is refused."""
    try:
        ended = await process.run(*COMMAND)
    except OSError as error:
        raise error_for(Reason("power-off-failed", error.strerror or str(error)), HostError) from error
    if ended.status:
        raise error_for(Reason("power-off-refused", ended.errors.decode("utf-8", "replace").strip()), HostError)
