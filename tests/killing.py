# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of a test that end with it."""

import asyncio
import subprocess
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from typing import AnyStr

from qubesmanager.transport.base import TransportError
from qubesmanager.wire.errors import ProtocolError


@contextmanager
def killed_on_failure(process: subprocess.Popen[AnyStr]) -> Iterator[subprocess.Popen[AnyStr]]:
    """The process; killed if the block raises. `Popen` alone then waits for its end, and so never shows the error."""
    with process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


async def answer_of(change: Awaitable[object], answered: asyncio.Event) -> None:
    """Set the event if the change is answered before its daemon is killed."""
    with suppress(TransportError, ProtocolError):
        await change
        answered.set()
