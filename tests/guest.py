# SPDX-License-Identifier: GPL-3.0-or-later
"""Real guests for tests: a libvirtd of the tests' own, the tiny guest for it, and a way to talk to that guest."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from uuid import UUID, uuid4
from xml.etree import ElementTree as ET

import libvirt
import pytest
from until import LIMIT, until

from qubesmanager.daemon.local.drivers.hypervisor.base import (
    ConnectionLost,
    DomainSpec,
    HypervisorEvent,
    StateChanged,
)
from qubesmanager.daemon.local.drivers.kernels import INITRAMFS, KERNEL
from qubesmanager.systems import guest_image, real
from qubesmanager.systems.guest_image import GuestImage
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.values import PowerState

NOBODY = 65534
CACHE = Path.home() / ".cache" / "qubes-manager-tests" / guest_image.VERSION
"""Outside of the tests' own home: the kernel is fetched once, not once a run."""


class Libvirtd:
    """A session daemon in a separate folder. libvirt refuses qemu:///session to root, so root's runs as nobody.

    `shared`: as nobody in a user namespace only, so that the guests reach the files of the user who runs the tests.
    `before`: the command that runs it, such as nsenter.
    """

    def __init__(self, folder: Path, *, shared: bool = False, before: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self._drops = os.geteuid() == 0 and not shared
        self._wrapper = (*before, *(real.AS_ORDINARY_USER if os.geteuid() == 0 and shared else ()))
        self.socket = folder / "run" / "libvirt" / "libvirt-sock"
        self.uri = f"qemu+unix:///session?socket={self.socket}"
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("run", "home", "config/libvirt", "files"):
            (folder / name).mkdir(parents=True)
        # Otherwise libvirt starts a log daemon, which stays.
        (folder / "config/libvirt/qemu.conf").write_text('stdio_handler = "file"\n', encoding="ascii")
        for path in (folder, *folder.rglob("*")):
            self.give(path)

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.folder / "home"),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_CACHE_HOME": str(self.folder / "home"),
        }
        with (self.folder / "libvirtd.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._wrapper, "/usr/sbin/libvirtd"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=NOBODY if self._drops else None,
                group=NOBODY if self._drops else None,
                extra_groups=[] if self._drops else None,
            )

        deadline = time.monotonic() + LIMIT
        while not self.socket.exists():
            assert self._process.poll() is None, (self.folder / "libvirtd.log").read_text(encoding="utf-8")
            assert time.monotonic() < deadline
            threading.Event().wait(0.02)

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Ends the guests too: they would outlive their daemon."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        for file in (self.folder / "run/libvirt/qemu/run").glob("*.pid"):
            if file.stem != "driver":
                with_pid = file.read_text(encoding="ascii").strip()
                if with_pid.isdigit():
                    try:
                        os.kill(int(with_pid), signal.SIGKILL)
                    except ProcessLookupError:
                        continue

    def file(self, name: str, content: bytes = b"", size: int = 0) -> Path:
        """A file that the guests' user may write."""
        path = self.folder / "files" / name
        path.write_bytes(content)
        if size:
            os.truncate(path, size)
        self.give(path)
        return path

    def give(self, path: Path) -> None:
        if self._drops:
            os.chown(path, NOBODY, NOBODY)


@contextmanager
def libvirtd(*, shared: bool = False, before: tuple[str, ...] = ()) -> Iterator[Libvirtd]:
    """A running daemon; skips the test with the reason where there is none."""
    for program in ("/usr/sbin/libvirtd", "qemu-system-x86_64"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    # A socket's path has 108 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="qm-lv-", dir="/tmp"))
    daemon = Libvirtd(folder, shared=shared, before=before)
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.stop()
        shutil.rmtree(folder, ignore_errors=True)


def image_for(daemon: Libvirtd) -> GuestImage:
    """The guest, where that daemon's user can read it; skips the test where the kernel cannot be had."""
    loop = asyncio.new_event_loop()
    try:
        image = loop.run_until_complete(guest_image.build(CACHE))
    except Mgmt1Error as error:
        pytest.skip(f"no guest to boot: {error}")
    finally:
        loop.close()
    return GuestImage(
        daemon.file("vmlinuz", image.kernel.read_bytes()), daemon.file("initramfs", image.initrd.read_bytes())
    )


def guest_spec(daemon: Libvirtd, image: GuestImage, name: str) -> DomainSpec:
    return DomainSpec(
        uuid4(),
        name,
        "StandaloneVM",
        memory_mib=96,
        maxmem_mib=128,
        kernel=image.kernel,
        initrd=image.initrd,
        kernelopts=image.options,
        console_log=daemon.folder / "files" / f"{name}.log",
    )


class Console:
    """The guest's serial console: what it wrote is in the log, what is asked goes in by its terminal."""

    def __init__(self, daemon: Libvirtd, spec: DomainSpec) -> None:
        assert spec.console_log is not None
        self._uri, self._uuid, self._log = daemon.uri, spec.uuid, spec.console_log

    @classmethod
    def of(cls, uri: str, uuid: UUID, log: Path) -> Self:
        """That of a guest that another caller started."""
        console = cls.__new__(cls)
        console._uri, console._uuid, console._log = uri, uuid, log
        return console

    async def ready(self) -> None:
        await until(lambda: guest_image.READY in self._text())

    async def ask(self, request: str) -> list[str]:
        """The lines of the answer to `request`, as guest_image describes them."""
        before = len(self._text())
        terminal = os.open(self._terminal(self._uuid), os.O_WRONLY | os.O_NOCTTY)
        try:
            os.write(terminal, f"qm {request}\n".encode())
            await until(lambda: "qm: end" in self._text()[before:])
        finally:
            os.close(terminal)
        lines = self._text()[before:].split("qm: end")[0].splitlines()
        return [line.removeprefix("qm: ") for line in lines if line.startswith("qm: ")]

    async def disks(self) -> dict[str, int]:
        """Bytes, by serial."""
        return {serial: int(size) for serial, size in (line.split() for line in await self.ask("disks"))}

    def _text(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def _terminal(self, uuid: UUID) -> str:
        connection = libvirt.open(self._uri)
        try:
            tree = ET.fromstring(connection.lookupByUUID(uuid.bytes).XMLDesc())
            console = tree.find("devices/console")
            assert console is not None
            return console.attrib["tty"]
        finally:
            connection.close()


async def until_halted(events: AsyncIterator[HypervisorEvent], uuid: UUID) -> list[HypervisorEvent]:
    """The events up to the one that says it halted."""
    seen: list[HypervisorEvent] = []
    async with asyncio.timeout(LIMIT):
        async for event in events:
            assert not isinstance(event, ConnectionLost)
            seen.append(event)
            if isinstance(event, StateChanged) and event.uuid == uuid and event.state is PowerState.HALTED:
                break
    return seen


def daemon_folder(daemon: Libvirtd) -> Path:
    """A folder for a daemon of real machines on that libvirtd, whose kernel is the guest's."""
    image = image_for(daemon)
    folder = daemon.folder / "real"
    kernel = folder / "state" / "kernels" / real.KERNEL
    kernel.mkdir(parents=True)
    shutil.copyfile(image.kernel, kernel / KERNEL)
    shutil.copyfile(image.initrd, kernel / INITRAMFS)
    return folder
