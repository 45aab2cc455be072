# SPDX-License-Identifier: GPL-3.0-or-later
"""Making a qube and setting it up, against a whole daemon: a refused setting removes what was made, and no other."""

from typing import Any

import pytest
from demo_fixtures import client, hypervisor, machine, system

from qubesmanager.client.client import Client
from qubesmanager.client.new_qube import make
from qubesmanager.daemon.local.system import System
from qubesmanager.plans.new_qube import created
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.errors import Mgmt1Error, PermissionDenied

__all__ = ["client", "hypervisor", "machine", "system"]

NEW = created("fresh", "AppVM", "red", "debian-13", properties={"netvm": "vault"})
"""The net qube is refused: vault provides no network."""


async def test_what_was_made_is_removed_again(client: Client, system: System) -> None:
    with pytest.raises(Mgmt1Error, match="removed again"):
        await make(client, NEW, lambda _step: None, existed=False)

    assert "fresh" not in system.runtime.state.qubes


async def test_a_caller_that_may_not_read_the_qube_can_make_it(client: Client, system: System) -> None:
    class NotReading(Client):
        async def send(self, request: Any) -> Any:
            if request.service == calls.VM_PROPERTY_GET.name:
                raise PermissionDenied("not for this caller")
            return await super().send(request)

    made = created("fresh", "AppVM", "red", "debian-13", properties={"netvm": "sys-net"})

    await make(NotReading(client.transport), made, lambda _step: None, existed=False)

    assert system.runtime.state.qube("fresh").value("netvm") == "sys-net"


async def test_another_qube_that_has_got_its_name_is_not_removed(client: Client, system: System) -> None:
    class Replacing(Client):
        """Another client removes the qube before the refused call, and makes one of that name."""

        async def send(self, request: Any) -> Any:
            if request.service == calls.VM_PROPERTY_SET.name:
                await client.send(calls.VM_REMOVE("fresh"))
                await client.send(calls.VM_CREATE("fedora-43", "AppVM", CreateSpec("fresh", "blue")))
            return await super().send(request)

    with pytest.raises(Mgmt1Error):
        await make(Replacing(client.transport), NEW, lambda _step: None, existed=False)

    assert system.runtime.state.qube("fresh").value("label") == "blue"
