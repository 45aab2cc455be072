# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that carries out changes to pools and is killed in the midst of them.

Each line of its input is `<driver> <root> <operation> <how> <value>`; a child does the operation and is killed before
its `value`th step on the file system (`how` is `step`) or after `value` seconds (`after`). Answers the child's status
as waitpid gives it and the seconds it took, one line each. Forking from here is what makes hundreds of kills cheap.
"""

import asyncio
import os
import select
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pool_tools import kept
from streams import pieces

from qubesmanager.daemon.local.drivers.pools.base import PoolDriver
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2
from qubesmanager.daemon.local.drivers.pools.file_reflink import FileReflink

DRIVERS: dict[str, type[FileQcow2] | type[FileReflink]] = {"file-qcow2": FileQcow2, "file-reflink": FileReflink}
STEPS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.utime", "fcntl.ioctl"}


async def _revert(pool: PoolDriver) -> None:
    await pool.revert("work/private", (await pool.list_snapshots("work/private"))[0])


OPERATIONS: dict[str, Callable[[PoolDriver], Awaitable[object]]] = {
    "create": lambda pool: pool.create("new/private", 8 << 20),
    "snapshot": lambda pool: pool.snapshot("work/private"),
    "revert": _revert,
    "extend": lambda pool: pool.resize("work/private", 16 << 20),
    "clone": lambda pool: pool.clone("new/private", pool, "work/private"),
    "import": lambda pool: pool.import_data("work/private", pieces(*[b"I" * 100_000] * 60)),
    "clear": lambda pool: pool.clear("work/private"),
    "remove": lambda pool: pool.remove("work/private"),
    "rename": lambda pool: pool.rename_vm("work", "play"),
    "start": lambda pool: pool.start(kept()),
    "stop": lambda pool: pool.stop(kept("busy/private", revisions=0)),
}


def _child(pool: PoolDriver, operation: str, how: str, value: str) -> None:
    if how == "step":
        left = int(value)

        def count(event: str, _arguments: tuple[Any, ...]) -> None:
            nonlocal left
            if event in STEPS:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
    asyncio.run(OPERATIONS[operation](pool))  # type: ignore[arg-type]  # each is a coroutine


def main() -> None:
    for line in sys.stdin:
        driver, root, operation, how, value = line.split()
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                _child(DRIVERS[driver]("pool", Path(root)), operation, how, value)
                code = 0
            finally:
                os._exit(code)
        if how == "after":
            select.select([], [], [], float(value))
            os.kill(pid, signal.SIGKILL)  # until it is waited for its number belongs to no other process
        _, status = os.waitpid(pid, 0)
        print(status, time.monotonic() - started, flush=True)


if __name__ == "__main__":
    main()
