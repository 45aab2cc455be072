# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window offers the daemon does; what the window greys the daemon refuses, with the same reason.

A whole daemon with a fake hypervisor, and the live copy of a client that follows it in the same process. The rules are
asked about the copy, as a window asks them; the call is sent to the daemon, and what came of it is compared.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from demo_fixtures import own_size
from fakes_hypervisor import FakeHypervisor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from until import until

from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import Follower, LiveCopy
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.drivers.devices.base import BlockDevice, DeviceInfo
from qubesmanager.daemon.local.drivers.devices.memory import MemoryDevices
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.system import System
from qubesmanager.plans.removal import REMOVE, removal_plan
from qubesmanager.rules import actions
from qubesmanager.rules.actions import DONE_ALREADY, WhyNot
from qubesmanager.rules.creation import why_not_create
from qubesmanager.rules.devices import DeviceKey
from qubesmanager.rules.edits import why_not_set, why_not_set_system
from qubesmanager.rules.facts import HALTED
from qubesmanager.rules.network import dependents
from qubesmanager.systems import demo
from qubesmanager.systems.demo import Sample
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec, CreateSpec, DeviceId
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import DeviceRecord
from qubesmanager.wire.values import DeviceClass, PowerState, VmClass

STICK = DeviceInfo(DeviceClass.BLOCK, "sda", "A stick", BlockDevice("/dev/sda", 1 << 30, read_only=False), {})


@dataclass
class Plan:
    """A random system: qubes, system-wide properties, and what happens to the qubes before anything is compared."""

    samples: list[Sample]
    system: dict[str, str]
    states: list[tuple[str, PowerState]] = field(default_factory=list)


@dataclass
class Sides:
    """The daemon and the client of one system."""

    system: System
    hypervisor: FakeHypervisor
    client: Client
    copy: LiveCopy
    made: int = 0

    async def settle(self) -> None:
        """Until the live copy shows what the daemon has."""
        await until(
            lambda: (
                self.copy.qubes == {name: qube.record() for name, qube in self.system.runtime.state.qubes.items()}
                and all(
                    self.copy.system(name) == self.system.runtime.state.system(name)
                    for name in self.copy.system_properties
                )
            )
        )

    async def send(self, request: Request[Any]) -> Mgmt1Error | None:
        try:
            await self.client.send(request)
        except Mgmt1Error as error:
            return error
        return None

    def free_name(self) -> str:
        self.made += 1
        return f"made-{self.made}"


@asynccontextmanager
async def both_sides(plan: Plan) -> AsyncIterator[Sides]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        hypervisor = FakeHypervisor()
        system = await open_system(folder / "state", hypervisor)
        stack.push_async_callback(system.runtime.close)
        await demo.write(system, plan.samples, own_size)
        async with system.runtime.changing:
            await system.runtime.commit([rows.set_system_property(name, value) for name, value in plan.system.items()])
            system.runtime.state.system_own.update(plan.system)
            for name in plan.system:
                system.runtime.emit(system.runtime.state.system_changed(name))
        if "usb" in system.runtime.state.qubes:
            system.devices.offer(system.runtime.state.qube("usb"), MemoryDevices.of([STICK]))
        client = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer))
        follower = Follower(client, lambda _update: None)
        sides = Sides(system, hypervisor, client, follower.copy)
        following = asyncio.get_running_loop().create_task(follower.run())
        stack.callback(following.cancel)
        await sides.settle()
        for name, state in plan.states:
            await bring(sides, name, state)
        await sides.settle()
        yield sides


async def bring(sides: Sides, name: str, state: PowerState) -> None:
    """Start the qube, if it can be, and let the hypervisor tell another state of it."""
    if await sides.send(calls.VM_START(name)) is not None or state is PowerState.RUNNING:
        return
    qube = sides.system.runtime.state.qube(name)
    sides.hypervisor._tell(qube.uuid, state)
    await until(lambda: qube.state is state)


