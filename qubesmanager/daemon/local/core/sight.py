# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names the text of an answer may have: those of the qubes that the source of the call sees.

The backend sets the source's sight once for each call, in the call's own asyncio context. A sentence that names qubes
which the caller did not name itself takes them from `spoken`, `spoken_one` or `spoken_way`.
"""

from collections.abc import Callable, Iterable
from contextvars import ContextVar

Sees = Callable[[str], bool]
"""Whether a caller may see the qube of a name."""

OTHER = "another qube"
"""What a sentence has in place of the names that are not shown, however many they are."""


def sees_all(_name: str) -> bool:
    """What dom0 and the daemon itself see."""
    return True


_SEES: ContextVar[Sees] = ContextVar("sees", default=sees_all)


def answer_for(source: Sees) -> None:
    """Reduce the names in the texts of this call, and of what it begins, to what its source sees."""
    _SEES.set(source)


def sees(name: str) -> bool:
    """Whether the source of the call sees the qube of a name."""
    return _SEES.get()(name)


def spoken(names: Iterable[str]) -> list[str]:
    """The names that the source sees, in their order, and then `OTHER` if there are more."""
    listed = list(names)
    shown = [name for name in listed if sees(name)]
    return [*shown, OTHER] if len(shown) < len(listed) else shown


def spoken_one(name: str) -> str:
    """The name, or `OTHER`."""
    return name if sees(name) else OTHER


def spoken_way(names: Iterable[str]) -> list[str]:
    """The names in their order, with each run of those that the source does not see as one `OTHER`."""
    way: list[str] = []
    for name in map(spoken_one, names):
        if not (name == OTHER and way and way[-1] == OTHER):
            way.append(name)
    return way
