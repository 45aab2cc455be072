# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names a reason may have: those of the qubes that the caller sees. The others become `OTHER`."""

from collections.abc import Callable, Iterable

Sees = Callable[[str], bool]
"""Whether a caller may see the qube of a name."""

OTHER = "another qube"
"""Replaces all names that are not shown in a sentence."""


def sees_all(_name: str) -> bool:
    """The view of dom0 and of the daemon itself: every qube."""
    return True


def seen_names(sees: Sees, names: Iterable[str]) -> list[str]:
    """The names that the caller sees, in their order, and then `OTHER` if there are more."""
    listed = list(names)
    shown = [name for name in listed if sees(name)]
    return [*shown, OTHER] if len(shown) < len(listed) else shown


def seen_name(sees: Sees, name: str) -> str:
    """The name, or `OTHER`."""
    return name if sees(name) else OTHER


def seen_way(sees: Sees, names: Iterable[str]) -> list[str]:
    """The names in their order, with each run of those that the caller does not see as one `OTHER`."""
    way: list[str] = []
    for name in names:
        shown = seen_name(sees, name)
        if not (shown == OTHER and way and way[-1] == OTHER):
            way.append(shown)
    return way
