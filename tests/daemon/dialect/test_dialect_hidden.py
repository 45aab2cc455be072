# SPDX-License-Identifier: GPL-3.0-or-later
"""A source cannot distinguish a qube that it does not see from one that does not exist, by calls of Qubes OS either."""

import pytest
from dialect_fixtures import Caller

from qubesmanager.admin import properties
from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CloneSpec
from qubesmanager.wire.values import DeviceClass, VmClass

SOURCE = "sys-mgmt"
TEMPLATE = "hidden-template"
"""A template of dom0's that is not the default."""


@pytest.fixture
async def other(admin: Caller, client: Client) -> Caller:
    """A qube that sees dom0 and work."""
    await client.send(calls.VM_TAG_SET("work", f"managed-by-{SOURCE}"))
    await client.send(calls.VM_CLONE("debian-13", None, CloneSpec(TEMPLATE)))
    return Caller(admin.dispatcher, SOURCE)


_PORTS = ("{}+sda", "{}+sda:*", "{}+*:x")
_DEVICES = {
    "Attach": "", "Detach": "", "Assign": "mode='auto-attach'", "Unassign": "", "Set.assignment": "required",
    "Attached": "", "Assigned": "", "List": "", "Set.persistent": "True", "Available": "",
}  # fmt: skip
"""The calls of a device class, each with a payload."""

PLACES = [
    *[("work", f"admin.vm.property.Set+{name}", "{}") for name in properties.BY_CLASS[VmClass.APP]],
    *[("dom0", f"admin.property.Set+{name}", "{}") for name in properties.SYSTEM],
    *[
        ("work", f"admin.vm.device.{kind}.{name}+{port}", payload)
        for kind in DeviceClass
        for name, payload in _DEVICES.items()
        for port in _PORTS
    ],
    *[
        ("dom0", f"admin.vm.{call}.{klass}+{{}}", payload)
        for call, payload in (("Create", "name=new label=red"), ("CreateInPool", "name=new label=red pool=default"))
        for klass in VmClass
    ],
    *[
        ("work", f"admin.vm.tag.{name}+{kind}-by-{{}}", "")
        for name in ("Set", "Get")
        for kind in ("created", "managed")
    ],
    *[("dom0", f"admin.backup.{call}+of-{{}}", "") for call in ("Info", "Execute", "Cancel")],
]
"""Destination, method and payload, in which `{}` is the name."""


async def test_a_hidden_qube_and_none_are_one_answer(
    admin: Caller, other: Caller, client: Client, system: System
) -> None:
    there = set(system.runtime.state.qubes)
    for name in ("vault", TEMPLATE, "ghost"):
        text = f"include: [work, {name}]\ndestination_path: /nowhere/x/y\n"
        await client.send(calls.BACKUP_PROFILE_SET("dom0", f"of-{name}", text))

    for hidden in ("vault", TEMPLATE):
        for dest, method, payload in PLACES:
            answers = []
            for name in (hidden, "ghost"):
                answer = await other.answer(method.format(name), dest, payload.format(name).encode())
                answers.append(answer.replace(name.encode(), b"X"))
                if ".tag.Set" in method:
                    await admin.answer(f"admin.vm.tag.Remove+managed-by-{name}", "work")
            if answers[0] != answers[1]:
                # The size of a running qube may have changed between the two.
                again = await other.answer(method.format(hidden), dest, payload.format(hidden).encode())
                answers[0] = again.replace(hidden.encode(), b"X")
            assert answers[0] == answers[1], (method, hidden)

    assert set(system.runtime.state.qubes) == there


@pytest.mark.parametrize(
    "method",
    [
        "admin.vm.Create.AppVM+debian-13",
        "admin.vm.CreateInPool.AppVM+debian-13",
        "admin.vm.Create.DispVM+default-dvm",
    ],
)
async def test_the_systems_default_template_serves_a_source_that_does_not_see_it(
    other: Caller, client: Client, method: str
) -> None:
    await client.send(calls.PROPERTY_SET("dom0", "default_template", "debian-13"))
    await client.send(calls.PROPERTY_SET("dom0", "default_dispvm", "default-dvm"))
    pool = " pool=default" if "InPool" in method else ""

    await other.content(method, "dom0", f"name=new label=red{pool}".encode())


