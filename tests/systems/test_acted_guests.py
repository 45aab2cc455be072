# SPDX-License-Identifier: GPL-3.0-or-later
"""The guests of the demonstration answer on their channels."""

import pytest
from demo_fixtures import client_of, hypervisor, machine, system
from fakes_hypervisor import FakeHypervisor
from until import until

from qubesmanager.client import services
from qubesmanager.daemon.local.system import System
from qubesmanager.systems.acted_guests import ActedGuests
from qubesmanager.wire.errors import QubesValueError

__all__ = ["hypervisor", "machine", "system"]


async def test_the_guests_of_the_demonstration_run_commands_and_have_applications(
    system: System, hypervisor: FakeHypervisor
) -> None:
    hypervisor.host.channel = ActedGuests(system.runtime.state.by_uuid, system.runtime.spawn)
    await system.lifecycle.start("vault")
    qube = system.runtime.state.qube("vault")
    await until(lambda: qube.has_agent)
    client = client_of(system)

    result = await services.run_command(client, "vault", "ls /")
    names = [each.name for each in await services.applications(client, "vault")]

    assert (result.code, result.untrusted_stdout) == (0, b"Nothing runs in a demonstration: ls /\n")
    assert names == ["Files", "Firefox", "Terminal", "Text Editor"]
    assert await services.run_service(client, "vault", "qubes.StartApp+firefox") == ""
    assert "up to date" in await services.run_service(client, "vault", services.UPDATE)
    with pytest.raises(QubesValueError, match="has no service"):
        await services.run_service(client, "vault", "qubes.Filecopy")
