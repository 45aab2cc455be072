# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts that are cut short, reactions that fail at first, a store whose files are gone: nothing is lost or stuck."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes_hypervisor import FakeHost, FakeHypervisor
from until import until, until_equal

from qubesmanager.client.client import Client
from qubesmanager.daemon.local import runtime
from qubesmanager.daemon.local.drivers.hypervisor.base import DomainSpec
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.store.store import StoreError
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.errors import Mgmt1Error, QubesVMNotStartedError, StoragePoolException
from qubesmanager.wire.values import PowerState

pytestmark = pytest.mark.usefixtures("short_pauses")


class SlowHypervisor(FakeHypervisor):
    """Starts as libvirt does: in a thread that goes on when its caller is cancelled, and ends when it is released."""

    def __init__(self, host: FakeHost | None = None) -> None:
        super().__init__(host)
        self.slow = False
        self.entered = asyncio.Event()
        self.release = asyncio.Event()
        self.working: set[asyncio.Task[None]] = set()

    async def start(self, spec: DomainSpec) -> None:
        if not self.slow:
            await super().start(spec)
            return
        self.entered.set()
        task = asyncio.get_running_loop().create_task(self._start_late(spec))
        self.working.add(task)
        await asyncio.shield(task)

    async def _start_late(self, spec: DomainSpec) -> None:
        await self.release.wait()
        await super().start(spec)


@pytest.fixture
def hypervisor() -> SlowHypervisor:
    return SlowHypervisor()


async def volumes(system: System, name: str) -> set[str]:
    listed = await system.pools.driver("default").list_volumes()
    return {vid.partition("/")[2] for vid in listed if vid.startswith(f"{name}/")}


@contextlib.contextmanager
def full_disk(system: System) -> Iterator[None]:
    """Nothing can be stored."""
    commit = system.runtime.store._commit

    def refuse(_statements: Any, _recording: Any) -> None:
        raise StoreError("The change could not be stored: the disk is full.")

    system.runtime.store._commit = refuse  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        system.runtime.store._commit = commit  # type: ignore[method-assign]


# -- starts that are cut short ----------------------------------------------------------------------------------------


async def begin_slow_start(system: System, hypervisor: SlowHypervisor) -> asyncio.Task[None]:
    hypervisor.slow = True
    task = asyncio.get_running_loop().create_task(system.lifecycle.start("vault"))
    await hypervisor.entered.wait()
    return task


async def test_a_cancelled_start_that_succeeds_leaves_the_qube_running_on_its_volumes(
    system: System, hypervisor: SlowHypervisor, client: Client
) -> None:
    task = await begin_slow_start(system, hypervisor)

    task.cancel()
    hypervisor.release.set()
    await asyncio.wait([task])

    assert task.cancelled()
    assert system.runtime.state.qube("vault").state is PowerState.RUNNING
    assert await volumes(system, "vault") == {"root", "private", "volatile"}
    await client.send(calls.VM_KILL("vault"))
    assert await volumes(system, "vault") == {"private"}


async def test_a_cancelled_start_that_the_hypervisor_refuses_is_undone(
    system: System, hypervisor: SlowHypervisor, client: Client
) -> None:
    vault = system.runtime.state.qube("vault")
    hypervisor.start_errors[vault.uuid] = QubesVMNotStartedError("No memory.")
    task = await begin_slow_start(system, hypervisor)

    task.cancel()
    hypervisor.release.set()
    await asyncio.wait([task])

    assert vault.state is PowerState.HALTED
    assert vault.start_time is None
    assert await volumes(system, "vault") == {"private"}
    hypervisor.start_errors.clear()
    await client.send(calls.VM_START("vault"))


async def test_a_daemon_that_ends_inside_a_start_stops_no_volume_and_the_next_one_decides(
    system: System, hypervisor: SlowHypervisor, tmp_path: Path
) -> None:
    task = await begin_slow_start(system, hypervisor)

    # As the server does it, and then the end of the loop.
    task.cancel()
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    await system.runtime.close()
    left = SlowHypervisor(hypervisor.host)
    await left.open()
    hypervisor._open = True
    hypervisor.release.set()
    await asyncio.wait(hypervisor.working)

    after = await open_system(tmp_path / "state", left)
    try:
        assert after.runtime.state.qube("vault").state is PowerState.RUNNING
        assert await volumes(after, "vault") == {"root", "private", "volatile"}
    finally:
        await after.runtime.close()


