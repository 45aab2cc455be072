# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices through `admin.*`: what is offered, attached and assigned, in the words of Qubes 4.3 and of 4.2."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from dialect_fixtures import Caller
from sysfs_tree import SysfsTree, machine_with_a_stick

from qubesmanager.admin.calls import BY_SERVICE
from qubesmanager.admin.codecs import AVAILABLE_ROWS, DeviceRow
from qubesmanager.admin.events import Shared
from qubesmanager.daemon.dialect.context import TURN, Asking, Tokens
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.registry import Made
from qubesmanager.wire import calls
from qubesmanager.wire.values import VmClass

STICK = "0951:1666:A1:u080650"
DISK = f"{STICK}:1.0"
DISK_ARGUMENT = "0951+1666+A1+u080650+1.0"
HEAD = f"device_id='{DISK}' port_id='sdb' devclass='block' backend_domain='dom0'"


@pytest.fixture
def machine(tmp_path: Path) -> SysfsTree:
    return machine_with_a_stick(tmp_path / "machine")


async def rows(admin: Caller, method: str, dest: str) -> list[DeviceRow]:
    return AVAILABLE_ROWS.decode((await admin.answer(f"admin.vm.device.{method}", dest))[2:])


async def test_an_offered_device_has_its_identity_and_interfaces(admin: Caller) -> None:
    (stick,) = await rows(admin, "usb.Available", "dom0")

    assert stick.head == f"2-1:{STICK}"
    assert list(stick.fields)[:4] == ["device_id", "port_id", "devclass", "backend_domain"]
    assert stick.fields["device_id"] == STICK
    assert stick.fields["interfaces"] == "u080650"
    assert stick.fields["name"]
    assert await rows(admin, "usb.Available+9-9", "dom0") == []
    assert await rows(admin, "usb.Available", "vault") == []


async def test_a_device_is_attached_shown_and_detached(admin: Caller) -> None:
    payload = f"{HEAD} mode='manual' frontend_domain='work' _read-only='yes'".encode()
    method = f"admin.vm.device.block.Attach+dom0+sdb+{DISK_ARGUMENT}"

    assert await admin.answer(method, "work", payload) == b"0\x00"

    (attached,) = await rows(admin, "block.Attached", "work")
    assert attached.head == f"dom0+sdb:{DISK}"
    assert [*attached.fields.items()][:7] == [
        ("device_id", DISK), ("port_id", "sdb"), ("devclass", "block"), ("backend_domain", "dom0"), ("mode", "manual"),
        ("frontend_domain", "work"), ("_read-only", "yes"),
    ]  # fmt: skip
    (offered,) = await rows(admin, "block.Available", "dom0")
    assert offered.fields["attachment"] == "work"
    assert await rows(admin, "block.Attached+dom0+sdc", "work") == []
    assert await rows(admin, "block.Assigned", "work") == []
    assert await admin.answer(f"admin.vm.device.block.Detach+dom0+sdb+{DISK_ARGUMENT}", "work") == b"0\x00"
    assert await admin.answer("admin.vm.device.block.Detach+dom0+sdb", "work") == (
        b"2\x00DeviceNotAssigned\x00\x00'block device sdb not attached to work'\x00"
    )


@pytest.mark.parametrize("argument", ["dom0+sdb+0951+1666+B2+u080650+1.0", "dom0+nosuch"])
async def test_another_device_than_the_named_one_is_not_attached(admin: Caller, argument: str) -> None:
    assert await admin.answer(f"admin.vm.device.block.Attach+{argument}", "work") == (
        b"2\x00ProtocolError\x00\x00Cannot attach ambiguous block device.\x00"
    )


@pytest.mark.parametrize(
    "payload",
    [
        "device_id='1:2:3:u080650'",
        "port_id='sdc'",
        "backend_domain='sys-net'",
        "devclass='usb'",
        "frontend_domain='vault'",
    ],
)
async def test_a_payload_that_names_something_else_than_the_argument_is_refused(admin: Caller, payload: str) -> None:
    for method in (f"Attach+dom0+sdb+{DISK_ARGUMENT}", "Attach+dom0+sdb"):
        assert await admin.refused(f"admin.vm.device.block.{method}", "work", payload.encode()) == "ProtocolError"
    method, assignment = f"admin.vm.device.block.Assign+dom0+sdb+{DISK_ARGUMENT}", f"mode='auto-attach' {payload}"
    assert await admin.refused(method, "work", assignment.encode()) == "ProtocolError"

    assert await admin.content("admin.vm.device.block.Attached", "work") == ""
    assert await admin.content("admin.vm.device.block.Assigned", "work") == ""


