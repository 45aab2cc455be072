# SPDX-License-Identifier: GPL-3.0-or-later
"""Turning this computer off."""

import asyncio
import shutil

from qubesmanager.host.errors import HostError

COMMAND = ("systemctl", "poweroff")


def why_not_power_off() -> str | None:
    """Why it cannot be done from here, as a sentence."""
    return None if shutil.which(COMMAND[0]) else "There is no systemctl here to shut the computer down with."


async def power_off() -> None:
    """Raises `HostError` if that is refused."""
    try:
        process = await asyncio.create_subprocess_exec(  # noqa: TID251 - programs of the place are started in transports
            *COMMAND, stderr=asyncio.subprocess.PIPE
        )
    except OSError as error:
        raise HostError(f"The computer cannot be shut down: {error.strerror}.") from error
    _, said = await process.communicate()
    if process.returncode:
        raise HostError(f"The computer was not shut down: {said.decode('utf-8', 'replace').strip()}")
