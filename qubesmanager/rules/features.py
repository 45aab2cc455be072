# SPDX-License-Identifier: GPL-3.0-or-later
"""Features that this system acts on, as Qubes OS does; any other is stored for the programs that read it.

A feature counts only on the qube that it is set on; an empty value counts as none.
"""

from collections.abc import Mapping

from qubesmanager.rules.facts import QubeFacts
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.values import VmClass

PROHIBIT_START = "prohibit-start"
"""No call starts the qube; the value is the reason, which the user is shown."""

INTERNAL = "internal"
"""Windows list the qube only if the user asks for internal qubes."""

SKIP_UPDATE = "skip-update"
"""The qube is left out of updates."""

PRELOAD_MAX = "preload-dispvm-max"
"""How many disposables of a template wait, started and paused."""

PRELOAD_LIST = "preload-dispvm"
"""The names of the disposables that wait, separated by blanks; only the daemon sets it."""

PROTECTED = frozenset({PRELOAD_LIST, "preload-dispvm-completed", "preload-dispvm-in-progress"})
"""Features that only the daemon sets; a copy of a qube does not get them."""

PRELOAD_MOST = 50

_RATIONALE = 200
"""Characters of a rationale that a reason quotes."""


def preload_number(text: str | None) -> int:
    """The value of `preload-dispvm-max` as a number; 0 if it is missing or not a number."""
    return min(_number(text or "") or 0, PRELOAD_MOST)


def _number(text: str) -> int | None:
    """The number of a few ASCII digits; None for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else None


_DIGITS = 6


def why_not_set_feature(qube: QubeFacts, name: str, value: str | None) -> Reason | None:
    """Why a feature with a meaning cannot be set to this value (None: removed) on a qube."""
    if name in PROTECTED:
        return Reason("feature-of-system", name)
    if name != PRELOAD_MAX or not value:
        return None
    number = _number(value)
    if number is None or number > PRELOAD_MOST:
        return Reason("preload-number", PRELOAD_MAX, PRELOAD_MOST)
    if qube.klass is VmClass.ADMIN or qube.flag("template_for_dispvms"):
        return None
    return Reason("not-disposable-template", qube.name)


def preload_names(template: QubeFacts) -> list[str]:
    """The names of the disposables that a template lists as waiting, in the order they were made."""
    return template.features.get(PRELOAD_LIST, "").split()


def is_preloaded(qube: QubeFacts, template: QubeFacts) -> bool:
    """Whether the qube is a disposable of this template that waits until it is needed.

    It has the feature `internal`: a qube without it belongs to a user, whatever a list says that a restore or an
    earlier version stored.
    """
    return (
        qube.klass is VmClass.DISP
        and qube.value("template") == template.name
        and INTERNAL in qube.features
        and qube.name in preload_names(template)
    )


def copied_features(features: Mapping[str, str]) -> dict[str, str]:
    """The features that a copy of a qube, and a backup, take over."""
    return {name: value for name, value in features.items() if name not in PROTECTED}


def rationale(text: str) -> str:
    """The value of `prohibit-start` as one line that can be shown."""
    line = " ".join(text.split())
    return line if len(line) <= _RATIONALE else f"{line[: _RATIONALE - 1]}…"


def why_start_prohibited(qube: QubeFacts) -> Reason | None:
    """Why the qube must not be started, whatever its state is: its user has prohibited it."""
    text = qube.features.get(PROHIBIT_START)
    return Reason("start-prohibited", qube.name, rationale(text)) if text else None


def is_internal(qube: QubeFacts) -> bool:
    return bool(qube.features.get(INTERNAL))
