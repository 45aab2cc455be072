# SPDX-License-Identifier: GPL-3.0-or-later
"""Features that this system acts on, as Qubes OS does; any other is kept for the programs that ask for it.

Each counts where it is set on the qube itself; an empty value is as good as none.
"""

from qubesmanager.rules.facts import QubeFacts
from qubesmanager.wire.reason import Reason

PROHIBIT_START = "prohibit-start"
"""The qube is not started by any call; the value says why, for people."""

INTERNAL = "internal"
"""Windows do not list the qube unless their user asks for such qubes."""

SKIP_UPDATE = "skip-update"
"""The qube is left out of updates."""

_RATIONALE = 200
"""Characters of a rationale that a reason quotes."""


def rationale(text: str) -> str:
    """The value of `prohibit-start` as one line for people."""
    line = " ".join(text.split())
    return line if len(line) <= _RATIONALE else f"{line[: _RATIONALE - 1]}…"


def why_start_prohibited(qube: QubeFacts) -> Reason | None:
    """Why the qube must not be started, whatever its state is: its user has prohibited it."""
    text = qube.features.get(PROHIBIT_START)
    return Reason("start-prohibited", qube.name, rationale(text)) if text else None


def is_internal(qube: QubeFacts) -> bool:
    return bool(qube.features.get(INTERNAL))
