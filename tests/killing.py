# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of a test that end with it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import AnyStr


@contextmanager
def killed_on_failure(process: subprocess.Popen[AnyStr]) -> Iterator[subprocess.Popen[AnyStr]]:
    """The process; killed if the block raises. `Popen` alone then waits for its end, and so never shows the error."""
    with process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
