# SPDX-License-Identifier: GPL-3.0-or-later
"""What only a real guest can show: disks that come, grow and go while it runs, a daemon of libvirt's that dies."""

import asyncio
import contextlib
import hashlib
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import guest
import libvirt
import pytest

from qubesmanager.daemon.local.drivers.devices.base import Microphone
from qubesmanager.daemon.local.drivers.hypervisor.base import (
    ConnectionLost,
    DiskFormat,
    DiskSpec,
    DomainInfo,
    DomainSpec,
    Reconnected,
    StateChanged,
)
from qubesmanager.daemon.local.drivers.hypervisor.libvirt_driver import LibvirtHypervisor
from qubesmanager.daemon.local.drivers.pools import qcow2
from qubesmanager.systems.guest_image import GuestImage
from qubesmanager.wire.errors import Mgmt1Error, QubesVMNotStartedError
from qubesmanager.wire.values import PowerState

pytestmark = pytest.mark.qemu

MIB = 1 << 20


@pytest.fixture
async def hypervisor(libvirtd: guest.Libvirtd) -> AsyncIterator[LibvirtHypervisor]:
    one = LibvirtHypervisor(libvirtd.uri, owner="tests", accel_wish="tcg")
    await one.open()
    yield one
    for domain in await one.domains():
        await one.forget(domain.uuid)
    await one.close()


@pytest.fixture
def spec(libvirtd: guest.Libvirtd, image: GuestImage, request: pytest.FixtureRequest) -> DomainSpec:
    return guest.guest_spec(libvirtd, image, f"guest-{os.getpid()}-{abs(hash(request.node.name)) % 10000}")


async def test_a_disk_is_plugged_grown_and_unplugged_while_the_guest_runs(
    libvirtd: guest.Libvirtd, hypervisor: LibvirtHypervisor, spec: DomainSpec
) -> None:
    content = os.urandom(MIB)
    path = libvirtd.file("extra.raw", content)
    console = guest.Console(libvirtd, spec)
    await hypervisor.start(spec)
    await console.ready()
    assert await console.disks() == {}

    await hypervisor.attach_disk(spec.uuid, DiskSpec("xvdi", path, serial="work-extra"))
    while (disks := await console.disks()) != {"work-extra": MIB}:
        assert disks == {}
    assert await console.ask(f"sum work-extra {MIB}") == [hashlib.sha256(content).hexdigest()]

    await hypervisor.resize_disk(spec.uuid, "xvdi", 2 * MIB)
    while (disks := await console.disks()) != {"work-extra": 2 * MIB}:
        assert disks == {"work-extra": MIB}
    await console.ask("write work-extra from-the-guest")
    assert path.read_bytes().startswith(b"from-the-guest")

    await hypervisor.detach_disk(spec.uuid, "xvdi")
    while await console.disks():
        pass
    await hypervisor.detach_disk(spec.uuid, "xvdi")


async def test_thirty_disks_are_attached_to_one_guest(
    libvirtd: guest.Libvirtd, hypervisor: LibvirtHypervisor, spec: DomainSpec
) -> None:
    await hypervisor.start(spec)
    console = guest.Console(libvirtd, spec)
    await console.ready()
    letters = [*"abcdefghijklmnopqrstuvwxyz", "aa", "ab", "ac", "ad"]

    for letter in letters:
        path = libvirtd.file(f"many-{letter}.raw", size=MIB)
        await hypervisor.attach_disk(spec.uuid, DiskSpec(f"xvd{letter}", path, serial=f"disk-{letter}"))

    expected = {f"disk-{letter}" for letter in letters}
    while not expected <= (await console.disks()).keys():
        pass


async def test_a_second_disk_at_the_same_place_is_refused(
    libvirtd: guest.Libvirtd, hypervisor: LibvirtHypervisor, spec: DomainSpec
) -> None:
    await hypervisor.start(spec)
    disk = DiskSpec("xvdi", libvirtd.file("twice.raw", size=MIB), serial="one")
    await hypervisor.attach_disk(spec.uuid, disk)

    with pytest.raises(Mgmt1Error):
        await hypervisor.attach_disk(spec.uuid, disk)