async def test_a_connection_lost_inside_a_start_is_decided_when_it_is_back(
    system: System, hypervisor: SlowHypervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def start_and_lose(spec: DomainSpec) -> None:
        await FakeHypervisor.start(hypervisor, spec)
        hypervisor.lose_connection()
        raise Mgmt1Error("The connection to the hypervisor is lost.")

    vault = system.runtime.state.qube("vault")
    monkeypatch.setattr(hypervisor, "start", start_and_lose)

    with pytest.raises(Mgmt1Error):
        await system.lifecycle.start("vault")

    assert system.runtime.state.qube("vault").state is PowerState.HALTING
    assert await volumes(system, "vault") == {"root", "private", "volatile"}
    hypervisor.restore_connection()
    await until(lambda: vault.state is PowerState.RUNNING)


# -- reactions that fail at first -------------------------------------------------------------------------------------


async def test_a_kill_on_a_full_disk_ends_and_the_qube_heals(system: System, client: Client) -> None:
    work = system.runtime.state.qube("work")
    with full_disk(system):
        with pytest.raises(Mgmt1Error, match=r"work was killed\. The cleanup after it failed and will be tried again"):
            await client.send(calls.VM_KILL("work"))
        assert work.state is PowerState.HALTING
        with pytest.raises(Mgmt1Error, match="the disk is full"):
            await client.send(calls.VM_START("work"))

    await until(lambda: work.state is PowerState.HALTED)
    await client.send(calls.VM_START("work"))
    assert system.runtime.state.qube("work").state is PowerState.RUNNING


async def test_a_start_right_after_the_disk_has_room_again_cleans_up_first(
    system: System, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "FIRST_PAUSE", 1000.0)
    with full_disk(system), contextlib.suppress(Mgmt1Error):
        await client.send(calls.VM_KILL("work"))

    await client.send(calls.VM_START("work"))

    assert system.runtime.state.qube("work").state is PowerState.RUNNING


async def test_a_shutdown_on_a_full_disk_ends_and_the_qube_heals(system: System, client: Client) -> None:
    work = system.runtime.state.qube("work")
    with full_disk(system), pytest.raises(Mgmt1Error, match=r"work has shut down\. The cleanup"):
        await client.send(calls.VM_SHUTDOWN("work"))

    await until(lambda: work.state is PowerState.HALTED)
    assert work.start_time is None


async def test_a_crash_on_a_full_disk_heals_by_itself(system: System, hypervisor: SlowHypervisor) -> None:
    work = system.runtime.state.qube("work")
    with full_disk(system):
        hypervisor.crash(work.uuid)
        await until(lambda: work.state is PowerState.HALTING)

    await until(lambda: work.state is PowerState.HALTED)
    assert await system.runtime.store.read("SELECT start_time FROM qube WHERE name = 'work'") == [(None,)]


async def test_a_disposable_that_could_not_be_removed_is_removed_later(system: System, client: Client) -> None:
    await client.send(calls.VM_CREATE("default-dvm", "DispVM", CreateSpec("disp1", "red")))
    await client.send(calls.VM_START("disp1"))
    with full_disk(system), contextlib.suppress(Mgmt1Error):
        await client.send(calls.VM_KILL("disp1"))

    await until(lambda: "disp1" not in system.runtime.state.qubes)
    await until(lambda: not system.runtime.reserved)
    assert await volumes(system, "disp1") == set()


async def test_a_volume_that_cannot_be_stopped_delays_halting_and_is_new_at_the_next_start(
    system: System, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_spec: object) -> None:
        raise StoragePoolException("The disk under the pool default is full.")

    work = system.runtime.state.qube("work")
    with monkeypatch.context() as patch:
        patch.setattr(system.pools.driver("default"), "stop", refuse)
        with pytest.raises(Mgmt1Error, match="was killed"):
            await client.send(calls.VM_KILL("work"))
        assert work.state is PowerState.HALTING

    await until(lambda: work.state is PowerState.HALTED)
    assert await volumes(system, "work") == {"private"}


# -- the store's files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", "-wal"])
async def test_a_store_file_that_is_moved_away_is_noticed_and_taken_up_again(
    system: System, client: Client, tmp_path: Path, suffix: str
) -> None:
    file = tmp_path / "state" / f"store.sqlite{suffix}"
    file.rename(tmp_path / "elsewhere")

    with pytest.raises(Mgmt1Error, match=f"{file} was deleted or replaced"):
        await client.send(calls.VM_TAG_SET("work", "lost"))

    assert "lost" not in system.runtime.state.qube("work").tags
    (tmp_path / "elsewhere").rename(file)
    await client.send(calls.VM_TAG_SET("work", "kept"))
    assert system.runtime.state.qube("work").tags >= {"kept"}


async def test_a_store_file_that_is_replaced_is_noticed(system: System, client: Client, tmp_path: Path) -> None:
    file = tmp_path / "state" / "store.sqlite"
    copy = tmp_path / "copy"
    copy.write_bytes(file.read_bytes())
    copy.replace(file)

    with pytest.raises(Mgmt1Error, match="deleted or replaced"):
        await client.send(calls.VM_TAG_SET("work", "lost"))

    assert "lost" not in system.runtime.state.qube("work").tags


# -- volumes that cannot be removed ------------------------------------------------------------------------------------


@contextlib.contextmanager
def stuck_volumes(system: System, monkeypatch: pytest.MonkeyPatch, error: Exception) -> Iterator[None]:
    """No volume can be removed from the pool."""

    async def refuse(_vid: str, _identity: str | None = None) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(system.pools.driver("default"), "remove", refuse)
        yield


async def nothing_left(system: System) -> None:
    """Until the store has nothing pending."""
    pending = "SELECT pool FROM pending_volume UNION ALL SELECT pool FROM pending_rename"
    await until_equal(lambda: system.runtime.store.read(pending), [])


ERRORS = [
    StoragePoolException("The disk under the pool default refused."),
    QubesVMNotStartedError("Not a storage error."),
    OSError(5, "Input/output error"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
async def test_the_volumes_of_a_removed_qube_go_once_the_pool_lets_them(
    system: System, client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    create = calls.VM_CREATE("debian-13", "AppVM", CreateSpec("vault", "red"))

    with stuck_volumes(system, monkeypatch, error):
        await client.send(calls.VM_REMOVE("vault"))

        with pytest.raises(StoragePoolException, match="of an earlier qube vault"):
            await client.send(create)
        assert await volumes(system, "vault") == {"private"}

    await nothing_left(system)
    assert await volumes(system, "vault") == set()
    await client.send(create)
    assert await volumes(system, "vault") == {"private"}


async def test_the_volumes_of_a_failed_creation_go_once_the_pool_lets_them(
    system: System, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stuck_volumes(system, monkeypatch, StoragePoolException("Refused.")), full_after_volumes(system, monkeypatch):
        with pytest.raises(StoragePoolException):
            await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("fresh", "red")))
        assert await volumes(system, "fresh") == {"private"}

    await nothing_left(system)
    assert await volumes(system, "fresh") == set()
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("fresh", "red")))


@contextlib.contextmanager
def full_after_volumes(system: System, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Volumes are made, and then the pool says that its disk is full."""
    driver = system.pools.driver("default")
    create = driver.create

    async def full(vid: str, size: int, identity: str = "") -> None:
        await create(vid, size, identity)
        raise StoragePoolException("The disk under the pool default is full.")

    with monkeypatch.context() as patch:
        patch.setattr(driver, "create", full)
        yield


async def test_a_rename_that_can_neither_be_stored_nor_taken_back_is_taken_back_later(
    system: System, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = system.pools.driver("default")
    rename_vm = driver.rename_vm

    async def only_once(old: str, new: str) -> None:
        await rename_vm(old, new)
        monkeypatch.setattr(driver, "rename_vm", refuse)
        raise StoragePoolException("The disk under the pool default refused.")

    async def refuse(_old: str, _new: str) -> None:
        raise StoragePoolException("The disk under the pool default refused.")

    monkeypatch.setattr(driver, "rename_vm", only_once)
    with pytest.raises(StoragePoolException):
        await client.send(calls.VM_PROPERTY_SET("vault", "name", "safe"))
    assert await volumes(system, "safe") == {"private"}

    monkeypatch.setattr(driver, "rename_vm", rename_vm)

    await nothing_left(system)
    assert await volumes(system, "vault") == {"private"}
    await client.send(calls.VM_START("vault"))
    assert system.runtime.state.qube("vault").state is PowerState.RUNNING


async def test_the_domain_of_a_removed_qube_is_forgotten_once_the_hypervisor_answers(
    system: System, hypervisor: SlowHypervisor, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten = asyncio.Event()
    uuid = system.runtime.state.qube("vault").uuid
    answers = iter([Mgmt1Error("The hypervisor is out of reach.")] * 2)

    async def forget(of: Any) -> None:
        if error := next(answers, None):
            raise error
        if of == uuid:
            forgotten.set()

    monkeypatch.setattr(hypervisor, "forget", forget)

    await client.send(calls.VM_REMOVE("vault"))

    await forgotten.wait()
