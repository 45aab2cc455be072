# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon whose disk and hypervisor fail now and then: `python faulty.py RATE SEED ARGUMENTS…`.

From SIGUSR2 on, each commit of the store and each call of the hypervisor fails with the probability RATE.
"""

import random
import signal
import sqlite3
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from qubesmanager.daemon.local.drivers.hypervisor.libvirt_driver import LibvirtHypervisor
from qubesmanager.daemon.local.store.store import Store
from qubesmanager.entry import mgmt1d
from qubesmanager.wire.errors import Mgmt1Error

HYPERVISOR_CALLS = ("start", "kill", "pause", "unpause", "shutdown")


class _FailingConnection:
    """A connection whose transactions fail at random when they are committed, as on a disk with errors."""

    def __init__(self, connection: sqlite3.Connection, fails: Callable[[], bool]) -> None:
        self._connection = connection
        self._fails = fails

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql == "COMMIT" and self._fails():
            raise sqlite3.OperationalError("disk I/O error")
        return self._connection.execute(sql, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def _failing_call(
    function: Callable[..., Coroutine[Any, Any, Any]], fails: Callable[[], bool]
) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def call(*arguments: Any, **named: Any) -> Any:
        if fails():
            raise Mgmt1Error("The hypervisor failed, as it was asked to.")
        return await function(*arguments, **named)

    return call


def main() -> int:
    rate, seed = float(sys.argv[1]), int(sys.argv[2])
    del sys.argv[1:3]
    source = random.Random(seed)
    opened = Store._open

    begun: list[bool] = []
    signal.signal(signal.SIGUSR2, lambda _number, _frame: begun.append(True))

    def fails() -> bool:
        return bool(begun) and source.random() < rate

    def open_failing(store: Any) -> None:
        opened(store)
        store._connection = _FailingConnection(store._connection, fails)

    Store._open = open_failing  # type: ignore[method-assign,assignment]
    for name in HYPERVISOR_CALLS:
        setattr(LibvirtHypervisor, name, _failing_call(getattr(LibvirtHypervisor, name), fails))
    return mgmt1d()


if __name__ == "__main__":
    raise SystemExit(main())
