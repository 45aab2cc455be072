# SPDX-License-Identifier: GPL-3.0-or-later
"""Which qubes the source of a call may see."""

from collections.abc import Set as AbstractSet

from qubesmanager.wire.names import CREATED_BY, DOM0, MANAGED_BY


def may_see(source: str, name: str, tags: AbstractSet[str]) -> bool:
    """Whether `source` may see the qube `name` with these tags.

    dom0 sees every qube. Another source sees itself, dom0, and the qubes that it created or manages.
    """
    if source == DOM0:
        return True
    return name in {DOM0, source} or not tags.isdisjoint({CREATED_BY + source, MANAGED_BY + source})
