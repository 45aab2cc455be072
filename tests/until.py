# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a state in a test, with the loop running."""

import asyncio
from collections.abc import Callable

LIMIT = 240.0
"""Seconds after which a wait fails. It only ends a test that hangs: a busy machine must not reach it."""


async def until(reached: Callable[[], object], limit: float = LIMIT) -> None:
    """Let the loop run until `reached` returns something true. Raises TimeoutError after `limit` seconds."""
    async with asyncio.timeout(limit):
        while not reached():  # noqa: ASYNC110 - anything may be waited for, not only what has an event
            await asyncio.sleep(0.005)
