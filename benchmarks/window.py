# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager's window on a daemon that runs already: process start to filled table, longest gap, memory, calls.

The references are the existing Qubes Manager's on the machine the specification was measured on: read the order of
magnitude, not the digits; for 10,000 qubes there are none. Beside it is what a table of PyQt5 takes that has as many
rows and nothing else, from the start of its process to its end.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from _harness import Bench, Spread, report_of_window
from memory_folder import memory_folder

from qubesmanager.transport.child import ChildTransport

LOOKED_AT = {50: 4.0, 1000: 4.0, 10_000: 12.0}
"""Seconds that a window stays open."""

QUBES_MANAGER = {50: (0.81, 0.424), 1000: (19.1, 9.576)}


def bare_table(count: int) -> float:
    """Seconds that a program takes which shows a bare table and ends."""
    start = perf_counter()
    subprocess.run(
        [sys.executable, str(Path(__file__).with_name("_bare_table.py")), str(count)],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return perf_counter() - start


def main() -> None:
    bench = Bench("The manager's window")
    tempfile.tempdir = str(memory_folder() or tempfile.gettempdir())  # on a disk 10,000 qubes take minutes
    for count in bench.sizes(50, 1000, 10_000):
        daemon = ChildTransport("demo:", "--demo", str(count - 11))
        try:
            socket = daemon.wait()
            with tempfile.TemporaryDirectory() as folder:
                reports = [
                    report_of_window(f"unix:{socket}", Path(folder), LOOKED_AT[count]) for _ in range(bench.runs(5))
                ]
            bare = Spread.of([bare_table(count) for _ in range(bench.runs(5))])
            fill, gap = QUBES_MANAGER.get(count, (None, None))
            for name, key, unit, reference in (
                ("start to first paint", "start_to_first_paint", "ms", None),
                ("start to filled table", "start_to_filled_table", "ms", fill),
                ("longest stretch without the loop", "longest_gap", "ms", gap),
                ("calls", "calls_made", "calls", None),
                ("resident memory", "memory_bytes", "MB", None),
            ):
                values = [report[key] / (1e6 if unit == "MB" else 1) for report in reports]
                if key == "start_to_filled_table":
                    bench.line(
                        f"the same beside a bare table, N = {count}",
                        Spread.of(values),
                        reference=bare.median,
                        reference_name="bare PyQt5 table",
                    )
                bench.line(
                    f"{name}, N = {count}", Spread.of(values), unit, reference=reference, reference_name="Qubes Manager"
                )
        finally:
            daemon.close()
    bench.done()


main()
