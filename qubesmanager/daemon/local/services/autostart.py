# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting the qubes that start with the machine: once in each of its boots, however often the daemon starts in it."""

import logging
from pathlib import Path

from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.lifecycle import Lifecycle
from qubesmanager.daemon.local.store import rows
from qubesmanager.rules.facts import HALTED
from qubesmanager.wire.errors import Mgmt1Error

log = logging.getLogger(__name__)


class Autostart:
    """Starts the qubes that start with the machine."""

    def __init__(self, runtime: Runtime, lifecycle: Lifecycle) -> None:
        self._runtime = runtime
        self._lifecycle = lifecycle

    async def wanted(self, boot: str) -> list[str]:
        """The halted qubes that have `autostart`, by name; none if this was asked before in the boot that `boot` names.

        The boot is stored before the first start: after a crash of the daemon, a qube that its user has shut down stays
        down.
        """
        if await self._runtime.store.read("SELECT boot FROM started_in") == [(boot,)]:
            return []
        await self._runtime.commit([rows.set_started_in(boot)])
        halted = (qube for qube in self._runtime.state.qubes.values() if qube.state in HALTED)
        return sorted(qube.name for qube in halted if "autostart" in qube.view and qube.flag("autostart"))

    async def start(self, names: list[str]) -> None:
        """One after the other, each after its netvm; one that does not start keeps no other from starting."""
        for name in names:
            try:
                await self._lifecycle.start(name)
            except Mgmt1Error as error:
                log.warning("%s was to start with the machine and did not: %s", name, error)


def boot_id() -> str:
    """The kernel's identifier of this boot of the machine. Raises `OSError` where there is no /proc."""
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
