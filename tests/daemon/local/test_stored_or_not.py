# SPDX-License-Identifier: GPL-3.0-or-later
"""A call that answers "could not be stored" has changed nothing, and one that answers OK has changed all of it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from demo_fixtures import client_of, populate
from fakes_hypervisor import FakeHost, FakeHypervisor
from until import LIMIT, until, until_equal

from qubesmanager.daemon.local.drivers.devices.memory import MemoryDevices
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.store.store import StoreError
from qubesmanager.daemon.local.system import System
from qubesmanager.systems import demo
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec, CreateSpec, DeviceId, VolumeId
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.values import DeviceClass

pytestmark = [pytest.mark.whole, pytest.mark.usefixtures("short_pauses")]

MIB = 1 << 20
BLOCK = DeviceClass.BLOCK
STICK = DeviceId("sys-usb", "sda")
DISK = DeviceId("dom0", "sdb")
LOOP = DeviceId("dom0", "loop0")
MOST_STEPS = 12
"""Commits of one call, at most."""


async def image() -> AsyncIterator[bytes]:
    yield b"x" * (5 * MIB)


CALLS: dict[str, Callable[[], Request[Any]]] = {
    "create": lambda: calls.VM_CREATE("debian-13", "AppVM", CreateSpec("new", "red")),
    "clone": lambda: calls.VM_CLONE("vault", payload=CloneSpec("new")),
    "remove": lambda: calls.VM_REMOVE("untrusted"),
    "rename": lambda: calls.VM_PROPERTY_SET("vault", "name", "safe"),
    "start": lambda: calls.VM_START("vault"),
    "extend": lambda: calls.VM_VOLUME_EXTEND("vault", "private", 4 << 30),
    "import": lambda: calls.VM_VOLUME_IMPORT("vault", "private", image()),
    "attach": lambda: calls.VM_DEVICE_ATTACH.of(BLOCK)("work", DISK, {}),
    "attach and assign": lambda: calls.VM_DEVICE_ATTACH.of(BLOCK)("work", DISK, {"persistent": "yes"}),
    "detach": lambda: calls.VM_DEVICE_DETACH.of(BLOCK)("work", STICK),
    "detach an assigned one": lambda: calls.VM_DEVICE_DETACH.of(BLOCK)("personal", LOOP),
    "detach one and keep the assignment": lambda: calls.VM_DEVICE_DETACH_ONLY.of(BLOCK)("personal", LOOP),
    "attach a volume": lambda: calls.VM_VOLUME_ATTACH("work", VolumeId("default", "spare/disk"), {}),
    "detach a volume": lambda: calls.VM_VOLUME_DETACH("personal", "extra-1"),
    "set": lambda: calls.VM_PROPERTY_SET("work", "memory", "700"),
    "tag": lambda: calls.VM_TAG_SET("work", "x"),
    "label": lambda: calls.LABEL_REMOVE("dom0", "purple"),
    "flush": lambda: calls.VM_FIREWALL_FLUSH("work"),
}


def view(system: System, host: FakeHost) -> dict[str, Any]:
    """What a caller sees and what the hypervisor has, but for times and measured usage."""
    return {
        "qubes": {
            name: (
                qube.state,
                dict(qube.own),
                set(qube.tags),
                qube.rules,
                {volume._replace(usage=0, is_outdated=False) for volume in qube.volumes.values()},
                {(*device[:4], tuple(sorted(device.options.items()))) for device in qube.devices},
            )
            for name, qube in system.runtime.state.qubes.items()
        },
        "labels": dict(system.runtime.state.labels),
        "disks": {domain.spec.name: {disk.target for disk in domain.spec.disks} for domain in host.domains.values()},
    }


class Lab:
    """A system whose store refuses the commit that is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.host = FakeHost()
        self.system: System
        self.failing = 0
        self.commits = 0

    async def open(self) -> None:
        machine = MemoryDevices.of(demo.DEVICES["dom0"])
        self.system = await open_system(self._folder, FakeHypervisor(self.host), devices=machine)
        commit = self.system.runtime.store._commit

        def counted(statements: Any, recording: Any = None) -> None:
            self.commits += 1
            if self.commits == self.failing:
                raise StoreError("The change could not be stored: injected.")
            commit(statements, recording)

        self.system.runtime.store._commit = counted  # type: ignore[method-assign]

    async def prepare(self) -> None:
        await self.open()
        await populate(self.system)
        driver = self.system.pools.driver("default")
        for vid in ("spare/disk", "spare/other"):
            await driver.create(vid, MIB)
        client = client_of(self.system)
        await client.send(calls.VM_DEVICE_ATTACH.of(BLOCK)("work", STICK, {}))
        await client.send(calls.VM_DEVICE_ATTACH.of(BLOCK)("personal", LOOP, {"persistent": "yes"}))
        await client.send(calls.VM_VOLUME_ATTACH("personal", VolumeId("default", "spare/other"), {}))
        await self.system.volumes.measure_all()

    async def answer(self, request: Request[Any], failing: int) -> str:
        """OK, or the sentence of the refusal; `failing` is the number of the commit that fails."""
        self.commits, self.failing = 0, failing
        try:
            await client_of(self.system).send(request)
        except Mgmt1Error as error:
            return str(error)
        return "OK"

    async def shows(self, expected: dict[str, Any]) -> None:
        """Until reactions have brought the system to what is expected."""
        await until_equal(lambda: view(self.system, self.host), expected)

    async def restart(self) -> None:
        await until(lambda: not self.system.runtime._retrying)
        await self.system.runtime.close()
        await self.open()
        self.system.devices.offer(self.system.runtime.state.qube("sys-usb"), MemoryDevices.of(demo.DEVICES["sys-usb"]))
        await self.system.volumes.measure_all()


