# SPDX-License-Identifier: GPL-3.0-or-later
"""The hypervisors that the contract is tried on, each with domains that suit it."""

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from fakes_hypervisor import FakeHost, FakeHypervisor
from guest import Console, Libvirtd, guest_spec

from qubesmanager.daemon.local.drivers.hypervisor.base import DomainSpec, Hypervisor
from qubesmanager.daemon.local.drivers.hypervisor.guest_pipe import MemoryPipe
from qubesmanager.daemon.local.drivers.hypervisor.libvirt_driver import LibvirtHypervisor
from qubesmanager.systems.guest_image import GuestImage


class World(Protocol):
    outlives: bool
    """Domains run on when the process that started them ends."""
    has_channels: bool
    """A domain may have a guest channel."""

    def hypervisor(self) -> Hypervisor: ...

    def spec(self, name: str) -> DomainSpec: ...

    async def booted(self, spec: DomainSpec) -> None:
        """Wait until the guest would hear its power button."""
        ...

    async def start_and_die(self, spec: DomainSpec) -> None:
        """Start it from a process that is then killed."""
        ...


class FakeWorld:
    outlives = True
    has_channels = True

    def __init__(self) -> None:
        self._host = FakeHost(channel=lambda _uuid: MemoryPipe.pair()[0])

    def hypervisor(self) -> Hypervisor:
        return FakeHypervisor(self._host)

    def spec(self, name: str) -> DomainSpec:
        return DomainSpec(uuid4(), name, "AppVM", memory_mib=64, maxmem_mib=128)

    async def booted(self, spec: DomainSpec) -> None:
        return None

    async def start_and_die(self, spec: DomainSpec) -> None:
        first = FakeHypervisor(self._host)
        await first.open()
        await first.start(spec)


class TestDriverWorld(FakeWorld):
    __test__ = False
    outlives = False
    has_channels = False

    def hypervisor(self) -> Hypervisor:
        return LibvirtHypervisor("test:///default", owner="tests")


class QemuWorld:
    outlives = True
    has_channels = True

    def __init__(self, daemon: Libvirtd, image: GuestImage) -> None:
        self._daemon, self._image = daemon, image

    def hypervisor(self) -> Hypervisor:
        return LibvirtHypervisor(self._daemon.uri, owner="tests", accel_wish="tcg")

    def spec(self, name: str) -> DomainSpec:
        return guest_spec(self._daemon, self._image, f"{name}-{uuid4().hex[:6]}")

    async def booted(self, spec: DomainSpec) -> None:
        await Console(self._daemon, spec).ready()

    async def start_and_die(self, spec: DomainSpec) -> None:
        script = Path(__file__).with_name("hypervisor_start_and_wait.py")
        # Blocking on purpose: nothing else runs in this test.
        with subprocess.Popen(  # noqa: ASYNC220 - see above
            [sys.executable, str(script), self._daemon.uri], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(pickle.dumps(spec))
            process.stdin.close()
            assert process.stdout.readline() == b"started\n"
            process.kill()
