# SPDX-License-Identifier: GPL-3.0-or-later
"""A RemoteVM: a qube of another machine, which is kept, shown, backed up and restored, and has nothing here."""

from pathlib import Path

import pytest
from backup_daemon import WORDS
from backup_samples import in_english
from qubes_backup import backup_of, device, domain, qubes_xml
from streams import pieces

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.call import Call
from qubesmanager.wire.codecs import CloneSpec, CreateSpec, DeviceId
from qubesmanager.wire.errors import (
    Mgmt1Error,
    QubesNoSuchPropertyError,
    QubesPropertyValueError,
    QubesValueError,
    QubesVMInUseError,
)
from qubesmanager.wire.values import DeviceClass, PowerState, VmClass

POWER: tuple[Call[None, None, None], ...] = (
    calls.VM_START,
    calls.VM_SHUTDOWN,
    calls.VM_PAUSE,
    calls.VM_UNPAUSE,
    calls.VM_SUSPEND,
    calls.VM_RESUME,
    calls.VM_KILL,
)


@pytest.fixture
async def far(client: Client) -> str:
    await client.send(calls.VM_CREATE("dom0", "RemoteVM", CreateSpec("far", "red")))
    return "far"


async def test_a_remote_qube_is_kept_and_shown(client: Client, system: System, far: str) -> None:
    for name, value in (("relayvm", "sys-net"), ("transport_rpc", "qubes.Air"), ("remote_name", "work")):
        await client.send(calls.VM_PROPERTY_SET(far, name, value))

    record = await client.send(calls.VM_GET_ALL("dom0", far))

    assert (record.klass, record.state, record.volumes) == (VmClass.REMOTE, PowerState.RUNNING, ())
    assert {name: record.value(name) for name in ("relayvm", "remote_name", "icon")} == {
        "relayvm": "sys-net",
        "remote_name": "work",
        "icon": "remotevm-red",
    }
    assert "netvm" not in record.properties
    with pytest.raises(QubesNoSuchPropertyError):
        await client.send(calls.VM_PROPERTY_SET(far, "netvm", ""))


@pytest.mark.parametrize("call", POWER, ids=lambda call: call.name)
async def test_nothing_of_it_runs_here(client: Client, far: str, call: Call[None, None, None]) -> None:
    with pytest.raises(Mgmt1Error, match="far is on another machine"):
        await client.send(call(far))


async def test_it_gets_no_devices_and_no_rules(client: Client, far: str) -> None:
    for request in (
        calls.VM_DEVICE_ASSIGN.of(DeviceClass.BLOCK)(far, DeviceId("dom0", "sdb"), {}),
        calls.VM_DEVICE_ATTACH.of(DeviceClass.BLOCK)(far, DeviceId("dom0", "sdb"), {}),
        calls.VM_FIREWALL_FLUSH(far),
    ):
        with pytest.raises(Mgmt1Error, match="far is on another machine"):
            await client.send(request)
    assert await client.send(calls.VM_FIREWALL_GET(far)) == []


async def test_its_relay_is_a_reference(client: Client, far: str) -> None:
    await client.send(calls.VM_PROPERTY_SET(far, "relayvm", "vault"))
    with pytest.raises(QubesVMInUseError, match=r"far \(relayvm\)"):
        await client.send(calls.VM_REMOVE("vault"))

    await client.send(calls.VM_PROPERTY_SET("vault", "name", "safe"))

    assert (await client.send(calls.VM_PROPERTY_GET(far, "relayvm"))).value == "safe"
    with pytest.raises(QubesPropertyValueError, match="its own relay"):
        await client.send(calls.VM_PROPERTY_SET(far, "relayvm", far))


async def test_it_is_renamed_cloned_and_removed(client: Client, system: System, far: str) -> None:
    await client.send(calls.VM_PROPERTY_SET(far, "remote_name", "work"))
    await client.send(calls.VM_PROPERTY_SET(far, "name", "farther"))
    await client.send(calls.VM_CLONE("farther", payload=CloneSpec("other")))
    await client.send(calls.VM_REMOVE("farther"))

    assert (await client.send(calls.VM_PROPERTY_GET("other", "remote_name"))).value == "work"
    assert system.runtime.state.qube("other").state is PowerState.RUNNING
    assert "farther" not in system.runtime.state.qubes


async def test_it_is_made_from_nothing(client: Client) -> None:
    with pytest.raises(QubesValueError, match="has no template"):
        await client.send(calls.VM_CREATE("debian-13", "RemoteVM", CreateSpec("far", "red")))


async def test_it_outlives_a_reconciliation(system: System, client: Client, far: str) -> None:
    system.hypervisor_events.reconcile({})

    assert system.runtime.state.qube(far).state is PowerState.RUNNING


async def test_it_is_restored_with_its_relay_and_without_devices(client: Client, system: System) -> None:
    properties = {"relayvm": "sys-net", "transport_rpc": "qubes.Air", "remote_name": "work", "netvm": "sys-net"}
    text = domain("in-far", 1, properties, klass="RemoteVM", devices=device("block", "dom0", "sdb"))
    options = f"passphrase={WORDS}\ndevices=yes\n\n".encode()
    backup = backup_of(qubes_xml(text), {})

    rows = in_english(await client.send(calls.BACKUP_RESTORE("dom0", None, pieces(options, backup))))

    assert rows[0].startswith("in-far restored-as=in-far result=ok ")
    assert "in-far is on another machine" in rows[0]
    qube = system.runtime.state.qube("in-far")
    assert (qube.klass, qube.state, qube.devices) == (VmClass.REMOTE, PowerState.RUNNING, [])
    assert (qube.value("relayvm"), qube.value("remote_name")) == ("sys-net", "work")
    assert "netvm" not in qube.own


async def test_it_comes_back_from_a_backup(client: Client, system: System, far: str, tmp_path: Path) -> None:
    await client.send(calls.VM_PROPERTY_SET(far, "relayvm", "sys-net"))
    folder = tmp_path / "backups"
    folder.mkdir()
    profile = f"include: [far]\ndestination_path: {folder}\npassphrase_text: {WORDS}\n"
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "far", profile))
    await client.send(calls.BACKUP_EXECUTE("dom0", "far", {}))
    (file,) = folder.glob("qubes-*")
    options = f"passphrase={WORDS}\nrename=far:near\n\n".encode()

    rows = in_english(await client.send(calls.BACKUP_RESTORE("dom0", None, pieces(options, file.read_bytes()))))

    assert "far restored-as=near result=ok" in rows[0]
    qube = system.runtime.state.qube("near")
    assert (qube.klass, qube.value("relayvm"), qube.rules) == (VmClass.REMOTE, "sys-net", [])
