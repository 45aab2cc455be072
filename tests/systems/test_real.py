# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything at once on a real machine: daemon, socket, store, pool, libvirt, QEMU, and Linux in the guest."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import guest
import loop_devices
import pytest
from daemon_process import DaemonProcess
from PyQt5.QtCore import QSettings
from PyQt5.QtWidgets import QMenu
from pytestqt.qtbot import QtBot
from until import until

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2
from qubesmanager.rules.devices import DeviceKey
from qubesmanager.systems import real
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.ui.devices.device_actions import DeviceActions
from qubesmanager.ui.devices.device_feed import feed_of
from qubesmanager.ui.devices.device_operations import DeviceOperations
from qubesmanager.ui.session.session import Session
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CreateSpec, DeviceId, VolumeId
from qubesmanager.wire.errors import DeviceAlreadyAttached, QubesVMNotHaltedError
from qubesmanager.wire.values import DeviceClass, PowerState

pytestmark = pytest.mark.qemu

MIB = 1 << 20
EXTRA = VolumeId("default", "spare/data")
"""A volume that is no qube's."""


@pytest.fixture
def daemon(libvirtd: guest.Libvirtd) -> Iterator[DaemonProcess]:
    folder = guest.daemon_folder(libvirtd)
    daemon = DaemonProcess(folder, "--real", "--hypervisor", libvirtd.uri)
    # Volumes without a store would look like a system whose store was lost, which is not filled again.
    with daemon:
        pass
    asyncio.run(spare_volume(folder / "state" / "pools" / "default"))
    with daemon as running:
        yield running


async def spare_volume(place: Path) -> None:
    pool = FileQcow2(EXTRA.pool, place)
    await pool.setup()
    await pool.create(EXTRA.vid, 8 * MIB)


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def booted(client: Client, daemon: DaemonProcess, libvirtd: guest.Libvirtd, name: str) -> guest.Console:
    """Started, and up by its own word."""
    uuid = UUID((await client.send(calls.VM_PROPERTY_GET(name, "uuid"))).value)
    log = daemon.socket.parent / "state" / "logs" / f"{uuid}.console"
    log.unlink(missing_ok=True)
    await client.send(calls.VM_START(name))
    console = guest.Console.of(libvirtd.uri, uuid, log)
    await console.ready()
    return console


async def test_a_real_qube_keeps_reverts_and_grows_its_volumes(daemon: DaemonProcess, libvirtd: guest.Libvirtd) -> None:
    client = Client(UnixTransport(daemon.socket))
    await client.send(calls.VM_CREATE(real.TEMPLATE, "AppVM", CreateSpec("lab", "green")))
    await client.send(calls.VM_VOLUME_IMPORT("lab", "private", pieces(b"first".ljust(MIB, b"."))))
    console = await booted(client, daemon, libvirtd, "lab")
    logs = await client.send(calls.VM_LOG_LIST("lab"))
    assert "console" in logs
    assert "qm: guest is up" in await client.send(calls.VM_LOG_GET("lab", "console"))
    first = await console.ask("sum private 4096")

    # Snapshot of the running guest: what it writes afterwards is not in it.
    kept = await client.send(calls.VM_VOLUME_SNAPSHOT("lab", "private"))
    await console.ask("write private second")
    second = await console.ask("sum private 4096")
    assert second != first
    with pytest.raises(QubesVMNotHaltedError):
        await client.send(calls.VM_VOLUME_REVERT("lab", "private", kept))

    # It grows, and the guest sees it.
    size = (await console.disks())["private"]
    assert await client.send(calls.VM_VOLUME_EXTEND("lab", "private", size + 4 * MIB)) == size + 4 * MIB
    await until_disk(console, "private", size + 4 * MIB)

    # An extra volume comes while it runs, found by its serial, and goes.
    name = await client.send(calls.VM_VOLUME_ATTACH("lab", EXTRA, {}))
    await until_disk(console, name, 8 * MIB)
    await console.ask(f"write {name} from-the-guest")
    await client.send(calls.VM_VOLUME_DETACH("lab", name))
    await until_disk(console, name, None)

    # kill -9 of the daemon: the guest runs on, is found again, and its snapshot is there.
    daemon.stop(signal.SIGKILL)
    daemon.start()
    assert await console.ask("sum private 4096") == second
    assert kept in await client.send(calls.VM_VOLUME_LIST_SNAPSHOTS("lab", "private"))
    await client.send(calls.VM_SHUTDOWN("lab"))

    await client.send(calls.VM_VOLUME_REVERT("lab", "private", kept))
    console = await booted(client, daemon, libvirtd, "lab")
    assert await console.ask("sum private 4096") == first
    assert (await console.disks())["private"] == size
    await client.send(calls.VM_KILL("lab"))


