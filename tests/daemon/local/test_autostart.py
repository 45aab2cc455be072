# SPDX-License-Identifier: GPL-3.0-or-later
"""Qubes that start with the machine start once in each of its boots."""

from pathlib import Path

import pytest
from demo_fixtures import populate
from fakes_hypervisor import FakeHost, FakeHypervisor

from qubesmanager.daemon.local.services import autostart
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.wire.errors import QubesMemoryError
from qubesmanager.wire.values import PowerState, VmClass

STARTING = ("untrusted", "work")


async def off(folder: Path, host: FakeHost | None = None) -> System:
    """A machine with the demonstration's qubes, none of which runs unless the host knows it; two start with it."""
    hypervisor = FakeHypervisor(host)
    system = await open_system(folder, hypervisor)
    await populate(system)
    for qube in list(system.runtime.state.qubes.values()):
        if qube.klass is not VmClass.ADMIN:
            await system.settings.set_property(qube.name, "autostart", "yes" if qube.name in STARTING else "no")
            if qube.running:
                await system.lifecycle.kill(qube.name)
    return system


async def test_autostarted_qubes_are_started_after_their_netvm(tmp_path: Path) -> None:
    system = await off(tmp_path)

    await system.autostart.start(await system.autostart.wanted("second"))

    chains = set(STARTING)
    for name in STARTING:
        while name := system.runtime.state.qube(name).value("netvm"):
            chains.add(name)
    assert {qube.name for qube in system.runtime.state.qubes.values() if qube.running and qube.name != "dom0"} == chains
    await system.runtime.close()


async def test_in_one_boot_it_is_started_once_however_often_the_daemon_starts(tmp_path: Path) -> None:
    host = FakeHost()
    system = await off(tmp_path, host)
    await system.autostart.start(await system.autostart.wanted("second"))
    await system.lifecycle.kill("work")
    await system.runtime.close()

    system = await open_system(tmp_path, FakeHypervisor(host))

    assert await system.autostart.wanted("second") == []
    assert system.runtime.state.qube("work").state is PowerState.HALTED
    assert await system.autostart.wanted("third") == ["work"]
    await system.runtime.close()


async def test_a_qube_that_fails_to_start_blocks_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    system = await off(tmp_path)
    assert isinstance(system.runtime.hypervisor, FakeHypervisor)
    system.runtime.hypervisor.start_errors[system.runtime.state.qube("untrusted").uuid] = QubesMemoryError(
        "Not enough memory."
    )

    await system.autostart.start(await system.autostart.wanted("second"))

    assert system.runtime.state.qube("untrusted").state is PowerState.HALTED
    assert system.runtime.state.qube("work").state is PowerState.RUNNING
    assert "untrusted was to start with the machine and did not: Not enough memory." in caplog.text
    await system.runtime.close()


def test_the_kernel_names_its_boot() -> None:
    assert autostart.boot_id() == autostart.boot_id() != ""