async def test_a_halted_qube_gets_no_device_now(admin: Caller) -> None:
    assert await admin.refused("admin.vm.device.block.Attach+dom0+sdb", "vault") == "QubesVMNotRunningError"


@pytest.mark.parametrize("mode", ["auto-attach", "ask-to-attach", "required"])
@pytest.mark.parametrize(
    ("argument", "head"),
    [
        (f"dom0+sdb+{DISK_ARGUMENT}", f"dom0+sdb:{DISK}"),
        ("dom0+sdb+_", "dom0+sdb:*"),
        (f"dom0+_+{DISK_ARGUMENT}", f"dom0+*:{DISK}"),
        ("dom0+_+_", "dom0+*:*"),
    ],
)
async def test_an_assignment_is_for_a_port_and_a_device(admin: Caller, mode: str, argument: str, head: str) -> None:
    method = f"admin.vm.device.block.Assign+{argument}"
    payload = f"mode='{mode}' _read-only='yes'".encode()
    assert await admin.answer(method, "vault", payload) == b"0\x00"

    (row,) = await rows(admin, "block.Assigned", "vault")

    assert row.head == head
    assert (row.fields["mode"], row.fields["_read-only"]) == (mode, "yes")
    assert await admin.refused(method, "vault", payload) == "DeviceAlreadyAssigned"
    changed = "required" if mode != "required" else "auto-attach"
    await admin.content(f"admin.vm.device.block.Set.assignment+{argument}", "vault", changed.encode())
    assert [row.fields["mode"] for row in await rows(admin, "block.Assigned", "vault")] == [changed]
    assert await admin.answer(f"admin.vm.device.block.Unassign+{argument}", "vault") == b"0\x00"
    assert await rows(admin, "block.Assigned", "vault") == []
    assert await admin.refused(f"admin.vm.device.block.Unassign+{argument}", "vault") == "DeviceNotAssigned"


async def test_only_the_assignment_that_is_named_exactly_is_removed(admin: Caller) -> None:
    await admin.content("admin.vm.device.block.Assign+dom0+sdb+_", "vault", b"mode='auto-attach'")

    refused = await admin.answer(f"admin.vm.device.block.Unassign+dom0+sdb+{DISK_ARGUMENT}", "vault")

    assert refused == f"2\0DeviceNotAssigned\0\0'block device dom0:sdb:{DISK} not assigned to vault'\0".encode()
    assert len(await rows(admin, "block.Assigned", "vault")) == 1


@pytest.mark.parametrize(
    ("method", "payload", "answer"),
    [
        ("Assign+dom0+sdb", b"mode='bogus'", "ProtocolError\0\0'bogus' is not a valid AssignmentMode"),
        ("Assign+dom0+sdb", b"mode='manual'", "ProtocolError\0\0'manual' is not a valid AssignmentMode"),
        ("Assign+dom0+sdb", b"", "ProtocolError\0\0expected payload"),
        (
            "Set.assignment+dom0+sdb",
            b"manual",
            "QubesUnrecognizedDeviceAssignmentMode\0\0Invalid assignment mode",
        ),
    ],
)
async def test_an_invalid_mode_is_refused(admin: Caller, method: str, payload: bytes, answer: str) -> None:
    assert await admin.answer(f"admin.vm.device.block.{method}", "vault", payload) == f"2\0{answer}\0".encode()


@pytest.mark.parametrize("option", ["mode='required'", "identity='1234:5678'", "persistent='yes'"])
@pytest.mark.parametrize(("call", "mode"), [("Assign", "auto-attach"), ("Attach", "manual")])
async def test_an_option_cannot_replace_what_the_argument_and_the_mode_say(
    admin: Caller, call: str, mode: str, option: str
) -> None:
    """The policy decides by the argument."""
    method = f"admin.vm.device.block.{call}+dom0+sdb+{DISK_ARGUMENT}"

    assert await admin.refused(method, "work", f"mode='{mode}' _{option}".encode()) == "ProtocolError"
    assert await rows(admin, "block.Assigned", "work") == []
    assert await rows(admin, "block.Attached", "work") == []