async def test_a_real_qube_that_ignores_its_power_button_is_shut_down_through_its_agent(
    daemon: DaemonProcess, libvirtd: guest.Libvirtd
) -> None:
    client = Client(UnixTransport(daemon.socket))
    await client.send(calls.VM_CREATE(real.TEMPLATE, "AppVM", CreateSpec("deaf", "gray")))
    options = (await client.send(calls.VM_PROPERTY_GET("deaf", "kernelopts"))).value
    await client.send(calls.VM_PROPERTY_SET("deaf", "kernelopts", f"{options} qm.no-button"))
    await booted(client, daemon, libvirtd, "deaf")

    await client.send(calls.VM_SHUTDOWN("deaf"))

    assert (await client.send(calls.VM_CURRENT_STATE("deaf"))).state is PowerState.HALTED


@pytest.mark.root
@pytest.mark.skipif(loop_devices.why_not() is not None, reason=f"No loop devices here: {loop_devices.why_not()}")
async def test_a_real_loop_device_comes_to_a_guest_over_the_socket_and_goes(
    daemon: DaemonProcess, libvirtd: guest.Libvirtd
) -> None:
    client = Client(UnixTransport(daemon.socket))
    await client.send(calls.VM_CREATE(real.TEMPLATE, "AppVM", CreateSpec("lab", "green")))
    with loop_devices.attached(libvirtd.folder / "image", b"on the stick".ljust(MIB, b".")) as loop:
        device = DeviceId("dom0", loop)
        attach = calls.VM_DEVICE_ATTACH.of(DeviceClass.BLOCK)
        await client.send(attach("lab", device, {"persistent": "yes"}))
        console = await booted(client, daemon, libvirtd, "lab")
        # It was there from the start; now it goes and comes while the guest runs.
        await until_disk(console, loop, MIB)
        await client.send(calls.VM_DEVICE_DETACH.of(DeviceClass.BLOCK)("lab", device))
        await until_disk(console, loop, None)
        await client.send(attach("lab", device, {}))
        await until_disk(console, loop, MIB)
        before = await console.ask(f"sum {loop} 4096")
        await console.ask(f"write {loop} from-the-guest")
        assert await console.ask(f"sum {loop} 4096") != before

        # kill -9 of the daemon: the guest has it on, and the daemon knows.
        daemon.stop(signal.SIGKILL)
        daemon.start()
        (row,) = await client.send(calls.VM_DEVICE_LIST.of(DeviceClass.BLOCK)("lab"))
        assert row.device == device
        with pytest.raises(DeviceAlreadyAttached, match="lab"):
            await client.send(attach("lab", device, {}))
        await client.send(calls.VM_DEVICE_DETACH.of(DeviceClass.BLOCK)("lab", device))
        await until_disk(console, loop, None)
    await client.send(calls.VM_KILL("lab"))


@pytest.mark.root
@pytest.mark.skipif(loop_devices.why_not() is not None, reason=f"No loop devices here: {loop_devices.why_not()}")
async def test_the_devices_menu_gives_a_real_guest_a_real_loop_device_and_takes_it_back(
    daemon: DaemonProcess, libvirtd: guest.Libvirtd, tmp_path: Path, qtbot: QtBot
) -> None:
    client = Client(UnixTransport(daemon.socket))
    await client.send(calls.VM_CREATE(real.TEMPLATE, "AppVM", CreateSpec("lab", "green")))
    console = await booted(client, daemon, libvirtd, "lab")
    session = Session(client, daemon.socket.name, history=tmp_path / "tasks.json")
    session.settings = QSettings(str(tmp_path / "manager.ini"), QSettings.Format.IniFormat)
    catalog = feed_of(session).catalog
    actions = DeviceActions(session, DeviceOperations(session), None, session)
    session.follow()
    await until(lambda: session.is_synced)
    with loop_devices.attached(libvirtd.folder / "image", b"on the stick".ljust(MIB, b".")) as loop:
        key = DeviceKey(DeviceClass.BLOCK, "dom0", loop)
        await until(lambda: key in catalog.devices())  # as udev reports it

        choose(actions, key, "Attach to", "lab")
        await until(lambda: catalog.devices()[key].holder == "lab")
        await until_disk(console, loop, MIB)

        choose(actions, key, "Detach from lab")
        await until(lambda: not catalog.devices()[key].holder)
        await until_disk(console, loop, None)
    await until(lambda: key not in catalog.devices() or not catalog.devices()[key].present)
    await session.tasks.cancel_all()
    await client.send(calls.VM_KILL("lab"))


def choose(actions: DeviceActions, key: DeviceKey, *texts: str) -> None:
    """Pick a line in the menu of a device."""
    whole = QMenu()
    actions.fill(whole, key)
    menu = whole
    for text in texts:
        action = next(line for line in menu.actions() if line.text().replace("&", "") == text)
        if (inner := action.menu()) is not None:
            menu = inner
        else:
            action.trigger()


async def until_disk(console: guest.Console, serial: str, size: int | None) -> None:
    """The guest learns it a moment later."""
    while (await console.disks()).get(serial) != size:
        pass
