# SPDX-License-Identifier: GPL-3.0-or-later
from pathlib import Path

from fakes_hypervisor import FakeHypervisor

from qubesmanager.daemon.local.startup import open_system


async def test_nothing_begins_in_a_system_that_is_closed(tmp_path: Path) -> None:
    system = await open_system(tmp_path, FakeHypervisor())
    begun: list[str] = []

    async def late() -> None:
        begun.append("late")

    await system.runtime.close()
    system.runtime.spawn("late", late())
    await system.runtime.settled()

    assert begun == []
