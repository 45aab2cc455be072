# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
from contextlib import aclosing

import pytest
from fakes_hypervisor import FakeHypervisor
from until import until

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CloneSpec, CreateSpec, VmInfo
from qubesmanager.wire.errors import (
    QubesLabelNotFoundError,
    QubesNoTemplateError,
    QubesPropertyValueError,
    QubesValueError,
    QubesVMAlreadyExistsError,
    QubesVMInUseError,
    QubesVMNotFoundError,
    QubesVMNotHaltedError,
    QubesVMNotPausedError,
    QubesVMNotRunningError,
    QubesVMNotStartedError,
    QubesVMNotSuspendedError,
    QubesVMShutdownTimeoutError,
)
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import PowerState, VmClass


async def record(client: Client, name: str) -> VmRecord:
    async with aclosing(client.batches(calls.VM_GET_ALL("dom0", name))) as batches:
        async for batch in batches:
            return batch[0]
    raise AssertionError(name)


async def test_list_names_dom0_first_then_by_name(client: Client) -> None:
    rows = await client.send(calls.VM_LIST("dom0"))

    assert rows[0] == VmInfo("dom0", VmClass.ADMIN, PowerState.RUNNING)
    assert [row.name for row in rows[1:]] == sorted(row.name for row in rows[1:])
    assert VmInfo("work", VmClass.APP, PowerState.RUNNING) in rows


async def test_list_of_a_qube_is_its_own_row(client: Client) -> None:
    assert await client.send(calls.VM_LIST("vault")) == [VmInfo("vault", VmClass.APP, PowerState.HALTED)]


async def test_starting_starts_the_netvm_first(client: Client, system: System) -> None:
    for name in ("work", "personal"):
        await client.send(calls.VM_KILL(name))
    await client.send(calls.VM_SHUTDOWN("sys-firewall"))

    await client.send(calls.VM_START("work"))

    assert (await record(client, "sys-firewall")).state is PowerState.RUNNING
    assert (await record(client, "work")).state is PowerState.RUNNING


async def test_starting_an_unknown_qube_names_it(client: Client) -> None:
    with pytest.raises(QubesVMNotFoundError, match="ghost"):
        await client.send(calls.VM_START("ghost"))


async def test_a_failed_start_leaves_the_qube_halted(
    client: Client, system: System, hypervisor: FakeHypervisor
) -> None:
    hypervisor.start_errors[system.runtime.state.qube("vault").uuid] = QubesVMNotStartedError("vault is broken.")

    with pytest.raises(QubesVMNotStartedError, match="broken"):
        await client.send(calls.VM_START("vault"))

    assert (await record(client, "vault")).state is PowerState.HALTED


async def test_shutting_down_a_netvm_names_its_running_clients(client: Client) -> None:
    with pytest.raises(QubesVMInUseError, match="personal, work"):
        await client.send(calls.VM_SHUTDOWN("sys-firewall"))


async def test_a_deaf_guest_runs_on_after_the_timeout(
    client: Client, system: System, hypervisor: FakeHypervisor
) -> None:
    hypervisor.ignores_shutdown.add(system.runtime.state.qube("work").uuid)
    await client.send(calls.VM_PROPERTY_SET("work", "shutdown_timeout", "1"))

    with pytest.raises(QubesVMShutdownTimeoutError, match="still running"):
        await client.send(calls.VM_SHUTDOWN("work"))

    assert (await record(client, "work")).state is PowerState.RUNNING


async def test_a_deaf_guest_can_be_killed_while_it_is_shutting_down(
    client: Client, system: System, hypervisor: FakeHypervisor
) -> None:
    hypervisor.ignores_shutdown.add(system.runtime.state.qube("work").uuid)

    async with asyncio.TaskGroup() as group:
        group.create_task(client.send(calls.VM_SHUTDOWN("work")))
        await until(lambda: system.runtime.state.qube("work").state is PowerState.HALTING)
        await client.send(calls.VM_KILL("work"))

    assert (await record(client, "work")).state is PowerState.HALTED


async def test_pausing_and_unpausing(client: Client) -> None:
    await client.send(calls.VM_PAUSE("work"))
    assert (await record(client, "work")).state is PowerState.PAUSED

    await client.send(calls.VM_UNPAUSE("work"))
    assert (await record(client, "work")).state is PowerState.RUNNING

    with pytest.raises(QubesVMNotRunningError):
        await client.send(calls.VM_PAUSE("vault"))


@pytest.mark.parametrize("pauses", [False, True])
async def test_suspending_and_resuming(client: Client, hypervisor: FakeHypervisor, pauses: bool) -> None:
    hypervisor.pauses_for_suspend = pauses
    await client.send(calls.VM_SUSPEND("work"))
    assert (await record(client, "work")).state is PowerState.SUSPENDED

    for act in (calls.VM_START, calls.VM_SHUTDOWN, calls.VM_SUSPEND):
        with pytest.raises(QubesVMNotRunningError, match="suspended"):
            await client.send(act("work"))
    with pytest.raises(QubesVMNotPausedError):
        await client.send(calls.VM_UNPAUSE("work"))

    await client.send(calls.VM_RESUME("work"))
    assert (await record(client, "work")).state is PowerState.RUNNING
    with pytest.raises(QubesVMNotSuspendedError):
        await client.send(calls.VM_RESUME("work"))


async def test_a_suspended_netvm_keeps_its_clients_from_starting(client: Client) -> None:
    await client.send(calls.VM_KILL("work"))
    await client.send(calls.VM_SUSPEND("sys-firewall"))

    with pytest.raises(QubesVMNotRunningError, match="net qube sys-firewall is suspended"):
        await client.send(calls.VM_START("work"))


