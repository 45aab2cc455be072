# SPDX-License-Identifier: GPL-3.0-or-later
"""A real guest that is created, started, looked at and shut down by the calls of Qubes OS."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import guest
import pytest
from admin_tools import Tools, by_socket
from daemon_process import DaemonProcess

from qubesmanager.systems import real

pytestmark = pytest.mark.qemu


@pytest.fixture
def daemon(libvirtd: guest.Libvirtd) -> Iterator[DaemonProcess]:
    with DaemonProcess(guest.daemon_folder(libvirtd), "--real", "--hypervisor", libvirtd.uri) as running:
        yield running


async def test_a_real_guest_runs_by_the_calls_of_qubes_os(daemon: DaemonProcess, libvirtd: guest.Libvirtd) -> None:
    tools = Tools(by_socket(daemon.socket))
    tools.create("lab", real.TEMPLATE, label="green")
    tools.call("vm.volume.ImportWithSize+private", "lab", b"1048576\n" + b"first".ljust(1 << 20, b"."))
    uuid = UUID(tools.get("lab", "uuid")[1])

    await asyncio.to_thread(tools.call, "vm.Start", "lab")

    console = guest.Console.of(libvirtd.uri, uuid, daemon.socket.parent / "state" / "logs" / f"{uuid}.console")
    await console.ready()
    assert tools.call("vm.CurrentState", "lab").endswith("power_state=Running")
    terminal = Path(tools.call("vm.Console", "lab"))
    assert terminal.parent == Path("/dev/pts")
    assert await asyncio.to_thread(terminal.is_char_device)
    size = (await console.disks())["private"]
    tools.extend("lab", "private", size + (4 << 20))
    while (await console.disks())["private"] != size + (4 << 20):
        pass
    await asyncio.to_thread(tools.call, "vm.Shutdown+wait", "lab")
    assert tools.call("vm.CurrentState", "lab").endswith("power_state=Halted")
