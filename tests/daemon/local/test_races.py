# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that race on one name, compared with a model; and with restarts, so that what is stored is seen too.

Whatever the order: no internal error, a qube whose creation was answered with OK is there until it is removed or
renamed, and each volume that the pool has belongs to a qube.
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from demo_fixtures import populate
from fakes_hypervisor import FakeHost, FakeHypervisor
from until import until, until_equal

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec, CreateSpec
from qubesmanager.wire.errors import Mgmt1Error, StoragePoolException
from qubesmanager.wire.values import PowerState

pytestmark = pytest.mark.whole

NAME = "subject"
ON_THE_WAY = {PowerState.TRANSIENT, PowerState.HALTING}

RACING: dict[str, Callable[[], Request[Any]]] = {
    "create": lambda: calls.VM_CREATE("debian-13", "AppVM", CreateSpec(NAME, "red")),
    "create disposable": lambda: calls.VM_CREATE("default-dvm", "DispVM", CreateSpec(NAME, "red")),
    "clone to it": lambda: calls.VM_CLONE("vault", payload=CloneSpec(NAME)),
    "clone from it": lambda: calls.VM_CLONE(NAME, payload=CloneSpec("copy")),
    "remove": lambda: calls.VM_REMOVE(NAME),
    "rename": lambda: calls.VM_PROPERTY_SET(NAME, "name", "other"),
    "rename to it": lambda: calls.VM_PROPERTY_SET("other", "name", NAME),
    "start": lambda: calls.VM_START(NAME),
    "shutdown": lambda: calls.VM_SHUTDOWN(NAME),
    "kill": lambda: calls.VM_KILL(NAME),
    "pause": lambda: calls.VM_PAUSE(NAME),
    "unpause": lambda: calls.VM_UNPAUSE(NAME),
    "notes": lambda: calls.VM_NOTES_SET(NAME, payload="text"),
    "snapshot": lambda: calls.VM_VOLUME_SNAPSHOT(NAME, "private"),
    "clear": lambda: calls.VM_VOLUME_CLEAR(NAME, "private"),
}


