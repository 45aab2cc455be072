# SPDX-License-Identifier: GPL-3.0-or-later
"""Disposables on demand, and those that wait for it."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from fakes_hypervisor import FakeHypervisor
from streams import pieces
from until import until

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CloneSpec
from qubesmanager.wire.errors import (
    PermissionDenied,
    QubesNoTemplateError,
    QubesPropertyValueError,
    QubesValueError,
    QubesVMNotStartedError,
)
from qubesmanager.wire.values import PowerState, VmClass

MAX = "preload-dispvm-max"


def waiting(system: System, template: str = "default-dvm") -> list[Qube]:
    return system.disposables.waiting(system.runtime.state.qube(template))


async def preload(client: Client, system: System, number: int, template: str = "default-dvm") -> None:
    """Let as many wait, and until they do."""
    system.disposables.settle = 0.0
    await client.send(calls.VM_FEATURE_SET(template, MAX, str(number)))
    await until(lambda: [qube.state for qube in waiting(system)] == [PowerState.PAUSED] * number)


async def test_a_new_disposable_is_halted_and_has_the_label_of_its_template(client: Client, system: System) -> None:
    name = await client.send(calls.VM_CREATE_DISPOSABLE("default-dvm"))

    qube = system.runtime.state.qube(name)
    assert name.startswith("disp")
    assert (qube.klass, qube.state, qube.value("template")) == (VmClass.DISP, PowerState.HALTED, "default-dvm")
    assert qube.value("label") == system.runtime.state.qube("default-dvm").value("label")
    assert "created-by-dom0" in qube.tags
    with pytest.raises(QubesNoTemplateError):
        await client.send(calls.VM_CREATE_DISPOSABLE("vault"))


async def test_disposables_wait_paused_and_hidden_until_one_is_taken(client: Client, system: System) -> None:
    await preload(client, system, 2)
    first, second = waiting(system)
    assert all(qube.features["internal"] and qube.flag("is_preload") for qube in (first, second))

    name = await client.send(calls.VM_CREATE_DISPOSABLE("default-dvm"))

    assert name == first.name
    assert first.state is PowerState.RUNNING
    assert "internal" not in first.features
    assert not first.flag("is_preload")
    # Another one takes its place.
    await until(lambda: [qube.state for qube in waiting(system)] == [PowerState.PAUSED] * 2)
    assert second in waiting(system)
    assert first not in waiting(system)


async def test_a_qube_of_a_user_never_waits_whatever_a_list_says(client: Client, system: System) -> None:
    """The list may come from an earlier version, or a removed disposable's name was taken."""
    usb, template = system.runtime.state.qube("sys-usb"), system.runtime.state.qube("default-dvm")
    async with system.runtime.altering(template):
        await system.settings.put_feature(template, "preload-dispvm", "sys-usb")

    async with system.runtime.altering(usb):
        system.runtime.emit(system.runtime.state.property_changed(usb, "is_preload"))
    assert not usb.flag("is_preload")

    assert await client.send(calls.VM_CREATE_DISPOSABLE("default-dvm")) != "sys-usb"
    await preload(client, system, 1)

    assert system.runtime.state.qube("sys-usb") is usb
    assert usb.state is PowerState.RUNNING
    assert usb not in waiting(system)


async def test_fewer_wait_once_the_number_is_less(client: Client, system: System) -> None:
    await preload(client, system, 2)
    names = [qube.name for qube in waiting(system)]

    await preload(client, system, 1)
    await until(lambda: names[1] not in system.runtime.state.qubes)
    await client.send(calls.VM_FEATURE_REMOVE("default-dvm", MAX))

    await until(lambda: names[0] not in system.runtime.state.qubes)
    assert "preload-dispvm" not in system.runtime.state.qube("default-dvm").features


