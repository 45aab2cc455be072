# SPDX-License-Identifier: GPL-3.0-or-later
"""Assignments of devices: their modes, identities and ports, and the interfaces that a qube denies."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
from fakes_hypervisor import FakeHypervisor
from sysfs_tree import SysfsTree, machine_with_a_stick
from until import LIMIT, until

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.devices.base import DeviceInfo
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.rules.devices import checked_assignment, denied_interface, interfaces_of
from qubesmanager.wire import calls, events
from qubesmanager.wire.codecs import DeviceId, DeviceRow
from qubesmanager.wire.errors import (
    DeviceAlreadyAssigned,
    DeviceNotAssigned,
    DeviceNotFound,
    Mgmt1Error,
    PermissionDenied,
    ProtocolError,
    QubesPropertyValueError,
    QubesValueError,
)
from qubesmanager.wire.events import DeviceAsked
from qubesmanager.wire.records import DeviceRecord
from qubesmanager.wire.values import DeviceClass, DeviceMode, PowerState

BLOCK, USB, PCI = DeviceClass.BLOCK, DeviceClass.USB, DeviceClass.PCI
ASSIGN, ASSIGNED, ATTACHED = calls.VM_DEVICE_ASSIGN, calls.VM_DEVICE_ASSIGNED, calls.VM_DEVICE_ATTACHED
PORT = DeviceId("dom0", "2-1")
ANY = DeviceId("dom0", "_")
STICK = "0951:1666:A1:u080650"
KEYBOARD = "u03****"


@pytest.fixture
def machine(tmp_path: Path) -> SysfsTree:
    return machine_with_a_stick(tmp_path / "machine")


def devices_of(system: System, name: str) -> dict[str, DeviceRecord]:
    return {record.ident: record for record in system.runtime.state.qube(name).devices}


async def asked(client: Client, ready: asyncio.Event) -> DeviceAsked:
    """What the user is asked for next; `ready` is set once questions are listened for."""
    async with asyncio.timeout(LIMIT), aclosing(client.events()) as batches:
        async for batch in batches:
            ready.set()
            for event in batch:
                if (question := events.DEVICE_ASK.of(event)) is not None:
                    assert event.subject == "vault"
                    return question
    raise AssertionError("the events ended")


async def test_a_device_says_what_it_is(client: Client) -> None:
    (stick,) = await client.send(calls.VM_DEVICE_AVAILABLE.of(USB)("dom0"))
    (disk,) = await client.send(calls.VM_DEVICE_AVAILABLE.of(BLOCK)("dom0"))

    assert (stick.details["identity"], stick.details["interfaces"]) == (STICK, "u080650")
    assert disk.details["identity"] == f"{STICK}:1.0"


async def test_an_assignment_gives_the_device_at_the_next_start(client: Client, system: System) -> None:
    await client.send(calls.VM_START("vault"))

    await client.send(ASSIGN.of(USB)("vault", PORT, {}))

    assert not devices_of(system, "vault")["2-1"].attached
    assert await client.send(ATTACHED.of(USB)("vault")) == []
    assert await client.send(ASSIGNED.of(USB)("vault")) == [DeviceRow(PORT, {"mode": "auto-attach"})]
    await client.send(calls.VM_SHUTDOWN("vault"))
    await client.send(calls.VM_START("vault"))
    assert devices_of(system, "vault")["2-1"].attached
    assert await client.send(ATTACHED.of(USB)("vault")) == [DeviceRow(PORT, {})]


async def test_a_device_is_assigned_once(client: Client) -> None:
    await client.send(ASSIGN.of(USB)("vault", PORT, {"mode": "required"}))

    with pytest.raises(DeviceAlreadyAssigned, match=r"dom0\+2-1 is already assigned to vault"):
        await client.send(ASSIGN.of(USB)("vault", PORT, {}))


async def test_a_qube_does_not_start_without_what_it_requires(
    client: Client, system: System, machine: SysfsTree
) -> None:
    await client.send(ASSIGN.of(USB)("vault", PORT, {"mode": "required"}))
    machine.remove(USB, "2-1")

    with pytest.raises(DeviceNotFound):
        await client.send(calls.VM_START("vault"))
    assert system.runtime.state.qube("vault").state is PowerState.HALTED

    await client.send(calls.VM_DEVICE_SET_ASSIGNMENT.of(USB)("vault", PORT, {"mode": "auto-attach"}))
    await client.send(calls.VM_START("vault"))
    assert not devices_of(system, "vault")["2-1"].attached


async def test_another_device_at_the_port_is_not_the_assigned_one(client: Client, system: System) -> None:
    await client.send(ASSIGN.of(USB)("vault", PORT, {"identity": "dead:beef:1:u080650"}))
    await client.send(calls.VM_START("vault"))
    assert not devices_of(system, "vault")["2-1"].attached

    await client.send(calls.VM_SHUTDOWN("vault"))
    await client.send(calls.VM_DEVICE_SET_ASSIGNMENT.of(USB)("vault", PORT, {"mode": "required"}))
    with pytest.raises(DeviceNotFound, match="not the one that is assigned to vault"):
        await client.send(calls.VM_START("vault"))


async def test_a_device_at_any_port_is_given_wherever_it_is(client: Client, system: System, machine: SysfsTree) -> None:
    machine.add_usb("2-4", serial=b"B2", interface="080650")
    other = "0951:1666:B2:u080650"
    for identity in (STICK, other):
        await client.send(ASSIGN.of(USB)("vault", ANY, {"identity": identity}))

    await client.send(calls.VM_START("vault"))

    devices = devices_of(system, "vault")
    assert (devices["2-1"].attached, devices["2-4"].attached) == (True, True)
    assert devices["2-1"].mode is DeviceMode.MANUAL
    rows = await client.send(ASSIGNED.of(USB)("vault"))
    assert [(row.device, row.options["identity"]) for row in rows] == [(ANY, STICK), (ANY, other)]
    listed = await client.send(calls.VM_DEVICE_LIST.of(USB)("vault"))
    assert [row.device.ident for row in listed] == ["2-1", "2-4"]

    machine.remove(USB, "2-4")
    await until(lambda: "2-4" not in devices_of(system, "vault"))
    machine.add_usb("2-7", serial=b"B2", interface="080650")
    await until(lambda: "2-7" in devices_of(system, "vault"))

    await client.send(calls.VM_DEVICE_UNASSIGN.of(USB)("vault", ANY, {"identity": other}))
    assert [row.options["identity"] for row in await client.send(ASSIGNED.of(USB)("vault"))] == [STICK]
    await client.send(calls.VM_SHUTDOWN("vault"))
    assert list(devices_of(system, "vault")) == [f"*{STICK}"]


async def test_disks_at_any_port_get_separate_targets(client: Client, system: System, machine: SysfsTree) -> None:
    machine.add_disk("sdc")
    await client.send(ASSIGN.of(BLOCK)("vault", ANY, {"read-only": "yes"}))

    await client.send(calls.VM_START("vault"))

    devices = devices_of(system, "vault")
    assert {devices[disk].options["frontend-dev"] for disk in ("sdb", "sdc")} == {"xvdaa", "xvdab"}
    assert devices["sdc"].options["read-only"] == "yes"
    with pytest.raises(QubesValueError, match="leave frontend-dev out"):
        await client.send(ASSIGN.of(BLOCK)("work", ANY, {"frontend-dev": "xvdaa"}))


async def test_the_user_is_asked_at_the_start_and_when_it_is_plugged_in(
    client: Client, system: System, machine: SysfsTree
) -> None:
    await client.send(ASSIGN.of(USB)("vault", PORT, {"mode": "ask-to-attach"}))
    for act in (lambda: client.send(calls.VM_START("vault")), None):
        ready = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            question = group.create_task(asked(client, ready))
            await ready.wait()
            if act is not None:
                await act()
            else:
                machine.remove(USB, "2-1")
                machine.add_usb("2-1", b"Stick", serial=b"A1", interface="080650", number=30)
        assert question.result()[:3] == (USB, "dom0", "2-1")
        assert not devices_of(system, "vault")["2-1"].attached

    await client.send(calls.VM_DEVICE_ATTACH.of(USB)("vault", PORT, {}))
    assert devices_of(system, "vault")["2-1"].attached
    assert devices_of(system, "vault")["2-1"].mode is DeviceMode.ASK


async def test_an_unassigned_device_stays_attached_until_the_qube_halts(client: Client, system: System) -> None:
    await client.send(ASSIGN.of(USB)("vault", PORT, {"mode": "required", "identity": STICK}))
    await client.send(calls.VM_START("vault"))

    await client.send(calls.VM_DEVICE_UNASSIGN.of(USB)("vault", PORT, {}))

    assert devices_of(system, "vault")["2-1"].attached
    assert devices_of(system, "vault")["2-1"].options == {}
    assert await client.send(ASSIGNED.of(USB)("vault")) == []
    with pytest.raises(DeviceNotAssigned):
        await client.send(calls.VM_DEVICE_UNASSIGN.of(USB)("vault", PORT, {}))
    await client.send(calls.VM_SHUTDOWN("vault"))
    assert devices_of(system, "vault") == {}


async def test_a_device_is_detached_and_stays_assigned(client: Client, system: System) -> None:
    await client.send(ASSIGN.of(USB)("vault", PORT, {"mode": "ask-to-attach", "identity": STICK}))
    await client.send(calls.VM_START("vault"))
    with pytest.raises(DeviceNotAssigned):
        await client.send(calls.VM_DEVICE_DETACH_ONLY.of(USB)("vault", PORT))
    await client.send(calls.VM_DEVICE_ATTACH.of(USB)("vault", PORT, {}))

    await client.send(calls.VM_DEVICE_DETACH_ONLY.of(USB)("vault", PORT))

    assert await client.send(ATTACHED.of(USB)("vault")) == []
    kept = {"mode": "ask-to-attach", "identity": STICK}
    assert await client.send(ASSIGNED.of(USB)("vault")) == [DeviceRow(PORT, kept)]


async def test_a_device_without_an_assignment_is_detached_only(client: Client, system: System) -> None:
    await client.send(calls.VM_START("vault"))
    await client.send(calls.VM_DEVICE_ATTACH.of(USB)("vault", PORT, {}))

    await client.send(calls.VM_DEVICE_DETACH_ONLY.of(USB)("vault", PORT))

    assert devices_of(system, "vault") == {}


async def test_assignments_outlive_the_daemon(
    client: Client, system: System, hypervisor: FakeHypervisor, tmp_path: Path
) -> None:
    await client.send(ASSIGN.of(USB)("vault", ANY, {"identity": STICK, "mode": "required"}))
    await client.send(calls.VM_DEVICE_DENIED_ADD("vault", payload=KEYBOARD))
    before = devices_of(system, "vault")
    await system.runtime.close()

    again = await open_system(tmp_path / "state", FakeHypervisor(hypervisor.host))

    assert devices_of(again, "vault") == before
    assert again.runtime.state.qube("vault").value("devices_denied") == KEYBOARD
    await again.runtime.close()


async def test_a_denied_device_is_neither_attached_nor_assigned_nor_given(
    client: Client, system: System, machine: SysfsTree
) -> None:
    await client.send(ASSIGN.of(USB)("vault", PORT, {}))
    await client.send(calls.VM_DEVICE_DENIED_ADD("vault", payload=f"{KEYBOARD}u08****"))
    await client.send(calls.VM_DEVICE_DENIED_ADD("work", payload="u******"))

    await client.send(calls.VM_START("vault"))

    assert not devices_of(system, "vault")["2-1"].attached
    with pytest.raises(PermissionDenied, match="vault denies devices with the interface u080650"):
        await client.send(calls.VM_DEVICE_ATTACH.of(USB)("vault", PORT, {}))
    with pytest.raises(PermissionDenied, match="work denies"):
        await client.send(ASSIGN.of(USB)("work", PORT, {}))
    await client.send(calls.VM_SHUTDOWN("vault"))
    await client.send(calls.VM_DEVICE_SET_ASSIGNMENT.of(USB)("vault", PORT, {"mode": "required"}))
    with pytest.raises(PermissionDenied, match="vault denies"):
        await client.send(calls.VM_START("vault"))


@pytest.mark.parametrize(
    ("file", "content", "error", "why"),
    [
        ("2-1:1.0/bInterfaceClass", b"03", PermissionDenied, "vault denies devices with the interface u030650"),
        ("serial", b"B2", DeviceNotFound, "was removed while it was being attached"),
    ],
)
async def test_another_device_that_takes_the_port_while_the_call_waits_is_not_attached(
    client: Client,
    system: System,
    machine: SysfsTree,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    content: bytes,
    error: type[Mgmt1Error],
    why: str,
) -> None:
    await client.send(calls.VM_DEVICE_DENIED_ADD("vault", payload=KEYBOARD))
    await client.send(calls.VM_START("vault"))
    source = system.devices.sources[system.runtime.state.qube("dom0").uuid]
    find = source.find

    async def found_before_it_was_exchanged(device_class: DeviceClass, ident: str) -> DeviceInfo:
        info = await find(device_class, ident)
        (machine.root / "sys/bus/usb/devices" / ident / file).write_bytes(content + b"\n")
        return info

    monkeypatch.setattr(source, "find", found_before_it_was_exchanged)

    with pytest.raises(error, match=why):
        await client.send(calls.VM_DEVICE_ATTACH.of(USB)("vault", PORT, {}))
    assert devices_of(system, "vault") == {}


async def test_denied_interfaces_are_listed_and_can_be_allowed_again(client: Client) -> None:
    await client.send(calls.VM_DEVICE_DENIED_ADD("vault", payload=f"{KEYBOARD}u08****"))
    await client.send(calls.VM_DEVICE_DENIED_ADD("vault", payload=KEYBOARD))
    assert await client.send(calls.VM_DEVICE_DENIED_LIST("vault")) == [KEYBOARD, "u08****"]

    await client.send(calls.VM_DEVICE_DENIED_REMOVE("vault", payload=KEYBOARD))
    assert await client.send(calls.VM_DEVICE_DENIED_LIST("vault")) == ["u08****"]
    with pytest.raises(QubesValueError, match="does not deny the interface"):
        await client.send(calls.VM_DEVICE_DENIED_REMOVE("vault", payload=KEYBOARD))
    await client.send(calls.VM_DEVICE_DENIED_REMOVE("vault", payload="all"))
    assert await client.send(calls.VM_DEVICE_DENIED_LIST("vault")) == []
    with pytest.raises(QubesPropertyValueError, match="does not name interfaces"):
        await client.send(calls.VM_DEVICE_DENIED_ADD("vault", payload="bogus"))


async def test_options_of_assignments_are_checked(client: Client) -> None:
    with pytest.raises(QubesValueError, match="mode is one of auto-attach, ask-to-attach, required"):
        await client.send(ASSIGN.of(USB)("vault", PORT, {"mode": "manual"}))
    with pytest.raises(QubesValueError, match="Not an identity"):
        await client.send(ASSIGN.of(USB)("vault", PORT, {"identity": "a/b"}))
    with pytest.raises(ProtocolError, match="no option 'read-only'"):
        await client.send(ASSIGN.of(USB)("vault", PORT, {"read-only": "yes"}))
    with pytest.raises(ProtocolError, match="no option 'mode'"):
        await client.send(calls.VM_DEVICE_ATTACH.of(USB)("work", PORT, {"mode": "required"}))
    with pytest.raises(ProtocolError, match="there is: identity"):
        await client.send(calls.VM_DEVICE_UNASSIGN.of(USB)("work", PORT, {"mode": "required"}))


def test_the_usual_options_are_not_stored() -> None:
    assert checked_assignment(PCI, {"mode": "required"}) == {"persistent": "yes"}
    assert checked_assignment(PCI, {"mode": "auto-attach"}) == {"persistent": "yes", "mode": "auto-attach"}
    assert checked_assignment(USB, {"mode": "auto-attach", "identity": "*"}) == {"persistent": "yes"}


def test_a_star_in_a_list_of_interfaces_is_any_character() -> None:
    assert interfaces_of("u03****u03****b******") == ["u03****", "b******"]
    assert interfaces_of("u03***") is None
    assert denied_interface("u0301**", ["u080650", "u030101"]) == "u030101"
    assert denied_interface("u0301**", ["u03****"]) is None
    assert denied_interface("", ["u030101"]) is None
