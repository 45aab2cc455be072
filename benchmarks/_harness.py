# SPDX-License-Identifier: GPL-3.0-or-later
"""The common part of the benchmarks: timing, the spread of the times, and a line with a figure beside its reference.

Times wander with the machine, so a figure is printed next to a reference measured in the same run, and the ratio is
what counts. No figure makes a benchmark fail; `--smoke` only shows that it still works.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

# Programs that are started find compiled modules, as a user's do from the second start on.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


MANAGER = (sys.executable, "-c", "from qubesmanager.entry import manager; raise SystemExit(manager())")


def report_of_window(url: str, folder: Path, seconds: float) -> dict[str, float]:
    """The report of one window that opened, filled, was left alone for so long, and ended on request.

    It keeps its settings in the folder, so that only the first window of a folder starts without any.
    """
    report = folder / "report.json"
    process = subprocess.Popen(
        [*MANAGER, "--connect", url, "--report", str(report)],
        env=os.environ
        | {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(folder), "XDG_STATE_HOME": str(folder)}
        | {"XDG_RUNTIME_DIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.terminate()
    if process.wait(30) != 0:
        raise RuntimeError(f"the window ended with {process.returncode}")
    figures: dict[str, float] = json.loads(report.read_text(encoding="utf-8"))
    return figures


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds, or another unit, of several runs."""

    least: float
    median: float
    most: float
    runs: int

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        return cls(min(values), statistics.median(values), max(values), len(values))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the result. `reference` is of the same unit and, but for a stated one, of the same run."""

    name: str
    figure: Spread
    unit: str
    reference: float | None
    reference_name: str


class Bench:
    """A benchmark's run: its sizes, and the lines it printed.

    Every benchmark takes `--smoke` (one run at the smallest sizes), `--only TEXT` (of those that measure several kinds,
    the ones with that in their name) and `--json FILE` (the lines, for comparison).
    """

    def __init__(self, title: str) -> None:
        parser = argparse.ArgumentParser(description=title)
        parser.add_argument("--smoke", action="store_true", help="one run at the smallest sizes")
        parser.add_argument("--only", metavar="TEXT", default="", help="the kinds with this in their name")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the lines there, too")
        options = parser.parse_args()
        self.smoke: bool = options.smoke
        self._only: str = options.only
        self._json: Path | None = options.json
        self._rows: list[Row] = []
        print(f"{title} (Python {platform.python_version()}, {platform.machine()})")
        print(f"{'':<44}{'min':>10}{'median':>10}{'max':>10} {'unit':<8}{'reference':>10}{'ratio':>8}")

    def sizes(self, *all_of_them: int) -> tuple[int, ...]:
        """The sizes to measure: all, or the first for smoke."""
        return all_of_them[:1] if self.smoke else all_of_them

    def wants(self, kind: str) -> bool:
        return self._only in kind

    def runs(self, count: int) -> int:
        return 1 if self.smoke else count

    def time(self, work: Callable[[], object], runs: int = 5) -> Spread:
        """Seconds that `work` takes, after one run that does not count."""
        values = []
        if not self.smoke:
            work()
        for _ in range(self.runs(runs)):
            start = perf_counter()
            work()
            values.append(perf_counter() - start)
        return Spread.of(values)

    def line(
        self, name: str, figure: Spread, unit: str = "ms", *, reference: float | None = None, reference_name: str = ""
    ) -> None:
        """Print a figure, and keep it. Seconds are converted if `unit` is milliseconds or microseconds."""
        factor = {"ms": 1e3, "us": 1e6}.get(unit, 1.0)
        scaled = Spread(figure.least * factor, figure.median * factor, figure.most * factor, figure.runs)
        compared = None if reference is None else reference * factor
        self._rows.append(Row(name, scaled, unit, compared, reference_name))
        text = f"{name:<44}{scaled.least:>10.3f}{scaled.median:>10.3f}{scaled.most:>10.3f} {unit:<8}"
        if compared:
            text += f"{compared:>10.3f}{scaled.median / compared:>8.2f}  {reference_name}"
        print(text, flush=True)

    def done(self) -> None:
        """Write the lines to the file that was asked for."""
        if self._json is not None:
            rows = [
                {
                    "name": row.name,
                    "min": row.figure.least,
                    "median": row.figure.median,
                    "max": row.figure.most,
                    "runs": row.figure.runs,
                    "unit": row.unit,
                    "reference": row.reference,
                    "reference_name": row.reference_name,
                }
                for row in self._rows
            ]
            self._json.write_text(json.dumps({"python": sys.version, "rows": rows}, indent=1), encoding="utf-8")
