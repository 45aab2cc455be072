# SPDX-License-Identifier: GPL-3.0-or-later
"""`mgmt1 run`: a command in a qube on libvirt, by the daemon's channel to it.

The exit status is that of the command; 1, 2, 3 and 126 are also those of `mgmt1`.
"""

import asyncio
import shlex
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from typing import BinaryIO, TextIO

from qubesmanager.client.client import Client
from qubesmanager.client.services import run_command
from qubesmanager.transport.base import Transport
from qubesmanager.wire.names import printable

NAME = "run"


def parser(kind: type[ArgumentParser]) -> ArgumentParser:
    made = kind(
        prog="mgmt1 run",
        description="Run a command in the shell of a qube on libvirt, which is started if it is halted. Its output is"
        " printed when it has ended. The qube has to run qubes-mgmt1-client.",
    )
    made.add_argument(
        "--connect", metavar="URL", help="the daemon to connect to; without it the usual addresses are tried"
    )
    made.add_argument("qube", metavar="QUBE", help="the name of the qube")
    words = "a line for the shell, or a program and its arguments"
    made.add_argument("command", metavar="COMMAND", nargs="+", help=words)
    return made


def main(
    kind: type[ArgumentParser],
    argv: Sequence[str],
    connect: Callable[[str | None], Transport],
    stdout: BinaryIO,
    stderr: TextIO,
) -> int:
    """Run the command after `mgmt1 run` and give its exit status. Raises what the transport and daemon raise."""
    options = parser(kind).parse_args(argv)
    line = options.command[0] if len(options.command) == 1 else shlex.join(options.command)
    result = asyncio.run(run_command(Client(connect(options.connect)), options.qube, line))
    stdout.write(_shown(result.untrusted_stdout) if stdout.isatty() else result.untrusted_stdout)
    stdout.flush()
    stderr.write(_shown(result.untrusted_stderr).decode())
    return result.code


def _shown(untrusted: bytes) -> bytes:
    """Lines for a terminal: control characters of the qube are shown as escapes, not obeyed."""
    text = untrusted.decode("utf-8", "replace")
    return "".join(printable(line.rstrip("\n")) + "\n" * line.endswith("\n") for line in text.splitlines(True)).encode()