# -- what is compared -------------------------------------------------------------------------------------------------


def agrees(why: Reason | None, error: Mgmt1Error | None, about: str) -> None:
    """Grey is refused with the same reason, offered is done; and what is done already is answered OK."""
    if why is None or why.code in DONE_ALREADY:
        assert error is None, f"{about}: {error}"
    else:
        assert error is not None, f"{about} is grey ({why}) and was done"
        assert error.reason == why, about


Act = Callable[[Sides, str, Any], Awaitable[None]]
"""Compare one action on a qube; the last argument is drawn from `VALUES`."""


def single(why_not: WhyNot, request: Callable[[Sides, str], Request[Any]]) -> Act:
    async def act(sides: Sides, name: str, _value: object) -> None:
        why = why_not(sides.copy, sides.copy.qubes[name])
        sent = request(sides, name)
        agrees(why, await sides.send(sent), f"{sent.service} {name}")

    return act


async def shutdown(sides: Sides, name: str, _value: object) -> None:
    """Offered, it is carried out with the qubes behind it first; the same as a window does."""
    why = actions.why_not_shutdown_all(sides.copy, [name])[name]
    if why is None:
        for client in dependents(sides.copy.qubes, name):
            if sides.copy.qubes[client].state not in HALTED:
                agrees(None, await sides.send(calls.VM_SHUTDOWN(client)), f"shutdown of {client} before {name}")
    agrees(why, await sides.send(calls.VM_SHUTDOWN(name)), f"shutdown of {name}")


async def restart(sides: Sides, name: str, value: object) -> None:
    if actions.why_not_restart(sides.copy, [name])[name] is None:
        await shutdown(sides, name, value)
        await sides.settle()
        agrees(None, await sides.send(calls.VM_START(name)), f"start of {name} again")


async def remove_all(sides: Sides, name: str, _value: object) -> None:
    """The qube with all that refers to it."""
    users = [other for other in sorted(sides.copy.qubes) if other != "dom0"][: 1 + len(name) % 5]
    names = list(dict.fromkeys([name, *users]))
    rows = [row for row in removal_plan(sides.copy, names).rows if row.part == REMOVE]
    reasons, order = {row.qube: row.refused for row in rows}, [row.qube for row in rows if row.is_change]
    for other, why in reasons.items():
        if why is not None:
            agrees(why, await sides.send(calls.VM_REMOVE(other)), f"removal of {other}")
    for other in order:
        agrees(None, await sides.send(calls.VM_REMOVE(other)), f"removal of {other} after {order}")


def sets(prop: str) -> Act:
    async def act(sides: Sides, name: str, value: str) -> None:
        qube = sides.copy.qubes[name]
        why = why_not_set(sides.copy, qube, prop, value)
        if prop in qube.properties and (value or prop in OPTIONAL):
            error = await sides.send(calls.VM_PROPERTY_SET(name, prop, value))
            agrees(why, error, f"{prop} of {name} to {value!r}")

    return act


def sets_system(prop: str) -> Act:
    async def act(sides: Sides, _name: str, value: str) -> None:
        why = why_not_set_system(sides.copy, prop, value)
        agrees(why, await sides.send(calls.PROPERTY_SET("dom0", prop, value)), f"{prop} to {value!r}")

    return act


async def create(sides: Sides, _name: str, value: tuple[VmClass, str]) -> None:
    klass, source = value
    if source in sides.copy.qubes:
        why = why_not_create(sides.copy, klass, source)
        request = calls.VM_CREATE(source, klass, CreateSpec(sides.free_name(), "red"))
        agrees(why, await sides.send(request), f"creation of a {klass} from {source}")