@pytest.mark.parametrize("name", CALLS)
async def test_a_call_whose_storing_fails_at_any_step_did_nothing_or_all(tmp_path: Path, name: str) -> None:
    lab = Lab(tmp_path / "0")
    await lab.prepare()
    for step in range(1, MOST_STEPS):
        before = view(lab.system, lab.host)
        answer = await lab.answer(CALLS[name](), step)
        reached = lab.commits >= step
        if answer == "OK":
            after = view(lab.system, lab.host)
            assert after != before
        else:
            assert "injected" in answer
            await lab.shows(before)
            after = before
        await lab.restart()
        await lab.shows(after)
        if answer == "OK" and reached:
            await lab.system.runtime.close()
            lab = Lab(tmp_path / str(step))
            await lab.prepare()
        elif answer == "OK":
            break
    else:
        raise AssertionError("the call never answers OK")
    await lab.system.runtime.close()


async def test_what_comes_after_the_end_of_the_store_is_refused(system: System) -> None:
    """As the end of a cancelled backup, when the daemon waits no longer for it."""
    await system.runtime.store.close()

    for late in (system.runtime.store.read("SELECT 1"), system.runtime.store.commit([])):
        with pytest.raises(StoreError, match="The store is closed"):
            await late


async def test_a_caller_cancelled_twice_still_applies_what_was_stored(system: System) -> None:
    """By its client, and by the end of the daemon: what follows the transaction has to follow it."""
    begun, go_on = threading.Event(), threading.Event()
    applied = []
    commit = system.runtime.store._commit

    def slowly(statements: list[Any], recording: Any = None) -> None:
        begun.set()
        go_on.wait(LIMIT)
        commit(statements, recording)

    async def change() -> None:
        await system.runtime.store.commit([])
        applied.append(1)
        await asyncio.sleep(60)

    system.runtime.store._commit = slowly  # type: ignore[method-assign]
    changing = asyncio.get_running_loop().create_task(change())
    await asyncio.to_thread(begun.wait, 30)
    for _ in range(2):
        changing.cancel()
        await asyncio.sleep(0)
    go_on.set()
    await asyncio.wait([changing])

    assert changing.cancelled()
    assert applied == [1]
