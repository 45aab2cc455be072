# SPDX-License-Identifier: GPL-3.0-or-later
"""Running qubes whose template has changed: their volumes are outdated as soon as it has."""

from collections.abc import AsyncIterator

from until import until

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls


async def content() -> AsyncIterator[bytes]:
    yield b"updated" * 1000


def outdated(system: System) -> set[str]:
    qubes = system.runtime.state.in_order()
    return {qube.name for qube in qubes if any(volume.is_outdated for volume in qube.volumes.values())}


async def test_running_qubes_are_outdated_once_their_template_has_other_volumes(system: System, client: Client) -> None:
    assert outdated(system) == set()

    await client.send(calls.VM_VOLUME_IMPORT("fedora-43", "root", content()))

    await until(lambda: outdated(system) == {"sys-net", "sys-firewall", "sys-usb", "personal"})
    await client.send(calls.VM_SHUTDOWN("personal"))
    await client.send(calls.VM_START("personal"))
    await until(lambda: "personal" not in outdated(system))