async def test_detaching_keeps_the_assignment_and_a_required_device(admin: Caller) -> None:
    argument = f"dom0+sdb+{DISK_ARGUMENT}"
    await admin.content(f"admin.vm.device.block.Assign+{argument}", "work", b"mode='auto-attach' _read-only='yes'")
    await admin.content(f"admin.vm.device.block.Attach+{argument}", "work", b"mode='manual'")
    before = await rows(admin, "block.Assigned", "work")

    await admin.content("admin.vm.device.block.Detach+dom0+sdb", "work")

    assert [row.head for row in await rows(admin, "block.Assigned", "work")] == [row.head for row in before]
    assert await rows(admin, "block.Attached", "work") == []
    await admin.content(f"admin.vm.device.block.Set.assignment+{argument}", "work", b"required")
    await admin.content(f"admin.vm.device.block.Attach+{argument}", "work", b"mode='manual'")
    assert await admin.refused("admin.vm.device.block.Detach+dom0+sdb", "work") == "QubesVMNotHaltedError"


async def test_detaching_changes_nothing_of_the_assignment_and_makes_none_again(
    admin: Caller, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An assignment that was removed and made again could be lost between the two steps."""
    argument = f"dom0+sdb+{DISK_ARGUMENT}"
    await admin.content(f"admin.vm.device.block.Assign+{argument}", "work", b"mode='ask-to-attach' _read-only='yes'")
    await admin.content(f"admin.vm.device.block.Attach+{argument}", "work", b"mode='manual'")
    before = await rows(admin, "block.Assigned", "work")

    async def assign(*_: object) -> None:
        raise AssertionError("assigned again")

    monkeypatch.setattr(system.devices, "assign", assign)
    await admin.content("admin.vm.device.block.Detach+dom0+sdb", "work")

    assert await rows(admin, "block.Assigned", "work") == before


async def test_the_words_of_qubes_4_2_are_understood(admin: Caller) -> None:
    await admin.content("admin.vm.device.block.Attach+dom0+sdb", "work", b"read-only=yes persistent=yes")
    (line,) = (await admin.content("admin.vm.device.block.List", "work")).splitlines()
    assert line.startswith("dom0+sdb ")
    assert {"read-only=yes", "persistent=yes"} <= set(line.split())

    await admin.content("admin.vm.device.block.Set.persistent+dom0+sdb", "work", b"False")
    assert "persistent=no" in await admin.content("admin.vm.device.block.List", "work")
    assert await rows(admin, "block.Assigned", "work") == []

    await admin.content("admin.vm.device.block.Set.persistent+dom0+sdb", "work", b"True")
    assert len(await rows(admin, "block.Assigned", "work")) == 1
    assert await admin.refused("admin.vm.device.block.Set.persistent+dom0+sdc", "work", b"True") == "DeviceNotAssigned"


async def test_denied_interfaces_are_listed_without_a_newline_at_the_end(admin: Caller) -> None:
    await admin.content("admin.vm.device.denied.Add", "work", b"u03****u08****")

    assert await admin.content("admin.vm.device.denied.List", "work") == "u03****\nu08****"
    assert await admin.content("admin.vm.property.Get+devices_denied", "work") == (
        "default=False type=str u03****u08****"
    )
    assert await admin.refused(f"admin.vm.device.usb.Attach+dom0+2-1+{STICK.replace(':', '+')}", "work") == (
        "PermissionDenied"
    )
    await admin.content("admin.vm.device.denied.Remove", "work", b"u03****")
    assert await admin.content("admin.vm.device.denied.List", "work") == "u08****"
    await admin.content("admin.vm.device.denied.Remove", "work", b"all")
    assert await admin.content("admin.vm.device.denied.List", "work") == ""


async def test_a_hidden_backend_is_answered_like_a_missing_one(admin: Caller) -> None:
    other = Caller(admin.dispatcher, "vault")

    for backend in ("work", "ghost"):
        answer = await other.answer(f"admin.vm.device.block.Attach+{backend}+sdb", "vault")
        assert answer == f"2\0QubesVMNotFoundError\0\0No such domain: '{backend}'\0".encode()


async def test_rows_that_a_call_looks_through_let_others_take_their_turn(system: System) -> None:
    """The holder of each device is looked for in the records of all qubes."""
    for number in range(4 * TURN):
        own = {"label": "red", "template": "debian-13"}
        system.runtime.state.add(Qube(1000 + number, uuid4(), f"q{number}", VmClass.APP, own=own))
    backend = LocalBackend(system)
    available = BY_SERVICE["admin.vm.device.usb.Available"]
    made = Made(available.name, "+")
    pinned = backend.context("dom0", "dom0", available, made)
    asking = Asking(backend, Shared(), Tokens(), "dom0", "dom0", available, made, pinned)

    async def looked_through() -> int:
        return len([record async for record in asking.rows(calls.VM_GET_ALL("dom0"))])

    looking = asyncio.get_running_loop().create_task(looked_through())
    turns = 0
    while not looking.done():
        await asyncio.sleep(0)
        turns += 1

    assert await looking > 4 * TURN
    assert turns > 4
