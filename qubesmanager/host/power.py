# SPDX-License-Identifier: GPL-3.0-or-later
"""Turning this computer off."""

import asyncio
import shutil

from qubesmanager.host.errors import HostError
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for

COMMAND = ("systemctl", "poweroff")


def why_not_power_off() -> Reason | None:
    """Why it cannot be done from here."""
    return None if shutil.which(COMMAND[0]) else Reason("no-systemctl")


async def power_off() -> None:
    """Raises `HostError` if that is refused."""
    try:
        process = await asyncio.create_subprocess_exec(  # noqa: TID251 - programs of the place are started in transports
            *COMMAND, stderr=asyncio.subprocess.PIPE
        )
    except OSError as error:
        raise error_for(Reason("power-off-failed", error.strerror or str(error)), HostError) from error
    _, said = await process.communicate()
    if process.returncode:
        raise error_for(Reason("power-off-refused", said.decode("utf-8", "replace").strip()), HostError)
