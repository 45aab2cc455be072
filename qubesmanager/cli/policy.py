# SPDX-License-Identifier: GPL-3.0-or-later
"""`mgmt1 policy`: what qrexec's policy decides, without asking a daemon.

Exit status: 0 done, 2 used wrongly.
"""

import argparse
from collections.abc import Sequence
from typing import BinaryIO

from qubesmanager.policy.batch import Batch

NAME = "policy"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="mgmt1 policy", description="Ask what the policy of qrexec decides.")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    ask = commands.add_parser("ask", help="decide calls", description="Decide calls by policies that are given.")
    ask.add_argument(
        "--batch",
        action="store_true",
        required=True,
        help="read a question a line from standard input, as JSON, and write an answer a line; see docs/policy.md",
    )
    return made


def main(argv: Sequence[str], stdin: BinaryIO, stdout: BinaryIO) -> int:
    """Run the command after `mgmt1 policy` and give its exit status."""
    try:
        parser().parse_args(argv)
    except SystemExit as end:
        return int(end.code or 0)
    batch = Batch()
    for line in stdin:
        if line.strip():
            stdout.write(batch.answer(line.decode("utf-8", "surrogateescape")).encode() + b"\n")
            stdout.flush()
    return 0
