# SPDX-License-Identifier: GPL-3.0-or-later
"""THE TABLE OF SYSTEM-WIDE PROPERTIES: type, default, check, help."""

from collections.abc import Callable

from qubesmanager.daemon.local.core.property import Facts, SystemProperty, Type
from qubesmanager.daemon.local.core.volumes import KERNEL_POOL
from qubesmanager.rules import edits
from qubesmanager.wire.reason import Reason


def _a_pool(facts: Facts, value: str) -> Reason | None:
    if facts.pools.get(value) == KERNEL_POOL:
        return Reason("pool-of-kernels", value)
    return None if value in facts.pools else Reason("no-such-pool", value)


def _a_kernel(facts: Facts, value: str) -> Reason | None:
    if value and value not in facts.kernels:
        return Reason("no-such-kernel", value, ", ".join(sorted(facts.kernels)) or "none")
    return None


def _between(low: int, high: int) -> Callable[[Facts, str], Reason | None]:
    return lambda _facts, value: None if low <= int(value) <= high else Reason("system-property-range", low, high)


_ROWS = (
    SystemProperty(
        "default_netvm", Type.VM, "", "The netvm of each qube that does not say its own.",
        edits.SYSTEM_CHECKS["default_netvm"], optional=True,
    ),
    SystemProperty(
        "default_template", Type.VM, "", "The template of a new AppVM that does not name one.",
        edits.SYSTEM_CHECKS["default_template"],
        optional=True,
    ),
    SystemProperty(
        "default_dispvm", Type.VM, "", "The template of disposables, where a qube does not say its own.",
        edits.SYSTEM_CHECKS["default_dispvm"], optional=True,
    ),
    SystemProperty(
        "management_dispvm", Type.VM, "", "The template of the disposables that configure qubes.",
        edits.SYSTEM_CHECKS["management_dispvm"], optional=True,
    ),
    SystemProperty("default_pool", Type.STR, "default", "The pool of new volumes.", _a_pool),
    SystemProperty(
        "default_kernel", Type.STR, "",
        "The kernel of each qube that does not say its own; empty boots the root volume.",
        _a_kernel, optional=True,
    ),
    SystemProperty("default_guivm", Type.VM, "dom0", "The qube that shows windows.", optional=True),
    SystemProperty("default_audiovm", Type.VM, "dom0", "The qube that plays sound.", optional=True),
    SystemProperty("clockvm", Type.VM, "", "The qube that the others take the time from.", optional=True),
    SystemProperty("updatevm", Type.VM, "", "The qube that fetches dom0's updates.", optional=True),
    SystemProperty(
        "default_qrexec_timeout", Type.INT, "60", "Seconds that a starting qube may take until its agent answers.",
        _between(1, 86_400),
    ),
    SystemProperty(
        "default_shutdown_timeout", Type.INT, "60", "Seconds that a clean shutdown may take.", _between(1, 86_400)
    ),
    SystemProperty(
        "stats_interval", Type.INT, "3", "Seconds between two statistics of the running qubes.", _between(1, 3600)
    ),
)  # fmt: skip

TABLE: dict[str, SystemProperty] = {row.name: row for row in _ROWS}
