# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes backups and is killed at it: a separate process, without threads, so that its children may be forked.

    python backup_killed.py FOLDER COUNT

Each child writes FOLDER/<number> and is killed with SIGKILL at a random moment of the time that one takes.
"""

import os
import random
import signal
import sys
import threading
from pathlib import Path
from time import perf_counter

from backup_samples import TINY, WORDS, Memory, contents, settings_only

from qubesmanager.backup.archive.streams import FdOutput
from qubesmanager.backup.archive.writer import Options, QubeData, write
from qubesmanager.host.atomic_file import give_name, part_of, partial


def write_one(path: Path) -> None:
    data = random.Random(1).randbytes(400_000)
    qubes = [QubeData(settings_only(name), {"private": Memory.full(data)}) for name in ("work", "home")]
    part = part_of(path)
    with partial(part) as fd:
        write(FdOutput(fd, threading.Event()), WORDS, contents(), qubes, Options(TINY, piece=30_000))
    give_name(part, path)


def child(path: Path) -> int:
    pid = os.fork()
    if pid == 0:
        write_one(path)
        os._exit(0)
    return pid


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    start = perf_counter()
    os.waitpid(child(folder / "whole"), 0)
    takes = perf_counter() - start
    chance = random.Random(2)
    for number in range(count):
        pid = child(folder / str(number))
        signal.sigtimedwait([], takes * chance.random() * 1.2)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