def listening_ports(pid: int) -> set[str]:
    """Addresses on which the process accepts TCP connections, as the kernel writes them."""
    sockets = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            sockets.add(str(path.readlink()))
    tables = [Path(f"/proc/{pid}/net/{name}").read_text("ascii") for name in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table.splitlines()]
    return {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}


async def test_the_screen_of_a_qube_listens_nowhere_and_is_opened_by_a_descriptor(
    libvirtd: guest.Libvirtd, hypervisor: LibvirtHypervisor, spec: DomainSpec
) -> None:
    await hypervisor.start(replace(spec, debug=True))

    connection = libvirt.open(libvirtd.uri)
    try:
        with socket.socket(fileno=connection.lookupByUUID(spec.uuid.bytes).openGraphicsFD(0)) as screen:
            assert (await asyncio.to_thread(screen.recv, 3)) == b"RFB"
    finally:
        connection.close()
    (pid_file,) = libvirtd.folder.glob(f"run/libvirt/qemu/run/{spec.name}.pid")
    assert not listening_ports(int(pid_file.read_text("ascii")))


async def test_an_image_names_no_file_that_qemu_would_open(
    libvirtd: guest.Libvirtd, hypervisor: LibvirtHypervisor, spec: DomainSpec
) -> None:
    base, top = libvirtd.folder / "base.qcow2", libvirtd.folder / "top.qcow2"
    qcow2.create(base, MIB)
    qcow2.create(top, MIB, "elsewhere.qcow2")
    for path in (base, top):
        libvirtd.give(path)
    await hypervisor.start(spec)

    disk = DiskSpec("xvdi", top, DiskFormat.QCOW2, serial="work-extra", backing=(base,))
    await hypervisor.attach_disk(spec.uuid, disk)

    assert (await hypervisor.disk_files(spec.uuid))["xvdi"] == top


async def test_sound_is_added_at_the_next_start_and_the_answer_names_that(
    hypervisor: LibvirtHypervisor, spec: DomainSpec
) -> None:
    await hypervisor.start(spec)

    with pytest.raises(Mgmt1Error, match="next start"):
        await hypervisor.attach_device(spec.uuid, Microphone())


async def test_a_start_without_its_disk_leaves_nothing(
    libvirtd: guest.Libvirtd, hypervisor: LibvirtHypervisor, spec: DomainSpec
) -> None:
    missing = replace(spec, disks=(DiskSpec("xvda", libvirtd.folder / "nowhere.raw"),))

    with pytest.raises(QubesVMNotStartedError, match=spec.name):
        await hypervisor.start(missing)

    assert await hypervisor.domains() == []
    assert await hypervisor.state(spec.uuid) is PowerState.HALTED
    await hypervisor.start(spec)
    assert await anext(hypervisor.events()) == StateChanged(spec.uuid, PowerState.RUNNING)


async def test_another_managers_domains_are_not_seen(
    libvirtd: guest.Libvirtd, hypervisor: LibvirtHypervisor, spec: DomainSpec
) -> None:
    other = LibvirtHypervisor(libvirtd.uri, owner="somebody else", accel_wish="tcg")
    await other.open()
    try:
        await hypervisor.start(spec)

        assert await other.domains() == []
        assert await other.stats() == []
        assert await other.state(spec.uuid) is PowerState.HALTED
    finally:
        await other.close()


async def test_domains_are_found_again_after_libvirt_was_killed() -> None:
    with guest.libvirtd() as daemon:
        hypervisor = LibvirtHypervisor(daemon.uri, accel_wish="tcg")
        await hypervisor.open()
        # No kernel: the firmware runs, and that is all this needs.
        spec = DomainSpec(uuid4(), "work", "AppVM", memory_mib=32)
        events = hypervisor.events()
        await hypervisor.start(spec)
        assert await anext(events) == StateChanged(spec.uuid, PowerState.RUNNING)

        daemon.kill()
        assert isinstance(await anext(events), ConnectionLost)
        with pytest.raises(Mgmt1Error):
            await hypervisor.kill(spec.uuid)
        daemon.start()

        assert await anext(events) == Reconnected((DomainInfo(spec.uuid, "work", PowerState.RUNNING),))
        await hypervisor.kill(spec.uuid)
        await guest.until_halted(events, spec.uuid)
        await hypervisor.close()
