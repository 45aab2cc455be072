# SPDX-License-Identifier: GPL-3.0-or-later
"""Running `ip`, `nft` and their like: argument lists, never a shell, with a time limit and a sentence when it fails."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from qubesmanager.host import process
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for, refusal

TIME_LIMIT = 30.0
"""Seconds; these programs take milliseconds."""

# Debian keeps these programs where an ordinary user's PATH does not look; times in rules are UTC.
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"}


async def run(*arguments: str, given: bytes = b"") -> bytes:
    """The output of the program. Raises `Mgmt1Error` when it is missing, fails, or does not end in time."""
    try:
        async with asyncio.timeout(TIME_LIMIT):
            ended = await process.run(*arguments, given=given, env={**os.environ, **_ENVIRONMENT})
    except FileNotFoundError:
        raise refusal("program-missing", arguments[0]) from None
    except TimeoutError:
        raise refusal("program-too-slow", arguments[0], f"{TIME_LIMIT:.0f}") from None
    if ended.status:
        text = shown((ended.errors or ended.output).decode(errors="replace").strip(), 300)
        raise error_for(Reason("program-failed", " ".join(arguments[:6]), text), Mgmt1Error)
    return ended.output


def in_namespace(place: str, arguments: Sequence[str]) -> list[str]:
    """The arguments that run a program in the network namespace whose file is `place`."""
    return ["nsenter", f"--net={Path(place)}", "--", *arguments]