async def attach(sides: Sides, name: str, value: bool) -> None:
    device = DeviceKey(DeviceClass.BLOCK, "usb", "sda")
    if not sides.copy.qubes["usb"].running:
        return  # whether a device is plugged in only the daemon knows
    why = actions.why_not_attach_device(sides.copy, sides.copy.qubes[name], device, persistent=value)
    options = {"persistent": "yes"} if value else {}
    request = calls.VM_DEVICE_ATTACH.of(DeviceClass.BLOCK)(name, DeviceId("usb", "sda"), options)
    agrees(why, await sides.send(request), f"attach to {name}")


OPTIONAL = frozenset({"netvm", "default_dispvm", "guivm"})
NAMES = ("base", "spare", "dvm", "net", "wall", "vpn", "usb", "work", "mail", "alone", "disp")
REFERENCE = st.sampled_from((*NAMES, ""))
FLAG = st.sampled_from(("yes", "no"))
MIB = st.sampled_from(("0", "300", "500", "4000", "9000"))
NOTHING = st.none()

ACTS: dict[str, tuple[Act, st.SearchStrategy[Any]]] = {
    "start": (single(actions.why_not_start, lambda _, name: calls.VM_START(name)), NOTHING),
    "shutdown": (shutdown, NOTHING),
    "restart": (restart, NOTHING),
    "pause": (single(actions.why_not_pause, lambda _, name: calls.VM_PAUSE(name)), NOTHING),
    "unpause": (single(actions.why_not_unpause, lambda _, name: calls.VM_UNPAUSE(name)), NOTHING),
    "kill": (single(actions.why_not_kill, lambda _, name: calls.VM_KILL(name)), NOTHING),
    "remove": (single(actions.why_not_remove, lambda _, name: calls.VM_REMOVE(name)), NOTHING),
    "remove all": (remove_all, NOTHING),
    "clone": (
        single(actions.why_not_clone, lambda sides, name: calls.VM_CLONE(name, payload=CloneSpec(sides.free_name()))),
        NOTHING,
    ),
    "rename": (
        single(actions.why_not_rename, lambda sides, name: calls.VM_PROPERTY_SET(name, "name", sides.free_name())),
        NOTHING,
    ),
    "create": (create, st.tuples(st.sampled_from(VmClass), st.sampled_from((*NAMES, "dom0")))),
    "attach": (attach, st.booleans()),
    "name": (sets("name"), st.sampled_from((*NAMES, "1st", "new", "none"))),
    "label": (sets("label"), st.sampled_from(("red", "blue"))),
    "template": (sets("template"), st.sampled_from(NAMES)),
    "netvm": (sets("netvm"), REFERENCE),
    "provides_network": (sets("provides_network"), FLAG),
    "template_for_dispvms": (sets("template_for_dispvms"), FLAG),
    "default_dispvm": (sets("default_dispvm"), REFERENCE),
    "guivm": (sets("guivm"), REFERENCE),
    "memory": (sets("memory"), MIB),
    "maxmem": (sets("maxmem"), MIB),
    "virt_mode": (sets("virt_mode"), st.sampled_from(("hvm", "pvh"))),
    "default_netvm": (sets_system("default_netvm"), REFERENCE),
    "system default_dispvm": (sets_system("default_dispvm"), REFERENCE),
    "default_template": (sets_system("default_template"), REFERENCE),
    "clockvm": (sets_system("clockvm"), REFERENCE),
}


# -- random systems ---------------------------------------------------------------------------------------------------

