# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names the text of an answer may have: those of the qubes that the source of the call sees.

The backend sets the source's sight once for each call, in the call's own asyncio context. A sentence that names qubes
which the caller did not name itself takes them from `spoken`, `spoken_one` or `spoken_way`.
"""

from collections.abc import Container, Iterable
from contextvars import ContextVar

from qubesmanager.rules.sight import Sees, seen_name, seen_names, seen_way, sees_all

_SEES: ContextVar[Sees] = ContextVar("sees", default=sees_all)


def answer_for(source: Sees) -> None:
    """Reduce the names in the texts of this call, and of what it begins, to what its source sees."""
    _SEES.set(source)


def sees(name: str) -> bool:
    """Whether the source of the call sees the qube of a name."""
    return _SEES.get()(name)


def knows(qubes: Container[str], name: str) -> bool:
    """Whether a qube of that name is among these, and the source of the call sees it."""
    return name in qubes and sees(name)


def spoken(names: Iterable[str]) -> list[str]:
    """The names that the source sees, in their order, and then `OTHER` if there are more."""
    return seen_names(sees, names)


def spoken_one(name: str) -> str:
    """The name, or `OTHER`."""
    return seen_name(sees, name)


def spoken_way(names: Iterable[str]) -> list[str]:
    """The names in their order, with each run of those that the source does not see as one `OTHER`."""
    return seen_way(sees, names)