class Lab:
    """A system that can be closed and opened again, and calls that are sent to it at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._host = FakeHost()
        self.system: System
        self.client: Client

    async def open(self) -> None:
        self.system = await open_system(self._folder, FakeHypervisor(self._host))
        self.client = Client(MemoryTransport(Dispatcher(LocalBackend(self.system)).answer))

    async def restart(self) -> None:
        await self.system.runtime.close()
        await self.open()

    async def answer(self, request: Request[Any]) -> str:
        """OK, or the name of the error; an internal one fails the test."""
        try:
            await self.client.send(request)
        except Mgmt1Error as error:
            if "Internal error" in str(error):
                raise AssertionError(request) from error
            return error.wire_name
        return "OK"

    async def race(self, *names: str) -> dict[str, list[str]]:
        """The answers to the calls, sent at once, by call."""
        answers = await asyncio.gather(*(self.answer(RACING[name]()) for name in names))
        found: dict[str, list[str]] = {}
        for name, answer in zip(names, answers, strict=True):
            found.setdefault(name, []).append(answer)
        return found

    async def names(self) -> set[str]:
        return {row.name for row in await self.client.send(calls.VM_LIST("dom0"))}

    def kept(self) -> set[str]:
        """The qubes that go only when they are removed."""
        return {qube.name for qube in self.system.runtime.state.qubes.values() if not qube.flag("auto_cleanup")}

    async def settled(self) -> None:
        """Until no call and no reaction is under way: then volumes and qubes agree, and nothing is pending.

        The pool has each qube's kept volumes and nothing else.
        """
        await until_equal(self._wrong, {})

    async def _wrong(self) -> dict[str, Any]:
        qubes = self.system.runtime.state.qubes.values()
        owned = {
            volume.vid for qube in qubes for volume in qube.volumes.values() if volume.save_on_stop or qube.running
        }
        stored = await self.system.runtime.store.read("SELECT name FROM qube")
        differences = {
            "on the way": {qube.name: qube.state for qube in qubes if qube.state in ON_THE_WAY},
            "volumes": owned ^ set(await self.system.pools.driver("default").list_volumes()),
            "stored": {name for (name,) in stored} ^ {qube.name for qube in qubes},
            "pending": await self.system.runtime.store.read("SELECT * FROM pending_volume"),
            "renames": await self.system.runtime.store.read("SELECT * FROM pending_rename"),
            "reserved": self.system.runtime.reserved,
        }
        return {what: value for what, value in differences.items() if value}

    async def clear(self) -> None:
        """None of the qubes that races leave is still there."""
        for name in (NAME, "copy", "other"):
            if name in self.system.runtime.state.qubes:
                await self.answer(calls.VM_KILL(name))
            if name in self.system.runtime.state.qubes:
                await self.answer(calls.VM_REMOVE(name))
            assert name not in self.system.runtime.state.qubes


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    lab = Lab(tmp_path)
    await lab.open()
    await populate(lab.system)
    await lab.client.send(calls.VM_REMOVE("untrusted"))
    yield lab
    await lab.system.runtime.close()


async def halted(lab: Lab) -> None:
    assert await lab.answer(RACING["create"]()) == "OK"


async def running(lab: Lab) -> None:
    await halted(lab)
    assert await lab.answer(RACING["start"]()) == "OK"


async def disposable(lab: Lab) -> None:
    assert await lab.answer(RACING["create disposable"]()) == "OK"
    assert await lab.answer(RACING["start"]()) == "OK"


async def absent(_lab: Lab) -> None:
    """No qube has the name."""


BEFORE: tuple[Callable[[Lab], Awaitable[None]], ...] = (absent, halted, running, disposable)


@pytest.mark.parametrize("before", BEFORE, ids=lambda before: before.__name__)
async def test_calls_that_race_on_one_name_agree_with_what_is_there(
    lab: Lab, before: Callable[[Lab], Awaitable[None]]
) -> None:
    for number, pair in enumerate(itertools.combinations_with_replacement(RACING, 2)):
        await before(lab)

        answers = await lab.race(*pair)

        taken = answers.get("remove", []) + answers.get("rename", []) + answers.get("kill", [])
        made = [*answers.get("create", []), *answers.get("create disposable", []), *answers.get("clone to it", [])]
        if "OK" in made and "OK" not in taken:
            assert NAME in await lab.names(), pair
        if before is absent:
            assert made.count("OK") <= 1 or "OK" in taken, pair
        if number % 10 == 0:
            await lab.settled()
            there = lab.kept()
            await lab.restart()
            assert lab.kept() == there, pair
        await lab.settled()
        await lab.clear()


async def test_parallel_removals_and_creations_of_one_name_lose_no_volume(lab: Lab) -> None:
    last = ""
    for number in range(50):
        answers = await lab.race(*["remove", "create"] * 3)

        last = "created" if NAME in await lab.names() else "removed"
        if "OK" in answers["create"] and "OK" not in answers["remove"]:
            assert last == "created"
        if number % 10 == 9:
            await lab.restart()
            assert (NAME in await lab.names()) == (last == "created")
        await lab.settled()


async def test_kill_and_at_once_remove_of_a_disposable_never_fails_inside(lab: Lab) -> None:
    for _ in range(20):
        await disposable(lab)

        assert await lab.answer(RACING["kill"]()) == "OK"
        assert await lab.answer(RACING["remove"]()) in {"OK", "QubesVMNotFoundError"}

        assert NAME not in await lab.names()
        await lab.settled()


async def test_a_qube_removed_while_a_call_waits_is_not_mistaken_for_its_successor(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    await halted(lab)
    first = lab.system.runtime.state.qube(NAME)
    remove, waiting = lab.system.creation.remove, 0

    async def counted(qube: Qube) -> None:
        nonlocal waiting
        waiting += 1
        await remove(qube)

    monkeypatch.setattr(lab.system.creation, "remove", counted)
    async with asyncio.TaskGroup() as group:
        async with lab.system.runtime.holding(first):
            removals = [group.create_task(lab.answer(RACING["remove"]())) for _ in range(2)]
            await until(lambda: waiting == 2)
        # Either of the two may be first.
        await asyncio.wait(removals, return_when=asyncio.FIRST_COMPLETED)
        created = await lab.answer(RACING["create"]())

    assert sorted(task.result() for task in removals) == ["OK", "QubesVMNotFoundError"]
    assert created == "OK"
    assert lab.system.runtime.state.qube(NAME).uuid != first.uuid


async def test_a_call_is_for_the_qube_that_had_the_name_when_it_came(lab: Lab) -> None:
    await halted(lab)

    async def payload() -> AsyncIterator[bytes]:
        await lab.client.send(calls.VM_REMOVE(NAME))
        await lab.client.send(RACING["create"]())
        yield b"text for the first"

    answer = Dispatcher(LocalBackend(lab.system)).answer("dom0", "mgmt1.vm.notes.Set", "", NAME, payload())

    assert b"QubesVMNotFoundError" in b"".join([piece async for piece in answer])
    assert lab.system.runtime.state.qube(NAME).notes == ""


async def test_leftovers_of_a_removal_are_deleted_before_the_name_is_used_again(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    await halted(lab)
    driver = lab.system.pools.driver("default")
    with monkeypatch.context() as patch:
        patch.setattr(driver, "remove", refused)

        assert await lab.answer(RACING["remove"]()) == "OK"
        assert await lab.answer(RACING["create"]()) == "StoragePoolException"
        assert f"{NAME}/private" in await driver.list_volumes()

    assert await lab.answer(RACING["create"]()) == "OK"
    await lab.settled()
    await lab.restart()
    await lab.settled()
    assert NAME in await lab.names()


async def refused(_vid: str, _identity: str | None = None) -> None:
    raise StoragePoolException("The disk is asleep.")


async def test_a_volume_that_a_stored_qube_has_is_never_removed_as_pending(lab: Lab) -> None:
    await halted(lab)
    vid = f"{NAME}/private"
    identity = await lab.system.pools.driver("default").identity(vid)
    # What an earlier version could leave behind.
    await lab.system.runtime.store.commit([rows.add_pending_volume("default", vid, identity)])

    await lab.restart()

    await lab.settled()


async def test_a_stored_change_is_applied_even_if_its_caller_is_cancelled(lab: Lab) -> None:
    await halted(lab)
    committed = lab.system.runtime.store._commit
    calling: list[asyncio.Task[Any]] = []
    loop = asyncio.get_running_loop()

    def commit(statements: Any, recording: Any = None) -> None:
        committed(statements, recording)
        loop.call_soon_threadsafe(calling[0].cancel)

    lab.system.runtime.store._commit = commit  # type: ignore[method-assign]
    with contextlib.suppress(asyncio.CancelledError):
        calling.append(asyncio.get_running_loop().create_task(lab.client.send(RACING["remove"]())))
        await calling[0]
    lab.system.runtime.store._commit = committed  # type: ignore[method-assign]

    await lab.settled()
    assert NAME not in await lab.names()
