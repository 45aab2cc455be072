# SPDX-License-Identifier: GPL-3.0-or-later
"""A real guest behind a real tap, its netvm's rules in the kernel between it and a server.

Daemon, libvirtd and guest live in a network namespace of the test's own, in place of a host.
"""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import guest
import netns
import pytest
from daemon_process import DaemonProcess

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.firewall import namespaces
from qubesmanager.daemon.local.drivers.firewall.namespaces import NAMESPACES
from qubesmanager.host import command
from qubesmanager.systems import real
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CreateSpec

WHY_NOT = namespaces.why_not()
pytestmark = [
    pytest.mark.qemu,
    pytest.mark.root,
    pytest.mark.skipif(WHY_NOT is not None, reason=f"No real firewall here: {WHY_NOT}"),
]

SERVER = "192.0.2.1"
HOST = f"qg{os.getpid()}"
ENTER = ("nsenter", f"--net={NAMESPACES / HOST}", "--")


@pytest.fixture
def host() -> Iterator[None]:
    subprocess.run(["ip", "netns", "add", HOST], check=True)
    before = set(NAMESPACES.iterdir())
    try:
        subprocess.run([*ENTER, "ip", "link", "set", "lo", "up"], check=True)
        yield
    finally:
        # Those of a daemon only: tests in other processes have namespaces of their own meanwhile.
        for left in {each for each in set(NAMESPACES.iterdir()) - before if each.name.startswith("qm")}:
            subprocess.run(["ip", "netns", "delete", left.name], check=True)
        subprocess.run(["ip", "netns", "delete", HOST], check=True)


@pytest.fixture
def libvirtd(host: None) -> Iterator[guest.Libvirtd]:
    with guest.libvirtd(shared=True, before=ENTER) as daemon:
        yield daemon


@pytest.fixture
def daemon(libvirtd: guest.Libvirtd) -> Iterator[DaemonProcess]:
    folder = guest.daemon_folder(libvirtd)
    arguments = ("--real", "--hypervisor", libvirtd.uri, "--network", "closed")
    with DaemonProcess(folder, *arguments, before=ENTER) as running:
        yield running


async def test_a_real_guest_reaches_only_the_hosts_that_its_rules_allow(
    daemon: DaemonProcess, libvirtd: guest.Libvirtd
) -> None:
    client = Client(UnixTransport(daemon.socket))
    await client.send(calls.VM_CREATE(real.TEMPLATE, "AppVM", CreateSpec("gate", "red")))
    await client.send(calls.VM_PROPERTY_SET("gate", "netvm", ""))
    await client.send(calls.VM_PROPERTY_SET("gate", "provides_network", "yes"))
    await client.send(calls.VM_CREATE(real.TEMPLATE, "AppVM", CreateSpec("lab", "green")))
    await client.send(calls.VM_PROPERTY_SET("lab", "netvm", "gate"))
    uuid = UUID((await client.send(calls.VM_PROPERTY_GET("lab", "uuid"))).value)

    # Its netvm is started first; the server runs in its namespace.
    await client.send(calls.VM_START("lab"))
    (place,) = [path for path in NAMESPACES.iterdir() if path.name.endswith("-gate")]
    await command.run(*command.in_namespace(str(place), ["ip", "address", "add", SERVER, "dev", "lo"]))
    log = daemon.socket.parent / "state" / "logs" / f"{uuid}.console"
    console = guest.Console.of(libvirtd.uri, uuid, log)
    await console.ready()
    with netns.listen(str(place), SERVER, 443):
        assert await console.ask(f"reach {SERVER} 443") == ["reached"]

        await client.send(calls.VM_FIREWALL_FLUSH("lab"))
        assert await console.ask(f"reach {SERVER} 443") == ["not reached"]

        rule = f"action=accept dst4={SERVER}/32 proto=tcp dstports=443-443"
        await client.send(calls.VM_FIREWALL_INSERT_RULE("lab", None, rule))
        assert await console.ask(f"reach {SERVER} 443") == ["reached"]
        assert (await client.send(calls.VM_PROPERTY_GET("lab", "firewall_state"))).value == "enforced"

        # No netvm: the card is gone. And back again, while it runs.
        await client.send(calls.VM_PROPERTY_SET("lab", "netvm", ""))
        assert await console.ask(f"reach {SERVER} 443") == ["not reached"]

    await client.send(calls.VM_KILL("lab"))
    await client.send(calls.VM_KILL("gate"))
    assert not await asyncio.to_thread(Path(place).exists)
