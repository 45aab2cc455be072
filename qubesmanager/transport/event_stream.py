# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes of a stream of events, to its end or to an exception."""

import asyncio
from collections.abc import AsyncGenerator

from qubesmanager.transport.base import Answer
from qubesmanager.wire.event import EventDecoder

REST = 1.0
"""Seconds for the rest of an exception frame, after which a stream that stays open has ended."""


async def event_pieces(answer: Answer, decoder: EventDecoder) -> AsyncGenerator[bytes, None]:
    """The pieces of an answer, which the caller feeds to the decoder.

    Nothing says where an exception frame ends. Its sender closes the connection behind it; one that does not is not
    waited for, or its listener would wait for events that never come.
    """
    while True:
        try:
            async with asyncio.timeout(REST if decoder.is_refused else None):
                piece = await anext(answer, None)
        except TimeoutError:
            return
        if piece is None:
            return
        yield piece
