# SPDX-License-Identifier: GPL-3.0-or-later
"""Who makes a change, for the history: the source of the call that is answered, or the daemon itself.

The backend sets it once for each call, in the call's own asyncio context; what the call begins has it too.
"""

from contextvars import ContextVar
from typing import NamedTuple

from qubesmanager.wire.history import DAEMON


class Origin(NamedTuple):
    """`source` made the call of the name `call`; the daemon's own changes come from no call."""

    source: str = DAEMON
    call: str = ""


_DAEMON = Origin()
_ORIGIN: ContextVar[tuple[str, str]] = ContextVar("origin", default=_DAEMON)


def act_for(source: str, call: str) -> None:
    """What this context changes from now on is changed by `source` with that call."""
    _ORIGIN.set((source, call))


def origin() -> Origin:
    """Who makes a change now."""
    return Origin(*_ORIGIN.get())
