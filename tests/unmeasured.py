# SPDX-License-Identifier: GPL-3.0-or-later
"""Leave tests out of the measuring of coverage that would double their time and add nothing to the figures."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unmeasured() -> Iterator[None]:
    """In the block, coverage traces neither this process nor programs that start: a killed one writes no data."""
    coverage = sys.modules.get("coverage")
    measured = coverage and coverage.Coverage.current()
    if measured is None:
        yield
        return
    for_programs = os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
    measured.stop()
    try:
        yield
    finally:
        measured.start()
        if for_programs is not None:
            os.environ["COVERAGE_PROCESS_CONFIG"] = for_programs
