# SPDX-License-Identifier: GPL-3.0-or-later
"""Standard output without a reader, closed or full: one sentence and an exit status, not a traceback."""

import errno
import os
import sys
from collections.abc import Callable

FAILED = 1
READER_GONE = 141
"""As the shell reports a program that SIGPIPE ended."""


def written(program: str, work: Callable[[], int]) -> int:
    """The exit status of `work`, once all that it printed has been written.

    `SystemExit`, which argparse raises after `--help`, is passed on unless the help could not be printed.
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - until the process ends
    if sys.stdout is None:
        sys.stderr.write(f"{program}: Standard output is closed.\n")
        return FAILED
    try:
        try:
            return work()
        finally:
            sys.stdout.flush()
    except OSError as error:
        return not_written(program, error)


def not_written(program: str, error: OSError) -> int:
    """The exit status after standard output refused what was printed. Nothing is printed there afterwards."""
    # Python writes what is left in its buffer when it exits, and would report the error again.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    if error.errno == errno.EPIPE:
        return READER_GONE
    sys.stderr.write(f"{program}: The output could not be written: {error.strerror or error}.\n")
    return FAILED
