# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzz the parsers of untrusted bytes: `scripts/fuzz [NAME…]`. Exit status 1 if an input broke one of them.

Inputs that break a parser are written to tests/fuzz/found/NAME; `tests/fuzz/test_found.py` runs them ever after, so
they are committed with what mends them. Inputs that reached new code are kept in build/fuzz between runs.
"""

import argparse
import ctypes
import multiprocessing
import os
import sys
import tempfile
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from fuzz import worker
from fuzz.targets import TARGETS
from memory_folder import memory_folder

ROOT = Path(__file__).parent.parent.parent
FOUND = Path(__file__).parent / "found"
CORPUS = ROOT / "build" / "fuzz"
BY_HAND = 300
"""Seconds of a target where none are given."""
START = 120
"""Seconds that a worker may take beyond its time, to start and to end."""
NOISE = ("INFO: ", "WARNING: Failed to find function")
"""How lines of libFuzzer begin that say nothing about a fault."""
TAIL = 40
"""Lines of a worker's output that are shown where it failed."""
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["fuzz.preload"])


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    status: int
    seconds: float
    output: str


def fuzz(name: str, seconds: int) -> Result:
    """Run one target to its end."""
    begin = monotonic()
    arguments = [name, "--seconds", str(seconds), "--corpus", str(CORPUS / name), "--found", str(FOUND / name)]
    # Removed here: a worker that libFuzzer ends removes nothing.
    with tempfile.TemporaryDirectory(prefix="qm-fuzz-", dir=memory_folder()) as folder:
        output = Path(folder, "output")
        process = FORKED.Process(target=_work, args=(arguments, folder, output))
        process.start()
        process.join(seconds + START)
        status = process.exitcode
        if status is None:
            process.kill()
            process.join()
        text = output.read_text("utf-8", "replace") if output.exists() else ""
    if (FOUND / name).is_dir() and not any((FOUND / name).iterdir()):
        (FOUND / name).rmdir()
    return Result(name, -1 if status is None else status, monotonic() - begin, text)


def _work(arguments: list[str], folder: str, output: Path) -> None:
    """A worker, in its process."""
    with output.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(ROOT)
    os.environ["TMPDIR"] = folder
    tempfile.tempdir = None
    status = 1
    try:
        status = worker.main(arguments)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # As the program itself would end, which a fork does not: libFuzzer writes the input that broke the target then.
        ctypes.CDLL(None).exit(status)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description="Fuzz the parsers of untrusted bytes.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(TARGETS)}; all of them without")
    parser.add_argument("--seconds", type=int, default=BY_HAND, help=f"of each target; {BY_HAND} without")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="targets at the same time")
    options = parser.parse_args(argv)
    unknown = sorted(set(options.names) - set(TARGETS))
    if unknown:
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    failed = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for result in pool.map(lambda name: fuzz(name, options.seconds), options.names or TARGETS):
            print(
                f"   {result.name}: {'ok' if result.status == 0 else 'FAILED'} after {result.seconds:.0f} s", flush=True
            )
            if result.status:
                failed.append(result.name)
                lines = [line for line in result.output.splitlines() if not line.startswith(NOISE)]
                print("\n".join(lines[-TAIL:]), flush=True)
    if failed:
        print(f"Broken: {', '.join(failed)}. The inputs are in {FOUND.relative_to(ROOT)}.")
    return bool(failed)


if __name__ == "__main__":
    raise SystemExit(main())
