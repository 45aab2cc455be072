# SPDX-License-Identifier: GPL-3.0-or-later
"""Payloads of calls, as streams."""

from collections.abc import AsyncGenerator


async def pieces(*data: bytes) -> AsyncGenerator[bytes]:
    """A stream of these pieces; an empty one without any."""
    for piece in data:
        yield piece