async def test_one_that_is_taken_while_the_number_becomes_less_stays(
    client: Client, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await preload(client, system, 1)
    (qube,) = waiting(system)
    begun, goes_on, put_creator = asyncio.Event(), asyncio.Event(), system.settings.put_creator

    async def put_creator_slowly(taken: Qube, creator: str) -> None:
        begun.set()
        await goes_on.wait()
        await put_creator(taken, creator)

    monkeypatch.setattr(system.settings, "put_creator", put_creator_slowly)
    async with asyncio.TaskGroup() as tasks:
        creating = tasks.create_task(client.send(calls.VM_CREATE_DISPOSABLE("default-dvm")))
        await begun.wait()
        tasks.create_task(client.send(calls.VM_FEATURE_SET("default-dvm", MAX, "0")))
        goes_on.set()
    name = creating.result()
    # The next round begins when the one after the change has ended.
    await preload(client, system, 1)

    assert name == qube.name
    assert system.runtime.state.qubes.get(name) is qube
    assert qube.state is PowerState.RUNNING


async def test_one_that_is_taken_while_it_is_paused_runs(
    client: Client, system: System, hypervisor: FakeHypervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on, pause = asyncio.Event(), asyncio.Event(), hypervisor.pause

    async def pause_slowly(uuid: UUID) -> None:
        begun.set()
        await goes_on.wait()
        await pause(uuid)

    monkeypatch.setattr(hypervisor, "pause", pause_slowly)
    system.disposables.settle = 0.0
    await client.send(calls.VM_FEATURE_SET("default-dvm", MAX, "1"))
    await begun.wait()
    (qube,) = waiting(system)

    async with asyncio.TaskGroup() as tasks:
        creating = tasks.create_task(client.send(calls.VM_CREATE_DISPOSABLE("default-dvm")))
        await until(lambda: "created-by-dom0" in qube.tags and "internal" not in qube.features)
        monkeypatch.setattr(hypervisor, "pause", pause)
        goes_on.set()

    assert creating.result() == qube.name
    async with system.runtime.holding(qube):
        assert qube.state is PowerState.RUNNING


async def test_one_is_unpaused_although_a_late_event_says_that_it_runs(
    client: Client, system: System, hypervisor: FakeHypervisor
) -> None:
    await preload(client, system, 1)
    (qube,) = waiting(system)
    async with system.runtime.holding(qube):
        system.runtime.set_state(qube, PowerState.RUNNING)

    name = await client.send(calls.VM_CREATE_DISPOSABLE("default-dvm"))

    assert name == qube.name
    assert hypervisor.host.domains[qube.uuid].state is PowerState.RUNNING
    assert qube.state is PowerState.RUNNING


async def test_a_setting_that_changes_during_an_attempt_that_fails_is_followed_by_another(
    client: Client, system: System, hypervisor: FakeHypervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on, start = asyncio.Event(), asyncio.Event(), system.lifecycle.start

    async def start_fails(_name: str) -> None:
        begun.set()
        await goes_on.wait()
        raise QubesVMNotStartedError("No memory.")

    system.disposables.settle = 0.0
    monkeypatch.setattr(system.lifecycle, "start", start_fails)
    await client.send(calls.VM_FEATURE_SET("default-dvm", MAX, "1"))
    await begun.wait()

    await client.send(calls.VM_FEATURE_SET("default-dvm", MAX, "2"))
    monkeypatch.setattr(system.lifecycle, "start", start)
    goes_on.set()

    await until(lambda: [qube.state for qube in waiting(system)] == [PowerState.PAUSED] * 2)


async def test_the_number_of_dom0_is_that_of_the_default_template(client: Client, system: System) -> None:
    system.disposables.settle = 0.0
    await client.send(calls.PROPERTY_SET("dom0", "default_dispvm", "default-dvm"))
    await client.send(calls.VM_FEATURE_SET("default-dvm", MAX, "3"))
    await client.send(calls.VM_FEATURE_SET("dom0", MAX, "1"))

    assert system.disposables.wanted(system.runtime.state.qube("default-dvm")) == 1
    await until(lambda: [qube.state for qube in waiting(system)] == [PowerState.PAUSED])
    assert await client.send(calls.VM_CREATE_DISPOSABLE("dom0")) not in {qube.name for qube in waiting(system)}


async def test_one_that_was_killed_is_replaced(client: Client, system: System) -> None:
    await preload(client, system, 1)
    (qube,) = waiting(system)

    await client.send(calls.VM_KILL(qube.name))

    await until(lambda: [other.state for other in waiting(system) if other is not qube] == [PowerState.PAUSED])


async def test_after_a_failure_nothing_is_tried_until_a_setting_changes(
    client: Client, system: System, hypervisor: FakeHypervisor
) -> None:
    await client.send(calls.VM_FEATURE_SET("debian-13", "prohibit-start", ""))
    netvm = system.runtime.state.qube("default-dvm").value("netvm")
    await client.send(calls.VM_SHUTDOWN("work"))
    await client.send(calls.VM_SHUTDOWN("personal"))
    await client.send(calls.VM_SHUTDOWN(netvm))
    hypervisor.start_errors[system.runtime.state.qube(netvm).uuid] = QubesVMNotStartedError("No memory.")
    before = set(system.runtime.state.qubes)
    system.disposables.settle = 0.0

    await client.send(calls.VM_FEATURE_SET("default-dvm", MAX, "1"))
    await until(lambda: bool(system.disposables.failed))

    await until(lambda: set(system.runtime.state.qubes) == before)
    hypervisor.start_errors.clear()
    await preload(client, system, 2)


async def test_features_that_the_daemon_sets_are_set_by_no_call(client: Client, system: System) -> None:
    await preload(client, system, 1)
    for request in (
        calls.VM_FEATURE_SET("default-dvm", "preload-dispvm", "vault"),
        calls.VM_FEATURE_REMOVE("default-dvm", "preload-dispvm"),
    ):
        with pytest.raises(PermissionDenied, match="set by the system alone"):
            await client.send(request)
    with pytest.raises(QubesValueError, match="a number from 0 to 50"):
        await client.send(calls.VM_FEATURE_SET("default-dvm", MAX, "many"))
    with pytest.raises(QubesPropertyValueError, match="vault"):
        await client.send(calls.VM_FEATURE_SET("vault", MAX, "1"))

    await client.send(calls.VM_CLONE("default-dvm", payload=CloneSpec("other")))

    assert "preload-dispvm" not in system.runtime.state.qube("other").features


async def test_no_backup_has_one_that_waits(client: Client, system: System, tmp_path: Path) -> None:
    await preload(client, system, 1)
    (qube,) = waiting(system)
    profile = f"include: ['$type:DispVM', default-dvm]\ndestination_path: {tmp_path}\npassphrase_text: x\n"
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "all", profile))

    planned = await client.send(calls.BACKUP_INFO("dom0", "all", pieces()))

    names = {planned_qube.name for planned_qube in planned.qubes}
    assert {"sys-usb", "default-dvm"} <= names
    assert qube.name not in names
