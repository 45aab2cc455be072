# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's checks of system-wide properties against its state."""

from collections.abc import Callable
from dataclasses import fields

from qubesmanager.daemon.local.core.property import Facts, SystemProperty
from qubesmanager.daemon.local.core.volumes import KERNEL_POOL
from qubesmanager.rules import edits
from qubesmanager.rules.properties import SYSTEM_PROPERTIES
from qubesmanager.wire.reason import Reason


def _a_pool(facts: Facts, value: str) -> Reason | None:
    if facts.pools.get(value) == KERNEL_POOL:
        return Reason("pool-of-kernels", value)
    return None if value in facts.pools else Reason("no-such-pool", value)


def _the_kernels(facts: Facts, value: str) -> Reason | None:
    if value in facts.pools and facts.pools[value] != KERNEL_POOL:
        return Reason("pool-without-kernels", value)
    return None if value in facts.pools else Reason("no-such-pool", value)


def _a_kernel(facts: Facts, value: str) -> Reason | None:
    if value and value not in facts.kernels:
        return Reason("no-such-kernel", value, ", ".join(sorted(facts.kernels)) or "none")
    return None


_CHECKS: dict[str, Callable[[Facts, str], Reason | None]] = {
    **edits.SYSTEM_CHECKS,
    "default_pool": _a_pool,
    "default_pool_root": _a_pool,
    "default_pool_private": _a_pool,
    "default_pool_volatile": _a_pool,
    "default_pool_kernel": _the_kernels,
    "default_kernel": _a_kernel,
}

TABLE: dict[str, SystemProperty] = {
    row.name: SystemProperty(
        **{each.name: getattr(row, each.name) for each in fields(row)}, check=_CHECKS.get(row.name)
    )
    for row in SYSTEM_PROPERTIES.values()
}

FOLLOWERS: dict[str, tuple[str, ...]] = {}
"""By system-wide property: those whose default is its value."""
for _row in TABLE.values():
    if _row.follows:
        FOLLOWERS[_row.follows] = (*FOLLOWERS.get(_row.follows, ()), _row.name)