async def test_creating_a_qube_tags_it_with_its_creator(client: Client) -> None:
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("new", "green")))

    new = await record(client, "new")
    assert new.value("template") == "debian-13"
    assert new.value("label") == "green"
    assert new.value("netvm") == "sys-firewall"
    assert new.tags == {"created-by-dom0"}
    assert [volume.name for volume in new.volumes] == ["root", "private", "volatile"]


@pytest.mark.parametrize(
    ("dest", "klass", "name", "label", "error"),
    [
        ("debian-13", "AppVM", "work", "red", QubesVMAlreadyExistsError),
        ("debian-13", "AppVM", "x-dm", "red", QubesValueError),
        ("debian-13", "AppVM", "x", "pink", QubesLabelNotFoundError),
        ("work", "AppVM", "x", "red", QubesNoTemplateError),
        ("work", "DispVM", "x", "red", QubesNoTemplateError),
        ("dom0", "TemplateVM", "x", "red", QubesValueError),
        ("dom0", "Toaster", "x", "red", QubesValueError),
    ],
)
async def test_a_refused_creation_leaves_nothing(
    client: Client, system: System, dest: str, klass: str, name: str, label: str, error: type[Exception]
) -> None:
    before = await client.send(calls.VM_LIST("dom0"))
    volumes = await system.pools.driver("default").list_volumes()

    with pytest.raises(error):
        await client.send(calls.VM_CREATE(dest, klass, CreateSpec(name, label)))

    assert await client.send(calls.VM_LIST("dom0")) == before
    assert await system.pools.driver("default").list_volumes() == volumes


async def test_a_disposable_vanishes_at_shutdown(client: Client, system: System) -> None:
    await client.send(calls.VM_CREATE("dom0", "DispVM", CreateSpec("disp1", "red")))
    await client.send(calls.VM_START("disp1"))

    await client.send(calls.VM_SHUTDOWN("disp1"))
    await until(lambda: "disp1" not in system.runtime.state.qubes)

    assert "disp1" not in [row.name for row in await client.send(calls.VM_LIST("dom0"))]


async def test_cloning_copies_everything_but_the_identity(client: Client) -> None:
    await client.send(calls.VM_NOTES_SET("vault", payload="secret place"))
    await client.send(calls.VM_CLONE("vault", payload=CloneSpec("vault-2")))

    source, copy = await record(client, "vault"), await record(client, "vault-2")
    assert copy.notes == "secret place"
    assert copy.value("label") == source.value("label")
    assert copy.value("uuid") != source.value("uuid")
    assert "keys" in copy.tags


async def test_a_running_qube_is_not_cloned(client: Client) -> None:
    with pytest.raises(QubesVMNotHaltedError):
        await client.send(calls.VM_CLONE("work", payload=CloneSpec("work-2")))


async def test_removing_a_used_template_names_its_users(client: Client) -> None:
    with pytest.raises(QubesVMInUseError, match=r"work \(template\)"):
        await client.send(calls.VM_REMOVE("debian-13"))


async def test_removing_takes_the_volumes_away(client: Client, system: System) -> None:
    assert "vault/private" in await system.pools.driver("default").list_volumes()

    await client.send(calls.VM_REMOVE("vault"))

    assert "vault/private" not in await system.pools.driver("default").list_volumes()
    with pytest.raises(QubesVMNotFoundError):
        await client.send(calls.VM_START("vault"))


async def test_renaming_carries_all_references_along(client: Client) -> None:
    for name in ("work", "personal"):
        await client.send(calls.VM_KILL(name))
    await client.send(calls.VM_SHUTDOWN("sys-firewall"))
    await client.send(calls.VM_PROPERTY_SET("vault", "netvm", "sys-firewall"))

    await client.send(calls.VM_PROPERTY_SET("sys-firewall", "name", "sys-fw"))

    assert (await record(client, "vault")).value("netvm") == "sys-fw"
    assert (await record(client, "work")).value("netvm") == "sys-fw"
    assert (await client.send(calls.PROPERTY_GET("dom0", "default_netvm"))).value == "sys-fw"
    with pytest.raises(QubesVMNotFoundError):
        await client.send(calls.VM_PROPERTY_GET("sys-firewall", "netvm"))


async def test_a_netvm_loop_is_refused_with_the_way_around(client: Client) -> None:
    with pytest.raises(QubesPropertyValueError, match="sys-net → sys-firewall → sys-net"):
        await client.send(calls.VM_PROPERTY_SET("sys-net", "netvm", "sys-firewall"))


async def test_a_running_qube_gets_no_netvm_that_does_not_run(client: Client, system: System) -> None:
    await client.send(calls.VM_CLONE("default-dvm", payload=CloneSpec("sys-vpn")))
    await client.send(calls.VM_PROPERTY_SET("sys-vpn", "provides_network", "yes"))

    with pytest.raises(
        QubesVMNotRunningError, match="sys-vpn is not running, so these running qubes would lose the network: work"
    ):
        await client.send(calls.VM_PROPERTY_SET("work", "netvm", "sys-vpn"))
    with pytest.raises(QubesVMNotRunningError, match="would lose the network: personal, work"):
        await client.send(calls.PROPERTY_SET("dom0", "default_netvm", "sys-vpn"))

    assert (await record(client, "work")).value("netvm") == "sys-firewall"
    assert system.runtime.state.system("default_netvm") == "sys-firewall"
    await client.send(calls.VM_PROPERTY_SET("untrusted", "netvm", "sys-vpn"))
    await client.send(calls.VM_START("sys-vpn"))
    await client.send(calls.VM_PROPERTY_SET("work", "netvm", "sys-vpn"))
