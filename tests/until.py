# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a state, or for how a call ends, with the loop running."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from qubesmanager.wire.errors import Mgmt1Error

LIMIT = 240.0
"""Seconds after which a wait fails. It only ends a test that hangs: a busy machine must not reach it."""


async def until(reached: Callable[[], object], limit: float = LIMIT) -> None:
    """Let the loop run until `reached` returns something true, or an awaitable that gives something true.

    Raises TimeoutError after `limit` seconds.
    """
    async with asyncio.timeout(limit):
        while not await _value(reached()):  # noqa: ASYNC110 - anything may be waited for, not only what has an event
            await asyncio.sleep(0.005)


async def until_equal(current: Callable[[], object], expected: object, limit: float = LIMIT) -> None:
    """Let the loop run until `current` returns `expected`, or an awaitable that gives it. After `limit` it fails."""
    value: object = None

    async def is_equal() -> bool:
        nonlocal value
        value = await _value(current())
        return value == expected

    with suppress(TimeoutError):
        await until(is_equal, limit)
    assert value == expected


async def _value(result: object) -> object:
    return await result if isinstance(result, Awaitable) else result


async def error_of(call: Awaitable[Any]) -> Mgmt1Error | None:
    """The error that the call is refused with, if it is."""
    try:
        await call
    except Mgmt1Error as error:
        return error
    return None