NETS = ("net", "wall", "vpn")
STATES = (PowerState.RUNNING, PowerState.RUNNING, PowerState.PAUSED, PowerState.SUSPENDED, PowerState.HALTING)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Every class, chains of netvms without loops, references and assigned devices; some qubes running or paused."""

    def own(**properties: str) -> dict[str, str]:
        optional = {
            "netvm": draw(st.sampled_from(("", "default", *NETS))),
            "default_dispvm": draw(st.sampled_from(("default", "default", "dvm", "work"))),
        }
        return {**{name: value for name, value in optional.items() if value != "default"}, **properties}

    def stick() -> tuple[DeviceRecord, ...]:
        assigned = DeviceRecord(
            DeviceClass.BLOCK, "usb", "sda", attached=False, options={"persistent": "yes", "frontend-dev": "xvdi"}
        )
        return (assigned,) if draw(st.integers(0, 3)) == 0 else ()

    package = {"installed_by_rpm": "yes"} if draw(st.booleans()) else {}
    samples = [
        Sample("base", VmClass.TEMPLATE, "black", package),
        Sample("spare", VmClass.TEMPLATE, "black"),
        Sample("dvm", VmClass.APP, "red", own(template="base", template_for_dispvms="yes")),
        Sample("net", VmClass.APP, "red", {"template": "base", "provides_network": "yes", "netvm": ""}),
        Sample("wall", VmClass.APP, "red", {"template": "base", "provides_network": "yes",
               "netvm": draw(st.sampled_from(("net", "")))}),
        Sample("vpn", VmClass.APP, "red", {"template": "base", "provides_network": "yes",
               "netvm": draw(st.sampled_from(("net", "wall", "")))}),
        Sample("usb", VmClass.DISP, "red", {"template": "dvm", "netvm": "", "auto_cleanup": "no"}),
        Sample("work", VmClass.APP, "blue", own(template="base"), devices=stick()),
        Sample("mail", VmClass.APP, "blue", own(template="spare"), devices=stick()),
        Sample("alone", VmClass.STANDALONE, "blue", own()),
        Sample("disp", VmClass.DISP, "red", {"template": "dvm"}),
    ]  # fmt: skip
    system = {
        "default_netvm": draw(st.sampled_from(("", *NETS))),
        "default_template": "base",
        "default_dispvm": draw(st.sampled_from(("", "dvm"))),
        "clockvm": draw(st.sampled_from(("", "net", "alone"))),
        "updatevm": draw(st.sampled_from(("", "wall"))),
    }
    names = draw(st.lists(st.sampled_from(NAMES), max_size=6, unique=True))
    return Plan(samples, system, [(name, draw(st.sampled_from(STATES))) for name in names])


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, str, Any]]:
    """Some actions, each with a qube and a value."""
    chosen = draw(st.lists(st.sampled_from(sorted(ACTS)), min_size=4, max_size=10))
    return [(key, draw(st.sampled_from((*NAMES, "dom0"))), draw(ACTS[key][1])) for key in chosen]


@given(plan=plans(), acts=steps())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_window_offers_what_the_daemon_does_and_greys_what_it_refuses(
    plan: Plan, acts: Sequence[tuple[str, str, Any]]
) -> None:
    async def compare() -> None:
        async with both_sides(plan) as sides:
            for key, name, value in acts:
                gone = {each for each in (name, value, "usb") if each in NAMES and each not in sides.copy.qubes}
                if not gone and name in sides.copy.qubes:
                    await ACTS[key][0](sides, name, value)
                    await sides.settle()

    asyncio.run(compare())


# -- each contradiction that there was --------------------------------------------------------------------------------

TEMPLATE = Sample("base", VmClass.TEMPLATE, "black")
NET = Sample("net", VmClass.APP, "red", {"template": "base", "provides_network": "yes", "netvm": ""})
WORK = Sample("work", VmClass.APP, "blue", {"template": "base", "netvm": "net"})
DVM = Sample("dvm", VmClass.APP, "red", {"template": "base", "netvm": "", "template_for_dispvms": "yes"})
DISP = Sample("disp", VmClass.DISP, "red", {"template": "dvm"})


async def test_a_qube_that_a_system_property_names_is_not_removed() -> None:
    async with both_sides(Plan([TEMPLATE, NET], {"clockvm": "net"})) as sides:
        why = Reason("qube-used", "net", "the system property clockvm")
        assert actions.why_not_remove(sides.copy, sides.copy.qubes["net"]) == why
        agrees(why, await sides.send(calls.VM_REMOVE("net")), "removal of the clockvm")

        await sides.send(calls.PROPERTY_SET("dom0", "clockvm", ""))
        await sides.settle()

        assert actions.why_not_remove(sides.copy, sides.copy.qubes["net"]) is None


async def test_a_qube_is_not_started_while_its_netvm_is_paused() -> None:
    async with both_sides(Plan([TEMPLATE, NET, WORK], {}, [("net", PowerState.PAUSED)])) as sides:
        why = Reason("netvm-paused", "net")
        assert actions.why_not_start(sides.copy, sides.copy.qubes["work"]) == why
        agrees(why, await sides.send(calls.VM_START("work")), "start behind a paused netvm")


async def test_a_netvm_is_shut_down_after_its_clients_and_alone_it_is_refused() -> None:
    async with both_sides(Plan([TEMPLATE, NET, WORK], {}, [("work", PowerState.RUNNING)])) as sides:
        why = Reason("netvm-of-running", "net", "work")
        assert actions.why_not_shutdown(sides.copy, sides.copy.qubes["net"]) == why
        agrees(why, await sides.send(calls.VM_SHUTDOWN("net")), "shutdown of a netvm alone")

        assert actions.why_not_shutdown_all(sides.copy, ["net"]) == {"net": None}
        await shutdown(sides, "net", None)
        await sides.settle()

        assert {sides.copy.qubes[name].state for name in ("net", "work")} == {PowerState.HALTED}


async def test_a_running_disposable_is_cloned() -> None:
    async with both_sides(Plan([TEMPLATE, DVM, DISP], {}, [("disp", PowerState.RUNNING)])) as sides:
        assert actions.why_not_clone(sides.copy, sides.copy.qubes["disp"]) is None
        agrees(None, await sides.send(calls.VM_CLONE("disp", payload=CloneSpec("copy"))), "clone of a disposable")


@pytest.mark.parametrize("key", ["start", "shutdown", "pause", "unpause", "kill", "remove", "clone", "rename"])
async def test_an_action_on_dom0_is_refused_on_both_sides(key: str) -> None:
    async with both_sides(Plan([TEMPLATE], {})) as sides:
        await ACTS[key][0](sides, "dom0", None)
        assert sides.copy.qubes["dom0"].running


@pytest.mark.parametrize("key", ["label", "name", "template", "netvm"])
async def test_properties_that_dom0_keeps_are_refused_on_both_sides(key: str) -> None:
    async with both_sides(Plan([TEMPLATE], {})) as sides:
        why = why_not_set(sides.copy, sides.copy.qubes["dom0"], key, "base")
        assert why is not None
        agrees(why, await sides.send(calls.VM_PROPERTY_SET("dom0", key, "base")), f"{key} of dom0")


async def test_a_template_gets_no_device_on_both_sides() -> None:
    usb = Sample("usb", VmClass.APP, "red", {"template": "base", "netvm": ""})
    async with both_sides(Plan([TEMPLATE, usb], {}, [("usb", PowerState.RUNNING)])) as sides:
        for persistent in (True, False):
            await attach(sides, "base", persistent)


async def test_a_device_of_a_suspended_qube_is_not_attached_on_both_sides() -> None:
    usb = Sample("usb", VmClass.APP, "red", {"template": "base", "netvm": ""})
    states = [("usb", PowerState.SUSPENDED), ("net", PowerState.RUNNING)]
    async with both_sides(Plan([TEMPLATE, NET, usb], {}, states)) as sides:
        device = DeviceKey(DeviceClass.BLOCK, "usb", "sda")
        why = actions.why_not_attach_device(sides.copy, sides.copy.qubes["net"], device, persistent=False)
        assert why == Reason("device-backend-off", "usb", "Suspended")
        await attach(sides, "net", False)