async def test_a_visible_template_serves_its_source(other: Caller, client: Client) -> None:
    await client.send(calls.VM_TAG_SET(TEMPLATE, f"managed-by-{SOURCE}"))

    await other.content(f"admin.vm.Create.AppVM+{TEMPLATE}", "dom0", b"name=new label=red")


@pytest.mark.parametrize(
    "method",
    [
        f"admin.vm.{call}.{klass}+"
        for call in ("Create", "CreateInPool")
        for klass in ("AppVM", "StandaloneVM", "TemplateVM")
    ]
    + ["admin.vm.Create.DispVM+", "admin.vm.Create.RemoteVM+"],
)
async def test_a_hidden_name_a_coming_name_and_one_that_is_referred_to_are_one_answer(
    other: Caller, client: Client, system: System, method: str
) -> None:
    await client.send(calls.VM_TAG_SET("personal", "managed-by-ghost"))
    await client.send(calls.PROPERTY_SET("dom0", "default_template", "debian-13"))
    await client.send(calls.PROPERTY_SET("dom0", "default_dispvm", "default-dvm"))
    system.runtime.reserved.add("coming")
    pool = " pool=default" if "InPool" in method else ""

    answers = {
        (await other.answer(method, "dom0", f"name={name} label=red{pool}".encode())).replace(name.encode(), b"X")
        for name in ("vault", "ghost", "coming")
    }

    (answer,) = answers
    assert answer.startswith(b"2\0PermissionDenied\0")


async def test_a_feature_of_a_net_qube_is_answered_to_a_source_that_sees_it(
    admin: Caller, other: Caller, client: Client
) -> None:
    netvm = await admin.content("admin.vm.property.Get+netvm", "work")
    netvm = netvm.rpartition(" ")[2]
    await admin.content("admin.vm.feature.Set+secret", netvm, b"1")

    assert await admin.content("admin.vm.feature.CheckWithNetvm+secret", "work") == "1"
    assert await other.answer("admin.vm.feature.CheckWithNetvm+secret", "work") == (
        b"2\0QubesFeatureNotFoundError\0\0Feature not set for domain work: secret\0"
    )
    await client.send(calls.VM_TAG_SET(netvm, f"managed-by-{SOURCE}"))
    assert await other.content("admin.vm.feature.CheckWithNetvm+secret", "work") == "1"


async def test_a_token_that_policy_granted_copies_a_volume_of_a_hidden_qube(other: Caller) -> None:
    token = await other.content("admin.vm.volume.CloneFrom+private", TEMPLATE)

    # The running qube is refused for that, and not for the name.
    refused = await other.answer("admin.vm.volume.CloneTo+private", "work", token.encode())

    assert refused.startswith(b"2\0QubesVMNotHaltedError\0")


async def test_the_default_template_is_named_to_a_source_that_sees_it(other: Caller, client: Client) -> None:
    await client.send(calls.PROPERTY_SET("dom0", "default_template", TEMPLATE))

    hidden = await other.answer("admin.vm.property.Reset+template", "work")
    await client.send(calls.VM_TAG_SET(TEMPLATE, f"managed-by-{SOURCE}"))

    assert TEMPLATE.encode() not in hidden
    assert TEMPLATE.encode() in await other.answer("admin.vm.property.Reset+template", "work")


@pytest.mark.parametrize("call", ["Create.AppVM", "CreateInPool.AppVM", "Create.DispVM"])
async def test_dom0_is_no_template_although_it_means_the_default_in_mgmt1(
    admin: Caller, system: System, call: str
) -> None:
    pool = " pool=default" if "InPool" in call else ""

    assert await admin.refused(f"admin.vm.{call}+dom0", "dom0", f"name=new label=red{pool}".encode()) == (
        "QubesNoTemplateError"
    )
    assert "new" not in system.runtime.state.qubes


@pytest.mark.parametrize("call", ["CheckWithAdminVM", "CheckWithTemplateAndAdminVM"])
async def test_a_feature_of_dom0_is_not_set_for_another_source(admin: Caller, other: Caller, call: str) -> None:
    await admin.answer("admin.vm.feature.Set+gui", "dom0", b"1")

    answer = await other.answer(f"admin.vm.feature.{call}+gui", "work")

    assert answer == b"2\0QubesFeatureNotFoundError\0\0Feature not set for domain work: gui\0"
