# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a state, or for how a call ends, with the loop running."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from qubesmanager.wire.errors import Mgmt1Error

LIMIT = 240.0
"""Seconds after which a wait fails. It only ends a test that hangs: a busy machine must not reach it."""


async def until(reached: Callable[[], object], limit: float = LIMIT) -> None:
    """Let the loop run until `reached` returns something true. Raises TimeoutError after `limit` seconds."""
    async with asyncio.timeout(limit):
        while not reached():  # noqa: ASYNC110 - anything may be waited for, not only what has an event
            await asyncio.sleep(0.005)


async def error_of(call: Awaitable[Any]) -> Mgmt1Error | None:
    """The error that the call is refused with, if it is."""
    try:
        await call
    except Mgmt1Error as error:
        return error
    return None
