# SPDX-License-Identifier: GPL-3.0-or-later
"""Installed programs that run something in a qube: no call of the API does.

dom0 has `qvm-run` and the updater, a management qube `qrexec-client-vm`; other machines have none of them. Arguments
are passed as they are: no shell on this side reads them.
"""

import asyncio
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread
from time import monotonic

from qubesmanager.host import process
from qubesmanager.host.errors import HostError
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for, refusal

KEPT = 4096
"""Bytes of a program's output that are kept, the last ones."""

FRESH = 5.0
"""Seconds after which `missing` has a program looked up again."""
_REFUSED = 126
TERMINAL = "qubes.StartApp+qubes-run-terminal"
SHELL = "qubes.VMShell"


@dataclass(frozen=True, slots=True)
class Way:
    """A program that can do it: its arguments, with `{qube}` and `{command}`, and its input."""

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
APPLICATION_MENUS = (Way("qvm-appmenus", ("--quiet", "--init", "--update", "{qube}")),)
"""Make the entries of a new qube in the menus of the desktop."""
GLOBAL_SETTINGS = (Way("qubes-global-config", ()), Way("qubes-global-settings", ()))
"""The windows of Qubes 4.2 and later, and of 4.1."""


class _Installed:
    """Which programs are installed. A window asks at each of its refreshes, so the disk is asked in a thread.

    Only the first look for a program is made at once. A later one answers what is known; what is older than `FRESH` is
    looked up again meanwhile, and the next refresh gets it.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[bool, float]] = {}
        """By program and PATH: whether it is there, and until when (`monotonic`) that is fresh."""

    def has(self, program: str) -> bool:
        key = program, os.environ.get("PATH", "")
        if key not in self._known:
            self._look_up(key)
        is_there, until = self._known[key]
        if monotonic() > until:
            # Only one thread at a time looks it up.
            self._known[key] = is_there, monotonic() + FRESH
            Thread(target=self._look_up, args=(key,), name="look for a program", daemon=True).start()
        return is_there

    def _look_up(self, key: tuple[str, str]) -> None:
        program, path = key
        self._known[key] = shutil.which(program, path=path) is not None, monotonic() + FRESH


_INSTALLED = _Installed()


def missing(ways: Sequence[Way]) -> str:
    """The programs of which one is needed, `a or b`; empty if one is there. It may be some seconds old."""
    return "" if any(_INSTALLED.has(each.program) for each in ways) else _names(ways)


def _names(ways: Sequence[Way]) -> str:
    return " or ".join(each.program for each in ways)


def _way(ways: Sequence[Way]) -> Way | None:
    """The first whose program is installed here now."""
    return next((each for each in ways if shutil.which(each.program)), None)


def readable(untrusted: bytes) -> str:
    """The last `KEPT` bytes of a program's output as printable lines."""
    text = untrusted[-KEPT:].decode("utf-8", "replace")
    return "".join(mark if mark.isprintable() or mark == "\n" else " " for mark in text).strip()


async def run(ways: Sequence[Way], qube: str = "", command: str = "") -> str:
    """Run the first of the programs that is installed to its end; the end of its output. A cancel kills it.

    Raises `HostError` with the end of its output if it fails, and if none is installed; `PermissionDenied` if the
    policy refuses the call.
    """
    chosen = await asyncio.to_thread(_way, ways)
    if chosen is None:
        raise error_for(Reason("not-installed", _names(ways)), HostError)
    values = {"qube": qube, "command": command}
    arguments = [values.get(each.strip("{}"), each) if each.startswith("{") else each for each in chosen.arguments]
    given = chosen.stdin.replace("{command}", command).encode()
    try:
        ended = await process.run(chosen.program, *arguments, given=given, most=KEPT, merged=True)
    except OSError as error:
        raise error_for(Reason("program-not-run", chosen.program, str(error.strerror or error)), HostError) from error
    text = readable(ended.output)
    if ended.status == _REFUSED and chosen.program == "qrexec-client-vm":
        raise refusal("policy-no-programs", qube)
    if ended.status and not text:
        raise error_for(Reason("program-status", chosen.program, ended.status), HostError)
    if ended.status:
        raise HostError(text)
    return text
