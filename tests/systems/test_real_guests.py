# SPDX-License-Identifier: GPL-3.0-or-later
"""The channel of real guests: Linux with Debian's Python, our agent and client, a real daemon and its policy."""

import asyncio
import shutil
from collections.abc import Iterator
from uuid import UUID

import guest
import pytest
import python_guest
from daemon_process import DaemonProcess
from until import until

from qubesmanager.client.client import Client
from qubesmanager.systems import real
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.guest_services import ServiceResult

pytestmark = [pytest.mark.qemu, pytest.mark.slow]

MEMORY = "320"
POLICY = """\
mgmt1.vm.CurrentState * work @adminvm allow target=dom0
mgmt1.vm.CurrentState * work personal allow target=dom0
mgmt1.vm.List * work @adminvm allow target=dom0
mgmt1.vm.List * work personal allow target=dom0
test.Name * work personal allow
test.Missing * work personal allow
"""


@pytest.fixture
def daemon(libvirtd: guest.Libvirtd) -> Iterator[DaemonProcess]:
    try:
        image = asyncio.run(python_guest.build())
    except Mgmt1Error as error:
        pytest.skip(f"no guest to boot: {error}")
    folder = libvirtd.folder / "real"
    kernel = folder / "state" / "kernels" / real.KERNEL
    kernel.mkdir(parents=True)
    shutil.copyfile(image.kernel, kernel / "vmlinuz")
    shutil.copyfile(image.initrd, kernel / "initramfs")
    shutil.rmtree(image.initrd.parent)
    (folder / "state/policy.d").mkdir()
    (folder / "state/policy.d/30-test.policy").write_text(POLICY)
    with DaemonProcess(folder, "--real", "--hypervisor", libvirtd.uri) as running:
        yield running


async def started(client: Client, daemon: DaemonProcess, libvirtd: guest.Libvirtd, name: str) -> guest.Console:
    options = (await client.send(calls.VM_PROPERTY_GET(name, "kernelopts"))).value
    await client.send(calls.VM_PROPERTY_SET(name, "kernelopts", f"{options} qubes.name={name}"))
    await client.send(calls.VM_PROPERTY_SET(name, "memory", MEMORY))
    uuid = UUID((await client.send(calls.VM_PROPERTY_GET(name, "uuid"))).value)
    await client.send(calls.VM_START(name))
    return guest.Console.of(libvirtd.uri, uuid, daemon.socket.parent / "state" / "logs" / f"{uuid}.console")


async def call(console: guest.Console, *words: str) -> tuple[int, str]:
    """Exit status of a call of the guest, and its output."""
    (line,) = await console.ask(" ".join(("call", *words)))
    status, _blank, output = line.partition(" ")
    return int(status), output.strip()


async def test_guests_call_dom0_and_each_other_and_dom0_starts_services_in_them(
    daemon: DaemonProcess, libvirtd: guest.Libvirtd
) -> None:
    client = Client(UnixTransport(daemon.socket))
    work = await started(client, daemon, libvirtd, "work")
    await started(client, daemon, libvirtd, "personal")

    async def are_connected() -> bool:
        values = [await client.send(calls.VM_PROPERTY_GET(name, "has_agent")) for name in ("work", "personal")]
        return all(each.value == "yes" for each in values)

    await until(are_connected)
    await work.ready()

    # dom0 starts a service in a guest.
    shell = calls.VM_RUN_SERVICE("work", "qubes.VMShell", b"echo out; echo errors >&2; cat /etc/name; exit 3\n")
    assert await client.send(shell) == ServiceResult(3, b"out\nwork\n", b"errors\n")

    # The guest calls dom0: what the policy lets it, and sees only what it may.
    status, state = await call(work, "personal", "mgmt1.vm.CurrentState")
    assert (status, state[:2]) == (0, "0|")
    assert "power_state=Running" in state
    status, listed = await call(work, "dom0", "mgmt1.vm.List")
    assert status == 0
    assert "personal class=AppVM" in listed
    assert "tiny" not in listed
    assert (await call(work, "personal", "mgmt1.vm.Kill"))[0] == 126
    assert (await call(work, "dom0", "mgmt1.vm.NoSuchCall"))[0] == 126

    # It calls a service of another guest, which learns from whom the call is.
    assert await call(work, "personal", "test.Name") == (0, "personal of work")
    assert (await call(work, "personal", "test.Missing"))[0] == 127
    assert (await call(work, "personal", "qubes.VMShell"))[0] == 126

    # The daemon ends, and another one takes over the guests that run.
    daemon.stop()
    daemon.start()
    await until(are_connected)
    assert await call(work, "personal", "test.Name") == (0, "personal of work")
    for name in ("work", "personal"):
        await client.send(calls.VM_KILL(name))
