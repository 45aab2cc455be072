# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the place that reach into qubes: no call of the API runs anything in one.

dom0 has `qvm-run` and the updater, a management qube `qrexec-client-vm`; elsewhere there is none of them. Arguments are
passed as they are: no shell of this side ever reads them.
"""

import asyncio
import shutil
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from qubesmanager.host.ending import end
from qubesmanager.host.errors import HostError
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for, refusal

KEPT = 4096
"""Bytes of what a program says that are kept, the last ones."""

_REFUSED = 126
TERMINAL = "qubes.StartApp+qubes-run-terminal"
SHELL = "qubes.VMShell"


@dataclass(frozen=True, slots=True)
class Way:
    """One program that can do it: its arguments, with `{qube}` and `{command}`, and what it reads."""

    program: str
    arguments: tuple[str, ...]
    stdin: str = ""


RUN = (
    Way("qvm-run", ("--quiet", "--", "{qube}", "{command}")),
    Way("qrexec-client-vm", ("{qube}", SHELL), "{command}\nexit\n"),
)
OPEN_TERMINAL = (
    Way("qvm-run", ("--quiet", "--service", "--", "{qube}", TERMINAL)),
    Way("qrexec-client-vm", ("{qube}", TERMINAL)),
)
UPDATE = (Way("qubes-vm-update", ("--force-update", "--targets", "{qube}")),)


def way(ways: Sequence[Way]) -> Way | None:
    """The first whose program is installed here."""
    return next((each for each in ways if shutil.which(each.program)), None)


def missing(ways: Sequence[Way]) -> str:
    """The programs of which one is needed, `a or b`; empty if one is there."""
    return "" if way(ways) else " or ".join(each.program for each in ways)


async def run(ways: Sequence[Way], qube: str, command: str = "") -> str:
    """Run it to its end; the end of what it said. A cancel ends it.

    Raises `HostError` with what it said if it is not there or fails, `PermissionDenied` if policy does not let it.
    """
    chosen = way(ways)
    if chosen is None:
        raise error_for(Reason("not-installed", missing(ways)), HostError)
    values = {"qube": qube, "command": command}
    arguments = [values.get(each.strip("{}"), each) if each.startswith("{") else each for each in chosen.arguments]
    try:
        process = await asyncio.create_subprocess_exec(  # noqa: TID251 - a transport is where processes start
            chosen.program, *arguments, stdin=PIPE if chosen.stdin else DEVNULL, stdout=PIPE, stderr=STDOUT
        )
    except OSError as error:
        raise error_for(Reason("program-not-run", chosen.program, str(error.strerror or error)), HostError) from error
    try:
        if process.stdin is not None:
            with suppress(ConnectionError):
                process.stdin.write(chosen.stdin.replace("{command}", command).encode())
                await process.stdin.drain()
            process.stdin.close()
        untrusted = b""
        while process.stdout is not None and (piece := await process.stdout.read(KEPT)):
            untrusted = (untrusted + piece)[-KEPT:]
        status = await process.wait()
    finally:
        await end(process)
    said = "".join(
        mark if mark.isprintable() or mark == "\n" else " " for mark in untrusted.decode("utf-8", "replace")
    ).strip()
    if status == _REFUSED and chosen.program == "qrexec-client-vm":
        raise refusal("policy-no-programs", qube)
    if status:
        raise HostError(said) if said else error_for(Reason("program-status", chosen.program, status), HostError)
    return said
